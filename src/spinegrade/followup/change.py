"""By how much the heights of vertebrae differ between two dates.

The levels, from the head downwards, are the last axis of every array, or the last but one where the three
`POSITIONS` follow; the axes before are any pairs of readings.  NaN is a height or a grade that was not had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from spinegrade.agreement.precision import LEAST_SIGNIFICANT
from spinegrade.errors import ReadingError
from spinegrade.followup.remarks import Remark

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spinegrade.followup.rule import FollowUpRule

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Bits = NDArray[np.uint16]


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=float)


@frozen(eq=False)
class Seen:
    """What readings of one date saw.

    Attributes
    ----------
    heights
        ``(..., levels, 3)``; NaN where the vertebra could not be evaluated.
    grade
        ``(..., levels)``, computed or a reader's; NaN where not graded.
    read
        ``(..., levels)`` True where the level was read at all; where there are heights or a grade, if not
        given.
    point_sd
        ``(..., levels)`` landmark error along the height in the unit of the heights; None where not known.
    deformed
        ``(..., levels)`` 1 where the vertebra is deformed beside a norm, 0 where not, NaN where that is not
        known; None where no rule asks.
    """

    heights: Floats = field(converter=_floats)
    grade: Floats = field(converter=_floats)
    read: Booleans = field()
    point_sd: Floats | None = None
    deformed: Floats | None = None

    @read.default
    def _known(self) -> Booleans:
        self._check()
        known: Booleans = ~np.isnan(self.grade) | ~np.isnan(self.heights).all(axis=-1)
        return known

    def __attrs_post_init__(self) -> None:
        """Refuse heights and grades of different spines."""
        self._check()

    def _check(self) -> None:
        if self.heights.shape != (*self.grade.shape, 3):
            msg = f"heights: expected an array of shape {(*self.grade.shape, 3)}, got {self.heights.shape}"
            raise ReadingError(msg)

    @property
    def sound(self) -> Booleans:
        """``(..., levels)`` where all heights are known and the vertebra is not fractured."""
        sound: Booleans = (self.grade < 1) & ~np.isnan(self.heights).any(axis=-1)
        return sound


@frozen(eq=False)
class Change:
    """By how much heights differ between two dates.

    Attributes
    ----------
    lost
        ``(..., levels, 3)`` fraction of the expected height that is gone; negative where there is more.
    lost_length
        ``(..., levels, 3)`` the same in the unit of the heights, of the heights as they are.
    scale
        ``(..., levels)`` what the earlier heights were multiplied by: the growth of the unfractured
        vertebrae around, or 1.
    spine_scale
        ``(..., )`` growth of all unfractured vertebrae together; NaN where there is none.
    least
        ``(..., levels, 3)`` least significant change of ``lost``; NaN without a landmark error.
    remarks
        ``(..., levels)`` bits of `Remark`.
    """

    lost: Floats
    lost_length: Floats
    scale: Floats
    spine_scale: Floats
    least: Floats
    remarks: Bits

    @property
    def largest(self) -> NDArray[np.intp]:
        """``(..., levels)`` index of the position that lost most."""
        largest: NDArray[np.intp] = np.argmax(np.nan_to_num(self.lost, nan=-np.inf), axis=-1)
        return largest

    def at_largest(self, values: Floats) -> Floats:
        """Return the ``(..., levels)`` value of each vertebra at the position that lost most."""
        found: Floats = np.take_along_axis(values, self.largest[..., None], axis=-1)[..., 0]
        return found


def measure_change(
    first: Seen,
    second: Seen,
    rule: FollowUpRule,
    *,
    common_mm: ArrayLike = True,
    growth: ArrayLike | None = None,
) -> Change:
    """Return by how much the heights of two dates differ, as the rule compares them.

    ``common_mm``, ``(...)`` booleans, says of which pairs the heights are in mm of one meaning; the others
    are compared only where the rule takes growth out.  ``growth``, ``(..., levels)``, is what the earlier
    heights are to be multiplied by where that is known better than the neighbours tell.

    The expected height is H1 * (sum of the neighbours' H2 / sum of their H1), over all three heights of the
    vertebrae within the rule's ``reach`` that are unfractured on both dates, and of all such vertebrae of
    the spine where none is near.

    Raises
    ------
    ReadingError
        If the two dates have different shapes.
    """
    if first.grade.shape != second.grade.shape:
        msg = f"second date: expected an array of shape {first.grade.shape}, got {second.grade.shape}"
        raise ReadingError(msg)
    comparable = np.broadcast_to(np.asarray(common_mm, dtype=bool), first.grade.shape[:-1])[..., None]
    sums = _SoundSums.of(first, second, rule.reach)
    scale, relative_sd, remarks = _scale(sums, rule, comparable, growth)
    remarks |= _unread(first, second)
    ratio = second.heights / first.heights / scale[..., None]
    usable = ((remarks & _UNMEASURABLE) == 0)[..., None]
    spread = np.sqrt(_relative(first) ** 2 + _relative(second) ** 2 + relative_sd[..., None] ** 2)
    lost = np.where(usable, 1.0 - ratio, np.nan)
    return Change(
        lost=lost,
        lost_length=np.where(usable & comparable[..., None], first.heights - second.heights, np.nan),
        scale=scale,
        spine_scale=sums.spine_scale,
        least=np.where(usable, LEAST_SIGNIFICANT / np.sqrt(2.0) * ratio * spread, np.nan),
        remarks=remarks,
    )


_UNMEASURABLE = Remark.NO_COMMON_MM | Remark.NO_SOUND_NEIGHBOUR | Remark.SCALE_CHANGED


def _relative(seen: Seen) -> Floats:
    """Return the SD of each height as a fraction of it; NaN without a landmark error."""
    if seen.point_sd is None:
        return np.full(seen.heights.shape, np.nan)
    relative: Floats = np.sqrt(2.0) * np.asarray(seen.point_sd, dtype=float)[..., None] / seen.heights
    return relative


@frozen(eq=False)
class _SoundSums:
    """Sums over the vertebrae that are unfractured on both dates: those near a level, and all.

    ``near`` and ``spine`` hold, first axis, the heights of the first date, of the second, and the
    variances of both.
    """

    near: Floats
    spine: Floats

    @classmethod
    def of(cls, first: Seen, second: Seen, reach: int) -> _SoundSums:
        sound = first.sound & second.sound
        both = (first, second)
        values = np.stack([*(_total(seen, sound) for seen in both), *map(_variance, both)])
        values = np.where(sound, values, 0.0)
        return cls(_around(values, reach), values.sum(axis=-1))

    @property
    def spine_scale(self) -> Floats:
        return _ratio(self.spine)


def _total(seen: Seen, sound: Booleans) -> Floats:
    total: Floats = np.where(sound[..., None], seen.heights, 0.0).sum(axis=-1)
    return total


def _variance(seen: Seen) -> Floats:
    """Return the ``(..., levels)`` variance of the sum of a vertebra's three heights."""
    if seen.point_sd is None:
        return np.full(seen.grade.shape, np.nan)
    variance: Floats = 3 * 2 * np.asarray(seen.point_sd, dtype=float) ** 2
    return np.broadcast_to(variance, seen.grade.shape)


def _around(values: Floats, reach: int) -> Floats:
    """Return the sum of the values up to ``reach`` levels above and below each level, its own left out."""
    around = np.zeros(values.shape)
    for step in range(1, min(reach, values.shape[-1] - 1) + 1):
        around[..., step:] += values[..., :-step]
        around[..., :-step] += values[..., step:]
    return around


def _ratio(sums: Floats) -> Floats:
    """Return later over earlier heights of sums; NaN where there is nothing."""
    nothing = sums[0] == 0
    return np.where(nothing, np.nan, sums[1] / np.where(nothing, 1.0, sums[0]))


def _relative_sd(sums: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = np.sqrt(sums[2] / sums[0] ** 2 + sums[3] / sums[1] ** 2)
    return result


def _scale(
    sums: _SoundSums, rule: FollowUpRule, comparable: Booleans, growth: ArrayLike | None
) -> tuple[Floats, Floats, Bits]:
    """Return what to multiply earlier heights by, its SD as a fraction, and what has to be said of it."""
    near, spine = sums.near, np.broadcast_to(sums.spine[..., None], sums.near.shape)
    levels = near.shape[1:]
    if growth is not None:
        known = np.broadcast_to(np.asarray(growth, dtype=float), levels)
        return known, np.zeros(levels), np.zeros(levels, dtype=np.uint16)
    if rule.scale == "none":
        return np.ones(levels), np.zeros(levels), _as_they_are(spine, rule, comparable)
    distant = near[0] == 0
    chosen = np.where(distant, spine, near)
    scale = _ratio(chosen)
    missing = np.isnan(scale)
    remarks = missing * np.uint16(Remark.NO_SOUND_NEIGHBOUR)
    remarks |= (distant & ~missing) * np.uint16(Remark.DISTANT_SCALE)
    return scale, _relative_sd(chosen), remarks.astype(np.uint16)


def _as_they_are(spine: Floats, rule: FollowUpRule, comparable: Booleans) -> Bits:
    """Return why heights cannot be compared as they are: other mm, or another scale."""
    remarks = np.where(comparable, np.uint16(0), np.uint16(Remark.NO_COMMON_MM))
    if rule.max_scale_change is None:
        return np.broadcast_to(remarks, spine.shape[1:]).astype(np.uint16)
    changed = np.abs(_ratio(spine) - 1.0) > rule.max_scale_change + rule.tolerance
    result: Bits = (remarks | (changed & comparable) * np.uint16(Remark.SCALE_CHANGED)).astype(np.uint16)
    return result


def _unread(first: Seen, second: Seen) -> Bits:
    """Return which levels one of the dates does not have, or could not grade."""
    remarks = (first.read & ~second.read) * np.uint16(Remark.ONLY_FIRST)
    remarks |= (second.read & ~first.read) * np.uint16(Remark.ONLY_SECOND)
    remarks |= (first.read & np.isnan(first.grade)) * np.uint16(Remark.NOT_GRADED_FIRST)
    remarks |= (second.read & np.isnan(second.grade)) * np.uint16(Remark.NOT_GRADED_SECOND)
    for seen in (first, second):
        if seen.deformed is not None:
            remarks |= (seen.read & np.isnan(seen.deformed)) * np.uint16(Remark.NOT_JUDGED_BY_NORM)
    result: Bits = remarks.astype(np.uint16)
    return result


def within_least_significant(change: Change) -> Booleans:
    """Return where no height of a vertebra changed, either way, by its least significant change.

    False without a landmark error.  The least significant change is 2.77 precision errors: 1.96 SD of the
    difference of two readings.
    """
    small = np.asarray(np.abs(change.lost) < change.least)
    return np.asarray(small.all(axis=-1))
