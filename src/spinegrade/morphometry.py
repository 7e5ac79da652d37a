"""Vertebral body heights, depths, area and wedge angle from six endplate landmarks.

Landmarks are ``(..., 6, 2)`` arrays in `LANDMARKS` order, each ``(row, column)`` in pixels
with ``(0, 0)`` at the centre of the top-left pixel, as in napari and scikit-image.  NaN marks
a landmark that was not placed.  Anterior may be at the left or at the right: landmarks are
named, never inferred.  File adapters convert other conventions; nothing else does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import field, frozen

from spinegrade.anatomy import LANDMARKS, POSITIONS
from spinegrade.errors import LandmarkError, UnitError

if TYPE_CHECKING:
    from attrs import Attribute
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "LANDMARKS",
    "POSITIONS",
    "PixelSpacing",
    "above_zero",
    "height_ratios",
    "inverted_vertebrae",
    "measure_area",
    "measure_depths",
    "measure_heights",
    "measure_wedge_angle",
    "pixel_along_height",
    "scale_landmarks",
    "upright",
]

_NEXT = (3, 0, 1, 4, 5, 2)
"""For each landmark the next one round the body: to the front along the top, then back."""
_BEFORE = (1, 2, 5, 0, 3, 4)


def above_zero(_: object, attribute: Attribute[float], value: float) -> None:
    """Refuse a size that is not finite and above 0.

    Raises
    ------
    UnitError
        If it is not.
    """
    if not 0 < value < float("inf"):
        msg = f"{attribute.name}: expected a size above 0, got {value}"
        raise UnitError(msg)


@frozen
class PixelSpacing:
    """Size of one pixel.  The default, unit squares, leaves lengths in pixels."""

    row: float = field(default=1.0, validator=above_zero)
    column: float = field(default=1.0, validator=above_zero)
    unit: Literal["px", "mm"] = "px"


SQUARE_PIXELS = PixelSpacing()


def scale_landmarks(landmarks: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return ``(..., 6, 2)`` landmarks as distances from the origin, in ``spacing.unit``.

    Raises
    ------
    LandmarkError
        If the last two axes are not ``(6, 2)`` or a coordinate is infinite.
    """
    points = np.asarray(landmarks, dtype=float)
    if points.shape[-2:] != (6, 2):
        msg = f"landmarks: expected an array of shape (..., 6, 2), got shape {points.shape}"
        raise LandmarkError(msg)
    if np.isinf(points).any():
        where = np.argwhere(np.isinf(points))[0].tolist()
        msg = f"landmarks: expected finite coordinates or NaN, got an infinite one at {where}"
        raise LandmarkError(msg)
    return points * (spacing.row, spacing.column)


