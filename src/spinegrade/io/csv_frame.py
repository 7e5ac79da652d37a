"""CSV files as frames of text, a column for each of the header and one for fields beyond it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from spinegrade.errors import FormatError
from spinegrade.io.csv_text import Dialect, as_utf8, record_lines, stray_quote

if TYPE_CHECKING:
    from collections.abc import Iterator

BEYOND = "_beyond"
"""Column that holds a field beyond the last column of the header, where a row has one."""

LINE = "_line"
"""Column of the line on which a row begins, counted from 1."""


@contextmanager
def text_scan(path: Path, dialect: Dialect) -> Iterator[pl.LazyFrame]:
    """Give the rows of a file as text, an empty field as null; `BEYOND` is null in a sound row.

    A file that is not UTF-8 is written anew for as long as the rows are read.

    Raises
    ------
    FormatError
        If its text is not in the encoding of the dialect, or a column stands there twice.
    """
    for name in dialect.columns:
        if dialect.columns.count(name) > 1:
            msg = f"{path}: header: expected every column once, got {name!r} twice"
            raise FormatError(msg)
    with tempfile.TemporaryDirectory(prefix="spinegrade-") as folder:
        text = path
        if dialect.encoding != "utf-8":
            text = Path(folder) / "utf8.csv"
            as_utf8(path, dialect.encoding, text)
        yield pl.scan_csv(
            text,
            has_header=False,
            skip_lines=dialect.header_lines,
            separator=dialect.separator,
            schema=dict.fromkeys([*dialect.columns, BEYOND], pl.String),
            truncate_ragged_lines=True,
            missing_columns="insert",
            extra_columns="ignore",
            glob=False,
        )


def read_text(path: Path, dialect: Dialect) -> pl.DataFrame:
    """Return all rows of a file, as `text_scan` gives them.

    Raises
    ------
    FormatError
        As `text_scan`, or if a quotation mark is never closed.
    """
    with text_scan(path, dialect) as scan:
        try:
            return scan.collect()
        except pl.exceptions.PolarsError as error:
            raise FormatError(stray_words(path, dialect)) from error


def read_lined(path: Path, dialect: Dialect) -> pl.DataFrame:
    """Return the rows of a file that say anything as text, with the line of each in `LINE`.

    Raises
    ------
    FormatError
        As `read_text`, or if a row has more fields than the header has columns.
    """
    frame = read_text(path, dialect)
    lines = list(record_lines(path, dialect))[: frame.height]
    lined = frame.with_columns(pl.Series(LINE, lines, dtype=pl.Int64))
    longer = lined.filter(pl.col(BEYOND).is_not_null())
    if longer.height:
        msg = f"{path}: line {longer[LINE][0]}: expected as many fields as columns, got more"
        raise FormatError(msg)
    return lined.filter(pl.any_horizontal(pl.col(dialect.columns).is_not_null())).drop(BEYOND)


def stray_words(path: Path, dialect: Dialect) -> str:
    """Return why polars cannot read a file; its own words show whole rows of it."""
    line = stray_quote(path, dialect)
    where = f"{path}: line {line}" if line else f"{path}"
    return f"{where}: expected quotation marks in pairs round whole fields, got a stray one"
