"""McNemar's test of whether one of two readers says yes more often than the other.

Sources: McNemar Q, Psychometrika 1947;12:153, doi 10.1007/BF02295996; exact and mid-p: Fagerland MW et al.,
BMC Med Res Methodol 2013;13:91, doi 10.1186/1471-2288-13-91; clusters: Yang Z et al., Biom J 2010;52:638,
doi 10.1002/bimj.201000035 (Obuchowski's test, modified).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.agreement.resampling import FEW_CLUSTERS
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.agreement.ratings import Ratings


@frozen(kw_only=True)
class McNemar:
    """What McNemar's test of two readers came to.

    Attributes
    ----------
    readers
        Their names.
    n, clusters
        Numbers of items that both read and of clusters that they come from.
    first_only, second_only
        Numbers of items on which only the first, only the second, says yes.
    exact, mid_p
        Two-sided P by the exact conditional test and its mid-p version, as if items were independent; 1
        without disagreement.
    clustered
        Two-sided P of the score test over clusters; None where fewer than two clusters have disagreement.
    method
        In words.
    reason
        Why there is no P over clusters.
    warnings
        What has to be known to judge them.
    """

    readers: tuple[str, str]
    n: int
    clusters: int
    first_only: int
    second_only: int
    exact: float
    mid_p: float
    clustered: float | None
    method: str = "McNemar: exact conditional, mid-p, and score test over clusters; two-sided"
    reason: str | None = None
    warnings: tuple[str, ...] = ()


def mcnemar(ratings: Ratings) -> McNemar:
    """Return McNemar's test of two readers on two categories.

    Raises
    ------
    SpinegradeError
        If there are not two readers and two categories.
    """
    if len(ratings.readers) != 2 or len(ratings.categories) != 2:
        got = f"{len(ratings.readers)} readers, {len(ratings.categories)} categories"
        msg = f"mcnemar: expected two readers and two categories, got {got}"
        raise SpinegradeError(msg)
    pair = ratings.pair(0, 1)
    codes = pair.codes.astype(int)
    apart = codes[:, 0] - codes[:, 1]
    first, second = int((apart > 0).sum()), int((apart < 0).sum())
    exact, mid_p = _binomial(first, second)
    clustered, reason, differ = _over_clusters(apart, pair.clusters)
    warnings: tuple[str, ...] = ()
    if pair.cluster_count < len(apart):
        warnings = ("items of one cluster are not independent: exact and mid-p are likely too small",)
    if clustered is not None and differ < FEW_CLUSTERS:
        warnings += (f"only {differ} clusters have disagreement: the score test is a rough one",)
    return McNemar(
        readers=(pair.readers[0], pair.readers[1]),
        n=len(apart),
        clusters=pair.cluster_count,
        first_only=first,
        second_only=second,
        exact=exact,
        mid_p=mid_p,
        clustered=clustered,
        reason=reason,
        warnings=warnings,
    )


def _binomial(first: int, second: int) -> tuple[float, float]:
    from scipy.stats import binom

    number, least = first + second, min(first, second)
    point = float(binom.pmf(least, number, 0.5))
    if first == second:
        return 1.0, 1.0 - point / 2.0 if number else 1.0
    exact = 2.0 * float(binom.cdf(least, number, 0.5))
    return min(exact, 1.0), min(exact, 1.0) - point


def _over_clusters(
    apart: NDArray[np.int_], clusters: NDArray[np.intp]
) -> tuple[float | None, str | None, int]:
    """Return P, why there is none, and the number of clusters that speak for one of the readers."""
    from scipy.special import chdtrc

    by_cluster = np.bincount(clusters, weights=apart)
    differ = int(np.count_nonzero(by_cluster))
    if not apart.any():
        return None, "the readers do not disagree on any item", differ
    if differ < 2:
        return (
            None,
            f"{differ} clusters speak for one of the readers, which leaves nothing to test over",
            differ,
        )
    return float(chdtrc(1.0, by_cluster.sum() ** 2 / (by_cluster**2).sum())), None, differ
