"""Landmark tables, one vertebra a row, as CSV and as Parquet: read in batches of whole spines."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import polars as pl
from attrs import field, frozen

from spinegrade.errors import FormatError
from spinegrade.io.columns import (
    COORDINATES,
    READING_KEY,
    ROW,
    SCHEMA,
    SPACING,
    TABLE_COLUMNS,
    Problem,
    cast_columns,
    check_header,
    check_types,
)
from spinegrade.io.csv_frame import BEYOND, stray_words, text_scan
from spinegrade.io.csv_text import FALLBACK, Dialect, read_dialect, record_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_GATHER_ROWS = 1_000_000

_NUMBERS = (*COORDINATES, *SPACING, "visual_grade")


@frozen
class RawRows:
    """Rows as read, not yet cast or checked; travels to the process that does that."""

    frame: pl.DataFrame
    decimal_comma: bool = False

    def load(self) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the rows in the schema of a landmark table, and what did not fit."""
        raw, problems = self.frame, []
        if BEYOND in raw.columns:
            longer = raw.filter(pl.col(BEYOND).is_not_null())
            problems = [
                Problem(row, "expected as many fields as columns, got more (decimal commas?)")
                for row in longer[ROW]
            ]
            raw = raw.filter(pl.col(BEYOND).is_null())
        frame, misfits = cast_columns(raw, decimal_comma=self.decimal_comma)
        return frame, problems + misfits

    def carried(self) -> RawRows:
        """Return the rows themselves, as they are."""
        return self


@frozen
class ParquetRows:
    """A run of rows of a Parquet file, read by whoever loads them; nothing but the names travels."""

    path: Path
    columns: list[str]
    begin: int
    rows: int

    def load(self) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the rows in the schema of a landmark table, and what did not fit."""
        return self.carried().load()

    def carried(self) -> RawRows:
        """Return the rows themselves, to travel to where the file is not."""
        run = pl.scan_parquet(self.path, glob=False).slice(self.begin, self.rows).select(self.columns)
        try:
            frame = run.collect().with_row_index(ROW, offset=self.begin)
        except pl.exceptions.PolarsError as error:
            raise FormatError(_unreadable_parquet(self.path, error)) from error
        return RawRows(frame.with_columns(pl.col(ROW).cast(pl.Int64)))


def _unreadable_parquet(path: Path, error: Exception) -> str:
    return f"{path}: expected a readable Parquet file, got: {_first_line(error)}"


@frozen
class CsvTable:
    """A landmark table in CSV, its dialect found out."""

    path: Path
    dialect: Dialect = field()
    ignore_unknown: bool = False

    @classmethod
    def open(cls, path: Path, *, ignore_unknown: bool = False) -> CsvTable:
        """Return the table in this file, its header checked.

        Raises
        ------
        FormatError
            If the file is empty, no text, or its header is not that of a landmark table.
        """
        dialect = read_dialect(path, SCHEMA, _NUMBERS)
        check_header(dialect.columns, str(path), ignore_unknown=ignore_unknown)
        return cls(path, dialect, ignore_unknown)

    @property
    def columns(self) -> list[str]:
        """The columns of a landmark table that the file has."""
        return [name for name in TABLE_COLUMNS if name in self.dialect.columns]

    @property
    def size(self) -> int:
        """About how many rows it has, judged by the length of its first lines."""
        return max(1, round(self.path.stat().st_size / self.dialect.bytes_a_line))

    @property
    def notes(self) -> list[str]:
        """What the reader of the file had to assume."""
        if self.dialect.encoding != FALLBACK:
            return []
        return [f"{self.path}: not UTF-8; read as Windows-1252 (Western European)"]

    def batches(self, rows: int) -> Iterator[RawRows]:
        """Yield the rows in batches of about ``rows``, no spine cut in two where its rows adjoin."""
        comma = self.dialect.decimal_comma
        wanted = [name for name in (*self.dialect.columns, BEYOND) if name in SCHEMA or name == BEYOND]
        with text_scan(self.path, self.dialect) as scan:
            frames = scan.select(wanted).collect_batches(chunk_size=rows, maintain_order=True)
            for frame in whole_spines(_counted(_readable(frames, self._refused)), rows):
                yield RawRows(frame, comma)

    def _refused(self, _: Exception) -> str:
        return stray_words(self.path, self.dialect)

    def place(self, row: int) -> str:
        """Return where a row stands, as an editor counts the lines of the file."""
        return self.places([row])[0]

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return where many rows stand, by one pass over the file."""
        wanted, last = set(rows), max(rows, default=-1)
        records = itertools.islice(record_lines(self.path, self.dialect), last + 1)
        lines = {row: line for row, line in enumerate(records) if row in wanted}
        return [f"{self.path}: line {lines.get(row, '?')}" for row in rows]


