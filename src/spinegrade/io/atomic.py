"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator


def check_writable(path: Path, *, force: bool) -> None:
    """Refuse a path that exists or that cannot be written, before any work is done.

    Raises
    ------
    FormatError
        If the path exists and ``force`` is not given, is write-protected or a folder, or its folder cannot
        be written.
    """
    if path.is_dir():
        msg = f"{path}: expected a file to write, got a folder"
        raise FormatError(msg)
    if path.exists() and not force:
        msg = f"{path}: expected a new file, got one that exists; --force replaces it"
        raise FormatError(msg)
    if path.exists() and not os.access(path, os.W_OK):
        msg = f"{path}: expected a file that can be written, got one that is write-protected"
        raise FormatError(msg)
    folder = path.parent
    if not folder.is_dir():
        msg = f"{path}: expected an existing folder {folder}, got none"
        raise FormatError(msg)
    if not os.access(folder, os.W_OK | os.X_OK):
        msg = f"{path}: expected a folder that can be written, got no permission for {folder}"
        raise FormatError(msg)


@contextlib.contextmanager
def replacing(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give the name of a temporary file beside ``path`` that takes its place once all went well.

    Whatever interrupts the block, the temporary file goes and ``path`` stays as it was.

    Raises
    ------
    FormatError
        As `check_writable`, or if the disk refuses the writing.
    """
    check_writable(path, force=force)
    temporary = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _settle(temporary, path, force=force)
    except OSError as error:
        msg = f"{path}: expected to write it, got: {error.strerror or error}"
        raise FormatError(msg) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _settle(temporary: Path, path: Path, *, force: bool) -> None:
    """Put the finished file in its place, on the disk and not only in its cache."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    # What somebody let few people read stays so; a new file is as open as any that this user makes.
    temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
    if path.exists() and not force:
        msg = f"{path}: expected a new file, got one that appeared meanwhile; --force replaces it"
        raise FormatError(msg)
    temporary.replace(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
