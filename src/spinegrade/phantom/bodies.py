"""How much cancellous and cortical bone of the vertebral bodies each ray meets.

A body is what lies inside its wall and between its endplates; both are surfaces, not polygons, so that
the two rims of an endplate off the central ray fall apart on the film as they do on a real one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.phantom.beam import magnifications, project
from spinegrade.phantom.images import blurred, sampled
from spinegrade.phantom.skeleton import bowl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.phantom.beam import Grid
    from spinegrade.phantom.scene import Beam
    from spinegrade.phantom.skeleton import Skeleton

    Array = NDArray[np.float32]

_STEP = 1.1
"""Distance of the planes through a body at which it is sampled, in mm."""
_TOGETHER = 8
"""Planes worked on at once: few enough to stay in the processor's cache."""

_WALL = 0.3
_ENDPLATE = 0.65
"""Thickness of the cortex in mm."""


@frozen(eq=False)
class BonePaths:
    """Lengths in mm of cancellous and cortical bone on the ray to every sample, ``(rows, columns)``."""

    cancellous: Array
    cortical: Array


def body_paths(skeleton: Skeleton, beam: Beam, grid: Grid, texture: Array) -> BonePaths:
    """Return the paths through all bodies; ``texture`` varies the cancellous ones, about 1."""
    paths = BonePaths(np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32))
    bodies = [_Body(skeleton, at) for at in range(len(skeleton.centres))]
    with ThreadPoolExecutor(2) as pool:
        for window, cancellous, cortical in pool.map(lambda one: one.paths(beam, grid, texture), bodies):
            paths.cancellous[window] += cancellous
            paths.cortical[window] += cortical
    return paths


