"""What the spacing tags of a DICOM film mean: the decision table from tags to a calibration state.

Source: DICOM PS3.3 10.7, and the decisions that cornerstone3D documents for projection images.  Pairs are
row spacing, then column spacing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.calibration import Calibration, CalibrationState

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair = tuple[float, float]

_ALIKE = 0.01
"""Two magnifications or shapes of a pixel that differ by less than 1 % say the same."""

_SIZES = (0.005, 5.0)
"""Millimetres between which the pixels of every detector and scanner are."""

_MOST = 3.0
"""A film that magnifies more than this is none of a spine."""


@frozen
class SpacingTags:
    """The tags of a film that speak of spacing, as they stand; None where absent.

    ``imager``, ``pixel``, ``nominal`` and ``aspect`` are what ImagerPixelSpacing, PixelSpacing,
    NominalScannedPixelSpacing and PixelAspectRatio hold; ``projection`` is False for slices.
    """

    imager: Sequence[float] | None = None
    pixel: Sequence[float] | None = None
    nominal: Sequence[float] | None = None
    aspect: Sequence[float] | None = None
    calibration_type: str | None = None
    calibration_description: str | None = None
    magnification: float | None = None
    source_to_detector: float | None = None
    source_to_patient: float | None = None
    projection: bool = True


@frozen
class Decision:
    """A calibration, where it comes from in words, and what in the tags was unsound."""

    calibration: Calibration
    words: str
    notes: tuple[str, ...] = ()


def decide(tags: SpacingTags) -> Decision:
    """Return what lengths on the film are in, by which tags, and which tags were no use."""
    notes: list[str] = []
    imager = _size("ImagerPixelSpacing", tags.imager, notes)
    pixel = _size("PixelSpacing", tags.pixel, notes)
    nominal = _size("NominalScannedPixelSpacing", tags.nominal, notes)
    aspect = _pair("PixelAspectRatio", tags.aspect, notes)
    given = {
        "PixelSpacing": pixel,
        "ImagerPixelSpacing": imager,
        "NominalScannedPixelSpacing": nominal,
    }
    shapes = _other_shapes(given)
    if shapes is not None:
        return Decision(Calibration(CalibrationState.ERROR), shapes, tuple(notes))
    magnification, conflict = _magnification(tags, notes)
    spacing = pixel or imager or nominal
    if conflict is None and spacing and aspect and not _alike(spacing[0] / spacing[1], aspect[0] / aspect[1]):
        conflict = f"PixelAspectRatio {_shown(aspect)} contradicts a spacing of {_shown(spacing)} mm"
    if conflict is not None:
        return Decision(_state(CalibrationState.ERROR, spacing, aspect), conflict, tuple(notes))
    state, used, words = _decide(tags, imager, pixel, nominal, magnification)
    if magnification and state in (CalibrationState.DETECTOR, CalibrationState.CALIBRATED) and imager:
        notes.append(f"a magnification of {magnification:.3g} is given and was not applied")
    if nominal and used and state is not CalibrationState.ERMF and not _same(nominal, used):
        notes.append(f"NominalScannedPixelSpacing {_shown(nominal)} differs from {_shown(used)}; not used")
    return Decision(_state(state, used, aspect), words, tuple(notes))


def _other_shapes(given: dict[str, Pair | None]) -> str | None:
    """Return which two spacings are of pixels of different shapes, if any are."""
    (first, one), *others = [(name, pair) for name, pair in given.items() if pair] or [("", (1.0, 1.0))]
    for name, pair in others:
        if not _alike(one[0] / one[1], pair[0] / pair[1]):
            return f"{first} {_shown(one)} and {name} {_shown(pair)} are of pixels of different shapes"
    return None


def _decide(
    tags: SpacingTags,
    imager: Pair | None,
    pixel: Pair | None,
    nominal: Pair | None,
    magnification: float | None,
) -> tuple[CalibrationState, Pair | None, str]:
    if pixel and not tags.projection:
        return CalibrationState.CALIBRATED, pixel, "PixelSpacing of a slice, in the patient"
    kind = tags.calibration_type or tags.calibration_description
    agreed = imager and magnification and (not pixel or (not kind and _scaled(imager, pixel, magnification)))
    if imager and magnification and agreed:
        corrected = (imager[0] / magnification, imager[1] / magnification)
        return CalibrationState.ERMF, corrected, f"ImagerPixelSpacing / magnification {magnification:.3g}"
    if pixel and not (imager and _same(pixel, imager)):
        return _decide_pixel(pixel, imager or nominal, tags)
    if imager:
        return CalibrationState.DETECTOR, imager, "ImagerPixelSpacing: mm at the detector, magnified"
    if nominal:
        return CalibrationState.SCANNED, nominal, "NominalScannedPixelSpacing: mm on the scanned film"
    return CalibrationState.NONE, None, "no pixel spacing"


def _decide_pixel(pixel: Pair, other: Pair | None, tags: SpacingTags) -> tuple[CalibrationState, Pair, str]:
    """Decide on a PixelSpacing that no equal ImagerPixelSpacing explains."""
    kind = tags.calibration_type or tags.calibration_description
    if kind:
        return CalibrationState.CALIBRATED, pixel, f"PixelSpacing, calibrated: {kind}"
    if other is None:
        return CalibrationState.UNKNOWN, pixel, "PixelSpacing alone: at the detector or in the patient?"
    if _same(pixel, other):
        return CalibrationState.SCANNED, pixel, "PixelSpacing of the scanner: mm on the scanned film"
    words = "PixelSpacing differs from that of the detector, and nothing says why"
    return CalibrationState.UNKNOWN, pixel, words


def _magnification(tags: SpacingTags, notes: list[str]) -> tuple[float | None, str | None]:
    """Return the magnification, and what contradicts it."""
    given = _positive("EstimatedRadiographicMagnificationFactor", tags.magnification, notes)
    detector = _positive("DistanceSourceToDetector", tags.source_to_detector, notes)
    patient = _positive("DistanceSourceToPatient", tags.source_to_patient, notes)
    by_distance = detector / patient if detector and patient else None
    if by_distance is not None and not 1 <= by_distance <= _MOST:
        return None, f"the patient is {patient:g} mm and the detector {detector:g} mm from the source"
    if given is not None and not 1 <= given <= _MOST:
        return None, f"expected a magnification of 1 to {_MOST:g}, got {given:g}"
    if given and by_distance and not _alike(given, by_distance):
        words = f"magnification {given:.3g} contradicts {by_distance:.3g} by the distances"
        return None, words
    return given or by_distance, None


def _positive(name: str, value: float | None, notes: list[str]) -> float | None:
    if value is None:
        return None
    if not math.isfinite(value) or value <= 0:
        if value != 0:  # writers put 0 for unknown
            notes.append(f"{name}: expected more than 0, got {value:g}; not used")
        return None
    return value


def _pair(name: str, given: Sequence[float] | None, notes: list[str]) -> Pair | None:
    if given is None:
        return None
    values = tuple(given)
    if len(values) != 2 or not all(math.isfinite(v) and v > 0 for v in values):
        shown = _shown(values) or "nothing"
        notes.append(f"{name}: expected two numbers above 0, got {shown}; not used")
        return None
    return values[0], values[1]


def _size(name: str, given: Sequence[float] | None, notes: list[str]) -> Pair | None:
    """Return a pair of millimetres that a pixel can have."""
    pair = _pair(name, given, notes)
    if pair is None or all(_SIZES[0] <= side <= _SIZES[1] for side in pair):
        return pair
    notes.append(f"{name}: expected {_SIZES[0]:g} to {_SIZES[1]:g} mm, got {_shown(pair)}; not used")
    return None


def _scaled(imager: Pair, pixel: Pair, magnification: float) -> bool:
    """Return whether a PixelSpacing is that of the detector, divided by a magnification."""
    return magnification > 1 and all(
        _alike(detector / magnification, side) for detector, side in zip(imager, pixel, strict=True)
    )


def _shown(values: Sequence[float]) -> str:
    return "\\".join(f"{value:g}" for value in values)


def _alike(one: float, other: float) -> bool:
    return abs(one / other - 1) <= _ALIKE


def _same(one: Pair, other: Pair) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-4) for a, b in zip(one, other, strict=True))


def _state(state: CalibrationState, spacing: Pair | None, aspect: Pair | None) -> Calibration:
    """Return the calibration; without a spacing the shape of a pixel may still be known."""
    if spacing is None:
        return Calibration(state, pixel_aspect_ratio=aspect[0] / aspect[1] if aspect else None)
    return Calibration(state, *spacing)
