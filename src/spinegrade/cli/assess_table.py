"""A classified cohort as a person reads it on a terminal."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

_MOST_ROWS = 200
_WIDTH = 110
"""Columns of a line where there is no terminal to ask."""
_STYLES = {0: "", 1: "yellow", 2: "dark_orange", 3: "bold red", None: "dim"}
_CLASS_STYLES = {"osteoporosis": "bold red", "osteoporosis not excluded": "dark_orange"}
_LINES = {
    "diagnosis": "met",
    "found": "found",
    "density": "density",
    "missing": "would decide",
    "not_run": "not run, as unconfirmed",
    "imaging": "image further",
    "cautions": "mind",
    "information": "for information",
    "disputed": "readers grade otherwise",
    "boundary": "on a boundary of age",
    "readings_differ": "readings differ",
    "contradictions": "contradictions",
}


def show_cohort(cohort: pl.DataFrame) -> None:
    """Print the patients of a classified cohort, the first few hundred, and how they were classified."""
    frame = cohort.head(_MOST_ROWS)
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(_patients(frame))
    for row in frame.iter_rows(named=True):
        lines = [(word, row[name]) for name, word in _LINES.items() if row[name]]
        if lines:
            console.print(Text(row["patient"], style="bold"))
        for word, text in lines:
            console.print(Padding(Text(f"{word}: {text}"), (0, 0, 0, 2)))
    for line in _below(frame, cohort.height):
        console.print(Text(line, style="dim"))


def _patients(frame: pl.DataFrame) -> Table:
    """Return one patient a line, the grades as a row of digits."""
    levels = [name.removeprefix("grade_") for name in frame.columns if name.startswith("grade_")]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("patient", overflow="fold", min_width=4)
    for name in ("sex", "age"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(_digits(levels), no_wrap=True, min_width=len(levels))
    for name in ("SDI", "fractured", "read"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("classification", min_width=20)
    for row in frame.iter_rows(named=True):
        grades = Text.assemble(*(_level(row[f"grade_{level}"]) for level in levels))
        said = row["classification"]
        table.add_row(
            Text(row["patient"]),
            row["sex"] or "?",
            "?" if row["age"] is None else f"{row['age']:.1f}",
            grades,
            *(_range(row["sdi_low"], row["sdi_high"]), _range(row["fractured_low"], row["fractured_high"])),
            _range(row["evaluable"], row["evaluable"]),
            row["status"] or "no film",
            Text(said, style=_CLASS_STYLES.get(said, "")),
        )
    return table


def _digits(levels: list[str]) -> str:
    """Return two lines over the grades: the region where it begins, the last digit of the number."""
    regions = [level[0] for level in levels]
    begins = [now if now != before else " " for now, before in zip(regions, ["", *regions], strict=False)]
    return "".join(begins) + "\n" + "".join(level[-1] for level in levels)


def _level(grade: int | None) -> tuple[str, str]:
    return ("-" if grade is None else f"{grade}", _STYLES[grade])


def _range(low: Any, high: Any) -> str:  # noqa: ANN401  numbers of a row, or None
    if low is None or high is None:
        return "-"
    return f"{low}" if low == high else f"{low}-{high}"


def _below(frame: pl.DataFrame, total: int) -> Iterator[str]:
    """Yield what has to be said below the table."""
    if total > frame.height:
        yield f"{frame.height} of {total:,} rows shown; --output FILE writes them all."
    if frame["readings"].max() is not None:
        yield "A grade is shown where all readings of the latest exam agree; --reader NAME takes one's."
        yield f"Heights compared with: {frame['reference'][0]}. Graded by: {_short(frame['grading'][0])}"
    yield f"Switches: {frame['switches'][0]}"
    yield f"Rules (id/revision, beginning of sha256): {_short(frame['rules'][0])}"
    yield f"spinegrade {frame['version'][0]}. Research software, no medical device: for a physician to judge."


def _short(stamps: str) -> str:
    return re.sub(r" revision (\d+) sha256:([0-9a-f]{8})[0-9a-f]*", r"/\1 \2", stamps)
