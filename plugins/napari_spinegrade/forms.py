"""Which qualitative form is asked of the vertebra at hand, and what the answers come to: no Qt, no napari.

Koerber's score, of the whole spine, asks nothing: it is measured, by a file of weights of the reader's.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from napari_spinegrade.changes import by_level
from spinegrade.anatomy import LEVELS
from spinegrade.errors import ReadingError
from spinegrade.io.checks import sound_spines
from spinegrade.io.reading_table import reading_rows, readings_frame
from spinegrade.qualitative.depression import endplate_depression
from spinegrade.qualitative.form import Form, form_ids, load_form
from spinegrade.qualitative.measured import severity_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_spinegrade.live import Numbers
    from spinegrade.assess import Method
    from spinegrade.io.arrays import Spines
    from spinegrade.qualitative.form import Question
    from spinegrade.qualitative.koerber import Weights
    from spinegrade.readings import Reading

NAMES = {
    "abq-2004": "ABQ",
    "mabq-2018": "mABQ",
    "sabq-2016": "sABQ (children)",
    "mimics": "Mimics",
    "koerber-2012": "Koerber (spine)",
}
"""Short names of the forms that come along."""

NO_WEIGHTS = (
    "Points and formula of the paper were not to be had: choose a file of them, written from the paper as "
    "docs/forms.md shows"
)
HIDDEN_SCORE = "Computed values are hidden"

_UNMARKED = {"confirmed": ""}


@frozen
class Filled:
    """A form on the vertebra at hand, or on the whole spine.

    Attributes
    ----------
    level
        The vertebra; ``spine`` for a form of the whole.
    asked
        The questions reached so far, each with the values that were chosen.
    open
        The question to answer next; None where all are answered, or none is asked.
    outcome
        What the answers come to, in words.
    help
        Help from the landmarks, in words; empty where there is none, or values are hidden.
    by
        The file of weights that it was made by; empty for none.
    why_not
        Why nothing can be answered; empty where it can.
    """

    level: str
    form: Form
    asked: tuple[tuple[Question, tuple[str, ...]], ...]
    open: str | None
    outcome: str
    help: str
    by: str = ""
    why_not: str = ""

    @property
    def unconfirmed(self) -> str:
        """What has to be said of the form's source; empty where it is confirmed."""
        said = _UNMARKED.get(self.form.status, self.form.status)
        return f"{said}: {self.form.note}" if said and self.form.note else said


@cache
def offered() -> tuple[Form, ...]:
    """Return the forms of a vertebra, and after them those of the whole spine."""
    forms = (load_form(name) for name in form_ids())
    return tuple(sorted(forms, key=of_spine))


def of_spine(form: Form) -> bool:
    """Return whether a form is of the whole spine."""
    return form.scope == "reading"


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
    why_not = read_only
    unread = not_evaluable(reading, level)
    if unread:
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
        outcome=(unread if unread and form.unevaluable else outcome) if answers else "",
        help="" if numbers is None else depression_words(reading, level),
        why_not=why_not,
    )


def fill_spine(
    form: Form, reading: Reading, method: Method, weights: Weights | None, *, hidden: bool
) -> Filled:
    """Return a form of the whole spine as ``spinegrade qualitative`` measures it.

    ``hidden`` is whether computed values may not be shown now.
    """
    filled = Filled("spine", form, (), None, "", "", "" if weights is None else weights.stamp)
    if hidden:
        return evolve(filled, help=HIDDEN_SCORE)
    spines, problems = _sound(reading)
    rows = severity_rows(spines.frame, method, weights).to_dicts() if spines.count else []
    if not rows:
        return evolve(filled, help="Nothing measured yet", why_not=". ".join(problems))
    found = rows[0]
    parts = [found["words"]]
    if found["score"] is not None:
        parts.append(f"score {found['score']:.3g}")
    if found["kyphosis"] is not None:
        parts.append(f"kyphosis {found['kyphosis']:.0f} degrees")
    missing = (found["missing"] or "").split() if weights is not None else []
    told = f"Not measured: {', '.join(missing)}" if missing else ""
    return evolve(
        filled,
        outcome=", ".join(parts),
        help=NO_WEIGHTS if weights is None else told,
        why_not=". ".join(problems),
    )


def _sound(reading: Reading) -> tuple[Spines, list[str]]:
    spines, problems = sound_spines(readings_frame(reading_rows(reading)))
    return spines, [one.what for one in problems]


def not_evaluable(reading: Reading, level: str) -> str:
    """Return why a vertebra could not be read, as results of forms have it; empty where it could."""
    vertebra = by_level(reading).get(level)
    if vertebra is None or vertebra.evaluable is not False:
        return ""
    return f"not evaluable: {str(vertebra.not_evaluable_reason).replace('_', ' ')}"


def _values(question: Question, answers: Mapping[str, str]) -> tuple[str, ...]:
    given = answers.get(question.id, "")
    return tuple(given.split()) if question.many else tuple(one for one in (given,) if one)


def depression_words(reading: Reading, level: str) -> str:
    """Return how deep the middle landmarks lie below the line of the corners; empty without any."""
    depths = endplate_depression(reading.landmarks[LEVELS.index(level)], reading.calibration.spacing)
    parts = [
        f"{name} {_depth_words(depth)}"
        for name, depth in zip(("upper", "lower"), depths.tolist(), strict=True)
        if not np.isnan(depth)
    ]
    return (
        f"Depth of the endplates at the middle landmark: {', '.join(parts)} of their length" if parts else ""
    )


def _depth_words(depth: float) -> str:
    percent = round(100 * depth)
    if not percent:
        return "flat"
    return f"{'bulges ' if percent < 0 else ''}{abs(percent)} %"
