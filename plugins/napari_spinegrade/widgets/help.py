"""The sheet of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_spinegrade.shortcuts import by_group

if TYPE_CHECKING:
    from napari_spinegrade.shortcuts import Shortcut

_MOUSE = (
    ("Click", "Place the next landmark"),
    ("Drag a landmark", "Correct it, under a loupe"),
    ("Drag elsewhere", "Move the film"),
    ("Wheel", "Zoom"),
    ("Right drag", "Window: right is wider, down is darker"),
)


class HelpSheet(QDialog):
    """All keys of the reading desk, by what they are for."""

    def __init__(self, parent: QWidget, shortcuts: tuple[Shortcut, ...]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys of the reading desk")
        groups = {"Mouse": list(_MOUSE)}
        groups |= {
            name: [(one.key_words, one.words) for one in some] for name, some in by_group(shortcuts).items()
        }
        columns = (("Mouse", "Correcting"), ("Reading", "Your own grade"), ("Films", "Seeing"))
        layout = QGridLayout(self)
        layout.setHorizontalSpacing(28)
        for n, names in enumerate(columns):
            column = QVBoxLayout()
            for name in names:
                column.addWidget(self._group(name, groups[name]))
            column.addStretch(1)
            layout.addLayout(column, 0, n)

    @staticmethod
    def _group(name: str, rows: list[tuple[str, str]]) -> QLabel:
        lines = "".join(
            f"<tr><td><b>{key}</b>&nbsp;&nbsp;&nbsp;</td><td>{words}</td></tr>" for key, words in rows
        )
        return QLabel(f"<h3>{name}</h3><table>{lines}</table>")
