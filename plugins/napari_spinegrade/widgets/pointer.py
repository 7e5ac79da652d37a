"""What stands beside the pointer: the name of the next landmark, and while one is dragged a loupe.

It is a small window of its own that lets the mouse through, so the tip stays free and napari's canvas is
not touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPoint, QRectF, Qt
from qtpy.QtGui import QColor, QCursor, QFont, QImage, QPainter, QPen
from qtpy.QtWidgets import QWidget

from napari_spinegrade.layers import NEXT

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent

_LOUPE = 176
"""Side of the loupe in screen pixels."""
_LARGER = 5
"""Screen pixels of the loupe for a pixel of the film."""
_NAME_HEIGHT = 22
_AWAY = QPoint(22, 18)


class PointerNote(QWidget):
    """The note beside the pointer."""

    def __init__(self, parent: QWidget) -> None:
        flags = (
            Qt.WindowType.ToolTip
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowTransparentForInput
        )
        super().__init__(parent, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._words = ""
        self._loupe: QImage | None = None

    def show_name(self, words: str) -> None:
        """Show the name of the landmark that a click would place; empty hides the note."""
        self._words, self._loupe = words, None
        self._show(max(60, self.fontMetrics().horizontalAdvance(words) + 20), _NAME_HEIGHT)

    def show_loupe(self, words: str, greys: NDArray[np.uint8]) -> None:
        """Show a part of the film, ``(n, n)`` greys with its middle at the tip, enlarged."""
        greys = np.ascontiguousarray(greys)
        rows, columns = greys.shape
        image = QImage(greys.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
        self._words, self._loupe = words, image.copy()
        self._show(_LOUPE, _LOUPE + _NAME_HEIGHT)

    def _show(self, width: int, height: int) -> None:
        if not self._words:
            self.hide()
            return
        self.resize(width, height)
        self.move(self._place(width, height))
        self.show()
        self.update()

    def _place(self, width: int, height: int) -> QPoint:
        """Return a place beside the pointer, on the side where the screen has room."""
        at = QCursor.pos()
        place = at + _AWAY
        screen = self.screen().availableGeometry()
        if place.x() + width > screen.right():
            place.setX(at.x() - _AWAY.x() - width)
        if place.y() + height > screen.bottom():
            place.setY(at.y() - _AWAY.y() - height)
        return place

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Paint the name, and the loupe above it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = 0
        if self._loupe is not None:
            self._paint_loupe(painter, QRectF(0, 0, _LOUPE, _LOUPE))
            top = _LOUPE
        name = QRectF(0, top, self.width(), _NAME_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 16, 20, 220))
        painter.drawRoundedRect(name, 4, 4)
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(NEXT))
        painter.drawText(name, Qt.AlignmentFlag.AlignCenter, self._words)

    def _paint_loupe(self, painter: QPainter, area: QRectF) -> None:
        """Paint the loupe with a crosshair whose centre is free."""
        if self._loupe is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self._loupe)
        painter.setPen(QPen(QColor(NEXT), 1))
        middle, free = area.center(), 2.0 * _LARGER
        x, y = middle.x(), middle.y()
        for start, end in ((area.left(), x - free), (x + free, area.right())):
            painter.drawLine(int(start), int(y), int(end), int(y))
        for start, end in ((area.top(), y - free), (y + free, area.bottom())):
            painter.drawLine(int(x), int(start), int(x), int(end))
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))


def around(
    pixels: NDArray[np.generic], row: float, column: float, limits: tuple[float, float]
) -> NDArray[np.uint8]:
    """Return the square of the film round a point as greys in a window; off the film is black."""
    half = _LOUPE // _LARGER // 2
    rows = np.arange(round(row) - half, round(row) + half + 1)
    columns = np.arange(round(column) - half, round(column) + half + 1)
    inside = ((rows >= 0) & (rows < pixels.shape[0]))[:, None] & (
        (columns >= 0) & (columns < pixels.shape[1])
    )
    part = pixels[np.ix_(np.clip(rows, 0, pixels.shape[0] - 1), np.clip(columns, 0, pixels.shape[1] - 1))]
    low, high = limits
    grey = np.clip((part.astype(float) - low) / max(high - low, 1e-9), 0, 1) * 255
    return np.where(inside, grey, 0).astype(np.uint8)
