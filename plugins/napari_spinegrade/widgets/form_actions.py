"""What the desk does with qualitative forms: opens the dock, stores answers, keeps it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from napari_spinegrade.forms import answers_of, choose, fill, fill_spine, of_spine
from napari_spinegrade.preferences import keep_koerber_weights, preferences
from napari_spinegrade.widgets.seeing_actions import SeeingActions
from napari_spinegrade.widgets.soon import soon
from spinegrade.errors import SpinegradeError
from spinegrade.qualitative.koerber import load_weights

if TYPE_CHECKING:
    from pathlib import Path

    from qtpy.QtWidgets import QDockWidget

    from napari_spinegrade.widgets.form_panel import FormPanel
    from spinegrade.qualitative.form import Question
    from spinegrade.qualitative.koerber import Weights


class FormActions(SeeingActions):
    """Actions on the form of the vertebra at hand."""

    form_panel: FormPanel | None = None
    weights: Weights | None = None
    """Of Koerber's score, as the reader chose them."""
    _refused_weights = ""
    """Why the file that was chosen last is no use."""
    _form_dock: QDockWidget | None = None

    def ask_form(self) -> None:
        """Open the dock with the form, or put it away."""
        if self._form_dock is None:
            self._open_forms()
        else:
            self._form_dock.setVisible(not self._form_dock.isVisible())
        self.show_form()

    def _open_forms(self) -> None:
        from napari_spinegrade.widgets.form_panel import FormPanel

        panel = self.form_panel = FormPanel()
        panel.form_chosen.connect(self.show_form)
        panel.answered.connect(self.answer)
        panel.taken_away.connect(self.take_form_away)
        panel.weights_wanted.connect(self.ask_for_weights)
        self._form_dock = self.viewer.window.add_dock_widget(panel, name="Form", area="left", tabify=False)
        self._form_dock.visibilityChanged.connect(lambda _: soon(self, self.show_form))
        usual = preferences().koerber_weights
        if self.weights is None and usual is not None:
            self.use_weights(usual)

    def close_forms(self) -> None:
        """Take the dock out of the window."""
        if self._form_dock is not None:
            panel, self._form_dock, self.form_panel = self.form_panel, None, None
            if self.binding is not None:
                self.binding.mark("")
            self.viewer.window.remove_dock_widget(panel)

    def answer(self, question: Question, value: str) -> None:
        """Choose an answer for the vertebra at hand, or take it back."""
        editor, panel = self.editor, self.form_panel
        if editor is None or panel is None:
            return
        form, level = panel.form, editor.level
        try:
            answers = choose(form, answers_of(editor.reading, level, form), question, value)
        except SpinegradeError as error:
            self.head.say(str(error), bad=True)
            return
        self._do("set_form", level, form.id, answers)

    def take_form_away(self) -> None:
        """Remove all answers of the form from the vertebra at hand."""
        if self.editor is not None and self.form_panel is not None:
            self._do("set_form", self.editor.level, self.form_panel.form.id, {})

    def show_form(self) -> None:
        """Show the form of the vertebra at hand as it stands."""
        panel = self.form_panel
        if panel is None or self.editor is None or self.binding is None:
            return
        numbers = None if self.hidden_numbers else self.binding.numbers
        editor, form = self.editor, panel.form
        asked = self._form_dock is not None and self._form_dock.isVisible() and not of_spine(form)
        self.binding.mark(editor.level if asked else "")
        if of_spine(form):
            hidden = numbers is None
            filled = fill_spine(form, editor.reading, self.method, self.weights, hidden=hidden)
            filled = evolve(filled, why_not=self._refused_weights or filled.why_not)
        else:
            filled = fill(form, editor.reading, editor.level, numbers, read_only=editor.read_only)
        panel.show_filled(filled)

    def ask_for_weights(self) -> None:
        """Ask for the file of weights of Koerber's score."""
        from pathlib import Path

        from qtpy.QtWidgets import QFileDialog

        words = "Weights of Koerber's score"
        name, _ = QFileDialog.getOpenFileName(self, words, "", "Weights (*.toml);;All files (*)")
        if name:
            self.use_weights(Path(name))

    def use_weights(self, where: Path) -> None:
        """Score by a file of weights, or say why it is no use; those before stay then."""
        try:
            self.weights = load_weights(str(where))
        except SpinegradeError as error:
            self._refused_weights = str(error)
            self.head.say(str(error), bad=True)
        else:
            self._refused_weights = ""
            keep_koerber_weights(where)
        self.show_form()
