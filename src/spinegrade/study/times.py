"""How long a reader took, from the moments at which something was done.

The rule: the time from one event to the next counts for the vertebra of the later one, and no more of it
than `IDLE` seconds, as a reader who does nothing for longer has been away.  A clock that went backwards in
between counts nothing.  The first look at a film, before the first event, is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from spinegrade.study.moments import as_utc

if TYPE_CHECKING:
    from spinegrade.readings import Reading

IDLE = 60.0
"""Seconds after which a reader is taken to have been away; the reading desk goes by the same."""


@frozen
class Times:
    """Seconds spent on a film, and of these on each vertebra; the rest belongs to none.

    ``pauses`` counts how often the reader was away, ``backwards`` how often the clock went back.
    """

    seconds: float = 0.0
    levels: dict[str, float] = field(factory=dict)
    pauses: int = 0
    backwards: int = 0


def reading_times(reading: Reading, *, idle: float = IDLE) -> Times:
    """Return the times of a reading.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from spinegrade.readings import Event, Exam, Reading
    >>> moments = [datetime(2026, 11, 21, 9, minute, second, tzinfo=UTC) for minute, second in
    ...            ((30, 0), (30, 4), (45, 0))]
    >>> events = tuple(Event(at, "place", level="T8") for at in moments)
    >>> reading_times(Reading(Exam("F001", "F001"), "R1", events=events))
    Times(seconds=64.0, levels={'T8': 64.0}, pauses=1, backwards=0)
    """
    total, pauses, backwards = 0.0, 0, 0
    levels: dict[str, float] = {}
    for before, event in zip(reading.events, reading.events[1:], strict=False):
        gap = (as_utc(event.at) - as_utc(before.at)).total_seconds()
        pauses += gap > idle
        backwards += gap < 0
        counted = min(max(gap, 0.0), idle)
        total += counted
        if event.level is not None:
            levels[event.level] = levels.get(event.level, 0.0) + counted
    rounded = {level: round(seconds, 2) for level, seconds in levels.items()}
    return Times(round(total, 2), rounded, pauses, backwards)
