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
from qtpy.QtWidgets import QAbstractScrollArea, QApplication, QTabWidget, QVBoxLayout

from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.patient_page import RESEARCH
from napari_spinegrade.patient_session import PatientSession
from napari_spinegrade.patient_trends import Trends
from napari_spinegrade.patient_view import view
from napari_spinegrade.preferences import preferences
from napari_spinegrade.viewers import itself
from napari_spinegrade.widgets.crosshair import canvas_of
from napari_spinegrade.widgets.desk import DESK_WIDTH
from napari_spinegrade.widgets.docking import dock_of, tab_upon
from napari_spinegrade.widgets.parts import QUIET, label
from napari_spinegrade.widgets.patient_changing import ChangingPanel
from napari_spinegrade.widgets.patient_facts import FactsPage
from napari_spinegrade.widgets.patient_head import PatientHead
from napari_spinegrade.widgets.patient_rules import RulesPage
from napari_spinegrade.widgets.patient_seen import desk_in, done_since, last_change, what_is_open
from napari_spinegrade.widgets.patient_trends import TrendsPage
from napari_spinegrade.widgets.soon import soon
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from concurrent.futures import Future

    import napari
    from qtpy.QtGui import QHideEvent, QShowEvent
    from qtpy.QtWidgets import QDockWidget, QScrollBar, QWidget

    from napari_spinegrade.patient_view import View

BLINDED = "Closed: a blinded reading is open"
_LOOK_MS = 150
"""How often it looks whether something else is open, and whether the rules have answered."""
_FOLDER_LOOKS = 14
"""Every so many times it looks whether somebody else has added a reading beside the film, too."""


class PatientPanel(ChangingPanel):
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
        self._looks = 0
        self._folder = last_change(None)
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
        self.facts_page.dropped.connect(lambda: self.say(""))
        self.rules.reader_chosen.connect(self._on_reader)
        self.rules.switch_set.connect(self._on_switch)
        self.rules.field_wanted.connect(self.go_to_field)

    # What is open

    def look(self) -> None:
        """Take notice of what is open, and of an answer that has come."""
        if BLINDING.is_open:
            return
        seen, before, read = what_is_open(self.viewer), self._facts_shown, self.session.seen
        lost = self.finish() if self.session.turns_by(seen) else ""
        if self.session.see(seen):
            self._stale = True
            if self._facts_shown != before:
                self.view = self._answer = None  # of somebody else
                self.show_all(lost)
            elif lost:
                self.say(lost, bad=True)
            elif done := done_since(read, self.session.seen):
                self.say(f"At the film: {done}")
        elif self._stale or self._is_folder_changed():  # not while a landmark is still dragged
            self.classify()
        if self._answer is not None and self._answer.done():
            answer, self._answer = self._answer, None
            self._take(answer)

    @property
    def _facts_shown(self) -> tuple[object, ...]:
        facts = self.session.facts
        return facts, self.session.patient, None if facts is None else facts.tables

    def _is_folder_changed(self) -> bool:
        """Return whether files were added beside the film; asked now and then only, as it may be far away."""
        self._looks = (self._looks + 1) % _FOLDER_LOOKS
        return self._looks == 0 and last_change(self.session.seen.film) != self._folder

    def classify(self) -> None:
        """Ask the rules; they answer from another thread, and `look` hears them."""
        self._stale, self._folder = False, last_change(self.session.seen.film)
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
            self.say(f"{error}", bad=True)
        if self._adult != adult:
            self.show_facts()
        self._show_view()

    # Showing

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something of the last action; without words what there is to say of the tables."""
        facts = self.session.facts
        where = "" if facts is None else f"Facts are kept in {'/'.join(facts.tables.where.parts[-2:])}"
        remarks = ". ".join(self.session.remarks) or where
        self.head.say(words or remarks, bad=bad or (not words and bool(self.session.unusable)))

    def show_all(self, lost: str = "") -> None:
        """Show everything there is; while a blinded reading is open, that there is nothing.

        ``lost`` is what could not be kept of what was typed for the patient before.
        """
        self.pages.setVisible(not BLINDING.is_open)
        self._show_patients()
        self.show_facts()
        self._show_view()
        self.say(BLINDED if BLINDING.is_open else lost, bad=BLINDING.is_open or bool(lost))

    def show_anew(self, lost: str = "") -> None:
        """Show everything of other facts, and classify."""
        self.view = self._answer = None
        self.show_all(lost)
        self.classify()

    def _show_patients(self) -> None:
        session = self.session
        self.head.show_patients(session.patients, session.patient, open_to_all=not BLINDING.is_open)
        self.head.show_film(session.film_of_another)

    @property
    def _adult(self) -> bool:
        return self.view is not None and self.view.group == "adult"

    def show_facts(self) -> None:
        """Show the facts as they are kept."""
        facts = self.session.facts
        self.facts_page.show_facts(facts, adult=self._adult)
        can, whose = (False, "") if facts is None else (facts.can_undo, facts.changed_last)
        self.head.show_undo(can=can, whose=whose)

    def _show_view(self) -> None:
        shown, hidden = self.view, self.session.seen.hidden
        self.rules.show_view(shown, self.session, hidden)
        trends = Trends() if shown is None else shown.trends
        if hidden:
            self.trends.show_trends(Trends((), trends.scans), empty=hidden)
        else:
            self.trends.show_trends(trends, self.session.series)
        account = None if shown is None else shown.account
        said = () if account is None else self.session.contradictions(account.contradictions)
        self.head.show_contradictions(said)

    def go_to_field(self, table: str, column: str) -> None:
        """Lead to the field that a rule asks for."""
        self.pages.setCurrentWidget(self.facts_page)
        self.facts_page.point_to(table, column)

    # Choosing

    def _on_patient(self, patient: str) -> None:
        lost = self.finish()
        self.session.choose(patient)
        self.show_anew(lost)

    def _on_reader(self, reader: str) -> None:
        self.session.reader = reader
        self.classify()

    def _on_switch(self, name: str, value: str) -> None:
        refusal = self.attempt(lambda: self.session.set_switch(name, value))
        if refusal:
            self.say(refusal, bad=True)
        else:
            self.say("")
            self.classify()

    # Letting go, and Qt

    def _on_blinding(self, blinded: bool) -> None:  # noqa: FBT001  the signal's
        if not compat.isalive(self):  # type: ignore[no-untyped-call]
            return
        if blinded:
            self.facts_page.take_typed()
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
        """Rest while another tab lies upon it; a click on its tab takes the keys, as one in it does."""
        if not compat.isalive(self):  # type: ignore[no-untyped-call]
            return
        if seen and QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self.setFocus()
        elif not seen:
            self.give_keys_back()
        self._timer.start() if seen else self._timer.stop()

    @property
    def scroll_bar(self) -> QScrollBar | None:
        """The bar of the page in front."""
        page = self.pages.currentWidget()
        area = self.rules.text if page is self.rules else page
        return area.verticalScrollBar() if isinstance(area, QAbstractScrollArea) else None

    def film(self) -> QWidget | None:
        """Return what of the window shows the film."""
        desk = desk_in(self.viewer)
        return canvas_of(self.window() if desk is None else desk.window())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Look at what is open while it is seen."""
        super().showEvent(event)
        soon(self, self._settle_down)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Keep what is still being typed, as before the window is closed, and rest while it is not seen."""
        self._timer.stop()
        before, lost = self._facts_shown, self.finish()
        if lost or self._facts_shown != before:
            self.show_all(lost)
        super().hideEvent(event)
