"""What makes a row of a norm unusable: named by file, line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.anatomy import LEVELS
from spinegrade.errors import RuleError
from spinegrade.norms.measures import MEASURES
from spinegrade.norms.table import SEXES

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = {
    "measure": tuple(MEASURES),
    "level": LEVELS,
    "sex": (*SEXES, "any"),
}

_ABOVE_ZERO = frozenset({"mean", "sd", "m", "s", "value"})
_RATIOS = frozenset({"mean", "m", "value"})
_HIGHEST = 5.0
"""Above which a number is no ratio of two heights of a spine, but a percentage."""
_NEEDED: dict[str, tuple[str, ...]] = {
    "mean-sd": ("mean", "sd"),
    "lms": ("age", "l", "m", "s"),
    "percentile": ("percentile", "value"),
}
_LINE = "_line"
_KEY = ["measure", "level", "sex"]


def check_rows(rows: pl.DataFrame, form: str, where: str, *, first_line: int) -> None:
    """Refuse rows, all of them text, that no norm of this form may have.

    Raises
    ------
    RuleError
        Of the first thing that is wrong.
    """
    if rows.is_empty():
        msg = f"{where}: expected rows below the header, got none"
        raise RuleError(msg)
    numbered = rows.with_row_index(_LINE, offset=first_line).with_columns(
        pl.col(name).cast(pl.Float64, strict=False).alias(f"{name}#")
        for name in rows.columns
        if name not in _WORDS
    )
    for found in (_cells(numbered, rows.columns, form), _percents(numbered), _ages(numbered, form)):
        for line, what in found:
            msg = f"{where}: line {line}: {what}"
            raise RuleError(msg)


def _cells(rows: pl.DataFrame, columns: list[str], form: str) -> Iterator[tuple[int, str]]:
    """Yield line and words of each cell that is wrong by itself."""
    for name in columns:
        if name in _WORDS:
            wrong, wanted = ~pl.col(name).is_in(_WORDS[name]), _one_of(_WORDS[name])
            wrong = wrong.fill_null(value=True)
        else:
            number = pl.col(f"{name}#")
            wrong = pl.col(name).is_not_null() & ~number.is_finite().fill_null(value=False)
            wanted = "a number"
            if name in _NEEDED[form]:
                wrong |= pl.col(name).is_null()
            if name in _ABOVE_ZERO:
                wrong |= (number <= 0).fill_null(value=False)
                wanted = "a number above 0"
        for line, value in rows.filter(wrong).select(_LINE, name).iter_rows():
            yield line, f"{name}: expected {wanted}, got {value!r}"


def _percents(rows: pl.DataFrame) -> Iterator[tuple[int, str]]:
    """Yield line and words of each number that can only be a percentage."""
    for name in sorted(_RATIOS & set(rows.columns)):
        for line, value in rows.filter(pl.col(f"{name}#") > _HIGHEST).select(_LINE, name).iter_rows():
            yield line, f"{name}: expected a ratio as 0.95, no percentage, got {value!r}"


def _one_of(words: tuple[str, ...]) -> str:
    return f"one of {', '.join(words)}" if len(words) < 20 else f"one of {words[0]}..{words[-1]}"


def _ages(rows: pl.DataFrame, form: str) -> Iterator[tuple[int, str]]:
    """Yield line and words of bands of age that are empty, half given or overlap, and of ages given twice."""
    if form == "lms":
        twice = rows.filter(pl.struct(*_KEY, "age#").is_duplicated())
        for line, age in twice.select(_LINE, "age").iter_rows():
            yield line, f"age: expected each age of a measure, level and sex once, got {age} twice"
        return
    low, high = pl.col("age_from#"), pl.col("age_to#")
    for line, *ages in (
        rows.filter(low.is_null() != high.is_null()).select(_LINE, "age_from", "age_to").rows()
    ):
        yield line, f"age_from, age_to: expected both or neither, got {ages}"
    for line, *ages in rows.filter(low >= high).select(_LINE, "age_from", "age_to").iter_rows():
        yield line, f"age_to: expected an age above age_from, got {ages}"
    spans = rows.with_columns(low.fill_null(-1.0), high.fill_null(float("inf"))).sort(*_KEY, "age_from#")
    before = pl.col("age_to#").shift().over(_KEY)
    for line, age in spans.filter(low < before).select(_LINE, "age_from").iter_rows():
        yield line, f"age_from: expected bands that do not overlap, got {age or 'all ages'} inside another"
