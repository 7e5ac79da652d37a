"""Tables of contours of endplates, of more points than the three landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from spinegrade.io.columns import KEY
from spinegrade.io.csv_frame import LINE
from spinegrade.qualitative.answers import FILE, answer_place
from spinegrade.qualitative.long_table import read_long

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ENDPLATES = ("superior", "inferior")
COLUMNS = (*KEY, "endplate", "point", "row", "column")
"""Columns of a table of contours, a point a row; ``point`` numbers them from corner to corner."""
PLATE = (*KEY, "endplate")
"""What an endplate is known by."""
_WHOLE = ("occasion", "point")
_WANTED = {
    "endplate": "superior or inferior",
    **dict.fromkeys(_WHOLE, "a whole number"),
    **dict.fromkeys(("row", "column"), "a number of pixels"),
}
_FARTHEST = 1e9
"""No film has so many pixels, and no reading so many occasions."""
SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(COLUMNS, pl.String),
    **dict.fromkeys(_WHOLE, pl.Int64),
    **dict.fromkeys(("row", "column"), pl.Float64),
    FILE: pl.String,
    LINE: pl.Int64,
}


@frozen
class Contours:
    """Points in `SCHEMA`, and what could not be used, each with its place."""

    rows: pl.DataFrame
    problems: list[str]


def read_contours(paths: Iterable[Path]) -> Contours:
    """Return the contours in tables, each from its first point to its last.

    Of an endplate that has a point that cannot be used, or may have it, there is no contour: the deepest
    point may be that one.

    Raises
    ------
    FormatError
        If a file cannot be read or its columns are others.
    """
    none = pl.DataFrame(schema=SCHEMA)
    texts = [
        read_long(path, COLUMNS, "contours", ("row", "column")).with_columns(_file=pl.lit(str(path)))
        for path in paths
    ]
    if not texts:
        return Contours(none, [])
    text = pl.concat(
        one.select(pl.col(COLUMNS).str.strip_chars().replace("", None), FILE, pl.col(LINE).cast(pl.Int64))
        for one in texts
    )
    text = text.filter(pl.any_horizontal(pl.col(COLUMNS).is_not_null()))
    number = {name: pl.col(name).cast(pl.Float64, strict=False) for name in ("occasion", *COLUMNS[-3:])}
    rows = text.with_columns(
        *(pl.when(value.abs() <= _FARTHEST).then(value).alias(name) for name, value in number.items()),
        pl.when(pl.col("endplate").is_in(ENDPLATES)).then("endplate"),
    ).with_columns(
        pl.when(pl.col(name) == pl.col(name).floor()).then(name).cast(pl.Int64, strict=False).alias(name)
        for name in _WHOLE
    )
    wrong = {name: pl.col(name).is_null() for name in COLUMNS}
    problems = _said(rows, text, wrong)
    broken = pl.any_horizontal(wrong.values()).any().over(PLATE)
    rows = rows.filter(~(broken | wrong["endplate"].any().over(KEY)))
    return _whole_plates(rows, problems)


def _said(rows: pl.DataFrame, text: pl.DataFrame, wrong: dict[str, pl.Expr]) -> list[str]:
    """Return what is wrong with the first cell of each row that is no use."""
    name = pl.coalesce(pl.when(where).then(pl.lit(name)) for name, where in wrong.items())
    names = rows.select(name.alias("name")).to_series()
    said = []
    for row, column in zip(text.filter(names.is_not_null()).to_dicts(), names.drop_nulls(), strict=True):
        got = "nothing" if row[column] is None else repr(row[column])
        wanted = _WANTED.get(column, "a value")
        said.append(f"{row[FILE]}: line {row[LINE]}: {column}: expected {wanted}, got {got}")
    return said


def _whole_plates(rows: pl.DataFrame, problems: list[str]) -> Contours:
    """Return the endplates of which there are three points or more, numbered from 1 without a gap."""
    point = pl.col("point")
    twice = pl.struct(*PLATE, "point").is_duplicated()
    gap = ((point.min() != 1) | (point.max() != pl.len())).over(PLATE)
    few = (pl.len() < 3).over(PLATE)
    wrong = (
        (twice, pl.format("every point once, got point {} twice", point)),
        (few & ~twice.any().over(PLATE), pl.lit("three points or more, got fewer")),
        (
            gap & ~few & ~twice.any().over(PLATE),
            pl.lit("points from 1 on without a gap, got another numbering"),
        ),
    )
    for where, words in wrong:
        found = rows.with_columns(_words=words).filter(where).unique(PLATE, keep="first", maintain_order=True)
        problems += [
            f"{answer_place(row)}: {row['endplate']} endplate: expected {row['_words']}"
            for row in found.to_dicts()
        ]
    rows = rows.filter(~(twice.any().over(PLATE) | few | gap)).sort(*PLATE, "point")
    return Contours(rows.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()), problems)
