"""The film that a reading was made on: looked for by its name, and proved before anything is drawn on it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import frozen

from spinegrade.errors import FormatError
from spinegrade.io.film import open_film
from spinegrade.morphometry import vertebra_centres

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.radiograph import ImageIdentity, Radiograph
    from spinegrade.readings import Reading

Proof = Literal["pixels", "uid", "size", "nothing"]

_MOST_FRAMES = 32
"""Frames of a film that are looked through for the pixels of a reading."""


@frozen
class Match:
    """The film of a reading, and by what it is known to be that: its pixels, its UID, its size, nothing."""

    path: Path
    film: Radiograph
    proof: Proof


class FilmFinder:
    """Looks for the films of readings in the places that were named, or else around each reading.

    In a named folder films are looked for in the folders within it too.  Around a reading means the
    folder of its file, and the one above.  The film opened last stays open for the next reading.
    """

    def __init__(self, named: Sequence[Path] = ()) -> None:
        self._named = tuple(named)
        self._singles = tuple(path for path in named if path.is_file())
        self._listed = tuple(_list(named))
        self._last: tuple[Path, int, Radiograph] | None = None

    def find(self, reading: Reading, file: Path) -> Match | None:
        """Return the film of the reading that stands in ``file``, None where there is none around it.

        Raises
        ------
        FormatError
            If a film of that name was not read by this reading, cannot be opened, or was looked for in
            named places and is not there or there more than once.
        """
        where = f"{file}: exam {reading.exam.id} by {reading.reader}, occasion {reading.occasion}"
        candidates = self._candidates(reading.image, file)
        if not candidates and self._named:
            raise FormatError(_not_there(where, reading.image))
        fitting: list[Match] = []
        refused: list[str] = []
        for path in candidates:
            film = self._open(path, reading.image)
            said = contradiction(reading, film)
            if said is not None:
                refused.append(f"{where}: {path.name}: {said}")
                continue
            fitting.append(Match(path, film, proof(reading.image, film)))
            if fitting[-1].proof == "pixels" or not self._named:
                return fitting[-1]
        return _only(fitting, refused, where)

    def _candidates(self, image: ImageIdentity, file: Path) -> list[Path]:
        """Return the files that may be the film, by name; a film named by itself may be called otherwise."""
        if not self._named:
            return list(_around(image.file_name, file))
        name = _base(image.file_name)
        called = [path for path in self._listed if path.name == name]
        if called or (name and image.sha256 is None):
            return called
        return list(self._singles)

    def _open(self, path: Path, image: ImageIdentity) -> Radiograph:
        """Return the film in a file; of several frames the one that has the pixels, else the first."""
        film = self._frame(path, 1)
        if image.sha256 in (None, film.image.sha256):
            return film
        for frame in range(2, min(film.facts.frames, _MOST_FRAMES) + 1):
            other = self._frame(path, frame)
            if other.image.sha256 == image.sha256:
                return other
        return film

    def _frame(self, path: Path, frame: int) -> Radiograph:
        if self._last is None or self._last[:2] != (path, frame):
            self._last = (path, frame, open_film(path, frame=frame))
        return self._last[2]


def contradiction(reading: Reading, film: Radiograph) -> str | None:
    """Return what shows that the reading was made on another film; None where nothing does.

    The pixels decide where the reading has their hash.  Otherwise the UID of the film, its size, and
    whether bodies lie on it.
    """
    read, found = reading.image, film.image
    if read.sha256 is not None:
        return _differs("the film with pixels sha256", _short(read.sha256), _short(found.sha256))
    said = None
    if read.sop_instance_uid and found.sop_instance_uid:
        said = _differs("the film with SOP instance UID", read.sop_instance_uid, found.sop_instance_uid)
    size, needed = (found.rows, found.columns), (read.rows or found.rows, read.columns or found.columns)
    said = said or _differs("a film of", *(f"{rows} x {columns} pixels" for rows, columns in (needed, size)))
    return said or _off_the_film(reading, film)


def _differs(what: str, expected: str, got: str | None) -> str | None:
    return None if expected == got else f"expected {what} {expected}, got {got}"


def _short(sha256: str | None) -> str:
    """Return so much of a hash that no two films share it by chance."""
    return f"{sha256[:16]}.." if sha256 else "none"


def _off_the_film(reading: Reading, film: Radiograph) -> str | None:
    """Return that a body lies outside the film, which no reader of it can have seen."""
    centres = vertebra_centres(reading.landmarks)
    size = np.array(film.pixels.shape)
    with np.errstate(invalid="ignore"):
        outside = (centres < -0.5) | (centres > size - 0.5)
    if not outside.any():
        return None
    row, column = centres[outside.any(axis=-1)][0]
    return (
        "expected a film that its landmarks lie on, got one of "
        f"{size[0]} x {size[1]} pixels for a vertebra at row {row:.0f}, column {column:.0f}"
    )


def proof(read: ImageIdentity, film: Radiograph) -> Proof:
    """Return the strongest thing that a reading and a film which do not contradict each other share."""
    if read.sha256 is not None:
        return "pixels"
    if read.sop_instance_uid and film.image.sop_instance_uid:
        return "uid"
    return "size" if read.rows and read.columns else "nothing"


def _only(fitting: list[Match], refused: list[str], where: str) -> Match | None:
    if len(fitting) > 1:
        names = " and ".join(str(match.path) for match in fitting[:2])
        msg = f"{where}: expected one film that it may have been made on, got {names}"
        raise FormatError(msg)
    if not fitting and refused:
        raise FormatError(refused[0])
    return fitting[0] if fitting else None


def _not_there(where: str, image: ImageIdentity) -> str:
    wanted = (
        f"its film {_base(image.file_name)!r}" if image.file_name else "its film, which it does not name,"
    )
    return f"{where}: expected {wanted} in the places named for films, got none"


def _list(places: Sequence[Path]) -> Iterator[Path]:
    """Yield the named files, and those in the named folders and the folders within, in order of names."""
    for place in places:
        if place.is_dir():
            yield from sorted(path for path in place.rglob("*") if path.is_file())
        elif place.is_file():
            yield place
        else:
            msg = f"{place}: expected a film or a folder of films, got none"
            raise FormatError(msg)


def _around(name: str | None, file: Path) -> Iterator[Path]:
    """Yield the files of that name beside a reading's file and one folder up.

    A name comes from a file that anybody may have written: it never leads anywhere else.
    """
    base = _base(name)
    if not name or not base:
        return
    folder = file.resolve().parent
    within = PurePosixPath(name.replace("\\", "/"))
    safe = not within.is_absolute() and ".." not in within.parts and ":" not in name
    tried = [folder / within] if safe else []
    for path in dict.fromkeys([*tried, folder / base, folder.parent / base]):
        if os.path.isfile(path):  # noqa: PTH113  the method raises for names that no file can have
            yield path


def _base(name: str | None) -> str:
    """Return the last part of a file's name, whichever system wrote it; empty where there is none."""
    return "" if name is None else PurePosixPath(name.replace("\\", "/")).name
