"""Readings as rows of a landmark table, and rows as readings.

A table holds less: a reading's events, statuses, forms, times and the origin of its calibration stay
behind, and proposals are no observations.  What a table holds survives the way there and back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl
from attrs import frozen

from spinegrade.anatomy import GRADED, LANDMARKS, LEVELS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import FormatError, SpinegradeError
from spinegrade.io.columns import (
    CALIBRATION,
    READING_KEY,
    ROW,
    SCHEMA,
    SPACING,
    TABLE_COLUMNS,
    UNIT,
    Problem,
)
from spinegrade.io.reading_json import SUFFIX, dump_reading, parse_reading
from spinegrade.morphometry import PixelSpacing
from spinegrade.radiograph import ImageIdentity
from spinegrade.readings import (
    Exam,
    Landmark,
    NotEvaluableReason,
    Reading,
    Status,
    VertebraReading,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ROWS_A_FILE = 100
"""Row numbers set aside for each reading file; more than there are levels."""

_FILES_A_BATCH = 500


def reading_rows(reading: Reading, first_row: int = 0) -> list[dict[str, Any]]:
    """Return a row of a landmark table for every vertebra of a reading, levels from the head down."""
    shared = {
        "patient": reading.exam.patient,
        "exam": reading.exam.id,
        "date": reading.exam.date,
        "reader": reading.reader,
        "occasion": reading.occasion,
        "image": reading.image.file_name,
        **_calibration_cells(reading.calibration),
    }
    vertebrae = sorted(reading.vertebrae, key=lambda vertebra: LEVELS.index(vertebra.level))
    return [
        {ROW: first_row + place, **shared, **_vertebra_cells(vertebra)}
        for place, vertebra in enumerate(vertebrae)
    ]


def _calibration_cells(calibration: Calibration) -> dict[str, Any]:
    """Return spacing, state and unit.

    A ratio of the sides of a pixel, where no more is known, stands as a spacing that is not in mm.
    """
    spacing = calibration.spacing
    given = (calibration.row_spacing_mm, calibration.column_spacing_mm)
    if given == (None, None) and spacing != PixelSpacing():
        given = (spacing.row, spacing.column)
    return {
        **dict(zip(SPACING, given, strict=True)),
        CALIBRATION: calibration.state.value,
        UNIT: spacing.unit,
    }


def _vertebra_cells(vertebra: VertebraReading) -> dict[str, Any]:
    reason = vertebra.not_evaluable_reason
    cells: dict[str, Any] = {
        "level": vertebra.level,
        "visual_grade": vertebra.visual_grade,
        "evaluable": vertebra.evaluable,
        "not_evaluable_reason": None if reason is None else reason.value,
        "shape": vertebra.shape,
        "comment": vertebra.comment,
    }
    for name, landmark in vertebra.landmarks.items():
        if landmark.status is Status.PLACED:
            cells[f"{name}_row"], cells[f"{name}_column"] = landmark.row, landmark.column
    return cells


def readings_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Return the rows of readings in the schema of a landmark table."""
    return pl.DataFrame(rows, schema={ROW: pl.Int64, **SCHEMA, UNIT: pl.String})


def frame_readings(frame: pl.DataFrame) -> Iterator[Reading]:
    """Yield the readings in the rows of a landmark table, in the order of their first rows."""
    for _, rows in frame.group_by(READING_KEY, maintain_order=True):
        yield _reading(list(rows.iter_rows(named=True)))


def _reading(rows: list[dict[str, Any]]) -> Reading:
    first = rows[0]
    rows = sorted(rows, key=lambda row: LEVELS.index(row["level"]))
    return Reading(
        exam=Exam(first["patient"], first["exam"], first["date"]),
        reader=first["reader"],
        occasion=first["occasion"],
        image=ImageIdentity(file_name=first["image"]),
        calibration=_calibration(first),
        vertebrae=tuple(_vertebra(row) for row in rows),
    )


