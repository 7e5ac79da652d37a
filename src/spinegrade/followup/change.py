"""What became of vertebrae between two dates: how much lower they are, new, worse, or not to be told.

The levels, from the head downwards, are the last axis of every array, or the last but one where the three
`POSITIONS` follow; the axes before are any pairs of readings.  NaN is a height or a grade that was not had.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from spinegrade.agreement.precision import LEAST_SIGNIFICANT
from spinegrade.errors import ReadingError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spinegrade.followup.rule import FollowUpRule

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Bits = NDArray[np.uint16]

OUTCOMES = ("unchanged", "incident", "worsening", "indeterminate")
"""What a rule says of a vertebra; arrays hold their index here.  Unchanged is neither new nor worse."""

UNCHANGED, INCIDENT, WORSENING, INDETERMINATE = range(4)


class Remark(IntFlag):
    """What has to be known of a comparison; files write the lower-case names."""

    ONLY_FIRST = 1
    """The level was read on the first date only."""
    ONLY_SECOND = 2
    """The level was read on the second date only."""
    NOT_GRADED_FIRST = 4
    """The level could not be graded on the first date."""
    NOT_GRADED_SECOND = 8
    """The level could not be graded on the second date."""
    NO_COMMON_MM = 16
    """One of the dates has no mm, or the mm of the two are not the same: heights cannot be compared."""
    NO_SOUND_NEIGHBOUR = 32
    """No vertebra that is unfractured on both dates says how the spine grew."""
    DISTANT_SCALE = 64
    """None is near; vertebrae farther away say how the spine grew."""
    SCALE_CHANGED = 128
    """Unfractured vertebrae differ by growth or magnification: heights cannot be compared as they are."""
    LEVELS_SHIFTED = 256
    """The bodies match better one level up or down: one of the two was counted otherwise."""
    WITHIN_LEAST_SIGNIFICANT = 512
    """The change of height is smaller than the least significant change."""
    MM_AT_DETECTOR = 1024
    """mm of both dates are at the detector: the rule takes both films to be of one geometry."""
    DIFFERENT_READERS = 2048
    """The two dates were read by different readers."""
    DIFFERENT_CALIBRATION = 4096
    """The mm of the two dates come about in different ways."""
    NOT_JUDGED_BY_NORM = 8192
    """Whether it is deformed by the rule's norm is not known of one of the dates."""


def remark_words(mask: int) -> str:
    """Return the names of the remarks in ``mask``, joined by spaces; empty where there are none."""
    return " ".join(one.name.lower() for one in Remark if one & mask and one.name)


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


def judge(first: Seen, second: Seen, change: Change, rule: FollowUpRule) -> NDArray[np.uint8]:
    """Return the ``(..., levels)`` index into `OUTCOMES` of what the rule says.

    What the rule needs and nobody knows leaves it indeterminate, unless something else that it needs does
    not hold.  A vertebra that was fractured on the first date is worsening, any other incident; so is one
    that has become deformed beside a norm.  A grade of 0.5 is no fracture.

    Raises
    ------
    ReadingError
        If the rule asks for deformities and nobody has looked for any.
    """
    before, after = (_as_fractured(seen.grade) for seen in (first, second))
    met = np.ones(before.shape, dtype=bool)
    failed = np.zeros(before.shape, dtype=bool)
    legs = _legs(before, after, change, rule)
    if rule.needs.deformed_by is not None:
        legs.append(_becomes_deformed(first, second))
    for holds, known in legs:
        met &= holds & known
        failed |= ~holds & known
    fractured = (before >= 1) & (rule.needs.deformed_by is None)
    outcome = np.where(met, np.where(fractured, WORSENING, INCIDENT), INDETERMINATE)
    outcome = np.where(failed, UNCHANGED, outcome)
    shifted = (change.remarks & Remark.LEVELS_SHIFTED) > 0
    unknown = np.isnan(before) | np.isnan(after) | shifted
    return np.where(unknown, INDETERMINATE, outcome).astype(np.uint8)


def _as_fractured(grade: Floats) -> Floats:
    return np.floor(grade)


_Leg = tuple["Booleans", "Booleans"]
"""Where something that a rule needs holds, and where that is known."""


def _legs(before: Floats, after: Floats, change: Change, rule: FollowUpRule) -> list[_Leg]:
    needs = rule.needs
    legs: list[_Leg] = []
    if needs.min_rise is not None:
        rise = after - before
        legs.append((np.asarray(rise >= needs.min_rise - rule.tolerance), ~np.isnan(rise)))
    bounds = [(change.lost, needs.min_loss), (change.lost_length, needs.min_mm)]
    asked = [lost >= bound - rule.tolerance for lost, bound in bounds if bound is not None]
    if asked:
        enough = np.logical_and.reduce(asked).any(axis=-1)
        legs.append((np.asarray(enough), np.asarray(~np.isnan(change.lost).any(axis=-1))))
    return legs


def _becomes_deformed(first: Seen, second: Seen) -> _Leg:
    if first.deformed is None or second.deformed is None:
        msg = "deformed: expected arrays of both dates for a rule that asks for deformities, got none"
        raise ReadingError(msg)
    holds = (first.deformed == 0) & (second.deformed == 1)
    return holds, np.asarray(holds | (first.deformed == 1) | (second.deformed == 0))


def within_least_significant(change: Change) -> Booleans:
    """Return where no height of a vertebra changed, either way, by its least significant change.

    False without a landmark error.  The least significant change is 2.77 precision errors: 1.96 SD of the
    difference of two readings.
    """
    small = np.asarray(np.abs(change.lost) < change.least)
    return np.asarray(small.all(axis=-1))
