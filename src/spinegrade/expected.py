"""What the height of a vertebra should be, judged by its neighbours or by itself.

Arrays have the levels, from the head downwards, on their last axis, or on the last but one where
the three `POSITIONS` follow.  NaN is a height that was not measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

Reference = Literal["standard", "own", "adjacent", "largest"]
REFERENCES: tuple[Reference, ...] = get_args(Reference)

REFERENCE_WORDS: dict[Reference, str] = {
    "standard": "own posterior height, or the neighbours' where the posterior wall itself is low",
    "own": "own posterior height; blind to a crush",
    "adjacent": "the same heights of the neighbours",
    "largest": "the largest of the three own heights",
}


@frozen
class Neighbours:
    """Which neighbours each level is compared with, and with what weight.

    Attributes
    ----------
    weights
        ``(2 * reach, ..., levels)`` weights of the vertebrae 1, 2, ... levels above, then 1, 2,
        ... below; 0 where a vertebra is not used.  They carry the normal trend of heights.
    sides
        ``(..., levels)`` number of sides, 0 to 2, on which a neighbour was found.
    reused
        ``(..., levels)`` True where all the neighbours had been left out and were used all the same.
    """

    weights: Floats
    sides: NDArray[np.int8]
    reused: Booleans

    def expect(self, values: Floats) -> Floats:
        """Return what the neighbours' ``(..., levels)`` values lead one to expect at each level.

        NaN where there is no neighbour.
        """
        known = np.nan_to_num(values, nan=0.0)
        total = np.zeros(values.shape)
        for weight, offset in zip(self.weights, _offsets(len(self.weights)), strict=True):
            _add_shifted(total, weight, known, offset)
        total[self.sides == 0] = np.nan
        return total

    @property
    def noise(self) -> Floats:
        """SD of an expected value, in units of the SD of one neighbour's; 0 without neighbours."""
        result: Floats = np.sqrt(np.square(self.weights).sum(axis=0))
        return result


def find_neighbours(
    usable: Booleans, left_out: Booleans | None = None, *, growth: float, reach: int
) -> Neighbours:
    """Return the nearest usable vertebra above and below each level, at most ``reach`` levels away.

    A vertebra that is ``left_out`` (graded 1 or more by a first pass) is passed over for the next
    one within reach.  Where that leaves none on either side, such vertebrae are used and
    `Neighbours.reused` says so.  ``growth`` is the normal ratio of a height to the one a level above.
    """
    every, sides = _weigh(usable, growth, reach)
    if left_out is None:
        return Neighbours(_average(every, sides), sides, np.zeros(usable.shape, dtype=bool))
    sound, sound_sides = _weigh(usable & ~left_out, growth, reach)
    reused = (sound_sides == 0) & (sides > 0)
    sides = np.where(reused, sides, sound_sides)
    return Neighbours(_average(np.where(reused, every, sound), sides), sides, reused)


def expected_heights(
    heights: Floats,
    neighbours: Neighbours,
    reference: Reference,
    reaches_first_band: Callable[[Floats], Booleans],
) -> tuple[Floats, Booleans]:
    """Return the ``(3, ..., levels)`` expected heights and where the neighbours replaced the own wall.

    ``heights`` are ``(3, ..., levels)``, `POSITIONS` first.  Without a neighbour the posterior
    height is its own expectation under ``standard``; under ``adjacent`` nothing is expected (NaN).
    """
    posterior = heights[2]
    own = np.zeros(posterior.shape, dtype=bool)
    if reference == "own":
        return np.stack([posterior] * 3), own
    if reference == "largest":
        return np.stack([heights.max(axis=0)] * 3), own
    if reference == "adjacent":
        return np.stack([neighbours.expect(height) for height in heights]), own
    expected = neighbours.expect(posterior)
    np.copyto(expected, posterior, where=neighbours.sides == 0)
    low = reaches_first_band(1.0 - posterior / expected)
    base = np.where(low, expected, posterior)
    return np.stack([base, base, expected]), low


def _weigh(usable: Booleans, growth: float, reach: int) -> tuple[Floats, NDArray[np.int8]]:
    """Return a weight of ``growth`` to the distance for the nearest usable vertebra on each side."""
    weights = np.zeros((2 * reach, *usable.shape))
    taken = np.zeros((2, *usable.shape), dtype=bool)
    for place, offset in enumerate(_offsets(2 * reach)):
        side = taken[int(offset > 0)]
        here = _shifted(usable, offset) & ~side
        np.multiply(here, growth**-offset, out=weights[place])
        side |= here
    return weights, taken.sum(axis=0, dtype=np.int8)


def _average(weights: Floats, sides: NDArray[np.int8]) -> Floats:
    return weights / np.maximum(sides, 1)


def _offsets(count: int) -> list[int]:
    reach = count // 2
    return [*range(-1, -reach - 1, -1), *range(1, reach + 1)]


def _shifted(values: Booleans, offset: int) -> Booleans:
    """Return for each level the value ``offset`` levels below it (above, if negative)."""
    result = np.zeros_like(values)
    if offset > 0:
        result[..., :-offset] = values[..., offset:]
    else:
        result[..., -offset:] = values[..., :offset]
    return result


def _add_shifted(total: Floats, weight: Floats, values: Floats, offset: int) -> None:
    """Add ``weight`` times the value ``offset`` levels below each level."""
    if offset > 0:
        total[..., :-offset] += weight[..., :-offset] * values[..., offset:]
    else:
        total[..., -offset:] += weight[..., -offset:] * values[..., :offset]
