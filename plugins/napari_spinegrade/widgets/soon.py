"""What is done once Qt is through with what it does now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy import compat
from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget


def soon(widget: QWidget, action: Callable[[], object]) -> None:
    """Do something as soon as Qt is idle, unless the window of the widget is closed by then."""

    def act() -> None:
        if compat.isalive(widget):  # type: ignore[no-untyped-call]
            action()

    QTimer.singleShot(0, act)
