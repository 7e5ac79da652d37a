"""Section 3 of the design in plain Python: one spine, one vertebra after the other, no arrays.

Written from the words of the design (and clinical.md 2.2, 2.3 for bounds and shapes), not from the
program, to have something to compare the program with.  Where the design leaves a choice, this reads
it as the project does:

- neighbours are the nearest evaluable vertebrae within two levels, one on each side, among those that
  a first pass of the standard scheme does not grade 1 or more; a graded one is passed over for the next;
- where that leaves none on either side, the nearest evaluable ones of each side are used, and flagged;
- a vertebra without its three heights is not evaluable;
- `adjacent` without neighbours has no loss at all; the other references have;
- a crush has reached the first band in front and behind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

GROWTH = math.exp(math.log(36 / 22) / 12)  # 22 mm at T4, 36 mm at L4, twelve levels further down
REACH = 2
BANDS = (0.20, 0.25, 0.40)
TIE = 0.02


class Body(NamedTuple):
    """The three heights of one vertebra."""

    anterior: float
    middle: float
    posterior: float


@dataclass
class Finding:
    """What is said of one vertebra; None where there is nothing to say."""

    losses: tuple[float, float, float] | None = None
    height_loss: float | None = None
    grade: int | None = None
    shape: str = "none"
    neighbour_posterior: float | None = None
    flags: set[str] = field(default_factory=set)


Spine = list[Body | None]


def grade_spine(spine: Spine, reference: str = "standard", bounds: str = "at-least") -> list[Finding]:
    """Return a finding for every level of a spine; None in the spine is a vertebra not evaluable."""
    fractured = set()
    for level, body in enumerate(spine):
        if body is not None:
            losses, _ = _losses(spine, level, _nearest(spine, level, skip=set()), "standard", bounds)
            if losses is not None and _reaches(max(losses), BANDS[0], bounds):
                fractured.add(level)
    return [_find(spine, level, fractured, reference, bounds) for level in range(len(spine))]


def _find(spine: Spine, level: int, fractured: set[int], reference: str, bounds: str) -> Finding:
    neighbours = _nearest(spine, level, skip=fractured)
    flags = set()
    if not neighbours:
        neighbours = _nearest(spine, level, skip=set())
        if neighbours:
            flags.add("fractured_neighbour")
    expected = _expect(spine, level, neighbours, 2)
    if spine[level] is None:
        return Finding(neighbour_posterior=expected, flags={"incomplete"})
    if len(neighbours) < 2:
        flags.add("one_neighbour" if neighbours else "no_neighbour")
    losses, low = _losses(spine, level, neighbours, reference, bounds)
    if low:
        flags.add("neighbour_base")
    if losses is None:
        return Finding(flags=flags, neighbour_posterior=expected)
    height_loss = max(0.0, *losses)
    grade = sum(_reaches(height_loss, band, bounds) for band in BANDS)
    shape, mixture = _shape(losses, bounds) if grade else ("none", set())
    return Finding(losses, height_loss, grade, shape, expected, flags | mixture)


def _nearest(spine: Spine, level: int, skip: set[int]) -> list[int]:
    found = []
    for direction in (-1, +1):
        for distance in range(1, REACH + 1):
            at = level + direction * distance
            if 0 <= at < len(spine) and spine[at] is not None and at not in skip:
                found.append(at)
                break
    return found


def _expect(spine: Spine, level: int, neighbours: list[int], position: int) -> float | None:
    """Return the mean of the neighbours' heights, each carried along the trend to this level."""
    if not neighbours:
        return None
    carried = [spine[at][position] * GROWTH ** (level - at) for at in neighbours]
    return sum(carried) / len(carried)


def _losses(
    spine: Spine, level: int, neighbours: list[int], reference: str, bounds: str
) -> tuple[tuple[float, float, float] | None, bool]:
    """Return the three losses, and whether the neighbours stood in for a low posterior wall."""
    body = spine[level]
    if reference == "own":
        bases = (body.posterior,) * 3
    elif reference == "largest":
        bases = (max(body),) * 3
    elif reference == "adjacent":
        if not neighbours:
            return None, False
        bases = tuple(_expect(spine, level, neighbours, position) for position in range(3))
    else:
        return _standard_losses(body, _expect(spine, level, neighbours, 2), bounds)
    return tuple(1 - height / base for height, base in zip(body, bases, strict=True)), False


def _standard_losses(
    body: Body, neighbour_posterior: float | None, bounds: str
) -> tuple[tuple[float, float, float], bool]:
    posterior = 0.0 if neighbour_posterior is None else 1 - body.posterior / neighbour_posterior
    low = _reaches(posterior, BANDS[0], bounds)
    base = neighbour_posterior if low else body.posterior
    return (1 - body.anterior / base, 1 - body.middle / base, posterior), low


def _reaches(loss: float, band: float, bounds: str) -> bool:
    return round(loss, 9) >= band if bounds == "at-least" else round(loss, 9) > band


def _shape(losses: tuple[float, float, float], bounds: str) -> tuple[str, set[str]]:
    """Return the shape of a fractured body, and for a mixed one what it is mixed of."""
    anterior, middle, posterior = losses
    if _reaches(anterior, BANDS[0], bounds) and _reaches(posterior, BANDS[0], bounds):
        return "crush", set()
    alike = [round(max(losses) - loss, 9) <= TIE for loss in losses]
    pairs = {
        "wedge_and_biconcave": alike[0] and alike[1],
        "posterior_and_biconcave": alike[2] and alike[1],
        "wedge_and_posterior": alike[0] and alike[2],
    }
    mixture = {word for word, holds in pairs.items() if holds}
    if mixture:
        return "mixed", mixture
    return {anterior: "wedge", middle: "biconcave", posterior: "posterior wedge"}[max(losses)], set()
