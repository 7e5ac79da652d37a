"""Where the results of ``spinegrade followup`` go: a file, standard output, or tables on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from spinegrade.cli.output import Target
    from spinegrade.followup.run import Followed

_WIDTH = 110
_MOST_PAIRS = 30
_PAIR = ("patient", "first_exam", "second_exam", "first_reader", "first_occasion")
_NUMBERS = ("value", "low", "high")
_COUNTS = ("n", "at_risk", "events")
_STYLES = {"incident": "bold red", "worsening": "red", "indeterminate": "dim", "unchanged": ""}


def write(target: Target, followed: Followed, per: Literal["vertebra", "patient", "cohort"]) -> None:
    """Write the table to its file, whole or not at all, or show it."""
    frame = followed.table(per)
    if target.as_table:
        _show(frame, followed, per)
    else:
        target.write(frame)


def _show(frame: pl.DataFrame, followed: Followed, per: str) -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    for table in {"vertebra": _vertebrae, "patient": _patients, "cohort": _cohort}[per](frame):
        console.print(table)
    for line in _below(frame, followed, per):
        console.print(Text(line, style="dim"))


def _vertebrae(frame: pl.DataFrame) -> Iterator[Table]:
    by = frame.columns[: frame.columns.index("months") + 1]
    for shown, (_, rows) in enumerate(frame.group_by(by, maintain_order=True)):
        if shown == _MOST_PAIRS:
            return
        row = rows.row(0, named=True)
        table = _table(f"{_pair(row)}, {row['months']:.1f} months", ["level", "grade"])
        for name in ("ant. %", "mid. %", "post. %", "least %"):
            table.add_column(name, justify="right", no_wrap=True)
        for name in ("outcome", "reshaping"):
            table.add_column(name, no_wrap=True)
        table.add_column("remarks", min_width=24)
        for one in rows.iter_rows(named=True):
            table.add_row(*_vertebra(one), style=_STYLES[one["outcome"]])
        yield table


def _vertebra(row: dict[str, Any]) -> Iterator[str]:
    visual = row["grade_kind"] == "visual"
    grades = [row[f"{side}_{'visual_' if visual else ''}grade"] for side in ("first", "second")]
    yield row["level"]
    yield " to ".join("-" if grade is None else f"{grade:g}" for grade in grades)
    for name in ("lost_anterior", "lost_middle", "lost_posterior"):
        yield "-" if row[name] is None else f"{round(-100 * row[name], 1) + 0.0:+.1f}"
    least = row["least_significant_change"]
    yield "" if least is None else f"{100 * least:.1f}"
    yield row["outcome"]
    yield "" if row["reshaping"] == "no fracture" else row["reshaping"]
    yield (row["remarks"] or "").replace(" ", ", ").replace("_", " ")


def _patients(frame: pl.DataFrame) -> Iterator[Table]:
    table = _table("", [])
    table.add_column("patient and dates", overflow="fold", min_width=24)
    for name in ("outcome", "new", "worse", "not told", "reshaping", "SDI"):
        table.add_column(name)
    table.add_column("remarks", min_width=24)
    for row in frame.head(400).iter_rows(named=True):
        table.add_row(*_patient(row), style=_STYLES[row["outcome"]])
    yield table


def _patient(row: dict[str, Any]) -> Iterator[str]:
    yield _pair(row)
    yield row["outcome"]
    yield row["incident_levels"] or "-"
    yield row["worsening_levels"] or "-"
    yield f"{row['indeterminate']}"
    yield row["reshaping"]
    yield " to ".join("-" if row[name] is None else f"{row[name]:g}" for name in ("first_sdi", "second_sdi"))
    yield (row["remarks"] or "").replace(" ", ", ").replace("_", " ")


def _pair(row: dict[str, Any]) -> str:
    readers = f"reader {row['first_reader']}"
    if row["second_reader"] != row["first_reader"]:
        readers = f"readers {row['first_reader']} and {row['second_reader']}"
    occasion = "" if row["first_occasion"] == 1 else f", occasion {row['first_occasion']}"
    return f"patient {row['patient']}, {readers}{occasion}: {row['first_date']} to {row['second_date']}"


def _cohort(frame: pl.DataFrame) -> Iterator[Table]:
    for (statistic,), rows in frame.group_by(["statistic"], maintain_order=True):
        table = _table(str(statistic).replace("_", " "), ["of", "months"])
        for name in (*_NUMBERS, *_COUNTS):
            table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
        for row in rows.iter_rows(named=True):
            numbers = [row[name] for name in _NUMBERS]
            cells = ["-" if number is None else f"{number:.3f}" for number in numbers]
            months = "" if row["months"] is None else f"{row['months']:.1f}"
            counts = ["" if row[name] is None else f"{row[name]}" for name in _COUNTS]
            table.add_row(row["about"] or "", months, *cells, *counts)
        yield table


def _table(title: str, columns: list[str]) -> Table:
    shown = Text(title, style="bold") if title else None
    table = Table(title=shown, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table


def _below(frame: pl.DataFrame, followed: Followed, per: str) -> Iterator[str]:
    asking = followed.asking
    if per == "vertebra":
        pairs = frame.select(_PAIR).n_unique()
        if pairs > _MOST_PAIRS:
            yield f"{_MOST_PAIRS} of {pairs:,} pairs shown; --output FILE writes them all."
        if asking.follow_up_rule.scale == "growth":
            yield "Changes are of the height that the growth of unfractured vertebrae around leads to expect."
        else:
            yield "Changes are of heights as they are."
        if frame["least_significant_change"].null_count() < frame.height:
            yield "least %: least significant change (2.77 precision errors) of the height that lost most."
    for source in (asking.follow_up_rule.source, asking.reshaping_rule.source, asking.method.rule.source):
        if source is not None:
            status = f", {source.data['status']}" if "status" in source.data else ""
            yield f"{source.id} revision {source.revision}{status}: {source.title}"
    yield "Research software, no medical device."
