"""Rows of the ledger, the densities and the exposures that contradict something: named, and marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.patients.ages import OLDEST, months_between, years_between
from spinegrade.patients.columns import (
    EXPOSURES,
    FRACTURES,
    GLUCOCORTICOID,
    GLUCOCORTICOIDS,
    LONG_BONES,
    OTHER_BONES,
    TABLES,
    VERTEBRA,
)
from spinegrade.patients.conversions import conversion_routes
from spinegrade.patients.notes import exposure_named, fracture_named, note, scan_named

if TYPE_CHECKING:
    from datetime import date

    from spinegrade.patients.notes import Found

SUSPECT = "suspect"
"""Whether a row of a table contradicts something, so that it proves nothing and excludes nothing."""
UNTIMED = "untimed"
"""Whether what a suspect fracture contradicts is when it happened."""
UNPLACED = "unplaced"
"""Whether what a suspect fracture contradicts is which bone it was of."""
COPY = "copy"
"""Whether a row is suspect for nothing but saying what another says: it may be a second one of the same."""

_LEVEL = r"^[CTL]\d+$"


def _note_all(found: Found, frame: pl.DataFrame, wrong: dict[str, pl.Expr], of: pl.Expr) -> pl.Expr:
    """Add what is wrong with the rows, and return where any of it is."""
    for words, where in wrong.items():
        note(found, frame, where, words, of)
    return pl.any_horizontal(where.fill_null(value=False) for where in wrong.values())


def _copied(name: str, *dates: str) -> pl.Expr:
    """Return where a row is the same as one before it in every column, and says when."""
    told = pl.any_horizontal(pl.col(one).is_not_null() for one in dates)
    return told & ~pl.struct([one.name for one in TABLES[name]]).is_first_distinct()


_WITHIN = 0.999
"""Years by which somebody may be older than an age in completed years says."""


def doubt_fractures(frame: pl.DataFrame, last: date, found: Found) -> pl.DataFrame:
    """Return the fractures with ``vertebra`` and ``long_bone`` as far as the site tells.

    Its age lies from ``age_low`` to ``age_high``: both are ``age_at`` where that, or the birth, is known; a
    patient's age, which may be one in completed years, dates a fracture to within a year.  Of a suspect one
    ``untimed`` and ``unplaced`` say what is in doubt of it: the rest holds.
    """
    site = pl.col("site")
    boned = site.is_null() & pl.col("long_bone")
    vertebra = pl.when(~boned.fill_null(value=False)).then((site == VERTEBRA) | site.str.contains(_LEVEL))
    none = vertebra | site.is_in(OTHER_BONES)
    told = pl.when(site.is_in(LONG_BONES)).then(pl.lit(value=True)).when(none).then(pl.lit(value=False))
    by_date = years_between(pl.col("birth_date"), pl.col("date"))
    by_age = pl.col("patient_age") - years_between(pl.col("date"), pl.col("patient_date"))
    frame = frame.with_columns(
        _copied(FRACTURES, "age_at", "date").alias(COPY),
        vertebra=pl.when(boned).then(pl.lit(value=False)).otherwise(vertebra),
        told=told,
        by_date=by_date,
        earliest=pl.coalesce(by_date, by_age),
        latest=pl.coalesce(by_date, by_age + _WITHIN),
    )
    age_at = pl.coalesce("age_at", "by_date")
    untimed = _note_all(
        found,
        frame,
        {
            "fracture at an age above the patient's": age_at > pl.col("patient_age") + 1e-9,
            "fracture at an age over 130": pl.col("earliest") > OLDEST,
            "fracture dated before the birth": pl.col("latest") < 0,
            "fracture dated after the exam or assessment": (
                pl.col("by_date").is_null() & (pl.col("date") > pl.col("patient_date"))
            ),
            "fracture dated after today": pl.col("date") > last,
            "fracture whose age_at and date differ by more than a year": (
                (pl.col("age_at") < pl.col("earliest") - 1) | (pl.col("age_at") > pl.col("latest") + 1)
            ),
        },
        fracture_named(),
    )
    unlike = {
        "fracture whose site and long_bone contradict each other": pl.col("told") != pl.col("long_bone")
    }
    unplaced = _note_all(found, frame, unlike, fracture_named())
    words = "the same fracture in two rows (a date or comment tells two apart)"
    return (
        _mark(found, frame, untimed | unplaced, words, fracture_named())
        .with_columns(
            age_at=age_at,
            age_low=pl.coalesce(age_at, pl.col("earliest").clip(0.0)),
            age_high=pl.coalesce(age_at, "latest"),
            long_bone=pl.coalesce("long_bone", "told"),
            **{UNTIMED: untimed, UNPLACED: unplaced},
        )
        .drop("told", "by_date", "earliest", "latest")
    )


def _mark(found: Found, frame: pl.DataFrame, suspect: pl.Expr, words: str, of: pl.Expr) -> pl.DataFrame:
    """Return the rows with whether they are suspect, and whether that is for being a copy alone."""
    note(found, frame, pl.col(COPY), words, of)
    return frame.with_columns((suspect | pl.col(COPY)).alias(SUSPECT), pl.col(COPY) & ~suspect)


def doubt_densities(frame: pl.DataFrame, adult_from: float, last: date, found: Found) -> pl.DataFrame:
    """Return the densities without z-scores and T-scores that are no use.

    Added are ``has_z``, ``unusable_t``, and ``disputed`` where another scan of the site and day says
    something else: all of them are kept, and decide only what they agree on.
    """
    frame = _routed(frame)
    z, t = pl.col("z"), pl.col("t")
    has_z = pl.any_horizontal(pl.col("z", "z_low", "z_high", "z_height_adjusted").is_not_null())
    scored = has_z | t.is_not_null()
    converted = pl.col("conversion").is_not_null()
    device, other = (pl.col(one).str.to_lowercase() for one in ("device", "reference_device"))
    unlike = ~(device.str.contains(other, literal=True) | other.str.contains(device, literal=True))
    unlike = unlike & ~converted
    early, late = pl.col("date") < pl.col("birth_date"), pl.col("date") > last
    ends = pl.col("z_low").is_not_null(), pl.col("z_high").is_not_null()
    outside = (pl.col("z_low") > pl.col("z_high")) | (z < pl.col("z_low")) | (z > pl.col("z_high"))
    at_scan = years_between(pl.col("birth_date"), pl.col("date"))
    since = years_between(pl.col("date"), pl.col("patient_date"))
    at_scan = pl.coalesce(at_scan, pl.col("patient_age") - since.clip(0.0), "patient_age")
    childs = t.is_not_null() & (at_scan < adult_from) & ~early.fill_null(value=False)
    suspect = _note_all(
        found,
        frame,
        {
            "z-score without a reference": has_z & pl.col("reference").is_null(),
            "z-score by a reference of another device, without a conversion": has_z & unlike,
            "T-score by a reference of another device, without a conversion": t.is_not_null() & unlike,
            "score by a conversion of another site or between other devices": scored & pl.col("misled"),
            "z-score of a converted density without z_low and z_high": has_z
            & converted
            & ~ends[0]
            & ~ends[1],
            "z_low without z_high, or z_high without z_low": ends[0] != ends[1],
            "scan dated before the birth": early,
            "scan dated after today": late,
            "z-score outside its own interval": outside,
        },
        scan_named(),
    )
    note(found, frame, childs, "T-score in a child: not used", scan_named())
    twice = "two scans of a site on one day with different scores"
    note(found, frame, pl.col("disputed"), twice, scan_named())
    useless = pl.any_horizontal(one.fill_null(value=False) for one in (early, late, unlike, pl.col("misled")))
    return frame.with_columns(
        suspect.alias(SUSPECT),
        has_z.alias("has_z"),
        t=pl.when((at_scan >= adult_from) & ~useless).then(t),
        unusable_t=t.is_not_null() & (useless | (childs & (pl.col("patient_age") >= adult_from))),
        date=pl.when(~late).then("date"),
    ).drop("misled")


_SCAN = ("patient", "site", "date")
_SCORES = ("z", "z_height_adjusted", "t")


def _routed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the scans with whether they are ``misled`` by their conversion, and ``disputed`` by another."""
    days = frame.drop_nulls("date").group_by(_SCAN).agg(pl.col(_SCORES).max() - pl.col(_SCORES).min())
    days = days.filter(pl.any_horizontal(pl.col(_SCORES) > 0)).select(*_SCAN, disputed=pl.lit(value=True))
    frame = frame.join(days, on=_SCAN, how="left", maintain_order="left")
    frame = frame.join(conversion_routes(), on="conversion", how="left", maintain_order="left")
    misled = pl.any_horizontal(
        one.fill_null(value=False)
        for one in (
            pl.col("site") != pl.col("of_site"),
            ~pl.col("device").str.to_lowercase().str.contains(pl.col("from_device"), literal=True),
            ~pl.col("reference_device").str.to_lowercase().str.contains(pl.col("to_device"), literal=True),
        )
    )
    return frame.with_columns(misled=misled, disputed=pl.col("disputed").fill_null(value=False)).drop(
        "from_device", "to_device", "of_site"
    )


