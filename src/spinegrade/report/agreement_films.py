"""The films on which readers differ most, with the landmarks of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.errors import FormatError
from spinegrade.io.columns import COORDINATES, READING_KEY, ROW, SCHEMA, SPACING, UNIT
from spinegrade.io.film_match import FilmFinder
from spinegrade.io.landmark_table import CsvTable, ParquetTable
from spinegrade.io.reading_json import read_reading
from spinegrade.io.reading_table import ReadingFiles, frame_readings
from spinegrade.reader_agreement.comparison import Comparison
from spinegrade.reader_agreement.disagreement import Disputed, most_disputed, most_scattered
from spinegrade.report.agreement_drawing import Bodies, Overlay, draw_overlay
from spinegrade.report.picture import Picture, Pictures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from spinegrade.anatomy import LevelRange
    from spinegrade.io import Source
    from spinegrade.io.film_match import Match
    from spinegrade.reader_agreement import Placed
    from spinegrade.readings import Reading

    Exam = tuple[str, str]
    Subject = Comparison | Placed

MOST_FILMS = 6
"""Films with the worst disagreement on a page, for each measure."""

_MARKED = 3
"""Levels that are marked on a film where readers' values differ everywhere by a little."""


@frozen
class WorstFilm:
    """An exam on which readers differ, drawn; the levels on which they do, the worst first.

    ``said`` are rows of a level and what each reader has; ``remark`` is why there is no film, where there
    is none.
    """

    exam: str
    patient: str
    readers: tuple[str, ...]
    overlay: Overlay
    picture: Picture | None
    said: tuple[tuple[str, tuple[str, ...]], ...]
    remark: str | None


@frozen
class Drawn:
    """The worst films of every measure, and the pictures of all of them."""

    films: list[list[WorstFilm]]
    pictures: list[Picture]


def draw_worst(
    subjects: Sequence[Subject],
    landmarks: pl.DataFrame,
    sources: Sequence[Source],
    films: Sequence[Path],
    levels: LevelRange,
) -> Drawn:
    """Return, for every measure, the films on which readers differ most.

    Films are looked for in ``films``, or without them around each reading; one that is found without being
    named and contradicts a reading is left out, and said.

    Raises
    ------
    FormatError
        If a named film is not there, or contradicts a reading.
    """
    chosen = [_worst(one) for one in subjects]
    wanted = list(dict.fromkeys((one.patient, one.exam) for each in chosen for one in each))
    finder = _Films(sources, landmarks, films, wanted)
    rows, drawn = _first_readings(landmarks, levels), []
    for subject, worst in zip(subjects, chosen, strict=True):
        drawn.append([_film(one, rows, subject, finder) for one in worst])
    return Drawn(drawn, finder.pictures)


def _worst(subject: Subject) -> list[Disputed]:
    if isinstance(subject, Comparison):
        return most_disputed(subject, MOST_FILMS)
    return [Disputed(patient, exam, 0.0, ()) for patient, exam in most_scattered(subject, MOST_FILMS)]


def _first_readings(landmarks: pl.DataFrame, levels: LevelRange) -> pl.DataFrame:
    """Return the landmarks of these levels on the first occasion of each reader."""
    rows = landmarks.filter(pl.col("level").is_in(list(levels.levels)))
    first = pl.col("occasion").min().over("patient", "exam", "reader")
    return rows.filter(pl.col("occasion") == first)


def _film(worst: Disputed, rows: pl.DataFrame, subject: Subject, finder: _Films) -> WorstFilm:
    exam = (worst.patient, worst.exam)
    mine = rows.filter((pl.col("patient") == worst.patient) & (pl.col("exam") == worst.exam))
    of_nothing = (name for split in worst.splits for name in split.said)  # without a landmark of the exam
    readers = tuple(sorted({*mine["reader"], *of_nothing}))
    picture, aspect, remark = finder.of(exam)
    bodies = _bodies(mine, readers, aspect if picture else _aspect(mine))
    said = _said(worst, subject, readers)
    values = dict(said) if _is_categorical(subject) else {level: () for level, _ in said[:_MARKED]}
    worst_level = worst.splits[0].level if worst.splits else None
    overlay = draw_overlay(bodies, values, worst_level)
    return WorstFilm(worst.exam, worst.patient, readers, overlay, picture, said, remark)


