"""Findings on hand-worked spines: heights on the normal trend, less what a fracture took."""

from __future__ import annotations

import math

import polars as pl
import pytest

from spinegrade import __version__
from spinegrade.anatomy import parse_range
from spinegrade.assess import (
    RESULT_SCHEMA,
    SUMMARY_SCHEMA,
    Method,
    PointSd,
    grade_rows,
    height_rows,
    summarise_rows,
    summary_schema,
)
from spinegrade.errors import RuleError, UnitError
from spinegrade.io.columns import ROW
from spinegrade.rules import load_rule
from spines import heights, shuffled, sound, table

RESULT_COLUMNS = """
    patient, exam, reader, occasion, level, anterior, middle, posterior, unit, wedge_ratio, biconcave_ratio,
    crush_ratio, loss_anterior, loss_middle, loss_posterior, height_loss, area_loss, shape, grade,
    near_threshold, p0, p1, p2, p3, visual_grade, evaluable, reference, flags, rules, version
"""

HEIGHTS = ("anterior", "middle", "posterior")
LOSSES = ("loss_anterior", "loss_middle", "loss_posterior")
PROBABILITIES = ("p0", "p1", "p2", "p3")

WEDGE = {"T8": (0.3, 0.0, 0.0)}
CRUSH = {"T10": (0.45, 0.45, 0.45)}


def graded(*frames, **method):
    """Return the result rows of landmark tables."""
    return grade_rows(sound(*frames), Method(**method))


def finding(level, frame):
    """Return the row of a level."""
    return frame.row(frame["level"].to_list().index(level), named=True)


def column(frame, name):
    """Return a column by level."""
    return dict(zip(frame["level"], frame[name], strict=True))


def chances(rows, value, unit):
    """Return the four probabilities at L1."""
    found = graded(rows, point_sd=PointSd(value, unit)).filter(level="L1")
    return found.select(PROBABILITIES).row(0)


def summary(*frames, **method):
    """Return the spine rows of landmark tables."""
    return summarise_rows(sound(*frames), Method(**method))


class TestRows:
    def test_the_columns_are_those_of_the_design_in_its_order(self):
        found = graded(table())
        assert found.columns == [ROW, *RESULT_COLUMNS.replace(",", " ").split()]
        assert found.drop(ROW).schema == RESULT_SCHEMA

    def test_rows_come_back_in_their_order_whatever_it_is(self):
        rows = shuffled(table(heights(**WEDGE)))
        found = graded(rows)
        assert found["level"].to_list() == rows["level"].to_list() != sorted(rows["level"])
        assert found[ROW].to_list() == list(range(13))
        assert column(found, "grade") == column(graded(table(heights(**WEDGE))), "grade")

    def test_a_spine_on_the_normal_trend_has_lost_nothing(self):
        found = graded(table())
        assert found["grade"].to_list() == [0] * 13
        assert found["height_loss"].to_list() == pytest.approx([0.0] * 13, abs=1e-12)
        assert found["crush_ratio"].to_list() == pytest.approx([1.0] * 13)
        assert found["area_loss"].to_list() == pytest.approx([0.0] * 13, abs=1e-12)

    def test_heights_ratios_and_losses_of_a_wedge(self):
        sides = heights(T8=(0.3, 0.1, 0.0))
        t8 = finding("T8", graded(table(sides)))
        assert [t8[name] for name in HEIGHTS] == pytest.approx(sides["T8"])
        assert t8["wedge_ratio"] == pytest.approx(0.7)
        assert t8["biconcave_ratio"] == pytest.approx(0.9)
        assert t8["crush_ratio"] == pytest.approx(1.0)
        assert [t8[name] for name in LOSSES] == pytest.approx([0.3, 0.1, 0.0], abs=1e-12)
        assert t8["height_loss"] == pytest.approx(0.3)
        assert (t8["grade"], t8["shape"]) == (2, "wedge")
        assert t8["area_loss"] == pytest.approx((0.3 + 2 * 0.1) / 4)  # the area is depth / 4 * (a + 2 m + p)

    @pytest.mark.parametrize(
        ("lost", "grade", "shape"),
        [
            ((0.19, 0.0, 0.0), 0, None),
            ((0.20, 0.0, 0.0), 1, "wedge"),
            ((0.0, 0.26, 0.0), 2, "biconcave"),
            ((0.0, 0.0, 0.22), 1, "posterior wedge"),
            ((0.41, 0.42, 0.45), 3, "crush"),
            ((0.30, 0.29, 0.0), 2, "mixed"),
        ],
    )
    def test_grade_and_shape(self, lost, grade, shape):
        l1 = finding("L1", graded(table(heights(L1=lost))))
        assert (l1["grade"], l1["shape"]) == (grade, shape)

    def test_an_area_is_compared_with_the_neighbours_areas(self):
        """A body twice as deep as its neighbours has lost -100 % of their area, and no height."""
        rows = table(heights(("T12", "L1", "L2")))
        centre = rows.filter(level="L1")["superior_middle_column"].item()
        names = [name for name in rows.columns if name.endswith("_column")]
        wide = rows.with_columns((2 * pl.col(name) - centre).alias(name) for name in names)
        l1 = finding("L1", graded(rows.filter(level="T12"), wide.filter(level="L1"), rows.filter(level="L2")))
        assert l1["area_loss"] == pytest.approx(-1.0)
        assert l1["grade"] == 0


