"""What a study has come to, as tables that a person reads on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spinegrade.study.adjudicate import Disagreement
    from spinegrade.study.status import FilmStatus, LogLine, ReaderStatus, Status

_WIDTH = 110
"""Columns of a line where there is no terminal to ask."""

_NONE = "-"
_MOST = 3
"""Names of films in a cell."""


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)


def _table(title: str, left: str, right: str, last: str = "") -> Table:
    """Return a table with text columns, then numbers, then text; names are separated by commas."""
    table = Table(title=Text(title), box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for name in left.split(", "):
        table.add_column(name, no_wrap=True)
    for name in right.split(", "):
        table.add_column(name, justify="right")
    for name in filter(None, last.split(", ")):
        table.add_column(name, overflow="fold")
    return table


def show_status(status: Status, *, films: bool) -> None:
    """Print how far a study has come."""
    console = _console()
    title = f"{status.title}: {status.committed} of {status.readings} readings committed"
    numbers = "occ., films, committed, paused, open, unread, amended, min a film"
    table = _table(title, "reader", numbers, "to do")
    for one in status.readers:
        table.add_row(*map(Text, _reader_cells(one)))
    console.print(table)
    if films:
        table = _table("Films", "film", "committed, of, min a film", "missing (occasion)")
        for film in status.by_film:
            table.add_row(*map(Text, _film_cells(film)))
        console.print(table)


def _reader_cells(one: ReaderStatus) -> tuple[str, ...]:
    counts = (one.films, one.committed, one.paused, one.open, one.unread, one.amended)
    todo = _few(one.missing)
    if one.closed:
        todo = "locked"
    elif one.opens_at is not None:
        todo = f"opens {one.opens_at:%Y-%m-%d %H:%M} UTC"
    name = f"{one.reader} (adjudicator)" if one.adjudicator else one.reader
    return (name, f"{one.occasion}", *map(str, counts), _minutes(one.minutes), todo)


def _film_cells(film: FilmStatus) -> tuple[str, ...]:
    counts = (str(film.committed), str(film.readings))
    return (film.film, *counts, _minutes(film.minutes), _few(film.missing))


def _minutes(minutes: float | None) -> str:
    return _NONE if minutes is None else f"{minutes:.1f}"


def _few(names: tuple[str, ...]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return (", ".join(names[:_MOST]) + more) or _NONE


def show_log(lines: Iterable[LogLine]) -> None:
    """Print everything that was done."""
    for line in lines:
        where = f"{line.film or ''} {f'({line.occasion})' if line.occasion else ''}".strip()
        words = (line.at[:19].replace("T", " "), line.who, line.did, where, line.details or "")
        sys.stdout.write("  ".join(filter(None, words)) + "\n")


def show_disagreements(found: Iterable[Disagreement]) -> None:
    """Print the vertebrae on which readers disagree."""
    rows = list(found)
    if not rows:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("film", "level", "differ in", "readers say", "settled"):
        table.add_column(name, overflow="fold")
    for one in rows:
        cells = (one.film, one.level, one.rule.replace("_", " "), _said(one.answers), _said(one.adjudicated))
        table.add_row(*map(Text, cells))
    _console().print(table)


def _said(answers: dict[str, str]) -> str:
    return ", ".join(f"{reader}: {answer}" for reader, answer in sorted(answers.items())) or _NONE
