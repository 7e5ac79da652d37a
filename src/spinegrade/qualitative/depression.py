"""How deep endplates are depressed, and how far the spine is bent between two levels.

Help for a reader's own answer, never an answer: what counts as depressed no source says as a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.errors import LandmarkError
from spinegrade.morphometry import SQUARE_PIXELS, measure_wedge_angle, scale_landmarks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spinegrade.morphometry import PixelSpacing

    Floats = NDArray[np.float64]


def endplate_depression(landmarks: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return the ``(..., 2)`` depression of the superior and inferior endplate, a fraction of their depth.

    That is how far the middle landmark lies from the line between the corners, towards the body's middle,
    over the distance of the corners.  Negative where the endplate bulges; NaN where one of the four corners
    or the middle was not placed, or two corners coincide.  A middle landmark at half the depth shows less
    than one at the deepest point, and `contour_depression` of more points shows most.

    Raises
    ------
    LandmarkError
        If the last two axes of ``landmarks`` are not ``(6, 2)`` or a coordinate is infinite.

    Examples
    --------
    >>> body = [(0, 0), (3, 10), (0, 20), (20, 0), (20, 10), (20, 20)]
    >>> endplate_depression(body).tolist()
    [0.15, 0.0]
    """
    points = scale_landmarks(landmarks, spacing)
    return _depression(points.reshape(*points.shape[:-2], 2, 3, 2))


def contour_depression(contours: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return the ``(..., 2)`` depression of endplates given as ``(..., 2, n, 2)`` contours.

    The superior endplate is the first of the two; its n points, three or more, run from front to back and
    begin and end at the corners, and those of the inferior one likewise.  The depression is that of the
    deepest point between the corners; else as `endplate_depression`.  NaN where any point of the endplate or
    a corner of the other is missing.

    Raises
    ------
    LandmarkError
        If the last three axes are not two contours of three points or more, or a coordinate is infinite.
    """
    points = np.asarray(contours, dtype=float)
    if points.ndim < 3 or points.shape[-3] != 2 or points.shape[-2] < 3 or points.shape[-1] != 2:
        msg = f"contours: expected an array of shape (..., 2, 3 or more, 2), got shape {points.shape}"
        raise LandmarkError(msg)
    if np.isinf(points).any():
        where = np.argwhere(np.isinf(points))[0].tolist()
        msg = f"contours: expected finite coordinates or NaN, got an infinite one at {where}"
        raise LandmarkError(msg)
    return _depression(points * (spacing.row, spacing.column))


def _depression(plates: Floats) -> Floats:
    """Return the depression of ``(..., 2, n, 2)`` endplates in units of length."""
    middle = (plates[..., 0, :] + plates[..., -1, :]).mean(axis=-2, keepdims=True) / 2
    return plate_depression(plates, middle)


def plate_depression(plates: Floats, middle: Floats) -> Floats:
    """Return the ``(...)`` depression of ``(..., n, 2)`` endplates of bodies with a ``(..., 2)`` middle.

    Both are in one unit of length; else as `contour_depression`.
    """
    front, back = plates[..., 0, :], plates[..., -1, :]
    chord = back - front
    depth = np.hypot(chord[..., 0], chord[..., 1])
    inwards = np.stack([-chord[..., 1], chord[..., 0]], axis=-1)
    side = np.sign(((middle - front) * inwards).sum(axis=-1))
    inwards *= side[..., None]
    between = plates[..., 1:-1, :] - front[..., None, :]
    across = (between * inwards[..., None, :]).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        deepest: Floats = across.max(axis=-1) / depth**2
    return np.where(side == 0, np.nan, deepest)


def cobb_angle(upper: ArrayLike, lower: ArrayLike, spacing: PixelSpacing = SQUARE_PIXELS) -> Floats:
    """Return the ``(...)`` angle in degrees between two vertebrae, ``(..., 6, 2)`` landmarks each.

    It is taken between the superior endplate of the upper and the inferior endplate of the lower one,
    corner to corner; positive for kyphosis, negative for lordosis.  NaN where a corner was not placed.

    Raises
    ------
    LandmarkError
        If an array does not end in ``(6, 2)`` or a coordinate is infinite.

    Examples
    --------
    >>> top = [(0, 0), (0, 10), (0, 20), (20, 0), (20, 10), (20, 20)]
    >>> low = [(40, 0), (40, 10), (40, 20), (60, 0), (70, 10), (80, 20)]
    >>> cobb_angle(top, low).round(1).item()
    45.0
    """
    ends = (scale_landmarks(upper, spacing)[..., :3, :], scale_landmarks(lower, spacing)[..., 3:, :])
    return measure_wedge_angle(np.concatenate(np.broadcast_arrays(*ends), axis=-2))