class TestLevels:
    def test_levels_outside_the_graded_range_are_measured_only(self):
        levels = ("T2", "T3", "T4", "T5", "L4", "L5")
        found = graded(table(heights(levels, T3=(0.5, 0.5, 0.0), T5=(0.5, 0.5, 0.0), L5=(0.5, 0.5, 0.0))))
        assert column(found, "grade") == {"T2": None, "T3": None, "T4": 0, "T5": 3, "L4": 0, "L5": None}
        l5 = finding("L5", found)
        assert l5["height_loss"] == pytest.approx(0.5)
        assert [l5[name] for name in ("shape", "near_threshold", "p0")] == [None, None, None]
        assert (l5["evaluable"], l5["flags"]) == (True, "outside_range one_neighbour")

    def test_a_vertebra_outside_the_range_is_a_neighbour_all_the_same(self):
        found = graded(table(heights(("T3", "T4"))))
        assert finding("T4", found)["flags"] == "one_neighbour"
        assert finding("T4", found)["crush_ratio"] == pytest.approx(1.0)

    def test_the_range_of_graded_levels_can_be_chosen(self):
        lost = {"T5": (0.5, 0.5, 0.0), "L5": (0.5, 0.5, 0.0)}
        found = graded(table(heights(("T4", "T5", "L4", "L5"), **lost)), levels=parse_range("L4-L5"))
        assert column(found, "grade") == {"T4": None, "T5": None, "L4": 0, "L5": 3}
        assert column(found, "flags")["T5"].startswith("outside_range")

    def test_lengths_are_in_mm_with_a_spacing_and_in_pixels_without(self):
        sides = heights(("L1", "L2"))
        found = graded(table(sides, spacing=(0.25, 0.5)), table(sides, exam="E2"))
        assert found["unit"].to_list() == ["mm", "mm", "px", "px"]
        assert found["posterior"].to_list() == pytest.approx([sides["L1"][2], sides["L2"][2]] * 2)

    def test_a_tilted_vertebra_on_oblong_pixels_keeps_its_heights(self):
        sides = heights(**WEDGE)
        found = graded(table(sides, spacing=(0.25, 0.5), tilt=35.0))
        assert found["anterior"].to_list() == pytest.approx([side[0] for side in sides.values()])
        assert finding("T8", found)["grade"] == 2


