"""Many vertebrae: sources in, result rows out, in bounded memory and on as many cores as there are.

Sources stream in batches of whole spines.  A batch is loaded, checked and graded by one call of
`work`, wherever that runs: in this process, in a pool of processes, or on a dask cluster.  Results come
back in the order of the batches, so that every path writes the same rows.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl
from attrs import evolve, frozen

from spinegrade import assess
from spinegrade.errors import FormatError, ReadingError
from spinegrade.executors import UNDER_WAY, Where
from spinegrade.io.checks import sound_spines
from spinegrade.io.columns import READING_KEY, ROW, Problem
from spinegrade.io.landmark_table import CsvTable, GatheredTable, ParquetTable
from spinegrade.osteoporosis.spines import spine_rows
from spinegrade.slim import Left, Slim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from spinegrade.assess import Method
    from spinegrade.executors import Submit
    from spinegrade.io import Batch, Source
    from spinegrade.io.arrays import Spines
    from spinegrade.io.results import Writer

ROWS_A_BATCH = 200_000

Result = Literal["grade", "assess", "spines", "landmarks", "heights"]


@frozen
class Task:
    """What to make of every batch, by which method, and which readings to leave out.

    ``folder`` is where processes of this machine leave result rows for one another, which is quicker
    than through a pipe.
    """

    result: Result
    method: Method
    left_out: pl.DataFrame | None = None
    folder: Path | None = None


@frozen
class Outcome:
    """What became of a batch: result rows, rows that could not be used, and the readings in it."""

    results: Slim | Left
    problems: list[Problem]
    readings: pl.DataFrame
    rows: int


@frozen
class Report:
    """What a run came to: result rows written, and what was left out, each with its place."""

    rows: int
    problems: list[str]


def work(task: Task, batch: Batch) -> Outcome:
    """Return what becomes of one batch."""
    frame, problems = batch.load()
    if task.left_out is not None:
        frame = frame.join(task.left_out, on=READING_KEY, how="anti", maintain_order="left")
    spines, found = sound_spines(frame, in_mm=task.method.unit == "mm")
    result = _RESULTS[task.result](spines, task.method)
    readings = spines.frame.select(ROW, *READING_KEY)[spines.firsts]
    slim = Slim.of(result) if task.folder is None else Slim.of(result).put_into(task.folder)
    return Outcome(slim, problems + found, readings, frame.height)


def _landmarks(spines: Spines, _: Method) -> pl.DataFrame:
    """Return the rows as they are; a spacing that is no mm says so in its calibration."""
    return spines.frame


def _heights(spines: Spines, _: Method) -> pl.DataFrame:
    return assess.height_rows(spines)


_RESULTS: dict[Result, Callable[[Spines, Method], pl.DataFrame]] = {
    "grade": assess.grade_rows,
    "assess": assess.summarise_rows,
    "spines": spine_rows,
    "landmarks": _landmarks,
    "heights": _heights,
}


class _RepeatedError(Exception):
    """Readings whose rows turned up in two places."""

    def __init__(self, readings: pl.DataFrame) -> None:
        super().__init__()
        self.readings = readings


def run(
    sources: Sequence[Source],
    task: Task,
    new_writer: Callable[[], Writer],
    *,
    where: Where | None = None,
    keep_going: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Write what becomes of all vertebrae in the sources, and return what was left out.

    ``new_writer`` is asked for a writer that begins afresh, again where a table turns out to have
    its spines scattered and the work starts over on a sorted copy.  ``progress`` is told the number
    of rows or files done so far.

    Raises
    ------
    SpinegradeError
        Of the first row that cannot be used, or of readings that occur twice; with ``keep_going``
        they are left out and reported instead.
    """
    repeated: list[str] = []
    place = where or Where()
    much = _much(sources)
    with tempfile.TemporaryDirectory() as folder, place.submitter(much=much) as submitter:
        submit = submitter if place.cluster is None else _carrying(submitter)
        if much and place.cluster is None:
            task = evolve(task, folder=Path(folder))
        while True:
            writer = new_writer()
            try:
                report = _write_all(sources, task, writer, submit, keep_going=keep_going, progress=progress)
            except _RepeatedError as error:
                writer.abort()
                sources, task, said = _resolve(sources, task, error.readings, Path(folder))
                if said and not keep_going:
                    raise ReadingError(said[0]) from None
                repeated += said
            except BaseException:
                writer.abort()
                raise
            else:
                writer.close()
                return evolve(report, problems=repeated + report.problems)


def _carrying(submit: Submit) -> Submit:
    """Return a way to submit batches to machines that may not see our files."""
    return lambda function, task, batch: submit(function, task, batch.carried())


