"""Result rows as items x readers x occasions, a patient a cluster.

An item is one level of one exam, or with ``by="patient"`` one exam.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.agreement import Ratings, rate
from spinegrade.anatomy import LEVELS
from spinegrade.errors import ReadingError
from spinegrade.io.columns import READING_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.anatomy import LevelRange
    from spinegrade.reader_agreement.measures import By, Measure

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Places = NDArray[np.intp]

_EXAM = ("patient", "exam")


@frozen(eq=False, slots=False)
class Table:
    """Rows of readings, and which place each has among items x readers x occasions.

    Attributes
    ----------
    rows
        One vertebra, or one spine with its ``value``, as one reader saw it on one occasion.
    items
        ``patient, exam`` and ``level`` of every item, sorted.
    readers, occasions
        All of them, ascending.
    read
        ``patient, exam, reader`` and ``occasion`` of every reading, whether it has rows or not.
    by
        What an item is.
    """

    rows: pl.DataFrame
    items: pl.DataFrame
    read: pl.DataFrame
    readers: tuple[str, ...]
    occasions: tuple[int, ...]
    by: By

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of items, readers and occasions."""
        return self.items.height, len(self.readers), len(self.occasions)

    @cached_property
    def clusters(self) -> Places:
        """``(items,)`` number of the patient."""
        return _numbers(self.items, ("patient",))

    @property
    def patients(self) -> int:
        """The number of patients."""
        return int(self.clusters[-1]) + 1

    @cached_property
    def exams(self) -> Places:
        """``(items,)`` number of the exam."""
        return _numbers(self.items, _EXAM)

    @cached_property
    def levels(self) -> NDArray[np.str_]:
        """``(items,)`` names of the levels; empty where items are spines."""
        return self.items["level"].cast(pl.String).fill_null("").to_numpy().astype(str)

    @cached_property
    def _places(self) -> Places:
        """``(rows,)`` place in the flattened items x readers x occasions."""
        _, readers, occasions = self.shape
        key = self.items.columns
        item = self.rows.join(
            self.items.with_row_index("_item"), on=key, how="left", maintain_order="left", nulls_equal=True
        )["_item"]
        reader = _codes(self.rows["reader"], self.readers)
        occasion = _codes(self.rows["occasion"], self.occasions)
        places: Places = (item.to_numpy().astype(np.intp) * readers + reader) * occasions + occasion
        return places

    def spread(self, values: Floats) -> Floats:
        """Return ``(rows, ...)`` values as ``(items, readers, occasions, ...)``, NaN where not read."""
        cells = np.full((int(np.prod(self.shape)), *values.shape[1:]), np.nan)
        cells[self._places] = values
        return cells.reshape(*self.shape, *values.shape[1:])

    @cached_property
    def asked(self) -> Booleans:
        """``(items, readers, occasions)`` whether the reader read the item's exam on the occasion."""
        exams = self.items.select(_EXAM).unique(maintain_order=True).with_row_index("_exam")
        known = self.read.join(exams, on=_EXAM)
        read = np.zeros((exams.height, *self.shape[1:]), dtype=bool)
        reader = _codes(known["reader"], self.readers)
        read[known["_exam"].to_numpy(), reader, _codes(known["occasion"], self.occasions)] = True
        return read[self.exams]

    def values(self, measure: Measure) -> Floats:
        """Return the ``(items, readers, occasions)`` values of a measure, NaN where there is none.

        A level that somebody recorded and another reader of the exam did not is not evaluable to that
        reader.

        Raises
        ------
        ReadingError
            If no row has a value.
        """
        expression = pl.col("value") if self.by == "patient" else measure.expression
        column = self.rows.select(value=expression.cast(pl.Float64))["value"]
        if column.null_count() == len(column):
            msg = f"{measure.name}: expected readings that have one, got none in {len(column):,} rows"
            raise ReadingError(msg)
        cube = self.spread(column.to_numpy().astype(float))
        return np.where(np.isnan(cube) & self.asked, 0.0, cube) if measure.name == "evaluable" else cube

    def first(self, cube: Floats) -> Floats:
        """Return ``(items, readers, ...)``: what each reader saw on its first occasion of the exam."""
        asked = self.asked.argmax(axis=2)
        chosen = asked.reshape(*asked.shape, *(1,) * (cube.ndim - 2))
        first: Floats = np.take_along_axis(cube, chosen, axis=2).squeeze(axis=2)
        return first

    def ratings(self, values: Floats, measure: Measure) -> Ratings:
        """Return ``(items, readers)`` values as ratings, patients as clusters."""
        return rate(values, measure.categories or None, self.clusters, self.readers)


