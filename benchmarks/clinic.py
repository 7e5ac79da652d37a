"""What a clinic does with grades, through the command line, at a million rows each.

``python benchmarks/clinic.py [ROWS]`` prints seconds and the peak of memory of ``followup``, ``qualitative``,
``bmd score`` and ``norms build``; beside them polars reading the same tables and writing the same results.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from run import polars_alone, spines, watched
from spinegrade.anatomy import GRADED
from spinegrade.io.columns import COORDINATES

LEVELS = GRADED.levels
BMD = Path(__file__).parents[1] / "tests" / "cases" / "bmd"
ANSWERS = (("as_expected", "no"), ("projection", "no"), ("depression", "none"), ("short_height", "no"))


def landmarks(path: Path, films: int, *, dates: int = 1) -> None:
    """Write readings of patients, each of whom has as many dates, a year apart."""
    film = np.repeat(np.arange(films), len(LEVELS))
    names = pl.Series(film).cast(pl.String)
    points = spines(films).reshape(-1, len(COORDINATES))
    pl.DataFrame(
        {
            "patient": "P" + pl.Series(film // dates).cast(pl.String),
            "exam": "E" + names,
            "date": pl.Series([date(2020 + n, 1, 1) for n in range(dates)]).gather(film % dates),
            "reader": pl.repeat("R1", len(film), eager=True),
            "occasion": pl.repeat(1, len(film), eager=True),
            "level": list(LEVELS) * films,
            "row_spacing_mm": pl.repeat(0.15, len(film), eager=True),
            "column_spacing_mm": pl.repeat(0.15, len(film), eager=True),
            **{name: points[:, at] for at, name in enumerate(COORDINATES)},
        }
    ).write_parquet(path)


def answers(path: Path, films: int) -> None:
    """Write the answers that make a vertebra of each film normal in ABQ's form."""
    count = films * len(LEVELS)
    film = np.repeat(np.arange(films), len(LEVELS) * len(ANSWERS))
    names = pl.Series(film).cast(pl.String)
    pl.DataFrame(
        {
            "patient": "P" + names,
            "exam": "E" + names,
            "reader": pl.repeat("R1", len(film), eager=True),
            "occasion": pl.repeat(1, len(film), eager=True),
            "level": list(np.repeat(LEVELS, len(ANSWERS))) * films,
            "form": pl.repeat("abq-2004", len(film), eager=True),
            "question": [question for question, _ in ANSWERS] * count,
            "answer": [answer for _, answer in ANSWERS] * count,
        }
    ).write_parquet(path)


def people(folder: Path, count: int) -> None:
    """Write girls of 5 to 15 years, a scan of the spine each."""
    rng = np.random.default_rng(2)
    names = "P" + pl.Series(np.arange(count)).cast(pl.String)
    pl.DataFrame(
        {
            "patient": names,
            "sex": pl.repeat("F", count, eager=True),
            "age": rng.uniform(5, 15, count).round(2),
            "date": pl.repeat("2026-01-01", count, eager=True),
        }
    ).write_parquet(folder / "patients.parquet")
    pl.DataFrame(
        {
            "patient": names,
            "site": pl.repeat("spine", count, eager=True),
            "device": pl.repeat("Lunar", count, eager=True),
            "value": rng.normal(0.7, 0.1, count).round(3),
            "date": pl.repeat("2026-01-01", count, eager=True),
        }
    ).write_parquet(folder / "bmd.parquet")


def told(name: str, rows: int, words: list[object], read: Path, written: Path) -> None:
    """Run a verb and print what it took, beside reading and writing alone."""
    seconds, peak = watched("-m", "spinegrade", *map(str, words))
    alone = polars_alone(read, written, written.with_suffix(".copy")) if written.suffix == ".parquet" else 0.0
    ratio = f", {seconds / alone:.1f}x polars alone ({alone:.2f} s)" if alone else ""
    print(f"{name}: {rows:,} rows in {seconds:.1f} s, {peak / 2**30:.1f} GiB{ratio}")


def main() -> None:
    """Make the tables and run the verbs on them."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    films = rows // len(LEVELS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs, single, form = (folder / f"{one}.parquet" for one in ("pairs", "single", "answers"))
        landmarks(pairs, films - films % 2, dates=2)
        landmarks(single, films)
        answers(form, films // len(ANSWERS))
        (folder / "clinic").mkdir()
        people(folder / "clinic", rows)
        results = folder / "out.parquet"
        to = ["-o", results, "--force"]
        told("followup", rows, ["followup", pairs, "--per", "vertebra", *to], pairs, results)
        said = ["qualitative", "--answers", form, "--form", "abq-2004", *to]
        told("qualitative, answers", rows, said, form, results)
        scored = ["bmd", "score", folder / "clinic", "--reference", BMD / "made-up-reference.csv"]
        scored += ["--convert", "lunar-hologic-spine", *to]
        told("bmd score", rows, scored, folder / "clinic" / "bmd.parquet", results)
        built = [
            "norms",
            "build",
            single,
            "--id",
            "own",
            "-o",
            folder / "own.csv",
            "--resamples",
            200,
            "--sexes",
            "any",
        ]
        told("norms build, 200 resamples", rows, built, single, folder / "own.csv")


if __name__ == "__main__":
    main()
