"""The parts of the desk round the table: what is read, how the film is shown, what it adds up to, buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPointF, QSize, Qt, Signal
from qtpy.QtGui import QAction, QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_spinegrade import display
from napari_spinegrade.layers import NEXT, ROUND_THE_BODY
from spinegrade.anatomy import LANDMARKS
from spinegrade.readings import CountedFrom, NotEvaluableReason

if TYPE_CHECKING:
    from napari.layers import Image
    from qtpy.QtGui import QPaintEvent

    from napari_spinegrade.editor import Place, ReadingEditor
    from napari_spinegrade.live import Numbers
    from napari_spinegrade.saving import Held
    from napari_spinegrade.shortcuts import Shortcut
    from spinegrade.assess import Method
    from spinegrade.calibration import Calibration
    from spinegrade.readings import Reading

_BUTTON = 22
"""Height of a button."""
_BAD, _QUIET = "#ff8f8f", "#9aa4ad"

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


def _label(words: str = "", colour: str = "", *, wrap: bool = False) -> QLabel:
    label = QLabel(words)
    label.setWordWrap(wrap)
    if colour:
        label.setStyleSheet(f"color: {colour}")
    return label


class NextMark(QWidget):
    """A body with its six landmarks, the next one filled."""

    def __init__(self) -> None:
        super().__init__()
        self._next: str | None = None
        self.setFixedSize(QSize(64, 46))

    def show_next(self, landmark: str | None) -> None:
        """Show which landmark is next."""
        self._next = landmark
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Paint the body, front at the left."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        across = (8, 32, 56)
        places = [
            QPointF(across[n % 3], (8, 12, 8)[n % 3] if n < 3 else (38, 34, 38)[n % 3]) for n in range(6)
        ]
        painter.setPen(QPen(QColor(_QUIET), 1.4))
        painter.drawPolygon(QPolygonF([places[n] for n in ROUND_THE_BODY]))
        for name, place in zip(LANDMARKS, places, strict=True):
            here = name == self._next
            painter.setPen(QPen(QColor(NEXT if here else _QUIET), 1.4))
            painter.setBrush(QColor(NEXT) if here else QColor("#10151a"))
            painter.drawEllipse(place, 5 if here else 3, 5 if here else 3)


class HeadPanel(QWidget):
    """Who reads what, whether it is saved, what comes next, and the last thing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.who, self.kept = _label(colour=_QUIET), _label()
        self.picture, self.next = NextMark(), _label()
        self.next.setStyleSheet(f"color: {NEXT}; font-size: 15px; font-weight: bold")
        self.progress = QProgressBar()
        self.progress.setRange(0, 78)
        self.progress.setFixedHeight(6)
        self.progress.setTextVisible(False)
        self.words = _label(colour=_QUIET, wrap=True)
        self.words.setMinimumHeight(32)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.who, 1)
        first.addWidget(self.kept)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.next)
        column.addWidget(self.progress)
        second.addWidget(self.picture)
        second.addLayout(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self.words)

    def show_reading(self, reading: Reading, held: Held) -> None:
        """Show who reads, and on which occasion."""
        self.who.setText(f"Reader {reading.reader}, occasion {reading.occasion}")
        self.who.setToolTip(f"Kept in {held.path}")

    def show_kept(self, unsaved: str) -> None:
        """Show whether everything is saved."""
        self.kept.setText("not saved" if unsaved else "saved")
        self.kept.setToolTip(unsaved)
        self.kept.setStyleSheet(f"color: {_BAD if unsaved else '#8fd694'}; font-weight: bold")
        if unsaved:
            self.say(f"Not saved, trying again: {unsaved}", bad=True)

    def show_next(self, cursor: Place | None) -> None:
        """Show the landmark that the next click places."""
        self.next.setText(cursor.words if cursor else "All landmarks dealt with")
        self.picture.show_next(cursor.landmark if cursor else None)

    def show_progress(self, done: int) -> None:
        """Show how many landmarks are dealt with."""
        self.progress.setValue(done)
        self.progress.setToolTip(f"{done} of 78 landmarks dealt with")

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something to the reader."""
        self.words.setText(words)
        self.words.setStyleSheet(f"color: {_BAD if bad else _QUIET}")


class FilmPanel(QWidget):
    """Calibration and window of the film, always on screen."""

    called = Signal(str)
    preset_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.calibration, self.window_words = _label(wrap=True), _label()
        self.ruler = _button("Ruler", "Set mm by two clicks on a ruler or ball", "calibrate", self.called)
        self.presets = QComboBox()
        self.presets.setToolTip("Windows of the film")
        self.presets.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.presets.activated.connect(self.preset_chosen.emit)
        buttons = (
            _button("Auto", "Window by percentiles (A)", "automatic_window", self.called),
            _button("Invert", "Invert (I)", "invert", self.called),
            _button("CLAHE", "Preview of local contrast (C)", "clahe", self.called),
        )
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.calibration, 0, 0, 1, 4)
        layout.addWidget(self.ruler, 0, 4)
        layout.addWidget(self.window_words, 1, 0, 1, 5)
        layout.addWidget(self.presets, 2, 0, 1, 2)
        for n, button in enumerate(buttons):
            layout.addWidget(button, 2, 2 + n)

    def show_film(self, film: Image, presets: list[str]) -> None:
        """Show another film."""
        facts = film.metadata["spinegrade"]["film"]
        self.show_calibration(facts.calibration, facts.calibrated_by)
        self.presets.clear()
        self.presets.addItems(presets or ["no window in the file"])
        self.presets.setEnabled(bool(presets))
        self.show_window(film)

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

    def show_window(self, film: Image) -> None:
        """Show window and level."""
        facts = film.metadata["spinegrade"]
        modality = None if facts["baked"] else facts["film"].display.modality
        words = display.window_words(tuple(film.contrast_limits), modality)
        inverted = ", inverted" if film.colormap.name == "gray_r" else ""
        self.window_words.setText(f"{words}{inverted}   (right-drag changes it)")


class SummaryPanel(QWidget):
    """What the grades add up to, and by which rule."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.how = _label(), _label()
        self.how.setStyleSheet(f"color: {_QUIET}; font-size: 11px")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setContentsMargins(0, 7, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(self.words)
        layout.addWidget(self.how)

    def show_numbers(self, numbers: Numbers | None, method: Method) -> None:
        """Show the sum of the grades, or that it is hidden."""
        self.how.setText(f"{method.rules}, reference {method.reference}. Research software.")
        if numbers is None:
            self.words.setText("Computed values are hidden (V)")
            return
        if not numbers.evaluable:
            self.words.setText("Nothing measured yet")
            return
        low, high = numbers.sdi_range
        bounds = f" ({low:.0f} to {high:.0f})" if low != high else ""
        sdi = "-" if np.isnan(numbers.sdi) else f"{numbers.sdi:.0f}"
        self.words.setText(
            f"<b>{numbers.status}</b>   SDI {sdi}{bounds}   "
            f"fractured {numbers.fractured} of {numbers.evaluable}"
        )


class ActionPanel(QWidget):
    """Buttons for what the keys do, with the keys in their tooltips."""

    called = Signal(str)
    reason_chosen = Signal(str)
    counted_from_chosen = Signal(str)

    _BUTTONS = (
        (("undo", "Undo"), ("redo", "Redo"), ("not_visible", "Not visible"), ("outside_image", "Outside")),
        (
            ("fit_vertebra", "Fit body"),
            ("fit_spine", "Fit spine"),
            ("toggle_numbers", "Values"),
            ("show_help", "Keys"),
        ),
        (
            ("shift_up", "Levels \u2191"),
            ("shift_down", "Levels \u2193"),
            ("clear", "Clear body"),
            ("new_reading", "New reading"),
        ),
    )

    def __init__(self, shortcuts: tuple[Shortcut, ...]) -> None:
        super().__init__()
        words = {one.action: f"{one.words} ({one.key_words})" for one in shortcuts}
        words["new_reading"] = "Begin another reading of this film, on the next occasion"
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        self.buttons: dict[str, QPushButton] = {}
        for row, buttons in enumerate(self._BUTTONS):
            for column, (action, text) in enumerate(buttons):
                self.buttons[action] = _button(text, words[action], action, self.called)
                layout.addWidget(self.buttons[action], row, column)
        self.reason = QPushButton("Not evaluable")
        self.reason.setFixedHeight(_BUTTON)
        self.reason.setToolTip(words["not_evaluable"])
        self.reason.setMenu(self._reasons())
        layout.addWidget(self.reason, 3, 2, 1, 2)
        self.counted = QComboBox()
        self.counted.addItems([f"counted from {one.value}" for one in CountedFrom])
        self.counted.setToolTip("Where the counting of levels began")
        self.counted.activated.connect(lambda n: self.counted_from_chosen.emit(list(CountedFrom)[n].value))
        layout.addWidget(self.counted, 3, 0, 1, 2)

    def _reasons(self) -> QMenu:
        menu = QMenu(self)
        for reason, words in REASON_WORDS.items():
            action = QAction(words, menu)
            action.triggered.connect(lambda _=False, value=reason.value: self.reason_chosen.emit(value))
            menu.addAction(action)
        menu.addSeparator()
        again = QAction("evaluable after all", menu)
        again.triggered.connect(lambda: self.reason_chosen.emit(""))
        menu.addAction(again)
        return menu

    def ask_reason(self) -> None:
        """Open the list of reasons; arrow keys and Enter choose."""
        self.reason.showMenu()

    def show_state(self, editor: ReadingEditor) -> None:
        """Show what can be done now."""
        self.buttons["undo"].setEnabled(editor.can_undo)
        self.buttons["redo"].setEnabled(editor.can_redo)
        self.reason.setText(f"{editor.level} not evaluable")
        self.counted.setCurrentIndex(list(CountedFrom).index(editor.reading.counted_from))


def _button(text: str, tip: str, action: str, called: Any) -> QPushButton:  # noqa: ANN401  a bound signal
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setFixedHeight(_BUTTON)
    button.clicked.connect(lambda: called.emit(action))
    return button