def measure_heights(landmarks: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return the ``(..., 3)`` anterior, middle and posterior heights, in ``spacing.unit``.

    A height is the distance between two facing landmarks; it is NaN where either of them was
    not placed.

    Raises
    ------
    LandmarkError
        If the last two axes are not ``(6, 2)``, a coordinate is infinite, or two facing
        landmarks coincide.

    Examples
    --------
    >>> body = [(0, 0), (1, 10), (0, 20), (16, 0), (17, 10), (20, 20)]
    >>> measure_heights(body, PixelSpacing(0.5, 0.5, "mm")).tolist()
    [8.0, 8.0, 10.0]
    """
    points = scale_landmarks(landmarks, spacing)
    edges = points[..., 3:, :] - points[..., :3, :]
    heights: Floats = np.sqrt(edges[..., 0] ** 2 + edges[..., 1] ** 2)
    if (heights == 0).any():
        *vertebra, at = np.argwhere(heights == 0)[0].tolist()
        msg = (
            f"{POSITIONS[at]} height of vertebra {vertebra}: expected more than 0, "
            "got two landmarks on one point"
        )
        raise LandmarkError(msg)
    return heights


def pixel_along_height(points: ArrayLike, spacing: ArrayLike) -> Floats:
    """Return the ``(...)`` size of a pixel along the middle height, in the unit of the spacing.

    ``points`` are ``(..., 6, 2)`` landmarks in that unit already, ``spacing`` ``(..., 2)`` pixel sizes, row
    and column.  Where the middle height is not known, the mean of the two.
    """
    placed, sizes = np.asarray(points, dtype=float), np.asarray(spacing, dtype=float)
    edge = placed[..., 4, :] - placed[..., 1, :]
    with np.errstate(invalid="ignore"):
        along: Floats = np.linalg.norm(edge * sizes, axis=-1) / np.linalg.norm(edge, axis=-1)
    return np.where(np.isnan(along), sizes.mean(axis=-1), along)


def measure_depths(landmarks: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return the ``(..., 2)`` depths from front to back of the superior and inferior endplate.

    The depth of the body is their mean.  NaN where a corner was not placed.
    """
    points = scale_landmarks(landmarks, spacing)
    edges = points[..., (2, 5), :] - points[..., (0, 3), :]
    depths: Floats = np.hypot(edges[..., 0], edges[..., 1])
    return depths


def measure_area(landmarks: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return the ``(...)`` area of the hexagon through the six landmarks, in ``spacing.unit`` squared.

    NaN where a landmark was not placed.
    """
    return np.abs(signed_area(scale_landmarks(landmarks, spacing)))


def measure_wedge_angle(landmarks: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return the ``(...)`` angle in degrees between the two endplates' corner-to-corner lines.

    Positive where the body is lower in front, whichever side of the film the front is on.  NaN
    where a corner was not placed.
    """
    points = scale_landmarks(landmarks, spacing)
    superior = points[..., 0, :] - points[..., 2, :]
    inferior = points[..., 3, :] - points[..., 5, :]
    back = points[..., 5, :] - points[..., 2, :]
    turn = _cross(superior, inferior) * -np.sign(_cross(superior, back))
    angle: Floats = np.degrees(np.arctan2(turn, (superior * inferior).sum(axis=-1)))
    return angle


def upright(landmarks: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return ``(..., 6, 2)`` x and y of each body turned upright about the middle of its extent, y downwards.

    In the unit of ``spacing``.  The front stays on the side that it has on the film; a body that lies head
    down is turned over.  NaN where one of the six is not placed, or the front lies upon the back.

    Raises
    ------
    LandmarkError
        If the array does not end in ``(6, 2)``.
    """
    body = scale_landmarks(landmarks, spacing)[..., ::-1]
    across = (body[..., [2, 5], :] - body[..., [0, 3], :]).mean(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        across /= np.linalg.norm(across, axis=-1, keepdims=True)
    across *= np.where(across[..., :1] < 0, -1.0, 1.0)
    down = np.stack([-across[..., 1], across[..., 0]], axis=-1)
    way = (body[..., 3:, :] - body[..., :3, :]).mean(axis=-2)
    down *= np.where((way * down).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    turned = np.einsum("...nx,...kx->...nk", body, np.stack([across, down], axis=-2))
    turned[np.isnan(turned).any(axis=(-2, -1))] = np.nan
    centred: Floats = turned - (turned.max(axis=-2, keepdims=True) + turned.min(axis=-2, keepdims=True)) / 2
    return centred


def height_ratios(heights: ArrayLike, neighbour_posterior: ArrayLike) -> Floats:
    """Return the ``(..., 3)`` wedge, biconcave and crush ratios.

    Wedge is anterior to posterior height, biconcave middle to posterior, crush posterior to
    ``neighbour_posterior``, what the neighbours lead one to expect.  NaN where a height is missing.

    Source: the three ratios of the SpineAnalyzer files (NHANES 2013-14, DXXT4_H documentation).
    """
    anterior, middle, posterior = np.moveaxis(np.asarray(heights, dtype=float), -1, 0)
    crush = posterior / np.asarray(neighbour_posterior, dtype=float)
    return np.stack([anterior / posterior, middle / posterior, crush], axis=-1)


def inverted_vertebrae(landmarks: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> NDArray[np.bool_]:
    """Return ``(..., levels)`` True where a superior landmark lies below the one that faces it.

    Below is where the next level down this ``(..., levels, 6, 2)`` spine lies: a film may be upside
    down.  The direction at a level runs between the centres of the nearest placed vertebrae above
    and below; a spine of a single vertebra has none, and is not judged.
    """
    points = scale_landmarks(landmarks, spacing)
    directions = spine_directions(vertebra_centres(points))
    return points_up(points[..., 3:, :] - points[..., :3, :], directions)


def vertebra_centres(points: Floats) -> Floats:
    """Return the ``(..., 2)`` mean of the placed landmarks; NaN where none was placed."""
    total = np.zeros((*points.shape[:-2], 2))
    count = np.zeros(total.shape)
    for landmark in np.moveaxis(points, -2, 0):  # six steps; a sum over so short an axis takes longer
        placed = ~np.isnan(landmark)
        total += np.where(placed, landmark, 0.0)
        count += placed
    centres = np.full(total.shape, np.nan)
    np.divide(total, count, out=centres, where=count > 0)
    return centres


def spine_directions(centres: Floats) -> Floats:
    """Return the ``(..., levels, 2)`` direction towards the sacrum at every level.

    It runs between the ``(..., levels, 2)`` centres of the nearest vertebrae above and below, or the
    level's own at an end of the spine; NaN centres are vertebrae that are not there.
    """
    return _nearest_below(centres) - _nearest_above(centres)


def points_up(edges: Floats, directions: Floats) -> NDArray[np.bool_]:
    """Return where one of the ``(..., 3, 2)`` superior-to-inferior edges runs against the direction."""
    along = edges[..., 0] * directions[..., None, 0] + edges[..., 1] * directions[..., None, 1]
    up: NDArray[np.bool_] = (along[..., 0] < 0) | (along[..., 1] < 0) | (along[..., 2] < 0)
    return up


def out_of_order(centres: Floats) -> NDArray[np.bool_]:
    """Return where a vertebra does not lie below the nearest one whose level is above its own.

    ``centres`` are ``(..., levels, 2)``, NaN where there is none; below is as in `spine_directions`,
    over the four nearest vertebrae, so that two exchanged ones do not decide it between them.
    """
    above, below = _nearest_above(centres), _nearest_below(centres)
    wide = _nearest_below(below) - _nearest_above(above)
    step = centres - above
    misplaced: NDArray[np.bool_] = (step * wide).sum(axis=-1) < 0
    return misplaced


def _nearest_above(centres: Floats) -> Floats:
    """Return for each level the centre of the nearest vertebra above it, or its own at the top."""
    levels = centres.shape[-2]
    place = np.where(np.isnan(centres[..., 0]), -1, np.arange(levels))
    last = np.maximum.accumulate(place, axis=-1)
    above = np.concatenate([np.full((*place.shape[:-1], 1), -1), last[..., :-1]], axis=-1)
    above = np.where(above < 0, np.arange(levels), above)
    return np.take_along_axis(centres, above[..., None], axis=-2)


def _nearest_below(centres: Floats) -> Floats:
    return _nearest_above(centres[..., ::-1, :])[..., ::-1, :]


def _cross(u: Floats, v: Floats) -> Floats:
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def signed_area(points: Floats) -> Floats:
    """Return the ``(...)`` shoelace area, its sign the side of the film that the front is on."""
    row, column = points[..., 0], points[..., 1]
    area: Floats = 0.5 * (row * (column[..., _NEXT] - column[..., _BEFORE])).sum(axis=-1)
    return area
