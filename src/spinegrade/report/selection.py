"""Which readings in the sources a report is of."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from spinegrade.errors import FormatError, ReadingError, SpinegradeError
from spinegrade.io.checks import sound_spines
from spinegrade.io.columns import READING_KEY, SPACING
from spinegrade.io.landmark_table import CsvTable, ParquetTable
from spinegrade.io.reading_json import read_reading
from spinegrade.io.reading_table import ReadingFiles, frame_readings, reading_rows, readings_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from spinegrade.io import Source
    from spinegrade.io.arrays import Spines
    from spinegrade.readings import Reading

MOST_READINGS = 50
"""Readings on one page; more make a file that no browser opens gladly and nobody reads."""

_ROWS = 200_000


@frozen
class Choice:
    """Whose readings to take; None takes all."""

    exam: str | None = None
    reader: str | None = None
    occasion: int | None = None

    @property
    def rows(self) -> pl.Expr:
        """Which rows of a landmark table are chosen."""
        wanted = {"exam": self.exam, "reader": self.reader, "occasion": self.occasion}
        tests = [pl.col(name) == value for name, value in wanted.items() if value is not None]
        return pl.all_horizontal(*tests) if tests else pl.lit(value=True)

    def takes(self, reading: Reading) -> bool:
        """Return whether the reading is chosen."""
        return (
            self.exam in (None, reading.exam.id)
            and self.reader in (None, reading.reader)
            and self.occasion in (None, reading.occasion)
        )

    def __str__(self) -> str:
        parts = (("exam", self.exam), ("reader", self.reader), ("occasion", self.occasion))
        return ", ".join(f"{name} {value}" for name, value in parts if value is not None)


@frozen
class Chosen:
    """A reading, the file it stands in, and whether nothing explains the spacing that a table gives it."""

    reading: Reading
    file: Path
    unexplained: bool = False

    @property
    def where(self) -> str:
        """The reading as messages name it, without its patient."""
        reading = self.reading
        return f"{self.file}: exam {reading.exam.id} by {reading.reader}, occasion {reading.occasion}"

    def spines(self) -> Spines:
        """Return the reading as arrays of one spine.

        Raises
        ------
        FormatError
            If it has no vertebra, or one that cannot be measured.
        """
        spines, problems = sound_spines(readings_frame(reading_rows(self.reading)))
        if problems:
            msg = f"{self.where}: {problems[0].what}"
            raise FormatError(msg)
        if not spines.count:
            msg = f"{self.where}: expected at least one vertebra, got none"
            raise FormatError(msg)
        return spines


def choose(sources: Sequence[Source], choice: Choice, *, left_out: list[str] | None = None) -> list[Chosen]:
    """Return the chosen readings, in the order of the sources.

    With a list of what is ``left_out``, what cannot be used is put there and does not end the choice.

    Raises
    ------
    FormatError
        If none is chosen, or a source cannot be read.
    ReadingError
        If there are more than `MOST_READINGS`, or one of them occurs twice.
    """
    chosen: list[Chosen] = []
    for source in sources:
        for one in _chosen(source, choice, left_out):
            chosen.append(one)
            if len(chosen) > MOST_READINGS:
                msg = f"report: expected at most {MOST_READINGS} readings on a page, got more; "
                msg += "choose by --exam, --reader and --occasion"
                raise ReadingError(msg)
    if not chosen:
        what = f"a reading of {choice}" if str(choice) else "a reading"
        msg = f"report: expected {what}, got none"
        raise FormatError(left_out[-1] if left_out and not str(choice) else msg)
    return _once(chosen, left_out)


@contextmanager
def passing_over(left_out: list[str] | None, whose: str = "") -> Iterator[None]:
    """Note an error, and ``whose`` it is, among what is ``left_out`` and go on, if there is such a list."""
    try:
        yield
    except SpinegradeError as error:
        if left_out is None:
            raise
        left_out.append(f"{whose}{error}")


def _chosen(source: Source, choice: Choice, left_out: list[str] | None) -> Iterator[Chosen]:
    if isinstance(source, ReadingFiles):
        for path in source.paths:
            with passing_over(left_out):
                reading = read_reading(path)
                if choice.takes(reading):
                    yield Chosen(reading, path)
    elif isinstance(source, CsvTable | ParquetTable):
        for _, rows in _rows(source, choice, left_out).group_by(READING_KEY, maintain_order=True):
            (reading,) = frame_readings(rows)
            yield Chosen(reading, source.path, unexplained=_unexplained(rows))


def _rows(table: CsvTable | ParquetTable, choice: Choice, left_out: list[str] | None) -> pl.DataFrame:
    """Return the chosen rows of a table, which may lie apart; a few more readings than fit at most."""
    kept: list[pl.DataFrame] = []
    for batch in table.batches(_ROWS):
        frame, misfits = batch.load()
        spines, problems = sound_spines(frame.filter(choice.rows))
        for problem in sorted([*misfits, *problems], key=lambda problem: problem.row):
            with passing_over(left_out):
                msg = f"{table.place(problem.row)}: {problem.what}"
                raise FormatError(msg)
        kept.append(spines.frame)
        if pl.concat([one.select(READING_KEY) for one in kept]).n_unique() > MOST_READINGS:
            break
    return pl.concat(kept) if kept else readings_frame([])


def _unexplained(rows: pl.DataFrame) -> bool:
    """Return whether a reading's rows have a spacing without saying where it comes from."""
    said = rows["calibration"][0] if "calibration" in rows.columns else None
    return said is None and rows[SPACING[0]][0] is not None


def _once(chosen: Sequence[Chosen], left_out: list[str] | None) -> list[Chosen]:
    """Return the readings, of one exam by one reader on one occasion one."""
    seen: dict[tuple[object, ...], Chosen] = {}
    for one in chosen:
        reading = one.reading
        key = (reading.exam.patient, reading.exam.id, reading.reader, reading.occasion)
        with passing_over(left_out):
            if key in seen:
                msg = f"{one.where}: expected one such reading, got another one in {seen[key].file}"
                raise ReadingError(msg)
            seen[key] = one
    return list(seen.values())