def _calibration(row: dict[str, Any]) -> Calibration:
    """Return the calibration of a row; a spacing of which nothing is said is the reader's own."""
    row_spacing, column_spacing = (row[name] for name in SPACING)
    unsaid = CalibrationState.NONE if row_spacing is None else CalibrationState.USER
    state = CalibrationState(row[CALIBRATION] or unsaid)
    if state is CalibrationState.NONE and row_spacing is not None:
        return Calibration(pixel_aspect_ratio=row_spacing / column_spacing)
    return Calibration(state, row_spacing, column_spacing)


def _vertebra(row: dict[str, Any]) -> VertebraReading:
    positions = {name: (row[f"{name}_row"], row[f"{name}_column"]) for name in LANDMARKS}
    reason = row["not_evaluable_reason"]
    return VertebraReading(
        level=row["level"],
        landmarks={name: Landmark(*at) for name, at in positions.items() if at[0] is not None},
        evaluable=row["evaluable"],
        not_evaluable_reason=None if reason is None else NotEvaluableReason(reason),
        visual_grade=row["visual_grade"],
        shape=row["shape"],
        comment=row["comment"],
    )


@frozen
class RawReadings:
    """The bytes of reading files, not yet parsed; travels to the process that does that."""

    contents: list[bytes]
    first_file: int

    def load(self) -> tuple[pl.DataFrame, list[Problem]]:
        """Return a row for every vertebra, and the files that are no readings."""
        rows: list[dict[str, Any]] = []
        problems = []
        for place, content in enumerate(self.contents, self.first_file):
            try:
                rows += reading_rows(parse_reading(content, ""), place * ROWS_A_FILE)
            except SpinegradeError as error:
                problems.append(Problem(place * ROWS_A_FILE, str(error).removeprefix(": ")))
        return readings_frame(rows), problems

    def carried(self) -> RawReadings:
        """Return the bytes themselves, as they are."""
        return self


@frozen
class ReadingFiles:
    """Reading files, one reading each."""

    paths: tuple[Path, ...]
    columns: tuple[str, ...] = TABLE_COLUMNS
    notes: tuple[str, ...] = ()

    def batches(self, _: int) -> Iterator[RawReadings]:
        """Yield the contents of the files, some hundreds at a time."""
        for begin in range(0, len(self.paths), _FILES_A_BATCH):
            paths = self.paths[begin : begin + _FILES_A_BATCH]
            yield RawReadings([_content(path) for path in paths], begin)

    def place(self, row: int) -> str:
        """Return the name of the file that a row is in."""
        return str(self.paths[row // ROWS_A_FILE])

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return the names of the files that rows are in."""
        return [self.place(row) for row in rows]

    @property
    def size(self) -> int:
        """About how many vertebrae the files hold."""
        return len(self.paths) * len(GRADED.levels)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: expected a reading file, got: {error.strerror}"
        raise FormatError(msg) from error


class ReadingFolderWriter:
    """Every reading as a file of its own in a folder that is new."""

    def __init__(self, path: Path) -> None:
        self._folder = path
        for earlier in path.iterdir():  # a run that began over
            earlier.unlink()

    def write(self, frame: pl.DataFrame) -> None:
        """Write the readings in the rows of a frame."""
        for reading in frame_readings(frame):
            target = self._folder / f"{_file_name(reading)}{SUFFIX}"
            try:
                with target.open("x", encoding="utf-8") as file:
                    file.write(dump_reading(reading))
            except OSError as error:
                exists = isinstance(error, FileExistsError)
                got = "two that differ in signs" if exists else f"{error.strerror}"
                msg = f"exam {reading.exam.id} by {reading.reader}, occasion {reading.occasion}: "
                msg += f"expected one reading a file name, got {got}"
                raise FormatError(msg) from error

    def close(self) -> None:
        """Nothing is left to do."""

    abort = close


def _file_name(reading: Reading) -> str:
    parts = (reading.exam.patient, reading.exam.id, reading.reader, str(reading.occasion))
    return re.sub(r"^\.|[^\w.-]", "-", "_".join(parts))  # no file that a folder hides
