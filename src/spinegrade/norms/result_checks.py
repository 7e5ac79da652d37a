"""What makes a row of a result table unusable: named by line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.anatomy import LEVELS, POSITIONS
from spinegrade.io.columns import KEY
from spinegrade.io.csv_frame import LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    Found = Iterator[tuple[int, str]]

_WANTED = {"occasion": "a whole number", "date": "a date as in 2026-11-21"}
_APART = "columns reader and occasion tell readings apart"


def wrong_rows(raw: pl.DataFrame, cast: pl.DataFrame) -> Found:
    """Yield line and words of the first row that each check finds wrong.

    ``raw`` has the cells as they were given and `LINE`, ``cast`` the same rows in their types, null where a
    cell does not fit.
    """
    for name in ("patient", "exam"):
        yield from _first(raw, cast[name].is_null(), name, "a value")
    level = f"one of {LEVELS[0]}..{LEVELS[-1]}"
    yield from _first(raw, ~cast["level"].is_in(LEVELS).fill_null(value=False), "level", level)
    for name in cast.columns:
        if name in raw.columns:
            lost = cast[name].is_null() & ~_is_empty(raw[name])
            yield from _first(raw, lost, name, _WANTED.get(name, "a number"))
    for name in POSITIONS:
        wrong = (cast[name] <= 0) | cast[name].is_infinite()
        yield from _first(raw, wrong.fill_null(value=False), name, "a height above 0")
    for place, what in repeated(cast):
        yield raw[LINE][place], what


def repeated(rows: pl.DataFrame) -> Found:
    """Yield place and words of the first vertebra that stands there again in one and the same reading."""
    again = ~rows.select(pl.struct(KEY).is_first_distinct()).to_series()
    if not again.any():
        return
    place = int(again.arg_max() or 0)
    of = rows.row(place, named=True)
    by = f" by {of['reader']}" if of["reader"] is not None else ""
    on = f", occasion {of['occasion']}" if of["occasion"] is not None else ""
    what = f"level: expected {of['level']} once in the reading of exam {of['exam']}{by}{on}, got it again"
    yield place, what if by and on else f"{what}; {_APART}"


def _first(raw: pl.DataFrame, wrong: pl.Series, name: str, wanted: str) -> Found:
    for line, value in raw.filter(wrong).head(1).select(LINE, name).iter_rows():
        shown = value if isinstance(value, str) or value is None else f"{value}"
        yield line, f"{name}: expected {wanted}, got {shown!r}"


def _is_empty(column: pl.Series) -> pl.Series:
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    return column.is_null() | text.is_in(["", "nan", "na"]).fill_null(value=False)
