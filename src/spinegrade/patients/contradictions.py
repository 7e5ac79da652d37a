"""What patients' tables say against themselves: named, and taken out of use, never guessed.

A cell that is contradicted becomes null, and a row says so in the column ``suspect``: the rules that
need it answer indeterminate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from spinegrade.patients.ages import months_between, years_between
from spinegrade.patients.columns import (
    BMD,
    EXPOSURES,
    FRACTURES,
    GLUCOCORTICOID,
    GLUCOCORTICOIDS,
    LONG_BONES,
    OTHER_BONES,
    VERTEBRA,
)

if TYPE_CHECKING:
    from spinegrade.patients.reading import Patients

SUSPECT = "suspect"
"""Whether a row of a table contradicts something, so that it proves nothing and excludes nothing."""

_LEVEL = r"^[CTL]\d+$"


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


def settle(given: Patients, exams: pl.DataFrame, adult_from: float) -> Known:
    """Return what is known of the patients of the table, of the exams and of every other table.

    ``exams`` has ``patient``, the date of the latest exam and ``undated``; they come first.
    """
    found: list[pl.DataFrame] = []
    cohort = _cohort(given, exams, found)
    cohort = _aged(cohort, found)
    who = cohort.select(
        "patient", "birth_date", pl.col("age").alias("patient_age"), pl.col("date").alias("patient_date")
    )
    fractures = _fractures(given.fractures.join(who, on="patient", how="left"), found)
    bmd = _densities(given.bmd.join(who, on="patient", how="left"), adult_from, found)
    exposures = _exposures(given.exposures.join(who, on="patient", how="left"), found)
    cohort = _trauma(cohort, fractures, found)
    said = pl.concat(found) if found else pl.DataFrame(schema=_SAID)
    return Known(cohort, fractures, bmd, exposures, said)


_SAID = {"patient": pl.String, "contradiction": pl.String}


def _note(found: list[pl.DataFrame], frame: pl.DataFrame, where: pl.Expr, words: pl.Expr | str) -> None:
    """Add what is wrong with the rows ``where`` it is."""
    text = pl.lit(words) if isinstance(words, str) else words
    rows = frame.filter(where.fill_null(value=False)).select("patient", text.alias("contradiction"))
    if rows.height:
        found.append(rows.cast(pl.String))


def _cohort(given: Patients, exams: pl.DataFrame, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return one row for everybody who occurs anywhere."""
    tables = {"readings": exams, FRACTURES: given.fractures, BMD: given.bmd, EXPOSURES: given.exposures}
    every = pl.concat([one.select("patient") for one in (exams, given.patients, *list(tables.values())[1:])])
    cohort = every.unique(maintain_order=True)
    for name, table in tables.items():
        lost = table.select("patient").unique(maintain_order=True).join(given.patients, "patient", how="anti")
        _note(found, lost, pl.lit(value=True), f"in {name} but not in the patients table")
    dates = exams.select("patient", pl.col("date").alias("exam_date"), "undated")
    cohort = cohort.join(dates, "patient", how="left", maintain_order="left")
    cohort = cohort.join(given.patients, "patient", how="left", maintain_order="left")
    _note(found, cohort, pl.col("undated"), "several exams, not all dated: which is the latest is not known")
    return cohort.with_columns(
        date=pl.coalesce("exam_date", "date"), undated=pl.col("undated").fill_null(value=False)
    )


