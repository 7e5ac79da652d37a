"""The spine as a straight stack of its bodies, each in its measured shape, and a row of the page for each.

The profile of heights uses the same rows, so that a level is at one height in all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import LEVELS
from spinegrade.morphometry import upright
from spinegrade.report import words
from spinegrade.report.drawing import OUTLINE, kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.anatomy import LevelRange
    from spinegrade.morphometry import PixelSpacing
    from spinegrade.report.findings import Examined, Vertebra

    Floats = NDArray[np.float64]

WIDTH = 200.0
TOP, BOTTOM = 40.0, 34.0
"""Room for a title above the first row and for an axis below the last."""

_BODY = 29.0
"""Height of a typical body on the page."""
_GAP = 5.0
_MIDDLE = 62.0
"""x of the middle of every body."""


@frozen
class Slot:
    """A level of the stack: where it is, its contour, and what is said beside it.

    ``outline`` is a rectangle of the typical size where the body was not measured.
    """

    level: str
    y: float
    kind: str
    outline: tuple[tuple[float, float], ...]
    grade: str
    words: str
    vertebra: Vertebra | None


@frozen
class Diagram:
    """The stack, and the height of the drawing it needs."""

    slots: tuple[Slot, ...]
    height: float
    words_at: float
    """x where the words beside the bodies begin."""


def stack(examined: Examined, graded: LevelRange) -> Diagram:
    """Return the levels that were asked for or read, from the head down."""
    seen = {one.level: one for one in examined.vertebrae}
    wanted = [n for n, level in enumerate(LEVELS) if level in seen or level in graded.levels]
    levels = LEVELS[wanted[0] : wanted[-1] + 1]
    shapes = [_shape(seen.get(level), examined.spacing) for level in levels]
    sizes = np.array([_size(shape) for shape in shapes])
    sizes = _filled(sizes)
    scale = _BODY / sizes[:, 1].mean()
    slots, y = [], TOP
    for level, shape, size in zip(levels, shapes, sizes * scale, strict=True):
        middle = y + size[1] / 2
        contour = _box(size) if shape is None else shape[list(OUTLINE)] * scale
        slots.append(_slot(level, seen.get(level), contour, middle))
        y += size[1] + _GAP
    widest = float(sizes[:, 0].max()) * scale / 2
    return Diagram(tuple(slots), y - _GAP + BOTTOM, _MIDDLE + widest + 9.0)


def _shape(one: Vertebra | None, spacing: PixelSpacing) -> Floats | None:
    """Return a body's six landmarks turned upright; None where one was not placed."""
    shape = None if one is None else upright(one.points, spacing)
    return None if shape is None or np.isnan(shape).any() else shape


def _size(shape: Floats | None) -> Floats:
    return np.full(2, np.nan) if shape is None else shape.max(axis=0) - shape.min(axis=0)


def _filled(sizes: Floats) -> Floats:
    """Return ``(levels, 2)`` widths and heights, those that are missing judged by the others."""
    known = ~np.isnan(sizes[:, 0])
    if not known.any():
        return np.tile([1.2, 1.0], (len(sizes), 1))
    place = np.arange(len(sizes))
    return np.stack([np.interp(place, place[known], sizes[known, axis]) for axis in range(2)], axis=-1)


def _box(size: Floats) -> Floats:
    return np.array([(-1, -1), (0, -1), (1, -1), (1, 1), (0, 1), (-1, 1)]) * size / 2


def _slot(level: str, one: Vertebra | None, contour: Floats, y: float) -> Slot:
    outline = tuple((_MIDDLE + float(x), y + float(dy)) for x, dy in contour)
    if one is None:
        return Slot(level, y, "none", outline, "", "not read", None)
    grade = words.grade(one.row)
    return Slot(level, y, kind(one), outline, grade, _said(one), one)


def _said(one: Vertebra) -> str:
    if one.seen.not_evaluable_reason is not None:
        return words.reason(one.seen.not_evaluable_reason)
    if one.row["grade"] is None:
        return "not graded"
    return f"{one.row['shape']} {words.percent(one.row['height_loss'])}" if one.fractured else ""


def known_slots(diagram: Diagram) -> Sequence[Slot]:
    """Return the levels that were read."""
    return [slot for slot in diagram.slots if slot.vertebra is not None]
