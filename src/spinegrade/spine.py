"""What the grades of one spine add up to: deformity index, fractures, and whether it can be read.

Arrays have the 23 `LEVELS` on their last axis; NaN is a level that could not be graded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import GRADED, STATUS_LEVELS, LevelRange

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

STATUSES = ("normal", "fractured", "uninterpretable")
"""Statuses of a spine; arrays hold their index here."""

_HIGHEST_GRADE = 3
_MOST_MISSING = 1


@frozen
class SpineSummary:
    """What the grades of ``(...)`` spines add up to.

    Attributes
    ----------
    sdi
        Spinal deformity index, the sum of the grades of the evaluable levels; NaN without any
        (Ma J et al., J Clin Endocrinol Metab 2024;109:e1225, doi 10.1210/clinem/dgad611).  A grade of 0.5 is
        no fracture and adds nothing.
    sdi_low, sdi_high
        The least and the most that it could be, were the missing levels graded 0 or 3.
    sdi_scaled
        ``sdi`` times the number of levels over the number of evaluable ones; NaN without any.
    fractured
        Number of vertebrae graded 1 or more.
    highest_grade
        NaN without evaluable levels.
    evaluable
        Number of evaluable levels in the range.
    spinal_fracture_index
        ``sdi`` over the number of evaluable levels; NaN without any.
    status
        Index into `STATUSES`.
    """

    sdi: Floats
    sdi_low: Floats
    sdi_high: Floats
    sdi_scaled: Floats
    fractured: NDArray[np.int64]
    highest_grade: Floats
    evaluable: NDArray[np.int64]
    spinal_fracture_index: Floats
    status: NDArray[np.uint8]


def summarise_spines(grades: ArrayLike, levels: LevelRange = GRADED) -> SpineSummary:
    """Return what ``(..., 23)`` grades add up to over ``levels``.

    Status by the rule of NHANES 2013-14 (DXXVFA_H documentation): fractured with any grade of 1 or
    more; otherwise normal if at most one level of T7-L4 could not be graded, else uninterpretable.
    Levels outside ``levels`` were not asked for, and do not count as unreadable.
    """
    every = np.asarray(grades, dtype=float)
    within = every[..., levels.indices]
    known = ~np.isnan(within)
    evaluable = known.sum(axis=-1)
    missing = within.shape[-1] - evaluable
    total = np.where(known, sdi_points(within), 0.0).sum(axis=-1)
    fractured = (within >= 1).sum(axis=-1)
    none = evaluable == 0
    sdi = np.where(none, np.nan, total)
    return SpineSummary(
        sdi=sdi,
        sdi_low=total,
        sdi_high=total + _HIGHEST_GRADE * missing,
        sdi_scaled=sdi * within.shape[-1] / np.maximum(evaluable, 1),
        fractured=fractured,
        highest_grade=np.where(none, np.nan, np.where(known, within, -np.inf).max(axis=-1)),
        evaluable=evaluable,
        spinal_fracture_index=sdi / np.maximum(evaluable, 1),
        status=_status(fractured, every, levels),
    )


def sdi_points(grades: Floats) -> Floats:
    """Return what each grade adds to the deformity index; 0.5, a borderline visual grade, adds nothing."""
    return np.floor(grades)


def _status(fractured: NDArray[np.int64], grades: Floats, levels: LevelRange) -> NDArray[np.uint8]:
    asked, decisive = levels.indices, STATUS_LEVELS.indices
    both = slice(max(asked.start, decisive.start), max(min(asked.stop, decisive.stop), decisive.start))
    unread = np.isnan(grades[..., both]).sum(axis=-1)
    readable = np.where(unread <= _MOST_MISSING, 0, 2)
    return np.where(fractured > 0, 1, readable).astype(np.uint8)
