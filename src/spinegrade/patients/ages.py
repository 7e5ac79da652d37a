"""Years and months between dates, as calendars count them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

OLDEST = 130.0
"""Years that nobody was alive for."""
_WRITTEN = date(2026, 11, 21)


def last_day() -> date:
    """Return the last day that something can have happened on: tomorrow, which may have begun elsewhere.

    A clock that runs behind puts no date in doubt: it is not earlier than when this was written.
    """
    return max(datetime.now(UTC).date(), _WRITTEN) + timedelta(days=1)


def years_between(birth: pl.Expr, then: pl.Expr) -> pl.Expr:
    """Return years from one date to the other; a whole number exactly on a birthday, else between two."""
    before = _day_of_year(then) < _day_of_year(birth)
    whole = (then.dt.year() - birth.dt.year()).cast(pl.Float64) - before.cast(pl.Float64)
    birthday = _day_of_year(then) == _day_of_year(birth)
    days = (then - birth).dt.total_days().cast(pl.Float64)
    part = (days / 365.25 - whole).clip(0.001, 0.999)
    return whole + pl.when(birthday).then(0.0).otherwise(part)


def _day_of_year(date: pl.Expr) -> pl.Expr:
    """Return a number that orders days by month and day."""
    return date.dt.month().cast(pl.Int32) * 100 + date.dt.day().cast(pl.Int32)


def months_between(first: pl.Expr, then: pl.Expr) -> pl.Expr:
    """Return calendar months from one date to a later one; a whole number on the same day of a month.

    The last day of a month stands for the days that it lacks: 31 August to 28 February are six months.
    """
    day, other = first.dt.day(), then.dt.day()
    last = (other < day) & (then == then.dt.month_end())
    years, months = (then.dt.year() - first.dt.year()), then.dt.month().cast(pl.Int32) - first.dt.month()
    whole = (years * 12 + months).cast(pl.Float64) - ((other < day) & ~last).cast(pl.Float64)
    days = (then - first).dt.total_days().cast(pl.Float64)
    part = (days / (365.25 / 12) - whole).clip(0.001, 0.999)
    return whole + pl.when((other == day) | last).then(0.0).otherwise(part)
