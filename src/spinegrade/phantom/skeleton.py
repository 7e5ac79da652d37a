"""The simulated spine in three dimensions: where each body is, how it lies, what shape it has.

Coordinates are mm from the point where the central ray crosses the middle plane: ``(down, right, towards
the source)``.  Each body has its own: forward, down, lateral.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.phantom.scene import DRAWN, FractureKind, MimicKind, Person, Plate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.phantom.scene import Fracture, Scene

    Floats = NDArray[np.float64]

_COUNT = len(DRAWN)
_AT = {level: place for place, level in enumerate(DRAWN)}

_GROWTH = (36.0 / 22.0) ** (1 / 12)
"""Of a posterior height from one level to the next, as the rule files have it."""

_POSTERIOR_T4 = {Person.ADULT: 16.6, Person.CHILD: 10.8}


def _by_level(nodes: dict[str, float]) -> Floats:
    """Return a value for every drawn body, straight between the levels given."""
    return np.interp(np.arange(_COUNT), [_AT[level] for level in nodes], list(nodes.values()))


_DEPTH = _by_level({"T1": 17, "T4": 22.5, "T8": 27.5, "T12": 30, "L1": 31.5, "L3": 34, "L5": 35, "S1": 33})
_WIDTH = _by_level({"T1": 28, "T4": 25, "T8": 29, "T12": 38, "L1": 40, "L3": 45, "L5": 50, "S1": 52})
_DISC = _by_level({"T1": 3.6, "T4": 3.2, "T8": 4.2, "T12": 5.8, "L1": 7.0, "L3": 9.2, "L4": 10, "S1": 9})
_FRONT = _by_level({"T1": 0.97, "T5": 0.955, "T8": 0.94, "T12": 0.935, "L1": 0.945, "L3": 1.0, "L5": 1.12})
_MIDDLE = _by_level({"T1": 0.955, "T8": 0.945, "L1": 0.94, "L4": 0.93, "S1": 0.94})
"""Depth, width and disc below in mm, anterior and middle over posterior height: invented, no norm."""

_CHILD_SIZE = _POSTERIOR_T4[Person.CHILD] / _POSTERIOR_T4[Person.ADULT]


@frozen(eq=False)
class Dents:
    """Pits in endplates: ``(n,)`` arrays; ``plate`` -1 superior, 1 inferior; the others in mm."""

    body: NDArray[np.intp]
    plate: Floats
    forward: Floats
    lateral: Floats
    depth: Floats
    radius: Floats


@frozen(eq=False)
class Skeleton:
    """All bodies from T1 to S1 as arrays over them; lengths in mm.

    Attributes
    ----------
    axes
        ``(n, 3, 3)`` unit vectors forward, down and lateral of each body, as rows.
    corners
        ``(n, 2, 2)`` distance down from the body's centre of the superior and inferior endplate, at the
        front and at the back, in the middle plane.
    concavity
        ``(n, 2)`` how far the middle of each endplate lies inside the line between its corners.
    skew
        ``(n, 2)`` how much of the concavity leans to the back.
    rounding
        How far the rim is rounded off; the ossified rim of a child is.
    """

    centres: Floats
    axes: Floats
    depths: Floats
    widths: Floats
    corners: Floats
    concavity: Floats
    skew: Floats
    fractured: NDArray[np.bool_]
    spurs: NDArray[np.bool_]
    dents: Dents
    rounding: float
    open_rings: bool
    size: float
    bone: float

    @property
    def heights(self) -> Floats:
        """The ``(n, 3)`` anterior, middle and posterior heights in the middle plane."""
        ends = self.corners[:, 1] - self.corners[:, 0]
        middle = ends.mean(axis=1) - self.concavity.sum(axis=1)
        return np.stack([ends[:, 0], middle, ends[:, 1]], axis=1)

    def contour(self, across: Floats) -> Floats:
        """Return the ``(n, 2, k, 3)`` endplates in the middle plane, as points of the film's space.

        ``across`` runs from 1 at the front to -1 at the back.  Corners are where endplate and wall would
        meet; rounding, spurs and pits are left out.
        """
        down = chord(self.corners, across)
        inward = (
            np.array([1.0, -1.0])[:, None] * self.concavity[..., None] * bowl(across, self.skew[..., None])
        )
        forward = np.broadcast_to(across * self.depths[:, None, None] / 2, down.shape)
        local = np.stack([forward, down + inward, np.zeros_like(down)], axis=-1)
        points: Floats = np.einsum("npkj,nji->npki", local, self.axes) + self.centres[:, None, None]
        return points


def chord(corners: Floats, across: Floats) -> Floats:
    """Return how far down the line between the corners of an endplate is, from 1 (front) to -1 (back)."""
    front, back = corners[..., 0, None], corners[..., 1, None]
    line: Floats = (front + back) / 2 + (front - back) / 2 * across
    return line


def bowl(across: Floats, skew: Floats) -> Floats:
    """Return the depth of an endplate along its middle as a fraction of that at its middle."""
    square = across * across
    shape: Floats = np.maximum(1 - square, 0) * (1 + 0.7 * square) * (1 - skew * across)
    return shape


def build(scene: Scene, rng: np.random.Generator) -> Skeleton:
    """Return the spine of a scene."""
    child = scene.person is Person.CHILD
    size = scene.size * (_CHILD_SIZE if child else 1.0)
    posterior = _POSTERIOR_T4[scene.person] * scene.size * _GROWTH ** (np.arange(_COUNT) - _AT["T4"])
    posterior *= _varied(rng, 0.012)
    posterior[_AT["L5"]] *= 0.9
    front, middle = _ratios(scene, rng)
    normal = np.stack([posterior * front, posterior * middle, posterior], axis=1)
    corners, concavity = _shapes(scene, normal)
    depths = _DEPTH * size * _varied(rng, 0.015)
    tilts = _tilts(scene, corners, depths, rng)
    discs = _DISC * size * (1.2 if child else 1.0)
    spurs = np.zeros(_COUNT, dtype=bool)
    for mimic in scene.mimics:
        spurs[_AT[mimic.level]] |= mimic.kind is MimicKind.OSTEOPHYTES
    fractured = np.zeros(_COUNT, dtype=bool)
    fractured[[_AT[fracture.level] for fracture in scene.fractures]] = True
    return Skeleton(
        centres=_stack(corners, discs, tilts, scene),
        axes=_axes(scene, tilts, rng),
        depths=depths,
        widths=_WIDTH * size * _varied(rng, 0.015),
        corners=corners,
        concavity=concavity,
        skew=np.broadcast_to(np.array([0.12, 0.3]), (_COUNT, 2)) * rng.uniform(0.7, 1.3, (_COUNT, 2)),
        fractured=fractured,
        spurs=spurs,
        dents=_dents(scene, depths, size, rng),
        rounding=1.5 * scene.size if child else 0.8 * scene.size,
        open_rings=child,
        size=size,
        bone=scene.bone,
    )


def _varied(rng: np.random.Generator, sd: float) -> Floats:
    return 1 + np.clip(rng.normal(0.0, sd, _COUNT), -2.5 * sd, 2.5 * sd)


def _ratios(scene: Scene, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return anterior and middle over posterior height, before any fracture."""
    front = _FRONT * _varied(rng, 0.01)
    middle = _MIDDLE * _varied(rng, 0.008)
    if scene.person is Person.CHILD:
        front, middle = front * 0.985, middle * 0.99
    for mimic in scene.mimics:
        if mimic.kind is MimicKind.SCHEUERMANN:
            front[_AT[mimic.level]] -= 0.15
            middle[_AT[mimic.level]] -= 0.08
    return front, middle


