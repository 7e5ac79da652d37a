"""SAS transport files (version 5), as the US NCHS gives them out: read whole, or refused.

A file is made of records of 80 bytes, and says nowhere how many rows it holds.  One that was cut off in
download ends within a record or within a row; one that was cut off between two rows looks whole.
"""

from __future__ import annotations

import importlib
import struct
import warnings
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

_RECORD = 80
_MEMBER, _NAMES, _ROWS = (
    b"HEADER RECORD*******" + name.ljust(8) + b"HEADER RECORD!!!!!!!"
    for name in (b"MEMBER", b"NAMESTR", b"OBS")
)
_WIDTH_OF_NAME = slice(74, 78)
"""Where the record of `_MEMBER` says how many bytes describe a column."""
_COUNT_OF_NAMES = slice(54, 58)
_WIDTH_OF_COLUMN = struct.Struct(">4xh")
_TINY = 1e-70
"""What transport files make of 0 is read as a number about 5e-79."""


def read_transport(path: Path, needed: tuple[str, ...]) -> pl.DataFrame:
    """Return the numeric columns of a transport file; what is missing there is null.

    Raises
    ------
    FormatError
        If it is none, was cut off, has no row or lacks one of the ``needed`` columns; or without pandas.
    """
    try:
        pandas = importlib.import_module("pandas")
    except ImportError as error:
        msg = f"{path}: expected pandas to read SAS transport files, got none: pip install pandas"
        raise FormatError(msg) from error
    try:
        _check_whole(path)
        with warnings.catch_warnings(action="ignore"):  # of what was looked at here
            read = pandas.read_sas(path, format="xport")
    except FormatError:
        raise
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, struct.error) as error:
        msg = f"{path}: expected a SAS transport file, got: {' '.join(str(error).split())[:80]}"
        raise FormatError(msg) from error
    columns = {name: read[name].to_numpy() for name in read.columns if read[name].dtype.kind == "f"}
    if missing := [name for name in needed if name not in columns]:
        msg = f"{path}: expected column {missing[0]}, got {', '.join(list(columns)[:6])}"
        raise FormatError(msg)
    frame = pl.DataFrame({name: np.where(np.abs(one) < _TINY, 0.0, one) for name, one in columns.items()})
    return frame.with_columns(pl.all().fill_nan(None))


def _check_whole(path: Path) -> None:
    """Refuse a file that ends within a record or a row, or before its rows."""
    content = path.read_bytes()
    if not content.startswith(b"HEADER RECORD"):
        msg = f"{path}: expected a SAS transport file, got another one"
        raise FormatError(msg)
    rows = content.find(_ROWS)
    whole = rows > 0 and len(content) % _RECORD == 0 and _ends_with_a_row(content, rows)
    if not whole:
        msg = (
            f"{path}: expected a whole SAS transport file, got one of {len(content):,} bytes that ends "
            "before its rows or within one: cut off in download?"
        )
        raise FormatError(msg)


def _ends_with_a_row(content: bytes, rows: int) -> bool:
    """Return whether what follows the last whole row is less than a record, and blank."""
    width = _row_width(content)
    body = content[rows + _RECORD :]
    rest = len(body) % width
    return len(body) >= width and rest < _RECORD and not body[len(body) - rest :].strip(b" ")


def _row_width(content: bytes) -> int:
    """Return the bytes of a row, by the descriptions of its columns."""
    member, names = content.index(_MEMBER), content.index(_NAMES)
    step = int(content[member:][_WIDTH_OF_NAME])
    count = int(content[names:][_COUNT_OF_NAMES])
    first = names + _RECORD
    return sum(int(_WIDTH_OF_COLUMN.unpack_from(content, first + place * step)[0]) for place in range(count))
