"""Whether a reading is of the film it is for, and what of the protocol it leaves unanswered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from spinegrade.anatomy import LANDMARKS
from spinegrade.errors import StudyError
from spinegrade.readings import Event, Exam, Reading, Status
from spinegrade.study.protocol import Asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from spinegrade.radiograph import Radiograph
    from spinegrade.readings import VertebraReading
    from spinegrade.study.protocol import ReaderProtocol
    from spinegrade.study.queue import Item

QUALITY_FORM = "quality"
"""The form of a vertebra in which its quality is judged; any other is a form."""

COMMIT = "commit"
"""What the last event of a committed reading says was done."""


def blank_reading(film: Radiograph, item: Item, reader: str, protocol: ReaderProtocol) -> Reading:
    """Return a reading of a blinded film in which nothing has been read yet."""
    return Reading(
        Exam(item.film, item.film),
        reader,
        occasion=item.occasion,
        image=evolve(film.image, file_name=f"{item.film}.dcm"),
        calibration=film.calibration,
        middle_point=protocol.middle_point,
    )


def check_reading(reading: Reading, item: Item, reader: str, sha256: str, protocol: ReaderProtocol) -> None:
    """Refuse a reading of something else than the item; ``sha256`` is of the blinded film's pixels.

    Raises
    ------
    StudyError
        If it is one; it says what was expected and got.
    """
    for what, expected, got in (
        ("patient", item.film, reading.exam.patient),
        ("exam", item.film, reading.exam.id),
        ("date", None, reading.exam.date),
        ("reader", reader, reading.reader),
        ("occasion", item.occasion, reading.occasion),
        ("pixels sha256", sha256, reading.image.sha256),
        ("middle point", protocol.middle_point, reading.middle_point),
    ):
        if expected != got:
            msg = f"{item}: expected a reading of {what} {_short(expected)}, got {_short(got)}"
            raise StudyError(msg)


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return f"{text[:16]}.." if len(text) == 64 else text[:60]


def empty_answers(reading: Reading, protocol: ReaderProtocol) -> tuple[str, ...]:
    """Return what was asked and is not answered, level by level; none where a vertebra is not evaluable."""
    vertebrae = {one.level: one for one in reading.vertebrae}
    found = []
    for level in protocol.level_range.levels:
        vertebra = vertebrae.get(level)
        if vertebra is None or vertebra.evaluable is not False:
            found += [f"{level}: {missing}" for missing in _missing(vertebra, protocol.asked)]
    return tuple(found)


def _missing(vertebra: VertebraReading | None, asked: Iterable[Asked]) -> Iterator[str]:
    """Yield what is missing of a vertebra."""
    if vertebra is None:
        yield "not read"
        return
    forms = {name for name, answers in vertebra.forms.items() if answers}
    for one in asked:
        match one:
            case Asked.LANDMARKS:
                left = sum(_is_open(vertebra, name) for name in LANDMARKS)
                if left:
                    yield f"{left} of {len(LANDMARKS)} landmarks"
            case Asked.VISUAL_GRADE if vertebra.visual_grade is None:
                yield "visual grade"
            case Asked.QUALITY if QUALITY_FORM not in forms:
                yield "quality"
            case Asked.FORM if not forms - {QUALITY_FORM}:
                yield "form"


def _is_open(vertebra: VertebraReading, name: str) -> bool:
    landmark = vertebra.landmarks.get(name)
    return landmark is None or landmark.status is Status.PROPOSED


def check_acknowledged(
    item: Item, reading: Reading, protocol: ReaderProtocol, acknowledged: Iterable[str]
) -> None:
    """Refuse a reading with empty answers that the reader has not been asked about.

    Raises
    ------
    StudyError
        If there are any; it names them.
    """
    known = set(acknowledged)
    left = [answer for answer in empty_answers(reading, protocol) if answer not in known]
    if left:
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        msg = f"{item}: expected every answer or a word that it stays empty, got {'; '.join(left[:3])}{more}"
        raise StudyError(msg)


def sealed(reading: Reading, at: datetime) -> Reading:
    """Return the reading with its commit as the last event."""
    return evolve(reading, events=(*reading.events, Event(at, COMMIT)))


def is_sealed_from(stored: Reading, reading: Reading) -> bool:
    """Return whether a committed reading is this one, so that committing it again changes nothing."""
    return bool(stored.events) and evolve(stored, events=stored.events[:-1]) == reading