@frozen
class ParquetTable:
    """A landmark table in Parquet."""

    path: Path
    columns: list[str]
    size: int
    notes: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: Path, *, ignore_unknown: bool = False) -> ParquetTable:
        """Return the table in this file, its columns checked.

        Raises
        ------
        FormatError
            If the file is no Parquet, lacks a column, or has one of another kind of values.
        """
        try:
            scan = pl.scan_parquet(path, glob=False)
            schema = scan.collect_schema()
            size = int(scan.select(pl.len()).collect().item())
        except pl.exceptions.PolarsError as error:
            msg = f"{path}: expected a Parquet file, got: {_first_line(error)}"
            raise FormatError(msg) from error
        check_header(list(schema), str(path), ignore_unknown=ignore_unknown)
        check_types(schema, str(path))
        given = [name for name in TABLE_COLUMNS if name in schema]
        return cls(path, given, size)

    def batches(self, rows: int) -> Iterator[ParquetRows]:
        """Yield the rows in batches of about ``rows``, no spine cut in two where its rows adjoin."""
        keys = pl.scan_parquet(self.path, glob=False).select(READING_KEY)
        frames = keys.collect_batches(chunk_size=rows, maintain_order=True)
        begin = 0
        for frame in whole_spines(_readable(frames, self._refused), rows):
            yield ParquetRows(self.path, self.columns, begin, frame.height)
            begin += frame.height

    def _refused(self, error: Exception) -> str:
        return _unreadable_parquet(self.path, error)

    def place(self, row: int) -> str:
        """Return where a row stands, counted from 1."""
        return f"{self.path}: row {row + 1}"

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return where many rows stand."""
        return [self.place(row) for row in rows]


@frozen
class GatheredTable:
    """A table whose spines lie scattered over its rows, sorted so that each is in one place.

    The rows keep their numbers, so that results can be put back into the table's own order.
    """

    table: CsvTable | ParquetTable
    sorted_rows: Path

    @classmethod
    def of(cls, table: CsvTable | ParquetTable, folder: Path) -> GatheredTable:
        """Return the table sorted by reading, in a temporary file; holds it in memory meanwhile."""
        frames = [batch.carried().frame for batch in table.batches(_GATHER_ROWS)]
        path = folder / f"{len(list(folder.iterdir()))}.parquet"
        pl.concat(frames).sort(READING_KEY, maintain_order=True).write_parquet(path)
        return cls(table, path)

    @property
    def columns(self) -> list[str]:
        """The columns of a landmark table that the file has."""
        return self.table.columns

    @property
    def size(self) -> int:
        """About how many rows it has."""
        return self.table.size

    @property
    def notes(self) -> list[str]:
        """What the reader of the file had to assume."""
        return [*self.table.notes]

    def batches(self, rows: int) -> Iterator[RawRows]:
        """Yield the rows in batches of about ``rows``, no spine cut in two."""
        comma = isinstance(self.table, CsvTable) and self.table.dialect.decimal_comma
        frames = pl.scan_parquet(self.sorted_rows, glob=False).collect_batches(
            chunk_size=rows, maintain_order=True
        )
        for frame in whole_spines(frames, rows):
            yield RawRows(frame, comma)

    def place(self, row: int) -> str:
        """Return where a row stands in the file as it is."""
        return self.table.place(row)

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return where many rows stand in the file as it is."""
        return self.table.places(rows)


def _readable(frames: Iterator[pl.DataFrame], refused: Callable[[Exception], str]) -> Iterator[pl.DataFrame]:
    """Pass the frames on; say in our words where polars cannot read on."""
    try:
        yield from frames
    except pl.exceptions.PolarsError as error:
        raise FormatError(refused(error)) from error


def _counted(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield the frames with their rows numbered in the column `ROW`."""
    begin = 0
    for frame in frames:
        yield frame.with_row_index(ROW, offset=begin).with_columns(pl.col(ROW).cast(pl.Int64))
        begin += frame.height


def whole_spines(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Yield frames of about ``rows`` rows, each ending where the next row is of another reading."""
    waiting: list[pl.DataFrame] = []
    for frame in frames:
        waiting.append(frame)
        if sum(one.height for one in waiting) < rows:
            continue
        whole, rest = _split_last_spine(pl.concat(waiting))
        if whole.height:
            yield whole
        waiting = [rest]
    if waiting:
        last = pl.concat(waiting)
        if last.height:
            yield last


def _split_last_spine(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the frame without the rows at its end that belong to the last reading, and those rows."""
    keys = frame.select(READING_KEY)
    differs = keys.select(
        pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).last()) for name in READING_KEY)
    ).to_series()
    tail = differs.reverse().arg_max() if differs.any() else frame.height
    cut = frame.height - (tail or 0)
    return frame[:cut], frame[cut:]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
