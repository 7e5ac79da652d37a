"""Intervals by resampling clusters: which vertebrae a patient has is drawn with the patient.

A resample draws as many clusters as there are, with replacement.  Statistics are functions of sums
over clusters, so a resample is how often each cluster was drawn, times the table of what each adds:
a matrix product.  Clusters that add the same are drawn together, by a multinomial distribution,
which changes nothing but the time it takes.

Sources: Efron B, J Am Stat Assoc 1987;82:171, doi 10.1080/01621459.1987.10478410 (percentile, BCa); Field
CA, Welsh AH, J R Stat Soc B 2007;69:369, doi 10.1111/j.1467-9868.2007.00593.x (clusters); Cameron AC et
al., Rev Econ Stat 2008;90:414, doi 10.1162/rest.90.3.414 (few clusters).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import field, frozen, validators

from spinegrade.agreement.sums import gradient

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.agreement.sums import Statistic, Sums

    Floats = NDArray[np.float64]

Method = Literal["bca", "percentile", "linear"]
METHODS: tuple[Method, ...] = ("bca", "percentile", "linear")

FEW_CLUSTERS = 15
"""Below so many clusters an interval over clusters is not to be trusted, and says so."""

_BLOCK = 1 << 16
_AT_ONCE = 1 << 16
_DRAWN_ONE_BY_ONE = 6
"""Drawing a group's number costs about as much as drawing so many single clusters."""


@frozen
class Plan:
    """How intervals are made.

    Attributes
    ----------
    resamples
        Number of resamples.
    seed
        Of the random numbers; the same seed gives the same interval.
    level
        Confidence.
    method
        ``bca``, ``percentile``, or ``linear``: value +- t times the standard error by linearisation
        over clusters, which draws nothing.
    memory
        Bytes that the drawn weights may take.
    """

    resamples: int = field(default=2000, validator=validators.ge(100))
    seed: int = 0
    level: float = field(default=0.95, validator=[validators.gt(0.0), validators.lt(1.0)])
    method: Method = field(default="bca", validator=validators.in_(METHODS))
    memory: int = field(default=1 << 28, validator=validators.gt(0))


def resample(sums: Sums, plan: Plan) -> Floats:
    """Return the ``(resamples, sums)`` totals of resampled clusters."""
    rows, counts = sums.distinct
    rng = np.random.default_rng(plan.seed)
    step = max(1, plan.memory // (16 * len(rows)))
    totals = np.empty((plan.resamples, rows.shape[1]))
    for start in range(0, plan.resamples, step):
        number = min(step, plan.resamples - start)
        totals[start : start + number] = _draw(rng, counts, number) @ rows
    return totals


def _draw(rng: np.random.Generator, counts: Floats, number: int) -> Floats:
    """Return ``(number, groups)`` how many clusters of each group each resample has."""
    clusters = int(counts.sum())
    if len(counts) * _DRAWN_ONE_BY_ONE < clusters:
        return rng.multinomial(clusters, counts / clusters, size=number).astype(float)
    first = np.concatenate([[0], np.cumsum(counts.astype(int))[:-1]])
    drawn = np.empty((number, len(counts)))
    step = max(1, _AT_ONCE // clusters)
    for start in range(0, number, step):
        some = drawn[start : start + step]
        picked = rng.integers(0, clusters, (len(some), clusters))
        picked += clusters * np.arange(len(some))[:, None]
        often = np.bincount(picked.ravel(), minlength=picked.size).reshape(picked.shape)
        some[:] = np.add.reduceat(often, first, axis=1)
    return drawn


def acceleration(statistic: Statistic, sums: Sums) -> float:
    """Return the acceleration of BCa, by leaving out one cluster after the other.

    Clusters without which the statistic is not defined are passed over.  A statistic that fits a model is
    linearised instead, the infinitesimal jackknife.
    """
    if statistic.slopes is not None:
        return skewness_of_jackknife(-sums.clusters @ gradient(statistic, sums), np.ones(len(sums.clusters)))
    rows, counts = sums.distinct
    values = np.concatenate(
        [statistic.at(sums.total - rows[n : n + _BLOCK]) for n in range(0, len(rows), _BLOCK)]
    )
    kept = ~np.isnan(values)
    return skewness_of_jackknife(values[kept], counts[kept])


def skewness_of_jackknife(values: Floats, counts: Floats) -> float:
    """Return the acceleration from ``(groups,)`` leave-one-out values, each seen so often."""
    if counts.sum() == 0:
        return 0.0
    pull = (counts @ values) / counts.sum() - values
    spread = counts @ pull**2
    return float(counts @ pull**3 / (6.0 * spread**1.5)) if spread > 0 else 0.0


def percentile_limits(draws: Floats, level: float) -> tuple[float, float]:
    """Return the quantiles that leave out equal shares of ``(resamples,)`` values at both ends."""
    return _quantiles(draws, np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0]))


def bca_limits(draws: Floats, value: float, speed: float, level: float) -> tuple[float, float] | None:
    """Return the limits corrected for bias and acceleration ``speed``; None where all values lie to one side.

    Ties with the value count half.
    """
    from scipy.special import ndtr, ndtri

    close = np.isclose(draws, value, rtol=1e-12, atol=1e-12)
    below = (np.count_nonzero((draws < value) & ~close) + np.count_nonzero(close) / 2.0) / len(draws)
    if not 0.0 < below < 1.0:
        return None
    bias = ndtri(below)
    shifted = bias + ndtri(np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0]))
    return _quantiles(draws, ndtr(bias + shifted / (1.0 - speed * shifted)))


def _quantiles(draws: Floats, shares: Floats) -> tuple[float, float]:
    low, high = np.quantile(draws, shares, method="weibull")
    return float(low), float(high)
