"""The page of facts: fields of the patient and the ledgers; each change is kept at once, or refused."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from napari_spinegrade.patient_facts import Wish, unusable
from napari_spinegrade.patient_words import ADULTS, GROUPS, TITLES, label_of
from napari_spinegrade.widgets.parts import BAD, NEXT_STYLE, label
from napari_spinegrade.widgets.patient_fields import ChoiceField, TextField, choices_of
from napari_spinegrade.widgets.patient_ledger import Ledger
from napari_spinegrade.widgets.soon import soon
from spinegrade.patients.columns import PATIENTS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_spinegrade.patient_facts import FactsEditor, Row

_LABEL_WIDTH = 176


class FactsPage(QScrollArea):
    """What the clinic says of a patient."""

    wanted = Signal(object)
    """A `Wish`: something to do with the facts that are shown, which may be refused."""
    undo_wanted = Signal()
    dropped = Signal()
    """What was typed, or refused, is taken away again."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, TextField | ChoiceField] = {}
        self.ledgers = {name: Ledger(name) for name in TITLES}
        self._facts: FactsEditor | None = None
        self._patient = ""
        """For whom everything is that is typed here."""
        self._waiting: list[Wish] = []
        self._adults: list[QWidget] = []
        self._adult = False
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(4, 4, 8, 4)
        self.reason = label(colour=BAD, wrap=True)
        layout.addWidget(self.reason)
        layout.addLayout(self._lay_out_fields())
        for name, ledger in self.ledgers.items():
            layout.addWidget(ledger)
            ledger.changed.connect(partial(self._on_cell, name))
            ledger.added.connect(partial(self._on_added, name))
            ledger.removed.connect(partial(self._on_removed, name))
            ledger.dropped.connect(self._on_dropped)
        layout.addStretch(1)
        self.setWidget(inside)

    def _lay_out_fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        kinds = {one.name: one for one in TABLES[PATIENTS]}
        row = 0
        for group, columns in GROUPS.items():
            title = label(group)
            title.setStyleSheet(NEXT_STYLE)
            grid.addWidget(title, row, 0, 1, 2)
            made: list[QWidget] = [title]
            for column in columns:
                row += 1
                kind = kinds[column]
                field = ChoiceField(kind) if choices_of(kind) else TextField(kind)
                field.given.connect(partial(self._on_field, column))
                if isinstance(field, TextField):
                    field.undo_wanted.connect(self.undo_wanted)
                    field.dropped.connect(self.dropped)
                self.fields[column] = field
                name = label(label_of(column))
                grid.addWidget(name, row, 0)
                grid.addWidget(field, row, 1)
                made += [name, field]
            if group == ADULTS:
                self._adults = made
            row += 1
        return grid

    # Showing

    def show_facts(self, facts: FactsEditor | None, *, adult: bool) -> None:
        """Show what is kept of the patient; without tables nothing can be changed."""
        self._turn_to(facts)
        self._adult = adult
        rows = () if facts is None else facts.rows(PATIENTS)
        row = rows[0] if len(rows) == 1 else None
        reason = _read_only(facts)
        self._say_why(reason or ("" if facts is None else unusable(facts)))
        for column, field in self.fields.items():
            _show(field, row, column)
            field.setEnabled(not reason)
        for part in self._adults:
            part.setVisible(adult)
        for name in self.ledgers:
            self._show_ledger(name)

    def _say_why(self, reason: str) -> None:
        """Say above the fields why they cannot be changed, or why what they say is not used."""
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def _show_ledger(self, name: str) -> None:
        rows = () if self._facts is None else self._facts.rows(name)
        self.ledgers[name].show_rows(rows, adult=self._adult, read_only=_read_only(self._facts, name))

    def _turn_to(self, facts: FactsEditor | None) -> None:
        """Drop what was typed for somebody else, or into other tables."""
        patient = "" if facts is None else facts.patient
        if facts is self._facts and patient == self._patient:
            return
        self._facts, self._patient = facts, patient
        self._waiting.clear()
        for field in self.fields.values():
            if isinstance(field, TextField):
                field.forget()
        for ledger in self.ledgers.values():
            ledger.forget()

    def point_to(self, table: str, column: str) -> None:
        """Lead to the field, or the ledger, that is asked for."""
        if table == PATIENTS and column in self.fields:
            field = self.fields[column]
            self.ensureWidgetVisible(field)
            field.setFocus()
        elif table in self.ledgers:
            self.ensureWidgetVisible(self.ledgers[table])
            self.ledgers[table].point_to(column)

    # Changing: after Qt is done with the field that says so, as it may be drawn anew

    def take_typed(self) -> list[Wish]:
        """Return what was typed and is not handed over yet, with whom it is for."""
        for field in self.fields.values():
            if isinstance(field, TextField):
                field.hand_over()
        for ledger in self.ledgers.values():
            ledger.table.finish()
        waiting, self._waiting = self._waiting, []
        return waiting

    def _want(
        self,
        action: Callable[[FactsEditor], object],
        done: Callable[[], object] = lambda: None,
        refused: Callable[[str], object] = lambda _words: None,
    ) -> None:
        if self._facts is not None:
            self._waiting.append(Wish(self._facts, self._patient, action, done, refused))
            soon(self, self._hand_over)

    def _hand_over(self) -> None:
        waiting, self._waiting = self._waiting, []
        for wish in waiting:
            self.wanted.emit(wish)

    def _on_field(self, column: str, text: str) -> None:
        field = self.fields[column]
        refused = field.refuse if isinstance(field, TextField) else (lambda _words: None)
        self._want(lambda facts: facts.set(PATIENTS, _place(facts), column, text), refused=refused)

    def _on_cell(self, name: str, place: int, column: str, text: str) -> None:
        refused = partial(self.ledgers[name].refuse, place, column, text)
        self._want(lambda facts: facts.set(name, place, column, text), refused=refused)

    def _on_added(self, name: str) -> None:
        self._want(lambda facts: facts.add(name, {}), self.ledgers[name].begin_row)

    def _on_removed(self, name: str, place: int) -> None:
        self._want(lambda facts: facts.remove(name, place))

    def _on_dropped(self) -> None:
        for name in self.ledgers:
            self._show_ledger(name)
        self.dropped.emit()


def _place(facts: FactsEditor) -> int | None:
    """Return where the patient stands in the table of patients; None for nowhere yet."""
    rows = facts.rows(PATIENTS)
    return rows[0].place if len(rows) == 1 else None


def _show(field: TextField | ChoiceField, row: Row | None, column: str) -> None:
    misfit = "" if row is None else row.misfits.get(column, "")
    if isinstance(field, ChoiceField):
        field.show_value(None if row is None else row.values[column], misfit)
    else:
        field.show_value("" if row is None else row.texts[column], misfit)


def _read_only(facts: FactsEditor | None, name: str = PATIENTS) -> str:
    """Return why facts cannot be changed; empty where they can."""
    if facts is None or not facts.patient:
        return "No patient, or no table of patients"
    twice = unusable(facts) if name == PATIENTS and facts.times_in_table > 1 else ""
    return facts.tables.read_only(name) or twice
