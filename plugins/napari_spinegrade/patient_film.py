"""Whose film is open and when it was taken: what is asked before it is given to a patient, and the date."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from spinegrade.errors import ReadingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.readings import Reading


_FEW = 3
"""Dates that there is room for in a question."""


def question(reading: Reading, theirs: Sequence[Reading], patient: str, header: date | None) -> str:
    """Return what is asked before a reading is given to a patient.

    ``theirs`` is every reading of whom it is of so far; ``header`` the date in the film itself.
    """
    exam = reading.exam
    asked = f"This film is read as one of {exam.patient}{_exams(theirs)}."
    if exam.patient != patient:
        asked += f" Give it to {patient}?"
    if header is not None and exam.date is not None and header != exam.date:
        asked += f"\nIt is dated {exam.date}; its header says {header}."
    return f"{asked}\nDate of the film, as 2026-11-21; empty where it is not known"


def _exams(readings: Sequence[Reading]) -> str:
    """Return in words how many exams readings are of, and when; of many the first and last date."""
    exams = {one.exam.id: one.exam.date for one in readings}
    if not exams:
        return ""
    dates = sorted(f"{one}" for one in exams.values() if one is not None)
    when = ", ".join(dates) if len(dates) <= _FEW else f"{dates[0]} to {dates[-1]}"
    return f" ({len(exams)} exam{'s' if len(exams) > 1 else ''}: {when or 'no date'})"


def date_of(text: str) -> date | None:
    """Return a date as 2026-11-21; None for an empty text.

    Raises
    ------
    ReadingError
        If it is none, or after today.
    """
    if not text.strip():
        return None
    try:
        on = date.fromisoformat(text.strip())
    except ValueError as error:
        msg = f"date of the film: expected one as 2026-11-21, or nothing, got {text.strip()!r}"
        raise ReadingError(msg) from error
    if on > datetime.now().astimezone().date():
        msg = f"date of the film: expected today's or one before it, got {on}"
        raise ReadingError(msg)
    return on
