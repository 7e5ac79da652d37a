"""What a clinic's tables say of one patient, as rows to print: who, scans, fractures, exposures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.bmd import months_between
from spinegrade.patients.ages import years_between
from spinegrade.patients.contradictions import SUSPECT
from spinegrade.report.clinic_words import SEX_WORDS, SITE_WORDS, age, t_score, z_score

if TYPE_CHECKING:
    from datetime import date
    from typing import Any

    from spinegrade.osteoporosis.account import Account
    from spinegrade.patients.contradictions import Known
    from spinegrade.patients.reading import Patients


@frozen
class Scan:
    """A density at a site.

    ``usable`` is False where its record contradicts itself; ``low`` and ``high`` are the z-score's interval.
    """

    site: str
    date: date | None
    age: float | None
    device: str
    value: float | None
    z: float | None
    low: float | None
    high: float | None
    adjusted: float | None
    t: float | None
    reference: str
    usable: bool

    @property
    def where(self) -> str:
        """The site in words."""
        return SITE_WORDS.get(self.site, self.site or "site not said")

    @property
    def interval(self) -> str:
        """The interval of the z-score in words; empty where none is known."""
        return (
            "" if self.low is None or self.high is None else f" ({z_score(self.low)} to {z_score(self.high)})"
        )

    @property
    def scores(self) -> str:
        """The scores of the scan in words, with their date; empty where it has none."""
        said = [f"z {z_score(self.z)}{self.interval}" if self.z is not None else ""]
        said += [f"z for height {z_score(self.adjusted)}" if self.adjusted is not None else ""]
        said += [f"T {t_score(self.t)}" if self.t is not None else ""]
        words = ", ".join(filter(None, said))
        return f"{words} ({self.date.isoformat()})" if words and self.date else words


def who(account: Account, given: Patients) -> tuple[tuple[str, str], ...]:
    """Return what is known of a patient: names and words; never a name of a person."""
    rows = given.patients.filter(pl.col("patient") == account.patient).to_dicts()
    row = rows[0] if rows else dict.fromkeys(given.patients.columns)
    child = account.adult is False
    said = (
        ("Sex", SEX_WORDS.get(account.sex or "", "not known")),
        ("Age", _months(row["birth_date"], account) if child else age(account.age, months=False)),
        ("Exam", "no date" if account.date is None else account.date.isoformat()),
        ("Height", _number(row["height_cm"], "cm")),
        ("Weight", _number(row["weight_kg"], "kg")),
        ("Skeleton", row["skeletal_maturity"] or ""),
        ("Underlying disease", row["underlying_disease"] or ""),
    )
    return tuple((name, words) for name, words in said if words)


def _months(born: date | None, account: Account) -> str:
    """Return a child's age in years and whole months of the calendar, where the birth date tells them."""
    when = account.date
    if born is None or when is None:
        return age(account.age, months=True)
    years, months = divmod(int(months_between(np.datetime64(born), np.datetime64(when))), 12)
    return f"{years} years {months} months"


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g} {unit}"


def scans(account: Account, known: Known) -> tuple[Scan, ...]:
    """Return a patient's densities, site by site, the earliest first."""
    born, when = pl.col("birth_date"), pl.col("date")
    counted = years_between(born, when)
    on_exam = pl.when(when == pl.lit(account.date, pl.Date)).then("patient_age")
    rows = known.bmd.filter(pl.col("patient") == account.patient).with_columns(
        at=pl.coalesce(pl.when(counted >= 0).then(counted), on_exam)
    )
    return tuple(_scan(row) for row in rows.sort("site", "date", nulls_last=True).iter_rows(named=True))


def _scan(row: dict[str, Any]) -> Scan:
    parts = [row["reference"], row["reference_device"], row["conversion"] and f"by {row['conversion']}"]
    return Scan(
        site=row["site"] or "",
        date=row["date"],
        age=row["at"],
        device=row["device"] or "",
        value=row["value"],
        z=row["z"],
        low=row["z_low"],
        high=row["z_high"],
        adjusted=row["z_height_adjusted"],
        t=row["t"],
        reference=", ".join(part for part in parts if part),
        usable=not row[SUSPECT],
    )


def fractures(account: Account, known: Known) -> tuple[tuple[str, ...], ...]:
    """Return a patient's fracture ledger: site, long bone, age, mechanism, and whether it can be used."""
    rows = known.fractures.filter(pl.col("patient") == account.patient).sort("age_low", nulls_last=True)
    return tuple(
        (
            (row["site"] or "not said").replace("_", " "),
            {True: "yes", False: "no", None: "not known"}[row["long_bone"]],
            _fracture_age(row["age_low"], row["age_high"], row["date"]),
            row["mechanism"] or "not said",
            "contradicts itself: not used" if row[SUSPECT] else "",
        )
        for row in rows.iter_rows(named=True)
    )


def _fracture_age(low: float | None, high: float | None, on: date | None) -> str:
    """Return an age as far as it is known, as ``9.2 to 10.2 years``; the date where there is none."""
    if low is None and on is not None:
        return f"on {on.isoformat()}"
    if low is None or high is None or low >= high:
        return age(low, months=False)
    return f"{low:.1f} to {age(high, months=False)}"


def _span(begin: date | None, end: date | None) -> str:
    if begin is None and end is None:
        return ""
    return " to ".join("?" if one is None else one.isoformat() for one in (begin, end))


def exposures(account: Account, known: Known) -> tuple[tuple[str, ...], ...]:
    """Return a patient's exposures: what, agent, dose, from when to when, months, whether it can be used."""
    rows = known.exposures.filter(pl.col("patient") == account.patient)
    return tuple(
        (
            row["exposure"] or "not said",
            row["agent"] or "",
            ", ".join(filter(None, (_number(row["mg_per_day"], "mg a day"), _number(row["gray"], "Gy")))),
            _span(row["start_date"], row["end_date"]),
            _number(None if row["months"] is None else round(row["months"], 1), "months"),
            "contradicts itself: not used" if row[SUSPECT] else "",
        )
        for row in rows.iter_rows(named=True)
    )
