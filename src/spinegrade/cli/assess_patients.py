"""``spinegrade assess --patients``: a cohort classified, a patient a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import typer
from attrs import evolve, frozen

from spinegrade.batch import Task
from spinegrade.cli import options
from spinegrade.cli.assess_table import show_cohort
from spinegrade.collecting import collect
from spinegrade.errors import FormatError
from spinegrade.norms.people import People
from spinegrade.osteoporosis.cohort import Classification, classification_schema, classify
from spinegrade.osteoporosis.rule import osteoporosis_rules
from spinegrade.osteoporosis.switches import parse_switches
from spinegrade.patients.reading import read_patients

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.assess import Method
    from spinegrade.cli.output import Target
    from spinegrade.executors import Where
    from spinegrade.io import Source


@frozen
class Asked:
    """What was asked for beside the grades: patients, rules, switches, one reader."""

    patients: Path
    switches: list[str]
    rules: list[str]
    reader: str | None
    keep_going: bool
    ignore_unknown: bool

    def classification(self, method: Method, *, films: bool) -> Classification:
        """Return how to classify."""
        switches = parse_switches(self.switches)
        made_by = (method.stamp, method.reference_words) if films else ("", "")
        return Classification(switches, osteoporosis_rules(switches, self.rules), *made_by)


def assess_patients(sources: list[Path], asked: Asked, method: Method, target: Target, where: Where) -> int:
    """Classify the patients of a table by the readings in the sources, and return the exit code."""
    how = asked.classification(method, films=bool(sources))
    given = read_patients(asked.patients, ignore_unknown=asked.ignore_unknown, keep_going=asked.keep_going)
    options.refuse_output(target.output, patients=asked.patients, read=asked.rules)
    if method.norms is not None:
        method = evolve(method, norms=evolve(method.norms, people=People.of(given)))
    left_out = list(given.problems)
    readings = None
    if sources:
        opened = options.open_sources(
            sources, ignore_unknown=asked.ignore_unknown, keep_going=asked.keep_going
        )
        opened.refuse_output(target.output)
        readings, problems = _readings(opened.sources, method, where, asked)
        left_out += opened.problems + problems
    frame = classify(given, readings, method.levels, how)
    if target.as_table:
        show_cohort(frame)
    else:
        target.write(frame.select(*classification_schema(method.levels, how)))
    options.say_left_out(left_out)
    if left_out:
        options.say(f"{len(left_out)} left out, {frame.height} rows of results")
    return 1 if left_out else 0


def _readings(
    sources: list[Source], method: Method, where: Where, asked: Asked
) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows of all readings, or of one reader's, and what was left out."""
    kept = collect(sources, Task("spines", method), where=where, keep_going=asked.keep_going)
    frame = kept.rows
    if asked.reader is not None:
        readers = frame["reader"].unique(maintain_order=True).to_list()
        frame = frame.filter(pl.col("reader") == asked.reader)
        if frame.is_empty():
            msg = f"expected one of {', '.join(readers[:8])}, got {asked.reader!r}"
            raise typer.BadParameter(msg, param_hint="--reader")
    mixed = [
        f"exam {exam}, read by {reader}, occasion {occasion}: date: expected one a reading, got several"
        for exam, reader, occasion in frame.filter(~pl.col("one_date"))
        .select("exam", "reader", "occasion")
        .iter_rows()
    ]
    if mixed and not asked.keep_going:
        raise FormatError(mixed[0])
    return frame.filter(pl.col("one_date")), kept.report.problems + mixed
