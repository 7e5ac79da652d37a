"""What makes a row of a landmark table unusable, found for all rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade.anatomy import LEVELS, POSITIONS
from spinegrade.calibration import WHY_NO_MM, CalibrationState, why_no_mm
from spinegrade.io.arrays import Spines, as_spines
from spinegrade.io.columns import (
    CALIBRATION,
    COORDINATES,
    KEY,
    READING_KEY,
    ROW,
    SCHEMA,
    SPACING,
    UNIT,
    Problem,
)
from spinegrade.morphometry import (
    out_of_order,
    points_up,
    signed_area,
    spine_directions,
)
from spinegrade.readings import VISUAL_GRADES, NotEvaluableReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Found = Iterator[tuple[int, str]]

_FARTHEST = 1_000_000
"""Pixels from the corner of a film beyond which nobody places a landmark; the largest have some 10,000."""

_REASONS = [reason.value for reason in NotEvaluableReason]


def sound_spines(frame: pl.DataFrame, *, in_mm: bool = False) -> tuple[Spines, list[Problem]]:
    """Return the usable rows as arrays, and what is wrong with the others.

    With ``in_mm`` rows whose lengths are in pixels are no use.

    One thing a row is said: cells that no row may have, then a level twice or two spacings in one
    reading, then landmarks that no vertebra can have.
    """
    frame, problems = _without(frame, _cells(frame))
    if in_mm:
        frame, found = _without(frame, _uncalibrated(frame))
        problems += found
    spines = as_spines(frame)
    for look in (_together, _distances, _order, _succession, _sides):
        frame, found = _without(spines.frame, look(spines))
        problems += found
        if found:
            spines = as_spines(frame)
    return spines, sorted(problems, key=lambda problem: problem.row)


def _without(frame: pl.DataFrame, found: Found) -> tuple[pl.DataFrame, list[Problem]]:
    """Return the rows in which nothing was found, and the first thing found in each other row."""
    first: dict[int, str] = {}
    for row, what in found:
        first.setdefault(row, what)
    if first:
        frame = frame.filter(~pl.col(ROW).is_in(list(first)))
    return frame, [Problem(row, what) for row, what in first.items()]


def _cells(frame: pl.DataFrame) -> Found:
    """Find cells that no row may have, whatever else is in it."""
    rules = [*_key_rules(), *_number_rules(), *_evaluable_rules()]
    if frame[CALIBRATION].null_count() < frame.height:
        rules += _calibration_rules()
    failed = frame.select(rule.any().alias(str(n)) for n, (rule, _, _) in enumerate(rules)).row(0)
    for (rule, name, wanted), fails in zip(rules, failed, strict=True):
        if fails:
            for row, value in frame.filter(rule).select(ROW, name).iter_rows():
                yield row, f"{name}: expected {wanted}, got {_shown(value)}"


_Rule = tuple[pl.Expr, str, str]
"""Where a column is wrong, its name, and what was expected."""


def _key_rules() -> Iterator[_Rule]:
    for name in KEY:
        column = pl.col(name)
        blank = column.is_null() if SCHEMA[name] != pl.String else column.is_null() | (column == "")
        yield blank, name, "a value"
    yield ~pl.col("level").is_in(LEVELS), "level", f"one of {LEVELS[0]}..{LEVELS[-1]}"
    yield pl.col("occasion") < 1, "occasion", "1 or more"


def _number_rules() -> Iterator[_Rule]:
    for name in COORDINATES:
        yield pl.col(name).is_infinite(), name, "a finite coordinate"
        far = pl.col(name).abs() > _FARTHEST
        yield far, name, f"a coordinate on a film, at most {_FARTHEST:,} pixels away"
    for name in SPACING:
        column = pl.col(name)
        yield (column <= 0) | column.is_infinite(), name, "more than 0 mm"
    for name in (*COORDINATES, *SPACING):
        twin = _twin(name)
        half = pl.col(name).is_null() & pl.col(twin).is_not_null()
        yield half, name, f"a value, as {twin} has one"
    yield ~pl.col("visual_grade").is_in(VISUAL_GRADES), "visual_grade", "0, 0.5, 1, 2 or 3"


def _calibration_rules() -> Iterator[_Rule]:
    state, row, column = (pl.col(name) for name in (CALIBRATION, *SPACING))
    yield ~state.is_in(list(CalibrationState)), CALIBRATION, f"one of {', '.join(CalibrationState)}"
    wanting = ~state.is_in(list(WHY_NO_MM)) & row.is_null()
    yield wanting, SPACING[0], "a value, as the calibration promises mm"
    shape = row / column
    shapeless = (pl.col(UNIT) == "px") & ~((shape > 0) & shape.is_finite())
    yield shapeless, SPACING[0], f"one that {SPACING[1]} makes a shape of"


def _twin(name: str) -> str:
    """Return the other half of a coordinate or of a spacing."""
    return name.replace("row", "column") if "row" in name else name.replace("column", "row")


def _evaluable_rules() -> Iterator[_Rule]:
    reason = pl.col("not_evaluable_reason")
    evaluable = pl.col("evaluable")
    yield ~reason.is_in(_REASONS), "not_evaluable_reason", f"one of {', '.join(_REASONS)}"
    wanting = ~evaluable & reason.is_null()
    yield wanting, "not_evaluable_reason", "a reason, as evaluable is false"
    contradicted = evaluable.fill_null(value=True) & reason.is_not_null()
    yield contradicted, "evaluable", "false, as there is a not_evaluable_reason"


def _uncalibrated(frame: pl.DataFrame) -> Found:
    """Find rows without mm."""
    without = frame.filter(pl.col(UNIT) == "px")
    for row, exam, state in without.select(ROW, "exam", CALIBRATION).iter_rows():
        yield row, f"exam {exam}: expected lengths in mm, got pixels: {why_no_mm(state)}"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    return f"{value!r}" if isinstance(value, str) else f"{value}".lower()


def _together(spines: Spines) -> Found:
    """Find levels that a reading has twice, and readings with two spacings or calibrations."""
    frame = spines.frame
    twice = frame.filter(pl.Series(spines.repeated, dtype=pl.Boolean))
    for row, exam, reader, occasion, level in twice.select(ROW, *KEY[1:]).iter_rows():
        what = (
            f"level: expected {level} once in the reading of exam {exam} by {reader}, "
            f"occasion {occasion}, got it more than once"
        )
        yield row, what
    for name, called in ((SPACING[0], "spacing"), (SPACING[1], "spacing"), (CALIBRATION, "calibration")):
        if frame[name].n_unique() > 1:
            column = pl.col(name)
            differs = frame.filter(column.ne_missing(column.first().over(READING_KEY)))
            for row, value in differs.select(ROW, name).iter_rows():
                yield row, f"{name}: expected one {called} a reading, got another, {_shown(value)}"


def _distances(spines: Spines) -> Found:
    """Find facing landmarks on one point, and endplates of which one runs backwards."""
    points = spines.points
    edges = np.square(points[:, 3:] - points[:, :3])
    coincide = edges[..., 0] + edges[..., 1] == 0
    for at, position in enumerate(POSITIONS):
        what = f"expected {position} height above 0, got two landmarks on one point"
        yield from _named(spines, coincide[:, at], what)
    superior, inferior = points[:, 2] - points[:, 0], points[:, 5] - points[:, 3]
    what = (
        "expected the anterior landmarks of both endplates on one side of the body, "
        "got them on opposite sides"
    )
    yield from _named(spines, (superior * inferior).sum(axis=-1) < 0, what)


def _order(spines: Spines) -> Found:
    """Find vertebrae whose superior landmarks lie below the inferior ones, in their spine's order."""
    directions = spines.gather(spine_directions(spines.centres))
    inverted = points_up(spines.points[:, 3:] - spines.points[:, :3], directions)
    what = (
        "expected superior landmarks above the inferior ones that face them, as this spine runs, "
        "got one below"
    )
    return _named(spines, inverted, what)


def _succession(spines: Spines) -> Found:
    """Find vertebrae that lie above the one whose level is above theirs."""
    misplaced = spines.gather(out_of_order(spines.centres))
    return _named(spines, misplaced, "expected it below the level above, got it above: levels exchanged?")


def _sides(spines: Spines) -> Found:
    """Find vertebrae whose front is where most of their spine's vertebrae have their back."""
    turns = np.sign(spines.spread(signed_area(spines.points)))
    most = np.sign(np.nansum(turns, axis=1))
    reversed_ = spines.gather(turns * most[:, None] < 0)
    return _named(
        spines, reversed_, "expected its front on the side of the others' fronts, got it on the other"
    )


def _named(spines: Spines, where: NDArray[np.bool_], what: str) -> Found:
    """Yield the rows of ``(rows,)`` places, with the level in front of what is wrong there."""
    if where.any():
        for row, level in spines.frame.select(ROW, "level").filter(pl.Series(where)).iter_rows():
            yield row, f"{level}: {what}"
