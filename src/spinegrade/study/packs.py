"""Packs: one reader's films of one occasion as a folder or a zip file, to be read without the store.

::

    pack.json      what it is: study, reader, occasion, order, films and the hashes of their pixels
    films/         the blinded films
    drafts/        readings under way
    committed/     readings that are locked
    READ-ME.txt    how to read it, and how to send it back
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from datetime import datetime  # noqa: TC003  cattrs reads the annotations
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen, validators
from sqlalchemy import select

from spinegrade.errors import FormatError, StudyError
from spinegrade.io.reading_json import SUFFIX, from_plain, to_plain
from spinegrade.study import rows, schema
from spinegrade.study.protocol import COORDINATOR, Asked, Hidden, ReaderProtocol
from spinegrade.study.queue import Item
from spinegrade.study.sqlite_file import plain_files

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from spinegrade.study.queue import Queue
    from spinegrade.study.store import Store

FORMAT = "spinegrade-pack/1"
HEAD = "pack.json"
FILMS, DRAFTS, COMMITTED = "films", "drafts", "committed"

_WORDS = """{title}: {films} films for {reader}, occasion {occasion}

Unpack the folder and read it with    spinegrade app THIS_FOLDER --reader "{reader}"
How far you are says                  spinegrade study read THIS_FOLDER
Readings are kept in drafts/ and committed/. Send the whole folder back when all films are committed.
Research software, no medical device.
"""


@frozen
class PackedFilm:
    """A film of a pack: its name, the hash of its pixels, and what may be known of the person."""

    name: str = field(validator=validators.matches_re(r"F[0-9]+"))
    sha256: str
    facts: tuple[str, ...] = ()


@frozen
class Pack:
    """What a pack says of itself.  Films stand in the order of reading."""

    study: str
    reader: str
    occasion: int
    protocol: ReaderProtocol
    films: tuple[PackedFilm, ...]
    packed_at: datetime
    not_before: datetime | None = None


@frozen
class Packed:
    """What an export came to."""

    path: Path
    films: int
    drafts: int


def read_pack(path: Path) -> Pack:
    """Return what the pack in a folder says of itself.

    Raises
    ------
    StudyError
        If it is no pack, or of a newer version.
    """
    try:
        content = (path / HEAD).read_bytes()
    except OSError as error:
        msg = f"{path}: expected a pack with {HEAD} in it, got: {error.strerror}"
        raise StudyError(msg) from error
    return parse_pack(content, str(path))


def parse_pack(content: bytes, where: str) -> Pack:
    """Return what the bytes of `HEAD` say; ``where`` names the pack in messages.

    Raises
    ------
    StudyError
        As `read_pack`.
    """
    try:
        data = json.loads(content)
        given = data.pop("format", None)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        msg = f"{where}: {HEAD}: expected JSON, got something else or the half of it"
        raise StudyError(msg) from error
    if given != FORMAT:
        msg = f"{where}: {HEAD}: expected format {FORMAT!r}, got {str(given)[:40]!r}"
        raise StudyError(msg)
    try:
        return from_plain(data, Pack, (Asked, Hidden))
    except FormatError as error:
        msg = f"{where}: {HEAD}: {error}"
        raise StudyError(msg) from error


def packed_words(pack: Pack, head: bytes) -> str:
    """Return what the log says of a pack: no other pack, and none that was changed, has the same words.

    ``head`` are the bytes of its `HEAD`; how these are spaced and broken into lines does not count.
    """
    said = json.dumps(json.loads(head), sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return f"{pack.reader}: {len(pack.films)} films, {HEAD} {digest[:32]}"


def export_pack(store: Store, reader: str, occasion: int, target: Path) -> Packed:
    """Write what a reader still has to read on an occasion to a new folder, or zip file by its suffix.

    Drafts in the store travel along.

    Raises
    ------
    StudyError
        If there is nothing to read, an earlier occasion is not committed yet, or the target exists.
    """
    if target.exists() or not target.parent.is_dir():
        got = "one that exists" if target.exists() else f"no folder {target.parent}"
        msg = f"{target}: expected a new pack, got {got}"
        raise StudyError(msg)
    with store.writing() as connection, plain_files(str(target)):
        pack = _pack(store, connection, reader, occasion)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as made:
            folder = Path(made) / "pack"
            drafts = _fill(connection, pack, folder)
            words = packed_words(pack, (folder / HEAD).read_bytes())
            store.record(connection, COORDINATOR, "packed", occasion=occasion, details=words)
            _settle(folder, target)
    return Packed(target, len(pack.films), drafts)


def _pack(store: Store, connection: Connection, reader: str, occasion: int) -> Pack:
    protocol = rows.reader_protocol(connection)
    queue = rows.queue_of(connection, reader, protocol.washout_days)
    left = [entry.item.film for entry in queue.of(occasion) if not entry.is_committed]
    _check_due(queue, reader, occasion, left)
    films = schema.films.c
    found = connection.execute(
        select(films.name, films.sha256, films.age_band, films.sex).where(films.name.in_(left))
    )
    by_name = {
        row.name: PackedFilm(row.name, row.sha256, tuple(filter(None, (row.age_band, row.sex))))
        for row in found
    }
    return Pack(
        connection.execute(select(schema.study.c.uid)).scalar_one(),
        reader,
        occasion,
        protocol,
        tuple(by_name[name] for name in left),
        store.now(connection),
        queue.opens_at(occasion),
    )


def _check_due(queue: Queue, reader: str, occasion: int, left: list[str]) -> None:
    """Refuse a pack without films, and one whose washout nobody can know yet."""
    if not left:
        msg = f"{reader}, occasion {occasion}: expected films to read, got none left"
        raise StudyError(msg)
    before = [e.item for e in queue.entries if e.item.occasion < occasion and not e.is_committed]
    if before:
        msg = f"{reader}, occasion {occasion}: expected the occasions before to be committed, got "
        msg += f"{len(before)} readings that are not; add them first"
        raise StudyError(msg)


def _fill(connection: Connection, pack: Pack, folder: Path) -> int:
    """Write a pack into a new folder, and return how many drafts travel along."""
    for name in (FILMS, DRAFTS, COMMITTED):
        (folder / name).mkdir(parents=True)
    drafts = 0
    for film in pack.films:
        content = select(schema.films.c.content).where(schema.films.c.name == film.name)
        (folder / FILMS / f"{film.name}.dcm").write_bytes(connection.execute(content).scalar_one())
        draft = rows.first_revision(connection, pack.reader, Item(film.name, pack.occasion))
        if draft is not None:
            (folder / DRAFTS / f"{film.name}{SUFFIX}").write_text(draft.text, encoding="utf-8")
            drafts += 1
    words = _WORDS.format(
        title=pack.protocol.title, films=len(pack.films), reader=pack.reader, occasion=pack.occasion
    )
    (folder / "READ-ME.txt").write_text(words, encoding="utf-8")
    data = {"format": FORMAT, **to_plain(pack)}
    (folder / HEAD).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return drafts


def _settle(folder: Path, target: Path) -> None:
    """Put a finished pack in its place, packed where its name ends as that of a zip file."""
    if target.suffix.lower() != ".zip":
        folder.chmod(0o755)
        folder.rename(target)
        return
    packed = folder.parent / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:  # the films are packed as they are
        for path in sorted(folder.rglob("*")):
            name = f"{target.stem}/{path.relative_to(folder).as_posix()}"
            file.write(path, f"{name}/" if path.is_dir() else name)
    packed.rename(target)
