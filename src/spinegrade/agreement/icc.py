"""Intraclass correlation of measurements: by analysis of variance without gaps, by REML with them.

Sources: see `anova` and `reml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import frozen

from spinegrade.agreement.anova import (
    ALIKE,
    FORMS,
    ONE_ITEM,
    Form,
    anova_icc,
    average_words,
    complete_sums,
    icc_name,
    spearman_brown,
)
from spinegrade.agreement.crossed import Layout, crossed_sums
from spinegrade.agreement.estimate import Analytic
from spinegrade.agreement.estimating import estimate
from spinegrade.agreement.intervals import normal_quantile
from spinegrade.agreement.reml import LARGEST, fit, follow
from spinegrade.agreement.resampling import Plan
from spinegrade.agreement.sums import Array, Statistic, Sums, ratio
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.agreement.estimate import Estimate
    from spinegrade.agreement.ratings import Ratings

    Floats = NDArray[np.float64]

By = Literal["auto", "anova", "reml"]
WAYS: tuple[By, ...] = ("auto", "anova", "reml")
DEFAULT = Plan()

_STEP = 1e-30


@frozen
class Components:
    """Variances of items, of readers and of the rest, in the square of the ratings' unit.

    None where there is not enough to tell them apart, with the ``reason``.
    """

    items: float | None
    readers: float | None
    rest: float | None
    reason: str | None = None


def icc(
    ratings: Ratings, form: Form = "A1", average_of: int = 1, by: By = "auto", plan: Plan = DEFAULT
) -> Estimate:
    """Return the intraclass correlation of one reading, or of the mean of ``average_of`` readings.

    ``by`` analysis of variance needs every item read by all readers; ``auto`` takes it where that is so,
    and REML elsewhere.  REML never goes below 0, analysis of variance may.

    Raises
    ------
    SpinegradeError
        If a word is unknown, ``average_of`` is below 1, or analysis of variance is asked for ratings with
        gaps.
    """
    _check(form, average_of, by)
    read = ratings.read_by(1)
    complete = bool(read.read.all()) and len(read.readers) > 1
    if by == "anova" and not complete and len(read.readers) > 1:
        msg = f"icc by anova: expected every item read by all {len(read.readers)} readers, got gaps"
        raise SpinegradeError(msg)
    reason = ONE_ITEM if len(read.values) == 1 else ALIKE
    if complete and by != "reml":
        statistic = anova_icc(form, len(read.readers), average_of, reason)
        return estimate(complete_sums(read), [statistic], plan)[0]
    layout, sums = crossed_sums(read)
    return estimate(sums, [reml_icc(layout, form, average_of, reason)], plan)[0]


def _check(form: str, average_of: int, by: str) -> None:
    for what, got, expected in (("form", form, FORMS), ("by", by, WAYS)):
        if got not in expected:
            msg = f"icc {what}: expected {', '.join(expected)}, got {got!r}"
            raise SpinegradeError(msg)
    if average_of < 1:
        msg = f"icc: expected the mean of 1 reading or more, got {average_of}"
        raise SpinegradeError(msg)


def reml_icc(layout: Layout, form: Form, average_of: int, reason: str = ALIKE) -> Statistic:
    """Return the intraclass correlation by fitted variances."""
    with_readers = form != "1"

    def function(sums: Array) -> Array:
        found = fit(np.atleast_2d(sums), layout, with_readers=with_readers)
        single = _single(form, found.t**2, found.s**2)
        return spearman_brown(single, average_of).reshape(sums.shape[:-1])

    def analytic(sums: Sums, _: float, level: float) -> Analytic | None:
        return _analytic(sums, layout, form, average_of, level)

    def slopes(total: Floats) -> Floats:
        found, moves = follow(total, layout, with_readers=with_readers)
        point = np.array([found.t[0], found.s[0]]) + 1j * _STEP * np.eye(2)
        by_point = spearman_brown(_single(form, point[:, 0] ** 2, point[:, 1] ** 2), average_of).imag / _STEP
        result: Floats = by_point @ moves
        return result

    return Statistic(
        icc_name(form, average_of),
        function,
        reason,
        about=average_words(average_of),
        analytic=analytic,
        bounds=(0.0, 1.0),
        slopes=slopes,
    )


def _single(form: Form, item: Array, reader: Array) -> Array:
    bounded = np.maximum(item.real, reader.real) >= LARGEST**2  # there is no rest beside a bound
    rest = np.where(bounded, 0.0, 1.0)
    return ratio(item, item + rest + (reader if form == "A1" else 0.0))


def _analytic(sums: Sums, layout: Layout, form: Form, average_of: int, level: float) -> Analytic | None:
    """Return limits on the logit scale, from the curvature of the likelihood; None for a variance of 0."""
    from scipy.special import expit

    found = fit(sums.total[None], layout, with_readers=form != "1")
    t, s = float(found.t[0]), float(found.s[0])
    curvature = found.curvature[0]
    if not 0.0 < t < LARGEST or np.linalg.det(curvature) <= 0:
        return None
    extra = s**2 if form == "A1" else 0.0
    slope = np.array([2.0 / t, -2.0 * s / (1.0 + extra) if form == "A1" else 0.0])
    error = float(np.sqrt(2.0 * slope @ np.linalg.solve(curvature, slope)))
    middle = np.log(t**2 / (1.0 + extra))
    logits = middle + normal_quantile(level) * error * np.array([-1.0, 1.0])
    low, high = spearman_brown(expit(logits), average_of)
    return Analytic(
        float(low), float(high), None, "likelihood, logit scale, items independent, readers random"
    )


def variance_components(ratings: Ratings) -> Components:
    """Return the variances of items, readers and the rest by REML.

    Examples
    --------
    >>> from spinegrade.agreement.ratings import rate
    >>> found = variance_components(rate([[9, 2], [6, 1], [8, 4], [7, 1], [10, float("nan")]]))
    >>> round(found.readers, 1)
    15.9
    """
    layout, sums = crossed_sums(ratings)
    if not sums.items:
        return Components(None, None, None, sums.nothing)
    found = fit(sums.total[None], layout)
    if np.isnan(found.rest[0]):
        return Components(None, None, None, ONE_ITEM if sums.items == 1 else ALIKE)
    rest = float(found.rest[0])
    return Components(float(found.t[0]) ** 2 * rest, float(found.s[0]) ** 2 * rest, rest)
