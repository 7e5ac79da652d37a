"""The columns of a landmark table, one vertebra a row, and how they look once read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen
from polars import selectors

from spinegrade.anatomy import LANDMARKS
from spinegrade.calibration import WHY_NO_MM
from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

READING_KEY = ("patient", "exam", "reader", "occasion")
KEY = (*READING_KEY, "level")
COORDINATES = tuple(f"{landmark}_{axis}" for landmark in LANDMARKS for axis in ("row", "column"))
SPACING = ("row_spacing_mm", "column_spacing_mm")
CALIBRATION = "calibration"
"""Where the spacing comes from, a `CalibrationState`; null where nobody said."""

REQUIRED = (*KEY, *COORDINATES)
OPTIONAL = (
    *SPACING,
    CALIBRATION,
    "image",
    "date",
    "visual_grade",
    "evaluable",
    "not_evaluable_reason",
    "shape",
    "comment",
)

SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys((*KEY, *OPTIONAL), pl.String),
    **dict.fromkeys((*COORDINATES, *SPACING, "visual_grade"), pl.Float64),
    "occasion": pl.Int64,
    "date": pl.Date,
    "evaluable": pl.Boolean,
}
TABLE_COLUMNS = (*REQUIRED, *OPTIONAL)

ROW = "_row"
"""Place of the row in its source, from 0; travels with it to name it in messages."""


UNIT = "_unit"
"""mm or px: what lengths of the row are in.  In px a spacing, if there is one, gives the shape of a pixel."""


@frozen
class Problem:
    """A row that cannot be used: its place in the source, and what was expected and got."""

    row: int
    what: str


def check_header(columns: list[str], where: str, *, ignore_unknown: bool) -> None:
    """Refuse a header that lacks a column, names one twice or has an unknown one.

    Raises
    ------
    FormatError
        If it does.
    """
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        msg = f"{where}: header: expected column {missing[0]!r}{others}, got {_shown(columns)}"
        raise FormatError(msg)
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        msg = f"{where}: header: expected every column once, got {twice[0]!r} twice"
        raise FormatError(msg)
    unknown = [name for name in columns if name not in SCHEMA]
    if unknown and not ignore_unknown:
        msg = f"{where}: header: expected columns of a landmark table, got {unknown[0]!r}; "
        msg += "--ignore-unknown reads past it"
        raise FormatError(msg)


def check_types(schema: Mapping[str, pl.DataType], where: str) -> None:
    """Refuse a column whose own type cannot hold what a landmark table has there.

    Raises
    ------
    FormatError
        If there is one.
    """
    for name, given in schema.items():
        if name in SCHEMA and not _fits(given, SCHEMA[name]):
            msg = f"{where}: column {name!r}: expected {_WANTED[SCHEMA[name]]}, got {given}"
            raise FormatError(msg)


def _fits(given: pl.DataType, wanted: type[pl.DataType]) -> bool:
    if given in (pl.String, pl.Categorical, pl.Enum, pl.Null, wanted):
        return True
    if wanted == pl.String:
        return not given.is_nested()
    return given == pl.Datetime if wanted == pl.Date else given.is_numeric()


def _shown(columns: list[str]) -> str:
    shown = ", ".join(columns[:6])
    return f"{shown}, ... ({len(columns)} columns)" if len(columns) > 6 else shown


def cast_columns(raw: pl.DataFrame, *, decimal_comma: bool) -> tuple[pl.DataFrame, list[Problem]]:
    """Return the table in `SCHEMA`, absent columns null, and the cells that do not fit it.

    ``raw`` has `ROW` and any of the columns of a landmark table, as text or in their own types.  A
    row in which everything is null, as an empty line is read, is dropped, and so is a row with a cell
    that does not fit.
    """
    given = [name for name in TABLE_COLUMNS if name in raw.columns]
    raw = raw.filter(~pl.all_horizontal(pl.col(given).is_null())).with_columns(
        (selectors.categorical() | selectors.enum()).cast(pl.String)
    )
    cast = raw.select(
        ROW,
        *(
            _cast(name, raw.schema[name], decimal_comma=decimal_comma)
            if name in raw.columns
            else pl.lit(None, SCHEMA[name]).alias(name)
            for name in TABLE_COLUMNS
        ),
    ).with_columns(pl.when(_in_pixels(raw)).then(pl.lit("px")).otherwise(pl.lit("mm")).alias(UNIT))
    problems = [
        Problem(row, f"{name}: expected {_WANTED[SCHEMA[name]]}, got {value!r}")
        for name in given
        for row, value in _lost(raw, cast, name)
    ]
    if problems:
        cast = cast.filter(~pl.col(ROW).is_in([problem.row for problem in problems]))
    return cast, sorted(problems, key=lambda problem: problem.row)


def _in_pixels(raw: pl.DataFrame) -> pl.Expr:
    """Return where lengths are in pixels, by the rule of `Calibration.spacing`."""
    without = pl.col(SPACING[0]).is_null()
    return without | pl.col(CALIBRATION).is_in(list(WHY_NO_MM)) if CALIBRATION in raw.columns else without


_WANTED: dict[type[pl.DataType], str] = {
    pl.String: "text",
    pl.Float64: "a number",
    pl.Int64: "a whole number",
    pl.Date: "a date as in 2026-11-21",
    pl.Boolean: "true or false",
}

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _cast(name: str, given: pl.DataType, *, decimal_comma: bool) -> pl.Expr:
    """Return the column in the type of `SCHEMA`; null where it does not fit."""
    wanted, column = SCHEMA[name], pl.col(name)
    if given == pl.String and name == "level":
        column = column.str.strip_chars()
    elif given != pl.String or wanted == pl.String:
        column = _whole(column, given, wanted).cast(wanted, strict=False)
    else:
        column = column.str.strip_chars()
        if wanted == pl.Float64 and decimal_comma:
            column = column.str.replace(",", ".", literal=True)
        if wanted == pl.Boolean:
            column = column.str.to_lowercase().replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
        elif wanted == pl.Date:
            column = column.str.to_date("%Y-%m-%d", strict=False)
        elif wanted == pl.Int64:  # 1.0 is how some programs write 1 in a column with gaps
            number = column.cast(pl.Float64, strict=False)
            column = _whole(number, pl.Float64(), wanted).cast(wanted, strict=False)
        else:
            column = column.cast(wanted, strict=False)
    return column.fill_nan(None) if wanted == pl.Float64 else column


def _whole(column: pl.Expr, given: pl.DataType, wanted: type[pl.DataType]) -> pl.Expr:
    """Return numbers as they are where a cast keeps their value, null where it would not."""
    if wanted == pl.Int64 and given.is_float():
        return pl.when(column == column.floor()).then(column)
    if wanted == pl.Boolean and given.is_numeric():
        return pl.when((column == 0) | (column == 1)).then(column)
    return column


def _lost(raw: pl.DataFrame, cast: pl.DataFrame, name: str) -> list[tuple[int, object]]:
    """Return row and value of the cells that held something and became null."""
    if cast[name].null_count() == raw[name].null_count():
        return []
    column = raw[name]
    empty = column.is_null()
    if column.dtype == pl.String:
        empty |= column.str.strip_chars().str.to_lowercase().is_in(["", "nan", "na"])
    elif column.dtype.is_float():
        empty |= column.is_nan().fill_null(value=True)
    lost = raw.filter(cast[name].is_null() & ~empty)
    return list(zip(lost[ROW].to_list(), lost[name].to_list(), strict=True))
