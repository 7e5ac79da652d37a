"""CSV as people's programs write it: encodings, separators, decimal commas, quoted line ends."""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
import re
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = (",", ";", "\t")
_SAMPLE_LINES = 200
_CHUNK = 1 << 20
_TAIL = 1 << 14
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+\s*")

FALLBACK = "cp1252"
"""What a file is read as that is no UTF-8: the encoding of Western European spreadsheets."""


@frozen
class Dialect:
    """How a CSV file is written."""

    encoding: str
    separator: str
    decimal_comma: bool
    columns: list[str]
    header_lines: int
    bytes_a_line: float


def read_dialect(path: Path, known: Iterable[str], numeric: Iterable[str]) -> Dialect:
    """Return how the file is written, judged by its header and its first lines.

    The separator is the one that splits the header into most of the ``known`` columns; a decimal
    comma is looked for in the ``numeric`` ones.

    Raises
    ------
    FormatError
        If the file cannot be read, is empty, or has no header with known columns.
    """
    encoding = _encoding(path)
    lines = _first_lines(path, encoding)
    blank = next((n for n, line in enumerate(lines) if not _is_blank(line)), len(lines))
    if blank == len(lines):
        msg = f"{path}: expected a table with a header, got an empty file"
        raise FormatError(msg)
    header = lines[blank]
    wanted = set(known)
    separator, columns = split_header(header, wanted)
    if not wanted & set(columns):
        msg = f"{path}: expected a header with column names, got {header.strip()[:60]!r}"
        raise FormatError(msg)
    decimal_comma = _has_decimal_comma(lines[blank + 1 :], separator, columns, set(numeric))
    _refuse_cut_off(path, encoding, separator, len(columns))
    width = len("".join(lines[blank:]).encode(encoding)) / (len(lines) - blank)
    return Dialect(encoding, separator, decimal_comma, columns, blank + 1, width)


def _refuse_cut_off(path: Path, encoding: str, separator: str, fields: int) -> None:
    """Refuse a file whose last line neither ends nor has as many fields as there are columns."""
    if encoding == "utf-16":
        return
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        last = file.read().rpartition(b"\n")[2]
    given = last.count(separator.encode()) + 1
    if last.strip() and given < fields and b'"' not in last:
        msg = f"{path}: last line: expected {fields} fields, got {given}: is the file cut off?"
        raise FormatError(msg)


def _is_blank(line: str) -> bool:
    """Return whether a line before the header says nothing; ``sep=;`` is a word to a spreadsheet."""
    return not line.strip("\r\n \t,;") or line.lower().startswith("sep=")


def _first_lines(path: Path, encoding: str) -> list[str]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            return list(itertools.islice(file, _SAMPLE_LINES))
    except UnicodeError as error:
        msg = f"{path}: expected text, got bytes that are neither UTF-8, UTF-16 nor {FALLBACK}"
        raise FormatError(msg) from error


def split_header(header: str, known: set[str]) -> tuple[str, list[str]]:
    """Return the separator that splits a header into most of the ``known`` columns, and the columns."""
    separator = max(_SEPARATORS, key=lambda one: len(known & set(_split(header, one))))
    return separator, _split(header, separator)


def _split(header: str, separator: str) -> list[str]:
    """Return the names in the header; empty ones at its end, as spreadsheets leave them, are none."""
    fields = [field.strip() for field in next(_records([header], separator), [])]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def _records(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Yield the fields of each record, up to one that is too long to be any."""
    with contextlib.suppress(csv.Error):
        yield from csv.reader(lines, delimiter=separator)


def _has_decimal_comma(lines: list[str], separator: str, columns: list[str], numeric: set[str]) -> bool:
    return any(
        name in numeric and _DECIMAL_COMMA.fullmatch(field)
        for row in _records(lines, separator)
        for name, field in zip(columns, row, strict=False)
    )


def _encoding(path: Path) -> str:
    """Return the encoding by its mark, UTF-8 where the bytes allow it, else `FALLBACK`."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in _BOMS:
            if start.startswith(mark):
                return name
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return FALLBACK
    return "utf-8"


def as_utf8(path: Path, encoding: str, target: Path) -> None:
    """Write the file's text to ``target`` in UTF-8, chunk by chunk.

    Raises
    ------
    FormatError
        If the text is not in that encoding, as where a UTF-16 file is cut off.
    """
    try:
        with (
            path.open(encoding=encoding, newline="") as file,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            while text := file.read(_CHUNK):
                out.write(text)
    except UnicodeError as error:
        msg = f"{path}: expected text in {encoding}, got bytes that are none: {error}"
        raise FormatError(msg) from error


def record_lines(path: Path, dialect: Dialect) -> Iterator[int]:
    """Yield for each record below the header the line on which it begins, counted from 1.

    Records are those that `polars` reads: a quoted field may run over several lines, an empty line is
    a record.
    """
    before = dialect.header_lines
    with path.open(encoding=dialect.encoding, newline="") as file:
        for _ in range(before):
            file.readline()
        reader = csv.reader(file, delimiter=dialect.separator)
        begins = before + 1
        with contextlib.suppress(csv.Error):
            for _ in reader:
                yield begins
                begins = before + reader.line_num + 1


def stray_quote(path: Path, dialect: Dialect) -> int | None:
    """Return the line of the quotation mark that none closes; None where they come in pairs."""
    opened = None
    with path.open(encoding=dialect.encoding, newline="") as file:
        for number, line in enumerate(file, 1):
            if line.count('"') % 2:
                opened = None if opened else number
    return opened
