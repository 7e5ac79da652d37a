"""Sources as the rows that readers are compared by: findings of vertebrae, and landmarks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from spinegrade.assess import HEIGHTS, RATIOS
from spinegrade.batch import Task, run
from spinegrade.errors import UnitError
from spinegrade.io.columns import CALIBRATION, COORDINATES, READING_KEY, SPACING, UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spinegrade.assess import Method
    from spinegrade.executors import Where
    from spinegrade.io import Source

_FINDINGS = (
    *READING_KEY,
    "level",
    *HEIGHTS,
    "unit",
    *RATIOS,
    "height_loss",
    "area_loss",
    "shape",
    "grade",
    "visual_grade",
    "evaluable",
)
_LANDMARKS = (*READING_KEY, "level", *COORDINATES, *SPACING, CALIBRATION, UNIT, "image", "evaluable")


@frozen
class Gathered:
    """Rows, and what was left out of them."""

    rows: pl.DataFrame
    problems: list[str]


class _Kept:
    """A writer that keeps some columns of the frames that a run writes."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self.frames: list[pl.DataFrame] = []

    def write(self, frame: pl.DataFrame) -> None:
        self.frames.append(frame.select(self._columns))

    def close(self) -> None:
        """Nothing is left to do."""

    abort = close


def gather_findings(
    sources: Sequence[Source], method: Method, where: Where | None = None, *, keep_going: bool = False
) -> Gathered:
    """Return what ``spinegrade grade`` makes of the sources, as far as readers are compared on it.

    Raises
    ------
    SpinegradeError
        As `batch.run` does.
    """
    return _gather(sources, Task("grade", method), _FINDINGS, where, keep_going=keep_going)


def gather_landmarks(
    sources: Sequence[Source], method: Method, where: Where | None = None, *, keep_going: bool = False
) -> Gathered:
    """Return the landmarks of the sources, in pixels, with the size of a pixel.

    Raises
    ------
    SpinegradeError
        As `batch.run` does.
    """
    return _gather(sources, Task("landmarks", method), _LANDMARKS, where, keep_going=keep_going)


def _gather(
    sources: Sequence[Source], task: Task, columns: Sequence[str], where: Where | None, *, keep_going: bool
) -> Gathered:
    kept: list[_Kept] = []

    def afresh() -> _Kept:
        kept.append(_Kept(columns))
        return kept[-1]

    report = run(sources, task, afresh, where=where, keep_going=keep_going)
    return Gathered(pl.concat(kept[-1].frames), report.problems)


def one_unit(units: pl.Series) -> str:
    """Return the unit that all lengths are in.

    Raises
    ------
    UnitError
        If some are in mm and some in pixels.
    """
    found = units.unique().sort().to_list()
    if len(found) > 1:
        msg = f"agree: expected lengths in one unit, got some in {' and some in '.join(found)}; "
        msg += "--unit px compares all of them in pixels"
        raise UnitError(msg)
    return str(found[0])


def fingerprint(files: Sequence[Path]) -> str:
    """Return the sha256 of a file; of several, that of their sorted sha256, a line each."""
    hashes = []
    for file in files:
        with file.open("rb") as opened:
            hashes.append(hashlib.file_digest(opened, "sha256").hexdigest())
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("".join(f"{one}\n" for one in sorted(hashes)).encode()).hexdigest()
