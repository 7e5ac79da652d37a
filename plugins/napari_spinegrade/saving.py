"""Where a reading is kept, who holds it, and whether it belongs to the film.

One file a reader and occasion.  Whoever edits it holds a lock, which the system takes away when the process
ends, however it ends; whoever comes second may look and not write.
"""

from __future__ import annotations

import getpass
import glob
import json
import os
import re
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.errors import FormatError, ReadingError
from spinegrade.io.reading_json import SUFFIX, read_reading, write_reading

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

    from spinegrade.radiograph import ImageIdentity
    from spinegrade.readings import Reading


class OtherReadingError(FormatError):
    """The file in which a reading would be kept holds a reading of another film, or by another reader."""


def reading_path(film: Path, reader: str, occasion: int, folder: Path | None = None) -> Path:
    """Return the file of a reader's reading of a film: beside it, or in a folder of readings."""
    return (folder or film.parent) / f"{film_stem(film)}_{safe_name(reader)}_{occasion}{SUFFIX}"


def film_stem(film: Path) -> str:
    """Return the name of a film without the suffix of a format; a UID with dots has none."""
    from spinegrade.io.film import FILM_FORMATS

    known = tuple(suffix for one in FILM_FORMATS for suffix in one.suffixes)
    return film.stem if film.name.lower().endswith(known) else film.name


def safe_name(name: str) -> str:
    """Return a name as a part of a file name."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "reader"


def path_beside(path: Path, image: ImageIdentity) -> Path:
    """Return the file beside one that another film's reading has taken, named by this film's pixels."""
    stem = path.name[: -len(SUFFIX)]
    return path.with_name(f"{stem}_{(image.sha256 or 'film')[:8]}{SUFFIX}")


@frozen
class Held:
    """A reading file that this process holds, or may only look at; ``read_only`` says why."""

    path: Path
    read_only: str = ""
    lock: BaseFileLock | None = None

    @property
    def where(self) -> str:
        """The reading's file."""
        return str(self.path)

    def keep(self, reading: Reading) -> None:
        """Write the reading to its file.

        Raises
        ------
        FormatError
            If it cannot be written.
        ReadingError
            If somebody else holds it.
        """
        if self.read_only:
            msg = f"{self.path}: expected to hold the reading, got: {self.read_only}"
            raise ReadingError(msg)
        write_reading(reading, self.path, force=True)

    def let_go(self) -> None:
        """Let another window edit the reading."""
        if self.lock is not None and self.lock.is_locked:
            _owner(self.path).unlink(missing_ok=True)
            self.lock.release()


def hold(path: Path) -> Held:
    """Take hold of a reading file, which need not exist; a file that another window holds is read-only."""
    from filelock import FileLock, Timeout

    if not path.parent.is_dir():
        return Held(path, f"{path.parent} is no folder that can be written to")
    lock = FileLock(path.parent / f".{path.name}.lock", timeout=0)
    try:
        lock.acquire()
        _tidy(path)
        _owner(path).write_text(json.dumps(_me()), encoding="utf-8")
    except Timeout:
        return Held(path, f"it is being edited {_by_whom(path)}")
    except OSError as error:
        lock.release()
        return Held(path, f"{path.parent} cannot be written to ({error.strerror})")
    return Held(path, lock=lock)


def _tidy(path: Path) -> None:
    """Remove what a process left that was killed while it wrote; only the holder of the lock may."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        left.unlink(missing_ok=True)


def _owner(path: Path) -> Path:
    return path.parent / f".{path.name}.owner"


def _me() -> dict[str, str]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "user": getpass.getuser(),
        "host": socket.gethostname(),
        "process": str(os.getpid()),
        "since": now,
    }


def _by_whom(path: Path) -> str:
    try:
        owner = json.loads(_owner(path).read_text(encoding="utf-8"))
        return f"by {owner['user']} on {owner['host']} since {owner['since'][:16].replace('T', ' ')} UTC"
    except (OSError, ValueError, KeyError, TypeError):
        return "in another window"


def found_reading(path: Path, image: ImageIdentity, reader: str) -> Reading | None:
    """Return the reading in a file if there is one, and it is this reader's of this film.

    Raises
    ------
    OtherReadingError
        If it is of another film, or somebody else's.
    FormatError
        If the file is no reading, or of a newer version.
    """
    if not path.exists():
        return None
    reading = read_reading(path)
    theirs, ours = reading.image.sha256, image.sha256
    if theirs and ours and theirs != ours:
        msg = (
            f"{path}: expected a reading of the film with pixels {ours[:8]}, got one of {theirs[:8]}: "
            "another film"
        )
        raise OtherReadingError(msg)
    if reading.reader != reader:
        msg = f"{path}: expected a reading by {reader!r}, got one by {reading.reader!r}"
        raise OtherReadingError(msg)
    return reading


def last_occasion(film: Path, reader: str, folder: Path | None = None) -> int:
    """Return the last occasion on which a reader has begun a film; 1 where there is none."""
    return max(1, next_occasion(film, reader, folder) - 1)


def next_occasion(film: Path, reader: str, folder: Path | None = None) -> int:
    """Return the first occasion of a reader on a film that has no file yet."""
    occasion = 1
    while reading_path(film, reader, occasion, folder).exists():
        occasion += 1
    return occasion
