"""What a database says of a fault, in the words of somebody who only wanted to read films."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from spinegrade.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT = "nothing was changed"
_REFUSED = "expected a change that is allowed, got one that is not"

_SQLITE = {
    sqlite3.SQLITE_BUSY: f"expected it to be free, got it locked by another program; {_KEPT}, try again",
    sqlite3.SQLITE_LOCKED: f"expected it to be free, got it locked by another program; {_KEPT}, try again",
    sqlite3.SQLITE_FULL: f"expected room on the disk, got none; {_KEPT}",
    sqlite3.SQLITE_IOERR: f"expected to read and write it, got a fault of the disk; {_KEPT}",
    sqlite3.SQLITE_READONLY: "expected to write to it, got a file or folder that is read-only",
    sqlite3.SQLITE_CANTOPEN: "expected to read and write it, got no permission for it or its folder",
    sqlite3.SQLITE_NOTADB: "expected a study, got a file of another kind",
    sqlite3.SQLITE_CORRUPT: "expected a whole study, got a file that is cut off or damaged",
}
"""By SQLite's primary result code."""

_NO_TABLE = ("no such table", "no such column")

_POSTGRES = {
    "42P01": "expected a study, got a database without one",
    "42703": "expected a study, got a database of something else",
    "42501": "expected a login that may do this, got one that may not",
    "25006": "expected to write to it, got a server that is read-only",
    "53100": f"expected room on the server's disk, got none; {_KEPT}",
    "23000": _REFUSED,
    "23505": "expected to be the first, got the same done meanwhile in another window",
}
"""By SQLSTATE."""


@contextmanager
def plain_faults(where: str) -> Iterator[None]:
    """Turn whatever a database raises into one line, without passwords and without what was stored.

    Raises
    ------
    StudyError
        If it raises.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        msg = f"{where}: {_words(cause or error)}"
        raise StudyError(msg) from error


def _words(error: BaseException) -> str:
    """Return what a database's own error means."""
    if isinstance(error, sqlite3.IntegrityError):
        return f"{_REFUSED}: {error}"
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if str(error).startswith(_NO_TABLE):
            return "expected a study, got another SQLite database"
        return _SQLITE.get(code, f"expected a sound study, got: {error}")
    state = getattr(error, "sqlstate", None)
    if state in _POSTGRES:
        said = getattr(getattr(error, "diag", None), "message_primary", None)
        return _POSTGRES[state] if state != "23000" else f"{_POSTGRES[state]}: {said}"
    if state is None or state.startswith(("08", "57")):
        return f"expected to reach the server, got no connection ({_first_line(error)}); {_KEPT}, try again"
    return f"expected a sound study, got a fault of the server ({state}, {type(error).__name__})"


def _first_line(error: BaseException) -> str:
    """Return the beginning of what the driver says: which server, and why not; it never says a password."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]
