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


def test_inputs_are_asked_for_with_what_they_would_decide(cohort: dict[str, Account]) -> None:
    account = cohort["S1-2"]
    assert account.adult is False
    first = list(account.wanted)[:2]
    assert first == ["fractures.long_bone", "fractures.age_at"]
    assert "R3" in [one.rule.code for one in account.wanted["fractures.age_at"]]
    every = {what for one in account.concerning for what in one.missing}
    assert set(account.wanted) == every


def test_only_the_rules_for_the_age_concern_a_patient(cohort: dict[str, Account]) -> None:
    groups = {one.rule.group for account in cohort.values() for one in account.concerning}
    assert groups == {"child"}


def of(tmp_path: Path, text: str) -> Account:
    (tmp_path / "patients.csv").write_text(text)
    how = Classification()
    (account,) = accounts(classify(read_patients(tmp_path), None, GRADED, how), how)
    return account


def test_without_an_age_no_rule_for_adults_asks_for_more_than_it(tmp_path: Path) -> None:
    account = of(tmp_path, "patient,sex\nP1,F\n")
    assert account.adult is None
    assert {one.rule.group for one in account.concerning} == {"child", "adult"}
    asked = {
        what for what, answers in account.wanted.items() if any(one.rule.group == "adult" for one in answers)
    }
    assert asked == {"birth_date or age"}
    assert "bmd.t" not in account.wanted


def test_an_adult_goes_by_the_rules_for_adults(tmp_path: Path) -> None:
    account = of(tmp_path, "patient,sex,age\nP1,F,20\n")
    assert account.adult is True
    assert {one.rule.group for one in account.concerning} == {"adult"}
    assert "bmd.t" in account.wanted
