"""What a coordinator may change once readings exist: with a reason, and recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from sqlalchemy import func, insert, select, update

from spinegrade.errors import StudyError
from spinegrade.study import rows, schema
from spinegrade.study.build import add_readers, assign, for_readers
from spinegrade.study.moments import stamp
from spinegrade.study.protocol import COORDINATOR, Protocol, parse_protocol, read_protocol
from spinegrade.study.queue import Item
from spinegrade.study.roles import make_logins

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from spinegrade.readings import Reading
    from spinegrade.study.roles import Login
    from spinegrade.study.store import Store

_MAY_CHANGE = ("title", "washout_days", "asked", "occasions", "readers", "adjudicators")
"""What of a protocol may be amended; films, masks, levels, seed and blinding make another study."""


def amend_reading(store: Store, reading: Reading, reason: str) -> Item:
    """Add a revision of a committed reading on behalf of its reader, and return which.

    Raises
    ------
    StudyError
        If there is no reason, or no committed reading that it changes.
    """
    item = Item(reading.exam.id, reading.occasion)
    with store.writing() as connection:
        protocol = rows.reader_protocol(connection)
        if not rows.queue_of(connection, reading.reader, 0).entry(item).is_committed:
            msg = f"{item}: expected a committed reading by {reading.reader} to amend, got none"
            raise StudyError(msg)
        rows.check_film(connection, reading, item, reading.reader, protocol)
        rows.add_revision(connection, item, reading, reason, store.now(connection))
        facts = {"occasion": item.occasion, "film": item.film}
        words = f"{reading.reader}: {reason.strip()}"
        store.record(connection, COORDINATOR, "amended", details=words, **facts)
    return item


def current_protocol(connection: Connection) -> Protocol:
    """Return the protocol as it stands, amendments included."""
    p = schema.protocols.c
    text = connection.execute(select(p.text).order_by(p.revision.desc()).limit(1)).scalar_one()
    return parse_protocol(text, "protocol")


def amend_protocol(store: Store, path: Path, reason: str) -> tuple[list[str], list[Login]]:
    """Go by another protocol from now on; return what is different, and the logins of new readers.

    Raises
    ------
    StudyError
        If there is no reason, nothing differs, or something that makes another study.
    """
    new, text = read_protocol(path)
    if not reason.strip():
        msg = f"{path}: expected a reason for the amendment, got none"
        raise StudyError(msg)
    with store.writing() as connection:
        old = current_protocol(connection)
        differs = _differences(old, new, str(path))
        p = schema.protocols
        revision = connection.execute(select(func.max(p.c.revision))).scalar_one() + 1
        at = stamp(store.now(connection))
        connection.execute(insert(p).values(revision=revision, at=at, text=text, reason=reason.strip()))
        connection.execute(update(schema.study).values(for_readers=for_readers(new)))
        logins = _extend(connection, old, new, logins=store.is_postgres)
        words = f"{', '.join(differs)}: {reason.strip()}"
        store.record(connection, COORDINATOR, "protocol amended", details=words)
    return differs, logins


def _differences(old: Protocol, new: Protocol, where: str) -> list[str]:
    """Return the names of what differs and may.

    Raises
    ------
    StudyError
        If something else differs, nothing does, or readers or occasions are fewer.
    """
    names = [one.name for one in attrs.fields(Protocol) if getattr(old, one.name) != getattr(new, one.name)]
    fixed = [name for name in names if name not in _MAY_CHANGE]
    if fixed:
        msg = f"{where}: {fixed[0]}: expected it as it was, got another: that is another study"
        raise StudyError(msg)
    if not names:
        msg = f"{where}: expected a protocol that differs, got the one that stands"
        raise StudyError(msg)
    if new.occasions < old.occasions:
        msg = f"{where}: occasions: expected at least {old.occasions}, got {new.occasions}"
        raise StudyError(msg)
    for what in ("readers", "adjudicators"):
        gone = [name for name in getattr(old, what) if name not in getattr(new, what)]
        if gone:
            msg = f"{where}: {what}: expected {gone[0]!r} among them, got a list without; "
            msg += "study lock keeps a reader from reading on"
            raise StudyError(msg)
    return names


def _extend(connection: Connection, old: Protocol, new: Protocol, *, logins: bool) -> list[Login]:
    """Add readers and occasions that are new, and return logins for the readers."""
    films = connection.execute(select(schema.films.c.name)).scalars().all()
    added = [name for name in new.everyone if name not in old.everyone]
    if added:
        add_readers(connection, new, added)
    readers = [name for name in new.readers if name in added]
    assign(connection, new, readers, range(1, new.occasions + 1), films)
    assign(connection, new, old.readers, range(old.occasions + 1, new.occasions + 1), films)
    if not (added and logins):
        return []
    uid = connection.execute(select(schema.study.c.uid)).scalar_one()
    return make_logins(connection, uid, added)


def lock(store: Store, reason: str, reader: str | None = None, *, release: bool = False) -> list[str]:
    """Keep a reader, or all, from reading on, or let them; return whom that changed.

    Raises
    ------
    StudyError
        If there is no reason, or no such reader.
    """
    if not reason.strip():
        msg = "expected a reason, got none"
        raise StudyError(msg)
    r = schema.readers.c
    with store.writing() as connection:
        names = connection.execute(select(r.name).order_by(r.name)).scalars().all()
        if reader is not None and reader not in names:
            msg = f"expected a reader of the study, one of {', '.join(names)}, got {reader!r}"
            raise StudyError(msg)
        those = (r.closed == release) & ((r.name == reader) if reader is not None else (r.name != ""))
        changed = connection.execute(select(r.name).where(those).order_by(r.name)).scalars().all()
        connection.execute(update(schema.readers).where(r.name.in_(changed)).values(closed=not release))
        did = "released" if release else "locked"
        for name in changed:
            store.record(connection, COORDINATOR, did, details=f"{name}: {reason.strip()}")
    return list(changed)
