"""Make the sample readings: spines of known heights, read by simulated readers.

``python sample_images/make.py`` writes beside itself ``truth.csv`` (the heights), ``landmarks.csv`` (every
reading, one vertebra a row) and ``readings/`` (the same as reading files).  Everything is simulated and
seeded; nobody's film is in it.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from attrs import field, frozen

from spinegrade.anatomy import GRADED, LANDMARKS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.cli import main
from spinegrade.io.reading_json import SUFFIX, write_reading
from spinegrade.phantom import lay_out_spine
from spinegrade.readings import (
    Exam,
    ImageIdentity,
    Landmark,
    NotEvaluableReason,
    Reading,
    VertebraReading,
)

HERE = Path(__file__).parent
SEED = 1993

TREND = (36.0 / 22.0) ** (1 / 12)
"""Normal growth of a height from one level to the next, as the rule files have it."""

NORMAL = (0.97, 0.96, 1.0)
"""Anterior, middle and posterior height of a body without fracture; plausible, no norm."""


@frozen
class Case:
    """One simulated exam: what its spine is like, and who reads it how precisely."""

    name: str
    words: str
    on: date
    posterior_t4: float = 22.0
    lost: dict[str, tuple[float, float, float]] = field(factory=dict)
    """Fraction of anterior, middle and posterior height that a fracture has taken, by level."""
    unreadable: dict[str, NotEvaluableReason] = field(factory=dict)
    spacing_mm: float | None = 0.15
    error_mm: float = 0.35


CASES = (
    Case("normal-adult", "normal adult", date(2026, 3, 2)),
    Case(
        "wedge-biconcave",
        "adult, wedge of T12 (grade 2) and biconcave L2 (grade 1)",
        date(2026, 3, 9),
        lost={"T12": (0.32, 0.12, 0.0), "L2": (0.06, 0.22, 0.0)},
    ),
    Case("crush", "adult, crush of T8 (grade 3)", date(2026, 4, 1), lost={"T8": (0.5, 0.48, 0.42)}),
    Case(
        "child",
        "child of 8 years after glucocorticoids: T6 and T7 fractured, L1 with a depression under 20 %",
        date(2026, 4, 20),
        posterior_t4=11.5,
        lost={"T6": (0.30, 0.18, 0.0), "T7": (0.10, 0.24, 0.0), "L1": (0.02, 0.14, 0.0)},
        error_mm=0.25,
    ),
    Case(
        "uncalibrated",
        "adult on a film without pixel spacing, T4 and T5 behind the shoulder",
        date(2026, 5, 4),
        lost={"T11": (0.28, 0.1, 0.0)},
        unreadable={"T4": NotEvaluableReason.OVERLAP, "T5": NotEvaluableReason.OVERLAP},
        spacing_mm=None,
    ),
)

READERS = (("R1", 1), ("R1", 2), ("R2", 1))


def true_heights(case: Case) -> np.ndarray:
    """Return the ``(13, 3)`` heights from T4 to L4 in mm."""
    posterior = case.posterior_t4 * TREND ** np.arange(len(GRADED.levels))
    heights = posterior[:, None] * np.array(NORMAL)
    for level, lost in case.lost.items():
        heights[GRADED.levels.index(level)] *= 1 - np.array(lost)
    return heights


def true_landmarks(case: Case) -> np.ndarray:
    """Return the ``(13, 6, 2)`` landmarks in mm, along a thoracic kyphosis and a lumbar lordosis."""
    heights = true_heights(case)
    place = np.arange(len(heights))
    tilts = np.interp(place, [0, 5, 9, 12], [18.0, 0.0, -12.0, 8.0])
    depths = np.linspace(1.25, 1.0, len(heights)) * case.posterior_t4 * TREND**place
    return lay_out_spine(heights, depths, top=(40.0, 70.0), tilts=tilts)


def read(case: Case, reader: str, occasion: int, rng: np.random.Generator) -> Reading:
    """Return what a reader makes of the film: the truth, missed by a normal error."""
    scale = case.spacing_mm or 0.15
    missed = true_landmarks(case) + rng.normal(0.0, case.error_mm, (len(GRADED.levels), 6, 2))
    pixels = np.round(missed / scale, 2)
    calibrated = case.spacing_mm is not None
    return Reading(
        exam=Exam(f"sample-{case.name}", f"{case.name}-1", case.on),
        reader=reader,
        occasion=occasion,
        image=ImageIdentity(file_name=f"{case.name}.dcm"),
        calibration=Calibration(CalibrationState.DETECTOR, scale, scale) if calibrated else Calibration(),
        vertebrae=tuple(
            _vertebra(case, level, points) for level, points in zip(GRADED.levels, pixels, strict=True)
        ),
    )


def _vertebra(case: Case, level: str, points: np.ndarray) -> VertebraReading:
    if level in case.unreadable:
        return VertebraReading(level, evaluable=False, not_evaluable_reason=case.unreadable[level])
    placed = zip(LANDMARKS, points.tolist(), strict=True)
    return VertebraReading(level, {name: Landmark(row, column) for name, (row, column) in placed})


def write_truth() -> None:
    """Write the true heights of every sample."""
    rows = [
        {"exam": f"{case.name}-1", "level": level, "anterior_mm": a, "middle_mm": m, "posterior_mm": p}
        for case in CASES
        for level, (a, m, p) in zip(GRADED.levels, true_heights(case).round(4).tolist(), strict=True)
    ]
    pl.DataFrame(rows).write_csv(HERE / "truth.csv")


def make() -> None:
    """Write the samples anew."""
    folder = HERE / "readings"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rng = np.random.default_rng(SEED)
    for case in CASES:
        for reader, occasion in READERS:
            reading = read(case, reader, occasion, rng)
            write_reading(reading, folder / f"{case.name}_{reader}_{occasion}{SUFFIX}")
    write_truth()
    main(["convert", str(folder), str(HERE / "landmarks.csv"), "--force"])


if __name__ == "__main__":
    make()
