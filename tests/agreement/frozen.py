"""What independent programs made of the data sets in tests/oracles, and the data sets."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np

from spinegrade.agreement import Plan, Ratings, rate

_FOLDER = Path(__file__).parents[1] / "oracles"

DATA, R, PYTHON, IRRCAC = (
    json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("data", "r", "python", "irrcac")
)

CATEGORIES = {"krippendorff_2011": (1, 2, 3, 4, 5), "fleiss_1971": (0, 1, 2, 3, 4)}
"""Those of the other data sets in categories are the grades 0, 1, 2 and 3."""

QUICK = Plan(method="linear")
"""For tests of values, which need no resampling."""

FEW = Plan(resamples=400)


def array(name: str) -> np.ndarray:
    """Return a data set; NaN is what was not read."""
    return np.array(DATA[name], dtype=float)


def graded(name: str, **given: object) -> Ratings:
    """Return a data set in categories as ratings."""
    return rate(array(name), categories=CATEGORIES.get(name, (0, 1, 2, 3)), **given)


def from_table(table: object, **given: object) -> Ratings:
    """Return the ratings of two readers by their ``(categories, categories)`` table, first reader down."""
    cells = np.asarray(table, dtype=int)
    rows = [[i, j] for i, j in product(*map(range, cells.shape)) for _ in range(cells[i, j])]
    values = np.array(rows, dtype=float).reshape(-1, 2)
    return rate(values, categories=tuple(range(len(cells))), **given)
