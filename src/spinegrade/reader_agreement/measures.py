"""What readers can be compared on, each with its categories or its unit.

Categories are declared here, never inferred: a grade that nobody gave in one study is still a grade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl
from attrs import field, frozen

from spinegrade.errors import ReadingError
from spinegrade.genant import SHAPES
from spinegrade.readings import VISUAL_GRADES

if TYPE_CHECKING:
    from spinegrade.agreement.krippendorff import Metric

By = Literal["vertebra", "patient"]
BYS: tuple[By, ...] = ("vertebra", "patient")

LANDMARK_SCATTER = "landmarks"
"""Name of the measure that has positions rather than values; `scatter` compares it."""

_ORDERED: tuple[Metric, ...] = ("nominal", "ordinal", "interval")
_GRADES = (0.0, 1.0, 2.0, 3.0)


@frozen(kw_only=True)
class Measure:
    """Something that readers can be compared on.

    Attributes
    ----------
    name
        As ``--measure`` has it.
    title
        In words, for a heading.
    expression
        The value, from the columns of a result table; null where there is none.
    categories
        All values that there could be, ascending; empty for measurements.
    labels
        What the categories are called.
    ordered
        Whether one category is more than another.
    metrics
        The metrics in which Krippendorff's alpha has a meaning.
    length
        Whether values are lengths, in the unit of the film.
    unit
        The unit, where it is always the same.
    positive
        The least value that counts as positive against a reference; None where that has no meaning.
    may_be_zero
        Whether values lie at or near 0, so that errors in relation to their mean say nothing.
    by
        Whether of a vertebra, or of a whole spine, or both.
    pool
        How the vertebrae of a spine make its value: the most of them, or their sum.
    """

    name: str
    title: str
    expression: pl.Expr = field(eq=False)
    categories: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    ordered: bool = True
    metrics: tuple[Metric, ...] = ("interval", "ratio")
    length: bool = False
    unit: str | None = None
    positive: float | None = None
    may_be_zero: bool = False
    by: tuple[By, ...] = ("vertebra",)
    pool: Literal["most", "sum"] = "most"

    @property
    def categorical(self) -> bool:
        """Whether its values are categories."""
        return bool(self.categories)

    @property
    def weighted(self) -> bool:
        """Whether disagreements can be near and far: more than two ordered categories."""
        return self.ordered and len(self.categories) > 2

    def label(self, value: float) -> str:
        """Return what a category is called."""
        return self.labels[self.categories.index(value)]


def _grades(name: str, title: str, column: str, categories: tuple[float, ...]) -> Measure:
    return Measure(
        name=name,
        title=title,
        expression=pl.col(column),
        categories=categories,
        labels=tuple(f"{one:g}" for one in categories),
        metrics=_ORDERED,
        positive=1.0,
        by=BYS,
    )


def _yes_or_no(
    name: str, title: str, expression: pl.Expr, labels: tuple[str, str], by: tuple[By, ...] = ("vertebra",)
) -> Measure:
    return Measure(
        name=name,
        title=title,
        expression=expression,
        categories=(0.0, 1.0),
        labels=labels,
        metrics=("nominal",),
        positive=1.0,
        by=by,
    )


def _fraction(name: str, title: str, *, signed: bool = False, loss: bool = False) -> Measure:
    """Return a measure that is a fraction; one that may lie below 0 has no ratio metric."""
    metrics: tuple[Metric, ...] = ("interval",) if signed else ("interval", "ratio")
    return Measure(
        name=name,
        title=title,
        expression=pl.col(name.replace("-", "_")),
        metrics=metrics,
        unit="fraction",
        may_be_zero=loss,
    )


def _height(name: str) -> Measure:
    return Measure(name=name, title=f"{name.capitalize()} height", expression=pl.col(name), length=True)


_SHAPE = Measure(
    name="shape",
    title="Shape of the fracture",
    expression=pl.when(pl.col("grade") == 0)  # a result table names no shape where there is no fracture
    .then(0.0)
    .otherwise(
        pl.col("shape").replace_strict(list(SHAPES), list(range(len(SHAPES))), return_dtype=pl.Float64)
    ),
    categories=tuple(float(n) for n in range(len(SHAPES))),
    labels=SHAPES,
    ordered=False,
    metrics=("nominal",),
    positive=1.0,
)
_SDI = Measure(
    name="sdi",
    title="Spinal deformity index",
    expression=pl.col("grade"),
    unit="points",
    metrics=("interval",),
    may_be_zero=True,
    by=("patient",),
    pool="sum",
)
_SCATTER = Measure(name=LANDMARK_SCATTER, title="Landmarks", expression=pl.lit(None), length=True)

MEASURES: dict[str, Measure] = {
    one.name: one
    for one in (
        _grades("grade", "Genant grade", "grade", _GRADES),
        _yes_or_no("fracture", "Fracture", pl.col("grade") >= 1, ("no", "yes"), BYS),
        _SHAPE,
        _yes_or_no("evaluable", "Evaluability", pl.col("evaluable"), ("not evaluable", "evaluable")),
        _grades("visual-grade", "Reader's own grade", "visual_grade", VISUAL_GRADES),
        _fraction("height-loss", "Height loss", loss=True),
        _height("anterior"),
        _height("middle"),
        _height("posterior"),
        _fraction("wedge-ratio", "Wedge ratio"),
        _fraction("biconcave-ratio", "Biconcave ratio"),
        _fraction("crush-ratio", "Crush ratio"),
        _fraction("area-loss", "Area loss", signed=True, loss=True),
        _SDI,
        _SCATTER,
    )
}
"""By name, in the order of the documentation."""


def find_measure(name: str, by: By = "vertebra") -> Measure:
    """Return the measure of this name.

    Raises
    ------
    ReadingError
        If there is none, or it is not one of a vertebra, or of a whole spine, as asked.
    """
    if name not in MEASURES:
        msg = f"measure: expected one of {', '.join(MEASURES)}, got {name!r}"
        raise ReadingError(msg)
    measure = MEASURES[name]
    if by not in measure.by:
        fitting = ", ".join(one.name for one in MEASURES.values() if by in one.by)
        msg = f"measure by {by}: expected one of {fitting}, got {name}"
        raise ReadingError(msg)
    return measure
