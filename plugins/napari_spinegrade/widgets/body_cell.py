"""A body in a row of the table: in its shape once all six landmarks are placed, else as a plan of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QStyledItemDelegate

from napari_spinegrade.layers import NEXT, ROUND_THE_BODY
from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.morphometry import upright
from spinegrade.readings import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from qtpy.QtCore import QModelIndex, QPersistentModelIndex
    from qtpy.QtWidgets import QStyleOptionViewItem, QWidget

    from spinegrade.readings import Landmark, Reading

    Floats = NDArray[np.float64]

_PLAN = np.array([(-10, -4), (0, -3), (10, -4), (-10, 4), (0, 3), (10, 4)], dtype=float)
"""Where the landmarks are drawn of a body whose shape is not known yet, in screen pixels."""
_TALLEST, _WIDEST = 15.0, 44.0
"""Screen pixels that the largest body of a spine may have."""


@frozen(eq=False)
class Body:
    """How a body is drawn: ``(6, 2)`` x and y in screen pixels, what became of each landmark, its colour."""

    places: Floats
    statuses: tuple[Status | None, ...]
    colour: str
    measured: bool
    next: int | None = None


def bodies_of(reading: Reading, colours: Sequence[str]) -> dict[str, Body]:
    """Return the bodies of all levels, those that are measured in one scale."""
    shapes = upright(reading.landmarks, reading.calibration.spacing)
    sizes = shapes.max(axis=1) - shapes.min(axis=1)
    known = ~np.isnan(sizes[:, 0])
    widest, tallest = sizes[known].max(axis=0) if known.any() else (1.0, 1.0)
    scale = min(_TALLEST / max(float(tallest), 1e-9), _WIDEST / max(float(widest), 1e-9))
    vertebrae = {one.level: one for one in reading.vertebrae}
    return {
        level: Body(
            shapes[at] * scale if known[at] else _PLAN,
            _statuses(vertebrae[level].landmarks) if level in vertebrae else (None,) * 6,
            colours[at],
            bool(known[at]),
        )
        for at, level in enumerate(LEVELS)
    }


def _statuses(landmarks: Mapping[str, Landmark]) -> tuple[Status | None, ...]:
    found = (landmarks.get(name) for name in LANDMARKS)
    return tuple(None if one is None else one.status for one in found)


class BodyCell(QStyledItemDelegate):
    """Paints the bodies of a table's rows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.bodies: list[Body | None] = []

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint a row's body, or its words where it has none."""
        super().paint(painter, option, index)
        body = self.bodies[index.row()] if index.row() < len(self.bodies) else None
        if body is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(QRectF(option.rect).center())
        self._outline(painter, body)
        for n, status in enumerate(body.statuses):
            self._landmark(painter, QPointF(*body.places[n]), status, here=n == body.next)
        painter.restore()

    @staticmethod
    def _outline(painter: QPainter, body: Body) -> None:
        if not body.measured:
            return
        fill = QColor(body.colour)
        fill.setAlpha(90)
        painter.setPen(QPen(QColor(body.colour), 1.0))
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([QPointF(*body.places[n]) for n in ROUND_THE_BODY]))

    @staticmethod
    def _landmark(painter: QPainter, place: QPointF, status: Status | None, *, here: bool) -> None:
        """Paint a dot for a landmark that is placed, a cross for one that cannot be, a ring for one to do."""
        colour = QColor(NEXT if here else "#d7dde2")
        painter.setPen(QPen(colour, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if status in (Status.NOT_VISIBLE, Status.OUTSIDE_IMAGE):
            for way in (1, -1):
                painter.drawLine(place + QPointF(-2, -2 * way), place + QPointF(2, 2 * way))
        elif status is Status.PLACED:
            painter.setBrush(colour)
            painter.drawEllipse(place, 1.1, 1.1)
        else:
            if not here:
                painter.setPen(QPen(QColor("#6b757e"), 1.0))
            painter.drawEllipse(place, 1.6, 1.6)
