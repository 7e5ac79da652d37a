"""Readings to compare, and their films: from files, or from the layers that are open.

Nothing is read from disk, or taken from a layer, while a blinded reading is open.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.readers import KEY
from spinegrade.errors import FormatError, ReadingError, SpinegradeError
from spinegrade.io.film import open_film
from spinegrade.io.film_match import FilmFinder, contradiction
from spinegrade.io.reading_json import SUFFIX, read_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spinegrade.radiograph import ImageIdentity, Radiograph
    from spinegrade.readings import Reading

DATES, READERS = "Compare two dates", "Compare readers"
"""The two comparisons, as they are called everywhere."""

NO_FILM = "its film was not found: the landmarks stand alone"


@frozen(eq=False)
class Gathered:
    """A reading, where it comes from, its film if that was found, and what to tell of the film."""

    reading: Reading
    name: str
    film: Radiograph | None = None
    on: date | None = None
    words: str = ""


@frozen(eq=False)
class Readers:
    """Readings of one film, the film if it was found, and what to tell of those left out."""

    readings: tuple[Gathered, ...]
    film: Radiograph | None
    words: tuple[str, ...] = ()


# Two dates


def two_from_files(paths: Sequence[Path]) -> tuple[Gathered, Gathered]:
    """Return two readings with their films, which lie beside them or are named too.

    Raises
    ------
    SpinegradeError
        If a blinded reading is open, there are not two reading files, or one cannot be read.
    """
    BLINDING.refuse(DATES)
    files = [path for path in paths if _is_reading(path)]
    finder = FilmFinder([path for path in paths if not _is_reading(path)])
    if len(files) != 2:
        raise ReadingError(_not_two(len(files)))
    first, second = (_with_film(read_reading(path), path, finder) for path in files)
    return first, second


def two_from_layers(layers: Iterable[Any]) -> tuple[Gathered, Gathered]:
    """Return the two readings among the visible layers, with their films where these are open too.

    Raises
    ------
    ReadingError
        If a blinded reading is open, or there are not two.
    """
    BLINDING.refuse(DATES)
    readings, films = _open_layers(layers)
    if len(readings) != 2:
        raise ReadingError(_not_two(len(readings)))
    first, second = (_with_one_of(one, films) for one in readings)
    return first, second


def _not_two(count: int) -> str:
    return f"{DATES}: expected two readings, got {count or 'none'}"


def _with_film(reading: Reading, path: Path, finder: FilmFinder) -> Gathered:
    """Return a reading with its film; what is wrong with that is told, and the landmarks stand alone."""
    gathered = Gathered(reading, path.name, on=reading.exam.date, words=NO_FILM)
    try:
        match = finder.find(reading, path)
        if match is None:
            return gathered
        return evolve(
            gathered, film=match.film, words="", on=reading.exam.date or taken_on(match.path, match.film)
        )
    except SpinegradeError as error:
        return evolve(gathered, words=f"the landmarks stand alone: {error}")


def taken_on(path: Path, film: Radiograph) -> date | None:
    """Return when a film was taken, by its header; None where that does not say.

    Raises
    ------
    SpinegradeError
        If the file cannot be opened any more.
    """
    person = open_film(path, frame=film.facts.frame, person=True).person
    try:
        return datetime.strptime(str(person and person.study_date), "%Y%m%d").date()  # noqa: DTZ007  a day
    except ValueError:
        return None


# Readers of one film


def readers_from_files(paths: Sequence[Path]) -> Readers:
    """Return the readings of one film, from files or folders of readings, and the film.

    The film is that named, or that of the first file; readings of another are left out, by name.

    Raises
    ------
    SpinegradeError
        If a blinded reading is open, two films or one that cannot be read are named, no reading of the
        film is there, or a folder has readings of several films and none is named.
    """
    BLINDING.refuse(READERS)
    files, told = _listed(paths)
    films = [path for path in paths if not path.is_dir() and not _is_reading(path)]
    if len(films) > 1:
        msg = f"{READERS}: expected one film, got {films[0].name} and {films[1].name}"
        raise FormatError(msg)
    read, problems = _read_all(files)
    if films:
        return _of_film(read, open_film(films[0]), films[0].name, (*told, *problems))
    _refuse_several(read, paths)
    return _of_first(read, (*told, *problems))


def readers_from_layers(layers: Iterable[Any]) -> Readers:
    """Return the readings among the visible layers that are of the uppermost film, and the film.

    Raises
    ------
    ReadingError
        If a blinded reading is open, or there is no reading of it.
    """
    BLINDING.refuse(READERS)
    readings, films = _open_layers(layers)
    if films:
        return _of_film(readings, films[-1], "the film that is open", ())
    return _of_first([(one, None) for one, _ in readings], ())


Read = tuple[Gathered, Path | None]
"""A reading without its film yet, and the file it is from."""


def _listed(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Return the reading files that are named or lie in named folders, each once, and folders without."""
    found: dict[Path, Path] = {}
    told = []
    for path in paths:
        inside = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path] if _is_reading(path) else []
        if path.is_dir() and not inside:
            told.append(f"{path.name}: no readings in this folder")
        for one in inside:
            if not one.name.startswith("."):
                found.setdefault(one.resolve(), one)
    return list(found.values()), told


