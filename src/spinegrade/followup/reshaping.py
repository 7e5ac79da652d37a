"""Whether fractured vertebrae take on their normal shape again.

Films of one patient, in the order of their dates, are the last axis but one, the levels the last.  An
episode begins with the first film that shows a fracture and ends with a film that shows none, once it is no
longer too early to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spinegrade.followup.rule import ReshapingRule

    Floats = NDArray[np.float64]

RESHAPINGS = ("no fracture", "complete", "incomplete", "none", "too early", "indeterminate")
"""What became of a vertebra, or of all of a patient's; arrays hold their index here."""

NO_FRACTURE, COMPLETE, INCOMPLETE, NONE, TOO_EARLY, INDETERMINATE = range(6)


@frozen(eq=False)
class Episodes:
    """The fracture that each vertebra had as of each film.

    Attributes
    ----------
    film
        ``(..., films, levels)`` number of the film that first showed it; -1 without one.
    grade
        ``(..., films, levels)`` the grade on that film; NaN without one.
    known
        ``(..., films, levels)`` whether the level was graded on the film or on one before.
    """

    film: NDArray[np.int64]
    grade: Floats
    known: NDArray[np.bool_]


def find_episodes(
    grades: ArrayLike,
    months: ArrayLike,
    rule: ReshapingRule,
    renamed: ArrayLike = False,  # noqa: FBT002  an array as well
) -> Episodes:
    """Return the fractures in ``(..., films, levels)`` grades, NaN where not graded.

    ``months`` are those of the ``(..., films)`` since any day.  A film on which the level could not be graded
    neither begins nor ends an episode; one on which it is normal ends it, ``rule.min_months`` after the
    detection or later.  ``renamed``, ``(..., films)``, says which films count the levels otherwise than
    the film before: what was seen earlier is of other vertebrae, and every episode begins afresh.
    """
    seen = np.asarray(grades, dtype=float)
    when = np.broadcast_to(np.asarray(months, dtype=float), seen.shape[:-1])
    afresh = np.broadcast_to(np.asarray(renamed, dtype=bool), seen.shape[:-1])
    one_film = (*seen.shape[:-2], seen.shape[-1])
    found = Episodes(np.full(seen.shape, -1), np.full(seen.shape, np.nan), np.zeros(seen.shape, dtype=bool))
    now, was, begun = np.full(one_film, -1), np.full(one_film, np.nan), np.full(one_film, np.nan)
    known = np.zeros(one_film, dtype=bool)
    for place in range(seen.shape[-2]):
        current, day, again = seen[..., place, :], when[..., place, None], afresh[..., place, None]
        now, known = np.where(again, -1, now), (known & ~again) | ~np.isnan(current)
        begins = (current >= 1) & (now < 0)
        ends = _normal(current) & (day - begun >= rule.min_months) & ~begins
        now = np.where(begins, place, np.where(ends, -1, now))
        was = np.where(begins, current, np.where(now < 0, np.nan, was))
        begun = np.where(begins, day, begun)
        found.film[..., place, :], found.grade[..., place, :] = now, was
        found.known[..., place, :] = known
    return found


def _normal(grade: Floats) -> NDArray[np.bool_]:
    """Return where a vertebra has its normal shape; one of grade 0.5 looks abnormal."""
    return np.asarray(grade < 0.5)


def reshaping_class(
    detected: ArrayLike, later: ArrayLike, months: ArrayLike, rule: ReshapingRule
) -> NDArray[np.uint8]:
    """Return the index into `RESHAPINGS` from the grade when detected, the later one, and the months between.

    Complete is a later grade of 0, by which the shape is normal too; incomplete a lower one that is not 0;
    none the same or a higher one.  A grade of 0.5 when detected is no fracture, and one of 0.5 later is not
    the normal shape.  Where nobody knows the grade when detected, nothing can be told.
    """
    before, after, passed = np.broadcast_arrays(
        *(np.asarray(one, float) for one in (detected, later, months))
    )
    found = np.select(
        [
            before < 1,
            np.isnan(before) | np.isnan(after) | np.isnan(passed),
            passed < rule.min_months,
            _normal(after),
            after < before,
        ],
        [NO_FRACTURE, INDETERMINATE, TOO_EARLY, COMPLETE, INCOMPLETE],
        NONE,
    )
    return found.astype(np.uint8)


def patient_reshaping(classes: ArrayLike, later: ArrayLike) -> NDArray[np.uint8]:
    """Return what ``(..., levels)`` indices into `RESHAPINGS` come to for each patient.

    Complete only if every fractured vertebra is, none only if none of them changed for the better, incomplete
    otherwise.  What cannot be told yet, or at all, decides only where every other answer would be the same:
    by the ``later`` grades, a vertebra that is normal now leaves others complete, whatever it was, and one
    that was not fractured and is now leaves it too early for complete.
    """
    every, now = np.broadcast_arrays(np.asarray(classes), np.asarray(later, dtype=float))
    has = {place: (every == place).any(axis=-1) for place in range(len(RESHAPINGS))}
    new = ((every == NO_FRACTURE) & (now >= 1)).any(axis=-1)
    unknown = ((every == INDETERMINATE) & ~(has[COMPLETE][..., None] & _normal(now))).any(axis=-1)
    early = has[TOO_EARLY] | (has[COMPLETE] & new)
    mixed = has[INCOMPLETE] | (has[COMPLETE] & has[NONE])
    found = np.select(
        [mixed, unknown, early, has[COMPLETE], has[NONE]],
        [INCOMPLETE, INDETERMINATE, TOO_EARLY, COMPLETE, NONE],
        NO_FRACTURE,
    )
    return found.astype(np.uint8)
