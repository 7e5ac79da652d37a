"""A film and a reader become a reading under way: gone on with where one was begun, else a new one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from napari_spinegrade.editor import Order, ReadingEditor
from napari_spinegrade.saving import (
    Held,
    OtherReadingError,
    film_stem,
    found_reading,
    hold,
    last_occasion,
    next_occasion,
    path_beside,
    reading_path,
    safe_name,
)
from spinegrade.errors import SpinegradeError
from spinegrade.io.reading_json import SUFFIX, write_reading
from spinegrade.readings import Exam, Reading

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.radiograph import ImageIdentity, Radiograph


class Holder(Protocol):
    """Where a reading is kept, and why it may only be looked at; empty where it may be written."""

    @property
    def where(self) -> str:
        """In words, where the reading is kept."""

    @property
    def read_only(self) -> str:
        """Why the reading may only be looked at."""

    def let_go(self) -> None:
        """Let another window edit the reading."""


@frozen
class Opened:
    """A reading under way, who holds it, and what to tell the reader of it."""

    editor: ReadingEditor
    held: Holder
    words: str
    begun: bool
    """Whether the reading was begun before."""

    def close(self) -> str:
        """Save what is not saved, if need be elsewhere, and let go; return in words where that is."""
        words = ""
        if self.editor.unsaved and not self.editor.save():
            words = rescue(self.editor.reading)
        self.held.let_go()
        return words


def rescue(reading: Reading) -> str:
    """Write a reading that cannot be kept in its place into the user's own folder; return in words where."""
    from platformdirs import user_data_path

    folder = user_data_path("spinegrade", appauthor=False) / "rescued"
    name = f"{safe_name(reading.exam.id)}_{safe_name(reading.reader)}_{reading.occasion}"
    path = folder / f"{name}_{datetime.now(UTC):%Y%m%dT%H%M%S%f}{SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_reading(reading, path)
    except (SpinegradeError, OSError) as error:
        return f"The reading could not be saved in its place, nor in {folder}: {error}"
    return f"The reading could not be saved in its place; it is kept in {path}"


@frozen
class Wish:
    """Whose reading of which occasion is to be opened, and where readings are kept.

    Occasion 0 begins another, None goes on with the last.  ``beside`` begins a reading under another name
    where the file is taken by a reading of another film.
    """

    reader: str
    occasion: int | None = None
    folder: Path | None = None
    order: Order | None = None
    beside: bool = False


def open_reading(film: Radiograph, source: Path, wish: Wish) -> Opened:
    """Return the reading of a film that was wished for, gone on with or new.

    Raises
    ------
    OtherReadingError
        If the file is taken by a reading of another film or by another reader.  It is left alone.
    FormatError
        If a reading lies there that cannot be read.  It is left alone.
    """
    which = next_occasion if wish.occasion == 0 else last_occasion
    number = wish.occasion or which(source, wish.reader, wish.folder)
    path = reading_path(source, wish.reader, number, wish.folder)
    path, begun = _found(path, film.image, wish)
    held = hold(path)
    reading = begun or _new(film, source, wish.reader, number)
    editor = ReadingEditor(reading, keep=held.keep, order=wish.order, read_only=held.read_only)
    return Opened(editor, held, _words(begun, held), begun=begun is not None)


def _found(path: Path, image: ImageIdentity, wish: Wish) -> tuple[Path, Reading | None]:
    """Return the file of a reading and what is in it; where the file is another's, that beside it."""
    try:
        return path, found_reading(path, image, wish.reader)
    except OtherReadingError:
        beside = path_beside(path, image)
        if not (wish.beside or beside.exists()):
            raise
        return beside, found_reading(beside, image, wish.reader)


def _new(film: Radiograph, source: Path, reader: str, occasion: int) -> Reading:
    name = film_stem(source)
    return Reading(
        Exam(name, name), reader, occasion=occasion, image=film.image, calibration=film.calibration
    )


def _words(begun: Reading | None, held: Held) -> str:
    if held.read_only:
        return f"Read-only: {held.read_only}"
    if begun is None:
        return f"New reading, kept in {held.path.name}"
    last = f" of {begun.events[-1].at:%d %b %Y %H:%M} UTC" if begun.events else ""
    return f"Going on with your reading{last}: {dealt_with(begun)} of 78 landmarks done"


def dealt_with(reading: Reading, order: Order | None = None) -> int:
    """Return how many of the landmarks to place, 78 unless told otherwise, need no more work."""
    order = order or Order()
    return len(order.places) - sum(1 for _ in order.still_open(reading, order.places))
