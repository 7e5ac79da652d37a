"""Qualitative forms of a vertebra: what is asked, what a click does, what the answers come to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from polars import read_csv
from typer.testing import CliRunner

from napari_spinegrade.forms import (
    NO_WEIGHTS,
    answers_of,
    choose,
    depression_words,
    fill,
    fill_spine,
    name_of,
    of_spine,
    offered,
)
from napari_spinegrade.live import measure
from spinegrade.anatomy import LANDMARKS
from spinegrade.assess import Method
from spinegrade.cli import app
from spinegrade.errors import RuleError
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.qualitative.form import load_form
from spinegrade.qualitative.koerber import load_weights
from spinegrade.readings import Exam, Landmark, NotEvaluableReason, Reading, VertebraReading

SAMPLES = Path(__file__).parents[2] / "sample_images"
ABQ, MIMICS, KOERBER = (load_form(name) for name in ("abq-2004", "mimics", "koerber-2012"))
DEPRESSED = [(0, 0), (5, 20), (0, 40), (30, 0), (30, 20), (30, 40)]


def reading(**of_vertebra):
    """Return a reading of L1 alone."""
    return Reading(Exam("P", "E"), "R1", vertebrae=(VertebraReading("L1", **of_vertebra),))


def sample():
    """Return a reading of a sample film."""
    return read_reading(SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json")


@pytest.fixture
def weights(tmp_path):
    """Give the file of weights of the guide, whose numbers mean nothing."""
    guide = (SAMPLES.parent / "docs" / "forms.md").read_text(encoding="utf-8")
    block = next(one for one in guide.split("```toml\n") if 'kind = "koerber-weights"' in one)
    path = tmp_path / "our-koerber.toml"
    path.write_text(block.split("```")[0], encoding="utf-8")
    return path


def click(form, answers, *clicks):
    """Return the answers after some clicks."""
    for name, value in clicks:
        answers = choose(form, answers, form.question(name), value)
    return answers


def test_forms_of_a_vertebra_are_offered_and_after_them_that_of_the_spine():
    names = [name_of(one) for one in offered()]
    assert names == ["ABQ", "mABQ", "Mimics", "sABQ (children)", "Koerber (spine)"]
    assert [of_spine(one) for one in offered()] == [False] * 4 + [True]


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

    def test_a_vertebra_that_was_answered_and_then_not_evaluable_is_so_as_on_the_command_line(self, tmp_path):
        answers = {"as_expected": "no", "projection": "no", "depression": "both", "explained": "no"}
        answers |= {"cause": "neither"}
        ticked = {"mimics": "schmorl_node"}
        given = {"abq-2004": answers, "mimics": ticked}
        other = reading(evaluable=False, not_evaluable_reason=NotEvaluableReason.OVERLAP, forms=given)
        write_reading(other, tmp_path / "one.reading.json")
        command = ["qualitative", f"{tmp_path}", "-o", f"{tmp_path / 'forms.csv'}"]
        assert CliRunner().invoke(app, command).exit_code == 0
        told = {row["form"]: row["words"] for row in read_csv(tmp_path / "forms.csv").to_dicts()}
        shown = {form.id: fill(form, other, "L1", None).outcome for form in (ABQ, MIMICS)}
        assert shown["abq-2004"] == told["abq-2004"] == "not evaluable: overlap"
        assert shown["mimics"] == told["mimics"]

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
        assert shown.help
        assert fill(form, one, "L1", None).help == ""


def test_depth_of_endplates_in_words():
    marks = dict(zip(LANDMARKS, (Landmark(float(r), float(c)) for r, c in DEPRESSED), strict=True))
    words = depression_words(reading(landmarks=marks), "L1")
    assert "upper 12 %, lower flat" in words
    bulging = marks | {"inferior_middle": Landmark(30.1, 20.0)}
    assert "lower flat" in depression_words(reading(landmarks=bulging), "L1")
    bulging = marks | {"inferior_middle": Landmark(32.0, 20.0)}
    assert "lower bulges 5 %" in depression_words(reading(landmarks=bulging), "L1")
    assert depression_words(reading(), "L1") == ""
    assert np.isnan(reading().landmarks).all()


class TestSpine:
    def test_without_weights_it_is_said_why_there_is_no_score(self):
        filled = fill_spine(KOERBER, sample(), Method(), None, hidden=False)
        assert filled.outcome == "not computed: it needs a file of weights"
        assert filled.help == NO_WEIGHTS
        assert (filled.asked, filled.why_not) == ((), "")

    def test_with_weights_it_is_scored_as_on_the_command_line(self, tmp_path, weights):
        path = SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json"
        out = tmp_path / "forms.csv"
        command = ["qualitative", f"{path}", "--weights", f"{weights}", "--form", "koerber-2012"]
        done = CliRunner().invoke(app, [*command, "-o", f"{out}"])
        assert done.exit_code == 0, done.output
        (row,) = read_csv(out).to_dicts()
        filled = fill_spine(KOERBER, sample(), Method(), load_weights(f"{weights}"), hidden=False)
        expected = f"{row['words']}, score {row['score']:.3g}, kyphosis {row['kyphosis']:.0f} degrees"
        assert filled.outcome == expected
        assert filled.by in row["form_rule"]

    def test_what_is_missing_for_the_score_is_named(self, weights):
        some = evolve(sample(), vertebrae=tuple(one for one in sample().vertebrae if one.level != "L2"))
        filled = fill_spine(KOERBER, some, Method(), load_weights(f"{weights}"), hidden=False)
        assert filled.outcome.startswith("open")
        assert filled.help == "Not measured: compression, kyphosis, deformity"
        nothing = fill_spine(KOERBER, reading(), Method(), load_weights(f"{weights}"), hidden=False)
        assert nothing.outcome.startswith("open") or nothing.help == "Nothing measured yet"

    def test_hidden_values_have_no_score(self, weights):
        filled = fill_spine(KOERBER, sample(), Method(), load_weights(f"{weights}"), hidden=True)
        assert filled.outcome == ""
        assert "hidden" in filled.help

    def test_a_file_that_was_changed_is_read_as_it_stands(self, weights):
        assert load_weights(f"{weights}").levels == "T4-L4"
        weights.write_text(weights.read_text().replace("T4-L4", "T5-L4"))
        assert load_weights(f"{weights}").levels == "T5-L4"
        weights.write_text("nothing")
        with pytest.raises(RuleError):
            load_weights(f"{weights}")
