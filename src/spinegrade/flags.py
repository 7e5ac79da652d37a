"""Remarks that travel with the finding on a vertebra."""

from __future__ import annotations

from enum import IntFlag


class Flag(IntFlag):
    """Why a finding needs a second look.  Several may hold; files write the lower-case names."""

    OUTSIDE_RANGE = 1
    """Measured, but not graded: the level lies outside the graded range."""
    INCOMPLETE = 2
    """Not graded: a height is missing, or the vertebra was marked as not evaluable."""
    NO_NEIGHBOUR = 4
    """No evaluable vertebra within reach: a crush would go unseen."""
    ONE_NEIGHBOUR = 8
    """Compared with a neighbour on one side only, through the normal trend of heights."""
    FRACTURED_NEIGHBOUR = 16
    """Every neighbour within reach is itself graded 1 or more; they were used all the same."""
    NEIGHBOUR_BASE = 32
    """The posterior wall is low, so anterior and middle height were compared with the neighbours."""
    WEDGE_AND_BICONCAVE = 64
    """Mixed shape: anterior and middle loss are alike."""
    POSTERIOR_AND_BICONCAVE = 128
    """Mixed shape: posterior and middle loss are alike."""
    WEDGE_AND_POSTERIOR = 256
    """Mixed shape: anterior and posterior loss are alike."""
    AREA_GRADE_0 = 512
    """The projected area would be graded 0, the heights are graded otherwise."""
    AREA_GRADE_1 = 1024
    """The projected area would be graded 1, the heights are graded otherwise."""
    AREA_GRADE_2 = 2048
    """The projected area would be graded 2, the heights are graded otherwise."""
    AREA_GRADE_3 = 4096
    """The projected area would be graded 3, the heights are graded otherwise."""
    MM_AT_DETECTOR = 8192
    """Heights are in mm at the detector or on the scanned film: larger than in the patient."""
    NO_NORM = 16384
    """Not graded: the norm that was asked for has nothing for this level, sex or age."""


def flag_words(mask: int, kind: type[IntFlag] = Flag) -> str:
    """Return the names of the flags in ``mask``, joined by spaces; empty where there are none."""
    return " ".join(flag.name.lower() for flag in kind if flag & mask and flag.name)
