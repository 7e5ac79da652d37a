"""Small plots of a patient's course: loss of height by level, deformity index, BMD z-score."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from spinegrade.report.clinic_words import SITE_WORDS, Z_BOUNDS, z_score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from spinegrade.genant_rule import GenantRule
    from spinegrade.report.clinic_tables import Scan
    from spinegrade.report.findings import Examined

WIDTH, HEIGHT = 300.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, WIDTH - 16.0, 26.0, HEIGHT - 24.0
"""Where the axes of a plot lie."""

MOST_LEVELS = 6
(LOW_Z,) = Z_BOUNDS
"""The bound of ISCD's rules, drawn as a line."""

_STEPS = (0.5, 1, 2, 5, 10, 20)
_MOST_TICKS = 6


@frozen
class Dot:
    """A value: where it lies, its own range where it has one, its colour, and what it is."""

    x: float
    y: float
    low: float | None
    high: float | None
    kind: str
    words: str


@frozen
class Plot:
    """A plot in coordinates of the page; ``bands`` are top, bottom and colour, ``marks`` lines with words.

    ``legend`` has kinds of dots and what they stand for.
    """

    title: str
    unit: str
    lines: tuple[tuple[tuple[float, float], ...], ...]
    dots: tuple[Dot, ...]
    x_ticks: tuple[tuple[float, str, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    bands: tuple[tuple[float, float, str], ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
    note: str = ""
    legend: tuple[tuple[str, str], ...] = ()


@frozen
class _Value:
    """A value before it is drawn; those of one ``series`` are joined by a line."""

    series: object
    x: float
    y: float
    words: str
    kind: str = "plain"
    low: float | None = None
    high: float | None = None


@frozen
class _Frame:
    """The part of the plane that a plot shows."""

    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        """Return where a value lies across; in the middle where there is but one."""
        if self.right == self.left:
            return (LEFT + RIGHT) / 2
        inner = 10.0
        return LEFT + inner + (value - self.left) / (self.right - self.left) * (RIGHT - LEFT - 2 * inner)

    def y(self, value: float) -> float:
        """Return where a value lies, kept within the frame."""
        share = (value - self.low) / (self.high - self.low)
        return BOTTOM - min(max(share, 0.0), 1.0) * (BOTTOM - TOP)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return the values written at the axis."""
        step = next((one for one in _STEPS if (self.high - self.low) / one <= _MOST_TICKS), _STEPS[-1])
        count = range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)
        return tuple((self.y(n * step), f"{n * step:g}") for n in count)


def trends(
    examined: Sequence[Examined], scans: Sequence[Scan], rule: GenantRule, *, bound: bool = True
) -> tuple[Plot, ...]:
    """Return the plots that there is something to draw for; grades need two dates.

    ``bound`` draws the z-score of -2.0, which is one of the rules for children.
    """
    dated = [one for one in examined if one.reading.exam.date is not None]
    plots = []
    if len({one.reading.exam.date for one in dated}) > 1:
        plots = [*_losses(dated, rule), *_index(dated)]
    return (*plots, *_density(scans, bound=bound))


def _series(one: Examined) -> tuple[str, int]:
    return one.reading.reader, one.reading.occasion


def _day(one: Examined) -> date:
    when = one.reading.exam.date
    if when is None:  # pragma: no cover  only dated exams are drawn
        raise ValueError
    return when


def _losses(dated: Sequence[Examined], rule: GenantRule) -> list[Plot]:
    """Return a plot for each of the levels that were fractured, those with most loss first."""
    worst: dict[str, float] = {}
    for one in dated:
        for vertebra in one.vertebrae:
            if vertebra.fractured:
                loss = vertebra.row["height_loss"]
                worst[vertebra.level] = max(worst.get(vertebra.level, 0.0), loss)
    chosen = sorted(worst, key=lambda level: -worst[level])[:MOST_LEVELS]
    return [_loss(level, dated, rule) for level in sorted(chosen, key=list(worst).index)]


def _loss(level: str, dated: Sequence[Examined], rule: GenantRule) -> Plot:
    values = [
        _Value(
            _series(one),
            _day(one).toordinal(),
            vertebra.row["height_loss"] * 100,
            f"{level}, {_day(one)}, {one.reading.reader} ({one.reading.occasion}): "
            f"{vertebra.row['height_loss'] * 100:.1f} %, grade {vertebra.row['grade']}",
            f"g-{vertebra.row['grade']}",
        )
        for one in dated
        for vertebra in one.vertebrae
        if vertebra.level == level and vertebra.row["grade"] is not None
    ]
    bounds = [bound * 100 for bound in rule.bands]
    frame = _frame(values, 0.0, max([bounds[-1] + 10, *(one.y + 5 for one in values)]))
    bands = tuple(
        (frame.y(top), frame.y(bottom), f"g-{grade}")
        for grade, (bottom, top) in enumerate(zip(bounds, [*bounds[1:], frame.high], strict=True), 1)
    )
    plot = _plot(f"{level}: loss of height", "%", values, frame, _dates(dated, frame))
    return evolve(plot, bands=bands)


def _index(dated: Sequence[Examined]) -> list[Plot]:
    values = [
        _Value(
            _series(one),
            _day(one).toordinal(),
            one.summary["sdi_low"],
            f"{_day(one)}, {one.reading.reader} ({one.reading.occasion}): {one.summary['sdi_low']}"
            + (f" to {one.summary['sdi_high']}" if one.summary["sdi_high"] != one.summary["sdi_low"] else ""),
            low=one.summary["sdi_low"],
            high=one.summary["sdi_high"],
        )
        for one in dated
    ]
    frame = _frame(values, 0.0, max([4.0, *(one.high or 0 for one in values)]) + 1)
    note = "Upright lines: what it could be, as levels are missing." if _has_range(values) else ""
    plot = _plot("Spinal deformity index", "", values, frame, _dates(dated, frame))
    return [evolve(plot, note=note)]


def _density(scans: Sequence[Scan], *, bound: bool) -> list[Plot]:
    """Return the z-scores of all sites over age; those that cannot be used, or have no age, are left out."""
    usable = [one for one in scans if one.usable and one.age is not None and one.z is not None]
    if not usable:
        return []
    values = [
        _Value(
            one.site,
            one.age or 0.0,
            one.z or 0.0,
            f"{one.where}, age {one.age:.1f}: z {z_score(one.z or 0.0)}{one.interval}",
            kind=f"s-{list(SITE_WORDS).index(one.site) if one.site in SITE_WORDS else len(SITE_WORDS)}",
            low=one.low,
            high=one.high,
        )
        for one in usable
    ]
    reach = [end for one in values for end in (one.y, one.low, one.high) if end is not None]
    frame = _frame(values, math.floor(min([LOW_Z - 1, *reach])), math.ceil(max([1.0, *reach])))
    ages = sorted({one.x for one in values})
    shown = ages if len(ages) <= 4 else [ages[0], ages[len(ages) // 2], ages[-1]]
    ticks = tuple((frame.x(age), f"{age:.1f}", _anchor(age, ages)) for age in shown)
    plot = _plot("BMD z-score by age", "years", values, frame, ticks)
    legend = dict.fromkeys((value.kind, scan.where) for value, scan in zip(values, usable, strict=True))
    marks = ((frame.y(LOW_Z), f"{LOW_Z:.1f}"),) if bound else ()
    return [evolve(plot, marks=marks, legend=tuple(legend))]


def _has_range(values: Sequence[_Value]) -> bool:
    return any(one.low != one.high for one in values)


def _frame(values: Sequence[_Value], low: float, high: float) -> _Frame:
    xs = [one.x for one in values]
    return _Frame(min(xs), max(xs), low, high)


def _dates(dated: Sequence[Examined], frame: _Frame) -> tuple[tuple[float, str, str], ...]:
    days = sorted({_day(one) for one in dated})
    shown = days if len(days) <= 3 else [days[0], days[len(days) // 2], days[-1]]
    return tuple((frame.x(day.toordinal()), day.isoformat(), _anchor(day, days)) for day in shown)


def _anchor(one: object, every: Sequence[object]) -> str:
    """Return how a tick's words lie, so that none runs out of the plot."""
    if len(every) == 1 or one not in (every[0], every[-1]):
        return "middle"
    return "start" if one == every[0] else "end"


def _plot(
    title: str,
    unit: str,
    values: Sequence[_Value],
    frame: _Frame,
    x_ticks: tuple[tuple[float, str, str], ...],
) -> Plot:
    series: dict[object, list[_Value]] = {}
    for one in sorted(values, key=lambda value: value.x):
        series.setdefault(one.series, []).append(one)
    lines = (tuple((frame.x(one.x), frame.y(one.y)) for one in each) for each in series.values())
    dots = tuple(
        Dot(
            frame.x(one.x),
            frame.y(one.y),
            None if one.low is None or one.low == one.high else frame.y(one.low),
            None if one.high is None or one.low == one.high else frame.y(one.high),
            one.kind,
            one.words,
        )
        for one in values
    )
    joined = tuple(line for line in lines if len(line) > 1)
    return Plot(title, unit, joined, dots, x_ticks, frame.ticks())
