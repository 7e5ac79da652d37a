"""Reader studies as they could be, simulated: for designs that no formula of sample size covers.

Readers who differ, items that only some readers read, patients with several items, any statistic.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, field, frozen, validators

from spinegrade.agreement.ratings import rate
from spinegrade.agreement.resampling import Plan
from spinegrade.agreement.sample_size import Aim, SampleSize
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spinegrade.agreement.estimate import Estimate
    from spinegrade.agreement.ratings import Ratings

    Floats = NDArray[np.float64]

_SHARE = [validators.ge(0.0), validators.le(1.0)]
_ROUNDS = 6


@frozen
class Design:
    """A reader study as it could be, for simulation.

    What a reader sees is the sum of normal parts of patient, item and reader and of a rest, with
    variances that add up to 1; grades come from cutting it so that the categories have their prevalence.

    Attributes
    ----------
    patients, items_per_patient, readers
        Numbers.
    reads_per_item
        Number of readers who read a patient, drawn for each patient; None for all.
    patient, item, reader
        Shares of variance: of patients, of items within patients, and of readers.
    prevalence
        Shares of the categories; empty for measurements.
    """

    patients: int = field(validator=validators.ge(2))
    items_per_patient: int = field(default=1, validator=validators.ge(1))
    readers: int = field(default=2, validator=validators.ge(2))
    reads_per_item: int | None = None
    patient: float = field(default=0.2, validator=_SHARE)
    item: float = field(default=0.5, validator=_SHARE)
    reader: float = field(default=0.05, validator=_SHARE)
    prevalence: tuple[float, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.patient + self.item + self.reader > 1.0 + 1e-9:
            total = self.patient + self.item + self.reader
            msg = f"design: expected shares of variance that add up to 1 at most, got {total:g}"
            raise SpinegradeError(msg)
        if self.prevalence and not np.isclose(sum(self.prevalence), 1.0):
            msg = f"prevalence: expected shares that add up to 1, got {list(self.prevalence)}"
            raise SpinegradeError(msg)


@frozen
class Simulated:
    """What a statistic came to in simulated studies.

    Attributes
    ----------
    value
        Its mean; None where it was never defined.
    half_width
        Mean half width of its interval.
    defined
        Number of studies in which value and interval were defined.
    studies
        Number of studies.
    """

    value: float | None
    half_width: float | None
    defined: int
    studies: int


def draw_ratings(design: Design, rng: np.random.Generator) -> Ratings:
    """Return the ratings of one simulated study."""
    items = design.patients * design.items_per_patient
    patient = np.repeat(np.arange(design.patients), design.items_per_patient)
    rest = max(1.0 - design.patient - design.item - design.reader, 0.0)
    seen = (
        rng.normal(0.0, design.patient**0.5, design.patients)[patient, None]
        + rng.normal(0.0, design.item**0.5, (items, 1))
        + rng.normal(0.0, design.reader**0.5, (1, design.readers))
        + rng.normal(0.0, rest**0.5, (items, design.readers))
    )
    categories = tuple(range(len(design.prevalence))) or None
    values = seen if categories is None else _cut(seen, design.prevalence)
    if design.reads_per_item is not None:
        turn = rng.random((design.patients, design.readers)).argsort(axis=1).argsort(axis=1)
        values = np.where((turn < design.reads_per_item)[patient], values, np.nan)
    return rate(values, categories=categories, clusters=patient)


def _cut(seen: Floats, prevalence: tuple[float, ...]) -> Floats:
    from scipy.special import ndtri

    bounds = ndtri(np.cumsum(prevalence)[:-1])
    return np.searchsorted(bounds, seen).astype(float)


def simulate(
    design: Design,
    statistic: Callable[[Ratings, Plan], Estimate],
    studies: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> Simulated:
    """Return what a statistic and its interval over patients come to in simulated studies.

    ``statistic`` takes ratings and a plan; the plan that it gets linearises rather than resamples.
    """
    rng = np.random.default_rng(seed)
    plan = Plan(method="linear", level=level)
    found = [statistic(draw_ratings(design, rng), plan) for _ in range(studies)]
    values = [one.value for one in found if one.value is not None]
    halves = [(one.high - one.low) / 2.0 for one in found if one.high is not None and one.low is not None]
    if not halves:
        return Simulated(None, None, 0, studies)
    return Simulated(float(np.mean(values)), float(np.mean(halves)), len(halves), studies)


def patients_for(
    design: Design,
    statistic: Callable[[Ratings, Plan], Estimate],
    aim: Aim,
    studies: int = 200,
    seed: int = 0,
) -> tuple[SampleSize, Simulated]:
    """Return the patients that a design needs, by simulation, and what it comes to with them.

    Only half width and level of the aim are used, for clusters are simulated.  A width falls with the
    root of the number of patients, so two or three rounds are enough.

    Raises
    ------
    SpinegradeError
        If the statistic is not defined in any simulated study.
    """
    for _ in range(_ROUNDS):
        came_to = simulate(design, statistic, studies, seed, aim.level)
        if came_to.half_width is None:
            msg = (
                f"sample size: expected a statistic that is defined with {design.patients} patients, got none"
            )
            raise SpinegradeError(msg)
        needed = max(ceil(design.patients * (came_to.half_width / aim.half_width) ** 2), 2)
        if abs(needed - design.patients) <= 0.02 * design.patients:
            break
        design = evolve(design, patients=needed)
    items = design.patients * design.items_per_patient
    return SampleSize(items, design.patients, design.readers, f"simulation of {studies} studies"), came_to
