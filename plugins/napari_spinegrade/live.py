"""The numbers of a reading as its points move: one spine through the arrays that grade a million."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import LEVELS
from spinegrade.confidence import grade_probabilities, height_loss_sd, near_threshold
from spinegrade.genant import SHAPES, grade_spines
from spinegrade.morphometry import height_ratios, measure_area, measure_heights, pixel_along_height
from spinegrade.spine import STATUSES, summarise_spines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.assess import Method
    from spinegrade.morphometry import PixelSpacing
    from spinegrade.readings import Reading

    Floats = NDArray[np.float64]

FACING = ((0, 3), (1, 4), (2, 5))
"""The pairs of landmarks between which heights are measured."""


@frozen(eq=False)
class Numbers:
    """What was measured and graded, one row a level of `LEVELS`; NaN where it could not be.

    Attributes
    ----------
    heights, expected
        ``(23, 3)`` anterior, middle and posterior, in ``unit``.
    losses
        ``(23, 3)`` fractions of the expected heights.
    ratios
        ``(23, 3)`` wedge, biconcave and crush.
    probabilities
        ``(23, 4)`` of grades 0 to 3; None where no landmark error is known.
    graded
        Which levels the grades are of.
    """

    heights: Floats
    expected: Floats
    losses: Floats
    ratios: Floats
    height_loss: Floats
    grade: Floats
    shape: NDArray[np.uint8]
    near: NDArray[np.bool_]
    probabilities: Floats | None
    flags: NDArray[np.uint16]
    visual: Floats
    unit: str
    sdi: float
    sdi_range: tuple[float, float]
    fractured: int
    evaluable: int
    status: str

    def grade_words(self, level: str) -> str:
        """Return a level's grade as it is written beside the body: 2, 1? near a bound, empty if none."""
        at = LEVELS.index(level)
        if np.isnan(self.grade[at]):
            return ""
        return f"{self.grade[at]:.0f}{'?' if self.near[at] else ''}"

    def shape_words(self, level: str) -> str:
        """Return the shape of a fractured level; empty for another."""
        at = LEVELS.index(level)
        return SHAPES[int(self.shape[at])] if self.grade[at] >= 1 else ""

    def disagrees(self, level: str) -> bool:
        """Return whether the reader's own grade is another than the computed one; 0.5 is no fracture."""
        at = LEVELS.index(level)
        if np.isnan(self.visual[at]) or np.isnan(self.grade[at]):
            return False
        return bool(np.floor(self.visual[at]) != self.grade[at])


def measure(reading: Reading, method: Method) -> Numbers:
    """Return the numbers of a reading; landmarks that cannot be measured count as not placed."""
    spacing = reading.calibration.spacing
    points = measurable(reading.landmarks)
    heights = measure_heights(points, spacing)
    said_no = {one.level for one in reading.vertebrae if one.evaluable is False}
    evaluable = np.array([level not in said_no for level in LEVELS])
    grading = grade_spines(
        heights,
        method.rule,
        areas=measure_area(points, spacing),
        evaluable=evaluable,
        reference=method.reference,
    )
    inside = np.zeros(len(LEVELS), dtype=bool)
    inside[method.levels.indices] = True
    grade = np.where(inside, grading.grade, np.nan)
    sd = _point_sd(method, spacing, points)
    summary = summarise_spines(grade, method.levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = grading.heights / (1 - grading.losses)
    return Numbers(
        heights=heights,
        expected=expected,
        losses=grading.losses,
        ratios=height_ratios(heights, grading.neighbour_posterior),
        height_loss=grading.height_loss,
        grade=grade,
        shape=grading.shape,
        near=near_threshold(
            grading.height_loss,
            method.rule,
            None if sd is None else height_loss_sd(grading, sd, method.reference),
        ),
        probabilities=None if sd is None else grade_probabilities(grading, sd, method.reference, method.rule),
        flags=grading.flags,
        visual=_visual(reading),
        unit=spacing.unit,
        sdi=float(summary.sdi),
        sdi_range=(float(summary.sdi_low), float(summary.sdi_high)),
        fractured=int(summary.fractured),
        evaluable=int(summary.evaluable),
        status=STATUSES[int(summary.status)],
    )


def measurable(points: Floats) -> Floats:
    """Return ``(23, 6, 2)`` points without those that lie upon the one they face."""
    found = points.copy()
    for upper, lower in FACING:
        same = (points[:, upper] == points[:, lower]).all(axis=-1)
        found[same, upper] = found[same, lower] = np.nan
    return found


def _point_sd(method: Method, spacing: PixelSpacing, points: Floats) -> Floats | None:
    """Return the landmark error of every level in the unit of the heights; None where it is not known."""
    given = method.point_sd
    if given is None or (given.unit == "mm" and spacing.unit == "px"):
        return None
    if given.unit != "px":
        return np.full(len(LEVELS), given.value)
    size = np.array([spacing.row, spacing.column])
    return given.value * pixel_along_height(points * size, np.broadcast_to(size, (len(LEVELS), 2)))


def _visual(reading: Reading) -> Floats:
    visual = np.full(len(LEVELS), np.nan)
    for vertebra in reading.vertebrae:
        if vertebra.visual_grade is not None:
            visual[LEVELS.index(vertebra.level)] = vertebra.visual_grade
    return visual
