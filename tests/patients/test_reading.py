"""Tables of patients: the forms they come in, and cells and files that are none."""

from __future__ import annotations

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from patients.clinic import write
from spinegrade.errors import FormatError
from spinegrade.patients.columns import PLACE, TABLES
from spinegrade.patients.reading import read_patients

PATIENTS = ["patient,sex,birth_date,local_disease,height_cm", "P1,F,2015-02-03,no,120.5", "P2,m,,yes,"]
FRACTURES = [
    "patient,site,age_at,mechanism",
    "P1,Femur,7,low energy",
    "P1,T8,,",
    "P2,lower leg,3.5,high-energy",
]
BMD = ["patient,site,z,reference,date", "P1,PA spine,-2.4,Somebody 2010,2026-01-05"]
EXPOSURES = ["patient,exposure,agent,mg_per_day,months", "P2,glucocorticoid,prednisone,7.5,4"]
NESTED = [
    {
        "patient": "P1",
        "sex": "female",
        "birth_date": "2015-02-03",
        "local_disease": False,
        "height_cm": 120.5,
        "fractures": [
            {"site": "femur", "age_at": 7, "mechanism": "low-energy"},
            {"site": "T8"},
        ],
        "bmd": [{"site": "spine", "z": -2.4, "reference": "Somebody 2010", "date": "2026-01-05"}],
    },
    {
        "patient": "P2",
        "sex": "M",
        "birth_date": None,
        "local_disease": True,
        "fractures": [{"site": "lower_leg", "age_at": 3.5, "mechanism": "high-energy"}],
        "exposures": [{"exposure": "glucocorticoid", "agent": "prednisone", "mg_per_day": 7.5, "months": 4}],
    },
]


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path, patients=PATIENTS, fractures=FRACTURES, bmd=BMD, exposures=EXPOSURES)


def same(one, other):
    for name in TABLES:
        assert_frame_equal(getattr(one, name).drop(PLACE), getattr(other, name).drop(PLACE))


def test_a_folder_of_spreadsheets(folder):
    given = read_patients(folder)
    assert given.patients["sex"].to_list() == ["F", "M"]
    assert given.patients["local_disease"].to_list() == [False, True]
    assert given.fractures["site"].to_list() == ["femur", "T8", "lower_leg"]
    assert given.fractures["mechanism"].to_list() == ["low-energy", None, "high-energy"]
    assert given.bmd["site"].to_list() == ["spine"]
    assert given.exposures.height == 1


def test_one_file_is_the_patients_alone(folder):
    given = read_patients(folder / "patients.csv")
    assert (given.patients.height, given.fractures.height, given.bmd.height) == (2, 0, 0)


def test_everything_in_one_json(folder, tmp_path):
    path = tmp_path / "all.json"
    path.write_text(json.dumps(NESTED))
    same(read_patients(path), read_patients(folder))


def test_everything_in_one_parquet(folder, tmp_path):
    json_path, path = tmp_path / "all.json", tmp_path / "all.parquet"
    json_path.write_text(json.dumps(NESTED))
    pl.read_json(json_path).with_columns(pl.col("birth_date").str.to_date()).write_parquet(path)
    same(read_patients(path), read_patients(folder))


def test_parquet_tables_in_a_folder(folder, tmp_path):
    other = tmp_path / "parquet"
    other.mkdir()
    for name in TABLES:
        pl.read_csv(folder / f"{name}.csv", try_parse_dates=True).write_parquet(other / f"{name}.parquet")
    same(read_patients(other), read_patients(folder))


def test_a_spreadsheet_of_another_country(folder, tmp_path):
    text = "\r\n".join(line.replace(",", ";").replace(".", ",") for line in PATIENTS)
    (folder / "patients.csv").write_text(text + ";\u00e9\r\n".replace("\u00e9", ""), "utf-16")
    assert read_patients(folder).patients["height_cm"].to_list() == [120.5, None]


@pytest.mark.parametrize("empty", ["", "NA", "unknown", "nd", " ? "])
def test_what_says_nothing(tmp_path, empty):
    given = read_patients(write(tmp_path, patients=["patient,sex,age", f"P1,{empty},{empty}", ",,"]))
    assert given.patients.select("sex", "age").row(0) == (None, None)
    assert given.patients.height == 1


