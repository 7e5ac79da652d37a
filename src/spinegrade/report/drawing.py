"""Landmarks and grades as drawn over a film, in the film's own coordinates.

x is the column and y the row times the height of a pixel over its width, so that bodies keep their shape on
films whose pixels are not square.  The centre of the top-left pixel is (0, 0): the picture begins half a
pixel before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from spinegrade.anatomy import LEVELS
from spinegrade.report import words
from spinegrade.report.box import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.report.findings import Examined, Vertebra

    Floats = NDArray[np.float64]
    Point = tuple[float, float]

OUTLINE = (0, 1, 2, 5, 4, 3)
"""The six landmarks in the order of the contour."""

PAPER = (84.0, 185.0)
"""Width and height in mm that a film has on a sheet of A4 at most: its table stands beside it."""

LEGIBLE = 3.1
"""Font size in mm on paper whose capitals are 2.2 mm tall."""

_LETTER = 0.65
"""Width of a letter, in font sizes; a little more than most have."""

_FAR = 2
"""Levels away from a body that its label may be carried on to."""


@frozen
class Label:
    """Level and finding, in front of a body; ``anchor`` is the end of them that is at ``x``, as in SVG.

    In front lies no bone: behind a body its arch does.  A ``stacked`` label has its finding below its
    level: it needs less of the film's width.
    """

    name: str
    finding: str
    x: float
    y: float
    anchor: str
    stacked: bool = False

    def box(self, font: float) -> Box:
        """Return the room that the words take at a font size, estimated."""
        lines = (self.name, self.finding) if self.stacked else (f"{self.name} {self.finding}",)
        width = max(map(len, lines)) * _LETTER * font
        left = self.x - width if self.anchor == "end" else self.x
        half = 0.6 * font * len(lines)
        return Box(left, self.y - half, left + width, self.y + half)

    def within(self, film: Box | None, font: float) -> Label:
        """Return the label in two lines where in one it would leave the film."""
        box = self.box(font)
        fits = film is None or not self.finding or (film.left <= box.left and box.right <= film.right)
        return self if fits else evolve(self, stacked=True)


@frozen
class Body:
    """A vertebra on the film.

    ``kind`` is its grade, ``none`` where it is not graded, ``refused`` where it is not evaluable.
    ``outline`` has the placed landmarks in the order of the contour, ``lines`` the facing pairs.
    """

    level: str
    kind: str
    outline: tuple[Point, ...]
    lines: tuple[tuple[Point, Point], ...]
    label: Label


@frozen
class Drawing:
    """Bodies, the font size of their labels, and the part of the film's plane that is shown.

    ``others`` say of levels without landmarks that they were not evaluable, about where they must lie.
    """

    bodies: tuple[Body, ...]
    font: float
    box: Box
    others: tuple[Label, ...] = ()

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.box.width / self.box.height

    @property
    def paper(self) -> float:
        """Width in mm on paper."""
        return min(PAPER[0], PAPER[1] * self.aspect)


def film_box(examined: Examined) -> Box | None:
    """Return the rectangle of the whole film; None where its size is not known."""
    image = examined.match.film.image if examined.match else examined.reading.image
    if not image.rows or not image.columns:
        return None
    aspect = examined.aspect
    return Box(-0.5, -0.5 * aspect, image.columns - 0.5, (image.rows - 0.5) * aspect)


def draw_film(examined: Examined) -> Drawing:
    """Return the bodies of a reading over the whole film, or over the plane round them without one."""
    bodies = [one for one in examined.vertebrae if not np.isnan(one.points).all()]
    film = film_box(examined) if examined.match else None
    contours = [plane(one.points, examined.aspect) for one in bodies]
    if not contours:
        return Drawing((), 1.0, film or Box(0, 0, 100, 100))
    font = _font(contours, film)
    drawn = tuple(_bodies(bodies, contours, font, film))
    others = tuple(label.within(film, font) for label in _others(examined.vertebrae, drawn, film))
    box = _round(drawn, others, font)
    box = box.grown(font) if film is None else box.grown(0.3 * font).within(film, box).around(film)
    return Drawing(drawn, font, box, others)


def draw_close(examined: Examined, level: str) -> Drawing:
    """Return a fractured body and the levels next to it, close by."""
    place = LEVELS.index(level)
    near = LEVELS[max(0, place - 1) : place + 2]
    bodies = [one for one in examined.vertebrae if one.level in near and not np.isnan(one.points).all()]
    contours = [plane(one.points, examined.aspect) for one in bodies]
    every = _extent(np.concatenate(contours))
    font = every.height / 12
    film = film_box(examined)
    drawn = tuple(_bodies(bodies, contours, font, film))
    inner = _round(drawn, (), font)
    box = inner.grown(0.5 * font).around(every.grown(1.9 * font))
    box = box if film is None else box.within(film, inner)
    return Drawing(drawn, font, box)


def plane(points: Floats, aspect: float) -> Floats:
    """Return ``(..., 2)`` rows and columns as x and y of the drawing."""
    return np.stack([points[..., 1], points[..., 0] * aspect], axis=-1)


def _font(contours: Sequence[Floats], film: Box | None) -> float:
    """Return a font size that suits bodies and film: not half a body, legible on paper if those are small."""
    heights = [np.hypot(*(c[3:] - c[:3]).T) for c in contours]
    typical = float(np.nanmedian(heights)) if not np.isnan(heights).all() else 20.0
    legible = 0.0 if film is None else LEGIBLE * max(film.width / PAPER[0], film.height / PAPER[1])
    return min(max(0.42 * typical, legible), 0.9 * typical)


def _bodies(
    vertebrae: Sequence[Vertebra], contours: Sequence[Floats], font: float, film: Box | None
) -> list[Body]:
    front = _front(contours)
    edges = np.concatenate([_edge(contour) for contour in contours])
    bodies = [
        _body(one, contour, edges, front, font) for one, contour in zip(vertebrae, contours, strict=True)
    ]
    return [evolve(body, label=body.label.within(film, font)) for body in bodies]


def _body(one: Vertebra, contour: Floats, edges: Floats, front: int, font: float) -> Body:
    placed = [(float(x), float(y)) for x, y in contour[list(OUTLINE)] if not np.isnan(x)]
    return Body(
        level=one.level,
        kind=kind(one),
        outline=tuple(placed),
        lines=tuple(_lines(contour)),
        label=_label(one, _front_wall(contour), edges, front, font),
    )


def kind(one: Vertebra) -> str:
    """Return how a vertebra is coloured."""
    if one.row["grade"] is not None:
        return f"{one.row['grade']}"
    return "refused" if one.refused else "none"


def finding(one: Vertebra) -> str:
    """Return what stands beside a body: grade and shape, or that there is none; nothing if none is due."""
    grade = words.grade(one.row)
    if not one.asked_for:
        return ""
    if grade:
        return f"{grade} {one.row['shape']}" if one.fractured else grade
    return "not evaluable" if one.refused else "not graded"


def _front(contours: Sequence[Floats]) -> int:
    """Return -1 where the front is at the left of the film, 1 where it is at the right."""
    steps = np.concatenate([(contour[[0, 1, 3, 4]] - contour[[1, 2, 4, 5]])[:, 0] for contour in contours])
    return 1 if np.nansum(steps) > 0 else -1


def _front_wall(contour: Floats) -> float:
    """Return the y of the middle of the front wall, or of the body where its corners were not placed."""
    corners = contour[[0, 3], 1]
    return float(np.nanmean(contour[:, 1]) if np.isnan(corners).all() else np.nanmean(corners))


def _lines(contour: Floats) -> list[tuple[Point, Point]]:
    pairs = [(contour[n], contour[n + 3]) for n in range(3)]
    return [
        ((float(a[0]), float(a[1])), (float(b[0]), float(b[1])))
        for a, b in pairs
        if not np.isnan([*a, *b]).any()
    ]


def _edge(contour: Floats) -> Floats:
    """Return points close together along the contour through the placed landmarks."""
    placed = contour[list(OUTLINE)]
    placed = placed[~np.isnan(placed[:, 0])]
    step = np.linspace(0.0, 1.0, 25)[:, None, None]
    return (placed + step * (np.roll(placed, -1, axis=0) - placed)).reshape(-1, 2)


def _label(one: Vertebra, y: float, edges: Floats, side: int, font: float) -> Label:
    """Return the label at this height, so far to one side that it lies over no body."""
    level_with = edges[np.abs(edges[:, 1] - y) <= 0.7 * font]
    xs = level_with[:, 0] if len(level_with) else edges[:, 0]
    x = float(xs.max() if side > 0 else xs.min()) + side * 0.6 * font
    return Label(one.level, finding(one), x, y, "start" if side > 0 else "end")


def _extent(points: Floats) -> Box:
    left, top = np.nanmin(points, axis=0)
    right, bottom = np.nanmax(points, axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def _round(bodies: Sequence[Body], others: Sequence[Label], font: float) -> Box:
    """Return the rectangle round bodies and labels."""
    box = _extent(np.array([point for body in bodies for point in body.outline]))
    for label in (*(body.label for body in bodies), *others):
        box = box.around(label.box(font))
    return box


def _others(vertebrae: Sequence[Vertebra], bodies: Sequence[Body], film: Box | None) -> list[Label]:
    """Return labels of the refused levels without landmarks, carried on along the other labels."""
    known = {LEVELS.index(body.level): body.label for body in bodies}
    labels = []
    for one in vertebrae:
        place = LEVELS.index(one.level)
        pair = sorted(sorted(known, key=lambda other: abs(other - place))[:2])
        if (
            not (one.refused and one.asked_for)
            or place in known
            or len(pair) < 2
            or min(abs(n - place) for n in pair) > _FAR
        ):
            continue
        first, second = known[pair[0]], known[pair[1]]
        share = (place - pair[0]) / (pair[1] - pair[0])
        x, y = (a + share * (b - a) for a, b in ((first.x, second.x), (first.y, second.y)))
        if film is None or film.top <= y <= film.bottom:
            labels.append(Label(one.level, finding(one), x, y, first.anchor))
    return labels
