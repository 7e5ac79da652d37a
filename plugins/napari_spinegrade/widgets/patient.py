"""The patient beside the film: facts to fill in, what the rules make of them, and how it went over time.

While a blinded reading is open it shows and holds nothing.  Nothing is computed on the path of the mouse: a
timer looks at what is open, and another thread classifies.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from qtpy import compat
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.patient_page import RESEARCH
from napari_spinegrade.patient_session import PatientSession, date_of
from napari_spinegrade.patient_trends import Trends
from napari_spinegrade.patient_view import view
from napari_spinegrade.preferences import keep_patient_tables, preferences
from napari_spinegrade.viewers import itself
from napari_spinegrade.widgets.desk import DESK_WIDTH
from napari_spinegrade.widgets.docking import dock_of, tab_upon
from napari_spinegrade.widgets.parts import QUIET, label
from napari_spinegrade.widgets.patient_dialogs import ask_film_date, ask_folder, ask_table
from napari_spinegrade.widgets.patient_facts import FactsPage
from napari_spinegrade.widgets.patient_head import PatientHead
from napari_spinegrade.widgets.patient_rules import RulesPage
from napari_spinegrade.widgets.patient_seen import desk_in, film_date, what_is_open
from napari_spinegrade.widgets.patient_trends import TrendsPage
from napari_spinegrade.widgets.soon import soon
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    import napari
    from qtpy.QtGui import QHideEvent, QShowEvent
    from qtpy.QtWidgets import QDockWidget

    from napari_spinegrade.patient_facts import FactsEditor
    from napari_spinegrade.patient_view import View

BLINDED = "Closed: a blinded reading is open"
_LOOK_MS = 150
"""How often it looks whether something else is open, and whether the rules have answered."""


class PatientPanel(QWidget):
    """A dock about the patient whose film is read."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = itself(viewer)
        wanted = preferences()
        self.session = PatientSession(wanted.method, wanted.patient_tables)
        self.view: View | None = None
        self._threads = ThreadPoolExecutor(1, "spinegrade-patient")
        self._answer: Future[View] | None = None
        self._stale = False
        """Whether something has changed that the rules have not been asked about."""
        self._placed = False
        self._dock: QDockWidget | None = None
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)
        undo = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self)
        undo.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        undo.activated.connect(self.undo)
        BLINDING.changed.connect(self._on_blinding)
        self.show_all()

    def _build(self) -> None:
        self.head = PatientHead()
        self.facts_page, self.rules, self.trends = FactsPage(), RulesPage(), TrendsPage()
        self.pages = QTabWidget()
        self.pages.addTab(self.facts_page, "Facts")
        self.pages.addTab(self.rules, "Classification")
        self.pages.addTab(self.trends, "Trends")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addWidget(self.head)
        layout.addWidget(self.pages, 1)
        layout.addWidget(label(RESEARCH, QUIET))
        self.setMinimumWidth(DESK_WIDTH)
        self.head.called.connect(lambda name: getattr(self, name)())
        self.head.patient_chosen.connect(self._on_patient)
        self.facts_page.wanted.connect(self.change)
        self.facts_page.undo_wanted.connect(self.undo)
        self.rules.reader_chosen.connect(self._on_reader)
        self.rules.switch_set.connect(self._on_switch)
        self.rules.field_wanted.connect(self.go_to_field)

    # What is open

    def look(self) -> None:
        """Take notice of what is open, and of an answer that has come."""
        if BLINDING.is_open:
            return
        facts, patient = self.session.facts, self.session.patient
        if self.session.see(what_is_open(self.viewer)):
            self._stale = True
            if self.session.facts is not facts or self.session.patient != patient:
                self.view = None
                self.say("")
                self.show_all()
        elif self._stale:  # not while a landmark is still dragged
            self.classify()
        if self._answer is not None and self._answer.done():
            answer, self._answer = self._answer, None
            self._take(answer)

    def classify(self) -> None:
        """Ask the rules; they answer from another thread, and `look` hears them."""
        self._stale = False
        asked = self.session.asked()
        self._show_patients()
        if self._answer is not None:
            self._answer.cancel()
        self._answer = None if asked is None else self._threads.submit(view, asked)

    def _take(self, answer: Future[View]) -> None:
        adult = self._adult
        try:
            self.view = answer.result()
        except SpinegradeError as error:
            self.view = None
            self.say(str(error), bad=True)
        if self._adult != adult:
            self._show_facts()
        self._show_view()

    # Showing

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something of the last action; without words what there is to say of the tables."""
        self.head.say(words or ". ".join(self.session.remarks), bad=bad)

    def show_all(self) -> None:
        """Show everything there is; while a blinded reading is open, that there is nothing."""
        self.pages.setVisible(not BLINDING.is_open)
        self._show_patients()
        self._show_facts()
        self._show_view()
        self.say(BLINDED if BLINDING.is_open else "", bad=BLINDING.is_open)

    def _show_patients(self) -> None:
        self.head.show_patients(self.session.patients, self.session.patient)

    @property
    def _adult(self) -> bool:
        return self.view is not None and self.view.group == "adult"

    def _show_facts(self) -> None:
        facts = self.session.facts
        self.facts_page.show_facts(facts, adult=self._adult)
        self.head.undo.setEnabled(facts is not None and facts.can_undo)

    def _show_view(self) -> None:
        shown, hidden = self.view, self.session.seen.hidden
        self.rules.show_view(shown, self.session, hidden)
        trends = Trends() if shown is None else shown.trends
        self.trends.show_trends(Trends((), trends.scans, (hidden,)) if hidden else trends)
        account = None if shown is None else shown.account
        self.head.show_contradictions(() if account is None else account.contradictions)

    def go_to_field(self, table: str, column: str) -> None:
        """Lead to the field that a rule asks for."""
        self.pages.setCurrentWidget(self.facts_page)
        self.facts_page.point_to(table, column)

    # Choosing

    def _on_patient(self, patient: str) -> None:
        self.session.choose(patient)
        self.view = None
        self.show_all()
        self.classify()

    def _on_reader(self, reader: str) -> None:
        self.session.reader = reader
        self.classify()

    def _on_switch(self, name: str, value: str) -> None:
        if self._attempt(lambda: self.session.set_switch(name, value)):
            self.classify()

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
        if self._attempt(lambda: self.session.open_tables(where)):
            keep_patient_tables(where)
            self.session.usual = where
            self.show_all()
            self.classify()

    def begin_tables(self) -> None:
        """Begin tables beside the film, or say why they cannot be begun."""
        folder = self.session.folder
        if folder is None:
            self.say("Open a film first: the tables are begun beside it", bad=True)
        elif self._attempt(lambda: self.session.begin_tables(folder)):
            self.show_all()
            self.classify()

    # Changing

    def ask_whose_film(self) -> None:
        """Ask when the film was taken, and give its reading to the patient that is chosen."""
        reading, patient = self.session.seen.reading, self.session.patient
        if reading is None or not patient:
            self.say("Open a film at the reading desk first, and choose its patient", bad=True)
            return
        text = ask_film_date(self, patient, reading.exam.date or film_date(self.viewer))
        if text is not None:
            self.give_film(text)

    def give_film(self, on: str) -> None:
        """Give the reading that is open to the patient that is chosen, with a date as 2026-11-21 or none."""
        patient = self.session.patient

        def give() -> None:
            desk = desk_in(self.viewer)
            if desk is not None and desk.editor is not None:
                desk.editor.set_patient(patient, date_of(on))

        if self._attempt(give):
            self.say(f"The film is read as one of {patient}; undo at the desk takes it back")
            self.look()

    def change(self, wish: Callable[[FactsEditor], object]) -> None:
        """Change a fact, or say why it cannot be changed."""
        facts = self.session.facts
        if facts is None:
            return
        kept = self._attempt(lambda: wish(facts))
        self._show_facts()
        if kept:
            self.say(f"Kept in {facts.tables.where.name}")
            self.classify()

    def undo(self) -> None:
        """Take the last change of a fact back."""
        self.change(lambda facts: facts.undo())

    def read_anew(self) -> None:
        """Read the tables again."""
        self.change(lambda facts: facts.read_anew())

    def _attempt(self, action: Callable[[], object]) -> bool:
        """Return whether something could be done, and say why where it could not."""
        try:
            BLINDING.refuse("Patient")
            action()
        except SpinegradeError as error:
            self.say(str(error), bad=True)
            return False
        return True

    # Letting go, and Qt

    def _on_blinding(self, blinded: bool) -> None:  # noqa: FBT001  the signal's
        if not compat.isalive(self):  # type: ignore[no-untyped-call]
            return
        if blinded:
            self.session.forget()
            self.view = self._answer = None
        self.show_all()

    def _settle_down(self) -> None:
        """Lie upon the desk as a tab of the same place: beside it there is no room for the film.

        A tab that lies below another is not hidden to Qt; its dock says whether it is seen.
        """
        dock, desk = dock_of(self), desk_in(self.viewer)
        if self._dock is None and dock is not None:
            self._dock = dock
            dock.visibilityChanged.connect(self._on_seen)
        if not self._placed and desk is not None:
            self._placed = tab_upon(self, desk)

    def _on_seen(self, seen: bool) -> None:  # noqa: FBT001  Qt's
        if compat.isalive(self):  # type: ignore[no-untyped-call]
            self._timer.start() if seen else self._timer.stop()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Look at what is open while it is seen."""
        super().showEvent(event)
        soon(self, self._settle_down)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Rest while it is not seen."""
        self._timer.stop()
        super().hideEvent(event)