_LOST = {
    FractureKind.WEDGE: (1.0, 0.6, 0.0),
    FractureKind.BICONCAVE: (0.25, 1.0, 0.0),
    FractureKind.CRUSH: (1.0, 1.0, 1.0),
    FractureKind.ENDPLATE: (0.1, 1.0, 0.0),
}
"""How much of the loss each of the heights suffers: anterior, middle, posterior.  What a height lacked of
the posterior one before, it does not lose again."""

_FROM_ABOVE = {FractureKind.WEDGE: 0.9, FractureKind.BICONCAVE: 0.5, FractureKind.CRUSH: 0.75}
"""How much of the loss is the superior endplate's; of an endplate depression all is one's."""


def _shapes(scene: Scene, normal: Floats) -> tuple[Floats, Floats]:
    """Return corners and concavity of every body, its fracture included."""
    corners = np.stack([-normal[:, ::2] / 2, normal[:, ::2] / 2], axis=1)
    concavity = np.repeat((normal[:, ::2].mean(axis=1) - normal[:, 1])[:, None] / 2, 2, axis=1)
    for fracture in scene.fractures:
        at = _AT[fracture.level]
        corners[at], concavity[at] = _fractured(fracture, normal[at])
    return corners, concavity


def _fractured(fracture: Fracture, normal: Floats) -> tuple[Floats, Floats]:
    """Return the corners and concavities of one body; no height is larger than it was."""
    shares = np.array(_LOST[fracture.kind])
    kept = np.where(shares > 0, np.minimum(normal, normal[2] * (1 - fracture.loss * shares)), normal)
    if fracture.kind is FractureKind.ENDPLATE:
        above = float(fracture.plate is Plate.SUPERIOR)
    else:
        above = _FROM_ABOVE[fracture.kind]
    lost = (normal - kept)[::2]
    corners = np.stack([-normal[::2] / 2 + above * lost, normal[::2] / 2 - (1 - above) * lost])
    before = normal[::2].mean() - normal[1]
    more = kept[::2].mean() - kept[1] - before
    return corners, np.array([before / 2 + above * more, before / 2 + (1 - above) * more])


