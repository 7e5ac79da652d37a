"""One ledger of a patient: fractures, scans or exposures, a row each, edited in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QStyledItemDelegate,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_spinegrade.patient_words import TITLES, ledger_columns, ledger_label
from napari_spinegrade.widgets.parts import BAD, NEXT_STYLE, QUIET, button, label
from napari_spinegrade.widgets.patient_fields import UNKNOWN, ChoiceDelegate, choices_of, kept_as
from spinegrade.patients.columns import TABLES

if TYPE_CHECKING:
    from napari_spinegrade.patient_facts import Row

_ROW, _HEAD = 22, 22
_MOST_ROWS = 5


class Ledger(QWidget):
    """A table of rows, and buttons to add and remove one."""

    changed = Signal(int, str, str)
    """The place of a row, a column, and the text that it is to have."""
    added = Signal()
    removed = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.columns: tuple[str, ...] = ()
        self._kinds = {one.name: one for one in TABLES[name]}
        self._rows: tuple[Row, ...] = ()
        self._showing = False
        self.table = QTableWidget()
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ROW)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.cellChanged.connect(self._on_cell)
        self.add = button("Add row", f"Add a row to {TITLES[name].lower()}", self.added.emit)
        self.remove = button("Remove row", "Remove the row that is chosen", self._on_remove)
        self.reason = label(colour=QUIET, wrap=True)
        title = label(TITLES[name])
        title.setStyleSheet(NEXT_STYLE)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.add)
        head.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addWidget(self.table)
        layout.addWidget(self.reason)

    def show_rows(self, rows: tuple[Row, ...], *, adult: bool, read_only: str) -> None:
        """Show the rows that are kept; ``read_only`` says why they cannot be changed."""
        self._showing = True
        self._rows, self.columns = rows, ledger_columns(self.name, adult=adult)
        self._set_columns()
        self.table.setRowCount(len(rows))
        for n, row in enumerate(rows):
            for at, column in enumerate(self.columns):
                self.table.setItem(n, at, self._item(row, column))
        triggers = QAbstractItemView.EditTrigger
        can = triggers.DoubleClicked | triggers.AnyKeyPressed | triggers.SelectedClicked
        self.table.setEditTriggers(triggers.NoEditTriggers if read_only else can)
        self.add.setEnabled(not read_only)
        self.remove.setEnabled(not read_only and bool(rows))
        self.reason.setText(read_only)
        self.reason.setVisible(bool(read_only))
        bar = self.table.horizontalScrollBar().sizeHint().height()
        self.table.setFixedHeight(_HEAD + _ROW * min(_MOST_ROWS, max(1, len(rows))) + bar + 4)
        self._showing = False

    def _set_columns(self) -> None:
        self.table.setColumnCount(len(self.columns))
        self.table.setHorizontalHeaderLabels([ledger_label(one) for one in self.columns])
        for at, column in enumerate(self.columns):
            kind = self._kinds[column]
            delegate = (
                ChoiceDelegate(self.table, kind) if choices_of(kind) else QStyledItemDelegate(self.table)
            )
            self.table.setItemDelegateForColumn(at, delegate)
            wide = kind.kind in ("choice", "text", "date")
            self.table.setColumnWidth(
                at, 118 if column in ("site", "agent", "comment") else 84 if wide else 62
            )

    def _item(self, row: Row, column: str) -> QTableWidgetItem:
        choices = choices_of(self._kinds[column])
        misfit = row.misfits.get(column, "")
        text = row.texts[column]
        if choices and not misfit:
            kept = kept_as(row.values[column])
            text = choices[kept] if kept else ""
        item = QTableWidgetItem(text)
        item.setToolTip(misfit or f"{column}: {self._kinds[column].wanted}")
        if misfit:
            item.setForeground(QColor(BAD))
        return item

    def place_of(self, row: int) -> int:
        """Return where a row that is shown stands in its table."""
        return self._rows[row].place

    def _on_cell(self, row: int, at: int) -> None:
        if self._showing:
            return
        item = self.table.item(row, at)
        text = "" if item is None else item.text()
        self.changed.emit(self.place_of(row), self.columns[at], "" if text == UNKNOWN else text)

    def _on_remove(self) -> None:
        row = self.table.currentRow()
        if 0 <= row < len(self._rows):
            self.removed.emit(self.place_of(row))

    def point_to(self, column: str) -> None:
        """Choose the cell that is asked for: of the last row, or the button that adds one."""
        if not self._rows:
            self.add.setFocus()
            return
        at = self.columns.index(column) if column in self.columns else 0
        self.table.setCurrentCell(len(self._rows) - 1, at)
        self.table.setFocus()
