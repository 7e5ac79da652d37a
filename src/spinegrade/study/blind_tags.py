"""How a blinded film is shown and what it measures, in DICOM elements that hold nothing else."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.radiograph import LookupTable, Window

if TYPE_CHECKING:
    from pydicom import Dataset

    from spinegrade.radiograph import Display

_ALIKE = 1e-6
"""Relative difference of spacings that sixteen characters of a decimal string may make."""

_SPACING_TAGS = {
    CalibrationState.DETECTOR: "ImagerPixelSpacing",
    CalibrationState.ERMF: "ImagerPixelSpacing",
    CalibrationState.SCANNED: "NominalScannedPixelSpacing",
}
"""Where a spacing of this state stands; PixelSpacing for the others."""

_IMPOSSIBLE = "100"
"""A magnification that no film has: it says that the film contradicts itself."""


def add_display(dataset: Dataset, display: Display) -> None:
    """Add modality values, windows and tables; their names are left out, as anything may stand in a name."""
    dataset.PhotometricInterpretation = "MONOCHROME1" if display.inverted else "MONOCHROME2"
    if isinstance(display.modality, LookupTable):
        item = _table(display.modality)
        item.ModalityLUTType = "US"
        dataset.ModalityLUTSequence = [item]
    elif (display.modality.slope, display.modality.intercept) != (1.0, 0.0):
        dataset.RescaleSlope = decimal(display.modality.slope)
        dataset.RescaleIntercept = decimal(display.modality.intercept)
        dataset.RescaleType = "US"
    windows = [preset for preset in display.presets if isinstance(preset, Window)]
    if windows:
        dataset.WindowCenter = [decimal(window.centre) for window in windows]
        dataset.WindowWidth = [decimal(window.width) for window in windows]
        dataset.VOILUTFunction = windows[0].function.upper()
    tables = [_table(preset) for preset in display.presets if isinstance(preset, LookupTable)]
    if tables:
        dataset.VOILUTSequence = tables


def _table(table: LookupTable) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    count = len(table.entries)
    signed = table.first < 0
    item.add_new("LUTDescriptor", "SS" if signed else "US", [count % 65536, table.first, table.bits])
    if signed and count > 32767:  # such a count has no sign to spare: the first value is written without
        item.add_new("LUTDescriptor", "US", [count % 65536, table.first % 65536, table.bits])
    item.add_new("LUTData", "OW", table.entries.astype("<u2").tobytes())
    return item


def add_calibration(dataset: Dataset, calibration: Calibration) -> None:
    """Add the tags from which the same calibration is decided again."""
    state = calibration.state
    if calibration.row_spacing_mm is not None and calibration.column_spacing_mm is not None:
        pair = [decimal(calibration.row_spacing_mm), decimal(calibration.column_spacing_mm)]
        setattr(dataset, _SPACING_TAGS.get(state, "PixelSpacing"), pair)
    elif calibration.pixel_aspect_ratio is not None:
        ratio = Fraction(calibration.pixel_aspect_ratio).limit_denominator(10_000)
        dataset.PixelAspectRatio = [ratio.numerator, ratio.denominator]
    if state is CalibrationState.ERMF:
        dataset.EstimatedRadiographicMagnificationFactor = "1"  # the spacing is corrected already
    elif state is CalibrationState.ERROR:
        dataset.EstimatedRadiographicMagnificationFactor = _IMPOSSIBLE
    elif state is CalibrationState.CALIBRATED:
        dataset.PixelSpacingCalibrationType = "GEOMETRY"
        dataset.PixelSpacingCalibrationDescription = "as on the film it was made of"


def same_calibration(one: Calibration, other: Calibration) -> bool:
    """Return whether two calibrations are of one state and give the same lengths."""
    sizes = [
        (c.row_spacing_mm or 0.0, c.column_spacing_mm or 0.0, c.spacing.row, c.spacing.column)
        for c in (one, other)
    ]
    return one.state is other.state and np.allclose(sizes[0], sizes[1], rtol=_ALIKE, atol=0.0)


def decimal(value: float) -> str:
    """Return a number in the sixteen characters that DICOM gives it."""
    text = f"{value:g}" if math.isclose(float(f"{value:g}"), value, rel_tol=1e-15) else repr(value)
    digits = 16
    while len(text) > 16:
        digits -= 1
        text = f"{value:.{digits}g}"
    return text
