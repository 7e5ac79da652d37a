"""One reading, graded: the numbers that its section of a report shows.

They are those of ``spinegrade grade`` and ``spinegrade assess``, made by the same functions.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import frozen

from spinegrade.assess import Method, find, grade_rows, summarise_rows
from spinegrade.report import words
from spinegrade.report.forms import form_tables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spinegrade.calibration import Calibration
    from spinegrade.io.arrays import Spines
    from spinegrade.io.film_match import Match
    from spinegrade.morphometry import PixelSpacing
    from spinegrade.readings import Reading, VertebraReading
    from spinegrade.report.forms import FormTable
    from spinegrade.report.selection import Chosen

    Floats = NDArray[np.float64]


@frozen
class Vertebra:
    """What is said of one vertebra.

    Attributes
    ----------
    row
        Its row of results, by column.
    seen
        What the reader recorded.
    points
        ``(6, 2)`` landmarks, row and column in pixels of the film; NaN where not placed.
    expected
        ``(3,)`` heights that it was compared with, in the unit of the row; NaN where there are none.
    """

    row: dict[str, Any]
    seen: VertebraReading
    points: Floats
    expected: Floats

    @property
    def level(self) -> str:
        """The level."""
        return self.seen.level

    @property
    def refused(self) -> bool:
        """Whether the reader marked it as not evaluable."""
        return self.seen.evaluable is False

    @property
    def asked_for(self) -> bool:
        """Whether its level is one of those to grade."""
        return "outside_range" not in (self.row["flags"] or "").split()

    @property
    def fractured(self) -> bool:
        """Whether it is graded 1 or more."""
        return (self.row["grade"] or 0) >= 1

    @property
    def disputed(self) -> bool:
        """Whether the reader's own grade is another one; 0.5, abnormal without reaching 1, agrees with 0."""
        visual, grade = self.seen.visual_grade, self.row["grade"]
        return visual is not None and grade is not None and math.floor(visual) != grade


@frozen
class Lengths:
    """What lengths are in: a short unit, and how that is known."""

    unit: str
    words: str


@frozen
class Examined:
    """A reading with its findings, and its film where that was found.

    ``summary`` is its row of a spine table, by column.
    """

    reading: Reading
    match: Match | None
    vertebrae: tuple[Vertebra, ...]
    summary: dict[str, Any]
    lengths: Lengths
    remarks: tuple[str, ...]

    @cached_property
    def forms(self) -> tuple[FormTable, ...]:
        """The qualitative forms that the reading has answers to."""
        return form_tables(self.vertebrae)

    @property
    def spacing(self) -> PixelSpacing:
        """The size of a pixel of the reading."""
        return self.reading.calibration.spacing

    @property
    def aspect(self) -> float:
        """Height of a pixel over its width: the film's where it was found, else the reading's."""
        spacing = self.match.film.calibration.spacing if self.match else self.spacing
        return spacing.row / spacing.column


def examine(chosen: Chosen, match: Match | None, method: Method) -> Examined:
    """Return the findings of a reading.

    Raises
    ------
    FormatError
        If it has no vertebra, or one that cannot be measured.
    UnitError
        If a landmark error in mm was given and the film has none.
    """
    spines = chosen.spines()
    reading = chosen.reading
    (summary,) = summarise_rows(spines, method).to_dicts()
    return Examined(
        reading=reading,
        match=match,
        vertebrae=_vertebrae(spines, reading, method),
        summary=summary,
        lengths=_lengths(chosen, match),
        remarks=tuple(_remarks(chosen, match)),
    )


def _vertebrae(spines: Spines, reading: Reading, method: Method) -> tuple[Vertebra, ...]:
    grading = find(spines, method).grading
    expected = spines.gather(grading.heights * grading.norm_ratio / (1.0 - grading.losses))
    seen = {vertebra.level: vertebra for vertebra in reading.vertebrae}
    return tuple(
        Vertebra(row, seen[row["level"]], seen[row["level"]].points, heights)
        for row, heights in zip(grade_rows(spines, method).to_dicts(), expected, strict=True)
    )


def _lengths(chosen: Chosen, match: Match | None) -> Lengths:
    """Return what lengths are in; where a landmark table does not say whose mm it has, its film may."""
    calibration = chosen.reading.calibration
    if chosen.unexplained:
        if match is None or not same_spacing(calibration, match.film.calibration):
            return Lengths("mm", words.TABLE_WORDS)
        calibration = match.film.calibration
    unit = words.UNIT_WORDS.get(calibration.state, calibration.spacing.unit)
    return Lengths(unit, words.CALIBRATION_WORDS[calibration.state])


def same_spacing(one: Calibration, other: Calibration) -> bool:
    """Return whether two films or readings have pixels of one size."""
    pairs = (
        (one.row_spacing_mm, other.row_spacing_mm),
        (one.column_spacing_mm, other.column_spacing_mm),
    )
    return all(a == b or (a and b and math.isclose(a, b, rel_tol=1e-4)) for a, b in pairs)


def _remarks(chosen: Chosen, match: Match | None) -> list[str]:
    """Return what a reader of the report has to know before believing it."""
    if match is None:
        name = chosen.reading.image.file_name
        why = "The film was not found" if name else "The reading does not name its film"
        return [f"{why}: the landmarks are drawn without it, and cannot be checked against it."]
    said = []
    if match.proof in ("size", "nothing"):
        said.append(f"That film and reading belong together is {words.PROOF_WORDS[match.proof]}.")
    theirs, ours = match.film.calibration, chosen.reading.calibration
    if theirs.row_spacing_mm is not None and not same_spacing(ours, theirs):
        said.append(
            f"The film gives {_spacing(theirs)}, the reading was made with {_spacing(ours)}; "
            "heights are the reading's."
        )
    if match.film.facts.burned_in_annotation == "YES":
        said.append("The film says that writing is burned into its picture: it may name the patient.")
    return said


def _spacing(calibration: Calibration) -> str:
    if calibration.row_spacing_mm is None:
        return "no pixel spacing"
    return f"{calibration.row_spacing_mm:g} x {calibration.column_spacing_mm:g} mm a pixel"
