"""Sex and age of the people whose vertebrae were measured, and a norm that is used on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import field, frozen

from spinegrade.norms.table import SEXES, UNKNOWN, Norm
from spinegrade.patients.ages import years_between
from spinegrade.patients.reading import read_patients

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinegrade.patients.reading import Patients

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

_CODES = {"F": SEXES.index("female"), "M": SEXES.index("male")}


@frozen
class People:
    """Patients with ``sex`` (an index into `SEXES`), ``age`` and ``birth_date``, null where not known."""

    frame: pl.DataFrame = field(eq=False)

    @classmethod
    def of(cls, given: Patients) -> People:
        """Return the people of a clinic's tables."""
        sex = pl.col("sex").replace_strict(_CODES, return_dtype=pl.Int64)
        return cls(given.patients.select("patient", sex, "age", "birth_date"))

    def facts(self, patients: pl.Series, dates: pl.Series | None = None) -> tuple[Codes, Floats]:
        """Return sex and age in years of each patient, at these dates; `UNKNOWN` and NaN where not known.

        Where date of birth and date are known, the age is counted from them; else it is the given one.
        """
        asked = pl.DataFrame({"patient": patients.cast(pl.String)})
        day = pl.lit(None, pl.Date) if dates is None else dates.cast(pl.Date)
        joined = asked.with_columns(day.alias("_date")).join(
            self.frame, on="patient", how="left", maintain_order="left"
        )
        born = years_between(pl.col("birth_date"), pl.col("_date"))
        age = pl.when(born >= 0).then(born).when(born.is_null()).then("age")
        found = joined.select(pl.col("sex").fill_null(UNKNOWN), age.alias("age"))
        return found["sex"].to_numpy().astype(np.int64), found["age"].cast(pl.Float64).to_numpy()


def read_people(path: Path) -> People:
    """Return the people in a table of patients, or in that of a folder; other columns are passed over.

    Raises
    ------
    FormatError
        As `spinegrade.patients.reading.read_patients` does.
    """
    return People.of(read_patients(path, ignore_unknown=True, alone=True))


@frozen
class NormUse:
    """A norm to grade by, and the people to look up in it, where a table of them was given."""

    norm: Norm
    people: People | None = None

    def expected_ratios(self, patients: pl.Series, dates: pl.Series | None) -> Floats:
        """Return the ``(patients, 23, 3)`` ratios that heights are divided by, see `Norm.expected_ratios`."""
        sex, age = np.full(len(patients), UNKNOWN), np.full(len(patients), np.nan)
        if self.people is not None:
            sex, age = self.people.facts(patients, dates)
        return self.norm.expected_ratios(sex, age)
