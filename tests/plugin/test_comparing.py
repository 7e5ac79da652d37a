"""Two dates: which is the earlier, what differs at each level, and how the films are laid upon each other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from napari_spinegrade import comparing
from napari_spinegrade.comparing import Dated
from napari_spinegrade.live import measure
from spinegrade.anatomy import GRADED, LANDMARKS, LEVELS
from spinegrade.assess import Method
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.io.reading_json import read_reading
from spinegrade.morphometry import vertebra_centres
from spinegrade.radiograph import ImageIdentity
from spinegrade.readings import (
    CountedFrom,
    Exam,
    Landmark,
    MiddlePoint,
    NotEvaluableReason,
    Reading,
    VertebraReading,
)

SAMPLES = Path(__file__).parents[2] / "sample_images"

MM = Calibration(CalibrationState.DETECTOR, 0.2, 0.2)
NO_MM = Calibration()


def body(level, top, heights=(100, 100, 100), left=300, mirrored=False, **more):
    """Return a vertebra 150 pixels deep, with these anterior, middle and posterior heights."""
    columns = np.array([0, 75, 150])
    columns = left + (columns[::-1] if mirrored else columns)
    places = [(top, columns[n]) for n in range(3)] + [(top + heights[n], columns[n]) for n in range(3)]
    marks = {name: Landmark(*map(float, at)) for name, at in zip(LANDMARKS, places, strict=True)}
    return VertebraReading(level, marks, **more)


def spine(heights=None, calibration=MM, scale=1.0, without=(), **more):
    """Return a reading of T4 to L4 with bodies 100 pixels high, but for those whose heights are given."""
    heights = heights or {}
    found = []
    for n, level in enumerate(GRADED.levels):
        if level not in without:
            own = np.array(heights.get(level, (100, 100, 100))) * scale
            found.append(body(level, (50 + 130 * n) * scale, own))
    return Reading(
        Exam("p", "e"),
        "R1",
        vertebrae=tuple(found),
        calibration=calibration,
        image=ImageIdentity("f.dcm", rows=2000, columns=900),
        **more,
    )


def dated(reading, on=None):
    """Return a reading with its numbers, graded against its own posterior heights."""
    return Dated(reading, measure(reading, Method(reference="own")), on)


def at(found, level):
    """Return the difference of a level."""
    return next(one for one in found if one.level == level)


class TestOrder:
    EARLY, LATE = date(2025, 4, 20), date(2026, 4, 27)

    @pytest.mark.parametrize("swapped", [False, True])
    def test_earlier_exam_is_then_however_they_are_given(self, swapped):
        two = [dated(spine(), self.EARLY), dated(spine(), self.LATE)]
        then, now, words = comparing.in_order(*(two[::-1] if swapped else two))
        assert (then.on, now.on, words) == (self.EARLY, self.LATE, "")

    @pytest.mark.parametrize(
        ("dates", "words"),
        [
            ((None, LATE), "not known"),
            ((LATE, None), "not known"),
            ((None, None), "not known"),
            ((LATE, LATE), "one date"),
        ],
    )
    def test_order_given_is_kept_where_dates_do_not_tell_and_that_is_said(self, dates, words):
        first, second = (dated(spine(), on) for on in dates)
        then, now, said = comparing.in_order(first, second)
        assert then is first
        assert now is second
        assert words in said
        assert "in the order given" in said


class TestDifferences:
    def test_worked_vertebra(self):
        """Heights of 70, 85, 100 become 85, 90, 100: loss 30 to 15 %, +15 and +5 percent points."""
        then = dated(spine({"T8": (70, 85, 100)}))
        now = dated(spine({"T8": (85, 90, 100)}))
        one = at(comparing.differences(then, now), "T8")
        assert one.grades == (2.0, 0.0)
        assert one.grade_words == ("2", "0")
        assert one.losses == pytest.approx((0.30, 0.15))
        assert one.ratio_changes[:2] == pytest.approx((15.0, 5.0))
        assert one.words == "grade lower by 2, wedge then"

    def test_same_reading_twice_differs_nowhere(self):
        side = dated(spine({"T8": (70, 85, 100)}))
        found = comparing.differences(side, side)
        assert [one.level for one in found] == list(GRADED.levels)
        for one in found:
            assert one.grades[0] == one.grades[1]
            assert set(one.ratio_changes) == {0.0}
            assert one.words.startswith("same grade")
        assert at(found, "T8").words == "same grade, wedge"

    def test_new_deformity_is_a_higher_grade_and_no_verdict(self):
        found = comparing.differences(dated(spine()), dated(spine({"L1": (60, 78, 100)})))
        words = at(found, "L1").words
        assert words == "grade higher by 3, wedge now"
        assert not any(verdict in words for verdict in ("incident", "new", "worse", "fracture"))

    def test_shape_that_changes_is_named_then_and_now(self):
        then, now = dated(spine({"T8": (75, 98, 100)})), dated(spine({"T8": (98, 75, 100)}))
        assert at(comparing.differences(then, now), "T8").words == "same grade, wedge then, biconcave now"

    @pytest.mark.parametrize(
        ("before", "after", "words"),
        [
            (("T8",), (), "not read then"),
            ((), ("T8",), "not read now"),
            (("T8",), ("T8",), "not read on either date"),
        ],
    )
    def test_level_read_on_one_date_only_is_said_so(self, before, after, words):
        one = at(comparing.differences(dated(spine(without=before)), dated(spine(without=after))), "T8")
        assert one.words == words
        assert None in one.grades
        assert one.ratio_changes == (None, None, None)

    def test_reason_why_it_was_not_read_is_said(self):
        reading = spine(without=("T4", "T5"))
        marked = VertebraReading("T4", evaluable=False, not_evaluable_reason=NotEvaluableReason.OUTSIDE_IMAGE)
        half = VertebraReading("T5", {"superior_anterior": Landmark(1.0, 1.0)})
        reading = evolve(reading, vertebrae=(marked, half, *reading.vertebrae))
        found = comparing.differences(dated(reading), dated(spine()))
        assert at(found, "T4").words == "not evaluable (outside image) then"
        assert at(found, "T5").words == "not measured then"
        both = at(comparing.differences(dated(reading), dated(spine(without=("T4",)))), "T4")
        assert both.words == "not evaluable (outside image) then, not read now"

    def test_landmarks_of_a_vertebra_that_is_not_evaluable_change_no_ratio(self):
        lost = body("T8", 570, evaluable=False, not_evaluable_reason=NotEvaluableReason.OVERLAP)
        reading = spine(without=("T8",))
        reading = evolve(reading, vertebrae=(*reading.vertebrae, lost))
        one = at(comparing.differences(dated(spine()), dated(reading)), "T8")
        assert one.ratio_changes == (None, None, None)
        assert one.words == "not evaluable (overlap) now"

    def test_visual_grades_that_differ_are_said_beside_the_computed_ones(self):
        def graded(visual):
            reading = spine()
            changed = [
                evolve(one, visual_grade=visual if one.level == "T8" else None) for one in reading.vertebrae
            ]
            return dated(evolve(reading, vertebrae=tuple(changed)))

        words = at(comparing.differences(graded(0.5), graded(2.0)), "T8").words
        assert words == "same grade; visual 0.5 then, 2 now"
        assert at(comparing.differences(graded(None), graded(2.0)), "T8").words == "same grade"
        assert at(comparing.differences(graded(2.0), graded(2.0)), "T8").words == "same grade"

    def test_levels_beyond_the_graded_ones_have_a_row_once_read(self):
        reading = spine()
        more = evolve(reading, vertebrae=(body("T3", 1), *reading.vertebrae))
        found = comparing.differences(dated(reading), dated(more))
        assert found[0].level == "T3"
        assert found[0].words == "not read then"
        both = comparing.differences(dated(more), dated(more))[0]
        assert both.grades == (None, None)
        assert both.words == ""

    def test_empty_readings_are_told_and_not_refused(self):
        empty = dated(Reading(Exam("p", "e"), "R1"))
        found = comparing.differences(empty, empty)
        assert {one.words for one in found} == {"not read on either date"}

    def test_child_of_the_samples_reshapes(self):
        """By the truth of the samples: T6 from 30 to 21, T7 from 24 to 15, L1 from 16 to 11 % of height."""
        files = (SAMPLES / "truth" / f"{name}.reading.json" for name in ("child", "child-year-later"))
        then, now = (dated(read_reading(file)) for file in files)
        found = comparing.differences(then, now)
        for level, which, change in (("T6", 0, 9), ("T7", 1, 9), ("L1", 1, 5)):
            assert at(found, level).ratio_changes[which] == pytest.approx(change, abs=2.5)
            assert at(found, level).losses[0] > at(found, level).losses[1]
        assert max(abs(at(found, "L3").ratio_changes[n]) for n in (0, 1)) < 2.5


class TestRemarks:
    def test_nothing_is_said_of_two_that_can_be_compared(self):
        assert comparing.remarks(dated(spine()), dated(spine())) == ()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"exam": Exam("other", "e")}, "different patients"),
            ({"reader": "R2"}, "read by R1 then, by R2 now"),
            ({"counted_from": CountedFrom.T12_RIB}, "levels counted from unknown then, T12 rib now"),
            ({"middle_point": MiddlePoint.DEEPEST}, "different definitions"),
            (
                {"calibration": Calibration(CalibrationState.ERMF, 0.2, 0.2)},
                "mm are of different kinds: detector then, ermf now",
            ),
        ],
    )
    def test_what_stands_in_the_way_is_said(self, changes, words):
        (said,) = comparing.remarks(dated(spine()), dated(evolve(spine(), **changes)))
        assert words in said

    def test_film_without_mm_is_no_other_kind_of_mm(self):
        assert comparing.remarks(dated(spine()), dated(spine(calibration=NO_MM))) == ()

    def test_one_film_twice_is_said(self):
        image = ImageIdentity("f.dcm", sha256="a" * 64)
        side = dated(evolve(spine(), image=image))
        assert comparing.remarks(side, side) == ("both readings are of the same film",)

    def test_films_that_face_opposite_ways_are_said(self):
        turned = Reading(Exam("p", "e"), "R1", calibration=MM, vertebrae=(body("T8", 500, mirrored=True),))
        assert comparing.remarks(dated(spine()), dated(turned)) == ("the films face opposite ways",)


def centre(side, laid, which, level):
    """Return where the centre of a level lies in the world."""
    points = comparing.in_the_world(*side, laid)[which]
    return vertebra_centres(points)[LEVELS.index(level)]


class TestLaying:
    @pytest.mark.parametrize("level", ["T4", "T8", "L4"])
    def test_level_lies_beside_itself_in_one_scale_of_mm(self, level):
        """A film of 0.2 mm and one of 0.1 mm: the same body has twice the pixels, and the same size."""
        two = (
            dated(spine()),
            dated(spine(scale=2.0, calibration=Calibration(CalibrationState.ERMF, 0.1, 0.1))),
        )
        laid = comparing.lay(*two, level)
        assert comparing.unit_of(*two) == "mm"
        assert laid.scales == ((0.2, 0.2), (0.1, 0.1))
        assert "same magnification in mm at the detector" in laid.words
        np.testing.assert_allclose(centre(two, laid, 0, level), centre(two, laid, 1, level))

    def test_mm_of_the_patient_are_not_said_to_be_at_the_detector(self):
        two = [dated(spine(calibration=Calibration(CalibrationState.ERMF, 0.2, 0.2)))] * 2
        assert comparing.lay(*two, "T8").words.startswith("same magnification in mm; T8 beside T8")

    @given(st.floats(0.3, 3.0), st.sampled_from(GRADED.levels))
    def test_without_mm_posterior_heights_become_equal(self, scale, level):
        two = dated(spine(calibration=NO_MM)), dated(spine(calibration=NO_MM, scale=scale))
        laid = comparing.lay(*two, level)
        world = comparing.in_the_world(*two, laid)[:, LEVELS.index(level)]
        heights = world[:, 5, 0] - world[:, 2, 0]
        assert heights[0] == pytest.approx(heights[1])
        assert comparing.unit_of(*two) == "pixel"
        assert f"posterior heights round {level} shown equal" in laid.words

    def test_body_that_has_lost_its_height_still_shows_it(self):
        """T8 crushed to 60 %: its neighbours decide the magnification, and it is lower on the screen."""
        two = (
            dated(spine(calibration=NO_MM)),
            dated(spine({"T8": (60, 60, 60)}, calibration=NO_MM, scale=2.0)),
        )
        laid = comparing.lay(*two, "T8")
        assert laid.scales[1] == pytest.approx((0.5, 0.5))

    def test_film_with_mm_beside_one_without_is_shown_by_height_and_oblong_pixels_stay_oblong(self):
        oblong = Calibration(CalibrationState.DETECTOR, 0.3, 0.2)
        two = dated(spine(calibration=oblong)), dated(spine(calibration=NO_MM))
        laid = comparing.lay(*two, "T8")
        assert comparing.unit_of(*two) == "pixel"
        assert laid.scales[0] == pytest.approx((1.5, 1.0))
        assert laid.scales[1] == pytest.approx((1.5, 1.5))

    def test_heights_of_other_levels_do_where_those_near_are_missing(self):
        now = spine(calibration=NO_MM, scale=2.0, without=("T7", "T8", "T9"))
        laid = comparing.lay(dated(spine(calibration=NO_MM)), dated(now), "T8")
        assert laid.scales[1] == pytest.approx((0.5, 0.5))
        assert "posterior heights shown equal" in laid.words
        assert "T6 beside T6, as T8 is missing on a date" in laid.words

    def test_films_without_a_level_in_common_do_not_meet_and_that_is_said(self):
        one, other = (Reading(Exam("p", "e"), "R1", vertebrae=(body(level, 300),)) for level in ("T8", "T9"))
        laid = comparing.lay(dated(one), dated(other), "T8")
        assert laid.offset == (0.0, 0.0)
        assert "and no height on both: pixels shown equal" in laid.words
        assert "do not meet" in laid.words

    def test_view_holds_the_level_and_its_neighbours_of_both_films(self):
        two = dated(spine()), dated(spine({"T8": (60, 80, 100)}))
        laid = comparing.lay(*two, "T8")
        found = comparing.round_the_level(*two, laid, "T8")
        assert found.shape == (2, 3, 6, 2)
        np.testing.assert_array_equal(found[0, 1], two[0].points[LEVELS.index("T8")] * 0.2)

    def test_view_of_a_level_that_nobody_read_is_that_of_the_nearest(self):
        two = [dated(spine(without=("T4", "T5")))] * 2
        laid = comparing.lay(*two, "T4")
        found = comparing.round_the_level(*two, laid, "T4")
        np.testing.assert_array_equal(found[0, 1], two[0].points[LEVELS.index("T6")] * 0.2)
        nothing = [dated(Reading(Exam("p", "e"), "R1"))] * 2
        assert comparing.round_the_level(*nothing, comparing.lay(*nothing, "T4"), "T4").size == 0

    def test_nearest_level_is_the_upper_of_two(self):
        there = np.zeros(len(LEVELS), dtype=bool)
        there[[LEVELS.index("T7"), LEVELS.index("T9")]] = True
        assert LEVELS[comparing.nearest_level(there, "T8")] == "T7"
        assert comparing.nearest_level(~there & there, "T8") is None
