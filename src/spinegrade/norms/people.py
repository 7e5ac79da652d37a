"""Sex and age of the people whose vertebrae were measured, and a norm that is used on them."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import field, frozen

from spinegrade.errors import FormatError
from spinegrade.io.csv_text import read_dialect
from spinegrade.norms.table import SEXES, UNKNOWN, Norm
from spinegrade.patients.ages import OLDEST, last_day, years_between
from spinegrade.patients.columns import PATIENTS
from spinegrade.patients.reading import read_patients, table_files

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinegrade.patients.reading import Patients

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

_CODES = {"F": SEXES.index("female"), "M": SEXES.index("male")}


@frozen
class People:
    """Patients with ``sex`` (an index into `SEXES`), ``age`` with its ``date``, ``birth_date``, as known."""

    frame: pl.DataFrame = field(eq=False)

    @classmethod
    def of(cls, given: Patients) -> People:
        """Return the people of a clinic's tables."""
        sex = pl.col("sex").replace_strict(_CODES, return_dtype=pl.Int64)
        return cls(given.patients.select("patient", sex, "age", "date", "birth_date"))

    def facts(self, patients: pl.Series, dates: pl.Series | None = None) -> tuple[Codes, Floats]:
        """Return sex and age in years of each patient, at these dates; `UNKNOWN` and NaN where not known.

        Where date of birth and date are known, the age is counted from them; else it is the given one, older
        by the years since its own date.  It is not known where dates contradict each other, see `faults`.
        """
        found = self._at(patients, dates)
        return found["sex"].to_numpy().astype(np.int64), found["age"].cast(pl.Float64).to_numpy()

    def faults(self, patients: pl.Series, dates: pl.Series | None = None) -> pl.Series:
        """Return what is wrong with the dates of each patient at these dates, in words; null for nothing.

        They are those that `spinegrade.patients.contradictions` finds of an exam.
        """
        return self._at(patients, dates)["fault"]

    def _at(self, patients: pl.Series, dates: pl.Series | None) -> pl.DataFrame:
        """Return sex, age and fault of each patient at these dates."""
        asked = pl.DataFrame({"patient": patients.cast(pl.String)})
        day, last = pl.lit(None, pl.Date) if dates is None else dates.cast(pl.Date), pl.lit(last_day())
        joined = asked.with_columns(day.alias("_date")).join(
            self.frame, on="patient", how="left", maintain_order="left"
        )
        film, since, given = pl.col("_date"), pl.col("date"), pl.col("age")
        counted = years_between(pl.col("birth_date"), film)
        late = since > last
        grown = (
            pl.when(since.is_null() | (film.is_null() & ~late))
            .then(given)
            .when(~late)
            .then(given + years_between(since, film))
        )
        wrong = {
            "date of the exam after today": film > last,
            "date of the exam before the birth": (counted < 0) | (grown < -1),
            f"age over {OLDEST:g} at the exam": pl.max_horizontal(counted, grown) > OLDEST,
            "date of the age after today": late & counted.is_null() & given.is_not_null(),
        }
        fault = pl.coalesce(pl.when(where).then(pl.lit(words)) for words, where in wrong.items())
        age = pl.when(fault.is_null()).then(pl.coalesce(counted, grown.clip(0.0)))
        return joined.select(pl.col("sex").fill_null(UNKNOWN), age.alias("age"), fault.alias("fault"))


def read_people(path: Path) -> People:
    """Return the people in a table of patients, or in that of a folder; other columns are passed over.

    Raises
    ------
    FormatError
        As `spinegrade.patients.reading.read_patients` does; or if a column that would be passed over is
        called nearly as one that is not there, as ``Age``.
    """
    given = read_patients(path, ignore_unknown=True, alone=True)
    for file in table_files(path):
        if file == path or file.stem == PATIENTS:
            _refuse_nearly(file)
    return People.of(given)


_COLUMNS = ("sex", "age", "birth_date")
_NEAR = 0.8
"""How alike two names are of which one may be meant for the other; ``stage`` and ``age`` are 0.75."""


def _refuse_nearly(file: Path) -> None:
    given = _columns_of(file)
    absent = [name for name in _COLUMNS if name not in given]
    for column in given:
        plain = column.strip().lower().replace(" ", "_")
        near = get_close_matches(plain, absent, n=1, cutoff=_NEAR)
        if near:
            msg = f"{file}: header: expected {near[0]!r}, or a name less like it, got {column!r}"
            raise FormatError(msg)


def _columns_of(file: Path) -> list[str]:
    """Return the names of the columns of a table that could be read."""
    if file.suffix.lower() == ".parquet":
        return list(pl.read_parquet_schema(file))
    if file.suffix.lower() == ".json":
        return list(dict.fromkeys(name for entry in json.loads(file.read_bytes()) for name in entry))
    return read_dialect(file, ("patient", *_COLUMNS), ()).columns


@frozen
class NormUse:
    """A norm to grade by, and the people to look up in it, where a table of them was given."""

    norm: Norm
    people: People | None = None

    def expected_ratios(self, patients: pl.Series, dates: pl.Series | None) -> Floats:
        """Return the ``(patients, 23, 3)`` ratios that heights are divided by, see `Norm.expected_ratios`."""
        return self.norm.expected_ratios(*self.facts(patients, dates))

    def facts(self, patients: pl.Series, dates: pl.Series | None) -> tuple[Codes, Floats]:
        """Return sex and age as `People.facts`; not known without people."""
        if self.people is None:
            return np.full(len(patients), UNKNOWN), np.full(len(patients), np.nan)
        return self.people.facts(patients, dates)
