"""The bones behind and beside the bodies: arches with their processes, and ribs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.phantom.scene import DRAWN
from spinegrade.phantom.solids import Ellipsoid, Rod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spinegrade.phantom.skeleton import Skeleton

    Floats = NDArray[np.float64]


def posterior_elements(skeleton: Skeleton) -> tuple[list[Rod], list[Ellipsoid]]:
    """Return pedicles, laminae and articular processes as rods, the spinous processes as ellipsoids."""
    rods, solids = [], []
    for at, level in enumerate(DRAWN[:-1]):
        lumbar = level.startswith("L")
        rods += list(_arch(skeleton, at, lumbar=lumbar))
        solids.append(_spinous_process(skeleton, at, lumbar=lumbar))
    return rods, solids


def _arch(skeleton: Skeleton, at: int, *, lumbar: bool) -> Iterator[Rod]:
    """Yield both sides of one arch: points forward and lateral in mm, down in half heights of the body."""
    back, size = -skeleton.depths[at] / 2, skeleton.size
    wide = skeleton.widths[at] * (0.29 if lumbar else 0.33)
    thick = 1.4 if lumbar else 0.85
    for side in (-1.0, 1.0):
        near, far = side * wide, side * wide * 1.12
        pedicle = [(3.0, -0.42, near), (-8.0, -0.36, near)]
        upper = [(-7.0, -0.36, near), (-11.0, -0.75, far), (-12.5, -1.3, far)]
        lower = [(-9.0, -0.25, near), (-13.0, 0.35, near), (-16.0, 1.0, near), (-16.5, 1.45, near)]
        lamina = [(-13.0, 0.0, near), (-19.0, 0.45, side * 4 * size)]
        across = [(-9.0, -0.3, near), (-15.0, -0.35, side * wide * 2.3)]
        parts = ((pedicle, 4.3), (upper, 3.3), (lower, 3.1), (lamina, 3.2), (across, 2.6))
        for points, radius in parts:
            yield Rod(_placed(skeleton, at, points, back), radius * thick * size, 0.8 * size)


def _placed(skeleton: Skeleton, at: int, points: list[tuple[float, float, float]], back: float) -> Floats:
    """Return points of a body's arch in the film's space."""
    half = float((skeleton.corners[at, 1] - skeleton.corners[at, 0])[1]) / 2
    scale = np.array([skeleton.size, half, 1.0])
    local = np.array(points) * scale + np.array([back, 0.0, 0.0])
    placed: Floats = skeleton.centres[at] + local @ skeleton.axes[at]
    return placed


def _spinous_process(skeleton: Skeleton, at: int, *, lumbar: bool) -> Ellipsoid:
    """Return a flat process: level and high in the lumbar spine, steep and slender in the thoracic."""
    size = skeleton.size
    half = float((skeleton.corners[at, 1] - skeleton.corners[at, 0])[1]) / 2
    lean = -np.radians(10.0 if lumbar else 34.0)
    reach = (13.0 if lumbar else 15.0) * size
    ahead = -skeleton.depths[at] / 2 - 19 * size - reach * np.cos(lean)
    below = 0.45 * half - reach * np.sin(lean)
    own = skeleton.axes[at]
    c, s = np.cos(lean), np.sin(lean)
    axes = np.stack([c * own[0] + s * own[1], c * own[1] - s * own[0], own[2]])
    radii = np.array([reach, (0.62 if lumbar else 0.36) * half, 3.8 * size])
    centre = skeleton.centres[at] + np.array([ahead, below, 0.0]) @ own
    return Ellipsoid(centre, axes, radii, 1.1 * size)


@frozen
class Chest:
    """The rib cage: its half depth and half width, and how far its middle is in front of the spine, in mm."""

    half_depth: float
    half_width: float
    ahead: float
    facing: float


def ribs(skeleton: Skeleton, chest: Chest, rng: np.random.Generator) -> list[Rod]:
    """Return both ribs of every thoracic level."""
    levels = [(at, int(level[1:])) for at, level in enumerate(DRAWN) if level.startswith("T")]
    size = skeleton.size
    return [
        _rib(skeleton.centres[at], size, number, _round_chest(chest, number, side, size, rng), rng)
        for at, number in levels
        for side in (-1.0, 1.0)
    ]


def _round_chest(chest: Chest, number: int, side: float, size: float, rng: np.random.Generator) -> Floats:
    """Return ``(k, 3)`` places from a vertebra: out and back, round the chest, down and forward."""
    share = 0.6 + 0.4 * np.sin(np.pi * min(number, 8) / 13)
    last = (2.55 if number <= 7 else 2.55 - 0.3 * (number - 7)) + rng.normal(0, 0.04)
    angle = np.linspace(0.62, last, 60)
    forward = share * (chest.ahead - chest.half_depth * np.cos(angle))
    lateral = side * share * chest.half_width * np.sin(angle) * (1 + rng.normal(0, 0.01))
    drop = (62 + 5.5 * min(number, 9) + rng.normal(0, 3)) * size
    down = drop * 1.35 * (np.cos(0.3) - np.cos(0.62 * angle)) / (1 - np.cos(0.62 * np.pi)) + 8 * size
    neck = np.array([[0.0, -9.0, 12.0], [0.0, -20.0, 26.0], [0.0, -34.0, 42.0]]) * size * (1, 1, side)
    whole = np.concatenate([neck, np.stack([down, forward, lateral], axis=1)])
    return whole * (1, chest.facing, 1)


def _rib(centre: Floats, size: float, number: int, way: Floats, rng: np.random.Generator) -> Rod:
    """Return one rib; the first two and the last two are thinner."""
    start = centre + np.array([-3.0 + rng.normal(0, 0.8), 0.0, 0.0]) * size
    thick = 3.3 if 2 < number < 11 else 2.9
    return Rod(start + way, (thick + rng.normal(0, 0.25)) * size, 0.5 * size)
