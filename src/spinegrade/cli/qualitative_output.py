"""Where the results of ``spinegrade qualitative`` go: a file, standard output, or tables on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinegrade.cli.output import Target

_WIDTH = 110
_MOST_READINGS = 30
_READING = ("patient", "exam", "reader", "occasion", "form")
_ANSWERED = pl.any_horizontal(
    pl.col("answers").is_not_null(), pl.col("category").is_not_null(), pl.col("form", "level").is_null()
)
"""Rows to look at: those without an answer yet say nothing but the first question."""

_STYLES: dict[str | None, str] = {
    **dict.fromkeys(("fracture", "osteoporotic_fracture"), "bold red"),
    **dict.fromkeys(("mabq0", "mabq1", "mabq2", "mabq3"), "bold red"),
    "non_osteoporotic_fracture": "red",
    "uncertain": "yellow",
    "unevaluable": "dim",
    None: "dim",
}


def write(target: Target, frame: pl.DataFrame) -> None:
    """Write the table to its file, whole or not at all, or show it."""
    if target.as_table:
        _show(frame)
    else:
        target.write(frame)


def _show(frame: pl.DataFrame) -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    groups = frame.partition_by(_READING, maintain_order=True)
    for rows in groups[:_MOST_READINGS]:
        console.print(_reading(rows))
    for line in _below(frame, len(groups)):
        console.print(Text(line, style="dim"))


def _reading(rows: pl.DataFrame) -> Table:
    row = rows.row(0, named=True)
    occasion = "" if row["occasion"] == 1 else f", occasion {row['occasion']}"
    form = f", {row['form']} ({row['status']})" if row["form"] else ""
    title = f"patient {row['patient']}, exam {row['exam']}, reader {row['reader']}{occasion}{form}"
    shown = rows.filter(_ANSWERED)
    if shown.height < rows.height:
        title += f": {shown.height} of {rows.height} vertebrae answered"
    table = Table(
        title=Text(title, style="bold"),
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("level", no_wrap=True)
    table.add_column("what it comes to", min_width=40)
    for name in ("grade", "loss %", "sup. %", "inf. %", "score"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in shown.iter_rows(named=True):
        table.add_row(*_cells(one), style=_STYLES.get(one["category"], ""))
    return table


def _cells(row: dict[str, Any]) -> Iterator[str | Text]:
    yield row["level"] or "all"
    yield Text(row["words"] or "")
    yield "-" if row["grade"] is None else f"{row['grade']}"
    for name in ("height_loss", "superior_depression", "inferior_depression"):
        yield "-" if row[name] is None else f"{100 * row[name] + 0.0:.1f}"
    yield "" if row["score"] is None else f"{row['score']:g}"


def _below(frame: pl.DataFrame, readings: int) -> Iterator[str]:
    if readings > _MOST_READINGS:
        yield f"{_MOST_READINGS} of {readings:,} readings shown; --output FILE writes them all."
    yield "grade, loss %: of the six landmarks, not of the form.  sup., inf. %: depression of the endplates"
    yield "over their depth, negative where they bulge; no source says from which number on that counts."
    from spinegrade.rules import load_rule, rule_ids

    for name in frame["form"].drop_nulls().unique(maintain_order=True):
        note = load_rule(name).data.get("note", "") if name in rule_ids() else ""
        yield f"{name}: {note}" if note else f"{name}: a form of your own"
    yield "Research software, no medical device."
