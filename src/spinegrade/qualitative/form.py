"""Forms of qualitative reading: which question is asked next, and what the answers come to.

>>> form = load_form("abq-2004")
>>> form.next({"as_expected": "no", "projection": "no"}).id
'depression'
>>> form.outcome({"as_expected": "yes"}).category
'normal'
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import frozen

from spinegrade.errors import ReadingError, RuleError
from spinegrade.qualitative.questions import Choice, Ending, Outcome, Question, holds
from spinegrade.rules import RuleFile, load_rule, rule_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HEIGHT_LOSS", "KIND", "Choice", "Form", "Outcome", "Question", "form_ids", "load_form"]

KIND = "form"
STATUSES = ("confirmed", "unconfirmed", "needs-table")
SCOPES = ("vertebra", "reading")

HEIGHT_LOSS = "height_loss"
"""Named as missing where a class waits for the grade of the six landmarks."""

WEIGHTS = "weights"
"""Named as missing where a score waits for a file of the user's."""


@frozen
class Form:
    """One form.

    Attributes
    ----------
    status
        ``confirmed`` in a source, ``unconfirmed`` where something of it is from memory, as ``note`` says, or
        ``needs-table`` where the user has to supply numbers.
    scope
        What it is filled in for: each ``vertebra`` or the whole ``reading``.
    questions
        All of them, in their order, those included that are not asked.
    categories
        Every class that it can come to, in order.
    endings
        How answers lead to classes; the first that holds counts.
    unevaluable
        The class of a vertebra that could not be read; empty where there is none.
    at_once
        Whether all questions are asked at once, as in a tick-list.
    """

    source: RuleFile
    id: str
    title: str
    status: str
    scope: str
    questions: tuple[Question, ...]
    categories: tuple[str, ...]
    endings: tuple[Ending, ...]
    note: str = ""
    unevaluable: str = ""
    at_once: bool = False

    def question(self, name: str) -> Question:
        """Return the question of this id.

        Raises
        ------
        ReadingError
            If there is none, or it is not asked.
        """
        found = {one.id: one for one in self.questions}
        if name not in found:
            msg = (
                f"{self.id}: expected a question, {', '.join(found) or 'of which it has none'}, got {name!r}"
            )
            raise ReadingError(msg)
        if found[name].disabled:
            msg = (
                f"{self.id}: {name}: expected no answer, as it is not asked ({found[name].disabled}), got one"
            )
            raise ReadingError(msg)
        return found[name]

    def asked(self, answers: Mapping[str, str]) -> tuple[Question, ...]:
        """Return the questions reached so far in order: those answered, and the next one that is open.

        Of a tick-list that is every question.
        """
        reached: list[Question] = []
        so_far: dict[str, str] = {}
        for question in self.questions:
            if question.disabled or not holds(question.when, so_far):
                continue
            reached.append(question)
            if answers.get(question.id):
                so_far[question.id] = answers[question.id]
            elif not self.at_once:
                break
        return tuple(reached)

    def next(self, answers: Mapping[str, str]) -> Question | None:
        """Return the question to answer next; None where all that are reached are answered."""
        return next((one for one in self.asked(answers) if not answers.get(one.id)), None)

    def clean(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Return the answers to questions that are reached, as they are stored.

        Answers to questions that other answers have since led past are left out, and so are empty ones;
        `unreached` names them.

        Raises
        ------
        ReadingError
            If an answer is no choice, or its question none of the form.
        """
        stored = self._stored(answers)
        return {one.id: stored[one.id] for one in self.asked(stored) if stored.get(one.id)}

    def unreached(self, answers: Mapping[str, str]) -> tuple[str, ...]:
        """Return the questions that were answered though no answer leads to them.

        Raises
        ------
        ReadingError
            As `clean`.
        """
        stored = self._stored(answers)
        reached = {one.id for one in self.asked(stored)}
        return tuple(name for name, answer in stored.items() if answer and name not in reached)

    def _stored(self, answers: Mapping[str, str]) -> dict[str, str]:
        return {name: self._cleaned(self.question(name), answer) for name, answer in answers.items()}

    def _cleaned(self, question: Question, answer: str) -> str:
        try:
            return question.cleaned(answer)
        except ReadingError as error:
            msg = f"{self.id}: {error}"
            raise ReadingError(msg) from None

    def outcome(self, answers: Mapping[str, str], grade: float | None = None) -> Outcome:
        """Return what the answers come to; ``grade`` is the morphometric one of the vertebra, if known.

        Raises
        ------
        ReadingError
            As `clean`.
        RuleError
            If everything is answered and the form has no class for it.
        """
        given = self.clean(answers)
        ending = next((one for one in self.endings if holds(one.when, given)), None)
        if ending is not None:
            return self._ended(ending, given, grade)
        question = self.next(given)
        if question is not None:
            return Outcome(None, None, f"open: {question.words}", question.id)
        if self.status == "needs-table":
            return Outcome(None, None, "not computed: it needs a file of weights", WEIGHTS)
        msg = f"{self.id}: expected a class for every way through the form, got none for {given}"
        raise RuleError(msg)

    def _ended(self, ending: Ending, answers: Mapping[str, str], grade: float | None) -> Outcome:
        words, subtype = ending.words, ending.subtype
        if ending.subtype_from is not None and ending.subtype_from in answers:
            subtype = answers[ending.subtype_from]
            words += f": {self.question(ending.subtype_from).shown(subtype)}"
        if not ending.by_grade:
            return Outcome(ending.category, subtype, words)
        if grade is None or grade != grade:  # noqa: PLR0124  NaN
            return Outcome(None, subtype, f"{words}; to be graded by its height loss", HEIGHT_LOSS)
        return Outcome(ending.by_grade[int(grade)], subtype, f"{words}, grade {int(grade)} by height loss")


def form_ids() -> tuple[str, ...]:
    """Return the ids of the forms that come with spinegrade."""
    return rule_ids(KIND)


@lru_cache(maxsize=32)
def load_form(name: str) -> Form:
    """Return the form of this id, or the form in the TOML file of this name.

    Raises
    ------
    RuleError
        If there is no such form, it is of another kind, lacks something, or has something unknown.
    """
    source = load_rule(name, KIND)
    from spinegrade.qualitative.form_file import read_form

    made: dict[str, Any] = read_form(source, name, STATUSES, SCOPES)
    return Form(source=source, id=source.id, title=source.title, **made)
