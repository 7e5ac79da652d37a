"""A norm that was loaded: looked up for people of any number, by level, sex and age.

Arrays have the 23 `LEVELS` on their last axis.  Sexes are indices into `SEXES`, ages in years; where one is
missing (`UNKNOWN`, NaN) only rows that do without it answer.  Nothing is carried beyond the ages of a norm.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from spinegrade.anatomy import LEVELS, POSITIONS
from spinegrade.norms.lms import Curve, Lms
from spinegrade.norms.measures import NEIGHBOURS, PREDICTED, over_predicted, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

SEXES = ("female", "male")
UNKNOWN = -1
"""Sex of a person of whom it is not known."""

FORMS = ("mean-sd", "lms", "percentile")

WHY_NO_NORM = (
    "",
    "level not in the norm",
    "sex not known",
    "sex not in the norm",
    "age not known",
    "age outside the norm",
)
"""Why a norm has nothing to say; arrays hold the index."""

_LEVEL, _SEX, _NO_SEX, _AGE, _OUTSIDE = range(1, 6)
_ANY = "any"
_DECIMALS = 9
"""To which values are compared, as heights lost are with the bounds of grades."""


@frozen(slots=False)
class Norm:
    """A norm table and what its file says of itself.

    Attributes
    ----------
    id, revision, title, citation, licence
        Its name and where its numbers come from.
    form
        One of `FORMS`: mean and SD in bands of age, L, M and S at ages, or a percentile.
    sha256
        Of the file's bytes with Unix line ends.
    header
        Everything that stands at the head of the file.
    frame
        The rows, in the columns of `files.COLUMNS`.
    """

    id: str
    revision: int
    title: str
    citation: str
    licence: str
    form: str
    sha256: str
    header: dict[str, Any] = field(eq=False, repr=False)
    frame: pl.DataFrame = field(eq=False, repr=False)

    @property
    def stamp(self) -> str:
        """Name, revision and hash, as every result carries them."""
        return f"norm {self.id} revision {self.revision} sha256:{self.sha256}"

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The measures that it has, in the order of its rows."""
        return tuple(self.frame["measure"].unique(maintain_order=True))

    def lms(self, measure: str, sex: ArrayLike = UNKNOWN, age: ArrayLike = np.nan) -> Lms:
        """Return the ``(..., 23)`` L, M and S for people; NaN where the norm has none for them.

        A row for a sex goes before one for any.
        """
        of, years = _people(sex, age)
        found = np.full((3, *years.shape, len(LEVELS)), np.nan)
        for level, row_sex, part in self._parts(measure):
            here = _of_sex(of, row_sex)
            values = self._within(part, years)
            take = here & ~np.isnan(values[1])
            for place, one in enumerate(values):
                found[place, ..., level][take] = one[take]
        return Lms(*found)

    def z(self, measure: str, values: ArrayLike, sex: ArrayLike = UNKNOWN, age: ArrayLike = np.nan) -> Floats:
        """Return the z-scores of ``(..., 23)`` values of a measure."""
        return self.lms(measure, sex, age).z(values)

    def ratios(
        self, heights: ArrayLike, sex: ArrayLike = UNKNOWN, age: ArrayLike = np.nan
    ) -> dict[str, Floats]:
        """Return the ``(..., 23)`` ratios of ``(..., 23, 3)`` heights, one for each measure of the norm."""
        found = {name: ratio(name, heights) for name in self.measures if name not in PREDICTED}
        if set(PREDICTED) & set(self.measures):
            normal = {name: self.lms(name, sex, age).m for name in NEIGHBOURS}
            found |= over_predicted(heights, normal)
        return {name: found[name] for name in self.measures}

    def why(self, measure: str, sex: ArrayLike = UNKNOWN, age: ArrayLike = np.nan) -> NDArray[np.uint8]:
        """Return for people the ``(..., 23)`` index into `WHY_NO_NORM`; 0 where the norm answers."""
        of, years = _people(sex, age)
        shape = (*years.shape, len(LEVELS))
        has, ours, banded = (np.zeros(shape, dtype=bool) for _ in range(3))
        for level, row_sex, part in self._parts(measure):
            here = _of_sex(of, row_sex)
            has[..., level] = True
            ours[..., level] |= here
            banded[..., level] |= here & (part["age_from"].null_count() == 0)
        why = np.where(banded & np.isnan(years)[..., None], _AGE, _OUTSIDE)
        why = np.where(ours, why, np.where((of == UNKNOWN)[..., None], _SEX, _NO_SEX))
        why = np.where(has, why, _LEVEL)
        known = ~np.isnan(self._first(measure, sex, age))
        return np.where(known, 0, why).astype(np.uint8)

    def below(
        self, measure: str, values: ArrayLike, sex: ArrayLike = UNKNOWN, age: ArrayLike = np.nan
    ) -> Floats:
        """Return 1 where ``(..., 23)`` values lie below the percentile, 0 where not, NaN where unknown.

        A ratio of 0.893 is not below 0.893, whatever its last bits are.
        """
        line = self._first(measure, sex, age)
        given = np.asarray(values, dtype=float)
        unknown = np.isnan(given) | np.isnan(line)
        with np.errstate(invalid="ignore"):
            return np.where(unknown, np.nan, np.round(given, _DECIMALS) < np.round(line, _DECIMALS))

    def expected_ratios(self, sex: ArrayLike = UNKNOWN, age: ArrayLike = np.nan) -> Floats:
        """Return the ``(..., 23, 3)`` mean ratio of each height to the posterior one, as grading divides by.

        A position of which the norm knows nothing at any level stays as it is (1); a level, sex or age that
        it does not have is NaN.
        """
        found = {"posterior": None, "anterior": "wedge_ratio", "middle": "biconcave_ratio"}
        wedge = self.lms("wedge_ratio", sex, age).m
        sides = [
            self.lms(name, sex, age).m if name in self.measures else np.where(np.isnan(wedge), np.nan, 1.0)
            for name in (found[position] for position in POSITIONS)
        ]
        return np.stack(sides, axis=-1)

    def _first(self, measure: str, sex: ArrayLike, age: ArrayLike) -> Floats:
        """Return the ``(..., 23)`` median, or the percentile's value."""
        return self.lms(measure, sex, age).m

    def _parts(self, measure: str) -> Iterator[tuple[int, str, pl.DataFrame]]:
        """Yield level, sex and rows of a measure, rows for any sex first."""
        import polars as pl

        rows = self.frame.filter(pl.col("measure") == measure)
        parts = rows.partition_by("level", "sex", as_dict=True, maintain_order=True)
        for (level, sex), part in sorted(parts.items(), key=lambda item: item[0][1] != _ANY):
            yield LEVELS.index(level), sex, part

    def _within(self, part: pl.DataFrame, years: Floats) -> Floats:
        """Return the ``(3, ...)`` L, M and S of one level and sex at these ages."""
        if self.form == "lms":
            columns = (part[name].to_numpy() for name in ("age_from", "l", "m", "s"))
            lms = Curve(*columns).at(years)
            return np.stack([lms.l, lms.m, lms.s])
        found = np.full((3, *years.shape), np.nan)
        for low, high, *numbers in part.select("age_from", "age_to", "l", "m", "s").iter_rows():
            here = np.ones(years.shape, dtype=bool) if low is None else (years >= low) & (years < high)
            found[:, here] = np.array(numbers, dtype=float)[:, None]
        return found


def _of_sex(sex: NDArray[np.int64], wanted: str) -> NDArray[np.bool_]:
    """Return whom rows for a sex, or for any, are for."""
    if wanted == _ANY:
        return np.ones(sex.shape, dtype=bool)
    return np.asarray(sex == SEXES.index(wanted))


def _people(sex: ArrayLike, age: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    """Return sexes and ages of one shape."""
    of, years = np.broadcast_arrays(np.asarray(sex, dtype=np.int64), np.asarray(age, dtype=float))
    return of, years
