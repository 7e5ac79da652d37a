"""Two dates of a patient: what differs level by level, and how the second film is laid upon the first.

Differences only: nothing here says what one of them means.  Levels are those of `LEVELS`; what was not had is
None, or NaN in an array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from napari_spinegrade.live import measurable
from spinegrade.anatomy import GRADED, LEVELS
from spinegrade.calibration import AT_DETECTOR
from spinegrade.morphometry import signed_area, vertebra_centres

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from napari_spinegrade.live import Numbers
    from spinegrade.readings import Reading, VertebraReading

    Floats = NDArray[np.float64]

Pair = tuple[float | None, float | None]
"""A number then and now."""

RATIOS = ("anterior to posterior", "middle to posterior", "posterior to expected")
"""The ratios of heights whose change is told."""

_POSTERIOR = 2

_NO_MM = "not both films have mm"


@frozen(eq=False)
class Dated:
    """A reading, its numbers, and the date of its exam where that is known."""

    reading: Reading
    numbers: Numbers
    on: date | None = None

    @property
    def points(self) -> Floats:
        """``(23, 6, 2)`` rows and columns of the landmarks that can be measured."""
        return measurable(self.reading.landmarks)


@frozen
class Difference:
    """What a level was then and is now.

    Attributes
    ----------
    grades, losses
        The computed grade, and the height loss as a fraction.
    grade_words
        The grades as the desk writes them: 2, 1? near a bound, empty where there is none.
    ratio_changes
        By how many percent points each of `RATIOS` has become larger.
    words
        What differs, in words; what was not read on a date is said so.
    """

    level: str
    grades: Pair
    grade_words: tuple[str, str]
    losses: Pair
    ratio_changes: tuple[float | None, ...]
    words: str


def in_order(first: Dated, second: Dated) -> tuple[Dated, Dated, str]:
    """Return the two by the dates of their exams, and in words where dates do not order them."""
    if first.on is None or second.on is None:
        return first, second, "a date is not known: the films are in the order given"
    if first.on == second.on:
        return first, second, "both exams have one date: the films are in the order given"
    then, now = sorted((first, second), key=lambda one: str(one.on))
    return then, now, ""


# What differs


def levels_to_show(then: Dated, now: Dated) -> tuple[str, ...]:
    """Return the graded levels, and those beyond them that were read on either date."""
    read = {one.level for side in (then, now) for one in side.reading.vertebrae}
    return tuple(level for level in LEVELS if level in GRADED.levels or level in read)


def differences(then: Dated, now: Dated) -> tuple[Difference, ...]:
    """Return what differs at each level to show, from the head downwards."""
    change = 100 * (_ratios(now) - _ratios(then))
    return tuple(_difference(then, now, level, change) for level in levels_to_show(then, now))


def _difference(then: Dated, now: Dated, level: str, change: Floats) -> Difference:
    at = LEVELS.index(level)
    return Difference(
        level,
        (_known(then.numbers.grade[at]), _known(now.numbers.grade[at])),
        (then.numbers.grade_words(level), now.numbers.grade_words(level)),
        (_known(then.numbers.height_loss[at]), _known(now.numbers.height_loss[at])),
        tuple(_known(one) for one in change[at]),
        "; ".join(
            part for part in (_measured_words(then, now, level), _visual_words(then, now, level)) if part
        ),
    )


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _ratios(side: Dated) -> Floats:
    """Return the ``(23, 3)`` ratios of heights; NaN where a vertebra could not be measured or evaluated."""
    ratios = side.numbers.ratios.copy()
    ratios[np.isnan(side.numbers.height_loss)] = np.nan
    return ratios


def _measured_words(then: Dated, now: Dated, level: str) -> str:
    before, after = _missing(then, level), _missing(now, level)
    if before and before == after:
        return f"{before} on either date"
    missing = [f"{words} {when}" for words, when in ((before, "then"), (after, "now")) if words]
    if missing:
        return ", ".join(missing)
    parts = (_grade_words(then, now, level), _shape_words(then, now, level))
    return ", ".join(filter(None, parts))


def _missing(side: Dated, level: str) -> str:
    """Return why a level has no numbers; empty where it has."""
    if not np.isnan(side.numbers.height_loss[LEVELS.index(level)]):
        return ""
    vertebra = _vertebra(side, level)
    if vertebra is None:
        return "not read"
    if vertebra.not_evaluable_reason is not None:
        return f"not evaluable ({vertebra.not_evaluable_reason.value.replace('_', ' ')})"
    return "not measured"


def _vertebra(side: Dated, level: str) -> VertebraReading | None:
    return next((one for one in side.reading.vertebrae if one.level == level), None)


def _grade_words(then: Dated, now: Dated, level: str) -> str:
    at = LEVELS.index(level)
    step = now.numbers.grade[at] - then.numbers.grade[at]
    if np.isnan(step):
        return ""
    return "same grade" if step == 0 else f"grade {'higher' if step > 0 else 'lower'} by {abs(step):.0f}"


def _shape_words(then: Dated, now: Dated, level: str) -> str:
    before, after = then.numbers.shape_words(level), now.numbers.shape_words(level)
    if before == after:
        return before
    return ", ".join(f"{words} {when}" for words, when in ((before, "then"), (after, "now")) if words)


def _visual_words(then: Dated, now: Dated, level: str) -> str:
    vertebrae = [_vertebra(side, level) for side in (then, now)]
    before, after = (None if one is None else one.visual_grade for one in vertebrae)
    if before is None or after is None or before == after:
        return ""
    return f"visual {before:g} then, {after:g} now"


def remarks(then: Dated, now: Dated) -> tuple[str, ...]:
    """Return in words what stands in the way of comparing the two as they are."""
    first, second = then.reading, now.reading
    found = []
    if first.exam.patient != second.exam.patient:
        found.append("the readings name different patients")
    if first.image.sha256 is not None and first.image.sha256 == second.image.sha256:
        found.append("both readings are of the same film")
    if first.reader != second.reader:
        found.append(f"read by {first.reader} then, by {second.reader} now")
    if first.counted_from != second.counted_from:
        found.append(f"levels counted from {first.counted_from.value} then, {second.counted_from.value} now")
    if first.middle_point != second.middle_point:
        found.append("middle landmarks placed by different definitions")
    states = [one.calibration.state for one in (first, second)]
    if states[0] != states[1] and "px" not in (then.numbers.unit, now.numbers.unit):
        found.append(f"mm are of different kinds: {states[0].value} then, {states[1].value} now")
    if _faces(then) * _faces(now) < 0:
        found.append("the films face opposite ways")
    return tuple(found)


def _faces(side: Dated) -> float:
    """Return a number whose sign is the side of the film that the front is on; 0 where that is not known."""
    return float(np.nansum(np.sign(signed_area(side.points))))


# Where the films lie


@frozen(eq=False)
class Laid:
    """How two films lie in one world, so that a level is at the same place in both.

    Attributes
    ----------
    scales
        The size of a pixel of the film then, and of that now, down and across.
    offset
        What is added to places on the film now.
    words
        Which magnification that is, and at which level the films meet.
    """

    scales: tuple[tuple[float, float], tuple[float, float]]
    offset: tuple[float, float]
    words: str


def unit_of(then: Dated, now: Dated) -> str:
    """Return in what the world of both is: ``mm`` where both films have them, else ``pixel`` of that then."""
    return "mm" if then.numbers.unit == now.numbers.unit == "mm" else "pixel"


def lay(then: Dated, now: Dated, level: str) -> Laid:
    """Return how the films lie to compare a level: in mm where both have them, else by height.

    Where one has none, posterior heights of the level and its neighbours are made equal (by their median
    ratio; that of all levels read on both dates where these were not), so that a body that has lost height
    still shows it.
    """
    in_mm = unit_of(then, now) == "mm"
    scales = [_pixel(side, in_mm=in_mm) for side in (then, now)]
    factor, magnified = (1.0, _mm_words(then, now)) if in_mm else _alike(then, now, level)
    scales[1] = scales[1][0] * factor, scales[1][1] * factor
    centres = [vertebra_centres(side.points * scale) for side, scale in zip((then, now), scales, strict=True)]
    met, offset = _meet(centres, level)
    return Laid((scales[0], scales[1]), offset, f"{magnified}; {met}")


def _pixel(side: Dated, *, in_mm: bool) -> tuple[float, float]:
    spacing = side.reading.calibration.spacing
    return (spacing.row, spacing.column) if in_mm else (spacing.row / spacing.column, 1.0)


def _mm_words(then: Dated, now: Dated) -> str:
    at_detector = any(side.reading.calibration.state in AT_DETECTOR for side in (then, now))
    return f"same magnification in mm{' at the detector' if at_detector else ''}"


def _alike(then: Dated, now: Dated, level: str) -> tuple[float, str]:
    """Return by what the film now is enlarged to be as tall as the film then, and that in words."""
    heights = [
        side.numbers.heights[:, _POSTERIOR] / (side.reading.calibration.spacing.column)
        for side in (then, now)
    ]
    ratio = heights[0] / heights[1]
    at = LEVELS.index(level)
    near = ratio[max(0, at - 1) : at + 2]
    if not np.isnan(near).all():
        words = f"{_NO_MM}: posterior heights round {level} shown equal"
        return float(np.nanmedian(near)), words
    if not np.isnan(ratio).all():
        return float(np.nanmedian(ratio)), f"{_NO_MM}: posterior heights shown equal"
    return 1.0, f"{_NO_MM}, and no height on both: pixels shown equal"


def _meet(centres: list[Floats], level: str) -> tuple[str, tuple[float, float]]:
    """Return at which level the films meet, in words, and what brings them together there."""
    offsets = centres[0] - centres[1]
    at = nearest_level(~np.isnan(offsets[:, 0]), level)
    if at is None:
        return "no level was read on both dates, the films do not meet", (0.0, 0.0)
    offset = float(offsets[at, 0]), float(offsets[at, 1])
    met = f"{LEVELS[at]} beside {LEVELS[at]}"
    return (met if LEVELS[at] == level else f"{met}, as {level} is missing on a date"), offset


def nearest_level(there: NDArray[np.bool_], level: str) -> int | None:
    """Return the index of the level nearest to ``level`` of those that are there, the upper of two."""
    found = np.flatnonzero(there)
    if not len(found):
        return None
    return int(found[np.abs(found - LEVELS.index(level)).argmin()])


def round_the_level(then: Dated, now: Dated, laid: Laid, level: str) -> Floats:
    """Return the ``(2, n, 6, 2)`` landmarks of a level and its neighbours on both films, in the world.

    Where the level was read on neither date, those of the nearest that was.
    """
    worlds = in_the_world(then, now, laid)
    there = np.isfinite(worlds[..., 0]).any(axis=(0, 2))
    at = nearest_level(np.asarray(there), level)
    if at is None:
        return worlds[:, :0]
    return worlds[:, max(0, at - 1) : at + 2]


def in_the_world(then: Dated, now: Dated, laid: Laid) -> Floats:
    """Return the ``(2, 23, 6, 2)`` places of the landmarks of both films, where they lie."""
    return np.stack([then.points * laid.scales[0], now.points * laid.scales[1] + laid.offset])
