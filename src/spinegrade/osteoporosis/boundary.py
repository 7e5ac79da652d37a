"""Fractures at an age that is "age 10" or "age 19" by one reading of the words and is not by another.

Sources say "by age 10" and "up to age 19".  A long-bone fracture between the 10th and 11th or the 19th and
20th birthday therefore counts or not by the switch ``by_age``: whichever way that decided a rule, it is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import evolve

from spinegrade.osteoporosis.conditions import weigh
from spinegrade.osteoporosis.counting import count_long_bones
from spinegrade.osteoporosis.facts import ANSWERS
from spinegrade.osteoporosis.switches import BY_AGE
from spinegrade.patients.contradictions import SUSPECT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.osteoporosis.facts import Answers, Facts
    from spinegrade.osteoporosis.rule import OsteoporosisRule
    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known

_SWITCH = "by_age"


def boundary_words(
    rules: Sequence[OsteoporosisRule], known: Known, facts: Facts, switches: Switches
) -> pl.Series:
    """Return which rules such a fracture decides, with their answers by setting; null where none."""
    age = pl.col("age_at")
    between = age.is_between(10, 11, closed="left") | age.is_between(19, 20, closed="left")
    bone = pl.col("long_bone").fill_null(value=True) & ~pl.col(SUSPECT)
    who = known.fractures.filter(between & bone)["patient"].unique().to_list()
    where = known.cohort["patient"].is_in(who).to_numpy()
    answers = _answers(rules, known, facts.of(where), switches, who)
    words = np.full(facts.count, None, dtype=object)
    if answers:
        words[where] = _words(answers).to_numpy()
    return pl.Series("boundary", words.tolist(), dtype=pl.String)


def _answers(
    rules: Sequence[OsteoporosisRule], known: Known, facts: Facts, switches: Switches, who: list[str]
) -> dict[tuple[str, str], Answers]:
    """Return the answers of the rules to which the switch matters, by code and setting."""
    asked = [(one, one.condition) for one in rules if one.enabled and _SWITCH in one.switches]
    within = pl.col("patient").is_in(who)
    few = evolve(known, cohort=known.cohort.filter(within), fractures=known.fractures.filter(within))
    found: dict[tuple[str, str], Answers] = {}
    for setting in BY_AGE:
        counts = count_long_bones(few, evolve(switches, by_age=setting))
        other = evolve(facts, numbers=facts.numbers | counts)
        found |= {(rule.code, setting): weigh(how, other).answer for rule, how in asked if how is not None}
    return found


def _words(answers: dict[tuple[str, str], Answers]) -> pl.Series:
    """Return what differs between settings, worded once for each way in which it does."""
    table = pl.DataFrame({f"{code} {setting}": answer for (code, setting), answer in answers.items()})
    kinds = table.unique(maintain_order=True)
    said = []
    for row in kinds.iter_rows():
        by_rule: dict[str, dict[str, str]] = {}
        for (code, setting), answer in zip(answers, row, strict=True):
            by_rule.setdefault(code, {})[setting] = ANSWERS[answer]
        said.append("; ".join(text for text in map(_of_rule, by_rule, by_rule.values()) if text) or None)
    kinds = kinds.with_columns(pl.Series("said", said, dtype=pl.String))
    return table.join(kinds, on=table.columns, how="left", maintain_order="left")["said"]


def _of_rule(code: str, by: dict[str, str]) -> str:
    if len(set(by.values())) == 1:
        return ""
    return f"{code} by the switch {_SWITCH}: " + ", ".join(
        f"{setting} {answer}" for setting, answer in by.items()
    )
