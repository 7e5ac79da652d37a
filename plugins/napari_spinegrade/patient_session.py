"""What the panel of a patient is about: tables, readings, switches; it asks, and others answer.

Knows neither napari nor Qt.  While a blinded reading is open it holds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import fields, frozen

from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.patient_facts import FactsEditor, passed_over, unusable
from napari_spinegrade.patient_film import question
from napari_spinegrade.patient_readings import PATIENT, Found, ReadingShelf
from napari_spinegrade.patient_tables import begin_tables, open_tables, tables_beside
from napari_spinegrade.patient_trends import series_name
from napari_spinegrade.patient_view import ALL_READERS, Asked
from spinegrade.errors import SpinegradeError
from spinegrade.osteoporosis.switches import Switches, parse_switches
from spinegrade.patients.casting import empty_table
from spinegrade.patients.columns import PATIENTS
from spinegrade.patients.contradictions import WITHOUT_ROW
from spinegrade.patients.reading import Patients

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from spinegrade.assess import Method
    from spinegrade.readings import Reading

CHOSEN: dict[Path, Path] = {}
"""Tables that were chosen in this session, by the folder of the films that they are for."""


@frozen(eq=False)
class Seen:
    """What is open beside the panel: the film's file, the reading as it stands, and the file it is kept in.

    ``hidden`` says why computed values are not to be shown; empty where they are.
    """

    film: Path | None = None
    reading: Reading | None = None
    kept: Path | None = None
    hidden: str = ""

    def same(self, other: Seen) -> bool:
        """Return whether nothing differs that the panel shows."""
        return self.reading is other.reading and (self.film, self.kept, self.hidden) == (
            other.film,
            other.kept,
            other.hidden,
        )


class PatientSession:
    """A patient, the tables, and by what to classify."""

    def __init__(self, method: Method, usual: Path | None = None) -> None:
        self.method = method
        self.usual = usual
        """The clinic's tables, for films that have none beside them."""
        self.switches = Switches()
        self.reader = ALL_READERS
        self.facts: FactsEditor | None = None
        self.patient = ""
        self.seen = Seen()
        self.problem = ""
        self._shelf = ReadingShelf()
        self._found = Found()
        self._editors: dict[Path, FactsEditor] = {}
        """One for all films of the same tables, so that what was done before another film can be undone."""

    # What is open

    def turns_by(self, seen: Seen) -> bool:
        """Return whether `see` would turn to another film or patient, and perhaps to other tables."""
        return seen.film != self.seen.film or _patient_of(seen) != self._open_patient

    def see(self, seen: Seen) -> bool:
        """Take notice of what is open, and return whether anything differs.

        Raises
        ------
        ReadingError
            If a blinded reading is open.
        """
        BLINDING.refuse(PATIENT)
        if seen.same(self.seen):
            return False
        turns, other_film = self.turns_by(seen), seen.film != self.seen.film
        self.seen = seen
        if other_film:
            self.reader = ALL_READERS
            self._find_tables()
        if turns:
            self.choose(self._open_patient)
        return True

    def forget(self) -> None:
        """Hold nothing of any patient."""
        self.seen, self._found, self.facts, self.patient, self.problem = Seen(), Found(), None, "", ""
        self._editors.clear()

    @property
    def _open_patient(self) -> str:
        return _patient_of(self.seen)

    @property
    def film_of_another(self) -> str:
        """Whose the open film is, where that is somebody else than the patient; empty where it is not."""
        return self._open_patient if self._open_patient != self.patient else ""

    @property
    def folder(self) -> Path | None:
        """The folder of the film that is open."""
        return None if self.seen.film is None else self.seen.film.parent

    # Tables

    def _find_tables(self) -> None:
        """Take the tables chosen for these films, those beside the film, or the clinic's."""
        self.facts, self.problem = None, ""
        if self.seen.film is None:
            return
        where = CHOSEN.get(self.seen.film.parent) or tables_beside(self.seen.film) or self.usual
        if where is not None:
            try:
                self.facts = self._editor(where)
            except SpinegradeError as error:
                self.problem = str(error)

    def _editor(self, where: Path) -> FactsEditor:
        """Return who edits some tables, those of before if there is one."""
        key = where.resolve()
        if key in self._editors:
            self._editors[key].refresh()
        else:
            self._editors[key] = FactsEditor(open_tables(where))
        made = self._editors[key]
        made.choose(self.patient)
        return made

    def read_anew(self) -> None:
        """Read the tables again, or look for them again where they could not be read.

        Raises
        ------
        SpinegradeError
            If a blinded reading is open, or they cannot be read.
        """
        BLINDING.refuse(PATIENT)
        if self.facts is None:
            self._find_tables()
        else:
            self.facts.read_anew()

    def open_tables(self, where: Path) -> None:
        """Use the tables in a file or folder.

        Raises
        ------
        SpinegradeError
            If a blinded reading is open, or they cannot be read.  Those used before stay.
        """
        BLINDING.refuse(PATIENT)
        self.facts = self._editor(where)
        self.problem = ""
        if self.folder is not None:
            CHOSEN[self.folder] = where

    def begin_tables(self, folder: Path) -> None:
        """Begin a folder of tables in a folder, and use it.

        Raises
        ------
        SpinegradeError
            As `open_tables`, or if there is something of that name already.
        """
        BLINDING.refuse(PATIENT)
        self.open_tables(begin_tables(folder))

    # Patient and ways to classify

    @property
    def patients(self) -> tuple[str, ...]:
        """Everybody in the tables and the readings, each once."""
        in_tables = self.facts.tables.patients if self.facts is not None else ()
        everybody = (*in_tables, *self._found.patients, self._open_patient, self.patient)
        return tuple(dict.fromkeys(one for one in everybody if one))

    def choose(self, patient: str) -> None:
        """Look at another patient."""
        self.patient = patient
        if self.facts is not None:
            self.facts.choose(patient)

    def setting(self, name: str) -> str:
        """Return how a switch is set."""
        return dict(part.split("=", 1) for part in f"{self.switches}".split())[name]

    def set_switch(self, name: str, value: str) -> None:
        """Set a switch.

        Raises
        ------
        RuleError
            If it has no such setting.
        """
        set_now = dict(part.split("=", 1) for part in f"{self.switches}".split())
        self.switches = parse_switches(f"{one}={to}" for one, to in (set_now | {name: value}).items())

    def asked(self) -> Asked | None:
        """Return what is to be classified; None where there is no patient.

        Raises
        ------
        ReadingError
            If a blinded reading is open.
        """
        BLINDING.refuse(PATIENT)
        self._found = Found()
        if self.folder is not None:
            self._found = self._shelf.look(self.folder, besides=self.seen.kept)
        self._found = self._found.with_open(self.seen.reading)
        if not self.patient:
            return None
        return Asked(
            patient=self.patient,
            given=_nothing() if self.facts is None else self.facts.given(),
            readings=self._found.of(self.patient),
            switches=self.switches,
            method=self.method,
            reader=self.reader,
            problems=self._found.problems,
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of the tables."""
        if self.facts is None:
            return (self.problem or "No table of patients: open one, or begin one beside the film",)
        said = [self.unusable, passed_over(self.facts.tables)]
        if self.patient and not self.facts.times_in_table:
            said.append(
                f"{self.patient} is not in this table yet: choose the film's patient and press Film is of, "
                "or fill in a field"
            )
        return tuple(one for one in said if one)

    @property
    def unusable(self) -> str:
        """Why what the table says of the patient is not used; empty where it is."""
        return "" if self.facts is None else unusable(self.facts)

    @property
    def series(self) -> str:
        """The series of the trends that the open reading is one of; empty for none."""
        reading = self.seen.reading
        return "" if reading is None else series_name(reading.reader, reading.occasion)

    def contradictions(self, said: Sequence[str]) -> tuple[str, ...]:
        """Return what contradicts itself; a row that cannot be used is none to the rules, and yet there."""
        stands = self.facts is not None and self.facts.times_in_table > 0
        return tuple(one for one in said if not (stands and one.endswith(WITHOUT_ROW)))

    def question(self, header: date | None) -> str:
        """Return what is asked before the open film is given to the patient; ``header`` is its own date."""
        reading = self.seen.reading
        if reading is None:
            return ""
        return question(reading, self._found.of(reading.exam.patient), self.patient, header)


def _patient_of(seen: Seen) -> str:
    return "" if seen.reading is None else seen.reading.exam.patient


def switch_options(name: str) -> tuple[str, ...]:
    """Return the settings that a switch can be chosen from; empty where it is a number of one's own."""
    options = getattr(getattr(fields(Switches), name).validator, "options", ())
    return tuple(f"{one:g}" if isinstance(one, float) else str(one) for one in options)


def _nothing() -> Patients:
    return Patients(empty_table(PATIENTS))