def _aged(cohort: pl.DataFrame, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the cohort with ages, null where birth, date and age contradict each other."""
    counted = years_between(pl.col("birth_date"), pl.col("date"))
    cohort = cohort.with_columns(counted=pl.when(~pl.col("undated")).then(counted))
    early = pl.col("counted") < 0
    differs = (pl.col("counted") - pl.col("age")).abs() > 1
    _note(found, cohort, early, "date of the exam or assessment before the birth")
    _note(found, cohort, differs & ~early, "age differs by more than a year from birth_date and date")
    no_use = (early | differs).fill_null(value=False)
    age = pl.when(~no_use).then(pl.coalesce("counted", "age"))
    return cohort.with_columns(age=age).drop("counted")


def _fractures(frame: pl.DataFrame, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the fractures with ``vertebra`` and ``long_bone`` as far as the site tells."""
    site = pl.col("site")
    vertebra = (site == VERTEBRA) | site.str.contains(_LEVEL)
    none = vertebra | site.is_in(OTHER_BONES)
    told = pl.when(site.is_in(LONG_BONES)).then(pl.lit(value=True)).when(none).then(pl.lit(value=False))
    by_date = years_between(pl.col("birth_date"), pl.col("date"))
    frame = frame.with_columns(vertebra=vertebra.alias("vertebra"), told=told, by_date=by_date)
    age_at = pl.coalesce("age_at", "by_date")
    wrong = {
        f"fracture at an age above the patient{chr(39)}s": age_at > pl.col("patient_age") + 1e-9,
        "fracture dated before the birth": pl.col("by_date") < 0,
        "fracture dated after the exam or assessment": (
            pl.col("by_date").is_null() & (pl.col("date") > pl.col("patient_date"))
        ),
        "fracture whose age_at and date differ by more than a year": (
            (pl.col("age_at") - pl.col("by_date")).abs() > 1
        ),
        "fracture whose site and long_bone contradict each other": pl.col("told") != pl.col("long_bone"),
    }
    for words, where in wrong.items():
        _note(found, frame, where, words)
    suspect = pl.any_horizontal(where.fill_null(value=False) for where in wrong.values())
    return frame.with_columns(
        suspect.alias(SUSPECT), age_at=age_at, long_bone=pl.coalesce("long_bone", "told")
    ).drop("told", "by_date")


def _densities(frame: pl.DataFrame, adult_from: float, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the densities without z-scores and T-scores that are no use."""
    z, t = pl.col("z"), pl.col("t")
    has_z = pl.any_horizontal(pl.col("z", "z_low", "z_high", "z_height_adjusted").is_not_null())
    bare = has_z & pl.col("reference").is_null()
    unlike = pl.col("reference_device").str.to_lowercase() != pl.col("device").str.to_lowercase()
    unlike = has_z & unlike & pl.col("conversion").is_null()
    early = pl.col("date") < pl.col("birth_date")
    outside = (pl.col("z_low") > pl.col("z_high")) | (z < pl.col("z_low")) | (z > pl.col("z_high"))
    childs = t.is_not_null() & (pl.col("patient_age") < adult_from)
    wrong = {
        "z-score without a reference": bare,
        "z-score by a reference of another device, without a conversion": unlike,
        "scan dated before the birth": early,
        "z-score outside its own interval": outside,
    }
    for words, where in (*wrong.items(), ("T-score in a child: not used", childs)):
        _note(found, frame, where, words)
    suspect = pl.any_horizontal(where.fill_null(value=False) for where in wrong.values())
    adult = (pl.col("patient_age") >= adult_from) & ~early.fill_null(value=False)
    return frame.with_columns(
        suspect.alias(SUSPECT),
        has_z.alias("has_z"),
        t=pl.when(adult).then(t),
        unusable_t=t.is_not_null() & early,
    )


def _exposures(frame: pl.DataFrame, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the exposures with their months, first and last day included."""
    begin, end = pl.col("start_date"), pl.col("end_date")
    frame = frame.with_columns(by_date=months_between(begin, end.dt.offset_by("1d")))
    steroid = pl.col("agent").str.to_lowercase().is_in(GLUCOCORTICOIDS)
    other = steroid & (pl.col("exposure") != GLUCOCORTICOID)
    wrong = {
        "exposure that ends before it begins": end < begin,
        "exposure dated before the birth": pl.min_horizontal(begin, end) < pl.col("birth_date"),
        "exposure whose months and dates differ by more than a month": (
            (pl.col("months") - pl.col("by_date")).abs() > 1
        ),
    }
    for words, where in (*wrong.items(), ("glucocorticoid listed as another exposure", other)):
        _note(found, frame, where, words)
    suspect = pl.any_horizontal(where.fill_null(value=False) for where in wrong.values())
    return frame.with_columns(
        suspect.alias(SUSPECT),
        exposure=pl.when(~other.fill_null(value=False)).then("exposure"),
        months=pl.when(~suspect).then(pl.coalesce("months", "by_date")),
    ).drop("by_date")


def _trauma(cohort: pl.DataFrame, fractures: pl.DataFrame, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the cohort without a denial of trauma that a vertebral fracture contradicts."""
    struck = fractures.filter(pl.col("vertebra") & (pl.col("mechanism") == "high-energy"))
    denied = pl.col("high_energy_trauma").eq_missing(False) & pl.col("patient").is_in(  # noqa: FBT003
        struck["patient"].unique().to_list()
    )
    _note(found, cohort, denied, "high_energy_trauma is false, a vertebral fracture high-energy")
    return cohort.with_columns(high_energy_trauma=pl.when(~denied).then("high_energy_trauma"))