@pytest.mark.parametrize("name", ["none", "NA", "ND", "nan", "unknown", "?", "0"])
def test_a_patient_may_have_any_name(tmp_path, name):
    lines = {"patients": ["patient,sex", f"{name},F"], "fractures": ["patient,site", f"{name},rib"]}
    given = read_patients(write(tmp_path, **lines))
    assert given.patients["patient"].to_list() == given.fractures["patient"].to_list() == [name]


@pytest.mark.parametrize(
    ("table", "lines", "words"),
    [
        (
            "patients",
            ["patient,sex", "P1,F", "P2,X"],
            r"patients\.csv: line 3: sex: expected one of F, M, got 'X'",
        ),
        ("patients", ["patient,age", "P1,131"], r"line 2: age: expected a number from 0 to 130, got '131'"),
        ("patients", ["patient,age", "P1,inf"], r"line 2: age: expected a number from 0 to 130, got 'inf'"),
        ("patients", ["patient,birth_date", "P1,3.2.2015"], r"birth_date: expected a date as in 2026-11-21"),
        ("patients", ["patient,local_disease", "P1,maybe"], r"local_disease: expected true or false"),
        ("patients", ["patient,sex", "P1,F", "P1,F"], r"line 3: patient: expected P1 once, got it again"),
        ("patients", ["patient,sex", ",F"], r"line 2: patient: expected a value, got nothing"),
        ("patients", ["sex,age", "F,3"], r"header: expected column 'patient'"),
        ("patients", ["patient,name", "P1,x"], r"expected columns of a table of patients, got 'name'"),
        ("patients", ["patient,sex,sex", "P1,F,F"], r"expected every column once, got 'sex' twice"),
        ("patients", ["patient,sex", "P1,F,4"], r"line 2: expected as many fields as columns, got more"),
        ("patients", ["patient,sex", 'P1,"F', "P2,M"], r"expected quotation marks in pairs"),
        ("patients", ["patient,sex"], r"expected at least one patient, got none"),
        (
            "fractures",
            ["patient,site", "P1,knee"],
            r"fractures\.csv: line 2: site: expected one of vertebra|femur",
        ),
        (
            "bmd",
            ["patient,z", "P1,-26"],
            r"bmd\.csv: line 2: z: expected a number from -15 to 15 .*, got '-26'",
        ),
        ("bmd", ["patient,t", "P1,-23"], r"t: expected a number from -15 to 15 \(a decimal point lost\?\)"),
        ("bmd", ["patient,z_low", "P1,-26"], r"z_low: expected a number from -25 to 25"),
        ("patients", ["patient,heigth_cm", "P1,9"], r"'heigth_cm' \(is height_cm meant\?\); --ignore"),
        ("patients", ["patient,Sex", "P1,F"], r"'Sex' \(is sex meant\?\)"),
        ("fractures", ["patient,colour", "P1,9"], r"'colour' \(expected are patient, site, .*comment\)"),
        ("exposures", ["patient,months", "P1,-1"], r"exposures\.csv: line 2: months: expected"),
    ],
)
def test_cells_that_do_not_fit(folder, table, lines, words):
    """Are named by file, line and column."""
    write(folder, **{table: lines})
    with pytest.raises(FormatError, match=words):
        read_patients(folder)


def test_the_first_is_named_and_the_others_are_counted(folder):
    write(folder, bmd=["patient,z,t", "P1,a,1", "P1,2,b", "P2,1,1"])
    with pytest.raises(FormatError, match=r"line 2: z: .*\(and 1 more\)"):
        read_patients(folder)
    given = read_patients(folder, keep_going=True)
    assert (given.bmd.height, len(given.problems)) == (1, 2)
    assert "line 3: t: expected" in given.problems[1]


def test_a_patient_twice_is_left_out_twice(folder):
    write(folder, patients=["patient,sex", "P1,F", "P2,F", "P1,M"])
    given = read_patients(folder, keep_going=True)
    assert given.patients["patient"].to_list() == ["P2"]


def test_unknown_columns_are_read_past_when_asked(folder):
    write(folder, patients=["patient,name,sex", "P1,Somebody,F"])
    given = read_patients(folder, ignore_unknown=True)
    assert "name" not in given.patients.columns
    assert given.patients["sex"].to_list() == ["F"]


@pytest.mark.parametrize(
    "cell", ["8y", "8 years", "8;6", "8.5.1", "45982", "21.11.2016", "11/21/2016", "2016-13-01", "2016-02-30"]
)
def test_no_date_and_no_age_is_guessed(tmp_path, cell):
    """Neither days of a spreadsheet nor dates of another country."""
    column = "age" if cell.startswith("8") else "birth_date"
    with pytest.raises(FormatError, match=rf"line 2: {column}: expected .*, got '{cell}'"):
        read_patients(write(tmp_path, patients=[f"patient\t{column}", f"P1\t{cell}"]))


