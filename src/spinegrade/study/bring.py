"""Readings brought back: from packs, or as reading files of the blinded films.

What is in the store already is passed over, what contradicts it is named; nothing there is ever written over,
but a draft that the reading goes on from.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import field, frozen
from sqlalchemy import insert, select

from spinegrade.errors import FormatError, StudyError
from spinegrade.study import answers, rows, schema
from spinegrade.study.bring_check import Checks
from spinegrade.study.bring_files import find_readings
from spinegrade.study.moments import as_utc, stamp
from spinegrade.study.queue import Item
from spinegrade.study.schema import LOCKED, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from spinegrade.readings import Reading
    from spinegrade.study.bring_check import Brought
    from spinegrade.study.bring_files import Found
    from spinegrade.study.store import Store


@frozen
class Added:
    """What became of what was brought: whole sentences for what was not added, and for odd dates."""

    added: list[str] = field(factory=list)
    known: list[str] = field(factory=list)
    drafts: list[str] = field(factory=list)
    problems: list[str] = field(factory=list)
    notices: list[str] = field(factory=list)


def add_readings(store: Store, paths: Iterable[Path]) -> Added:
    """Add the readings in packs, files and folders to a study; all that can be, in one transaction.

    Earlier occasions are added first, so that a reader's occasions may come back together.

    Raises
    ------
    StudyError
        If a path has nothing to add, or the store cannot be written.
    """
    report = Added()
    found: list[Found] = []
    for path in paths:
        readings, drafts = find_readings(path)
        found += readings
        report.drafts.extend(drafts)
    with store.writing() as connection:
        checks = Checks.of(connection, store.now(connection))
        brought: list[Brought] = []
        for file in found:
            with _naming(file.where, report.problems):
                brought.append(checks.brought(file))
        for one in sorted(brought, key=lambda one: one.reading.occasion):
            with _naming(one.where, report.problems):
                _bring(store, checks, one, report)
    return report


@contextmanager
def _naming(where: str, problems: list[str]) -> Iterator[None]:
    """Keep what is wrong with a file, named, and go on."""
    try:
        yield
    except (FormatError, StudyError) as error:
        said = str(error)
        problems.append(said if said.startswith(where) else f"{where}: {said}")


def _bring(store: Store, checks: Checks, brought: Brought, report: Added) -> None:
    """Add one reading, and say in the report and in the log what became of it."""
    reading = brought.reading
    item = Item(reading.exam.id, reading.occasion)
    done = _add(checks, brought, item)
    (report.added if done else report.known).append(f"{reading.reader}: {item}")
    if done:
        odd = checks.odd_dates(brought)
        report.notices.extend(f"{brought.where}: {what}" for what in odd)
        facts = {"occasion": item.occasion, "film": item.film, "details": "; ".join(("brought back", *odd))}
        store.record(checks.connection, reading.reader, "committed", **facts)


def _add(checks: Checks, brought: Brought, item: Item) -> bool:
    """Add a reading and return True; False where the store has it already.

    Raises
    ------
    StudyError
        If it is of a film or by a reader that is not in the study, not due, or the store has another.
    """
    connection, reading, at = checks.connection, brought.reading, checks.at
    _check_assigned(connection, reading, item)
    rows.check_film(connection, reading, item, reading.reader, checks.protocol)
    row = rows.first_revision(connection, reading.reader, item)
    before = None if row is None else rows.parsed(row.text, item)
    if row is not None and before is not None:
        if row.state in LOCKED and _same(before, reading):
            return False
        if row.state in LOCKED or not _goes_on(before, reading):
            msg = f"{item}: {reading.reader} has another reading of it in the study, "
            msg += f"{row.state} {row.saved_at[:16].replace('T', ' ')} UTC; expected the same, got one that "
            msg += "differs"
            raise StudyError(msg)
    checks.check_turn(brought)
    committed = reading if _is_sealed(reading) else answers.sealed(reading, at)
    values = {"state": State.COMMITTED, "saved_at": stamp(at), "text": rows.text_of(committed)}
    values["committed_at"] = _committed_at(committed, checks.earliest(brought), at)
    if row is None:
        key = rows.key(reading.reader, item)
        opened = stamp(min(at, brought.begun or at))
        connection.execute(
            insert(schema.readings).values(**key, revision=1, saves=1, opened_at=opened, **values)
        )
    else:
        values["saves"] = row.saves + 1
        connection.execute(rows.update_open(reading.reader, item).values(**values))
    return True


def _committed_at(reading: Reading, earliest: datetime, at: datetime) -> str:
    """Return when a reading was committed, as far as that can be: the washout counts from it."""
    return stamp(min(at, max(earliest, as_utc(reading.events[-1].at))))


def _is_sealed(reading: Reading) -> bool:
    return bool(reading.events) and reading.events[-1].did == answers.COMMIT


def _same(stored: Reading, reading: Reading) -> bool:
    return stored == reading or answers.is_sealed_from(stored, reading)


def _goes_on(draft: Reading, reading: Reading) -> bool:
    """Return whether a reading goes on from a draft: all that was done then was done in it too."""
    return reading.events[: len(draft.events)] == draft.events


def _check_assigned(connection: Connection, reading: Reading, item: Item) -> None:
    """Refuse a film, a reader or an occasion that is not in the study."""
    a, film, reader = schema.assignments.c, schema.films.c.name, schema.readers.c.name
    for what, column, value in (("film", film, item.film), ("reader", reader, reading.reader)):
        if connection.execute(select(column).where(column == value)).one_or_none() is None:
            msg = f"expected a {what} of the study, got {value!r}"
            raise StudyError(msg)
    mine = (a.reader == reading.reader, a.occasion == item.occasion, a.film == item.film)
    if connection.execute(select(a.place).where(*mine)).one_or_none() is None:
        msg = (
            f"expected a film that {reading.reader} was to read on occasion {item.occasion}, got {item.film}"
        )
        raise StudyError(msg)
