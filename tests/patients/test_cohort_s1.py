"""The 13 children of a pamidronate study (S1), classified by the definition that the study cites.

``cases/pamidronate`` has the printed Table 1: no site or age of a fracture is printed, and the text names
vertebral fractures of no 12 (idiopathic juvenile osteoporosis) alone, so the others' are ``peripheral``; that
no 12 has neither local disease nor high-energy trauma is taken from its diagnosis.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from spinegrade.anatomy import GRADED
from spinegrade.osteoporosis.cohort import Classification, classify
from spinegrade.patients.reading import Patients, read_patients

CASE = Path(__file__).parents[1] / "cases" / "pamidronate"
TABLE = Path(__file__).parents[3] / "shared" / "data" / "cohort" / "pamidronate_table1.csv"


@pytest.fixture(scope="module")
def rows():
    """Give the rows by the number that a child has in the table."""
    frame = classify(read_patients(CASE), None, GRADED, Classification())
    return {int(row["patient"].removeprefix("S1-")): row for row in frame.iter_rows(named=True)}


def test_one_is_certain_and_two_are_possible(rows):
    by_class = {}
    for number, row in rows.items():
        by_class.setdefault(row["classification"], []).append(number)
    assert by_class == {
        "osteoporosis": [12],
        "osteoporosis not excluded": [2, 7],
        "no osteoporosis by these rules": [1, 3, 4, 5, 6, 8, 9, 10, 11, 13],
    }


def test_why(rows):
    assert rows[12]["R1"] == "met"
    assert rows[12]["R1_because"].startswith("age < 20; vertebral fractures >= 1; local disease: no")
    assert rows[7]["missing"] == "R3: fractures.long_bone"  # at 5.8 years all three are by age 10
    assert rows[2]["missing"] == "R3: fractures.long_bone; fractures.age_at"
    assert [rows[n]["R3"] for n in (5, 13)] == ["not met"] * 2  # one fracture is no history


def test_all_have_a_low_density_and_that_alone_is_no_diagnosis(rows):
    assert all(row["bmd_z_high"] <= -2.3 for row in rows.values())
    assert {n for n, row in rows.items() if row["R4"] == "met"} == set(rows) - {2, 7, 12}


def test_long_bones_by_ten_would_make_two_and_seven_certain(rows):
    given = read_patients(CASE)
    told = given.fractures.with_columns(
        long_bone=pl.lit(value=True), age_at=5 + pl.int_range(pl.len()) / 10, site=pl.lit("femur")
    ).filter(pl.col("patient").is_in(["S1-2", "S1-7"]))
    known = Patients(given.patients, told, given.bmd)
    frame = classify(known, None, GRADED, Classification()).filter(pl.col("R3") == "met")
    assert frame["patient"].to_list() == ["S1-2", "S1-7"]


def test_the_case_is_the_printed_table(rows):
    if not TABLE.exists():
        pytest.skip("the published table is not on this machine")
    printed = pl.read_csv(TABLE)
    given = read_patients(CASE)
    assert given.patients["age"].to_list() == printed["age_first_dose"].to_list()
    assert given.bmd.filter(pl.col("site") == "spine")["z"].to_list() == printed["ls0"].to_list()
    counts = dict(given.fractures.group_by("patient").len().iter_rows())
    assert [counts.get(f"S1-{n}", 0) for n in printed["no"]] == printed["fx_before"].to_list()
