"""What becomes of all vertebrae in some sources, kept in memory instead of written to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from spinegrade.batch import Report, Task, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.executors import Where
    from spinegrade.io import Source


@frozen
class Collected:
    """The rows of a run, and what was left out."""

    rows: pl.DataFrame
    report: Report


class _Keeper:
    """A writer that keeps the columns it is to keep; None keeps all."""

    def __init__(self, columns: Sequence[str] | None) -> None:
        self._columns = columns
        self.frames: list[pl.DataFrame] = []

    def write(self, frame: pl.DataFrame) -> None:
        """Keep the rows of a frame."""
        self.frames.append(frame if self._columns is None else frame.select(self._columns))

    def close(self) -> None:
        """Nothing is left to do."""

    def abort(self) -> None:
        """Let go of what will not be used."""
        self.frames.clear()


def collect(
    sources: Sequence[Source],
    task: Task,
    *,
    columns: Sequence[str] | None = None,
    where: Where | None = None,
    keep_going: bool = False,
) -> Collected:
    """Return the rows that a task makes of the sources, in their order; of these columns, or of all.

    Raises
    ------
    SpinegradeError
        As `batch.run` does.
    """
    keepers: list[_Keeper] = []

    def afresh() -> _Keeper:
        keepers.append(_Keeper(columns))
        return keepers[-1]

    report = run(sources, task, afresh, where=where, keep_going=keep_going)
    return Collected(pl.concat(keepers[-1].frames), report)
