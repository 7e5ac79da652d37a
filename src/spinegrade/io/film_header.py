"""What is known of a film without decoding a pixel or reading a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from attrs import frozen

from spinegrade.calibration import Calibration
from spinegrade.errors import FormatError
from spinegrade.io.film import FILM_FORMATS, refuse_no_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pydicom import FileDataset

    from spinegrade.radiograph import FilmFacts


@frozen
class FilmHeader:
    """What the header of a film says of it."""

    path: Path
    rows: int
    columns: int
    facts: FilmFacts
    calibration: Calibration
    calibrated_by: str
    notes: tuple[str, ...] = ()


@frozen
class FilmScan:
    """What came of a file: a header, an error, or neither where it is no film."""

    header: FilmHeader | None = None
    error: FormatError | None = None


def list_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, and those in the folders and in folders within them, by name; none that is hidden.

    A folder that cannot be looked into comes as it is, to be named like a file that cannot be read.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        try:
            inside = sorted(path.iterdir())
        except OSError:
            yield path
            continue
        for one in inside:
            if one.name.startswith(".") or (one.is_symlink() and one.is_dir()):  # a link may lead round
                continue
            if one.is_dir():
                yield from list_files([one])
            elif one.is_file():
                yield one


def scan_films(paths: Iterable[Path]) -> Iterator[FilmScan]:
    """Yield what comes of each file, in order; some thousands a second where the disk keeps up."""
    for path in paths:
        try:
            scan = FilmScan(header=read_header(path))
        except FormatError as error:
            scan = FilmScan(error=error)
        yield scan


def read_header(path: Path) -> FilmHeader | None:
    """Return what the header of a film says, None where the file is no film.

    DICOM is known by its content, pictures by the suffix of their names.

    Raises
    ------
    FormatError
        If it is a film that is broken, cut off, or claims an impossible size.
    """
    dicom, picture = FILM_FORMATS
    refuse_no_file(path)
    name = path.name.lower()
    try:
        with path.open("rb") as file:
            if file.read(132)[128:] == b"DICM" or name.endswith(dicom.suffixes):
                return _dicom_header(path, file)
    except OSError as error:
        msg = f"{path}: expected to read it, got: {error.strerror}"
        raise FormatError(msg) from error
    return _picture_header(path) if name.endswith(picture.suffixes) else None


def _picture_header(path: Path) -> FilmHeader:
    from spinegrade.io.picture_film import NOT_CALIBRATED, picture_header

    facts, (rows, columns) = picture_header(path)
    return FilmHeader(path, rows, columns, facts, Calibration(), NOT_CALIBRATED)


def _dicom_header(path: Path, file: BinaryIO) -> FilmHeader | None:
    from spinegrade.io.dicom_elements import plain_errors
    from spinegrade.io.dicom_film import film_facts, prepare, spacing_tags
    from spinegrade.io.dicom_head import read_head
    from spinegrade.io.dicom_size import promised_size, refuse_missing_pixels
    from spinegrade.io.spacing import decide

    where = str(path)
    with plain_errors(where, "a DICOM file"):
        head = read_head(file, where)
    if head.pixels is None:
        _check_other(head.dataset, path)
        return None
    with plain_errors(where, "a sound DICOM film"):
        notes = prepare(head.dataset, where, 1, compressed=head.encapsulated)
        refuse_missing_pixels(head.dataset, head.pixels, 1, where)
        decision = decide(spacing_tags(head.dataset))
        return FilmHeader(
            path,
            *promised_size(head.dataset, where),
            facts=film_facts(head.dataset),
            calibration=decision.calibration,
            calibrated_by=decision.words,
            notes=(*notes, *decision.notes),
        )


def _check_other(dataset: FileDataset, path: Path) -> None:
    """Let an object pass that has no pixels, as reports and directories have none.

    Raises
    ------
    FormatError
        If it should have some, or is no DICOM object at all.
    """
    from spinegrade.io.dicom_film import refuse_unknown

    if "Rows" in dataset or "Columns" in dataset:
        msg = f"{path}: expected a DICOM image, got one without pixel data"
        raise FormatError(msg)
    refuse_unknown(dataset, str(path))
