"""What makes a row of a landmark table unusable, and what is said of it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.anatomy import LEVELS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.io.checks import sound_spines
from spinegrade.io.columns import CALIBRATION, COORDINATES, KEY, ROW, SPACING, UNIT
from spinegrade.morphometry import measure_heights
from spinegrade.readings import NotEvaluableReason

REASONS = ", ".join(reason.value for reason in NotEvaluableReason)


def _points(frame):
    return frame.select(COORDINATES).to_numpy().reshape(-1, 6, 2)


def _moved(frame, points):
    """Return the frame with other ``(rows, 6, 2)`` landmarks."""
    flat = points.reshape(len(points), -1)
    return frame.with_columns(pl.Series(name, flat[:, n]) for n, name in enumerate(COORDINATES))


@pytest.fixture
def spine(cast, spine_rows):
    """Give a function that returns sound rows, cells of the second one changed."""

    def make(levels=("L1", "L2", "L3"), **cells):
        frame = cast(spine_rows(levels, comment="seen twice"))[0]
        second = pl.col(ROW) == 1
        return frame.with_columns(
            pl.when(second).then(pl.lit(value, frame.schema[name])).otherwise(pl.col(name)).alias(name)
            for name, value in cells.items()
        )

    return make


def _said(frame):
    """Return what is wrong, and whether the other rows were kept."""
    spines, problems = sound_spines(frame)
    left_out = {problem.row for problem in problems}
    assert spines.frame[ROW].to_list() == [row for row in frame[ROW] if row not in left_out]
    return [(problem.row, problem.what) for problem in problems]


class TestCells:
    def test_sound_rows_are_kept_as_they_are(self, spine):
        frame = spine(visual_grade=0.5, evaluable=True, row_spacing_mm=None)
        spines, problems = sound_spines(frame)
        assert problems == []
        assert spines.frame.equals(frame)

    @pytest.mark.parametrize(
        ("cells", "what"),
        [
            ({"patient": None}, "patient: expected a value, got nothing"),
            ({"patient": ""}, "patient: expected a value, got ''"),
            ({"exam": None}, "exam: expected a value, got nothing"),
            ({"reader": ""}, "reader: expected a value, got ''"),
            ({"occasion": None}, "occasion: expected a value, got nothing"),
            ({"occasion": 0}, "occasion: expected 1 or more, got 0"),
            ({"occasion": -3}, "occasion: expected 1 or more, got -3"),
            ({"level": None}, "level: expected a value, got nothing"),
            ({"level": ""}, "level: expected a value, got ''"),
            ({"level": "L7"}, "level: expected one of C3..L6, got 'L7'"),
            ({"level": "l2"}, "level: expected one of C3..L6, got 'l2'"),
            ({"level": " L2"}, "level: expected one of C3..L6, got ' L2'"),
            (
                {"superior_anterior_row": float("inf")},
                "superior_anterior_row: expected a finite coordinate, got inf",
            ),
            (
                {"inferior_posterior_column": float("-inf")},
                "inferior_posterior_column: expected a finite coordinate, got -inf",
            ),
            (
                {"superior_middle_row": None},
                "superior_middle_row: expected a value, as superior_middle_column has one, got nothing",
            ),
            (
                {"inferior_anterior_column": None},
                "inferior_anterior_column: expected a value, as inferior_anterior_row has one, got nothing",
            ),
            (
                {"row_spacing_mm": 0.1},
                "column_spacing_mm: expected a value, as row_spacing_mm has one, got nothing",
            ),
            (
                {"column_spacing_mm": 0.1},
                "row_spacing_mm: expected a value, as column_spacing_mm has one, got nothing",
            ),
            (
                {"row_spacing_mm": 0.0, "column_spacing_mm": 0.1},
                "row_spacing_mm: expected more than 0 mm, got 0.0",
            ),
            (
                {"row_spacing_mm": 0.1, "column_spacing_mm": -0.1},
                "column_spacing_mm: expected more than 0 mm, got -0.1",
            ),
            (
                {"row_spacing_mm": float("inf"), "column_spacing_mm": 1.0},
                "row_spacing_mm: expected more than 0 mm, got inf",
            ),
            ({"visual_grade": 4.0}, "visual_grade: expected 0, 0.5, 1, 2 or 3, got 4.0"),
            ({"visual_grade": 1.5}, "visual_grade: expected 0, 0.5, 1, 2 or 3, got 1.5"),
            (
                {"evaluable": False},
                "not_evaluable_reason: expected a reason, as evaluable is false, got nothing",
            ),
            (
                {"evaluable": True, "not_evaluable_reason": "noise"},
                "evaluable: expected false, as there is a not_evaluable_reason, got true",
            ),
            (
                {"not_evaluable_reason": "noise"},
                "evaluable: expected false, as there is a not_evaluable_reason, got nothing",
            ),
            (
                {"evaluable": False, "not_evaluable_reason": "fog"},
                f"not_evaluable_reason: expected one of {REASONS}, got 'fog'",
            ),
        ],
    )
    def test_impossible_one_is_named_with_what_was_expected_and_got(self, spine, patient, cells, what):
        assert _said(spine(**cells)) == [(1, what)]
        assert patient not in what

    @pytest.mark.parametrize("grade", [None, 0.0, 0.5, 1.0, 2.0, 3.0])
    def test_every_visual_grade_is_taken(self, spine, grade):
        assert _said(spine(visual_grade=grade)) == []

    @pytest.mark.parametrize("reason", [reason.value for reason in NotEvaluableReason])
    def test_every_reason_is_taken(self, spine, reason):
        assert _said(spine(evaluable=False, not_evaluable_reason=reason)) == []

    @pytest.mark.parametrize("level", LEVELS)
    def test_every_level_is_taken(self, spine, level):
        assert _said(spine((level, level)).unique(KEY)) == []

    def test_a_landmark_that_was_not_placed_is_no_problem(self, spine):
        assert _said(spine(superior_middle_row=None, superior_middle_column=None)) == []

    def test_one_thing_is_said_of_a_row_that_has_many(self, spine):
        assert _said(spine(occasion=0, level="X", visual_grade=9.0)) == [
            (1, "level: expected one of C3..L6, got 'X'")
        ]

    def test_rows_are_named_in_their_order(self, spine):
        frame = spine(visual_grade=9.0).with_columns(
            pl.when(pl.col(ROW) == 0).then(pl.lit(None)).otherwise(pl.col("evaluable")).alias("evaluable"),
            pl.when(pl.col(ROW) == 2).then(pl.lit("?")).otherwise(pl.col("level")).alias("level"),
            pl.when(pl.col(ROW) == 0).then(pl.lit("noise")).otherwise(None).alias("not_evaluable_reason"),
        )
        assert [row for row, _ in _said(frame)] == [0, 1, 2]

    def test_no_rows_have_no_problems(self, spine):
        spines, problems = sound_spines(spine()[:0])
        assert (spines.count, problems) == (0, [])


class TestTogether:
    def test_a_level_twice_leaves_out_both(self, spine, patient):
        said = _said(spine(level="L1"))
        what = "level: expected L1 once in the reading of exam E1 by R1, occasion 1, got it more than once"
        assert said == [(0, what), (1, what)]
        assert patient not in what

    @pytest.mark.parametrize(
        ("name", "other"), [("reader", "R2"), ("exam", "E2"), ("occasion", 2), ("patient", "B")]
    )
    def test_a_level_in_two_readings_is_no_problem(self, spine, name, other):
        assert _said(spine(level="L1", **{name: other})) == []

    def test_two_spacings_in_one_reading_leave_out_those_that_differ_from_the_first(self, spine):
        frame = spine().with_columns(
            pl.lit(0.2).alias("row_spacing_mm"),
            pl.Series("column_spacing_mm", [0.2, 0.2, 0.25]),
        )
        what = "column_spacing_mm: expected one spacing a reading, got another, 0.25"
        assert _said(frame) == [(2, what)]

    def test_a_spacing_that_only_some_rows_have_is_another_spacing(self, spine):
        assert _said(spine(row_spacing_mm=0.2, column_spacing_mm=0.2)) == [
            (1, "row_spacing_mm: expected one spacing a reading, got another, 0.2")
        ]

    def test_readings_may_have_a_spacing_each(self, spine):
        frame = spine(reader="R2").with_columns(
            pl.when(pl.col("reader") == "R2").then(0.3).otherwise(0.2).alias(name) for name in SPACING
        )
        assert _said(frame) == []


class TestCalibration:
    @pytest.fixture
    def frame(self, cast, spine_rows):
        """Give a function that returns rows of a calibration, with a spacing unless told otherwise."""

        def make(calibration, spacing=(0.3, 0.2)):
            cells = dict(zip(SPACING, map(str, spacing), strict=True)) if spacing else {}
            return cast(spine_rows(**cells, calibration=calibration))[0]

        return make

    @pytest.mark.parametrize("state", list(CalibrationState))
    def test_every_state_is_taken_and_gives_the_unit_of_its_calibration(self, frame, state):
        rows = frame(state.value)
        assert _said(rows) == []
        assert rows[UNIT].unique().to_list() == [Calibration(state, 0.3, 0.2).spacing.unit]

    def test_a_word_that_is_none_is_named(self, frame):
        what = f"calibration: expected one of {', '.join(CalibrationState)}, got 'Detector'"
        assert _said(frame("Detector")) == [(n, what) for n in range(3)]

    @pytest.mark.parametrize("state", ["detector", "ermf", "calibrated", "user", "scanned"])
    def test_a_promise_of_mm_needs_a_spacing(self, frame, state):
        what = "row_spacing_mm: expected a value, as the calibration promises mm, got nothing"
        assert _said(frame(state, None)) == [(n, what) for n in range(3)]

    def test_pixels_without_a_shape_are_named(self, frame):
        rows = frame("unknown", (1e308, 1e-308))
        assert [row for row, _ in _said(rows)] == [0, 1, 2]
        assert "expected one that column_spacing_mm makes a shape of" in _said(rows)[0][1]

    def test_two_in_one_reading_leave_out_those_that_differ_from_the_first(self, frame):
        rows = frame("detector").with_columns(pl.Series("calibration", ["detector", "detector", "user"]))
        what = "calibration: expected one calibration a reading, got another, 'user'"
        assert _said(rows) == [(2, what)]

    def test_rows_in_pixels_are_no_use_where_mm_are_asked_for(self, frame):
        rows = frame("unknown")
        spines, problems = sound_spines(rows, in_mm=True)
        what = "exam E1: expected lengths in mm, got pixels: nothing says what its pixel spacing means"
        assert [problem.what for problem in problems] == [what] * 3
        assert spines.count == 0


class TestDistances:
    @pytest.mark.parametrize(("at", "name"), [(0, "anterior"), (1, "middle"), (2, "posterior")])
    def test_a_height_of_zero_is_named(self, spine, at, name):
        frame = spine()
        points = _points(frame)
        points[1, at + 3] = points[1, at]
        assert _said(_moved(frame, points)) == [
            (1, f"L2: expected {name} height above 0, got two landmarks on one point")
        ]

    def test_landmarks_too_close_to_have_a_distance_are_a_height_of_zero(self, spine):
        frame = spine()
        points = _points(frame) - _points(frame)[1, 0]
        points[1, 3] = 1e-200
        assert [row for row, _ in _said(_moved(frame, points))] == [1]

    def test_endplates_that_run_in_opposite_directions_are_named(self, spine):
        frame = spine()
        points = _points(frame)
        points[1, 3:] = points[1, [5, 4, 3]]
        what = (
            "L2: expected the anterior landmarks of both endplates on one side of the body, "
            "got them on opposite sides"
        )
        assert _said(_moved(frame, points)) == [(1, what)]

    @pytest.mark.parametrize("corner", [0, 2, 3, 5])
    def test_a_missing_corner_leaves_the_direction_open(self, spine, corner):
        frame = spine()
        points = _points(frame)
        points[1, 3:] = points[1, [5, 4, 3]]
        points[1, corner] = np.nan
        assert _said(_moved(frame, points).with_columns(pl.col(COORDINATES).fill_nan(None))) == []


def _turn(points, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([[c, s], [-s, c]])


FILMS = {
    "upright": lambda points: points,
    "upside down": lambda points: _turn(points, 180),
    "turned to the left": lambda points: _turn(points, 90),
    "turned to the right": lambda points: _turn(points, -90),
    "askew": lambda points: _turn(points, 37),
    "mirrored": lambda points: points * (1, -1),
}
SWAPPED = [3, 4, 5, 0, 1, 2]


@pytest.mark.parametrize("film", FILMS.values(), ids=FILMS)
class TestOrder:
    """Superior is where the next vertebra up the spine lies, however the film was put into the scanner."""

    WHAT = (
        "expected superior landmarks above the inferior ones that face them, as this spine runs, "
        "got one below"
    )

    @pytest.fixture
    def frame(self, spine):
        return spine(("T12", "L1", "L2", "L4"))

    def test_of_a_sound_spine_is_sound(self, frame, film):
        assert _said(_moved(frame, film(_points(frame)))) == []

    @pytest.mark.parametrize("row", range(4))
    def test_of_one_vertebra_turned_over_is_seen(self, frame, film, row):
        points = film(_points(frame))
        points[row] = points[row, SWAPPED]
        level = frame["level"][row]
        assert _said(_moved(frame, points)) == [(row, f"{level}: {self.WHAT}")]

    def test_of_one_pair_of_landmarks_exchanged_is_seen(self, frame, film):
        points = film(_points(frame))
        points[2, [1, 4]] = points[2, [4, 1]]
        assert _said(_moved(frame, points)) == [(2, f"L2: {self.WHAT}")]

    def test_of_a_whole_spine_turned_over_is_seen(self, frame, film):
        points = film(_points(frame))[:, SWAPPED]
        levels = ["T12", "L1", "L2", "L4"]
        assert _said(_moved(frame, points)) == [(n, f"{levels[n]}: {self.WHAT}") for n in range(4)]

    def test_of_levels_counted_upwards_is_seen(self, frame, film):
        points = film(_points(frame))[::-1].copy()
        assert [row for row, _ in _said(_moved(frame, points))] == [0, 1, 2, 3]

    def test_of_a_single_vertebra_is_not_judged(self, frame, film):
        points = film(_points(frame))[:1]
        assert _said(_moved(frame[:1], points)) == []
        assert _said(_moved(frame[:1], points[:, SWAPPED])) == []

    def test_of_rows_in_any_order_is_the_same(self, frame, film):
        points = film(_points(frame))
        points[2] = points[2, SWAPPED]
        shuffled = _moved(frame, points)[[3, 2, 0, 1]]
        assert _said(shuffled) == [(2, f"L2: {self.WHAT}")]


class TestEverythingThatPasses:
    @given(
        st.lists(
            st.lists(st.none() | st.floats(-1e6, 1e6), min_size=12, max_size=12), min_size=1, max_size=6
        ),
        st.sampled_from([None, 1e-3, 0.2, 1e3]),
        st.sampled_from([None, "detector", "unknown", "none"]),
    )
    def test_can_be_measured(self, cells, spacing, calibration):
        """No later step may stumble over what the checks let through."""
        frame = pl.DataFrame(
            {
                ROW: range(len(cells)),
                "patient": "A",
                "exam": "E",
                "reader": "R",
                "occasion": 1,
                "level": LEVELS[: len(cells)],
                **{name: [row[n] for row in cells] for n, name in enumerate(COORDINATES)},
                **dict.fromkeys(SPACING, spacing),
                CALIBRATION: calibration,
                UNIT: "px" if spacing is None or calibration in ("unknown", "none") else "mm",
                "visual_grade": None,
                "evaluable": None,
                "not_evaluable_reason": None,
            },
            schema_overrides={
                **dict.fromkeys((*COORDINATES, *SPACING, "visual_grade"), pl.Float64),
                "evaluable": pl.Boolean,
                **dict.fromkeys(("not_evaluable_reason", CALIBRATION), pl.String),
            },
        )
        spines, problems = sound_spines(frame)
        heights = measure_heights(spines.points)
        assert heights.shape == (len(cells) - len(problems), 3)
        assert not (heights == 0).any()
        assert np.isnan(spines.points).any(axis=-1).sum() == np.isnan(spines.points).all(axis=-1).sum()


class TestSuccession:
    """Vertebrae come one below the other, and have their fronts on one side."""

    def test_exchanged_levels_are_named(self, cast, spine_rows):
        frame = cast(spine_rows())[0]
        levels = frame["level"].to_list()
        exchanged = {levels[0]: levels[1], levels[1]: levels[0]}
        frame = frame.with_columns(pl.col("level").replace(exchanged))
        spines, found = sound_spines(frame)
        assert found
        assert all("got" in problem.what for problem in found)
        assert spines.frame.height < frame.height

    def test_a_vertebra_turned_back_to_front_is_named(self, cast, spine_rows):
        frame = cast(spine_rows())[0]
        last = pl.col("level") == frame["level"][-1]
        turned = {
            f"{plate}_{one}_{axis}": pl.col(f"{plate}_{other}_{axis}")
            for plate in ("superior", "inferior")
            for one, other in (("anterior", "posterior"), ("posterior", "anterior"))
            for axis in ("row", "column")
        }
        frame = frame.with_columns(
            pl.when(last).then(column).otherwise(pl.col(name)).alias(name) for name, column in turned.items()
        )
        _, found = sound_spines(frame)
        what = (
            f"{frame['level'][-1]}: expected its front on the side of the others' fronts, got it on the other"
        )
        assert [problem.what for problem in found] == [what]

    def test_fronts_of_two_vertebrae_on_two_sides_leave_open_which_is_right(self, cast, spine_rows):
        frame = cast(spine_rows(("L1", "L2")))[0]
        points = _points(frame)
        points[1] = points[1, [2, 1, 0, 5, 4, 3]]
        spines, found = sound_spines(_moved(frame, points))
        assert found == []
        assert spines.frame.height == 2
