"""Quantitative morphometry: vertebrae whose ratios lie too far below those of a norm.

Heights are ``(..., 23, 3)``: levels, then `POSITIONS`.  Findings have three values: 1 deformed, 0 not, NaN
where what is missing could decide it.  A comparison with the vertebra above or below applies where the norm
has numbers for it: T4 and L4 of a norm of T4-L4 have one neighbour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import LevelRange
from spinegrade.errors import RuleError
from spinegrade.norms.measures import PREDICTED, TO_T4
from spinegrade.norms.table import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from spinegrade.norms.lms import Lms
    from spinegrade.norms.table import Norm
    from spinegrade.quantitative_rule import QuantitativeRule

    Floats = NDArray[np.float64]

CRITERIA = ("wedge", "biconcave", "compression", "posterior wedge")
"""What made a vertebra deformed; arrays hold a truth for each on their last axis."""

_RATIOS = (("wedge_ratio",), ("biconcave_ratio",))
_POSTERIOR_SIDES = (("posterior_above", "posterior_below"),)
_ANTERIOR_SIDES = (("anterior_above", "anterior_below"),)

NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "melton": (*_RATIOS, *_POSTERIOR_SIDES),
    "black": (*_RATIOS, *_POSTERIOR_SIDES),
    "eastell": (*_RATIOS, *_POSTERIOR_SIDES, *_ANTERIOR_SIDES),
    "mccloskey": (*_RATIOS, *((name,) for name in PREDICTED)),
    "minne": tuple((name,) for name in TO_T4),
}
"""The ratios that each method needs a norm for; of several together one is enough."""

MINNE_LEVELS = LevelRange("T5", "L5")
"""Levels whose heights are compared with those of T4."""


@frozen
class Deformities:
    """What a method finds on ``(..., 23)`` vertebrae.

    Attributes
    ----------
    criteria
        ``(..., 23, 4)`` 1, 0 or NaN for each of `CRITERIA`; NaN for one that the method does not have.
    deformed
        ``(..., 23)`` 1 where a criterion is met, 0 where none is, NaN where one that is missing could be.
    grade
        ``(..., 23)`` number of cuts passed; NaN where another could be.
    """

    criteria: Floats
    deformed: Floats
    grade: Floats


@frozen
class DeformityIndex:
    """Minne's spinal deformity index; not the sum of Genant grades that bears the same name.

    Attributes
    ----------
    index
        ``(...)`` sum of the deficits of all three heights over the levels that could be judged; NaN without
        T4.
    deficits
        ``(..., 23, 3)`` how far each height over that of T4 lies below the lower limit; NaN where not judged.
    judged
        ``(...)`` number of levels with all three heights; an index over fewer levels than the norm has is a
        lower bound.
    """

    index: Floats
    deficits: Floats
    judged: NDArray[np.int64]


class _Compared:
    """The ratios of people beside a norm, looked up once each."""

    def __init__(self, heights: ArrayLike, norm: Norm, sex: ArrayLike, age: ArrayLike) -> None:
        self.values = norm.ratios(heights, sex, age)
        self.normal: dict[str, Lms] = {name: norm.lms(name, sex, age) for name in norm.measures}
        self.empty = np.full(np.asarray(heights, dtype=float).shape[:-1], np.nan)

    def low(self, measure: str, sds: float, tolerance: float) -> Floats:
        """Return where a measure lies more than so many SD below the norm; negative for above."""
        if measure not in self.values:
            return self.empty
        z = self.normal[measure].z(self.values[measure]) * np.sign(sds)
        return _true(z < -abs(sds) - tolerance, z)

    def below_share(self, measure: str, share: float, tolerance: float) -> Floats:
        """Return where a measure is less than a share of its normal mean."""
        if measure not in self.values:
            return self.empty
        part = self.values[measure] / self.normal[measure].m
        return _true(part < share - tolerance, part)

    def either_side(self, upper: Floats, lower: Floats, measure: str) -> Floats:
        """Return whether one of two neighbours says so, of those that the norm has numbers for."""
        sides = []
        for found, side in ((upper, "above"), (lower, "below")):
            normal = self.normal.get(f"{measure}_{side}")
            has = np.zeros(found.shape, dtype=bool) if normal is None else ~np.isnan(normal.m)
            sides.append((found, has))
        (above, has_above), (below, has_below) = sides
        above = np.where(has_above | ~has_below, above, 0.0)
        below = np.where(has_below | ~has_above, below, 0.0)
        return _either(above, below)


def find_deformities(
    heights: ArrayLike,
    norm: Norm,
    rule: QuantitativeRule,
    *,
    sex: ArrayLike = UNKNOWN,
    age: ArrayLike = np.nan,
) -> Deformities:
    """Return what a rule finds on ``(..., 23, 3)`` heights of people of this sex and age, ``(...)``.

    Minne's index is a sum, see `minne_index`.

    Raises
    ------
    RuleError
        If the norm has percentiles, and so neither means nor SDs.
    """
    _refuse_percentiles(norm, rule)
    compared = _Compared(heights, norm, sex, age)
    method = _METHODS[rule.method]
    by_cut = [method(compared, cut, rule.tolerance) for cut in rule.cuts]
    found = [_any(criteria) for criteria in by_cut]
    criteria = np.full((*found[0].shape, len(CRITERIA)), np.nan)
    criteria[..., : by_cut[0].shape[-1]] = by_cut[0]
    return Deformities(criteria, found[0], np.sum(found, axis=0))


def _refuse_percentiles(norm: Norm, rule: QuantitativeRule) -> None:
    if norm.form == "percentile":
        msg = f"norm {norm.id}: expected means and SDs for {rule.source.id}, got a percentile"
        raise RuleError(msg)


def _melton(compared: _Compared, share: float, tolerance: float) -> Floats:
    """Return three of `CRITERIA` by shares of the normal mean."""

    def low(measure: str) -> Floats:
        return compared.below_share(measure, share, tolerance)

    return _three_ratios(compared, low, lambda side: low(f"posterior_{side}"))


def _black(compared: _Compared, sds: float, tolerance: float) -> Floats:
    """Return three of `CRITERIA` by three ratios, the posterior one against either neighbour."""

    def low(measure: str) -> Floats:
        return compared.low(measure, sds, tolerance)

    return _three_ratios(compared, low, lambda side: low(f"posterior_{side}"))


def _eastell(compared: _Compared, sds: float, tolerance: float) -> Floats:
    """Return three of `CRITERIA`; a compression is low in front and behind against one neighbour."""

    def low(measure: str) -> Floats:
        return compared.low(measure, sds, tolerance)

    return _three_ratios(compared, low, lambda side: _both(low(f"anterior_{side}"), low(f"posterior_{side}")))


def _three_ratios(
    compared: _Compared, low: Callable[[str], Floats], crushed: Callable[[str], Floats]
) -> Floats:
    """Return the first three of `CRITERIA`; ``crushed`` tells of the neighbour above or below."""
    crush = compared.either_side(crushed("above"), crushed("below"), "posterior")
    return np.stack([low("wedge_ratio"), low("biconcave_ratio"), crush], axis=-1)


def _mccloskey(compared: _Compared, sds: float, tolerance: float) -> Floats:
    """Return `CRITERIA`, two ratios having to agree on each."""
    wedge, biconcave = (compared.low(f"{name}_ratio", sds, tolerance) for name in ("wedge", "biconcave"))
    anterior, middle, posterior = (compared.low(name, sds, tolerance) for name in PREDICTED)
    high = compared.low("wedge_ratio", -sds, tolerance)
    return np.stack(
        [
            _both(wedge, anterior),
            _both(biconcave, middle),
            _both(anterior, posterior),
            _both(posterior, high),
        ],
        axis=-1,
    )


_METHODS = {"melton": _melton, "black": _black, "eastell": _eastell, "mccloskey": _mccloskey}
BY_VERTEBRA = tuple(_METHODS)
"""Methods that say of each vertebra whether it is deformed."""


def minne_index(
    heights: ArrayLike,
    norm: Norm,
    rule: QuantitativeRule,
    *,
    sex: ArrayLike = UNKNOWN,
    age: ArrayLike = np.nan,
) -> DeformityIndex:
    """Return Minne's index of ``(..., 23, 3)`` heights: deficits of each height over that of T4.

    The lower limit of a norm of mean and SD is the mean less the rule's cut in SD.  A fractured T4 makes the
    index too small: look at it first.

    Raises
    ------
    RuleError
        As `find_deformities`.
    """
    _refuse_percentiles(norm, rule)
    values = norm.ratios(heights, sex, age)
    deficits = np.full((*np.shape(heights)[:-1], 3), np.nan)
    for place, name in enumerate(TO_T4):
        if name in values:
            limit = norm.lms(name, sex, age).value(-rule.cuts[0])
            deficits[..., place] = np.where(
                np.isnan(values[name]), np.nan, np.maximum(limit - values[name], 0.0)
            )
    within = deficits[..., MINNE_LEVELS.indices, :]
    judged = (~np.isnan(within).any(axis=-1)).sum(axis=-1)
    index = np.where(judged == 0, np.nan, np.nansum(within, axis=(-2, -1)))
    return DeformityIndex(index, deficits, judged)


def _true(truth: NDArray[np.bool_], known: Floats) -> Floats:
    """Return 1 or 0, NaN where the value was missing."""
    return np.where(np.isnan(known), np.nan, truth)


def _both(one: Floats, other: Floats) -> Floats:
    """Return Kleene's and: 0 settles it, whatever is missing."""
    no = (one == 0) | (other == 0)
    return np.where(no, 0.0, one * other)


def _either(one: Floats, other: Floats) -> Floats:
    """Return Kleene's or: 1 settles it, whatever is missing."""
    yes = (one == 1) | (other == 1)
    return np.where(yes, 1.0, one + other)


def _any(criteria: Floats) -> Floats:
    """Return Kleene's or over the last axis."""
    unknown = np.isnan(criteria).any(axis=-1)
    return np.where((criteria == 1).any(axis=-1), 1.0, np.where(unknown, np.nan, 0.0))
