"""A measure of some items by some readers, ready to be compared, and what is asked of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from spinegrade.agreement import WEIGHT_NAMES, Plan, Ratings, find_consensus, rate, stack_occasions
from spinegrade.anatomy import LEVELS
from spinegrade.genant import SHAPES
from spinegrade.reader_agreement.measures import MEASURES, Measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from spinegrade.agreement.weights import WeightName
    from spinegrade.reader_agreement.items import Table

    Floats = NDArray[np.float64]

CONSENSUS = "consensus"
"""The reference that is no reader: what most of the others say."""

DISPUTED = "disputed"
"""The shape of a vertebra on which no shape has most readers."""


@frozen
class Asking:
    """What is asked of a comparison.

    Attributes
    ----------
    plan
        How intervals are made.
    weights
        What disagreements of ordered categories weigh.
    reference
        A reader, or `CONSENSUS`, that sensitivity and specificity are judged by.
    random_readers
        Whether intervals for other readers are wanted.
    groups
        By name of a property of exams, such as ``quality``: the property of each exam by its id.
    """

    plan: Plan = field(factory=Plan)
    weights: tuple[WeightName, ...] = WEIGHT_NAMES
    reference: str | None = None
    random_readers: bool = False
    groups: Mapping[str, Mapping[str, str]] = field(factory=dict)


@frozen(eq=False, slots=False)
class Comparison:
    """The values of a measure, and what is asked of them."""

    table: Table
    measure: Measure
    asking: Asking

    @cached_property
    def cube(self) -> Floats:
        """``(items, readers, occasions)`` values, NaN where there is none."""
        return self.table.values(self.measure)

    @cached_property
    def ratings(self) -> Ratings:
        """What every reader said on the first occasion."""
        return self.table.ratings(self.table.first(self.cube), self.measure)

    @property
    def plan(self) -> Plan:
        """How intervals are made."""
        return self.asking.plan

    @property
    def weights(self) -> tuple[WeightName, ...]:
        """The weights that make a difference: two categories, or categories in no order, have but one."""
        return self.asking.weights if self.measure.weighted else ("unweighted",)

    def occasions(self, reader: int) -> Ratings:
        """Return the readings of one reader, an occasion a column."""
        names = [f"occasion {one}" for one in self.table.occasions]
        values = self.cube[:, reader, :]
        return rate(values, self.measure.categories or None, self.table.clusters, names)

    @cached_property
    def repeating(self) -> list[int]:
        """The readers who rated something on two occasions, by place."""
        twice = ((~np.isnan(self.cube)).sum(axis=2) > 1).any(axis=0)
        return [int(place) for place in np.flatnonzero(twice)]

    def own_repeats(self) -> Iterator[tuple[tuple[str, str] | None, Ratings]]:
        """Yield the readings of readers who read twice, an occasion a column: all pooled, then each one's.

        Before each goes the reader against themselves; None for all.
        """
        if not self.repeating:
            return
        cube = self.cube[:, self.repeating, :]
        yield None, stack_occasions(cube, self.measure.categories or None, self.table.clusters)
        for place in self.repeating:
            name = self.table.readers[place]
            yield (name, name), self.occasions(place)

    def groupings(self) -> Iterator[tuple[str, NDArray[np.str_], list[str]]]:
        """Yield the name of each grouping, ``(items,)`` labels, and those that occur in their order."""
        if self.table.by == "vertebra":
            yield from _grouping("level", self.table.levels, LEVELS)
            if self.measure.name != "shape":
                yield from _grouping("shape", _shapes(self.table), (*SHAPES, DISPUTED))
        exams = self.table.items["exam"].to_list()
        for name, of_exam in self.asking.groups.items():
            labels = np.array([of_exam.get(exam, "") for exam in exams])
            yield from _grouping(name, labels, sorted(set(of_exam.values())))


def _grouping(
    name: str, labels: NDArray[np.str_], order: tuple[str, ...] | list[str]
) -> Iterator[tuple[str, NDArray[np.str_], list[str]]]:
    """Yield a grouping that has more than one group."""
    present = set(labels.tolist())
    known = [label for label in order if label in present]
    if len(known) > 1:
        yield name, labels, known


def _shapes(table: Table) -> NDArray[np.str_]:
    """Return the ``(items,)`` shape that most readers' landmarks give; empty where nobody's do."""
    shape = MEASURES["shape"]
    if table.rows["grade"].null_count() == table.rows.height:
        return np.full(table.shape[0], "")
    ratings = table.ratings(table.first(table.values(shape)), shape)
    consensus = find_consensus(ratings).values
    known = ratings.read.any(axis=1)
    words = np.array(SHAPES)[np.nan_to_num(consensus).astype(int)]
    return np.where(known, np.where(np.isnan(consensus), DISPUTED, words), "")
