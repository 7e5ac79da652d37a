"""What was done to a reading is said in the words of the desk."""

from __future__ import annotations

import pytest
from attrs import evolve

from at_desk import TRUTH
from napari_spinegrade.done import done_words
from spinegrade.io.reading_json import read_reading
from spinegrade.readings import NotEvaluableReason

READING = read_reading(TRUTH)
AT = next(n for n, one in enumerate(READING.vertebrae) if one.level == "T8")
T8 = READING.vertebrae[AT]


def changed(**parts):
    vertebrae = list(READING.vertebrae)
    vertebrae[AT] = evolve(T8, **parts)
    return evolve(READING, vertebrae=tuple(vertebrae))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"visual_grade": 0.5}, "T8: visual grade 0.5"),
        (
            {"evaluable": False, "not_evaluable_reason": NotEvaluableReason.NOISE},
            "T8: not evaluable noise",
        ),
        ({"comment": "a cleft"}, "T8: comment a cleft"),
        ({"forms": {"abq-2004": {"as_expected": "yes"}}}, "T8: forms"),
        (
            {"landmarks": {name: mark for name, mark in T8.landmarks.items() if name != "superior_middle"}},
            "T8: superior middle taken back",
        ),
        ({"seconds": 12.5}, ""),
    ],
)
def test_is_said_by_vertebra(parts, words):
    assert done_words(READING, changed(**parts)) == words


def test_moved_landmarks_are_named():
    moved = dict(T8.landmarks)
    for name in ("superior_anterior", "inferior_middle"):
        moved[name] = evolve(moved[name], row=moved[name].row + 2)
    assert done_words(READING, changed(landmarks=moved)) == "T8: superior anterior, inferior middle"


def test_whole_vertebrae_come_and_go():
    without = evolve(READING, vertebrae=tuple(one for one in READING.vertebrae if one.level != "T8"))
    assert done_words(without, READING) == "T8: read"
    assert done_words(READING, without) == "T8: taken back"
    assert done_words(READING, READING) == ""
