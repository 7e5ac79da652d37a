"""Rectangles of a film."""

from __future__ import annotations

from attrs import frozen


@frozen
class Box:
    """A rectangle of the film."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Its width."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Its height."""
        return self.bottom - self.top

    def around(self, other: Box) -> Box:
        """Return the smallest rectangle round both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def within(self, film: Box, inner: Box) -> Box:
        """Return the rectangle cut at the sides of a film, but not where ``inner`` crosses them."""
        return Box(
            max(self.left, film.left) if inner.left >= film.left else self.left,
            max(self.top, film.top) if inner.top >= film.top else self.top,
            min(self.right, film.right) if inner.right <= film.right else self.right,
            min(self.bottom, film.bottom) if inner.bottom <= film.bottom else self.bottom,
        )

    def grown(self, by: float) -> Box:
        """Return the rectangle with a margin added on every side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)
