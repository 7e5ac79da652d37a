"""The head of the desk: film, reader, whether it is saved, what comes next, the last thing to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from napari_spinegrade.layers import NEXT, ROUND_THE_BODY
from napari_spinegrade.widgets.parts import BAD, GOOD, QUIET, button, choice, label
from spinegrade.anatomy import LANDMARKS

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent

    from napari_spinegrade.editor import Place
    from napari_spinegrade.opening import Holder
    from spinegrade.readings import Reading


class NextMark(QWidget):
    """A body with its six landmarks, the next one filled."""

    def __init__(self) -> None:
        super().__init__()
        self._next: str | None = None
        self._mirrored = False
        self.setFixedSize(QSize(64, 42))

    def show_next(self, landmark: str | None, *, mirrored: bool) -> None:
        """Show which landmark is next; ``mirrored`` has the front at the right, as on the film."""
        self._next, self._mirrored = landmark, mirrored
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Paint the body."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        across = (56, 32, 8) if self._mirrored else (8, 32, 56)
        places = [
            QPointF(across[n % 3], (6, 10, 6)[n % 3] if n < 3 else (36, 32, 36)[n % 3]) for n in range(6)
        ]
        painter.setPen(QPen(QColor(QUIET), 1.4))
        painter.drawPolygon(QPolygonF([places[n] for n in ROUND_THE_BODY]))
        for name, place in zip(LANDMARKS, places, strict=True):
            here = name == self._next
            painter.setPen(QPen(QColor(NEXT if here else QUIET), 1.4))
            painter.setBrush(QColor(NEXT) if here else QColor("#10151a"))
            painter.drawEllipse(place, 5 if here else 3, 5 if here else 3)


class HeadPanel(QWidget):
    """The films, the reader, the next landmark, and what there is to say or to ask."""

    film_chosen = Signal(int)
    answered = Signal(str)
    """The action that the reader chose when asked."""

    def __init__(self) -> None:
        super().__init__()
        self.films = choice("Films that are open", self.film_chosen.emit)
        self.who, self.kept = label(colour=QUIET), label()
        self.picture, self.next = NextMark(), label()
        self.next.setStyleSheet(f"color: {NEXT}; font-size: 15px; font-weight: bold")
        self.progress = QProgressBar()
        self.progress.setFixedHeight(6)
        self.progress.setTextVisible(False)
        self.words = label(colour=QUIET, wrap=True)
        self.words.setFixedHeight(38)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._action = ""
        self.bad = False
        """Whether what is said is that something went wrong."""
        self.answer = button("", "", lambda: self.answered.emit(self._action))
        self.answer.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.films, 1)
        first.addWidget(self.who)
        first.addWidget(self.kept)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.next)
        column.addWidget(self.progress)
        second.addWidget(self.picture)
        second.addLayout(column, 1)
        third.addWidget(self.words, 1)
        third.addWidget(self.answer, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for row in (first, second, third):
            layout.addLayout(row)

    def show_films(self, names: list[str], current: int | None) -> None:
        """Show the films that are open, and which is read."""
        self.films.clear()
        self.films.addItems(names or ["no film"])
        self.films.setEnabled(bool(names))
        self.films.setCurrentIndex(0 if current is None else current)

    def show_reading(self, reading: Reading, held: Holder) -> None:
        """Show who reads, and on which occasion."""
        self.who.setText(f"{reading.reader}, occasion {reading.occasion}")
        self.who.setToolTip(f"Reader and occasion; kept in {held.where}")

    def show_kept(self, unsaved: str) -> None:
        """Show whether everything is saved."""
        self.kept.setText("not saved" if unsaved else "saved")
        self.kept.setToolTip(unsaved)
        self.kept.setStyleSheet(f"color: {BAD if unsaved else GOOD}; font-weight: bold")
        if unsaved:
            self.say(f"Not saved, trying again: {unsaved}", bad=True)

    def show_next(self, cursor: Place | None, level: str, *, left: int, mirrored: bool) -> None:
        """Show the landmark that the next click places, or that there is none: of the level, or at all."""
        none = f"{level}: none left to place" if left else "All landmarks dealt with"
        self.next.setText(cursor.words if cursor else none)
        self.picture.show_next(cursor.landmark if cursor else None, mirrored=mirrored)

    def show_progress(self, done: int, of: int) -> None:
        """Show how many landmarks are dealt with."""
        self.progress.setRange(0, of)
        self.progress.setValue(done)
        self.progress.setToolTip(f"{done} of {of} landmarks dealt with")

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something to the reader."""
        self.words.setText(words)
        self.words.setToolTip(words)
        self.words.setStyleSheet(f"color: {BAD if bad else QUIET}")
        self.bad = bad
        self.answer.hide()

    def ask(self, words: str, answer: str, action: str, *, bad: bool = False) -> None:
        """Ask the reader something; the one button does an action, and going on does not."""
        self.say(words, bad=bad)
        self._action = action
        self.answer.setText(answer)
        self.answer.setToolTip(f"{answer} (Y)")
        self.answer.show()

    @property
    def asked(self) -> str:
        """The action that the reader is being asked about; empty where there is none."""
        return "" if self.answer.isHidden() else self._action

    def fall_silent(self) -> None:
        """Take away what was said or asked before the last action."""
        self.say("")
