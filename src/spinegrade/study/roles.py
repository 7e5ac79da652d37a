"""One PostgreSQL login a reader, who sees nothing but what is the reader's own, whatever SQL is typed.

Row-level security stands on every table that a reader may look into; the tables that say whose the films are,
what the protocol was and what was agreed on are not granted at all.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import select, text, update

from spinegrade.errors import StudyError
from spinegrade.study import schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

_ME = "(SELECT r.name FROM readers r WHERE r.role = current_user)"
_MAY = "reader = (SELECT r.name FROM readers r WHERE r.role = current_user AND NOT r.closed)"
_UNLOCKED = f"reader = {_ME} AND state IN ('open', 'paused')"

_SECURED = ("readers", "assignments", "films", "readings", "log")

_POLICIES = (
    "CREATE POLICY own_row ON readers FOR SELECT USING (role = current_user)",
    f"CREATE POLICY own_rows ON assignments FOR SELECT USING (reader = {_ME})",
    "CREATE POLICY own_films ON films FOR SELECT USING (name IN (SELECT a.film FROM assignments a))",
    f"CREATE POLICY own_seen ON readings FOR SELECT USING (reader = {_ME})",
    f"CREATE POLICY own_new ON readings FOR INSERT WITH CHECK ({_MAY})",
    f"CREATE POLICY own_kept ON readings FOR UPDATE USING ({_UNLOCKED}) WITH CHECK ({_MAY})",
    f"CREATE POLICY own_seen ON log FOR SELECT USING (who = {_ME})",
    f"CREATE POLICY own_new ON log FOR INSERT WITH CHECK (who = {_ME})",
)

_GRANTS = (
    "SELECT ON study, readers, assignments, films, readings",
    "INSERT ON readings",
    "UPDATE (state, saves, saved_at, committed_at, text) ON readings",
    "SELECT (at, who, did, occasion, film, details) ON log",
    "INSERT (at, who, did, occasion, film, details) ON log",
)


@frozen
class Login:
    """How a reader signs in at the server.  The password is shown once and kept nowhere."""

    reader: str
    role: str
    password: str


def secure(connection: Connection) -> None:
    """Put row-level security on the tables of a new store."""
    for table in _SECURED:
        connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
    for policy in _POLICIES:
        connection.execute(text(policy))


def make_logins(connection: Connection, uid: str, readers: Iterable[str]) -> list[Login]:
    """Make a login for each of these readers of the study with this number, and return them.

    Raises
    ------
    StudyError
        If whoever does it may not make logins.
    """
    _refuse_without_right(connection)
    (place,) = connection.execute(text("SELECT quote_ident(current_schema())")).one()
    (database,) = connection.execute(text("SELECT quote_ident(current_database())")).one()
    taken = connection.execute(select(schema.readers.c.role)).scalars().all()
    number = sum(role is not None for role in taken)
    made = []
    for place_in_list, reader in enumerate(readers, number + 1):
        login = Login(reader, f"spinegrade_{uid[:12]}_{place_in_list}", secrets.token_urlsafe(18))
        _make_role(connection, login)
        connection.execute(text(f"GRANT CONNECT ON DATABASE {database} TO {login.role}"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA {place} TO {login.role}"))
        for grant in _GRANTS:
            connection.execute(text(f"GRANT {grant} TO {login.role}"))
        mine = schema.readers.c.name == reader
        connection.execute(update(schema.readers).where(mine).values(role=login.role))
        made.append(login)
    return made


def _make_role(connection: Connection, login: Login) -> None:
    """Make the role; the password is scrambled here, so that no log of the server has it."""
    raw: Any = connection.connection.driver_connection
    scrambled = raw.pgconn.encrypt_password(
        login.password.encode(), login.role.encode(), b"scram-sha-256"
    ).decode()
    connection.exec_driver_sql(
        f"CREATE ROLE {login.role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD '{scrambled}'"
    )


def _refuse_without_right(connection: Connection) -> None:
    may = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if not connection.execute(may).scalar_one():
        msg = "logins: expected a coordinator who may make roles (CREATEROLE), got one who may not"
        raise StudyError(msg)
