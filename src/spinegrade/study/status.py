"""How far a study has come: by reader, by film, what is missing, how long it took."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import datetime  # noqa: TC003  cattrs reads the annotations
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import select

from spinegrade.study import rows, schema
from spinegrade.study.queue import Item
from spinegrade.study.schema import State
from spinegrade.study.times import Times, reading_times

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from spinegrade.study.queue import Entry
    from spinegrade.study.store import Store


@frozen
class ReaderStatus:
    """How far a reader has come on an occasion.

    Attributes
    ----------
    opens_at
        When the occasion opens, None where it is open or the one before is not done.
    minutes
        Median of a committed film, None without any.
    """

    reader: str
    occasion: int
    films: int
    committed: int
    paused: int
    open: int
    amended: int
    closed: bool
    adjudicator: bool
    opens_at: datetime | None
    minutes: float | None
    missing: tuple[str, ...]

    @property
    def unread(self) -> int:
        """Films that nobody has begun."""
        return self.films - self.committed - self.paused - self.open


@frozen
class FilmStatus:
    """How far a film has come: by whom it is committed on which occasions, and who has still to read it."""

    film: str
    committed: int
    readings: int
    minutes: float | None
    missing: tuple[str, ...]


@frozen
class ReadingTimes:
    """The times of one committed reading."""

    reader: str
    occasion: int
    film: str
    times: Times


@frozen
class LogLine:
    """A line of the log."""

    at: str
    who: str
    did: str
    occasion: int | None
    film: str | None
    details: str | None


@frozen
class Status:
    """How far a study has come."""

    title: str
    films: int
    patients: int
    readers: tuple[ReaderStatus, ...]
    by_film: tuple[FilmStatus, ...]
    times: tuple[ReadingTimes, ...]
    notices: tuple[str, ...]

    @property
    def committed(self) -> int:
        """Readings that are committed."""
        return sum(reader.committed for reader in self.readers)

    @property
    def readings(self) -> int:
        """Readings that there will be."""
        return sum(reader.films for reader in self.readers)


def study_status(store: Store) -> Status:
    """Return how far a study has come."""
    with store.reading() as connection:
        protocol = rows.reader_protocol(connection)
        now = store.now(connection)
        people = connection.execute(select(schema.readers).order_by(schema.readers.c.name)).all()
        queues = {row.name: rows.queue_of(connection, row.name, protocol.washout_days) for row in people}
        times = _times(connection)
        amended = _amended(connection)
        patients = set(connection.execute(select(schema.originals.c.patient)).scalars())
        names = sorted(connection.execute(select(schema.films.c.name)).scalars())
    readers = []
    for row in people:
        queue = queues[row.name]
        for occasion in sorted({entry.item.occasion for entry in queue.entries}):
            entries = queue.of(occasion)
            opens = queue.opens_at(occasion) if queue.occasion >= occasion else None
            states = [entry.state for entry in entries]
            readers.append(
                ReaderStatus(
                    row.name,
                    occasion,
                    len(entries),
                    sum(entry.is_committed for entry in entries),
                    states.count(State.PAUSED),
                    states.count(State.OPEN),
                    amended.get((row.name, occasion), 0),
                    row.closed,
                    row.adjudicator,
                    opens if opens is not None and opens > now else None,
                    _minutes(one for one in times if (one.reader, one.occasion) == (row.name, occasion)),
                    tuple(entry.item.film for entry in entries if not entry.is_committed),
                )
            )
    every = {reader: queue.entries for reader, queue in queues.items()}
    by_film = tuple(_film(name, every, times) for name in names)
    return Status(
        protocol.title, len(names), len(patients), tuple(readers), by_film, tuple(times), tuple(store.notices)
    )


def _film(name: str, every: dict[str, tuple[Entry, ...]], times: list[ReadingTimes]) -> FilmStatus:
    """Return how far a film has come."""
    entries = [
        (reader, entry) for reader, given in every.items() for entry in given if entry.item.film == name
    ]
    missing = sorted(f"{r} ({e.item.occasion})" for r, e in entries if not e.is_committed)
    minutes = _minutes(one for one in times if one.film == name)
    return FilmStatus(name, len(entries) - len(missing), len(entries), minutes, tuple(missing))


def _minutes(times: Iterable[ReadingTimes]) -> float | None:
    """Return the median, in minutes to the hundredth; a reading without times, as of a table, is left out."""
    seconds = [one.times.seconds for one in times if one.times.seconds > 0]
    return round(statistics.median(seconds) / 60, 2) if seconds else None


def _times(connection: Connection) -> list[ReadingTimes]:
    """Return the times of all committed readings, as they were before any amendment."""
    r = schema.readings.c
    found = connection.execute(
        select(r.reader, r.occasion, r.film, r.text)
        .where(r.state == State.COMMITTED)
        .order_by(r.reader, r.occasion, r.film)
    )
    return [
        ReadingTimes(
            row.reader,
            row.occasion,
            row.film,
            reading_times(rows.parsed(row.text, Item(row.film, row.occasion))),
        )
        for row in found
    ]


def _amended(connection: Connection) -> dict[tuple[str, int], int]:
    """Return how many amendments there are by reader and occasion."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    r = schema.readings.c
    for row in connection.execute(select(r.reader, r.occasion).where(r.state == State.AMENDED)):
        counts[row.reader, row.occasion] += 1
    return counts


def log_lines(store: Store) -> list[LogLine]:
    """Return the log, oldest first."""
    c = schema.log.c
    with store.reading() as connection:
        found = connection.execute(select(c.at, c.who, c.did, c.occasion, c.film, c.details).order_by(c.id))
        return [LogLine(*row) for row in found]
