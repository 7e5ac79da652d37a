"""The tables of patients as they lie in a file or a folder, to be looked at and edited one patient at a time.

CSV can be edited; Parquet and JSON are shown only, as whoever made them has a program for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from attrs import evolve, field, frozen

from napari_spinegrade.patient_csv import CsvText, keep_text, new_text, read_text
from spinegrade.errors import FormatError
from spinegrade.patients.columns import PATIENTS, PLACE, TABLES
from spinegrade.patients.files import RawTable, read_json, read_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

CSV = (".csv", ".tsv")
SUFFIXES = (*CSV, ".parquet", ".json")
FOLDER = "patients"
"""How a folder of these tables is called where one is looked for beside a film."""


@frozen(eq=False)
class PatientTables:
    """The tables of a file or folder.

    Attributes
    ----------
    where
        The file, or the folder.
    tables
        Those that are there, by their names; CSV as text to edit, others as they were read.
    on_disk
        Digests of the CSV files as they were last read or written.
    """

    where: Path
    tables: Mapping[str, CsvText | RawTable]
    on_disk: Mapping[str, str] = field(factory=dict)

    @property
    def patients(self) -> tuple[str, ...]:
        """Everybody in the table of patients, as often as they stand there."""
        table = self.tables[PATIENTS]
        if isinstance(table, CsvText):
            return tuple(filter(None, (table.cell(n, "patient") for n in range(len(table.records)))))
        return tuple(str(one).strip() for one in table.frame["patient"].drop_nulls())

    def read_only(self, name: str) -> str:
        """Return why a table cannot be edited; empty where it can."""
        table = self.tables.get(name)
        if isinstance(table, RawTable):
            kind = Path(table.where.split(": ")[0]).suffix[1:].upper() or "its"
            return f"{name}: a {kind} table is shown and not edited here; CSV can be edited"
        if table is None and not self.where.is_dir():
            return f"{name}: {self.where.name} stands alone; open a folder of tables to keep {name} too"
        return ""

    def raw(self, name: str, patient: str) -> pl.DataFrame:
        """Return the rows of a patient as text, with `PLACE`; the columns that the table has."""
        table = self.tables.get(name)
        if table is None:
            return pl.DataFrame(schema={"patient": pl.String, PLACE: pl.Int64})
        if isinstance(table, CsvText):
            return table.frame(table.places(patient))
        known = [one.name for one in TABLES[name] if one.name in table.frame.columns]
        return table.frame.select(PLACE, *known).filter(pl.col("patient").str.strip_chars() == patient)

    def decimal_comma(self, name: str) -> bool:
        """Return whether numbers of a table are written with a comma."""
        table = self.tables.get(name)
        return isinstance(table, CsvText) and table.dialect.decimal_comma

    def text(self, name: str) -> CsvText:
        """Return a table to edit; one without rows where there is none yet.

        Raises
        ------
        FormatError
            If it cannot be edited.
        """
        reason = self.read_only(name)
        table = self.tables.get(name)
        if reason or isinstance(table, RawTable):
            raise FormatError(reason)
        return table or new_text(self.where / f"{name}.csv", name)

    def same_as(self, other: PatientTables) -> bool:
        """Return whether these are the same files as others; what is no CSV may always have changed."""
        texts = all(isinstance(one, CsvText) for one in other.tables.values())
        return texts and dict(self.on_disk) == dict(other.on_disk)

    def kept(self, table: CsvText) -> PatientTables:
        """Write a table, and return the tables with it.

        Raises
        ------
        FormatError
            If somebody has changed the file meanwhile, or it cannot be written.
        """
        written = keep_text(table, self.on_disk.get(table.name))
        return evolve(
            self,
            tables={**self.tables, table.name: table},
            on_disk={**self.on_disk, table.name: written},
        )


def open_tables(where: Path) -> PatientTables:
    """Return the tables in a file, or in the files of a folder.

    Raises
    ------
    FormatError
        If there are none, two of one name, or one that cannot be read.
    """
    tables: dict[str, CsvText | RawTable] = {}
    on_disk: dict[str, str] = {}
    for path, name in _files(where):
        for table, digest in _read(path, name):
            if table.name in tables:
                msg = (
                    f"{where}: expected one table of {table.name}, got one within the patients and one beside"
                )
                raise FormatError(msg)
            tables[table.name] = table
            if digest:
                on_disk[table.name] = digest
    return PatientTables(where, tables, on_disk)


def _files(where: Path) -> list[tuple[Path, str]]:
    if where.is_file():
        return [(where, PATIENTS)]
    found = []
    for name in TABLES:
        files = [path for path in (where / f"{name}{end}" for end in SUFFIXES) if path.is_file()]
        if len(files) > 1:
            msg = f"{where}: expected one table of {name}, got {files[0].name} and {files[1].name}"
            raise FormatError(msg)
        found += [(path, name) for path in files]
    if not found or found[0][1] != PATIENTS:
        msg = f"{where}: expected patients.csv, .parquet or .json, got none"
        raise FormatError(msg)
    return found


def _read(path: Path, name: str) -> list[tuple[CsvText | RawTable, str]]:
    suffix = path.suffix.lower()
    if suffix in CSV:
        return [read_text(path, name)]
    if suffix == ".parquet":
        return [(one, "") for one in read_parquet(path, name, ignore_unknown=True)]
    if suffix == ".json" and name == PATIENTS:
        return [(one, "") for one in read_json(path, ignore_unknown=True)]
    msg = f"{path}: expected a name that ends in {', '.join(SUFFIXES)}, got {path.name!r}"
    raise FormatError(msg)


def begin_tables(folder: Path) -> Path:
    """Begin a folder of tables in a folder, and return it.

    Raises
    ------
    FormatError
        If there is something of that name already, or it cannot be written.
    """
    where = folder / FOLDER
    try:
        where.mkdir()
    except OSError as error:
        msg = f"{where}: expected to make a new folder, got: {error.strerror}"
        raise FormatError(msg) from error
    keep_text(new_text(where / f"{PATIENTS}.csv", PATIENTS), None)
    return where


def tables_beside(film: Path) -> Path | None:
    """Return the folder or file of patients beside a film; None where there is none."""
    folder = film.parent / FOLDER
    if folder.is_dir() and any((folder / f"{PATIENTS}{end}").is_file() for end in SUFFIXES):
        return folder
    file = film.parent / f"{PATIENTS}.csv"
    return file if file.is_file() else None
