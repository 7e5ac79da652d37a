"""What all readings of a patient found, level by level: on the latest exam, and on every date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.report import words
from spinegrade.report.clinic_words import spread, tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from spinegrade.anatomy import LevelRange
    from spinegrade.report.findings import Examined, Vertebra

_OF_GRADES = ("p1", "p2", "p3")


@frozen
class LevelFinding:
    """A level that a reading of the latest exam has as fractured, in words.

    ``grade`` is the highest that was measured; ``chance`` is empty without a landmark error, ``visual``
    where no reader graded.
    """

    level: str
    grade: int
    words: str
    loss: str
    chance: str
    visual: str
    differs: bool


@frozen
class Cell:
    """The lowest and highest grade that readings gave a level on a date; None where nobody could."""

    level: str
    low: int | None
    high: int | None

    @property
    def words(self) -> str:
        """The grades as a short text."""
        if self.low is None:
            return "-"
        return f"{self.low}" if self.low == self.high else f"{self.low}-{self.high}"


@frozen
class Strip:
    """Grades of all levels on one date; ``when`` is the exam where it has none."""

    when: str
    readings: int
    cells: tuple[Cell, ...]


def latest(examined: Sequence[Examined]) -> list[Examined]:
    """Return the readings of the latest exam; all of them where dates do not tell which that is."""
    exams = {one.reading.exam.id for one in examined}
    dates = [one.reading.exam.date for one in examined]
    if len(exams) > 1 and None in dates:
        return list(examined)
    last = max((one for one in dates if one is not None), default=None)
    return [one for one in examined if one.reading.exam.date == last]


def findings(examined: Sequence[Examined], levels: LevelRange) -> tuple[LevelFinding, ...]:
    """Return the levels that any of these readings has as fractured, measured or seen."""
    seen = {level: _said_of(examined, level) for level in levels.levels}
    return tuple(_finding(level, rows) for level, rows in seen.items() if any(map(_fractured, rows)))


def _at(examined: Sequence[Examined], level: str) -> list[Vertebra]:
    return [
        one
        for each in examined
        for one in each.vertebrae
        if one.level == level and one.row["grade"] is not None
    ]


def _said_of(examined: Sequence[Examined], level: str) -> list[Vertebra]:
    """Return the vertebrae of a level that were graded, measured or seen."""
    return [
        one
        for each in examined
        for one in each.vertebrae
        if one.level == level and (one.row["grade"], one.seen.visual_grade) != (None, None)
    ]


def _fractured(one: Vertebra) -> bool:
    return one.fractured or (one.seen.visual_grade or 0) >= 1


def _finding(level: str, rows: Sequence[Vertebra]) -> LevelFinding:
    said = [_graded(one) for one in rows]
    visual = [f"{one.seen.visual_grade:g}" for one in rows if one.seen.visual_grade is not None]
    disputed = sum(one.disputed for one in rows)
    losses = [one.row["height_loss"] * 100 for one in rows if one.row["grade"] is not None]
    chances = [sum(one.row[name] for name in _OF_GRADES) for one in rows if one.row["p0"] is not None]
    return LevelFinding(
        level=level,
        grade=max(one.row["grade"] or 0 for one in rows),
        words=tally(said),
        loss=spread(losses, "{:.1f}") if losses else "-",
        chance=spread(chances, "{:.2f}") if chances else "",
        visual=tally(visual) if visual else "",
        differs=disputed > 0,
    )


def _graded(one: Vertebra) -> str:
    grade = one.row["grade"]
    if grade is None:
        return "not measured"
    if grade == 0:
        return "no fracture"
    return f"{words.GRADE_WORDS[grade]} {one.row['shape']} (grade {grade})"


def unread(examined: Sequence[Examined], levels: LevelRange) -> tuple[str, ...]:
    """Return the levels that could not be graded, and why, those of one reason together."""
    together: dict[str, list[str]] = {}
    for level in levels.levels:
        whys = [why for one in examined if (why := _why_unread(one, level))]
        if whys:
            share = "" if len(whys) == len(examined) else f" ({len(whys)} of {len(examined)} readings)"
            together.setdefault(f"{', '.join(dict.fromkeys(whys))}{share}", []).append(level)
    return tuple(f"{', '.join(names)}: {why}" for why, names in together.items())


def _why_unread(examined: Examined, level: str) -> str:
    found = [one for one in examined.vertebrae if one.level == level]
    if not found:
        return "not read"
    if found[0].seen.not_evaluable_reason is not None:
        return words.reason(found[0].seen.not_evaluable_reason)
    return "a landmark is missing" if found[0].row["grade"] is None else ""


def strips(examined: Sequence[Examined], levels: LevelRange) -> tuple[Strip, ...]:
    """Return the grades of every exam, the earliest first; exams without a date after the others."""
    exams: dict[tuple[bool, date | None, str], list[Examined]] = {}
    for one in examined:
        when = one.reading.exam.date
        exams.setdefault((when is None, when, "" if when else one.reading.exam.id), []).append(one)
    ordered = sorted(exams.items(), key=lambda item: (item[0][0], str(item[0][1]), item[0][2]))
    return tuple(
        Strip(
            when=when.isoformat() if when else f"exam {exam}, no date",
            readings=len(readings),
            cells=tuple(_cell(level, readings) for level in levels.levels),
        )
        for (_, when, exam), readings in ordered
    )


def _cell(level: str, readings: Sequence[Examined]) -> Cell:
    grades = [one.row["grade"] for one in _at(readings, level)]
    return Cell(level, min(grades, default=None), max(grades, default=None))


def earlier_fractures(earlier: Sequence[Strip]) -> tuple[str, ...]:
    """Return which levels earlier exams had as fractured, their grades and when; each level once."""
    found = []
    for cells in zip(*(strip.cells for strip in earlier), strict=True):
        had = [
            (strip.when, cell) for strip, cell in zip(earlier, cells, strict=True) if (cell.high or 0) >= 1
        ]
        if had:
            highest = max(cell.high or 0 for _, cell in had)
            lowest = min(cell.low or 0 for _, cell in had)
            grade = f"{highest}" if lowest == highest else f"{lowest}-{highest}"
            when = had[0][0] if len(had) == 1 else f"{len(had)} exams, {had[0][0]} to {had[-1][0]}"
            found.append(f"{cells[0].level} grade {grade} ({when})")
    return tuple(found)
