"""Statistics of a study before and after treatment: mean and SD, paired Wilcoxon, Spearman.

NaN is a value that is missing; a patient who lacks one of two values is left out of what needs both, and the
number of the others is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from attrs import frozen

from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

WilcoxonMethod = Literal["exact", "normal", "normal-corrected"]

WILCOXON_WORDS: dict[WilcoxonMethod, str] = {
    "exact": "Wilcoxon signed-rank, exact by all changes of sign, ties at their mean ranks",
    "normal": "Wilcoxon signed-rank, normal approximation, variance corrected for ties",
    "normal-corrected": "Wilcoxon signed-rank, normal approximation, corrected for ties and continuity",
}
WILCOXON_METHODS: tuple[WilcoxonMethod, ...] = get_args(WilcoxonMethod)


@frozen
class Summary:
    """Number, mean, SD (with n - 1) and range of values; NaN where there are too few."""

    n: int
    mean: float
    sd: float
    low: float
    high: float


@frozen
class BeforeAfter:
    """A paired comparison.

    Attributes
    ----------
    before, after
        Of everybody who has that value.
    change
        After less before, of those who have both.
    risen, fallen, equal
        How many of those rose, fell, stayed; those who stayed have no rank.
    statistic
        W, the smaller of the two sums of ranks; NaN where nobody changed.
    p
        Two-sided; NaN where nobody changed.
    method
        How ``p`` was had, in words.
    """

    before: Summary
    after: Summary
    change: Summary
    risen: int
    fallen: int
    equal: int
    statistic: float
    p: float
    method: str


@frozen
class Correlation:
    """Spearman's rank correlation of ``n`` pairs, NaN where one side does not vary; p by Student's t."""

    n: int
    rho: float
    p: float
    ties: bool


def summarise(values: ArrayLike) -> Summary:
    """Return what the values that are there come to.

    Examples
    --------
    >>> summarise([1.0, 2.0, float("nan"), 6.0])
    Summary(n=3, mean=3.0, sd=2.6457513110645907, low=1.0, high=6.0)
    """
    every = np.asarray(values, dtype=float)
    known = every[~np.isnan(every)]
    if not len(known):
        return Summary(0, *[float("nan")] * 4)
    sd = float(known.std(ddof=1)) if len(known) > 1 else float("nan")
    return Summary(len(known), float(known.mean()), sd, float(known.min()), float(known.max()))


def compare_before_after(
    before: ArrayLike, after: ArrayLike, method: WilcoxonMethod = "exact"
) -> BeforeAfter:
    """Return the paired comparison of ``(n,)`` values.

    Differences are rounded to 1e-9 first, so that alike ones tie though a computer makes them differ.

    Raises
    ------
    SpinegradeError
        If the two have different lengths, or the method is unknown.
    """
    first, second = _paired(before, after)
    if method not in WILCOXON_METHODS:
        msg = f"method: expected one of {', '.join(WILCOXON_METHODS)}, got {method!r}"
        raise SpinegradeError(msg)
    both = ~np.isnan(first) & ~np.isnan(second)
    change = np.round(second[both] - first[both], 9)
    moved = change[change != 0]
    statistic, p = _signed_rank(moved, method) if len(moved) else (float("nan"), float("nan"))
    return BeforeAfter(
        before=summarise(first),
        after=summarise(second),
        change=summarise(change),
        risen=int((moved > 0).sum()),
        fallen=int((moved < 0).sum()),
        equal=int((change == 0).sum()),
        statistic=statistic,
        p=p,
        method=WILCOXON_WORDS[method],
    )


def _paired(one: ArrayLike, other: ArrayLike) -> tuple[Floats, Floats]:
    first, second = (np.asarray(values, dtype=float) for values in (one, other))
    if first.ndim != 1 or first.shape != second.shape:
        msg = f"expected two lists of equal length, got shapes {first.shape} and {second.shape}"
        raise SpinegradeError(msg)
    return first, second


def _signed_rank(moved: Floats, method: WilcoxonMethod) -> tuple[float, float]:
    """Return W and p of differences that are not 0."""
    from scipy import stats

    ranks = stats.rankdata(np.abs(moved))
    rising = float(ranks[moved > 0].sum())
    statistic = min(rising, float(ranks.sum()) - rising)
    if method == "exact":
        return statistic, _exact_p(ranks, statistic)
    return statistic, _normal_p(ranks, statistic, 0.5 if method == "normal-corrected" else 0.0)


def _normal_p(ranks: Floats, statistic: float, correction: float) -> float:
    from scipy.special import ndtr

    mean, variance = ranks.sum() / 2, np.square(ranks).sum() / 4
    z = min(0.0, (statistic - mean + correction) / np.sqrt(variance))
    return 2.0 * float(ndtr(z))


def _exact_p(ranks: Floats, statistic: float) -> float:
    """Return how often a sum of ranks is as small as W, or as large, when signs fall by chance.

    Mean ranks are whole numbers of halves, so that twice their sums can be counted.
    """
    doubled = np.rint(2 * ranks).astype(np.int64)
    chance = np.zeros(int(doubled.sum()) + 1)
    chance[0] = 1.0
    for rank in doubled:
        chance = (chance + np.concatenate([np.zeros(rank), chance[:-rank]])) / 2
    return min(1.0, 2.0 * float(chance[: round(2 * statistic) + 1].sum()))


def correlate_ranks(one: ArrayLike, other: ArrayLike) -> Correlation:
    """Return Spearman's rank correlation of those who have both values.

    Raises
    ------
    SpinegradeError
        If the two have different lengths.
    """
    from scipy import stats

    first, second = _paired(one, other)
    both = ~np.isnan(first) & ~np.isnan(second)
    first, second = np.round(first[both], 9), np.round(second[both], 9)
    distinct = [len(np.unique(values)) for values in (first, second)]
    if min(distinct) < 2:
        return Correlation(len(first), float("nan"), float("nan"), ties=len(first) > 1)
    found = stats.spearmanr(first, second)
    return Correlation(
        len(first), float(found.statistic), float(found.pvalue), ties=min(distinct) < len(first)
    )
