"""What the patient panel asks in windows of its own: which tables to use, and whose the open film is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.patient_film import date_of
from napari_spinegrade.preferences import keep_patient_tables
from napari_spinegrade.widgets.patient_dialogs import ask_film_date, ask_folder, ask_patient, ask_table
from napari_spinegrade.widgets.patient_keys import OwnKeys
from napari_spinegrade.widgets.patient_seen import desk_in, film_date
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari

    from napari_spinegrade.patient_session import PatientSession

_NO_FILM = "Open a film at the reading desk first, and choose its patient"


class AskingPanel(OwnKeys):
    """A panel that is told which tables to use, and whose the open film is."""

    viewer: napari.viewer.Viewer
    session: PatientSession

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something of the last action."""
        raise NotImplementedError

    def look(self) -> None:
        """Take notice of what is open."""
        raise NotImplementedError

    def finish(self) -> str:
        """Keep what is still being typed; return what of it could not be kept."""
        raise NotImplementedError

    def show_anew(self, lost: str = "") -> None:
        """Show other facts, and classify; ``lost`` is what could not be kept of those before."""
        raise NotImplementedError

    def attempt(self, action: Callable[[], object]) -> str:
        """Do something, and return why it could not be done; empty where it was."""
        try:
            BLINDING.refuse("Patient")
            action()
        except SpinegradeError as error:
            return str(error)
        return ""

    # Tables

    def ask_for_table(self) -> None:
        """Ask for the table of patients."""
        where = ask_table(self, self.session.folder)
        if where is not None:
            self.open_tables(where)

    def ask_for_folder(self) -> None:
        """Ask for the folder of the four tables."""
        where = ask_folder(self, self.session.folder)
        if where is not None:
            self.open_tables(where)

    def open_tables(self, where: Path) -> None:
        """Use other tables, or say why they cannot be used."""
        if self._turn(lambda: self.session.open_tables(where)):
            keep_patient_tables(where)
            self.session.usual = where

    def ask_for_patient(self) -> None:
        """Ask for somebody new, and show the facts that are kept of them: none yet."""
        patient = ask_patient(self)
        if patient:
            lost = self.finish()
            self.session.choose(patient)
            self.show_anew(lost)

    def begin_tables(self) -> None:
        """Begin tables beside the film, or say why they cannot be begun."""
        folder = self.session.folder
        if folder is None:
            self.say("Open a film first: the tables are begun beside it", bad=True)
        else:
            self._turn(lambda: self.session.begin_tables(folder))

    def _turn(self, action: Callable[[], object]) -> bool:
        """Turn to other tables once what is typed is kept in those before; return whether that could be."""
        lost = self.finish()
        refusal = self.attempt(action)
        if refusal:
            self.say(". ".join(one for one in (refusal, lost) if one), bad=True)
        else:
            self.show_anew(lost)
        return not refusal

    # The film

    def ask_whose_film(self) -> None:
        """Ask when the film was taken, and give its reading to the patient that is chosen."""
        reading = self.session.seen.reading
        if reading is None or not self.session.patient:
            self.say(_NO_FILM, bad=True)
            return
        header = film_date(self.viewer)
        text = ask_film_date(self, self.session.question(header), reading.exam.date or header)
        if text is not None:
            self.give_film(text)

    def give_film(self, on: str) -> None:
        """Give the reading that is open to the patient that is chosen, with a date as 2026-11-21 or none."""
        desk, patient, before = desk_in(self.viewer), self.session.patient, self.session.film_of_another
        editor = None if desk is None else desk.editor
        if editor is None:
            self.say(_NO_FILM, bad=True)
            return
        refusal = self.attempt(lambda: editor.set_patient(patient, date_of(on)))
        if refusal:
            self.say(refusal, bad=True)
            return
        was = f", before as one of {before}" if before else ""
        self.look()
        self.say(
            f"The film is read as one of {patient}{was}{self._header_words()}; undo at the desk takes it back"
        )

    def _header_words(self) -> str:
        """Return what the film's header says of its date, where that is another."""
        reading, header = self.session.seen.reading, film_date(self.viewer)
        if reading is None or header is None or reading.exam.date in (None, header):
            return ""
        return f", on {reading.exam.date} (its header says {header})"
