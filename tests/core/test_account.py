"""A classified patient as records, from the tables of a clinic."""

from pathlib import Path

import pytest

from spinegrade.anatomy import GRADED
from spinegrade.osteoporosis.account import Account, accounts
from spinegrade.osteoporosis.cohort import Classification, classify
from spinegrade.patients.reading import read_patients

COHORT = Path(__file__).parents[1] / "cases" / "pamidronate"


@pytest.fixture(scope="module")
def cohort() -> dict[str, Account]:
    how = Classification()
    frame = classify(read_patients(COHORT), None, GRADED, how)
    return {one.patient: one for one in accounts(frame, how)}


def test_a_diagnosis_names_its_rule_and_reasons(cohort: dict[str, Account]) -> None:
    (only,) = cohort["S1-12"].met("diagnosis")
    assert only.rule.code == "R1"
    assert "vertebral fractures >= 1" in only.because
    assert only.missing == ()
    assert cohort["S1-12"].open == ()


def test_an_open_rule_names_what_would_decide_it(cohort: dict[str, Account]) -> None:
    (only,) = cohort["S1-2"].open
    assert only.rule.code == "R3"
    assert only.missing == ("fractures.long_bone", "fractures.age_at")
    assert only.because == ()


def test_every_rule_that_is_run_answers(cohort: dict[str, Account]) -> None:
    codes = [one.code for one in Classification().run]
    assert all([said.rule.code for said in one.answers] == codes for one in cohort.values())


def test_without_films_no_level_has_a_grade(cohort: dict[str, Account]) -> None:
    assert set(cohort["S1-1"].grades) == set(GRADED.levels)
    assert set(cohort["S1-1"].grades.values()) == {None}
    assert cohort["S1-1"].status is None
