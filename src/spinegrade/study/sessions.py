"""A reader's way through a study in a store."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sqlalchemy import insert, select

from spinegrade.errors import StudyError
from spinegrade.io.film import open_film
from spinegrade.study import answers, rows, schema
from spinegrade.study.film_file import write_film
from spinegrade.study.moments import stamp
from spinegrade.study.schema import LOCKED, State
from spinegrade.study.session import Session
from spinegrade.study.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from sqlalchemy import Connection

    from spinegrade.readings import Reading
    from spinegrade.study.queue import Item, Progress, Queue
    from spinegrade.study.store import Clock


__all__ = ["ReaderSession", "Session"]


class ReaderSession:
    """A reader's way through a study in a store.

    Blinded films are written to ``folder``; without one, to a folder that goes when the session is closed.
    """

    def __init__(self, store: Store, reader: str, folder: Path | None = None) -> None:
        self._store = store
        self._saves: dict[Item, int] = {}
        self.reader = reader
        with store.writing() as connection:
            self.protocol = rows.reader_protocol(connection)
            self._refuse_others(connection)
            store.record(connection, reader, "signed in")
        self._own = folder is None
        self._folder = Path(tempfile.mkdtemp(prefix="spinegrade-study-")) if folder is None else folder

    @classmethod
    def open(
        cls, where: str | Path, reader: str, *, folder: Path | None = None, clock: Clock | None = None
    ) -> Self:
        """Return the session of a reader in the study in a file or behind a URL.

        Raises
        ------
        StudyError
            If there is no such study, or the reader is none of it.
        """
        store = Store.open(where, clock=clock)
        try:
            return cls(store, reader, folder)
        except BaseException:
            store.close()
            raise

    def _refuse_others(self, connection: Connection) -> None:
        mine = schema.readers.c.name == self.reader
        if connection.execute(select(schema.readers.c.name).where(mine)).one_or_none() is None:
            msg = f"{self._store.where}: expected a reader of this study, got {self.reader!r}"
            raise StudyError(msg)

    @property
    def notices(self) -> tuple[str, ...]:
        """What the reader should be told, as of a clock that went backwards."""
        return tuple(self._store.notices)

    @property
    def progress(self) -> Progress:
        """How far the reader has come."""
        with self._store.reading() as connection:
            return self._queue(connection).progress(self._store.now(connection))

    def next(self) -> Item | None:
        """Return what to read next; None where nothing is left, or not yet."""
        with self._store.reading() as connection:
            return self._queue(connection).next(self._store.now(connection))

    def film(self, item: Item) -> Path:
        """Return the file of the blinded film of something that may be read or seen now.

        Raises
        ------
        StudyError
            If it may not, or the film cannot be written.
        """
        with self._store.reading() as connection:
            queue = self._queue(connection)
            if queue.entry(item).is_committed:
                queue.check_seen(item)
            else:
                queue.check_open(item, self._store.now(connection))
            found = select(schema.films.c.content).where(schema.films.c.name == item.film)
            content: bytes = connection.execute(found).scalar_one()
        return write_film(self._folder / f"{item.film}.dcm", content)

    def facts(self, item: Item) -> tuple[str, ...]:
        """Return what may be known of the person: age band and sex, where the study shows them."""
        with self._store.reading() as connection:
            self._queue(connection).entry(item)
            found = select(schema.films.c.age_band, schema.films.c.sex)
            row = connection.execute(found.where(schema.films.c.name == item.film)).one()
        return tuple(fact for fact in row if fact)

    def blank(self, item: Item) -> Reading:
        """Return the reading in which nothing has been read yet."""
        return answers.blank_reading(open_film(self.film(item)), item, self.reader, self.protocol)

    def draft(self, item: Item) -> Reading | None:
        """Return the reading under way, None where none was begun.

        Raises
        ------
        StudyError
            If it is committed, or may not be read yet.
        """
        with self._store.reading() as connection:
            self._queue(connection).check_open(item, self._store.now(connection))
            row = rows.first_revision(connection, self.reader, item)
        self._saves[item] = 0 if row is None else row.saves
        return None if row is None else rows.parsed(row.text, item)

    def save(self, item: Item, reading: Reading) -> None:
        """Keep a reading under way; once this returns, nothing can lose it.

        Raises
        ------
        StudyError
            If the reading is of something else, locked, not due, or was changed in another window.
        """
        with self._store.writing() as connection:
            self._keep(connection, item, reading, State.OPEN)
        self._saves[item] = self._saves.get(item, 0) + 1

    def pause(self, item: Item) -> None:
        """Lay a reading that was begun aside until all other films are read.

        Raises
        ------
        StudyError
            If none was begun, or it is locked.
        """
        with self._store.writing() as connection:
            self._refuse_closed(connection)
            queue = self._queue(connection)
            queue.check_open(item, self._store.now(connection))
            if queue.entry(item).state is None:
                msg = f"{item}: expected a reading under way, got none: there is nothing to pause"
                raise StudyError(msg)
            paused = rows.update_open(self.reader, item).values(state=State.PAUSED)
            connection.execute(paused)
            self._record(connection, item, "paused")

    def empty_answers(self, item: Item, reading: Reading) -> tuple[str, ...]:  # noqa: ARG002  the shape of Session
        """Return what was asked and is not answered, level by level."""
        return answers.empty_answers(reading, self.protocol)

    def commit(self, item: Item, reading: Reading, acknowledged: Iterable[str] = ()) -> None:
        """Lock a reading; ``acknowledged`` are the empty answers that the reader means to leave empty.

        Committing what was committed already, as after a broken connection, changes nothing.

        Raises
        ------
        StudyError
            If an answer is empty that is not acknowledged, or as `save`.
        """
        answers.check_acknowledged(item, reading, self.protocol, acknowledged)
        with self._store.writing() as connection:
            row = rows.first_revision(connection, self.reader, item)
            locked = row is not None and row.state in LOCKED
            if row and locked and answers.is_sealed_from(rows.parsed(row.text, item), reading):
                return
            self._keep(connection, item, reading, State.COMMITTED)
            self._record(connection, item, "committed")
        self._saves.pop(item, None)

    def amend(self, item: Item, reading: Reading, reason: str) -> None:
        """Add a revision of a committed reading, which stays beside it.

        Raises
        ------
        StudyError
            If the reading is not committed, may not be seen any more, is unchanged, or no reason is given.
        """
        with self._store.writing() as connection:
            self._refuse_closed(connection)
            self._queue(connection).check_seen(item)
            at = self._store.now(connection)
            rows.check_film(connection, reading, item, self.reader, self.protocol)
            rows.add_revision(connection, item, reading, reason, at)
            self._record(connection, item, "amended", reason.strip())

    def committed(self, item: Item) -> Reading:
        """Return a committed reading, in its latest revision.

        Raises
        ------
        StudyError
            If it is not committed, or could colour an occasion that is to be read yet.
        """
        with self._store.reading() as connection:
            self._queue(connection).check_seen(item)
            row = rows.latest_revision(connection, self.reader, item)
        return rows.parsed(row.text, item)

    def close(self) -> None:
        """Sign out: let go of the store, and remove the films if their folder is the session's own."""
        self._store.close()
        if self._own:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _queue(self, connection: Connection) -> Queue:
        return rows.queue_of(connection, self.reader, self.protocol.washout_days)

    def _keep(self, connection: Connection, item: Item, reading: Reading, state: State) -> None:
        """Write a reading under way or its commit."""
        self._refuse_closed(connection)
        at = self._store.now(connection)
        self._queue(connection).check_open(item, at)
        rows.check_film(connection, reading, item, self.reader, self.protocol)
        committed = state is State.COMMITTED
        text = rows.text_of(answers.sealed(reading, at) if committed else reading)
        row = rows.first_revision(connection, self.reader, item)
        known = self._saves.get(item, 0)
        values = {"state": state, "saves": known + 1, "saved_at": stamp(at), "text": text}
        values |= {"committed_at": stamp(at) if committed else None}
        if row is None:
            key = rows.key(self.reader, item)
            connection.execute(
                insert(schema.readings).values(**key, revision=1, opened_at=stamp(at), **values)
            )
            if not committed:
                self._record(connection, item, "begun")
            return
        if row.saves != known and row.text != rows.text_of(reading):
            msg = f"{item}: expected the reading as it was left here, got one that was changed in another "
            raise StudyError(msg + "window; open it again")
        values["saves"] = row.saves + 1
        self._saves[item] = row.saves
        changed = connection.execute(
            rows.update_open(self.reader, item).where(schema.readings.c.saves == row.saves).values(**values)
        )
        if changed.rowcount != 1:
            msg = f"{item}: expected to keep the reading, got it changed meanwhile in another window"
            raise StudyError(msg)

    def _refuse_closed(self, connection: Connection) -> None:
        mine = schema.readers.c.name == self.reader
        if connection.execute(select(schema.readers.c.closed).where(mine)).scalar_one():
            msg = f"{self.reader}: expected a study that is open, got one the coordinator has locked"
            raise StudyError(msg)

    def _record(self, connection: Connection, item: Item, did: str, details: str | None = None) -> None:
        facts = {"occasion": item.occasion, "film": item.film, "details": details}
        self._store.record(connection, self.reader, did, **facts)
