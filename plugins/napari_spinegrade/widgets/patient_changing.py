"""How the patient panel changes facts: what is asked for is kept and said, or refused with words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_spinegrade.widgets.patient_asking import AskingPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_spinegrade.patient_facts import Wish
    from napari_spinegrade.widgets.patient_facts import FactsPage


class ChangingPanel(AskingPanel):
    """A panel in which facts are changed."""

    facts_page: FactsPage

    def show_facts(self) -> None:
        """Show the facts as they are kept."""
        raise NotImplementedError

    def classify(self) -> None:
        """Ask the rules."""
        raise NotImplementedError

    def finish(self) -> str:
        """Keep what is still being typed, for whom it was typed; return what of it could not be kept."""
        wishes = [(one.patient, self.attempt(one.grant)) for one in self.facts_page.take_typed()]
        return ". ".join(f"Not kept for {patient}: {why}" for patient, why in wishes if why)

    def change(self, wish: Wish) -> None:
        """Change a fact, or say why it cannot be changed."""
        before = wish.facts.tables
        refusal = self.attempt(wish.grant)
        if refusal:
            wish.refused(refusal)
        self.show_facts()
        if refusal:
            self.say(refusal, bad=True)
        elif wish.facts.tables is not before:
            wish.done()
            self.say(f"Kept in {wish.facts.tables.where.name}")
            self.classify()

    def undo(self) -> None:
        """Take the last change of a fact back."""
        facts = self.session.facts
        if facts is not None and facts.can_undo:
            self._renew(facts.undo, "Taken back")
        elif facts is not None and facts.changed_last:
            self.say(f"The last change was of {facts.changed_last}: choose that patient to take it back")

    def read_anew(self) -> None:
        """Read the tables again."""
        self._renew(self.session.read_anew, "Read again")

    def _renew(self, action: Callable[[], object], words: str) -> None:
        refusal = self.attempt(action)
        self.show_facts()
        said = refusal or ". ".join((words, *self.session.remarks))
        self.say(said, bad=bool(refusal or self.session.unusable))
        if not refusal:
            self.classify()
