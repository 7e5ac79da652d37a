"""Forest plots and Bland-Altman plots, laid out; templates draw them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.agreement import FEW_CLUSTERS
from spinegrade.reader_agreement import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from spinegrade.agreement import Estimate, Ratings
    from spinegrade.reader_agreement import Analysis

    Floats = NDArray[np.float64]

MOST_POINTS = 1500
"""Points in a Bland-Altman plot; of more every so manieth is drawn."""

_TICKS = 6

WIDTH, HEIGHT = 460.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 12.0, 40.0
"""Room round the plot for its axes."""


@frozen
class Row:
    """A line of a forest plot; places are percent of its width, None where there is nothing to draw."""

    label: str
    words: str
    value: float | None
    low: float | None
    high: float | None
    counts: str
    few: bool
    reason: str | None


@frozen
class Forest:
    """Estimates below each other on one axis; ``zero`` is the place of 0, where that lies on it."""

    title: str
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]
    zero: float | None
    note: str


def forest(
    title: str, labelled: Iterable[tuple[str, Estimate]], analysis: Analysis, *, note: str = ""
) -> Forest | None:
    """Return a forest plot; None where no estimate has a value."""
    pairs = list(labelled)
    known = [v for _, one in pairs for v in (one.value, one.low, one.high) if v is not None]
    if not known:
        return None
    coefficient = words.unit(pairs[0][1], analysis) == "" and max(known) <= 1.0 and _is_share(pairs[0][1])
    low, high = (min(0.0, *known), 1.0) if coefficient else _round_zero(known)
    axis = _Axis(low, high)
    rows = tuple(_row(label, one, axis, analysis) for label, one in pairs)
    return Forest(title, rows, axis.ticks(), axis.place(0.0) if axis.low <= 0.0 <= axis.high else None, note)


def _is_share(one: Estimate) -> bool:
    return not one.statistic.startswith(("bias", "rms", "least", "sd_", "limit", "proportional", "point"))


def _round_zero(known: Sequence[float]) -> tuple[float, float]:
    """Return an axis that shows 0 in the middle of what may lie to both sides of it."""
    most = max(abs(one) for one in known) or 1.0
    return (0.0, 1.05 * most) if min(known) >= 0 else (-1.05 * most, 1.05 * most)


@frozen
class _Axis:
    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value lies, in percent, kept on the axis."""
        share = (value - self.low) / (self.high - self.low)
        return 100.0 * min(max(share, 0.0), 1.0)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        step = _step((self.high - self.low) / _TICKS)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        return tuple((self.place(n * step), f"{n * step + 0.0:.{places}f}") for n in range(first, last + 1))


def _step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is at least so much."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(n * power for n in (1.0, 2.0, 5.0, 10.0) if n * power >= least * (1 - 1e-9))


def _row(label: str, one: Estimate, axis: _Axis, analysis: Analysis) -> Row:
    value = words.number(one.value, words.digits(one, analysis))
    said = f"{value} ({words.interval(one, analysis)})" if one.low is not None else value
    middle, low, high = (None if v is None else axis.place(v) for v in (one.value, one.low, one.high))
    return Row(
        label=label,
        words=said,
        value=middle,
        low=low,
        high=high,
        counts=f"{one.n:,} / {one.clusters:,}",
        few=one.clusters < FEW_CLUSTERS,
        reason=words.reason(one),
    )


@frozen
class Line:
    """A horizontal line of a plot, its words, and the band of its interval."""

    y: float
    words: str
    band: tuple[float, float] | None


@frozen
class Differences:
    """A Bland-Altman plot of two readers."""

    title: str
    points: tuple[tuple[float, float], ...]
    lines: tuple[Line, ...]
    zero: float | None
    slope: tuple[tuple[float, float], tuple[float, float]] | None
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_words: str
    y_words: str
    shown: str


def differences(pair: Ratings, estimates: Sequence[Estimate], analysis: Analysis) -> Differences | None:
    """Return the plot of two readers, with its bias and limits; None for less than two common items."""
    if len(pair.values) < 2:
        return None
    apart, middle = pair.values[:, 0] - pair.values[:, 1], pair.values.mean(axis=1)
    named = {one.statistic: one for one in estimates}
    around = [
        one
        for name in ("limit_low", "limit_high")
        for one in (named[name].low, named[name].value, named[name].high)
    ]
    ys = np.array([*apart, 0.0, *(one for one in around if one is not None)])
    across, up = _padded(middle), _padded(ys)
    every = max(1, math.ceil(len(apart) / MOST_POINTS))
    unit = analysis.unit or ""
    unit = f", {unit}" if unit and unit != "fraction" else ""
    first, second = pair.readers
    shown = f"{len(apart):,} items" if every == 1 else f"every {every}th of {len(apart):,} items"
    return Differences(
        title=f"{first} and {second}",
        points=tuple(
            (_x(m, across), _y(a, up)) for m, a in zip(middle[::every], apart[::every], strict=True)
        ),
        lines=tuple(_lines(named, up, analysis)),
        zero=_y(0.0, up),
        slope=_slope(named, middle, across, up),
        x_ticks=tuple((LEFT + place / 100 * _WIDE, text) for place, text in across.ticks()),
        y_ticks=tuple((HEIGHT - BOTTOM - place / 100 * _TALL, text) for place, text in up.ticks()),
        x_words=f"Mean of the two{unit}",
        y_words=f"{first} less {second}{unit}",
        shown=shown,
    )


_WIDE, _TALL = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


def _padded(values: Floats) -> _Axis:
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 0.5
    return _Axis(low - margin, high + margin)


def _x(value: float, axis: _Axis) -> float:
    return LEFT + axis.place(value) / 100 * _WIDE


def _y(value: float, axis: _Axis) -> float:
    return HEIGHT - BOTTOM - axis.place(value) / 100 * _TALL


def _lines(named: dict[str, Estimate], up: _Axis, analysis: Analysis) -> Iterable[Line]:
    for name, said in (("limit_high", "upper limit"), ("bias", "bias"), ("limit_low", "lower limit")):
        one = named[name]
        if one.value is None:
            continue
        band = None if one.low is None or one.high is None else (_y(one.high, up), _y(one.low, up))
        yield Line(_y(one.value, up), f"{said} {words.number(one.value, words.digits(one, analysis))}", band)


def _slope(
    named: dict[str, Estimate], middle: Floats, across: _Axis, up: _Axis
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the line of proportional bias where its interval leaves out 0."""
    slope, start = named["proportional_bias"], named["proportional_intercept"]
    if slope.value is None or start.value is None or slope.low is None or slope.high is None:
        return None
    if slope.low * slope.high <= 0:
        return None
    ends = [float(middle.min()), float(middle.max())]
    left, right = ((_x(end, across), _y(start.value + slope.value * end, up)) for end in ends)
    return left, right
