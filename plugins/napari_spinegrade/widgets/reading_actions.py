"""What keys and buttons do with the reading; the desk has them all as its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QInputDialog, QWidget

from napari_spinegrade.changes import by_level
from spinegrade.errors import SpinegradeError
from spinegrade.readings import CountedFrom, NotEvaluableReason, Status

if TYPE_CHECKING:
    from napari_spinegrade.editor import ReadingEditor
    from napari_spinegrade.opening import Opened
    from napari_spinegrade.widgets.head import HeadPanel
    from napari_spinegrade.widgets.panels import ActionPanel


class ReadingActions(QWidget):
    """Actions on the reading under way; none does anything while there is none."""

    opened: Opened | None
    head: HeadPanel
    actions_panel: ActionPanel

    @property
    def editor(self) -> ReadingEditor | None:
        """The reading under way, if there is one."""
        return None if self.opened is None else self.opened.editor

    def _do(self, action: str, *values: object) -> object:
        """Do something with the reading, and say so where it cannot be done."""
        if self.editor is None:
            return None
        try:
            return getattr(self.editor, action)(*values)
        except SpinegradeError as error:
            self.head.say(str(error), bad=True)
            return None

    def undo(self) -> None:
        """Take the last action back."""
        self._say_event("Took back", self._do("undo"))

    def redo(self) -> None:
        """Do again what was taken back."""
        self._say_event("Did again", self._do("redo"))

    def _say_event(self, words: str, event: object) -> None:
        if event is None:
            self.head.say("Nothing to take back" if words == "Took back" else "Nothing to do again")
            return
        parts = (getattr(event, name, None) for name in ("did", "level", "landmark"))
        self.head.say(f"{words}: " + " ".join(str(part).replace("_", " ") for part in parts if part))

    def next_landmark(self) -> None:
        """Go to the next landmark."""
        self._do("step", 1)

    def previous_landmark(self) -> None:
        """Go to the landmark before."""
        self._do("step", -1)

    def next_vertebra(self) -> None:
        """Go to the vertebra below."""
        self._do("step_level", 1)

    def previous_vertebra(self) -> None:
        """Go to the vertebra above."""
        self._do("step_level", -1)

    def go_to_level(self, level: str) -> None:
        """Go to a vertebra: to its first landmark that is still to do."""
        self._do("go_to_level", level)

    def go_on(self) -> None:
        """Go on with the next landmark that is to do."""
        self._do("go_on")

    def not_visible(self) -> None:
        """Say that the landmark cannot be seen."""
        self._do("mark", Status.NOT_VISIBLE)

    def outside_image(self) -> None:
        """Say that the landmark is not on the film."""
        self._do("mark", Status.OUTSIDE_IMAGE)

    def not_evaluable(self) -> None:
        """Ask why the vertebra cannot be read."""
        self.actions_panel.ask_reason()

    def set_reason(self, reason: str) -> None:
        """Say why the vertebra cannot be read; empty says that it can."""
        if self.editor is not None:
            self._do("set_evaluable", self.editor.level, NotEvaluableReason(reason) if reason else None)

    def set_counted_from(self, start: str) -> None:
        """Say where counting began."""
        self._do("set_counted_from", CountedFrom(start))

    def ask_counted_from(self) -> None:
        """Ask where counting began."""
        self.actions_panel.ask_counted_from()

    def ask_quality(self) -> None:
        """Ask how well the vertebra is seen."""
        self.actions_panel.ask_quality()

    def set_quality(self, quality: str) -> None:
        """Say how well the vertebra is seen; empty takes it back."""
        if self.editor is not None:
            answers = {"quality": quality} if quality else {}
            self._do("set_form", self.editor.level, "quality", answers)

    def note(self) -> None:
        """Ask for a remark on the vertebra."""
        if self.editor is None:
            return
        vertebra = by_level(self.editor.reading).get(self.editor.level)
        before = (vertebra.comment if vertebra else None) or ""
        words, given = QInputDialog.getText(self, "Note", f"Note on {self.editor.level}:", text=before)
        if given:
            self._do("set_note", self.editor.level, words)

    def comment(self) -> None:
        """Ask for a remark on the film."""
        if self.editor is None:
            return
        before = self.editor.reading.comment or ""
        words, given = QInputDialog.getMultiLineText(self, "Comment", "Comment on this film:", before)
        if given:
            self._do("set_comment", words)

    def remove(self) -> None:
        """Remove the landmark at the cursor, or that placed last."""
        place = self.editor.to_remove() if self.editor else None
        if place is not None:
            self._do("remove", place)

    def clear(self) -> None:
        """Remove all that was read of the vertebra."""
        if self.editor is not None:
            self._do("clear", self.editor.level)

    def shift_up(self) -> None:
        """Rename all vertebrae to the level above."""
        self._do("shift_levels", -1)

    def shift_down(self) -> None:
        """Rename all vertebrae to the level below."""
        self._do("shift_levels", 1)

    def save(self) -> None:
        """Save now."""
        if self.editor is not None and self.editor.save():
            self.head.say("Saved")
        self._show_kept()

    def _grade(self, grade: float | None) -> None:
        if self.editor is not None:
            level = self.editor.level
            self._do("set_visual_grade", level, grade)
            if not self.head.bad:
                self.head.say(f"{level}: your grade is {'none' if grade is None else format(grade, 'g')}")

    def grade_0(self) -> None:
        """Grade the vertebra 0."""
        self._grade(0.0)

    def grade_half(self) -> None:
        """Grade the vertebra 0.5."""
        self._grade(0.5)

    def grade_1(self) -> None:
        """Grade the vertebra 1."""
        self._grade(1.0)

    def grade_2(self) -> None:
        """Grade the vertebra 2."""
        self._grade(2.0)

    def grade_3(self) -> None:
        """Grade the vertebra 3."""
        self._grade(3.0)

    def grade_none(self) -> None:
        """Take the grade away."""
        self._grade(None)

    def nudge_up(self) -> None:
        """Move the landmark 1 pixel up."""
        self._do("nudge", -1.0, 0.0)

    def nudge_down(self) -> None:
        """Move the landmark 1 pixel down."""
        self._do("nudge", 1.0, 0.0)

    def nudge_left(self) -> None:
        """Move the landmark 1 pixel left."""
        self._do("nudge", 0.0, -1.0)

    def nudge_right(self) -> None:
        """Move the landmark 1 pixel right."""
        self._do("nudge", 0.0, 1.0)

    def fine_up(self) -> None:
        """Move the landmark 0.1 pixel up."""
        self._do("nudge", -0.1, 0.0)

    def fine_down(self) -> None:
        """Move the landmark 0.1 pixel down."""
        self._do("nudge", 0.1, 0.0)

    def fine_left(self) -> None:
        """Move the landmark 0.1 pixel left."""
        self._do("nudge", 0.0, -0.1)

    def fine_right(self) -> None:
        """Move the landmark 0.1 pixel right."""
        self._do("nudge", 0.0, 0.1)
