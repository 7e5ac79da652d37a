"""Bland and Altman's bias and limits of agreement of two readers' measurements.

A difference is first reader less second.  Where a cluster gives several items, its differences are alike;
the spread of a single difference then has a part between clusters and one within, which are estimated
apart.

Sources: Bland JM, Altman DG, Lancet 1986;327:307, doi 10.1016/S0140-6736(86)90837-8; Stat Methods Med Res
1999;8:135, doi 10.1177/096228029900800204; J Biopharm Stat 2007;17:571, doi 10.1080/10543400701329422
(several per subject).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from spinegrade.agreement.estimate import Analytic
from spinegrade.agreement.estimating import estimate
from spinegrade.agreement.intervals import student_quantile
from spinegrade.agreement.ratings import rate
from spinegrade.agreement.resampling import Plan
from spinegrade.agreement.sums import Array, Statistic, Sums, add_up_items, ratio
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from spinegrade.agreement.estimate import Estimate
    from spinegrade.agreement.ratings import Ratings

    Floats = NDArray[np.float64]
    Function = Callable[[Array], Array]

Repeated = Literal["clusters", "independent"]
DEFAULT = Plan()

LIMIT = 1.96
"""Half width of the limits of agreement, in SD of a difference."""

_NOTHING = "no item was read by both readers"
_ONE_DIFFERENCE = "one difference has no spread"
_ONE_SIZE = "all items have the same mean of the two readers, which leaves no slope"


def bland_altman(ratings: Ratings, repeated: Repeated = "clusters", plan: Plan = DEFAULT) -> list[Estimate]:
    """Return bias, intercept and slope of proportional bias, SD of a difference, and lower and upper limit.

    Of two readers, over items that both read, in the unit of the ratings; the slope is the change of a
    difference per unit of the mean of the two.  ``repeated`` says whether the SD is put together from
    what lies between clusters and within them (the true value varies within a cluster: section 3 of the
    source of 2007), or computed as if differences were independent, as in 1986.  Bias and slope take
    every item alike.

    Raises
    ------
    SpinegradeError
        If there are not two readers, or ``repeated`` is unknown.
    """
    if len(ratings.readers) != 2:
        msg = f"bland_altman: expected two readers, got {len(ratings.readers)}"
        raise SpinegradeError(msg)
    if repeated not in {"clusters", "independent"}:
        msg = f"repeated: expected clusters or independent, got {repeated!r}"
        raise SpinegradeError(msg)
    pair = ratings.pair(0, 1)
    readers = (pair.readers[0], pair.readers[1])
    apart, middle = pair.values[:, 0] - pair.values[:, 1], pair.values.mean(axis=1)
    zero = (float(apart.mean()), float(middle.mean())) if len(apart) else (0.0, 0.0)
    items = _item_sums(apart - zero[0], middle - zero[1], pair.clusters)
    plain = [_bias(zero[0]), *_line(zero)]
    if repeated == "independent" or pair.cluster_count == len(apart):
        return estimate(items, plain + _limits(_plain_variance, zero[0], by_formula=True), plan, readers)
    clustered = _cluster_sums(apart - zero[0], pair.clusters)
    limits = _limits(_clustered_variance, zero[0], by_formula=False)
    return estimate(items, plain, plan, readers) + estimate(clustered, limits, plan, readers)


def bland_altman_repeats(
    first: ArrayLike, second: ArrayLike, clusters: ArrayLike | None = None, plan: Plan = DEFAULT
) -> list[Estimate]:
    """Return bias, SD of a difference and limits of two readers who each read every item several times.

    ``first`` and ``second`` are ``(items, occasions)``, NaN where not read; the true value of an item
    stays the same. The SD is that of single readings: of the differences of means, plus what averaging
    took away (1999, section 5.1).
    """
    sums, zero = _repeat_sums(np.asarray(first, dtype=float), np.asarray(second, dtype=float), clusters)
    return estimate(sums, [_bias(zero), *_limits(_repeat_variance, zero, by_formula=False)], plan)


def _item_sums(apart: Floats, middle: Floats, clusters: NDArray[np.intp]) -> Sums:
    """Return the sums of 1, difference, its square, mean, its square, and their product."""
    ones = np.ones(len(apart))
    items = np.column_stack([ones, apart, apart**2, middle, middle**2, apart * middle])
    return add_up_items(items, clusters, _NOTHING)


def _plain_variance(sums: Array) -> Array:
    """Return the variance of differences as if all were independent."""
    number, total, squares = sums[..., 0], sums[..., 1], sums[..., 2]
    return ratio(squares - ratio(total**2, number), number - 1.0)


def _cluster_sums(apart: Floats, clusters: NDArray[np.intp]) -> Sums:
    """Return, per cluster: items, differences, their squares, 1, items squared, total squared over items."""
    number = np.bincount(clusters).astype(float)
    total = np.bincount(clusters, weights=apart)
    squares = np.bincount(clusters, weights=apart**2)
    table = np.column_stack([number, total, squares, np.ones(len(number)), number**2, total**2 / number])
    return Sums(table, len(apart), nothing=_NOTHING)


def _clustered_variance(sums: Array) -> Array:
    """Return the variance of a difference: within clusters, and between them where that is above 0.

    Between is (mean square between - within) / m0, with m0 the size of cluster that counts.
    """
    number, total, squares, clusters, number_squared, by_cluster = np.moveaxis(sums, -1, 0)
    alone = (number - clusters).real <= 0
    within = np.where(alone, 0.0, (squares - by_cluster) / np.where(alone, 1.0, number - clusters))
    between = ratio(by_cluster - ratio(total**2, number), clusters - 1.0)
    size = ratio(number - ratio(number_squared, number), clusters - 1.0)
    extra = ratio(between - within, size)
    # a single cluster has nothing between; clusters of one item nothing within
    return within + np.where(extra.real > 0, extra, 0.0)


def _repeat_sums(first: Floats, second: Floats, clusters: ArrayLike | None) -> tuple[Sums, float]:
    """Return the sums of items that both read: 1, difference of means, its square, parts of the repeats."""
    both = rate(np.concatenate([first, second], axis=1), clusters=clusters)
    occasions = first.shape[1]
    read = both.where(both.read[:, :occasions].any(axis=1) & both.read[:, occasions:].any(axis=1))
    means, parts = [], []
    for values in (read.values[:, :occasions], read.values[:, occasions:]):
        number = (~np.isnan(values)).sum(axis=1)
        mean = np.nansum(values, axis=1) / np.maximum(number, 1)
        means.append(mean)
        parts += [
            1.0 - 1.0 / np.maximum(number, 1),
            np.nansum((values - mean[:, None]) ** 2, axis=1),
            number - 1.0,
        ]
    apart = means[0] - means[1]
    zero = float(apart.mean()) if len(apart) else 0.0
    items = np.column_stack([np.ones(len(apart)), apart - zero, (apart - zero) ** 2, *parts])
    return add_up_items(items, read.clusters, _NOTHING), zero


def _repeat_variance(sums: Array) -> Array:
    """Return the variance of a difference of single readings, from the means of several."""
    number = sums[..., 0]
    variance = _plain_variance(sums)
    for start in (3, 6):
        share, squares, freedom = np.moveaxis(sums[..., start : start + 3], -1, 0)
        once = freedom.real == 0
        variance = variance + ratio(share, number) * np.where(
            once, 0.0, squares / np.where(once, 1.0, freedom)
        )
    return variance


def _root(variance: Array) -> Array:
    """Return the root, 0 for 0, which has no gradient, and for what rounding leaves below it."""
    some = (variance.real > 0) | np.isnan(variance.real)
    return np.where(some, np.sqrt(np.where(some, variance, 1.0)), 0.0)


def _bias(zero: float) -> Statistic:
    def function(sums: Array) -> Array:
        return zero + ratio(sums[..., 1], sums[..., 0])

    def by_t(sums: Sums, value: float, level: float) -> Analytic | None:
        return _student(sums, value, level, 0.0)

    return Statistic("bias", function, _NOTHING, analytic=by_t)


def _limits(variance: Function, zero: float, *, by_formula: bool) -> list[Statistic]:
    def spread(sums: Array) -> Array:
        return _root(variance(sums))

    def limit(side: float) -> Function:
        return lambda sums: zero + ratio(sums[..., 1], sums[..., 0]) + side * LIMIT * spread(sums)

    def by_t(sums: Sums, value: float, level: float) -> Analytic | None:
        return _student(sums, value, level, LIMIT)

    chosen = by_t if by_formula else None
    return [
        Statistic("sd_of_differences", spread, _ONE_DIFFERENCE, bounds=(0.0, np.inf)),
        Statistic("limit_low", limit(-1.0), _ONE_DIFFERENCE, analytic=chosen),
        Statistic("limit_high", limit(1.0), _ONE_DIFFERENCE, analytic=chosen),
    ]


def _student(sums: Sums, value: float, level: float, reach: float) -> Analytic | None:
    """Return Bland and Altman's interval of a bias, or of a limit so many SD away."""
    number = sums.items
    if number < 2:
        return None
    variance = float(_plain_variance(sums.total))
    error = (variance * (1.0 / number + reach**2 / (2.0 * (number - 1.0)))) ** 0.5
    half = student_quantile(level, number - 1) * error
    return Analytic(value - half, value + half, error, "t, items independent")


