"""What is drawn of a reading, and points as a reading again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_spinegrade import layers
from napari_spinegrade.live import measure
from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.assess import Method, PointSd, grade_rows, summarise_rows
from spinegrade.calibration import Calibration
from spinegrade.errors import ReadingError
from spinegrade.io.checks import sound_spines
from spinegrade.io.reading_json import read_reading
from spinegrade.io.reading_table import reading_rows, readings_frame
from spinegrade.readings import Exam, Landmark, Reading, Status, VertebraReading

SAMPLES = Path(__file__).parents[2] / "sample_images"
READINGS = sorted((SAMPLES / "readings").glob("*_R[23]_1.reading.json"))


@pytest.fixture(params=READINGS, ids=lambda path: path.name.split(".")[0])
def reading(request):
    """Give the sample readings one by one."""
    return read_reading(request.param)


@pytest.mark.parametrize("method", [Method(), Method(reference="adjacent", point_sd=PointSd(1.5, "px"))])
def test_numbers_are_those_of_the_command_line(reading, method):
    """The desk and ``spinegrade grade`` say the same of every sample."""
    spines, _ = sound_spines(readings_frame(reading_rows(reading)))
    rows = {row["level"]: row for row in grade_rows(spines, method).to_dicts()}
    (whole,) = summarise_rows(spines, method).to_dicts()
    numbers = measure(reading, method)
    for level, row in rows.items():
        at = LEVELS.index(level)
        assert _none(numbers.grade[at]) == row["grade"]
        assert _none(numbers.height_loss[at]) == pytest.approx(row["height_loss"])
        assert [_none(one) for one in numbers.heights[at]] == pytest.approx(
            [row[name] for name in ("anterior", "middle", "posterior")]
        )
        if method.point_sd and row["p0"] is not None:
            told = [row[f"p{grade}"] for grade in range(4)]
            assert numbers.probabilities[at] == pytest.approx(told)
    assert (numbers.status, numbers.sdi) == (whole["status"], whole["sdi"])
    assert numbers.sdi_range == (whole["sdi_low"], whole["sdi_high"])


def _none(value):
    return None if np.isnan(value) else float(value)


def test_points_and_back_is_the_same_reading(reading):
    marks = layers.marks_of(reading)
    back = layers.vertebrae_of(marks.places, marks.features)
    again = Reading(reading.exam, reading.reader, vertebrae=back)
    np.testing.assert_array_equal(again.landmarks, reading.landmarks)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({"level": ["T40", "T5"], "landmark": ["superior_anterior"] * 2}, "expected a level and a landmark"),
        ({"level": ["T5", "T5"], "landmark": ["superior_anterior"] * 2}, "expected superior_anterior once"),
        (
            {"level": ["T5", "T5"], "landmark": ["superior_anterior", "tip"]},
            "expected a level and a landmark",
        ),
    ],
)
def test_points_that_are_no_landmarks_are_refused(features, words):
    with pytest.raises(ReadingError, match=words):
        layers.vertebrae_of(np.zeros((2, 2)), features)


def body(level="T8", **landmarks):
    """Return a reading of one square body."""
    places = (
        dict(zip(LANDMARKS, [(0, 0), (0, 10), (0, 20), (20, 0), (20, 10), (20, 20)], strict=True)) | landmarks
    )
    found = {name: Landmark(*place) for name, place in places.items() if place is not None}
    return Reading(Exam("p", "e"), "R1", vertebrae=(VertebraReading(level, found),))


class TestDrawing:
    def test_outline_goes_once_round_the_body(self):
        vectors, colours = layers.outlines_of(body().landmarks, layers.colours_of(None))
        ends = vectors[:, 0] + vectors[:, 1]
        np.testing.assert_array_equal(np.roll(vectors[:, 0], -1, axis=0), ends)
        assert len(vectors) == len(colours) == 6
        assert np.abs(vectors[:, 1].sum(axis=0)).max() == 0

    def test_edges_wait_for_both_their_ends(self):
        vectors, _ = layers.outlines_of(body(superior_middle=None).landmarks, layers.colours_of(None))
        assert len(vectors) == 4

    def test_colour_is_the_grades_and_plain_where_that_is_hidden(self):
        reading = read_reading(SAMPLES / "readings" / "crush_R1_1.reading.json")
        numbers = measure(reading, Method())
        colours = layers.colours_of(numbers)
        assert colours[LEVELS.index("T8")] == layers.GRADE_COLOURS[3]
        assert set(layers.colours_of(None)) == {layers.UNGRADED}

    def test_label_stands_behind_the_body_clear_of_its_endplates(self, reading):
        numbers = measure(reading, Method())
        places, words, _ = layers.labels_of(reading, numbers)
        levels = [one.split()[0] for one in words]
        for place, level in zip(places, levels, strict=True):
            points = reading.landmarks[LEVELS.index(level)]
            front, back = points[[0, 3]].mean(axis=0), points[[2, 5]].mean(axis=0)
            assert (place - back) @ (back - front) > 0.5 * ((back - front) ** 2).sum()
        assert all(len(one.split()) == 2 for one in words)
        _, bare, _ = layers.labels_of(reading, None)
        assert bare == levels

    def test_body_without_a_back_has_no_label(self):
        places, words, _ = layers.labels_of(body(superior_posterior=None), None)
        assert (len(places), words) == (0, [])


class TestNearest:
    def test_takes_the_nearest_within_reach(self):
        marks = layers.marks_of(body())
        assert layers.nearest_mark(marks, np.array([1.0, 9.0]), 5.0) == 1
        assert layers.nearest_mark(marks, np.array([10.0, 10.0]), 5.0) is None

    def test_oblong_pixels_are_as_far_as_they_are_seen(self):
        marks = layers.marks_of(body())
        assert layers.nearest_mark(marks, np.array([3.0, 0.0]), 5.0, aspect=2.0) is None

    def test_nothing_placed_is_near_nothing(self):
        marks = layers.marks_of(Reading(Exam("p", "e"), "R1"))
        assert layers.nearest_mark(marks, np.zeros(2), 5.0) is None


class TestNumbers:
    def test_landmarks_upon_each_other_are_not_measured(self):
        numbers = measure(body(inferior_middle=(0, 10)), Method())
        at = LEVELS.index("T8")
        assert np.isnan(numbers.heights[at, 1])
        assert numbers.heights[at, 0] == 20
        assert np.isnan(numbers.grade[at])

    def test_landmark_error_in_mm_gives_no_probability_without_mm(self):
        reading = body()
        assert measure(reading, Method(point_sd=PointSd(0.3, "mm"))).probabilities is None
        assert measure(reading, Method(point_sd=PointSd(0.3, "px"))).probabilities is not None
        assert reading.calibration == Calibration()

    def test_visual_grade_of_a_half_is_no_disagreement_with_0(self):
        reading = body()
        for visual, differs in ((0.0, False), (0.5, False), (1.0, True)):
            vertebra = reading.vertebrae[0]
            graded = VertebraReading(vertebra.level, vertebra.landmarks, visual_grade=visual)
            numbers = measure(Reading(reading.exam, "R1", vertebrae=(graded,)), Method())
            assert numbers.disagrees("T8") is differs

    def test_proposed_landmark_is_not_measured(self):
        vertebra = body().vertebrae[0]
        landmarks = vertebra.landmarks | {"superior_middle": Landmark(0, 10, Status.PROPOSED)}
        reading = Reading(Exam("p", "e"), "R1", vertebrae=(VertebraReading("T8", landmarks),))
        assert np.isnan(measure(reading, Method()).heights[LEVELS.index("T8"), 1])
