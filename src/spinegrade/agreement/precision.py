"""Precision of repeated readings: RMS-SD, RMS-CV, least significant change, scatter of landmarks.

Sources: Glueer CC et al., Osteoporos Int 1995;5:262, doi 10.1007/BF01774016 (root mean squares and their
intervals); Bland JM, Altman DG, BMJ 1996;313:744, doi 10.1136/bmj.313.7059.744 (variance within
subjects).  The factor 2.77 is 1.96 times the root of 2.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from spinegrade.agreement.estimate import Analytic
from spinegrade.agreement.estimating import estimate
from spinegrade.agreement.intervals import spread_limits
from spinegrade.agreement.ratings import rate, split
from spinegrade.agreement.resampling import Plan
from spinegrade.agreement.sums import Array, Statistic, Sums, add_up_items, ratio
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from spinegrade.agreement.estimate import Estimate
    from spinegrade.agreement.ratings import Ratings

    Floats = NDArray[np.float64]

LEAST_SIGNIFICANT = 2.77
"""A change of so many precision errors is a change, with 95 % confidence."""

DEFAULT = Plan()

_NOTHING = "no item was read more than once"
_ZERO = "a mean of 0 has no coefficient of variation"


def precision(repeats: Ratings, plan: Plan = DEFAULT) -> list[Estimate]:
    """Return RMS-SD, RMS-CV and the least significant change of both, of ``(items, repeats)`` readings.

    In the unit of the readings, or as fractions of an item's mean.  Readings of one item are taken for
    interchangeable: occasions of a reader, or readers, whose bias then counts as error.  Items count by
    their degrees of freedom, readings less one.  An item with a mean of 0 leaves RMS-CV without a value.
    """
    read = repeats.read_by(2)
    number = read.read.sum(axis=1).astype(float)
    mean = np.where(read.read, read.values, 0.0).sum(axis=1) / np.maximum(number, 1.0)
    squares = (np.where(read.read, read.values - mean[:, None], 0.0) ** 2).sum(axis=1)
    relative = ratio(squares, mean**2)
    sums = add_up_items(
        np.column_stack([number - 1.0, squares, np.nan_to_num(relative)]), read.clusters, _NOTHING
    )
    statistics = [_root_mean("rms_sd", 1, 1.0), _root_mean("least_significant_change", 1, LEAST_SIGNIFICANT)]
    spread, change = (
        _root_mean("rms_cv", 2, 1.0),
        _root_mean("least_significant_change", 2, LEAST_SIGNIFICANT),
    )
    if np.isnan(relative).any():
        spread, change = (_without_value(one) for one in (spread, change))
    return estimate(sums, [*statistics, spread, change], plan)


def _root_mean(name: str, column: int, factor: float) -> Statistic:
    """Return a multiple of the root of squares over degrees of freedom."""

    def function(sums: Array) -> Array:
        squared = ratio(sums[..., column], sums[..., 0])
        zero = squared.real == 0  # no gradient at 0
        return np.where(zero, 0.0, factor * np.sqrt(np.where(zero, 1.0, squared)))

    def analytic(sums: Sums, value: float, level: float) -> Analytic | None:
        if value == 0:
            return None
        low, high = spread_limits(value, float(sums.total[0]), level)
        return Analytic(low, high, None, "chi-squared, items independent")

    about = {1: None, 2: "of the item's mean"}[column]
    return Statistic(name, function, _NOTHING, about=about, analytic=analytic, bounds=(0.0, np.inf))


def _without_value(statistic: Statistic) -> Statistic:
    def nothing(sums: Array) -> Array:
        return np.full(sums.shape[:-1], np.nan)

    return Statistic(statistic.name, nothing, _ZERO, about=statistic.about)


def point_scatter(
    points: ArrayLike,
    names: Sequence[str],
    axes: Sequence[str] = ("row", "column"),
    groups: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    plan: Plan = DEFAULT,
) -> list[Estimate]:
    """Return the SD of a reading of each named point along each axis, in the unit of the points.

    ``points`` are ``(items, readings, points, axes)``, NaN where not placed, all readings of an item in
    one frame. With ``groups``, ``(items,)`` labels such as levels, each group by itself.
    `Estimate.about` says which point and axis, and which group.

    Raises
    ------
    SpinegradeError
        If the names do not fit the array.
    """
    placed = np.asarray(points, dtype=float)
    if placed.ndim != 4 or placed.shape[2:] != (len(names), len(axes)):
        expected = f"items x readings x {len(names)} x {len(axes)}"
        msg = f"points: expected an array of {expected}, got shape {placed.shape}"
        raise SpinegradeError(msg)
    results = []
    for (at, name), (along, axis) in product(enumerate(names), enumerate(axes)):
        whole = rate(placed[:, :, at, along], clusters=clusters)
        parts = {"": whole} if groups is None else split(whole, groups)
        results += [_scatter(part, f"{name} {axis} {label}".strip(), plan) for label, part in parts.items()]
    return results


def _scatter(repeats: Ratings, about: str, plan: Plan) -> Estimate:
    from attrs import evolve

    return evolve(precision(repeats, plan)[0], statistic="point_sd", about=about)
