"""Readings as rows of a store, and what a reader's rows add up to."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Update, and_, func, insert, select, update

from spinegrade.errors import StudyError
from spinegrade.io.reading_json import dump_reading, from_plain, parse_reading
from spinegrade.study import answers, schema
from spinegrade.study.moments import stamp
from spinegrade.study.protocol import Asked, Hidden, ReaderProtocol
from spinegrade.study.queue import Entry, Item, Queue
from spinegrade.study.schema import LOCKED, State

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from spinegrade.readings import Reading

_R = schema.readings.c


def reader_protocol(connection: Connection) -> ReaderProtocol:
    """Return what readers may know of the protocol."""
    text = connection.execute(select(schema.study.c.for_readers)).scalar_one()
    return protocol_from(json.loads(text))


def protocol_from(data: object) -> ReaderProtocol:
    """Return what readers may know of a protocol, from plain data."""
    return from_plain(data, ReaderProtocol, (Asked, Hidden))


def key(reader: str, item: Item) -> dict[str, Any]:
    """Return the columns that name a reading."""
    return {"reader": reader, "occasion": item.occasion, "film": item.film}


def _is(reader: str, item: Item) -> ColumnElement[bool]:
    return and_(_R.reader == reader, _R.occasion == item.occasion, _R.film == item.film)


def queue_of(connection: Connection, reader: str, washout_days: int) -> Queue:
    """Return all that a reader has to read, and what has become of it."""
    a = schema.assignments
    first = and_(a.c.reader == _R.reader, a.c.occasion == _R.occasion, a.c.film == _R.film, _R.revision == 1)
    found = connection.execute(
        select(a.c.film, a.c.occasion, a.c.place, _R.state, _R.committed_at)
        .select_from(a.outerjoin(schema.readings, first))
        .where(a.c.reader == reader)
    )
    return Queue(tuple(_entry(row) for row in found), washout_days)


def _entry(row: Any) -> Entry:  # noqa: ANN401
    state = None if row.state is None else State(row.state)
    at = None if row.committed_at is None else datetime.fromisoformat(row.committed_at)
    return Entry(Item(row.film, row.occasion), row.place, state, at)


def before(connection: Connection, reader: str, occasion: int) -> tuple[int, datetime | None]:
    """Return how many readings of the occasions before are not committed, and when the last of them was."""
    a = schema.assignments
    first = and_(a.c.reader == _R.reader, a.c.occasion == _R.occasion, a.c.film == _R.film, _R.revision == 1)
    row = connection.execute(
        select(func.count(), func.count(_R.committed_at), func.max(_R.committed_at))
        .select_from(a.outerjoin(schema.readings, first))
        .where(a.c.reader == reader, a.c.occasion < occasion)
    ).one()
    return row[0] - row[1], None if row[2] is None else datetime.fromisoformat(row[2])


def first_revision(connection: Connection, reader: str, item: Item) -> Row[Any] | None:
    """Return the reading as it was made or is being made, None where none was begun."""
    return connection.execute(
        select(schema.readings).where(_is(reader, item), _R.revision == 1)
    ).one_or_none()


def latest_revision(connection: Connection, reader: str, item: Item) -> Row[Any]:
    """Return a committed reading as it was amended last."""
    found = select(schema.readings).where(_is(reader, item)).order_by(_R.revision.desc()).limit(1)
    return connection.execute(found).one()


def update_open(reader: str, item: Item) -> Update:
    """Return an update of a reading that is not locked."""
    return update(schema.readings).where(_is(reader, item), _R.revision == 1, _R.state.not_in(LOCKED))


def text_of(reading: Reading) -> str:
    """Return the text of a reading file.

    Raises
    ------
    StudyError
        If it holds half a character.
    """
    text = dump_reading(reading)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        msg = f"exam {reading.exam.id}: expected text in whole characters, got half of one"
        raise StudyError(msg) from error
    return text


def parsed(text: str, item: Item) -> Reading:
    """Return the reading in a row."""
    return parse_reading(text.encode(), f"{item}")


def check_film(
    connection: Connection, reading: Reading, item: Item, reader: str, protocol: ReaderProtocol
) -> None:
    """Refuse a reading of something else than the item.

    Raises
    ------
    StudyError
        If it is one.
    """
    films = schema.films.c
    sha256 = connection.execute(select(films.sha256).where(films.name == item.film)).scalar_one()
    answers.check_reading(reading, item, reader, sha256, protocol)


def add_revision(connection: Connection, item: Item, reading: Reading, reason: str, at: datetime) -> None:
    """Add an amended reading beside the committed one.

    Raises
    ------
    StudyError
        If there is no reason, or nothing was changed.
    """
    if not reason.strip():
        msg = f"{item}: expected a reason for the amendment, got none"
        raise StudyError(msg)
    before = latest_revision(connection, reading.reader, item)
    was = parsed(before.text, item)
    if reading == was or answers.is_sealed_from(was, reading):
        msg = f"{item}: expected an amendment that changes something, got the reading as it stands"
        raise StudyError(msg)
    moment = stamp(at)
    connection.execute(
        insert(schema.readings).values(
            **key(reading.reader, item),
            revision=before.revision + 1,
            state=State.AMENDED,
            saves=1,
            opened_at=moment,
            saved_at=moment,
            committed_at=moment,
            reason=reason.strip(),
            text=text_of(answers.sealed(reading, at)),
        )
    )
