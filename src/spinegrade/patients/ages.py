"""Years between dates, as birthdays count them."""

from __future__ import annotations

import polars as pl


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
