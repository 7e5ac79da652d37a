"""What a clinic says of one patient, to be seen and changed: every change is checked, kept, undone.

Knows neither napari nor Qt.  A value that does not fit its column is refused and the file stays as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen
from psygnal import Signal

from napari_spinegrade.patient_tables import PatientTables, open_tables
from napari_spinegrade.patient_words import label_of, ledger_label
from spinegrade.errors import FormatError
from spinegrade.patients.casting import cast_table
from spinegrade.patients.columns import PATIENTS, PLACE, TABLES
from spinegrade.patients.reading import Patients, spoilt_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_spinegrade.patient_csv import CsvText

REPEATED = "stands in the patients table more than once; it is then not used at all"


@frozen
class Row:
    """A row of a table.

    Attributes
    ----------
    place
        Where it stands in its table.
    texts
        What its cells say, by column; empty where nothing.
    values
        The same as numbers, dates and choices; None where nothing, or where it does not fit.
    misfits
        Of cells that do not fit their column: what was expected and got.
    """

    place: int
    texts: dict[str, str]
    values: dict[str, object]
    misfits: dict[str, str]


class FactsEditor:
    """The facts of a patient in some tables."""

    changed = Signal()
    """The facts, or the patient, are others."""

    def __init__(self, tables: PatientTables, patient: str = "") -> None:
        self.tables = tables
        self.patient = patient
        self._done: list[tuple[str, CsvText]] = []

    @property
    def times_in_table(self) -> int:
        """How often the patient stands in the table of patients; only once is of use."""
        return self.tables.patients.count(self.patient)

    @property
    def changed_last(self) -> str:
        """Whose facts were changed last; empty where there is nothing to take back."""
        return self._done[-1][0] if self._done else ""

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back; not what was changed last of somebody else."""
        return bool(self._done) and self.changed_last == self.patient

    def choose(self, patient: str) -> None:
        """Show the facts of another patient."""
        if patient != self.patient:
            self.patient = patient
            self.changed.emit()

    # What is there

    def rows(self, name: str) -> tuple[Row, ...]:
        """Return the patient's rows of a table; those that are empty beside the patient too."""
        raw = self.tables.raw(name, self.patient)
        return tuple(
            _row(raw[n : n + 1], name, decimal_comma=self.tables.decimal_comma(name))
            for n in range(raw.height)
        )

    def given(self) -> Patients:
        """Return the patient's rows of all tables, as the command line reads them; misfits are problems."""
        frames, problems, spoilt = {}, [], []
        for name in TABLES:
            raw = self.tables.raw(name, self.patient)
            frame, misfits = cast_table(raw, name, decimal_comma=self.tables.decimal_comma(name))
            problems += [f"{name}: {one.what}" for one in misfits]
            frames[name] = frame
            spoilt += [(name, [self.patient])] if misfits else []
        if frames[PATIENTS].height > 1:
            frames[PATIENTS] = frames[PATIENTS].clear()
            problems.append(f"{self.patient} {REPEATED}")
        return Patients(**frames, problems=problems, spoilt=spoilt_rows(spoilt))

    # What is changed

    def set(self, name: str, place: int | None, column: str, value: str) -> None:
        """Change a cell; ``place`` None begins a row.

        Raises
        ------
        FormatError
            If the value does not fit the column, the row is none of the patient's, or the table cannot be
            changed.  It is left alone.
        """
        if place is None:
            self.add(name, {column: value})
            return
        table = self._table_of(name, place)
        if table.cell(place, column) == value.strip():
            return
        self._check(name, column, value)
        self._keep(table, table.with_cells(place, {column: value.strip()}))

    def add(self, name: str, cells: Mapping[str, str]) -> None:
        """Add a row of the patient.

        Raises
        ------
        FormatError
            If a value does not fit, or the table cannot be changed.
        """
        for column, value in cells.items():
            self._check(name, column, value)
        if name == PATIENTS and self.times_in_table:
            msg = f"patients: expected {self.patient} once, got it again"
            raise FormatError(msg)
        if not self.patient:
            msg = f"{name}: expected a patient to add to, got none"
            raise FormatError(msg)
        table = self.tables.text(name)
        filled = {column: value.strip() for column, value in cells.items()}
        self._keep(table, table.with_record({"patient": self.patient, **filled}))

    def remove(self, name: str, place: int) -> None:
        """Take a row away.

        Raises
        ------
        FormatError
            If it is none of the patient's, or the table cannot be changed.
        """
        table = self._table_of(name, place)
        self._keep(table, table.without(place))

    def _table_of(self, name: str, place: int) -> CsvText:
        """Return a table in which a place is the patient's."""
        table = self.tables.text(name)
        if place not in table.places(self.patient):
            msg = f"{name}: expected a row of {self.patient}, got another"
            raise FormatError(msg)
        return table

    def undo(self) -> bool:
        """Take the last change back, and return whether there was one of this patient.

        Raises
        ------
        FormatError
            If the file cannot be written.
        """
        if not self.can_undo:
            return False
        self._write(self._done[-1][1])
        self._done.pop()
        self.changed.emit()
        return True

    def read_anew(self) -> None:
        """Read the tables again, as after somebody else changed them; what was done cannot be undone then.

        Raises
        ------
        FormatError
            If they cannot be read.
        """
        self._begin_anew(open_tables(self.tables.where))

    def refresh(self) -> None:
        """Read the tables again if somebody has changed them, as `read_anew`; else all can still be undone.

        Raises
        ------
        FormatError
            If they cannot be read.
        """
        there = open_tables(self.tables.where)
        if not self.tables.same_as(there):
            self._begin_anew(there)

    def _begin_anew(self, there: PatientTables) -> None:
        self.tables = there
        self._done.clear()
        self.changed.emit()

    def _check(self, name: str, column: str, value: str) -> None:
        frame = pl.DataFrame({"patient": ["p"], column: [value]}).with_columns(pl.lit(0).alias(PLACE))
        if "\n" in value or "\r" in value:
            msg = f"{_called(name, column)}: expected one line, got several"
            raise FormatError(msg)
        _, misfits = cast_table(frame, name, decimal_comma=self.tables.decimal_comma(name))
        if misfits:
            _, _, words = misfits[0].what.partition(": ")
            msg = f"{_called(name, column)}: {words}"
            raise FormatError(msg)

    def _keep(self, before: CsvText, after: CsvText) -> None:
        self._write(after)
        self._done.append((self.patient, before))
        self.changed.emit()

    def _write(self, table: CsvText) -> None:
        self.tables = self.tables.kept(table)


