"""How far apart readers of one film are: landmark by landmark, and level by level.

Arrays have the readers as their first axis, ``(readers, ..., 2)`` rows and columns, NaN where a reader did
not place the landmark.  An ellipse describes the few readers of a film; it is no interval of anything.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from napari_spinegrade.live import measurable
from spinegrade.anatomy import GRADED, LANDMARKS, LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_spinegrade.live import Numbers
    from spinegrade.readings import Reading, VertebraReading

    Floats = NDArray[np.float64]

SDS = 2.0
"""Half axes of an ellipse in standard deviations.  Of a bivariate normal distribution with these SDs it holds
``1 - exp(-SDS**2 / 2)``, 86 %."""


@frozen(eq=False)
class Ellipses:
    """Ellipses of the covariance of points.

    Attributes
    ----------
    centres
        ``(..., 2)`` means.
    radii
        ``(..., 2)`` half axes, the longer first: so many SD along the directions of most and of least
        spread.  The shorter is 0 where there are two points.
    directions
        ``(..., 2)`` unit vectors along the longer.
    """

    centres: Floats
    radii: Floats
    directions: Floats

    def outlines(self, corners: int = 32) -> Floats:
        """Return ``(..., corners, 2)`` places round the ellipses."""
        turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        along = self.directions * self.radii[..., :1]
        across = np.stack([-self.directions[..., 1], self.directions[..., 0]], axis=-1) * self.radii[..., 1:]
        return (
            self.centres[..., None, :]
            + np.cos(turn)[:, None] * along[..., None, :]
            + np.sin(turn)[:, None] * across[..., None, :]
        )


def mean_points(points: Floats) -> Floats:
    """Return the ``(..., 2)`` mean of the placed landmarks; NaN where nobody placed one."""
    placed = ~np.isnan(points[..., :1])
    count = placed.sum(axis=0)
    total = np.where(placed, points, 0.0).sum(axis=0)
    mean: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def covariance(points: Floats) -> Floats:
    """Return the ``(..., 2, 2)`` covariance, by n - 1; NaN where fewer than two placed the landmark."""
    placed = ~np.isnan(points[..., :1])
    away = np.where(placed, points - mean_points(points), 0.0)
    products = np.einsum("r...i,r...j->...ij", away, away)
    free = placed.sum(axis=0)[..., None] - 1
    found: Floats = np.divide(products, free, out=np.full(products.shape, np.nan), where=free > 0)
    return found


def ellipses(points: Floats, sds: float = SDS) -> Ellipses:
    """Return the ellipse of so many SD round each landmark; NaN where fewer than two placed it.

    Examples
    --------
    >>> shape = ellipses(np.array([[-3.0, 0.0], [3.0, 0.0], [0.0, -1.0], [0.0, 1.0]]))
    >>> (shape.radii**2).round(6).tolist(), np.abs(shape.directions).tolist()
    ([24.0, 2.666667], [1.0, 0.0])
    """
    found = covariance(points)
    known = ~np.isnan(found[..., 0, 0])
    values, vectors = np.linalg.eigh(np.where(known[..., None, None], found, 0.0))
    radii = sds * np.sqrt(np.maximum(values[..., ::-1], 0.0))
    directions = vectors[..., :, 1].copy()
    radii[~known] = directions[~known] = np.nan
    return Ellipses(mean_points(points), radii, directions)


def largest_distance(points: Floats, pixel: tuple[float, float] = (1.0, 1.0)) -> Floats:
    """Return the ``(...)`` distance between the two readers farthest apart, in the unit of the pixel's size.

    NaN where fewer than two placed the landmark.
    """
    farthest = np.full(points.shape[1:-1], np.nan)
    for one, other in combinations(points * pixel, 2):
        away = one - other
        farthest = np.fmax(farthest, np.hypot(away[..., 0], away[..., 1]))
    return farthest


@frozen
class LevelSpread:
    """What several readers made of a level; one entry a reader, None where there is none.

    Attributes
    ----------
    grades, visual
        Computed grades, and the readers' own.
    read
        Whether the reader could read the vertebra; None where nothing was said of it.
    losses
        The least and the largest height loss, as fractions.
    distances
        The largest distance between two readers at each landmark.
    apart, landmark
        The largest of these, and at which landmark.
    """

    level: str
    grades: tuple[float | None, ...]
    grade_words: tuple[str, ...]
    visual: tuple[float | None, ...]
    read: tuple[bool | None, ...]
    losses: tuple[float, float] | None
    distances: tuple[float | None, ...]
    apart: float | None
    landmark: str

    @property
    def disagreement(self) -> tuple[float, ...]:
        """What levels are sorted by: range of grades, of visual grades, read or not, of losses, distance."""
        loss = 0.0 if self.losses is None else self.losses[1] - self.losses[0]
        some = {True, False} <= set(self.read)
        return _range(self.grades), _range(self.visual), float(some), loss, self.apart or 0.0


def _range(values: Sequence[float | None]) -> float:
    known = [one for one in values if one is not None]
    return max(known) - min(known) if known else 0.0


def level_spreads(
    readings: Sequence[Reading], numbers: Sequence[Numbers], pixel: tuple[float, float] = (1.0, 1.0)
) -> tuple[LevelSpread, ...]:
    """Return the graded levels, and those beyond them that anybody read, from the head downwards."""
    seen = {one.level for reading in readings for one in reading.vertebrae}
    points = landmarks_of(readings)
    apart = largest_distance(points, pixel)
    vertebrae = [{one.level: one for one in reading.vertebrae} for reading in readings]
    return tuple(
        _level_spread(level, [some.get(level) for some in vertebrae], numbers, apart[LEVELS.index(level)])
        for level in LEVELS
        if level in GRADED.levels or level in seen
    )


def landmarks_of(readings: Sequence[Reading]) -> Floats:
    """Return the ``(readers, 23, 6, 2)`` landmarks of readings that can be measured."""
    found = [measurable(reading.landmarks) for reading in readings]
    return np.stack(found) if found else np.zeros((0, len(LEVELS), len(LANDMARKS), 2))


def _level_spread(
    level: str, vertebrae: list[VertebraReading | None], numbers: Sequence[Numbers], apart: Floats
) -> LevelSpread:
    at = LEVELS.index(level)
    losses = [float(one.height_loss[at]) for one in numbers if not np.isnan(one.height_loss[at])]
    known = not np.isnan(apart).all()
    return LevelSpread(
        level,
        tuple(None if np.isnan(one.grade[at]) else float(one.grade[at]) for one in numbers),
        tuple(one.grade_words(level) for one in numbers),
        tuple(None if one is None else one.visual_grade for one in vertebrae),
        tuple(_read(one) for one in vertebrae),
        (min(losses), max(losses)) if losses else None,
        tuple(None if np.isnan(one) else float(one) for one in apart),
        float(np.nanmax(apart)) if known else None,
        LANDMARKS[int(np.nanargmax(apart))].replace("_", " ") if known else "",
    )


def _read(vertebra: VertebraReading | None) -> bool | None:
    if vertebra is None or (vertebra.evaluable is None and not vertebra.landmarks):
        return None
    return vertebra.evaluable is not False


def by_disagreement(spreads: Sequence[LevelSpread]) -> tuple[LevelSpread, ...]:
    """Return the levels with the most disagreement first; those alike from the head downwards."""
    return tuple(sorted(spreads, key=lambda one: tuple(-part for part in one.disagreement)))
