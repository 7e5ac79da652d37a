"""How points in the patient come to lie on the film, and where a ray to a pixel runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.phantom.scene import BeamKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.phantom.scene import Beam, Detector

    Floats = NDArray[np.float64]
    Array = NDArray[np.float32]


def magnifications(beam: Beam, lateral: Floats) -> Floats:
    """Return ``(..., 2)`` magnifications, down and across, ``lateral`` mm from the middle to the source."""
    across = beam.source_to_detector / (beam.source_to_spine - lateral)
    down = across if beam.kind is BeamKind.POINT else np.ones_like(across)
    return np.stack([down, across], axis=-1)


def project(beam: Beam, points: Floats) -> Floats:
    """Return ``(..., 2)`` mm down and right of the film's middle for ``(..., 3)`` points."""
    projected: Floats = points[..., :2] * magnifications(beam, points[..., 2])
    return projected


@frozen(eq=False)
class Grid:
    """A raster on the film: the ``(rows,)`` and ``(columns,)`` places of its samples, mm from the middle."""

    down: Floats
    right: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.down), len(self.right)

    def within(self, low: Floats, high: Floats) -> tuple[slice, slice]:
        """Return the rows and columns between two ``(down, right)`` places; may be empty."""
        rows = np.searchsorted(self.down, [low[0], high[0]])
        columns = np.searchsorted(self.right, [low[1], high[1]])
        return slice(*rows.tolist()), slice(*columns.tolist())

    def cut(self, window: tuple[slice, slice]) -> Grid:
        """Return a part of the raster."""
        return Grid(self.down[window[0]], self.right[window[1]])


def grid_on(detector: Detector, step: float | None = None) -> Grid:
    """Return the raster of a detector's pixels, or a coarser one of square steps over the same area.

    The coarse one has the size of ``detector.rows * row_spacing / step``, rounded up, and its outer edges
    are those of the pixels.
    """
    return Grid(
        _places(detector.rows, detector.row_spacing_mm, step),
        _places(detector.columns, detector.column_spacing_mm, step),
    )


def _places(count: int, spacing: float, step: float | None) -> Floats:
    """Return the places of samples over the length of ``count`` pixels."""
    length = count * spacing
    samples = count if step is None else max(2, int(np.ceil(length / step)))
    return (np.arange(samples, dtype=np.float64) + 0.5) * (length / samples) - length / 2


def to_pixels(detector: Detector, film: Floats) -> Floats:
    """Return ``(row, column)`` pixels for ``(down, right)`` mm from the film's middle."""
    spacing = np.array([detector.row_spacing_mm, detector.column_spacing_mm])
    middle = (np.array([detector.rows, detector.columns]) - 1) / 2
    pixels: Floats = film / spacing + middle
    return pixels


@frozen(eq=False)
class Rays:
    """The rays to a raster: ``start`` and ``way`` broadcast to ``(rows, columns, 3)``, as three parts."""

    start: tuple[Array | float, Array | float, float]
    way: tuple[Array, Array, float]

    @property
    def length(self) -> Array:
        """The ``(rows, columns)`` lengths of ``way``."""
        down, right, towards = self.way
        length: Array = np.sqrt(down * down + right * right + towards * towards)
        return length


def rays_to(beam: Beam, grid: Grid) -> Rays:
    """Return the rays from the source to every sample of a raster."""
    down = grid.down[:, None].astype(np.float32)
    right = grid.right[None, :].astype(np.float32)
    if beam.kind is BeamKind.SCAN:
        return Rays((down, 0.0, beam.source_to_spine), (0 * down, right, -beam.source_to_detector))
    return Rays((0.0, 0.0, beam.source_to_spine), (down, right, -beam.source_to_detector))
