"""The spine as a diagram, one row a level: its body, heights, loss, grade, the reader's own.

A click jumps to a level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve
from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor

from napari_spinegrade.layers import colours_of
from napari_spinegrade.widgets.body_cell import Body, BodyCell, bodies_of
from napari_spinegrade.widgets.level_table import LevelTable, paint_grade
from spinegrade.anatomy import LANDMARKS, LEVELS

if TYPE_CHECKING:
    from napari_spinegrade.editor import Place
    from napari_spinegrade.live import Numbers
    from spinegrade.readings import Reading, VertebraReading

COLUMNS = ("level", "body", "ant.", "mid.", "post.", "loss", "grade", "yours")
_WIDTHS = (40, 56, 44, 44, 44, 46, 46, 46)
_ROW = 17
_BODY, _LOSS, _GRADE, _YOURS = 1, 5, 6, 7


class SpineTable(LevelTable):
    """Rows for the levels that are read."""

    def __init__(self, levels: tuple[str, ...]) -> None:
        super().__init__(_ROW)
        self.levels = levels
        self.begin(COLUMNS, _WIDTHS, levels)
        self._cursor: Place | None = None
        self._drawn: list[Body | None] = [None] * len(levels)
        for row in range(len(levels)):
            for column in range(1, len(COLUMNS)):
                item = self.write(row, column, "")
                if column in (2, 3, 4, _LOSS):
                    item.setTextAlignment(int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
        self._bodies = BodyCell(self)
        self.setItemDelegateForColumn(_BODY, self._bodies)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().setFixedHeight(_ROW + 2)
        self.setFixedHeight(_ROW * len(levels) + self.horizontalHeader().height() + 6)

    def show_cursor(self, cursor: Place | None, level: str) -> None:
        """Mark the level at hand, and the landmark that is next."""
        self._cursor = cursor
        self._show_next()
        self.mark(level)

    def _show_next(self) -> None:
        """Mark the next landmark on its body."""
        cursor = self._cursor
        self._bodies.bodies = [
            None if body is None else evolve(body, next=_next(cursor, level))
            for level, body in zip(self.levels, self._drawn, strict=True)
        ]
        self.viewport().update()

    def show_reading(self, reading: Reading, numbers: Numbers, *, hidden: bool) -> None:
        """Show what was placed and, unless they are hidden, what was computed."""
        vertebrae = {one.level: one for one in reading.vertebrae}
        bodies = bodies_of(reading, colours_of(None if hidden else numbers))
        not_read = {one.level for one in reading.vertebrae if one.evaluable is False}
        self._drawn = [None if level in not_read else bodies[level] for level in self.levels]
        self._show_next()
        for row, level in enumerate(self.levels):
            vertebra = vertebrae.get(level)
            noted = vertebra is not None and vertebra.comment
            self._set(row, 0, f"{level} *" if noted else level, _tip(vertebra))
            self._set(row, _BODY, _marks(vertebra), _tip(vertebra))
            cells = [""] * 5 if hidden else _cells(numbers, level)
            for column, words in enumerate(cells, 2):
                self._set(row, column, words)
            self._colour(row, level, numbers, hidden=hidden)
            self._own(row, level, vertebra, numbers, hidden=hidden)

    def _set(self, row: int, column: int, words: str, tip: str = "") -> None:
        item = self.cell(row, column)
        if item.text() != words:
            item.setText(words)
        if item.toolTip() != tip:
            item.setToolTip(tip)

    def _colour(self, row: int, level: str, numbers: Numbers, *, hidden: bool) -> None:
        grade = numbers.grade[LEVELS.index(level)]
        item = self.cell(row, _GRADE)
        if hidden or np.isnan(grade):
            paint_grade(item, None)
            return
        paint_grade(item, float(grade))
        item.setToolTip(_grade_tip(numbers, level))

    def _own(
        self, row: int, level: str, vertebra: VertebraReading | None, numbers: Numbers, *, hidden: bool
    ) -> None:
        grade = None if vertebra is None else vertebra.visual_grade
        differs = not hidden and numbers.disagrees(level)
        tip = "Your grade and the computed one differ" if differs else ""
        self._set(row, _YOURS, "" if grade is None else f"{grade:g}{' !' if differs else ''}", tip)
        self.cell(row, _YOURS).setForeground(QBrush(QColor("#ff8f8f")) if differs else QBrush())


def _marks(vertebra: VertebraReading | None) -> str:
    """Return what is written instead of a body; empty where the body is drawn."""
    return "none" if vertebra is not None and vertebra.evaluable is False else ""


def _next(cursor: Place | None, level: str) -> int | None:
    """Return which landmark of a level is next; None where it is another level's."""
    return LANDMARKS.index(cursor.landmark) if cursor is not None and cursor.level == level else None


def _tip(vertebra: VertebraReading | None) -> str:
    """Return why a vertebra is not evaluable, and the reader's note on it."""
    if vertebra is None:
        return ""
    reason = vertebra.not_evaluable_reason
    words = [] if reason is None else [f"not evaluable: {reason.value.replace('_', ' ')}"]
    return "\n".join([*words, vertebra.comment or ""]).strip()


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
