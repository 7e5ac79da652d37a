"""Fractures of patients, on films and told, counted between what is certain and what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.osteoporosis.facts import Ask, Bounds, Counted
from spinegrade.osteoporosis.films import read_films
from spinegrade.osteoporosis.ledger import ANYWAY, Ledger

if TYPE_CHECKING:
    from spinegrade.osteoporosis.films import Films
    from spinegrade.osteoporosis.spines import Graded
    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known


def count_fractures(known: Known, graded: Graded, switches: Switches) -> Counted:
    """Return the fractures of the cohort, in its order, by its films and its ledger."""
    ledger = Ledger.of(known, switches)
    films = read_films(known, graded, switches)
    return ledger.counted() | films.counted | _vertebral(films, ledger)


def _vertebral(films: Films, ledger: Ledger) -> Counted:
    """Return vertebral fractures on films or in the ledger; films that can be read stand in for its gaps."""
    name = "vertebral_fractures"
    told = ledger.bounds(name)
    low = np.maximum(films.low, told.low)
    high = np.where(films.read, np.maximum(films.high, ledger.listed(name)), told.high)
    high = np.where(films.undated, np.inf, high)
    of_ledger = tuple(
        Ask(ask.what, ask.where & (~films.read | (ask.what in ANYWAY))) for ask in ledger.asks_about(name)
    )
    return Counted({name: Bounds(low, high)}, {}, {name: (*films.asks, *of_ledger)})
