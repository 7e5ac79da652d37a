"""Labels and buttons as all parts of the desk have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLabel, QMenu, QPushButton, QSizePolicy

from napari_spinegrade.layers import NEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtpy.QtGui import QWheelEvent
    from qtpy.QtWidgets import QWidget

BUTTON_HEIGHT = 20
ROOM = "padding-top: 0px; padding-bottom: 0px"
"""What a button of this height needs: napari's own margins would cut the tails off its letters."""
NEXT_STYLE = f"color: {NEXT}; font-weight: bold"
BAD, GOOD, QUIET = "#ff8f8f", "#8fd694", "#9aa4ad"


def label(words: str = "", colour: str = "", *, wrap: bool = False) -> QLabel:
    """Return words, in a colour; ``wrap`` breaks them into lines."""
    made = QLabel(words)
    made.setWordWrap(wrap)
    if colour:
        made.setStyleSheet(f"color: {colour}")
    return made


def button(text: str, tip: str, clicked: Callable[[], object]) -> QPushButton:
    """Return a button that leaves the keys to the film."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setFixedHeight(BUTTON_HEIGHT)
    made.setStyleSheet(f"QPushButton {{ {ROOM} }}")
    made.clicked.connect(lambda _checked=False: clicked())
    return made


def menu(parent: QWidget, entries: Mapping[str, str], chosen: Callable[[str], object]) -> QMenu:
    """Return a menu of words, which hands over what they stand for."""
    made = QMenu(parent)
    for value, words in entries.items():
        made.addAction(words).triggered.connect(lambda _=False, value=value: chosen(value))
    return made


class WheelessBox(QComboBox):
    """A list to choose from that a wheel turned over it does not change."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  Qt's name
        """Leave the wheel to what lies below: nothing is ever chosen in passing."""
        event.ignore()


class StillChoice(WheelessBox):
    """Such a list as narrow as its column, with a hint."""

    def __init__(self, tip: str) -> None:
        super().__init__()
        self.setToolTip(tip)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(BUTTON_HEIGHT)
        self.setStyleSheet(f"QComboBox {{ {ROOM} }}")


def choice(tip: str, chosen: Callable[[int], object]) -> StillChoice:
    """Return a list to choose from that leaves the keys to the film once it is closed."""
    made = StillChoice(tip)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.activated.connect(chosen)
    return made
