"""Answers to qualitative forms on the page: the classes are those of ``spinegrade qualitative``."""

from __future__ import annotations

import polars as pl
import pytest
from attrs import evolve

from read_films import make_reading, refused, take_apart, with_vertebra
from spinegrade.assess import Method
from spinegrade.io.film_match import FilmFinder
from spinegrade.io.reading_json import write_reading
from spinegrade.qualitative.form import load_form
from spinegrade.report import Chosen, make_page
from spines import invoke

ABQ = "abq-2004"
NORMAL = {"as_expected": "yes"}
FRACTURE = {
    "as_expected": "no", "projection": "no", "depression": "upper", "explained": "no", "cause": "neither",
    "shape": "wedge", "buckling": "yes",
}  # fmt: skip


def answered(reading, **answers):
    """Return the reading with the ABQ answered at these levels."""
    by_level = {one.level: one for one in reading.vertebrae}
    return with_vertebra(
        reading,
        *(evolve(by_level[level], forms={ABQ: given}) for level, given in answers.items()),
    )


@pytest.fixture
def page(tmp_path):
    """Give a function that makes the page of a reading and takes it apart."""

    def make(reading):
        chosen = [Chosen(reading, tmp_path / "a.reading.json", unexplained=False)]
        return take_apart(make_page(chosen, Method(), FilmFinder()).html)

    return make


def rows(page):
    """Return the rows of each form, level, outcome and answers, by the form's title."""
    section = page.one("section", class_="forms")
    return {
        part.one("p", class_="caption").text: [
            [cell.text for cell in row.walk() if cell.tag in ("th", "td")]
            for row in part.one("tbody").every("tr")
        ]
        for part in section.every("div", class_="table")
    }


def test_without_answers_there_is_nothing(page):
    assert not page(make_reading()).every("section", class_="forms")


def test_answers_are_shown_in_words(page):
    (found,) = rows(page(answered(make_reading(), T4=NORMAL, T8=FRACTURE))).values()
    assert [row[:2] for row in found] == [
        ["T4", "normal"],
        ["T8", "osteoporotic fracture: upper endplate"],
    ]
    assert found[0][2] == "Are all heights and both endplates as expected for this level? yes"
    assert "Is the cortex buckled? yes" in found[1][2]


def test_classes_are_those_of_the_command(page, tmp_path):
    """A vertebra of each kind: graded by its answers, by its height loss, open, and not evaluable."""
    graded = {
        "as_expected": "no",
        "projection": "no",
        "depression": "both",
        "explained": "no",
        "cause": "neither",
    }
    reading = make_reading()
    by_level = {one.level: one for one in reading.vertebrae}
    given = {"T4": NORMAL, "T7": graded, "T8": graded, "L1": {"as_expected": "no"}}
    reading = with_vertebra(
        reading,
        *(evolve(by_level[level], forms={"mabq-2018": answers}) for level, answers in given.items()),
        evolve(refused("L4"), forms={"mabq-2018": NORMAL}),
    )
    write_reading(reading, tmp_path / "one.reading.json")
    out = tmp_path / "out.csv"
    said = invoke("qualitative", tmp_path / "one.reading.json", "--form", "mabq-2018", "-o", out)
    assert said.code == 0, said.err
    words = {row["level"]: row["words"] for row in pl.read_csv(out).to_dicts()}
    (found,) = rows(page(reading)).values()
    assert [row[0] for row in found] == [*given, "L4"]
    assert {level: outcome for level, outcome, _ in found} == {
        level: words[level] for level in (*given, "L4")
    }


def test_what_is_no_answer_is_said_and_shown_as_it_is(page):
    wrong = NORMAL | {"depression": "upper"}
    (found,) = rows(page(answered(make_reading(), T4={"as_expected": "perhaps"}, T5=wrong))).values()
    assert [row[1] for row in found] == ["-", "-"]
    assert "expected one of yes, no, got 'perhaps'" in found[0][2]
    assert "as_expected perhaps" in found[0][2]
    assert "depression: expected no answer, as no other answer leads to it, got 'upper'" in found[1][2]


def test_a_form_of_somebody_elses(page):
    reading = make_reading()
    first = evolve(reading.vertebrae[0], forms={"own": {"<i>": "<b>yes</b>"}})
    made = page(with_vertebra(reading, first))
    assert rows(made) == {"own": [["T4", "-", "<i> <b>yes</b>"]]}
    assert "does not come with spinegrade" in made.one("section", class_="forms").text


def test_the_form_says_what_it_rests_on(page):
    text = page(answered(make_reading(), T4=NORMAL)).one("section", class_="forms").text
    assert "Unconfirmed. That a fracture needs" in text
    assert load_form(ABQ).source.stamp in text


def test_what_forms_found_stands_on_the_first_page(tmp_path):
    """Of two readings one answers: a fracture is told, a normal and an open vertebra are not."""
    first = answered(make_reading(), T4=NORMAL, T8=FRACTURE, L1={"as_expected": "no"})
    (tmp_path / "readings").mkdir()
    for number, one in enumerate((first, make_reading(reader="R2"))):
        write_reading(one, tmp_path / "readings" / f"{number}.reading.json")
    (tmp_path / "patients.csv").write_text("patient,age\nP-17,9\n")
    page, table = tmp_path / "page.html", tmp_path / "patients.csv"
    said = invoke("report", tmp_path / "readings", "--patients", table, "-o", page)
    assert said.code == 0, said.err
    text = take_apart(page.read_text("utf-8")).one("section", class_="found").one("p", class_="noted").text
    assert text == (
        "By qualitative forms, which the rules do not count: "
        "T8 osteoporotic fracture: upper endplate (abq-2004) in 1 of 2 readings."
    )
    write_reading(make_reading(), tmp_path / "readings" / "0.reading.json", force=True)
    assert invoke("report", tmp_path / "readings", "--patients", table, "-o", page, "--force").code == 0
    assert not take_apart(page.read_text("utf-8")).every("p", class_="noted")
