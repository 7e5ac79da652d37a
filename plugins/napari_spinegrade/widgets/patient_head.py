"""The head of the patient panel: whose facts, from which tables, and what there is to say."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from napari_spinegrade.widgets.parts import BAD, QUIET, button, choice, label

if TYPE_CHECKING:
    from collections.abc import Sequence

_BUTTONS = (
    ("ask_for_table", "Table...", "Choose the table of patients"),
    ("ask_for_folder", "Folder...", "Choose the folder of the four tables"),
    ("begin_tables", "New tables", "Begin tables of patients beside the film"),
    ("ask_whose_film", "Film is of...", "Give the open film to the patient chosen above, and say its date"),
    ("read_anew", "Reload", "Read the tables again, as after somebody else changed them"),
)
_NEW = "Name a patient whom neither table nor film knows, to give them the film or facts"
_UNDO = "Take the last change of a fact back (Ctrl Z)"
_SAID_HEIGHT = 52
"""Three lines; they are always there, so that nothing below moves when there is something to say."""


class PatientHead(QWidget):
    """The patient, buttons for the tables, whose film is open, the last thing to say, and contradictions."""

    called = Signal(str)
    """An action of the panel, by its name."""
    patient_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.patients = choice("Whose facts these are", self._on_patient)
        self.patients.setPlaceholderText("choose a patient")
        self.undo = button("Undo", _UNDO, partial(self.called.emit, "undo"))
        self.buttons = [button(text, tip, partial(self.called.emit, name)) for name, text, tip in _BUTTONS]
        self.film, self.words = label(colour=BAD, wrap=True), label(colour=QUIET, wrap=True)
        self.wrong = label(colour=BAD, wrap=True)
        new = button("New...", _NEW, partial(self.called.emit, "ask_for_patient"))
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(label("Patient"))
        first.addWidget(self.patients, 1)
        first.addWidget(new)
        first.addWidget(self.undo)
        for made in self.buttons:
            second.addWidget(made)
        self.buttons.append(new)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self._lay_out_said())

    def _lay_out_said(self) -> QScrollArea:
        """Return the place where everything is said: as high whether little is said or much."""
        inside, self.said = QWidget(), QScrollArea()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for words in (self.film, self.words, self.wrong):
            words.hide()
            layout.addWidget(words)
        layout.addStretch(1)
        self.said.setWidget(inside)
        self.said.setWidgetResizable(True)
        self.said.setFrameShape(QFrame.Shape.NoFrame)
        self.said.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.said.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.said.setFixedHeight(_SAID_HEIGHT)
        return self.said

    def _on_patient(self, at: int) -> None:
        self.patient_chosen.emit(self.patients.itemText(at))

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something."""
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.words.setStyleSheet(f"color: {BAD if bad else QUIET}")
        self.said.verticalScrollBar().setValue(0)

    def show_patients(self, patients: Sequence[str], patient: str, *, open_to_all: bool) -> None:
        """Show whom there is to choose from, and who it is; while a reading is blinded, nobody can choose."""
        names = list(patients) or ["nobody yet"]
        if names != [self.patients.itemText(n) for n in range(self.patients.count())]:
            self.patients.clear()
            self.patients.addItems(names)
        self.patients.setCurrentIndex(self.patients.findText(patient))
        self.patients.setEnabled(bool(patients) and open_to_all)
        for made in self.buttons:
            made.setEnabled(open_to_all)

    def show_undo(self, *, can: bool, whose: str) -> None:
        """Show whether the last change can be taken back, or whose it was."""
        self.undo.setEnabled(can)
        other = f"The last change was of {whose}: choose that patient to take it back"
        self.undo.setToolTip(_UNDO if can or not whose else other)

    def show_film(self, of: str) -> None:
        """Show whose the open film is, where that is somebody else."""
        self.film.setText(f"The open film is of {of}" if of else "")
        self.film.setVisible(bool(of))

    def show_contradictions(self, contradictions: Sequence[str]) -> None:
        """Show which facts contradict each other."""
        self.wrong.setText(f"Contradictions, not used: {'; '.join(contradictions)}" if contradictions else "")
        self.wrong.setVisible(bool(contradictions))
