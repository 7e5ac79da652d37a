"""What is on the display, saved as a picture; the scripts that take pictures of the desk use it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from pathlib import Path


def save(path: Path) -> None:
    """Save what is on the screen, once it has settled."""
    settle()
    QApplication.primaryScreen().grabWindow(0).save(str(path))


def settle() -> None:
    """Let the window do its work."""
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.01)
