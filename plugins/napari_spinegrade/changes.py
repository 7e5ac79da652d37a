"""What an action changed in a reading, as text that a file can keep and that can be taken back.

An edit is any function from a reading to a reading.  What it changed is found by comparing the two, part by
part: ``{"T12.landmarks.superior_anterior": "[before, after]"}``, where before and after are JSON as a reading
file has it, and null stands for nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import evolve

from spinegrade.anatomy import LEVELS
from spinegrade.calibration import Calibration
from spinegrade.errors import ReadingError
from spinegrade.io.reading_json import from_plain, to_plain
from spinegrade.readings import CountedFrom, Exam, MiddlePoint, VertebraReading

if TYPE_CHECKING:
    from spinegrade.readings import Reading

WHOLE = {
    "exam": Exam,
    "calibration": Calibration,
    "counted_from": CountedFrom,
    "middle_point": MiddlePoint,
    "comment": None,
}
"""The parts of a reading beside its vertebrae that a reader can change, and what they are."""

_MEASURED = ("seconds",)
"""What the clock writes and nobody takes back."""

Changes = dict[str, str]


def changes_between(before: Reading, after: Reading) -> Changes:
    """Return what is different, by path; empty where nothing is."""
    found: dict[str, tuple[Any, Any]] = {}
    for name in WHOLE:
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            found[name] = (to_plain(one), to_plain(other))
    old, new = by_level(before), by_level(after)
    for level in LEVELS:
        one, other = old.get(level), new.get(level)
        if one is not other and one != other:
            found |= _vertebra_changes(level, one, other)
    return {path: json.dumps(pair) for path, pair in found.items()}


def by_level(reading: Reading) -> dict[str, VertebraReading]:
    """Return the vertebrae of a reading by their levels."""
    return {vertebra.level: vertebra for vertebra in reading.vertebrae}


def _vertebra_changes(
    level: str, before: VertebraReading | None, after: VertebraReading | None
) -> dict[str, tuple[Any, Any]]:
    if before is None or after is None:
        return {level: (before and to_plain(before), after and to_plain(after))}
    old, new = to_plain(before), to_plain(after)
    marks = (old.pop("landmarks"), new.pop("landmarks"))
    pairs = {f"{level}.{key}": (old[key], new[key]) for key in old if key not in _MEASURED}
    for name in dict.fromkeys((*marks[0], *marks[1])):
        pairs[f"{level}.landmarks.{name}"] = (marks[0].get(name), marks[1].get(name))
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


def with_changes(reading: Reading, changes: Changes, *, back: bool = False) -> Reading:
    """Return the reading with changes made, or taken back.

    Raises
    ------
    ReadingError
        If they do not belong to this reading.
    """
    whole: dict[str, Any] = {}
    vertebrae = {level: to_plain(one) for level, one in by_level(reading).items() if _touched(level, changes)}
    for path, pair in changes.items():
        value = _pair(path, pair)[0 if back else 1]
        if path in WHOLE:
            kind = WHOLE[path]
            whole[path] = value if kind is None else from_plain(value, kind)
        else:
            _set(vertebrae, path, value)
    kept = {level: one for level, one in by_level(reading).items() if not _touched(level, changes)}
    changed = {level: from_plain(one, VertebraReading) for level, one in vertebrae.items()}
    return evolve(reading, vertebrae=in_order(kept | changed), **whole)


def _touched(level: str, changes: Changes) -> bool:
    return any(path.split(".")[0] == level for path in changes)


def _pair(path: str, text: str) -> list[Any]:
    try:
        pair = json.loads(text)
    except ValueError:
        pair = None
    if not isinstance(pair, list) or len(pair) != 2:
        msg = f"event: {path}: expected what was before and after, got {text[:60]!r}"
        raise ReadingError(msg)
    return pair


def _set(vertebrae: dict[str, Any], path: str, value: object) -> None:
    """Set one part of the plain vertebrae; null takes away a vertebra or a landmark."""
    level, *keys = path.split(".")
    if not keys:
        vertebrae[level] = value
        if value is None:
            del vertebrae[level]
        return
    if level not in vertebrae:
        msg = f"event: expected {level} in the reading, got none"
        raise ReadingError(msg)
    inside = vertebrae[level]
    for key in keys[:-1]:
        inside = inside[key]
    inside[keys[-1]] = value
    if value is None and keys[0] == "landmarks":
        del inside[keys[-1]]


def in_order(vertebrae: dict[str, VertebraReading]) -> tuple[VertebraReading, ...]:
    """Return vertebrae from the head downwards."""
    return tuple(vertebrae[level] for level in LEVELS if level in vertebrae)
