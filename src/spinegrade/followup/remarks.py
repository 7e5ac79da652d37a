"""What has to be known of a comparison of two dates."""

from __future__ import annotations

from enum import IntFlag

from spinegrade.flags import flag_words


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
    return flag_words(mask, Remark)
