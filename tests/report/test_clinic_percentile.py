"""The zone between Genant's 0.80 and the 5th percentile of children: said, and no fracture."""

from __future__ import annotations

import pytest
from attrs import evolve

from read_films import make_reading, save, take_apart
from spinegrade.readings import Exam
from spines import invoke


@pytest.fixture
def findings(tmp_path):
    """Give a function that returns what the page says of the films of somebody of an age."""

    def make(age, *losses):
        (tmp_path / "readings").mkdir()
        for number, lost in enumerate(losses):
            reading = make_reading(lost={level: (loss, 0, 0) for level, loss in lost.items()})
            reading = evolve(reading, exam=Exam("P-17", reading.exam.id, None), reader=f"R{number}")
            save(reading, tmp_path / "readings" / f"{number}.reading.json")
        (tmp_path / "patients.csv").write_text(f"patient,sex,age\nP-17,M,{age}\n")
        output = tmp_path / "page.html"
        said = invoke("report", tmp_path / "readings", "--patients", tmp_path / "patients.csv", "-o", output)
        assert said.code == 0, said.err
        return take_apart(output.read_text("utf-8")).one("section", class_="found")

    return make


def test_below_the_line_and_no_fracture(findings):
    found = findings(9, {"L2": 0.15})
    said = found.one("p", class_="below").text
    assert said.startswith("Wedged more than most: L2 0.8")
    assert "below 0.893, the 5th percentile of children at T10-L3 (Gaca 2010, on CT)" in said
    assert "No vertebra graded 1 or more" in found.text


@pytest.mark.parametrize(
    ("age", "lost"),
    [
        (9, {}),
        (9, {"T8": 0.15}),  # the line is of T10 to L3
        (9, {"L2": 0.3}),  # a fracture, and said to be one
        (40, {"L2": 0.15}),
        ("", {"L2": 0.15}),  # of unknown age
    ],
)
def test_nothing_is_said_elsewhere(findings, age, lost):
    assert not findings(age, lost).every("p", class_="below")


def test_readings_that_differ(findings):
    said = findings(9, {"L2": 0.15}, {}).one("p", class_="below").text
    assert "in 1 of 2 readings" in said
