"""From sums and a statistic to an `Estimate`: the value, its interval, and words for what there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.agreement.estimate import Analytic, Estimate
from spinegrade.agreement.intervals import normal_quantile, student_quantile
from spinegrade.agreement.resampling import (
    FEW_CLUSTERS,
    Plan,
    acceleration,
    bca_limits,
    percentile_limits,
    resample,
)
from spinegrade.agreement.sums import Statistic, Sums, cluster_error, item_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NO_SPREAD = "every resample has the same value, so resampling cannot say how sure it is"
NO_SLOPE = "the clusters do not differ or the value is at its bound, where linearisation says nothing"
ONE_CLUSTER = "all items come from one cluster, which says nothing about others"


@frozen(kw_only=True)
class Interval:
    """An interval over clusters, or why there is none."""

    low: float | None = None
    high: float | None = None
    method: str
    standard_error: float | None = None
    resamples: int = 0
    reason: str | None = None
    warnings: tuple[str, ...] = ()


def estimate(
    sums: Sums, statistics: Iterable[Statistic], plan: Plan, readers: tuple[str, str] | None = None
) -> list[Estimate]:
    """Return an estimate for each statistic of the same sums, all from the same resamples."""
    drawn = len(sums.clusters) > 1 and plan.method != "linear"
    totals = resample(sums, plan) if drawn else np.empty((0, sums.clusters.shape[1]))
    return [_estimate_one(sums, one, totals, plan, readers) for one in statistics]


def _estimate_one(
    sums: Sums, statistic: Statistic, totals: Floats, plan: Plan, readers: tuple[str, str] | None
) -> Estimate:
    value = float(statistic.at(sums.total)) if sums.items else np.nan
    if np.isnan(value):
        reason = statistic.undefined if sums.items else sums.nothing
        return _nothing(sums, statistic, plan, readers, reason)
    interval = _interval(sums, statistic, value, totals, plan)
    few = 1 < len(sums.clusters) < FEW_CLUSTERS
    return Estimate(
        statistic=statistic.name,
        value=value,
        low=interval.low,
        high=interval.high,
        level=plan.level,
        n=sums.items if sums.used is None else sums.used,
        clusters=len(sums.clusters),
        method=interval.method,
        weights=statistic.weights,
        readers=readers,
        about=statistic.about,
        standard_error=interval.standard_error,
        analytic=_analytic(sums, statistic, value, plan.level),
        design_effect=None if interval.low is None else design_effect(statistic, sums),
        resamples=interval.resamples,
        reason=interval.reason,
        warnings=(*((few_clusters(len(sums.clusters)),) if few else ()), *interval.warnings),
    )


def few_clusters(number: int) -> str:
    """Return the warning for an interval over few clusters."""
    return f"only {number} clusters: with fewer than {FEW_CLUSTERS} the interval is likely too narrow"


def _nothing(
    sums: Sums, statistic: Statistic, plan: Plan, readers: tuple[str, str] | None, reason: str
) -> Estimate:
    return Estimate(
        statistic=statistic.name,
        value=None,
        low=None,
        high=None,
        level=plan.level,
        n=sums.items if sums.used is None else sums.used,
        clusters=len(sums.clusters),
        method="none",
        weights=statistic.weights,
        readers=readers,
        about=statistic.about,
        reason=reason,
    )


def _interval(sums: Sums, statistic: Statistic, value: float, totals: Floats, plan: Plan) -> Interval:
    if len(sums.clusters) < 2:
        return Interval(method="none", reason=ONE_CLUSTER)
    if plan.method == "linear":
        return _linear_interval(sums, statistic, value, plan.level)
    draws = statistic.at(totals)
    return resampled_interval(draws, value, plan, lambda: acceleration(statistic, sums))


def _linear_interval(sums: Sums, statistic: Statistic, value: float, level: float) -> Interval:
    error = cluster_error(statistic, sums)
    if not error or value in statistic.bounds:
        return Interval(method="none", reason=NO_SLOPE)
    reach = student_quantile(level, len(sums.clusters) - 1) * error
    least, most = statistic.bounds
    low, high = max(value - reach, least), min(value + reach, most)
    return Interval(low=low, high=high, method="linearised over clusters, t", standard_error=error)


def resampled_interval(draws: Floats, value: float, plan: Plan, speed: Callable[[], float]) -> Interval:
    """Return the interval of ``(resamples,)`` values; ``speed`` is called for the acceleration of BCa."""
    defined = draws[~np.isnan(draws)]
    warnings: tuple[str, ...] = ()
    if len(defined) < len(draws):
        warnings = (
            f"{len(draws) - len(defined):,} of {len(draws):,} resamples had no value and were left out",
        )
    if len(defined) < 2 or np.ptp(defined) <= 1e-12 * max(abs(value), 1.0):
        return Interval(method="none", reason=NO_SPREAD, resamples=len(defined), warnings=warnings)
    limits = None
    if plan.method == "bca":
        limits = bca_limits(defined, value, speed(), plan.level)
        if limits is None:
            warnings += ("all resamples lie to one side of the value: percentile interval instead of BCa",)
    method = "percentile" if limits is None else "BCa"
    low, high = limits or percentile_limits(defined, plan.level)
    return Interval(
        low=low,
        high=high,
        method=f"bootstrap over clusters, {method}",
        standard_error=float(defined.std(ddof=1)),
        resamples=len(defined),
        warnings=warnings,
    )


def _analytic(sums: Sums, statistic: Statistic, value: float, level: float) -> Analytic | None:
    """Return the statistic's own interval, otherwise value +- z SE of independent items, or of clusters."""
    if statistic.analytic is not None:
        return statistic.analytic(sums, value, level)
    error, method = item_error(statistic, sums), "items independent, large sample"
    if sums.kinds is None:
        error, method = cluster_error(statistic, sums), "clusters independent, large sample"
    if not error:
        return None
    reach = normal_quantile(level) * error
    least, most = statistic.bounds
    low, high = max(value - reach, least), min(value + reach, most)
    return Analytic(low, high, error, method)


def design_effect(statistic: Statistic, sums: Sums) -> float | None:
    """Return the variance over clusters over that of independent items; None where either is 0.

    Source: Kish L, Frankel MR, J R Stat Soc B 1974;36:1 (linearised).
    """
    over_items, over_clusters = item_error(statistic, sums), cluster_error(statistic, sums)
    if not over_items or not over_clusters or sums.items < 2:
        return None
    divisor = (sums.items - 1) / (sums.items - statistic.lost)  # both variances over one less
    return over_clusters**2 / over_items**2 * divisor
