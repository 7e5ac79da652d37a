"""Fields of the facts of a patient: each says what it was changed to, and shows what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QComboBox,
    QLineEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from napari_spinegrade.widgets.parts import WheelessBox

if TYPE_CHECKING:
    from qtpy.QtCore import QAbstractItemModel
    from qtpy.QtGui import QFocusEvent, QKeyEvent

    from spinegrade.patients.columns import Column

UNKNOWN = "not known"
_HEIGHT = 22
_WRONG = "background-color: #7a3038"
"""How a field looks whose text does not fit; a border would move the fields below it."""
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
    dropped = Signal()
    """What was typed is taken away again."""
    undo_wanted = Signal()

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setPlaceholderText({"date": "YYYY-MM-DD"}.get(column.kind, UNKNOWN))
        self._tip = f"{column.name}: {column.wanted}"
        self._kept = self._misfit = self._refusal = ""
        self._handed_over = False
        self._mark()
        self.textEdited.connect(self._on_edited)
        self.editingFinished.connect(self.hand_over)

    @property
    def _is_typed(self) -> bool:
        return self.text().strip() != self._kept

    def hand_over(self) -> None:
        """Say what was typed, if anything was."""
        if self._is_typed and not self._handed_over:
            self._handed_over = True
            self.given.emit(self.text())

    def _on_edited(self) -> None:
        self._refusal, self._handed_over = "", False
        self._mark()

    def show_value(self, text: str, misfit: str = "") -> None:
        """Show what is kept, and what is wrong with it; what is being typed, or was refused, stays."""
        typing = self.hasFocus() and self._is_typed and not self._handed_over
        self._kept, self._misfit = text, misfit
        if not (typing or self._refusal):
            self._put_back()
        self._handed_over = False
        self._mark()

    def refuse(self, reason: str) -> None:
        """Leave what was typed where it is, to be put right."""
        self._refusal, self._handed_over = reason, False
        self._mark()

    def forget(self) -> None:
        """Drop what was typed, as the facts of somebody else are shown next."""
        self._refusal = ""
        self._put_back()

    def _put_back(self) -> None:
        self.setText(self._kept)
        if not self.hasFocus():
            self.setCursorPosition(0)

    def _mark(self) -> None:
        wrong = self._refusal or self._misfit
        self.setStyleSheet(_WRONG if wrong else "")
        self.setToolTip(wrong or self._tip)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  Qt's name
        """Show how the text begins."""
        super().focusOutEvent(event)
        self.setCursorPosition(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Take back what was kept, once there is no typing to take back; Escape drops the typing."""
        if event.matches(QKeySequence.StandardKey.Undo) and not self._is_typed:
            self.undo_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Cancel) and self._is_typed:
            self.forget()
            self._mark()
            self.dropped.emit()
        else:
            super().keyPressEvent(event)


class ChoiceField(WheelessBox):
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
        self.setStyleSheet(_WRONG if misfit else "")
        self.setToolTip(misfit)


class CellChoice(WheelessBox):
    """A list in a cell: a letter or an arrow opens it, and only what is then chosen is kept.

    Closed, each letter that is typed would choose, and keep, another entry.
    """

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Open the list at what begins with a letter."""
        letter = event.text().strip()
        if letter and letter.isprintable():
            self.showPopup()
            self.view().keyboardSearch(letter)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space):
            self.showPopup()
        else:
            super().keyPressEvent(event)


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
        made = CellChoice(parent)
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
