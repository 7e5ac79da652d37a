"""napari's viewer as the plugin holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import napari


def itself(viewer: napari.viewer.Viewer) -> napari.viewer.Viewer:
    """Return the viewer that a proxy stands for, or the viewer.

    napari hands widgets that its menus open a proxy, one for each widget, that makes a new proxy of a layer
    whenever it is asked for it: nobody could tell by them whether two widgets share a window, or whether the
    layer that was removed is the film that is read.
    """
    held: napari.viewer.Viewer = getattr(viewer, "__wrapped__", viewer)
    return held
