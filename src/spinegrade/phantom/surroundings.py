"""What else the rays meet: the trunk, lungs over the diaphragm, shoulders, bowel gas, pelvis, lead letters.

These lie out of focus and overlap, so a coarse raster and smooth shapes are enough; ``ahead`` is mm in
front of the spine's middle, ``down`` mm below the middle of the film, both in the patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.phantom.elements import Chest
from spinegrade.phantom.images import blurred, lettered
from spinegrade.phantom.scene import DRAWN
from spinegrade.phantom.solids import Ellipsoid, Rod

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.phantom.beam import Grid
    from spinegrade.phantom.scene import Scene
    from spinegrade.phantom.skeleton import Skeleton

    Floats = NDArray[np.float64]
    Array = NDArray[np.float32]

SOFT_PER_MM = 0.0205
"""Attenuation of soft tissue per mm, about that of water at 60 keV."""

_AIR = 0.74
"""How much less a lung attenuates than soft tissue does."""


Patches = tuple[tuple[float, float], ...]

_TISSUE: Patches = ((28.0, 1.0), (12.0, 0.7), (5.0, 0.45), (2.5, 0.3))
_BOWEL: Patches = ((14.0, 1.0), (7.0, 0.8), (3.0, 0.2))


@frozen(eq=False)
class Trunk:
    """The patient round the spine: rows of landmarks of the body, and the size of the trunk, in mm."""

    apex: float
    dome: float
    sulcus: float
    shoulder: float
    crest: float
    half_depth: float
    half_width: float
    ahead: float
    spine_down: Floats
    spine_ahead: Floats
    facing: float

    @property
    def chest(self) -> Chest:
        """The rib cage."""
        return Chest(self.half_depth * 0.84, self.half_width * 0.86, self.ahead * 1.1, self.facing)


def trunk_around(skeleton: Skeleton, scene: Scene) -> Trunk:
    """Return the trunk that fits a spine."""
    at = {level: skeleton.centres[place] for place, level in enumerate(DRAWN)}
    size = skeleton.size
    return Trunk(
        apex=at["T2"][0],
        dome=at["T9"][0],
        sulcus=at["L1"][0],
        shoulder=at[scene.hidden_to][0] + 9 * size,
        crest=at["L4"][0] + 8 * size,
        half_depth=122 * size,
        half_width=148 * size,
        ahead=40 * size,
        spine_down=skeleton.centres[:, 0],
        spine_ahead=scene.facing * skeleton.centres[:, 1],
        facing=float(scene.facing),
    )


def soft_tissue(trunk: Trunk, grid: Grid, magnification: float, rng: np.random.Generator) -> Array:
    """Return the ``(rows, columns)`` attenuation of everything but bone."""
    down = grid.down[:, None] / magnification
    ahead = trunk.facing * grid.right[None, :] / magnification
    ahead = ahead - 0.75 * np.interp(down, trunk.spine_down, trunk.spine_ahead)
    body = 2 * trunk.half_width * _oval((ahead - trunk.ahead) / trunk.half_depth) * _girth(down, trunk)
    lungs = _lungs(down, ahead, trunk)
    cloud = _clouds(grid, rng, _TISSUE)
    millimetres = body * (1 + 0.012 * cloud) - _AIR * lungs * (1 - 0.035 * cloud)
    millimetres += _shoulders(down, ahead, trunk)
    millimetres -= _gas(down, ahead, trunk, _clouds(grid, rng, _BOWEL))
    return blurred((SOFT_PER_MM * np.maximum(millimetres, 0)).astype(np.float32), 1.0)


def _oval(across: Floats) -> Floats:
    """Return the half width of a rounded box, 1 in its middle and 0 beyond its ends at -1 and 1."""
    oval: Floats = np.power(np.maximum(1 - np.abs(across) ** 2.6, 0), 1 / 2.4)
    return oval


def _step(distance: Floats, width: float) -> Floats:
    """Return 1 far above 0, 0 far below, and a smooth way over ``width``."""
    step: Floats = 0.5 + 0.5 * np.tanh(distance / width)
    return step


def _girth(down: Floats, trunk: Trunk) -> Floats:
    """Return how wide the trunk is at each height: waist above the pelvis, hips below."""
    scale = trunk.half_depth / 122
    waist = np.exp(-np.square((down - trunk.sulcus - 60 * scale) / (70 * scale)))
    hips = _step(down - trunk.crest, 40 * scale)
    girth: Floats = 1.0 - 0.06 * waist + 0.10 * hips
    return girth


def _lungs(down: Floats, ahead: Floats, trunk: Trunk) -> Floats:
    """Return mm of lung: beside the mediastinum, above two domes of the diaphragm, below the apex."""
    half_depth, half_width, middle = trunk.chest.half_depth, trunk.chest.half_width, trunk.chest.ahead
    scale = trunk.half_depth / 122
    across = (ahead - middle * 0.93) / (half_depth * 0.93)
    wall = half_width * 0.92 * _oval(across)
    heart = _step(down - (trunk.apex + 90 * scale), 28 * scale) * np.exp(
        -np.square((ahead - 78 * scale) / (34 * scale))
    )
    aorta = np.exp(-np.square((ahead - 26 * scale) / (14 * scale)))
    middle_width = scale * (14 + 48 * heart + 9 * aorta)
    each = np.maximum(wall - middle_width, 0)
    top = _step(down - trunk.apex - 16 * np.square((ahead - 20 * scale) / (60 * scale)), 9 * scale)
    lungs = np.zeros(np.broadcast_shapes(down.shape, ahead.shape))
    for lower in (0.0, 11.0 * scale):
        forward = np.clip((ahead - 5 * scale) / (half_depth * 0.9), -0.75, 1.5)
        dome = trunk.dome + lower + (trunk.sulcus - trunk.dome) * 0.55 * np.square(forward - 0.62)
        lungs += each * top * _step(dome - down, 4.5 * scale)
    return lungs


def vessels(trunk: Trunk, rng: np.random.Generator) -> list[Rod]:
    """Return the vessels of both lungs, which branch from the hila outwards and taper."""
    scale = trunk.half_depth / 122
    hilum = np.array([trunk.dome - 58 * scale, trunk.facing * 44 * scale, 0.0])
    rods: list[Rod] = []
    for side in (-1.0, 1.0):
        for angle in np.linspace(-2.9, 2.9, 13) + rng.normal(0, 0.15, 13):
            start = hilum + np.array([*rng.normal(0, 11, 2), side * 38]) * scale
            rods += _branches(start, float(angle), 1.9, side, rng, scale)
    lowest = trunk.dome + 20 * scale
    return [rod for rod in rods if rod.points[-1, 0] < lowest]


def _branches(
    start: Floats, angle: float, radius: float, side: float, rng: np.random.Generator, scale: float
) -> list[Rod]:
    """Return a vessel and those that it divides into, until they are too fine to see; radii in mm."""
    bend = angle + np.cumsum(rng.normal(0, 0.1, 8))
    steps = np.stack([-np.cos(bend), np.sin(bend), side * rng.uniform(0.0, 0.5, 8)], axis=1)
    length = (12 * radius + rng.uniform(3, 14)) * scale
    points = start + np.concatenate([np.zeros((1, 3)), np.cumsum(steps * length / 8, axis=0)])
    found = [Rod(points, radius * scale, 0.0)]
    if radius > 1.0:
        for turn in (-0.34, 0.38):
            way = float(bend[-1]) + turn + rng.normal(0, 0.15)
            found += _branches(points[-1], way, radius * 0.74, side, rng, scale)
    return found


def _shoulders(down: Floats, ahead: Floats, trunk: Trunk) -> Floats:
    """Return mm of both shoulders' soft tissue."""
    scale = trunk.half_depth / 122
    edge = trunk.shoulder + 14 * scale * np.square((ahead + 10 * scale) / (70 * scale))
    shoulders: Floats = (
        210
        * scale
        * _step(edge - down - 12 * scale, 11 * scale)
        * _oval((ahead - 25 * scale) / (110 * scale))
    )
    return shoulders


