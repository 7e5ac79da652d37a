"""A table of patients, or a folder of them, read and checked."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl
from attrs import field, frozen

from spinegrade.errors import FormatError
from spinegrade.patients.casting import Misfit, cast_table, empty_table
from spinegrade.patients.columns import BMD, EXPOSURES, FRACTURES, PATIENTS, PLACE, TABLES
from spinegrade.patients.files import RawTable, read_csv, read_json, read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_SUFFIXES = (".csv", ".tsv", ".parquet", ".json")
_LOOK_LIKE_TABLES = (*_SUFFIXES, ".txt", ".xls", ".xlsx", ".ods")


@frozen
class Patients:
    """What a clinic says of patients; every table in the columns of `TABLES`, one patient once.

    ``problems`` are rows that were left out, each with its place; ``spoilt`` has ``patient, table`` of those
    whose patient can be read: what was left out may be what would have decided.
    """

    patients: pl.DataFrame
    fractures: pl.DataFrame = field(factory=lambda: empty_table(FRACTURES))
    bmd: pl.DataFrame = field(factory=lambda: empty_table(BMD))
    exposures: pl.DataFrame = field(factory=lambda: empty_table(EXPOSURES))
    problems: list[str] = field(factory=list)
    spoilt: pl.DataFrame = field(factory=lambda: spoilt_rows([]))


def spoilt_rows(parts: Sequence[tuple[str, Iterable[str]]]) -> pl.DataFrame:
    """Return ``patient, table`` of tables of which rows of these patients were left out."""
    rows = [(patient, name) for name, patients in parts for patient in patients]
    return pl.DataFrame(rows, schema={"patient": pl.String, "table": pl.String}, orient="row").unique(
        maintain_order=True
    )


def read_patients(
    path: Path, *, ignore_unknown: bool = False, keep_going: bool = False, alone: bool = False
) -> Patients:
    """Return the patients in a file, or in the four tables of a folder; the table of patients ``alone``.

    Raises
    ------
    FormatError
        Of the first file, line and column that cannot be used; with ``keep_going`` rows are left out and
        told of instead.
    """
    tables: dict[str, pl.DataFrame] = {}
    problems: list[str] = []
    spoilt: list[tuple[str, list[str]]] = []
    names = (PATIENTS,) if alone else tuple(TABLES)
    for raw in _raw_tables(path, names, ignore_unknown=ignore_unknown):
        frame, found, lost = _checked(raw)
        if found and not keep_going:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise FormatError(found[0] + more)
        problems += found
        spoilt.append((raw.name, lost))
        tables[raw.name] = frame
    if tables[PATIENTS].is_empty():
        msg = f"{path}: expected at least one patient, got none that can be used"
        raise FormatError(msg)
    return Patients(**tables, problems=problems, spoilt=spoilt_rows(spoilt))


def table_files(path: Path) -> list[Path]:
    """Return the files that are read where patients are asked for: the path, or the tables in the folder."""
    return [file for name in TABLES for file in _files(path, name)] if path.is_dir() else [path]


def _raw_tables(path: Path, names: tuple[str, ...], *, ignore_unknown: bool) -> list[RawTable]:
    """Return the tables of these names."""
    if not path.is_dir():
        if not path.is_file():
            msg = f"{path}: expected a file or folder of patients, got none"
            raise FormatError(msg)
        return _named(_file(path, PATIENTS, ignore_unknown=ignore_unknown), names)
    if not ignore_unknown:
        _refuse_misspelt(path)
    tables = [raw for name in names for raw in _of_folder(path, name, ignore_unknown=ignore_unknown)]
    tables = _named(tables, names)
    given = [raw.name for raw in tables]
    for name in given:
        if given.count(name) > 1:
            msg = f"{path}: expected one table of {name}, got one within the patients and one beside"
            raise FormatError(msg)
    return tables


def _named(tables: Iterable[RawTable], names: tuple[str, ...]) -> list[RawTable]:
    return [raw for raw in tables if raw.name in names]


def _refuse_misspelt(folder: Path) -> None:
    """Refuse a file that was meant for a table and would be passed over, as ``fracture.csv`` or ``bmd.xlsx``.

    Raises
    ------
    FormatError
        If there is one, and no other file of that table.
    """
    absent = [name for name in TABLES if not _files(folder, name)]
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in _LOOK_LIKE_TABLES:
            continue
        meant = get_close_matches(file.stem.lower(), absent, n=1, cutoff=0.75)
        if meant:
            msg = f"{file}: expected {meant[0]}.csv, .tsv or .parquet, got the name {file.name!r}; "
            msg += "--ignore-unknown reads past it"
            raise FormatError(msg)


def _files(folder: Path, name: str) -> list[Path]:
    return [file for suffix in _SUFFIXES if (file := folder / f"{name}{suffix}").is_file()]


def _of_folder(folder: Path, name: str, *, ignore_unknown: bool) -> list[RawTable]:
    """Return the tables in the one file of this name, in whichever format; none where there is none."""
    found = _files(folder, name)
    if len(found) > 1:
        msg = f"{folder}: expected one table of {name}, got {found[0].name} and {found[1].name}"
        raise FormatError(msg)
    if name == PATIENTS and not found:
        msg = f"{folder}: expected patients.csv, .parquet or .json in the folder, got none"
        raise FormatError(msg)
    return [raw for file in found for raw in _file(file, name, ignore_unknown=ignore_unknown)]


def _file(path: Path, name: str, *, ignore_unknown: bool) -> list[RawTable]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return [read_csv(path, name, ignore_unknown=ignore_unknown)]
    if suffix == ".parquet":
        return read_parquet(path, name, ignore_unknown=ignore_unknown)
    if suffix == ".json" and name == PATIENTS:
        return read_json(path, ignore_unknown=ignore_unknown)
    msg = f"{path}: expected a name that ends in {', '.join(_SUFFIXES)}, got {path.name!r}"
    raise FormatError(msg)


def _checked(raw: RawTable) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Return the usable rows, what is wrong with the others, with their places, and whose they are."""
    frame, misfits = cast_table(raw.frame, raw.name, decimal_comma=raw.decimal_comma)
    misfits = [*(Misfit(place, what) for place, what in raw.refused), *misfits]
    frame = frame.filter(~pl.col(PLACE).is_in([place for place, _ in raw.refused]))
    if raw.name == PATIENTS:
        twice = frame.filter(~pl.col("patient").is_first_distinct())
        for place, patient in twice.select(PLACE, "patient").iter_rows():
            misfits.append(Misfit(place, f"patient: expected {patient} once, got it again"))
        frame = frame.filter(pl.col("patient").is_unique())
    lost = _lost_patients(raw.frame, [one.place for one in misfits])
    return frame, [f"{raw.place(one.place)}: {one.what}" for one in misfits], lost


def _lost_patients(raw: pl.DataFrame, places: Iterable[int]) -> list[str]:
    """Return whose the rows at these places are, as far as they say it."""
    if "patient" not in raw.columns:
        return []
    named = raw.filter(pl.col(PLACE).is_in(list(places))).select(
        pl.col("patient").cast(pl.String).str.strip_chars().replace("", None)
    )
    return named["patient"].drop_nulls().unique(maintain_order=True).to_list()
