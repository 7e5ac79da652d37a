"""Which exams readers disagree on most."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.reader_agreement.comparison import Comparison
    from spinegrade.reader_agreement.scatter import Placed

    Floats = NDArray[np.float64]


@frozen
class Split:
    """A level of an exam on which readers differ: how much, and what each of them said."""

    level: str
    apart: float
    said: dict[str, float]


@frozen
class Disputed:
    """An exam, by how much its items differ on average, and the levels, the worst of them first."""

    patient: str
    exam: str
    apart: float
    splits: tuple[Split, ...]


def most_disputed(of: Comparison, most: int) -> list[Disputed]:
    """Return the exams on which readers differ most, at most so many, the worst first.

    Items differ by the mean squared distance of two readings, of steps between ordered categories, or by
    the share of pairs that are not the same where categories have no order.
    """
    values = of.ratings.values
    if of.measure.categorical and of.measure.ordered:
        codes = of.ratings.codes.astype(float)
        values = np.where(of.ratings.read, codes, np.nan)
    apart = _distance(values, same_or_not=not of.measure.ordered)
    return _worst(of, apart, most)


def most_scattered(placed: Placed, most: int) -> list[tuple[str, str]]:
    """Return patient and exam of those whose landmarks lie farthest apart, the worst first."""
    table = placed.table
    spread = np.stack([_distance(placed.first[:, :, n, axis]) for n in range(6) for axis in range(2)])
    known = ~np.isnan(spread)
    apart = np.where(known, spread, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    means = _means(np.where(known.any(axis=0), apart, np.nan), table.exams)
    exams = table.items.select("patient", "exam").unique(maintain_order=True)
    return [exams.row(exam) for exam in _order(means, most)]


def _distance(values: Floats, *, same_or_not: bool = False) -> Floats:
    """Return the ``(items,)`` mean squared distance of two of ``(items, readers)``; NaN without a pair."""
    total, number = np.zeros(len(values)), np.zeros(len(values))
    for one, other in combinations(range(values.shape[1]), 2):
        apart = values[:, one] - values[:, other]
        known = ~np.isnan(apart)
        total += np.where(known, (apart != 0) if same_or_not else apart**2, 0.0)
        number += known
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _means(apart: Floats, exams: NDArray[np.intp]) -> Floats:
    """Return the ``(exams,)`` mean over items."""
    known = ~np.isnan(apart)
    number = np.bincount(exams, weights=known)
    total = np.bincount(exams, weights=np.where(known, apart, 0.0))
    return total / np.maximum(number, 1)


def _order(means: Floats, most: int) -> list[int]:
    """Return the exams on which there is any disagreement, the worst first."""
    ranked = np.argsort(-means, kind="stable")[:most]
    return [int(exam) for exam in ranked if means[exam] > 0]


def _worst(of: Comparison, apart: Floats, most: int) -> list[Disputed]:
    table = of.table
    means = _means(apart, table.exams)
    found = []
    for exam in _order(means, most):
        places = np.flatnonzero(table.exams == exam)
        ranked: Sequence[int] = sorted(places.tolist(), key=lambda place: -np.nan_to_num(apart[place]))
        patient, name = table.items.select("patient", "exam").row(int(places[0]))
        splits = tuple(_split(of, place, apart[place]) for place in ranked if apart[place] > 0)
        found.append(Disputed(patient, name, float(means[exam]), splits))
    return found


def _split(of: Comparison, place: int, apart: float) -> Split:
    values = of.ratings.values[place]
    said = {
        reader: float(value)
        for reader, value in zip(of.ratings.readers, values, strict=True)
        if not np.isnan(value)
    }
    return Split(str(of.table.levels[place]), float(apart), said)
