"""Where readings lie that are brought back: in packs, zipped or not, in folders, or as single files."""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.errors import StudyError
from spinegrade.io.reading_json import SUFFIX
from spinegrade.study.packs import COMMITTED, DRAFTS, HEAD
from spinegrade.study.sqlite_file import plain_files

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 2**26
"""Bytes of a reading file in a zip file; the largest that are made have some hundred thousand."""


@frozen
class Found:
    """The bytes of a file that may be a reading, and where it was; ``pack`` is the `HEAD` of its pack."""

    where: str
    content: bytes
    pack: bytes | None = None


def find_readings(path: Path) -> tuple[list[Found], list[str]]:
    """Return the readings in a pack, a folder or a file, and the drafts of packs, which stay where they are.

    Raises
    ------
    StudyError
        If there is nothing of the kind, or a zip file is broken.
    """
    if not path.exists():
        msg = f"{path}: expected a pack, a reading file or a folder of them, got no such file"
        raise StudyError(msg)
    with plain_files(str(path)):
        if path.is_file() and path.suffix.lower() == ".zip":
            found, drafts = _in_zip(path)
        elif path.is_dir():
            found, drafts = _in_folder(path)
        else:
            found, drafts = [Found(str(path), path.read_bytes())], []
    if not found and not drafts:
        msg = f"{path}: expected readings, got none"
        raise StudyError(msg)
    return found, drafts


def _in_folder(folder: Path) -> tuple[list[Found], list[str]]:
    """Return the readings in a folder and the folders within, and drafts, told by their folder's name."""
    found, drafts = [], []
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        head = path.parent.parent / HEAD
        if head.is_file() and path.parent.name == DRAFTS:
            drafts.append(str(path))
        elif not path.name.startswith("."):
            found.append(Found(str(path), path.read_bytes(), head.read_bytes() if head.is_file() else None))
    return found, drafts


def _in_zip(path: Path) -> tuple[list[Found], list[str]]:
    """Return the readings in a zipped pack, which is never unpacked: its names lead nowhere."""
    found, drafts = [], []
    try:
        with zipfile.ZipFile(path) as file:
            heads = {PurePosixPath(name).parent: name for name in file.namelist() if _base(name) == HEAD}
            for info in file.infolist():
                inside = PurePosixPath(info.filename)
                head = heads.get(inside.parent.parent)
                if head is None or not inside.name.endswith(SUFFIX):
                    continue
                where = f"{path}: {info.filename}"
                if inside.parent.name == DRAFTS:
                    drafts.append(where)
                elif inside.parent.name == COMMITTED:
                    found.append(Found(where, _content(file, info), _content(file, file.getinfo(head))))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        msg = f"{path}: expected a zip file, got one that is cut off, damaged or locked by a password"
        raise StudyError(msg) from error
    return found, drafts


def _base(name: str) -> str:
    return PurePosixPath(name).name


def _content(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > _LARGEST:
        msg = f"{file.filename}: {info.filename}: expected a reading, got {info.file_size:,} bytes"
        raise StudyError(msg)
    return file.read(info)
