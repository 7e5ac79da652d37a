"""From what the rays met to stored values: photons, scatter, blur, noise, the logarithm of the detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.phantom.images import blurred, resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.phantom.scene import Detector

    Array = NDArray[np.float32]

_SCATTER_MM = 38.0
"""SD of the blur of scattered rays at the detector."""
_ELECTRONIC = 4.0
"""SD of the electronic noise of a pixel, in photons."""
_DECADES = 4.2
"""Orders of magnitude of exposure that the stored values hold."""
_FLATTEN, _FLATTEN_MM = 0.7, 20.0
"""How much of the coarse differences is taken out, as the makers' processing does, and how coarse."""
_SHARPEN, _SHARPEN_MM = 0.55, 1.6


def expose(attenuation: Array, detector: Detector, rng: np.random.Generator) -> Array:
    """Return the photons that each pixel counts, as a fraction of those on bare detector."""
    bare = np.float32(detector.photons * detector.row_spacing_mm * detector.column_spacing_mm)
    counts = np.exp(-attenuation, dtype=np.float32)
    counts += np.float32(detector.scatter) * _wide_blur(counts, detector, _SCATTER_MM)
    counts = _blur(counts, detector, detector.blur_mm)
    counts *= bare
    noise = rng.standard_normal(counts.shape, dtype=np.float32)
    noise *= np.sqrt(counts + np.float32(_ELECTRONIC**2))
    counts += _blur(noise, detector, 0.35 * detector.blur_mm)
    counts /= bare
    return counts


def respond(counts: Array, detector: Detector) -> NDArray[np.uint16]:
    """Return stored values that grow with exposure, processed for viewing."""
    density = np.log10(np.maximum(counts, np.float32(10.0**-_DECADES)))
    coarse = _wide_blur(density, detector, _FLATTEN_MM)
    fine = _blur(density, detector, _SHARPEN_MM)
    density += np.float32(_SHARPEN) * (density - fine) - np.float32(_FLATTEN) * (coarse - coarse.mean())
    top = 2**detector.bits - 1
    density += np.float32(_DECADES)
    density *= np.float32(top / (_DECADES + 0.4))
    np.clip(density, 0, top, out=density)
    return np.rint(density).astype(np.uint16)


def _blur(image: Array, detector: Detector, sd_mm: float) -> Array:
    """Return the image blurred by a Gaussian whose SD is in mm, whatever the shape of a pixel."""
    across, down = sd_mm / detector.column_spacing_mm, sd_mm / detector.row_spacing_mm
    return image if max(across, down) < 0.05 else blurred(image, down, across)


def _wide_blur(image: Array, detector: Detector, sd_mm: float) -> Array:
    """Return a wide blur, worked on a raster as coarse as it allows."""
    rows, columns = image.shape
    step = sd_mm / 6
    small = (
        max(4, int(rows * detector.row_spacing_mm / step)),
        max(4, int(columns * detector.column_spacing_mm / step)),
    )
    return resized(blurred(resized(image, small), 6.0), (rows, columns))
