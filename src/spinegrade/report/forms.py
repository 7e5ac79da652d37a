"""Qualitative forms of a reading: what the reader answered, and what it comes to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.anatomy import LEVELS
from spinegrade.errors import SpinegradeError
from spinegrade.qualitative.form import Form, load_form
from spinegrade.qualitative.grading import PROBLEM, decide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from spinegrade.report.findings import Examined, Vertebra

_CONFIRMED = "confirmed"
_ELSEWHERE = "This form does not come with spinegrade: the answers are shown as they are stored"


@frozen
class Row:
    """A vertebra: what it comes to, questions and answers in words, and what is wrong with them.

    It is ``notable`` where it comes to a class other than the form's first one, that of nothing found.
    """

    level: str
    outcome: str
    answers: tuple[tuple[str, str], ...]
    problem: str = ""
    notable: bool = False


@frozen
class FormTable:
    """A form with a row for each vertebra that it was answered for; ``caution`` is what its source lacks."""

    id: str
    title: str
    caution: str
    made_by: str
    rows: tuple[Row, ...]


def form_tables(vertebrae: Sequence[Vertebra]) -> tuple[FormTable, ...]:
    """Return the forms that a reading has answers to, in the order of their ids."""
    names = sorted({name for one in vertebrae for name in one.seen.forms})
    return tuple(_table(name, vertebrae) for name in names)


def noted(examined: Sequence[Examined]) -> tuple[str, ...]:
    """Return what forms found in these readings, level by level; nothing where all is as it should be."""
    found = Counter(
        (row.level, f"{row.outcome} ({form.id})")
        for one in examined
        for form in one.forms
        for row in form.rows
        if row.notable
    )
    ordered = sorted(found.items(), key=lambda item: LEVELS.index(item[0][0]))
    return tuple(
        f"{level} {words}" + (f" in {count} of {len(examined)} readings" if count < len(examined) else "")
        for (level, words), count in ordered
    )


def _table(name: str, vertebrae: Sequence[Vertebra]) -> FormTable:
    answered = [one for one in vertebrae if one.seen.forms.get(name)]
    try:
        form = load_form(name)
    except SpinegradeError:
        unread = tuple(Row(one.level, "-", tuple(one.seen.forms[name].items())) for one in answered)
        return FormTable(name, name, _ELSEWHERE, "", unread)
    caution = "" if form.status == _CONFIRMED else f"{form.status.capitalize()}. {form.note}"
    rows = tuple(_row(one, form, one.seen.forms[name]) for one in answered)
    return FormTable(name, form.title, caution, form.source.stamp, rows)


def _row(one: Vertebra, form: Form, answers: Mapping[str, str]) -> Row:
    known = {
        "grade": one.row["grade"],
        "evaluable": one.seen.evaluable,
        "not_evaluable_reason": one.seen.not_evaluable_reason,
    }
    decided = decide(form, answers, known)
    problem = decided[PROBLEM]
    if problem is not None:
        return Row(one.level, "-", tuple(answers.items()), problem)
    nothing = (None, form.categories[0], form.unevaluable)
    return Row(
        level=one.level,
        outcome=decided["words"] or "-",
        answers=tuple(_in_words(form, form.clean(answers))),
        notable=decided["category"] not in nothing,
    )


def _in_words(form: Form, answers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, answer in answers.items():
        question = form.question(name)
        yield question.words, question.shown(answer)
