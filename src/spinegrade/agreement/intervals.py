"""Intervals by formula that take items for independent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.agreement.estimate import Analytic

if TYPE_CHECKING:
    from spinegrade.agreement.sums import Sums


def normal_quantile(level: float) -> float:
    """Return how many SD to each side a normal interval of this confidence reaches."""
    from scipy.special import ndtri

    return float(ndtri((1.0 + level) / 2.0))


def wilson_limits(share: float, number: float, level: float) -> tuple[float, float]:
    """Return Wilson's interval of a share seen in so many; it has a width even for 0 and 1.

    Source: Wilson EB, J Am Stat Assoc 1927;22:209, doi 10.1080/01621459.1927.10502953; recommended by
    Newcombe RG, Stat Med 1998;17:857, doi
    10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E.
    """
    z = normal_quantile(level)
    middle = (share + z * z / (2.0 * number)) / (1.0 + z * z / number)
    reach = z / (1.0 + z * z / number) * (share * (1.0 - share) / number + z * z / (4.0 * number**2)) ** 0.5
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def wilson(sums: Sums, value: float, level: float) -> Analytic:
    """Return Wilson's interval of a share of the items."""
    number = sums.items if sums.used is None else sums.used
    low, high = wilson_limits(value, number, level)
    return Analytic(low, high, (value * (1.0 - value) / number) ** 0.5, "Wilson, items independent")


def student_quantile(level: float, freedom: float) -> float:
    """Return how many SE to each side an interval by Student's t reaches."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1.0 + level) / 2.0))


def spread_limits(value: float, freedom: float, level: float) -> tuple[float, float]:
    """Return the limits of an SD with so many degrees of freedom, by the chi-squared distribution."""
    from scipy.special import chdtri

    low, high = (
        (freedom / float(chdtri(freedom, tail))) ** 0.5 for tail in ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    )
    return value * low, value * high
