"""Result tables of heights: which rows are read, and which are refused by line and column."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from spinegrade.anatomy import LEVELS
from spinegrade.errors import FormatError
from spinegrade.norms.people import read_people
from spinegrade.norms.results import own_normals, read_result_table

HEADER = "patient,exam,level,anterior,middle,posterior\n"
READ = "patient,exam,reader,occasion,level,anterior,middle,posterior\n"


def read(tmp_path, text):
    path = tmp_path / "grades.csv"
    path.write_text(text)
    return read_result_table(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER + "A,e,T10,8.93,9,10\nA,e,T10,7.0,9,10\n",
         "line 3: level: expected T10 once in the reading of exam e, got it again; columns reader"),
        (HEADER + "A,e,T10,17,9,10\nB,e,T10,1,9,10\n\nA,e,T10,99,9,10\n", "line 5: level: expected T10 once"),
        (READ + "A,e,R1,1,T10,8.93,9,10\nA,e,R1,1,T10,7.0,9,10\n",
         "line 3: level: expected T10 once in the reading of exam e by R1, occasion 1, got it again$"),
        (HEADER + "A,e,T10,8.93,9,0\n", "line 2: posterior: expected a height above 0, got '0'"),
        (HEADER + "A,e,T10,8,9,10\nA,e,T11,-8.93,9,10\n",
         "line 3: anterior: expected a height above 0, got '-8.93'"),
        (HEADER + "A,e,T10,8,inf,10\n", "line 2: middle: expected a height above 0, got 'inf'"),
        (HEADER + "A,e,T10,8,9,0\nA,e,S1,8,9,10\n", "line 2: posterior"),
        (HEADER + ",e,T10,8,9,10\n", "line 2: patient: expected a value, got None"),
        (HEADER + "A,,T10,8,9,10\n", "line 2: exam: expected a value, got None"),
        (READ + "A,e,R1,first,T10,8,9,10\n", "line 2: occasion: expected a whole number, got 'first'"),
        (HEADER.strip() + ",date\nA,e,T10,8,9,10,1.5.2020\n", "line 2: date: expected a date as in"),
    ],
)  # fmt: skip
def test_rows_that_are_refused(tmp_path, text, words):
    with pytest.raises(FormatError, match=rf"grades\.csv: {words}"):
        read(tmp_path, text)


def test_parquet_rows_are_counted_from_one(tmp_path):
    path = tmp_path / "grades.parquet"
    rows = {"patient": ["A"] * 2, "exam": ["e"] * 2, "level": ["T10", "T11"]}
    sides = {"anterior": [8.0, 8.0], "middle": [9.0, None], "posterior": [10.0, 0.0]}
    pl.DataFrame(rows | sides).write_parquet(path)
    with pytest.raises(FormatError, match=r"line 2: posterior: expected a height above 0, got '0\.0'"):
        read_result_table(path)


def test_heights_that_are_missing_are_no_fault(tmp_path):
    rows = read(tmp_path, HEADER + "A,e,T10,,nan,10\nA,f,T10,8,9,\nB,e,T10,8,9,10\n")
    assert rows["middle"].to_list() == [None, 9.0, 9.0]


def test_readings_of_one_exam_are_no_duplicates_and_are_averaged(tmp_path):
    rows = read(tmp_path, READ + "A,e,R1,1,T10,8,9,10\nA,e,R2,1,T10,9,9,10\nA,e,R1,2.0,T10,7,9,10\n")
    assert rows.select("reader", "occasion").rows() == [("R1", 1), ("R2", 1), ("R1", 2)]
    assert own_normals(rows, None, "", only_normal=False).heights[0, LEVELS.index("T10"), 0] == 8.0


def test_dates_are_read_and_those_that_cannot_be_are_named(tmp_path):
    """A film of 2031, and one before the birth, tell nobody's age: they are noted with their number."""
    head = HEADER.strip() + ",date\n"
    dates = ("2031-01-01", "2010-01-01", "2011-01-01", "2024-01-01")
    rows = read(tmp_path, head + "".join(f"A,{n},T10,8,9,10,{day}\n" for n, day in enumerate(dates)))
    assert rows["date"][3] == date(2024, 1, 1)
    (tmp_path / "patients.csv").write_text("patient,birth_date\nA,2020-01-01\n")
    found = own_normals(rows, read_people(tmp_path), "", only_normal=False)
    assert found.notes == (
        "date of the exam after today: 1 exam, age not known",
        "date of the exam before the birth: 2 exams, age not known",
    )
    assert found.age[3] == 4.0
