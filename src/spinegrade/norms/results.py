"""Normals from a result table of heights, one vertebra a row, as ``spinegrade grade`` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.anatomy import POSITIONS
from spinegrade.errors import FormatError
from spinegrade.io.csv_frame import LINE, read_lined
from spinegrade.io.csv_text import read_dialect
from spinegrade.norms.normals import from_rows
from spinegrade.norms.result_checks import wrong_rows

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.norms.normals import Normals
    from spinegrade.norms.people import People

_TEXT = ("patient", "exam", "level")
_NUMBERS = (*POSITIONS, "grade", "visual_grade")
_COLUMNS = (*_TEXT, "reader", "occasion", *_NUMBERS, "date")
_OWN = "as the people they are of have allowed"


def columns_of(path: Path) -> list[str]:
    """Return the names of the columns of a table, CSV or Parquet.

    Raises
    ------
    FormatError
        If it is neither.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return list(pl.read_parquet_schema(path))
        return read_dialect(path, ("patient", "case", "level"), ()).columns
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"{path}: expected a table, got: {str(error).splitlines()[0]}"
        raise FormatError(msg) from error


def is_result_table(columns: list[str]) -> bool:
    """Return whether these are the columns of a result table."""
    return {*_TEXT, "posterior"} <= set(columns)


def read_result_table(path: Path) -> pl.DataFrame:
    """Return patient, exam, reader, occasion, level, three heights, grades and date of every vertebra.

    What the table does not have is null.  Two readings of an exam, told apart by reader or occasion, are two
    rows of a vertebra; a vertebra that stands twice in one reading is refused.

    Raises
    ------
    FormatError
        If a cell is none that such a table has, or a vertebra stands there again; with its line, in a Parquet
        file its row.
    """
    raw = _raw(path)
    cast = raw.select(
        *(_given(raw, name).cast(pl.String) for name in ("patient", "exam", "reader")),
        _given(raw, "occasion").cast(pl.Float64, strict=False).cast(pl.Int64, strict=False),
        pl.col("level").cast(pl.String),
        *(_given(raw, name).cast(pl.Float64, strict=False).fill_nan(None) for name in _NUMBERS),
        _day(raw),
    )
    if found := min(wrong_rows(raw, cast), default=None):
        line, what = found
        msg = f"{path}: line {line}: {what}"
        raise FormatError(msg)
    return cast


def _raw(path: Path) -> pl.DataFrame:
    """Return the cells of a table with their lines, those of a CSV file as text with decimal points."""
    if path.suffix.lower() == ".parquet":
        return pl.read_parquet(path).with_row_index(LINE, offset=1)
    dialect = read_dialect(path, _COLUMNS, POSITIONS)
    raw = read_lined(path, dialect)
    commas = [name for name in _NUMBERS if name in raw.columns] if dialect.decimal_comma else []
    return raw.with_columns(pl.col(name).str.replace(",", ".", literal=True) for name in commas)


def _day(raw: pl.DataFrame) -> pl.Expr:
    date = _given(raw, "date")
    text = "date" not in raw.columns or raw.schema["date"] == pl.String
    return date.str.strip_chars().str.to_date("%Y-%m-%d", strict=False) if text else date.cast(pl.Date)


def _given(raw: pl.DataFrame, name: str) -> pl.Expr:
    return (pl.col(name) if name in raw.columns else pl.lit(None, pl.String)).alias(name)


def own_normals(rows: pl.DataFrame, people: People | None, source: str, *, only_normal: bool) -> Normals:
    """Return the normals in rows of heights, with sex and age of the people where they are known.

    With ``only_normal`` a vertebra stays whose ``visual_grade``, or else ``grade``, is 0.
    """
    notes: tuple[str, ...] = () if people is not None else ("sex and age not given",)
    if only_normal:
        rows = rows.filter(pl.coalesce("visual_grade", "grade") == 0)
    if people is None:
        named = rows.with_columns(pl.lit(None, pl.Int64).alias("sex"), pl.lit(None, pl.Float64).alias("age"))
    else:
        sex, age = people.facts(rows["patient"], rows["date"])
        notes = fault_notes(rows, people)
        named = rows.with_columns(pl.Series("sex", sex), pl.Series("age", age, nan_to_null=True))
    return from_rows(named, source, _OWN, notes)


def fault_notes(exams: pl.DataFrame, people: People) -> tuple[str, ...]:
    """Return in sentences how many exams have dates with which nobody's age can be told, and why.

    ``exams`` has ``patient, exam, date``, the same exam more than once perhaps.
    """
    every = exams.select("patient", "exam", "date").unique(maintain_order=True)
    faults = people.faults(every["patient"], every["date"]).drop_nulls()
    counts = faults.to_frame().group_by("fault", maintain_order=True).len().rows()
    return tuple(f"{words}: {exams:,} exam{'s' * (exams > 1)}, age not known" for words, exams in counts)
