"""Daily doses of glucocorticoids over time: what was taken at once is added up, what adjoins goes on.

A dose has been held for some months where the total never fell below it between the first and the last of
their days.  The total is that of all courses of the day; a day between two courses ends what was held.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from spinegrade.osteoporosis.facts import TOLERANCE
from spinegrade.patients.contradictions import COPY, SUSPECT

_DAYS = 365.25 / 12
_UNEVEN = 0.1
"""Months by which some months of 28 to 31 days differ from as many of the same length."""
_ENDLESS = float("inf")
_FIRST, _LAST = date(1800, 1, 1), date(3000, 1, 1)


def held_doses(courses: pl.DataFrame, months: float) -> pl.DataFrame:
    """Return ``patient, sure, may``: the highest daily dose that was held so long, between bounds.

    ``courses`` has ``patient, dose`` (null where it is not known), ``named`` where it is certainly a
    glucocorticoid, dates, months and whether a row is suspect or a copy.
    """
    long = pl.col("months") >= months - TOLERANCE
    most = pl.col("dose").fill_null(_ENDLESS)
    alone = courses.group_by("patient").agg(
        sure=pl.when(pl.col("named") & long).then("dose").max(),
        may=pl.when(_loose(suspect=True) | long.fill_null(value=True)).then(most).max(),
        several=pl.len() > 1,
    )
    rows = courses.filter(pl.len().over("patient") > 1)
    if rows.is_empty():
        return alone.drop("several")
    together = _together(rows, months)
    sure = pl.max_horizontal("sure", "sure_together")
    may = pl.when("several").then("may_together").otherwise("may")
    return alone.join(together, on="patient", how="left").select(
        "patient", sure.alias("sure"), pl.max_horizontal(sure, may).alias("may")
    )


def _loose(*, suspect: bool = False) -> pl.Expr:
    """Return where a course cannot be placed in time, or contradicts itself."""
    wrong = pl.col(SUSPECT) & ~pl.col(COPY)
    return wrong if suspect else wrong | (pl.col("start_date").is_null() & pl.col("end_date").is_null())


def _together(rows: pl.DataFrame, months: float) -> pl.DataFrame:
    """Return what the courses of each patient come to together.

    Courses without dates may lie anywhere.  As long as they fill a part of the months only, no dose is held
    above the highest total of the others; where they could fill all, their milligrams can be spread over it.
    """
    length = max(months, 1 / _DAYS)
    rows = rows.with_columns(*_stay(), pl.col("patient").rank("dense").alias("who"))
    sure = rows.filter(pl.col("named") & pl.col("dose").is_not_null() & (pl.col("begin") < pl.col("end")))
    placed = rows.filter(~_loose())
    lasting = pl.when(_loose(suspect=True)).then(None).otherwise("months").fill_null(_ENDLESS)
    part = pl.min_horizontal(lasting, length) / length
    mass = pl.when(part > 0).then(part * pl.col("dose").fill_null(_ENDLESS)).otherwise(0.0)
    found = rows.group_by("who").agg(
        pl.col("patient").first(),
        loose=lasting.filter(_loose()).sum(),
        mass=mass.filter(_loose()).sum(),
    )
    spans = placed.group_by("who").agg(
        span=((pl.col("may_end") - pl.col("may_begin")).dt.total_days() / _DAYS).sum()
    )
    certain = _held(sure.rename({"begin": "from", "end": "until"}), length).select(
        "who", sure_together="held"
    )
    possible = _held(placed.rename({"may_begin": "from", "may_end": "until"}), length)
    for other in (spans, certain, possible):
        found = found.join(other, on="who", how="left")
    held, peak = pl.col("held").fill_null(0.0), pl.col("peak").fill_null(0.0)
    short = pl.col("loose") + pl.col("span").fill_null(0.0) < length - _UNEVEN
    may = (
        pl.when((pl.col("loose") == 0) | short)
        .then(held)
        .when(pl.col("loose") < length - TOLERANCE)
        .then(peak)
        .otherwise(peak + pl.col("mass"))
    )
    return found.select("patient", "sure_together", may.alias("may_together"))


def _stay() -> list[pl.Expr]:
    """Return the day a course began and the day after its last, as far as known, and as far as possible.

    Months stand in for one of the dates where that is not given.
    """
    start, after = pl.col("start_date"), pl.col("end_date").dt.offset_by("1d")
    months = pl.when(start.is_null() | after.is_null()).then("months")
    begin = pl.coalesce(start, after.dt.offset_by(_calendar(months, "-")))
    end = pl.coalesce(after, start.dt.offset_by(_calendar(months)))
    return [
        begin.alias("begin"),
        end.alias("end"),
        pl.coalesce(begin, "birth_date", pl.lit(_FIRST)).alias("may_begin"),
        end.fill_null(_LAST).alias("may_end"),
    ]


def _calendar(months: pl.Expr, sign: str = "") -> pl.Expr:
    """Return months in the words of polars, what is left of them in days."""
    days = ((months % 1) * _DAYS).round().cast(pl.Int64)
    return pl.format(sign + "{}mo{}d", months.floor().cast(pl.Int64), days)


def _held(rows: pl.DataFrame, months: float) -> pl.DataFrame:
    """Return ``who, held, peak`` of courses ``from`` a day ``until`` before another, taken together.

    ``held`` is the highest total that lasted; a run of days that does so begins where a course does, or ends.
    """
    unknown = pl.col("dose").is_null().cast(pl.Int32)
    dose = pl.col("dose").fill_null(0.0)
    steps = pl.concat(
        [
            rows.select("who", pl.col("from").alias("day"), dose=dose, unknown=unknown),
            rows.select("who", pl.col("until").alias("day"), dose=-dose, unknown=-unknown),
        ]
    )
    steps = steps.group_by("who", "day").agg(pl.col("dose", "unknown").sum()).sort("who", "day")
    steps = steps.with_columns(pl.col("dose", "unknown").cum_sum().over("who"))
    steps = steps.with_columns(total=pl.when(pl.col("unknown") > 0).then(_ENDLESS).otherwise("dose"))
    days = max(round((months % 1) * _DAYS), 0 if months >= 1 else 1)
    least = steps.rolling(
        "day", period=f"{int(months)}mo{days}d", offset="0d", closed="left", group_by="who"
    ).agg(pl.col("total").min())
    peaks = steps.group_by("who").agg(peak=pl.col("total").max())
    return least.group_by("who").agg(held=pl.col("total").max()).join(peaks, on="who")
