"""Whether two readings of a spine count its vertebrae alike.

Every body has heights of its own.  If those of the later date, all of them, match the earlier ones better a
level up or down, one of the two was counted otherwise.  A body that is fractured says nothing on that date: a
new fracture at the end of the row would look like another count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]
    Floats = NDArray[np.float64]

FEWEST = 6
"""Vertebrae that have to be there on both dates, as named and as shifted, to tell."""

BETTER = 0.6
"""The spread of what is left has to fall below this fraction of what it is as named."""

DIFFERENT = 1e-4
"""Mean square of what is left as named, in logarithms, from which heights differ at all: 1 %."""

SHARE = 0.5
"""The share of vertebrae that at least have to match better shifted than as named."""


def counted_otherwise(
    first: Floats, second: Floats, fractured: tuple[Booleans, Booleans] | None = None
) -> NDArray[np.int8]:
    """Return by how many levels later names lie too low: 1, -1, or 0 where the counts agree or none can tell.

    ``(..., levels, 3)`` heights of two dates and which ``(..., levels)`` are fractured on them; the result is
    ``(...)``.  With 1, what the second date calls L2 is what the first calls L1.  Logarithms of heights are
    compared after their own mean and trend along the spine are taken out, so that neither growth nor
    magnification counts.

    The numbers here are ours, set on repeated readings of the sample films and real ones; see the tests.
    """
    whole = (np.asarray(one, dtype=float) for one in (first, second))
    if fractured is not None:
        whole = (
            np.where(broken[..., None], np.nan, one) for one, broken in zip(whole, fractured, strict=True)
        )
    before, after = map(np.log, whole)
    plain = _left(before, after)
    shift = np.zeros(plain.shape[:-1], dtype=np.int8)
    for by in (1, -1):
        other = _left(before, _moved(after, by))
        both = ~np.isnan(plain) & ~np.isnan(other)
        count = both.sum(axis=-1)
        squares = [np.where(both, one, 0.0).sum(axis=-1) for one in (plain, other)]
        nearer = (both & (other < plain)).sum(axis=-1)
        better = (squares[1] < BETTER * squares[0]) & (nearer >= SHARE * count) & (count >= FEWEST)
        better &= squares[0] > DIFFERENT * count
        shift = np.where(better, np.int8(by), shift)
    return shift


def _moved(values: Floats, by: int) -> Floats:
    """Return for each level the values ``by`` levels below it."""
    moved = np.full(values.shape, np.nan)
    if by > 0:
        moved[..., :-by, :] = values[..., by:, :]
    else:
        moved[..., -by:, :] = values[..., :by, :]
    return moved


def _left(before: Floats, after: Floats) -> Floats:
    """Return the ``(..., levels)`` mean square of what differs beside a scale and a trend along the spine."""
    difference = after - before
    known = ~np.isnan(difference).any(axis=-1)
    place = np.where(known, np.arange(known.shape[-1]), 0.0)
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    centred = np.where(known, place - place.sum(axis=-1, keepdims=True) / count, 0.0)
    level = np.where(known, np.nan_to_num(difference).mean(axis=-1), 0.0)
    mean = level.sum(axis=-1, keepdims=True) / count
    squares = np.maximum((centred**2).sum(axis=-1, keepdims=True), 1e-12)
    slope = (centred * level).sum(axis=-1, keepdims=True) / squares
    left = difference - (mean + slope * centred)[..., None]
    return np.where(known, (left**2).mean(axis=-1), np.nan)