def _read_all(files: list[Path]) -> tuple[list[Read], list[str]]:
    """Return the readings in files, and what is wrong with those that cannot be read."""
    read: list[Read] = []
    problems = []
    for path in files:
        try:
            reading = read_reading(path)
        except SpinegradeError as error:
            problems.append(str(error).replace(str(path), path.name))
            continue
        read.append((Gathered(reading, path.name, on=reading.exam.date), path))
    return read, problems


def _of_film(read: Iterable[Read], film: Radiograph, name: str, words: Iterable[str]) -> Readers:
    """Return the readings that are of a film."""
    own: list[Gathered] = []
    others: list[Gathered] = []
    for one, _ in read:
        (others if contradiction(one.reading, film) else own).append(one)
    return _readers(own, others, film, name, words)


def _of_first(read: list[Read], words: tuple[str, ...]) -> Readers:
    """Return the readings of the film that the first is of."""
    if not read:
        return _readers([], [], None, "", words)
    first, path = read[0]
    if path is not None:
        first = _with_film(first.reading, path, FilmFinder())
    name = first.reading.image.file_name or "the first film"
    if first.film is not None:
        return _of_film(read, first.film, name, words)
    own: list[Gathered] = []
    others: list[Gathered] = []
    for one, _ in read:
        (own if _same_film(first.reading.image, one.reading.image) else others).append(one)
    return _readers(own, others, None, name, (*words, first.words or NO_FILM))


def _readers(
    own: list[Gathered], others: list[Gathered], film: Radiograph | None, name: str, words: Iterable[str]
) -> Readers:
    told = list(words)
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        told.append(f"left out, not of {name}: {others[0].name}{more}")
    if not own:
        why = f": {told[0]}" if told else ""
        msg = f"{READERS}: expected readings of one film, got none{why}"
        raise ReadingError(msg)
    return Readers(tuple(own), film, tuple(told))


def _refuse_several(read: list[Read], paths: Iterable[Path]) -> None:
    """Refuse a folder with readings of several films, of which none was named."""
    if not any(path.is_dir() for path in paths):
        return
    for one, _ in read[1:]:
        if not _same_film(read[0][0].reading.image, one.reading.image):
            msg = (
                f"{READERS}: expected a folder of readings of one film, or the film named with it, "
                f"got {read[0][0].name} and {one.name}"
            )
            raise ReadingError(msg)


def _same_film(one: ImageIdentity, other: ImageIdentity) -> bool:
    """Return whether two readings name the same film, by the strongest thing that both say of it."""
    for name in ("sha256", "sop_instance_uid", "file_name"):
        said = getattr(one, name), getattr(other, name)
        if None not in said:
            return bool(said[0] == said[1])
    return (one.rows, one.columns) == (other.rows, other.columns)


# Layers


def _open_layers(layers: Iterable[Any]) -> tuple[list[Read], list[Radiograph]]:
    """Return the readings and the films among the visible layers, the lowest first."""
    readings: list[Read] = []
    films: list[Radiograph] = []
    for layer in layers:
        facts = layer.metadata.get(KEY, {}) if layer.visible else {}
        if "film" in facts:
            films.append(facts["film"])
        if "reading" in facts:
            reading: Reading = facts["reading"]
            readings.append((Gathered(reading, layer.name, on=reading.exam.date), None))
    return readings, films


def _with_one_of(read: Read, films: list[Radiograph]) -> Gathered:
    """Return a reading with the film of these that it is of."""
    for film in films:
        if contradiction(read[0].reading, film) is None:
            return evolve(read[0], film=film)
    return evolve(read[0], words=NO_FILM)


def _is_reading(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIX)
