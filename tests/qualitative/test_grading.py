"""Answers of many vertebrae at once come to what they come to one by one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from spinegrade.qualitative import grading
from spinegrade.qualitative.form import form_ids, load_form
from spinegrade.qualitative.grading import DECIDED, decide, grade_form

EXAMPLES = {name: load_form(name).source.data["example"] for name in form_ids()}


def graded(form, given, *, grades=None, evaluable=None, reasons=None):
    count = len(given)
    rows = [(n, name, text) for n, answers in enumerate(given) for name, text in answers.items()]
    answers = pl.DataFrame(
        rows, schema={"_vertebra": pl.Int64, "question": pl.String, "answer": pl.String}, orient="row"
    )
    vertebrae = pl.DataFrame(
        {
            "evaluable": evaluable or [None] * count,
            "not_evaluable_reason": reasons or [None] * count,
            "grade": grades or [None] * count,
        },
        schema={"evaluable": pl.Boolean, "not_evaluable_reason": pl.String, "grade": pl.Int64},
    )
    return grade_form(load_form(form), vertebrae, answers)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_as_one_by_one(name):
    """Shuffled and repeated, every vertebra has the outcome of its own answers and grade."""
    pick = np.random.default_rng(3).integers(0, len(EXAMPLES[name]), 200)
    chosen = [EXAMPLES[name][n] for n in pick]
    found = graded(name, [one["answers"] for one in chosen], grades=[one.get("grade") for one in chosen])
    assert list(found.columns) == list(DECIDED)
    for row, one in zip(found.iter_rows(named=True), chosen, strict=True):
        alone = load_form(name).outcome(one["answers"], one.get("grade"))
        assert (row["category"], row["subtype"], row["words"], row["missing"]) == (
            alone.category,
            alone.subtype,
            alone.words,
            alone.missing,
        )
        assert row["problem"] is None


def test_vertebra_that_could_not_be_read():
    """It comes to the class for that, with the reason, and what was answered stays to be seen."""
    found = graded(
        "abq-2004", [{"as_expected": "yes"}, {}], evaluable=[False, True], reasons=["overlap", None]
    )
    first, second = found.rows(named=True)
    assert (first["category"], first["subtype"]) == ("unevaluable", "overlap")
    assert (first["answers"], first["missing"]) == ("as_expected=yes", None)
    assert (second["category"], second["missing"]) == (None, "as_expected")


def test_what_is_wrong_is_said_of_that_vertebra_alone():
    found = graded(
        "abq-2004",
        [
            {"as_expected": "yes"},
            {"as_expected": "perhaps"},
            {"as_expected": "yes", "cause": "neither"},
            {"x": "y"},
        ],
    )
    assert found["category"].to_list() == ["normal", None, None, None]
    assert found["problem"].to_list() == [
        None,
        "abq-2004: as_expected: expected one of yes, no, got 'perhaps'",
        "abq-2004: cause: expected no answer, as no other answer leads to it, got 'neither'",
        "abq-2004: expected a question, as_expected, projection, depression, explained, cause, shape, "
        "buckling, short_height, got 'x'",
    ]


def test_a_decision_is_made_once_for_every_set_of_answers_not_once_a_vertebra(monkeypatch):
    made = []
    monkeypatch.setattr(grading, "decide", lambda *given: made.append(given) or decide(*given))
    count = 100_000
    answers = pl.DataFrame({"_vertebra": range(count), "question": "as_expected", "answer": "yes"})
    vertebrae = pl.DataFrame({"evaluable": [True], "not_evaluable_reason": [""], "grade": [0]})
    found = grade_form(load_form("abq-2004"), pl.concat([vertebrae] * count, rechunk=True), answers)
    assert found["category"].value_counts().rows() == [("normal", count)]
    assert len(made) == 1
