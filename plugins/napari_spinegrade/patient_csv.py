"""A CSV table that is edited cell by cell: every other record stays as it was written, to the last quote.

Files of clinics come out of spreadsheets, with encodings, separators and columns of their own.  A record is
kept as the text that it is in the file, and written anew only where a cell of it was changed.
"""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING

import polars as pl
from attrs import evolve, frozen

from spinegrade.errors import FormatError
from spinegrade.io.atomic import replacing
from spinegrade.io.csv_text import Dialect, read_dialect, stray_quote
from spinegrade.patients.columns import PLACE, TABLES
from spinegrade.patients.files import check_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@frozen
class Record:
    """One record: its text as it stands in the file, line end included, and its cells."""

    text: str
    cells: tuple[str, ...]


@frozen
class CsvText:
    """A CSV file of one of the tables of `TABLES`, as text.

    Attributes
    ----------
    name
        Which of the tables it is.
    head, header
        The lines before the header, and the header itself.
    columns
        The columns by name, those that nobody here knows among them.
    """

    path: Path
    name: str
    dialect: Dialect
    head: str
    header: str
    columns: tuple[str, ...]
    records: tuple[Record, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The columns that are none of the table's; they are kept and not shown."""
        known = {one.name for one in TABLES[self.name]}
        return tuple(column for column in self.columns if column not in known)

    def cell(self, place: int, column: str) -> str:
        """Return the text of a cell without the spaces around it; empty where there is none."""
        if column not in self.columns:
            return ""
        cells, at = self.records[place].cells, self.columns.index(column)
        return cells[at].strip() if at < len(cells) else ""

    def places(self, patient: str) -> list[int]:
        """Return which records are of a patient."""
        at = self.columns.index("patient")
        return [
            n
            for n, one in enumerate(self.records)
            if len(one.cells) > at and one.cells[at].strip() == patient
        ]

    def frame(self, places: list[int]) -> pl.DataFrame:
        """Return some records as a raw table of text, with `PLACE`."""
        known = [one.name for one in TABLES[self.name] if one.name in self.columns]
        cells = {column: [self.cell(place, column) for place in places] for column in known}
        frame = pl.DataFrame(cells, schema=dict.fromkeys(known, pl.String))
        return frame.with_columns(pl.Series(PLACE, places, dtype=pl.Int64))

    def with_cells(self, place: int, cells: Mapping[str, str]) -> CsvText:
        """Return the file with other cells in a record, and with the columns that these need."""
        widened = _widened(self, cells)
        records = list(widened.records)
        records[place] = _record(widened, records[place].cells, cells)
        return evolve(widened, records=tuple(records))

    def with_record(self, cells: Mapping[str, str]) -> CsvText:
        """Return the file with one more record at its end."""
        widened = _widened(self, cells)
        ended = _ended(widened)
        return evolve(ended, records=(*ended.records, _record(ended, (), cells)))

    def without(self, place: int) -> CsvText:
        """Return the file without a record."""
        return evolve(self, records=self.records[:place] + self.records[place + 1 :])

    def encoded(self) -> bytes:
        """Return the bytes of the file.

        Raises
        ------
        FormatError
            If its encoding has no place for a letter.
        """
        text = self.head + self.header + "".join(one.text for one in self.records)
        try:
            return text.encode(self.dialect.encoding)
        except UnicodeEncodeError as error:
            letter = text[error.start]
            msg = f"{self.path}: expected letters of {self.dialect.encoding}, got {letter!r}"
            raise FormatError(msg) from error


def _line_end(table: CsvText) -> str:
    return next((end for end in ("\r\n", "\n", "\r") if table.header.endswith(end)), "\n")


def _row(table: CsvText, cells: Sequence[str]) -> str:
    """Return a line of cells as this file writes them."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=table.dialect.separator, lineterminator=_line_end(table)).writerow(cells)
    return text.getvalue()


def _record(table: CsvText, before: tuple[str, ...], changes: Mapping[str, str]) -> Record:
    """Return a record with some cells changed."""
    cells = [*before, *[""] * (len(table.columns) - len(before))]
    decimal = {one.name for one in TABLES[table.name] if one.kind == "number"}
    for column, value in changes.items():
        comma = table.dialect.decimal_comma and column in decimal
        cells[table.columns.index(column)] = value.replace(".", ",") if comma else value
    return Record(_row(table, cells), tuple(cells))


def _ended(table: CsvText) -> CsvText:
    """Return the file with an end to its last line."""
    end = _line_end(table)
    if not table.records:
        return table if table.header.endswith(("\r", "\n")) else evolve(table, header=table.header + end)
    last = table.records[-1]
    if last.text.endswith(("\r", "\n")):
        return table
    return evolve(table, records=(*table.records[:-1], evolve(last, text=last.text + end)))


def _widened(table: CsvText, cells: Mapping[str, str]) -> CsvText:
    """Return the file with the columns for these cells, empty in every record that there is."""
    more = [column for column in cells if column not in table.columns]
    if not more:
        return table
    columns = (*table.columns, *more)
    ended = _ended(table)
    padded = tuple(_padded(one, table.dialect.separator, len(columns)) for one in ended.records)
    return evolve(ended, header=_row(ended, columns), columns=columns, records=padded)


def _padded(record: Record, separator: str, width: int) -> Record:
    """Return a record with empty cells for more columns; an empty line stays one."""
    missing = width - len(record.cells)
    if not record.cells or missing <= 0:
        return record
    bare = record.text.rstrip("\r\n")
    end = record.text[len(bare) :]
    return Record(bare + separator * missing + end, (*record.cells, *[""] * missing))


def read_text(path: Path, name: str) -> tuple[CsvText, str]:
    """Return the table in a CSV file, and the digest of its bytes.

    Raises
    ------
    FormatError
        If it cannot be read, or has no column ``patient``.
    """
    columns = TABLES[name]
    try:
        dialect = read_dialect(
            path, [one.name for one in columns], [one.name for one in columns if one.kind == "number"]
        )
        content = path.read_bytes()
        text = content.decode(dialect.encoding)
    except (OSError, UnicodeError) as error:
        msg = f"{path}: expected a table that can be read, got: {error}"
        raise FormatError(msg) from error
    check_columns(dialect.columns, name, str(path), ignore_unknown=True)
    stray = stray_quote(path, dialect)
    if stray is not None:
        msg = f"{path}: line {stray}: expected quotation marks in pairs, got a stray one"
        raise FormatError(msg)
    lines = list(io.StringIO(text, newline=""))
    head, header = lines[: dialect.header_lines - 1], lines[dialect.header_lines - 1]
    records = tuple(_records(lines[dialect.header_lines :], dialect.separator, path))
    table = CsvText(path, name, dialect, "".join(head), header, tuple(dialect.columns), records)
    return table, digest(content)


def _records(lines: list[str], separator: str, path: Path) -> Iterator[Record]:
    """Yield the records of some lines, each with all the lines that it runs over."""
    reader, begun = csv.reader(iter(lines), delimiter=separator), 0
    try:
        for cells in reader:
            yield Record("".join(lines[begun : reader.line_num]), tuple(cells))
            begun = reader.line_num
    except csv.Error as error:
        msg = f"{path}: expected records of a table, got: {error}"
        raise FormatError(msg) from error


def new_text(path: Path, name: str) -> CsvText:
    """Return a table without rows that has all its columns and no file yet."""
    columns = tuple(one.name for one in TABLES[name])
    header = ",".join(columns) + "\n"
    dialect = Dialect("utf-8", ",", False, list(columns), 1, float(len(header)))  # noqa: FBT003  its own
    return CsvText(path, name, dialect, "", header, columns, ())


def digest(content: bytes) -> str:
    """Return what tells one content of a file from another."""
    return hashlib.sha256(content).hexdigest()


def keep_text(table: CsvText, on_disk: str | None) -> str:
    """Write a table in place of what is there, and return its digest.

    ``on_disk`` is the digest of what is there; None where there is no file yet.

    Raises
    ------
    FormatError
        If something else is there by now, or it cannot be written.  The file is left alone.
    """
    content = table.encoded()
    path = table.path.resolve()
    there = _digest_there(path)
    if there != on_disk:
        msg = (
            f"{table.path.name}: expected the file as it was read, got one that somebody has changed since; "
            "press Reload"
        )
        raise FormatError(msg)
    mode = path.stat().st_mode if there is not None else None
    with replacing(path, force=there is not None) as temporary:
        temporary.write_bytes(content)
    if mode is not None:
        path.chmod(mode)
    return digest(content)


def _digest_there(path: Path) -> str | None:
    try:
        return digest(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{path}: expected to read it, got: {error.strerror}"
        raise FormatError(msg) from error