def _gas(down: Floats, ahead: Floats, trunk: Trunk, patches: Array) -> Floats:
    """Return mm of gas in the bowel, in front of the spine where uneven ``patches`` are high."""
    scale = trunk.half_depth / 122
    inside = _step(down - trunk.sulcus - 12 * scale, 10 * scale) * _oval((ahead - 100 * scale) / (62 * scale))
    gas: Floats = 26 * scale * inside * np.maximum(np.tanh(1.6 * (patches - 1.0)), 0)
    return gas


def _clouds(grid: Grid, rng: np.random.Generator, patches: Patches) -> Array:
    """Return uneven density of unit SD, of patches whose sizes in mm and shares are given."""
    step = float(grid.down[1] - grid.down[0])
    total = np.zeros(grid.shape, np.float32)
    for size, share in patches:
        noise = blurred(rng.standard_normal(grid.shape, dtype=np.float32), size / step)
        total += np.float32(share / noise.std()) * noise
    unit: Array = total / total.std()
    return unit


def pelvis_and_shoulders(skeleton: Skeleton, trunk: Trunk) -> tuple[list[Rod], list[Ellipsoid]]:
    """Return the iliac crests and scapulae as rods; humeral heads and lower sacrum as ellipsoids."""
    size = skeleton.size
    rods = [_crest(trunk, side, size) for side in (-1.0, 1.0)]
    rods += [_scapula(trunk, side, size) for side in (-1.0, 1.0)]
    upright = np.eye(3)
    heads = [
        Ellipsoid(
            np.array(
                [
                    trunk.shoulder - (38 + 7 * side) * size,
                    trunk.facing * (26 + 14 * side) * size,
                    side * 160 * size,
                ]
            ),
            upright,
            np.array([22.0, 23.0, 22.0]) * size,
            0.3 * size,
        )
        for side in (-1.0, 1.0)
    ]
    return rods, heads + list(_sacrum(skeleton))


