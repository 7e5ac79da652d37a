"""Readings brought back: from packs, or as reading files of the blinded films.

What is in the store already is passed over, what contradicts it is named; nothing there is ever written over,
but a draft that the reading goes on from.
"""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from attrs import field, frozen
from sqlalchemy import insert, select

from spinegrade.errors import FormatError, StudyError
from spinegrade.io.reading_json import SUFFIX, parse_reading
from spinegrade.study import answers, rows, schema
from spinegrade.study.moments import as_utc, stamp
from spinegrade.study.packs import COMMITTED, DRAFTS, HEAD, parse_pack
from spinegrade.study.queue import Item
from spinegrade.study.schema import LOCKED, State
from spinegrade.study.sqlite_file import plain_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from spinegrade.readings import Reading
    from spinegrade.study.protocol import ReaderProtocol
    from spinegrade.study.store import Store

_LARGEST = 2**26
"""Bytes of a reading file in a zip file; the largest that are made have some hundred thousand."""


@frozen
class Found:
    """The bytes of a file that may be a reading, and where it was; ``pack`` is the `HEAD` of its pack."""

    where: str
    content: bytes
    pack: bytes | None = None


@frozen
class Added:
    """What became of what was brought: whole sentences for what was not added."""

    added: list[str] = field(factory=list)
    known: list[str] = field(factory=list)
    drafts: list[str] = field(factory=list)
    problems: list[str] = field(factory=list)


def find_readings(path: Path) -> tuple[list[Found], list[str]]:
    """Return the readings in a pack, a folder or a file, and the drafts of packs, which stay where they are.

    Raises
    ------
    StudyError
        If there is nothing of the kind, or a zip file is broken.
    """
    if not path.exists():
        msg = f"{path}: expected a pack, a reading file or a folder of them, got no such file"
        raise StudyError(msg)
    with plain_files(str(path)):
        if path.is_file() and path.suffix.lower() == ".zip":
            found, drafts = _in_zip(path)
        elif path.is_dir():
            found, drafts = _in_folder(path)
        else:
            found, drafts = [Found(str(path), path.read_bytes())], []
    if not found and not drafts:
        msg = f"{path}: expected readings, got none"
        raise StudyError(msg)
    return found, drafts


def _in_folder(folder: Path) -> tuple[list[Found], list[str]]:
    """Return the readings in a folder and the folders within, and drafts, told by their folder's name."""
    found, drafts = [], []
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        head = path.parent.parent / HEAD
        if head.is_file() and path.parent.name == DRAFTS:
            drafts.append(str(path))
        elif not path.name.startswith("."):
            found.append(Found(str(path), path.read_bytes(), head.read_bytes() if head.is_file() else None))
    return found, drafts


def _in_zip(path: Path) -> tuple[list[Found], list[str]]:
    """Return the readings in a zipped pack, which is never unpacked: its names lead nowhere."""
    found, drafts = [], []
    try:
        with zipfile.ZipFile(path) as file:
            heads = {PurePosixPath(name).parent: name for name in file.namelist() if _base(name) == HEAD}
            for info in file.infolist():
                inside = PurePosixPath(info.filename)
                head = heads.get(inside.parent.parent)
                if head is None or not inside.name.endswith(SUFFIX):
                    continue
                where = f"{path}: {info.filename}"
                if inside.parent.name == DRAFTS:
                    drafts.append(where)
                elif inside.parent.name == COMMITTED:
                    found.append(Found(where, _content(file, info), _content(file, file.getinfo(head))))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        msg = f"{path}: expected a zip file, got one that is cut off, damaged or locked by a password"
        raise StudyError(msg) from error
    return found, drafts


def _base(name: str) -> str:
    return PurePosixPath(name).name


def _content(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > _LARGEST:
        msg = f"{file.filename}: {info.filename}: expected a reading, got {info.file_size:,} bytes"
        raise StudyError(msg)
    return file.read(info)


def add_readings(store: Store, paths: Iterable[Path]) -> Added:
    """Add the readings in packs, files and folders to a study; all that can be, in one transaction.

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
        protocol = rows.reader_protocol(connection)
        uid = connection.execute(select(schema.study.c.uid)).scalar_one()
        at = store.now(connection)
        for one in found:
            try:
                reading = _reading(one, uid)
                item = Item(reading.exam.id, reading.occasion)
                done = _add(connection, reading, item, protocol, at)
            except (FormatError, StudyError) as error:
                said = str(error)
                report.problems.append(said if said.startswith(one.where) else f"{one.where}: {said}")
                continue
            (report.added if done else report.known).append(f"{reading.reader}: {item}")
            if done:
                facts = {"occasion": item.occasion, "film": item.film, "details": "brought back"}
                store.record(connection, reading.reader, "committed", **facts)
    return report


def _reading(found: Found, uid: str) -> Reading:
    """Return the reading in a file that may be added.

    Raises
    ------
    StudyError
        If its pack is of another study, or another reader's.
    FormatError
        If it is no reading.
    """
    reading = parse_reading(found.content, found.where)
    if found.pack is not None:
        pack = parse_pack(found.pack, found.where)
        if pack.study != uid:
            msg = "expected a pack of this study, got one of another"
            raise StudyError(msg)
    return reading


def _add(
    connection: Connection, reading: Reading, item: Item, protocol: ReaderProtocol, at: datetime
) -> bool:
    """Add a reading and return True; False where the store has it already.

    Raises
    ------
    StudyError
        If it is of a film or by a reader that is not in the study, or the store has another.
    """
    _check_assigned(connection, reading, item)
    rows.check_film(connection, reading, item, reading.reader, protocol)
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
    moment, committed = stamp(at), reading if _is_sealed(reading) else answers.sealed(reading, at)
    values = {"state": State.COMMITTED, "saved_at": moment, "text": rows.text_of(committed)}
    values["committed_at"] = stamp(min(at, as_utc(committed.events[-1].at)))
    if row is None:
        key = rows.key(reading.reader, item)
        connection.execute(
            insert(schema.readings).values(**key, revision=1, saves=1, opened_at=_begun(committed), **values)
        )
    else:
        values["saves"] = row.saves + 1
        connection.execute(rows.update_open(reading.reader, item).values(**values))
    return True


def _is_sealed(reading: Reading) -> bool:
    return bool(reading.events) and reading.events[-1].did == answers.COMMIT


def _begun(reading: Reading) -> str:
    """Return when a reading was begun, as far as its events say."""
    return stamp(min(as_utc(event.at) for event in reading.events))


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
