"""How far landmarks of different readings lie apart, along the height of the body and across it.

The directions are the body's own, from the mean of all readings of it: a tilted vertebra has its height
along its wall, not along the film.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import evolve, frozen

from spinegrade.agreement import point_scatter
from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.errors import ReadingError
from spinegrade.io.arrays import as_spines
from spinegrade.io.columns import UNIT
from spinegrade.reader_agreement.gather import one_unit
from spinegrade.reader_agreement.items import tabulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.agreement import Estimate, Plan
    from spinegrade.anatomy import LevelRange
    from spinegrade.reader_agreement.items import Table

    Floats = NDArray[np.float64]

AXES = ("along the height", "across it")
EVERY = "every landmark"


@frozen(eq=False, slots=False)
class Placed:
    """Landmarks of items, each in the directions of its body.

    Attributes
    ----------
    points
        ``(items, readers, occasions, 6, 2)`` along the height and across it, NaN where not placed.
    unit
        mm or px.
    """

    table: Table
    points: Floats
    unit: str

    @property
    def first(self) -> Floats:
        """``(items, readers, 6, 2)`` on the first occasion of each reader."""
        return self.table.first(self.points)

    @property
    def compared(self) -> int:
        """The number of items of which two readers placed a landmark."""
        placed = ~np.isnan(self.first[..., 0]).all(axis=2)
        return int((placed.sum(axis=1) > 1).sum())

    @property
    def patients_compared(self) -> int:
        """The number of patients with a landmark that was placed in two readings."""
        placed = ~np.isnan(self.first[..., 0]).all(axis=2)
        twice = placed.sum(axis=1) > 1
        if not twice.any():
            twice = ((~np.isnan(self.points[..., 0])).sum(axis=2) > 1).any(axis=(1, 2))
        return len(np.unique(self.table.clusters[twice]))

    def repeats(self, reader: int) -> Floats:
        """``(items, occasions, 6, 2)`` of one reader."""
        return self.points[:, reader]

    @property
    def repeating(self) -> list[int]:
        """The readers who placed something on two occasions, by place."""
        often = (~np.isnan(self.points[..., 0])).sum(axis=2)
        return [int(place) for place in np.flatnonzero((often > 1).any(axis=(0, 2)))]


def place_landmarks(
    rows: pl.DataFrame, levels: LevelRange, read: pl.DataFrame | None = None, *, in_pixels: bool = False
) -> Placed:
    """Return the landmarks of these levels; those of vertebrae that are not evaluable are left out.

    ``read`` is as in `tabulate`.

    Raises
    ------
    ReadingError
        If nothing is there to compare.
    UnitError
        If some positions are in mm and some in pixels.
    """
    table = tabulate(rows, levels, read)
    inside = table.rows.with_columns(pl.col("level").cast(pl.String))
    if in_pixels:
        inside = inside.with_columns(pl.lit("px").alias(UNIT))
    unit = one_unit(inside[UNIT])
    points = as_spines(inside).points.copy()
    points[~inside["evaluable"].fill_null(value=True).to_numpy()] = np.nan
    if np.isnan(points).all():
        msg = f"landmarks: expected some of {levels}, got none"
        raise ReadingError(msg)
    return Placed(table, _turned(table.spread(points)), unit)


def _turned(points: Floats) -> Floats:
    """Return ``(items, readers, occasions, 6, 2)`` points along the height of the item and across it."""
    number = np.maximum((~np.isnan(points)).sum(axis=(1, 2)), 1)
    mean = np.nansum(points, axis=(1, 2)) / number
    mean = np.where(np.isnan(points).all(axis=(1, 2)), np.nan, mean)
    down = mean[:, 3:] - mean[:, :3]
    known = ~np.isnan(down[..., 0])
    down = np.where(known[..., None], down, 0.0).sum(axis=1)
    length = np.hypot(down[:, 0], down[:, 1])
    down = np.where(length[:, None] > 0, down, (1.0, 0.0)) / np.where(length > 0, length, 1.0)[:, None]
    axes = np.stack([down, np.stack([-down[:, 1], down[:, 0]], axis=-1)], axis=1)
    turned: Floats = np.einsum("irolc,iac->irola", points, axes)
    return turned


_NAMES = tuple(name.replace("_", " ") for name in LANDMARKS)
_ORDER = {level: place for place, level in enumerate(LEVELS)}


def between(placed: Placed, plan: Plan) -> list[Estimate]:
    """Return the scatter of different readers: of all landmarks, of each, of each at every level."""
    if len(placed.table.readers) < 2:
        return []
    return _scatter(placed.first, placed.table, np.arange(placed.table.shape[0]), plan)


def within(placed: Placed, plan: Plan) -> list[Estimate]:
    """Return the scatter of readers' own repeats: as between readers, then each reader's of all landmarks."""
    if not placed.repeating:
        return []
    table = placed.table
    own = [placed.repeats(reader) for reader in placed.repeating]
    items = np.tile(np.arange(table.shape[0]), len(own))
    found = _scatter(np.concatenate(own), table, items, plan)
    for reader, points in zip(placed.repeating, own, strict=True):
        name = table.readers[reader]
        found += [evolve(one, readers=(name, name)) for one in _pooled(points, table.clusters, plan)]
    return found


def _scatter(points: Floats, table: Table, items: NDArray[np.intp], plan: Plan) -> list[Estimate]:
    """Return the SD of a reading of ``(rows, readings, 6, 2)`` landmarks, and the item of each row."""
    clusters, levels = table.clusters[items], table.levels[items]
    each = point_scatter(points, _NAMES, AXES, clusters=clusters, plan=plan)
    by_level = point_scatter(points, _NAMES, AXES, levels, clusters, plan)
    by_level.sort(key=lambda one: _ORDER[str(one.about).rsplit(" ", 1)[1]])
    return [*_pooled(points, clusters, plan), *each, *by_level]


def _pooled(points: Floats, clusters: NDArray[np.intp], plan: Plan) -> list[Estimate]:
    """Return the SD of a reading of any landmark."""
    every = np.moveaxis(points, 2, 1).reshape(-1, points.shape[1], 1, 2)
    return point_scatter(every, (EVERY,), AXES, clusters=np.repeat(clusters, 6), plan=plan)
