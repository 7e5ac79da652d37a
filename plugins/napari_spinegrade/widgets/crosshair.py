"""The pointer over a film: a crosshair whose centre is free, so that it never covers what is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QLineF, Qt
from qtpy.QtGui import QColor, QCursor, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QWidget

from napari_spinegrade.layers import NEXT

if TYPE_CHECKING:
    import napari

_ARM, _FREE = 15, 5
"""Screen pixels from the centre to the end of an arm, and to its beginning."""


def crosshair() -> QCursor:
    """Return the pointer: bright lines on dark ones, to be seen on lung and on bone."""
    side = 2 * _ARM + 1
    picture = QPixmap(side, side)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    for colour, width in ((QColor(0, 0, 0, 170), 3.0), (QColor(NEXT), 1.0)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        middle = _ARM + 0.5
        for start, end in ((0, _ARM - _FREE), (_ARM + _FREE + 1, side)):
            painter.drawLine(QLineF(start, middle, end, middle))
            painter.drawLine(QLineF(middle, start, middle, end))
    painter.end()
    return QCursor(picture, _ARM, _ARM)


def canvas_of(window: QWidget) -> QWidget | None:
    """Return the widget in which a window of napari draws; None where it has none."""
    found = (one for one in window.findChildren(QWidget) if "CanvasBackend" in type(one).__name__)
    return next(found, None)


class FilmPointer:
    """Gives the canvas of a viewer the crosshair, again whenever napari gives it another pointer."""

    def __init__(self, viewer: napari.viewer.Viewer, canvas: QWidget) -> None:
        self._canvas, self._cursor = canvas, crosshair()
        cursor = viewer.cursor.events
        self._events = (cursor.style, cursor.size, viewer.scene.camera.events.zoom)
        for event in self._events:
            event.connect(self.show, position="last")  # after napari's own
        self.show()

    def show(self) -> None:
        """Show the crosshair."""
        self._canvas.setCursor(self._cursor)

    def close(self) -> None:
        """Let napari have its own pointer again."""
        for event in self._events:
            event.disconnect(self.show)
        self._canvas.unsetCursor()
