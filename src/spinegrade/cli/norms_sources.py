"""Where ``spinegrade norms`` takes heights from: landmark tables, readings, result tables, NHANES, CT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.cli import options

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from spinegrade.norms.normals import Normals
    from spinegrade.norms.people import People


def find_normals(sources: list[Path], people: People | None, *, only_normal: bool) -> Normals:
    """Return the normals in the sources, told by what they are.

    Raises
    ------
    SpinegradeError
        If they cannot be read, or a file of another kind lies among several.
    """
    from spinegrade.norms import ct, nhanes, results

    first = sources[0]
    if len(sources) == 1 and first.is_dir() and nhanes.is_nhanes_folder(first):
        return nhanes.read_nhanes(first, only_normal=only_normal)
    if len(sources) == 1 and first.suffix.lower() in {".csv", ".tsv", ".parquet"}:
        columns = results.columns_of(first)
        if ct.is_ct_table(columns):
            return ct.read_ct_table(first)
    rows = height_rows(sources)
    names = ", ".join(path.name for path in sources)
    return results.own_normals(rows, people, f"own normals in {names}", only_normal=only_normal)


def height_rows(sources: list[Path]) -> pl.DataFrame:
    """Return ``patient, exam, reader, occasion, level``, three heights, grades and date of every vertebra."""
    import polars as pl

    from spinegrade.norms import results

    tables = [
        path
        for path in sources
        if path.suffix.lower() in {".csv", ".tsv", ".parquet"}
        and results.is_result_table(results.columns_of(path))
    ]
    frames = [results.read_result_table(path) for path in tables]
    if others := [path for path in sources if path not in tables]:
        frames.append(_landmark_rows(others))
    return pl.concat(frames, how="diagonal_relaxed")


def _landmark_rows(sources: list[Path]) -> pl.DataFrame:
    """Return the rows of landmark tables and readings, measured."""
    import polars as pl

    from spinegrade.anatomy import POSITIONS
    from spinegrade.assess import Method
    from spinegrade.batch import Task
    from spinegrade.collecting import collect
    from spinegrade.io.arrays import as_spines
    from spinegrade.io.columns import KEY
    from spinegrade.morphometry import measure_heights

    opened = options.open_sources(sources, ignore_unknown=False, keep_going=False)
    frame = collect(opened.sources, Task("landmarks", Method())).rows
    heights = measure_heights(as_spines(frame).points)
    heights[~frame["evaluable"].fill_null(value=True).to_numpy()] = float("nan")
    return frame.select(*KEY, "visual_grade", "date").with_columns(
        pl.lit(None, pl.Float64).alias("grade"),
        *(pl.Series(name, heights[:, place], nan_to_null=True) for place, name in enumerate(POSITIONS)),
    )
