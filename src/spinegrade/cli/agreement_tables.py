"""Agreement as tables that a person reads on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spinegrade.agreement import FEW_CLUSTERS
from spinegrade.anatomy import LEVELS
from spinegrade.reader_agreement import headline
from spinegrade.reader_agreement.words import (
    count,
    digits,
    formula,
    interval,
    number,
    reasons,
    summary,
    title,
    unit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.agreement import Estimate, McNemar
    from spinegrade.reader_agreement import Analysis, Provenance

_WIDTH = 118
"""Columns of a line where there is no terminal to ask."""

_DETAILS = frozenset({"prevalence", "specific_agreement"})


def show(analyses: Sequence[Analysis], weights: Sequence[str], made: Provenance) -> None:
    """Print every analysis: what it says, its tables, its warnings, and how it was made."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    for analysis in analyses:
        console.print(
            Text(f"{analysis.measure.title}, {count(len(analysis.readers), 'reader')}", style="bold")
        )
        for line in summary(analysis, weights):
            console.print(f"  {line}", markup=False)
        for warning in analysis.warnings:
            console.print(Text(f"  {warning}", style="yellow"))
        for table in _tables(analysis, weights):
            console.print(table)
        for line in (*_few(analysis), *_undefined(analysis), *analysis.notes):
            console.print(Text(line, style="dim"))
    for line in _below(made):
        console.print(Text(line, style="dim"))


def _below(made: Provenance) -> Iterator[str]:
    yield (
        f"Intervals: {made.confidence:.0%}, by {made.resamples:,} resamples of patients, seed {made.seed}; "
        "beside them those by formula, as if items were independent."
    )
    rules, _, _ = made.rules.partition(" sha256:")
    yield f"Rules {rules}, reference {made.reference}, levels {made.levels}, {made.versions_words}."
    yield "Research software, no medical device."


def _tables(analysis: Analysis, weights: Sequence[str]) -> Iterator[Table]:
    """Yield the tables: all readers, pairs, levels and other groups, against the rest, repeats, reference."""
    whole = [one for one in analysis.between if one.readers is None and _is_shown(one)]
    if whole:
        yield _table("All readers", [(title(one, analysis.measure), one) for one in whole], analysis)
    _, of_pair, chosen = headline(analysis, weights)
    names = (of_pair,) if analysis.measure.categorical else (of_pair, "bias", "limit_low", "limit_high")
    pairs = [
        (f"{' and '.join(one.readers)}{_part(one, names)}", one)
        for one in analysis.between
        if one.readers and one.statistic in names and one.weights == chosen and one.n
    ]
    if pairs:
        yield _table(f"Pairs: {_heading(pairs, analysis, names)}", pairs, analysis)
    yield from _of_groups(analysis, weights)
    biases = [
        (one.readers[0], one) for one in analysis.against_rest if one.readers and one.statistic == "bias"
    ]
    if biases:
        yield _table("Each reader less the mean of the others who read the same", biases, analysis)
    repeats = [
        (f"{one.readers[0] if one.readers else 'all readers'}: {title(one, analysis.measure)}", one)
        for one in analysis.within
        if _is_shown(one) and one.statistic not in {"pabak", "fleiss_kappa", "conger_kappa"}
    ]
    if repeats:
        yield _table("Readers with themselves, on another occasion", repeats, analysis)
    others = [(title(one, analysis.measure), one) for one in analysis.random_readers]
    if others:
        yield _table("Intervals for other readers than these", others, analysis)
    yield from _of_reference(analysis)


def _is_shown(one: Estimate) -> bool:
    """Return whether a statistic is worth a line: of used categories, of landmarks at all levels."""
    if one.statistic == "point_sd":
        return str(one.about).rsplit(" ", 1)[1] not in LEVELS
    return one.statistic not in _DETAILS or one.value not in {None, 0.0}


def _part(one: Estimate, names: Sequence[str]) -> str:
    return "" if len(names) == 1 else f": {one.statistic.replace('_', ' ')}"


def _heading(pairs: Sequence[tuple[str, Estimate]], analysis: Analysis, names: Sequence[str]) -> str:
    return title(pairs[0][1], analysis.measure) if len(names) == 1 else "ICC(A,1), bias and limits"


def _of_groups(analysis: Analysis, weights: Sequence[str]) -> Iterator[Table]:
    statistic, _, chosen = headline(analysis, weights)
    for by, rows in analysis.by_groups(statistic, chosen):
        yield _table(f"By {by}: {title(rows[0][1], analysis.measure)}", rows, analysis)


def _of_reference(analysis: Analysis) -> Iterator[Table]:
    rows = [
        (f"{one.readers[0] if one.readers else 'all readers'}: {one.statistic}", one)
        for one in analysis.accuracy
    ]
    if rows:
        yield _table(f"Against {analysis.reference}", rows, analysis)
        yield _tests(analysis.mcnemar)


def _table(heading: str, rows: Sequence[tuple[str, Estimate]], analysis: Analysis) -> Table:
    level = f"{rows[0][1].level:.0%}"
    table = Table(
        title=heading,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", overflow="fold", min_width=8)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column(f"{level} over patients", justify="right", no_wrap=True)
    table.add_column("by formula", justify="right", no_wrap=True)
    table.add_column("design effect", justify="right", no_wrap=True)
    table.add_column("items", justify="right", no_wrap=True)
    table.add_column("patients", justify="right", no_wrap=True)
    for name, one in rows:
        effect = number(one.design_effect, 1)
        value = f"{number(one.value, digits(one, analysis))}{unit(one, analysis)}"
        counts = (f"{one.n:,}", f"{one.clusters:,}{'*' if one.clusters < FEW_CLUSTERS else ' '}")
        table.add_row(Text(name), value, interval(one, analysis), formula(one, analysis), effect, *counts)
    return table


def _tests(tests: Sequence[McNemar]) -> Table:
    table = Table(
        title="McNemar's test: who says yes more often",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    for name in ("", "only reader", "only reference", "P over patients", "P exact", "items"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for one in tests:
        over = "-" if one.clustered is None else f"{one.clustered:.3g}"
        counts = (f"{one.first_only}", f"{one.second_only}", over, f"{one.exact:.3g}", f"{one.n}")
        table.add_row(Text(one.readers[0]), *counts)
    return table


def _few(analysis: Analysis) -> Iterator[str]:
    """Say what the star means, where there is one."""
    if any(one.clusters < FEW_CLUSTERS for _, _, estimates in analysis.scopes() for one in estimates):
        yield f"* fewer than {FEW_CLUSTERS} patients: the interval is likely too narrow."


def _undefined(analysis: Analysis) -> Iterator[str]:
    """Say why statistics have no value or no interval, and how many."""
    for reason, times in reasons(analysis):
        yield f"Without a value or an interval ({times:,}): {reason}."
