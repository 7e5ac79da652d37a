"""What a reader saw on one film: observations, never results.

Every record is frozen.  Missing is None.  Heights and computed grades are not here: they are derived
again whenever they are asked for.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  cattrs reads the annotations
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen, validators

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.calibration import Calibration
from spinegrade.errors import ReadingError
from spinegrade.radiograph import ImageIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from attrs import Attribute
    from numpy.typing import NDArray

VISUAL_GRADES = (0.0, 0.5, 1.0, 2.0, 3.0)
"""The reader's own grade; 0.5 looks abnormal without reaching grade 1 (ACR/RSNA RDES150)."""

_FINITE = validators.and_(validators.gt(-float("inf")), validators.lt(float("inf")))
_NAMED: Any = validators.min_len(1)


class Status(StrEnum):
    """What became of a landmark."""

    PLACED = "placed"
    PROPOSED = "proposed"
    NOT_VISIBLE = "not_visible"
    OUTSIDE_IMAGE = "outside_image"


class NotEvaluableReason(StrEnum):
    """Why a vertebra could not be read.

    The first five are codes 1 and 3 to 6 of NHANES 2013-14 (DXXVFA_H documentation); the others are
    this project's, as films have them and DXA has not.
    """

    OBJECT = "object"
    NOISE = "noise"
    OUTSIDE_IMAGE = "outside_image"
    MOVEMENT = "movement"
    OTHER = "other"
    ROTATION = "rotation"
    OVERLAP = "overlap"
    HARDWARE = "hardware"
    CONGENITAL = "congenital"


class MiddlePoint(StrEnum):
    """Which point of the endplate the middle landmark marks; never mixed in one study."""

    MID_CHORD = "mid_chord"
    DEEPEST = "deepest"


class CountedFrom(StrEnum):
    """Where the counting of levels began."""

    L5_S1 = "L5/S1"
    T12_RIB = "T12 rib"
    C2 = "C2"
    UNKNOWN = "unknown"


@frozen
class Landmark:
    """One landmark: ``(row, column)`` in pixels, where it was placed or proposed, and its status."""

    row: float | None = field(default=None, validator=validators.optional(_FINITE))
    column: float | None = field(default=None, validator=validators.optional(_FINITE))
    status: Status = Status.PLACED

    def __attrs_post_init__(self) -> None:
        """Refuse a position that contradicts the status, or half a position."""
        positioned = self.row is not None and self.column is not None
        half = (self.row is None) != (self.column is None)
        if half or positioned != (self.status in (Status.PLACED, Status.PROPOSED)):
            msg = f"{self.status} landmark: expected {_position_rule(self.status)}, got row "
            msg += f"{self.row} and column {self.column}"
            raise ReadingError(msg)


def _position_rule(status: Status) -> str:
    return "a position" if status in (Status.PLACED, Status.PROPOSED) else "no position"


def _one_of(values: Iterable[object]) -> Any:  # noqa: ANN401  attrs has no name for a validator
    """Return a validator that says what was expected and got, as `validators.in_` says too much."""
    allowed = tuple(values)

    def check(_: object, attribute: Attribute[object], value: object) -> None:
        if value is not None and value not in allowed:
            shown = ", ".join(f"{v}" for v in allowed)
            msg = f"{attribute.name}: expected one of {shown}, got {value!r}"
            raise ReadingError(msg)

    return check


@frozen
class VertebraReading:
    """What a reader saw of one vertebra.

    Attributes
    ----------
    landmarks
        By name; one that is not there has not been looked at yet.
    evaluable
        None until decided; a vertebra that is not evaluable needs a reason.
    visual_grade
        The reader's own grade, one of `VISUAL_GRADES`.
    shape
        The reader's own word for the shape.
    seconds
        Time spent on this vertebra.
    """

    level: str = field(validator=_one_of(LEVELS))
    landmarks: dict[str, Landmark] = field(factory=dict)
    evaluable: bool | None = None
    not_evaluable_reason: NotEvaluableReason | None = None
    visual_grade: float | None = field(default=None, validator=_one_of(VISUAL_GRADES))
    shape: str | None = None
    forms: dict[str, dict[str, str]] = field(factory=dict)
    comment: str | None = None
    seconds: float | None = field(
        default=None, validator=validators.optional(validators.and_(validators.ge(0), _FINITE))
    )

    def __attrs_post_init__(self) -> None:
        """Refuse landmarks that do not exist, and reasons that do not fit."""
        unknown = sorted(set(self.landmarks) - set(LANDMARKS))
        if unknown:
            msg = f"{self.level}: landmarks: expected {', '.join(LANDMARKS)}, got {unknown[0]!r}"
            raise ReadingError(msg)
        if (self.evaluable is False) != (self.not_evaluable_reason is not None):
            msg = f"{self.level}: expected a not_evaluable_reason exactly where evaluable is false, "
            reason = None if self.not_evaluable_reason is None else self.not_evaluable_reason.value
            msg += f"got evaluable {self.evaluable} and reason {reason}"
            raise ReadingError(msg)

    @property
    def points(self) -> NDArray[np.float64]:
        """The placed landmarks as ``(6, 2)``, NaN for the others; a proposal is no observation."""
        points = np.full((len(LANDMARKS), 2), np.nan)
        for place, name in enumerate(LANDMARKS):
            landmark = self.landmarks.get(name)
            if landmark is not None and landmark.status is Status.PLACED:
                points[place] = (landmark.row, landmark.column)
        return points


@frozen
class Exam:
    """One examination of a patient.  No names: ``patient`` and ``id`` are what the study calls them."""

    patient: str = field(validator=_NAMED)
    id: str = field(validator=_NAMED)
    date: date | None = None


@frozen
class Event:
    """One thing a reader did, undo included.  Events are only ever added to."""

    at: datetime
    did: str = field(validator=_NAMED)
    level: str | None = None
    landmark: str | None = None
    details: dict[str, str] = field(factory=dict)


@frozen
class Reading:
    """One exam as one reader saw it on one occasion; levels from the head downwards, each once."""

    exam: Exam
    reader: str = field(validator=_NAMED)
    occasion: int = field(default=1, validator=validators.and_(validators.ge(1), validators.lt(2**53)))
    image: ImageIdentity = field(factory=ImageIdentity)
    calibration: Calibration = field(factory=Calibration)
    middle_point: MiddlePoint = MiddlePoint.MID_CHORD
    counted_from: CountedFrom = CountedFrom.UNKNOWN
    vertebrae: tuple[VertebraReading, ...] = ()
    comment: str | None = None
    events: tuple[Event, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse a level that was read twice."""
        levels = [vertebra.level for vertebra in self.vertebrae]
        twice = [level for level in LEVELS if levels.count(level) > 1]
        if twice:
            msg = f"vertebrae: expected every level once, got {twice[0]} {levels.count(twice[0])} times"
            raise ReadingError(msg)

    @property
    def landmarks(self) -> NDArray[np.float64]:
        """The placed landmarks as ``(23, 6, 2)``, NaN for the others."""
        points = np.full((len(LEVELS), len(LANDMARKS), 2), np.nan)
        for vertebra in self.vertebrae:
            points[LEVELS.index(vertebra.level)] = vertebra.points
        return points
