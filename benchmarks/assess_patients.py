"""A million patients classified: tables of patients and graded readings in, a row a patient out, as Parquet.

``python benchmarks/assess_patients.py [PATIENTS]`` prints seconds and the peak of memory.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from spinegrade.anatomy import GRADED
from spinegrade.io.results import ParquetWriter
from spinegrade.osteoporosis.cohort import Classification, classification_schema, classify
from spinegrade.osteoporosis.gaps import MARKS, level_bits
from spinegrade.osteoporosis.spines import spine_schema
from spinegrade.patients.reading import read_patients

ROWS = 100_000


def write_tables(folder: Path, count: int, rng: np.random.Generator) -> None:
    """Write patients of all ages, a fracture and a scan each for most."""
    names = [f"P{n}" for n in range(count)]
    pl.DataFrame(
        {
            "patient": names,
            "sex": rng.choice(["F", "M"], count),
            "age": rng.uniform(1, 90, count).round(1),
            "local_disease": rng.choice(["yes", "no", ""], count, p=[0.05, 0.85, 0.1]),
            "high_energy_trauma": rng.choice(["yes", "no", ""], count, p=[0.05, 0.85, 0.1]),
            "postmenopausal": rng.choice([True, False], count),
            "fractures_complete": rng.choice([True, False], count),
        },
    ).write_parquet(folder / "patients.parquet")
    who = rng.integers(0, count, count)
    pl.DataFrame(
        {
            "patient": [names[n] for n in who],
            "site": rng.choice(["femur", "forearm", "vertebra", "rib", "hip"], count),
            "age_at": rng.uniform(0, 20, count).round(1),
        }
    ).write_parquet(folder / "fractures.parquet")
    pl.DataFrame(
        {
            "patient": [names[n] for n in who[::-1]],
            "site": rng.choice(["spine", "femoral_neck"], count),
            "z": rng.normal(-1, 1.5, count).round(1),
            "t": rng.normal(-1, 1.5, count).round(1),
            "reference": "made up",
            "date": "2026-01-01",
        }
    ).write_parquet(folder / "bmd.parquet")


def readings(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return a graded reading of everybody, in `spine_schema`; a fifth of the spines look otherwise."""
    grades = rng.choice([0.0, 1.0, 2.0, np.nan], (count, 13), p=[0.95, 0.02, 0.01, 0.02])
    otherwise = rng.random(grades.shape) < 0.02
    given = {"grade": grades, "visual": np.where(otherwise, (grades < 1).astype(float), grades)}
    schema = spine_schema(GRADED)
    given_names = ("grade", "visual", "patient", "exam", "reader", *MARKS)
    return pl.DataFrame(
        {
            "patient": [f"P{n}" for n in range(count)],
            "exam": "E1",
            "reader": "R1",
            **dict.fromkeys(MARKS, 0),
            "read": level_bits(~np.isnan(grades) | (rng.random(grades.shape) < 0.5)),
            **{
                f"{kind}_{level}": pl.Series(np.ascontiguousarray(values[:, at]), nan_to_null=True)
                for kind, values in given.items()
                for at, level in enumerate(GRADED.levels)
            },
        }
    ).select(
        pl.col(name).cast(kind) if name.startswith(given_names) else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )


def main() -> None:
    """Make the cohort, classify it, and print what that took."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder, count, rng)
        graded = readings(count, rng)
        how = Classification()
        begin = time.perf_counter()
        given = read_patients(folder)
        read = time.perf_counter()
        frame = classify(given, graded, GRADED, how)
        made = time.perf_counter()
        writer = ParquetWriter(folder / "out.parquet", classification_schema(GRADED, how))
        for at in range(0, count, ROWS):
            writer.write(frame[at : at + ROWS])
        writer.close()
        end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{count:,} patients: read {read - begin:.1f} s, classified {made - read:.1f} s, ", end="")
    print(f"written {end - made:.1f} s, together {end - begin:.1f} s; peak {peak:.1f} GB")
    print(frame["classification"].value_counts())


if __name__ == "__main__":
    main()
