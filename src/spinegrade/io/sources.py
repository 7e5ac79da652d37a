"""Files and folders named by a user, as sources of vertebrae."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from spinegrade.errors import FormatError
from spinegrade.io import LANDMARK_FORMATS, READING_FORMAT, find_format

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spinegrade.io import Source


@frozen
class Opened:
    """The sources that could be opened, what was passed over, and what could not be opened."""

    sources: list[Source]
    notes: list[str]
    problems: list[str]
    files: list[Path] = field(factory=list)

    def refuse_output(self, output: Path | None) -> None:
        """Refuse to write over one of the files; raises as the function of this name."""
        refuse_output(output, self.files)


def refuse_output(output: Path | None, files: Iterable[Path]) -> None:
    """Refuse to write over what is read: results never replace observations.

    Raises
    ------
    FormatError
        If the output is one of the files.
    """
    if output is not None and output.exists() and any(one.exists() and output.samefile(one) for one in files):
        msg = f"{output}: expected another file than the input, got one that is read"
        raise FormatError(msg)


def open_sources(paths: Iterable[Path], *, ignore_unknown: bool = False, keep_going: bool = False) -> Opened:
    """Return the sources in these files and folders, in the order given.

    In a folder, and in the folders in it, landmark tables and readings are taken in the order of
    their names, and tables of something else are passed over with a note.

    Raises
    ------
    FormatError
        If a file cannot be opened or a folder has nothing to read; with ``keep_going`` that is one
        of the problems instead, as long as something remains.
    """
    opened = Opened([], [], [])
    once = _Once(opened.files)
    for path in paths:
        try:
            if path.is_dir():
                files = once.of(_files(path))
                _open_folder(path, files, opened, ignore_unknown=ignore_unknown, keep_going=keep_going)
            elif once.of([path]):
                opened.sources.append(_open_file(path, ignore_unknown=ignore_unknown))
        except FormatError as error:
            if not keep_going:
                raise
            opened.problems.append(str(error))
    if not opened.sources:
        raise FormatError(opened.problems[0] if opened.problems else "expected a file or folder, got none")
    opened.notes.extend(note for source in opened.sources for note in source.notes)
    return opened


class _Once:
    """Passes every file once, under whatever names it comes."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files
        self._seen: set[Path] = set()

    def of(self, paths: Iterable[Path]) -> list[Path]:
        """Return the paths of files that have not been seen, and remember them."""
        fresh = []
        for path in paths:
            real = path.resolve()
            if real not in self._seen:
                self._seen.add(real)
                fresh.append(path)
        self._files += fresh
        return fresh


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path, folder))


def _open_file(path: Path, *, ignore_unknown: bool) -> Source:
    if not path.is_file():
        msg = f"{path}: expected a file, got none"
        raise FormatError(msg)
    form = find_format(path, LANDMARK_FORMATS)
    if form.open is None:
        msg = f"{path}: expected a format that is read, got {form.name}"
        raise FormatError(msg)
    try:
        return form.open(path, ignore_unknown)
    except OSError as error:
        msg = f"{path}: expected to read it, got: {error.strerror}"
        raise FormatError(msg) from error


def _open_folder(
    folder: Path, files: list[Path], opened: Opened, *, ignore_unknown: bool, keep_going: bool
) -> None:
    from spinegrade.io.reading_table import ReadingFiles

    readings = tuple(path for path in files if READING_FORMAT.claims(path))
    tables = [
        path
        for path in files
        if path not in set(readings) and any(form.claims(path) for form in LANDMARK_FORMATS)
    ]
    before = len(opened.sources)
    for path in tables:
        _open_table(path, opened, ignore_unknown=ignore_unknown, keep_going=keep_going)
    if readings:
        opened.sources.append(ReadingFiles(readings))
    if len(opened.sources) == before:
        msg = f"{folder}: expected landmark tables or readings in the folder, got none"
        raise FormatError(msg)


def _open_table(path: Path, opened: Opened, *, ignore_unknown: bool, keep_going: bool) -> None:
    """Open one table of a folder; one without any landmark column is something else."""
    try:
        opened.sources.append(_open_file(path, ignore_unknown=ignore_unknown))
    except FormatError as error:
        if _no_landmarks(path):
            opened.notes.append(f"{path}: passed over, no landmark table")
        elif keep_going:
            opened.problems.append(str(error))
        else:
            raise


def _no_landmarks(path: Path) -> bool:
    """Return whether the file is a sound table in which no column is a landmark's."""
    import polars as pl

    from spinegrade.io.columns import COORDINATES, SCHEMA
    from spinegrade.io.csv_text import read_dialect

    try:
        if path.suffix.lower() == ".parquet":
            columns = list(pl.read_parquet_schema(path))
        else:
            columns = read_dialect(path, SCHEMA, ()).columns
    except (FormatError, pl.exceptions.PolarsError):
        return False
    return not set(columns) & set(COORDINATES)


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
