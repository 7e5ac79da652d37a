"""A classified patient as records: what a page or a panel says of one person, rule by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from spinegrade.osteoporosis.facts import (
    AGE,
    ANSWERS,
    DATE,
    EXAM_DATES,
    INDETERMINATE,
    MET,
    NOT_MET,
    TOLERANCE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import polars as pl

    from spinegrade.osteoporosis.cohort import Classification
    from spinegrade.osteoporosis.rule import OsteoporosisRule

MET_WORD, OPEN_WORD, NOT_MET_WORD = ANSWERS[MET], ANSWERS[INDETERMINATE], ANSWERS[NOT_MET]


@frozen
class RuleAnswer:
    """What one rule answers of one patient.

    Attributes
    ----------
    answer
        One of `spinegrade.osteoporosis.facts.ANSWERS`.
    because
        The comparisons to which the answer is owed; empty where it is indeterminate.
    missing
        The inputs that would decide it; empty where it is decided.
    """

    rule: OsteoporosisRule
    answer: str
    because: tuple[str, ...]
    missing: tuple[str, ...]


@frozen
class Account:
    """Everything that the rules have to say of one patient.

    Attributes
    ----------
    grades
        Of every level that was to be graded at the latest exam; None where it could not be, or where readings
        differ.
    row
        The patient's whole row of `classification_schema`.
    adult
        Whether the adults' rules are the ones to go by; None where the age is not known.
    """

    patient: str
    sex: str | None
    age: float | None
    date: date | None
    classification: str
    status: str | None
    grades: dict[str, int | None]
    contradictions: tuple[str, ...]
    answers: tuple[RuleAnswer, ...]
    row: dict[str, Any]
    adult: bool | None = None

    def met(self, says: str) -> tuple[RuleAnswer, ...]:
        """Return the rules that are met and add to this, one of `spinegrade.osteoporosis.rule.SAYS`."""
        return tuple(one for one in self.answers if one.rule.says == says and one.answer == MET_WORD)

    @property
    def open(self) -> tuple[RuleAnswer, ...]:
        """The rules for a diagnosis that cannot be answered yet, with what would decide them."""
        return tuple(one for one in self.answers if one.rule.says == "diagnosis" and one.answer == OPEN_WORD)

    @property
    def concerning(self) -> tuple[RuleAnswer, ...]:
        """The answers of the rules for somebody of this age; of all rules where it is not known."""
        group = {True: "adult", False: "child", None: None}[self.adult]
        return tuple(one for one in self.answers if group in (None, one.rule.group))

    @property
    def wanted(self) -> dict[str, tuple[RuleAnswer, ...]]:
        """The inputs that would decide something, those for a diagnosis first, with what they would decide.

        Where the age is not known, what would tell it is the only thing that rules for adults ask for.
        """
        still_open = [one for one in self.concerning if one.answer == OPEN_WORD]
        wanted: dict[str, list[RuleAnswer]] = {}
        for one in sorted(still_open, key=lambda answer: answer.rule.says != "diagnosis"):
            ageless = self.adult is None and one.rule.group == "adult"
            for what in one.missing:
                if not ageless or what in (AGE, EXAM_DATES, DATE):
                    wanted.setdefault(what, []).append(one)
        return {what: tuple(answers) for what, answers in wanted.items()}


def accounts(frame: pl.DataFrame, how: Classification) -> Iterator[Account]:
    """Yield an account of every row of a classified cohort, which ``how`` has classified."""
    for row in frame.iter_rows(named=True):
        yield Account(
            patient=row["patient"],
            sex=row["sex"],
            age=row["age"],
            date=row["date"],
            classification=row["classification"],
            status=row["status"],
            grades={name.removeprefix("grade_"): row[name] for name in row if name.startswith("grade_")},
            contradictions=_parts(row["contradictions"]),
            answers=tuple(_answer(one, row) for one in how.run),
            row=row,
            adult=None if row["age"] is None else row["age"] >= how.switches.adult_from - TOLERANCE,
        )


def _answer(rule: OsteoporosisRule, row: dict[str, Any]) -> RuleAnswer:
    code = rule.code
    return RuleAnswer(rule, row[code], _parts(row[f"{code}_because"]), _parts(row[f"{code}_missing"]))


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(text.split("; ")) if text else ()
