"""Rows of a landmark table as the arrays that the core measures, and back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.io.columns import COORDINATES, READING_KEY, SPACING, UNIT
from spinegrade.morphometry import vertebra_centres

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]


T = TypeVar("T", bound=np.generic)


@frozen(slots=False)
class Spines:
    """The rows of a landmark table, and which place in which spine each has.

    Attributes
    ----------
    frame
        The rows, one vertebra each, in the schema of a landmark table.
    points
        ``(rows, 6, 2)`` landmarks in the unit of each row, mm or px; NaN where not placed.
    spine
        ``(rows,)`` number of the spine, counted by first appearance.
    level
        ``(rows,)`` index of the level.
    """

    frame: pl.DataFrame
    points: Floats
    spine: Places
    level: Places

    @cached_property
    def count(self) -> int:
        """The number of spines."""
        return int(self.spine.max()) + 1 if len(self.spine) else 0

    @cached_property
    def window(self) -> slice:
        """The run of levels that occur: nothing outside it needs to be computed."""
        if not len(self.level):
            return slice(0, len(LEVELS))
        return slice(int(self.level.min()), int(self.level.max()) + 1)

    def spread(self, values: NDArray[np.generic]) -> Floats:
        """Return ``(rows, ...)`` values as ``(spines, levels of the window, ...)``, NaN elsewhere."""
        levels = self.window.stop - self.window.start
        spread = np.full((self.count * levels, *values.shape[1:]), np.nan)
        spread[self._places] = values
        return spread.reshape(self.count, levels, *values.shape[1:])

    def gather(self, values: NDArray[T]) -> NDArray[T]:
        """Return ``(spines, levels of the window, ...)`` values as ``(rows, ...)``."""
        return values.reshape(-1, *values.shape[2:])[self._places]

    @cached_property
    def centres(self) -> Floats:
        """The ``(spines, levels of the window, 2)`` centres of the vertebrae, NaN where there is none."""
        return self.spread(vertebra_centres(self.points))

    @cached_property
    def firsts(self) -> Places:
        """The ``(spines,)`` first rows of the spines."""
        newest = np.maximum.accumulate(self.spine) if len(self.spine) else self.spine
        return np.flatnonzero(np.diff(newest, prepend=-1))

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """``(rows,)`` True where another row has the same level of the same spine."""
        repeated: NDArray[np.bool_] = np.bincount(self._places)[self._places] > 1
        return repeated

    @cached_property
    def _places(self) -> Places:
        levels = self.window.stop - self.window.start
        places: Places = self.spine * levels + (self.level - self.window.start)
        return places


def as_spines(frame: pl.DataFrame) -> Spines:
    """Return the rows as arrays.  Key, level and spacing of every row have to be sound."""
    spine, level = _spine_places(frame)
    return Spines(frame, _points(frame), spine, level)


def _points(frame: pl.DataFrame) -> Floats:
    flat = np.empty((frame.height, len(LANDMARKS), 2))
    for place, name in enumerate(COORDINATES):
        flat[:, place // 2, place % 2] = frame[name].to_numpy()
    if frame[SPACING[0]].null_count() < frame.height:
        flat *= pixel_sizes(frame)[:, None]
    return flat


def pixel_sizes(frame: pl.DataFrame) -> Floats:
    """Return the ``(rows, 2)`` sizes of a pixel along a row's and a column's number, in the unit of each row.

    Where that is px, a column is 1 and a row as many as the shape of a pixel has it.
    """
    row, column = (pl.col(name).fill_null(1.0) for name in SPACING)
    in_pixels = pl.col(UNIT) == "px"
    sizes = frame.select(
        row=pl.when(in_pixels).then(row / column).otherwise(row),
        column=pl.when(in_pixels).then(1.0).otherwise(column),
    )
    return sizes.to_numpy()


def _spine_places(frame: pl.DataFrame) -> tuple[Places, Places]:
    level = frame["level"].cast(pl.Enum(LEVELS)).to_physical().to_numpy().astype(np.int64)
    if frame.is_empty():
        return level, level
    differs = (pl.col(name).ne_missing(pl.col(name).shift()) for name in READING_KEY)
    changes = frame.select(pl.any_horizontal(differs).cum_sum()).to_series()
    runs = changes.to_numpy().astype(np.int64) - int(changes[0])
    return _merge_runs(frame, runs), level


def _merge_runs(frame: pl.DataFrame, runs: Places) -> Places:
    """Return the number of the spine for each row, where a spine's rows may lie apart."""
    firsts = frame.select(READING_KEY)[np.flatnonzero(np.diff(runs, prepend=-1))]
    order = firsts.unique(maintain_order=True)
    if order.height == firsts.height:
        return runs
    joined = firsts.join(order.with_row_index("_spine"), on=READING_KEY, how="left", maintain_order="left")
    return joined["_spine"].to_numpy().astype(np.int64)[runs]
