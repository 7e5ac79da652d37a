"""The heights from T4 to L4 against those expected, painted small and quickly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from spinegrade.anatomy import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent

    from napari_spinegrade.live import Numbers

_LINES = (("anterior", "#7fc8f8"), ("middle", "#c9e265"), ("posterior", "#f5a3c7"))
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 8, 18, 18


class ProfilePlot(QWidget):
    """Three lines of measured heights by level, and ticks where each is expected."""

    def __init__(self, levels: tuple[str, ...]) -> None:
        super().__init__()
        self.levels = levels
        self._numbers: Numbers | None = None
        self.setMinimumHeight(72)
        self.setToolTip("Heights by level; short bars are the heights expected")

    def show_numbers(self, numbers: Numbers | None) -> None:
        """Show other numbers, or none."""
        self._numbers = numbers
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Paint the plot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)
        self._paint_levels(painter, area)
        numbers = self._numbers
        rows = [LEVELS.index(level) for level in self.levels]
        if numbers is None or np.isnan(numbers.heights[rows]).all():
            painter.setPen(QColor("#9aa4ad"))
            words = "heights are hidden" if numbers is None else "heights appear here as they are measured"
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
            return
        self._paint_lines(painter, area, numbers.heights[rows], numbers.expected[rows], numbers.unit)

    def _paint_levels(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QColor("#9aa4ad"))
        font = painter.font()
        font.setPointSizeF(7.0)
        painter.setFont(font)
        for n, level in enumerate(self.levels):
            x = self._x(area, n)
            painter.drawText(QRectF(x - 14, area.bottom() + 2, 28, 14), Qt.AlignmentFlag.AlignCenter, level)
        x = area.left()
        for name, colour in _LINES:
            painter.setPen(QColor(colour))
            painter.drawText(QRectF(x, 1, 70, 14), Qt.AlignmentFlag.AlignLeft, name)
            x += 62

    def _x(self, area: QRectF, n: int) -> float:
        return float(area.left() + area.width() * (n + 0.5) / len(self.levels))

    def _paint_lines(
        self,
        painter: QPainter,
        area: QRectF,
        heights: NDArray[np.float64],
        expected: NDArray[np.float64],
        unit: str,
    ) -> None:
        every = np.concatenate([heights.ravel(), expected.ravel()])
        low, high = float(np.nanmin(every)) * 0.9, float(np.nanmax(every)) * 1.05
        self._paint_scale(painter, area, low, high, unit)

        def y(value: float) -> float:
            return float(area.bottom() - area.height() * (value - low) / (high - low))

        for position, (_, colour) in enumerate(_LINES):
            painter.setPen(QPen(QColor(colour), 1.5))
            run: list[QPointF] = []
            for n, value in enumerate(heights[:, position]):
                if np.isnan(value):
                    painter.drawPolyline(QPolygonF(run))
                    run = []
                    continue
                run.append(QPointF(self._x(area, n), y(value)))
                painter.drawEllipse(run[-1], 1.8, 1.8)
            painter.drawPolyline(QPolygonF(run))
            painter.setPen(QPen(QColor(colour), 1.0))
            for n, value in enumerate(expected[:, position]):
                if not np.isnan(value):
                    x = self._x(area, n) + 3 * (position - 1)
                    painter.drawLine(QPointF(x - 3, y(value)), QPointF(x + 3, y(value)))

    def _paint_scale(self, painter: QPainter, area: QRectF, low: float, high: float, unit: str) -> None:
        painter.setPen(QColor("#9aa4ad"))
        step = next(
            one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**6) if (high - low) / one <= 5
        )
        for value in np.arange(np.ceil(low / step) * step, high, step):
            y = area.bottom() - area.height() * (value - low) / (high - low)
            painter.drawText(QRectF(0, y - 7, _LEFT - 5, 14), Qt.AlignmentFlag.AlignRight, f"{value:g}")
        painter.drawText(QRectF(self.width() - 40, 1, 34, 14), Qt.AlignmentFlag.AlignRight, unit)
