"""The head of the patient panel: whose facts, from which tables, and what there is to say."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_spinegrade.widgets.parts import BAD, QUIET, button, choice, label

if TYPE_CHECKING:
    from collections.abc import Sequence

_BUTTONS = (
    ("ask_for_table", "Table...", "Choose the table of patients"),
    ("ask_for_folder", "Folder...", "Choose the folder of the four tables"),
    ("begin_tables", "New tables", "Begin tables of patients beside the film"),
    ("ask_whose_film", "Whose film", "Say that the film that is read is of this patient, and its date"),
    ("read_anew", "Reload", "Read the tables again, as after somebody else changed them"),
)


class PatientHead(QWidget):
    """The patient, buttons for the tables, the last thing to say, and contradictions."""

    called = Signal(str)
    """An action of the panel, by its name."""
    patient_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.patients = choice("Whose facts these are", self._on_patient)
        self.patients.setPlaceholderText("choose a patient")
        tip = "Take the last change of a fact back (Ctrl Z)"
        self.undo = button("Undo", tip, partial(self.called.emit, "undo"))
        self.words, self.wrong = label(colour=QUIET, wrap=True), label(colour=BAD, wrap=True)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(label("Patient"))
        first.addWidget(self.patients, 1)
        first.addWidget(self.undo)
        for action, text, words in _BUTTONS:
            second.addWidget(button(text, words, partial(self.called.emit, action)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self.words)
        layout.addWidget(self.wrong)

    def _on_patient(self, at: int) -> None:
        self.patient_chosen.emit(self.patients.itemText(at))

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something."""
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.words.setStyleSheet(f"color: {BAD if bad else QUIET}")

    def show_patients(self, patients: Sequence[str], patient: str) -> None:
        """Show whom there is to choose from, and who it is."""
        self.patients.clear()
        self.patients.addItems(list(patients) or ["nobody yet"])
        self.patients.setCurrentIndex(self.patients.findText(patient))
        self.patients.setEnabled(bool(patients))

    def show_contradictions(self, contradictions: Sequence[str]) -> None:
        """Show which facts contradict each other."""
        self.wrong.setText(f"Contradictions, not used: {'; '.join(contradictions)}" if contradictions else "")
        self.wrong.setVisible(bool(contradictions))
