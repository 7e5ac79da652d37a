"""What a millimetre on a film means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import UnitError
from spinegrade.morphometry import PixelSpacing, measure_heights

IN_MM = ["detector", "ermf", "calibrated", "user", "scanned"]
IN_PIXELS = ["none", "unknown", "error"]


def test_every_state_is_either_mm_or_pixels():
    """No state of a calibration is forgotten by these tests."""
    assert sorted(CalibrationState) == sorted(IN_MM + IN_PIXELS)


@pytest.mark.parametrize("state", IN_MM)
def test_known_spacing_is_in_mm(state):
    """A state that says what a pixel is gives lengths in mm, along each axis its own."""
    found = Calibration(CalibrationState(state), 0.15, 0.20).spacing
    assert found == PixelSpacing(row=0.15, column=0.20, unit="mm")


@pytest.mark.parametrize("state", IN_PIXELS)
def test_unknown_spacing_leaves_the_shape_of_a_pixel(state):
    """A spacing that cannot be trusted gives no mm, but still says how oblong a pixel is."""
    found = Calibration(CalibrationState(state), 0.3, 0.2).spacing
    assert (found.row, found.column, found.unit) == (pytest.approx(1.5), 1.0, "px")


def test_no_spacing_is_square_pixels():
    """A film without spacing is measured in square pixels."""
    assert Calibration().spacing == PixelSpacing(1.0, 1.0, "px")


@pytest.mark.parametrize("state", IN_PIXELS)
def test_aspect_ratio_is_height_over_width(state):
    """Where only the aspect ratio of a pixel is known, a row is that many columns."""
    found = Calibration(CalibrationState(state), pixel_aspect_ratio=1.25).spacing
    assert found == PixelSpacing(row=1.25, column=1.0, unit="px")


def test_spacing_comes_before_aspect_ratio():
    """A spacing in mm says more than an aspect ratio, and is used where both are there."""
    found = Calibration(CalibrationState.DETECTOR, 0.3, 0.2, pixel_aspect_ratio=2.0).spacing
    assert found == PixelSpacing(row=0.3, column=0.2, unit="mm")


@pytest.mark.parametrize("state", IN_MM)
def test_millimetres_can_be_had_of_a_film_that_gives_them(state):
    """They are those of its spacing."""
    assert Calibration(CalibrationState(state), 0.15, 0.2).millimetres == PixelSpacing(0.15, 0.2, "mm")


@pytest.mark.parametrize("spacing", [(None, None), (0.15, 0.2)])
@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("none", "none: no pixel spacing is given"),
        ("unknown", "unknown: nothing says what its pixel spacing means"),
        ("error", "error: what is said of its pixel spacing contradicts itself"),
    ],
)
def test_millimetres_of_another_film_are_an_error_that_says_why(state, why, spacing):
    """In the words of its state."""
    with pytest.raises(UnitError, match=f"^calibration: expected a film with mm, got {why}$"):
        _ = Calibration(CalibrationState(state), *spacing).millimetres


@pytest.mark.parametrize("state", IN_MM)
def test_state_in_mm_needs_a_spacing(state):
    """A state that promises mm is refused without a spacing."""
    with pytest.raises(UnitError, match=f"pixel spacing for state .*{state}.*, got none"):
        Calibration(CalibrationState(state))


@pytest.mark.parametrize("half", [{"row_spacing_mm": 0.1}, {"column_spacing_mm": 0.1}])
@pytest.mark.parametrize("state", ["none", "calibrated"])
def test_half_a_spacing_is_refused(half, state):
    """A row spacing without a column spacing is refused, and the other way round."""
    with pytest.raises(UnitError, match="a row and a column spacing, got one of them"):
        Calibration(CalibrationState(state), **half)


@pytest.mark.parametrize("spacing", [0.0, -0.1, math.inf, math.nan])
def test_impossible_spacing_is_refused(spacing):
    """A pixel has a finite size above 0."""
    with pytest.raises(UnitError, match="expected a size above 0"):
        Calibration(CalibrationState.CALIBRATED, spacing, 0.1)
    with pytest.raises(UnitError, match="expected a size above 0"):
        Calibration(CalibrationState.CALIBRATED, 0.1, spacing)


def test_aspect_of_untrusted_pixels_rights_a_ratio():
    """Walls leaning 25 and 15 degrees read 0.8189 on oblong pixels, and 0.80 once their shape is known."""
    body = []
    for sign in (-0.5, 0.5):
        for height, degrees, column in ((16.0, 25, 0.0), (18.0, 20, 15.0), (20.0, 15, 30.0)):
            row = sign * height * math.cos(math.radians(degrees)) / 1.2
            body.append((row, column + sign * height * math.sin(math.radians(degrees))))
    anterior, _, posterior = measure_heights(body)
    assert anterior / posterior == pytest.approx(0.8189, abs=5e-5)
    spacing = Calibration(CalibrationState.UNKNOWN, 0.24, 0.20).spacing
    np.testing.assert_allclose(measure_heights(body, spacing), [16.0, 18.0, 20.0])
