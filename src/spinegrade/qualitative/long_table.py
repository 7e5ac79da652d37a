"""Tables that stand beside landmark tables, with exactly the columns that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.errors import FormatError
from spinegrade.io.csv_frame import LINE, read_lined
from spinegrade.io.csv_text import read_dialect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_long(path: Path, columns: Sequence[str], what: str, numbers: Sequence[str] = ()) -> pl.DataFrame:
    """Return a table, .csv or .parquet, as text, with `LINE`; ``what`` it has goes into messages.

    Columns of ``numbers`` may have decimal commas where semicolons stand between the cells.

    Raises
    ------
    FormatError
        If the file cannot be read or its columns are others.
    """
    if path.suffix.lower() == ".parquet":
        return _parquet(path, columns)
    if not path.is_file():
        msg = f"{path}: expected a table of {what}, got no file"
        raise FormatError(msg)
    dialect = read_dialect(path, columns, numbers)
    _check_columns(dialect.columns, path, columns)
    frame = read_lined(path, dialect)
    if not dialect.decimal_comma:
        return frame
    return frame.with_columns(pl.col(numbers).str.replace(",", ".", literal=True))


def _parquet(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        msg = f"{path}: expected a readable Parquet file, got: {str(error).splitlines()[0]}"
        raise FormatError(msg) from error
    _check_columns(frame.columns, path, columns)
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    if nested:
        msg = f"{path}: column {nested[0]!r}: expected single values, got {frame.schema[nested[0]]}"
        raise FormatError(msg)
    return frame.with_columns(pl.all().cast(pl.String)).with_row_index(LINE, offset=1)


def _check_columns(given: list[str], path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in given]
    if missing:
        msg = f"{path}: header: expected column {missing[0]!r}, got {', '.join(given[:9])}"
        raise FormatError(msg)
    strange = [name for name in given if name not in columns or given.count(name) > 1]
    if strange:
        msg = f"{path}: header: expected {', '.join(columns)}, each once, got {strange[0]!r}"
        raise FormatError(msg)
