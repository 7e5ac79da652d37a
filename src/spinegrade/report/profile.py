"""Heights by level beside what was expected of them, a panel for each of the three."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import POSITIONS
from spinegrade.report.diagram import WIDTH, known_slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.genant_rule import GenantRule
    from spinegrade.report.diagram import Diagram

LEFT, RIGHT = 34.0, WIDTH - 12.0
"""Where the shortest and the longest height of the axis are."""

_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_MOST_TICKS = 6


@frozen
class Mark:
    """A level in a panel: its height, the expected one, and where the losses of each grade lie.

    All are x coordinates; ``zones`` are the bounds of grades 1, 2 and 3, then the end of the axis.
    ``measured`` and ``words`` are None and empty where there is no height.
    """

    level: str
    y: float
    kind: str
    measured: float | None
    expected: float | None
    zones: tuple[float, ...]
    words: str


@frozen
class Panel:
    """One of the three heights over all levels; ``ticks`` are x coordinates and what to write there."""

    position: str
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]


def profile(diagram: Diagram, rule: GenantRule, unit: str) -> tuple[Panel, ...]:
    """Return the panels of anterior, middle and posterior height, all on one axis."""
    axis = _axis(diagram)
    if axis is None:
        return ()
    return tuple(
        Panel(position, tuple(_marks(diagram, place, axis, rule, unit)), tuple(axis.ticks()))
        for place, position in enumerate(POSITIONS)
    )


@frozen
class _Axis:
    low: float
    high: float

    def x(self, height: float) -> float:
        """Return where a height lies on the page, kept within the axis."""
        share = (height - self.low) / (self.high - self.low)
        return LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT)

    def ticks(self) -> list[tuple[float, str]]:
        step = next((s for s in _STEPS if (self.high - self.low) / s <= _MOST_TICKS), _STEPS[-1])
        first = math.ceil(self.low / step)
        return [(self.x(n * step), f"{n * step}") for n in range(first, int(self.high / step) + 1)]


def _axis(diagram: Diagram) -> _Axis | None:
    """Return an axis on which every height fits, and every expected one less half of it."""
    found = [
        (slot.vertebra.row[position], slot.vertebra.expected[place])
        for slot in known_slots(diagram)
        if slot.vertebra is not None
        for place, position in enumerate(POSITIONS)
    ]
    heights = np.array(found, dtype=float).reshape(-1, 2)
    if np.isnan(heights).all():
        return None
    low = np.nanmin(np.concatenate([heights[:, 0], 0.55 * heights[:, 1]]))
    high = np.nanmax(heights)
    margin = 0.04 * float(high - low)
    return _Axis(max(0.0, float(low) - margin), float(high) + margin)


def _marks(diagram: Diagram, place: int, axis: _Axis, rule: GenantRule, unit: str) -> list[Mark]:
    marks = []
    for slot in known_slots(diagram):
        if slot.vertebra is None:
            continue
        height = slot.vertebra.row[POSITIONS[place]]
        expected = float(slot.vertebra.expected[place])
        known = not math.isnan(expected)
        marks.append(
            Mark(
                level=slot.level,
                y=slot.y,
                kind=slot.kind,
                measured=None if height is None else axis.x(height),
                expected=axis.x(expected) if known else None,
                zones=_zones(expected, axis, rule.bands) if known else (),
                words=_words(slot.level, POSITIONS[place], height, expected if known else None, unit),
            )
        )
    return marks


def _zones(expected: float, axis: _Axis, bands: Sequence[float]) -> tuple[float, ...]:
    return (*(axis.x(expected * (1.0 - bound)) for bound in bands), axis.x(axis.low))


def _words(level: str, position: str, height: float | None, expected: float | None, unit: str) -> str:
    if height is None:
        return ""
    said = f"{level} {position} {height:.1f} {unit}"
    return said if expected is None else f"{said}, expected {expected:.1f}"
