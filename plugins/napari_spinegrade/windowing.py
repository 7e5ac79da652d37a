"""How an open film is looked at: window and level, inversion, and what part of it fills the canvas."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_spinegrade import display

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel
    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_spinegrade.display import Limits

WHITE_IS_LOW = "gray_r"


def set_limits(image: Image, limits: Limits) -> None:
    """Show a film between these stored values, which may lie beyond its own."""
    low, high = limits
    widest = image.contrast_limits_range
    if low < widest[0] or high > widest[1]:
        image.contrast_limits_range = (min(low, widest[0]), max(high, widest[1]))
    image.contrast_limits = (low, high)


def invert(image: Image) -> None:
    """Show white as black and black as white."""
    image.colormap = "gray" if image.colormap.name == WHITE_IS_LOW else WHITE_IS_LOW


def drag_window(
    viewer: ViewerModel,
    event: Any,  # noqa: ANN401  napari's event
    image: Image,
    data_range: Limits,
    use: Callable[[Limits], object],
) -> Iterator[None]:
    """Set window and level as long as the pointer is dragged: right is wider, down is darker."""
    start, limits = np.array(event.pos, dtype=float), tuple(image.contrast_limits)
    darker = -1 if image.colormap.name == WHITE_IS_LOW else 1
    with held_still(viewer):
        yield
        while event.type == "mouse_move":
            right, down = (np.array(event.pos, dtype=float) - start).tolist()
            use(display.drag(limits, right, darker * down, data_range))
            yield


@contextmanager
def held_still(viewer: ViewerModel) -> Iterator[None]:
    """Keep films where they are while something else is dragged."""
    camera = viewer.scene.camera
    camera.mouse_pan = camera.mouse_zoom = False
    try:
        yield
    finally:
        camera.mouse_pan = camera.mouse_zoom = True


def fit(viewer: ViewerModel, points: NDArray[np.float64], margin: float, size: tuple[float, float]) -> bool:
    """Fill a canvas of ``size``, height and width, with ``(n, 2)`` places in the world.

    ``margin`` is a share of their longer side.  Without any place nothing moves, and the answer is false.
    """
    height, width = size
    view = display.fit(points, margin, width / height)
    if view is None:
        return False
    (down, right), (extent, _) = view
    camera = viewer.scene.camera
    camera.center = (0.0, down, right)
    camera.zoom = height / extent
    return True
