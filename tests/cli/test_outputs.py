"""No verb writes over anything that it reads, even with --force."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spines import invoke

SAMPLES = Path(__file__).parents[2] / "sample_images"
NORM = Path(__file__).parents[2] / "src" / "spinegrade" / "norms" / "tables" / "gaca-2010.csv"


@pytest.fixture
def clinic(tmp_path):
    """Give a folder with landmarks, tables of patients, a norm and rules."""
    shutil.copy(SAMPLES / "landmarks.csv", tmp_path)
    shutil.copytree(SAMPLES / "patients", tmp_path / "patients")
    shutil.copy(NORM, tmp_path / "norm.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "over"),
    [
        ("norms score {0}/landmarks.csv --norms gaca-2010", "landmarks.csv"),
        ("norms score {0}/landmarks.csv --norms {0}/norm.csv", "norm.csv"),
        (
            "norms score {0}/landmarks.csv --norms gaca-2010 --patients {0}/patients",
            "patients/patients.csv",
        ),
        ("norms build {0}/landmarks.csv --id own --patients {0}/patients", "patients/patients.csv"),
        ("norms build {0}/landmarks.csv --id own", "landmarks.csv"),
        ("grade {0}/landmarks.csv --norms {0}/norm.csv", "norm.csv"),
        ("grade {0}/landmarks.csv --norms gaca-2010 --patients {0}/patients", "patients/patients.csv"),
        ("followup {0}/landmarks.csv --norms gaca-2010 --patients {0}/patients", "patients/patients.csv"),
        ("assess {0}/landmarks.csv --patients {0}/patients", "patients/bmd.csv"),
        ("assess --patients {0}/patients", "patients/patients.csv"),
    ],
)
def test_what_is_read_stays(clinic, words, over):
    target = clinic / over
    before = target.read_bytes()
    said = invoke(*words.format(clinic).split(), "--output", target, "--force")
    assert said.code == 1
    assert f"{target}: expected another file than the input, got one that is read" in said.err
    assert target.read_bytes() == before


def test_results_beside_the_tables_are_replaced(clinic):
    target = clinic / "patients" / "results.csv"
    for _ in range(2):
        said = invoke("assess", "--patients", clinic / "patients", "--output", target, "--force")
        assert said.code == 0, said.err
    assert target.read_text().startswith("patient,")
