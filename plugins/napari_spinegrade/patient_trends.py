"""A patient over time, as numbers to plot and words: films in series, ratios of heights, scans of the bone.

A series is what one reader read on one occasion, as the follow-up rules compare it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from attrs import evolve, field, frozen

from spinegrade.assess import RATIOS, Method, grade_rows, summarise_rows
from spinegrade.errors import SpinegradeError
from spinegrade.followup.asking import Asking
from spinegrade.followup.compare import compare
from spinegrade.followup.tables import patient_rows, vertebra_rows
from spinegrade.io.arrays import as_spines
from spinegrade.io.columns import READING_KEY
from spinegrade.patients.ages import years_between
from spinegrade.patients.contradictions import SUSPECT

if TYPE_CHECKING:
    from datetime import date

    from spinegrade.io.arrays import Spines
    from spinegrade.patients.contradictions import Known

RATIO_WORDS = ("anterior / posterior", "middle / posterior", "posterior / expected")
"""The three ratios as a reader calls them: wedge, biconcave, crush."""


@frozen
class ExamPoint:
    """One reading of a series.

    ``grades`` and ``ratios`` are by level; a grade is None where there is none.  Deformity indices are the
    least and the most that fit, where levels are not read.
    """

    on: date
    exam: str
    sdi: tuple[int, int]
    fractured: int
    grades: dict[str, int | None]
    ratios: dict[str, tuple[float | None, ...]]


def series_name(reader: str, occasion: int) -> str:
    """Return what the panel calls what a reader read on one occasion."""
    return f"{reader}, occasion {occasion}"


@frozen
class Series:
    """What a reader read of a patient on one occasion, by date, and what became of it in words."""

    reader: str
    occasion: int
    points: tuple[ExamPoint, ...]
    words: tuple[str, ...] = ()
    made_by: str = ""

    @property
    def name(self) -> str:
        """The series as the panel calls it."""
        return series_name(self.reader, self.occasion)

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that have a grade to show, from the head down."""
        return tuple(self.points[0].grades) if self.points else ()


@frozen
class Scan:
    """A bone density of a site; ``at`` is the age in years, or None."""

    site: str
    at: float | None
    on: date | None
    z: float
    low: float | None
    high: float | None


@frozen
class Trends:
    """All series of a patient, the longest first, the scans, and what cannot be placed in time.

    ``adult`` is whether the patient is known to be one: -2.0 is a bound of rules for children.
    """

    series: tuple[Series, ...] = ()
    scans: tuple[Scan, ...] = ()
    notes: tuple[str, ...] = field(factory=tuple)
    adult: bool = False


def trends_of(spines: Spines | None, known: Known, method: Method) -> Trends:
    """Return how a patient fared; readings without a date are told of and left out."""
    scans, notes = _scans(known)
    if spines is None:
        return Trends((), scans, notes)
    frame = spines.frame.filter(pl.col("date").is_not_null())
    if frame.height < spines.frame.height:
        undated = spines.frame.filter(pl.col("date").is_null())["exam"].unique(maintain_order=True)
        notes = (*notes, f"No date, so not in the plots: {', '.join(undated)}")
    made = [_series(rows, method) for _, rows in frame.group_by("reader", "occasion", maintain_order=True)]
    return Trends(tuple(sorted(made, key=lambda one: -len(one.points))), scans, notes)


def _series(rows: pl.DataFrame, method: Method) -> Series:
    spines = as_spines(rows)
    dates = rows.select(*READING_KEY, "date").unique(READING_KEY, maintain_order=True)
    summary = summarise_rows(spines, method).join(dates, on=READING_KEY, how="left").sort("date")
    graded = grade_rows(spines, evolve(method, point_sd=None))
    points = tuple(_point(one, graded, method) for one in summary.iter_rows(named=True))
    words, made_by = _changes(spines, method) if len(points) > 1 else ((), "")
    return Series(str(rows["reader"][0]), int(rows["occasion"][0]), points, words, made_by)


def _point(row: dict[str, Any], graded: pl.DataFrame, method: Method) -> ExamPoint:
    mine = graded.filter(pl.all_horizontal(pl.col(name) == row[name] for name in READING_KEY))
    ratios = {one["level"]: tuple(one[name] for name in RATIOS) for one in mine.iter_rows(named=True)}
    return ExamPoint(
        on=row["date"],
        exam=row["exam"],
        sdi=(row["sdi_low"], row["sdi_high"]),
        fractured=row["fractured"],
        grades={level: row[f"grade_{level}"] for level in method.levels.levels},
        ratios=ratios,
    )


