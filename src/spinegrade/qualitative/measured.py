"""What is measured of vertebrae, to stand beside what readers answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade.anatomy import LEVELS
from spinegrade.assess import find, grade_rows
from spinegrade.io.arrays import as_spines
from spinegrade.io.columns import KEY, READING_KEY, ROW, TABLE_COLUMNS, UNIT
from spinegrade.qualitative.contours import ENDPLATES
from spinegrade.qualitative.depression import endplate_depression
from spinegrade.qualitative.koerber import CRITERIA, severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinegrade.assess import Method
    from spinegrade.io.arrays import Spines
    from spinegrade.qualitative.koerber import Severity, Weights

KEPT = (ROW, *(name for name in TABLE_COLUMNS if name not in ("image", "date", "shape", "comment")), UNIT)
"""Columns of a landmark table that are needed here."""

DEPRESSIONS = ("superior_depression", "inferior_depression")
POINTS = ("superior_points", "inferior_points")
BESIDE: dict[str, type[pl.DataType]] = {
    "grade": pl.Int64,
    **dict.fromkeys(("height_loss", *DEPRESSIONS), pl.Float64),
    **dict.fromkeys(POINTS, pl.Int64),
    "visual_grade": pl.Float64,
    "evaluable": pl.Boolean,
    "not_evaluable_reason": pl.String,
}
"""What stands beside the answers of a vertebra."""

ROWS_AT_ONCE = 200_000


def portions(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows of a landmark table, those of a reading together, some hundred thousand at a time."""
    first = pl.int_range(pl.len()).first().over(READING_KEY)
    rows = rows.with_columns(first.alias("_first")).sort("_first", maintain_order=True)
    starts = np.flatnonzero(np.diff(rows["_first"].to_numpy(), prepend=-1))
    rows = rows.drop("_first")
    cuts = np.unique(starts[np.searchsorted(starts, np.arange(0, rows.height, ROWS_AT_ONCE), "right") - 1])
    for begin, end in zip(cuts, [*cuts[1:], rows.height], strict=True):
        yield rows[int(begin) : int(end)]


def measure_rows(rows: pl.DataFrame, method: Method) -> pl.DataFrame:
    """Return key, level and `BESIDE` of the vertebrae within the method's levels."""
    spines = as_spines(rows)
    found = grade_rows(spines, method).select("grade", "height_loss")
    depression = endplate_depression(spines.points)
    frame = rows.select(*KEY, "visual_grade", "evaluable", "not_evaluable_reason").with_columns(
        found["grade"],
        found["height_loss"],
        *(pl.Series(name, depression[:, n], nan_to_null=True) for n, name in enumerate(DEPRESSIONS)),
    )
    three = (
        pl.when(pl.col(one).is_not_null()).then(3).alias(n)
        for one, n in zip(DEPRESSIONS, POINTS, strict=True)
    )
    frame = frame.with_columns(three)
    frame = frame.select(*KEY, *(pl.col(name).cast(kind) for name, kind in BESIDE.items()))
    return frame.filter(pl.col("level").is_in(method.levels.levels))


def with_contours(vertebrae: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the vertebrae with the depressions of the endplates of which there are contours."""
    for name, depression, points in zip(ENDPLATES, DEPRESSIONS, POINTS, strict=True):
        mine = found.filter(pl.col("endplate") == name).select(
            *KEY, pl.col("depression").alias("_depression"), pl.col("points").alias("_points")
        )
        given = pl.col("_points").is_not_null()
        vertebrae = (
            vertebrae.join(mine, on=KEY, how="left", maintain_order="left")
            .with_columns(
                pl.when(given).then("_depression").otherwise(depression).alias(depression),
                pl.when(given).then("_points").otherwise(points).alias(points),
            )
            .drop("_depression", "_points")
        )
    return vertebrae


SEVERITY: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("category", "words", "missing", "answers"), pl.String),
    **dict.fromkeys(("score", "kyphosis"), pl.Float64),
}


def severity_rows(rows: pl.DataFrame, method: Method, weights: Weights | None) -> pl.DataFrame:
    """Return the key of every reading and, by Koerber's criteria and the user's weights, `SEVERITY`."""
    spines = as_spines(rows)
    readings = rows.select(READING_KEY)[spines.firsts]
    if weights is None:
        return readings.with_columns(
            category=pl.lit(None, pl.String),
            words=pl.lit("not computed: it needs a file of weights"),
            missing=pl.lit("weights"),
            answers=pl.lit(None, pl.String),
            score=pl.lit(None, pl.Float64),
            kyphosis=pl.lit(None, pl.Float64),
        )
    found = _severity(spines, method, weights)
    terms = [found.terms[:, n] for n in range(len(CRITERIA))]
    names = np.array([*(one.name for one in weights.classes), ""])
    words = [
        _severity_words(*row)
        for row in zip(found.score.tolist(), names[found.category].tolist(), strict=True)
    ]
    return readings.with_columns(
        category=pl.Series(names[found.category].tolist(), dtype=pl.String).replace({"": None}),
        words=pl.Series(words, dtype=pl.String),
        missing=pl.Series([_missing(one) for one in zip(*terms, strict=True)], dtype=pl.String),
        answers=pl.Series([_terms(one) for one in zip(*terms, strict=True)], dtype=pl.String),
        score=pl.Series(found.score, nan_to_null=True),
        kyphosis=pl.Series(found.kyphosis, nan_to_null=True),
    )


def _severity(spines: Spines, method: Method, weights: Weights) -> Severity:
    grading = find(spines, method).grading
    loss = np.full((spines.count, len(LEVELS)), np.nan)
    shape = np.zeros(loss.shape, dtype=np.int64)
    points = np.full((*loss.shape, 6, 2), np.nan)
    loss[:, spines.window], shape[:, spines.window] = grading.height_loss, grading.shape
    points[:, spines.window] = spines.spread(spines.points)
    return severity(loss, shape, points, weights)


def _severity_words(score: float, name: str) -> str:
    if np.isnan(score):
        return "open: not everything that counts was measured"
    return f"severity {name}" if name else "a score below the first class"


def _missing(terms: tuple[float, ...]) -> str | None:
    return " ".join(n for n, value in zip(CRITERIA, terms, strict=True) if np.isnan(value)) or None


def _terms(terms: tuple[float, ...]) -> str | None:
    known = zip(CRITERIA, terms, strict=True)
    return "; ".join(f"{name}={value:.6g}" for name, value in known if not np.isnan(value)) or None
