"""Sex and age of people, from tables as clinics keep them."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from norms.norm_files import norm
from spinegrade.errors import FormatError
from spinegrade.norms.people import NormUse, People, read_people
from spinegrade.patients.reading import read_patients

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


@pytest.mark.parametrize(
    ("row", "on", "fault", "age"),
    [
        (",2020-03-01,", "2024-03-01", None, 4.0),
        (",2020-03-01,", "2031-01-01", "date of the exam after today", np.nan),
        (",2020-03-01,", "2020-02-29", "date of the exam before the birth", np.nan),
        (",1880-03-01,", "2024-03-01", "age over 130 at the exam", np.nan),
        ("9,,2024-03-01", "2031-01-01", "date of the exam after today", np.nan),
        ("9,,2024-03-01", "2010-03-01", "date of the exam before the birth", np.nan),
        ("1,,2024-03-01", "2022-09-01", None, 0.0),
        ("9,,2030-03-01", "2024-03-01", "date of the age after today", np.nan),
        ("9,,2030-03-01", None, "date of the age after today", np.nan),
        ("9,2015-03-01,2030-03-01", "2024-03-01", None, 9.0),
        ("9,,", "2024-03-01", None, 9.0),
        (",,", "2031-01-01", "date of the exam after today", np.nan),
    ],
)
def test_dates_that_cannot_be_are_named_and_tell_no_age(tmp_path, row, on, fault, age):
    (tmp_path / "people.csv").write_text(f"patient,age,birth_date,date\nA,{row}\n")
    people = read_people(tmp_path / "people.csv")
    asked = pl.Series(["A"]), pl.Series([on], dtype=pl.String).str.to_date("%Y-%m-%d")
    assert people.faults(*asked).to_list() == [fault]
    assert people.facts(*asked)[1].tolist() == pytest.approx([age], nan_ok=True)


def test_parquet(tmp_path):
    path = tmp_path / "people.parquet"
    pl.DataFrame({"patient": ["A"], "sex": ["M"], "age": [7.5]}).write_parquet(path)
    assert read_people(path).frame.row(0) == ("A", 1, 7.5, None, None)


def test_an_age_with_its_date_grows_up_to_the_film(tmp_path):
    (tmp_path / "people.csv").write_text("patient,sex,age,date\nA,F,9,2020-03-01\nB,F,9,\n")
    people = read_people(tmp_path / "people.csv")
    dates = pl.Series([date(2025, 3, 1), date(2025, 3, 1), None])
    _, age = people.facts(pl.Series(["A", "B", "A"]), dates)
    assert age.tolist() == [14.0, 9.0, 9.0]


def test_an_age_is_counted_where_it_can_be(tmp_path):
    """At an exam years before, the age that the table gives is none."""
    (tmp_path / "patients.csv").write_text("patient,age,birth_date\nA,16,2010-06-15\n")
    people = read_people(tmp_path)
    for on, age in ((date(2020, 6, 15), 10.0), (None, 16.0)):
        assert people.facts(pl.Series(["A"]), pl.Series([on], dtype=pl.Date))[1][0] == age
    assert people.facts(pl.Series(["A"]))[1][0] == 16.0


def test_columns_of_something_else_and_other_tables_are_passed_over(tmp_path):
    (tmp_path / "patients.csv").write_text("patient,sex,ward\nA,other,3\nB,unknown,3\n")
    (tmp_path / "bmd.csv").write_text("no table of densities\n")
    assert read_people(tmp_path).facts(pl.Series(["A", "B"]))[0].tolist() == [-1, -1]


def test_the_reader_is_the_one_of_patients(tmp_path):
    """What classification reads gives the same people, in JSON and other encodings too."""
    (tmp_path / "patients.csv").write_text("patient;sex;age\nM\u00fcller;F;9,5\n", "cp1252")
    (tmp_path / "patients.json").write_text('[{"patient": "M\u00fcller", "sex": "female", "age": 9.5}]')
    frames = [read_people(tmp_path / f"patients{suffix}").frame for suffix in (".csv", ".json")]
    assert frames[0].equals(frames[1])
    assert People.of(read_patients(tmp_path / "patients.csv")).frame.equals(frames[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patient,sex\nA,F\nA,F\n", "line 3: patient: expected A once, got it again"),
        ("patient,sex\n,F\n", "line 2: patient: expected a value"),
        ("patient,sex\nA,girl\n", "line 2: sex: expected one of F, M, got 'girl'"),
        ("patient,age\nA,old\n", "line 2: age: expected a number from 0 to 130, got 'old'"),
        ("patient,age\nA,-1\n", "line 2: age: expected a number from 0 to 130, got '-1'"),
        ("patient,age\nA,131\n", "line 2: age: expected a number from 0 to 130"),
        ("patient,birth_date\nA,15.6.2010\n", "birth_date: expected a date as in 2026-11-21, got"),
        ("name,sex\nA,F\n", "expected column 'patient'"),
        ("", "empty file"),
    ],
)
def test_defects_are_named(tmp_path, text, said):
    path = tmp_path / "people.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=said):
        read_people(path)


@pytest.mark.parametrize("column", ["Age", "AGE", " ages", "Sex", "birthdate", "Birth date"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".json"])
def test_a_column_called_nearly_so_is_not_passed_over(tmp_path, column, suffix):
    """The age of everybody would silently be unknown."""
    path = tmp_path / f"patients{suffix}"
    frame = pl.DataFrame({"patient": ["A"], column: ["12"]})
    {".csv": frame.write_csv, ".parquet": frame.write_parquet, ".json": frame.write_json}[suffix](path)
    for given in (path, tmp_path):
        if given == path or suffix != ".json":
            with pytest.raises(FormatError, match=r"header: expected '(sex|age|birth_date)', or a name less"):
                read_people(given)


def test_columns_of_other_names_are_still_passed_over(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("patient,age,Age group,stage,ward,sex\nA,12,2,IV,3,F\n")
    assert read_people(path).facts(pl.Series(["A"]))[1].tolist() == [12.0]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FormatError, match="expected a file or folder of patients, got none"):
        read_people(tmp_path / "gone.csv")
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(FormatError, match="expected a readable Parquet file, got"):
        read_people(path)


def test_norm_without_people_uses_what_is_for_anybody():
    one = norm(["wedge_ratio,T12,any,,,0.95,0.05", "wedge_ratio,L1,female,,,0.97,0.05"])
    ratios = NormUse(one).expected_ratios(pl.Series(["A", "B"]), None)
    assert ratios.shape == (2, 23, 3)
    assert np.isfinite(ratios[:, :, 0]).sum() == 2
