"""One measure at one level, of one sex: rows of a norm with intervals, drawn again by whole people."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen, validators

from spinegrade.norms.lms_fit import fit_lms
from spinegrade.norms.trimming import sample_moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

_AT_ONCE = 2_000_000
"""Counts of resamples that are held at a time."""
_ENDS = (2.5, 97.5)


def _rising(_: object, __: object, ages: tuple[float, ...]) -> None:
    if any(low >= high for low, high in pairwise(ages)):
        msg = f"ages: expected rising numbers, got {', '.join(f'{age:g}' for age in ages)}"
        raise ValueError(msg)


@frozen
class Recipe:
    """How to make a norm.

    Attributes
    ----------
    form
        ``mean-sd`` or ``lms``.
    ages
        Ends of the bands of age, or the knots of LMS; empty for one band over the ages of the people, or over
        any age where nobody's is known.
    trim
        Distance of the tails that are cut, in SD; None for none.  LMS cuts none.
    least
        Fewest people that make a row.
    resamples, seed
        Of the bootstrap; 0 resamples for no intervals.
    """

    form: str = field(default="mean-sd", validator=validators.in_(("mean-sd", "lms")))
    ages: tuple[float, ...] = field(default=(), validator=_rising)
    trim: float | None = 2.5
    least: int = 30
    resamples: int = 1000
    seed: int = 0


@frozen
class Cell:
    """Values of one measure at one level in people of one sex, missing ones left out.

    ``spine`` is the row of the normals that a value is from.
    """

    values: Floats
    age: Floats
    person: Codes
    spine: Codes

    def where(self, here: NDArray[np.bool_]) -> Cell:
        """Return some of the values."""
        return Cell(self.values[here], self.age[here], self.person[here], self.spine[here])


@frozen
class Row:
    """A row of a norm by its columns, and the spines that it was made from."""

    columns: dict[str, Any]
    spine: Codes


def mean_sd_rows(cell: Cell, recipe: Recipe, rng: np.random.Generator) -> Iterator[Row]:
    """Yield a row for each band of age that has people enough."""
    for low, high in pairwise(recipe.ages) if recipe.ages else [(-np.inf, np.inf)]:
        inside = (cell.age >= low) & (cell.age < high) if recipe.ages else np.ones(len(cell.age), dtype=bool)
        band = cell.where(inside)
        people = len(np.unique(band.person))
        if people < recipe.least or np.ptp(band.values) == 0:
            continue
        found = sample_moments(band.values, np.ones((1, len(band.values))), recipe.trim)
        row: dict[str, Any] = {"n": people, "values": len(band.values), "kept": round(float(found.kept[0]))}
        row |= {"age_from": low, "age_to": high} if recipe.ages else {}
        drawn = [
            sample_moments(band.values, counts, recipe.trim) for counts in _draws(band.person, recipe, rng)
        ]
        for name in ("mean", "sd"):
            row[name] = float(getattr(found, name)[0])
            ends = _ends([getattr(one, name) for one in drawn])
            row[f"{name}_low"], row[f"{name}_high"] = ends
        yield Row(row, band.spine)


def lms_rows(cell: Cell, recipe: Recipe, rng: np.random.Generator) -> Iterator[Row]:
    """Yield a row for each knot of age, where there are people enough around every one."""
    knots = np.array(recipe.ages)
    used = cell.where((cell.age >= knots[0]) & (cell.age <= knots[-1]) & (cell.values > 0))
    edges = np.concatenate([[knots[0]], (knots[1:] + knots[:-1]) / 2, [knots[-1] + 1e-9]])
    around = [
        len(np.unique(used.person[(used.age >= low) & (used.age < high)])) for low, high in pairwise(edges)
    ]
    if min(around) < recipe.least or np.ptp(used.values) == 0:
        return
    found = fit_lms(used.values, used.age, knots)
    drawn = [
        fit_lms(used.values, used.age, knots, weights=counts, near=found)
        for block in _draws(used.person, recipe, rng)
        for counts in block
    ]
    for knot, years in enumerate(knots):
        row: dict[str, Any] = {"age": float(years), "n": around[knot]}
        for place, name in enumerate(("l", "m", "s")):
            row[name] = float(found[place, knot])
            row[f"{name}_low"], row[f"{name}_high"] = _ends([one[place, [knot]] for one in drawn])
        yield Row(row, used.spine)


def _draws(person: Codes, recipe: Recipe, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield ``(resamples, n)`` times that each value counts when people are drawn with replacement."""
    _, number = np.unique(person, return_inverse=True)
    people = int(number.max()) + 1
    left, at_once = recipe.resamples, max(1, _AT_ONCE // len(person))
    while left > 0:
        size = min(left, at_once)
        lots = (
            rng.integers(0, people, people) for _ in range(size)
        )  # five to ten times as quick as multinomial
        times = np.stack([np.bincount(lot, minlength=people) for lot in lots])
        yield times[:, number].astype(float)
        left -= size


def _ends(drawn: list[Floats]) -> tuple[float | None, float | None]:
    """Return the ends of the 95 % percentile interval; None without resamples."""
    if not drawn:
        return None, None
    low, high = np.nanpercentile(np.concatenate(drawn), _ENDS)
    return float(low), float(high)
