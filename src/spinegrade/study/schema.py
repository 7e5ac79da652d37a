"""The tables of a store, alike on SQLite and PostgreSQL.

Moments are text in UTC, all of one length, so that their order is that of the alphabet.  What was committed,
the log, the protocols and what was agreed on are only ever added to: triggers see to that.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import (
    DDL,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
)

if TYPE_CHECKING:
    from sqlalchemy.schema import ExecutableDDLElement

FORMAT = "spinegrade-study"
VERSION = 1


class State(StrEnum):
    """What has become of a reading.  A film without any is unread."""

    OPEN = "open"
    PAUSED = "paused"
    COMMITTED = "committed"
    AMENDED = "amended"
    """A later revision of a committed reading, which stays as it was."""


LOCKED = (State.COMMITTED, State.AMENDED)

metadata = MetaData()

study = Table(
    "study",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("format", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("uid", Text, nullable=False),
    Column("for_readers", Text, nullable=False),
)
"""One row: what store it is, and what a reader may know of the protocol, as JSON."""

protocols = Table(
    "protocols",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("reason", Text),
)

films = Table(
    "films",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("age_band", Text),
    Column("sex", Text),
    Column("content", LargeBinary, nullable=False),
)
"""Blinded films; ``sha256`` is of their pixels."""

originals = Table(
    "originals",
    metadata,
    Column("name", Text, ForeignKey("films.name"), primary_key=True),
    Column("file", Text, nullable=False),
    Column("patient", Text, nullable=False),
    Column("exam", Text, nullable=False),
    Column("date", Text),
    Column("image", Text, nullable=False),
    UniqueConstraint("patient", "exam"),
)
"""Whose the films are, for the coordinator alone; ``image`` is the film's `ImageIdentity` as JSON."""

readers = Table(
    "readers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("adjudicator", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False, default=False),
    Column("role", Text, unique=True),
)

assignments = Table(
    "assignments",
    metadata,
    Column("reader", Text, ForeignKey("readers.name"), primary_key=True),
    Column("occasion", Integer, primary_key=True, autoincrement=False),
    Column("film", Text, ForeignKey("films.name"), primary_key=True),
    Column("place", Integer, nullable=False),
    UniqueConstraint("reader", "occasion", "place"),
)

readings = Table(
    "readings",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("occasion", Integer, primary_key=True, autoincrement=False),
    Column("film", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("saves", Integer, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("saved_at", Text, nullable=False),
    Column("committed_at", Text),
    Column("reason", Text),
    Column("text", Text, nullable=False),
    ForeignKeyConstraint(
        ["reader", "occasion", "film"], ["assignments.reader", "assignments.occasion", "assignments.film"]
    ),
    CheckConstraint("state IN ('open', 'paused', 'committed', 'amended')"),
    CheckConstraint("(state IN ('committed', 'amended')) = (committed_at IS NOT NULL)"),
    CheckConstraint("(state = 'amended') = (revision > 1)"),
    CheckConstraint("(state = 'amended') = (reason IS NOT NULL)"),
)
"""``text`` is the reading file; ``saves`` counts how often it was kept, to notice a second window."""

Index("readings_saved", readings.c.reader, readings.c.saved_at)

log = Table(
    "log",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("did", Text, nullable=False),
    Column("occasion", Integer),
    Column("film", Text),
    Column("details", Text),
)

Index("log_at", log.c.who, log.c.at)

consensus = Table(
    "consensus",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("at", Text, nullable=False),
    Column("film", Text, ForeignKey("films.name"), nullable=False),
    Column("level", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("agreed_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

_ADDED_TO = ("log", "protocols", "consensus")
_WORDS = "is only added to"
_LOCKED = "OLD.state IN ('committed', 'amended')"
_LOCKED_WORDS = "a committed reading is locked"


def _sqlite_triggers() -> list[str]:
    refusals = [(table, act, "1", f"{table} {_WORDS}") for table in _ADDED_TO for act in ("UPDATE", "DELETE")]
    refusals += [("readings", act, _LOCKED, _LOCKED_WORDS) for act in ("UPDATE", "DELETE")]
    return [
        f"CREATE TRIGGER {table}_{act.lower()} BEFORE {act} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        for table, act, when, words in refusals
    ]


def _postgres_triggers() -> list[str]:
    """Return the same for PostgreSQL; a function takes its words from the trigger."""
    made = [
        (
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
            "USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    ]
    made += [
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION refuse_change('{table} {_WORDS}')"
        for table in _ADDED_TO
    ]
    made.append(
        "CREATE TRIGGER readings_kept BEFORE UPDATE OR DELETE ON readings FOR EACH ROW "
        f"WHEN ({_LOCKED}) EXECUTE FUNCTION refuse_change('{_LOCKED_WORDS}')"
    )
    return made


for _dialect, _statements in (("sqlite", _sqlite_triggers()), ("postgresql", _postgres_triggers())):
    for _statement in _statements:
        _made: ExecutableDDLElement = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(metadata, "after_create", _made.execute_if(dialect=_dialect))