class _Body:
    """One body with its numbers at hand."""

    def __init__(self, skeleton: Skeleton, at: int) -> None:
        self.at = at
        self.centre = skeleton.centres[at]
        self.axes = skeleton.axes[at]
        self.half_depth = skeleton.depths[at] / 2
        self.half_width = skeleton.widths[at] / 2
        self.corners = skeleton.corners[at]
        self.concavity = skeleton.concavity[at]
        self.skew = skeleton.skew[at]
        self.rounding = skeleton.rounding
        self.spurred = bool(skeleton.spurs[at])
        self.open_ring = skeleton.open_rings and at < len(skeleton.centres) - 1
        self.size = skeleton.size
        mine = skeleton.dents.body == at
        self.dents = np.column_stack(
            [
                skeleton.dents.plate,
                skeleton.dents.forward,
                skeleton.dents.lateral,
                skeleton.dents.depth,
                skeleton.dents.radius,
            ]
        )[mine]
        self.cortex = 1.35 if skeleton.fractured[at] else 1.0
        self.half_height = float((self.corners[1] - self.corners[0]).mean() / 2)

    def paths(self, beam: Beam, grid: Grid, texture: Array) -> tuple[tuple[slice, slice], Array, Array]:
        """Return where on the raster the body is, and its paths there."""
        window = self._window(beam, grid)
        part = grid.cut(window)
        cancellous, cortical = np.zeros(part.shape, np.float32), np.zeros(part.shape, np.float32)
        if not cancellous.size:
            return window, cancellous, cortical
        down = part.down.astype(np.float32)[:, None]
        right = part.right.astype(np.float32)[None, :]
        soft = np.float32(max(0.15, float(np.diff(part.down[:2]).sum()) / beam.magnification))
        reach = (
            self.half_width * 1.06
            + self.half_depth * abs(self.axes[0, 2])
            + self.half_height * abs(self.axes[1, 2])
        )
        planes = np.arange(-reach, reach + _STEP, _STEP) + self.centre[2]
        for start in range(0, len(planes), _TOGETHER):
            lateral = planes[start : start + _TOGETHER]
            scale = (1 / magnifications(beam, lateral)).astype(np.float32)
            forward, below, aside = self._local(scale, lateral, down, right)
            inside, shell = self._bone(forward, below, aside, soft)
            cancellous += inside.sum(axis=0)
            cortical += shell.sum(axis=0)
        oblique = np.sqrt(1 + (down * down + right * right) / np.float32(beam.source_to_detector) ** 2)
        step = np.float32(_STEP) * oblique
        cancellous *= step * self._textured(down, right, beam, texture)
        cortical *= step
        return window, cancellous, cortical

    def _window(self, beam: Beam, grid: Grid) -> tuple[slice, slice]:
        """Return the part of the raster that the body can fall on."""
        farthest = float(np.abs(self.corners).max())
        reach = np.array([self.half_depth, farthest, self.half_width]) * 1.15 + 2.5
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
        places = project(beam, self.centre + (signs * reach) @ self.axes)
        return grid.within(places.min(axis=0), places.max(axis=0))

    def _local(
        self, scale: Array, lateral: NDArray[np.float64], down: Array, right: Array
    ) -> tuple[Array, Array, Array]:
        """Return forward, down and lateral of the rays in each plane, ``(planes, rows, columns)``."""
        y = down[None] * scale[:, 0, None, None] - np.float32(self.centre[0])
        x = right[None] * scale[:, 1, None, None] - np.float32(self.centre[1])
        w = (lateral - self.centre[2]).astype(np.float32)[:, None, None]
        axes = self.axes.astype(np.float32)
        forward, below, aside = (a[0] * y + a[1] * x + a[2] * w for a in axes)
        return forward, below, aside

    def _bone(self, forward: Array, below: Array, aside: Array, soft: np.float32) -> tuple[Array, Array]:
        """Return which samples are in bone, and which in its cortex, as fractions."""
        rim, wall, smear = self._wall(forward, below, aside)
        across = np.clip(forward * np.float32(1 / self.half_depth), -1.05, 1.05)
        above, under = (self._plate(n, across, forward, below, aside, rim) for n in (0, 1))
        plate = np.minimum(above, under)
        smear += soft
        inside = np.minimum(_fraction(plate, soft), _fraction(wall, smear))
        in_plate = _fraction(np.float32(_ENDPLATE * self.cortex) - plate, soft)
        in_wall = _fraction(np.float32(_WALL) - wall, smear)
        shell = np.maximum(in_plate, in_wall) * inside
        if self.open_ring:
            ring = self._ring(rim, above, under, soft)
            shell, inside = shell + 0.5 * ring, inside + ring
        return inside, shell

    def _wall(self, forward: Array, below: Array, aside: Array) -> tuple[Array, Array, Array]:
        """Return how far out a sample is, 1 at the rim, its depth inside the wall in mm, and its smear.

        Seen from above a body is half an ellipse in front and nearly a box, hollowed a little, behind;
        its waist is narrower than its ends.  The smear is what the wall moves from one plane to the next.
        """
        rise = np.clip(below * np.float32(1 / self.half_height), -1, 1)
        waist = (1 - rise * rise) * np.float32(1.25 * self.size)
        if self.spurred:
            waist -= 3.0 * np.maximum(np.abs(rise) - 0.55, 0) * np.float32(2.2 * self.size) * (forward > 0)
        front = np.float32(self.half_depth) - waist
        side = np.float32(self.half_width) - waist
        s = aside / side
        t = forward / front
        squares = s * s
        t2 = t * t
        behind = t < 0
        box = squares * squares + t2 * t2
        round_ = squares + t2
        rim = np.sqrt(np.where(behind, np.sqrt(box), round_))
        hollow = np.where(behind, np.maximum(1 - 3 * squares, 0) * np.float32(0.8 * self.size), np.float32(0))
        wall = (1 - rim) * front - hollow * t2
        smear = np.abs(s) * np.where(behind, 2 * squares, np.float32(1)) * (front / side * np.float32(_STEP))
        return rim, wall, smear

    def _plate(self, n: int, across: Array, forward: Array, below: Array, aside: Array, rim: Array) -> Array:
        """Return the depth in mm of samples below the superior (0) or above the inferior (1) endplate."""
        sign = np.float32(1 - 2 * n)
        front, back = self.corners[n].astype(np.float32)
        line = (front + back) / 2 + (front - back) / 2 * across
        flat = aside * np.float32(1 / self.half_width)
        hollow = bowl(across, np.float32(self.skew[n])) * (1 - np.float32(0.75) * flat * flat)  # type: ignore[arg-type]
        inward = np.float32(self.concavity[n]) * hollow
        inward += np.float32(self.rounding) * np.square(
            np.maximum(rim - np.float32(0.84), 0) * np.float32(6.25)
        )
        for plate, ahead, lateral, depth, radius in self.dents.astype(np.float32):
            if plate == -sign:
                far = np.square(forward - ahead) + np.square(aside - lateral)
                inward += depth * np.exp(far * (-0.5 / (radius * radius)))
        inside: Array = sign * (below - line) - inward
        return inside

    def _ring(self, rim: Array, above: Array, under: Array, soft: np.float32) -> Array:
        """Return the ossified rings of a child's endplates, apart from the body by cartilage."""
        size = np.float32(self.size)
        near = np.float32(0.055) - np.abs(rim - np.float32(0.93))
        gap = np.minimum(np.abs(above + 0.9 * size), np.abs(under + 0.9 * size))
        thick = np.minimum(near * np.float32(self.half_depth), np.float32(0.5) * size - gap)
        return _fraction(thick, soft)

    def _textured(self, down: Array, right: Array, beam: Beam, texture: Array) -> Array:
        """Return the trabecular pattern along the body, which turns with it."""
        y = down / np.float32(beam.magnification) - np.float32(self.centre[0])
        x = right / np.float32(beam.magnification) - np.float32(self.centre[1])
        forward, below, _ = (a[0] * y + a[1] * x for a in self.axes.astype(np.float32))
        place = np.float32(37.0 * self.at)
        columns = np.mod((forward + place) / np.float32(TEXTURE_MM), texture.shape[1] - 2)
        rows = np.mod((below + 11 * place) / np.float32(TEXTURE_MM), texture.shape[0] - 2)
        return sampled(texture, rows, columns)


TEXTURE_MM = 0.2
"""Size of a sample of the trabecular pattern."""


def trabeculae(rng: np.random.Generator, bone: float) -> Array:
    """Return a ``(512, 512)`` pattern about 1: upright trabeculae, fewer level ones where bone is lost."""
    noise = rng.standard_normal((3, 512, 512), dtype=np.float32)
    upright = blurred(noise[0], 9.0, 1.3)
    level = blurred(noise[1], 1.3, 6.0)
    uneven = blurred(noise[2], 22.0)
    sds = (0.09, 0.06 * min(bone, 1.0), 0.08)
    pattern = np.ones((512, 512), np.float32)
    for part, sd in zip((upright, level, uneven), sds, strict=True):
        pattern += part * np.float32(sd / part.std())
    return pattern


def _fraction(depth: Array, soft: Array | np.float32) -> Array:
    """Return 1 well inside, 0 well outside, and between them over a length of ``soft``."""
    inside: Array = np.clip(depth / soft + np.float32(0.5), 0, 1)
    return inside
