"""Changes between readings: found, kept as text, made again and taken back."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given

from napari_spinegrade.changes import changes_between, in_order, with_changes
from readings_strategy import readings
from spinegrade.errors import ReadingError, SpinegradeError
from spinegrade.readings import CountedFrom, Exam, Landmark, Reading, VertebraReading


def bare(reading):
    """Return a reading in order, without what the clock writes and without its log."""
    vertebrae = in_order({one.level: evolve(one, seconds=None) for one in reading.vertebrae})
    return evolve(reading, vertebrae=vertebrae, events=())


@given(readings(), readings())
def test_any_change_can_be_made_again_and_taken_back(one, other):
    """Whatever two readings of one film by one reader are, the changes lead from each to the other."""
    before = bare(one)
    after = evolve(bare(other), exam=one.exam, reader=one.reader, occasion=one.occasion, image=one.image)
    changes = changes_between(before, after)
    assert with_changes(before, changes) == after
    assert with_changes(after, changes, back=True) == before


@given(readings())
def test_same_reading_has_no_changes(reading):
    assert changes_between(reading, evolve(reading)) == {}


def test_a_landmark_is_one_short_change():
    before = Reading(Exam("p", "e"), "R1", vertebrae=(VertebraReading("T12"),))
    placed = VertebraReading("T12", {"superior_anterior": Landmark(1.5, 2.0)})
    changes = changes_between(before, evolve(before, vertebrae=(placed,)))
    assert list(changes) == ["T12.landmarks.superior_anterior"]
    assert changes["T12.landmarks.superior_anterior"].startswith('[null, {"row": 1.5, "column": 2.0')


def test_a_choice_is_kept_by_its_word():
    before = Reading(Exam("p", "e"), "R1")
    changes = changes_between(before, evolve(before, counted_from=CountedFrom.L5_S1))
    assert changes == {"counted_from": '["unknown", "L5/S1"]'}


@pytest.mark.parametrize(
    "changes",
    [
        {"T12.visual_grade": "[null, 1]"},
        {"T12.landmarks.superior_anterior": "[null, {}]"},
        {"comment": "no JSON"},
        {"comment": "[1]"},
        {"calibration": '[null, {"state": "guessed"}]'},
    ],
)
def test_changes_of_another_reading_are_refused(changes):
    reading = Reading(Exam("p", "e"), "R1", vertebrae=(VertebraReading("T11"),))
    with pytest.raises(SpinegradeError, match="expected"):
        with_changes(reading, changes)
    assert issubclass(ReadingError, SpinegradeError)