def _crest(trunk: Trunk, side: float, size: float) -> Rod:
    """Return the crest of one ilium, an arc from behind the sacrum to the front."""
    ahead = np.linspace(-52, 78, 40) * size
    down = trunk.crest + 0.0088 / size * np.square(ahead - 2 * size) + side * 3 * size
    lateral = side * (62 * size + 0.5 * ahead + 26 * size)
    return Rod(np.stack([down, trunk.facing * ahead, lateral], axis=1), 4.0 * size, 1.0 * size)


def _scapula(trunk: Trunk, side: float, size: float) -> Rod:
    """Return the lateral border of one scapula."""
    down = np.linspace(trunk.shoulder - 40 * size, trunk.shoulder + 42 * size, 30)
    ahead = np.linspace(6, -30, 30) * size + 5 * side * size
    return Rod(
        np.stack([down, trunk.facing * ahead, np.full(30, side * 120 * size)], axis=1), 3.6 * size, 0.8 * size
    )


def _sacrum(skeleton: Skeleton) -> list[Ellipsoid]:
    """Return the sacrum below its first body."""
    axes, centre = skeleton.axes[-1], skeleton.centres[-1]
    size, found = skeleton.size, []
    for n in range(1, 4):
        place = centre + axes[1] * 25 * size * n - axes[0] * (2.5 * n * n) * size
        radii = np.array([14.0 - 2.5 * n, 14.0, 26.0 - 3 * n]) * size
        found.append(Ellipsoid(place, axes, radii, 1.0 * size))
    wing = np.array([15.0, 24.0, 46.0]) * size
    found.append(Ellipsoid(centre - axes[0] * 14 * size + axes[1] * 20 * size, axes, wing, 1.0 * size))
    return found


def iliac_wings(trunk: Trunk, grid: Grid, magnification: float) -> Array:
    """Return mm of cancellous bone of both iliac wings, below their crests."""
    scale = trunk.half_depth / 122
    down = grid.down[:, None] / magnification
    ahead = trunk.facing * grid.right[None, :] / magnification
    crest = trunk.crest + 0.0088 / scale * np.square(ahead - 2 * scale)
    inside = _step(down - crest, 2.5 * scale) * _oval((ahead - 12 * scale) / (68 * scale))
    wings: Array = (9.0 * scale * inside).astype(np.float32)
    return wings


def lead_letters(words: tuple[str, ...], grid: Grid, facing: int) -> Array:
    """Return the attenuation of lead letters behind the back, which say what the film is."""
    lead: Array = lettered(grid.shape, words, at_right=facing < 0).astype(np.float32) * np.float32(3.5 / 255)
    return lead
