"""The widgets of the reading desk: the only place with Qt."""

from napari_spinegrade.widgets.desk import ReadingDesk

__all__ = ["ReadingDesk"]
