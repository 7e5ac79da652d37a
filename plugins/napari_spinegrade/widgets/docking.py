"""Where a dock lies in napari's window."""

from __future__ import annotations

from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_spinegrade.widgets.soon import soon


def dock_of(widget: QWidget) -> QDockWidget | None:
    """Return the dock that a widget lies in."""
    docks = widget.window().findChildren(QDockWidget)
    return next((one for one in docks if one.isAncestorOf(widget)), None)


def tab_upon(mine: QWidget, theirs: QWidget) -> bool:
    """Lay the dock of a widget upon another's, as a tab of one place; return whether both are docked.

    One below the other they may have been higher than the screen, and the window with them.
    """
    window, upper, lower = mine.window(), dock_of(mine), dock_of(theirs)
    if not isinstance(window, QMainWindow) or upper is None or lower is None:
        return False
    window.tabifyDockWidget(lower, upper)
    upper.raise_()
    soon(window, lambda: _onto_the_screen(window))
    return True


def _onto_the_screen(window: QMainWindow) -> None:
    screen = window.screen()
    if screen is not None and not window.isFullScreen():
        window.setGeometry(window.geometry().intersected(screen.availableGeometry()))
