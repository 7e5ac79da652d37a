"""Whether fractured vertebrae take on their normal shape again.

Films of one patient, in the order of their dates, are the last axis but one, the levels the last.  An
episode begins with the first film that shows a fracture and ends with a film that shows none.
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
    """

    film: NDArray[np.int64]
    grade: Floats


def find_episodes(grades: ArrayLike, renamed: ArrayLike = False) -> Episodes:  # noqa: FBT002  an array as well
    """Return the fractures in ``(..., films, levels)`` grades, NaN where not graded.

    A film on which the level could not be graded neither begins nor ends an episode.  ``renamed``,
    ``(..., films)``, says which films count the levels otherwise than the film before: what was seen earlier
    is of other vertebrae, and every episode begins afresh.
    """
    seen = np.asarray(grades, dtype=float)
    film = np.full(seen.shape, -1, dtype=np.int64)
    grade = np.full(seen.shape, np.nan)
    now, was = np.full(_one_film(seen), -1, dtype=np.int64), np.full(_one_film(seen), np.nan)
    afresh = np.broadcast_to(np.asarray(renamed, dtype=bool), seen.shape[:-1])
    for place in range(seen.shape[-2]):
        current = seen[..., place, :]
        now = np.where(afresh[..., place, None], -1, now)
        begins, ends = (current >= 1) & (now < 0), current < 1
        now = np.where(begins, place, np.where(ends, -1, now))
        was = np.where(begins, current, np.where(ends, np.nan, was))
        film[..., place, :], grade[..., place, :] = now, was
    return Episodes(film, grade)


def _one_film(seen: Floats) -> tuple[int, ...]:
    return (*seen.shape[:-2], seen.shape[-1])


def reshaping_class(
    detected: ArrayLike, later: ArrayLike, months: ArrayLike, rule: ReshapingRule
) -> NDArray[np.uint8]:
    """Return the index into `RESHAPINGS` from the grade when detected, the later one, and the months between.

    Complete is a later grade of 0, by which the shape is normal too; incomplete a lower one that still is a
    fracture; none the same or a higher one.  A grade of 0.5 is no fracture, nor is NaN when detected.
    """
    before, after, passed = np.broadcast_arrays(
        *(np.asarray(one, float) for one in (detected, later, months))
    )
    found = np.select(
        [
            ~(before >= 1),
            np.isnan(after) | np.isnan(passed),
            passed < rule.min_months,
            after < 1,
            after < before,
        ],
        [NO_FRACTURE, INDETERMINATE, TOO_EARLY, COMPLETE, INCOMPLETE],
        NONE,
    )
    return found.astype(np.uint8)


def patient_reshaping(classes: ArrayLike) -> NDArray[np.uint8]:
    """Return what ``(..., levels)`` indices into `RESHAPINGS` come to for each patient.

    Complete only if every fractured vertebra is, none only if none of them changed for the better, incomplete
    otherwise.  What cannot be told yet, or at all, decides only where every other answer would be the same.
    """
    every = np.asarray(classes)
    has = {place: (every == place).any(axis=-1) for place in range(len(RESHAPINGS))}
    open_ = has[TOO_EARLY] | has[INDETERMINATE]
    mixed = has[INCOMPLETE] | (has[COMPLETE] & has[NONE])
    found = np.select(
        [mixed, has[INDETERMINATE], open_, has[COMPLETE], has[NONE]],
        [INCOMPLETE, INDETERMINATE, TOO_EARLY, COMPLETE, NONE],
        NO_FRACTURE,
    )
    return found.astype(np.uint8)