def doubt_exposures(frame: pl.DataFrame, last: date, found: Found) -> pl.DataFrame:
    """Return the exposures with their months, first and last day included."""
    begin, end = pl.col("start_date"), pl.col("end_date")
    frame = frame.with_columns(
        _copied(EXPOSURES, "start_date", "end_date").alias(COPY),
        by_date=months_between(begin, end.dt.offset_by("1d")),
    )
    steroid = pl.col("agent").str.to_lowercase().is_in(GLUCOCORTICOIDS)
    other = steroid & (pl.col("exposure") != GLUCOCORTICOID)
    suspect = _note_all(
        found,
        frame,
        {
            "exposure that ends before it begins": end < begin,
            "exposure dated before the birth": pl.min_horizontal(begin, end) < pl.col("birth_date"),
            "exposure that begins after today": begin > last,
            "exposure whose months and dates differ by more than a month": (
                (pl.col("months") - pl.col("by_date")).abs() > 1
            ),
        },
        exposure_named(),
    )
    note(found, frame, other, "glucocorticoid listed as another exposure", exposure_named())
    words = "the same exposure in two rows (a comment tells two apart)"
    return (
        _mark(found, frame, suspect, words, exposure_named())
        .with_columns(
            exposure=pl.when(~other.fill_null(value=False)).then("exposure"),
            months=pl.when(~suspect).then(pl.coalesce("months", "by_date")),
        )
        .drop("by_date")
    )
