"""A qualitative form in a dock of its own: the questions of the vertebra at hand, a click an answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from napari_spinegrade.forms import name_of, of_spine, offered
from napari_spinegrade.widgets.parts import BAD, NEXT_STYLE, QUIET, ROOM, button, choice, label
from napari_spinegrade.widgets.soon import soon

if TYPE_CHECKING:
    from napari_spinegrade.forms import Filled
    from spinegrade.qualitative.form import Form, Question

WIDTH = 252
"""Width of the dock, which with the desk leaves half of a 1366 pixel screen to the film."""

_NOT_CHOSEN = f"QPushButton {{ text-align: left; padding-left: 6px; {ROOM} }}"
_CHOSEN = f"{_NOT_CHOSEN} QPushButton {{ background: #2f6f9f; font-weight: bold }}"


class FormPanel(QWidget):
    """Questions with their choices; signals what the reader chose, and shows what became of it."""

    form_chosen = Signal()
    answered = Signal(object, str)
    """A question and the value of a choice of it."""
    taken_away = Signal()
    weights_wanted = Signal()
    """A file of weights is to be chosen, for a form of the whole spine."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.forms = choice("Which form is asked", self._on_form)
        self.forms.addItems([name_of(one) for one in offered()])
        self.level, self.problem = label(), label(colour=BAD, wrap=True)
        self.outcome, self.help = label(wrap=True), label(colour=QUIET, wrap=True)
        self.status = label(colour=QUIET, wrap=True)
        self.away = button("Take the form away", "Remove all answers of this vertebra", self.taken_away.emit)
        self.weights = button(
            "File of weights...", "Choose the file with points and formula", self.weights_wanted.emit
        )
        self.buttons: dict[tuple[str, str], QPushButton] = {}
        self._words: dict[str, QLabel] = {}
        self._asked: tuple[str, ...] = ()
        self._at_hand: tuple[str, str, str | None] | None = None
        """Level, form and question that were in view last."""
        self.view = QScrollArea()
        self._questions = QWidget()
        self._list = QVBoxLayout(self._questions)
        self._list.setContentsMargins(0, 0, 4, 0)
        self._list.setSpacing(2)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.level)
        head.addWidget(self.forms, 1)
        scroll = self.view
        scroll.setWidget(self._questions)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it would take Page down from the film
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.verticalScrollBar().rangeChanged.connect(lambda *_: self._scroll_on())  # laid out anew
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.outcome)
        layout.addWidget(self.problem)
        layout.addWidget(scroll, 1)
        for part in (self.help, self.status, self.weights, self.away):
            layout.addWidget(part)

    @property
    def form(self) -> Form:
        """The form that is asked."""
        return offered()[self.forms.currentIndex()]

    def choose_form(self, number: int) -> None:
        """Ask another form."""
        self.forms.setCurrentIndex(number)
        self._on_form(number)

    def _on_form(self, _: int) -> None:
        self.form_chosen.emit()

    def show_filled(self, filled: Filled) -> None:
        """Show a form as it stands."""
        self.level.setText(f"<b>{filled.level}</b>")
        self.outcome.setText(filled.outcome)
        self.outcome.setStyleSheet("" if filled.open else "font-weight: bold")
        self.problem.setText(filled.why_not)
        self.problem.setVisible(bool(filled.why_not))
        self.help.setText(filled.help)
        self.help.setVisible(bool(filled.help))
        self._show_status(filled)
        asked = (filled.form.id, *(question.id for question, _ in filled.asked))
        if asked != self._asked:
            self._asked = asked
            self._build(filled)
        for question, chosen in filled.asked:
            self._show_answer(question, chosen, filled)
        self.away.setEnabled(bool(filled.outcome or filled.why_not))
        at_hand = (filled.level, filled.form.id, filled.open)
        if at_hand != self._at_hand:
            self._at_hand = at_hand
            soon(self, self._scroll_on)

    def _scroll_on(self) -> None:
        """Bring the question to answer next into view; its words before its choices."""
        _, _, question = self._at_hand or ("", "", None)
        if question not in self._words:
            return
        self._list.activate()
        choices = [made for (name, _), made in self.buttons.items() if name == question]
        for part in (*choices[-1:], self._words[question]):
            self.view.ensureWidgetVisible(part, 0, 2)

    def _show_status(self, filled: Filled) -> None:
        """Show what the form goes by, and what it needs."""
        form = filled.form
        marked = "" if form.status == "confirmed" else f", {form.status}; point here for why"
        by = filled.by.partition(" sha256")[0].strip()
        self.status.setText(f"{form.id}{f', confirmed by the user: {by}' if by else marked}")
        self.status.setToolTip(f"{form.source.citation}\n{filled.unconfirmed}\n{filled.by}".strip())
        self.weights.setVisible(of_spine(form))
        self.away.setVisible(not of_spine(form))

    def _build(self, filled: Filled) -> None:
        """Lay out other questions; the same ones stay, so that a long list does not jump."""
        self.buttons.clear()
        self._words.clear()
        while self._list.count():
            item = self._list.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for question, _ in filled.asked:
            words = self._words[question.id] = label(question.words, wrap=True)
            words.setToolTip(question.help)
            self._list.addWidget(words)
            for one in question.choices:
                made = button(one.words, one.help, partial(self.answered.emit, question, one.value))
                self.buttons[question.id, one.value] = made
                self._list.addWidget(made)
        self._list.addStretch(1)

    def _show_answer(self, question: Question, chosen: tuple[str, ...], filled: Filled) -> None:
        at_hand = question.id == filled.open
        self._words[question.id].setStyleSheet(NEXT_STYLE if at_hand else f"color: {QUIET}")
        for value in question.values:
            made = self.buttons[question.id, value]
            made.setEnabled(not filled.why_not)
            made.setStyleSheet(_CHOSEN if value in chosen else _NOT_CHOSEN)
