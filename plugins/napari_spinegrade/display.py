"""How a film is shown: contrast limits in stored values, windows in a radiologist's words, where to look.

Pure functions of pixels and numbers; knows neither napari nor Qt.  Contrast limits are the stored values that
are just black and just white, ``(low, high)``; that low values are white is said by the colormap alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.radiograph import Rescale, Window, preset_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.radiograph import LookupTable, Preset, Radiograph

    Pixels = NDArray[np.generic]

Limits = tuple[float, float]
Pair = tuple[float, float]

TRAVEL = 300
"""Screen pixels of a drag from a narrow window to the full one, or from end to end of the values."""

_NARROW = 1 / 100
"""The narrow window, as a fraction of the range of values."""

_NARROWEST, _WIDEST = 1 / 1000, 20
"""How far a drag narrows and widens a window, as fractions of the range of values."""

_SAMPLE = 250_000
"""Pixels that are looked at for percentiles, about."""

_GREYS: Limits = (0.0, 255.0)

_CLIP, _TILES = 3.0, 10
"""How steep local contrast may become, and about how many tiles lie along the longer side of a film."""


@frozen(eq=False)
class Shown:
    """What of a film goes into an image layer.

    Attributes
    ----------
    pixels
        The stored pixels as they are; where no contrast limits can show the film as its file says, the greys
        that a reader is to see (``baked``).
    data_range
        The values that the pixels can have.
    white_is_low
        Whether low values are shown white.
    modality
        From the pixels to the values in which a window is said.
    """

    pixels: Pixels
    limits: Limits
    data_range: Limits
    white_is_low: bool
    modality: Rescale
    baked: bool = False


def show(film: Radiograph) -> Shown:
    """Return the film by the first of its own windows, or automatically where it has none."""
    modality = film.display.modality
    limits = _first_limits(film)
    if limits is None or not isinstance(modality, Rescale):
        return Shown(film.shown(), _GREYS, _GREYS, white_is_low=False, modality=Rescale(), baked=True)
    white_is_low = film.display.inverted != (modality.slope < 0)
    return Shown(film.pixels, limits, data_range(film), white_is_low, modality)


def presets(film: Radiograph) -> list[tuple[str, Limits]]:
    """Return the names and limits of the windows to choose from: the film's own, automatic, and full range.

    The limits are for the pixels that `show` gives, which in a baked film have its first window in them.  A
    table or curve after the first cannot be shown by limits, and is left out.
    """
    names = preset_names(film.display.presets)
    if _first_limits(film) is None:
        greys = film.shown()
        return [(names[0] if names else "as the file says", _GREYS), ("automatic", automatic(greys))]
    own = [limits_of(preset, film.display.modality) for preset in film.display.presets]
    found = [(name, limits) for name, limits in zip(names, own, strict=True) if limits is not None]
    return [*found, ("automatic", automatic(film.pixels)), ("full range", data_range(film))]


def _first_limits(film: Radiograph) -> Limits | None:
    """Return the limits in which a film is first shown; None where it has to be baked."""
    modality = film.display.modality
    if film.display.presets:
        return limits_of(film.display.presets[0], modality)
    return automatic(film.pixels) if isinstance(modality, Rescale) else None


def limits_of(preset: Preset, modality: Rescale | LookupTable) -> Limits | None:
    """Return the stored values that a window runs between; None where it is no straight line between two."""
    if not isinstance(preset, Window) or not isinstance(modality, Rescale):
        return None
    if preset.function == "sigmoid" or modality.slope == 0:
        return None
    stored = sorted((value - modality.intercept) / modality.slope for value in preset.bounds)
    return _apart(stored[0], stored[1]) if np.isfinite(stored).all() else None


def _apart(low: float, high: float) -> Limits:
    """Return limits of which the upper one is larger, as the step of a window one value wide is."""
    return low, max(high, low + 1e-6 * max(1.0, abs(low)))


def data_range(film: Radiograph) -> Limits:
    """Return the least and largest value that the pixels can have, or have where that is not known."""
    pixels, bits = film.pixels, film.facts.bits_stored
    least, largest = _extremes(pixels)
    if pixels.dtype.kind == "u" and bits is not None and largest < 2**bits:
        return 0.0, float(2**bits - 1)
    return _apart(least, largest)


def _extremes(pixels: Pixels) -> Limits:
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def window_words(limits: Limits, modality: Rescale | None = None) -> str:
    """Return limits as radiologists name a window, in modality values.

    Examples
    --------
    >>> window_words((1372.0, 1923.0))
    'WC 1648 WW 552'
    """
    low, high = sorted((modality or Rescale()).apply(np.array(limits)).tolist())
    centre, width = (low + high + 1) / 2, high - low + 1  # the other way round from Window.bounds
    digits = 0 if width >= 10 else 2
    return f"WC {centre:.{digits}f} WW {width:.{digits}f}"


def drag(limits: Limits, right: float, down: float, data_range: Limits) -> Limits:
    """Return the limits after a drag of so many screen pixels: right widens, down raises the centre.

    The narrower the window, the slower; `TRAVEL` pixels widen a narrow one to the range of values.  A raised
    centre is darker; where low values are white it is brighter, and ``-down`` does what a reader expects.
    The window may leave the range of values, and never loses its width.
    """
    low, high = limits
    least, largest = data_range
    span = max(largest - least, 1e-6)
    growth = math.exp(min(right, 100 * TRAVEL) * -math.log(_NARROW) / TRAVEL)
    width = min(max((high - low) * growth, span * _NARROWEST), span * _WIDEST)
    step = math.sqrt(min(high - low, span) * span) / TRAVEL
    centre = min(max((low + high) / 2 + down * step, least - span), largest + span)
    return centre - width / 2, centre + width / 2


def automatic(pixels: Pixels, low: float = 1.0, high: float = 99.5) -> Limits:
    """Return the limits that leave so many percent of the pixels black, and white beyond so many.

    Looks at every so many pixels of a large film.
    """
    step = max(1, math.isqrt(pixels.size // _SAMPLE))
    sample = pixels[::step, ::step].astype(float)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0, 1.0
    ends = np.percentile(sample, [low, high])
    darkest, brightest = float(ends[0]), float(ends[1])
    return (darkest, brightest) if darkest < brightest else (darkest - 0.5, darkest + 0.5)


def clahe(pixels: Pixels, limits: Limits) -> NDArray[np.uint8]:
    """Return greys with the contrast raised everywhere alike: to look at, not to measure brightness by."""
    import cv2

    low, high = limits
    scaled = (pixels.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    grey = np.clip(np.nan_to_num(scaled), 0, 255).astype(np.uint8)
    tile = max(1, max(grey.shape) // _TILES)
    down, across = (math.ceil(side / tile) for side in grey.shape)
    raised = cv2.createCLAHE(clipLimit=_CLIP, tileGridSize=(across, down)).apply(grey)
    return np.asarray(raised, dtype=np.uint8)


def fit(
    points: NDArray[np.float64], margin: float = 0.15, aspect: float = 1.0, least: float = 1.0
) -> tuple[Pair, Pair] | None:
    """Return the centre and the extent of the view that shows ``(n, 2)`` points; None where there are none.

    Both are down and across, in the points' own unit: hand over millimetres where pixels are oblong.
    ``margin`` is added on every side, as a fraction of the longer one; ``aspect`` is the width of the window
    over its height, to which the extent is widened; neither side becomes less than ``least``.  NaN is a point
    that is not there.
    """
    there = points[~np.isnan(points).any(axis=-1)]
    if not len(there):
        return None
    top_left, bottom_right = there.min(axis=0), there.max(axis=0)
    size = bottom_right - top_left
    size = np.maximum(size + 2 * margin * size.max(), least)
    height = max(float(size[0]), float(size[1]) / aspect)
    down, across = ((top_left + bottom_right) / 2).tolist()
    return (down, across), (height, height * aspect)
