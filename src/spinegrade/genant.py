"""Genant's semiquantitative grade from height losses, and what the grades of a spine add up to.

The levels, from the head downwards, are the last axis of every array here, or the last but one
where the three `POSITIONS` follow.  NaN is a grade or a loss that could not be had.

Source: Genant HK et al., J Bone Miner Res 1993;8:1137-1148, doi 10.1002/jbmr.5650080915.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.expected import Neighbours, Reference, expected_heights, find_neighbours
from spinegrade.flags import Flag

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spinegrade.genant_rule import GenantRule

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

SHAPES = ("none", "wedge", "posterior wedge", "biconcave", "crush", "mixed")
"""Shapes of a fractured body; arrays hold their index here.  ``none`` where the grade is 0."""

_NONE, _WEDGE, _POSTERIOR, _BICONCAVE, _CRUSH, _MIXED = range(6)


@frozen
class Grading:
    """The findings on spines of ``(..., levels)`` vertebrae.

    Attributes
    ----------
    heights
        ``(..., levels, 3)`` heights that were compared: divided by the norm's mean ratio where one
        was given, NaN where the vertebra is not evaluable.
    norm_ratio
        ``(..., levels, 3)`` what the heights were divided by; 1 without a norm.
    losses
        ``(..., levels, 3)`` loss of anterior, middle and posterior height, fraction of the expected.
    height_loss
        ``(..., levels)`` the largest of the three, never below 0.
    area_loss
        ``(..., levels)`` loss of projected area against the neighbours'.
    grade, area_grade
        ``(..., levels)`` 0, 1, 2 or 3, by height loss and by area loss.
    shape
        ``(..., levels)`` index into `SHAPES`.
    neighbour_posterior
        ``(..., levels)`` the posterior height that the neighbours lead one to expect.
    neighbours
        The neighbours that every level was compared with.
    flags
        ``(..., levels)`` bits of `Flag`.
    """

    heights: Floats
    norm_ratio: Floats
    losses: Floats
    height_loss: Floats
    area_loss: Floats
    grade: Floats
    area_grade: Floats
    shape: NDArray[np.uint8]
    neighbour_posterior: Floats
    neighbours: Neighbours
    flags: NDArray[np.uint16]


def grade_spines(
    heights: ArrayLike,
    rule: GenantRule,
    *,
    areas: ArrayLike | None = None,
    evaluable: ArrayLike | None = None,
    reference: Reference = "standard",
    norm_ratio: ArrayLike | None = None,
) -> Grading:
    """Return the losses, grades and shapes of ``(..., levels, 3)`` heights.

    A vertebra with a missing height, or marked not ``evaluable`` (``(..., levels)`` booleans), is
    not graded and is nobody's neighbour.  ``areas`` are ``(..., levels)`` projected areas in the
    square of the heights' unit.  ``norm_ratio``, ``(..., levels, 3)`` or
    ``(levels, 3)`` for all, is a norm's mean ratio of each height to the posterior one: heights are
    divided by it, so that normal wedging is no loss.

    Neighbours are those that a first pass of the ``standard`` reference grades 0; where there are
    none, fractured ones are used and flagged.

    Examples
    --------
    >>> from spinegrade.genant_rule import genant_rule
    >>> spine = [[20, 20, 20], [16, 19, 20.8], [21, 21, 21.7]]
    >>> grade_spines(spine, genant_rule("genant-1993")).grade.tolist()
    [0.0, 1.0, 0.0]
    """
    measured = np.asarray(heights, dtype=float)
    ratio = np.broadcast_to(1.0 if norm_ratio is None else np.asarray(norm_ratio, float), measured.shape)
    sides = _positions_first(measured if norm_ratio is None else measured / ratio)
    usable: Booleans = np.asarray(~np.isnan(sides).any(axis=0))
    if evaluable is not None:
        usable &= np.asarray(evaluable, dtype=bool)
    sides = np.where(usable, sides, np.nan)
    neighbours = _sound_neighbours(sides, usable, rule)
    expected, low = expected_heights(sides, neighbours, reference, rule.reaches_first_band)
    losses = 1.0 - sides / expected
    height_loss = _largest(losses)
    grade = rule.grade(height_loss)
    area_loss = _area_loss(areas, usable, neighbours)
    area_grade = rule.grade_area(area_loss)
    shape, mixed = classify_shape(losses, grade, rule)
    return Grading(
        heights=np.moveaxis(sides, 0, -1),
        norm_ratio=ratio,
        losses=np.moveaxis(losses, 0, -1),
        height_loss=height_loss,
        area_loss=area_loss,
        grade=grade,
        area_grade=area_grade,
        shape=shape,
        neighbour_posterior=neighbours.expect(sides[2]),
        neighbours=neighbours,
        flags=mixed | _neighbour_flags(usable, neighbours, low) | _area_flags(grade, area_grade),
    )


def _positions_first(values: Floats) -> Floats:
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def _sound_neighbours(sides: Floats, usable: Booleans, rule: GenantRule) -> Neighbours:
    """Return the neighbours that a first pass over all of them grades 0."""
    every = find_neighbours(usable, growth=rule.growth, reach=rule.reach)
    expected, _ = expected_heights(sides, every, "standard", rule.reaches_first_band)
    fractured = rule.reaches_first_band(_largest(1.0 - sides / expected))
    return find_neighbours(usable, fractured, growth=rule.growth, reach=rule.reach)


def _largest(losses: Floats) -> Floats:
    anterior, middle, posterior = losses
    loss: Floats = np.maximum(np.maximum(anterior, middle), posterior)
    return np.maximum(loss, 0.0)


def _area_loss(areas: ArrayLike | None, usable: Booleans, neighbours: Neighbours) -> Floats:
    """Return the loss against the neighbours' areas, carried along the trend of heights."""
    if areas is None:
        return np.full(usable.shape, np.nan)
    measured = np.where(usable, np.asarray(areas, dtype=float), np.nan)
    expected = neighbours.expect(measured)
    unmeasured = usable & np.isnan(measured)
    if unmeasured.any():  # heights alone make a neighbour, and its area is not 0
        expected[neighbours.expect(unmeasured.astype(float)) > 0] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):  # landmarks on one line have no area
        return 1.0 - measured / expected


