"""One ledger of a patient: fractures, scans or exposures, a row each, edited in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QKeySequence, QShortcut
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
_WIDTHS = {"choice": 82, "text": 82, "date": 82, "number": 50, "truth": 50}
"""Least widths of columns by what they hold; a column is as wide as its title where that needs more."""
_LONGER = {"site": 110, "agent": 110, "comment": 118}
_AROUND_TITLE = 14


class Cells(QTableWidget):
    """The cells of a ledger."""

    def finish(self) -> None:
        """Take what is being typed in a cell."""
        editor = self.indexWidget(self.currentIndex())
        if editor is not None:
            self.commitData(editor)
            self.closeEditor(editor, QStyledItemDelegate.EndEditHint.NoHint)


class Ledger(QWidget):
    """A table of rows, and buttons to add and remove one."""

    changed = Signal(int, str, str)
    """The place of a row, a column, and the text that it is to have."""
    added = Signal()
    removed = Signal(int)
    dropped = Signal()
    """What was refused is taken away again."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.columns: tuple[str, ...] = ()
        self._kinds = {one.name: one for one in TABLES[name]}
        self._rows: tuple[Row, ...] = ()
        self._refused: dict[tuple[int, str], tuple[str, str]] = {}
        """What was typed into a cell, by place and column, and why it was refused."""
        self._showing = False
        self.table = Cells()
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ROW)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.cellChanged.connect(self._on_cell)
        self._drop = QShortcut(QKeySequence(QKeySequence.StandardKey.Cancel), self.table)
        self._drop.setContext(Qt.ShortcutContext.WidgetShortcut)
        self._drop.activated.connect(self._on_drop)
        self.add = button("Add row", f"Add a row to {TITLES[name].lower()}", self.added.emit)
        self.remove = button("Remove row", "Remove the row that is chosen", self._on_remove)
        self.reason = label(colour=QUIET, wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        title = label(TITLES[self.name])
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
        if len(rows) != len(self._rows):
            self._refused.clear()
        self._rows = rows
        columns = ledger_columns(self.name, adult=adult, texts=[row.texts for row in rows])
        if columns != self.columns:
            self.columns = columns
            self._set_columns()
        self.table.setRowCount(len(rows))
        for n, row in enumerate(rows):
            for at, column in enumerate(self.columns):
                self._show_cell(n, at, row, column)
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
        """Lay the columns out; what is being typed into a cell would be lost by it."""
        self.table.setColumnCount(len(self.columns))
        self.table.setHorizontalHeaderLabels([ledger_label(one) for one in self.columns])
        for at, column in enumerate(self.columns):
            kind = self._kinds[column]
            delegate = (
                ChoiceDelegate(self.table, kind) if choices_of(kind) else QStyledItemDelegate(self.table)
            )
            self.table.setItemDelegateForColumn(at, delegate)
            title = self.table.fontMetrics().horizontalAdvance(ledger_label(column)) + _AROUND_TITLE
            self.table.setColumnWidth(at, max(_LONGER.get(column, _WIDTHS[kind.kind]), title))

    def _show_cell(self, n: int, at: int, row: Row, column: str) -> None:
        """Show a cell; one that says what it said before is left alone, as somebody may be typing in it."""
        choices = choices_of(self._kinds[column])
        misfit = row.misfits.get(column, "")
        text = row.texts[column]
        if choices and not misfit:
            kept = kept_as(row.values[column])
            text = choices[kept] if kept else ""
        text, misfit = self._refused.get((row.place, column), (text, misfit))
        item = self.table.item(n, at)
        if item is None:
            item = QTableWidgetItem()
            self.table.setItem(n, at, item)
        item.setText(text)
        item.setToolTip(misfit or f"{column}: {self._kinds[column].wanted}")
        item.setData(Qt.ItemDataRole.ForegroundRole, QColor(BAD) if misfit else None)

    def place_of(self, row: int) -> int:
        """Return where a row that is shown stands in its table."""
        return self._rows[row].place

    def _on_cell(self, row: int, at: int) -> None:
        if self._showing:
            return
        item = self.table.item(row, at)
        text = "" if item is None else item.text()
        self._refused.pop((self.place_of(row), self.columns[at]), None)
        self.changed.emit(self.place_of(row), self.columns[at], "" if text == UNKNOWN else text)

    def refuse(self, place: int, column: str, text: str, reason: str) -> None:
        """Leave what was typed into a cell where it is, to be put right."""
        self._refused[place, column] = text, reason

    def forget(self) -> None:
        """Drop what was refused, as the facts of somebody else are shown next."""
        self._refused.clear()

    def _on_drop(self) -> None:
        if self._refused:
            self.forget()
            self.dropped.emit()

    def begin_row(self) -> None:
        """Open the first cell of the last row for typing."""
        last = len(self._rows) - 1
        self.table.setCurrentCell(last, 0)
        self.table.setFocus()
        self.table.edit(self.table.currentIndex())

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
