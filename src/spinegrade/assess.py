"""From the rows of a landmark table to findings: a vertebra a row, or a spine a row.

Rows go through as arrays; a row's finding depends on nothing but the rows of its own spine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from attrs import field, frozen, validators

from spinegrade import __version__
from spinegrade.anatomy import GRADED, LEVELS, LevelRange
from spinegrade.calibration import AT_DETECTOR, why_no_mm
from spinegrade.confidence import grade_probabilities, height_loss_sd, near_threshold
from spinegrade.errors import UnitError
from spinegrade.expected import REFERENCES, Reference
from spinegrade.flags import Flag, flag_words
from spinegrade.genant import SHAPES, Grading, grade_spines
from spinegrade.genant_rule import GenantRule, genant_rule
from spinegrade.io.arrays import as_spines, pixel_sizes
from spinegrade.io.columns import CALIBRATION, READING_KEY, ROW, UNIT
from spinegrade.morphometry import height_ratios, measure_area, measure_heights, pixel_along_height
from spinegrade.norms.people import NormUse  # noqa: TC001  a field of Method
from spinegrade.spine import STATUSES, SpineSummary, summarise_spines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.io.arrays import Spines

    Floats = NDArray[np.float64]

HEIGHTS = ("anterior", "middle", "posterior")
RATIOS = ("wedge_ratio", "biconcave_ratio", "crush_ratio")
LOSSES = ("loss_anterior", "loss_middle", "loss_posterior")
PROBABILITIES = ("p0", "p1", "p2", "p3")

RESULT_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("patient", "exam", "reader"), pl.String),
    "occasion": pl.Int64,
    "level": pl.String,
    **dict.fromkeys(HEIGHTS, pl.Float64),
    "unit": pl.String,
    **dict.fromkeys((*RATIOS, *LOSSES, "height_loss", "area_loss"), pl.Float64),
    "shape": pl.String,
    "grade": pl.Int64,
    "near_threshold": pl.Boolean,
    **dict.fromkeys((*PROBABILITIES, "visual_grade"), pl.Float64),
    "evaluable": pl.Boolean,
    **dict.fromkeys(("reference", "flags", "rules", "version"), pl.String),
}
"""Columns of a result table, one vertebra a row."""

SUMMARY_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("patient", "exam", "reader"), pl.String),
    "occasion": pl.Int64,
    **{f"grade_{level}": pl.Int64 for level in GRADED.levels},
    "levels": pl.String,
    "sdi": pl.Int64,
    "sdi_low": pl.Int64,
    "sdi_high": pl.Int64,
    "sdi_scaled": pl.Float64,
    "fractured": pl.Int64,
    "highest_grade": pl.Int64,
    "evaluable": pl.Int64,
    "spinal_fracture_index": pl.Float64,
    "status": pl.String,
    **dict.fromkeys(("reference", "rules", "version"), pl.String),
}
"""Columns of a spine table, one reading a row; ``grade_`` columns follow the graded levels."""


_OF_THE_MEASUREMENT = (
    Flag.INCOMPLETE
    | Flag.NO_NORM
    | Flag.NO_NEIGHBOUR
    | Flag.ONE_NEIGHBOUR
    | Flag.FRACTURED_NEIGHBOUR
    | Flag.NEIGHBOUR_BASE
)
"""Flags that speak of losses rather than of grades."""


Unit = Literal["as-calibrated", "mm", "px"]
UNITS: tuple[Unit, ...] = ("as-calibrated", "mm", "px")


@frozen
class PointSd:
    """A landmark error: SD of a landmark along the height, in mm, px, or the unit of each row."""

    value: float = field(validator=[validators.gt(0.0), validators.lt(float("inf"))])
    unit: str | None = field(default=None, validator=validators.in_((None, "mm", "px")))


@frozen
class Method:
    """How to grade: by which rule, reference and norm, which levels, with what error, in which unit.

    The unit ``as-calibrated`` is mm where the film gives them and px elsewhere; ``mm`` has no use for rows
    without.
    """

    rules: str = "genant-1993"
    reference: Reference = field(default="standard", validator=validators.in_(REFERENCES))
    levels: LevelRange = GRADED
    point_sd: PointSd | None = None
    unit: Unit = field(default="as-calibrated", validator=validators.in_(UNITS))
    norms: NormUse | None = None

    @property
    def stamp(self) -> str:
        """What a result was made by: the rule, and the norm where there is one."""
        stamp = self.rule.source.stamp
        return stamp if self.norms is None else f"{stamp}; {self.norms.norm.stamp}"

    @property
    def reference_words(self) -> str:
        """The reference, and the norm that corrects it where there is one."""
        return self.reference if self.norms is None else f"{self.reference}, norm {self.norms.norm.id}"

    @property
    def rule(self) -> GenantRule:
        """The rule file as numbers."""
        return genant_rule(self.rules)


@frozen
class Findings:
    """What was measured and graded on spines, as arrays over spines and the levels of a window."""

    heights: Floats
    areas: Floats
    grading: Grading
    grade: Floats
    """The grade within the graded range, NaN outside it."""


def find(spines: Spines, method: Method) -> Findings:
    """Return the heights, losses and grades of spines."""
    heights = spines.spread(measure_heights(spines.points))
    areas = spines.spread(measure_area(spines.points))
    marked = spines.spread(spines.frame["evaluable"].fill_null(value=True).to_numpy()) != 0
    ratio = _norm_ratio(spines, method)
    grading = grade_spines(
        heights, method.rule, areas=areas, evaluable=marked, reference=method.reference, norm_ratio=ratio
    )
    if ratio is not None:  # heights there were, but nothing to compare them with
        wanting = np.isnan(ratio).any(axis=-1) & ~np.isnan(heights).any(axis=-1) & marked
        grading.flags[wanting] = Flag.NO_NORM
    inside = _inside(spines.window, method.levels)
    return Findings(heights, areas, grading, np.where(inside, grading.grade, np.nan))


def _norm_ratio(spines: Spines, method: Method) -> Floats | None:
    """Return the ``(spines, levels of the window, 3)`` ratios that a norm has for these people."""
    if method.norms is None:
        return None
    people = spines.frame.select("patient", "date")[spines.firsts]
    return method.norms.expected_ratios(people["patient"], people["date"])[:, spines.window]


def _inside(window: slice, levels: LevelRange) -> NDArray[np.bool_]:
    """Return which levels of the window lie in the graded range."""
    every = np.zeros(len(LEVELS), dtype=bool)
    every[levels.indices] = True
    return every[window]


def grade_rows(spines: Spines, method: Method) -> pl.DataFrame:
    """Return the findings on every vertebra, in `RESULT_SCHEMA`, in the order of the rows.

    The column `ROW` of the rows comes along in front.

    Raises
    ------
    UnitError
        If a landmark error in mm was given for rows whose lengths are in pixels; it says why they are.
    """
    if method.unit == "px":
        spines = as_spines(spines.frame.with_columns(pl.lit("px").alias(UNIT)))
    found = find(spines, method)
    grading = found.grading
    inside = spines.gather(np.broadcast_to(_inside(spines.window, method.levels), found.grade.shape))
    near, probabilities = _certainty(spines, grading, method)
    heights = spines.gather(found.heights)
    losses = spines.gather(grading.losses)
    ratios = height_ratios(heights, spines.gather(grading.neighbour_posterior))
    graded = ~np.isnan(spines.gather(found.grade))
    frame = spines.frame.select(ROW, *READING_KEY, "level").with_columns(
        *_columns(HEIGHTS, heights),
        spines.frame[UNIT].alias("unit"),
        *_columns(RATIOS, ratios),
        *_columns(LOSSES, losses),
        _column("height_loss", spines.gather(grading.height_loss)),
        _column("area_loss", spines.gather(grading.area_loss)),
        _shapes(spines.gather(grading.shape), graded),
        _column("grade", spines.gather(found.grade)).cast(pl.Int64),
        _where(near, graded).alias("near_threshold"),
        *_columns(PROBABILITIES, np.where(graded[:, None], probabilities, np.nan)),
        spines.frame["visual_grade"],
        pl.Series("evaluable", ~np.isnan(spines.gather(grading.height_loss))),
        pl.lit(method.reference_words).alias("reference"),
        _flags(spines.gather(grading.flags), inside, _at_detector(spines)),
        pl.lit(method.stamp).alias("rules"),
        pl.lit(__version__).alias("version"),
    )
    return frame.select(ROW, *RESULT_SCHEMA)


def _column(name: str, values: NDArray[np.generic]) -> pl.Series:
    return pl.Series(name, np.ascontiguousarray(values), nan_to_null=True)


def _columns(names: tuple[str, ...], values: Floats) -> list[pl.Series]:
    return [_column(name, values[:, place]) for place, name in enumerate(names)]


def _where(values: NDArray[np.bool_], known: NDArray[np.bool_]) -> pl.Expr:
    return pl.when(pl.Series(known)).then(pl.Series(values))


def _shapes(shape: NDArray[np.generic], graded: NDArray[np.bool_]) -> pl.Series:
    words = pl.Series("shape", [None, *SHAPES[1:]], dtype=pl.String)
    return words.gather(np.where(graded, shape, 0).astype(np.uint32))


def _at_detector(spines: Spines) -> NDArray[np.bool_]:
    """Return ``(rows,)`` where heights are in mm that are larger than those in the patient."""
    frame = spines.frame
    if frame[CALIBRATION].null_count() == frame.height:
        return np.zeros(frame.height, dtype=bool)
    at_detector = (pl.col(UNIT) == "mm") & pl.col(CALIBRATION).is_in(list(AT_DETECTOR))
    return frame.select(at_detector.fill_null(value=False)).to_series().to_numpy()


def _flags(
    masks: NDArray[np.generic], inside: NDArray[np.generic], at_detector: NDArray[np.bool_]
) -> pl.Series:
    """Return the flags in words; null where there are none.

    Outside the graded range what belongs to the grade is left out.
    """
    kept = np.bitwise_and(masks.astype(np.uint16), np.uint16(_OF_THE_MEASUREMENT))
    outside = kept | np.uint16(Flag.OUTSIDE_RANGE)
    masks = np.where(inside, masks, outside).astype(np.uint16)
    masks = np.bitwise_or(masks, at_detector * np.uint16(Flag.MM_AT_DETECTOR))
    found = np.flatnonzero(np.bincount(masks, minlength=1))
    place = np.zeros(int(found.max(initial=0)) + 1, dtype=np.uint32)
    place[found] = np.arange(len(found))
    words = pl.Series("flags", [flag_words(int(mask)) or None for mask in found], dtype=pl.String)
    return words.gather(place[masks])


def _certainty(spines: Spines, grading: Grading, method: Method) -> tuple[NDArray[np.bool_], Floats]:
    """Return, for every row, whether the loss is near a bound and the four probabilities."""
    if method.point_sd is None:
        near = near_threshold(grading.height_loss, method.rule)
        return spines.gather(near).astype(bool), np.full((len(spines.spine), 4), np.nan)
    point_sd = spines.spread(_point_sd(spines, method.point_sd, method))
    sd = height_loss_sd(grading, point_sd, method.reference)
    near = near_threshold(grading.height_loss, method.rule, sd)
    chances = grade_probabilities(grading, point_sd, method.reference, method.rule)
    return spines.gather(near).astype(bool), spines.gather(chances).astype(float)


def _point_sd(spines: Spines, given: PointSd, method: Method) -> Floats:
    """Return the ``(rows,)`` landmark error in the unit of each row's heights."""
    in_pixels = (spines.frame[UNIT] == "px").to_numpy()
    sd = np.full(len(in_pixels), float(given.value))
    if given.unit == "mm" and in_pixels.any():
        exam, state = spines.frame.filter(pl.Series(in_pixels)).select("exam", CALIBRATION).row(0)
        why = "pixels were asked for" if method.unit == "px" else why_no_mm(state)
        msg = f"landmark error: expected px for exam {exam}, which has no spacing in mm ({why}), got mm"
        raise UnitError(msg)
    if given.unit == "px":
        sd *= _pixel_along_height(spines)
    return sd


