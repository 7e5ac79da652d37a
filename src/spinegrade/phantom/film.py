"""Render a scene: the film's stored pixels, and the truth about its landmarks from the geometry alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.phantom import surroundings
from spinegrade.phantom.beam import grid_on
from spinegrade.phantom.bodies import body_paths, trabeculae
from spinegrade.phantom.elements import posterior_elements, ribs
from spinegrade.phantom.exposure import expose, respond
from spinegrade.phantom.images import resized
from spinegrade.phantom.scene import Polarity
from spinegrade.phantom.skeleton import build
from spinegrade.phantom.solids import ellipsoid_paths, rod_paths
from spinegrade.phantom.truth import Truth, find_truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.phantom.scene import Scene
    from spinegrade.phantom.skeleton import Skeleton

    Array = NDArray[np.float32]

CANCELLOUS_PER_MM = 0.005
CORTICAL_PER_MM = 0.034
"""What bone attenuates beyond the soft tissue that it displaces, per mm: some 0.15 and 1 g/cm3 of mineral
at 60 keV."""

_FINE_MM, _MIDDLE_MM, _COARSE_MM = 0.25, 0.5, 1.0
"""Steps on the film for vertebrae, other bones, and everything else."""


@frozen(eq=False)
class Phantom:
    """A rendered film: ``(rows, columns)`` stored values, the window to show them in, and the truth."""

    scene: Scene
    pixels: NDArray[np.uint16]
    centre: float
    width: float
    truth: Truth


def render(scene: Scene) -> Phantom:
    """Return the film of a scene; the same scene gives the same film."""
    anatomy, texture, noise = np.random.default_rng(scene.seed).spawn(3)
    skeleton = build(scene, anatomy)
    met = attenuation(scene, skeleton, texture)
    dark = respond(expose(met, scene.detector, noise), scene.detector)
    truth = find_truth(skeleton, scene)
    top = 2**scene.detector.bits - 1
    bright = top - dark
    centre, width = _window(bright, truth)
    if scene.polarity is Polarity.MONOCHROME1:
        return Phantom(scene, dark, top - centre, width, truth)
    return Phantom(scene, bright, centre, width, truth)


def attenuation(scene: Scene, skeleton: Skeleton, rng: np.random.Generator) -> Array:
    """Return the attenuation along the ray to every pixel."""
    fine, middle, coarse = (
        grid_on(scene.detector, step) for step in (_fine_step(scene), _MIDDLE_MM, _COARSE_MM)
    )
    trunk = surroundings.trunk_around(skeleton, scene)
    magnification = scene.beam.magnification
    soft = surroundings.soft_tissue(trunk, coarse, magnification, rng)
    wings = surroundings.iliac_wings(trunk, coarse, magnification)
    soft += np.float32(CANCELLOUS_PER_MM * scene.bone) * wings
    total = resized(soft, middle.shape)
    rods, solids = surroundings.pelvis_and_shoulders(skeleton, trunk)
    rods += ribs(skeleton, trunk.chest, rng)
    total += _bone(*rod_paths(rods, scene.beam, middle), scene)
    vessels, _ = rod_paths(surroundings.vessels(trunk, rng), scene.beam, middle)
    total += np.float32(surroundings.SOFT_PER_MM) * vessels
    total += _bone(*ellipsoid_paths(solids, scene.beam, middle), scene)
    rods, solids = posterior_elements(skeleton)
    total += _bone(*rod_paths(rods, scene.beam, middle), scene)
    total = resized(total, fine.shape)
    total += _bone(*ellipsoid_paths(solids, scene.beam, fine), scene)
    bodies = body_paths(skeleton, scene.beam, fine, trabeculae(rng, scene.bone))
    total += _bone(bodies.cancellous, bodies.cortical, scene)
    full = grid_on(scene.detector)
    return resized(total, full.shape) + surroundings.lead_letters(_letters(scene), full, scene.facing)


def _fine_step(scene: Scene) -> float:
    pixel = min(scene.detector.row_spacing_mm, scene.detector.column_spacing_mm)
    return max(_FINE_MM, pixel)


def _letters(scene: Scene) -> tuple[str, ...]:
    """Return what the letters say; nothing that would tell a reader what to find."""
    return "SIMULATED", f"NO {scene.seed}"


def _bone(cancellous: Array, cortical: Array, scene: Scene) -> Array:
    """Return what bone attenuates beyond soft tissue; cortex loses less mineral than spongy bone."""
    spongy, firm = CANCELLOUS_PER_MM * scene.bone, CORTICAL_PER_MM * (0.4 + 0.6 * scene.bone)
    return np.float32(spongy) * cancellous + np.float32(firm) * cortical


def _window(stored: NDArray[np.uint16], truth: Truth) -> tuple[float, float]:
    """Return centre and width that show the spine well."""
    rows, columns = truth.mid_chord[..., 0], truth.mid_chord[..., 1]
    height, width = stored.shape
    margin = 0.06 * height
    r = np.clip([np.nanmin(rows), np.nanmax(rows)], 0, height).astype(int)
    c = np.clip([np.nanmin(columns) - margin, np.nanmax(columns) + margin], 0, width).astype(int)
    low, high = np.percentile(stored[r[0] : r[1], c[0] : c[1]][::4, ::4], [1.5, 99.7])
    return float(round((low + high) / 2)), float(max(round(high - low), 2))
