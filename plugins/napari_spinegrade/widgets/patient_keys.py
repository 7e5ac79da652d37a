"""The keys of a panel beside the film: they never act on the reading that it stands beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QAbstractSlider, QApplication, QWidget

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent
    from qtpy.QtWidgets import QScrollBar

_KEY, _ACTION = Qt.Key, QAbstractSlider.SliderAction
_SCROLL = {
    _KEY.Key_Up: _ACTION.SliderSingleStepSub,
    _KEY.Key_Down: _ACTION.SliderSingleStepAdd,
    _KEY.Key_PageUp: _ACTION.SliderPageStepSub,
    _KEY.Key_PageDown: _ACTION.SliderPageStepAdd,
    _KEY.Key_Home: _ACTION.SliderToMinimum,
    _KEY.Key_End: _ACTION.SliderToMaximum,
}


class OwnKeys(QWidget):
    """A panel that takes the keys with a click anywhere in it, and keeps them until the film has them back.

    napari hands every key that a dock does not use to the film, where it may grade a vertebra.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    @property
    def scroll_bar(self) -> QScrollBar | None:
        """The bar of what is read in the panel; None where there is none."""
        return None

    def film(self) -> QWidget | None:
        """Return what shows the film; None where there is none."""
        return None

    def give_keys_back(self) -> None:
        """Give the film the keys, if the panel has them."""
        holder, film = QApplication.focusWidget(), self.film()
        if film is not None and holder is not None and (holder is self or self.isAncestorOf(holder)):
            film.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Scroll, or with Escape give the film the keys; every other key ends here."""
        action, bar = _SCROLL.get(_KEY(event.key())), self.scroll_bar
        if event.matches(QKeySequence.StandardKey.Cancel):
            self.give_keys_back()
        elif action is not None and bar is not None:
            bar.triggerAction(action)
        event.accept()
