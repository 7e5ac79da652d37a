"""A study in an SQLite file: how it is opened, and what is said of a file that is none."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from spinegrade.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOMENTS = 60.0
"""Seconds in which an unfinished study that nobody holds may yet be taken up or given its name."""

_HEAD = 100
"""Bytes of an SQLite file that say how long it is."""


def sqlite_engine(path: Path, patience: float) -> Engine:
    """Return the way to a file that exists; ``patience`` is how many seconds a lock is waited for."""
    address = f"file:{quote(str(path.absolute()))}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = EXTRA")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def check_new(path: Path) -> None:
    """Refuse a path that is taken, or whose folder is not there.

    Raises
    ------
    StudyError
        If it is.
    """
    if path.exists():
        msg = f"{path}: expected a new file for the study, got one that exists; studies are never replaced"
        raise StudyError(msg)
    if not path.parent.is_dir():
        msg = f"{path}: expected an existing folder {path.parent}, got none"
        raise StudyError(msg)


def unfinished(path: Path) -> Path:
    """Return an empty file beside the study to be, which nobody takes for one."""
    with plain_files(str(path)):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    Path(name).chmod(0o600)
    return Path(name)


def remove_stale(path: Path) -> None:
    """Remove what is left of earlier attempts at this study that were killed: films and whose they are.

    What another program works on now is left alone.
    """
    name = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}\.part")
    with plain_files(str(path)):
        for part in sorted(path.parent.iterdir()):
            if name.fullmatch(part.name) and _is_stale(part):
                part.with_name(f"{part.name}-journal").unlink(missing_ok=True)
                part.unlink(missing_ok=True)


def _is_stale(part: Path) -> bool:
    """Return whether nobody works on an unfinished study.

    Its maker holds SQLite's lock, but for the moments before the first change, and between the last one and
    the file's new name: then there is no journal, and it was written just now.
    """
    has_journal = part.with_name(f"{part.name}-journal").exists()
    try:
        address = f"file:{quote(str(part.absolute()))}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=0, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            is_old = time.time() - part.stat().st_mtime > _MOMENTS
            connection.execute("ROLLBACK")
    except (sqlite3.Error, FileNotFoundError):  # it is locked, or has its name by now
        return False
    return is_old or (has_journal and not tables)


def check_file(path: Path) -> None:
    """Refuse a path that is no file.

    Raises
    ------
    StudyError
        If it is none.
    """
    if not path.is_file():
        msg = f"{path}: expected a study, got {'a folder' if path.is_dir() else 'no such file'}"
        raise StudyError(msg)


def check_length(path: Path) -> None:
    """Refuse a file that is shorter than it says: SQLite would find out only on the missing page."""
    with plain_files(str(path)), path.open("rb") as file:
        head = file.read(_HEAD)
    page = int.from_bytes(head[16:18]) or 1
    promised = (65536 if page == 1 else page) * int.from_bytes(head[28:32])
    if path.stat().st_size < promised:
        msg = f"{path}: expected a study of {promised:,} bytes, got {path.stat().st_size:,}: it is cut off"
        raise StudyError(msg)


@contextmanager
def plain_files(where: str) -> Iterator[None]:
    """Turn what the system says of files into one line.

    Raises
    ------
    StudyError
        If it says anything.
    """
    try:
        yield
    except OSError as error:
        msg = f"{where}: expected to read and write it, got: {error.strerror or error}"
        raise StudyError(msg) from error
