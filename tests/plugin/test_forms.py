"""Qualitative forms of a vertebra: what is asked, what a click does, what the answers come to."""

from __future__ import annotations

import numpy as np
import pytest

from napari_spinegrade.forms import answers_of, choose, depression_words, fill, name_of, offered
from napari_spinegrade.live import measure
from spinegrade.anatomy import LANDMARKS
from spinegrade.assess import Method
from spinegrade.qualitative.form import load_form
from spinegrade.readings import Exam, Landmark, NotEvaluableReason, Reading, VertebraReading

ABQ, MIMICS = load_form("abq-2004"), load_form("mimics")
DEPRESSED = [(0, 0), (5, 20), (0, 40), (30, 0), (30, 20), (30, 40)]


def reading(**of_vertebra):
    """Return a reading of L1 alone."""
    return Reading(Exam("P", "E"), "R1", vertebrae=(VertebraReading("L1", **of_vertebra),))


def click(form, answers, *clicks):
    """Return the answers after some clicks."""
    for name, value in clicks:
        answers = choose(form, answers, form.question(name), value)
    return answers


def test_forms_of_a_vertebra_are_offered_and_that_of_a_spine_is_not():
    names = [name_of(one) for one in offered()]
    assert names == ["ABQ", "mABQ", "Mimics", "sABQ (children)"]


class TestClicks:
    def test_a_second_click_takes_an_answer_back_and_what_followed_from_it(self):
        given = click(ABQ, {}, ("as_expected", "no"), ("projection", "no"), ("depression", "upper"))
        assert given == {"as_expected": "no", "projection": "no", "depression": "upper"}
        assert click(ABQ, given, ("projection", "no")) == {"as_expected": "no"}

    def test_another_answer_stands_in_for_the_first(self):
        assert click(ABQ, {}, ("as_expected", "no"), ("as_expected", "yes")) == {"as_expected": "yes"}

    def test_several_mimics_are_ticked_and_none_stands_alone(self):
        both = click(MIMICS, {}, ("mimics", "schmorl_node"), ("mimics", "scheuermann"))
        assert both == {"mimics": "scheuermann schmorl_node"}
        assert click(MIMICS, both, ("mimics", "scheuermann")) == {"mimics": "schmorl_node"}
        assert click(MIMICS, both, ("mimics", "none")) == {"mimics": "none"}
        assert click(MIMICS, {"mimics": "none"}, ("mimics", "scheuermann")) == {"mimics": "scheuermann"}


class TestFilled:
    def test_nothing_answered_asks_the_first_question(self):
        filled = fill(ABQ, reading(), "L1", None)
        assert [question.id for question, _ in filled.asked] == ["as_expected"]
        assert (filled.open, filled.outcome, filled.why_not) == ("as_expected", "", "")

    def test_an_answered_form_says_what_it_comes_to_and_that_it_is_unconfirmed(self):
        filled = fill(ABQ, reading(forms={"abq-2004": {"as_expected": "yes"}}), "L1", None)
        assert (filled.open, filled.outcome) == (None, "normal")
        assert filled.asked[0][1] == ("yes",)
        assert filled.unconfirmed.startswith("unconfirmed: ")

    @pytest.mark.parametrize("read_only", ["", "open elsewhere"])
    def test_a_vertebra_that_is_not_evaluable_is_not_asked(self, read_only):
        other = reading(evaluable=False, not_evaluable_reason=NotEvaluableReason.OVERLAP)
        assert "L1 is not evaluable" in fill(ABQ, other, "L1", None, read_only=read_only).why_not

    def test_a_read_only_reading_says_why(self):
        assert fill(ABQ, reading(), "L1", None, read_only="open elsewhere").why_not == "open elsewhere"

    def test_answers_of_another_revision_are_kept_and_said(self):
        odd = reading(forms={"abq-2004": {"as_expected": "perhaps"}})
        filled = fill(ABQ, odd, "L1", None)
        assert "'perhaps'" in filled.why_not
        assert filled.asked == ()
        assert answers_of(odd, "L1", ABQ) == {"as_expected": "perhaps"}

    def test_modified_abq_is_graded_by_the_landmarks_unless_values_are_hidden(self):
        form = load_form("mabq-2018")
        answers = {"as_expected": "no", "projection": "no", "depression": "upper", "explained": "no"}
        given = form.clean(answers)
        while (question := form.next(given)) is not None:
            given = {**given, question.id: question.values[0]}
        marks = dict(zip(LANDMARKS, (Landmark(float(r), float(c)) for r, c in DEPRESSED), strict=True))
        one = reading(forms={form.id: given}, landmarks=marks)
        shown = fill(form, one, "L1", measure(one, Method()))
        assert "grade 0 by height loss" in shown.outcome
        assert "to be graded" in fill(form, one, "L1", None).outcome
        assert shown.depression
        assert fill(form, one, "L1", None).depression == ""


def test_depth_of_endplates_in_words():
    marks = dict(zip(LANDMARKS, (Landmark(float(r), float(c)) for r, c in DEPRESSED), strict=True))
    words = depression_words(reading(landmarks=marks), "L1")
    assert "upper 12 %, lower 0 %" in words
    assert depression_words(reading(), "L1") == ""
    assert np.isnan(reading().landmarks).all()
