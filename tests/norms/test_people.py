"""Sex and age of people, from tables as clinics keep them."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from norms.norm_files import norm
from spinegrade.errors import FormatError
from spinegrade.norms.people import NormUse, read_people

TABLE = "patient;sex;age;birth_date;height_cm\nA;F;12,5;;140\nB;male;;2010-06-15;150\nC;;;;\n"


@pytest.fixture
def people(tmp_path):
    (tmp_path / "patients.csv").write_text(TABLE)
    return read_people(tmp_path)


def test_facts(people):
    """An age as given, or from birth to the exam; what is not known stays unknown."""
    sex, age = people.facts(pl.Series(["B", "A", "C", "D"]), pl.Series([date(2020, 6, 15)] * 4))
    assert sex.tolist() == [1, 0, -1, -1]
    assert age == pytest.approx([10.0, 12.5, np.nan, np.nan], abs=0.01, nan_ok=True)


def test_without_dates_or_before_birth(people):
    assert np.isnan(people.facts(pl.Series(["B"]))[1][0])
    assert np.isnan(people.facts(pl.Series(["B"]), pl.Series([date(2009, 1, 1)]))[1][0])


def test_parquet(tmp_path):
    path = tmp_path / "people.parquet"
    pl.DataFrame({"patient": ["A"], "sex": ["M"], "age": [7.5]}).write_parquet(path)
    assert read_people(path).frame.row(0) == ("A", 1, 7.5, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patient,sex\nA,F\nA,F\n", "patient 1: patient: expected each patient once, got 'A'"),
        ("patient,sex\n,F\n", "patient 1: patient: expected a value"),
        ("patient,sex\nA,girl\n", "patient 1: sex: expected F, M, .*, got 'girl'"),
        ("patient,age\nA,old\n", "patient 1: age: expected an age in years, got 'old'"),
        ("patient,age\nA,-1\n", "patient 1: age: expected an age in years, got '-1'"),
        ("patient,age\nA,131\n", "patient 1: age: expected an age in years"),
        ("patient,birth_date\nA,15.6.2010\n", "birth_date: expected a date as in 2010-11-21, got"),
        ("name,sex\nA,F\n", "expected column 'patient'"),
        ("", "empty file"),
    ],
)
def test_defects_are_named(tmp_path, text, said):
    path = tmp_path / "people.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=said):
        read_people(path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FormatError, match="expected a table of patients, got"):
        read_people(tmp_path / "gone.csv")
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(FormatError, match="expected a table of patients, got"):
        read_people(path)


def test_norm_without_people_uses_what_is_for_anybody():
    one = norm(["wedge_ratio,T12,any,,,0.95,0.05", "wedge_ratio,L1,female,,,0.97,0.05"])
    ratios = NormUse(one).expected_ratios(pl.Series(["A", "B"]), None)
    assert ratios.shape == (2, 23, 3)
    assert np.isfinite(ratios[:, :, 0]).sum() == 2
