"""``spinegrade assess --patients``: a cohort classified, a patient a row."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import typer
from attrs import evolve, frozen

from spinegrade.batch import Task
from spinegrade.cli import options
from spinegrade.cli.assess_table import show_cohort
from spinegrade.collecting import collect
from spinegrade.io.atomic import replacing
from spinegrade.norms.people import People
from spinegrade.osteoporosis.cohort import Classification, classification_schema, classify
from spinegrade.osteoporosis.rule import osteoporosis_rules
from spinegrade.osteoporosis.switches import parse_switches
from spinegrade.patients.reading import read_patients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinegrade.assess import Method
    from spinegrade.cli.output import Target
    from spinegrade.executors import Where
    from spinegrade.io import Source

_ROWS = 100_000


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
    _refuse_output(asked.patients, target)
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
    with _file(target) as path:
        writer = target.format.new_writer(path, classification_schema(method.levels, how))
        try:
            for begin in range(0, frame.height, _ROWS):
                writer.write(frame[begin : begin + _ROWS])
            writer.close()
        except BaseException:
            writer.abort()
            raise
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
    return frame, kept.report.problems


def _refuse_output(patients: Path, target: Target) -> None:
    """Refuse to write over the patients' tables: results never replace observations."""
    output = target.output
    if output is None or not output.exists():
        return
    files = sorted(patients.iterdir()) if patients.is_dir() else [patients]
    if any(map(output.samefile, files)):
        from spinegrade.errors import FormatError

        msg = f"{output}: expected another file than the input, got one that is read"
        raise FormatError(msg)


@contextmanager
def _file(target: Target) -> Iterator[Path]:
    """Give a file to write, and show it afterwards if it was meant for standard output."""
    if target.output is not None:
        with replacing(target.output, force=target.force) as temporary:
            yield temporary
        return
    with tempfile.TemporaryDirectory(prefix="spinegrade-") as folder:
        path = Path(folder) / "results"
        yield path
        if target.look is options.Shown.TABLE:
            show_cohort(path)
            return
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.flush()