class TestFlags:
    def test_flags_are_words_and_nothing_where_there_is_nothing_to_say(self):
        flags = column(graded(table(heights(**WEDGE, **CRUSH))), "flags")
        assert flags["T4"] == "one_neighbour"
        assert flags["T6"] is None
        assert flags["T8"] == "area_grade_0"  # a quarter of 30 % is too little area for a grade
        assert flags["T9"] is None  # both its neighbours are fractured, those behind them are not
        assert flags["T10"] == "neighbour_base"

    def test_several_flags_are_separated_by_spaces(self):
        found = graded(table(heights(("T4", "T5"), T5=(0.26, 0.25, 0.0))))
        assert finding("T5", found)["flags"] == "one_neighbour wedge_and_biconcave area_grade_1"
        assert finding("T5", found)["area_loss"] == pytest.approx((0.26 + 2 * 0.25) / 4)

    def test_a_lone_vertebra_says_that_a_crush_would_go_unseen(self):
        found = graded(table(heights(("L1",), L1=(0.4, 0.4, 0.4))))
        assert finding("L1", found)["flags"] == "no_neighbour"
        assert finding("L1", found)["grade"] == 0
        assert finding("L1", found)["crush_ratio"] is None


class TestReferencesAndRules:
    @pytest.mark.parametrize(
        ("reference", "losses"),
        [
            ("standard", (0.60, 0.45, 0.30)),
            ("own", (1 - 0.40 / 0.70, 1 - 0.55 / 0.70, 0.0)),
            ("adjacent", (0.60, 0.45, 0.30)),
            ("largest", (1 - 0.40 / 0.70, 1 - 0.55 / 0.70, 0.0)),
        ],
    )
    def test_losses_against_each_reference(self, reference, losses):
        """A crush to 40, 55 and 70 %: only neighbours show what its posterior wall has lost."""
        t10 = finding("T10", graded(table(heights(T10=(0.60, 0.45, 0.30))), reference=reference))
        assert [t10[name] for name in LOSSES] == pytest.approx(losses, abs=1e-12)
        assert t10["reference"] == reference

    def test_largest_compares_with_the_largest_own_height(self):
        sides = {"L1": [30.0, 24.0, 27.0]}
        l1 = finding("L1", graded(table(sides), reference="largest"))
        assert [l1[name] for name in LOSSES] == pytest.approx([0.0, 0.2, 0.1])

    def test_every_row_says_by_what_it_was_made(self):
        found = graded(table(), rules="genant-1993-above", reference="own")
        stamp = f"genant-1993-above revision 1 sha256:{load_rule('genant-1993-above').sha256}"
        assert found["rules"].unique().to_list() == [stamp]
        assert found["version"].unique().to_list() == [__version__]
        assert found["reference"].unique().to_list() == ["own"]

    def test_another_rule_grades_otherwise(self):
        """A loss of 20 % reaches a band in words of `at least`, not in words of `more than`."""
        rows = table(heights(L1=(0.2, 0.0, 0.0)))
        assert finding("L1", graded(rows))["grade"] == 1
        assert finding("L1", graded(rows, rules="genant-1993-above"))["grade"] == 0

    def test_an_unknown_rule_is_an_error(self):
        with pytest.raises(RuleError, match=r"expected .*genant-1993, .* got 'genant-1894'"):
            graded(table(), rules="genant-1894")


class TestWhatTheReaderMarked:
    def test_an_incomplete_vertebra_is_not_graded_and_nobodys_neighbour(self):
        rows = table(heights(("T11", "T12", "L1"), T12=(0.0, 0.0, 0.5)))
        placed = pl.col("level") != "T12"
        names = ("superior_anterior_row", "superior_anterior_column")
        found = graded(rows.with_columns(pl.when(placed).then(pl.col(name)).alias(name) for name in names))
        t12 = finding("T12", found)
        unknown = ("anterior", "grade", "shape", "height_loss", "wedge_ratio")
        assert [t12[name] for name in unknown] == [None] * 5
        assert t12["posterior"] == pytest.approx(heights()["T12"][2] / 2)
        assert (t12["evaluable"], t12["flags"]) == (False, "incomplete")
        assert column(found, "crush_ratio")["L1"] == pytest.approx(1.0)  # judged by T11, past T12

    def test_a_vertebra_marked_not_evaluable_is_measured_and_not_graded(self):
        marked = {"evaluable": [None, False, True], "not_evaluable_reason": [None, "overlap", None]}
        found = graded(table(heights(("T11", "T12", "L1"), T12=(0.5, 0.5, 0.5)), **marked))
        assert column(found, "evaluable") == {"T11": True, "T12": False, "L1": True}
        assert column(found, "grade") == {"T11": 0, "T12": None, "L1": 0}
        assert finding("T12", found)["anterior"] == pytest.approx(heights()["T12"][0] / 2)
        assert finding("L1", found)["flags"] == "one_neighbour"  # two levels up, past the one marked
        assert finding("L1", found)["crush_ratio"] == pytest.approx(1.0)

    def test_the_readers_own_grade_stands_beside_the_computed_one(self):
        found = graded(table(heights(("T12", "L1"), L1=(0.3, 0.0, 0.0)), visual_grade=[0.5, 0.0]))
        assert found["visual_grade"].to_list() == [0.5, 0.0]
        assert found["grade"].to_list() == [0, 2]


