"""From graded readings to the grades of each patient's latest exam.

Readers may differ: a level then lies between the lowest and the highest grade that it was given, and nobody
is taken to be right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.anatomy import LEVELS, LevelRange
from spinegrade.assess import find, summarise_rows, summary_schema
from spinegrade.flags import Flag
from spinegrade.io.columns import ROW
from spinegrade.spine import summarise_spines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.assess import Method
    from spinegrade.io.arrays import Spines
    from spinegrade.osteoporosis.switches import Switches

    Floats = NDArray[np.float64]


def spine_rows(spines: Spines, method: Method) -> pl.DataFrame:
    """Return a row for every reading in `spine_schema`: summary, date, what was read, visual grades.

    The column `ROW` of each spine's first row comes along in front.
    """
    visual = np.full((spines.count, len(LEVELS)), np.nan)
    visual[:, spines.window] = spines.spread(spines.frame["visual_grade"].to_numpy())
    frame = summarise_rows(spines, method).with_columns(
        spines.frame["date"][spines.firsts].alias("date"),
        pl.Series("one_date", _one_date(spines)),
        pl.Series("without_norm", _without_norm(spines, method)),
        pl.Series("read", _read(spines, method.levels)),
        *(
            pl.Series(f"visual_{level}", visual[:, LEVELS.index(level)], nan_to_null=True)
            for level in method.levels.levels
        ),
    )
    return frame.select(ROW, *spine_schema(method.levels))


def _one_date(spines: Spines) -> NDArray[np.bool_]:
    """Return ``(spines,)`` whether all rows of a reading have one date, or none."""
    days = spines.frame["date"].cast(pl.Int32).fill_null(np.iinfo(np.int32).min).to_numpy()
    if not len(spines.firsts):
        return np.zeros(0, dtype=bool)
    same: NDArray[np.bool_] = np.minimum.reduceat(days, spines.firsts) == np.maximum.reduceat(
        days, spines.firsts
    )
    return same


def _without_norm(spines: Spines, method: Method) -> NDArray[np.int64]:
    """Return ``(spines,)`` how many levels to be graded could not be for want of a norm for these people."""
    if method.norms is None:
        return np.zeros(spines.count, dtype=np.int64)
    wanting = np.zeros((spines.count, len(LEVELS)), dtype=bool)
    wanting[:, spines.window] = find(spines, method).grading.flags & Flag.NO_NORM > 0
    count: NDArray[np.int64] = wanting[:, method.levels.indices].sum(axis=1)
    return count


def _read(spines: Spines, levels: LevelRange) -> NDArray[np.int64]:
    """Return ``(spines,)`` which levels of the range were read, bit by bit.

    A vertebra is that was marked as not evaluable or graded by eye, or that has all its landmarks.
    """
    marked = ~spines.frame["evaluable"].fill_null(value=True).to_numpy()
    seen = spines.frame["visual_grade"].is_not_null().to_numpy()
    done = marked | seen | np.isfinite(spines.points).all(axis=(1, 2))
    every = np.zeros((spines.count, len(LEVELS)), dtype=bool)
    every[:, spines.window] = spines.spread(done.astype(float)) == 1
    return _bits(every[:, levels.indices])


def _bits(where: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the ``(n, levels)`` marks as one number a row."""
    bits: NDArray[np.int64] = where @ (1 << np.arange(where.shape[1], dtype=np.int64))
    return bits


def spine_schema(levels: LevelRange) -> dict[str, type[pl.DataType]]:
    """Return the columns of `spine_rows`."""
    visual: dict[str, type[pl.DataType]] = {f"visual_{level}": pl.Float64 for level in levels.levels}
    own = {"date": pl.Date, "one_date": pl.Boolean, "without_norm": pl.Int64, "read": pl.Int64}
    return {**summary_schema(levels), **own, **visual}


@frozen
class Graded:
    """The grades of patients, ``(patients, levels)``, NaN for what could not be graded.

    Attributes
    ----------
    frame
        A row a patient: ``patient, exam, date, readings, undated``.
    low, high
        Lowest and highest grade that a reading gave each level.
    unseen
        ``(patients,)`` levels that a reading graded without a visual grade.
    without_norm
        ``(patients,)`` levels that were read and could not be graded for want of a norm.
    read
        ``(patients, levels)`` whether any reading read the level, be it to say that it cannot be evaluated.
    ever
        ``(patients, 2)`` levels that were fractured on any day: by all readings of that day, by any of them.
    """

    frame: pl.DataFrame
    levels: LevelRange
    low: Floats
    high: Floats
    unseen: Floats
    without_norm: Floats
    read: NDArray[np.bool_]
    ever: Floats


