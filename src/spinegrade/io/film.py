"""Films of any format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spinegrade.radiograph import Radiograph


@frozen
class FilmFormat:
    """A format of films: how it is called, how its files are named, and how one is read."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, int, bool], Radiograph]


def _read_dicom(path: Path, frame: int, person: bool) -> Radiograph:  # noqa: FBT001  the shape of FilmFormat.read
    from spinegrade.io.dicom_film import read_film

    return read_film(path, frame=frame, person=person)


def _read_picture(path: Path, frame: int, _: bool) -> Radiograph:  # noqa: FBT001
    from spinegrade.io.picture_film import read_picture

    return read_picture(path, frame=frame)


FILM_FORMATS = (
    FilmFormat("DICOM", (".dcm", ".dicom", ".ima"), _read_dicom),
    FilmFormat("picture", (".png", ".tif", ".tiff", ".jpg", ".jpeg"), _read_picture),
)


def refuse_no_file(path: Path) -> None:
    """Refuse what would be waited for without end, or is read for what it does: pipes and devices.

    Raises
    ------
    FormatError
        If it is one.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        msg = f"{path}: expected a file, got a pipe or a device"
        raise FormatError(msg)


def open_film(path: Path, *, frame: int = 1, person: bool = False) -> Radiograph:
    """Return the film in a file; DICOM is known by its content too, whatever the file is called.

    Raises
    ------
    FormatError
        If the file is no film that can be read.
    """
    from spinegrade.io.dicom_film import is_dicom

    if path.is_dir():
        msg = f"{path}: expected a film, got a folder"
        raise FormatError(msg)
    if not path.exists():
        msg = f"{path}: expected a film, got no such file"
        raise FormatError(msg)
    refuse_no_file(path)
    if is_dicom(path):
        return FILM_FORMATS[0].read(path, frame, person)
    for form in FILM_FORMATS:
        if path.name.lower().endswith(form.suffixes):
            return form.read(path, frame, person)
    suffixes = ", ".join(suffix for form in FILM_FORMATS for suffix in form.suffixes)
    msg = f"{path}: expected DICOM or a name that ends in {suffixes}, got neither"
    raise FormatError(msg)
