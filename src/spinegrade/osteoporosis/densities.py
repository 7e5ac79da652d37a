"""Densities of patients, as facts between bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade.osteoporosis.facts import Ask, Bounds, Counted, truths
from spinegrade.patients.ages import months_between
from spinegrade.patients.columns import EXTRA_SITES, PREFERRED_SITES, T_SITES
from spinegrade.patients.contradictions import SUSPECT

if TYPE_CHECKING:
    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known


def weigh_densities(known: Known, switches: Switches) -> Counted:
    """Return what the scans of the cohort say, in its order: the latest of each site, or all undated."""
    latest = _latest(known.bmd)
    wanted = PREFERRED_SITES if switches.density_sites == "preferred" else (*PREFERRED_SITES, *EXTRA_SITES)
    z = _lowest_z(latest, wanted, adjusted=switches.density_z == "height-adjusted")
    t = latest.filter(pl.col("site").is_in(T_SITES))
    ends = t.group_by("patient", "site").agg(
        low=pl.col("t").min(), high=pl.col("t").max(), lost=pl.col("t").is_null().any()
    )
    frame = known.cohort.select("patient")
    for name, part in (
        ("z", z),
        ("t", _lowest(ends)),
        ("sites", _sites(known.bmd)),
        ("gap", _intervals(known.bmd)),
        ("z", _doubted(latest, wanted, pl.col(SUSPECT))),
        ("t", _doubted(latest, T_SITES, pl.col("unusable_t"))),
    ):
        renamed = part.rename({one: f"{name} {one}" for one in part.columns if one != "patient"})
        frame = frame.join(renamed, on="patient", how="left", maintain_order="left")
    numbers = {
        "bmd_z": _bounds(frame, "z"),
        "t_score": _bounds(frame, "t"),
        "unreferenced_z": Bounds.of(_values(frame, "sites unreferenced")),
        "dxa_interval": _bounds(frame, "gap"),
    }
    told, sites = {}, {}
    for name in ("preferred_site", "extra_site"):
        count = _values(frame, f"sites {name}")
        unsure = _values(frame, f"sites unsure_{name}") > 0
        told[name] = truths(count > 0, (count == 0) & ~unsure)
        sites[name] = (Ask("bmd.z", ~unsure), Ask("bmd (contradiction)", unsure))
    doubted = {name: frame[f"{name} doubted"].fill_null(value=False).to_numpy() for name in ("z", "t")}
    what = "bmd.z_height_adjusted" if switches.density_z == "height-adjusted" else "bmd.z"
    whats = {"z": f"{what} at a {switches.density_sites} site", "t": "bmd.t"}
    asks: dict[str, tuple[Ask, ...]] = {
        fact: (Ask(whats[name], ~doubted[name]), Ask("bmd (contradiction)", doubted[name]))
        for fact, name in (("bmd_z", "z"), ("t_score", "t"))
    }
    return Counted(numbers, told, asks | sites)


def _doubted(latest: pl.DataFrame, sites: tuple[str, ...], wrong: pl.Expr) -> pl.DataFrame:
    """Return of whom a scan at these sites contradicts itself or another of its day."""
    rows = latest.filter(pl.col("site").is_in(sites))
    return rows.group_by("patient").agg((wrong | pl.col("disputed")).any().alias("doubted"))


def _values(frame: pl.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values: np.ndarray[tuple[int], np.dtype[np.float64]] = frame[name].cast(pl.Float64).to_numpy()
    return np.where(frame[name].is_null().to_numpy(), np.nan, values)


def _bounds(frame: pl.DataFrame, name: str) -> Bounds:
    low, high = _values(frame, f"{name} low"), _values(frame, f"{name} high")
    return Bounds(np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high))


def _latest(bmd: pl.DataFrame) -> pl.DataFrame:
    """Return of each patient and site the rows of the latest date; all where one has none."""
    key = ("patient", "site")
    undated = pl.col("date").is_null().any().over(key)
    return bmd.filter(undated | (pl.col("date") == pl.col("date").max().over(key)))


def _lowest_z(latest: pl.DataFrame, sites: tuple[str, ...], *, adjusted: bool) -> pl.DataFrame:
    """Return the bounds of each patient's lowest z-score at these sites.

    A scan without a z-score may have any.
    """
    rows = latest.filter(pl.col("site").is_in(sites))
    if adjusted:
        rows = rows.with_columns(low=_shifted("z_low"), high=_shifted("z_high"))
    else:
        rows = rows.with_columns(low=pl.coalesce("z_low", "z"), high=pl.coalesce("z_high", "z"))
    lost = pl.col(SUSPECT) | pl.col("low").is_null() | pl.col("high").is_null()
    ends = (
        rows.with_columns(lost=lost)
        .group_by("patient", "site")
        .agg(
            low=pl.col("low").filter(~pl.col("lost")).min(),
            high=pl.col("high").filter(~pl.col("lost")).max(),
            lost=pl.col("lost").any(),
        )
    )
    return _lowest(ends)


def _shifted(end: str) -> pl.Expr:
    """Return the end of the interval of a height-adjusted z: the adjustment moves it with the score.

    Of a converted density nothing stands in for it.
    """
    exact = pl.when(pl.col("conversion").is_null()).then("z_height_adjusted")
    return pl.coalesce(pl.col("z_height_adjusted") + pl.col(end) - pl.col("z"), exact)


def _lowest(ends: pl.DataFrame) -> pl.DataFrame:
    """Return the bounds of the lowest over sites; a site whose number is lost could be the lowest."""
    return ends.group_by("patient").agg(
        low=pl.when(pl.col("lost").any()).then(None).otherwise(pl.col("low").min()),
        high=pl.col("high").filter(~pl.col("lost")).min(),
        lost=pl.col("lost").any(),
    )


def _sites(bmd: pl.DataFrame) -> pl.DataFrame:
    """Return how many z-scores stand at preferred and extra sites, and how many have no reference."""
    sound = pl.col("has_z") & ~pl.col(SUSPECT)
    return bmd.group_by("patient").agg(
        preferred_site=(sound & pl.col("site").is_in(PREFERRED_SITES)).sum(),
        extra_site=(sound & pl.col("site").is_in(EXTRA_SITES)).sum(),
        unsure_preferred_site=(pl.col(SUSPECT) & pl.col("site").is_in(PREFERRED_SITES)).sum(),
        unsure_extra_site=(pl.col(SUSPECT) & pl.col("site").is_in(EXTRA_SITES)).sum(),
        unreferenced=pl.when(pl.col("has_z").any()).then((pl.col("has_z") & pl.col(SUSPECT)).sum()),
    )


def _intervals(bmd: pl.DataFrame) -> pl.DataFrame:
    """Return the least months between the last two scans of a site; endless after a single scan."""
    dates = pl.col("date").unique().sort(descending=True)
    sites = bmd.group_by("patient", "site").agg(
        dates=dates.drop_nulls(), undated=pl.col("date").is_null().any(), scans=pl.len()
    )
    last, before = (pl.col("dates").list.get(place, null_on_oob=True) for place in (0, 1))
    months = months_between(before, last)
    unknown = pl.col("undated") & (pl.col("scans") > 1)
    between = pl.when(~unknown).then(months.fill_null(float("inf")))
    return (
        sites.with_columns(between=between)
        .group_by("patient")
        .agg(
            low=pl.when(pl.col("between").is_null().any()).then(None).otherwise(pl.col("between").min()),
            high=pl.col("between").min(),
        )
    )
