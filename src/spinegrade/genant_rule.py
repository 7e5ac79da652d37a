"""A Genant rule file as the numbers that grading needs."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from attrs import frozen

from spinegrade.anatomy import LEVELS, level_index
from spinegrade.errors import RuleError, SpinegradeError
from spinegrade.rules import RuleFile, load_rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

BOUNDS = ("at-least", "above")

_Kind = TypeVar("_Kind")


@frozen
class GenantRule:
    """Bands of height loss and of area loss, and how neighbours are compared.

    Attributes
    ----------
    bounds
        ``at-least``: a loss on a bound belongs to the higher grade; ``above``: to the lower.
    bands, area_bands
        Lowest loss of grades 1, 2 and 3, fraction of the expected height or area.
    tolerance
        How far rounding may take a loss from a bound.
    near_threshold
        Distance from a bound that counts as near where no landmark error is known.
    tie
        Two losses that differ by no more are alike.
    growth
        Normal ratio of a height to the same height one level above.
    reach
        How many levels away a neighbour may be.
    """

    source: RuleFile
    bounds: str
    bands: tuple[float, ...]
    area_bands: tuple[float, ...]
    tolerance: float
    near_threshold: float
    tie: float
    growth: float
    reach: int

    def reaches(self, loss: Floats, bound: float) -> Booleans:
        """Return where a loss belongs to the band that begins at ``bound``; False for NaN."""
        if self.bounds == "at-least":
            return loss >= bound - self.tolerance
        return loss > bound + self.tolerance

    def reaches_first_band(self, loss: Floats) -> Booleans:
        """Return where a loss would be graded 1 or more."""
        return self.reaches(loss, self.bands[0])

    def grade(self, loss: Floats) -> Floats:
        """Return the grade of a height loss, 0 to 3; NaN for NaN."""
        return self._count(loss, self.bands)

    def grade_area(self, loss: Floats) -> Floats:
        """Return the grade of an area loss, 0 to 3; NaN for NaN."""
        return self._count(loss, self.area_bands)

    def _count(self, loss: Floats, bands: tuple[float, ...]) -> Floats:
        grade = np.zeros(loss.shape)
        for bound in bands:
            grade += self.reaches(loss, bound)
        grade[np.isnan(loss)] = np.nan
        return grade


@lru_cache(maxsize=32)
def genant_rule(name: str) -> GenantRule:
    """Return the Genant rule of this id or in this TOML file.

    Raises
    ------
    RuleError
        If there is no such rule, it is of another kind, lacks something, or has something unknown.
    """
    source = load_rule(name, "genant")
    try:
        return _build(source)
    except SpinegradeError as error:
        msg = f"{name}: {error}"
        raise RuleError(msg) from error


def _build(source: RuleFile) -> GenantRule:
    data = {key: value for key, value in source.data.items() if key not in ("measure", "example")}
    bands, area_bands = _bands(_take(data, "band", list))
    growth, reach = _trend(_take(data, "neighbours", dict))
    rule = GenantRule(
        source=source,
        bounds=_take(data, "bounds", str),
        bands=bands,
        area_bands=area_bands,
        tolerance=_number(data, "tolerance"),
        near_threshold=_number(data, "near_threshold"),
        tie=_number(data, "tie"),
        growth=growth,
        reach=reach,
    )
    _refuse_rest(data, "rule")
    if rule.bounds not in BOUNDS:
        msg = f"bounds: expected {' or '.join(BOUNDS)}, got {rule.bounds!r}"
        raise RuleError(msg)
    return rule


def _bands(tables: list[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the lowest loss and the lowest area loss of grades 1, 2 and 3."""
    found = {}
    for table in tables:
        band = _take({"band": table}, "band", dict).copy()
        found[_take(band, "grade", int)] = _number(band, "min_loss"), _number(band, "min_area_loss")
        _refuse_rest(band, "band")
    if len(tables) != 3 or sorted(found) != [1, 2, 3]:
        msg = f"band: expected one for each of the grades 1, 2 and 3, got {len(tables)} for {sorted(found)}"
        raise RuleError(msg)
    bands, area_bands = zip(*(found[grade] for grade in (1, 2, 3)), strict=True)
    for what, bounds in (("min_loss", bands), ("min_area_loss", area_bands)):
        if sorted({*bounds, 0.0, 1.0}) != [0.0, *bounds, 1.0]:
            msg = f"{what}: expected three bounds rising between 0 and 1, got {list(bounds)}"
            raise RuleError(msg)
    return bands, area_bands


def _trend(table: dict[str, Any]) -> tuple[float, int]:
    """Return the growth from one level to the next, and how far away a neighbour may be."""
    data = {key: value for key, value in table.items() if key != "source"}
    steps = level_index(_take(data, "lower_level", str)) - level_index(_take(data, "upper_level", str))
    upper, lower = _number(data, "upper_height"), _number(data, "lower_height")
    reach = _take(data, "reach", int)
    _refuse_rest(data, "neighbours")
    if steps < 1 or not upper or not lower:
        msg = f"neighbours: expected heights above 0 at an upper and a lower level, got {table}"
        raise RuleError(msg)
    if not 0 < reach < len(LEVELS):
        msg = f"neighbours: reach: expected 1 to {len(LEVELS) - 1}, got {reach}"
        raise RuleError(msg)
    return (lower / upper) ** (1 / steps), reach


def _take(table: dict[str, Any], key: str, kind: type[_Kind]) -> _Kind:
    """Return a value of this kind, taken out of the table."""
    value = table.pop(key, None)
    if not isinstance(value, kind) or isinstance(value, bool):
        msg = f"{key}: expected {kind.__name__}, got {value!r}"
        raise RuleError(msg)
    return value


def _number(table: dict[str, Any], key: str) -> float:
    """Return a finite number of 0 or more, taken out of the table."""
    value = table.pop(key, None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        msg = f"{key}: expected a number of 0 or more, got {value!r}"
        raise RuleError(msg)
    return float(value)


def _refuse_rest(table: dict[str, Any], where: str) -> None:
    if table:
        msg = f"{where}: expected no other keys, got {', '.join(sorted(table))}"
        raise RuleError(msg)
