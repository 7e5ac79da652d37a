"""Where ``spinegrade norms`` takes heights from: landmark tables, readings, result tables, NHANES, CT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import typer

from spinegrade.cli import options

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from spinegrade.norms.normals import Normals
    from spinegrade.norms.people import People


_NAME = re.compile(r"[\w.-]+")


def check_id(name: str) -> None:
    """Refuse a name that would not stand as one word in a result, or that comes along already."""
    from spinegrade.norms import norm_ids

    if not _NAME.fullmatch(name) or name in norm_ids():
        msg = (
            "expected a name for the norm, of letters, digits, dots, dashes and underscores, other than "
            f"{', '.join(norm_ids())}, got {name!r}"
        )
        raise typer.BadParameter(msg, param_hint="--id")


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
        _refuse(given=people is not None, option="--patients", why="DEMO_H.XPT has sex and age")
        return nhanes.read_nhanes(first, only_normal=only_normal)
    if len(sources) == 1 and first.suffix.lower() in {".csv", ".tsv", ".parquet"}:
        columns = results.columns_of(first)
        if ct.is_ct_table(columns):
            _refuse(given=people is not None, option="--patients", why="the CT table has sex and age")
            _refuse(given=only_normal, option="--only-normal", why="the CT table has no grades")
            return ct.read_ct_table(first)
    rows = height_rows(sources)
    source = f"own normals in {names_of(sources)}"
    return results.own_normals(rows, people, source, only_normal=only_normal)


def names_of(sources: list[Path]) -> str:
    """Return the names of files, without their folders."""
    return ", ".join(path.name for path in sources)


def _refuse(*, given: bool, option: str, why: str) -> None:
    """Refuse an option that would be passed over."""
    if given:
        msg = f"does not go with these normals: {why}"
        raise typer.BadParameter(msg, param_hint=option)


def height_rows(sources: list[Path]) -> pl.DataFrame:
    """Return ``patient, exam, reader, occasion, level``, three heights, grades and date of every vertebra.

    Raises
    ------
    SpinegradeError
        If the sources cannot be read, or a vertebra of one reading stands in two of them.
    """
    import polars as pl

    from spinegrade.errors import FormatError
    from spinegrade.norms import results
    from spinegrade.norms.result_checks import repeated

    tables = [
        path
        for path in sources
        if path.suffix.lower() in {".csv", ".tsv", ".parquet"}
        and results.is_result_table(results.columns_of(path))
    ]
    frames = [results.read_result_table(path) for path in tables]
    if others := [path for path in sources if path not in tables]:
        frames.append(_landmark_rows(others))
    rows = pl.concat(frames, how="diagonal_relaxed")
    for _, what in repeated(rows):
        msg = f"{names_of(sources)}: {what}"
        raise FormatError(msg)
    return rows


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
