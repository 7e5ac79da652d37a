"""Exposures of patients as facts between bounds: glucocorticoids by the day and in sum.

A cumulative dose is the sum of dose times days up to the exam or assessment, first and last day included.  A
course that is not known to have ended may go on; a dose that is not said, or an agent without its prednisone
equivalent, has no upper bound; exposures that are not said to be complete have none either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade.osteoporosis.daily_doses import held_doses
from spinegrade.osteoporosis.facts import Ask, Bounds, Counted
from spinegrade.patients.columns import GLUCOCORTICOID, OWN_DOSE
from spinegrade.patients.contradictions import COPY, SUSPECT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known

    Floats = NDArray[np.float64]

_MONTH = 365.25 / 12
_MG_A_GRAM = 1000.0
_ENDLESS = float("inf")


def body_surface(cohort: pl.DataFrame) -> pl.Series:
    """Return the body surface in m2, the root of height in cm times weight in kg over 3600.

    Source: Mosteller RD. Simplified calculation of body-surface area. N Engl J Med 1987;317:1098.
    """
    surface = (pl.col("height_cm") * pl.col("weight_kg") / 3600).sqrt()
    return cohort.select(surface.alias("body_surface_m2")).to_series()


def weigh_exposures(known: Known, switches: Switches) -> Counted:
    """Return the glucocorticoids of the cohort, in its order, as mg or g of prednisone.

    ``glucocorticoid_dose`` is the highest daily dose that was kept long enough, over all courses of a day.
    """
    rows = _courses(known.exposures)
    sums = rows.group_by("patient").agg(
        pl.col("least", "most").sum(), pl.col("undosed", "unbounded", "dateless", SUSPECT).any()
    )
    sums = sums.join(held_doses(rows, switches.glucocorticoid_months), on="patient", how="left")
    frame = known.cohort.select("patient", "exposures_complete").join(
        sums, on="patient", how="left", maintain_order="left"
    )
    complete = frame["exposures_complete"].fill_null(value=False).to_numpy()
    low, high, least, most = (
        frame[name].fill_null(0.0).to_numpy() for name in ("sure", "may", "least", "most")
    )
    grams = Bounds(least / _MG_A_GRAM, np.where(complete, most / _MG_A_GRAM, np.inf))
    surface = body_surface(known.cohort).to_numpy()
    numbers = {
        "glucocorticoid_dose": Bounds(low, np.where(complete, high, np.inf)),
        "glucocorticoid_g": grams,
        "glucocorticoid_g_m2": _a_surface(grams, surface),
    }
    everything = Ask("exposures_complete", ~complete)
    open_ = high > low
    daily = [Ask("exposures (dose as prednisone, or months)", complete | open_)]
    for what, name in (("exposures (start_date and end_date)", "dateless"), _CONTRADICTED):
        daily.append(Ask(what, open_ & frame[name].fill_null(value=False).to_numpy()))
    lacks = [Ask(what, frame[name].fill_null(value=False).to_numpy()) for what, name in _LACKS.items()]
    sized = Ask("height_cm and weight_kg", np.isnan(surface))
    asks = {
        "glucocorticoid_dose": (everything, *daily),
        "glucocorticoid_g": (everything, *lacks),
        "glucocorticoid_g_m2": (everything, *lacks, sized),
    }
    return Counted(numbers, {}, asks)


_CONTRADICTED = ("exposures (contradiction)", SUSPECT)
_LACKS = dict(
    (
        ("exposures (dose as prednisone)", "undosed"),
        ("exposures (start_date and end_date)", "unbounded"),
        _CONTRADICTED,
    )
)
"""What a sum lacks, and where a course says so."""


def _courses(exposures: pl.DataFrame) -> pl.DataFrame:
    """Return what certainly or possibly is a glucocorticoid, with its doses between bounds.

    A copy of another row may be a second course like it, and no more.
    """
    own = pl.col("agent").str.to_lowercase().is_in(OWN_DOSE)
    dose = pl.coalesce("prednisone_mg_per_day", pl.when(own).then("mg_per_day"))
    named = (pl.col("exposure") == GLUCOCORTICOID).fill_null(value=False) & ~pl.col(SUSPECT)
    later = (pl.col("start_date") > pl.col("patient_date")).fill_null(value=False)
    rows = exposures.filter(((pl.col("exposure") == GLUCOCORTICOID) | pl.col("exposure").is_null()) & ~later)
    rows = rows.with_columns(dose=dose, named=named, **_days()).with_columns(
        few=pl.when("named").then("few").otherwise(0.0),
        many=pl.when(pl.col(SUSPECT) & ~pl.col(COPY)).then(_ENDLESS).otherwise("many"),
    )
    most = pl.col("dose").fill_null(_ENDLESS)
    return rows.with_columns(
        least=pl.col("few") * pl.col("dose").fill_null(0.0),
        most=pl.when((pl.col("many") > 0) & (most > 0)).then(pl.col("many") * most).otherwise(0.0),
        undosed=pl.col("dose").is_null() & (pl.col("many") > 0),
        unbounded=(pl.col("few") < pl.col("many")) & ~pl.col(COPY),
        dateless=pl.col("start_date").is_null() | pl.col("end_date").is_null(),
    )


def _days() -> dict[str, pl.Expr]:
    """Return the ``few`` and ``many`` days that a course has lasted for up to the assessment."""
    begin, until = pl.col("start_date"), pl.min_horizontal("end_date", "patient_date")
    span = _whole_days(begin, until)
    since = _whole_days(pl.coalesce("start_date", "birth_date"), until)
    months = pl.col("months") * _MONTH
    said = pl.when(months.is_not_null()).then(pl.min_horizontal(months, span))
    known = pl.when(pl.col("end_date").is_not_null()).then(pl.coalesce(span, said)).otherwise(said)
    life = (pl.col("patient_age") + 1) * 365.25  # an age may be one in completed years
    return {"few": known.fill_null(0.0), "many": pl.coalesce(known, since, life).fill_null(_ENDLESS)}


def _whole_days(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    return ((last - first).dt.total_days() + 1).clip(0).cast(pl.Float64)


def _a_surface(grams: Bounds, surface: Floats) -> Bounds:
    """Return grams on a square metre; nothing stays nothing where height and weight are not known."""
    unsized = np.isnan(surface)
    size = np.where(unsized, 1.0, surface)
    low = np.where(unsized, 0.0, grams.low / size)
    return Bounds(low, np.where(unsized & (grams.high > 0), np.inf, grams.high / size))
