"""Rules that a switch decides for a patient: what they answer by each of its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import evolve

from spinegrade.osteoporosis.conditions import weigh
from spinegrade.osteoporosis.facts import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from spinegrade.osteoporosis.facts import Answers, Facts
    from spinegrade.osteoporosis.rule import OsteoporosisRule
    from spinegrade.patients.contradictions import Known


def fractures_of(known: Known, who: pl.Series) -> Known:
    """Return some patients with their fractures."""
    mine = pl.col("patient").is_in(who.implode())
    return evolve(known, cohort=known.cohort.filter(mine), fractures=known.fractures.filter(mine))


def deciding_words(
    switch: str,
    rules: Sequence[OsteoporosisRule],
    by_setting: Mapping[str, Facts],
    where: NDArray[np.bool_],
) -> pl.Series:
    """Return of the patients ``where`` the rules whose answers hang on a switch; null where none does.

    ``rules`` that are not run, or to which the switch does not matter, are passed over; ``by_setting`` has
    the facts of these patients for each setting.
    """
    asked = [(one, one.condition) for one in rules if one.enabled and switch in one.switches]
    answers = {
        (rule.code, setting): weigh(condition, facts).answer
        for rule, condition in asked
        if condition is not None
        for setting, facts in by_setting.items()
    }
    words = np.full(len(where), None, dtype=object)
    if answers:
        words[where] = _words(switch, answers).to_numpy()
    return pl.Series(switch, words.tolist(), dtype=pl.String)


def _words(switch: str, answers: dict[tuple[str, str], Answers]) -> pl.Series:
    """Return what differs between settings, worded once for each way in which it does."""
    table = pl.DataFrame({f"{code} {setting}": answer for (code, setting), answer in answers.items()})
    kinds = table.unique(maintain_order=True)
    said = []
    for row in kinds.iter_rows():
        by_rule: dict[str, dict[str, str]] = {}
        for (code, setting), answer in zip(answers, row, strict=True):
            by_rule.setdefault(code, {})[setting] = ANSWERS[answer]
        found = (_of_rule(switch, code, by) for code, by in by_rule.items())
        said.append("; ".join(text for text in found if text) or None)
    kinds = kinds.with_columns(pl.Series("said", said, dtype=pl.String))
    return table.join(kinds, on=table.columns, how="left", maintain_order="left")["said"]


def _of_rule(switch: str, code: str, by: dict[str, str]) -> str:
    if len(set(by.values())) == 1:
        return ""
    return f"{code} by the switch {switch}: " + ", ".join(
        f"{setting} {answer}" for setting, answer in by.items()
    )
