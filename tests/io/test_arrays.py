"""Rows of a landmark table as the arrays that the core measures, and back."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.io.arrays import as_spines
from spinegrade.io.columns import COORDINATES, SPACING, UNIT

KEYS = [("A", "E", "R", 1), ("A", "E", "R", 2), ("A", "E", "S", 1), ("A", "F", "R", 1), ("B", "E", "R", 1)]


def _frame(spines, levels, **columns):
    """Return rows of these spines, numbers in `KEYS`, at these levels, numbers in `LEVELS`."""
    keys = [KEYS[n] for n in spines]
    return pl.DataFrame(
        {
            **{
                name: [key[n] for key in keys]
                for n, name in enumerate(("patient", "exam", "reader", "occasion"))
            },
            "level": [LEVELS[n] for n in levels],
            **dict.fromkeys(COORDINATES, 1.0),
            **dict.fromkeys(SPACING),
            UNIT: ["px" if one is None else "mm" for one in columns.get(SPACING[0], [None] * len(keys))],
            **columns,
        },
        schema_overrides=dict.fromkeys((*COORDINATES, *SPACING), pl.Float64),
    )


class TestPoints:
    def test_are_rows_and_columns_of_the_landmarks_in_their_order(self):
        frame = _frame([0, 0], [17, 18], **{name: [n, n + 100.0] for n, name in enumerate(COORDINATES)})
        points = as_spines(frame).points
        assert points.shape == (2, 6, 2)
        assert LANDMARKS[4] == "inferior_middle"
        assert points[1, 4].tolist() == [108.0, 109.0]
        assert points[0].ravel().tolist() == list(range(12))

    def test_are_nan_where_nothing_was_placed(self):
        points = as_spines(_frame([0], [17], superior_middle_row=None, superior_middle_column=None)).points
        assert np.isnan(points[0, 1]).all()
        assert np.isnan(points).sum() == 2

    def test_are_in_mm_where_a_row_has_a_spacing_and_in_pixels_elsewhere(self):
        frame = _frame([0, 1], [17, 17], row_spacing_mm=[0.5, None], column_spacing_mm=[0.25, None])
        points = as_spines(frame).points
        assert points[0].tolist() == [[0.5, 0.25]] * 6
        assert points[1].tolist() == [[1.0, 1.0]] * 6

    def test_keep_the_shape_of_a_pixel_where_a_spacing_is_no_mm(self):
        spacing = {"row_spacing_mm": [0.3, 0.3], "column_spacing_mm": [0.2, 0.2]}
        points = as_spines(_frame([0, 1], [17, 17], **spacing, **{UNIT: ["px", "mm"]})).points
        assert points[0, 0].tolist() == pytest.approx([1.5, 1.0])
        assert points[1, 0].tolist() == pytest.approx([0.3, 0.2])

    def test_have_centres_that_are_found_once(self):
        spines = as_spines(_frame([0, 1], [17, 19], superior_middle_row=[4.0, None]))
        assert spines.centres.shape == (2, 3, 2)
        assert spines.centres[0, 0].tolist() == [1.5, 1.0]
        assert np.isnan(spines.centres[1, 0]).all()
        assert spines.centres is spines.centres


class TestSpineNumbers:
    def test_count_by_first_appearance(self):
        spines = as_spines(_frame([3, 3, 1, 4], [0, 1, 0, 0]))
        assert spines.spine.tolist() == [0, 0, 1, 2]
        assert spines.count == 3

    def test_are_the_same_for_rows_that_lie_apart(self):
        assert as_spines(_frame([3, 1, 3, 0, 1], [0, 0, 1, 0, 1])).spine.tolist() == [0, 1, 0, 2, 1]

    @pytest.mark.parametrize("other", [1, 2, 3, 4])
    def test_differ_where_any_part_of_the_key_does(self, other):
        assert as_spines(_frame([0, other], [0, 0])).spine.tolist() == [0, 1]

    @given(st.lists(st.integers(0, 4), max_size=30))
    def test_tell_spines_apart_as_their_keys_do(self, numbers):
        spine = as_spines(_frame(numbers, [0] * len(numbers))).spine.tolist()
        order = list(dict.fromkeys(numbers))
        assert spine == [order.index(number) for number in numbers]


class TestFirsts:
    def test_are_the_rows_in_which_spines_appear(self):
        assert as_spines(_frame([3, 3, 1, 4], [0, 1, 0, 0])).firsts.tolist() == [0, 2, 3]

    def test_are_no_rows_in_which_a_spine_comes_back(self):
        assert as_spines(_frame([3, 1, 3, 0, 1], [0, 0, 1, 0, 1])).firsts.tolist() == [0, 1, 3]

    def test_of_nothing_are_none(self):
        assert as_spines(_frame([], [])).firsts.tolist() == []


class TestRepeated:
    def test_is_a_level_that_a_spine_has_twice_wherever_the_rows_lie(self):
        spines = as_spines(_frame([0, 1, 0, 1, 0], [5, 5, 6, 6, 5]))
        assert spines.repeated.tolist() == [True, False, False, False, True]


class TestWindow:
    def test_runs_from_the_first_level_to_the_last(self):
        spines = as_spines(_frame([0, 0, 1], [12, 9, 15]))
        assert spines.window == slice(9, 16)

    def test_of_nothing_is_every_level(self):
        spines = as_spines(_frame([], []))
        assert (spines.window, spines.count) == (slice(0, 23), 0)


class TestSpread:
    def test_puts_every_value_at_its_spine_and_level_and_nan_elsewhere(self):
        spines = as_spines(_frame([0, 1, 0], [5, 7, 6]))
        spread = spines.spread(np.array([1.0, 2.0, 3.0]))
        np.testing.assert_array_equal(spread, [[1.0, 3.0, np.nan], [np.nan, np.nan, 2.0]])

    def test_carries_further_axes_along(self):
        spines = as_spines(_frame([0, 1], [5, 6]))
        spread = spines.spread(np.arange(6.0).reshape(2, 3))
        assert spread.shape == (2, 2, 3)
        assert spread[1, 1].tolist() == [3.0, 4.0, 5.0]

    def test_of_nothing_has_no_spines(self):
        assert as_spines(_frame([], [])).spread(np.empty((0, 3))).shape == (0, 23, 3)

    @given(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 22)), min_size=1, max_size=20), st.randoms())
    def test_is_undone_by_gather_in_any_order_of_rows(self, places, random):
        rows = sorted(places)
        random.shuffle(rows)
        spines = as_spines(_frame([n for n, _ in rows], [n for _, n in rows]))
        values = np.arange(len(rows) * 2.0).reshape(-1, 2)
        spread = spines.spread(values)
        assert spines.gather(spread).tolist() == values.tolist()
        assert (~np.isnan(spread)).sum() == values.size


def test_gather_keeps_the_type_of_the_values():
    """Grades are whole numbers and flags are bits on the way back as well."""
    spines = as_spines(_frame([0, 1], [5, 6]))
    gathered = spines.gather(np.array([[1, 2], [3, 4]], dtype=np.uint16))
    assert gathered.dtype == np.uint16
    assert gathered.tolist() == [1, 4]
