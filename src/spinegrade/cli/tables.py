"""Results as tables that a person reads on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from spinegrade.io.columns import READING_KEY

if TYPE_CHECKING:
    from pathlib import Path

_MOST_ROWS = 400
_WIDTH = 132
"""Columns of a line where there is no terminal to ask."""

_STYLES = {0: "", 1: "yellow", 2: "dark_orange", 3: "bold red"}
_NONE = "-"


def show(path: Path) -> None:
    """Print the results in a Parquet file, the first few hundred rows, and how they were made."""
    frame = pl.read_parquet(path, n_rows=_MOST_ROWS)
    total = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(_spines(frame) if "status" in frame.columns else _vertebrae(frame))
    if total > frame.height:
        console.print(f"{frame.height} of {total:,} rows shown; --output FILE writes them all.")
    rules = frame["rules"][0].split(" sha256:")[0]
    if "near_threshold" in frame.columns and frame["near_threshold"].any():
        console.print("A grade with ? lies near a bound: it may well be the next one.", style="dim")
    console.print(
        f"Rules {rules}, reference {frame['reference'][0]}, spinegrade {frame['version'][0]}. "
        "Research software, no medical device.",
        style="dim",
    )


def _vertebrae(frame: pl.DataFrame) -> Table:
    """Return one vertebra a line, a rule between readings."""
    unit = " or ".join(frame["unit"].unique().sort().to_list())
    chances = frame["p0"].null_count() < frame.height
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in ("patient", "exam", "reader", "occ.", "level"):
        table.add_column(name, no_wrap=True)
    for name in (f"anterior\n{unit}", f"middle\n{unit}", f"posterior\n{unit}", "loss\n%", "grade"):
        table.add_column(name, justify="right")
    table.add_column("shape")
    if chances:
        table.add_column("P(0) P(1) P(2) P(3)", no_wrap=True)
    table.add_column("remarks")
    for row, first, last in _with_ends(frame):
        cells = [f"{row[name]}" if first else "" for name in READING_KEY] + [row["level"]]
        cells += [_number(row[name], 1) for name in ("anterior", "middle", "posterior")]
        cells += [_number(row["height_loss"], 1, 100), _grade(row), row["shape"] or ""]
        cells += [_chances(row)] if chances else []
        table.add_row(*cells, _remarks(row), style=_STYLES.get(row["grade"], "dim"), end_section=last)
    return table


def _grade(row: dict[str, Any]) -> str:
    if row["grade"] is None:
        return _NONE
    return f"{row['grade']}{'?' if row['near_threshold'] else ' '}"


def _chances(row: dict[str, Any]) -> str:
    if row["p0"] is None:
        return ""
    return " ".join(f"{row[f'p{grade}']:.2f}" for grade in range(4))


def _remarks(row: dict[str, Any]) -> str:
    flags = (row["flags"] or "").split()
    return ", ".join(flag.replace("_", " ").replace("outside range", "not graded") for flag in flags)


def _spines(frame: pl.DataFrame) -> Table:
    """Return one reading a line."""
    levels = [name for name in frame.columns if name.startswith("grade_")]
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("patient", "exam", "reader", "occ."):
        table.add_column(name, no_wrap=True)
    for name in levels:
        table.add_column(name.removeprefix("grade_"), justify="right")
    for name in ("SDI", "could be", "fract.", "read"):
        table.add_column(name, justify="right")
    table.add_column("status", no_wrap=True)
    for row in frame.iter_rows(named=True):
        cells = [f"{row[name]}" for name in READING_KEY]
        cells += [_level(row[name]) for name in levels]
        cells += [_number(row["sdi"], 0), f"{row['sdi_low']}-{row['sdi_high']}", f"{row['fractured']}"]
        table.add_row(*cells, f"{row['evaluable']}", row["status"])
    return table


def _level(grade: int | None) -> str:
    if grade is None:
        return _NONE
    style = _STYLES[grade]
    return f"[{style}]{grade}[/]" if style else f"{grade}"


def _number(value: float | None, digits: int, factor: float = 1.0) -> str:
    return _NONE if value is None else f"{value * factor:.{digits}f}"


def _with_ends(frame: pl.DataFrame) -> list[tuple[dict[str, Any], bool, bool]]:
    """Return the rows, and whether each is the first and the last of its reading."""
    rows = list(frame.iter_rows(named=True))
    keys = [None, *(tuple(row[name] for name in READING_KEY) for row in rows), None]
    return [(row, keys[n] != keys[n + 1], keys[n + 1] != keys[n + 2]) for n, row in enumerate(rows)]
