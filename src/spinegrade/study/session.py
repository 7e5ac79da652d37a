"""What a reader can do in a study: sign in, read the next film, pause, commit.

Whatever shows a queue needs `Session` and no more; `spinegrade.study.sessions.ReaderSession` is of a store,
`spinegrade.study.pack_session.PackSession` of an exported folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spinegrade.readings import Reading
    from spinegrade.study.protocol import ReaderProtocol
    from spinegrade.study.queue import Item, Progress


class Session(Protocol):
    """One reader's way through a study; every method raises a `StudyError` in words for the reader."""

    @property
    def reader(self) -> str:
        """Who reads."""

    @property
    def protocol(self) -> ReaderProtocol:
        """What the reader may know of the protocol."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the reader should be told, as of a clock that went backwards."""

    @property
    def progress(self) -> Progress:
        """How far the reader has come."""

    def next(self) -> Item | None:
        """Return what to read next; None where nothing is left, or not yet."""

    def film(self, item: Item) -> Path:
        """Return the file of the blinded film."""

    def facts(self, item: Item) -> tuple[str, ...]:
        """Return what may be known of the person: age band and sex, where the study shows them."""

    def blank(self, item: Item) -> Reading:
        """Return the reading in which nothing has been read yet."""

    def draft(self, item: Item) -> Reading | None:
        """Return the reading under way, None where none was begun."""

    def save(self, item: Item, reading: Reading) -> None:
        """Keep a reading under way; once this returns, nothing can lose it."""

    def pause(self, item: Item) -> None:
        """Lay a reading aside until all other films are read."""

    def empty_answers(self, item: Item, reading: Reading) -> tuple[str, ...]:
        """Return what was asked and is not answered."""

    def commit(self, item: Item, reading: Reading, acknowledged: Iterable[str] = ()) -> None:
        """Lock a reading; ``acknowledged`` are the empty answers that the reader means to leave empty."""

    def close(self) -> None:
        """Sign out."""
