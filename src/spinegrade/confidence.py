"""How sure a grade is, given how precisely landmarks are placed.

Every landmark misses by an independent, normal error along the height, of one SD for all
landmarks; a height then has sqrt(2) times that SD.  The ratio of two heights is not normal, so the
probabilities integrate over the height that the others are compared with, by Gauss-Hermite
quadrature.  Which neighbours are compared is taken as given.

By symmetry the same figures answer two questions: which grade a second reading would get, and
which grade the true heights have, if nothing else is known of them.

The levels are the last axis, or the last but one where the three `POSITIONS` follow.

The formulas are derived here and checked against simulation of the whole grading in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.errors import ReadingError, UnitError
from spinegrade.flags import Flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from spinegrade.expected import Reference
    from spinegrade.genant import Grading
    from spinegrade.genant_rule import GenantRule

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

NEAR = 1.96
"""Half width, in SD, of the interval in which a bound counts as near."""

_NODES = 24


@frozen
class _Normals:
    """Independent normal lengths of ``n`` vertebrae: their means and their SDs, ``(n,)`` each."""

    mean: Floats
    sd: Floats

    def above(self, bound: Floats) -> Floats:
        """Return the probability that the length exceeds ``bound``."""
        return _normal_cdf((self.mean - bound) / self.sd)

    def between(self, low: Floats, high: Floats) -> Floats:
        """Return the probability that the length lies between the two bounds."""
        return self.above(low) - self.above(high)

    def mean_of(self, function: Callable[[Floats, float], Floats], kept: float) -> Floats:
        """Return the expectation of a function of the length and of ``kept``, by quadrature."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        total = np.zeros(self.mean.shape)
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            total += weight * function(self.mean + node * self.sd, kept)
        return total

    def replace(self, where: Booleans, value: float) -> _Normals:
        """Return the lengths with mean and SD set to ``value`` where there is no length."""
        return _Normals(np.where(where, value, self.mean), np.where(where, value, self.sd))


def _normal_cdf(z: Floats) -> Floats:
    from scipy.special import ndtr  # scipy takes longer to import than a spine takes to grade

    result: Floats = ndtr(z)
    return result


def grade_probabilities(
    grading: Grading, point_sd: ArrayLike, reference: Reference, rule: GenantRule
) -> Floats:
    """Return the ``(..., levels, 4)`` probabilities of grades 0, 1, 2 and 3; NaN where not graded.

    ``point_sd`` is the SD of a landmark's error along the height, a number or ``(..., levels)``, in
    the unit of the heights that were graded.

    Raises
    ------
    UnitError
        If a ``point_sd`` is not above 0.
    """
    known = ~np.isnan(grading.height_loss)
    sds = np.moveaxis(_height_sds(grading, point_sd), -1, 0)[:, known]
    means = np.moveaxis(grading.heights, -1, 0)[:, known]
    heights = [_Normals(mean, sd) for mean, sd in zip(means, sds, strict=True)]
    below = _BELOW[reference](heights, _expectations(grading, known, sds), rule)
    steps = np.stack([np.zeros(sds[0].shape), *below, np.ones(sds[0].shape)])
    result = np.full((*known.shape, 4), np.nan)
    result[known] = np.clip(np.diff(steps, axis=0), 0.0, 1.0).T
    return result


def _height_sds(grading: Grading, point_sd: ArrayLike) -> Floats:
    """Return the ``(..., levels, 3)`` SD of the compared heights, which a norm divides as it does them."""
    sd = _checked_sd(point_sd, grading.height_loss.shape)
    result: Floats = np.sqrt(2.0) * sd[..., None] / grading.norm_ratio
    return result


def _checked_sd(point_sd: ArrayLike, shape: tuple[int, ...]) -> Floats:
    sd = np.asarray(point_sd, dtype=float)
    if not (sd[~np.isnan(sd)] > 0).all():
        msg = f"landmark error: expected an SD above 0, got {np.nanmin(sd):g}"
        raise UnitError(msg)
    return np.broadcast_to(sd, shape)


@frozen
class _Expectations:
    """What the neighbours lead one to expect of the three heights; absent where there are none."""

    heights: list[_Normals]
    absent: Booleans


def _expectations(grading: Grading, known: Booleans, height_sds: Floats) -> _Expectations:
    neighbours = grading.neighbours
    means = [neighbours.expect(h)[known] for h in np.moveaxis(grading.heights, -1, 0)]
    noise = neighbours.noise[known]
    return _Expectations(
        heights=[_Normals(mean, noise * sd) for mean, sd in zip(means, height_sds, strict=True)],
        absent=neighbours.sides[known] == 0,
    )


def _below_own(heights: list[_Normals], _: _Expectations, rule: GenantRule) -> list[Floats]:
    """Return the probability that the loss lies below each band, against the own posterior height."""
    anterior, middle, posterior = heights

    def both(x: Floats, kept: float) -> Floats:
        return anterior.above(kept * x) * middle.above(kept * x)

    return [posterior.mean_of(both, 1 - t) for t in rule.bands]


def _below_standard(heights: list[_Normals], expectations: _Expectations, rule: GenantRule) -> list[Floats]:
    """Return the same where the neighbours step in for a low posterior wall.

    Either the wall is not low and the own posterior height is the base, or it is low and the
    neighbours' is, which the wall must not fall short of by the band's loss either.
    """
    anterior, middle, posterior = heights
    absent = expectations.absent
    neighbour = expectations.heights[2].replace(absent, 1.0)
    not_low = 1 - rule.bands[0]

    def own_base(x: Floats, kept: float) -> Floats:
        upright = np.where(absent, 1.0, 1.0 - neighbour.above(x / not_low))
        return anterior.above(kept * x) * middle.above(kept * x) * upright

    def neighbour_base(y: Floats, kept: float) -> Floats:
        low = posterior.between(kept * y, not_low * y)
        return np.where(absent, 0.0, low * anterior.above(kept * y) * middle.above(kept * y))

    return [posterior.mean_of(own_base, 1 - t) + neighbour.mean_of(neighbour_base, 1 - t) for t in rule.bands]