@pytest.mark.parametrize("name", ["fracture.csv", "Fractures.csv", "fractures.xlsx", "fractures_2026.csv"])
def test_a_table_under_another_name_is_not_passed_over(folder, name):
    """A ledger that nobody reads would be taken for one without fractures."""
    (folder / "fractures.csv").rename(folder / name)
    with pytest.raises(
        FormatError, match=rf"{name}: expected fractures\.csv, \.tsv or \.parquet, got the name"
    ):
        read_patients(folder)
    assert read_patients(folder, ignore_unknown=True).fractures.is_empty()


def test_other_files_in_a_folder_are_nobodys_business(folder):
    for name in ("landmarks.csv", "fractures_old.csv", "notes.txt", "fractures.csv.bak", "~$patients.xlsx"):
        (folder / name).write_text("x\n")
    assert read_patients(folder).fractures.height == 3


def test_the_patients_alone(folder):
    """Other tables are not even opened."""
    write(folder, bmd=["no table"])
    given = read_patients(folder, alone=True)
    assert (given.patients.height, given.fractures.height) == (2, 0)
    (folder / "patients.csv").unlink()
    (folder / "patients.json").write_text(json.dumps(NESTED))
    assert read_patients(folder, alone=True).fractures.is_empty()


def test_a_sex_that_is_neither_is_not_known(tmp_path):
    given = read_patients(write(tmp_path, patients=["patient,sex", "P1,Other", "P2,F"]))
    assert given.patients["sex"].to_list() == [None, "F"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "expected JSON, got"),
        ("{}", "expected an array with an object for each patient"),
        ("[]", "expected an array with an object for each patient"),
        (
            '[{"patient": "P1", "sex": "F", "sex": "M"}]',
            "expected JSON, got: the key 'sex' twice in one object",
        ),
        ('[{"patient": "P1", "bmd": [{"z": -3, "z": -1}]}]', "the key 'z' twice"),
        ('[{"patient": "P1", "bmd": 3}]', "entry 1: bmd: expected an array of objects, got 3"),
        ('[{"patient": "P1", "colour": 3}]', "expected columns of a table of patients, got 'colour'"),
        ('[{"patient": "P1"}, {"patient": "P2", "bmd": [{"z": "x"}]}]', "entry .*2.*: z: expected a number"),
        ('[{"patient": "P1", "sex": "X"}]', "entry 1: sex: expected one of F, M, got 'X'"),
    ],
)
def test_json_that_is_none(tmp_path, content, words):
    path = tmp_path / "patients.json"
    path.write_text(content)
    with pytest.raises(FormatError, match=words):
        read_patients(path)


def test_parquet_that_is_none(tmp_path):
    path = tmp_path / "patients.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(FormatError, match="expected a readable Parquet file"):
        read_patients(path)
    pl.DataFrame({"patient": ["P1"], "bmd": [3]}).write_parquet(path)
    with pytest.raises(FormatError, match="column 'bmd': expected a list of structs, got Int64"):
        read_patients(path)
    pl.DataFrame({"patient": ["P1"], "sex": [["F"]]}).write_parquet(path)
    with pytest.raises(FormatError, match="column 'sex': expected single values"):
        read_patients(path)


def test_files_that_are_not_there(tmp_path, folder):
    with pytest.raises(FormatError, match="expected a file or folder of patients, got none"):
        read_patients(tmp_path / "gone.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match=r"expected patients\.csv, \.parquet or \.json in the folder"):
        read_patients(tmp_path / "empty")
    (tmp_path / "patients.txt").write_text("x")
    with pytest.raises(FormatError, match=r"expected a name that ends in \.csv"):
        read_patients(tmp_path / "patients.txt")
    pl.DataFrame({"patient": ["P1"]}).write_parquet(folder / "patients.parquet")
    with pytest.raises(FormatError, match=r"expected one table of patients, got patients\.csv and"):
        read_patients(folder)
    (folder / "patients.csv").unlink()
    (folder / "patients.parquet").unlink()
    (folder / "patients.json").write_text(json.dumps(NESTED))
    with pytest.raises(FormatError, match="expected one table of fractures, got one within the patients"):
        read_patients(folder)
