"""What a cohort comes to: new fractures over time, at which levels, and how soon fractures reshape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade import __version__
from spinegrade.anatomy import LEVELS
from spinegrade.errors import ReadingError
from spinegrade.followup.compare import Compared, months_between
from spinegrade.followup.outcome import INCIDENT
from spinegrade.followup.outcome import INDETERMINATE as NOT_TOLD
from spinegrade.survival import METHOD, RATE_METHOD, event_rate, kaplan_meier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from spinegrade.followup.compare import Courses

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

COHORT_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("statistic", "about"), pl.String),
    **dict.fromkeys(("months", "value", "low", "high"), pl.Float64),
    **dict.fromkeys(("n", "at_risk", "events"), pl.Int64),
    **dict.fromkeys(("method", "rule", "reshaping_rule", "version"), pl.String),
}
"""Columns of the figures of a cohort, a figure a row; values are fractions.

``n`` are all that were followed, ``at_risk`` those still without the event and under observation just before
that month, ``events`` all up to it.
"""

_INDEPENDENT = "; vertebrae of one patient taken as independent: the interval is too narrow"
_YEARS = 100 * 12.0
"""Months in a hundred years."""


@frozen(eq=False)
class Times:
    """``(n,)`` months that somebody was followed, and whether that ended with the event."""

    months: Floats
    event: Booleans


def cohort_rows(compared: Sequence[Compared]) -> pl.DataFrame:
    """Return the figures of a cohort, in `COHORT_SCHEMA`.

    Raises
    ------
    ReadingError
        If a patient was read by several readers, or on several occasions.
    """
    for one in compared:
        _refuse_several(one)
    rows = [
        *_incidence(_joined([time_to_fracture(one) for one in compared])),
        *_reshaping(compared),
        *_levels(compared),
    ]
    asking = compared[0].asking
    made = {"rule": asking.follow_up_rule.stamp, "reshaping_rule": asking.reshaping_rule.stamp}
    return pl.DataFrame([{**row, **made, "version": __version__} for row in rows], schema=COHORT_SCHEMA)


def _refuse_several(compared: Compared) -> None:
    readings = compared.paired.readings
    several = readings.filter(pl.col("series").n_unique().over("patient") > 1)
    if several.height:
        patient = several["patient"][0]
        names = ", ".join(several.filter(pl.col("patient") == patient)["reader"].unique().sort())
        msg = f"cohort: expected one reader and occasion a patient, got several of patient {patient} "
        msg += f"(by {names}); --reader and --occasion choose"
        raise ReadingError(msg)


def _joined(parts: Sequence[Times]) -> Times:
    return Times(np.concatenate([one.months for one in parts]), np.concatenate([one.event for one in parts]))


def time_to_fracture(compared: Compared) -> Times:
    """Return, for every patient, the months to the film with the first new fracture, or to the last film.

    Pairs of which no level can be told do not count as time without a fracture, if they are the last.
    """
    first, second = compared.rows
    readings = compared.paired.readings
    series, film = readings["series"].to_numpy(), readings["film"].to_numpy()
    months = months_between(compared.paired, second - film[second], second)
    read = compared.first.read | compared.second.read
    told = ((compared.outcome != NOT_TOLD) & read).any(axis=1)
    new = (compared.outcome == INCIDENT).any(axis=1)
    count = int(series.max(initial=-1)) + 1
    ends, begins = np.full(count, -np.inf), np.full(count, np.inf)
    np.maximum.at(ends, series[first[told]], months[told])
    np.minimum.at(begins, series[first[new]], months[new])
    event = np.isfinite(begins)
    followed = np.isfinite(ends)
    return Times(np.where(event, begins, ends)[followed], event[followed])


def time_to_reshaping(compared: Compared) -> tuple[Times, Times]:
    """Return, for every fracture and every patient with one, the months until none is left, or the last film.

    A fracture is followed from the first film that shows it to the first that shows the level reshaped
    completely, so at least the reshaping rule's months later; a patient from the first film that shows any to
    the first on which every fracture is, and no level that was read was never graded.
    """
    courses = compared.courses
    grades, months, film = courses.grades, courses.months, courses.episodes.film
    last = np.where(np.isnan(months), -1, np.arange(months.shape[1])).max(axis=1)
    following = np.concatenate([film[:, 1:], np.full((len(film), 1, film.shape[2]), -2)], axis=1)
    ends = (film >= 0) & (following != film)
    series, place, level = np.nonzero(ends)
    nxt = np.minimum(place + 1, last[series])
    healed = (nxt > place) & (film[series, nxt, level] < 0) & ~courses.renamed[series, nxt]
    until = np.where(healed, nxt, _last_graded(grades)[series, place, level])
    start = film[series, place, level]
    vertebrae = _followed(months[series, until] - months[series, start], healed)
    return vertebrae, _of_patients(courses)


def _last_graded(grades: Floats) -> NDArray[np.int64]:
    """Return for each film the number of the last one, up to it, on which the level was graded."""
    place = np.where(np.isnan(grades), 0, np.arange(grades.shape[1])[None, :, None])
    last: NDArray[np.int64] = np.maximum.accumulate(place, axis=1)
    return last


def _of_patients(courses: Courses) -> Times:
    months, there = courses.months, ~np.isnan(courses.months)
    film = np.arange(months.shape[1])
    begin = np.where(courses.fractured, film, len(film)).min(axis=1, initial=len(film))
    free = courses.whole & (film > begin[:, None])
    heal = np.where(free, film, len(film)).min(axis=1, initial=len(film))
    last = np.where(there, film, -1).max(axis=1, initial=-1)
    has = begin < len(film)
    healed = heal < len(film)
    until = np.where(healed, heal, last)[has]
    row = np.flatnonzero(has)
    return _followed(months[row, until] - months[row, begin[has]], healed[has])


def _followed(months: Floats, event: Booleans) -> Times:
    """Return the times without those of whom there is no later film."""
    later = months > 0
    return Times(months[later], event[later])


_Row = dict[str, object]


def _incidence(times: Times) -> Iterator[_Row]:
    """Yield the share with a new fracture at each time at which there was one, and the rate."""
    yield from _curve("incidence", "first new fracture, patients", times, METHOD)
    total = float(times.months.sum())
    if total > 0:
        rate = event_rate(int(times.event.sum()), total / _YEARS)
        yield {
            "statistic": "incidence_rate",
            "about": "patients with a new fracture in 100 patient-years",
            "months": None,
            "value": rate.value,
            "low": rate.low,
            "high": rate.high,
            "n": len(times.months),
            "at_risk": None,
            "events": rate.events,
            "method": RATE_METHOD,
        }


def _reshaping(compared: Sequence[Compared]) -> Iterator[_Row]:
    every = [time_to_reshaping(one) for one in compared]
    vertebrae, patients = (_joined([one[which] for one in every]) for which in (0, 1))
    yield from _curve("reshaped", "fractured vertebrae", vertebrae, METHOD + _INDEPENDENT)
    yield from _curve("reshaped", "patients, all vertebrae", patients, METHOD)


def _curve(statistic: str, about: str, times: Times, method: str) -> Iterator[_Row]:
    """Yield the share that had the event, at each time of one, and the median time."""
    if not len(times.months):
        return
    found = kaplan_meier(times.months, times.event)
    events = np.cumsum(found.events)
    shares = (1 - one for one in (found.survival, found.high, found.low))
    for at, value, low, high, left, had in zip(found.times, *shares, found.at_risk, events, strict=True):
        share, counts = (float(value), float(low), float(high)), (found.n, int(left), int(had))
        yield _figure(statistic, about, float(at), share, counts, method)
    median = found.median
    nothing = (None, None, None)
    at_median = None if np.isnan(median) else median
    yield _figure(
        f"median_months_{statistic}",
        about,
        at_median,
        nothing,
        (found.n, None, int(events[-1]) if len(events) else 0),
        method,
    )


def _figure(
    statistic: str,
    about: str,
    months: float | None,
    value: tuple[float | None, float | None, float | None],
    counts: tuple[int, int | None, int],
    method: str,
) -> _Row:
    numbers = (None if one is None or np.isnan(one) else one for one in value)
    return {
        "statistic": statistic,
        "about": about,
        "months": months,
        **dict(zip(("value", "low", "high"), numbers, strict=True)),
        **dict(zip(("n", "at_risk", "events"), counts, strict=True)),
        "method": method,
    }


def _ever(compared: Compared, where: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return ``(23,)`` of how many vertebrae it was so in any of the ``(pairs, 23)``."""
    series = compared.paired.readings["series"].to_numpy()
    ever = np.zeros((int(series.max(initial=-1)) + 1, len(LEVELS)), dtype=bool)
    np.logical_or.at(ever, series[compared.rows[0]], where)
    count: NDArray[np.int64] = ever.sum(axis=0)
    return count


def _levels(compared: Sequence[Compared]) -> Iterator[_Row]:
    """Yield for each level how many vertebrae had a new fracture, of those of which any pair could tell."""
    new = sum(_ever(one, one.outcome == INCIDENT) for one in compared)
    told = sum(_ever(one, (one.outcome != NOT_TOLD) & one.first.read & one.second.read) for one in compared)
    for level, events, n in zip(LEVELS, np.asarray(new), np.asarray(told), strict=True):
        if n:
            share, counts = (events / n, None, None), (int(n), None, int(events))
            yield _figure("new_fractures", level, None, share, counts, "count")