def _tilts(scene: Scene, corners: Floats, depths: Floats, rng: np.random.Generator) -> Floats:
    """Return by how many degrees each body leans forward: the curves, and what wedges add to them."""
    k, bow = scene.pose.kyphosis, scene.pose.lordosis
    low = -0.42 * k
    nodes = {"T1": 0.75 * k, "T4": 0.58 * k, "T8": 0.06 * k, "T12": low, "L1": low, "L2": low + 0.06 * bow}
    nodes |= {"L3": low + 0.2 * bow, "L4": low + 0.4 * bow, "L5": low + 0.66 * bow, "S1": low + bow}
    tilts = _by_level(nodes) + scene.pose.lean + rng.normal(0.0, 0.8, _COUNT)
    ends = corners[:, 1] - corners[:, 0]
    wedged = np.degrees(np.arctan2(np.maximum(ends[:, 1] - ends[:, 0], 0), depths))
    for fracture in scene.fractures:
        at = _AT[fracture.level]
        tilts[:at] += 0.45 * wedged[at]
    return tilts


def _axes(scene: Scene, tilts: Floats, rng: np.random.Generator) -> Floats:
    """Return the ``(n, 3, 3)`` axes of the bodies: leaning, then turned, then tilted to the side."""
    theta = np.radians(tilts)
    curve = np.sin(np.linspace(-1.2 * np.pi, 1.0 * np.pi, _COUNT))
    turn = np.radians(scene.pose.rotation + 0.6 * scene.pose.scoliosis * curve + rng.normal(0, 0.9, _COUNT))
    aside = np.radians(scene.pose.lateral_tilt + scene.pose.scoliosis * curve + rng.normal(0, 1.2, _COUNT))
    nothing = np.zeros(_COUNT)
    forward = np.stack([np.sin(theta), scene.facing * np.cos(theta), nothing], axis=1)
    down = np.stack([np.cos(theta), -scene.facing * np.sin(theta), nothing], axis=1)
    lateral = np.tile([0.0, 0.0, 1.0], (_COUNT, 1))
    forward, lateral = _turned(forward, lateral, turn)
    down, lateral = _turned(down, lateral, aside)
    return np.stack([forward, down, lateral], axis=1)


def _turned(one: Floats, other: Floats, angle: Floats) -> tuple[Floats, Floats]:
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return one * c + other * s, other * c - one * s


def _stack(corners: Floats, discs: Floats, tilts: Floats, scene: Scene) -> Floats:
    """Return the ``(n, 3)`` centres, one body upon the other, T4 to L4 in the middle of the film."""
    theta = np.radians(tilts)
    down = np.stack([np.cos(theta), -scene.facing * np.sin(theta)], axis=1)
    top, bottom = corners[:, 0].mean(axis=1), corners[:, 1].mean(axis=1)
    between = (down[:-1] + down[1:]) / 2
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    steps = bottom[:-1, None] * down[:-1] + discs[:-1, None] * between - top[1:, None] * down[1:]
    centres = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    first, last = centres[_AT["T4"]], centres[_AT["L4"]]
    centres -= np.array([(first[0] + last[0]) / 2, centres[_AT["T4"] : _AT["L4"] + 1, 1].mean()])
    return np.column_stack([centres, np.zeros(_COUNT)])


def _dents(scene: Scene, depths: Floats, size: float, rng: np.random.Generator) -> Dents:
    """Return the pits in the endplates: the mimics', and small ones that everybody has."""
    rows: list[tuple[float, ...]] = []
    for mimic in scene.mimics:
        at, depth = _AT[mimic.level], depths[_AT[mimic.level]]
        plate = -1.0 if mimic.plate is Plate.SUPERIOR else 1.0
        if mimic.kind is MimicKind.SCHMORL:
            rows.append((at, plate, -0.12 * depth, 2.0 * size, 4.2 * size, 3.4 * size))
        if mimic.kind is MimicKind.CUPIDS_BOW:
            rows += [
                (at, 1.0, -0.22 * depth, side * 9 * size, 2.6 * size, 5.5 * size) for side in (-1.0, 1.0)
            ]
        if mimic.kind is MimicKind.SCHEUERMANN:
            for side in (-1.0, 1.0):
                where = rng.uniform(-0.05, 0.3) * depth
                rows.append((at, side, where, rng.normal(0, 3) * size, 2.4 * size, 3.0 * size))
    for at in range(_COUNT - 1):
        for plate in (-1.0, -1.0, 1.0, 1.0):
            where, aside = rng.uniform(-0.34, 0.34) * depths[at], rng.normal(0, 7) * size
            rows.append((at, plate, where, aside, rng.uniform(-0.5, 0.5) * size, rng.uniform(2, 4.5) * size))
    table = np.array(rows)
    return Dents(table[:, 0].astype(np.intp), *(table[:, n] for n in range(1, 6)))
