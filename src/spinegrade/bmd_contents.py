"""Bone mineral apparent density of a table of mineral contents and areas.

The table is CSV with ``patient, site, bmc_g, area_cm2``; other columns are kept as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade import __version__
from spinegrade.bmd import apparent_density
from spinegrade.bmd_sites import SITES, site_named
from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.bmd_registry import Bmad

_NEEDED = ("patient", "site", "bmc_g", "area_cm2")
_MADE = ("bmad", "why_no_bmad", "equation", "version")
_MOST = {"bmc_g": 5000.0, "area_cm2": 5000.0}
"""g and cm2 that a whole body does not have: more is a slip of unit."""
_DENSITIES = (0.05, 10.0)
"""g/cm2 that content over area lies between; beyond them a unit has slipped (this project's choice)."""
_SLIP = "implausible: content over area is {} g/cm2; are they in g and cm2?"


def read_contents(path: Path) -> pl.DataFrame:
    """Return the table, its numbers as numbers and its sites in our words.

    Raises
    ------
    FormatError
        If it cannot be read, lacks a column, or has a cell that means nothing, by file and line.
    """
    try:
        raw = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"{path}: expected a CSV table, got: {str(error).splitlines()[0]}"
        raise FormatError(msg) from error
    for name in _NEEDED:
        if name not in raw.columns:
            msg = f"{path}: header: expected column {name!r}, got {', '.join(raw.columns)}"
            raise FormatError(msg)
    for name in _MADE:
        if name in raw.columns:
            msg = f"{path}: header: expected no column {name!r}, which is to be written, got one"
            raise FormatError(msg)
    sites = {words: None if words is None else site_named(words) for words in raw["site"].unique().to_list()}
    frame = raw.with_columns(
        pl.col("site").replace_strict(sites, return_dtype=pl.String),
        *(pl.col(name).str.strip_chars().cast(pl.Float64, strict=False) for name in _MOST),
    )
    _refuse(raw, frame["site"].is_in(SITES), path, "site", f"one of {', '.join(SITES)}")
    for name, most in _MOST.items():
        sound = frame[name].is_between(0, most) | (raw[name].fill_null("").str.strip_chars() == "")
        _refuse(raw, sound, path, name, f"a number from 0 to {most:g}, or nothing")
    return frame


def _refuse(raw: pl.DataFrame, sound: pl.Series, path: Path, name: str, wanted: str) -> None:
    wrong = (~sound.fill_null(value=False)).arg_true()
    if len(wrong):
        msg = f"{path}: line {wrong[0] + 2}: {name}: expected {wanted}, got {raw[name][wrong[0]]!r}"
        raise FormatError(msg)


def add_apparent(frame: pl.DataFrame, equation: Bmad, made_by: str) -> pl.DataFrame:
    """Return the rows with ``bmad``, or why there is none, and what it was made by.

    Raises
    ------
    RuleError
        If the equation has no exponent.
    """
    content, area = (frame[name].to_numpy() for name in _MOST)
    here = pl.col("site") == equation.site
    values = pl.Series("bmad", apparent_density(content, area, equation), nan_to_null=True)
    other = pl.lit(f"the equation is of {equation.site}")
    nothing = pl.lit("content or area missing or not above 0")
    density = pl.col("bmc_g") / pl.col("area_cm2")
    slip = pl.col("bmad").is_not_null() & ~density.is_between(*_DENSITIES)
    frame = frame.with_columns(pl.when(here).then(values).alias("bmad"))
    return frame.with_columns(
        pl.when(~slip).then("bmad").alias("bmad"),
        pl.when(~here)
        .then(other)
        .when(pl.col("bmad").is_null())
        .then(nothing)
        .when(slip)
        .then(pl.format(_SLIP, density.round_sig_figs(2)))
        .alias("why_no_bmad"),
        pl.lit(f"{equation.id}, {made_by}").alias("equation"),
        pl.lit(__version__).alias("version"),
    )
