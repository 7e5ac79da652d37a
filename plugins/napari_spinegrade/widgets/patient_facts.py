"""The page of facts: fields of the patient and the ledgers; each change is kept at once, or refused."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from napari_spinegrade.patient_words import ADULTS, GROUPS, TITLES, label_of
from napari_spinegrade.widgets.parts import NEXT_STYLE, label
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
    """Something to do with the editor of the facts: a change that may be refused."""
    undo_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, TextField | ChoiceField] = {}
        self.ledgers = {name: Ledger(name) for name in TITLES}
        self._place: int | None = None
        self._adults: list[QWidget] = []
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(4, 4, 8, 4)
        layout.addLayout(self._lay_out_fields())
        for name, ledger in self.ledgers.items():
            layout.addWidget(ledger)
            ledger.changed.connect(partial(self._on_cell, name))
            ledger.added.connect(partial(self._on_added, name))
            ledger.removed.connect(partial(self._on_removed, name))
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
        rows = () if facts is None else facts.rows(PATIENTS)
        row = rows[0] if len(rows) == 1 else None
        self._place = None if row is None else row.place
        reason = _read_only(facts, PATIENTS) or ("twice in the table" if len(rows) > 1 else "")
        for column, field in self.fields.items():
            _show(field, row, column)
            field.setEnabled(not reason)
        for part in self._adults:
            part.setVisible(adult)
        for name, ledger in self.ledgers.items():
            ledger.show_rows(
                () if facts is None else facts.rows(name), adult=adult, read_only=_read_only(facts, name)
            )

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

    def _want(self, change: Callable[[FactsEditor], object]) -> None:
        soon(self, lambda: self.wanted.emit(change))

    def _on_field(self, column: str, text: str) -> None:
        place = self._place
        self._want(lambda facts: facts.set(PATIENTS, place, column, text))

    def _on_cell(self, name: str, place: int, column: str, text: str) -> None:
        self._want(lambda facts: facts.set(name, place, column, text))

    def _on_added(self, name: str) -> None:
        self._want(lambda facts: facts.add(name, {}))

    def _on_removed(self, name: str, place: int) -> None:
        self._want(lambda facts: facts.remove(name, place))


def _show(field: TextField | ChoiceField, row: Row | None, column: str) -> None:
    misfit = "" if row is None else row.misfits.get(column, "")
    if isinstance(field, ChoiceField):
        field.show_value(None if row is None else row.values[column], misfit)
    else:
        field.show_value("" if row is None else row.texts[column], misfit)


def _read_only(facts: FactsEditor | None, name: str) -> str:
    if facts is None or not facts.patient:
        return "no patient, or no table of patients"
    return facts.tables.read_only(name)
