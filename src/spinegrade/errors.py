"""The errors that spinegrade raises.  Each says what, where, expected, got, in one line."""

from __future__ import annotations


class SpinegradeError(ValueError):
    """Anything that a user of spinegrade can put right."""


class LandmarkError(SpinegradeError):
    """Landmarks that no vertebral body can have."""


class UnitError(SpinegradeError):
    """A length was asked for in a unit that the film does not give."""


class FormatError(SpinegradeError):
    """A file that is not what its name or its header promises."""


class RuleError(SpinegradeError):
    """A rule file that is unknown, incomplete or contradicts itself."""


class ReadingError(SpinegradeError):
    """A reading that contradicts itself or another reading."""


class StudyError(SpinegradeError):
    """A reader study whose protocol, store or readings cannot be used as asked."""
