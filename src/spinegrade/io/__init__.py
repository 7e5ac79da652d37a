"""Files of outside formats, and the two tables that say which there are.

Everything that offers formats reads these tables: the command line, the documentation, the plugin.
A new format is a module in this folder and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from spinegrade.io.columns import Problem
    from spinegrade.io.results import Writer

    MakeWriter = Callable[[Path, Mapping[str, type[pl.DataType]]], Writer]


class Batch(Protocol):
    """Vertebrae as read; light to hand to another process, which loads them."""

    def load(self) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the rows in the schema of a landmark table, and what did not fit."""

    def carried(self) -> Batch:
        """Return a batch that needs no file, to travel to another machine."""


class Source(Protocol):
    """A file, or files of one kind, of vertebrae."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns of a landmark table that the source may have."""

    @property
    def notes(self) -> Sequence[str]:
        """What had to be assumed to read it."""

    @property
    def size(self) -> int:
        """About how many vertebrae it has."""

    def batches(self, rows: int) -> Iterator[Batch]:
        """Yield its vertebrae, about ``rows`` at a time."""

    def place(self, row: int) -> str:
        """Return file and line of a row."""

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return file and line of many rows, found in one pass."""


@frozen
class Format:
    """A file format.

    Attributes
    ----------
    name
        How the documentation and messages call it.
    suffixes
        Ends of file names, lower case, dot included.
    holds
        What a file holds, in a sentence.
    open
        Returns the `Source` in a file; None where the format is only written.
    writer
        Returns a `Writer` to a file; None where the format is only read.
    """

    name: str
    suffixes: tuple[str, ...]
    holds: str
    open: Callable[[Path, bool], Source] | None = None
    writer: MakeWriter | None = None

    def claims(self, path: Path) -> bool:
        """Return whether the name of the file ends as this format's do."""
        return path.name.lower().endswith(self.suffixes)

    def new_writer(self, path: Path, schema: Mapping[str, type[pl.DataType]]) -> Writer:
        """Return a writer to this file.

        Raises
        ------
        FormatError
            If the format is only read.
        """
        if self.writer is None:
            msg = f"{path}: expected a format that is written, got {self.name}"
            raise FormatError(msg)
        return self.writer(path, schema)


def _open_csv(path: Path, ignore_unknown: bool) -> Source:  # noqa: FBT001  the shape of Format.open
    from spinegrade.io.landmark_table import CsvTable

    return CsvTable.open(path, ignore_unknown=ignore_unknown)


def _open_parquet(path: Path, ignore_unknown: bool) -> Source:  # noqa: FBT001
    from spinegrade.io.landmark_table import ParquetTable

    return ParquetTable.open(path, ignore_unknown=ignore_unknown)


def _open_reading(path: Path, _: bool) -> Source:  # noqa: FBT001
    from spinegrade.io.reading_table import ReadingFiles

    return ReadingFiles((path,))


def _write_csv(path: Path, schema: Mapping[str, type[pl.DataType]]) -> Writer:
    from spinegrade.io.results import CsvWriter

    return CsvWriter(path, schema)


def _write_parquet(path: Path, schema: Mapping[str, type[pl.DataType]]) -> Writer:
    from spinegrade.io.results import ParquetWriter

    return ParquetWriter(path, schema)


def _write_json(path: Path, schema: Mapping[str, type[pl.DataType]]) -> Writer:
    from spinegrade.io.results import JsonWriter

    return JsonWriter(path, schema)


def _write_readings(path: Path, _: Mapping[str, type[pl.DataType]]) -> Writer:
    from spinegrade.io.reading_table import ReadingFolderWriter

    return ReadingFolderWriter(path)


READING_FORMAT = Format(
    "reading file",
    (".reading.json",),
    "one exam as one reader saw it on one occasion, with all that was done",
    open=_open_reading,
    writer=_write_readings,
)

LANDMARK_FORMATS = (
    READING_FORMAT,
    Format(
        "landmark table, CSV",
        (".csv", ".tsv"),
        "one vertebra a row, twelve landmark coordinates in pixels",
        open=_open_csv,
        writer=_write_csv,
    ),
    Format(
        "landmark table, Parquet",
        (".parquet",),
        "the same, small and quick for millions of vertebrae",
        open=_open_parquet,
        writer=_write_parquet,
    ),
)

RESULT_FORMATS = (
    Format("result table, CSV", (".csv",), "for spreadsheets and statistics", writer=_write_csv),
    Format("result table, Parquet", (".parquet",), "for millions of vertebrae", writer=_write_parquet),
    Format("result table, JSON", (".json",), "an array with an object a row", writer=_write_json),
)


def find_format(path: Path, formats: Sequence[Format]) -> Format:
    """Return the first format that claims the name of a file.

    Raises
    ------
    FormatError
        If none does.
    """
    for one in formats:
        if one.claims(path):
            return one
    suffixes = ", ".join(suffix for one in formats for suffix in one.suffixes)
    msg = f"{path}: expected a name that ends in {suffixes}, got {path.suffix or 'no suffix'!r}"
    raise FormatError(msg)
