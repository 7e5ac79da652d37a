"""What ``spinegrade agree`` does: gather, compare, analyse."""

from __future__ import annotations

import platform
import sys
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import typer
from attrs import frozen

from spinegrade import __version__
from spinegrade.agreement import WEIGHT_NAMES, Plan
from spinegrade.reader_agreement import (
    LANDMARK_SCATTER,
    Analysis,
    Asking,
    Comparison,
    Measure,
    Provenance,
    analyse,
    analyse_landmarks,
    check_judged,
    compare,
    find_measure,
    fingerprint,
    gather_findings,
    gather_landmarks,
    place_landmarks,
    tabulate,
)
from spinegrade.reader_agreement.groupings import read_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from spinegrade.assess import Method
    from spinegrade.executors import Where
    from spinegrade.io.sources import Opened
    from spinegrade.reader_agreement import Gathered, Placed, Table
    from spinegrade.reader_agreement.measures import By

    Tell = Callable[[int, int], None]
    Subject = Comparison | Placed


@frozen(kw_only=True)
class Wish:
    """What was asked for, and the options that ask for the same again."""

    measures: tuple[Measure, ...]
    by: By
    method: Method
    asking: Asking
    command: str

    @classmethod
    def of(
        cls,
        measures: Sequence[str],
        weights: Sequence[str],
        by: By,
        *,
        method: Method,
        reference_reader: str | None,
        random_readers: bool,
        groups: Path | None,
        plan: Plan,
    ) -> Wish:
        """Return the wish that the options make.

        Raises
        ------
        SpinegradeError
            If a measure is not one of a vertebra or of a spine as asked, none of them has a positive that a
            reference could judge, or the groups cannot be read.
        """
        chosen = tuple(find_measure(name, by) for name in dict.fromkeys(measures))
        if reference_reader is not None:
            check_judged(chosen)
        if weights and not any(one.weighted for one in chosen):
            msg = f"expected a measure of more than two grades, got {', '.join(one.name for one in chosen)}"
            raise typer.BadParameter(msg, param_hint="--weights")
        asking = Asking(
            plan=plan,
            weights=tuple(one for one in WEIGHT_NAMES if not weights or one in weights),
            reference=reference_reader,
            random_readers=random_readers,
            groups={} if groups is None else read_groups(groups),
        )
        command = _command(chosen, by, method, asking, weights=weights, groups=groups is not None)
        return cls(measures=chosen, by=by, method=method, asking=asking, command=command)


def _command(
    measures: Sequence[Measure],
    by: str,
    method: Method,
    asking: Asking,
    *,
    weights: Sequence[str],
    groups: bool,
) -> str:
    """Return the command that does the same again; names of files, which may tell whose, are left out."""
    words = ["spinegrade agree SOURCE..."]
    words += [f"--measure {one.name}" for one in measures]
    words += [f"--weights {one}" for one in weights]
    words.append(f"--by {by} --reference {method.reference} --rules {method.rules} --levels {method.levels}")
    words += [f"--unit {method.unit}"] if method.unit != "as-calibrated" else []
    words += [f"--reference-reader {asking.reference}"] if asking.reference else []
    words += ["--random-readers"] if asking.random_readers else []
    words += ["--groups FILE"] if groups else []
    plan = asking.plan
    words.append(f"--resamples {plan.resamples} --seed {plan.seed}")
    words.append(f"--confidence {plan.level:g} --interval {plan.method}")
    return " ".join(words)


@frozen
class Results:
    """What a run came to; a page where one was asked for."""

    analyses: list[Analysis]
    made: Provenance
    page: str | None
    problems: list[str]


class Run:
    """Takes opened sources to results; what could not be used is listed as it is found."""

    def __init__(self, opened: Opened, wish: Wish, where: Where, *, keep_going: bool) -> None:
        self._opened = opened
        self._wish = wish
        self._where = where
        self._keep_going = keep_going
        self._problems = list(opened.problems)

    def results(self, films: Sequence[Path], *, draw: bool) -> Results:
        """Return all analyses, and the page of them if ``draw``.

        Raises
        ------
        SpinegradeError
            If there is nothing to compare, a row cannot be used, or a film contradicts its reading.
        """
        subjects = [self._subject(one) for one in self._wish.measures]
        made, page, drawn = self._provenance(), None, None
        if draw:
            from spinegrade.report.agreement_films import draw_worst

            sources, levels = self._opened.sources, self._wish.method.levels
            drawn = draw_worst(subjects, self._landmarks.rows, sources, films, levels)
        analyses = self._analyses(subjects)
        if drawn is not None:
            from spinegrade.report.agreement_page import Study, make_agreement_page

            studies = [Study(*one) for one in zip(analyses, subjects, drawn.films, strict=True)]
            page = make_agreement_page(studies, drawn.pictures, made, self._wish.method, self._wish.asking)
        return Results(analyses, made, page, list(dict.fromkeys(self._problems)))

    @cached_property
    def _findings(self) -> Table:
        gathered = gather_findings(
            self._opened.sources, self._wish.method, self._where, keep_going=self._keep_going
        )
        self._problems += gathered.problems
        return tabulate(gathered.rows, self._wish.method.levels, gathered.read)

    @cached_property
    def _landmarks(self) -> Gathered:
        gathered = gather_landmarks(
            self._opened.sources, self._wish.method, self._where, keep_going=self._keep_going
        )
        self._problems += gathered.problems
        return gathered

    def _subject(self, measure: Measure) -> Subject:
        method = self._wish.method
        if measure.name == LANDMARK_SCATTER:
            rows, read = self._landmarks.rows, self._landmarks.read
            return place_landmarks(rows, method.levels, read, in_pixels=method.unit == "px")
        return compare(self._findings, measure, self._wish.asking, self._wish.by)

    def _analyses(self, subjects: Sequence[Subject]) -> list[Analysis]:
        with _progress(self._wish.measures) as tells:
            return [
                analyse(one, tell)
                if isinstance(one, Comparison)
                else analyse_landmarks(one, self._wish.asking)
                for one, tell in zip(subjects, tells, strict=True)
            ]

    def _provenance(self) -> Provenance:
        plan, method = self._wish.asking.plan, self._wish.method
        return Provenance(
            command=self._wish.command,
            files=len(self._opened.files),
            sha256=fingerprint(self._opened.files),
            rules=method.rule.source.stamp,
            reference=method.reference,
            levels=str(method.levels),
            resamples=plan.resamples,
            seed=plan.seed,
            confidence=plan.level,
            versions={
                "spinegrade": __version__,
                "Python": platform.python_version(),
                **{name: version(name) for name in ("numpy", "scipy", "polars")},
            },
        )


@contextmanager
def _progress(measures: Sequence[Measure]) -> Iterator[list[Tell]]:
    """Give for each measure a function that moves its progress bar, where there is a terminal."""
    if not sys.stderr.isatty():
        yield [lambda _done, _of: None for _ in measures]
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks = [bar.add_task(f"resampling {one.title.lower()}", total=None) for one in measures]

        def mover(task: TaskID) -> Tell:
            return lambda done, of: bar.update(task, completed=done, total=of)

        yield [mover(task) for task in tasks]
