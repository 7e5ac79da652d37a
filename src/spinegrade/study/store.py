"""Where a study is kept: one SQLite file, or a PostgreSQL database by its URL.

Every change is one transaction: after whatever ends the program it is there whole or not at all, and on the
disk before anything is called committed.  SQLite keeps a rollback journal and not a write-ahead log, so that
the study is one file that can be copied and that may lie on a network folder.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Engine, create_engine, func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from spinegrade.errors import StudyError
from spinegrade.study import schema
from spinegrade.study.faults import plain_faults
from spinegrade.study.moments import stamp
from spinegrade.study.sqlite_file import (
    check_file,
    check_length,
    check_new,
    plain_files,
    remove_stale,
    sqlite_engine,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    Clock = Callable[[], datetime]

_PATIENCE = 10.0
"""Seconds to wait for another program that holds the store."""

SLACK = timedelta(minutes=1)
"""How far a clock may go back without a word."""


def is_url(where: str) -> bool:
    """Return whether a study is named by the URL of a server, and not by a file."""
    return "://" in where


class Store:
    """A study's tables.

    ``clock`` tells the time in tests; otherwise that is the server's clock, or this machine's.  Time never
    goes back in a study: while a clock is behind what has been recorded, the time recorded last counts, and
    the log says so.
    """

    def __init__(self, engine: Engine, where: str, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._unlogged = ""
        self.where = where
        self.notices: list[str] = []

    @classmethod
    def open(cls, where: str | Path, *, clock: Clock | None = None, patience: float = _PATIENCE) -> Self:
        """Return the store in a file or behind a URL.

        Raises
        ------
        StudyError
            If there is none, it cannot be reached or read, or is of a newer version.
        """
        store = cls._at(str(where), clock, patience)
        try:
            store.check()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    @contextmanager
    def create(cls, where: str | Path, *, clock: Clock | None = None) -> Iterator[tuple[Self, Connection]]:
        """Give a new store and a transaction that fills it; it is there once that has gone well.

        Raises
        ------
        StudyError
            If the place is taken or cannot be written.
        """
        if is_url(str(where)):
            store, kept = cls._at(str(where), clock, _PATIENCE), None
        else:
            path = Path(where)
            check_new(path)
            remove_stale(path)
            kept = unfinished(path)
            store = cls._at(str(kept), clock, _PATIENCE)
            store.where = str(where)
        try:
            with store.writing() as connection:
                _refuse_other_tables(connection, str(where))
                schema.metadata.create_all(connection, checkfirst=False)
                yield store, connection
            if kept is not None:
                check_new(path)  # it may have appeared meanwhile
                with plain_files(str(where)):
                    kept.rename(path)
        finally:
            store.close()
            if kept is not None:
                kept.unlink(missing_ok=True)

    @classmethod
    def _at(cls, where: str, clock: Clock | None, patience: float) -> Self:
        if not is_url(where):
            return cls(sqlite_engine(Path(where), patience), where, clock)
        try:
            url = make_url(where)
        except ArgumentError as error:
            msg = "expected a file or a URL as in postgresql://user@server/database, got neither"
            raise StudyError(msg) from error
        if url.get_backend_name() not in ("postgresql", "postgres"):
            msg = f"{url.render_as_string()}: expected a postgresql:// URL or a file, got {url.drivername}"
            raise StudyError(msg)
        return cls(_postgres(url.set(drivername="postgresql+psycopg")), url.render_as_string(), clock)

    @property
    def is_postgres(self) -> bool:
        """Whether a server keeps it."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that changes nothing."""
        with plain_faults(self.where), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that is kept whole, or not at all where anything is raised in it."""
        with plain_faults(self.where), self._engine.connect() as connected:
            connection = connected.execution_options(writes=True)
            with connection.begin():
                yield connection

    def check(self) -> None:
        """Refuse what is no whole study of a version that this program knows.

        Raises
        ------
        StudyError
            If it is none.
        """
        if not self.is_postgres:
            check_file(Path(self.where))
        with self.reading() as connection:
            row = connection.execute(select(schema.study.c.format, schema.study.c.version)).one_or_none()
        if row is None or row.format != schema.FORMAT:
            msg = f"{self.where}: expected a study, got a database of something else"
            raise StudyError(msg)
        if row.version > schema.VERSION:
            msg = f"{self.where}: expected a study of version {schema.VERSION}, got version {row.version}, "
            msg += "made by a newer spinegrade"
            raise StudyError(msg)
        if not self.is_postgres:
            check_length(Path(self.where))

    def now(self, connection: Connection) -> datetime:
        """Return the time, never before anything that has been recorded."""
        now = self._tell(connection)
        latest = latest_moment(connection)
        if latest is None or now >= latest:
            return now
        if latest - now > SLACK and not self.notices:
            self._unlogged = (
                f"the clock says {now:%Y-%m-%d %H:%M} UTC, before {latest:%Y-%m-%d %H:%M} UTC when the study "
                "was last worked on; that time counts until it is past"
            )
            self.notices.append(self._unlogged)
        return latest

    def _tell(self, connection: Connection) -> datetime:
        if self._clock is not None:
            return self._clock()
        if self.is_postgres:
            told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            return told.astimezone(UTC)
        return datetime.now(UTC)

    def record(self, connection: Connection, who: str, did: str, **facts: Any) -> None:  # noqa: ANN401
        """Add a line to the log: ``occasion``, ``film`` and ``details`` where there are any."""
        at = stamp(self.now(connection))
        line = insert(schema.log).inline()  # a reader may not see the number of the line
        if self._unlogged:
            noticed = {"did": "clock went backwards", "details": self._unlogged}
            connection.execute(line.values(at=at, who=who, **noticed))
            self._unlogged = ""
        connection.execute(line.values(at=at, who=who, did=did, **facts))

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def latest_moment(connection: Connection) -> datetime | None:
    """Return the latest moment that this login can see recorded."""
    found = [
        connection.execute(select(func.max(column))).scalar_one()
        for column in (schema.log.c.at, schema.readings.c.saved_at)
    ]
    return max((datetime.fromisoformat(one) for one in found if one), default=None)


def _postgres(url: Any) -> Engine:  # noqa: ANN401
    try:
        return create_engine(
            url, pool_size=1, max_overflow=4, pool_pre_ping=True, connect_args={"connect_timeout": 10}
        )
    except ImportError as error:
        msg = "expected the PostgreSQL driver, got none; pip install 'spinegrade[postgres]' brings it"
        raise StudyError(msg) from error


def _refuse_other_tables(connection: Connection, where: str) -> None:
    """Refuse a database that has a study already, or anything else."""
    if connection.dialect.name != "postgresql":
        return
    found = connection.execute(
        text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
    ).scalar_one()
    if found:
        msg = f"{make_url(where).render_as_string()}: expected an empty database, got one with {found} tables"
        raise StudyError(msg)