class TestCertainty:
    def test_losses_near_a_bound_are_said_to_be_near(self):
        lost = {"T6": (0.19, 0, 0), "T8": (0.17, 0, 0), "T10": (0.41, 0, 0), "T12": (0.44, 0, 0)}
        near = column(graded(table(heights(**lost))), "near_threshold")
        assert [near[level] for level in lost] == [True, False, True, False]

    def test_probabilities_are_given_where_a_landmark_error_is_known(self):
        rows = table(heights(("T3", *heights()), **WEDGE))
        assert graded(rows).select(PROBABILITIES).null_count().row(0) == (14, 14, 14, 14)
        found = graded(rows, point_sd=PointSd(0.5))
        assert column(found, "p0")["T3"] is None
        t8 = found.filter(level="T8").select(PROBABILITIES).row(0)
        assert sum(t8) == pytest.approx(1.0)
        assert max(t8) == t8[2]

    def test_a_wedge_on_a_bound_has_either_grade_by_half(self):
        """Against its own posterior height the anterior one misses the bound above and below alike."""
        rows = table(heights(L1=(0.25, 0.0, 0.0)))
        l1 = finding("L1", graded(rows, reference="own", point_sd=PointSd(0.05)))
        assert l1["p1"] == pytest.approx(0.5, abs=1e-6)
        assert l1["p2"] == pytest.approx(0.5, abs=1e-6)

    def test_a_small_landmark_error_makes_fewer_losses_near(self):
        rows = table(heights(L1=(0.19, 0.0, 0.0)))
        near = [finding("L1", graded(rows, point_sd=PointSd(sd)))["near_threshold"] for sd in (0.05, 0.5)]
        assert near == [False, True]

    @pytest.mark.parametrize(
        ("tilt", "mm_a_pixel"), [(0.0, 0.25), (90.0, 0.5), (45.0, math.hypot(0.25, 0.5) / 2**0.5)]
    )
    def test_an_error_in_pixels_counts_along_the_height(self, tilt, mm_a_pixel):
        """The rows of this film are 0.25 mm apart and its columns 0.5 mm."""
        rows = table(heights(L1=(0.22, 0.1, 0.0)), spacing=(0.25, 0.5), tilt=tilt)
        assert chances(rows, 2.0, "px") == pytest.approx(chances(rows, 2.0 * mm_a_pixel, "mm"))

    def test_a_bare_error_is_in_the_unit_of_each_row(self):
        sides = heights(L1=(0.22, 0.1, 0.0))
        in_mm, in_pixels = table(sides, spacing=(0.5, 0.5)), table(sides)
        assert chances(in_mm, 0.4, None) == chances(in_mm, 0.4, "mm")
        assert chances(in_pixels, 0.4, None) == chances(in_pixels, 0.4, "px")
        assert chances(in_mm, 0.4, None) != pytest.approx(chances(in_mm, 0.4, "px"))

    def test_an_error_in_mm_is_refused_for_an_exam_without_spacing(self):
        rows = [table(spacing=(0.5, 0.5)), table(exam="film-7")]
        with pytest.raises(UnitError, match=r"expected px for exam film-7, which has no spacing .* got mm"):
            graded(*rows, point_sd=PointSd(0.5, "mm"))

    def test_an_error_in_pixels_is_possible_where_a_middle_height_is_missing(self):
        rows = table(heights(("T12", "L1")), spacing=(0.5, 0.5)).with_columns(
            superior_middle_row=None, superior_middle_column=None
        )
        assert graded(rows, point_sd=PointSd(1.0, "px"))["p0"].to_list() == [None, None]

    @pytest.mark.parametrize(("value", "unit"), [(0.0, "mm"), (-1.0, None), (math.inf, "px"), (1.0, "cm")])
    def test_a_landmark_error_is_a_length(self, value, unit):
        with pytest.raises(ValueError, match=r"'value' must be|'unit' must be"):
            PointSd(value, unit)


