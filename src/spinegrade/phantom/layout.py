"""Spines of known heights, laid out on a film: truth for samples, tests and benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.anatomy import LANDMARKS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_DISC = 0.3
"""Height of a disc, as a fraction of the vertebra's posterior height."""


def lay_out_spine(
    heights: ArrayLike,
    depths: ArrayLike,
    *,
    top: tuple[float, float] = (100.0, 300.0),
    tilts: ArrayLike = 0.0,
    facing: int = -1,
) -> Floats:
    """Return ``(..., levels, 6, 2)`` landmarks with exactly the ``(..., levels, 3)`` heights given.

    ``depths`` are ``(..., levels)`` distances from wall to wall and ``tilts`` ``(..., levels)`` degrees
    by which each body leans forward; both may be single numbers.  ``top`` is the centre of the first
    body, ``facing`` is -1 where the front is at the left of the film and 1 where it is at the right.
    Everything is in one unit.  NaN heights give NaN landmarks, and keep their place on the film.
    """
    sides = np.asarray(heights, dtype=float)
    shape = sides.shape[:-1]
    depth = np.broadcast_to(np.asarray(depths, dtype=float), shape)
    tilt = np.radians(np.broadcast_to(np.asarray(tilts, dtype=float), shape))
    centres = _centres(sides[..., 2], tilt, top, facing)
    along = np.array([-0.5, 0.0, 0.5]) * depth[..., None] * -1
    landmarks = np.empty((*shape, len(LANDMARKS), 2))
    for plate, sign in ((slice(0, 3), -0.5), (slice(3, 6), 0.5)):
        local = np.stack([sign * sides, along], axis=-1)
        landmarks[..., plate, :] = _turn(local, tilt[..., None], facing)
    landmarks += centres[..., None, :]
    return landmarks


def _centres(posterior: Floats, tilt: Floats, top: tuple[float, float], facing: int) -> Floats:
    """Return the ``(..., levels, 2)`` centres, each a disc below the body above it."""
    typical = np.nanmean(posterior) if np.isfinite(posterior).any() else 1.0
    height = np.where(np.isnan(posterior), typical, posterior)
    step = (1 + _DISC) * height
    down = np.stack([np.cos(tilt) * step, -facing * np.sin(tilt) * step], axis=-1)
    centres: Floats = np.cumsum(down, axis=-2) - down[..., :1, :] + np.asarray(top)
    return centres


def _turn(local: Floats, tilt: Floats, facing: int) -> Floats:
    """Return ``(down, forward)`` vectors as ``(row, column)``, leaning forward by ``tilt`` radians."""
    down, forward = local[..., 0], local[..., 1]
    row = down * np.cos(tilt) + forward * np.sin(tilt)
    column = facing * (forward * np.cos(tilt) - down * np.sin(tilt))
    return np.stack([row, column], axis=-1)
