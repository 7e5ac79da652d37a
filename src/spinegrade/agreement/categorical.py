"""Agreement on categories, estimated: single statistics, and all of them from the same resamples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.agreement import coefficients as of
from spinegrade.agreement.estimating import estimate
from spinegrade.agreement.krippendorff import Metric, krippendorff_alpha_of, measured_alpha
from spinegrade.agreement.resampling import Plan
from spinegrade.agreement.tallies import Tally, tally
from spinegrade.agreement.weights import WEIGHT_NAMES, WeightName, Weights
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spinegrade.agreement.estimate import Estimate
    from spinegrade.agreement.ratings import Ratings
    from spinegrade.agreement.sums import Statistic

    Choice = WeightName | Weights

DEFAULT = Plan()
ALL_METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval")


def percent_agreement(ratings: Ratings, weights: Choice = "unweighted", plan: Plan = DEFAULT) -> Estimate:
    """Return the mean over items of the share of pairs of readers that agree."""
    return _one(ratings, lambda place: of.percent_agreement_of(place, weights), plan)


def cohen_kappa(ratings: Ratings, weights: Choice = "unweighted", plan: Plan = DEFAULT) -> Estimate:
    """Return Cohen's kappa of two readers, of the items that both read.

    Raises
    ------
    SpinegradeError
        If there are more or fewer than two readers; for all of them take `every_pair`.
    """
    _expect_two(ratings, "cohen_kappa")
    pair = ratings.pair(0, 1)
    return _one(pair, lambda place: of.cohen_kappa_of(place, weights), plan)


def fleiss_kappa(ratings: Ratings, weights: Choice = "unweighted", plan: Plan = DEFAULT) -> Estimate:
    """Return Fleiss' kappa of any number of readers."""
    return _one(ratings, lambda place: of.fleiss_kappa_of(place, weights), plan)


def conger_kappa(ratings: Ratings, weights: Choice = "unweighted", plan: Plan = DEFAULT) -> Estimate:
    """Return Conger's kappa of any number of readers."""
    return _one(ratings, lambda place: of.conger_kappa_of(place, weights), plan)


def gwet_ac(ratings: Ratings, weights: Choice = "unweighted", plan: Plan = DEFAULT) -> Estimate:
    """Return Gwet's AC1, or AC2 where weights are given."""
    return _one(ratings, lambda place: of.gwet_ac_of(place, weights), plan)


def pabak(ratings: Ratings, plan: Plan = DEFAULT) -> Estimate:
    """Return kappa adjusted for prevalence and bias."""
    return _one(ratings, of.pabak_of, plan)


def krippendorff_alpha(ratings: Ratings, metric: Metric = "nominal", plan: Plan = DEFAULT) -> Estimate:
    """Return Krippendorff's alpha, of categories, or by interval or ratio of measurements.

    Raises
    ------
    SpinegradeError
        If the metric is unknown, or needs categories and none were declared.
    ReadingError
        If the metric is ratio and a value is below 0.
    """
    if not ratings.categories:
        sums, statistic = measured_alpha(ratings, metric)
        return estimate(sums, [statistic], plan)[0]
    return _one(ratings, lambda place: krippendorff_alpha_of(place, ratings.categories, metric), plan)


def reader_agreement(
    ratings: Ratings,
    weights: Sequence[Choice] = WEIGHT_NAMES,
    metrics: Sequence[Metric] = ALL_METRICS,
    plan: Plan = DEFAULT,
) -> list[Estimate]:
    """Return every statistic of agreement of all readers, from the same resamples."""
    place, sums = tally(ratings)
    return estimate(sums, _of_many(place, ratings.categories, weights, metrics), plan)


def pair_agreement(
    ratings: Ratings,
    weights: Sequence[Choice] = WEIGHT_NAMES,
    metrics: Sequence[Metric] = ALL_METRICS,
    plan: Plan = DEFAULT,
) -> list[Estimate]:
    """Return every statistic of agreement of two readers, from the same resamples.

    Raises
    ------
    SpinegradeError
        If there are more or fewer than two readers.
    """
    _expect_two(ratings, "agreement of a pair")
    pair = ratings.pair(0, 1)
    place, sums = tally(pair)
    statistics = [of.cohen_kappa_of(place, one) for one in weights]
    statistics += _of_many(place, pair.categories, weights, metrics)
    if place.categories == 2:
        statistics += [of.prevalence_index_of(place), of.bias_index_of(place)]
    return estimate(sums, statistics, plan, (pair.readers[0], pair.readers[1]))


def every_pair(
    ratings: Ratings,
    weights: Sequence[Choice] = WEIGHT_NAMES,
    metrics: Sequence[Metric] = ALL_METRICS,
    plan: Plan = DEFAULT,
) -> list[Estimate]:
    """Return `pair_agreement` for every pair of readers, pair after pair."""
    return [one for pair in ratings.pairs() for one in pair_agreement(pair, weights, metrics, plan)]


def _of_many(
    place: Tally, categories: tuple[float, ...], weights: Sequence[Choice], metrics: Sequence[Metric]
) -> list[Statistic]:
    statistics = [of.percent_agreement_of(place), of.pabak_of(place)]
    for one in weights:
        statistics += [
            of.fleiss_kappa_of(place, one),
            of.conger_kappa_of(place, one),
            of.gwet_ac_of(place, one),
        ]
    statistics += [krippendorff_alpha_of(place, categories, metric) for metric in metrics]
    names = _names_of_specific(categories)
    for at, (category, name) in enumerate(zip(categories, names, strict=True)):
        statistics.append(of.prevalence_of(place, at, f"{category:g}"))
        statistics.append(of.specific_agreement_of(place, at, name, f"{category:g}"))
    return statistics


def _names_of_specific(categories: tuple[float, ...]) -> list[str]:
    """Return what agreement on each category is called; with two of them, negative and positive."""
    if len(categories) == 2:
        return ["negative_agreement", "positive_agreement"]
    return ["specific_agreement"] * len(categories)


def _one(ratings: Ratings, statistic: Callable[[Tally], Statistic], plan: Plan) -> Estimate:
    place, sums = tally(ratings)
    readers = (ratings.readers[0], ratings.readers[1]) if len(ratings.readers) == 2 else None
    return estimate(sums, [statistic(place)], plan, readers)[0]


def _expect_two(ratings: Ratings, what: str) -> None:
    if len(ratings.readers) != 2:
        msg = f"{what}: expected two readers, got {len(ratings.readers)}"
        raise SpinegradeError(msg)
