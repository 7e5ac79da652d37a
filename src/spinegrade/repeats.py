"""The landmark error that the files themselves show, where vertebrae were read more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.assess import HEIGHTS, Method, PointSd
from spinegrade.batch import Task
from spinegrade.collecting import collect
from spinegrade.confidence import PointError, estimate_point_error
from spinegrade.errors import ReadingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.executors import Where
    from spinegrade.io import Source

_WITHIN = ("patient", "exam", "reader", "level")
_BETWEEN = ("patient", "exam", "level")


@frozen
class Repeats:
    """A landmark error and the readings that it was estimated from."""

    error: PointError
    unit: str
    within_readers: bool

    @property
    def point_sd(self) -> PointSd:
        """The error as `Method` takes it."""
        return PointSd(self.error.sd, self.unit)

    def __str__(self) -> str:
        who = "one reader's repeated readings" if self.within_readers else "different readers"
        return (
            f"landmark error {self.error.sd:.3g} {self.unit} (SD along the height), from "
            f"{self.error.vertebrae:,} vertebrae, {who}"
        )


def find_repeats(sources: Sequence[Source], where: Where | None = None) -> Repeats:
    """Return the landmark error that repeated readings in the sources show.

    Readings of one exam by one reader on several occasions are compared; where there are none,
    those of several readers.  Rows that cannot be used are passed over here.

    Raises
    ------
    ReadingError
        If nothing was read twice, or some lengths are in mm and some in pixels.
    """
    heights = collect(sources, Task("heights", Method()), where=where, keep_going=True).rows
    units = heights["unit"].unique().to_list()
    if len(units) > 1:
        msg = "landmark error: expected repeated readings in one unit, got some in mm and some in px"
        raise ReadingError(msg)
    within = bool(heights.select(pl.struct(_WITHIN).is_duplicated().any()).item())
    error = estimate_point_error(_repeated(heights, _WITHIN if within else _BETWEEN))
    return Repeats(error, units[0], within)


def _repeated(heights: pl.DataFrame, of: Sequence[str]) -> NDArray[np.float64]:
    """Return the ``(vertebrae, readings, 3)`` heights of vertebrae that were read more than once."""
    placed = heights.filter(pl.len().over(of) > 1).with_columns(
        (pl.struct(of).rank("dense").cast(pl.Int64) - 1).alias("vertebra"),
        pl.int_range(pl.len(), dtype=pl.Int64).over(of).alias("reading"),
    )
    vertebra, reading = placed["vertebra"].to_numpy(), placed["reading"].to_numpy()
    shape = (int(vertebra.max(initial=-1)) + 1, int(reading.max(initial=-1)) + 1, len(HEIGHTS))
    repeated = np.full(shape, np.nan)
    for place, name in enumerate(HEIGHTS):
        repeated[vertebra, reading, place] = placed[name].to_numpy()
    return repeated