@frozen(eq=False)
class Wish:
    """Something to do with the facts of one patient, and with nobody else's.

    ``done`` is called once it is done, ``refused`` with the reason if it cannot be.
    """

    facts: FactsEditor
    patient: str
    action: Callable[[FactsEditor], object]
    done: Callable[[], object] = lambda: None
    refused: Callable[[str], object] = lambda _words: None

    def grant(self) -> None:
        """Do it.

        Raises
        ------
        FormatError
            If it cannot be done, or the facts are those of somebody else by now.
        """
        if self.facts.patient != self.patient:
            msg = f"expected the facts of {self.patient}, got those of {self.facts.patient or 'nobody'}"
            raise FormatError(msg)
        self.action(self.facts)


def _called(name: str, column: str) -> str:
    return label_of(column) if name == PATIENTS else ledger_label(column)


def _row(raw: pl.DataFrame, name: str, *, decimal_comma: bool) -> Row:
    """Return a row of text with what its cells mean."""
    columns = [one.name for one in TABLES[name]]
    texts = {column: str(raw[column][0] or "") if column in raw.columns else "" for column in columns}
    misfits: dict[str, str] = {}
    _, found = cast_table(raw, name, decimal_comma=decimal_comma)
    for one in found:
        column, _, words = one.what.partition(": ")
        misfits[column] = words
    sound = raw.with_columns(pl.lit("").alias(column) for column in misfits if column in raw.columns)
    cast, _ = cast_table(sound, name, decimal_comma=decimal_comma)
    values = cast.row(0, named=True) if cast.height else dict.fromkeys(columns)
    return Row(int(raw[PLACE][0]), texts, {column: values[column] for column in columns}, misfits)


def passed_over(tables: PatientTables) -> str:
    """Return in words which columns of the tables are nobody's here; they are kept as they are."""
    unknown = [
        f"{column} ({name})"
        for name, table in tables.tables.items()
        for column in getattr(table, "unknown", ())
    ]
    return f"Not shown, kept as it is: {', '.join(unknown)}" if unknown else ""


def unusable(facts: FactsEditor) -> str:
    """Return why what the table of patients says of the patient is not used; empty where it is."""
    times = facts.times_in_table
    if times > 1:
        return (
            f"{facts.patient} stands in the patients table {times} times, so no row of them is used: "
            "leave one there, and press Reload"
        )
    misfits = facts.rows(PATIENTS)[0].misfits if times else {}
    if not misfits:
        return ""
    wrong = "; ".join(f"{label_of(column)}: {words}" for column, words in misfits.items())
    return f"The row of {facts.patient} in the patients table is not used: {wrong}"
