"""Small plots of a patient over time: lines with intervals, and the grades of all levels date by date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_spinegrade.layers import GRADE_COLOURS
from napari_spinegrade.widgets.level_table import ON_COLOUR
from napari_spinegrade.widgets.parts import QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QPaintEvent

    from napari_spinegrade.patient_trends import ExamPoint

COLOURS = ("#7fc8f8", "#c9e265", "#f5a3c7", "#f2c14e", "#b8c4ff", "#e69f00", "#009e73")
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 14, 22, 20
_EMPTY = "#2a323a"


@frozen
class Dot:
    """A value at a time, between bounds where there are any."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@frozen
class Line:
    """A line of a plot."""

    name: str
    dots: tuple[Dot, ...]


class TimePlot(QWidget):
    """Lines over time, each with its name in its colour."""

    def __init__(self, tip: str) -> None:
        super().__init__()
        self.lines: tuple[Line, ...] = ()
        self.ticks: tuple[tuple[float, str], ...] = ()
        self.bound: float | None = None
        self._from, self._to = 0.0, 1.0
        self.setMinimumHeight(110)
        self.setToolTip(tip)

    def show_lines(
        self,
        lines: Sequence[Line],
        ticks: Sequence[tuple[float, str]],
        *,
        least: tuple[float, float],
        bound: float | None = None,
    ) -> None:
        """Show lines, with words at some times; the scale has at least ``least``, and a rule at ``bound``."""
        self.lines, self.ticks, self.bound = tuple(lines), tuple(ticks), bound
        ends = [
            one
            for line in lines
            for dot in line.dots
            for one in (dot.y, dot.low, dot.high)
            if one is not None
        ]
        self._from, self._to = min([*ends, least[0]]), max([*ends, least[1]])
        self.setVisible(any(line.dots for line in lines))
        self.update()

    @property
    def area(self) -> QRectF:
        """Where the lines are drawn."""
        return QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Paint the plot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(7.0)
        painter.setFont(font)
        area = self.area
        self._paint_scale(painter, area)
        x = float(_LEFT)
        for number, line in enumerate(self.lines):
            colour = QColor(COLOURS[number % len(COLOURS)])
            painter.setPen(colour)
            painter.drawText(QPointF(x, 12), line.name)
            x += painter.fontMetrics().horizontalAdvance(line.name) + 14
            self._paint_line(painter, area, line, colour, 3.0 * (number - (len(self.lines) - 1) / 2))

    def _paint_scale(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QColor(QUIET))
        for value in (self._from, self._to):
            place = QRectF(0, self._y(area, value) - 7, _LEFT - 6, 14)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.3g}"
            )
        for at, words in self.ticks:
            place = QRectF(self._x(area, at) - 34, area.bottom() + 4, 68, 14)
            if place.right() > self.width():
                place.moveRight(self.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
        painter.setPen(QPen(QColor(_EMPTY), 1.0))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if self.bound is not None and self._from <= self.bound <= self._to:
            y = self._y(area, self.bound)
            painter.setPen(QPen(QColor(QUIET), 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _paint_line(self, painter: QPainter, area: QRectF, line: Line, colour: QColor, aside: float) -> None:
        """Paint a line; ``aside`` keeps intervals of several lines apart."""
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour)
        run = []
        for dot in line.dots:
            at = QPointF(self._x(area, dot.x) + aside, self._y(area, dot.y))
            run.append(at)
            painter.drawEllipse(at, 2.2, 2.2)
            if dot.low is not None and dot.high is not None and dot.low < dot.high:
                ends = (self._y(area, dot.low), self._y(area, dot.high))
                painter.drawLine(QPointF(at.x(), ends[0]), QPointF(at.x(), ends[1]))
        painter.drawPolyline(QPolygonF(run))

    def _x(self, area: QRectF, at: float) -> float:
        times = [dot.x for line in self.lines for dot in line.dots] or [at]
        first, last = min(times), max(times)
        share = 0.5 if first == last else (at - first) / (last - first)
        return float(area.left() + area.width() * (0.04 + 0.92 * share))

    def _y(self, area: QRectF, value: float) -> float:
        return float(area.bottom() - area.height() * (value - self._from) / (self._to - self._from))


class GradeStrip(QWidget):
    """The grades of every level, a row a date; reshaping is a column that turns blue."""

    def __init__(self) -> None:
        super().__init__()
        self.points: tuple[ExamPoint, ...] = ()
        self.setToolTip("Grades by level and date; a dash where there is none")

    def show_points(self, points: tuple[ExamPoint, ...]) -> None:
        """Show the grades of these dates."""
        self.points = points
        self.setFixedHeight(20 + 22 * max(1, len(points)))
        self.setVisible(bool(points))
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Paint the cells."""
        painter = QPainter(self)
        font = painter.font()
        font.setPointSizeF(7.0)
        painter.setFont(font)
        left = 62.0
        for row, point in enumerate(self.points):
            y = 18.0 + 22 * row
            painter.setPen(QColor(QUIET))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y, left, 20), middle, point.on.isoformat())
            width = (self.width() - left) / max(1, len(point.grades))
            for at, (level, grade) in enumerate(point.grades.items()):
                cell = QRectF(left + at * width + 1, y, width - 2, 20)
                if row == 0:
                    head = QRectF(cell.left() - 3, 2, cell.width() + 6, 14)
                    painter.setPen(QColor(QUIET))
                    painter.drawText(head, Qt.AlignmentFlag.AlignCenter, level)
                self._paint_cell(painter, cell, grade)

    @staticmethod
    def _paint_cell(painter: QPainter, cell: QRectF, grade: int | None) -> None:
        painter.fillRect(cell, QColor(_EMPTY if grade is None else GRADE_COLOURS[int(grade)]))
        painter.setPen(QColor(QUIET if grade is None else ON_COLOUR))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, "-" if grade is None else f"{grade}")
