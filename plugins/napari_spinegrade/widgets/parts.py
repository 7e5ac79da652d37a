"""Labels and buttons as all parts of the desk have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLabel, QMenu, QPushButton, QSizePolicy

from napari_spinegrade.layers import NEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtpy.QtWidgets import QWidget

BUTTON_HEIGHT = 20
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
    made.clicked.connect(lambda _checked=False: clicked())
    return made


def menu(parent: QWidget, entries: Mapping[str, str], chosen: Callable[[str], object]) -> QMenu:
    """Return a menu of words, which hands over what they stand for."""
    made = QMenu(parent)
    for value, words in entries.items():
        made.addAction(words).triggered.connect(lambda _=False, value=value: chosen(value))
    return made


def choice(tip: str, chosen: Callable[[int], object]) -> QComboBox:
    """Return a list to choose from that leaves the keys to the film once it is closed."""
    made = QComboBox()
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    made.setFixedHeight(BUTTON_HEIGHT)
    made.activated.connect(chosen)
    return made
