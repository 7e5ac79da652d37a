"""What patients' tables say against themselves: named, and taken out of use, never guessed.

A cell that is contradicted becomes null, and a row says so in the column ``suspect``: the rules that
need it answer indeterminate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import evolve, frozen

from spinegrade.patients.ages import OLDEST, last_day, years_between
from spinegrade.patients.columns import BMD, EXPOSURES, FRACTURES
from spinegrade.patients.doubts import (
    COPY,
    SUSPECT,
    UNPLACED,
    UNTIMED,
    doubt_densities,
    doubt_exposures,
    doubt_fractures,
)
from spinegrade.patients.notes import fracture_named, note

if TYPE_CHECKING:
    from datetime import date

    from spinegrade.patients.reading import Patients

__all__ = ["COPY", "SUSPECT", "UNPLACED", "UNTIMED", "WITHOUT_ROW", "Known", "settle"]

WITHOUT_ROW = "without a usable row in the patients table"
"""How the contradiction of a patient ends whom only other tables or readings have."""


@frozen
class Known:
    """The tables of a cohort without what is contradicted, and what that was.

    Attributes
    ----------
    cohort
        A row a patient, with the years of the assessment in ``age`` and its ``date``.
    said
        ``patient, contradiction``: what was found.
    """

    cohort: pl.DataFrame
    fractures: pl.DataFrame
    bmd: pl.DataFrame
    exposures: pl.DataFrame
    said: pl.DataFrame


def settle(given: Patients, exams: pl.DataFrame, adult_from: float, *, last: date | None = None) -> Known:
    """Return what is known of the patients of the table, of the exams and of every other table.

    ``exams`` has ``patient``, the date of the latest exam and ``undated``; they come first.  Nothing is dated
    after the ``last`` day, today unless it is given.
    """
    last = last or last_day()
    found: list[pl.DataFrame] = []
    given = _without_spoilt(given, found)
    cohort = _cohort(given, exams, last, found)
    cohort = _aged(cohort, last, found)
    who = cohort.select(
        "patient", "birth_date", pl.col("age").alias("patient_age"), pl.col("date").alias("patient_date")
    )
    fractures = doubt_fractures(
        given.fractures.join(who, on="patient", how="left", maintain_order="left"), last, found
    )
    bmd = doubt_densities(
        given.bmd.join(who, on="patient", how="left", maintain_order="left"), adult_from, last, found
    )
    exposures = doubt_exposures(
        given.exposures.join(who, on="patient", how="left", maintain_order="left"), last, found
    )
    cohort, fractures = _trauma(cohort, fractures, found)
    said = pl.concat(found) if found else pl.DataFrame(schema=_SAID)
    return Known(cohort, fractures, bmd, exposures, said)


def _without_spoilt(given: Patients, found: list[pl.DataFrame]) -> Patients:
    """Return the tables so that rows that were left out count as not known, and say of whom they are.

    No list is complete that lacks one, and no scan the latest beside one that cannot be read.
    """
    if given.spoilt.is_empty():
        return given
    mine = {name: given.spoilt.filter(pl.col("table") == name) for name in (FRACTURES, EXPOSURES, BMD)}
    for name, rows in mine.items():
        note(found, rows, pl.lit(value=True), f"a row of {name} that cannot be read")
    lacking = {name: pl.col("patient").is_in(rows["patient"].implode()) for name, rows in mine.items()}
    complete = {"fractures_complete": lacking[FRACTURES], "exposures_complete": lacking[EXPOSURES]}
    scores = [name for name in given.bmd.columns if name.startswith("z") or name == "t"]
    return evolve(
        given,
        patients=given.patients.with_columns(
            pl.when(~where).then(name).alias(name) for name, where in complete.items()
        ),
        bmd=given.bmd.with_columns(pl.when(~lacking[BMD]).then(name).alias(name) for name in scores),
    )


_SAID = {"patient": pl.String, "contradiction": pl.String}


def _cohort(given: Patients, exams: pl.DataFrame, last: date, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return one row for everybody who occurs anywhere; ``since`` is the day of the table's age."""
    tables = {"readings": exams, FRACTURES: given.fractures, BMD: given.bmd, EXPOSURES: given.exposures}
    every = pl.concat([one.select("patient") for one in (exams, given.patients, *list(tables.values())[1:])])
    cohort = every.unique(maintain_order=True)
    for name, table in tables.items():
        lost = table.select("patient").unique(maintain_order=True).join(given.patients, "patient", how="anti")
        note(found, lost, pl.lit(value=True), f"in {name} {WITHOUT_ROW}")
    dates = exams.select("patient", pl.col("date").alias("exam_date"), "undated")
    cohort = cohort.join(dates, "patient", how="left", maintain_order="left")
    cohort = cohort.join(given.patients, "patient", how="left", maintain_order="left")
    note(found, cohort, pl.col("undated"), "several exams, not all dated: which is the latest is not known")
    late = pl.max_horizontal("exam_date", "date") > last
    note(found, cohort, late, "date of the exam or assessment after today")
    day = pl.coalesce("exam_date", "date")
    return cohort.with_columns(
        since="date", date=pl.when(day <= last).then(day), undated=pl.col("undated").fill_null(value=False)
    )


