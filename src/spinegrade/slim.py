"""Result rows on their way from one process to another."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

if TYPE_CHECKING:
    from pathlib import Path


@frozen
class Slim:
    """A frame whose columns that say the same in every row are kept as one row."""

    varying: pl.DataFrame
    constant: pl.DataFrame
    columns: list[str]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Slim:
        """Return the frame made slim."""
        same = [name for name in frame.columns if _is_constant(frame[name])] if frame.height > 1 else []
        return cls(frame.drop(same), frame.select(same).head(1), frame.columns)

    def whole(self) -> pl.DataFrame:
        """Return the frame as it was."""
        schema = self.constant.schema
        values = self.constant.row(0, named=True) if schema else {}
        constants = (pl.lit(value, dtype=schema[name]).alias(name) for name, value in values.items())
        return self.varying.with_columns(constants).select(self.columns)

    def put_into(self, folder: Path) -> Left:
        """Leave the rows in a file of the folder, for another process to pick up."""
        path = folder / f"{uuid.uuid4().hex}.arrow"
        self.varying.write_ipc(path)
        return Left(path, Slim(self.varying.clear(), self.constant, self.columns))


@frozen
class Left:
    """A slim frame whose rows lie in a file."""

    path: Path
    slim: Slim

    def whole(self) -> pl.DataFrame:
        """Return the frame as it was, and remove the file."""
        varying = pl.read_ipc(self.path)
        self.path.unlink()
        return Slim(varying, self.slim.constant, self.slim.columns).whole()


def _is_constant(column: pl.Series) -> bool:
    if column.null_count():
        return column.null_count() == len(column)
    first = column[0]
    return bool(column[-1] == first and (column == first).all())
