"""What of a reading is drawn on the film, as plain arrays: points, outlines, words; and points as a reading.

Everything is in ``(row, column)`` pixels; napari scales it as it does the film.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.errors import ReadingError
from spinegrade.readings import Landmark, Status, VertebraReading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_spinegrade.live import Numbers
    from spinegrade.readings import Reading

    Floats = NDArray[np.float64]

GRADE_COLOURS = {0: "#8fb7d9", 1: "#f2c14e", 2: "#f28e2b", 3: "#ff4d5e"}
UNGRADED = "#e8e8e8"
NEXT = "#00e5c0"
"""The colour of what comes next: the landmark at the cursor."""

ROUND_THE_BODY = (0, 1, 2, 5, 4, 3)
"""Landmarks in the order of the outline."""


@frozen(eq=False)
class Marks:
    """Landmarks to draw: ``(n, 2)`` places, and of which level and name each is."""

    places: Floats
    levels: tuple[str, ...]
    landmarks: tuple[str, ...]

    @property
    def features(self) -> dict[str, list[str]]:
        """The marks' names as the features of a napari layer."""
        return {"level": list(self.levels), "landmark": list(self.landmarks)}


def marks_of(reading: Reading) -> Marks:
    """Return the placed landmarks of a reading, levels from the head downwards."""
    points = reading.landmarks
    at, which = np.nonzero(~np.isnan(points[..., 0]))
    return Marks(
        points[at, which],
        tuple(LEVELS[n] for n in at.tolist()),
        tuple(LANDMARKS[n] for n in which.tolist()),
    )


def vertebrae_of(places: Floats, features: Mapping[str, Sequence[str]]) -> tuple[VertebraReading, ...]:
    """Return the vertebrae that points with a level and a landmark name each are.

    Raises
    ------
    ReadingError
        If a name is unknown, or a landmark is there twice.
    """
    found: dict[str, dict[str, Landmark]] = {}
    for place, level, landmark in zip(places, features["level"], features["landmark"], strict=True):
        if level not in LEVELS or landmark not in LANDMARKS:
            msg = f"point: expected a level and a landmark, got {level!r} and {landmark!r}"
            raise ReadingError(msg)
        marks = found.setdefault(level, {})
        if landmark in marks:
            msg = f"{level}: expected {landmark} once, got it twice"
            raise ReadingError(msg)
        marks[landmark] = Landmark(float(place[0]), float(place[1]), Status.PLACED)
    return tuple(
        VertebraReading(level, {name: found[level][name] for name in LANDMARKS if name in found[level]})
        for level in LEVELS
        if level in found
    )


def outlines_of(points: Floats, colours: Sequence[str]) -> tuple[Floats, list[str]]:
    """Return the edges round the bodies as ``(m, 2, 2)`` vectors, start and way, and a colour for each.

    ``points`` are ``(23, 6, 2)``, ``colours`` one a level.  An edge is there once both its ends are.
    """
    ring = points[:, ROUND_THE_BODY]
    way = np.roll(ring, -1, axis=1) - ring
    there = ~np.isnan(way).any(axis=-1)
    vectors = np.stack([ring[there], way[there]], axis=1)
    return vectors, [colours[level] for level in np.nonzero(there)[0].tolist()]


def colours_of(numbers: Numbers | None) -> list[str]:
    """Return a colour for each level: by its grade, or plain where that is not to be seen."""
    if numbers is None:
        return [UNGRADED] * len(LEVELS)
    return [UNGRADED if np.isnan(grade) else GRADE_COLOURS[int(grade)] for grade in numbers.grade]


_SIGN = "> "


def labels_of(
    reading: Reading, numbers: Numbers | None, marked: str = ""
) -> tuple[Floats, list[str], list[str]]:
    """Return ``(n, 2)`` places behind the bodies, words to write there, and their colours.

    A label stands clear of its body at half height, never over an endplate.  The level that is ``marked`` has
    a sign before it.
    """
    points = reading.landmarks
    colours = colours_of(numbers)
    places, words, shades = [], [], []
    for vertebra in reading.vertebrae:
        at = LEVELS.index(vertebra.level)
        place = _behind(points[at])
        if place is None:
            continue
        grade = numbers.grade_words(vertebra.level) if numbers is not None else ""
        places.append(place)
        sign = _SIGN if vertebra.level == marked else ""
        words.append(f"{sign}{vertebra.level}  {grade}".rstrip())
        shades.append(colours[at])
    return np.array(places).reshape(-1, 2), words, shades


def _behind(points: Floats) -> Floats | None:
    """Return a place a depth behind a body, where films are dark; None where its back is not placed."""
    front, back = points[[0, 3]], points[[2, 5]]
    if np.isnan(back).any() or np.isnan(front).all():
        return None
    middle = back.mean(axis=0)
    place: Floats = middle + 1.15 * (middle - np.nanmean(front, axis=0))
    return place


def faces_right(points: Floats) -> bool:
    """Return whether most bodies of ``(23, 6, 2)`` points have their front at the right."""
    fronts, backs = points[:, [0, 3], 1], points[:, [2, 5], 1]
    return bool(np.nansum(np.sign(fronts - backs)) > 0)


def nearest_mark(marks: Marks, place: Floats, reach: float, aspect: float = 1.0) -> int | None:
    """Return which mark is nearest to a place, within ``reach`` columns of it; None where none is.

    ``aspect`` is the height of a pixel over its width.
    """
    if not len(marks.places):
        return None
    away = np.hypot((marks.places[:, 0] - place[0]) * aspect, marks.places[:, 1] - place[1])
    nearest = int(away.argmin())
    return nearest if away[nearest] <= reach else None
