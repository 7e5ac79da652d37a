"""Reader studies to be planned: how many patients and readers give a kappa or a correlation a precision.

For simulation a kappa has to become variances: what two readers see of one item is taken for normal with a
correlation, cut into categories by their prevalence; the correlation is the one that gives the kappa.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import evolve, field, frozen, validators

from spinegrade.agreement import (
    Aim,
    Design,
    SampleSize,
    Simulated,
    fleiss_kappa,
    icc,
    items_for_icc,
    items_for_kappa,
    patients_for,
    readers_for,
    weigh,
)
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spinegrade.agreement import Estimate, Plan, Ratings
    from spinegrade.agreement.weights import WeightName

    Floats = NDArray[np.float64]

Kind = Literal["kappa", "icc"]

_START = 30
"""Patients of the first simulated studies; two or three rounds lead from there to the number needed."""


@frozen(kw_only=True)
class Expected:
    """What is expected of a study.

    Attributes
    ----------
    kind
        Fleiss' kappa, or the intraclass correlation of single readings.
    value
        Its value.
    prevalence
        Shares of the categories, of a kappa.
    weights
        What disagreements weigh, of a kappa.
    """

    kind: Kind
    value: float
    prevalence: tuple[float, ...] = (0.8, 0.2)
    weights: WeightName = "unweighted"


@frozen(kw_only=True)
class Circumstances:
    """What a simulated study is like.

    Attributes
    ----------
    within_patient
        Share of the variance of items that lies between patients.
    readers_differ
        Share of all variance that lies between readers.
    reads_per_item
        Number of readers who read a patient; None for all.
    studies
        Number of studies that are simulated.
    seed
        Of the random numbers.
    """

    within_patient: float = field(default=0.3, validator=[validators.ge(0.0), validators.le(1.0)])
    readers_differ: float = field(default=0.05, validator=[validators.ge(0.0), validators.lt(1.0)])
    reads_per_item: int | None = None
    studies: int = 200
    seed: int = 0


def by_formula(expected: Expected, aim: Aim, readers: int) -> SampleSize:
    """Return the patients that so many readers need.

    Raises
    ------
    SpinegradeError
        If the value, the prevalence or the number of readers cannot be.
    """
    if expected.kind == "icc":
        return items_for_icc(expected.value, aim, readers)
    return items_for_kappa(expected.value, expected.prevalence, aim, readers, expected.weights)


def readers_by_formula(expected: Expected, aim: Aim, patients: int) -> SampleSize:
    """Return the fewest readers with whom so many patients are enough.

    Raises
    ------
    SpinegradeError
        If more than 30 readers would be needed, or as `by_formula`.
    """
    items = int(patients * aim.items_per_patient)
    found = readers_for(items, lambda readers: by_formula(expected, aim, readers))
    if found is None:
        msg = f"sample size: expected more patients, got {patients}: they are too few even for 30 readers"
        raise SpinegradeError(msg)
    return found


def by_simulation(
    expected: Expected, aim: Aim, readers: int, circumstances: Circumstances
) -> tuple[SampleSize, Simulated]:
    """Return the patients that so many readers need, and what simulated studies of that size come to.

    Raises
    ------
    SpinegradeError
        If the value, the prevalence or the number of readers cannot be, or readers differ by more than the
        value leaves.
    """
    if circumstances.reads_per_item is not None and not 2 <= circumstances.reads_per_item <= readers:
        msg = f"reads per item: expected 2 to {readers}, got {circumstances.reads_per_item}"
        raise SpinegradeError(msg)
    by_formula(expected, aim, readers)  # what cannot be is said there
    shared = _correlation(expected)
    if shared + circumstances.readers_differ > 1.0:
        given = circumstances.readers_differ
        msg = f"readers differ: expected a share of at most {1.0 - shared:.2g}, got {given:g}"
        raise SpinegradeError(msg)
    design = Design(
        patients=_START,
        items_per_patient=max(1, round(aim.items_per_patient)),
        readers=readers,
        reads_per_item=circumstances.reads_per_item,
        patient=shared * circumstances.within_patient,
        item=shared * (1.0 - circumstances.within_patient),
        reader=circumstances.readers_differ,
        prevalence=expected.prevalence if expected.kind == "kappa" else (),
    )
    size, came_to = patients_for(design, _statistic(expected), aim, circumstances.studies, circumstances.seed)
    return evolve(size, method=f"{size.method}, seed {circumstances.seed}"), came_to


def _statistic(expected: Expected) -> Callable[[Ratings, Plan], Estimate]:
    if expected.kind == "icc":
        return lambda some, plan: icc(some, "A1", plan=plan)
    return lambda some, plan: fleiss_kappa(some, expected.weights, plan)


def _correlation(expected: Expected) -> float:
    """Return the correlation of what two readers see that gives the expected value."""
    from scipy.optimize import brentq

    if expected.kind == "icc" or expected.value == 0:
        return expected.value
    shares = np.asarray(expected.prevalence)
    agreement = weigh(expected.weights, len(shares)).agreement

    def miss(correlation: float) -> float:
        return kappa_of(correlation, shares, agreement) - expected.value

    return float(brentq(miss, 0.0, 1.0 - 1e-6, xtol=1e-6))


def kappa_of(correlation: float, shares: Floats, agreement: Floats) -> float:
    """Return the kappa of two readers whose views, cut into categories of these shares, correlate."""
    from scipy.special import ndtri
    from scipy.stats import multivariate_normal

    bounds = np.clip(ndtri(np.cumsum(shares)[:-1]), -8.0, 8.0)
    cuts = np.concatenate([[-9.0], bounds, [9.0]])
    grid = np.stack(np.meshgrid(cuts, cuts, indexing="ij"), axis=-1)
    below = multivariate_normal([0.0, 0.0], [[1.0, correlation], [correlation, 1.0]]).cdf(grid)
    met = np.diff(np.diff(below, axis=0), axis=1)
    observed = float((agreement * met).sum())
    by_chance = float(shares @ agreement @ shares)
    return (observed - by_chance) / (1.0 - by_chance)
