"""Where results go: a file, standard output, or a table on the terminal."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from attrs import frozen

from spinegrade.assess import RESULT_SCHEMA, summary_schema
from spinegrade.batch import Report, Result, Task, run
from spinegrade.cli.options import Shown
from spinegrade.io import RESULT_FORMATS, Format, find_format
from spinegrade.io.atomic import check_writable, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from spinegrade.assess import Method
    from spinegrade.executors import Where
    from spinegrade.io import Source

_LONG = 50_000
"""So many vertebrae take long enough to want a progress bar."""

_ROWS = 100_000
"""So many rows are written at once."""


@frozen
class Target:
    """A file to write, or the look of standard output."""

    output: Path | None
    look: Shown
    force: bool
    format: Format

    @classmethod
    def of(cls, output: Path | None, look: Shown | None, *, force: bool) -> Target:
        """Return the target, refusing a file that cannot be written before any work is done.

        Raises
        ------
        FormatError
            If the file exists and ``force`` is not given, cannot be written, or has a strange suffix.
        """
        if output is not None:
            if look is not None:
                msg = "it is for standard output; the name of the file says its format"
                raise typer.BadParameter(msg, param_hint="--format")
            form = find_format(output, RESULT_FORMATS)
            check_writable(output, force=force)
            return cls(output, Shown.CSV, force, form)
        shown = look or (Shown.TABLE if sys.stdout.isatty() else Shown.CSV)
        suffix = {Shown.CSV: ".csv", Shown.JSON: ".json", Shown.TABLE: ".parquet"}[shown]
        return cls(None, shown, force, find_format(Path(suffix), RESULT_FORMATS))

    def run(
        self, sources: list[Source], result: Result, method: Method, where: Where, *, keep_going: bool
    ) -> Report:
        """Make the results and put them where they belong, whole or not at all."""
        schema = RESULT_SCHEMA if result == "grade" else summary_schema(method.levels)
        with self._file() as path, _progress(sources) as progress:
            return run(
                sources,
                Task(result, method),
                lambda: self.format.new_writer(path, schema),
                where=where,
                keep_going=keep_going,
                progress=progress,
            )

    @property
    def as_table(self) -> bool:
        """Whether a table on the terminal is wanted, and nothing written."""
        return self.output is None and self.look is Shown.TABLE

    def write(self, frame: pl.DataFrame) -> None:
        """Put rows in their file, whole or not at all, or on standard output."""
        with self._file() as path:
            writer = self.format.new_writer(path, {name: type(kind) for name, kind in frame.schema.items()})
            try:
                for begin in range(0, max(frame.height, 1), _ROWS):
                    writer.write(frame[begin : begin + _ROWS])
                writer.close()
            except BaseException:
                writer.abort()
                raise

    @contextmanager
    def _file(self) -> Iterator[Path]:
        """Give a file to write, and show it afterwards if it was meant for standard output."""
        if self.output is not None:
            with replacing(self.output, force=self.force) as temporary:
                yield temporary
            return
        with tempfile.TemporaryDirectory(prefix="spinegrade-") as folder:
            path = Path(folder) / "results"
            yield path
            self._show(path)

    def _show(self, path: Path) -> None:
        if self.as_table:
            from spinegrade.cli.tables import show

            show(path)
            return
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.flush()


@contextmanager
def _progress(sources: list[Source]) -> Iterator[Callable[[int], None]]:
    """Give a function that moves a progress bar, where there is a terminal and much to do."""
    size = sum(source.size for source in sources)
    if not sys.stderr.isatty() or size < _LONG:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:-1], TextColumn("{task.completed:,}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("vertebrae", total=size)
        yield lambda done: bar.update(task, completed=done, total=max(size, done))
