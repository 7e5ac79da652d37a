"""Normals from a result table of heights, one vertebra a row, as ``spinegrade grade`` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.anatomy import LEVELS, POSITIONS
from spinegrade.errors import FormatError
from spinegrade.io.csv_frame import LINE, read_lined
from spinegrade.io.csv_text import read_dialect
from spinegrade.norms.normals import from_rows

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.norms.normals import Normals
    from spinegrade.norms.people import People

_TEXT = ("patient", "exam", "level")
_COLUMNS = (*_TEXT, *POSITIONS, "grade", "visual_grade", "date")
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
    """Return ``patient, exam, level``, three heights, and grades and date where it has them.

    Raises
    ------
    FormatError
        If a cell is none that such a table has; with its line, in a Parquet file its row.
    """
    if path.suffix.lower() == ".parquet":
        raw = pl.read_parquet(path).with_row_index(LINE, offset=1)
    else:
        dialect = read_dialect(path, _COLUMNS, POSITIONS)
        raw = read_lined(path, dialect)
        if dialect.decimal_comma:
            raw = raw.with_columns(pl.col(name).str.replace(",", ".", literal=True) for name in POSITIONS)
    numbers = (*POSITIONS, "grade", "visual_grade")
    cast = raw.select(
        *(pl.col(name).cast(pl.String) for name in _TEXT),
        *(_given(raw, name).cast(pl.Float64, strict=False).fill_nan(None).alias(name) for name in numbers),
        _given(raw, "date").cast(pl.Date, strict=False).alias("date"),
    )
    for name in numbers:
        if name in raw.columns and cast[name].null_count() > _empty(raw[name]):
            lost = raw.filter(cast[name].is_null() & ~_is_empty(raw[name]))
            msg = f"{path}: line {lost[LINE][0]}: {name}: expected a number, got {lost[name][0]!r}"
            raise FormatError(msg)
    wrong = raw.select(LINE, "level").filter(~cast["level"].is_in(LEVELS).fill_null(value=False))
    if wrong.height:
        line, level = wrong.row(0)
        msg = f"{path}: line {line}: level: expected one of {LEVELS[0]}..{LEVELS[-1]}, got {level!r}"
        raise FormatError(msg)
    return cast


def _given(raw: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in raw.columns else pl.lit(None, pl.String)


def _is_empty(column: pl.Series) -> pl.Series:
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    return column.is_null() | text.is_in(["", "nan", "na"]).fill_null(value=False)


def _empty(column: pl.Series) -> int:
    return int(_is_empty(column).sum())


def own_normals(rows: pl.DataFrame, people: People | None, source: str, *, only_normal: bool) -> Normals:
    """Return the normals in rows of heights, with sex and age of the people where they are known.

    With ``only_normal`` a vertebra stays whose ``visual_grade``, or else ``grade``, is 0.
    """
    notes = () if people is not None else ("sex and age not given",)
    if only_normal:
        rows = rows.filter(pl.coalesce("visual_grade", "grade") == 0)
    if people is None:
        named = rows.with_columns(pl.lit(None, pl.Int64).alias("sex"), pl.lit(None, pl.Float64).alias("age"))
    else:
        sex, age = people.facts(rows["patient"], rows["date"])
        named = rows.with_columns(pl.Series("sex", sex), pl.Series("age", age, nan_to_null=True))
    positive = [pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in POSITIONS]
    return from_rows(named.with_columns(positive), source, _OWN, notes)