def _write_all(
    sources: Sequence[Source],
    task: Task,
    writer: Writer,
    submit: Submit,
    *,
    keep_going: bool,
    progress: Callable[[int], None],
) -> Report:
    """Write the results of every source in turn."""
    seen: list[pl.DataFrame] = []
    problems: list[str] = []
    rows = done = 0
    for number, source in enumerate(sources):
        frames = []
        unusable: list[Problem] = []
        with closing(_in_order(source.batches(ROWS_A_BATCH), task, submit)) as outcomes:
            for outcome in outcomes:
                if outcome.problems and not keep_going:
                    raise FormatError(_first_of(outcome.problems, source))
                unusable += outcome.problems
                frame = outcome.results.whole()
                seen.append(outcome.readings.with_columns(pl.lit(number).alias("source")))
                rows += frame.height
                done += outcome.rows
                progress(done)
                if isinstance(source, GatheredTable):
                    frames.append(frame)
                else:
                    _write(writer, frame, seen)
        if frames:
            _write(writer, pl.concat(frames).sort(ROW), seen)
        problems += _named(unusable, source)
    _check_once(seen)
    if not rows:
        first = f"; {problems[0]} (and {len(problems) - 1} more)" if problems else ""
        msg = f"{_names(sources)}: expected at least one vertebra, got none that can be used{first}"
        raise FormatError(msg)
    return Report(rows, problems)


def _write(writer: Writer, frame: pl.DataFrame, seen: list[pl.DataFrame]) -> None:
    """Write the rows; a writer may refuse a reading because it has been there before."""
    try:
        writer.write(frame)
    except FormatError:
        _check_once(seen)
        raise


def _names(sources: Sequence[Source]) -> str:
    return ", ".join(source.place(0).split(": ")[0] for source in sources)


def _check_once(seen: list[pl.DataFrame]) -> None:
    every = pl.concat(seen) if seen else pl.DataFrame()
    if not every.is_empty():
        twice = every.filter(pl.struct(READING_KEY).is_duplicated())
        if not twice.is_empty():
            raise _RepeatedError(twice)


def _first_of(problems: list[Problem], source: Source) -> str:
    """Return the first problem with its place, and how many there are besides."""
    first = min(problems, key=lambda problem: problem.row)
    others = len(problems) - 1
    more = f" (and {others} more; --keep-going lists them and grades the rest)" if others else ""
    return f"{source.place(first.row)}: {first.what}{more}"


def _named(problems: list[Problem], source: Source) -> list[str]:
    """Return the problems with their places, in the order of the rows."""
    in_order = sorted(problems, key=lambda problem: problem.row)
    places = source.places([problem.row for problem in in_order])
    return [f"{place}: {problem.what}" for place, problem in zip(places, in_order, strict=True)]


def _resolve(
    sources: Sequence[Source], task: Task, twice: pl.DataFrame, folder: Path
) -> tuple[Sequence[Source], Task, list[str]]:
    """Return sources and task that can do without the repetition, and what has to be said of it.

    Within one table the rows of a spine merely lie apart, and the table is sorted.  Two sources, or two
    reading files, contradict each other: both readings are left out.
    """
    counts = twice.group_by("source", *READING_KEY).len().filter(pl.col("len") > 1)
    apart = {
        number for number in counts["source"].unique() if isinstance(sources[number], CsvTable | ParquetTable)
    }
    if apart:
        gathered = [
            GatheredTable.of(source, folder)
            if number in apart and isinstance(source, CsvTable | ParquetTable)
            else source
            for number, source in enumerate(sources)
        ]
        return gathered, task, []
    left_out = twice.select(READING_KEY).unique()
    if task.left_out is not None:
        left_out = pl.concat([task.left_out, left_out])
    return sources, evolve(task, left_out=left_out), _contradictions(twice, sources)


def _contradictions(twice: pl.DataFrame, sources: Sequence[Source]) -> list[str]:
    said = []
    for key, rows in twice.group_by(READING_KEY, maintain_order=True):
        _, exam, reader, occasion = key
        places = [sources[s].place(row) for s, row in rows.select("source", ROW).iter_rows()]
        said.append(
            f"{places[1]}: expected one reading of exam {exam} by {reader}, occasion {occasion}, "
            f"got another one in {places[0]}"
        )
    return said


def _in_order(batches: Iterator[Batch], task: Task, submit: Submit) -> Generator[Outcome]:
    """Yield the outcomes in the order of the batches, few of them under way at a time."""
    under_way: deque[Callable[[], Outcome]] = deque()
    with ExitStack() as at_end:
        if isinstance(batches, Generator):
            at_end.callback(batches.close)  # a source may hold temporary files
        for batch in batches:
            under_way.append(submit(work, task, batch))
            if len(under_way) > UNDER_WAY:
                yield under_way.popleft()()
        while under_way:
            yield under_way.popleft()()


def _much(sources: Sequence[Source]) -> bool:
    """Return whether there is more than one batch, so that starting processes pays."""
    return sum(source.size for source in sources) > ROWS_A_BATCH
