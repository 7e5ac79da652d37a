"""The page of the classification: whose readings and which switches, and below it what the rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QTextBrowser, QVBoxLayout, QWidget

from napari_spinegrade.patient_page import FIELD, SWITCH, page
from napari_spinegrade.patient_session import switch_options
from napari_spinegrade.patient_view import ALL_READERS
from napari_spinegrade.widgets.parts import StillChoice, choice, label
from spinegrade.osteoporosis.switches import SWITCHES

if TYPE_CHECKING:
    from qtpy.QtCore import QUrl

    from napari_spinegrade.patient_session import PatientSession
    from napari_spinegrade.patient_view import View

_EVERYBODY = "all readers"


class RulesPage(QWidget):
    """What the rules say of a patient."""

    reader_chosen = Signal(str)
    switch_set = Signal(str, str)
    field_wanted = Signal(str, str)
    """The table and column that a rule asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.readers = choice("Whose readings are used", self._on_reader)
        self.switches = choice("What the sources of the rules leave open", lambda _: self._show_setting())
        self.switches.addItems(list(SWITCHES))
        self.setting = StillChoice("How it is set; Enter sets a number")
        self.setting.activated.connect(lambda _: self._on_setting())
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._on_link)
        self._now: PatientSession | None = None
        row = QGridLayout()
        row.addWidget(label("Readings of"), 0, 0)
        row.addWidget(self.readers, 0, 1, 1, 2)
        row.addWidget(label("Switch"), 1, 0)
        row.addWidget(self.switches, 1, 1)
        row.addWidget(self.setting, 1, 2)
        row.setColumnStretch(1, 3)
        row.setColumnStretch(2, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(row)
        layout.addWidget(self.text, 1)

    def show_view(self, view: View | None, session: PatientSession, hidden: str) -> None:
        """Show what the rules say, or nothing; how far one has read stays."""
        self._now = session
        self.readers.clear()
        self.readers.addItems([_EVERYBODY, *(() if view is None else view.readers)])
        self.readers.setCurrentIndex(max(0, self.readers.findText(session.reader or _EVERYBODY)))
        self._show_setting()
        bar = self.text.verticalScrollBar()
        before = bar.value()
        self.text.setHtml("" if view is None else page(view, hidden))
        bar.setValue(before)

    def _show_setting(self) -> None:
        name = self.switches.currentText()
        options = switch_options(name)
        self.setting.clear()
        self.setting.setEditable(not options)
        now = "" if self._now is None else self._now.setting(name)
        self.setting.addItems(options or (now,))
        self.setting.setCurrentIndex(max(0, self.setting.findText(now)))

    def _on_reader(self, at: int) -> None:
        self.reader_chosen.emit(ALL_READERS if at == 0 else self.readers.itemText(at))

    def _on_setting(self) -> None:
        self.switch_set.emit(self.switches.currentText(), self.setting.currentText().strip())

    def _on_link(self, url: QUrl) -> None:
        where = url.toString()
        if where.startswith(SWITCH):
            self.point_to(where.removeprefix(SWITCH))
            return
        table, _, column = where.removeprefix(FIELD).partition(".")
        self.field_wanted.emit(table, column)

    def point_to(self, switch: str) -> None:
        """Lead to a switch: choose it, so that its setting can be typed or chosen."""
        self.switches.setCurrentText(switch)
        self._show_setting()
        self.setting.setFocus()
        line = self.setting.lineEdit()
        if line is not None:
            line.selectAll()