def classify_shape(
    losses: Floats, grade: Floats, rule: GenantRule
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return the index into `SHAPES` and the flags that say what a mixed shape is mixed of.

    ``losses`` are ``(3, ..., levels)``, `POSITIONS` first.  A crush has lost 20 % (the first band)
    behind and in front.  Otherwise the largest loss names the shape, and two that differ by at most
    the rule's ``tie`` make it mixed.
    """
    anterior, middle, posterior = losses
    crush = rule.reaches_first_band(anterior) & rule.reaches_first_band(posterior)
    front = anterior >= np.maximum(middle, posterior)
    centre = middle >= np.maximum(anterior, posterior)
    shape = np.where(centre, _BICONCAVE, np.where(front, _WEDGE, _POSTERIOR)).astype(np.uint8)
    flags = np.zeros(shape.shape, dtype=np.uint16)
    largest = np.maximum(np.maximum(anterior, middle), posterior) - rule.tie - rule.tolerance
    near = [loss >= largest for loss in (anterior, middle, posterior)]
    for one, other, flag in (
        (0, 1, Flag.WEDGE_AND_BICONCAVE),
        (2, 1, Flag.POSTERIOR_AND_BICONCAVE),
        (0, 2, Flag.WEDGE_AND_POSTERIOR),
    ):
        flags |= (near[one] & near[other]) * np.uint16(flag)
    shape[flags > 0] = _MIXED
    shape[crush] = _CRUSH
    shape[~(grade >= 1)] = _NONE
    flags[shape != _MIXED] = 0
    return shape, flags


def _neighbour_flags(usable: Booleans, neighbours: Neighbours, low: Booleans) -> NDArray[np.uint16]:
    flags: NDArray[np.uint16] = (neighbours.sides == 0) * np.uint16(Flag.NO_NEIGHBOUR)
    flags |= (neighbours.sides == 1) * np.uint16(Flag.ONE_NEIGHBOUR)
    flags |= neighbours.reused * np.uint16(Flag.FRACTURED_NEIGHBOUR)
    flags |= low * np.uint16(Flag.NEIGHBOUR_BASE)
    flags[~usable] = Flag.INCOMPLETE
    return flags


def _area_flags(grade: Floats, area_grade: Floats) -> NDArray[np.uint16]:
    """Return the flag of the area's grade where it differs from the height's."""
    differs = (grade != area_grade) & ~np.isnan(grade) & ~np.isnan(area_grade)
    place = np.where(differs, area_grade, 0).astype(np.uint16)
    return np.where(differs, np.uint16(Flag.AREA_GRADE_0) << place, 0).astype(np.uint16)
