"""From readings to what became of every vertebra between two dates, and of every patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from spinegrade.anatomy import LEVELS
from spinegrade.calibration import AT_DETECTOR
from spinegrade.followup.change import Change, Seen, measure_change, within_least_significant
from spinegrade.followup.counting import counted_otherwise
from spinegrade.followup.films import see_films
from spinegrade.followup.outcome import judge
from spinegrade.followup.pairs import Paired, pair_readings
from spinegrade.followup.remarks import Remark
from spinegrade.followup.reshaping import INDETERMINATE, find_episodes, reshaping_class
from spinegrade.io.columns import READING_KEY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.followup.asking import Asking
    from spinegrade.followup.films import Films
    from spinegrade.followup.reshaping import Episodes
    from spinegrade.followup.rule import FollowUpRule, ReshapingRule
    from spinegrade.io.arrays import Spines

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Rows = NDArray[np.int64]

_DAYS = 365.25 / 12


@frozen(eq=False)
class Compared:
    """Pairs of readings and what became of their vertebrae, arrays over pairs and the 23 `LEVELS`.

    Attributes
    ----------
    asking
        What was asked.
    paired
        The readings in series, and the pairs.
    films
        What was seen in each of these readings.
    courses
        The same by patient and film.
    rows
        ``(2, pairs)`` rows of ``paired.readings`` that are compared.
    first, second
        What was seen on the two dates.
    change
        By how much heights differ, and what has to be known of it.
    outcome
        Index into `OUTCOMES`.
    reshaping
        Index into `RESHAPINGS`, since the fracture was first seen.
    detected
        Row of ``paired.readings`` that first showed the fracture; -1 without one.
    """

    asking: Asking
    paired: Paired
    films: Films
    courses: Courses
    rows: Rows
    first: Seen
    second: Seen
    change: Change
    outcome: NDArray[np.uint8]
    reshaping: NDArray[np.uint8]
    detected: Rows

    @property
    def months(self) -> Floats:
        """``(pairs,)`` months between the dates."""
        return months_between(self.paired, *self.rows)


@frozen(eq=False)
class Courses:
    """Series of films, arrays over the series and their films, in the order of the dates.

    Attributes
    ----------
    grades
        ``(series, films, levels)``; NaN where not graded or there is no such film.
    months
        ``(series, films)`` since the first film; NaN where there is no such film.
    renamed
        ``(series, films)`` True where the levels are counted otherwise than on the film before.
    read
        ``(series, films, levels)`` True where the level was read.
    episodes
        The fracture that each vertebra had as of each film.
    """

    grades: Floats
    months: Floats
    renamed: Booleans
    read: Booleans
    episodes: Episodes

    @property
    def fractured(self) -> Booleans:
        """``(series, films)`` where a vertebra has a fracture as of the film."""
        fractured = np.asarray((self.episodes.film >= 0).any(axis=-1))
        return np.asarray(fractured & ~np.isnan(self.months))

    @property
    def whole(self) -> Booleans:
        """``(series, films)`` where no vertebra has a fracture left, nor may have.

        One that was read on the film or on the one before and was never graded may have one.
        """
        read = self.read.copy()
        read[:, 1:] |= self.read[:, :-1]
        unknown = (read & ~self.episodes.known).any(axis=-1)
        return np.asarray(~self.fractured & ~unknown & ~np.isnan(self.months))


def compare(spines: Spines, asking: Asking) -> Compared:
    """Return what became of the vertebrae of readings that have a ``date`` between their dates.

    Raises
    ------
    SpinegradeError
        If a rule is unknown or not enabled, or asks for deformities and there is no norm; or if a landmark
        error in mm was given for a film without mm.
    """
    rule = asking.follow_up_rule
    dated = spines.frame.select(*READING_KEY, "date")[spines.firsts]
    paired = pair_readings(dated, asking.pairs, across_readers=asking.across_readers)
    films = see_films(spines, asking, paired.readings["spine"].to_numpy())
    rows = paired.pairs.select("first", "second").to_numpy().T.astype(np.int64)
    first, second = (films.seen(row) for row in rows)
    of_pairs, common_mm = _of_pairs(films, paired, rows, rule)
    if not asking.trust_levels:
        broken = first.grade >= 1, second.grade >= 1
        shifted = counted_otherwise(first.heights, second.heights, broken).astype(bool)
        of_pairs |= shifted * np.uint16(Remark.LEVELS_SHIFTED)
    change = measure_change(first, second, rule, common_mm=common_mm)
    small = within_least_significant(change) * np.uint16(Remark.WITHIN_LEAST_SIGNIFICANT)
    remarks = change.remarks | of_pairs[:, None] | small
    change = evolve(change, remarks=remarks)
    courses = _courses(films, paired, asking)
    classes, detected = _reshaping(films, paired, rows, courses, asking.reshaping_rule)
    classes[(of_pairs & Remark.LEVELS_SHIFTED) > 0] = INDETERMINATE
    return Compared(
        asking=asking,
        paired=paired,
        films=films,
        courses=courses,
        rows=rows,
        first=first,
        second=second,
        change=change,
        outcome=judge(first, second, change, rule),
        reshaping=classes,
        detected=detected,
    )


def _of_pairs(
    films: Films, paired: Paired, rows: Rows, rule: FollowUpRule
) -> tuple[NDArray[np.uint16], Booleans]:
    """Return the remarks on ``(pairs,)`` whole pairs, and which have mm of one meaning."""
    units, calibrations = films.units[rows], films.calibrations[rows]
    readers = paired.readings["reader"].to_numpy()[rows]
    both_mm = (units == "mm").all(axis=0)
    alike = calibrations[0] == calibrations[1]
    at_detector = np.isin(calibrations[0], list(AT_DETECTOR)) & alike & both_mm & (rule.scale == "none")
    remarks = (both_mm & ~alike) * np.uint16(Remark.DIFFERENT_CALIBRATION)
    remarks |= (readers[0] != readers[1]) * np.uint16(Remark.DIFFERENT_READERS)
    remarks |= at_detector * np.uint16(Remark.MM_AT_DETECTOR)
    return remarks.astype(np.uint16), both_mm & alike


def months_between(paired: Paired, first: Rows, second: Rows) -> Floats:
    """Return the calendar months from the dates of some readings to those of others.

    The same day a year later is 12, as the bounds of rules mean it, and so is the month's last day where that
    day is wanting; odd days are 1/30.4375 each.
    """
    dates = paired.readings["date"].dt
    day, month = dates.day().to_numpy().astype(float), dates.month().to_numpy().astype(float)
    ends = (dates.month_end().dt.day() == dates.day()).to_numpy()
    count = 12.0 * dates.year().to_numpy() + month
    odd = np.where(ends[second] & (day[second] < day[first]), 0.0, day[second] - day[first])
    months: Floats = count[second] - count[first] + odd / _DAYS
    return months


def _courses(films: Films, paired: Paired, asking: Asking) -> Courses:
    film, series = (paired.readings[name].to_numpy() for name in ("film", "series"))
    shape = (int(series.max(initial=-1)) + 1, int(film.max(initial=-1)) + 1)
    grades, read = np.full((*shape, len(LEVELS)), np.nan), np.zeros((*shape, len(LEVELS)), dtype=bool)
    grades[series, film], read[series, film] = films.grade, films.read
    every = np.arange(len(film))
    months = np.full(shape, np.nan)
    months[series, film] = months_between(paired, every - film, every)
    renamed = np.zeros(shape, dtype=bool)
    if not asking.trust_levels:
        broken = films.grade >= 1
        otherwise = counted_otherwise(films.heights[:-1], films.heights[1:], (broken[:-1], broken[1:])) != 0
        renamed[series[1:], film[1:]] = otherwise & (film[1:] > 0)
    episodes = find_episodes(grades, months, asking.reshaping_rule, renamed)
    return Courses(grades, months, renamed, read, episodes)


def _reshaping(
    films: Films, paired: Paired, rows: Rows, courses: Courses, rule: ReshapingRule
) -> tuple[NDArray[np.uint8], Rows]:
    """Return the class of every vertebra of the pairs, and the reading that first showed its fracture.

    The fracture is the one that the vertebra had as of the earlier date.  A vertebra had none that was graded
    then, or before and is no fracture on the later date either.
    """
    film, series = (paired.readings[name].to_numpy() for name in ("film", "series"))
    (earlier, later), episodes = rows, courses.episodes
    at = series[earlier], film[earlier]
    detected = np.where(episodes.film[at] < 0, -1, (earlier - film[earlier])[:, None] + episodes.film[at])
    months = months_between(paired, np.maximum(detected, 0), later[:, None])
    then, now = films.grade[earlier], films.grade[later]
    sound = (detected < 0) & episodes.known[at] & ~(np.isnan(then) & (now >= 1))
    return reshaping_class(np.where(sound, 0.0, episodes.grade[at]), now, months, rule), detected
