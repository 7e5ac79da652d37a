"""What a reader saw: records that cannot contradict themselves."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import attrs
import numpy as np
import pytest
from attrs import evolve

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.calibration import Calibration
from spinegrade.errors import ReadingError
from spinegrade.readings import (
    VISUAL_GRADES,
    Event,
    Exam,
    ImageIdentity,
    Landmark,
    NotEvaluableReason,
    Reading,
    Status,
    VertebraReading,
)

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
EXAM = Exam("A", "E1")


class TestLandmark:
    def test_is_placed_unless_told_otherwise(self):
        assert Landmark(1.5, 2.5).status is Status.PLACED

    @pytest.mark.parametrize("status", [Status.PLACED, Status.PROPOSED])
    def test_that_was_placed_or_proposed_has_a_position(self, status):
        assert (Landmark(1.5, 2.5, status).row, Landmark(1.5, 2.5, status).column) == (1.5, 2.5)
        wanted = rf"^{status} landmark: expected a position, got row None and column None$"
        with pytest.raises(ReadingError, match=wanted):
            Landmark(status=status)

    @pytest.mark.parametrize("status", [Status.NOT_VISIBLE, Status.OUTSIDE_IMAGE])
    def test_that_was_not_found_has_none(self, status):
        assert Landmark(status=status).row is None
        wanted = rf"^{status} landmark: expected no position, got row 1.5 and column 2.5$"
        with pytest.raises(ReadingError, match=wanted):
            Landmark(1.5, 2.5, status)

    @pytest.mark.parametrize("status", Status)
    @pytest.mark.parametrize("half", [(1.5, None), (None, 2.5)])
    def test_has_no_half_a_position_whatever_its_status(self, half, status):
        with pytest.raises(ReadingError, match=f"{status} landmark: expected .*position, got row"):
            Landmark(*half, status)

    @pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
    @pytest.mark.parametrize("name", ["row", "column"])
    def test_has_finite_coordinates(self, name, value):
        with pytest.raises(ValueError, match=f"'{name}' must be"):
            evolve(Landmark(1.0, 2.0), **{name: value})


class TestVertebra:
    @pytest.mark.parametrize("level", LEVELS)
    def test_has_any_level(self, level):
        assert VertebraReading(level).level == level

    @pytest.mark.parametrize("level", ["L7", "l1", "S1", "C2", ""])
    def test_has_no_other_level(self, level):
        with pytest.raises(ReadingError, match=f"^level: expected one of C3, .*, L6, got '{level}'$"):
            VertebraReading(level)

    def test_has_no_landmark_that_nobody_knows(self):
        landmarks = {"superior_anterior": Landmark(1, 2), "superior_left": Landmark(1, 2)}
        wanted = "^L1: landmarks: expected superior_anterior, .*, inferior_posterior, got 'superior_left'$"
        with pytest.raises(ReadingError, match=wanted):
            VertebraReading("L1", landmarks)

    @pytest.mark.parametrize("grade", [None, *VISUAL_GRADES])
    def test_has_any_visual_grade(self, grade):
        assert VertebraReading("L1", visual_grade=grade).visual_grade == grade

    @pytest.mark.parametrize("grade", [4.0, 1.5, -1.0, math.nan])
    def test_has_no_other_visual_grade(self, grade):
        wanted = rf"^visual_grade: expected one of 0.0, 0.5, 1.0, 2.0, 3.0, got {grade!r}$"
        with pytest.raises(ReadingError, match=wanted):
            VertebraReading("L1", visual_grade=grade)

    @pytest.mark.parametrize("reason", NotEvaluableReason)
    def test_that_is_not_evaluable_says_why(self, reason):
        vertebra = VertebraReading("L1", evaluable=False, not_evaluable_reason=reason)
        assert vertebra.not_evaluable_reason is reason

    @pytest.mark.parametrize(
        ("evaluable", "reason", "got"),
        [
            (False, None, "evaluable False and reason None"),
            (True, NotEvaluableReason.NOISE, "evaluable True and reason noise"),
            (None, NotEvaluableReason.NOISE, "evaluable None and reason noise"),
        ],
    )
    def test_says_why_exactly_where_it_is_not_evaluable(self, evaluable, reason, got):
        wanted = f"^L1: expected a not_evaluable_reason exactly where evaluable is false, got {got}$"
        with pytest.raises(ReadingError, match=wanted):
            VertebraReading("L1", evaluable=evaluable, not_evaluable_reason=reason)

    @pytest.mark.parametrize("seconds", [-0.1, math.inf, math.nan])
    def test_takes_a_time_that_can_pass(self, seconds):
        assert VertebraReading("L1", seconds=0.0).seconds == 0
        with pytest.raises(ValueError, match="'seconds' must be"):
            VertebraReading("L1", seconds=seconds)

    def test_gives_the_points_that_were_placed_and_no_proposals(self):
        vertebra = VertebraReading(
            "L1",
            {
                "inferior_posterior": Landmark(5.0, 6.0),
                "superior_anterior": Landmark(1.0, 2.0),
                "superior_middle": Landmark(3.0, 4.0, Status.PROPOSED),
                "superior_posterior": Landmark(status=Status.NOT_VISIBLE),
            },
        )
        expected = np.full((6, 2), np.nan)
        expected[0], expected[5] = (1.0, 2.0), (5.0, 6.0)
        np.testing.assert_array_equal(vertebra.points, expected)


class TestNames:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: Exam("", "E"),
            lambda: Exam("A", ""),
            lambda: Reading(EXAM, ""),
            lambda: Event(AT, ""),
        ],
        ids=["patient", "exam", "reader", "event"],
    )
    def test_are_never_empty(self, make):
        with pytest.raises(ValueError, match=r"Length of '\w+' must be >= 1: 0"):
            make()


class TestImageIdentity:
    @pytest.mark.parametrize("digest", ["0f" * 31, "0f" * 33, "0F" * 32, "0g" * 32, "0f" * 32 + "\n", ""])
    def test_has_a_sha256_or_none(self, digest):
        assert ImageIdentity(sha256="0f" * 32).sha256 == "0f" * 32
        with pytest.raises(ValueError, match="'sha256' must match regex"):
            ImageIdentity(sha256=digest)

    @pytest.mark.parametrize("name", ["rows", "columns"])
    def test_has_at_least_one_pixel(self, name):
        assert getattr(ImageIdentity(**{name: 1}), name) == 1
        with pytest.raises(ValueError, match=f"'{name}' must be >= 1: 0"):
            ImageIdentity(**{name: 0})


class TestReading:
    def test_knows_as_little_as_it_is_told(self):
        reading = Reading(EXAM, "R")
        assert (reading.occasion, reading.vertebrae, reading.events) == (1, (), ())
        assert (reading.calibration, reading.image) == (Calibration(), ImageIdentity())
        assert np.isnan(reading.landmarks).all()

    @pytest.mark.parametrize("occasion", [0, -1, 2**53])
    def test_has_an_occasion_counted_from_1_that_a_table_can_hold(self, occasion):
        assert Reading(EXAM, "R", occasion=2**53 - 1).occasion == 2**53 - 1
        with pytest.raises(ValueError, match="'occasion' must be"):
            Reading(EXAM, "R", occasion=occasion)

    def test_has_every_level_once(self):
        vertebrae = tuple(VertebraReading(level) for level in ("L2", "L1", "L2", "L1", "L2"))
        with pytest.raises(ReadingError, match=r"^vertebrae: expected every level once, got L1 2 times$"):
            Reading(EXAM, "R", vertebrae=vertebrae)

    def test_gives_its_landmarks_by_level(self):
        body = {name: Landmark(float(n), n + 0.5) for n, name in enumerate(LANDMARKS)}
        vertebrae = (VertebraReading("L1", body), VertebraReading("T4", {"inferior_middle": Landmark(7, 8)}))
        landmarks = Reading(EXAM, "R", vertebrae=vertebrae).landmarks
        assert landmarks.shape == (23, 6, 2)
        assert landmarks[LEVELS.index("L1")].tolist() == [[n, n + 0.5] for n in range(6)]
        assert landmarks[LEVELS.index("T4"), 4].tolist() == [7.0, 8.0]
        assert np.isnan(landmarks).sum() == 23 * 12 - 12 - 2

    def test_is_not_changed_but_made_anew(self):
        reading = Reading(EXAM, "R")
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            reading.reader = "S"
        assert evolve(reading, reader="S") != reading
        assert Reading(EXAM, "R") == reading
