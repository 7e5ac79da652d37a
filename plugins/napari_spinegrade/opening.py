"""A film and a reader become a reading under way: gone on with where one was begun, else a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from napari_spinegrade.editor import Order, ReadingEditor
from napari_spinegrade.saving import Held, found_reading, hold, next_occasion, reading_path
from spinegrade.readings import Exam, Reading

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.radiograph import Radiograph


@frozen
class Opened:
    """A reading under way, the file it is kept in, and what to tell the reader of it."""

    editor: ReadingEditor
    held: Held
    words: str

    def close(self) -> None:
        """Save what is not saved, and let go of the file."""
        if self.editor.unsaved:
            self.editor.save()
        self.held.let_go()


def open_reading(
    film: Radiograph,
    source: Path,
    reader: str,
    *,
    occasion: int | None = None,
    folder: Path | None = None,
    order: Order | None = None,
) -> Opened:
    """Return the reader's reading of a film: the first occasion's, or that asked for; 0 begins another.

    Raises
    ------
    FormatError
        If a reading lies there that cannot be read, or is of another film.  It is left alone.
    """
    number = next_occasion(source, reader, folder) if occasion == 0 else occasion or 1
    path = reading_path(source, reader, number, folder)
    begun = found_reading(path, film.image)
    held = hold(path)
    reading = begun or _new(film, source, reader, number)
    editor = ReadingEditor(reading, keep=held.keep, order=order, read_only=held.read_only)
    return Opened(editor, held, _words(begun, held))


def _new(film: Radiograph, source: Path, reader: str, occasion: int) -> Reading:
    name = source.name.rsplit(".", 1)[0] or source.name
    return Reading(
        Exam(name, name), reader, occasion=occasion, image=film.image, calibration=film.calibration
    )


def _words(begun: Reading | None, held: Held) -> str:
    if held.read_only:
        return f"Read-only: {held.read_only}"
    if begun is None:
        return f"New reading, kept in {held.path.name}"
    last = f" of {begun.events[-1].at:%d %b %Y %H:%M} UTC" if begun.events else ""
    return f"Going on with your reading{last}: {dealt_with(begun)} of 78 landmarks dealt with"


def dealt_with(reading: Reading) -> int:
    """Return how many of the 78 landmarks of T4 to L4 need no more work."""
    order = Order()
    return len(order.places) - sum(1 for _ in order.still_open(reading, order.places))
