"""Vertebrae of a child that are no fracture and yet more wedged than 95 % of children's.

The line is the norm ``gaca-2010``: Gaca 2010, AJR Am J Roentgenol 194:516-520.  It is apart from Genant's
0.80, and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.anatomy import LEVELS
from spinegrade.norms import load_norm
from spinegrade.report.clinic_words import counted, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.report.findings import Examined

    Floats = NDArray[np.float64]

NORM = "gaca-2010"
_MEASURE = "wedge_ratio"


def below_percentile(examined: Sequence[Examined], age: float | None) -> str:
    """Return the levels of grade 0 below the line, with their ratios; empty where there are none.

    Without an age nothing can be said: the line is one of children.
    """
    if age is None:
        return ""
    norm = load_norm(NORM)
    ages = np.full(len(examined), age)
    ratios = np.array([_ratios(one) for one in examined]).reshape(-1, len(LEVELS))
    below = norm.below(_MEASURE, ratios, age=ages) == 1
    levels = np.flatnonzero(below.any(axis=0))
    if not len(levels):
        return ""
    line = float(np.nanmax(norm.lms(_MEASURE, age=ages).m))
    said = (_of_level(LEVELS[at], ratios[below[:, at], at], len(ratios), line) for at in levels)
    return (
        f"{'; '.join(said)}: anterior over posterior height below {line:g}, the 5th percentile of children "
        "at T10-L3 (Gaca 2010, on CT), and no fracture by the grades"
    )


def _of_level(level: str, below: Floats, readings: int, line: float) -> str:
    places = 3 if round(float(below.max()), 3) < line else 4
    share = f" in {len(below)} of {counted(readings, 'reading')}" if len(below) < readings else ""
    return f"{level} {spread(below.tolist(), f'{{:.{places}f}}')}{share}"


def _ratios(one: Examined) -> Floats:
    """Return the ``(23,)`` anterior over posterior heights of the unfractured vertebrae of a reading."""
    ratios = np.full(len(LEVELS), np.nan)
    for vertebra in one.vertebrae:
        if vertebra.row["grade"] == 0 and vertebra.row[_MEASURE] is not None:
            ratios[LEVELS.index(vertebra.level)] = vertebra.row[_MEASURE]
    return ratios
