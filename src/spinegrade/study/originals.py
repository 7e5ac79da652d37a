"""The films of a study as they lie in the hospital: where they are, and whose.

What is found out here never leaves the coordinator: it puts patient and exam back into what is exported.
"""

from __future__ import annotations

import csv
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen, validators

from spinegrade.errors import StudyError
from spinegrade.io.dicom_elements import plain_errors, text
from spinegrade.io.dicom_film import is_dicom
from spinegrade.io.film_header import list_files, read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from spinegrade.study.protocol import Protocol

_OLDEST = 130.0
_SEXES = ("F", "M", "O")
"""As DICOM writes them."""

_REQUIRED = ("film", "patient", "exam")
_COLUMNS = (*_REQUIRED, "date", "age", "sex")


@frozen
class Original:
    """A film, and whose it is.

    Attributes
    ----------
    file
        Its name as the protocol leads to it.
    age
        Years at the time of the film, None where nobody says.
    """

    path: Path
    file: str
    patient: str = field(validator=validators.min_len(1))
    exam: str = field(validator=validators.min_len(1))
    date: date | None = None
    age: float | None = None
    sex: str | None = None


def find_originals(protocol: Protocol, base: Path) -> list[Original]:
    """Return the films of a protocol that stands in the folder ``base``, in the order it names them.

    Raises
    ------
    StudyError
        If a film or folder is not there, a folder has no film, the key does not fit, or two films are the
        same exam of a patient.
    FormatError
        If a film is broken.
    """
    files = _film_files(protocol, base)
    originals = [_identified(path, name) for name, path in files.items()]
    if protocol.key is not None:
        originals = _by_key(originals, base / protocol.key)
    seen: dict[tuple[str, str], str] = {}
    for one in originals:
        other = seen.setdefault((one.patient, one.exam), one.file)
        if other != one.file:
            msg = f"{one.file}: expected an exam of its own, got the same patient and exam as {other}; "
            msg += "name them in a key"
            raise StudyError(msg)
    return originals


def _film_files(protocol: Protocol, base: Path) -> dict[str, Path]:
    """Return the films by their names, each once however often it is named."""
    found: dict[str, Path] = {}
    seen: set[Path] = set()
    for place, entry in enumerate(protocol.films):
        named = base / entry
        if not named.exists():
            msg = f"films[{place}]: expected a film or a folder, got no such file: {named}"
            raise StudyError(msg)
        before = len(seen)
        for path in _films_in(named):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                found[_name(path, base)] = path
        if named.is_dir() and len(seen) == before:
            msg = f"films[{place}]: expected films in {named}, got none"
            raise StudyError(msg)
    return found


def _films_in(named: Path) -> Iterator[Path]:
    """Yield the named film, or those in the named folder."""
    if not named.is_dir():
        yield named
        return
    for path in list_files([named]):
        if read_header(path) is not None:
            yield path


def _name(path: Path, base: Path) -> str:
    """Return how a film is called: its place below the protocol, or else its whole path."""
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def _identified(path: Path, name: str) -> Original:
    """Return the film with what its header says of the person; a picture says nothing."""
    stem = path.name.rsplit(".", 1)[0] or path.name
    original = Original(path, name, stem, stem)
    if not is_dicom(path):
        return original
    with plain_errors(name, "a DICOM file"):
        import pydicom

        tags = ["PatientID", "PatientSex", "PatientAge", "PatientBirthDate", "StudyDate"]
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(tags))
        known = {tag: text(header, tag) or "" for tag in tags}
    taken, born = _day(known["StudyDate"]), _day(known["PatientBirthDate"])
    return evolve(
        original,
        patient=known["PatientID"].strip() or stem,
        date=taken,
        age=_age(known["PatientAge"], born, taken),
        sex=_sex(known["PatientSex"]),
    )


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _age(words: str, born: date | None, taken: date | None) -> float | None:
    """Return the age by the two dates, or else by the words for it, as in 009Y or 030M."""
    if born is not None and taken is not None:
        years = (taken - born).days / 365.25
    elif len(words) == 4 and words[:3].isdecimal() and words[3] in "DWMY":
        years = int(words[:3]) / {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}[words[3]]
    else:
        return None
    return years if 0 <= years <= _OLDEST else None


def _by_key(originals: list[Original], path: Path) -> list[Original]:
    """Return the films with what a key says of them, which goes before what their headers say."""
    rows = _key_rows(path)
    unknown = sorted(set(rows) - {one.file for one in originals})
    if unknown:
        msg = f"{path}: film: expected films of the study, got {unknown[0]!r}"
        raise StudyError(msg)
    return [_told(one, rows[one.file], path) if one.file in rows else one for one in originals]


def _told(original: Original, row: dict[str, str], path: Path) -> Original:
    changes: dict[str, Any] = {"patient": row["patient"], "exam": row["exam"]}
    for name, (parse, expected) in _FACTS.items():
        if row.get(name):
            changes[name] = parse(row[name])
            if changes[name] is None:
                msg = f"{path}: film {original.file}: {name}: expected {expected}, got {row[name]!r}"
                raise StudyError(msg)
    return evolve(original, **changes)


def _years(words: str) -> float | None:
    try:
        years = float(words)
    except ValueError:
        return None
    return years if 0 <= years <= _OLDEST else None


def _sex(words: str) -> str | None:
    return words if words in _SEXES else None


_FACTS: dict[str, tuple[Callable[[str], object], str]] = {
    "date": (_day, "a date as in 2026-11-21"),
    "age": (_years, "years as in 9.5"),
    "sex": (_sex, "one of F, M, O"),
}
"""The optional columns of a key: how a cell is read, and what is expected in it."""


def _key_rows(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a key by their films."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            columns, given = table.fieldnames or [], list(table)
    except (OSError, ValueError, csv.Error) as error:
        msg = f"{path}: expected a key as CSV, got: {getattr(error, 'strerror', None) or error}"
        raise StudyError(msg) from error
    if not set(_REQUIRED) <= set(columns) <= set(_COLUMNS):
        msg = f"{path}: expected columns {', '.join(_REQUIRED)} and perhaps date, age, sex, got "
        msg += ", ".join(map(str, columns)) or "none"
        raise StudyError(msg)
    rows: dict[str, dict[str, str]] = {}
    for line, row in enumerate(given, 2):
        if None in row or None in row.values() or not (row["film"] and row["patient"] and row["exam"]):
            msg = f"{path}: line {line}: expected film, patient and exam and a cell a column, got another row"
            raise StudyError(msg)
        if row["film"] in rows:
            msg = f"{path}: line {line}: expected every film once, got {row['film']!r} twice"
            raise StudyError(msg)
        rows[row["film"]] = row
    return rows


def age_band(age: float | None) -> str | None:
    """Return the band of an age: five years wide below 20, then ten, and one band from 90.

    Examples
    --------
    >>> [age_band(age) for age in (0.3, 9.5, 10, 44, 91)]
    ['0 to 4 years', '5 to 9 years', '10 to 14 years', '40 to 49 years', '90 years or more']
    """
    if age is None:
        return None
    if age >= 90:
        return "90 years or more"
    width = 5 if age < 20 else 10
    low = int(age // width) * width
    return f"{low} to {low + width - 1} years"
