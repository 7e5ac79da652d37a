"""Answers of many vertebrae at once: what each form comes to, decided once for every set of answers.

Answers are a long table, one answer a row: `VERTEBRA`, ``question`` and ``answer``.  A vertebra is a number;
what else is known of it stands in that row of a second table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinegrade.qualitative.form import Form
    from spinegrade.qualitative.questions import Outcome

VERTEBRA = "_vertebra"
PROBLEM = "problem"

DECIDED: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("category", "subtype", "words", "missing", "answers", PROBLEM), pl.String)
}
"""Columns of what was decided; ``problem`` says what is wrong with the answers, where something is."""

FACTS = ("evaluable", "not_evaluable_reason", "grade")
"""What is known of a vertebra beside its answers."""


def grade_form(form: Form, vertebrae: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return in `DECIDED`, for each row of ``vertebrae``, what the answers to a form come to.

    ``vertebrae`` has ``evaluable`` (null where nobody said), ``not_evaluable_reason`` and ``grade``, the
    morphometric one; ``answers`` has every question of a vertebra once.  A vertebra that is not evaluable
    comes to the form's own class for that, whatever was answered, and the answers are shown beside.
    """
    facts = vertebrae.select(
        "evaluable",
        "not_evaluable_reason",
        pl.col("grade") if _needs_grade(form) else pl.lit(None, pl.Int64).alias("grade"),
    )
    questions = answers["question"].unique(maintain_order=True).to_list()
    given = answers.pivot(on="question", index=VERTEBRA, values="answer") if questions else None
    if given is None:
        given = pl.DataFrame(schema={VERTEBRA: pl.Int64})
    rows = pl.DataFrame({VERTEBRA: range(vertebrae.height)}, schema={VERTEBRA: pl.Int64})
    asked = {f"?{name}": name for name in questions}
    wide = rows.join(
        given.rename({name: mark for mark, name in asked.items()}),
        on=VERTEBRA,
        how="left",
        maintain_order="left",
    )
    wide = pl.concat([facts, wide.drop(VERTEBRA)], how="horizontal")
    found = wide.unique(maintain_order=True)
    decided = [
        decide(form, {name: row[mark] for mark, name in asked.items() if row[mark]}, row)
        for row in found.iter_rows(named=True)
    ]
    table = pl.concat([found, pl.DataFrame(decided, schema=DECIDED, orient="row")], how="horizontal")
    joined = wide.join(table, on=wide.columns, how="left", nulls_equal=True, maintain_order="left")
    return joined.select(list(DECIDED))


def _needs_grade(form: Form) -> bool:
    return any(ending.by_grade for ending in form.endings)


def decide(form: Form, answers: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str | None]:
    """Return in `DECIDED` what one set of answers comes to; ``known`` has a vertebra's `FACTS`."""
    decided: dict[str, str | None] = dict.fromkeys(DECIDED)
    try:
        beyond = form.unreached(answers)
        if beyond:
            name = beyond[0]
            said = f"{form.id}: {name}: expected no answer, as no other answer leads to it, "
            return decided | {PROBLEM: f"{said}got {answers[name]!r}"}
        clean = form.clean(answers)
        outcome = form.outcome(clean, known["grade"])
    except SpinegradeError as error:
        return decided | {PROBLEM: str(error)}
    decided |= _words(outcome)
    decided["answers"] = "; ".join(f"{name}={answer}" for name, answer in clean.items()) or None
    if known["evaluable"] is False and form.unevaluable:
        reason = known["not_evaluable_reason"]
        said = f"not evaluable: {str(reason).replace('_', ' ')}"
        decided |= {"category": form.unevaluable, "subtype": reason, "words": said, "missing": None}
    return decided


def _words(outcome: Outcome) -> dict[str, str | None]:
    return {
        "category": outcome.category,
        "subtype": outcome.subtype,
        "words": outcome.words,
        "missing": outcome.missing,
    }
