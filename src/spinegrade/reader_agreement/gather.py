"""Sources as the rows that readers are compared by: findings of vertebrae, and landmarks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl
from attrs import evolve, frozen

from spinegrade.assess import HEIGHTS, RATIOS
from spinegrade.batch import Task
from spinegrade.collecting import collect
from spinegrade.errors import FormatError, UnitError
from spinegrade.io.columns import CALIBRATION, COORDINATES, READING_KEY, SCHEMA, SPACING, UNIT
from spinegrade.io.reading_json import read_reading
from spinegrade.io.reading_table import ReadingFiles

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
_SAID = (*COORDINATES, "evaluable", "visual_grade", "shape", "comment")
"""What a reader may have said of a level; a row with none of it says only that the exam was read."""

_LANDMARKS = (*READING_KEY, "level", *SPACING, CALIBRATION, UNIT, "image", *_SAID)

_KEY = (*READING_KEY, "level")
_MAYBE_UNSAID = ~pl.col("evaluable") & pl.all_horizontal(pl.col(*HEIGHTS, "visual_grade").is_null())
"""Where a result has nothing: the level was left out, or marked as not evaluable."""


@frozen
class Gathered:
    """What readers can be compared on.

    Attributes
    ----------
    rows
        The levels of which something was said.
    read
        ``patient, exam, reader`` and ``occasion`` of every reading, one of nothing at all among them.
    problems
        What was left out because it could not be used.
    """

    rows: pl.DataFrame
    read: pl.DataFrame
    problems: list[str]


def gather_findings(
    sources: Sequence[Source], method: Method, where: Where | None = None, *, keep_going: bool = False
) -> Gathered:
    """Return what ``spinegrade grade`` makes of the sources, as far as readers are compared on it.

    Raises
    ------
    SpinegradeError
        As `batch.run` does.
    """
    found = _gather(sources, Task("grade", method), _FINDINGS, where, keep_going=keep_going)
    if found.rows.filter(_MAYBE_UNSAID).is_empty():
        return found
    said = gather_landmarks(sources, method, where, keep_going=keep_going).rows.select(_KEY)
    kept = pl.concat(
        [
            found.rows.filter(~_MAYBE_UNSAID),
            found.rows.filter(_MAYBE_UNSAID).join(said, on=_KEY, how="semi", maintain_order="left"),
        ]
    )
    return evolve(found, rows=kept)


def gather_landmarks(
    sources: Sequence[Source], method: Method, where: Where | None = None, *, keep_going: bool = False
) -> Gathered:
    """Return the landmarks of the sources, in pixels, with the size of a pixel.

    Raises
    ------
    SpinegradeError
        As `batch.run` does.
    """
    found = _gather(sources, Task("landmarks", method), _LANDMARKS, where, keep_going=keep_going)
    return evolve(found, rows=found.rows.filter(pl.any_horizontal(pl.col(_SAID).is_not_null())))


def _gather(
    sources: Sequence[Source], task: Task, columns: Sequence[str], where: Where | None, *, keep_going: bool
) -> Gathered:
    kept = collect(sources, task, columns=columns, where=where, keep_going=keep_going)
    read = pl.concat([kept.rows.select(READING_KEY), _readings_of_nothing(sources)]).unique()
    return Gathered(kept.rows, read, kept.report.problems)


def _readings_of_nothing(sources: Sequence[Source]) -> pl.DataFrame:
    """Return the keys of reading files without a vertebra, which leave no row in a table."""
    paths = (path for source in sources if isinstance(source, ReadingFiles) for path in source.paths)
    keys = [key for path in paths if (key := _key_of_nothing(path))]
    return pl.DataFrame(keys, schema={name: SCHEMA[name] for name in READING_KEY}, orient="row")


def _key_of_nothing(path: Path) -> tuple[str, str, str, int] | None:
    try:
        reading = read_reading(path)
    except FormatError:
        return None  # it is listed among what was left out
    return (
        None
        if reading.vertebrae
        else (reading.exam.patient, reading.exam.id, reading.reader, reading.occasion)
    )


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
