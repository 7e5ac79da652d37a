"""Fields of the facts of a patient: each says what it was changed to, and shows what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QPersistentModelIndex, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QComboBox,
    QLineEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from napari_spinegrade.widgets.parts import BAD

if TYPE_CHECKING:
    from qtpy.QtCore import QAbstractItemModel
    from qtpy.QtGui import QKeyEvent, QWheelEvent

    from spinegrade.patients.columns import Column

UNKNOWN = "not known"
_HEIGHT = 22
_NAMES = {"F": "female", "M": "male"}


def choices_of(column: Column) -> dict[str, str]:
    """Return what may be chosen for a column, as it is kept and as it is called; empty for free text."""
    if column.kind == "truth":
        return {"": UNKNOWN, "true": "yes", "false": "no"}
    if column.kind == "choice":
        return {"": UNKNOWN, **{one: _NAMES.get(one, one.replace("_", " ")) for one in column.choices}}
    return {}


def kept_as(value: object) -> str:
    """Return a value as `choices_of` has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


class TextField(QLineEdit):
    """A line of text, handed over when it is left or Enter is pressed."""

    given = Signal(str)
    undo_wanted = Signal()

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setPlaceholderText({"date": "YYYY-MM-DD"}.get(column.kind, UNKNOWN))
        self.setToolTip(f"{column.name}: {column.wanted}")
        self._tip = self.toolTip()
        self._kept = ""
        self._handed_over = False
        self.editingFinished.connect(self._hand_over)

    def _hand_over(self) -> None:
        if self.text().strip() != self._kept:
            self._handed_over = True
            self.given.emit(self.text())

    def show_value(self, text: str, misfit: str = "") -> None:
        """Show what is kept, and what is wrong with it; what is still being typed stays."""
        if self._handed_over or not self.hasFocus() or text != self._kept:
            self.setText(text)
        self._kept, self._handed_over = text, False
        self.setStyleSheet(f"border: 1px solid {BAD}" if misfit else "")
        self.setToolTip(misfit or self._tip)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Take back what was kept, once there is no typing to take back; Escape drops the typing."""
        if event.matches(QKeySequence.StandardKey.Undo) and self.text() == self._kept:
            self.undo_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Cancel):
            self.setText(self._kept)
        else:
            super().keyPressEvent(event)


class ChoiceField(QComboBox):
    """A choice, handed over as it is made."""

    given = Signal(str)

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setToolTip(column.name)
        for kept, words in choices_of(column).items():
            self.addItem(words, kept)
        self.activated.connect(lambda at: self.given.emit(str(self.itemData(at))))

    def show_value(self, value: object, misfit: str = "") -> None:
        """Show what is kept; what does not fit is shown as not known, and told of."""
        self.setCurrentIndex(max(0, self.findData(kept_as(value))))
        self.setStyleSheet(f"border: 1px solid {BAD}" if misfit else "")
        self.setToolTip(misfit)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  Qt's name
        """Leave the wheel to the page: it must never change a fact."""
        event.ignore()


class ChoiceDelegate(QStyledItemDelegate):
    """Cells of a ledger that are chosen from a list."""

    def __init__(self, parent: QWidget, column: Column) -> None:
        super().__init__(parent)
        self._choices = choices_of(column)

    def createEditor(  # noqa: N802  Qt's name
        self,
        parent: QWidget | None,
        option: QStyleOptionViewItem,  # noqa: ARG002  Qt's
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002  Qt's
    ) -> QWidget:
        """Return the list."""
        made = QComboBox(parent)
        for kept, words in self._choices.items():
            made.addItem(words, kept)
        made.activated.connect(lambda _at: self._done(made))
        return made

    def _done(self, made: QComboBox) -> None:
        self.commitData.emit(made)
        self.closeEditor.emit(made)

    def setEditorData(  # noqa: N802  Qt's name
        self, editor: QWidget | None, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Show what is there."""
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(0, editor.findText(str(index.data() or UNKNOWN))))

    def setModelData(  # noqa: N802  Qt's name
        self,
        editor: QWidget | None,
        model: QAbstractItemModel | None,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Keep what was chosen, as the files have it."""
        if isinstance(editor, QComboBox) and model is not None:
            model.setData(model.index(index.row(), index.column()), str(editor.currentData()))
