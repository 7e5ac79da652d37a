"""What ``spinegrade bmd`` writes and shows: densities with z-scores, and the equations."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spinegrade.bmd_registry import Conversion, HeightAge
from spinegrade.patients.columns import BMD, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinegrade.bmd_registry import Bmad
    from spinegrade.bmd_scoring import Scoring
    from spinegrade.cli.output import Target

    Equation = Conversion | HeightAge | Bmad

_WIDTH = 110
_MOST_ROWS = 400
_MOST_REASONS = 12
_NO_DEVICE = "Research software, no medical device."
_SCAN = ("patient", "site", "date", "device", "value", "sex", "age", "height", "height_age")
_SCORE = ("z", "z_low", "z_high", "z_at_height_age", "height_z", "z_height_adjusted")
_WORDS = (
    *("feasible", "months_since", "interval", "scored"),
    *("why_no_z", "why_no_height_age", "why_not_adjusted"),
)
_SOURCES = ("reference", "reference_device", "conversion", "made_by", "version")


def details(found: pl.DataFrame) -> pl.DataFrame:
    """Return everything that is known of the scans."""
    return found.select(*_SCAN, *_SCORE, *_WORDS, *_SOURCES).rename({"height": "height_cm"})


def write_scores(target: Target, found: pl.DataFrame, by: Scoring) -> None:
    """Write the bmd table, or show the scans."""
    if target.as_table:
        show(found, by)
    else:
        target.write(found.select(column.name for column in TABLES[BMD]))


def summary(found: pl.DataFrame) -> Iterator[str]:
    """Give in words how many scans have a z-score, and why the others have none."""
    count = dict(found["scored"].fill_null("none").value_counts().iter_rows())
    kept = count.get("kept", 0)
    again = " (--replace scores again)" if kept else ""
    scans = "1 scan" if found.height == 1 else f"{found.height:,} scans"
    yield (
        f"{scans}: {count.get('scored', 0):,} scored, {kept:,} with a z-score that they keep{again}, "
        f"{count.get('none', 0):,} without"
    )
    reasons = found.drop_nulls("why_no_z").group_by("why_no_z", maintain_order=True)
    several = reasons.agg(pl.len(), pl.col("patient").first(), pl.col("site").first())
    for words, rows, patient, site in several.head(_MOST_REASONS).iter_rows():
        first = f"patient {patient}, {site or 'no site'}"
        yield f"no z-score: {words}: {rows:,}, {'first' if rows > 1 else 'of'} {first}"
    if several.height > _MOST_REASONS:
        yield f"no z-score: {several.height - _MOST_REASONS} more reasons; --details FILE has all"


def show(found: pl.DataFrame, by: Scoring) -> None:
    """Print the scans as a table, below it remarks and what they were scored by."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("patient", "site"):
        table.add_column(name, overflow="fold", min_width=8)
    table.add_column("date", no_wrap=True)
    for name in ("age", "g/cm2", "z", "95 %", "height age", "z at height age", "adjusted z"):
        table.add_column(name, justify="right")
    rows = list(found.head(_MOST_ROWS).iter_rows(named=True))
    for row in rows:
        table.add_row(*map(Text, _line(row)))
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(table)
    for row in rows:
        if words := "; ".join(_remarks(row, adjusting=by.adjustment is not None)):
            scan = " ".join(map(str, filter(None, (row["patient"], _site(row), row["date"]))))
            console.print(Text(f"{scan}: {words}"))
    if found.height > _MOST_ROWS:
        console.print(f"{_MOST_ROWS} of {found.height:,} scans shown; --details FILE writes them all.")
    for line in _below(by):
        console.print(Text(line, style="dim"))


