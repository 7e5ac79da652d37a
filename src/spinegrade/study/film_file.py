"""Blinded films as files for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.errors import StudyError
from spinegrade.io.atomic import replacing
from spinegrade.study.sqlite_file import plain_files

if TYPE_CHECKING:
    from pathlib import Path


def write_film(path: Path, content: bytes) -> Path:
    """Write a blinded film, unless it lies there already, and return its path.

    Raises
    ------
    StudyError
        If another file has its place.
    FormatError
        If it cannot be written.
    """
    with plain_files(str(path)):
        if path.exists():
            if path.is_file() and path.read_bytes() == content:
                return path
            msg = f"{path}: expected a new file or this blinded film, got another file"
            raise StudyError(msg)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path