def _pixel_along_height(spines: Spines) -> Floats:
    """Return the ``(rows,)`` size of a pixel along the middle height, in the unit of the heights."""
    return pixel_along_height(spines.points, pixel_sizes(spines.frame))


def summarise_rows(spines: Spines, method: Method) -> pl.DataFrame:
    """Return what the grades of every spine add up to, in the columns of `summary_schema`.

    The column `ROW` of each spine's first row comes along in front.
    """
    found = find(spines, method)
    every = np.full((spines.count, len(LEVELS)), np.nan)
    every[:, spines.window] = found.grade
    summary = summarise_spines(every, method.levels)
    frame = spines.frame.select(ROW, *READING_KEY)[spines.firsts].with_columns(
        *(_column(f"grade_{level}", every[:, LEVELS.index(level)]) for level in method.levels.levels),
        pl.lit(str(method.levels)).alias("levels"),
        *_summary_columns(summary),
        pl.lit(method.reference_words).alias("reference"),
        pl.lit(method.stamp).alias("rules"),
        pl.lit(__version__).alias("version"),
    )
    schema = summary_schema(method.levels)
    return frame.select(ROW, *(pl.col(name).cast(kind) for name, kind in schema.items()))


def _summary_columns(summary: SpineSummary) -> list[pl.Series]:
    numbers = [name for name in SUMMARY_SCHEMA if hasattr(summary, name) and name != "status"]
    status = pl.Series("status", list(STATUSES)).gather(summary.status.astype(np.uint32))
    return [*(_column(name, getattr(summary, name)) for name in numbers), status]


def summary_schema(levels: LevelRange) -> dict[str, type[pl.DataType]]:
    """Return the columns of a spine table that has a grade for each of these levels."""
    grades = {f"grade_{level}": pl.Int64 for level in levels.levels}
    others = {name: kind for name, kind in SUMMARY_SCHEMA.items() if not name.startswith("grade_")}
    key = {name: others.pop(name) for name in READING_KEY}
    return {**key, **grades, **others}


def height_rows(spines: Spines) -> pl.DataFrame:
    """Return reading key, level, three heights and unit of every vertebra, to estimate errors from.

    The column `ROW` of the rows comes along in front.
    """
    heights = measure_heights(spines.points)
    return spines.frame.select(ROW, *READING_KEY, "level").with_columns(
        *_columns(HEIGHTS, heights), spines.frame[UNIT].alias("unit")
    )