class TestSummary:
    def test_the_summary_of_a_spine_with_two_fractures(self):
        found = summary(table(heights(**WEDGE, **CRUSH)))
        row = found.row(0, named=True)
        assert found.drop(ROW).schema == SUMMARY_SCHEMA
        assert (row["grade_T8"], row["grade_T9"], row["grade_T10"]) == (2, 0, 3)
        assert (row["sdi"], row["sdi_low"], row["sdi_high"], row["sdi_scaled"]) == (5, 5, 5, 5.0)
        assert (row["fractured"], row["highest_grade"], row["evaluable"]) == (2, 3, 13)
        assert row["spinal_fracture_index"] == pytest.approx(5 / 13)
        assert (row["status"], row["levels"], row["reference"]) == ("fractured", "T4-L4", "standard")
        assert row["version"] == __version__
        assert row["rules"].startswith("genant-1993 revision 1 sha256:")

    def test_a_missing_level_widens_the_index_and_scales_it(self):
        levels = [level for level in heights() if level != "T5"]
        row = summary(table(heights(levels, **WEDGE))).row(0, named=True)
        assert row["grade_T5"] is None
        assert (row["sdi"], row["sdi_low"], row["sdi_high"], row["evaluable"]) == (2, 2, 5, 12)
        assert row["sdi_scaled"] == pytest.approx(2 * 13 / 12)

    @pytest.mark.parametrize(
        ("missing", "status"),
        [
            ((), "normal"),
            (("T4", "T5", "T6"), "normal"),
            (("T9",), "normal"),
            (("T9", "L2"), "uninterpretable"),
        ],
    )
    def test_the_status_of_a_spine_without_fracture(self, missing, status):
        """One level of T7-L4 may be missing, and any above."""
        levels = [level for level in heights() if level not in missing]
        assert summary(table(heights(levels)))["status"].to_list() == [status]

    def test_a_spine_of_which_nothing_can_be_graded(self):
        row = summary(table(heights(("T2", "T3")))).row(0, named=True)
        assert (row["evaluable"], row["sdi"], row["sdi_low"], row["sdi_high"]) == (0, None, 0, 39)
        assert (row["status"], row["highest_grade"], row["sdi_scaled"]) == ("uninterpretable", None, None)

    def test_spines_are_summed_up_in_the_order_of_their_first_rows(self):
        e2, e1 = (table(heights(("L1", "L2")), exam=exam) for exam in ("E2", "E1"))
        found = summary(e2[:1], e1, e2[1:], table(heights(("L1",)), exam="E2", occasion=2))
        assert found.select(ROW, "exam", "occasion").rows() == [(0, "E2", 1), (1, "E1", 1), (4, "E2", 2)]
        assert found["evaluable"].to_list() == [2, 2, 1]

    def test_a_summary_has_a_grade_for_each_of_the_levels_asked_for(self):
        levels = parse_range("L3-L5")
        found = summary(table(heights(("L3", "L5"), L5=(0.3, 0.0, 0.0))), levels=levels)
        assert found.drop(ROW).schema == summary_schema(levels)
        assert found.columns[5:9] == ["grade_L3", "grade_L4", "grade_L5", "levels"]
        assert found.row(0)[5:9] == (0, None, 2, "L3-L5")
        assert found["sdi_high"].to_list() == [5]


class TestHeightRows:
    def test_height_rows_are_what_errors_are_estimated_from(self):
        found = height_rows(sound(table(heights(("L1",)), spacing=(0.5, 0.5))))
        expected = heights()["L1"]
        assert found.columns[:6] == [ROW, "patient", "exam", "reader", "occasion", "level"]
        assert found.row(0)[6:9] == pytest.approx(tuple(expected))
        assert found["unit"].to_list() == ["mm"]
