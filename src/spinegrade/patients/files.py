"""Tables of patients as they lie in files: CSV, Parquet, and everything in one JSON or Parquet file."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import polars as pl
from attrs import field, frozen

from spinegrade.errors import FormatError
from spinegrade.io.csv_frame import BEYOND, read_text
from spinegrade.io.csv_text import read_dialect, record_lines
from spinegrade.patients.columns import PATIENTS, PLACE, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NESTED = tuple(name for name in TABLES if name != PATIENTS)
"""Tables that JSON and Parquet may hold within the patients."""


@frozen
class RawTable:
    """A table as it lies in a file: its rows as text, and how to name the place of one."""

    name: str
    where: str
    frame: pl.DataFrame
    place: Callable[[int], str]
    decimal_comma: bool = False
    refused: list[tuple[int, str]] = field(factory=list)


def read_csv(path: Path, name: str, *, ignore_unknown: bool) -> RawTable:
    """Return the table in a CSV file.

    Raises
    ------
    FormatError
        If it cannot be read or has columns of something else.
    """
    columns = TABLES[name]
    dialect = read_dialect(
        path, [one.name for one in columns], [one.name for one in columns if one.kind == "number"]
    )
    check_columns(dialect.columns, name, str(path), ignore_unknown=ignore_unknown)
    frame = _numbered(read_text(path, dialect))
    lines: list[int] = []

    def place(row: int) -> str:
        if not lines:
            lines.extend(record_lines(path, dialect))
        return f"{path}: line {lines[row] if row < len(lines) else '?'}"

    longer = frame.filter(pl.col(BEYOND).is_not_null())[PLACE].to_list()
    refused = [(row, "expected as many fields as columns, got more (decimal commas?)") for row in longer]
    return RawTable(name, str(path), frame.drop(BEYOND), place, dialect.decimal_comma, refused)


def read_parquet(path: Path, name: str, *, ignore_unknown: bool) -> list[RawTable]:
    """Return the table in a Parquet file, and the tables within it where it is that of the patients.

    Raises
    ------
    FormatError
        If it cannot be read or has columns of something else.
    """
    try:
        frame = _numbered(pl.read_parquet(path, glob=False))
    except (pl.exceptions.PolarsError, OSError) as error:
        msg = f"{path}: expected a readable Parquet file, got: {str(error).splitlines()[0]}"
        raise FormatError(msg) from error
    inner = [one for one in NESTED if name == PATIENTS and one in frame.columns]
    flat = frame.drop(inner)
    check_columns(flat.columns[1:], name, str(path), ignore_unknown=ignore_unknown)
    tables = [RawTable(name, str(path), _as_text(flat, f"{path}"), _rows_of(path, "row"))]
    for one in inner:
        if not isinstance(frame.schema[one], pl.List) or not isinstance(
            getattr(frame.schema[one], "inner", None), pl.Struct
        ):
            msg = f"{path}: column {one!r}: expected a list of structs, got {frame.schema[one]}"
            raise FormatError(msg)
        rows = frame.select(PLACE, "patient", one).explode(one).drop_nulls(one)
        content = rows.select(PLACE, "patient", pl.col(one).struct.unnest())
        check_columns(content.columns[1:], one, f"{path}: {one}", ignore_unknown=ignore_unknown)
        place = _rows_of(path, one)
        tables.append(RawTable(one, f"{path}: {one}", _as_text(content, f"{path}: {one}"), place))
    return tables


def read_json(path: Path, *, ignore_unknown: bool) -> list[RawTable]:
    """Return the tables in a JSON file: an array of patients, each with its fractures, bmd and exposures.

    Raises
    ------
    FormatError
        If it cannot be read or has keys of something else.
    """
    try:
        patients = json.loads(path.read_bytes(), object_pairs_hook=_each_once)
    except (OSError, ValueError) as error:
        msg = f"{path}: expected JSON, got: {error.strerror if isinstance(error, OSError) else error}"
        raise FormatError(msg) from error
    if not _is_list_of_objects(patients) or not patients:
        msg = f"{path}: expected an array with an object for each patient, got something else"
        raise FormatError(msg)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for number, entry in enumerate(patients):
        for name in NESTED:
            inner = entry.pop(name, None) or []
            if not _is_list_of_objects(inner):
                msg = f"{path}: entry {number + 1}: {name}: expected an array of objects, got {inner!r:.40}"
                raise FormatError(msg)
            rows[name] += [{"patient": entry.get("patient"), **one, PLACE: number} for one in inner]
        rows[PATIENTS].append({**entry, PLACE: number})
    tables = []
    for name, found in rows.items():
        columns = sorted({key for row in found for key in row if key != PLACE})
        if found:
            check_columns(columns, name, f"{path}: {name}", ignore_unknown=ignore_unknown)
            cells = {column: [_text(row.get(column)) for row in found] for column in columns}
            schema = dict.fromkeys(cells, pl.String)
            frame = pl.DataFrame(cells, schema=schema).with_columns(
                pl.Series(PLACE, [row[PLACE] for row in found], dtype=pl.Int64)
            )
            tables.append(RawTable(name, f"{path}: {name}", frame, _rows_of(path, "entry", name)))
    return tables


def check_columns(given: Sequence[str], name: str, where: str, *, ignore_unknown: bool) -> None:
    """Refuse columns of something else, one given twice, or no ``patient``.

    Raises
    ------
    FormatError
        If there is one.
    """
    known = [one.name for one in TABLES[name]]
    if "patient" not in given:
        msg = f"{where}: header: expected column 'patient', got {', '.join(given[:6]) or 'none'}"
        raise FormatError(msg)
    for column in given:
        if list(given).count(column) > 1:
            msg = f"{where}: header: expected every column once, got {column!r} twice"
            raise FormatError(msg)
        if column not in known and not ignore_unknown:
            near = get_close_matches(column.lower(), known, n=1)
            meant = f" (is {near[0]} meant?)" if near else f" (expected are {', '.join(known)})"
            msg = f"{where}: header: expected columns of a table of {name}, got {column!r}{meant}; "
            msg += "--ignore-unknown reads past it"
            raise FormatError(msg)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; of a key given twice the parser would take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        msg = f"the key {next(name for name in names if names.count(name) > 1)!r} twice in one object"
        raise ValueError(msg)
    return found


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_text(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    for column, kind in frame.schema.items():
        if kind.is_nested():
            msg = f"{where}: column {column!r}: expected single values, got {kind}"
            raise FormatError(msg)
    return frame.with_columns(pl.all().exclude(PLACE).cast(pl.String))


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_row_index(PLACE).with_columns(pl.col(PLACE).cast(pl.Int64))


def _rows_of(path: Path, word: str, table: str = PATIENTS) -> Callable[[int], str]:
    """Return a way to name the place of a row."""
    inner = "" if table == PATIENTS else f": {table}"
    called = f"{word} of patient in row" if word in NESTED else word
    return lambda row: f"{path}: {called} {row + 1}{inner}"
