"""Statistics as functions of sums over items, which is what makes them quick to resample.

A statistic takes ``(..., sums)`` and gives ``(...)``, NaN where it is not defined; it has to be
analytic where it is defined, for its gradient is taken by a complex step (Squire W, Trapp G, SIAM
Rev 1998;40:110, doi 10.1137/S003614459631241X).  With the gradient, the standard error follows by
linearisation, with items as units or with clusters.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from spinegrade.agreement.estimate import Analytic

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

Array = NDArray[Any]
"""Real or complex: what a statistic computes with."""

_STEP = 1e-30
_PRIME = np.uint64(0x9E3779B97F4A7C15)


@frozen(eq=False, slots=False)
class Sums:
    """What items and clusters add to the sums that statistics are functions of.

    Attributes
    ----------
    clusters
        ``(clusters, sums)`` what each cluster adds.
    items
        Number of items that add something.
    kinds
        ``(kinds, sums)`` what one item of each kind adds; None where items do not add up.
    counts
        ``(kinds,)`` number of items of each kind.
    nothing
        Why there are no items, if there are none.
    used
        Number of items that agreement was seen on; None for all.
    """

    clusters: Floats
    items: int
    kinds: Floats | None = None
    counts: Floats | None = None
    nothing: str = "no item was read by two readers"
    used: int | None = None

    @cached_property
    def total(self) -> Floats:
        """``(sums,)`` over all clusters."""
        total: Floats = self.clusters.sum(axis=0)
        return total

    @cached_property
    def distinct(self) -> tuple[Floats, Floats]:
        """The ``(groups, sums)`` different rows of the clusters, and how many clusters have each."""
        first, inverse = _same_rows(self.clusters)
        rows = self.clusters[first]
        if not np.array_equal(rows[inverse], self.clusters):  # two different rows of one hash
            return self.clusters, np.ones(len(self.clusters))
        return rows, np.bincount(inverse).astype(float)


def _same_rows(rows: Floats) -> tuple[Places, Places]:
    """Return the first row of each hash and the number of its hash for each row."""
    bits = np.ascontiguousarray(rows + 0.0).view(np.uint64)  # + 0.0: minus zero is zero
    hashed = np.zeros(len(rows), dtype=np.uint64)
    for column in bits.T:
        hashed = (hashed ^ (column ^ (column >> np.uint64(29)))) * _PRIME
        hashed ^= hashed >> np.uint64(32)
    _, first, inverse = np.unique(hashed, return_index=True, return_inverse=True)
    return first, inverse


def add_up(kind: Places, kinds: Floats, clusters: Places, nothing: str) -> Sums:
    """Return the sums of items of which only the ``(items,)`` kind matters.

    ``kinds`` are ``(kinds, sums)``; ``clusters`` ``(items,)`` numbers without gaps.
    """
    from scipy.sparse import coo_array  # scipy takes longer to import than a small study to analyse

    number = int(clusters.max()) + 1 if len(clusters) else 0
    ones = np.ones(len(kind))
    shape = (max(number, 1), len(kinds))
    table = coo_array((ones, (clusters.astype(np.int32), kind.astype(np.int32))), shape=shape).tocsr()
    counts = np.bincount(kind, minlength=len(kinds)).astype(float)
    added: Floats = np.asarray(table @ kinds)
    return Sums(added[:number], len(kind), kinds, counts, nothing)


def add_up_items(items: Floats, clusters: Places, nothing: str) -> Sums:
    """Return the sums of ``(items, sums)``, where every item is of its own kind."""
    number = int(clusters.max()) + 1 if len(clusters) else 0
    columns = [np.bincount(clusters, weights=column, minlength=number) for column in items.T]
    return Sums(np.column_stack(columns), len(items), items, np.ones(len(items)), nothing)


@frozen(eq=False)
class Statistic:
    """A function of sums that has a name.

    Attributes
    ----------
    name
        As in `Estimate.statistic`.
    function
        ``(..., sums)`` to ``(...)``, NaN where not defined.
    undefined
        Why it is not defined, where there are items.
    weights, about
        As in `Estimate`.
    analytic
        Its own interval from value, standard error of independent items, sums and level; None for
        value +- z times the standard error.
    lost
        Degrees of freedom that the variance over items divides by less: 0 or 1, as in the source.
    bounds
        The least and the most that it can be.
    slopes
        Its own gradient from ``(sums,)``, for a function that fits a model and cannot take complex numbers.
    """

    name: str
    function: Callable[[Array], Array]
    undefined: str
    weights: str | None = None
    about: str | None = None
    analytic: Callable[[Sums, float, float], Analytic | None] | None = None
    lost: int = 1
    bounds: tuple[float, float] = (-np.inf, np.inf)
    slopes: Callable[[Floats], Floats] | None = None

    def at(self, sums: Array) -> Array:
        """Return the statistic of ``(..., sums)``."""
        return self.function(sums)


def ratio(numerator: Array, denominator: Array) -> Array:
    """Return the quotient, NaN where the denominator is 0."""
    zero = denominator.real == 0
    return np.where(zero, np.nan, numerator / np.where(zero, 1.0, denominator))


def gradient(statistic: Statistic, sums: Sums) -> Floats:
    """Return the ``(sums,)`` gradient of a statistic, to machine precision."""
    if statistic.slopes is not None:
        return statistic.slopes(sums.total)
    steps = sums.total + 1j * _STEP * np.eye(len(sums.total))
    slopes: Floats = statistic.at(steps).imag / _STEP
    return slopes


def item_error(statistic: Statistic, sums: Sums) -> float | None:
    """Return the standard error as if items were independent; None where that has no meaning."""
    if sums.kinds is None or sums.counts is None or sums.items <= statistic.lost:
        return None
    influence = sums.kinds @ gradient(statistic, sums)
    mean = sums.counts @ influence / sums.items
    variance = sums.counts @ (influence - mean) ** 2 * sums.items / (sums.items - statistic.lost)
    return float(np.sqrt(variance))


def cluster_error(statistic: Statistic, sums: Sums) -> float | None:
    """Return the standard error with clusters as units; None for less than two of them."""
    number = len(sums.clusters)
    if number < 2:
        return None
    influence = sums.clusters @ gradient(statistic, sums)
    variance = ((influence - influence.mean()) ** 2).sum() * number / (number - 1)
    return float(np.sqrt(variance))
