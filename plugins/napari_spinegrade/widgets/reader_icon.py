"""The mark of a reader as it is on the film, for the legend."""

from __future__ import annotations

import math

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

_SIDE = 14

_TURNS = {
    "square": (4, 45.0, 1.0),
    "diamond": (4, 0.0, 1.0),
    "triangle_up": (3, -90.0, 1.0),
    "triangle_down": (3, 90.0, 1.0),
    "star": (10, -90.0, 0.45),
}
"""Corners, where the first one is in degrees, and how far in every other corner is."""


def reader_icon(colour: str, symbol: str) -> QIcon:
    """Return a symbol in a colour."""
    pixels = QPixmap(_SIDE, _SIDE)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    middle, half = _SIDE / 2, _SIDE / 2 - 1
    if symbol in _TURNS:
        painter.drawPolygon(_polygon(symbol, middle, half))
    elif symbol == "cross":
        painter.drawRect(QRectF(middle - 2, 1, 4, _SIDE - 2))
        painter.drawRect(QRectF(1, middle - 2, _SIDE - 2, 4))
    else:
        painter.drawEllipse(QPointF(middle, middle), half, half)
    painter.end()
    return QIcon(pixels)


def _polygon(symbol: str, middle: float, half: float) -> QPolygonF:
    corners, start, inner = _TURNS[symbol]
    places = []
    for corner in range(corners):
        turn = math.radians(start + 360 * corner / corners)
        radius = half * (inner if corner % 2 else 1.0)
        places.append(QPointF(middle + radius * math.cos(turn), middle + radius * math.sin(turn)))
    return QPolygonF(places)
