"""Which qualitative form is asked of the vertebra at hand, and what the answers come to: no Qt, no napari."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from napari_spinegrade.changes import by_level
from spinegrade.anatomy import LEVELS
from spinegrade.errors import ReadingError
from spinegrade.qualitative.depression import endplate_depression
from spinegrade.qualitative.form import Form, form_ids, load_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_spinegrade.live import Numbers
    from spinegrade.qualitative.form import Question
    from spinegrade.readings import Reading

NAMES = {"abq-2004": "ABQ", "mabq-2018": "mABQ", "sabq-2016": "sABQ (children)", "mimics": "Mimics"}
"""Short names of the forms that come along."""

_UNMARKED = {"confirmed": ""}


@frozen
class Filled:
    """A form on the vertebra at hand.

    Attributes
    ----------
    asked
        The questions reached so far, each with the values that were chosen.
    open
        The question to answer next; None where all are answered, or none is asked.
    outcome
        What the answers come to, in words.
    depression
        Help from the landmarks, in words; empty where there is none, or values are hidden.
    why_not
        Why nothing can be answered; empty where it can.
    """

    level: str
    form: Form
    asked: tuple[tuple[Question, tuple[str, ...]], ...]
    open: str | None
    outcome: str
    depression: str
    why_not: str = ""

    @property
    def unconfirmed(self) -> str:
        """What has to be said of the form's source; empty where it is confirmed."""
        said = _UNMARKED.get(self.form.status, self.form.status)
        return f"{said}: {self.form.note}" if said and self.form.note else said


@cache
def offered() -> tuple[Form, ...]:
    """Return the forms that are asked of a vertebra; one of the whole reading is filled in elsewhere."""
    forms = (load_form(name) for name in form_ids())
    return tuple(one for one in forms if one.scope == "vertebra")


def name_of(form: Form) -> str:
    """Return what a form is called on a button."""
    return NAMES.get(form.id, form.id)


def answers_of(reading: Reading, level: str, form: Form) -> dict[str, str]:
    """Return the answers that a reading has for a form on a level."""
    vertebra = by_level(reading).get(level)
    return {} if vertebra is None else dict(vertebra.forms.get(form.id, {}))


def choose(form: Form, answers: Mapping[str, str], question: Question, value: str) -> dict[str, str]:
    """Return the answers after a click on a choice: chosen, or taken back where it was chosen before.

    Answers to questions that are no longer reached go.
    """
    now = set(answers.get(question.id, "").split()) if question.many else {answers.get(question.id, "")}
    if value in now:
        chosen = now - {value}
    elif not question.many or value in question.exclusive:
        chosen = {value}
    else:
        chosen = (now - set(question.exclusive)) | {value}
    return form.clean({**answers, question.id: " ".join(one for one in question.values if one in chosen)})


def fill(form: Form, reading: Reading, level: str, numbers: Numbers | None, *, read_only: str = "") -> Filled:
    """Return a form as it stands on a level; ``numbers`` is None while computed values are hidden."""
    vertebra = by_level(reading).get(level)
    why_not = read_only
    if vertebra is not None and vertebra.evaluable is False:
        why_not = f"{level} is not evaluable: nothing is asked of it"
    answers = answers_of(reading, level, form)
    at = LEVELS.index(level)
    grade = None if numbers is None or np.isnan(numbers.grade[at]) else float(numbers.grade[at])
    try:
        asked = tuple((one, _values(one, answers)) for one in form.asked(answers))
        following, outcome = form.next(answers), form.outcome(answers, grade).words
    except ReadingError as error:  # written by another program, or for another revision of the form
        asked, following, outcome = (), None, ""
        why_not = f"{error}. Take the form away to begin it anew"
    return Filled(
        level=level,
        form=form,
        asked=asked,
        open=None if following is None else following.id,
        outcome=outcome if answers else "",
        depression="" if numbers is None else depression_words(reading, level),
        why_not=why_not,
    )


def _values(question: Question, answers: Mapping[str, str]) -> tuple[str, ...]:
    given = answers.get(question.id, "")
    return tuple(given.split()) if question.many else tuple(one for one in (given,) if one)


def depression_words(reading: Reading, level: str) -> str:
    """Return how deep the middle landmarks lie below the line of the corners; empty without any."""
    depths = endplate_depression(reading.landmarks[LEVELS.index(level)], reading.calibration.spacing)
    parts = [
        f"{name} {'bulges ' if depth < 0 else ''}{abs(100 * depth):.0f} %"
        for name, depth in zip(("upper", "lower"), depths.tolist(), strict=True)
        if not np.isnan(depth)
    ]
    return (
        f"Depth of the endplates at the middle landmark: {', '.join(parts)} of their length" if parts else ""
    )
