"""Two dates as a table, one row a level: then, now, and in words what differs.  A click jumps there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QBrush, QColor, QIcon
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_spinegrade.comparing import RATIOS
from napari_spinegrade.layers import GRADE_COLOURS, NEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_spinegrade.comparing import Difference, Pair

ARROW = "\u2192"
ROW = 30
"""Height of a row of differences, which has two lines of words."""

ON_COLOUR = "#10151a"
"""Words on the colour of a grade."""


_SMALL = 11
"""Height of these words in pixels."""


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

    def mark(self, level: str) -> None:
        """Mark the level that is looked at, and bring its row into sight."""
        for row, name in enumerate(self.row_levels):
            item = self._levels[row]
            font = item.font()
            font.setBold(name == level)
            item.setFont(font)
            item.setForeground(QBrush(QColor(NEXT)) if name == level else QBrush())
            if name == level:
                self.scrollToItem(item)


def paint_grade(item: QTableWidgetItem, grade: float | None) -> None:
    """Give a cell the colour of a grade."""
    if grade is not None:
        item.setBackground(QBrush(QColor(GRADE_COLOURS[int(grade)])))
        item.setForeground(QBrush(QColor(ON_COLOUR)))


class DifferenceTable(LevelTable):
    """What each level was then, and is now."""

    COLUMNS = ("level", "then", "now", "height loss", "a/p", "m/p", "what differs")
    _WIDTHS = (38, 34, 34, 80, 47, 47, 160)
    _WORDS = 6

    def __init__(self) -> None:
        super().__init__(ROW)
        self.setWordWrap(True)
        self.begin(self.COLUMNS, self._WIDTHS, ())

    def show_differences(self, differences: Sequence[Difference]) -> None:
        """Show other differences."""
        self.begin(self.COLUMNS, self._WIDTHS, [one.level for one in differences])
        for column, name in zip((4, 5), RATIOS, strict=False):
            self.head(column, f"By how many percent points the height ratio {name} became larger")
        for row, one in enumerate(differences):
            for column, grade, words in zip((1, 2), one.grades, one.grade_words, strict=True):
                paint_grade(self.write(row, column, words), grade)
            self.write(row, 3, pair_words(one.losses))
            for column, change in zip((4, 5), one.ratio_changes, strict=False):
                self.write(row, column, change_words(change))
            item = self.write(row, self._WORDS, one.words, one.words)
            item.setTextAlignment(int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter))
            font = item.font()
            font.setPixelSize(_SMALL)
            item.setFont(font)


def pair_words(pair: Pair) -> str:
    """Return two fractions as percentages, then and now; empty where neither is known."""
    if pair == (None, None):
        return ""
    then, now = ("-" if one is None else f"{100 * one:.0f}" for one in pair)
    return f"{then} {ARROW} {now} %"


def change_words(change: float | None) -> str:
    """Return a change in percent points with its sign; empty where it is not known."""
    return "" if change is None else f"{change:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0")