def _below_adjacent(heights: list[_Normals], expectations: _Expectations, rule: GenantRule) -> list[Floats]:
    """Return the same against the neighbours' heights, in closed form: all are independent."""
    result = []
    for t in rule.bands:
        differences = (
            _Normals(h.mean - (1 - t) * e.mean, np.hypot(h.sd, (1 - t) * e.sd))
            for h, e in zip(heights, expectations.heights, strict=True)
        )
        result.append(np.prod([d.above(np.zeros(d.mean.shape)) for d in differences], axis=0))
    return result


def _below_largest(heights: list[_Normals], _: _Expectations, rule: GenantRule) -> list[Floats]:
    """Return the same against the largest own height: each may be it, the others then lie below."""

    def below(largest: _Normals, one: _Normals, other: _Normals, kept: float) -> Floats:
        def others(x: Floats, kept: float) -> Floats:
            return one.between(kept * x, x) * other.between(kept * x, x)

        return largest.mean_of(others, kept)

    anterior, middle, posterior = heights
    return [
        below(anterior, middle, posterior, 1 - t)
        + below(middle, anterior, posterior, 1 - t)
        + below(posterior, anterior, middle, 1 - t)
        for t in rule.bands
    ]


_BELOW = {
    "standard": _below_standard,
    "own": _below_own,
    "adjacent": _below_adjacent,
    "largest": _below_largest,
}


def height_loss_sd(grading: Grading, point_sd: ArrayLike, reference: Reference) -> Floats:
    """Return the ``(..., levels)`` SD of the height loss, to first order; NaN where there is none.

    The SD of H / E is sqrt(sd(H) ** 2 + (H / E * sd(E)) ** 2) / E, and sd(H) = sqrt(2) * point_sd.
    """
    place = np.argmax(np.nan_to_num(grading.losses, nan=-np.inf), axis=-1)
    sds = _height_sds(grading, point_sd)
    ratio = 1.0 - _at(grading.losses, place)
    expected = _at(grading.heights, place) / ratio
    base_sd = _base_sd(grading, place, sds, reference)
    result: Floats = np.hypot(_at(sds, place), ratio * base_sd) / expected
    return result


def _at(values: Floats, place: NDArray[np.intp]) -> Floats:
    """Return the value of the position at ``place`` for every vertebra."""
    return np.take_along_axis(values, place[..., None], axis=-1)[..., 0]


def _base_sd(grading: Grading, place: NDArray[np.intp], sds: Floats, reference: Reference) -> Floats:
    """Return the SD of the expected height."""
    noise = grading.neighbours.noise
    if reference == "adjacent":
        return noise * _at(sds, place)
    if reference == "largest":
        return _at(sds, np.argmax(np.nan_to_num(grading.heights), axis=-1))
    posterior = sds[..., 2]
    if reference == "own":
        return posterior
    by_neighbours = ((grading.flags & Flag.NEIGHBOUR_BASE) > 0) | (place == 2)
    return posterior * np.where(by_neighbours, noise, 1.0)


def near_threshold(height_loss: ArrayLike, rule: GenantRule, sd: ArrayLike | None = None) -> Booleans:
    """Return where a height loss lies so close to a bound that the grade may well be the next one.

    Within 1.96 SD of a bound where the ``sd`` of the loss is known, otherwise within the rule's
    ``near_threshold``.  False for NaN.
    """
    loss = np.asarray(height_loss, dtype=float)
    known = np.full(loss.shape, np.nan) if sd is None else NEAR * np.asarray(sd, dtype=float)
    reach = np.where(np.isnan(known), rule.near_threshold, known) + rule.tolerance
    distance = np.min([np.abs(loss - bound) for bound in rule.bands], axis=0)
    near: Booleans = distance <= reach
    return near


@frozen
class PointError:
    """A landmark error, and what it was estimated from.

    Attributes
    ----------
    sd
        SD of a landmark's position along the height, in the unit of the heights.
    vertebrae
        Number of vertebrae that were read more than once.
    degrees_of_freedom
        Repeated heights, less one for each height of each vertebra.
    """

    sd: float
    vertebrae: int
    degrees_of_freedom: int


def estimate_point_error(heights: ArrayLike) -> PointError:
    """Return the landmark error that ``(vertebrae, readings, 3)`` repeated heights show.

    NaN is a height that was not read.  The pooled variance of a height within a vertebra is twice
    that of a landmark along the height; how a reading lies on the film does not matter.

    Raises
    ------
    ReadingError
        If no vertebra was read more than once.

    Source: pooled within-subject variance, Bland JM, Altman DG, BMJ 1996;313:744, doi
    10.1136/bmj.313.7059.744.
    """
    repeated = np.asarray(heights, dtype=float)
    known = ~np.isnan(repeated)
    count = known.sum(axis=1)
    total = np.where(known, repeated, 0.0).sum(axis=1)
    mean = total / np.maximum(count, 1)
    squares = np.where(known, (repeated - mean[:, None]) ** 2, 0.0).sum()
    freedom = int(np.maximum(count - 1, 0).sum())
    if freedom == 0:
        msg = "landmark error: expected vertebrae that were read more than once, got none"
        raise ReadingError(msg)
    vertebrae = int((count > 1).any(axis=1).sum())
    return PointError(float(np.sqrt(squares / freedom / 2.0)), vertebrae, freedom)
