"""What of a protocol a reading leaves unanswered."""

from __future__ import annotations

import pytest
from attrs import evolve

from spinegrade.readings import Exam, Landmark, NotEvaluableReason, Reading, Status, VertebraReading
from spinegrade.study.answers import empty_answers
from spinegrade.study.protocol import Asked
from study.making import answered, protocol

READING = answered(Reading(Exam("F001", "F001"), "R1"))
FULL = READING.vertebrae[0]


def left(vertebra, *asked):
    """Return what is left open of T8 where this is asked; T9 is answered."""
    asked_for = evolve(protocol(), asked=asked).for_readers
    other = evolve(FULL, level="T9", forms={"quality": {"seen": "well"}, "abq": {"depression": "no"}})
    vertebrae = (other,) if vertebra is None else (vertebra, other)
    return empty_answers(evolve(READING, vertebrae=vertebrae), asked_for)


@pytest.mark.parametrize(
    ("vertebra", "words"),
    [
        (None, ("T8: not read",)),
        (VertebraReading("T8"), ("T8: 6 of 6 landmarks",)),
        (FULL, ()),
        (
            evolve(
                FULL,
                landmarks=FULL.landmarks
                | {
                    "superior_middle": Landmark(1.0, 2.0, Status.PROPOSED),
                    "inferior_middle": Landmark(status=Status.NOT_VISIBLE),
                },
            ),
            ("T8: 1 of 6 landmarks",),
        ),
        (VertebraReading("T8", evaluable=False, not_evaluable_reason=NotEvaluableReason.OVERLAP), ()),
    ],
)
def test_landmarks(vertebra, words):
    assert left(vertebra, Asked.LANDMARKS) == words


@pytest.mark.parametrize(
    ("forms", "words"),
    [
        ({}, ("T8: quality", "T8: form")),
        ({"quality": {}}, ("T8: quality", "T8: form")),
        ({"quality": {"seen": "badly"}}, ("T8: form",)),
        ({"abq": {"depression": "yes"}}, ("T8: quality",)),
        ({"abq": {"depression": "yes"}, "quality": {"seen": "well"}}, ()),
    ],
)
def test_quality_and_forms(forms, words):
    assert left(evolve(FULL, forms=forms), Asked.QUALITY, Asked.FORM) == words


def test_in_the_order_of_levels_and_of_what_is_asked():
    words = left(evolve(FULL, landmarks={}, visual_grade=None), Asked.VISUAL_GRADE, Asked.LANDMARKS)
    assert words == ("T8: visual grade", "T8: 6 of 6 landmarks")


def test_levels_beyond_those_asked_for_are_nobodys_business():
    asked_for = evolve(protocol(), asked=(Asked.LANDMARKS,), levels="T8-T8").for_readers
    more = (*READING.vertebrae, VertebraReading("L5"))
    assert empty_answers(evolve(READING, vertebrae=more), asked_for) == ()
