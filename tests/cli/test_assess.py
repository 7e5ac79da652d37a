"""``spinegrade assess``: a reading a row."""

from __future__ import annotations

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spinegrade.assess import SUMMARY_SCHEMA, Method, summarise_rows
from spinegrade.io.columns import ROW
from spines import heights, invoke, many, shuffled, sound, table


@pytest.fixture
def spines():
    """Give a fractured spine, a normal one, and one of which too little can be read."""
    fractured = heights(T8=(0.3, 0.0, 0.0), T10=(0.45, 0.45, 0.45))
    short = heights([level for level in heights() if level not in ("T9", "L2")])
    return pl.concat([table(fractured, exam="E1"), table(exam="E2"), table(short, exam="E3", reader="[b]R2")])


@pytest.fixture
def landmarks(tmp_path, spines):
    """Give the spines as a landmark table, its rows in no order."""
    shuffled(spines).write_csv(tmp_path / "landmarks.csv")
    return tmp_path / "landmarks.csv"


def test_csv_on_standard_output(landmarks, spines):
    """What comes out is what the core says, in the order of the first rows of the readings."""
    said = invoke("assess", landmarks)
    assert (said.code, said.err) == (0, "")
    found = pl.read_csv(said.out.encode(), schema=SUMMARY_SCHEMA)
    assert_frame_equal(found, summarise_rows(sound(shuffled(spines)), Method()).drop(ROW))
    assert dict(zip(found["exam"], found["status"], strict=True)) == {
        "E1": "fractured",
        "E2": "normal",
        "E3": "uninterpretable",
    }


@pytest.mark.parametrize("name", ["spines.csv", "spines.json", "spines.parquet"])
def test_a_file_holds_the_same_rows(landmarks, tmp_path, name):
    """Whatever its format."""
    assert invoke("assess", landmarks, "-o", tmp_path / name).code == 0
    rows = json.loads(invoke("assess", landmarks, "--format", "json").out)
    read = {".csv": pl.read_csv, ".json": pl.read_json, ".parquet": pl.read_parquet}[f".{name.split('.')[1]}"]
    found = read(tmp_path / name)
    assert found.select(pl.all().cast(pl.String)).to_dicts() == [
        {key: None if value is None else str(value) for key, value in row.items()} for row in rows
    ]


def test_json_has_a_number_for_a_number_and_null_for_none(landmarks):
    """Nothing is left out and nothing is a sentinel."""
    rows = {row["exam"]: row for row in json.loads(invoke("assess", landmarks, "--format", "json").out)}
    assert list(rows["E1"]) == list(SUMMARY_SCHEMA)
    assert (rows["E1"]["sdi"], rows["E1"]["grade_T8"], rows["E1"]["fractured"]) == (5, 2, 2)
    assert (rows["E3"]["grade_T9"], rows["E3"]["sdi_low"], rows["E3"]["sdi_high"]) == (None, 0, 6)


def test_a_table_for_a_person(landmarks):
    """Grades side by side, what the index could be, names as they are."""
    said = invoke("assess", landmarks, "--format", "table")
    assert (said.code, said.err) == (0, "")
    lines = {line.split()[1]: line for line in said.out.splitlines() if line.split()[:1] == ["P1"]}
    assert "fractured" in lines["E1"]
    assert "0 (0-6)" in lines["E3"]
    assert "[b]R2" in lines["E3"]
    assert "no medical device" in said.out


def test_other_levels(landmarks):
    """A grade for each level that was asked for."""
    said = invoke("assess", landmarks, "--levels", "T8-T10", "--format", "json")
    row = json.loads(said.out)[0]
    assert [name for name in row if name.startswith("grade_")] == ["grade_T8", "grade_T9", "grade_T10"]
    assert row["levels"] == "T8-T10"


def test_a_row_left_out_is_listed(tmp_path):
    """And the rest is summed up."""
    path = tmp_path / "a.csv"
    many(2).write_csv(path)
    path.write_text(path.read_text().replace(",T6,", ",S6,", 1))
    said = invoke("assess", path, "--keep-going")
    assert said.code == 1
    assert said.lines == [
        f"left out: {path}: line 4: level: expected one of C3..L6, got 'S6'",
        "1 left out, 2 rows of results",
    ]
    assert said.out.count("\n") == 3


def test_an_existing_output_is_kept(landmarks, tmp_path):
    """Unless told otherwise."""
    output = tmp_path / "spines.csv"
    output.write_text("precious")
    assert invoke("assess", landmarks, "-o", output).code == 1
    assert output.read_text() == "precious"
    assert invoke("assess", landmarks, "-o", output, "--force").code == 0
    assert output.read_text() == invoke("assess", landmarks).out
