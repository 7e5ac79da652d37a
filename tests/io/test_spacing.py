"""What spacing tags mean, row by row of the decision table."""

from __future__ import annotations

import pytest

from spinegrade.calibration import CalibrationState as State
from spinegrade.io.spacing import SpacingTags, decide

IMAGER, PIXEL = (0.15, 0.15), (0.12, 0.12)

TABLE = [
    ("nothing", {}, State.NONE, None),
    ("pixel alone", {"pixel": PIXEL}, State.UNKNOWN, PIXEL),
    ("imager alone", {"imager": IMAGER}, State.DETECTOR, IMAGER),
    ("imager and a factor", {"imager": IMAGER, "magnification": 1.25}, State.ERMF, PIXEL),
    (
        "imager and distances",
        {"imager": IMAGER, "source_to_detector": 1000.0, "source_to_patient": 800.0},
        State.ERMF,
        PIXEL,
    ),
    ("both equal", {"imager": IMAGER, "pixel": IMAGER}, State.DETECTOR, IMAGER),
    (
        "both differ, fiducial",
        {"imager": IMAGER, "pixel": PIXEL, "calibration_type": "FIDUCIAL"},
        State.CALIBRATED,
        PIXEL,
    ),
    (
        "both differ, described",
        {"imager": IMAGER, "pixel": PIXEL, "calibration_description": "ball of 25 mm"},
        State.CALIBRATED,
        PIXEL,
    ),
    ("both differ, nothing said", {"imager": IMAGER, "pixel": PIXEL}, State.UNKNOWN, PIXEL),
    ("scanner alone", {"nominal": IMAGER}, State.SCANNED, IMAGER),
    ("a slice", {"pixel": PIXEL, "projection": False}, State.CALIBRATED, PIXEL),
    (
        "factor against distances",
        {"imager": IMAGER, "magnification": 1.5, "source_to_detector": 1000.0, "source_to_patient": 800.0},
        State.ERROR,
        IMAGER,
    ),
    (
        "corrected by the factor",
        {"imager": IMAGER, "pixel": PIXEL, "magnification": 1.25},
        State.ERMF,
        PIXEL,
    ),
    ("a factor that makes smaller", {"imager": IMAGER, "magnification": 0.5}, State.ERROR, IMAGER),
    ("a factor of a thousand", {"imager": IMAGER, "magnification": 1000.0}, State.ERROR, IMAGER),
    (
        "a patient at the source",
        {"imager": IMAGER, "source_to_detector": 1000.0, "source_to_patient": 1.0},
        State.ERROR,
        IMAGER,
    ),
    ("pixels of two shapes", {"imager": IMAGER, "pixel": (0.3, 0.1)}, State.ERROR, None),
    ("pixels of two shapes, scanned", {"imager": IMAGER, "nominal": (0.3, 0.1)}, State.ERROR, None),
    ("aspect against spacing", {"imager": IMAGER, "aspect": (2, 1)}, State.ERROR, IMAGER),
    (
        "patient behind the detector",
        {"imager": IMAGER, "source_to_detector": 800.0, "source_to_patient": 1000.0},
        State.ERROR,
        IMAGER,
    ),
]


@pytest.mark.parametrize(("tags", "state", "spacing"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE])
def test_each_row_of_the_table(tags, state, spacing):
    calibration = decide(SpacingTags(**tags)).calibration
    assert calibration.state is state
    given = (calibration.row_spacing_mm, calibration.column_spacing_mm)
    assert given == ((None, None) if spacing is None else pytest.approx(spacing))


@pytest.mark.parametrize("broken", [(0.0, 0.0), (0.15,), (-0.15, 0.15), (float("nan"), 0.15), (1, 2, 3)])
def test_a_broken_spacing_is_none_and_is_named(broken):
    decision = decide(SpacingTags(pixel=broken))
    assert decision.calibration.state is State.NONE
    assert "PixelSpacing: expected two numbers above 0" in decision.notes[0]


def test_the_order_is_row_then_column():
    calibration = decide(SpacingTags(imager=(0.2, 0.1))).calibration
    assert (calibration.spacing.row, calibration.spacing.column) == (0.2, 0.1)


def test_the_aspect_ratio_alone_gives_the_shape_of_a_pixel():
    spacing = decide(SpacingTags(aspect=(6, 5))).calibration.spacing
    assert (spacing.row / spacing.column, spacing.unit) == (1.2, "px")


@pytest.mark.parametrize("state", ["unknown", "error"])
def test_a_spacing_of_unknown_meaning_keeps_its_shape_and_no_mm(state):
    tags = {"unknown": {"pixel": (0.3, 0.2)}, "error": {"imager": (0.3, 0.2), "aspect": (1, 1)}}[state]
    spacing = decide(SpacingTags(**tags)).calibration.spacing
    assert spacing.unit == "px"
    assert spacing.row / spacing.column == pytest.approx(1.5)


def test_a_magnification_that_is_not_applied_is_said():
    decision = decide(SpacingTags(imager=IMAGER, pixel=IMAGER, magnification=1.2))
    assert decision.notes == ("a magnification of 1.2 is given and was not applied",)


@pytest.mark.parametrize("side", [100.0, 1e9, 1e-9, 5.1, 0.0049])
@pytest.mark.parametrize("name", ["imager", "pixel", "nominal"])
def test_a_size_that_no_pixel_has_is_not_used_and_is_named(name, side):
    decision = decide(SpacingTags(**{name: (side, side)}))
    assert decision.calibration.state is State.NONE
    assert "PixelSpacing: expected 0.005 to 5 mm, got " in decision.notes[0].replace("Scanned", "")


def test_no_shape_is_taken_from_spacings_that_contradict_one_another():
    decision = decide(SpacingTags(imager=IMAGER, pixel=(0.3, 0.1), aspect=(3, 1)))
    assert decision.calibration.spacing.row == 1
    assert r"PixelSpacing 0.3\0.1 and ImagerPixelSpacing 0.15\0.15" in decision.words


def test_a_fiducial_goes_before_a_factor_that_agrees_with_it():
    tags = SpacingTags(imager=IMAGER, pixel=PIXEL, magnification=1.25, calibration_type="FIDUCIAL")
    assert decide(tags).calibration.state is State.CALIBRATED


def test_a_spacing_of_the_scanner_that_differs_is_said():
    decision = decide(SpacingTags(imager=(0.2, 0.2), nominal=(0.1, 0.1)))
    assert decision.calibration.state is State.DETECTOR
    assert decision.notes == (r"NominalScannedPixelSpacing 0.1\0.1 differs from 0.2\0.2; not used",)
