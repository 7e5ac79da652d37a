"""Make the samples: simulated films, and readings of them by simulated readers.

``python sample_images/make.py`` renders ``scenes/*.toml`` to films, and writes ``readings/`` (reading files),
``landmarks.csv`` (the same as one table), ``truth/`` (readings without errors), ``truth.csv`` (heights in the
patient), ``patients.csv`` and ``patients/``.  Everything is simulated and seeded; nobody's film is in it.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from attrs import evolve, frozen

from spinegrade.anatomy import GRADED, LANDMARKS, LEVELS
from spinegrade.cli import main
from spinegrade.genant import grade_spines
from spinegrade.genant_rule import genant_rule
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import SUFFIX, write_reading
from spinegrade.morphometry import PixelSpacing, measure_heights
from spinegrade.phantom.film import Phantom, render
from spinegrade.phantom.save import save_film, true_reading
from spinegrade.phantom.scene import Person, read_scene
from spinegrade.readings import Exam, Landmark, NotEvaluableReason, Reading, VertebraReading

HERE = Path(__file__).parent
SEED = 1993


@frozen
class Sample:
    """One simulated exam, and whose it is."""

    name: str
    patient: str
    on: date

    @property
    def exam(self) -> Exam:
        """The exam as readings name it."""
        return Exam(self.patient, f"{self.name}-1", self.on)


SAMPLES = (
    Sample("normal-adult", "sample-01", date(2026, 3, 2)),
    Sample("wedge-biconcave", "sample-02", date(2026, 3, 9)),
    Sample("crush", "sample-03", date(2026, 4, 1)),
    Sample("child", "sample-04", date(2025, 4, 20)),
    Sample("child-year-later", "sample-04", date(2026, 4, 27)),
    Sample("dxa", "sample-05", date(2026, 5, 4)),
    Sample("uncalibrated", "sample-06", date(2026, 5, 11)),
    Sample("shoulder", "sample-07", date(2026, 5, 18)),
    Sample("scheuermann", "sample-08", date(2026, 6, 1)),
)

PATIENTS = pl.DataFrame(
    {
        "patient": [f"sample-{n:02d}" for n in range(1, 9)],
        "sex": ["F", "F", "F", "M", "F", "M", "F", "M"],
        "birth_date": [
            "1970-05-14",
            "1951-11-02",
            "1943-07-23",
            "2017-02-11",
            "1948-01-30",
            "1958-09-09",
            "1955-12-01",
            "2004-06-17",
        ],
        "height_cm": [166.0, 159.0, 152.0, 124.5, 157.0, 176.0, 161.0, 181.0],
        "weight_kg": [64.0, 58.5, 49.0, 27.0, 61.0, 82.0, 66.0, 74.0],
        "underlying_disease": [
            None,
            None,
            "rheumatoid arthritis",
            "acute lymphoblastic leukaemia",
            None,
            None,
            None,
            "Scheuermann's disease",
        ],
    }
)


# What a bone clinic would say of them, for `spinegrade assess --patients`.
CLINIC = PATIENTS.with_columns(
    local_disease=pl.Series([False] * 8),
    high_energy_trauma=pl.Series([False] * 8),
    postmenopausal=pl.Series([False, True, True, None, True, None, True, None]),
    fractures_complete=pl.Series([True, True, True, True, True, True, None, True]),
    exposures_complete=pl.Series([True, True, True, True, True, True, None, True]),
    atypical_finding=pl.Series([None, "no", "no", "no", None, None, None, None], dtype=pl.String),
    height_loss_cm=pl.Series([0.0, 3.0, 6.5, None, 2.0, 1.0, None, None]),
)

FRACTURES = pl.DataFrame(
    {
        "patient": ["sample-03", "sample-04"],
        "site": ["hip", "forearm"],
        "long_bone": [None, True],
        "age_at": [80.0, 7.0],
        "mechanism": ["low-energy", "low-energy"],
    }
)

BMD = pl.DataFrame(
    {
        "patient": ["sample-02", "sample-04", "sample-04", "sample-05"],
        "site": ["spine", "spine", "total_body_less_head", "femoral_neck"],
        "device": ["Hologic"] * 4,
        "z": [None, -2.3, -1.8, None],
        "t": [-2.1, None, None, -2.5],
        "reference": ["invented"] * 4,
        "date": ["2026-03-09", "2026-04-27", "2026-04-27", "2026-05-04"],
    }
)

EXPOSURES = pl.DataFrame(
    {
        "patient": ["sample-03", "sample-04"],
        "exposure": ["glucocorticoid"] * 2,
        "agent": ["prednisone", "prednisolone"],
        "mg_per_day": [7.5, 20.0],
        "months": [24.0, 5.0],
    }
)


def write_patients() -> None:
    """Write who the patients are, and the folder of what a clinic says of them."""
    PATIENTS.write_csv(HERE / "patients.csv")
    folder = HERE / "patients"
    folder.mkdir(exist_ok=True)
    tables = {"patients": CLINIC, "fractures": FRACTURES, "bmd": BMD, "exposures": EXPOSURES}
    for name, table in tables.items():
        table.write_csv(folder / f"{name}.csv")


@frozen
class Reader:
    """A simulated reader: how often, how precisely and how strictly he reads.

    ``error_mm`` is the SD of each landmark's row and column in the patient, ``anterior_mm`` how much lower
    than it is he sees the front of a superior endplate; he leaves out ``blind`` levels below the hidden.
    """

    name: str
    occasions: int
    error_mm: float
    anterior_mm: float = 0.0
    blind: int = 0


READERS = (Reader("R1", 2, 0.30), Reader("R2", 2, 0.40, anterior_mm=0.25), Reader("R3", 1, 0.55, blind=1))
CHILD_ERROR = 0.7
"""A child's landmarks are missed by this much of an adult's error."""


def read(
    phantom: Phantom, truth: Reading, reader: Reader, occasion: int, rng: np.random.Generator
) -> Reading:
    """Return what a reader makes of a film: the truth, missed by a normal error."""
    scene = phantom.scene
    detector = scene.detector
    scale = CHILD_ERROR if scene.person is Person.CHILD else 1.0
    pixel = np.array([detector.row_spacing_mm, detector.column_spacing_mm]) / scene.beam.magnification
    missed = rng.normal(0.0, reader.error_mm * scale, (len(LEVELS), len(LANDMARKS), 2))
    missed[:, LANDMARKS.index("superior_anterior"), 0] += reader.anterior_mm * scale
    points = np.round(truth.landmarks + missed / pixel, 2)
    hidden = LEVELS.index(scene.hidden_to) + reader.blind
    grades = _visual_grades(points, pixel, rng)
    return evolve(
        truth,
        reader=reader.name,
        occasion=occasion,
        vertebrae=tuple(
            _vertebra(level, points[at], behind=at <= hidden, grade=grades[at])
            for at, level in enumerate(LEVELS)
            if level in GRADED.levels
        ),
    )


def _vertebra(level: str, points: np.ndarray, *, behind: bool, grade: float) -> VertebraReading:
    if behind:
        return VertebraReading(level, evaluable=False, not_evaluable_reason=NotEvaluableReason.OVERLAP)
    placed = zip(LANDMARKS, points.tolist(), strict=True)
    landmarks = {name: Landmark(row, column) for name, (row, column) in placed}
    return VertebraReading(level, landmarks, evaluable=True, visual_grade=grade)


def _visual_grades(points: np.ndarray, pixel: np.ndarray, rng: np.random.Generator) -> list[float]:
    """Return the grades by eye of all levels: the loss that is measured, guessed to within 3 %."""
    loss = grade_spines(
        measure_heights(points * pixel, PixelSpacing()), genant_rule("genant-1993")
    ).height_loss
    guessed = np.nan_to_num(loss) + rng.normal(-0.02, 0.03, len(loss))
    steps = np.searchsorted([0.16, 0.20, 0.25, 0.40], guessed)
    return [(0.0, 0.5, 1.0, 2.0, 3.0)[int(step)] for step in steps]


def write_truth(phantoms: dict[str, Phantom]) -> None:
    """Write the heights in the patient and the magnification of every sample."""
    rows = []
    for name, phantom in phantoms.items():
        for level in GRADED.levels:
            place = LEVELS.index(level)
            anterior, middle, posterior = phantom.truth.heights_mm[place].round(4).tolist()
            larger = round(float(phantom.truth.magnification[place]), 5)
            row = {"exam": f"{name}-1", "level": level, "anterior_mm": anterior, "middle_mm": middle}
            rows.append(row | {"posterior_mm": posterior, "magnification": larger})
    pl.DataFrame(rows).write_csv(HERE / "truth.csv")


def make() -> None:
    """Write the samples anew."""
    for folder in ("readings", "truth"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    rng = np.random.default_rng(SEED)
    phantoms = {}
    for sample in SAMPLES:
        film = HERE / f"{sample.name}.dcm"
        phantom = phantoms[sample.name] = render(read_scene(HERE / "scenes" / f"{sample.name}.toml"))
        save_film(phantom, film, exam=sample.exam.id, on=sample.on, compress=True, force=True)
        truth = true_reading(phantom, open_film(film), sample.exam)
        write_reading(truth, HERE / "truth" / f"{sample.name}{SUFFIX}")
        for reader in READERS:
            for occasion in range(1, reader.occasions + 1):
                reading = read(phantom, truth, reader, occasion, rng)
                name = f"{sample.name}_{reader.name}_{occasion}{SUFFIX}"
                write_reading(reading, HERE / "readings" / name)
    save_film(phantoms["wedge-biconcave"], HERE / "wedge-biconcave.png", force=True)
    write_truth(phantoms)
    write_patients()
    main(["convert", str(HERE / "readings"), str(HERE / "landmarks.csv"), "--force"])


if __name__ == "__main__":
    make()
