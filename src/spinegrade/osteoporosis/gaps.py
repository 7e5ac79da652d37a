"""Why levels have no grade: nobody read them, nobody could, or what they are graded by is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import fields, frozen

from spinegrade.anatomy import LEVELS
from spinegrade.assess import find
from spinegrade.flags import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.anatomy import LevelRange
    from spinegrade.assess import Method
    from spinegrade.io.arrays import Spines

    Booleans = NDArray[np.bool_]

MARKS: dict[str, type[pl.DataType]] = dict.fromkeys(("read", "seen", "no_norm"), pl.Int64)
"""Columns that mark levels, bit by bit: those that were read, graded by eye alone, or have no norm."""


def mark_levels(spines: Spines, method: Method) -> list[pl.Series]:
    """Return `MARKS` of every spine.

    Graded by eye alone is a vertebra with a visual grade and not all of its landmarks.
    """
    refused = ~spines.frame["evaluable"].fill_null(value=True).to_numpy()
    by_eye = spines.frame["visual_grade"].is_not_null().to_numpy()
    seen = by_eye & ~refused & ~np.isfinite(spines.points).all(axis=(1, 2))
    marks = {"read": spines.spread(~seen * 1.0) == 1, "seen": spines.spread(seen * 1.0) == 1}
    marks["no_norm"] = np.zeros_like(marks["read"])
    if method.norms is not None:
        marks["no_norm"] = find(spines, method).grading.flags & Flag.NO_NORM > 0
    return [pl.Series(name, level_bits(_within(spines, marks[name], method.levels))) for name in MARKS]


def _within(spines: Spines, marked: Booleans, levels: LevelRange) -> Booleans:
    """Return the marks of the levels of a range."""
    every = np.zeros((spines.count, len(LEVELS)), dtype=bool)
    every[:, spines.window] = marked
    within: Booleans = every[:, levels.indices]
    return within


def level_bits(where: Booleans) -> NDArray[np.int64]:
    """Return the ``(n, levels)`` marks as one number a row."""
    bits: NDArray[np.int64] = where @ (1 << np.arange(where.shape[1], dtype=np.int64))
    return bits


def marked_levels(bits: pl.Series, count: int) -> Booleans:
    """Return the ``(n, levels)`` marks in numbers of `level_bits`."""
    marked: Booleans = bits.to_numpy()[:, None] >> np.arange(count) & 1 > 0
    return marked


@frozen
class Gaps:
    """The levels without a grade, ``(patients, levels)`` each: what is wanted of them.

    Attributes
    ----------
    unevaluable
        They were read, and could not be graded.
    unread
        Nobody read them.
    unmeasured
        They were graded by eye alone, where measured grades count.
    without_norm
        No norm says what is normal there.
    without_visual
        They were measured, where visual grades count.
    """

    unevaluable: Booleans
    unread: Booleans
    unmeasured: Booleans
    without_norm: Booleans
    without_visual: Booleans

    @classmethod
    def of(cls, blank: Booleans, marks: dict[str, Booleans], measured: Booleans, *, by_eye: bool) -> Gaps:
        """Return why the levels that are ``blank`` are; ``measured`` have a measured grade."""
        read, seen, no_norm = (blank & marks[name] for name in MARKS)
        visual = blank & (measured | no_norm) & by_eye
        norm = no_norm & (not by_eye)
        return cls(read & ~visual & ~norm, blank & ~read & ~seen, seen & ~read & ~norm, norm, visual)

    def counts(self) -> dict[str, NDArray[np.float64]]:
        """Return how many levels of each patient there are of each kind."""
        return {one.name: getattr(self, one.name).sum(axis=1).astype(float) for one in fields(type(self))}
