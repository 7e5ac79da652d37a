"""Bone mineral density in children and adults: z-scores, conversions, height, sites, intervals.

Arrays of any shape: values in g/cm2, ages in years, heights in cm, sexes as indices into `SEXES` with
`UNKNOWN`.  What is missing stays missing (NaN), what lies outside a reference is said in `WHY` and never
carried on.  There are no T-scores here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.bmd_sites import SITES
from spinegrade.errors import RuleError
from spinegrade.norms.table import SEXES, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spinegrade.bmd_registry import Bmad, Conversion, HeightAge
    from spinegrade.bmd_tables import BmdReference, HeightAdjustment

    Floats = NDArray[np.float64]

WHY = (
    "",
    "value missing",
    "sex not known",
    "age not known",
    "younger than the reference",
    "older than the reference",
    "site or sex not in the reference",
    "value outside the range of the conversion",
    "younger than the conversion was used at",
)
"""Why there is no z-score; arrays hold the index."""

_VALUE, _SEX, _AGE, _YOUNG, _OLD, _SITE, _RANGE, _TOO_YOUNG = range(1, 9)

WHY_NO_HEIGHT_AGE = (
    "",
    "height not known",
    "sex not known, or no equation of height age for it",
    "height outside the range of the equation of height age",
    "height age outside the years of its equation",
)
"""Why there is no height age; arrays hold the index."""

_NO_HEIGHT, _NO_EQUATION, _NOT_TALL, _BEYOND = range(1, 5)
_TWO_SIDED_95 = 1.959963984540054

_LUMBAR_FROM, _WHOLE_BODY_FROM = 0.0, 3.0
INTERVALS = ("", "dates out of order", "under 6 months", "6 to 12 months", "12 months or more")
"""What the time between two measurements comes to; the empty one where a date is missing."""


@frozen
class Converted:
    """Densities as another maker's device would give them.

    Attributes
    ----------
    value, sd
        ``(...)`` in g/cm2, and the SD that a person's value has from the conversion; NaN where refused.
    why
        ``(...)`` index into `WHY`.
    source
        Id of the conversion.
    """

    value: Floats
    sd: Floats
    why: NDArray[np.uint8]
    source: str


@frozen
class ZScores:
    """z-scores with what made them.

    Attributes
    ----------
    z, low, high
        ``(...)`` scores, and the ends of the 95 % interval that the conversion leaves; the score itself
        where there was none.
    why
        ``(...)`` index into `WHY`.
    reference, conversion
        Names of what was used; no conversion is an empty name.
    """

    z: Floats
    low: Floats
    high: Floats
    why: NDArray[np.uint8]
    reference: str
    conversion: str


@frozen
class Density:
    """Densities of one site in g/cm2, measured on devices of one maker."""

    values: ArrayLike
    site: str
    device: str


def convert_density(bmd: ArrayLike, conversion: Conversion, age: ArrayLike = np.nan) -> Converted:
    """Return densities converted from one maker's device to another's, with the error that this adds.

    A density outside the range of the source, or an age known to be below those that it was used at, gives
    NaN and the reason.
    """
    given, years = np.broadcast_arrays(np.asarray(bmd, dtype=float), np.asarray(age, dtype=float))
    why = np.where(np.isnan(given), _VALUE, 0).astype(np.uint8)
    for bound, outside in ((conversion.min_bmd, np.less), (conversion.max_bmd, np.greater)):
        if bound is not None:
            why[outside(given, bound)] = _RANGE
    if conversion.min_age is not None:
        why[(years < conversion.min_age) & (why == 0)] = _TOO_YOUNG
    value = np.where(why == 0, conversion.slope * given + conversion.intercept, np.nan)
    return Converted(value, conversion.standard_error * value, why, conversion.id)


def bmd_z(
    density: Density,
    reference: BmdReference,
    *,
    sex: ArrayLike,
    age: ArrayLike,
    conversion: Conversion | None = None,
    group: str = "",
) -> ZScores:
    """Return z-scores of densities for people of this sex and age, in a group of the reference if it has any.

    Raises
    ------
    RuleError
        If the reference is of another device and no conversion between the two for the site was named: no
        density is converted silently.
    """
    site = density.site
    _check_device(reference, density, conversion)
    given, of, years = np.broadcast_arrays(
        np.asarray(density.values, dtype=float), np.asarray(sex, dtype=np.int64), np.asarray(age, dtype=float)
    )
    given = np.where(given > 0, given, np.nan)
    sd, why = np.zeros(given.shape), np.where(np.isnan(given), _VALUE, 0).astype(np.uint8)
    if conversion is not None:
        converted = convert_density(given, conversion, years)
        given, sd, why = converted.value, converted.sd, converted.why
    lms = reference.lms(site, of, years, group)
    youngest, oldest = reference.ages(site, of, group)
    for place, wrong in (
        (_SITE, np.full(given.shape, not reference.has(site, group))),
        (_SEX, np.isnan(youngest) & (of == UNKNOWN)),
        (_AGE, np.isnan(years)),
        (_YOUNG, years < youngest),
        (_OLD, years > oldest),
        (_SITE, np.isnan(lms.m)),
    ):
        why[wrong & (why == 0)] = place
    z, low, high = (lms.z(given + side * _TWO_SIDED_95 * sd) for side in (0, -1, 1))
    return ZScores(z, low, high, why, reference.name, conversion.id if conversion else "")


def _check_device(reference: BmdReference, density: Density, conversion: Conversion | None) -> None:
    """Refuse a density of another device, or a conversion that does not lead to the reference."""
    site, device = density.site, density.device
    if conversion is None:
        if device != reference.device:
            msg = (
                f"{site}: expected a density of {reference.device or 'a device that is said'}, as reference "
                f"{reference.name} has, or a conversion named, got one of {device or 'an unknown device'}"
            )
            raise RuleError(msg)
        return
    wanted = (device, reference.device, site)
    leads = (conversion.from_device, conversion.to_device, conversion.site)
    if wanted != leads:
        msg = f"conversion {conversion.id}: expected from, to and site {wanted}, got {leads}"
        raise RuleError(msg)


def apparent_density(bmc: ArrayLike, area: ArrayLike, equation: Bmad) -> Floats:
    """Return the ``(...)`` bone mineral apparent density of mineral content in g and area in cm2.

    NaN where either is missing or not above 0.

    Raises
    ------
    RuleError
        If the equation has no exponent: none ships with one.
    """
    if equation.exponent is None:
        msg = f"BMAD {equation.id}: expected an exponent from its source, got none: {equation.note}"
        raise RuleError(msg)
    content, size = np.asarray(bmc, dtype=float), np.asarray(area, dtype=float)
    sound = (content > 0) & (size > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sound, content / size**equation.exponent, np.nan)


def height_age(height: ArrayLike, sex: ArrayLike, equations: tuple[HeightAge, ...]) -> Floats:
    """Return the ``(...)`` age in years at which a height in cm is the median.

    NaN as `why_no_height_age` says.  The child's own age does not enter: a girl of 17 may be as tall as girls
    of 7.
    """
    return _height_age(height, sex, equations)[0]


def why_no_height_age(
    height: ArrayLike, sex: ArrayLike, equations: tuple[HeightAge, ...]
) -> NDArray[np.uint8]:
    """Return the ``(...)`` index into `WHY_NO_HEIGHT_AGE` of why there is no height age; 0 where there is.

    Both the heights and the height ages of an equation have a range, that of its source: at the ends of the
    one, 85 cm in girls, it can leave the other.
    """
    return _height_age(height, sex, equations)[1]


def _height_age(
    height: ArrayLike, sex: ArrayLike, equations: tuple[HeightAge, ...]
) -> tuple[Floats, NDArray[np.uint8]]:
    cm, of = np.broadcast_arrays(np.asarray(height, dtype=float), np.asarray(sex, dtype=np.int64))
    found, why = np.full(cm.shape, np.nan), np.full(cm.shape, _NO_EQUATION, dtype=np.uint8)
    for one in equations:
        with np.errstate(invalid="ignore"):
            age = one.constant + one.slope * cm + one.root * np.sqrt(cm)
            tall = (cm >= one.min_height) & (cm <= one.max_height)
        here = of == SEXES.index(one.sex)
        aged = (age >= one.min_age) & (age <= one.max_age)
        why[here] = np.where(tall, np.where(aged, 0, _BEYOND), _NOT_TALL)[here]
        found[here & tall & aged] = age[here & tall & aged]
    why[np.isnan(cm)] = _NO_HEIGHT
    return found, why


def adjust_for_height(
    z: ArrayLike, height_z: ArrayLike, sex: ArrayLike, site: str, adjustment: HeightAdjustment
) -> Floats:
    """Return the ``(...)`` z less what the height-z leads one to expect, to be shown beside the z itself.

    Source: the approach of Zemel BS et al. 2010 (PMC2841534); its coefficients have to be loaded.
    """
    adjusted: Floats = np.asarray(z, dtype=float) - adjustment.expected(site, sex, height_z)
    return adjusted


def fit_height_adjustment(z: ArrayLike, height_z: ArrayLike) -> tuple[float, float]:
    """Return intercept and slope of z on height-z in normals, by least squares over the known pairs.

    Raises
    ------
    RuleError
        If fewer than three people have both, or all are of one height-z.
    """
    score, haz = np.broadcast_arrays(np.asarray(z, dtype=float), np.asarray(height_z, dtype=float))
    known = ~np.isnan(score) & ~np.isnan(haz)
    if known.sum() < 3 or np.ptp(haz[known]) == 0:
        msg = f"height adjustment: expected z and height-z of three people or more, got {int(known.sum())}"
        raise RuleError(msg)
    slope, intercept = np.polyfit(haz[known], score[known], 1)
    return float(intercept), float(slope)


def feasible(site: str, age: ArrayLike) -> Floats:
    """Return 1 where a site can be measured in a child of this age, 0 where not, NaN where no source says.

    The lumbar spine from birth, the whole body from 3 years (ISCD paediatric positions as a review of bone
    morbidity in leukaemia states them); nothing is stated of the extra sites.

    Raises
    ------
    RuleError
        If there is no such site.
    """
    if site not in SITES:
        msg = f"site: expected one of {', '.join(SITES)}, got {site!r}"
        raise RuleError(msg)
    years = np.asarray(age, dtype=float)
    first = {
        "lumbar_spine": _LUMBAR_FROM,
        "total_body_less_head": _WHOLE_BODY_FROM,
        "whole_body": _WHOLE_BODY_FROM,
    }
    start = first.get(site, np.nan)
    return np.where(np.isnan(years) | np.isnan(start), np.nan, years >= start)


def months_between(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return the ``(...)`` whole calendar months from one date to another; NaN where one is missing.

    Below 0 where the second is the earlier by a month or more.  A month is full on the day of its number, or
    on the month's last.
    """
    one, other = (np.asarray(dates, dtype="datetime64[D]") for dates in (first, second))
    missing = np.isnat(one) | np.isnat(other)
    backwards = other < one
    begin, end = np.where(backwards, other, one), np.where(backwards, one, other)
    month, last = begin.astype("datetime64[M]"), end.astype("datetime64[M]")
    day = (begin - month.astype("datetime64[D]")).astype(float)
    reached = (end - last.astype("datetime64[D]")).astype(float)
    length = ((last + 1).astype("datetime64[D]") - last.astype("datetime64[D]")).astype(float)
    months = (last - month).astype(float) - (reached < np.minimum(day, length - 1))
    return np.where(missing, np.nan, np.where(backwards, -months, months))


def interval(first: ArrayLike, second: ArrayLike) -> NDArray[np.uint8]:
    """Return the ``(...)`` index into `INTERVALS` of the time between two measurements.

    The least interval is 6 to 12 months (ISCD paediatric positions): under 6 is too soon, under 12 is worth
    saying.
    """
    one, other = (np.asarray(dates, dtype="datetime64[D]") for dates in (first, second))
    months = months_between(one, other)
    code = np.where(months < 6, 2, np.where(months < 12, 3, 4))
    code = np.where(other < one, 1, code)
    return np.where(np.isnat(one) | np.isnat(other), 0, code).astype(np.uint8)