# What became of it, in words


def _changes(spines: Spines, method: Method) -> tuple[tuple[str, ...], str]:
    """Return what the follow-up rules say of each pair of dates, and by which rules."""
    try:
        compared = compare(spines, Asking(method))
    except SpinegradeError:  # a landmark error in mm, and films without
        compared = compare(spines, Asking(evolve(method, point_sd=None)))
    pairs, vertebrae = patient_rows(compared), vertebra_rows(compared)
    words: list[str] = []
    for pair in pairs.iter_rows(named=True):
        same = (pl.col(name) == pair[name] for name in ("first_exam", "second_exam"))
        words += _pair_words(pair, vertebrae.filter(pl.all_horizontal(same)))
    words += compared.paired.problems
    made_by = f"{pairs['rule'][0]}; {pairs['reshaping_rule'][0]}" if pairs.height else ""
    return tuple(words), made_by


def _pair_words(pair: dict[str, Any], vertebrae: pl.DataFrame) -> list[str]:
    words = [f"{pair['first_date']} to {pair['second_date']} ({pair['months']:.0f} months): {_outcome(pair)}"]
    words += [line for one in vertebrae.iter_rows(named=True) for line in _level_words(one) if one["level"]]
    if vertebrae["least_significant_change"].null_count() == vertebrae.height:
        words.append("least significant change not known: set your landmark error in the preferences")
    if pair["remarks"]:
        words.append(_remarks(pair["remarks"]))
    return words


def _outcome(pair: dict[str, Any]) -> str:
    parts = [
        f"{name} {pair[f'{key}_levels']}"
        for name, key in (("new", "incident"), ("worse", "worsening"))
        if pair[f"{key}_levels"]
    ]
    parts = parts or ["no fracture is new or worse" if not pair["indeterminate"] else "nothing new is seen"]
    if pair["indeterminate"]:
        parts.append(f"{pair['indeterminate']} levels cannot be told")
    if pair["reshaping"] not in (None, "no fracture"):
        parts.append(f"reshaping {pair['reshaping']}")
    return "; ".join(parts)


def _level_words(one: dict[str, Any]) -> list[str]:
    """Return what is to be said of a level: where a grade changed, or a fracture was or is."""
    then, now = one["first_grade"], one["second_grade"]
    fractured = (then or 0) >= 1 or (now or 0) >= 1
    told = one["outcome"] in ("incident", "worsening") or one["reshaping"] not in (None, "no fracture")
    if not (fractured or told):
        return []
    grades = " to ".join("-" if grade is None else f"{grade}" for grade in (then, now))
    parts = [f"{one['level']}: grade {grades}"]
    called = {"incident": "new", "worsening": "worse", "indeterminate": "cannot be told"}.get(one["outcome"])
    if called:
        parts.append(called)
    if one["reshaping"] not in (None, "no fracture"):
        parts.append(f"reshaping {one['reshaping']}")
    if "within_least_significant" in (one["remarks"] or ""):
        parts.append("less than the least significant change")
    return [", ".join(parts)]


def _remarks(names: str) -> str:
    return "to be known: " + ", ".join(name.replace("_", " ") for name in names.split())


# Scans


def _scans(known: Known) -> tuple[tuple[Scan, ...], tuple[str, ...]]:
    """Return the z-scores of the patient's scans that can be used, and how many have no place in time."""
    rows = (
        known.bmd.filter(pl.col("z").is_not_null() & pl.col("site").is_not_null() & ~pl.col(SUSPECT))
        .with_columns(at=years_between(pl.col("birth_date"), pl.col("date")))
        .sort("date", nulls_last=True, maintain_order=True)
    )
    placed = rows.filter(pl.col("date").is_not_null())
    scans = tuple(
        Scan(one["site"], one["at"], one["date"], one["z"], one["z_low"], one["z_high"])
        for one in placed.iter_rows(named=True)
    )
    lost = rows.height - placed.height
    return scans, ((f"{lost} z-scores have no date and are not in the plot",) if lost else ())
