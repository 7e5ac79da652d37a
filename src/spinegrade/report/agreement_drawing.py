"""The same bodies as several readers marked them, drawn over each other.

x is the column and y the row, both in widths of a pixel, as in `drawing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import LEVELS
from spinegrade.report.box import Box
from spinegrade.report.drawing import OUTLINE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Point = tuple[float, float]

READER_COLOURS = 8
"""Colours that tell readers apart; a ninth reader has the first one again, dashed."""

_LETTER = 0.6
"""Width of a letter, in font sizes."""


@frozen(eq=False)
class Bodies:
    """Contours: by the reader's place, of which level, ``(rows, 6, 2)`` x and y, NaN where not placed."""

    readers: tuple[int, ...]
    levels: tuple[str, ...]
    points: Floats


@frozen
class Contour:
    """A body by one reader: its colour, whether dashed, its outline and its landmarks."""

    level: str
    colour: int
    dashed: bool
    outline: tuple[Point, ...]


@frozen
class Note:
    """A level and what readers said of it, in front of the body; ``split`` where they differ."""

    level: str
    words: str
    x: float
    y: float
    anchor: str
    split: bool


@frozen
class Drawing:
    """Contours of all readers, notes, font size, and the part of the plane that is shown."""

    contours: tuple[Contour, ...]
    notes: tuple[Note, ...]
    font: float
    box: Box

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.box.width / self.box.height


@frozen
class Overlay:
    """The whole spine, and the body on which readers differ most from close by, where there is one."""

    whole: Drawing
    close: Drawing | None
    level: str | None


def draw_overlay(bodies: Bodies, said: Mapping[str, Sequence[str]], worst: str | None) -> Overlay:
    """Return the bodies of all readers; ``said`` has what each says of the levels on which they differ.

    Without a ``worst`` level, the one whose contours lie farthest apart is shown from close by.
    """
    chosen = worst if worst in bodies.levels else _widest(bodies)
    whole = _draw(bodies, said, set(bodies.levels))
    if chosen is None:
        return Overlay(whole, None, None)
    near = LEVELS[max(0, LEVELS.index(chosen) - 1) : LEVELS.index(chosen) + 2]
    return Overlay(whole, _close(bodies, chosen, near), chosen)


def _widest(bodies: Bodies) -> str | None:
    """Return the level whose landmarks lie farthest apart; None where no level has two readings."""
    spread = {}
    for level in dict.fromkeys(bodies.levels):
        mine = bodies.points[[one == level for one in bodies.levels]]
        known = mine[~np.isnan(mine).any(axis=(1, 2))]
        if len(known) > 1:
            spread[level] = float(known.std(axis=0).mean())
    return max(spread, key=lambda level: spread[level]) if spread else None


def _draw(bodies: Bodies, said: Mapping[str, Sequence[str]], levels: set[str]) -> Drawing:
    kept = [n for n, level in enumerate(bodies.levels) if level in levels]
    points = bodies.points[kept]
    if np.isnan(points).all():
        return Drawing((), (), 1.0, Box(0.0, 0.0, 100.0, 100.0))
    heights = np.hypot(*np.moveaxis(points[:, 3:] - points[:, :3], -1, 0))
    font = 0.42 * (float(np.nanmedian(heights)) if not np.isnan(heights).all() else 20.0)
    contours = tuple(_contour(bodies, n) for n in kept if not np.isnan(bodies.points[n]).all())
    notes = tuple(_notes(bodies, said, points, kept, font))
    box = _round(points, notes, font).grown(0.8 * font)
    return Drawing(contours, notes, font, box)


def _close(bodies: Bodies, level: str, near: Sequence[str]) -> Drawing:
    """Return one body and what of its neighbours lies about it."""
    mine = bodies.points[[one == level for one in bodies.levels]]
    left, top = np.nanmin(mine, axis=(0, 1))
    right, bottom = np.nanmax(mine, axis=(0, 1))
    margin = 0.35 * float(bottom - top)
    box = Box(float(left), float(top), float(right), float(bottom)).grown(margin)
    drawn = _draw(bodies, {}, set(near))
    return Drawing(drawn.contours, (), margin * 0.5, box)


def _contour(bodies: Bodies, row: int) -> Contour:
    reader = bodies.readers[row]
    placed = [(float(x), float(y)) for x, y in bodies.points[row][list(OUTLINE)] if not np.isnan(x)]
    return Contour(bodies.levels[row], reader % READER_COLOURS, reader >= READER_COLOURS, tuple(placed))


def _notes(
    bodies: Bodies, said: Mapping[str, Sequence[str]], points: Floats, kept: list[int], font: float
) -> list[Note]:
    """Return a note for every level, so far in front that it lies over no body."""
    side = 1 if np.nansum(points[:, [0, 3], 0] - points[:, [2, 5], 0]) > 0 else -1
    notes = []
    for level in dict.fromkeys(bodies.levels[n] for n in kept):
        rows = bodies.points[[n for n in kept if bodies.levels[n] == level]]
        if np.isnan(rows).all():
            continue
        y = float(np.nanmean(rows[..., 1]))
        beside = np.abs(points[..., 1] - y) <= 1.5 * font
        xs = np.concatenate([points[..., 0][beside], rows[..., 0].ravel()])
        x = float(np.nanmax(xs) if side > 0 else np.nanmin(xs)) + side * 0.6 * font
        words = " / ".join(said.get(level, ()))
        notes.append(Note(level, words, x, y, "start" if side > 0 else "end", level in said))
    return notes


def _round(points: Floats, notes: Sequence[Note], font: float) -> Box:
    """Return the rectangle round contours and notes."""
    left, top = np.nanmin(points, axis=(0, 1))
    right, bottom = np.nanmax(points, axis=(0, 1))
    box = Box(float(left), float(top), float(right), float(bottom))
    for note in notes:
        width = (len(note.level) + 1 + len(note.words)) * _LETTER * font
        begin = note.x - width if note.anchor == "end" else note.x
        box = box.around(Box(begin, note.y - 0.6 * font, begin + width, note.y + 0.6 * font))
    return box