def _aged(cohort: pl.DataFrame, last: date, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the cohort with the age on its date, null where birth, dates and age contradict each other.

    An age that is given with its day grows by the years since; one without is that on the date.  Where it is
    not known which film is the latest, it lies between ``youngest`` and ``oldest``.
    """
    born, since = pl.col("birth_date"), pl.col("since")
    day = pl.when(~pl.col("undated")).then("date")
    later = pl.when(since <= last).then(pl.col("age") + years_between(since, day))
    cohort = cohort.with_columns(
        counted=years_between(born, day),
        grown=pl.when(since.is_null()).then("age").otherwise(later),
        then=years_between(born, pl.when(since.is_null()).then(day).when(since <= last).then(since)),
    )
    counted, grown = pl.col("counted"), pl.col("grown")
    early = ((counted < 0) | (grown < -1)).fill_null(value=False)
    unborn = (born > last).fill_null(value=False) & ~early
    wrong = {
        "date of the exam or assessment before the birth": early,
        "birth date after today": unborn,
        "age over 130 at the exam or assessment": pl.max_horizontal("counted", "grown") > OLDEST,
        "age differs by more than a year from birth_date and date": (
            ((pl.col("then") - pl.col("age")).abs() > 1) & ~early & ~unborn
        ),
    }
    for words, where in wrong.items():
        note(found, cohort, where, words)
    sound = ~pl.any_horizontal(where.fill_null(value=False) for where in wrong.values())
    impossible = unborn | (counted > OLDEST).fill_null(value=False)
    between = sound & pl.col("undated")
    return cohort.with_columns(
        youngest=pl.when(between).then(years_between(born, pl.col("date")).fill_null(0.0).clip(0.0)),
        oldest=pl.when(between).then(years_between(born, pl.lit(last))),
        age=pl.when(sound).then(pl.coalesce(counted, grown.clip(0))),
        birth_date=pl.when(~impossible).then(born),
    ).drop("counted", "grown", "then", "since")


def _trauma(
    cohort: pl.DataFrame, fractures: pl.DataFrame, found: list[pl.DataFrame]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return cohort and fractures without a word on trauma that the other contradicts.

    Neither is believed where trauma is denied and a vertebral fracture high-energy; where it is told and one
    is low-energy, that one may count by itself.
    """
    energies = (
        fractures.filter(pl.col("vertebra"))
        .group_by("patient")
        .agg(
            high=(pl.col("mechanism") == "high-energy").any(), low=(pl.col("mechanism") == "low-energy").any()
        )
    )
    cohort = cohort.join(energies, on="patient", how="left", maintain_order="left")
    told = pl.col("high_energy_trauma")
    denied, alone = ((one.fill_null(value=False)) for one in (~told & pl.col("high"), told & pl.col("low")))
    struck, low = (
        pl.col("vertebra")
        & (pl.col("mechanism") == energy)
        & pl.col("patient").is_in(cohort.filter(who)["patient"].to_list())
        for energy, who in (("high-energy", denied), ("low-energy", alone))
    )
    named = fracture_named()
    note(found, fractures, struck, "high_energy_trauma is false, a vertebral fracture high-energy", named)
    note(found, fractures, low, "high_energy_trauma is true, a vertebral fracture low-energy", named)
    fractures = fractures.with_columns(mechanism=pl.when(~struck.fill_null(value=False)).then("mechanism"))
    cohort = cohort.with_columns(high_energy_trauma=pl.when(~(denied | alone)).then(told))
    return cohort.drop("high", "low"), fractures