def _numbers(items: pl.DataFrame, key: Sequence[str]) -> Places:
    """Return the number of the group of each item, of items sorted by these columns."""
    differs = [pl.col(name) != pl.col(name).shift() for name in key]
    changes = items.select(pl.any_horizontal(differs).fill_null(value=False).cum_sum()).to_series()
    return changes.to_numpy().astype(np.intp)


def _codes(column: pl.Series, names: Sequence[str] | Sequence[int]) -> Places:
    places = list(range(len(names)))
    return column.replace_strict(list(names), places, return_dtype=pl.Int64).to_numpy().astype(np.intp)


def tabulate(rows: pl.DataFrame, levels: LevelRange, read: pl.DataFrame | None = None) -> Table:
    """Return the rows of these levels as a table of vertebrae.

    ``read`` has the key of every reading, those without a row too; without it the rows say who read what.

    Raises
    ------
    ReadingError
        If no row is of these levels, an exam is said to be of two patients, or there is nothing to compare:
        one reader on one occasion.
    """
    read = (rows if read is None else read).select(READING_KEY).unique()
    _check_patients(read)
    inside = rows.filter(pl.col("level").is_in(list(levels.levels)))
    if inside.is_empty():
        found = [level for level in LEVELS if level in set(rows["level"].unique())]
        msg = f"agree: expected vertebrae of {levels}, got {', '.join(found) or 'none'}"
        raise ReadingError(msg)
    return _table(inside.with_columns(pl.col("level").cast(pl.Enum(LEVELS))), read, "vertebra")


def _check_patients(read: pl.DataFrame) -> None:
    """Refuse an exam of two patients: its readings would never meet.

    Raises
    ------
    ReadingError
        If there is one.
    """
    patients = read.group_by("exam").agg(pl.col("patient").unique().sort()).sort("exam")
    several = patients.filter(pl.col("patient").list.len() > 1)
    if several.height:
        exam, names = several.row(0)
        msg = f"agree: expected exam {exam} to be of one patient, got {' and '.join(names)}"
        raise ReadingError(msg)


def by_spine(table: Table, measure: Measure) -> Table:
    """Return a table of spines: for each the most, or the sum, of what its vertebrae have.

    Vertebrae without a value are passed over, so that what readers could not grade makes them differ.
    """
    value = measure.expression.cast(pl.Float64)
    pooled = value.max() if measure.pool == "most" else pl.when(value.count() > 0).then(value.sum())
    rows = table.rows.group_by(READING_KEY, maintain_order=True).agg(pooled.alias("value"))
    rows = rows.with_columns(pl.lit(None, pl.Enum(LEVELS)).alias("level"))
    return _table(rows, table.read, "patient")


def _table(rows: pl.DataFrame, read: pl.DataFrame, by: By) -> Table:
    readers = tuple(read["reader"].unique().sort())
    occasions = tuple(read["occasion"].unique().sort())
    if len(readers) == 1 and len(occasions) == 1:
        got = f"{readers[0]} on occasion {occasions[0]}"
        msg = f"agree: expected two readers, or one on two occasions, got {got}"
        raise ReadingError(msg)
    items = rows.select(*_EXAM, "level").unique().sort(*_EXAM, "level")
    return Table(rows, items, read, readers, occasions, by)
