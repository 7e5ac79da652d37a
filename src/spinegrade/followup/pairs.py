"""Which readings are compared: those of one patient by one reader, in the order of their dates."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, get_args

import polars as pl
from attrs import frozen

from spinegrade.io.columns import READING_KEY
from spinegrade.patients.ages import last_day

if TYPE_CHECKING:
    from collections.abc import Iterator

PairChoice = Literal["consecutive", "first-last", "all"]
PAIR_CHOICES: tuple[PairChoice, ...] = get_args(PairChoice)

_FIRST_DAY = date(1895, 11, 8)
"""When X-rays were discovered."""

_SERIES = ("patient", "reader", "occasion")


@frozen
class Paired:
    """Readings in series, and the pairs to compare.

    Attributes
    ----------
    readings
        ``spine`` (where the reading stands among those given), `READING_KEY`, ``date``, ``series``
        (0, 1, ...) and ``film`` (0, 1, ... in the order of the dates).
    pairs
        ``first`` and ``second``: rows of ``readings``.
    problems
        What could not be used, and has to be put right.
    alone
        `READING_KEY` and date of readings that there is nothing to compare with, and ``others``: whether the
        patient has other dates, read by others or on another occasion.
    """

    readings: pl.DataFrame
    pairs: pl.DataFrame
    problems: list[str]
    alone: pl.DataFrame


def pair_readings(
    readings: pl.DataFrame, choice: PairChoice = "consecutive", *, across_readers: bool = False
) -> Paired:
    """Return the pairs among readings, which have `READING_KEY` and ``date``, one a row.

    A series is what one reader read of one patient on one occasion; with ``across_readers`` all that is
    there of a patient, as long as every date was read once.  Readings without a date that a film can have,
    and two of one series and date, take no part: nobody can say which is the later one.
    """
    by = ["patient"] if across_readers else list(_SERIES)
    given = readings.select(pl.int_range(pl.len(), dtype=pl.Int64).alias("spine"), *READING_KEY, "date")
    possible = pl.col("date").is_between(_FIRST_DAY, last_day())
    twice = possible & (pl.len().over([*by, "date"]) > 1)
    problems = [
        *_misdated(given.filter(possible.not_().fill_null(value=True))),
        *_twice(given.filter(twice), by),
    ]
    usable = given.filter(possible & ~twice).sort([*by, "date"], maintain_order=True)
    placed = usable.with_columns(
        (pl.struct(by).rank("dense").cast(pl.Int64) - 1).alias("series"),
        pl.int_range(pl.len(), dtype=pl.Int64).over(by).alias("film"),
    )
    alone = (
        placed.with_columns((pl.col("date").n_unique().over("patient") > 1).alias("others"))
        .filter(pl.len().over("series") == 1)
        .select(*READING_KEY, "date", "others")
    )
    return Paired(placed, _pairs(placed, choice), problems, alone)


def _pairs(placed: pl.DataFrame, choice: PairChoice) -> pl.DataFrame:
    here = placed.select(pl.int_range(pl.len(), dtype=pl.Int64).alias("row"), "series", "film")
    if choice == "all":
        both = here.join(here, on="series", how="inner", suffix="_later").filter(
            pl.col("film") < pl.col("film_later")
        )
        return both.select(first="row", second="row_later").sort("first", "second")
    if choice == "first-last":
        ends = here.group_by("series", maintain_order=True).agg(
            first=pl.col("row").first(), second=pl.col("row").last()
        )
        return ends.filter(pl.col("first") < pl.col("second")).select("first", "second")
    return here.filter(pl.col("film") > 0).select(first=pl.col("row") - 1, second="row")


def _misdated(given: pl.DataFrame) -> Iterator[str]:
    for exam, reader, occasion, on in given.select(*READING_KEY[1:], "date").iter_rows():
        expected = "one, got none" if on is None else f"one from {_FIRST_DAY.year} to today, got {on}"
        yield f"exam {exam}, read by {reader}, occasion {occasion}: date: expected {expected}"


def _twice(given: pl.DataFrame, by: list[str]) -> Iterator[str]:
    for _, rows in given.group_by([*by, "date"], maintain_order=True):
        exams = " and ".join(
            f"{exam} (by {reader}, occasion {occasion})"
            for exam, reader, occasion in rows.select(READING_KEY[1:]).iter_rows()
        )
        yield (
            f"patient {rows['patient'][0]}, {rows['date'][0]}: date: expected one reading a date, "
            f"got exams {exams}; nobody can say which is the later one"
        )


def mixed_dates(rows: pl.DataFrame) -> list[str]:
    """Return the readings whose rows have two dates, in words."""
    if rows.is_empty():
        return []
    mixed = rows.group_by(READING_KEY, maintain_order=True).agg(pl.col("date").n_unique())
    return [
        f"exam {exam}, read by {reader}, occasion {occasion}: date: expected one a reading, got {dates}"
        for _, exam, reader, occasion, dates in mixed.filter(pl.col("date") > 1).iter_rows()
    ]
