"""Scans of a table of patients, each with what is known of the person on its day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import field, frozen

from spinegrade.bmd import INTERVALS, feasible, interval, months_between
from spinegrade.bmd_sites import FROM_PATIENTS
from spinegrade.patients.ages import OLDEST, last_day, years_between

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from spinegrade.patients.reading import Patients

_DAYS_A_MONTH = 365.25 / 12
_SEXES = {"F": 0, "M": 1}


@frozen
class OnTheDay:
    """How age and height on the day of a scan are found.

    Attributes
    ----------
    height_within
        Months that the height in the patients table may be away from the scan.
    same_day
        Whether, where a date is missing, the scan was on the day of that age and height.
    last
        The last day that a scan can be of.
    """

    height_within: float = 3.0
    same_day: bool = False
    last: date = field(factory=last_day)


def describe_scans(given: Patients, on: OnTheDay) -> pl.DataFrame:
    """Return the rows of the bmd table in their order, with what is known of the person on the day.

    Added are ``sex``, ``age``, ``height`` (cm), ``why_no_age`` and ``why_no_height``, ``feasible`` at that
    age, ``months_since`` the scan before of the site and the ``interval`` that this comes to.  Age is that on
    the day of the scan, never that of an exam; ``height_cm`` of the scan goes before that of the patients
    table.
    """
    frame = given.bmd.with_row_index("_scan").join(_people(given), "patient", "left", maintain_order="left")
    frame = _aged(frame, on)
    frame = _measured(frame, on)
    frame = _spaced(frame)
    suits = np.full(frame.height, np.nan)
    sites, ages = frame["site"].to_numpy(), _numbers(frame["age"])
    for theirs, ours in FROM_PATIENTS.items():
        here = sites == theirs
        suits[here] = feasible(ours, ages[here])
    return frame.with_columns(
        pl.Series("feasible", suits, nan_to_null=True).cast(pl.Boolean),
        pl.col("sex").replace_strict(_SEXES, default=-1, return_dtype=pl.Int64).alias("_sex"),
    )


def _people(given: Patients) -> pl.DataFrame:
    return given.patients.select(
        "patient",
        "sex",
        "birth_date",
        pl.col("age").alias("_age"),
        pl.col("date").alias("_day"),
        pl.col("height_cm").alias("_height"),
        pl.lit(value=True).alias("_known"),
    )


def _aged(frame: pl.DataFrame, on: OnTheDay) -> pl.DataFrame:
    """Return the scans with the age on their day, or why there is none."""
    day = pl.coalesce("date", "_day") if on.same_day else pl.col("date")
    shifted = pl.col("_age") + years_between(pl.col("_day"), day)
    age = pl.coalesce(years_between(pl.col("birth_date"), day), shifted)
    if on.same_day:
        age = pl.coalesce(age, "_age")
    at_day = years_between(pl.col("birth_date"), pl.col("_day"))
    reasons = {
        "patient not in the patients table": pl.col("_known").is_null(),
        "age of the patient differs by more than a year from birth_date and date": (
            (at_day - pl.col("_age")).abs() > 1
        ),
        "scan dated after today": day > on.last,
        "scan dated before the birth": age < 0,
        "age over 130 at the scan": age > OLDEST,
        "age not known: the scan has no date": age.is_null() & pl.col("date").is_null(),
        "age not known: the patient has no birth_date, nor an age with its date": age.is_null(),
    }
    frame = frame.with_columns(_first(reasons).alias("why_no_age"))
    return frame.with_columns(pl.when(pl.col("why_no_age").is_null()).then(age).alias("age"))


def _measured(frame: pl.DataFrame, on: OnTheDay) -> pl.DataFrame:
    """Return the scans with the height on their day, or why there is none."""
    away = (pl.col("date") - pl.col("_day")).dt.total_days().abs() / _DAYS_A_MONTH
    near = (away <= on.height_within).fill_null(value=on.same_day)
    height = pl.coalesce("height_cm", pl.when(near).then(pl.col("_height")))
    reasons = {
        "height not known": height.is_null() & pl.col("_height").is_null(),
        "height not used: its date or that of the scan is not known": height.is_null() & away.is_null(),
        f"height not used: more than {on.height_within:g} months from the scan": height.is_null(),
    }
    return frame.with_columns(height.alias("height"), _first(reasons).alias("why_no_height"))


def _first(reasons: dict[str, pl.Expr]) -> pl.Expr:
    """Return the first reason that holds, or null."""
    return pl.coalesce(pl.when(where).then(pl.lit(words)) for words, where in reasons.items())


def _spaced(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the scans with the months since the last earlier date of their site, and what that comes to."""
    key = ["patient", "site"]
    days = frame.select(*key, "date").drop_nulls().unique().sort(*key, "date")
    days = days.with_columns(pl.col("date").shift().over(key).alias("_before"))
    joined = frame.join(days, on=[*key, "date"], how="left", maintain_order="left")
    before, day = joined["_before"].to_numpy(), joined["date"].to_numpy()
    words = pl.Series([one or None for one in INTERVALS], dtype=pl.String)
    return joined.drop("_before").with_columns(
        pl.Series("months_since", months_between(before, day), nan_to_null=True).cast(pl.Int64),
        words.gather(interval(before, day).astype(np.uint32)).alias("interval"),
    )


def _numbers(series: pl.Series) -> NDArray[np.float64]:
    return series.cast(pl.Float64).fill_null(np.nan).to_numpy()
