"""A reader's way through an exported pack, without the store.

A reading is one file, which is replaced whole: in ``drafts/`` while it is under way, in ``committed/`` once
it is locked.  The second is never written over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from attrs import evolve

from spinegrade.errors import StudyError
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import SUFFIX, read_reading, write_reading
from spinegrade.readings import Event
from spinegrade.study import answers
from spinegrade.study.moments import as_utc
from spinegrade.study.packs import COMMITTED, DRAFTS, FILMS, read_pack
from spinegrade.study.queue import Entry, Item, Queue
from spinegrade.study.schema import State
from spinegrade.study.store import SLACK

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from spinegrade.readings import Reading
    from spinegrade.study.packs import PackedFilm
    from spinegrade.study.protocol import ReaderProtocol
    from spinegrade.study.queue import Progress
    from spinegrade.study.store import Clock

PAUSE = "pause"
"""What the last event of a reading that was laid aside says was done."""


class PackSession:
    """A reader's way through the pack in a folder; the same as `spinegrade.study.sessions.ReaderSession`."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        if folder.suffix.lower() == ".zip" and folder.is_file():
            msg = f"{folder}: expected a folder, got a zip file: unpack it, readings are kept beside films"
            raise StudyError(msg)
        self._folder = folder
        self._pack = read_pack(folder)
        self._clock = clock or _utc_now
        self._left: dict[Item, Reading | None] = {}
        self._read: dict[Path, tuple[tuple[int, int, int], Reading]] = {}
        self._notices: list[str] = []
        self.protocol: ReaderProtocol = self._pack.protocol
        self.reader = self._pack.reader

    @classmethod
    def open(cls, folder: Path, reader: str | None = None, *, clock: Clock | None = None) -> Self:
        """Return the session of the pack in a folder; ``reader`` is compared with whom it was made for.

        Raises
        ------
        StudyError
            If it is no pack, or another reader's.
        """
        session = cls(folder, clock=clock)
        if reader is not None and reader != session.reader:
            msg = f"{folder}: expected the reader it was made for, got {reader!r}"
            raise StudyError(msg)
        return session

    @property
    def notices(self) -> tuple[str, ...]:
        """What the reader should be told, as of a clock that went backwards."""
        return tuple(self._notices)

    @property
    def progress(self) -> Progress:
        """How far the reader has come."""
        queue = self._queue()
        return queue.progress(self._now(queue))

    def next(self) -> Item | None:
        """Return what to read next; None where nothing is left, or not yet."""
        queue = self._queue()
        return queue.next(self._now(queue))

    def film(self, item: Item) -> Path:
        """Return the file of the blinded film.

        Raises
        ------
        StudyError
            If it may not be read yet, or is not the film that was packed.
        """
        queue = self._queue()
        if not queue.entry(item).is_committed:
            queue.check_open(item, self._now(queue))
        path = self._folder / FILMS / f"{item.film}.dcm"
        if open_film(path).image.sha256 != self._packed(item).sha256:
            msg = f"{path}: expected the film that was packed, got other pixels"
            raise StudyError(msg)
        return path

    def facts(self, item: Item) -> tuple[str, ...]:
        """Return what may be known of the person: age band and sex, where the study shows them."""
        return self._packed(item).facts

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
        queue = self._queue()
        queue.check_open(item, self._now(queue))
        self._left[item] = self._kept(DRAFTS, item)
        return self._left[item]

    def save(self, item: Item, reading: Reading) -> None:
        """Keep a reading under way; once this returns, nothing can lose it.

        Raises
        ------
        StudyError
            If the reading is of something else, locked, not due, or was changed in another window.
        FormatError
            If it cannot be written.
        """
        self._check(item, reading)
        on_disk = self._kept(DRAFTS, item)
        if on_disk not in (self._left.get(item), reading):
            msg = f"{item}: expected the reading as it was left here, got one that was changed in another "
            msg += "window; open it again"
            raise StudyError(msg)
        write_reading(reading, self._path(DRAFTS, item), force=True)
        self._left[item] = reading

    def pause(self, item: Item) -> None:
        """Lay a reading that was begun aside until all other films are read.

        Raises
        ------
        StudyError
            If none was begun, or it is locked.
        """
        reading = self.draft(item)
        if reading is None:
            msg = f"{item}: expected a reading under way, got none: there is nothing to pause"
            raise StudyError(msg)
        at = self._now(self._queue())
        self.save(item, evolve(reading, events=(*reading.events, Event(at, PAUSE))))

    def empty_answers(self, item: Item, reading: Reading) -> tuple[str, ...]:  # noqa: ARG002  the shape of Session
        """Return what was asked and is not answered, level by level."""
        return answers.empty_answers(reading, self.protocol)

    def commit(self, item: Item, reading: Reading, acknowledged: Iterable[str] = ()) -> None:
        """Lock a reading; ``acknowledged`` are the empty answers that the reader means to leave empty.

        Raises
        ------
        StudyError
            If an answer is empty that is not acknowledged, or as `save`.
        """
        answers.check_acknowledged(item, reading, self.protocol, acknowledged)
        stored = self._kept(COMMITTED, item)
        if stored is not None and answers.is_sealed_from(stored, reading):
            return
        self._check(item, reading)
        at = self._now(self._queue())
        write_reading(answers.sealed(reading, at), self._path(COMMITTED, item))
        self._path(DRAFTS, item).unlink(missing_ok=True)

    def close(self) -> None:
        """Sign out; there is nothing to let go of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self, item: Item, reading: Reading) -> None:
        queue = self._queue()
        queue.check_open(item, self._now(queue))
        answers.check_reading(reading, item, self.reader, self._packed(item).sha256, self.protocol)

    def _packed(self, item: Item) -> PackedFilm:
        for film in self._pack.films:
            if (film.name, self._pack.occasion) == (item.film, item.occasion):
                return film
        msg = f"{item}: expected a film of this pack, got another"
        raise StudyError(msg)

    def _path(self, folder: str, item: Item) -> Path:
        return self._folder / folder / f"{item.film}{SUFFIX}"

    def _kept(self, folder: str, item: Item) -> Reading | None:
        """Return the reading in a file; one that has not changed since is not read again."""
        path = self._path(folder, item)
        try:
            now = path.stat()
        except FileNotFoundError:
            return None
        known = self._read.get(path)
        if known is None or known[0] != (now.st_mtime_ns, now.st_size, now.st_ino):
            known = (now.st_mtime_ns, now.st_size, now.st_ino), read_reading(path)
            self._read[path] = known
        return known[1]

    def _queue(self) -> Queue:
        """Return what has become of every film, from the files that are there."""
        entries = (self._entry(place, film) for place, film in enumerate(self._pack.films, 1))
        return Queue(tuple(entries), not_before=self._pack.not_before)

    def _entry(self, place: int, film: PackedFilm) -> Entry:
        item = Item(film.name, self._pack.occasion)
        committed = self._kept(COMMITTED, item)
        if committed is not None:
            at = as_utc(committed.events[-1].at) if committed.events else self._pack.packed_at
            return Entry(item, place, State.COMMITTED, at)
        draft = self._kept(DRAFTS, item)
        if draft is None:
            return Entry(item, place)
        paused = bool(draft.events) and draft.events[-1].did == PAUSE
        return Entry(item, place, State.PAUSED if paused else State.OPEN)

    def _now(self, queue: Queue) -> datetime:
        """Return the time, never before the pack was made or a reading of it committed."""
        now = self._clock()
        latest = max([self._pack.packed_at, *(e.committed_at for e in queue.entries if e.committed_at)])
        if latest - now > SLACK and not self._notices:
            self._notices.append(
                f"the clock says {now:%Y-%m-%d %H:%M} UTC, before {latest:%Y-%m-%d %H:%M} UTC when the pack "
                "was last worked on; that time counts until it is past"
            )
        return max(now, latest)


def _utc_now() -> datetime:
    return datetime.now(UTC)
