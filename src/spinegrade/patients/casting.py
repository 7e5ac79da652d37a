"""Cells as text to cells of their kind, with what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from spinegrade.patients.columns import EMPTY, PLACE, TABLES, TRUTHS, Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@frozen
class Misfit:
    """A cell that does not fit its column: the place of its row, and what was expected and got."""

    place: int
    what: str


_TYPES: dict[str, type[pl.DataType]] = {
    "text": pl.String,
    "choice": pl.String,
    "number": pl.Float64,
    "date": pl.Date,
    "truth": pl.Boolean,
}


def empty_table(name: str) -> pl.DataFrame:
    """Return a table of patients without rows."""
    return pl.DataFrame(schema={PLACE: pl.Int64, **{one.name: _TYPES[one.kind] for one in TABLES[name]}})


def cast_table(raw: pl.DataFrame, name: str, *, decimal_comma: bool) -> tuple[pl.DataFrame, list[Misfit]]:
    """Return the rows of a table in the kinds of its columns, absent ones null, and what does not fit.

    ``raw`` has `PLACE` and any of the columns as text.  Empty rows go, and so does a row with a cell that
    does not fit.
    """
    columns = TABLES[name]
    given = [one.name for one in columns if one.name in raw.columns]
    text = raw.select(PLACE, *(_said(one) for one in columns if one.name in given)).filter(
        ~pl.all_horizontal(pl.col(given).is_null())
    )
    cast = text.select(
        PLACE,
        *(
            _cast(one, decimal_comma=decimal_comma).alias(one.name)
            if one.name in given
            else pl.lit(None, _TYPES[one.kind]).alias(one.name)
            for one in columns
        ),
    )
    misfits = list(_misfits(text, cast, [one for one in columns if one.name in given]))
    if misfits:
        cast = cast.filter(~pl.col(PLACE).is_in([one.place for one in misfits]))
    return cast, sorted(misfits, key=lambda one: one.place)


def _said(column: Column) -> pl.Expr:
    """Return the text of a column without the spaces around it; null where it says nothing.

    A patient may be called ND or None.
    """
    text = pl.col(column.name).cast(pl.String).str.strip_chars()
    words = ("",) if column.name == "patient" else (*EMPTY, *column.empty)
    nothing = text.str.to_lowercase().is_in(words)
    return pl.when(~nothing).then(text).alias(column.name)


def _cast(column: Column, *, decimal_comma: bool) -> pl.Expr:
    text = pl.col(column.name)
    if column.kind == "number":
        dotted = text.str.replace(",", ".", literal=True) if decimal_comma else text
        number = dotted.cast(pl.Float64, strict=False)
        return pl.when(number.is_between(column.low, column.high)).then(number)
    if column.kind == "date":
        return text.str.replace(r"[ T]00:00:00(\.0+)?$", "").str.to_date("%Y-%m-%d", strict=False)
    if column.kind == "truth":
        return text.str.to_lowercase().replace_strict(TRUTHS, default=None, return_dtype=pl.Boolean)
    if column.kind == "choice":
        return _plain(text).replace_strict(_choices(column), default=None, return_dtype=pl.String)
    return text


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all(r"[\s_-]+", "_")


_ALSO = {
    "female": "F",
    "male": "M",
    "lumbar_spine": "spine",
    "pa_spine": "spine",
    "tblh": "total_body_less_head",
}
"""Other words for a choice."""


def _choices(column: Column) -> dict[str, str]:
    """Return every way to write a choice, and the choice."""
    words = {one.lower().replace("-", "_"): one for one in column.choices}
    return words | {also: one for also, one in _ALSO.items() if one in column.choices}


def _misfits(text: pl.DataFrame, cast: pl.DataFrame, columns: Sequence[Column]) -> Iterator[Misfit]:
    for column in columns:
        if cast[column.name].null_count() > text[column.name].null_count():
            lost = text.filter(cast[column.name].is_null() & text[column.name].is_not_null())
            for place, value in lost.select(PLACE, column.name).iter_rows():
                yield Misfit(place, f"{column.name}: expected {column.wanted}, got {value!r}")
    for place in cast.filter(pl.col("patient").is_null())[PLACE]:
        yield Misfit(place, "patient: expected a value, got nothing")
