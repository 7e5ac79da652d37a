"""Intraclass correlation of complete ratings, by analysis of variance.

Forms after McGraw and Wong: ``1`` takes the readings of an item for interchangeable, ``A1`` is absolute
agreement and ``C1`` consistency of readers who are the same for all items.

Sources: Shrout PE, Fleiss JL, Psychol Bull 1979;86:420, doi 10.1037/0033-2909.86.2.420; McGraw KO, Wong
SP, Psychol Methods 1996;1:30, doi 10.1037/1082-989X.1.1.30 (with the correction on page 390).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import frozen

from spinegrade.agreement.estimate import Analytic
from spinegrade.agreement.sums import Array, Statistic, Sums, add_up_items, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.agreement.ratings import Ratings

    Floats = NDArray[np.float64]

Form = Literal["1", "A1", "C1"]
FORMS: tuple[Form, ...] = ("1", "A1", "C1")

ALIKE = "all ratings are the same, so there is no variance to divide"
ONE_ITEM = "one item does not say how items differ"
_ROUNDING = 1e-13


@frozen
class Squares:
    """Mean squares of complete ratings, and the number of items, each ``(...)``."""

    items: Array
    readers: Array
    rest: Array
    within: Array
    number: Array


def complete_sums(ratings: Ratings) -> Sums:
    """Return the sums of ratings without gaps: items, reader totals, squares of item totals, squares."""
    values = ratings.values - (ratings.values.mean() if ratings.values.size else 0.0)
    total = values.sum(axis=1)
    items = np.column_stack([np.ones(len(values)), values, total**2, (values**2).sum(axis=1)])
    return add_up_items(items, ratings.clusters, "no item was read by all readers")


def mean_squares(sums: Array) -> Squares:
    """Return the mean squares of ``(..., 3 + readers)`` sums, those of rounding error as 0."""
    number, by_reader = sums[..., 0], sums[..., 1:-2]
    readers = by_reader.shape[-1]
    raw = sums[..., -1]
    middle = ratio(by_reader.sum(axis=-1) ** 2, number * readers)
    over_items = sums[..., -2] / readers - middle
    over_readers = ratio((by_reader**2).sum(axis=-1), number) - middle
    within = raw - sums[..., -2] / readers
    rest = within - over_readers
    freedom = number - 1.0
    clean = [
        np.where(one.real <= _ROUNDING * raw.real, 0.0, one)
        for one in (over_items, over_readers, rest, within)
    ]
    return Squares(
        items=ratio(clean[0], freedom),
        readers=clean[1] / (readers - 1.0),
        rest=ratio(clean[2], freedom * (readers - 1.0)),
        within=ratio(clean[3], number * (readers - 1.0)),
        number=number,
    )


def anova_icc(form: Form, readers: int, average_of: int, reason: str = ALIKE) -> Statistic:
    """Return the intraclass correlation of one reading, or of the mean of several, by mean squares."""

    def function(sums: Array) -> Array:
        single = _single(form, mean_squares(sums), readers)
        return spearman_brown(single, average_of)

    def analytic(sums: Sums, _: float, level: float) -> Analytic | None:
        limits = _limits(form, mean_squares(sums.total), readers, level)
        if limits is None:
            return None
        low, high = (float(spearman_brown(np.asarray(one), average_of)) for one in limits)
        return Analytic(low, high, None, "F distribution, items independent")

    return Statistic(
        icc_name(form, average_of),
        function,
        reason,
        about=average_words(average_of),
        analytic=analytic,
        bounds=(-np.inf, 1.0),
    )


def icc_name(form: Form, average_of: int) -> str:
    """Return the name of the statistic: ``icc_a1`` of one reading, ``icc_ak`` of a mean of several."""
    name = form.lower() if average_of == 1 else form.lower().replace("1", "k")
    return f"icc_{name}"


def average_words(average_of: int) -> str | None:
    """Return what the correlation is about; None for single readings."""
    return None if average_of == 1 else f"mean of {average_of} readings"


def spearman_brown(single: Array, average_of: int) -> Array:
    """Return the correlation of means of so many readings, from that of one."""
    return ratio(average_of * single, 1.0 + (average_of - 1.0) * single)


def _single(form: Form, squares: Squares, readers: int) -> Array:
    if form == "1":
        between, error = squares.items - squares.within, squares.within
        return ratio(between, squares.items + (readers - 1.0) * error)
    between, error = squares.items - squares.rest, squares.rest
    whole = squares.items + (readers - 1.0) * error
    if form == "A1":
        whole = whole + readers * ratio(squares.readers - error, squares.number)
    return ratio(between, whole)


def _limits(form: Form, squares: Squares, readers: int, level: float) -> tuple[float, float] | None:
    """Return the limits of a single reading's; None without error or without two items."""
    number = float(squares.number)
    error = float(squares.within if form == "1" else squares.rest)
    if number < 2 or not error > 0:
        return None
    if form == "A1":
        return _absolute_limits(squares, readers, level)
    freedom = (number - 1.0, number * (readers - 1.0) if form == "1" else (number - 1.0) * (readers - 1.0))
    seen = float(squares.items) / error
    low, high = seen / _f(freedom, level), seen * _f(freedom[::-1], level)
    return (low - 1.0) / (low + readers - 1.0), (high - 1.0) / (high + readers - 1.0)


def _absolute_limits(squares: Squares, readers: int, level: float) -> tuple[float, float]:
    """Return McGraw and Wong's limits of ICC(A,1), with Satterthwaite's degrees of freedom."""
    number = float(squares.number)
    between, columns, rest = float(squares.items), float(squares.readers), float(squares.rest)
    value = float(_single("A1", squares, readers))
    pull = readers * value / (number * (1.0 - value))
    push = 1.0 + readers * value * (number - 1.0) / (number * (1.0 - value))
    top = (pull * columns + push * rest) ** 2
    bottom = (pull * columns) ** 2 / (readers - 1.0) + (push * rest) ** 2 / ((number - 1.0) * (readers - 1.0))
    freedom = top / bottom
    low, high = _f((number - 1.0, freedom), level), _f((freedom, number - 1.0), level)
    spread = readers * columns + (readers * number - readers - number) * rest
    return (
        number * (between - low * rest) / (low * spread + number * between),
        number * (high * between - rest) / (spread + number * high * between),
    )


def _f(freedom: tuple[float, float], level: float) -> float:
    from scipy.stats import f

    return float(f.ppf((1.0 + level) / 2.0, *freedom))
