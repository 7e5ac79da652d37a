"""Normals: people whose vertebrae a norm is made from, as arrays, whichever file they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.anatomy import LEVELS, POSITIONS
from spinegrade.errors import FormatError
from spinegrade.norms.table import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]


@frozen
class Normals:
    """One spine a row, several of a person perhaps.

    Attributes
    ----------
    person
        ``(spines,)`` number of the person, whom intervals draw whole.
    sex, age
        ``(spines,)`` index into `SEXES` and years; `UNKNOWN` and NaN where not known.
    heights
        ``(spines, 23, 3)`` heights in any unit, NaN where there is none to be used.
    source
        What they are, in words, for the head of the norm.
    licence
        What the numbers may be used for.
    notes
        What had to be found out or left out, in sentences.
    """

    person: Codes
    sex: Codes
    age: Floats
    heights: Floats
    source: str
    licence: str
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """The number of people."""
        return len(np.unique(self.person))


def from_rows(rows: pl.DataFrame, source: str, licence: str, notes: tuple[str, ...] = ()) -> Normals:
    """Return the normals in rows of ``patient, exam, level``, three heights, ``sex`` (code) and ``age``.

    Readings of one exam by several readers or on several occasions are averaged; a height that is null is
    left out.

    Raises
    ------
    FormatError
        If there is no row.
    """
    if rows.is_empty():
        msg = f"{source}: expected at least one vertebra, got none that can be used"
        raise FormatError(msg)
    mean = rows.group_by("patient", "exam", "level", maintain_order=True).agg(
        *(pl.col(name).mean() for name in POSITIONS), pl.col("sex").first(), pl.col("age").first()
    )
    spines = mean.select("patient", "exam", "sex", "age").unique(["patient", "exam"], maintain_order=True)
    numbered = spines.select("patient", "exam").with_row_index("spine")
    spine = mean.join(numbered, on=["patient", "exam"], how="left", maintain_order="left")["spine"].to_numpy()
    level = mean["level"].cast(pl.Enum(LEVELS)).to_physical().to_numpy()
    heights = np.full((spines.height, len(LEVELS), len(POSITIONS)), np.nan)
    for place, name in enumerate(POSITIONS):
        heights[spine, level, place] = mean[name].cast(pl.Float64).to_numpy()
    return Normals(
        person=(spines["patient"].rank("dense").cast(pl.Int64) - 1).to_numpy(),
        sex=spines["sex"].fill_null(UNKNOWN).to_numpy().astype(np.int64),
        age=spines["age"].cast(pl.Float64).to_numpy(),
        heights=heights,
        source=source,
        licence=licence,
        notes=notes,
    )
