"""From ratings in categories to the sums that every coefficient of agreement is a function of.

What an item adds depends only on who put it in which category, so items of one kind are counted
first and their tallies made once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.agreement.ratings import NOT_READ, Ratings
from spinegrade.agreement.sums import Array, Sums, add_up, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

_MOST_NUMBERS = 1 << 62


@frozen
class Tally:
    """Where in the sums what stands; every method takes ``(..., sums)``.

    With ``n`` the number of readers of an item in each category, and ``r`` their sum over categories:
    ``pairs`` adds up n n' - diag(n), the ordered pairs of readers; ``agreement`` the same over r (r - 1);
    ``coincidences`` the same over r - 1; ``shares`` n / r.
    """

    categories: int
    readers: int

    def pairs(self, sums: Array) -> Array:
        """Return the ``(..., categories, categories)`` ordered pairs of readers."""
        return self._square(sums, 0)

    def agreement(self, sums: Array) -> Array:
        """Return the ``(..., categories, categories)`` shares of pairs, every item counting once."""
        return ratio(self._square(sums, 1), self._at(sums, 0)[..., None, None])

    def coincidences(self, sums: Array) -> Array:
        """Return Krippendorff's ``(..., categories, categories)`` coincidences."""
        return self._square(sums, 2)

    def shares(self, sums: Array) -> Array:
        """Return the ``(..., categories)`` mean over items of the share of readers."""
        start = 3 * self.categories**2 + 2
        return ratio(sums[..., start : start + self.categories], self._at(sums, 1)[..., None])

    def votes(self, sums: Array) -> Array:
        """Return the ``(..., readers, categories)`` shares of each reader's items; NaN for who read none."""
        start = 3 * self.categories**2 + 2 + self.categories
        votes = sums[..., start:].reshape(*sums.shape[:-1], self.readers, self.categories)
        return ratio(votes, votes.sum(axis=-1, keepdims=True))

    def _square(self, sums: Array, place: int) -> Array:
        size = self.categories**2
        square = sums[..., place * size : (place + 1) * size]
        return square.reshape(*sums.shape[:-1], self.categories, self.categories)

    def _at(self, sums: Array, place: int) -> Array:
        return sums[..., 3 * self.categories**2 + place]


def tally(ratings: Ratings) -> tuple[Tally, Sums]:
    """Return the sums of ratings in categories, per cluster, and where in them what stands.

    Items that nobody read are left out; those that one reader read count for how often categories are used,
    and not for agreement, as in Gwet KL, Handbook of Inter-Rater Reliability, 4th ed. 2014, chapter 2.
    """
    place = Tally(len(ratings.categories), len(ratings.readers))
    read = ratings.read_by(1)
    often = int((read.read.sum(axis=1) > 1).sum())
    codes = read.codes if often else read.codes[:0]
    kind, patterns = _kinds(codes, place.categories)
    clusters = read.clusters if often else read.clusters[:0]
    sums = add_up(kind, tallies(patterns, place), clusters, "no item was read by two readers")
    return place, Sums(sums.clusters, sums.items, sums.kinds, sums.counts, sums.nothing, used=often)


def _kinds(codes: NDArray[np.int16], categories: int) -> tuple[Places, NDArray[np.int16]]:
    """Return the kind of every item, and the ``(kinds, readers)`` codes of every kind."""
    base = categories + 1
    if base ** codes.shape[1] > _MOST_NUMBERS:
        patterns, kind = np.unique(codes, axis=0, return_inverse=True)
        return kind.reshape(-1), patterns
    number = np.zeros(len(codes), dtype=np.int64)
    for column in codes.T:
        number = number * base + (column - NOT_READ)
    _, first, kind = np.unique(number, return_index=True, return_inverse=True)
    return kind, codes[first]


def tallies(patterns: NDArray[np.int16], place: Tally) -> Floats:
    """Return what an item of each kind adds, ``(kinds, sums)``."""
    votes = (patterns[:, :, None] == np.arange(place.categories)).astype(float)
    number = votes.sum(axis=1)
    read = number.sum(axis=1)
    pairs = number[:, :, None] * number[:, None, :]
    pairs[:, np.arange(place.categories), np.arange(place.categories)] -= number
    others = np.maximum(read - 1.0, 1.0)  # one reader makes no pairs, so 0 is divided
    square = pairs.reshape(len(patterns), place.categories**2)
    blocks = [
        square,
        square / (read * others)[:, None],
        square / others[:, None],
        (read > 1).astype(float)[:, None],
        np.ones((len(patterns), 1)),
        number / read[:, None],
        votes.reshape(len(patterns), place.readers * place.categories),
    ]
    return np.concatenate(blocks, axis=1)
