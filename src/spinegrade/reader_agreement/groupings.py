"""Properties of exams, such as the quality of the film, from a table that a coordinator keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

_RESERVED = ("level", "shape")


def read_groups(path: Path) -> dict[str, dict[str, str]]:
    """Return the properties in a CSV: by name, that of each exam; an empty cell is none.

    The table has a column ``exam``, every other column is a property.

    Raises
    ------
    FormatError
        If it cannot be read, has no such columns, or an exam stands there twice.
    """
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"{path}: expected a CSV of exams, got: {str(error).splitlines()[0]}"
        raise FormatError(msg) from error
    names = [name for name in frame.columns if name != "exam"]
    if len(names) == len(frame.columns) or not names:
        msg = f"{path}: header: expected exam and a property such as quality, got {', '.join(frame.columns)}"
        raise FormatError(msg)
    reserved = [name for name in names if name in _RESERVED]
    if reserved:
        msg = f"{path}: header: expected another name for a property than {reserved[0]}, which readings have"
        raise FormatError(msg)
    twice = frame.filter(pl.col("exam").is_duplicated() & pl.col("exam").is_not_null())
    if twice.height:
        msg = f"{path}: expected every exam once, got {twice['exam'][0]} more often"
        raise FormatError(msg)
    return {name: _known(frame.select("exam", name)) for name in names}


def _known(pairs: pl.DataFrame) -> dict[str, str]:
    return {exam: str(value).strip() for exam, value in pairs.iter_rows() if exam and value and value.strip()}
