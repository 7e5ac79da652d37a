"""What a clinician reads where readers' grades would decide otherwise."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from attrs import evolve

from read_films import make_reading, save, take_apart, with_vertebra
from spinegrade.readings import Exam
from spinegrade.report.clinic_disputed import disputed
from spines import invoke


def account(said, switches="adult_from=20 grades=measured"):
    return SimpleNamespace(row={"disputed": said, "switches": switches})


def test_nothing_is_said_where_nothing_hangs_on_it():
    assert disputed(account(None)) == ""


@pytest.mark.parametrize(
    ("switches", "counts"),
    [
        ("by_age=at-most grades=measured", "the measured grades count here"),
        ("by_age=at-most grades=visual", "the readers' own grades count here"),
    ],
)
def test_both_answers_are_given_and_which_counts(switches, counts):
    said = "R1 by the switch grades: measured not met, visual met; "
    said += "A1 by the switch grades: measured met, visual indeterminate (T8 L2)"
    words = disputed(account(said, switches))
    assert "rule R1: by the measured grades not met, by the readers' own met" in words
    assert "rule A1: by the measured grades met, by the readers' own cannot be answered" in words
    assert counts in words
    assert words.endswith("Look again at T8, L2.")


def test_the_page_says_it_beside_the_verdict(tmp_path):
    """A child whose reader sees a fracture at T8 that the landmarks do not show."""
    reading = make_reading(lost={})
    reading = evolve(reading, exam=Exam("P-17", reading.exam.id, None))
    t8 = next(one for one in reading.vertebrae if one.level == "T8")
    (tmp_path / "readings").mkdir()
    save(with_vertebra(reading, evolve(t8, visual_grade=2.0)), tmp_path / "readings" / "a.reading.json")
    table = tmp_path / "patients.csv"
    table.write_text("patient,sex,age,local_disease,high_energy_trauma\nP-17,M,9,no,no\n")
    output = tmp_path / "page.html"
    said = invoke("report", tmp_path / "readings", "--patients", table, "-o", output)
    assert said.code == 0, said.err
    verdict = take_apart(output.read_text("utf-8")).one("section", class_="verdict").text
    assert "No osteoporosis by these rules" in verdict or "Osteoporosis not excluded" in verdict
    assert "rule R1: by the measured grades not met" in verdict
