"""The controls of the desk: how the film is shown, and buttons for what the keys do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

from napari_spinegrade import display
from napari_spinegrade.shortcuts import tips
from napari_spinegrade.widgets.parts import BUTTON_HEIGHT, button, choice, label, menu
from spinegrade.readings import CountedFrom, NotEvaluableReason

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_spinegrade.editor import ReadingEditor
    from napari_spinegrade.shortcuts import Shortcut
    from spinegrade.calibration import Calibration

REASON_WORDS = {
    NotEvaluableReason.OVERLAP: "overlap: shoulder, diaphragm, gas",
    NotEvaluableReason.ROTATION: "rotation or scoliosis",
    NotEvaluableReason.OUTSIDE_IMAGE: "outside the film",
    NotEvaluableReason.NOISE: "noise, too little light",
    NotEvaluableReason.MOVEMENT: "movement",
    NotEvaluableReason.OBJECT: "an object in front of it",
    NotEvaluableReason.HARDWARE: "hardware or cement",
    NotEvaluableReason.CONGENITAL: "congenital: block, hemivertebra",
    NotEvaluableReason.OTHER: "other: degeneration, fusion",
}


QUALITIES = {
    "good": "good: both endplates sharp",
    "moderate": "moderate: an endplate doubled or blurred",
    "poor": "poor: endplates guessed",
    "": "not judged",
}
"""How well a vertebra is seen, and what that means; the words are this project's."""


class FilmPanel(QWidget):
    """Calibration and window of the film, always on screen."""

    called = Signal(str)
    preset_chosen = Signal(int)

    def __init__(self, shortcuts: tuple[Shortcut, ...]) -> None:
        super().__init__()
        words = tips(shortcuts)
        self.calibration, self.window_words = label(wrap=True), label()
        self.presets = choice("", self.preset_chosen.emit)
        self.presets.setToolTip(words["next_preset"])
        self.presets.setPlaceholderText("windowed by hand")
        self.buttons = {
            action: button(text, words[action], partial(self.called.emit, action))
            for action, text in (
                ("calibrate", "Ruler"),
                ("automatic_window", "Auto"),
                ("invert", "Invert"),
                ("clahe", "CLAHE"),
            )
        }
        ruler, *others = self.buttons.values()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.calibration, 0, 0, 1, 4)
        layout.addWidget(ruler, 0, 4)
        layout.addWidget(self.window_words, 1, 0, 1, 5)
        layout.addWidget(self.presets, 2, 0, 1, 2)
        for n, one in enumerate(others):
            layout.addWidget(one, 2, 2 + n)
        for column, stretch in enumerate((1, 1, 0, 0, 0)):
            layout.setColumnStretch(column, stretch)

    def show_presets(self, presets: list[str]) -> None:
        """Show the windows of another film."""
        self.presets.clear()
        self.presets.addItems(presets or ["no window in the file"])
        self.presets.setEnabled(bool(presets))

    def show_calibration(self, calibration: Calibration, words: str) -> None:
        """Show what a length on the film means."""
        spacing = calibration.spacing
        unit = (
            f"{spacing.row:.3g} x {spacing.column:.3g} mm"
            if spacing.unit == "mm"
            else "no mm; ratios and grades only"
        )
        self.calibration.setText(f"<b>{calibration.state.value}</b>: {unit}")
        self.calibration.setToolTip(words)

    def show_window(self, film: Image, preset: int) -> None:
        """Show window and level, and which of the film's windows that is; -1 for none of them."""
        if self.presets.isEnabled():
            self.presets.setCurrentIndex(preset)
        facts = film.metadata["spinegrade"]
        modality = None if facts["baked"] else facts["film"].display.modality
        words = display.window_words(tuple(film.contrast_limits), modality)
        inverted = ", inverted" if film.colormap.name == "gray_r" else ""
        self.window_words.setText(f"{words}{inverted}   (right-drag changes it)")


class ActionPanel(QWidget):
    """Buttons for what the keys do, with the keys in their tooltips."""

    called = Signal(str)
    reason_chosen = Signal(str)
    counted_from_chosen = Signal(str)
    quality_chosen = Signal(str)

    _BUTTONS = (
        (("undo", "Undo"), ("redo", "Redo"), ("not_visible", "Not visible"), ("outside_image", "Outside")),
        (
            ("fit_vertebra", "Fit body"),
            ("fit_spine", "Fit spine"),
            ("toggle_numbers", "Values"),
            ("ask_patient", "Patient"),
            ("show_help", "Keys"),
        ),
        (
            ("shift_up", "Levels \u2191"),
            ("shift_down", "Levels \u2193"),
            ("note", "Note"),
            ("ask_quality", "Quality"),
            ("ask_form", "Form"),
        ),
    )

    def __init__(self, shortcuts: tuple[Shortcut, ...]) -> None:
        super().__init__()
        words = tips(shortcuts)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        self.buttons: dict[str, QPushButton] = {}
        for row, buttons in enumerate(self._BUTTONS):
            line = QHBoxLayout()
            line.setSpacing(3)
            for action, text in buttons:
                self.buttons[action] = button(text, words[action], partial(self.called.emit, action))
                line.addWidget(self.buttons[action])
            layout.addLayout(line, row, 0, 1, 4)
        self.reason = QPushButton("Not evaluable")
        self.reason.setFixedHeight(BUTTON_HEIGHT)
        self.reason.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reason.setToolTip(words["not_evaluable"])
        reasons = {reason.value: words for reason, words in REASON_WORDS.items()}
        self.reason.setMenu(menu(self, reasons | {"": "evaluable after all"}, self.reason_chosen.emit))
        layout.addWidget(self.reason, 3, 2, 1, 2)
        self.counted = choice(words["ask_counted_from"], self._on_counted)
        self.counted.addItems([f"counted: {one.value}" for one in CountedFrom])
        layout.addWidget(self.counted, 3, 0, 1, 2)
        self.qualities = menu(self, QUALITIES, self.quality_chosen.emit)

    def _on_counted(self, number: int) -> None:
        self.counted_from_chosen.emit(list(CountedFrom)[number].value)

    def ask_counted_from(self) -> None:
        """Open the list of where counting can begin; arrow keys and Enter choose."""
        self.counted.showPopup()

    def ask_quality(self) -> None:
        """Open the list of qualities; arrow keys and Enter choose."""
        self.qualities.popup(self.buttons["ask_quality"].mapToGlobal(QPoint(0, 0)))

    def ask_reason(self) -> None:
        """Open the list of reasons; arrow keys and Enter choose."""
        self.reason.showMenu()

    def show_state(self, editor: ReadingEditor) -> None:
        """Show what can be done now."""
        self.buttons["undo"].setEnabled(editor.can_undo)
        self.buttons["redo"].setEnabled(editor.can_redo)
        self.reason.setText(f"{editor.level} not evaluable")
        self.counted.setCurrentIndex(list(CountedFrom).index(editor.reading.counted_from))
