"""A norm from normals: every measure at every level, by sex and age, with intervals.

Measures that need another's mean (heights over the predicted posterior one) are made in a second pass from
the norm of the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import evolve, frozen

from spinegrade import __version__
from spinegrade.anatomy import LEVELS
from spinegrade.errors import RuleError
from spinegrade.norms.files import BESIDES, COLUMNS, norm_text, read_norm
from spinegrade.norms.fitting import Cell, Recipe, Row, lms_rows, mean_sd_rows
from spinegrade.norms.left_out import left_out, spines_in
from spinegrade.norms.measures import MEASURES, NEIGHBOURS, PREDICTED, over_predicted, ratio
from spinegrade.norms.table import SEXES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spinegrade.norms.normals import Normals
    from spinegrade.norms.table import Norm

    Floats = NDArray[np.float64]

BY_SEX = ("each", "any", "both")
"""Rows for each sex, for any, or for each and for any besides."""


@frozen
class Title:
    """What a new norm is called: an id, a title, and where the normals were published or kept."""

    id: str
    title: str
    citation: str


@frozen
class Built:
    """A norm, the text of its file, and what had to be said besides the notes of the normals."""

    text: str
    norm: Norm
    notes: tuple[str, ...]


def build_norm(
    normals: Normals,
    recipe: Recipe,
    title: Title,
    *,
    by_sex: str = "each",
    progress: Callable[[str], None] = lambda _: None,
) -> Built:
    """Return a norm and its file.

    The same normals, recipe and seed give the same text.

    Raises
    ------
    RuleError
        If LMS has fewer than two knots, or no measure at any level has people enough.
    """
    if recipe.form == "lms" and len(recipe.ages) < 2:
        msg = "norm: expected two ages or more as knots of LMS, got fewer"
        raise RuleError(msg)
    asked, recipe = recipe, evolve(recipe, ages=recipe.ages or _span(normals))
    rng = np.random.default_rng(recipe.seed)
    plain = {name: ratio(name, normals.heights) for name in MEASURES if name not in PREDICTED}
    rows = _rows(plain, normals, recipe, by_sex, rng, progress)
    if not rows:
        why = "; ".join(left_out(normals, recipe, by_sex, rows))
        msg = (
            f"norm: expected {recipe.least} people or more at some level, sex and age, got fewer of the "
            f"{normals.count} there are: {why}"
        )
        raise RuleError(msg)
    first = _file(normals, asked, title, by_sex, rows).norm
    predicted = _over_predicted(first, normals)
    rows += _rows(predicted, normals, recipe, by_sex, rng, progress)
    return _file(normals, asked, title, by_sex, rows)


def _file(normals: Normals, asked: Recipe, title: Title, by_sex: str, rows: list[Row]) -> Built:
    """Return the norm of these rows as it stands in its file."""
    recipe = evolve(asked, ages=asked.ages or _span(normals))
    of_ages = () if recipe.ages else ("ages of the people not known: the norm is for any age",)
    notes = (*of_ages, *left_out(normals, recipe, by_sex, rows))
    header = _header(normals, asked, title, by_sex, rows)
    header |= {"notes": "; ".join((*normals.notes, *notes)) or "none"}
    text = _text(header, rows, recipe)
    return Built(text, read_norm(text.encode(), title.id), notes)


def _span(normals: Normals) -> tuple[float, ...]:
    """Return the ends of the band from the youngest to the year above the oldest; empty without ages."""
    known = normals.age[~np.isnan(normals.age)]
    return (float(np.floor(known.min())), float(np.floor(known.max()) + 1)) if len(known) else ()


def _ages(normals: Normals, recipe: Recipe) -> str:
    """Return the ages of the norm in words."""
    ages = recipe.ages or _span(normals)
    one_band = "" if recipe.ages else " (one band, over the ages of the people)"
    return ", ".join(f"{age:g}" for age in ages) + one_band if ages else "any"


def _over_predicted(norm: Norm, normals: Normals) -> dict[str, Floats]:
    """Return the ratios to the posterior height that the new norm predicts, if it predicts any."""
    if not set(NEIGHBOURS) & set(norm.measures):
        return {}
    normal = {name: norm.lms(name, normals.sex, normals.age).m for name in NEIGHBOURS}
    return over_predicted(normals.heights, normal)


def _rows(
    values: dict[str, Floats],
    normals: Normals,
    recipe: Recipe,
    by_sex: str,
    rng: np.random.Generator,
    progress: Callable[[str], None],
) -> list[Row]:
    """Return the rows of these ``(spines, 23)`` measures."""
    make = lms_rows if recipe.form == "lms" else mean_sd_rows
    sexes = [name for name in (*SEXES, "any") if by_sex == "both" or (name == "any") == (by_sex == "any")]
    rows: list[Row] = []
    for measure, of_spines in values.items():
        progress(measure)
        for level, at_level in zip(LEVELS, of_spines.T, strict=True):
            for sex in sexes:
                cell = _cell(at_level, normals, recipe, sex)
                if len(cell.values):
                    key = {"measure": measure, "level": level, "sex": sex}
                    rows += [evolve(row, columns=key | row.columns) for row in make(cell, recipe, rng)]
    return rows


def _cell(values: Floats, normals: Normals, recipe: Recipe, sex: str) -> Cell:
    """Return the values of people of a sex, those of no known age left out where age counts."""
    here = np.isfinite(values) & (values > 0)
    if sex != "any":
        here &= normals.sex == SEXES.index(sex)
    if recipe.ages:
        here &= ~np.isnan(normals.age)
    return Cell(values[here], normals.age[here], normals.person[here], np.flatnonzero(here))


def _header(
    normals: Normals, recipe: Recipe, title: Title, by_sex: str, rows: list[Row]
) -> dict[str, str | int | float]:
    trimmed = recipe.form == "mean-sd" and recipe.trim is not None
    used = spines_in(normals, rows)
    return {
        "id": title.id,
        "revision": 1,
        "form": recipe.form,
        "title": title.title,
        "citation": title.citation,
        "licence": normals.licence,
        "source": normals.source,
        "people": len(np.unique(normals.person[used])),
        "spines": int(used.sum()),
        "ages": _ages(normals, recipe),
        "sexes": by_sex,
        "trimmed": f"tails beyond {recipe.trim:g} SD, after the idea of Black 1991" if trimmed else "no",
        "intervals": f"95 %, {recipe.resamples} resamples of people, seed {recipe.seed}",
        "least": recipe.least,
        "made_by": f"spinegrade {__version__}",
    }


def _text(header: dict[str, str | int | float], rows: list[Row], recipe: Recipe) -> str:
    names = [*COLUMNS[recipe.form], *BESIDES[recipe.form]]
    words = ("measure", "level", "sex")
    whole = ("n", "values", "kept")
    schema = {
        name: pl.String if name in words else pl.Int64 if name in whole else pl.Float64 for name in names
    }
    frame = pl.DataFrame([{name: row.columns.get(name) for name in names} for row in rows], schema=schema)
    rounded = frame.with_columns(pl.col(pl.Float64).round_sig_figs(8))
    return norm_text(header, rounded)
