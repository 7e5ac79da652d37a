"""What a millimetre on a film means, and who says so."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen, validators

from spinegrade.errors import UnitError
from spinegrade.morphometry import PixelSpacing, above_zero

_POSITIVE = validators.optional(above_zero)


class CalibrationState(StrEnum):
    """Where the pixel spacing of a film comes from."""

    NONE = "none"
    """No spacing at all: lengths are in pixels."""
    UNKNOWN = "unknown"
    """A spacing whose meaning the file does not tell."""
    DETECTOR = "detector"
    """Millimetres at the detector: too large by the magnification of the film."""
    ERMF = "ermf"
    """Corrected by the estimated radiographic magnification factor."""
    CALIBRATED = "calibrated"
    """Calibrated by a fiducial or by geometry, says the file."""
    USER = "user"
    """Set by the reader with a ruler or ball of known size."""
    SCANNED = "scanned"
    """Spacing of the scanner of a digitised film, as at a detector."""
    ERROR = "error"
    """The file contradicts itself."""


WHY_NO_MM = {
    CalibrationState.NONE: "no pixel spacing is given",
    CalibrationState.UNKNOWN: "nothing says what its pixel spacing means",
    CalibrationState.ERROR: "what is said of its pixel spacing contradicts itself",
}
"""The states in which lengths are in pixels, and why."""


AT_DETECTOR = (CalibrationState.DETECTOR, CalibrationState.SCANNED)
"""The states whose millimetres are larger than those in the patient, by a magnification that is not known."""


def why_no_mm(state: str | None) -> str:
    """Return why a film of this state has no millimetres; None is a state that nobody named."""
    return WHY_NO_MM[CalibrationState(state or CalibrationState.NONE)]


@frozen
class Calibration:
    """The pixel spacing of a film in mm, and the state it is in.  Both spacings or neither.

    ``pixel_aspect_ratio`` is the height of a pixel over its width, where that is known and the spacing
    is not.
    """

    state: CalibrationState = CalibrationState.NONE
    row_spacing_mm: float | None = field(default=None, validator=_POSITIVE)
    column_spacing_mm: float | None = field(default=None, validator=_POSITIVE)
    pixel_aspect_ratio: float | None = field(default=None, validator=_POSITIVE)

    def __attrs_post_init__(self) -> None:
        """Refuse half a spacing, and a state that needs one without it."""
        both = (self.row_spacing_mm is None, self.column_spacing_mm is None)
        if any(both) and not all(both):
            msg = "calibration: expected a row and a column spacing, got one of them"
            raise UnitError(msg)
        if any(both) and self.state not in WHY_NO_MM:
            msg = f"calibration: expected a pixel spacing for state {self.state!r}, got none"
            raise UnitError(msg)

    @property
    def spacing(self) -> PixelSpacing:
        """The size of a pixel in mm where that is known, otherwise in units of its column spacing."""
        if self.row_spacing_mm is None or self.column_spacing_mm is None:
            return PixelSpacing(row=self.pixel_aspect_ratio or 1.0)
        if self.state in WHY_NO_MM:
            return PixelSpacing(row=self.row_spacing_mm / self.column_spacing_mm)
        return PixelSpacing(self.row_spacing_mm, self.column_spacing_mm, "mm")

    @property
    def millimetres(self) -> PixelSpacing:
        """The size of a pixel in mm.

        Raises
        ------
        UnitError
            If the film does not give it; it says why.

        Examples
        --------
        >>> Calibration(CalibrationState.DETECTOR, 0.15, 0.15).millimetres
        PixelSpacing(row=0.15, column=0.15, unit='mm')
        """
        if self.state in WHY_NO_MM:
            msg = f"calibration: expected a film with mm, got {self.state.value}: {why_no_mm(self.state)}"
            raise UnitError(msg)
        return self.spacing
