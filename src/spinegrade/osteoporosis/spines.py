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
from spinegrade.assess import summarise_rows, summary_schema
from spinegrade.io.columns import ROW
from spinegrade.osteoporosis.gaps import MARKS, Gaps, level_bits, mark_levels, marked_levels
from spinegrade.spine import summarise_spines

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        *mark_levels(spines, method),
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


def spine_schema(levels: LevelRange) -> dict[str, type[pl.DataType]]:
    """Return the columns of `spine_rows`."""
    visual: dict[str, type[pl.DataType]] = {f"visual_{level}": pl.Float64 for level in levels.levels}
    return {**summary_schema(levels), "date": pl.Date, "one_date": pl.Boolean, **MARKS, **visual}


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
    gaps
        Why levels have no grade.
    suspect
        ``(patients, levels)`` without a grade which a reader graded as fractured by eye; none where grades
        are visual ones.
    ever
        ``(patients, 2)`` levels that were fractured on any day: by all readings of that day, by any of them.
    """

    frame: pl.DataFrame
    levels: LevelRange
    low: Floats
    high: Floats
    unseen: Floats
    gaps: Gaps
    suspect: NDArray[np.bool_]
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
        pl.col(MARKS).bitwise_or(),
        *(pl.col(f"grade_{level}").is_not_null().any().alias(f"measured {level}") for level in levels.levels),
        *(pl.col(f"visual_{level}").max().alias(f"eye {level}") for level in levels.levels),
        *(pl.col(name).min().cast(pl.Float64).alias(f"low {name}") for name in names),
        *(pl.col(name).max().cast(pl.Float64).alias(f"high {name}") for name in names),
    )
    low, high = (_of_levels(grouped, end, names).astype(float) for end in ("low", "high"))
    measured, eye = (_of_levels(grouped, end, levels.levels) for end in ("measured", "eye"))
    marks = {name: marked_levels(grouped[name], len(names)) for name in MARKS}
    blank, by_eye = np.isnan(low), switches.grades == "visual"
    return Graded(
        grouped.select("patient", "exam", "date", "readings", "undated"),
        levels,
        low,
        high,
        grouped["unseen"].to_numpy(),
        Gaps.of(blank, marks, measured.astype(bool), by_eye=by_eye),
        blank & (eye.astype(float) >= switches.min_grade),
        _ever(readings, grouped.select("patient"), names, switches.min_grade),
    )


def _of_levels(grouped: pl.DataFrame, what: str, names: Iterable[str]) -> NDArray[np.generic]:
    """Return the ``(patients, levels)`` columns of something."""
    columns: NDArray[np.generic] = grouped.select(f"{what} {name}" for name in names).to_numpy()
    return columns


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
            level_words("unevaluable", graded.gaps.unevaluable, levels),
            level_words("unread", graded.gaps.unread, levels),
        ]
    )


def level_words(name: str, where: NDArray[np.bool_], levels: LevelRange) -> pl.Series:
    """Return the names of the levels of ``(patients, levels)`` that are marked; null where none is."""
    masks = pl.Series(name, level_bits(where), dtype=pl.Int64)
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
