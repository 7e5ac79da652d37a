"""Which statistics are made of categories: grades, fractures, shapes, evaluability."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from spinegrade.agreement import (
    against_rest,
    bland_altman,
    conger_kappa,
    every_pair,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    over_readers,
    pair_agreement,
    percent_agreement,
    reader_agreement,
)
from spinegrade.reader_agreement.result import Confusion
from spinegrade.reader_agreement.trust import recounted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spinegrade.agreement import Estimate, Plan, Ratings
    from spinegrade.reader_agreement.comparison import Comparison

    Statistic = Callable[[Ratings, Plan], Estimate]


def between(of: Comparison) -> list[Estimate]:
    """Return every coefficient of all readers, then of every pair."""
    ratings = of.ratings
    if len(ratings.readers) < 2:
        return []
    return in_group(of, ratings) + every_pair(ratings, of.weights, of.measure.metrics, of.plan)


def in_group(of: Comparison, ratings: Ratings) -> list[Estimate]:
    """Return every coefficient of all readers on some items."""
    return recounted(reader_agreement(ratings, of.weights, of.measure.metrics, of.plan), ratings)


def within(of: Comparison) -> list[Estimate]:
    """Return the agreement of readers with themselves: pooled, then reader by reader."""
    return [one for readers, ratings in of.own_repeats() for one in _repeats(of, ratings, readers)]


def _repeats(of: Comparison, ratings: Ratings, readers: tuple[str, str] | None) -> list[Estimate]:
    """Return the coefficients over occasions; with two of them Cohen's kappa is among them."""
    make = pair_agreement if len(ratings.readers) == 2 else reader_agreement
    found = recounted(make(ratings, of.weights, of.measure.metrics, of.plan), ratings)
    return [evolve(one, readers=readers) for one in found]


def beside_rest(of: Comparison) -> list[Estimate]:
    """Return how far each reader's categories lie above the mean of the others', where they have an order."""
    if not of.measure.ordered or len(of.ratings.readers) < 2:
        return []
    places = range(len(of.ratings.readers))
    return [bland_altman(against_rest(of.ratings, place), plan=of.plan)[0] for place in places]


def other_readers(of: Comparison) -> list[Estimate]:
    """Return coefficients of all readers with intervals for other readers."""
    found = [over_readers(of.ratings, statistic, of.plan) for statistic in _statistics(of)]
    return [
        evolve(one, readers=None) for one in recounted(found, of.ratings)
    ]  # two readers are all of them too


def _statistics(of: Comparison) -> Iterator[Statistic]:
    yield _with(percent_agreement)
    for weights, make in product(of.weights, (fleiss_kappa, conger_kappa, gwet_ac)):
        yield _with(make, weights=weights)
    for metric in of.measure.metrics:
        yield _with(krippendorff_alpha, metric=metric)


def _with(make: Callable[..., Estimate], **given: str) -> Statistic:
    """Return a statistic with its weights or metric settled."""

    def statistic(ratings: Ratings, plan: Plan) -> Estimate:
        return make(ratings, plan=plan, **given)

    return statistic


def confusions(of: Comparison) -> list[Confusion]:
    """Return how categories meet: all pairs counted both ways, then each pair that read some of the same."""
    number = len(of.measure.categories)
    pairs = []
    pooled = np.zeros((number, number), dtype=int)
    for pair in of.ratings.pairs():
        if len(pair.values):
            first, second = pair.codes.astype(int).T
            counts = np.bincount(first * number + second, minlength=number**2).reshape(number, number)
            pooled += counts + counts.T
            pairs.append(Confusion((pair.readers[0], pair.readers[1]), _rows(counts)))
    return [Confusion(None, _rows(pooled)), *pairs] if pairs else []


def _rows(counts: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(one) for one in row) for row in counts)
