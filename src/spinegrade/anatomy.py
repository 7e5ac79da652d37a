"""Vertebral levels and landmark names, in the order in which every array holds them."""

from __future__ import annotations

import re

from attrs import frozen

from spinegrade.errors import LandmarkError

LEVELS = (
    *(f"C{n}" for n in range(3, 8)),
    *(f"T{n}" for n in range(1, 13)),
    *(f"L{n}" for n in range(1, 7)),
)
"""C3 to L6 from the head downwards; L6 where a sixth lumbar vertebra is counted."""

POSITIONS = ("anterior", "middle", "posterior")
ENDPLATES = ("superior", "inferior")
LANDMARKS = tuple(f"{plate}_{at}" for plate in ENDPLATES for at in POSITIONS)


@frozen
class LevelRange:
    """A run of neighbouring levels, both ends included."""

    first: str
    last: str

    @property
    def indices(self) -> slice:
        """The run as a slice of the level axis."""
        return slice(level_index(self.first), level_index(self.last) + 1)

    @property
    def levels(self) -> tuple[str, ...]:
        """The names of the levels in the run."""
        return LEVELS[self.indices]

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def level_index(level: str) -> int:
    """Return the place of ``level`` on the level axis.

    Raises
    ------
    LandmarkError
        If there is no such level.
    """
    try:
        return LEVELS.index(level)
    except ValueError:
        msg = f"level: expected one of {LEVELS[0]}..{LEVELS[-1]}, got {level!r}"
        raise LandmarkError(msg) from None


def parse_range(text: str) -> LevelRange:
    """Return the level range written as ``T4-L4``, or every level for ``all``.

    Raises
    ------
    LandmarkError
        If a level does not exist or the first lies below the last.
    """
    if text == "all":
        return LevelRange(LEVELS[0], LEVELS[-1])
    found = re.fullmatch(r"([A-Z]\d+)-([A-Z]\d+)", text)
    if found is None:
        msg = f"level range: expected two levels as in T4-L4, or all, got {text!r}"
        raise LandmarkError(msg)
    first, last = found.groups()
    if level_index(first) > level_index(last):
        msg = f"level range: expected the upper level first, got {text!r}"
        raise LandmarkError(msg)
    return LevelRange(first, last)


GRADED = LevelRange("T4", "L4")
"""The 13 levels that semiquantitative readings grade.  T1-T3 hide behind the shoulder girdle
and L5 varies too much to compare (ACR/RSNA common data element RDES150; NHANES 2013-14,
DXXVFA_H documentation)."""

STATUS_LEVELS = LevelRange("T7", "L4")
"""The levels whose readability decides whether a spine without fracture counts as normal
(NHANES 2013-14, DXXVFA_H documentation)."""
