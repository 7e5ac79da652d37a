"""Answers to forms, from readings and from tables, as one long table: one answer a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from spinegrade.errors import SpinegradeError
from spinegrade.io.columns import KEY
from spinegrade.io.csv_frame import LINE
from spinegrade.io.reading_json import read_reading
from spinegrade.qualitative.long_table import read_long

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COLUMNS = (*KEY, "form", "question", "answer")
"""Columns of a table of answers."""

FILE = "_file"
"""Where an answer stands, beside `LINE`: of a CSV file, the row of a Parquet file, null in a reading."""

SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(COLUMNS, pl.String),
    "occasion": pl.Int64,
    FILE: pl.String,
    LINE: pl.Int64,
}


@frozen
class Answers:
    """Answers in `SCHEMA`, and what could not be used, each with its place."""

    rows: pl.DataFrame
    problems: list[str]


def answer_place(row: dict[str, object]) -> str:
    """Return file, line and vertebra of an answer, for messages."""
    line = "" if row[LINE] is None else f"line {row[LINE]}: "
    return f"{row[FILE]}: {line}{vertebra_words(row)}"


def vertebra_words(row: dict[str, object]) -> str:
    """Return which vertebra a row is of."""
    return f"{row['level']} of exam {row['exam']} by {row['reader']}, occasion {row['occasion']}"


def reading_answers(paths: Iterable[Path]) -> pl.DataFrame:
    """Return the answers in reading files; what is no reading is passed over, as others say so."""
    rows = []
    for path in paths:
        try:
            reading = read_reading(path)
        except SpinegradeError:
            continue
        shared = (reading.exam.patient, reading.exam.id, reading.reader, reading.occasion)
        rows += [
            (*shared, vertebra.level, form, question, answer, str(path), None)
            for vertebra in reading.vertebrae
            for form, answers in vertebra.forms.items()
            for question, answer in answers.items()
        ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def read_answers(path: Path) -> Answers:
    """Return the answers in a table, .csv or .parquet, in `COLUMNS`; an empty answer is none.

    Raises
    ------
    FormatError
        If the file cannot be read or its columns are others.
    """
    raw = read_long(path, COLUMNS, "answers")
    words = [name for name in COLUMNS if name not in ("occasion", "patient", "exam", "reader")]
    text = raw.with_columns(pl.col(words).str.strip_chars()).with_columns(
        pl.when(pl.col(COLUMNS).str.strip_chars() != "").then(pl.col(COLUMNS)).name.keep()
    )
    text = text.filter(pl.any_horizontal(pl.col(COLUMNS).is_not_null()))
    number = pl.col("occasion").str.strip_chars().cast(pl.Float64, strict=False)
    whole = pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False)
    rows = text.with_columns(occasion=whole, _file=pl.lit(str(path)))
    empty = pl.any_horizontal(pl.col([name for name in COLUMNS if name != "answer"]).is_null())
    problems = _incomplete(text.filter(rows.select(empty).to_series()), path)
    rows = rows.filter(~empty & pl.col("answer").is_not_null())
    return Answers(rows.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()), problems)


def _incomplete(rows: pl.DataFrame, path: Path) -> list[str]:
    problems = []
    for row in rows.iter_rows(named=True):
        name = next((one for one in COLUMNS if row[one] is None and one != "answer"), "occasion")
        wanted = "a whole number" if name == "occasion" else "a value"
        got = "nothing" if row[name] is None else repr(row[name])
        problems.append(f"{path}: line {row[LINE]}: {name}: expected {wanted}, got {got}")
    return problems


def answered_twice(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Return the answers of which each stands once, and what is said of those that stand twice."""
    key = (*KEY, "form", "question")
    twice = rows.filter(pl.struct(key).is_duplicated())
    problems = []
    for _, again in twice.group_by(key, maintain_order=True):
        first, second = again.row(0, named=True), again.row(1, named=True)
        msg = f"{answer_place(second)}: {second['form']}: {second['question']}: expected one answer, got "
        problems.append(f"{msg}{second['answer']!r} and {first['answer']!r}")
    return rows.filter(~pl.struct(key).is_duplicated()), problems
