"""From ratings with gaps to the sums that a model of crossed items and readers is fitted to.

With items integrated out, the likelihood depends on the data through sums over items of readers x readers
tables, one for each number of readings that an item has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.agreement.sums import Sums, add_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.agreement.ratings import Ratings

    Floats = NDArray[np.float64]

_MOST_CELLS = 1 << 25
"""Items times sums beyond which items are not kept one by one, so that there is no design effect."""


@frozen
class Layout:
    """Where in the sums what stands, for ratings of which items have these ``sizes`` of readings."""

    readers: int
    sizes: tuple[int, ...]


@frozen
class Tables:
    """The sums of ``(fits,)`` samples as the criterion takes them.

    Attributes
    ----------
    sizes
        ``(sizes,)`` numbers of readings of an item.
    items
        ``(fits, sizes)`` numbers of items of each size.
    together
        ``(fits, sizes, readers, readers)`` numbers of items that two readers both read.
    totals
        ``(fits, sizes, readers)`` sums of the items' totals, of the items that a reader read.
    squares
        ``(fits, sizes)`` sums of the squared totals of items.
    by_reader
        ``(fits, readers)`` sums of ratings.
    raw
        ``(fits,)`` sums of squared ratings.
    """

    sizes: Floats
    items: Floats
    together: Floats
    totals: Floats
    squares: Floats
    by_reader: Floats
    raw: Floats

    def pick(self, fits: NDArray[np.generic]) -> Tables:
        """Return some of the samples."""
        return Tables(
            self.sizes,
            self.items[fits],
            self.together[fits],
            self.totals[fits],
            self.squares[fits],
            self.by_reader[fits],
            self.raw[fits],
        )

    @property
    def number(self) -> Floats:
        """``(fits,)`` numbers of ratings."""
        return self.items @ self.sizes


def crossed_sums(ratings: Ratings) -> tuple[Layout, Sums]:
    """Return the sums of ratings with gaps that a fit takes, and where in them what stands."""
    read = ratings.read_by(1)
    number = read.read.sum(axis=1)
    layout = Layout(len(ratings.readers), tuple(int(size) for size in np.unique(number)))
    if not (number > 1).any():
        return layout, Sums(np.empty((0, 0)), 0)
    values = np.where(read.read, read.values - read.values[read.read].mean(), 0.0)
    total = values.sum(axis=1)
    of_size = (number[:, None] == np.array(layout.sizes)).astype(float)
    measured = np.concatenate(
        [
            (of_size[:, :, None] * (read.read * total[:, None])[:, None, :]).reshape(len(total), -1),
            of_size * (total**2)[:, None],
            values,
            (values**2).sum(axis=1, keepdims=True),
        ],
        axis=1,
    )
    masks, kind = np.unique(read.read, axis=0, return_inverse=True)
    pattern = _pattern_rows(masks, layout)
    counted = add_up(kind.reshape(-1), pattern, read.clusters, "")
    clusters = np.column_stack(
        [counted.clusters, *(np.bincount(read.clusters, weights=column) for column in measured.T)]
    )
    used = int((number > 1).sum())
    if len(total) * clusters.shape[1] > _MOST_CELLS:
        return layout, Sums(clusters, len(total), used=used)
    kinds = np.concatenate([pattern[kind.reshape(-1)], measured], axis=1)
    return layout, Sums(clusters, len(total), kinds, np.ones(len(total)), used=used)


def _pattern_rows(masks: NDArray[np.bool_], layout: Layout) -> Floats:
    """Return the ``(patterns, ...)`` numbers of items and of pairs of readers of each size."""
    together = (masks[:, :, None] & masks[:, None, :]).astype(float).reshape(len(masks), -1)
    of_size = (masks.sum(axis=1)[:, None] == np.array(layout.sizes)).astype(float)
    paired = (of_size[:, :, None] * together[:, None, :]).reshape(len(masks), -1)
    return np.concatenate([of_size, paired], axis=1)


def as_tables(sums: Floats, layout: Layout) -> Tables:
    """Return ``(fits, sums)`` as tables."""
    fits, sizes, readers = len(sums), len(layout.sizes), layout.readers
    ends = np.cumsum([sizes, sizes * readers**2, sizes * readers, sizes, readers])
    items, together, totals, squares, by_reader, raw = np.split(sums, ends, axis=1)
    return Tables(
        np.array(layout.sizes, dtype=float),
        items,
        together.reshape(fits, sizes, readers, readers),
        totals.reshape(fits, sizes, readers),
        squares,
        by_reader,
        raw[:, 0],
    )
