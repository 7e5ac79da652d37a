"""BMD references that a user loads: L, M and S by site, sex and age, and adjustments for height.

Tables are CSV.  A reference has a row for each ``reference, site, sex, age`` (and ``group``, where it has
groups) with ``l, m, s``, and a ``device``; an adjustment has ``reference, site, sex, intercept, slope`` of
age-z on height-z.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import field, frozen

from spinegrade.errors import RuleError
from spinegrade.norms.lms import Curve, Lms
from spinegrade.norms.table import SEXES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_TEXT = ("reference", "site", "sex", "group", "device")
_LMS_NUMBERS = ("age", "l", "m", "s")
_ADJUST_NUMBERS = ("intercept", "slope")
_SEX_WORDS = {"female": "female", "f": "female", "male": "male", "m": "male", "any": "any"}


@frozen
class BmdReference:
    """A named reference: curves by site, sex and group, measured on one maker's devices."""

    name: str
    device: str
    curves: dict[tuple[str, str, str], Curve] = field(eq=False)

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that it has."""
        return tuple(dict.fromkeys(site for site, _, _ in self.curves))

    def lms(self, site: str, sex: ArrayLike, age: ArrayLike, group: str = "") -> Lms:
        """Return the ``(...)`` L, M and S; NaN outside the ages, and where sex or age is not known."""
        of, years = np.broadcast_arrays(np.asarray(sex, dtype=np.int64), np.asarray(age, dtype=float))
        found = np.full((3, *years.shape), np.nan)
        for name in ("any", *SEXES):
            curve = self.curves.get((site, name, group))
            if curve is not None:
                here = np.ones(of.shape, dtype=bool) if name == "any" else of == SEXES.index(name)
                lms = curve.at(years)
                found[:, here] = np.stack([lms.l, lms.m, lms.s])[:, here]
        return Lms(*found)

    def ages(self, site: str, group: str = "") -> tuple[float, float]:
        """Return the youngest and the oldest age of a site; NaN for one that it does not have."""
        ages = [curve.ages for (at, _, of), curve in self.curves.items() if (at, of) == (site, group)]
        return (min(a[0] for a in ages), max(a[-1] for a in ages)) if ages else (np.nan, np.nan)


@frozen
class HeightAdjustment:
    """Straight lines of age-z on height-z by site and sex, for one reference."""

    name: str
    lines: dict[tuple[str, str], tuple[float, float]] = field(eq=False)

    def expected(self, site: str, sex: ArrayLike, height_z: ArrayLike) -> Floats:
        """Return the ``(...)`` z that the height leads one to expect; NaN where a fact is missing."""
        of, haz = np.broadcast_arrays(np.asarray(sex, dtype=np.int64), np.asarray(height_z, dtype=float))
        found = np.full(haz.shape, np.nan)
        for name in ("any", *SEXES):
            if (site, name) in self.lines:
                intercept, slope = self.lines[site, name]
                here = np.ones(of.shape, dtype=bool) if name == "any" else of == SEXES.index(name)
                found[here] = (intercept + slope * haz)[here]
        return found


def read_bmd_references(path: Path) -> dict[str, BmdReference]:
    """Return the references in a CSV table, by name.

    Raises
    ------
    RuleError
        If a column is missing, a cell is no number, a row occurs twice, or a reference has two devices.
    """
    frame = _read(path, _LMS_NUMBERS, ("reference", "site", "sex"))
    key = ["reference", "site", "sex", "group", "age"]
    _refuse(frame, pl.struct(key).is_duplicated(), path, f"expected {', '.join(key)} once, got the row twice")
    for name in ("m", "s"):
        _refuse(frame, pl.col(name) <= 0, path, f"{name}: expected more than 0")
    _refuse(frame, pl.col("age") < 0, path, "age: expected 0 or more")
    _refuse(
        frame,
        pl.col("device").n_unique().over("reference") > 1,
        path,
        "device: expected one for the whole reference, got two",
    )
    parts = frame.partition_by("reference", as_dict=True, maintain_order=True)
    return {name: BmdReference(name, rows["device"][0], _curves(rows)) for (name,), rows in parts.items()}


def _curves(rows: pl.DataFrame) -> dict[tuple[str, str, str], Curve]:
    parts = rows.sort("age").partition_by("site", "sex", "group", as_dict=True, maintain_order=True)
    return {
        (site, sex, group): Curve(*(part[name].to_numpy() for name in _LMS_NUMBERS))
        for (site, sex, group), part in parts.items()
    }


def read_height_adjustments(path: Path) -> dict[str, HeightAdjustment]:
    """Return the adjustments for height in a CSV table, by name of the reference.

    Raises
    ------
    RuleError
        As `read_bmd_references`.
    """
    frame = _read(path, _ADJUST_NUMBERS, ("reference", "site", "sex"))
    key = ["reference", "site", "sex"]
    _refuse(frame, pl.struct(key).is_duplicated(), path, f"expected {', '.join(key)} once, got the row twice")
    lines: dict[str, dict[tuple[str, str], tuple[float, float]]] = {}
    for name, site, sex, intercept, slope in frame.select(*key, *_ADJUST_NUMBERS).iter_rows():
        lines.setdefault(name, {})[site, sex] = (intercept, slope)
    return {name: HeightAdjustment(name, one) for name, one in lines.items()}


def _read(path: Path, numbers: tuple[str, ...], words: tuple[str, ...]) -> pl.DataFrame:
    """Return the table with its text, its numbers, and the line of every row."""
    try:
        raw = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"{path}: expected a CSV table, got: {str(error).splitlines()[0]}"
        raise RuleError(msg) from error
    raw = raw.rename({name: name.strip().lower() for name in raw.columns})
    if missing := [name for name in (*words, *numbers) if name not in raw.columns]:
        msg = f"{path}: header: expected column {missing[0]!r}, got {', '.join(raw.columns)}"
        raise RuleError(msg)
    if unknown := sorted(set(raw.columns) - {*_TEXT, *numbers}):
        msg = f"{path}: header: expected {', '.join((*_TEXT, *numbers))}, got {unknown[0]!r}"
        raise RuleError(msg)
    text = raw.with_row_index("_line", offset=2).with_columns(
        (pl.col(name).fill_null("").str.strip_chars() if name in raw.columns else pl.lit("")).alias(name)
        for name in _TEXT
    )
    for name in words:
        _refuse(text, pl.col(name) == "", path, f"{name}: expected a value, got nothing")
    sex = pl.col("sex").str.to_lowercase().replace_strict(_SEX_WORDS, default=None)
    frame = text.with_columns(sex, *(pl.col(name).cast(pl.Float64, strict=False) for name in numbers))
    _refuse(frame, pl.col("sex").is_null(), path, "sex: expected female, male or any")
    for name in numbers:
        _refuse(frame, ~pl.col(name).is_finite().fill_null(value=False), path, f"{name}: expected a number")
    if frame.is_empty():
        msg = f"{path}: expected rows below the header, got none"
        raise RuleError(msg)
    return frame


def _refuse(frame: pl.DataFrame, wrong: pl.Expr, path: Path, what: str) -> None:
    lines = frame.filter(wrong)["_line"]
    if len(lines):
        msg = f"{path}: line {lines[0]}: {what}"
        raise RuleError(msg)
