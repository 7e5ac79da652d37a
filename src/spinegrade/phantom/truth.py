"""What a perfect reader would mark: landmarks by the geometry of the spine, never by the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.phantom.beam import magnifications, project, to_pixels
from spinegrade.phantom.scene import DRAWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.phantom.scene import Scene
    from spinegrade.phantom.skeleton import Skeleton

    Floats = NDArray[np.float64]

_SAMPLES = 801
"""Points of a contour in which the foot of the perpendicular and the deepest point are looked for."""


@frozen(eq=False)
class Truth:
    """The landmarks of a film, by both definitions of the middle point, and the heights in the patient.

    Attributes
    ----------
    mid_chord
        ``(23, 6, 2)`` pixels: the middle landmarks are on the endplate, on the perpendicular to the line
        between its corners at its middle.
    deepest
        The same with the middle landmarks where the endplate lies deepest below that line.
    heights_mm
        ``(23, 3)`` heights in the middle plane of the patient, at the middle of the endplates.
    magnification
        ``(23,)`` times that a length at the body's centre is larger on the film, down the film.
    """

    mid_chord: Floats
    deepest: Floats
    heights_mm: Floats
    magnification: Floats


def find_truth(skeleton: Skeleton, scene: Scene) -> Truth:
    """Return the landmarks of the bodies T1 to L5; other levels are NaN."""
    across = np.linspace(1.0, -1.0, _SAMPLES)
    contour = project(scene.beam, skeleton.contour(across)[:-1])
    middle, deepest = _middles(contour)
    ends = contour[..., [0, -1], :]
    larger = magnifications(scene.beam, skeleton.centres[:-1, 2])[:, 0]
    return Truth(
        mid_chord=_by_level(to_pixels(scene.detector, _landmarks(ends, middle))),
        deepest=_by_level(to_pixels(scene.detector, _landmarks(ends, deepest))),
        heights_mm=_by_level(skeleton.heights[:-1]),
        magnification=_by_level(larger),
    )


def _middles(contour: Floats) -> tuple[Floats, Floats]:
    """Return the ``(n, 2, 2)`` middle points of ``(n, 2, k, 2)`` contours by both definitions."""
    front, back = contour[..., :1, :], contour[..., -1:, :]
    along = back - front
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    along = along / length
    from_front = contour - front
    place = (from_front * along).sum(axis=-1)
    below = from_front[..., 0] * along[..., 1] - from_front[..., 1] * along[..., 0]
    foot = np.abs(place - length[..., 0] / 2).argmin(axis=-1)
    inward = np.sign(below.sum(axis=-1, keepdims=True))
    deepest = (below * inward).argmax(axis=-1)
    return _taken(contour, foot), _taken(contour, deepest)


def _taken(contour: Floats, at: NDArray[np.intp]) -> Floats:
    taken: Floats = np.take_along_axis(contour, at[..., None, None], axis=-2)[..., 0, :]
    return taken


def _landmarks(ends: Floats, middle: Floats) -> Floats:
    """Return ``(n, 6, 2)`` landmarks from ``(n, 2, 2, 2)`` corners and ``(n, 2, 2)`` middles."""
    both = np.stack([ends[..., 0, :], middle, ends[..., 1, :]], axis=-2)
    landmarks: Floats = both.reshape(len(both), len(LANDMARKS), 2)
    return landmarks


def _by_level(values: Floats) -> Floats:
    """Return values of the drawn bodies at their places on the level axis, NaN elsewhere."""
    full = np.full((len(LEVELS), *values.shape[1:]), np.nan)
    first = LEVELS.index(DRAWN[0])
    full[first : first + len(values)] = values
    return full
