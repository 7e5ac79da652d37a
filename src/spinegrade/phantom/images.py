"""The few things that OpenCV does here, typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]


def blurred(image: Array, down: float, across: float | None = None) -> Array:
    """Return an image blurred by a Gaussian whose SDs are in samples; ``across`` as ``down`` if not given."""
    import cv2

    across = down if across is None else across
    return cast("Array", cv2.GaussianBlur(image, (0, 0), sigmaX=max(across, 1e-3), sigmaY=max(down, 1e-3)))


def resized(image: Array, shape: tuple[int, int]) -> Array:
    """Return an image over the same area with this many rows and columns, smooth where they are more."""
    import cv2

    if image.shape == shape:
        return image
    coarser = shape[0] < image.shape[0]
    how = cv2.INTER_AREA if coarser else cv2.INTER_LINEAR  # OpenCV's cubic ripples on slopes
    return cast("Array", cv2.resize(image, shape[::-1], interpolation=how))


def sampled(image: Array, rows: Array, columns: Array) -> Array:
    """Return the image's values at places between its samples."""
    import cv2

    return cast("Array", cv2.remap(image, columns, rows, cv2.INTER_LINEAR))


_LEAST_LETTER = 15.0
"""Rows that a letter needs to be read."""


def lettered(shape: tuple[int, int], words: tuple[str, ...], *, at_right: bool) -> NDArray[np.uint8]:
    """Return a black picture with lines of white words in one of its upper corners."""
    import cv2
    import numpy as np

    picture = np.zeros(shape, np.uint8)
    height = max(min(shape[0] / 64, shape[1] / 36), _LEAST_LETTER)
    thickness = max(2, int(height / 14))
    for line, text in enumerate(words):
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, height / 30, thickness)
        left = shape[1] - width - height if at_right else height
        place = (int(left), int(height * (1.7 + 1.5 * line)))
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_DUPLEX, height / 30, 255, thickness, cv2.LINE_AA)
    return picture