def _line(zero: tuple[float, float]) -> list[Statistic]:
    """Return intercept and slope of the least-squares line of differences on means."""

    def slope(sums: Array) -> Array:
        number, apart, _, middle, squares, product = np.moveaxis(sums, -1, 0)
        spread = squares - ratio(middle**2, number)
        spread = np.where(spread.real <= 1e-13 * squares.real, 0.0, spread)
        return ratio(product - ratio(apart * middle, number), spread)

    def intercept(sums: Array) -> Array:
        apart, middle = (ratio(sums[..., at], sums[..., 0]) for at in (1, 3))
        return zero[0] + apart - slope(sums) * (zero[1] + middle)

    def by_t(sums: Sums, value: float, level: float) -> Analytic | None:
        return _line_interval(sums, value, level)

    return [
        Statistic("proportional_intercept", intercept, _ONE_SIZE),
        Statistic("proportional_bias", slope, _ONE_SIZE, analytic=by_t),
    ]


def _line_interval(sums: Sums, value: float, level: float) -> Analytic | None:
    """Return the interval of the slope by least squares; None for less than three items."""
    number, apart, squares, middle, middle_squares, _ = (float(one) for one in sums.total)
    if number < 3:
        return None
    spread = middle_squares - middle**2 / number
    left = max(squares - apart**2 / number - value**2 * spread, 0.0)
    error = (left / (number - 2.0) / spread) ** 0.5
    half = student_quantile(level, number - 2) * error
    return Analytic(value - half, value + half, error, "least squares, t, items independent")
