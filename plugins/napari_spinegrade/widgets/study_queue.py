"""The queue of a reader study: sign in, read film after film at the desk, commit, sign out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from napari_spinegrade.study_run import StudyRun, sign_in
from napari_spinegrade.viewers import itself
from napari_spinegrade.widgets.desk import DESK_WIDTH, ReadingDesk
from napari_spinegrade.widgets.parts import BAD, NEXT_STYLE, QUIET, button, label
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    import napari
    from napari.layers import Image
    from qtpy.QtGui import QCloseEvent

_ASKED = 12
"""Empty answers that are named one by one."""


class StudyQueue(QWidget):
    """A reading desk whose films a study hands out."""

    def __init__(self, viewer: napari.viewer.Viewer, where: str = "", reader: str = "") -> None:
        super().__init__()
        self.viewer = itself(viewer)
        self.run: StudyRun | None = None
        self._film: Image | None = None
        self.desk = ReadingDesk(viewer, in_study=True)
        self._build(where, reader)
        if where:
            self.sign_in()

    def _build(self, where: str, reader: str) -> None:
        self.where, self.reader = QLineEdit(where), QLineEdit(reader)
        self.where.setPlaceholderText("study file, folder of a pack, or database URL")
        self.words = label(colour=QUIET, wrap=True)
        self.progress = label()
        self.progress.setStyleSheet(NEXT_STYLE)
        self.form = QWidget()
        form = QFormLayout(self.form)
        form.addRow("Study", self.where)
        form.addRow("Reader", self.reader)
        form.addRow(button("Sign in", "Begin with the next film that you have not read", self.sign_in))
        self.bar = QWidget()
        column, row = QVBoxLayout(self.bar), QHBoxLayout()
        column.setContentsMargins(6, 2, 6, 0)
        column.setSpacing(3)
        column.addWidget(self.progress)
        column.addLayout(row)
        self.commit_button = button("Commit", "Lock this reading and go on to the next film", self.commit)
        self.pause_button = button("Pause", "Lay this film aside until all others are read", self.pause)
        self.out_button = button("Sign out", "Everything is kept; sign in again to go on", self.sign_out)
        for one in (self.commit_button, self.pause_button, self.out_button):
            row.addWidget(one)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for part in (self.form, self.bar, self.words, self.desk):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setFixedWidth(DESK_WIDTH)
        self._show()

    # What a reader does

    def sign_in(self) -> None:
        """Sign in, and open the next film."""
        self.sign_out()
        try:
            session = sign_in(self.where.text().strip(), self.reader.text().strip())
            self.run = StudyRun(session, self.desk.order)
        except SpinegradeError as error:
            self.say(str(error), bad=True)
            return
        for other in self.desk.others:
            other.close_film()
        self.desk.numbers_forbidden = self.run.hides_computed
        self.desk.hidden_numbers = self.run.hides_computed or self.desk.hidden_numbers
        self._next()

    def sign_out(self) -> None:
        """Leave the study; what was read is kept."""
        self._take_film_away()
        if self.run is not None:
            run, self.run = self.run, None
            run.close()
        self.say("")
        self._show()

    def commit(self) -> None:
        """Ask about empty answers, lock the reading, and open the next film."""
        if self.run is None or self.run.item is None:
            return
        try:
            empty = self.run.empty_answers()
            if empty and not self._means_it(empty):
                return
            self.run.commit(empty)
        except SpinegradeError as error:
            self.say(str(error), bad=True)
            return
        self._next()

    def pause(self) -> None:
        """Lay the film aside, and open the next one."""
        if self.run is None or self.run.item is None:
            return
        try:
            self.run.pause()
        except SpinegradeError as error:
            self.say(str(error), bad=True)
            return
        self._next()

    def _means_it(self, empty: tuple[str, ...]) -> bool:
        """Ask whether answers are meant to stay empty."""
        more = f"\nand {len(empty) - _ASKED} more" if len(empty) > _ASKED else ""
        words = "These answers are empty:\n\n" + "\n".join(empty[:_ASKED]) + more
        words += "\n\nCommit all the same? A committed reading is locked."
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(self, "Empty answers", words, buttons.Yes | buttons.No, buttons.No)
        return answer == buttons.Yes

    # Films

    def _next(self) -> None:
        """Open the next film, or say that none is due."""
        from napari_spinegrade.readers import image_layer
        from spinegrade.io.film import open_film

        self._take_film_away()
        if self.run is None:
            return
        try:
            found = self.run.next()
            if found is not None:
                path, opened = found
                pixels, keywords, _ = image_layer(open_film(path), path)
                self._film = self.viewer.add_image(pixels, **(keywords | {"name": str(self.run.item)}))
                self.desk.read(self._film, opened)
                self.desk.fit_film()
        except SpinegradeError as error:
            self.say(str(error), bad=True)
        else:
            self.say("" if found else "Nothing is left to read for now. Thank you.")
        self._show()

    def _take_film_away(self) -> None:
        self.desk.close_film()
        if self._film is not None and self._film in self.viewer.layers:
            self.viewer.layers.remove(self._film)
        self._film = None

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something of the study."""
        self.words.setText(words)
        self.words.setStyleSheet(f"color: {BAD if bad else QUIET}")
        self.words.setVisible(bool(words))

    def _show(self) -> None:
        """Show the form, or how far the reader has come."""
        signed_in, reading = self.run is not None, self.run is not None and self.run.item is not None
        self.form.setVisible(not signed_in)
        self.bar.setVisible(signed_in)
        self.desk.setVisible(reading)
        self.commit_button.setEnabled(reading)
        self.pause_button.setEnabled(reading)
        if self.run is not None:
            self.progress.setText(self.run.progress_words)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Sign out when the queue is closed."""
        self.sign_out()
        super().closeEvent(event)
