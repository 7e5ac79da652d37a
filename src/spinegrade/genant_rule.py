"""A Genant rule file as the numbers that grading needs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from spinegrade.anatomy import level_index
from spinegrade.errors import RuleError
from spinegrade.rules import RuleFile, load_rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

BOUNDS = ("at-least", "above")


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
    source = load_rule(name)
    if source.kind != "genant":
        msg = f"{name}: kind: expected 'genant', got {source.kind!r}"
        raise RuleError(msg)
    data = {key: value for key, value in source.data.items() if key not in ("measure", "example")}
    try:
        rule = _build(source, data)
    except (KeyError, TypeError) as error:
        msg = f"{name}: expected a complete Genant rule, got a problem with {error}"
        raise RuleError(msg) from error
    if data:
        msg = f"{name}: expected no other keys, got {', '.join(sorted(data))}"
        raise RuleError(msg)
    _check(rule, name)
    return rule


def _build(source: RuleFile, data: dict[str, Any]) -> GenantRule:
    """Return the rule, taking what it needs out of ``data``."""
    bands = sorted(data.pop("band"), key=lambda band: band["grade"])
    neighbours = data.pop("neighbours")
    steps = level_index(neighbours["lower_level"]) - level_index(neighbours["upper_level"])
    ratio = neighbours["lower_height"] / neighbours["upper_height"]
    return GenantRule(
        source=source,
        bounds=data.pop("bounds"),
        bands=tuple(float(band["min_loss"]) for band in bands),
        area_bands=tuple(float(band["min_area_loss"]) for band in bands),
        tolerance=float(data.pop("tolerance")),
        near_threshold=float(data.pop("near_threshold")),
        tie=float(data.pop("tie")),
        growth=ratio ** (1 / steps),
        reach=int(neighbours["reach"]),
    )


def _check(rule: GenantRule, name: str) -> None:
    if rule.bounds not in BOUNDS:
        msg = f"{name}: bounds: expected {' or '.join(BOUNDS)}, got {rule.bounds!r}"
        raise RuleError(msg)
    for what, bands in (("min_loss", rule.bands), ("min_area_loss", rule.area_bands)):
        if len(bands) != 3 or sorted({*bands, 0.0, 1.0}) != [0.0, *bands, 1.0]:
            msg = f"{name}: {what}: expected three bounds rising between 0 and 1, got {list(bands)}"
            raise RuleError(msg)
    if rule.reach < 1:
        msg = f"{name}: neighbours.reach: expected 1 or more, got {rule.reach}"
        raise RuleError(msg)
