"""A table with one row a level, to look at: its look, and the level at hand marked in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QBrush, QColor, QIcon
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_spinegrade.layers import GRADE_COLOURS, NEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

ON_COLOUR = "#10151a"
"""Words on the colour of a grade."""


class LevelTable(QTableWidget):
    """Rows of levels to look at; ``chosen`` says which was clicked."""

    chosen = Signal(str)

    def __init__(self, row_height: int) -> None:
        super().__init__()
        self.row_levels: tuple[str, ...] = ()
        self._levels: list[QTableWidgetItem] = []
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(10)
        self.verticalHeader().setDefaultSectionSize(row_height)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setShowGrid(False)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(20)
        header.setFixedHeight(21)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        self.cellClicked.connect(lambda row, _: self.chosen.emit(self.row_levels[row]))

    def let_rows(self, least: int, most: int) -> None:
        """Let the table be so many rows high; beyond the most, or where there is no room, it scrolls."""
        row, around = self.verticalHeader().defaultSectionSize(), self.horizontalHeader().height() + 4
        self.setMinimumHeight(row * least + around)
        self.setMaximumHeight(row * most + around)

    def begin(self, columns: Sequence[str], widths: Sequence[int], levels: Sequence[str]) -> None:
        """Empty the table, and begin one with these columns and rows."""
        self.clear()
        self.row_levels = tuple(levels)
        self.setRowCount(len(levels))
        self.setColumnCount(len(columns))
        self.setHorizontalHeaderLabels(list(columns))
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width)
        self._levels = [self.write(row, 0, level) for row, level in enumerate(levels)]

    def head(self, column: int, tip: str, icon: QIcon | None = None) -> None:
        """Explain the heading of a column, and put an icon before it."""
        item = self.horizontalHeaderItem(column)
        if item is not None:
            item.setToolTip(tip)
            item.setIcon(icon or QIcon())

    def write(self, row: int, column: int, words: str, tip: str = "") -> QTableWidgetItem:
        """Write a cell, and return it."""
        item = QTableWidgetItem(words)
        item.setTextAlignment(int(Qt.AlignmentFlag.AlignCenter))
        item.setToolTip(tip)
        self.setItem(row, column, item)
        return item

    def cell(self, row: int, column: int) -> QTableWidgetItem:
        """Return a cell, an empty one where nothing was written yet."""
        return self.item(row, column) or self.write(row, column, "")

    def mark(self, level: str) -> None:
        """Mark the level that is looked at, and bring its row into sight."""
        for item, name in zip(self._levels, self.row_levels, strict=True):
            font = item.font()
            font.setBold(name == level)
            item.setFont(font)
            item.setForeground(QBrush(QColor(NEXT)) if name == level else QBrush())
            if name == level:
                self.scrollToItem(item)


def paint_grade(item: QTableWidgetItem, grade: float | None) -> None:
    """Give a cell the colour of a grade; none without a grade."""
    item.setBackground(QBrush() if grade is None else QBrush(QColor(GRADE_COLOURS[int(grade)])))
    item.setForeground(QBrush() if grade is None else QBrush(QColor(ON_COLOUR)))
