"""Ratings of items by readers: checked once, then taken apart into pairs, groups and occasions.

Values are ``(items, readers)``, NaN where an item was not read.  What an item, a reader and a
cluster are is the caller's business; items of one cluster are not independent (vertebrae of one
patient).
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from spinegrade.errors import ReadingError, SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]
    Booleans = NDArray[np.bool_]

NOT_READ = -1
"""The code of an item that a reader did not read; codes never leave this package."""


@frozen(eq=False, slots=False)
class Ratings:
    """Ratings of items by readers.  Make them with `rate`.

    Attributes
    ----------
    values
        ``(items, readers)``, NaN where not read.
    clusters
        ``(items,)`` number of the cluster of every item.
    readers
        Names of the readers.
    categories
        The values that there could have been, ascending; empty for measurements.
    """

    values: Floats
    clusters: Places
    readers: tuple[str, ...]
    categories: tuple[float, ...] = ()

    @cached_property
    def read(self) -> Booleans:
        """``(items, readers)``: who read what."""
        return ~np.isnan(self.values)

    @cached_property
    def codes(self) -> NDArray[np.int16]:
        """``(items, readers)`` indices into the categories, `NOT_READ` where there is no rating."""
        if not self.categories:
            msg = f"categories of {' and '.join(self.readers)}: expected them to be declared, got none"
            raise SpinegradeError(msg)
        ladder = np.asarray(self.categories)
        codes = np.searchsorted(ladder, self.values).astype(np.int16)
        codes[~self.read] = NOT_READ
        return codes

    @cached_property
    def cluster_count(self) -> int:
        """The number of clusters that have items."""
        return int(self.clusters.max()) + 1 if len(self.clusters) else 0

    def pair(self, one: int, other: int) -> Ratings:
        """Return what two readers both read; readers by place."""
        both = self.read[:, one] & self.read[:, other]
        names = (self.readers[one], self.readers[other])
        return _kept(evolve(self, values=self.values[:, [one, other]], readers=names), both)

    def pairs(self) -> Iterator[Ratings]:
        """Yield what every pair of readers both read, which may be nothing."""
        for one, other in combinations(range(len(self.readers)), 2):
            yield self.pair(one, other)

    def where(self, items: ArrayLike) -> Ratings:
        """Return the ratings of some items, ``(items,)`` booleans."""
        return _kept(self, np.asarray(items, dtype=bool))

    def without_reader(self, reader: int) -> Ratings:
        """Return the ratings of all readers but one."""
        kept = [place for place in range(len(self.readers)) if place != reader]
        names = tuple(self.readers[place] for place in kept)
        return evolve(self, values=self.values[:, kept], readers=names)

    def read_by(self, least: int) -> Ratings:
        """Return the items that at least so many readers read."""
        return _kept(self, self.read.sum(axis=1) >= least)


def rate(
    values: ArrayLike,
    categories: Sequence[float] | None = None,
    clusters: ArrayLike | None = None,
    readers: Sequence[str] | None = None,
) -> Ratings:
    """Return ``(items, readers)`` values as ratings; NaN is an item that was not read.

    ``categories`` are all values that there could have been, ascending, whether they occur or not;
    None for measurements.  ``clusters``, ``(items,)`` labels, say which items belong together;
    without them every item stands alone.

    Raises
    ------
    ReadingError
        If a value is infinite or in none of the categories.
    SpinegradeError
        If shapes do not fit, categories do not ascend, or two readers have one name.

    Examples
    --------
    >>> rate([[0, 1], [2, float("nan")]], categories=(0, 1, 2, 3)).codes.tolist()
    [[0, 1], [2, -1]]
    """
    numbers = _checked_values(values)
    names = tuple(readers) if readers is not None else tuple(str(n + 1) for n in range(numbers.shape[1]))
    if len(names) != numbers.shape[1] or len(set(names)) != len(names):
        msg = f"readers: expected {numbers.shape[1]} different names, got {', '.join(names)}"
        raise SpinegradeError(msg)
    declared = _checked_categories(categories, numbers)
    return Ratings(numbers, _numbered(clusters, len(numbers)), names, declared)


def _checked_values(values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 2:
        msg = f"ratings: expected an array of items x readers, got {numbers.ndim} axes"
        raise SpinegradeError(msg)
    if np.isinf(numbers).any():
        item, reader = np.argwhere(np.isinf(numbers))[0]
        msg = (
            f"rating of item {item} by reader {reader}: expected a finite number, got {numbers[item, reader]}"
        )
        raise ReadingError(msg)
    return numbers


def _checked_categories(categories: Sequence[float] | None, values: Floats) -> tuple[float, ...]:
    if categories is None:
        return ()
    ladder = np.asarray(categories, dtype=float)
    if (
        ladder.ndim != 1
        or len(ladder) == 0
        or not (np.diff(ladder) > 0).all()
        or not np.isfinite(ladder).all()
    ):
        msg = f"categories: expected finite numbers that ascend, got {list(categories)}"
        raise SpinegradeError(msg)
    stray = ~np.isnan(values) & ~np.isin(values, ladder)
    if stray.any():
        item, reader = np.argwhere(stray)[0]
        expected = ", ".join(f"{one:g}" for one in ladder)
        msg = f"rating of item {item} by reader {reader}: expected {expected}, got {values[item, reader]:g}"
        raise ReadingError(msg)
    return tuple(float(one) for one in ladder)


def _numbered(clusters: ArrayLike | None, items: int) -> Places:
    if clusters is None:
        return np.arange(items)
    labels = np.asarray(clusters)
    if labels.shape != (items,):
        msg = f"clusters: expected one for each of {items} items, got shape {labels.shape}"
        raise SpinegradeError(msg)
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        msg = f"clusters: expected a label for every item, got none for item {np.isnan(labels).argmax()}"
        raise ReadingError(msg)
    if labels.dtype.kind in "iu" and items and labels.min() >= 0 and labels.max() < 4 * items:
        return _renumbered(labels.astype(np.intp))
    return np.unique(labels, return_inverse=True)[1].astype(np.intp)


def _renumbered(numbers: Places) -> Places:
    """Return the numbers without gaps, in the same order, by counting rather than sorting."""
    if len(numbers) == 0:
        return numbers
    present = np.bincount(numbers) > 0
    if present.all():
        return numbers
    return (np.cumsum(present) - 1)[numbers]


def _kept(ratings: Ratings, items: Booleans) -> Ratings:
    if items.all():
        return ratings
    return evolve(ratings, values=ratings.values[items], clusters=_renumbered(ratings.clusters[items]))


def split(ratings: Ratings, labels: ArrayLike) -> dict[str, Ratings]:
    """Return the ratings of each group of items, by ``(items,)`` labels, in the order of the labels.

    Raises
    ------
    SpinegradeError
        If there is not one label for each item.
    """
    groups = np.asarray(labels)
    if groups.shape != ratings.clusters.shape:
        msg = f"groups: expected one for each of {len(ratings.clusters)} items, got shape {groups.shape}"
        raise SpinegradeError(msg)
    return {str(label): ratings.where(groups == label) for label in np.unique(groups)}


def dichotomise(ratings: Ratings, at_least: float) -> Ratings:
    """Return 1 for values of at least so much, 0 below, as ratings of two categories."""
    values = np.where(ratings.read, (ratings.values >= at_least).astype(float), np.nan)
    return evolve(ratings, values=values, categories=(0.0, 1.0))


def rate_evaluability(ratings: Ratings, asked: ArrayLike | None = None) -> Ratings:
    """Return whether each reader could rate each item: 1 or 0, NaN for what the reader was not asked.

    ``asked`` are ``(items, readers)`` booleans; without them every reader was asked for every item.

    Raises
    ------
    SpinegradeError
        If ``asked`` has another shape than the ratings.
    """
    shown = np.ones(ratings.values.shape, dtype=bool) if asked is None else np.asarray(asked, dtype=bool)
    if shown.shape != ratings.values.shape:
        msg = f"asked: expected shape {ratings.values.shape} as the ratings have, got {shown.shape}"
        raise SpinegradeError(msg)
    values = np.where(shown, ratings.read.astype(float), np.nan)
    return evolve(ratings, values=values, categories=(0.0, 1.0))


def stack_occasions(
    values: ArrayLike, categories: Sequence[float] | None = None, clusters: ArrayLike | None = None
) -> Ratings:
    """Return ``(items, readers, occasions)`` values with one occasion a column, readers below each other.

    An item of one reader becomes an item of its own, in the cluster that it was in: what is then computed
    is agreement of readers with themselves, pooled.

    Raises
    ------
    ReadingError
        As `rate` does.
    SpinegradeError
        If there are not three axes, or as `rate` does.
    """
    every = np.asarray(values, dtype=float)
    if every.ndim != 3:
        msg = f"ratings: expected an array of items x readers x occasions, got {every.ndim} axes"
        raise SpinegradeError(msg)
    items, readers, occasions = every.shape
    labels = np.repeat(_numbered(clusters, items), readers)
    names = [f"occasion {n + 1}" for n in range(occasions)]
    return rate(every.reshape(items * readers, occasions), categories, labels, names)


def against_rest(ratings: Ratings, reader: int) -> Ratings:
    """Return one reader beside the mean of the others who read the same, to see who reads high.

    The columns are measurements, whatever the categories were.
    """
    rest = ratings.without_reader(reader)
    number = rest.read.sum(axis=1)
    total = np.where(rest.read, rest.values, 0.0).sum(axis=1)
    mean = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    values = np.column_stack([ratings.values[:, reader], mean])
    beside = Ratings(values, ratings.clusters, (ratings.readers[reader], "the rest"))
    return beside.pair(0, 1)
