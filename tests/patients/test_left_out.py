"""Rows of patients that cannot be read and are left out never turn into a certain no."""

from __future__ import annotations

from pathlib import Path

import pytest

from patients.clinic import write
from spinegrade.anatomy import GRADED
from spinegrade.errors import FormatError
from spinegrade.osteoporosis.cohort import Classification, classify
from spinegrade.patients.reading import read_patients
from spines import invoke

SAMPLES = Path(__file__).parents[2] / "sample_images"
PATIENTS = [
    "patient,age,sex,date,fractures_complete,exposures_complete",
    "woman,82,F,2026-03-16,yes,yes",
    "child,9,F,2026-03-16,yes,yes",
    "other,9,M,2026-03-16,yes,yes",
]
SCANS = [
    "patient,site,z,reference,date",
    "child,spine,-1.0,ref,2024-01-10",
    "other,spine,-1.0,ref,2024-01-10",
]
LEDGER = ["patient,site,age_at,mechanism", "child,tibia,5,low-energy"]


def rows(folder, **tables):
    given = read_patients(write(folder, patients=PATIENTS, **tables), keep_going=True)
    return {row["patient"]: row for row in classify(given, None, GRADED, Classification()).to_dicts()}


def test_without_any_the_answers_are_certain(tmp_path):
    found = rows(tmp_path, fractures=LEDGER, bmd=SCANS)
    assert (found["woman"]["A2"], found["child"]["R2"], found["child"]["R3"]) == ("not met",) * 3


@pytest.mark.parametrize("broken", ["woman,hip,80y,low-energy", "woman,hipp,80,low-energy"])
def test_a_hip_fracture_that_cannot_be_read(tmp_path, broken):
    found = rows(tmp_path, fractures=[*LEDGER, broken], bmd=SCANS)
    assert (found["woman"]["A2"], found["woman"]["A2_missing"]) == ("indeterminate", "fractures_complete")
    assert found["woman"]["contradictions"] == "a row of fractures that cannot be read"
    assert (found["child"]["R2"], found["child"]["contradictions"]) == ("not met", None)


def test_a_scan_that_cannot_be_read_may_be_the_latest(tmp_path):
    ledger = [*LEDGER, "child,femur,6,low-energy"]
    certain = rows(tmp_path, fractures=ledger, bmd=SCANS)["child"]
    assert (certain["R2"], certain["R3"]) == ("met", "not met")
    found = rows(tmp_path, fractures=ledger, bmd=[*SCANS, "child,spine,-3.1z,ref,2026-01-10"])
    assert (found["child"]["R3"], found["child"]["bmd_z_low"]) == ("indeterminate", None)
    assert found["child"]["contradictions"] == "a row of bmd that cannot be read"
    assert found["other"]["bmd_z_low"] == -1


def test_what_was_certain_all_the_same_stays(tmp_path):
    ledger = [*LEDGER, "child,femur,6,low-energy", "child,femur,7y,low-energy"]
    assert rows(tmp_path, fractures=ledger)["child"]["R2"] == "met"


def test_without_keep_going_nothing_is_left_out(tmp_path):
    with pytest.raises(FormatError, match="line 3: age_at"):
        read_patients(write(tmp_path, patients=PATIENTS, fractures=[*LEDGER, "woman,hip,80y,"]))


def test_the_report_says_it_of_the_patient(tmp_path):
    reading = SAMPLES / "readings" / "child_R1_1.reading.json"
    write(tmp_path, patients=["patient,age,fractures_complete", "sample-04,9,yes"])
    write(tmp_path, fractures=[LEDGER[0], "sample-04,femur,x,"])
    said = invoke("report", reading, "--patients", tmp_path, "-o", tmp_path / "p.html", "--keep-going")
    assert said.code == 1
    assert "a row of fractures that cannot be read" in (tmp_path / "p.html").read_text("utf-8")
