"""Who of the normals is in no row of a norm, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.norms.table import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.norms.fitting import Recipe, Row
    from spinegrade.norms.normals import Normals

    Truths = NDArray[np.bool_]


def spines_in(normals: Normals, rows: list[Row]) -> Truths:
    """Return ``(spines,)`` which spines some row was made from."""
    used = np.zeros(len(normals.person), dtype=bool)
    for row in rows:
        used[row.spine] = True
    return used


def left_out(normals: Normals, recipe: Recipe, by_sex: str, rows: list[Row]) -> list[str]:
    """Return in sentences how many people are in no row, each under the first reason that holds."""
    count = normals.count
    used = _of_people(normals, spines_in(normals, rows))
    sex_matters = by_sex == "each"
    old_enough = _in_ages(normals.age, recipe) if recipe.ages else np.ones(len(normals.age), dtype=bool)
    reasons = {
        "of no known age": _of_people(normals, ~np.isnan(normals.age)) | (not recipe.ages),
        "of no known sex (--sexes any takes them)": (
            _of_people(normals, normals.sex != UNKNOWN) | (not sex_matters)
        ),
        "outside the ages of the norm": _of_people(normals, old_enough),
        "in groups too small for a row, or without a ratio,": np.zeros(count, dtype=bool),
    }
    said: list[str] = []
    left = ~used
    for words, fits in reasons.items():
        if here := int((left & ~fits).sum()):
            noun = "person" if here == 1 else "people"
            said.append(f"{here:,}{' more' if said else ''} {noun} {words} left out")
        left &= fits
    return said


def _in_ages(age: NDArray[np.float64], recipe: Recipe) -> Truths:
    """Return which ages lie in the bands, or between the knots, the last of which counts."""
    first, last = recipe.ages[0], recipe.ages[-1]
    return np.asarray((age >= first) & ((age <= last) if recipe.form == "lms" else (age < last)))


def _of_people(normals: Normals, truths: Truths) -> Truths:
    """Return for each person whether it holds of any of the spines."""
    _, number = np.unique(normals.person, return_inverse=True)
    return np.asarray(np.bincount(number, weights=truths, minlength=normals.count) > 0)
