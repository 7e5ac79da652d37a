"""The readings of a patient: those kept beside the film, and the open one as it stands.

Nothing is read from disk while a blinded reading is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from napari_spinegrade.blinding import BLINDING
from spinegrade.errors import SpinegradeError
from spinegrade.io.reading_json import SUFFIX, read_reading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spinegrade.readings import Reading

PATIENT = "Patient and classification"
"""How the panel is called everywhere."""

FOLDERS = ("", "readings")
"""Where readings are looked for in the folder of a film: beside it, and in a folder of this name there."""

Key = tuple[str, str, str, int]
"""Patient, exam, reader, occasion."""


def key_of(reading: Reading) -> Key:
    """Return what there may be one reading of."""
    return reading.exam.patient, reading.exam.id, reading.reader, reading.occasion


@frozen
class Found:
    """The readings that were found, what could not be read, and readings that are there twice."""

    readings: tuple[Reading, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def patients(self) -> tuple[str, ...]:
        """Everybody who was read, each once, in the order of the files."""
        return tuple(dict.fromkeys(one.exam.patient for one in self.readings))

    def of(self, patient: str) -> tuple[Reading, ...]:
        """Return the readings of a patient."""
        return tuple(one for one in self.readings if one.exam.patient == patient)

    def with_open(self, reading: Reading | None) -> Found:
        """Return the readings with an open one in place of what is kept of it."""
        if reading is None:
            return self
        mine = key_of(reading)
        others = tuple(one for one in self.readings if key_of(one) != mine)
        return evolve(self, readings=(*others, reading))


class ReadingShelf:
    """Readings in folders, each file read once for as long as it stays as it is."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, int], Reading | str]] = {}

    def look(self, folder: Path, *, besides: Path | None = None) -> Found:
        """Return the readings beside the films of a folder, without the file that is open.

        Raises
        ------
        ReadingError
            If a blinded reading is open.
        """
        BLINDING.refuse(PATIENT)
        found: dict[Key, Reading] = {}
        problems: list[str] = []
        twice: set[Key] = set()
        for path in _files(folder):
            read = self._reading(path)
            if path == besides:
                continue
            if isinstance(read, str):
                problems.append(read)
            elif key_of(read) in found:
                twice.add(key_of(read))
                problems.append(_twice(read, path))
            else:
                found[key_of(read)] = read
        kept = tuple(reading for key, reading in found.items() if key not in twice)
        return Found(kept, tuple(problems))

    def _reading(self, path: Path) -> Reading | str:
        """Return the reading in a file, or what is wrong with it."""
        try:
            state = path.stat()
        except OSError as error:
            return f"{path.name}: expected a reading, got: {error.strerror}"
        stamp = state.st_mtime_ns, state.st_size
        known = self._read.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            read: Reading | str = read_reading(path)
        except SpinegradeError as error:
            read = str(error).replace(str(path), path.name)
        self._read[path] = stamp, read
        return read


def _files(folder: Path) -> Iterable[Path]:
    for name in FOLDERS:
        for path in sorted((folder / name).glob(f"*{SUFFIX}")):
            if not path.name.startswith("."):
                yield path


def _twice(reading: Reading, path: Path) -> str:
    exam, reader, occasion = reading.exam.id, reading.reader, reading.occasion
    return (
        f"{path.name}: expected one reading of exam {exam} by {reader}, occasion {occasion}, "
        "got another one; both are left out"
    )
