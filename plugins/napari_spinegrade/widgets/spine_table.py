"""The spine as a table, one row a level: heights, loss, grade, the reader's own.  A click jumps there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_spinegrade.layers import GRADE_COLOURS, NEXT
from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.readings import Status

if TYPE_CHECKING:
    from napari_spinegrade.live import Numbers
    from spinegrade.readings import Reading, VertebraReading

COLUMNS = ("level", "marks", "ant.", "mid.", "post.", "loss", "grade", "yours")
_WIDTHS = (40, 56, 44, 44, 44, 46, 46, 46)
_ROW = 19
_MARKS, _LOSS, _GRADE, _YOURS = 1, 5, 6, 7
_REASONS = "not evaluable: {}"


class SpineTable(QTableWidget):
    """Rows for the levels that are read; ``chosen`` says which level was clicked."""

    chosen = Signal(str)

    def __init__(self, levels: tuple[str, ...]) -> None:
        super().__init__(len(levels), len(COLUMNS))
        self.levels = levels
        self.setHorizontalHeaderLabels(COLUMNS)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(10)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setShowGrid(False)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, width)
        header.setStretchLastSection(True)
        self._cells = [[QTableWidgetItem() for _ in COLUMNS] for _ in levels]
        for row, level in enumerate(levels):
            for column, item in enumerate(self._cells[row]):
                item.setText(level if column == 0 else "")
                right = column in (2, 3, 4, _LOSS)
                side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignHCenter
                item.setTextAlignment(int(side | Qt.AlignmentFlag.AlignVCenter))
                self.setItem(row, column, item)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header.setFixedHeight(_ROW + 2)
        self.setFixedHeight(_ROW * len(levels) + header.height() + 6)
        self.cellClicked.connect(lambda row, _: self.chosen.emit(self.levels[row]))

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        return self._cells[row][column]

    def show_cursor(self, level: str | None) -> None:
        """Mark the level that is worked on."""
        for row, name in enumerate(self.levels):
            item = self._cell(row, 0)
            font = item.font()
            font.setBold(name == level)
            item.setFont(font)
            item.setForeground(QBrush(QColor(NEXT)) if name == level else QBrush())

    def show_reading(self, reading: Reading, numbers: Numbers, *, hidden: bool) -> None:
        """Show what was placed and, unless they are hidden, what was computed."""
        vertebrae = {one.level: one for one in reading.vertebrae}
        for row, level in enumerate(self.levels):
            vertebra = vertebrae.get(level)
            self._set(row, _MARKS, _marks(vertebra), _tip(vertebra))
            cells = [""] * 5 if hidden else _cells(numbers, level)
            for column, words in enumerate(cells, 2):
                self._set(row, column, words)
            self._colour(row, level, numbers, hidden=hidden)
            self._own(row, level, vertebra, numbers, hidden=hidden)

    def _set(self, row: int, column: int, words: str, tip: str = "") -> None:
        item = self._cell(row, column)
        if item.text() != words:
            item.setText(words)
        if item.toolTip() != tip:
            item.setToolTip(tip)

    def _colour(self, row: int, level: str, numbers: Numbers, *, hidden: bool) -> None:
        grade = numbers.grade[LEVELS.index(level)]
        item = self._cell(row, _GRADE)
        if hidden or np.isnan(grade):
            item.setBackground(QBrush())
            item.setForeground(QBrush())
            return
        item.setBackground(QBrush(QColor(GRADE_COLOURS[int(grade)])))
        item.setForeground(QBrush(QColor("#10151a")))
        item.setToolTip(_grade_tip(numbers, level))

    def _own(
        self, row: int, level: str, vertebra: VertebraReading | None, numbers: Numbers, *, hidden: bool
    ) -> None:
        grade = None if vertebra is None else vertebra.visual_grade
        differs = not hidden and numbers.disagrees(level)
        tip = "Your grade and the computed one differ" if differs else ""
        self._set(row, _YOURS, "" if grade is None else f"{grade:g}{' !' if differs else ''}", tip)
        self._cell(row, _YOURS).setForeground(QBrush(QColor("#ff8f8f")) if differs else QBrush())


def _marks(vertebra: VertebraReading | None) -> str:
    """Return six signs, one a landmark: placed, cannot be placed, still to do."""
    if vertebra is None:
        return "\u00b7" * 6
    if vertebra.evaluable is False:
        return "none"
    signs = {
        Status.PLACED: "\u2022",
        Status.NOT_VISIBLE: "\u00d7",
        Status.OUTSIDE_IMAGE: "\u00d7",
        Status.PROPOSED: "?",
    }
    found = (vertebra.landmarks.get(name) for name in LANDMARKS)
    return "".join("\u00b7" if one is None else signs[one.status] for one in found)


def _tip(vertebra: VertebraReading | None) -> str:
    if vertebra is None or vertebra.not_evaluable_reason is None:
        return "" if vertebra is None else vertebra.comment or ""
    return _REASONS.format(vertebra.not_evaluable_reason.value.replace("_", " "))


def _cells(numbers: Numbers, level: str) -> list[str]:
    """Return three heights, loss in per cent, and grade of a level."""
    at = LEVELS.index(level)
    digits = 1 if numbers.unit == "mm" else 0
    heights = ["" if np.isnan(one) else f"{one:.{digits}f}" for one in numbers.heights[at]]
    loss = numbers.height_loss[at]
    return [*heights, "" if np.isnan(loss) else f"{100 * loss:.0f} %", numbers.grade_words(level)]


def _grade_tip(numbers: Numbers, level: str) -> str:
    """Return what stands behind a grade: shape, nearness to a bound, probabilities."""
    at = LEVELS.index(level)
    words = [numbers.shape_words(level)]
    if numbers.near[at]:
        words.append("near a bound: it may well be the next grade")
    if numbers.probabilities is not None and not np.isnan(numbers.probabilities[at]).any():
        chances = ", ".join(f"{grade}: {p:.2f}" for grade, p in enumerate(numbers.probabilities[at]))
        words.append(f"probability of grade {chances}")
    return "\n".join(word for word in words if word)