def _is_categorical(subject: Subject) -> bool:
    return isinstance(subject, Comparison) and subject.measure.categorical


def _aspect(rows: pl.DataFrame) -> float:
    """Return the height of a pixel over its width, 1 where nothing is known."""
    row, column = (rows[name][0] for name in SPACING)
    return 1.0 if row is None or column is None else float(row / column)


def _bodies(rows: pl.DataFrame, readers: tuple[str, ...], aspect: float) -> Bodies:
    flat = rows.select(COORDINATES).to_numpy().astype(float).reshape(-1, 6, 2)
    points = np.stack([flat[..., 1], flat[..., 0] * aspect], axis=-1)
    return Bodies(
        readers=tuple(readers.index(name) for name in rows["reader"]),
        levels=tuple(rows["level"].cast(pl.String)),
        points=points,
    )


def _said(
    worst: Disputed, subject: Subject, readers: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the levels on which readers differ, and what each of them has there."""
    if not isinstance(subject, Comparison):
        return ()
    measure = subject.measure
    digits = 1 if measure.length else 3

    def word(value: float | None) -> str:
        if value is None:
            return "-"
        return measure.label(value) if measure.categorical else f"{value:.{digits}f}"

    return tuple((one.level, tuple(word(one.said.get(name)) for name in readers)) for one in worst.splits)


class _Films:
    """Finds the films of exams, and embeds each once."""

    def __init__(
        self,
        sources: Sequence[Source],
        landmarks: pl.DataFrame,
        named: Sequence[Path],
        wanted: Sequence[Exam],
    ) -> None:
        self._named = bool(named)
        self._finder = FilmFinder(named)
        self._pictures = Pictures()
        self._found = {exam: self._look(list(_readings(exam, sources, landmarks))) for exam in wanted}

    @property
    def pictures(self) -> list[Picture]:
        """The films that were found."""
        return self._pictures.all

    def of(self, exam: Exam) -> tuple[Picture | None, float, str | None]:
        """Return the picture, the height of a pixel over its width, and why there is no picture."""
        return self._found[exam]

    def _look(self, readings: list[tuple[Reading, list[Path]]]) -> tuple[Picture | None, float, str | None]:
        match: Match | None = None
        try:
            for reading, files in readings:
                for file in files:
                    match = self._finder.find(reading, file) or match
        except FormatError as error:
            if self._named:
                raise
            return None, 1.0, f"The film beside a reading was not used: {_without_path(error)}"
        if match is None:
            return None, 1.0, None
        spacing = match.film.calibration.spacing
        return self._pictures.of(match), spacing.row / spacing.column, None


def _without_path(error: FormatError) -> str:
    """Return what an error says after naming files, whose names may name a patient."""
    return str(error).rsplit(": ", 1)[-1]


def _readings(
    exam: Exam, sources: Sequence[Source], landmarks: pl.DataFrame
) -> Iterator[tuple[Reading, list[Path]]]:
    """Yield the readings of an exam, and the files that they may stand in."""
    for source in sources:
        if isinstance(source, ReadingFiles):
            yield from _of_files(exam, source)
    tables = [source.path for source in sources if isinstance(source, CsvTable | ParquetTable)]
    if tables:
        rows = landmarks.filter((pl.col("patient") == exam[0]) & (pl.col("exam") == exam[1]))
        for reading in frame_readings(_whole(rows)):
            yield reading, tables


def _of_files(exam: Exam, files: ReadingFiles) -> Iterator[tuple[Reading, list[Path]]]:
    for path in files.paths:
        try:
            reading = read_reading(path)
        except ValueError:
            continue  # it is listed among what was left out
        if (reading.exam.patient, reading.exam.id) == exam:
            yield reading, [path]


def _whole(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in the schema of a landmark table, without what only their reader said."""
    columns: dict[str, type[pl.DataType]] = {ROW: pl.Int64, **SCHEMA, UNIT: pl.String}
    kept = {*READING_KEY, "level", *COORDINATES, *SPACING, "calibration", UNIT, "image"}
    return rows.select(
        pl.col(name) if name in kept else pl.lit(None, kind).alias(name) for name, kind in columns.items()
    )