def gather_grades(readings: pl.DataFrame, levels: LevelRange, switches: Switches) -> Graded:
    """Return the grades of the latest exam of each patient, in the order of the patients' first rows.

    A fracture that has reshaped since was one: what earlier exams had stands in ``ever``.
    """
    latest = _latest(readings)
    prefix = "visual" if switches.grades == "visual" else "grade"
    names = [f"{prefix}_{level}" for level in levels.levels]
    unseen = pl.sum_horizontal(
        pl.col(f"grade_{level}").is_not_null() & pl.col(f"visual_{level}").is_null()
        for level in levels.levels
    )
    grouped = latest.group_by("patient", maintain_order=True).agg(
        pl.col("exam").unique(maintain_order=True).str.join(" "),
        pl.col("date").max(),
        pl.len().cast(pl.Int64).alias("readings"),
        pl.col("undated").first(),
        unseen.max().cast(pl.Float64).alias("unseen"),
        pl.col("without_norm").max().cast(pl.Float64).fill_null(0.0),
        pl.col("read").bitwise_or(),
        *(pl.col(name).min().cast(pl.Float64).alias(f"low {name}") for name in names),
        *(pl.col(name).max().cast(pl.Float64).alias(f"high {name}") for name in names),
    )
    low, high = (grouped.select(f"{end} {name}" for name in names).to_numpy() for end in ("low", "high"))
    return Graded(
        grouped.select("patient", "exam", "date", "readings", "undated"),
        levels,
        low.astype(float),
        high.astype(float),
        grouped["unseen"].to_numpy(),
        grouped["without_norm"].to_numpy(),
        grouped["read"].to_numpy()[:, None] >> np.arange(len(names)) & 1 > 0,
        _ever(readings, grouped.select("patient"), names, switches.min_grade),
    )


def _ever(readings: pl.DataFrame, patients: pl.DataFrame, names: list[str], min_grade: float) -> Floats:
    """Return the ``(patients, 2)`` least and most levels that were fractured on any day.

    Exams of one day are readings of one spine.
    """
    day = pl.coalesce(pl.col("date").cast(pl.String), "exam").alias("day")
    days = readings.group_by("patient", day).agg(
        *(pl.col(name).min().alias(f"low {name}") for name in names),
        *(pl.col(name).max().alias(f"high {name}") for name in names),
    )
    least, most = (
        pl.sum_horizontal((pl.col(f"{end} {name}") >= min_grade).any() for name in names).cast(pl.Float64)
        for end in ("low", "high")
    )
    ever = days.group_by("patient").agg(least.alias("least"), most.alias("most"))
    rows = patients.join(ever, on="patient", how="left", maintain_order="left").select("least", "most")
    return rows.to_numpy().astype(float)


def _latest(readings: pl.DataFrame) -> pl.DataFrame:
    """Return the readings of the latest exam; all of them where dates do not tell which that is."""
    exams = pl.col("exam").n_unique().over("patient")
    undated = (exams > 1) & pl.col("date").is_null().any().over("patient")
    last = pl.col("date").eq_missing(pl.col("date").max().over("patient"))
    return readings.with_columns(undated.alias("undated")).filter(pl.col("undated") | last)


def spine_columns(graded: Graded) -> pl.DataFrame:
    """Return what the grades add up to, as `spinegrade assess` has it; null where readings differ."""
    low, high, levels = graded.low, graded.high, graded.levels
    agreed = np.where(low == high, low, np.nan)
    least, most = (summarise_spines(spread_levels(grades, levels), levels) for grades in (low, high))
    one_sum = least.sdi == most.sdi
    differing = (low != high) & ~np.isnan(low)
    statuses = np.array(["normal", "fractured", "uninterpretable", "readings differ"])
    status = np.where(least.status == most.status, least.status, 3)
    sdi = np.where(one_sum, least.sdi, np.nan)
    return pl.DataFrame(
        [
            *(
                pl.Series(f"grade_{name}", np.ascontiguousarray(agreed[:, at]), nan_to_null=True)
                for at, name in enumerate(levels.levels)
            ),
            pl.Series("sdi", sdi, nan_to_null=True),
            pl.Series("sdi_low", least.sdi_low),
            pl.Series("sdi_high", most.sdi_high),
            pl.Series("fractured_low", least.fractured),
            pl.Series("fractured_high", most.fractured),
            pl.Series("evaluable", least.evaluable),
            pl.Series("status", statuses[status]),
            level_words("readings_differ", differing, levels),
            level_words("unevaluable", np.isnan(low) & graded.read, levels),
            level_words("unread", np.isnan(low) & ~graded.read, levels),
        ]
    )


def level_words(name: str, where: NDArray[np.bool_], levels: LevelRange) -> pl.Series:
    """Return the names of the levels of ``(patients, levels)`` that are marked; null where none is."""
    masks = pl.Series(name, _bits(where), dtype=pl.Int64)
    found = masks.unique().to_list()
    words = [
        " ".join(level for at, level in enumerate(levels.levels) if mask >> at & 1) or None for mask in found
    ]
    return masks.replace_strict(found, words, return_dtype=pl.String)


def spread_levels(grades: Floats, levels: LevelRange) -> Floats:
    """Return grades of a run of levels as grades of all 23."""
    every = np.full((len(grades), len(LEVELS)), np.nan)
    every[:, levels.indices] = grades
    return every
