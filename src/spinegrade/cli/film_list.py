"""The films in folders, a line each, by their headers."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Protocol

from spinegrade.cli import options
from spinegrade.cli.image import describe_header, printable
from spinegrade.errors import FormatError
from spinegrade.io.film_header import FilmHeader, list_files, scan_films

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from spinegrade.io.film_header import FilmScan

_MANY = 500
"""So many files take long enough to want a progress bar."""

_WIDEST = 36
"""Letters of the longest cell that is not cut; the file stands last and is never cut."""

_HEADINGS = ("what it is", "size", "stored as", "calibration", "view", "file")


def list_films(paths: list[Path], *, as_json: bool) -> int:
    """List the films in folders, say what was passed over, and return the exit code.

    Raises
    ------
    FormatError
        If there is no film, and none that is broken.
    """
    files = list(list_files(paths))
    show: _Show = _AsJson() if as_json else _AsTable()
    films = others = broken = 0
    for scan in _with_progress(scan_films(files), len(files)):
        if scan.header is not None:
            films += 1
            show.add(scan.header)
        elif scan.error is not None:
            broken += 1
            options.say(f"spinegrade: {' '.join(str(scan.error).split())}")
        else:
            others += 1
    if not films and not broken:
        msg = f"{', '.join(map(str, paths))}: expected films, got {others} files that are none"
        raise FormatError(msg)
    show.close()
    options.say(f"{films:,} films; {others:,} files that are no films passed over; {broken:,} broken")
    return 1 if broken else 0


def _with_progress(scans: Iterable[FilmScan], count: int) -> Iterator[FilmScan]:
    """Pass the scans on, and move a progress bar where there is a terminal and much to do."""
    if not sys.stderr.isatty() or count < _MANY:
        yield from scans
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(scans, "films", total=count, console=Console(stderr=True), transient=True)


class _Show(Protocol):
    """Takes films one after another, and shows them."""

    def add(self, header: FilmHeader) -> None:
        """Take a film."""

    def close(self) -> None:
        """Show what is left to be shown."""


class _AsJson:
    """Films as an array with an object a line, written as they come."""

    def __init__(self) -> None:
        self._between = "[\n"

    def add(self, header: FilmHeader) -> None:
        """Write a film."""
        sys.stdout.write(self._between + json.dumps(describe_header(header), ensure_ascii=False))
        self._between = ",\n"

    def close(self) -> None:
        """Finish the array."""
        sys.stdout.write("[]\n" if self._between == "[\n" else "\n]\n")


class _AsTable:
    """Films as lines of a table, written once the widths of its columns are known."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = [_HEADINGS]

    def add(self, header: FilmHeader) -> None:
        """Keep the line of a film."""
        self._rows.append(_cells(header))

    def close(self) -> None:
        """Write the table."""
        if len(self._rows) == 1:
            return
        widths = [max(map(len, column)) for column in zip(*self._rows, strict=True)]
        for row in self._rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _cells(header: FilmHeader) -> tuple[str, ...]:
    facts = header.facts
    size = f"{header.rows} x {header.columns}"
    size += f", {facts.bits_stored} bits" if facts.bits_stored else ""
    size += f", {facts.frames} frames" if facts.frames > 1 else ""
    kind = facts.kind.replace(" Image Storage", "")
    view = " ".join(filter(None, (facts.body_part, facts.view_position, facts.laterality)))
    shown = (kind, size, facts.transfer_syntax or "-", header.calibration.state.value, view or "-")
    return (*map(_cut, shown), printable(str(header.path)))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 2]}.."
