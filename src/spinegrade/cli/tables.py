"""Results as tables that a person reads on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spinegrade.flags import Flag, flag_words
from spinegrade.genant import SHAPES
from spinegrade.io.columns import READING_KEY
from spinegrade.spine import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_ROWS = 400
_WIDTH = 110
"""Columns of a line where there is no terminal to ask."""

_STYLES = {0: "", 1: "yellow", 2: "dark_orange", 3: "bold red", None: "dim"}
_NONE = "-"
_AT_DETECTOR = flag_words(Flag.MM_AT_DETECTOR)


def show(path: Path) -> None:
    """Print the results in a Parquet file, the first few hundred rows, and how they were made."""
    frame = pl.read_parquet(path, n_rows=_MOST_ROWS)
    total = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    tables = [_spines(frame)] if "status" in frame.columns else _readings(frame)
    for table in tables:
        console.print(table)
    for line in _below(frame, total):
        console.print(line, style="dim")


def _below(frame: pl.DataFrame, total: int) -> Iterator[str]:
    """Yield what has to be said below the tables."""
    if total > frame.height:
        yield f"{frame.height} of {total:,} rows shown; --output FILE writes them all."
    if "near_threshold" in frame.columns and frame["near_threshold"].any():
        yield "A grade with ? lies near a bound: it may well be the next one."
    if "flags" in frame.columns and frame["flags"].str.contains(_AT_DETECTOR, literal=True).any():
        yield (
            "mm at the detector are larger than in the patient, by the magnification of the film; "
            "ratios and grades are the same."
        )
    rules = frame["rules"][0].split(" sha256:")[0]
    yield f"Rules {rules}, reference {frame['reference'][0]}, spinegrade {frame['version'][0]}."
    yield "Research software, no medical device."


def _readings(frame: pl.DataFrame) -> Iterator[Table]:
    """Yield a table for every reading, one vertebra a line."""
    chances = frame["p0"].null_count() < frame.height
    for (patient, exam, reader, occasion), rows in frame.group_by(READING_KEY, maintain_order=True):
        title = f"patient {patient}, exam {exam}, reader {reader}, occasion {occasion}; heights in "
        title += rows["unit"][0]
        if _AT_DETECTOR in (rows["flags"][0] or "").split():
            title += " at the detector"
        yield _vertebrae(rows, Text(title, style="bold"), chances=chances)


def _vertebrae(rows: pl.DataFrame, title: Text, *, chances: bool) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("level", no_wrap=True, min_width=5)
    for name, width in (("ant.", 4), ("mid.", 4), ("post.", 5), ("loss %", 6), ("grade", 5)):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    table.add_column("shape", no_wrap=True, min_width=max(map(len, SHAPES)))
    if chances:
        table.add_column("P(0) P(1) P(2) P(3)", no_wrap=True, min_width=19)
    table.add_column("remarks")
    for row in rows.iter_rows(named=True):
        cells = [row["level"]]
        cells += [_number(row[name], 1) for name in ("anterior", "middle", "posterior")]
        cells += [_number(row["height_loss"], 1, 100), _grade(row), row["shape"] or ""]
        cells += [_chances(row)] if chances else []
        table.add_row(*cells, _remarks(row), style=_STYLES[row["grade"]])
    return table


def _grade(row: dict[str, Any]) -> str:
    if row["grade"] is None:
        return f"{_NONE} "
    return f"{row['grade']}{'?' if row['near_threshold'] else ' '}"


def _chances(row: dict[str, Any]) -> str:
    if row["p0"] is None:
        return ""
    return " ".join(f"{row[f'p{grade}']:.2f}" for grade in range(4))


def _remarks(row: dict[str, Any]) -> str:
    flags = [flag for flag in (row["flags"] or "").split() if flag != _AT_DETECTOR]  # said in the title
    if "outside_range" in flags:
        return "not graded"
    return ", ".join(flag.replace("_", " ") for flag in flags)


def _spines(frame: pl.DataFrame) -> Table:
    """Return one reading a line, its grades as a row of digits."""
    levels = [name.removeprefix("grade_") for name in frame.columns if name.startswith("grade_")]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("patient", "exam"):
        table.add_column(name, overflow="fold", min_width=4)
    for name, width in (("reader", 6), ("occ.", 4)):
        table.add_column(name, no_wrap=True, min_width=width)
    table.add_column(_digits(levels), no_wrap=True, min_width=len(levels))
    for name, width in (("SDI", 8), ("fractured", 9), ("read", 4)):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    table.add_column("status", no_wrap=True, min_width=max(map(len, STATUSES)))
    for row in frame.iter_rows(named=True):
        grades = Text.assemble(*(_level(row[f"grade_{level}"]) for level in levels))
        counts = [_deformity_index(row), f"{row['fractured']}", f"{row['evaluable']}"]
        table.add_row(*(Text(f"{row[name]}") for name in READING_KEY), grades, *counts, row["status"])
    return table


def _deformity_index(row: dict[str, Any]) -> str:
    """Return the index, with what it could be where levels are missing."""
    low, high = row["sdi_low"], row["sdi_high"]
    bounds = "" if low == high else f" ({low}-{high})"
    return _number(row["sdi"], 0) + bounds


def _digits(levels: list[str]) -> str:
    """Return two lines over the grades: the region where it begins, the last digit of the number."""
    regions = [level[0] for level in levels]
    begins = [now if now != before else " " for now, before in zip(regions, ["", *regions], strict=False)]
    return "".join(begins) + "\n" + "".join(level[-1] for level in levels)


def _level(grade: int | None) -> tuple[str, str]:
    return (_NONE if grade is None else f"{grade}", _STYLES[grade])


def _number(value: float | None, digits: int, factor: float = 1.0) -> str:
    return _NONE if value is None else f"{value * factor:.{digits}f}"
