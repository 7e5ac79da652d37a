"""BMD references that a user loads: L, M and S by site, sex and age, and adjustments for height.

Tables are CSV.  A reference has a row for each ``reference, site, sex, age`` (and ``group``, where it has
groups) with ``l, m, s``, and a ``device``; M is in g/cm2, that of the site `HEIGHT` in cm.  An adjustment
has ``reference, site, sex, intercept, slope`` of age-z on height-z.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import evolve, field, frozen

from spinegrade.bmd_sites import HEIGHT, SITES, site_named
from spinegrade.errors import FormatError, RuleError
from spinegrade.io.csv_frame import LINE, read_lined
from spinegrade.io.csv_text import read_dialect
from spinegrade.norms.lms import Curve, Lms
from spinegrade.norms.table import SEXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

_TEXT = ("reference", "site", "sex", "group", "device")
_LMS_NUMBERS = ("age", "l", "m", "s")
_ADJUST_NUMBERS = ("intercept", "slope")
_OLDEST, _DENSEST, _HEIGHTS = 130.0, 10.0, (20.0, 260.0)
"""Years, g/cm2 and cm that a person may have, as in tables of patients."""
_SEX_WORDS = {"female": "female", "f": "female", "male": "male", "m": "male", "any": "any"}


@frozen
class BmdReference:
    """A named reference: curves by site, sex and group, measured on one maker's devices."""

    name: str
    device: str
    curves: dict[tuple[str, str, str], Curve] = field(eq=False)
    sha256: str = ""

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that it has."""
        return tuple(dict.fromkeys(site for site, _, _ in self.curves))

    def lms(self, site: str, sex: ArrayLike, age: ArrayLike, group: str = "") -> Lms:
        """Return the ``(...)`` L, M and S; NaN outside the ages, and where sex or age is not known."""
        of, years = np.broadcast_arrays(np.asarray(sex, dtype=np.int64), np.asarray(age, dtype=float))
        found = np.full((3, *years.shape), np.nan)
        for curve, here in self._curves(site, of, group):
            lms = curve.at(years)
            found[:, here] = np.stack([lms.l, lms.m, lms.s])[:, here]
        return Lms(*found)

    def ages(self, site: str, sex: ArrayLike, group: str = "") -> tuple[Floats, Floats]:
        """Return the ``(...)`` youngest and oldest ages of a site for these sexes; NaN without a curve."""
        of = np.asarray(sex, dtype=np.int64)
        youngest, oldest = np.full(of.shape, np.nan), np.full(of.shape, np.nan)
        for curve, here in self._curves(site, of, group):
            youngest[here], oldest[here] = curve.ages[0], curve.ages[-1]
        return youngest, oldest

    def has(self, site: str, group: str = "") -> bool:
        """Return whether there is a curve of the site, of whichever sex."""
        return any((at, of) == (site, group) for at, _, of in self.curves)

    def _curves(self, site: str, sex: NDArray[np.int64], group: str) -> Iterator[tuple[Curve, Booleans]]:
        """Yield the curves of a site, that of one sex after that of any, with whom each is of."""
        for name in ("any", *SEXES):
            curve = self.curves.get((site, name, group))
            if curve is not None:
                yield (
                    curve,
                    np.full(sex.shape, fill_value=True) if name == "any" else sex == SEXES.index(name),
                )


@frozen
class HeightAdjustment:
    """Straight lines of age-z on height-z by site and sex, for one reference."""

    name: str
    lines: dict[tuple[str, str], tuple[float, float]] = field(eq=False)
    sha256: str = ""

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
    height = pl.col("site") == HEIGHT
    fits = {
        "age: expected 0 or more and at most 130 years": pl.col("age").is_between(0, _OLDEST),
        "m: expected more than 0 and at most 10 g/cm2": height
        | (pl.col("m") > 0) & (pl.col("m") <= _DENSEST),
        "m: expected a height from 20 to 260 cm": ~height | pl.col("m").is_between(*_HEIGHTS),
        "s: expected more than 0 and less than 1": (pl.col("s") > 0) & (pl.col("s") < 1),
    }
    for what, fit in fits.items():
        _refuse(frame, ~fit, path, what, what.partition(":")[0])
    _refuse(
        frame,
        pl.col("device").n_unique().over("reference") > 1,
        path,
        "device: expected one for the whole reference, got two",
    )
    parts = frame.partition_by("reference", as_dict=True, maintain_order=True)
    sha = _hash(path)
    return {
        name: BmdReference(name, rows["device"][0], _curves(rows), sha) for (name,), rows in parts.items()
    }


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
    sha = _hash(path)
    return {name: HeightAdjustment(name, one, sha) for name, one in lines.items()}


def choose_reference(path: Path, name: str | None) -> BmdReference:
    """Return the reference of densities in a table, by its name where there are several.

    Raises
    ------
    RuleError
        If there is none of the name, or several and no name; else as `read_bmd_references`.
    """
    every = read_bmd_references(path)
    found = {one: reference for one, reference in every.items() if set(reference.sites) - {HEIGHT}}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name is None or name not in found:
        msg = f"{path}: expected the name of one reference by --name: {', '.join(found) or 'it has none'}; "
        raise RuleError(msg + f"got {'none' if name is None else repr(name)}")
    return found[name]


def choose_heights(path: Path) -> BmdReference:
    """Return the one reference of heights in a table; raises as `choose_reference`."""
    found = [one for one in read_bmd_references(path).values() if HEIGHT in one.sites]
    if len(found) != 1:
        names = ", ".join(one.name for one in found) or "none"
        msg = f"{path}: expected one reference with rows of the site {HEIGHT!r}, got {names}"
        raise RuleError(msg)
    return found[0]


def choose_adjustment(path: Path, reference: BmdReference) -> HeightAdjustment:
    """Return the adjustment that was fitted for a reference; raises if there is none."""
    found = read_height_adjustments(path)
    if reference.name not in found:
        msg = f"{path}: expected lines fitted for reference {reference.name}, got those for "
        raise RuleError(msg + ", ".join(found))
    return found[reference.name]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path, numbers: tuple[str, ...], words: tuple[str, ...]) -> pl.DataFrame:
    """Return the table with its text, its numbers, and the line of every row."""
    raw, comma = _rows(path, numbers, words)
    text = raw.with_columns(
        (pl.col(name).fill_null("").str.strip_chars() if name in raw.columns else pl.lit("")).alias(name)
        for name in _TEXT
    )
    for name in words:
        _refuse(text, pl.col(name) == "", path, f"{name}: expected a value, got nothing")
    sites = {words: site_named(words) for words in text["site"].unique().to_list()}
    frame = text.with_columns(
        pl.col("sex").str.to_lowercase().replace_strict(_SEX_WORDS, default=None),
        pl.col("site").replace_strict(sites, return_dtype=pl.String),
        *(_number(name, comma=comma) for name in numbers),
        *(pl.col(name).alias(f"_{name}") for name in ("sex", "site", *numbers)),
    )
    _refuse(frame, pl.col("sex").is_null(), path, "sex: expected female, male or any", "sex")
    known = ", ".join((*SITES, HEIGHT))
    _refuse(frame, pl.col("site").is_null(), path, f"site: expected one of {known}", "site")
    for name in numbers:
        finite = pl.col(name).is_finite().fill_null(value=False)
        _refuse(frame, ~finite, path, f"{name}: expected a number", name)
    if frame.is_empty():
        msg = f"{path}: expected rows below the header, got none"
        raise RuleError(msg)
    return frame


def _rows(path: Path, numbers: tuple[str, ...], words: tuple[str, ...]) -> tuple[pl.DataFrame, bool]:
    """Return the table as text with the line of every row, and whether it has decimal commas."""
    known = (*_TEXT, *numbers)
    try:
        dialect = read_dialect(path, _spellings(known), _spellings(numbers))
        dialect = evolve(dialect, columns=[name.lower() for name in dialect.columns])
        raw = read_lined(path, dialect)
    except (OSError, FormatError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error).removeprefix(f"{path}: ")
        msg = f"{path}: expected a CSV table, got: {said}"
        raise RuleError(msg) from error
    if missing := [name for name in (*words, *numbers) if name not in raw.columns]:
        msg = f"{path}: header: expected column {missing[0]!r}, got {', '.join(dialect.columns)}"
        raise RuleError(msg)
    if unknown := sorted(set(raw.columns) - {*known, LINE}):
        msg = f"{path}: header: expected {', '.join(known)}, got {unknown[0]!r}"
        raise RuleError(msg)
    return raw, dialect.decimal_comma


def _spellings(names: Iterable[str]) -> list[str]:
    """Return names with small and capital letters: people's tables have L, M, S and Age."""
    return [spelt for name in names for spelt in (name, name.upper(), name.capitalize())]


def _number(name: str, *, comma: bool) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return (text.str.replace(",", ".", literal=True) if comma else text).cast(pl.Float64, strict=False)


def _refuse(frame: pl.DataFrame, wrong: pl.Expr, path: Path, what: str, column: str = "") -> None:
    """Refuse the first row that is wrong, by its line and by what the file says in a column."""
    rows = frame.filter(wrong)
    if rows.height:
        got = f", got {rows[f'_{column}'][0]!r}" if column else ""
        msg = f"{path}: line {rows[LINE][0]}: {what}{got}"
        raise RuleError(msg)