def show_apparent(found: pl.DataFrame, equation: Bmad) -> None:
    """Print apparent densities as a table, with the equation below."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    shown = found.drop("equation", "version").head(_MOST_ROWS)
    for name in shown.columns:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in shown.iter_rows():
        cells = (_number(one, 4) if isinstance(one, float) else str(one or "-") for one in row)
        table.add_row(*map(Text, cells))
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(table)
    if found.height > _MOST_ROWS:
        console.print(f"{_MOST_ROWS} of {found.height:,} rows shown; --output FILE writes them all.")
    for line in (f"{equation.id}: {_formula(equation)}: {equation.source}", _NO_DEVICE):
        console.print(Text(line, style="dim"))


def _line(row: dict[str, Any]) -> Iterator[str]:
    yield row["patient"]
    yield _site(row)
    yield f"{row['date'] or '-'}"
    yield _number(row["age"])
    yield _number(row["value"], 3)
    yield _number(row["z"])
    yield "" if row["z_low"] is None else f"{_number(row['z_low'])} to {_number(row['z_high'])}"
    for name in ("height_age", "z_at_height_age", "z_height_adjusted"):
        yield _number(row[name])


def _site(row: dict[str, Any]) -> str:
    return (row["site"] or "-").replace("_", " ")


def _remarks(row: dict[str, Any], *, adjusting: bool) -> Iterator[str]:
    if row["scored"] == "kept":
        yield "keeps its z"
    if row["why_no_z"]:
        yield row["why_no_z"]
    elif row["conversion"] and row["scored"] == "scored":
        yield f"from {row['device']} by {row['conversion']}"
    if adjusting and row["why_not_adjusted"]:
        yield row["why_not_adjusted"]
    if row["feasible"] is False:
        yield "not feasible at this age"
    if row["interval"] in ("under 6 months", "6 to 12 months"):
        yield f"{row['months_since']} months since the scan before ({row['interval']})"


def _number(value: float | None, places: int = 2) -> str:
    return "-" if value is None else f"{round(value, places) + 0.0:.{places}f}"


def _below(by: Scoring) -> Iterator[str]:
    group = f", group {by.group}" if by.group else ""
    yield f"reference: {by.reference.name} ({by.reference.device}{group}) sha256:{by.reference.sha256}"
    for one in by.conversions:
        yield f"converted: {_formula(one)}, standard error {100 * one.standard_error:g} %: {one.source}"
    if by.heights is not None:
        yield f"heights: {by.heights.name} sha256:{by.heights.sha256}"
    if by.adjustment is not None:
        yield f"adjusted for height by lines for {by.adjustment.name} sha256:{by.adjustment.sha256}"
    yield "A density makes no diagnosis in a child; spinegrade assess --patients says what the rules answer."
    yield _NO_DEVICE


def describe(entry: Equation) -> Iterator[str]:
    """Give the lines that say what an equation is, where it holds, and where it comes from."""
    off = "" if entry.status == "confirmed" else f" ({entry.status}: not run)"
    yield f"{entry.id:<28} {_formula(entry)}{off}"
    for words in (_limits(entry), entry.source, entry.note):
        if words:
            yield f"{'':<28} {words}"


def _formula(entry: Equation) -> str:
    if isinstance(entry, Conversion):
        made = f"{entry.slope:g} x {entry.from_device} {entry.intercept:+g} g/cm2"
        return f"{entry.site}: {entry.to_device} = {made}"
    if isinstance(entry, HeightAge):
        made = f"{entry.constant:g} {entry.slope:+g} x height {entry.root:+g} x root of height"
        return f"{entry.sex}: height age = {made}"
    return f"{entry.site}: BMAD = BMC / area^{'?' if entry.exponent is None else f'{entry.exponent:g}'}"


def _limits(entry: Equation) -> str:
    if isinstance(entry, Conversion):
        known = entry.min_bmd is not None or entry.max_bmd is not None
        ends = f"from {entry.min_bmd or 0:g} to {entry.max_bmd or float('inf'):g} g/cm2"
        age = "" if entry.min_age is None else f"; from {entry.min_age:g} years"
        error = f"standard error {100 * entry.standard_error:g} % of a person's value"
        return f"{error}; {ends if known else 'range of densities not stated'}{age}"
    if isinstance(entry, HeightAge):
        heights = f"{entry.min_height:g} to {entry.max_height:g} cm"
        return f"{heights}, {entry.min_age:g} to {entry.max_age:g} years"
    return ""
