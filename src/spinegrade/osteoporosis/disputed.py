"""Vertebrae that readers grade otherwise than the landmarks do, where that decides a diagnosis.

Six landmarks find 18 to 36 % of the vertebral fractures that radiologists see in children, with a
specificity of 95 to 98 % (Alqahtani 2017, Clin Radiol 72; Alqahtani 2019, Eur Radiol,
doi 10.1007/s00330-019-06250-4), so neither grade is taken to be right: whichever the switch ``grades`` chose,
it is said what the other would answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import evolve

from spinegrade.osteoporosis.alternatives import deciding_words, fractures_of
from spinegrade.osteoporosis.counting import count_fractures
from spinegrade.osteoporosis.spines import gather_grades
from spinegrade.osteoporosis.switches import GRADES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.anatomy import LevelRange
    from spinegrade.osteoporosis.facts import Facts
    from spinegrade.osteoporosis.rule import OsteoporosisRule
    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known


def disputed_words(
    rules: Sequence[OsteoporosisRule],
    known: Known,
    readings: pl.DataFrame,
    levels: LevelRange,
    facts: Facts,
    switches: Switches,
) -> pl.Series:
    """Return which rules for a diagnosis the readers' grades would decide otherwise; null where none.

    At the end, in brackets, stand the levels that are graded otherwise on any film.  ``readings`` are rows of
    `spine_rows`.
    """
    differing = readings.select("patient", *(_differs(level, switches.min_grade) for level in levels.levels))
    differing = differing.filter(pl.any_horizontal(levels.levels)).group_by("patient").agg(pl.all().any())
    where = known.cohort["patient"].is_in(differing["patient"].implode()).to_numpy()
    few, mine = fractures_of(known, differing["patient"]), facts.of(where)
    rows = readings.filter(pl.col("patient").is_in(differing["patient"].implode()))
    by_setting = dict.fromkeys(GRADES, mine)
    for setting in set(GRADES) - {switches.grades}:
        by = evolve(switches, grades=setting)
        counted = count_fractures(few, gather_grades(rows, levels, by), by)
        by_setting[setting] = evolve(
            mine, numbers=mine.numbers | counted.numbers, truths=mine.truths | counted.truths
        )
    diagnoses = [one for one in rules if one.says == "diagnosis"]
    words = deciding_words("grades", diagnoses, by_setting, where).alias("disputed")
    named = pl.concat_str(
        (pl.when(level).then(pl.lit(level)) for level in levels.levels), separator=" ", ignore_nulls=True
    )
    at = known.cohort.select("patient").join(
        differing.select("patient", named.alias("at")), on="patient", how="left", maintain_order="left"
    )
    return at.select(pl.format("{} ({})", words, "at").alias("disputed")).to_series()


def _differs(level: str, min_grade: float) -> pl.Expr:
    """Return where a level is a fracture by one of the grades and not by the other."""
    differs = (pl.col(f"grade_{level}") >= min_grade) != (pl.col(f"visual_{level}") >= min_grade)
    return differs.fill_null(value=False).alias(level)
