"""Normals from a table of vertebral bodies on CT: a person a row, a column a measurement and level.

The table of CTSpinoPelvic1K (Gregory-Schwing-MD-PhD, ``morphometrics/level_gradients.csv``; its data card
says CC BY-NC-SA 4.0) has anterior heights ``body_height_L1_mm``, posterior ones ``body_height_post_L1_mm``,
and marks of measurements that failed; middle heights it has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.anatomy import LEVELS
from spinegrade.errors import FormatError
from spinegrade.norms.normals import from_rows
from spinegrade.norms.table import UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.norms.normals import Normals

_SEXES = {"female": 0, "male": 1}
_LICENCE = "as the table; the data card of CTSpinoPelvic1K says CC BY-NC-SA 4.0"


def is_ct_table(columns: list[str]) -> bool:
    """Return whether these are the columns of such a table."""
    return {"case", "sex", "age"} <= set(columns) and any(
        name.startswith("body_height_post_") for name in columns
    )


def read_ct_table(path: Path) -> Normals:
    """Return the normals in a table of body heights on CT.

    A level whose cut failed, or whose wedge ratio was rejected there, is left out.

    Raises
    ------
    FormatError
        If a cell is no number, a height that is used not above 0, or a person stands there again.
    """
    try:
        raw = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"{path}: expected a CSV table, got: {str(error).splitlines()[0]}"
        raise FormatError(msg) from error
    again = raw.filter(~pl.col("case").is_first_distinct())
    if again.height:
        msg = f"{path}: case: expected every person once, got {again['case'][0]} again"
        raise FormatError(msg)
    levels = [
        level
        for level in LEVELS
        if {f"body_height_{level}_mm", f"body_height_post_{level}_mm"} <= set(raw.columns)
    ]
    rows = pl.concat([_level(raw, level, path) for level in levels])
    _refuse_no_heights(rows.filter(~pl.col("failed")), path)
    used = rows.filter(pl.col("anterior").is_not_null() & pl.col("posterior").is_not_null())
    left_out = rows.filter(pl.col("failed")).height
    notes = (
        f"{left_out} vertebrae left out, their measurement marked as failed there",
        "middle heights: the table has none",
    )
    return from_rows(used.filter(~pl.col("failed")), f"CT body heights in {path.name}", _LICENCE, notes)


def _refuse_no_heights(rows: pl.DataFrame, path: Path) -> None:
    for name in ("anterior", "posterior"):
        wrong = rows.filter((pl.col(name) <= 0) | ~pl.col(name).is_finite())
        for patient, level, value in wrong.head(1).select("patient", "level", name).iter_rows():
            msg = f"{path}: case {patient}: {name} {level}: expected a height above 0, got {value:g}"
            raise FormatError(msg)


def _level(raw: pl.DataFrame, level: str, path: Path) -> pl.DataFrame:
    """Return the rows of one level."""
    marks = [name for name in (f"body_cut_failed_{level}", f"wedge_rejected_{level}") if name in raw.columns]
    numbers = ("age", f"body_height_{level}_mm", f"body_height_post_{level}_mm")
    for name in numbers:
        cast = raw[name].cast(pl.Float64, strict=False)
        lost = raw.filter(cast.is_null() & (raw[name].fill_null("").str.strip_chars() != ""))
        if lost.height:
            msg = f"{path}: case {lost['case'][0]}: {name}: expected a number, got {lost[name][0]!r}"
            raise FormatError(msg)
    age, anterior, posterior = (pl.col(name).cast(pl.Float64, strict=False) for name in numbers)
    failed = (
        pl.any_horizontal(pl.col(name).fill_null("") == "1" for name in marks)
        if marks
        else pl.lit(value=False)
    )
    return raw.select(
        pl.col("case").alias("patient"),
        pl.lit("CT").alias("exam"),
        pl.lit(level).alias("level"),
        anterior.alias("anterior"),
        pl.lit(None, pl.Float64).alias("middle"),
        posterior.alias("posterior"),
        pl.col("sex").replace_strict(_SEXES, default=UNKNOWN, return_dtype=pl.Int64).alias("sex"),
        age.alias("age"),
        failed.alias("failed"),
    )
