"""Normals from the vertebral files of NHANES 2013-14 that a user downloads: SAS transport, one a level.

``DXXT4_H.XPT`` ... ``DXXL4_H.XPT`` hold three heights (not in mm; ratios need no unit) and six points;
``DEMO_H.XPT`` sex and age; ``DXXVFA_H.XPT``, if it lies there too, the semiquantitative score of every
vertebra.

In the documentation of the L4 file three columns of the six points are scores, and the points begin three
columns later.  Which of the two holds is found out from the data: the distance of the two posterior points
has to be the posterior height.

Source: NCHS, documentation of DXXT4_H, DXXL4_H and DXXVFA_H.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade.anatomy import GRADED
from spinegrade.errors import FormatError
from spinegrade.norms.nhanes_people import people_notes
from spinegrade.norms.normals import from_rows
from spinegrade.norms.transport import read_transport

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinegrade.norms.normals import Normals

    Floats = NDArray[np.float64]

_HEIGHTS = {"DXXANTEH": "anterior", "DXXMIDH": "middle", "DXXPOSTH": "posterior"}
_POINTS = tuple(f"{point}{axis}" for point in ("SP", "SM", "SA", "IA", "IM", "IP") for axis in "XY")
_BEYOND = ("PT0X", "PT0Y", "PT1X")
_SHIFT = len(_BEYOND)
_ALIKE = 0.02
"""Median difference, as a fraction, up to which a distance is the height."""
_LICENCE = "NHANES is public data of the US NCHS; its data use terms apply"


def is_nhanes_folder(folder: Path) -> bool:
    """Return whether the folder has files of the kind."""
    return bool(_files(folder))


def read_nhanes(folder: Path, *, only_normal: bool = False) -> Normals:
    """Return the normals in a folder of NHANES files; with ``only_normal``, vertebrae scored 0 alone.

    Raises
    ------
    FormatError
        If a file cannot be read, was cut off, lacks a column or has a person twice; if the six points do not
        give the heights, or there are no scores to tell normal vertebrae by.
    """
    files = _files(folder)
    if "DEMO_H" not in files:
        msg = f"{folder}: expected DEMO_H.XPT, which has sex and age, beside the vertebral files, got none"
        raise FormatError(msg)
    demo = _read(files["DEMO_H"], "RIAGENDR", "RIDAGEYR")
    people = demo.select(
        "SEQN",
        (pl.col("RIAGENDR").replace_strict({1.0: 1, 2.0: 0}, default=-1, return_dtype=pl.Int64)).alias("sex"),
        pl.col("RIDAGEYR").alias("age"),
    )
    levels = [level for level in GRADED.levels if f"DXX{level}_H" in files]
    notes: list[str] = []
    by_level = {level: _level(files[f"DXX{level}_H"], level, notes) for level in levels}
    scores = _read(files["DXXVFA_H"]) if "DXXVFA_H" in files else None
    notes += people_notes(by_level, demo, scores)
    rows = pl.concat(by_level.values()).join(people, on="SEQN", how="left", maintain_order="left")
    if only_normal:
        rows = _scored_normal(rows, scores, folder, notes)
    rows = rows.with_columns(
        pl.col("SEQN").cast(pl.Int64).cast(pl.String).alias("patient"), exam=pl.lit("2013")
    )
    source = "NHANES 2013-14 lateral DXA, six-point morphometry"
    return from_rows(rows, source + (", vertebrae scored 0" if only_normal else ""), _LICENCE, tuple(notes))


def _files(folder: Path) -> dict[str, Path]:
    """Return the files of the folder that are known here, by name without suffix."""
    names = {f"DXX{level}_H" for level in GRADED.levels}
    found = {path.stem.upper(): path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".xpt"}
    if not names & set(found):
        return {}
    return {name: path for name, path in found.items() if name in {*names, "DEMO_H", "DXXVFA_H"}}


def _read(path: Path, *needed: str) -> pl.DataFrame:
    """Return a file that has every person once, by number in ``SEQN``."""
    frame = read_transport(path, ("SEQN", *needed))
    again = frame.filter(~pl.col("SEQN").is_first_distinct())
    if again.height:
        msg = f"{path}: SEQN: expected every person once, got {again['SEQN'][0]:.0f} again"
        raise FormatError(msg)
    return frame


def _level(path: Path, level: str, notes: list[str]) -> pl.DataFrame:
    """Return the heights of one level's file, checked against its six points where it has them."""
    frame = _read(path, *_HEIGHTS)
    found = _where_points_begin(frame, path)
    if found == _SHIFT:
        notes.append(f"{level}: the six points begin three columns after the one that is named for them")
    elif found is None:
        notes.append(f"{level}: no six points to check the heights by")
    none = sum(int((frame[name] <= 0).sum()) for name in _HEIGHTS)
    if none:
        notes.append(f"{level}: {none:,} heights of 0 or below left out")
    heights = [
        pl.when(pl.col(name) > 0).then(pl.col(name)).alias(called) for name, called in _HEIGHTS.items()
    ]
    return frame.select("SEQN", *heights, level=pl.lit(level))


def _where_points_begin(frame: pl.DataFrame, path: Path) -> int | None:
    """Return by how many columns the six points lie behind their names; None for a file without."""
    ends = {point: name for name in frame.columns for point in (*_POINTS, *_BEYOND) if name.endswith(point)}
    if not set(_POINTS) <= set(ends):
        return None
    order = [ends[point] for point in (*_POINTS, *_BEYOND) if point in ends]
    for shift in (0, _SHIFT):
        if shift + len(_POINTS) <= len(order) and _gives_height(frame, order[shift : shift + len(_POINTS)]):
            return shift
    msg = (
        f"{path}: expected the posterior points to lie the posterior height apart, got another distance, as "
        f"named and {_SHIFT} columns later"
    )
    raise FormatError(msg)


def _gives_height(frame: pl.DataFrame, columns: list[str]) -> bool:
    """Return whether the first and last point of the twelve columns lie the posterior height apart."""
    points = frame.select(columns).to_numpy()
    heights = frame["DXXPOSTH"].to_numpy()
    distance = np.hypot(points[:, 10] - points[:, 0], points[:, 11] - points[:, 1])
    known = ~np.isnan(distance) & (heights > 0)
    if not known.any():
        return False
    return float(np.median(np.abs(distance[known] / heights[known] - 1.0))) < _ALIKE


def _scored_normal(
    rows: pl.DataFrame, scores: pl.DataFrame | None, folder: Path, notes: list[str]
) -> pl.DataFrame:
    """Return the vertebrae that a reader scored 0."""
    if scores is None:
        msg = f"{folder}: expected DXXVFA_H.XPT, which has the scores, to keep normal vertebrae by, got none"
        raise FormatError(msg)
    levels = rows["level"].unique(maintain_order=True)
    names = {f"DXX{level}FX": level for level in levels}
    if missing := [name for name in names if name not in scores.columns]:
        msg = f"{folder}: DXXVFA_H.XPT: expected column {missing[0]}, got none"
        raise FormatError(msg)
    long = (
        scores.select("SEQN", *names)
        .rename(names)
        .unpivot(index="SEQN", variable_name="level", value_name="score")
    )
    scored = rows.join(long, on=["SEQN", "level"], how="left", maintain_order="left")
    score = scored["score"]
    notes.append(
        f"vertebrae left out: {(score > 0).sum():,} scored above 0, {score.null_count():,} without a score"
    )
    return scored.filter(pl.col("score") == 0)
