"""Layers that are hidden when they get other data: napari keeps their old indices, and fails over them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari.layers import Layer


@contextmanager
def seen(layers: Sequence[Layer]) -> Iterator[None]:
    """Show layers while they are given other data; no frame is drawn meanwhile."""
    hidden = [layer for layer in layers if not layer.visible]
    for layer in hidden:
        layer.visible = True
    try:
        yield
    finally:
        for layer in hidden:
            layer.visible = False
