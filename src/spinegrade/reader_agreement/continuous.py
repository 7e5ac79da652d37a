"""Which statistics are made of measurements: heights, ratios, losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from spinegrade.agreement import (
    against_rest,
    bland_altman,
    icc,
    krippendorff_alpha,
    over_readers,
    precision,
)
from spinegrade.reader_agreement.trust import recounted, without_relative

if TYPE_CHECKING:
    from spinegrade.agreement import Estimate, Ratings
    from spinegrade.reader_agreement.comparison import Comparison


def between(of: Comparison) -> list[Estimate]:
    """Return alpha, correlations, precision of all readers; limits and correlations of every pair."""
    ratings = of.ratings
    if len(ratings.readers) < 2:
        return []
    mean_of = usual_readings(ratings)
    found = [icc(ratings, form, plan=of.plan) for form in ("1", "A1", "C1")]
    if mean_of > 1:
        found += [icc(ratings, form, mean_of, plan=of.plan) for form in ("1", "A1", "C1")]
    found = recounted(found + _alphas(of, ratings) + _precision(of, ratings), ratings)
    for pair in ratings.pairs():
        found += _of_two(of, pair, (pair.readers[0], pair.readers[1]))
    return found


def usual_readings(ratings: Ratings) -> int:
    """Return how many readers an item that was read more than once most often has; 0 without any."""
    number = ratings.read.sum(axis=1)
    number = number[number > 1]
    return int(np.bincount(number).argmax()) if len(number) else 0


def _alphas(of: Comparison, ratings: Ratings) -> list[Estimate]:
    return [krippendorff_alpha(ratings, metric, of.plan) for metric in of.measure.metrics]


def _precision(of: Comparison, ratings: Ratings) -> list[Estimate]:
    """Return the precision; in relation to an item's mean only where that is never near 0."""
    found = precision(ratings, of.plan)
    return without_relative(found) if of.measure.may_be_zero else found


def _of_two(of: Comparison, pair: Ratings, readers: tuple[str, str] | None) -> list[Estimate]:
    found = [icc(pair, form, plan=of.plan) for form in ("A1", "C1")] + bland_altman(pair, plan=of.plan)
    return [evolve(one, readers=readers) for one in found]


def in_group(of: Comparison, ratings: Ratings) -> list[Estimate]:
    """Return correlation, alpha and precision of all readers on some items."""
    found = [icc(ratings, "A1", plan=of.plan), *_alphas(of, ratings), *_precision(of, ratings)]
    return recounted(found, ratings)


def within(of: Comparison) -> list[Estimate]:
    """Return how readers agree with themselves: pooled, then reader by reader."""
    return [one for readers, ratings in of.own_repeats() for one in _repeats(of, ratings, readers)]


def _repeats(of: Comparison, ratings: Ratings, readers: tuple[str, str] | None) -> list[Estimate]:
    found = recounted([icc(ratings, "1", plan=of.plan), *_precision(of, ratings)], ratings)
    found = [evolve(one, readers=readers) for one in found]
    return found + (_of_two(of, ratings, readers) if len(ratings.readers) == 2 else [])


def beside_rest(of: Comparison) -> list[Estimate]:
    """Return bias, proportional bias and limits of each reader against the mean of the others."""
    if len(of.ratings.readers) < 2:
        return []
    places = range(len(of.ratings.readers))
    return [one for place in places for one in bland_altman(against_rest(of.ratings, place), plan=of.plan)]


def other_readers(of: Comparison) -> list[Estimate]:
    """Return correlations and alpha of all readers with intervals for other readers."""
    forms = [over_readers(of.ratings, lambda some, plan: icc(some, "A1", plan=plan), of.plan)]
    metric = of.measure.metrics[0]
    forms.append(over_readers(of.ratings, lambda some, plan: krippendorff_alpha(some, metric, plan), of.plan))
    spread = over_readers(of.ratings, lambda some, plan: precision(some, plan)[0], of.plan, np.inf)
    return [evolve(one, readers=None) for one in recounted((*forms, spread), of.ratings)]
