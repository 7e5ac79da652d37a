"""Contrast limits as the core shows them, drags as radiologists have them, and where to look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from films import ramp, write_film
from napari_spinegrade.display import (
    TRAVEL,
    automatic,
    clahe,
    data_range,
    drag,
    fit,
    limits_of,
    presets,
    show,
    window_words,
)
from spinegrade.io.film import open_film
from spinegrade.radiograph import LookupTable, Rescale, Window

TWELVE_BITS = (0.0, 4095.0)


def film(tmp_path, pixels=None, **tags):
    """Return a film with these tags."""
    return open_film(write_film(tmp_path / "film.dcm", pixels, **tags))


def greys(shown):
    """Return the greys that contrast limits and colours make of the pixels of an image layer."""
    low, high = shown.limits
    grey = np.clip((shown.pixels.astype(float) - low) / (high - low), 0, 1)
    return np.rint((1 - grey if shown.white_is_low else grey) * 255)


class TestLimits:
    def test_are_the_stored_values_that_are_just_black_and_white(self):
        assert limits_of(Window(1648, 552), Rescale()) == (1372.0, 1923.0)
        assert limits_of(Window(100, 50, "linear_exact"), Rescale()) == (75.0, 125.0)

    def test_go_back_through_the_rescale(self):
        assert limits_of(Window(0, 100, "linear_exact"), Rescale(2.0, -1000.0)) == (475.0, 525.0)

    def test_rise_where_the_rescale_falls(self):
        assert limits_of(Window(0, 100, "linear_exact"), Rescale(-1.0, 1000.0)) == (950.0, 1050.0)

    @pytest.mark.parametrize(
        ("preset", "modality"),
        [
            (Window(100, 50, "sigmoid"), Rescale()),
            (LookupTable(0, np.arange(256.0), 8), Rescale()),
            (Window(100, 50), LookupTable(0, np.arange(256.0), 8)),
            (Window(100, 50), Rescale(0.0)),
            (Window(1e308, 50), Rescale(1e-300)),
        ],
        ids=["sigmoid", "VOI table", "modality table", "no slope", "beyond all numbers"],
    )
    def test_are_none_where_no_line_shows_the_film(self, preset, modality):
        assert limits_of(preset, modality) is None

    def test_of_a_window_one_value_wide_still_rise(self):
        low, high = limits_of(Window(2048, 1), Rescale())
        assert low == 2047.5
        assert low < high < 2048


class TestShow:
    @pytest.mark.parametrize(
        "tags",
        [
            {"WindowCenter": 1648, "WindowWidth": 552},
            {"WindowCenter": 1648, "WindowWidth": 1},
            {"WindowCenter": 0, "WindowWidth": 500, "RescaleSlope": 2, "RescaleIntercept": -1000},
            {"WindowCenter": 0, "WindowWidth": 500, "RescaleSlope": -2, "RescaleIntercept": 1000},
            {"WindowCenter": 1648, "WindowWidth": 552, "PhotometricInterpretation": "MONOCHROME1"},
            {"WindowCenter": 1648, "WindowWidth": 552, "VOILUTFunction": "LINEAR_EXACT"},
            {"WindowCenter": 1648, "WindowWidth": 552, "VOILUTFunction": "SIGMOID"},
            {
                "WindowCenter": 1648,
                "WindowWidth": 552,
                "VOILUTFunction": "SIGMOID",
                "PresentationLUTShape": "INVERSE",
            },
        ],
        ids=lambda tags: " ".join(map(str, tags.values())),
    )
    def test_shows_what_the_core_shows(self, tmp_path, tags):
        """To a grey: the core rounds once more."""
        one = film(tmp_path, **tags)
        assert np.abs(greys(show(one)) - one.shown()).max() <= 1

    def test_leaves_stored_pixels_alone(self, tmp_path):
        shown = show(
            film(tmp_path, WindowCenter=1648, WindowWidth=552, PhotometricInterpretation="MONOCHROME1")
        )
        np.testing.assert_array_equal(shown.pixels, ramp())
        assert shown.pixels.dtype == np.uint16
        assert shown.white_is_low
        assert not shown.baked

    def test_bakes_what_no_limits_can_show(self, tmp_path):
        shown = show(film(tmp_path, WindowCenter=2000, WindowWidth=900, VOILUTFunction="SIGMOID"))
        assert shown.baked
        assert shown.pixels.dtype == np.uint8
        assert (shown.limits, shown.data_range) == ((0, 255), (0, 255))

    def test_finds_limits_for_a_film_without_a_window(self, tmp_path):
        one = film(tmp_path)
        assert show(one).limits == automatic(one.pixels)

    def test_of_one_pixel(self, tmp_path):
        low, high = show(film(tmp_path, np.full((1, 1), 7, np.uint16))).limits
        assert low < 7 < high


class TestDataRange:
    def test_is_what_the_bits_allow(self, tmp_path):
        assert data_range(film(tmp_path)) == TWELVE_BITS

    def test_is_what_the_pixels_have_where_the_bits_are_wrong_or_signed(self, tmp_path):
        assert data_range(film(tmp_path, ramp(), BitsStored=10, HighBit=9))[1] >= 1023
        signed = np.linspace(-200, 500, 400).astype(np.int16).reshape(20, 20)
        assert data_range(film(tmp_path, signed)) == (-200, 500)

    def test_is_never_empty(self, tmp_path):
        low, high = data_range(film(tmp_path, np.full((3, 3), -5, np.int16)))
        assert low < high


class TestPresets:
    def test_are_the_films_own_then_automatic_then_all(self, tmp_path):
        one = film(
            tmp_path,
            WindowCenter=[1648, 2000],
            WindowWidth=[552, 3000],
            WindowCenterWidthExplanation=["BONE", "WIDE"],
        )
        found = dict(presets(one))
        assert list(found) == ["BONE", "WIDE", "automatic", "full range"]
        assert found["BONE"] == (1372, 1923)
        assert found["full range"] == TWELVE_BITS

    def test_of_a_baked_film_are_of_its_greys(self, tmp_path):
        one = film(tmp_path, WindowCenter=2000, WindowWidth=900, VOILUTFunction="SIGMOID")
        names, limits = zip(*presets(one), strict=True)
        assert names == ("WC 2000 WW 900 sigmoid", "automatic")
        assert limits[0] == (0, 255)
        assert 0 <= limits[1][0] < limits[1][1] <= 255


class TestWords:
    @given(
        st.integers(-2000, 70_000),
        st.integers(2, 70_000),
        st.sampled_from([(1.0, 0.0), (-1.0, 4095.0), (2.0, -1024.0)]),
    )
    def test_say_the_window_that_the_limits_came_from(self, centre, width, rescale):
        modality = Rescale(*rescale)
        limits = limits_of(Window(centre, width), modality)
        digits = 0 if width >= 10 else 2
        assert window_words(limits, modality) == f"WC {centre:.{digits}f} WW {width:.{digits}f}"


class TestDrag:
    def test_right_widens_round_the_same_centre(self):
        low, high = drag((1000, 2000), 50, 0, TWELVE_BITS)
        assert high - low > 1000
        assert (low + high) / 2 == pytest.approx(1500)
        assert drag((low, high), -50, 0, TWELVE_BITS) == pytest.approx((1000, 2000))

    def test_down_darkens_and_keeps_the_width(self):
        low, high = drag((1000, 2000), 0, 40, TWELVE_BITS)
        assert low > 1000
        assert high - low == pytest.approx(1000)
        assert drag((1000, 2000), 0, -40, TWELVE_BITS)[0] < 1000

    def test_some_300_pixels_go_from_a_narrow_window_to_the_full_one(self):
        low, high = drag((2000, 2041), TRAVEL, 0, TWELVE_BITS)
        assert high - low == pytest.approx(4095, rel=0.01)

    def test_some_300_pixels_move_a_full_window_by_the_range(self):
        assert drag(TWELVE_BITS, 0, TRAVEL, TWELVE_BITS)[0] == pytest.approx(4095)

    def test_is_finer_in_a_narrow_window(self):
        narrow, wide = (drag(limits, 0, 10, TWELVE_BITS)[0] for limits in ((0, 40), (0, 4000)))
        assert narrow < wide / 5

    def test_may_leave_the_range_of_values(self):
        low, high = drag(TWELVE_BITS, 100, 300, TWELVE_BITS)
        assert high > 4095
        assert low > 0 or high - low > 4095

    @given(
        st.floats(-1e6, 1e6),
        st.floats(1e-3, 1e6),
        st.floats(-1e9, 1e9),
        st.floats(-1e9, 1e9),
        st.floats(0, 70_000),
    )
    def test_never_loses_its_width(self, low, width, right, down, span):
        lower, upper = drag((low, low + width), right, down, (0, span))
        assert np.isfinite([lower, upper]).all()
        assert lower < upper


class TestAutomatic:
    def test_leaves_few_pixels_black_and_white(self):
        low, high = automatic(ramp())
        assert low == pytest.approx(41, abs=1)
        assert high == pytest.approx(4075, abs=1)

    def test_looks_at_a_part_of_a_large_film(self):
        large = ramp(3000, 2000)
        assert automatic(large) == pytest.approx((41, 4075), abs=4)

    @pytest.mark.parametrize(
        "pixels",
        [
            np.full((5, 5), 9, np.uint8),
            np.full((2, 2), np.nan),
            np.array([[np.inf, 1.0]]),
            np.zeros((1, 1), np.int16),
        ],
        ids=["constant", "no number", "infinite", "one pixel"],
    )
    def test_of_pixels_that_tell_nothing_still_rises(self, pixels):
        low, high = automatic(pixels)
        assert low < high


class TestClahe:
    def test_raises_the_contrast_of_a_flat_region(self):
        rng = np.random.default_rng(0)
        flat = (1000 + rng.normal(0, 15, (400, 300))).astype(np.uint16)
        assert clahe(flat, TWELVE_BITS).std() > 2 * (flat / 4095 * 255).std()

    @pytest.mark.parametrize("shape", [(1, 1), (1, 50), (37, 2), (333, 111)], ids=str)
    def test_keeps_the_shape_of_any_film(self, shape):
        found = clahe(np.ones(shape, np.uint16), (0, 2))
        assert found.shape == shape
        assert found.dtype == np.uint8

    def test_of_values_outside_the_limits_and_none(self):
        found = clahe(np.array([[np.nan, -1e30], [1e30, 0.5]]), (0.0, 1.0))
        assert found.shape == (2, 2)


class TestFit:
    def test_shows_all_points_with_a_margin(self):
        centre, extent = fit(np.array([[0.0, 10.0], [100.0, 30.0]]), margin=0.1)
        assert centre == (50, 20)
        assert extent == (120, 120)

    def test_is_as_wide_as_the_window(self):
        _, (height, width) = fit(np.array([[0.0, 0.0], [10.0, 100.0]]), margin=0.0, aspect=0.5)
        assert (height, width) == (200, 100)

    def test_leaves_out_what_is_not_there(self):
        points = np.array([[0.0, 0.0], [np.nan, np.nan], [2.0, 2.0]])
        assert fit(points) == fit(points[[0, 2]])

    def test_of_one_point_and_of_none(self):
        assert fit(np.array([[5.0, 6.0]]), least=40) == ((5, 6), (40, 40))
        assert fit(np.full((6, 2), np.nan)) is None
        assert fit(np.zeros((0, 2))) is None
