"""z-scores from L, M and S: skewness, median and coefficient of variation at an age.

Source: Cole's LMS formula, as several public growth programs have it.  A mean and an SD are the case L = 1,
S = SD / mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_NEAR_ZERO = 1e-6
"""An L so close to 0 is the logarithm."""


@frozen
class Lms:
    """L, M and S as arrays of one shape; NaN where the norm has none."""

    l: Floats  # noqa: E741  the L of LMS
    m: Floats
    s: Floats

    def z(self, values: ArrayLike) -> Floats:
        """Return the z-scores of values; NaN where a value is missing or not above 0, or the norm has none.

        Examples
        --------
        >>> Lms(np.array(1.0), np.array(0.95), np.array(0.05 / 0.95)).z(0.85).round(6).item()
        -2.0
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.asarray(values, dtype=float) / self.m
            ratio = np.where(ratio > 0, ratio, np.nan)
            power = (ratio**self.l - 1.0) / (self.l * self.s)
            z: Floats = np.where(np.abs(self.l) < _NEAR_ZERO, np.log(ratio) / self.s, power)
        return z

    def value(self, z: ArrayLike) -> Floats:
        """Return the values that have these z-scores; NaN where no value has."""
        wanted = np.asarray(z, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            base = 1.0 + self.l * self.s * wanted
            power = np.where(base > 0, base, np.nan) ** (1.0 / self.l)
            factor = np.where(np.abs(self.l) < _NEAR_ZERO, np.exp(self.s * wanted), power)
        value: Floats = self.m * factor
        return value


@frozen
class Curve:
    """L, M and S at ages that rise, between which they run straight."""

    ages: Floats
    l: Floats  # noqa: E741
    m: Floats
    s: Floats

    def at(self, age: ArrayLike) -> Lms:
        """Return L, M and S at these ages; NaN outside the curve and where the age is missing."""
        years = np.asarray(age, dtype=float)
        ends = {"left": np.nan, "right": np.nan}
        return Lms(
            *(np.asarray(np.interp(years, self.ages, one, **ends)) for one in (self.l, self.m, self.s))
        )
