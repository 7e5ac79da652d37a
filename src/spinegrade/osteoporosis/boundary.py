"""Fractures at an age that is "age 10" or "age 19" by one reading of the words and is not by another.

Sources say "by age 10" and "up to age 19".  A long-bone fracture between the 10th and 11th or the 19th and
20th birthday, or that may lie there, therefore counts or not by the switch ``by_age``: whichever way that
decided a rule, it is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import evolve

from spinegrade.osteoporosis.alternatives import deciding_words, fractures_of
from spinegrade.osteoporosis.ledger import LIMITS, count_long_bones
from spinegrade.osteoporosis.switches import BY_AGE
from spinegrade.patients.contradictions import UNPLACED, UNTIMED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.osteoporosis.facts import Facts
    from spinegrade.osteoporosis.rule import OsteoporosisRule
    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known


def boundary_words(
    rules: Sequence[OsteoporosisRule], known: Known, facts: Facts, switches: Switches
) -> pl.Series:
    """Return which rules such a fracture decides, with their answers by setting; null where none."""
    earliest, latest = pl.col("age_low").fill_null(0.0), pl.coalesce("age_high", "patient_age")
    between = pl.any_horizontal(
        (earliest < limit + 1) & (latest >= limit).fill_null(value=True) for limit in LIMITS
    )
    bone = pl.col("long_bone").fill_null(value=True) | pl.col(UNPLACED)
    who = known.fractures.filter((between | pl.col(UNTIMED)) & bone)["patient"].unique()
    where = known.cohort["patient"].is_in(who.implode()).to_numpy()
    few, mine = fractures_of(known, who), facts.of(where)
    by_setting = {
        setting: evolve(mine, numbers=mine.numbers | count_long_bones(few, evolve(switches, by_age=setting)))
        for setting in BY_AGE
    }
    return deciding_words("by_age", rules, by_setting, where).alias("boundary")
