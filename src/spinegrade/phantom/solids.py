"""Ellipsoids and bent rods with a cortex, and how much of them each ray meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.phantom.beam import project, rays_to

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.phantom.beam import Grid
    from spinegrade.phantom.scene import Beam

    Floats = NDArray[np.float64]
    Array = NDArray[np.float32]


@frozen(eq=False)
class Ellipsoid:
    """A solid with a cortex: ``axes`` are unit vectors as rows, ``radii`` along them, in mm."""

    centre: Floats
    axes: Floats
    radii: Floats
    cortex: float


def ellipsoid_paths(solids: list[Ellipsoid], beam: Beam, grid: Grid) -> tuple[Array, Array]:
    """Return the ``(rows, columns)`` mm of inner and of cortical bone that rays meet in ellipsoids."""
    inner, cortical = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    for solid in solids:
        reach = float(solid.radii.max())
        corners = solid.centre + reach * np.array([[-1.0, -1, -1], [1, 1, 1], [-1, -1, 1], [1, 1, -1]])
        places = project(beam, corners)
        window = grid.within(places.min(axis=0), places.max(axis=0))
        part = grid.cut(window)
        if 0 in part.shape:
            continue
        whole = _chord(solid, solid.radii, beam, part)
        hollow = _chord(solid, np.maximum(solid.radii - solid.cortex, 0.05), beam, part)
        inner[window] += hollow
        cortical[window] += whole - hollow
    return inner, cortical


def _chord(solid: Ellipsoid, radii: Floats, beam: Beam, grid: Grid) -> Array:
    """Return the lengths of rays inside an ellipsoid."""
    rays = rays_to(beam, grid)
    turn = (solid.axes / radii[:, None]).astype(np.float32)
    from_centre = [start - centre for start, centre in zip(rays.start, solid.centre, strict=True)]
    o = [row[0] * from_centre[0] + row[1] * from_centre[1] + row[2] * from_centre[2] for row in turn]
    d = [row[0] * rays.way[0] + row[1] * rays.way[1] + row[2] * rays.way[2] for row in turn]
    a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    b = o[0] * d[0] + o[1] * d[1] + o[2] * d[2]
    c = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1
    inside = np.maximum(b * b - a * c, 0)
    chord: Array = (2 * np.sqrt(inside) / a * rays.length).astype(np.float32)
    return chord


_FINEST_MM = 0.6
"""Distance at which even the thinnest rods are sampled."""


@frozen(eq=False)
class Rod:
    """A bent rod with a cortex: ``(k, 3)`` points along it, its radius in mm."""

    points: Floats
    radius: float
    cortex: float


def rod_paths(rods: list[Rod], beam: Beam, grid: Grid) -> tuple[Array, Array]:
    """Return the ``(rows, columns)`` mm of inner and of cortical bone that rays meet in bent rods.

    A rod is a row of overlapping spheres, each weighed so that a straight one has the right path through
    its middle.
    """
    inner, cortical = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    for rod in rods:
        points = _dense(rod.points, max(0.25 * rod.radius, _FINEST_MM))
        weights = 4 * np.linalg.norm(np.diff(points, axis=0), axis=1) / (np.pi * rod.radius)
        larger = beam.magnification
        for place, weight in zip(project(beam, points)[1:], weights.tolist(), strict=True):
            window = grid.within(place - rod.radius * larger, place + rod.radius * larger)
            whole, hollow = _sphere(rod, (grid.cut(window), place), larger)
            inner[window] += weight * hollow
            cortical[window] += weight * (whole - hollow)
    return inner, cortical


def _dense(points: Floats, step: float) -> Floats:
    """Return points along the same line, about ``step`` apart."""
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0.0, way[-1], max(2, int(way[-1] / step)))
    return np.stack([np.interp(at, way, points[:, n]) for n in range(3)], axis=1)


def _sphere(rod: Rod, seen: tuple[Grid, Floats], larger: float) -> tuple[Floats, Floats]:
    """Return half the paths through one sphere of a rod and through its inside."""
    part, place = seen
    far = np.square(part.down - place[0])[:, None] + np.square(part.right - place[1])[None, :]
    radii = (rod.radius * larger, (rod.radius - rod.cortex) * larger)
    whole, hollow = (np.sqrt(np.maximum(radius**2 - far, 0)) / larger for radius in radii)
    return whole, hollow
