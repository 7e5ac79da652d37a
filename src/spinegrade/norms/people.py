"""Sex and age of the people whose vertebrae were measured, and a norm that is used on them.

A table of people has a row a patient: ``patient``, ``sex``, and ``age`` in years or ``birth_date``; other
columns are passed over.  A folder stands for the ``patients.csv`` in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import field, frozen

from spinegrade.errors import FormatError
from spinegrade.io.csv_text import read_dialect
from spinegrade.norms.table import UNKNOWN, Norm

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

_COLUMNS = ("patient", "sex", "age", "birth_date")
_SEX_WORDS = {"f": 0, "female": 0, "m": 1, "male": 1, "": UNKNOWN, "other": UNKNOWN, "unknown": UNKNOWN}
_DAYS_A_YEAR = 365.25
_OLDEST = 130


@frozen
class People:
    """Patients with ``sex`` (an index into `SEXES`), ``age`` and ``birth_date``, null where not known."""

    frame: pl.DataFrame = field(eq=False)

    def facts(self, patients: pl.Series, dates: pl.Series | None = None) -> tuple[Codes, Floats]:
        """Return sex and age in years of each patient, at these dates; `UNKNOWN` and NaN where not known.

        An age that was given goes before one from the date of birth.
        """
        asked = pl.DataFrame({"patient": patients.cast(pl.String)})
        day = pl.lit(None, pl.Date) if dates is None else dates.cast(pl.Date)
        joined = asked.with_columns(day.alias("_date")).join(
            self.frame, on="patient", how="left", maintain_order="left"
        )
        born = (pl.col("_date") - pl.col("birth_date")).dt.total_days() / _DAYS_A_YEAR
        found = joined.select(
            pl.col("sex").fill_null(UNKNOWN), pl.coalesce("age", pl.when(born >= 0).then(born)).alias("age")
        )
        return found["sex"].to_numpy().astype(np.int64), found["age"].cast(pl.Float64).to_numpy()


def read_people(path: Path) -> People:
    """Return the people in a table (.csv, .parquet) or in the ``patients.csv`` of a folder.

    Raises
    ------
    FormatError
        If it cannot be read, has no column ``patient``, a patient twice, or a sex or age that nobody has.
    """
    table = path / "patients.csv" if path.is_dir() else path
    raw = _raw(table)
    if "patient" not in raw.columns:
        msg = f"{table}: header: expected column 'patient', got {', '.join(raw.columns[:6])}"
        raise FormatError(msg)
    text = raw.select(
        (
            pl.col(name).cast(pl.String).str.strip_chars() if name in raw.columns else pl.lit(None, pl.String)
        ).alias(name)
        for name in _COLUMNS
    ).with_row_index("_row", offset=1)
    sex = pl.col("sex").fill_null("").str.to_lowercase().replace_strict(_SEX_WORDS, default=None)
    age = pl.col("age").replace("", None).str.replace(",", ".", literal=True)
    born = pl.col("birth_date").replace("", None)
    read = text.select(
        "_row",
        "patient",
        sex.cast(pl.Int64).alias("sex"),
        age.cast(pl.Float64, strict=False).alias("age"),
        born.str.to_date("%Y-%m-%d", strict=False).alias("birth_date"),
    )
    _check(text, read, table)
    return People(read.select(_COLUMNS))


def _raw(table: Path) -> pl.DataFrame:
    """Return the table as it is, text where it is CSV."""
    try:
        if table.suffix.lower() == ".parquet":
            return pl.read_parquet(table)
        dialect = read_dialect(table, _COLUMNS, ("age",))
        text = table.read_text(encoding=dialect.encoding)
        body = "\n".join(text.splitlines()[dialect.header_lines - 1 :])
        return pl.read_csv(
            body.encode(), separator=dialect.separator, infer_schema=False, truncate_ragged_lines=True
        ).select(pl.all().name.map(str.strip))
    except OSError as error:
        msg = f"{table}: expected a table of patients, got {error.strerror}"
        raise FormatError(msg) from error
    except pl.exceptions.PolarsError as error:
        msg = f"{table}: expected a table of patients, got: {str(error).splitlines()[0]}"
        raise FormatError(msg) from error


def _check(text: pl.DataFrame, read: pl.DataFrame, table: Path) -> None:
    """Refuse cells that say nothing that can be used."""
    rules = (
        ("patient", text["patient"].fill_null("") == "", "a value"),
        ("patient", text["patient"].is_duplicated(), "each patient once"),
        ("sex", read["sex"].is_null(), "F, M, female, male, other, unknown or nothing"),
        (
            "age",
            _lost(text["age"], read["age"]) | (read["age"] < 0) | (read["age"] > _OLDEST),
            "an age in years",
        ),
        ("birth_date", _lost(text["birth_date"], read["birth_date"]), "a date as in 2010-11-21"),
    )
    for name, wrong, wanted in rules:
        found = text.filter(wrong.fill_null(value=False)).select("_row", name).rows()
        if found:
            row, value = found[0]
            msg = f"{table}: patient {row}: {name}: expected {wanted}, got {value!r}"
            raise FormatError(msg)


def _lost(text: pl.Series, read: pl.Series) -> pl.Series:
    """Return where something was written and nothing could be read."""
    return (text.fill_null("") != "") & read.is_null()


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
