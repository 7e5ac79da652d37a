"""What a form is made of: questions with their choices, and the classes that answers come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from spinegrade.errors import ReadingError

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "*"
"""Stands for whatever was answered."""

Condition = dict[str, tuple[str, ...]]
"""Questions, and the answers of which each has to have one; without questions it always holds."""


@frozen
class Choice:
    """An answer that may be given: how it is stored, what a reader sees, and what it means."""

    value: str
    words: str
    help: str = ""


@frozen
class Question:
    """One question of a form.

    Attributes
    ----------
    id
        How it is stored.
    label
        Short name in the source, as Q3; often empty.
    choices
        The answers that may be given.
    many
        Whether several may be ticked; they are stored joined by blanks.
    exclusive
        Choices that stand alone where several may be ticked, as ``none``.
    when
        The answers to earlier questions that lead here.
    disabled
        Why it is not asked; empty where it is.
    """

    id: str
    words: str
    help: str
    choices: tuple[Choice, ...]
    many: bool = False
    label: str = ""
    exclusive: tuple[str, ...] = ()
    when: Condition = field(factory=dict)
    disabled: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        """The choices as they are stored."""
        return tuple(one.value for one in self.choices)

    def shown(self, answer: str) -> str:
        """Return an answer in words."""
        words = {one.value: one.words for one in self.choices}
        return ", ".join(words[value] for value in self._split(answer))

    def cleaned(self, answer: str) -> str:
        """Return the answer as it is stored, several choices in the order of the form; empty for none.

        Raises
        ------
        ReadingError
            If it is no choice, or ticks one beside others that stands alone.
        """
        given = self._split(answer)
        strange = [value for value in given if value not in self.values]
        if strange:
            some = "some" if self.many else "one"
            msg = f"{self.id}: expected {some} of {', '.join(self.values)}, got {strange[0]!r}"
            raise ReadingError(msg)
        alone = [value for value in self.exclusive if value in given]
        if alone and len(set(given)) > 1:
            msg = f"{self.id}: expected {alone[0]!r} alone, got {' '.join(given)!r}"
            raise ReadingError(msg)
        return " ".join(value for value in self.values if value in given)

    def _split(self, answer: str) -> list[str]:
        if self.many:
            return answer.split()
        return [answer] if answer else []


@frozen
class Ending:
    """A class, and the answers that lead to it.

    Attributes
    ----------
    category
        The class; empty where the grade of the height loss says it.
    words
        What a reader sees.
    subtype, subtype_from
        The kind within the class, or the question whose answer is the kind.
    by_grade
        The classes of morphometric grades 0, 1, 2 and 3.
    """

    when: Condition
    category: str
    words: str
    subtype: str | None = None
    subtype_from: str | None = None
    by_grade: tuple[str, ...] = ()


@frozen
class Outcome:
    """What answers come to.

    Attributes
    ----------
    category
        The class; None while it is open.
    subtype
        The kind within the class, where the form has one.
    words
        Class and kind as a reader sees them, or what is still open.
    missing
        What would decide the class while it is open: a question, ``height_loss`` or ``weights``.
    """

    category: str | None
    subtype: str | None
    words: str
    missing: str | None = None


def holds(condition: Condition, answers: Mapping[str, str]) -> bool:
    """Return whether the answers fulfil a condition; where several were ticked, one of them does."""
    return all(
        question in answers and (ANY in wanted or not set(wanted).isdisjoint(answers[question].split()))
        for question, wanted in condition.items()
    )
