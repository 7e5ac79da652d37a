"""Agreement of any number of readers on categories, of which each may have read some of the items.

All are 1 - observed / expected disagreement, and differ in what they expect.

Sources: Cohen J, Educ Psychol Meas 1960;20:37, doi 10.1177/001316446002000104; Fleiss JL, Psychol Bull
1971;76:378, doi 10.1037/h0031619; Conger AJ, Psychol Bull 1980;88:322, doi 10.1037/0033-2909.88.2.322;
Gwet KL, Br J Math Stat Psychol 2008;61:29, doi 10.1348/000711006X126600, and Handbook of Inter-Rater
Reliability, 4th ed. 2014 (weights and missing ratings); Byrt T et al., J Clin Epidemiol 1993;46:423, doi
10.1016/0895-4356(93)90018-V (PABAK, indices); Fleiss JL, Cohen J, Everitt BS, Psychol Bull 1969;72:323,
doi 10.1037/h0028106 (standard error of Cohen's kappa, which is the linearised one).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.agreement.intervals import wilson
from spinegrade.agreement.sums import Array, Statistic, ratio
from spinegrade.agreement.weights import Weights, weigh

if TYPE_CHECKING:
    from spinegrade.agreement.tallies import Tally
    from spinegrade.agreement.weights import WeightName

_ONE_CATEGORY = (
    "every rating is in one category, so agreement by chance is complete and there is nothing beyond it"
)
_ONE_DECLARED = "only one category was declared, so there is nothing to disagree about"
_COEFFICIENT = (-np.inf, 1.0)


def _weighted(square: Array, weights: Weights) -> Array:
    """Return the disagreement in ``(..., categories, categories)``."""
    total: Array = (square * weights.disagreement).sum(axis=(-2, -1))
    return total


def percent_agreement_of(place: Tally, weights: WeightName | Weights = "unweighted") -> Statistic:
    """Return the mean over items of the share of pairs of readers that agree, or of what agreement weighs."""
    chosen = weigh(weights, place.categories)

    def function(sums: Array) -> Array:
        return 1.0 - _weighted(place.agreement(sums), chosen)

    return Statistic(
        "percent_agreement",
        function,
        "no item was read by two readers",
        weights=chosen.name,
        analytic=wilson if place.readers == 2 and chosen.name == "unweighted" else None,
        bounds=(0.0, 1.0),
    )


def fleiss_kappa_of(place: Tally, weights: WeightName | Weights = "unweighted") -> Statistic:
    """Return Fleiss' kappa: chance is that of readers who all use the categories equally often."""
    chosen = weigh(weights, place.categories)

    def function(sums: Array) -> Array:
        share = place.shares(sums)
        by_chance = _weighted(share[..., :, None] * share[..., None, :], chosen)
        return 1.0 - ratio(_weighted(place.agreement(sums), chosen), by_chance)

    return Statistic("fleiss_kappa", function, _ONE_CATEGORY, weights=chosen.name, bounds=_COEFFICIENT)


def conger_kappa_of(place: Tally, weights: WeightName | Weights = "unweighted") -> Statistic:
    """Return Conger's kappa: chance is that of two different readers, each with own habits."""
    return _of_own_habits("conger_kappa", place, weigh(weights, place.categories), lost=1)


def cohen_kappa_of(place: Tally, weights: WeightName | Weights = "unweighted") -> Statistic:
    """Return Cohen's kappa of two readers, which is Conger's of two."""
    return _of_own_habits("cohen_kappa", place, weigh(weights, place.categories), lost=0)


def _of_own_habits(name: str, place: Tally, weights: Weights, lost: int) -> Statistic:
    def function(sums: Array) -> Array:
        votes = place.votes(sums)
        reads = ~np.isnan(votes[..., 0].real)
        votes = np.where(reads[..., None], votes, 0.0)
        every = votes.sum(axis=-2)
        same = votes.swapaxes(-2, -1) @ votes
        number = reads.sum(axis=-1)
        crossed = every[..., :, None] * every[..., None, :] - same
        by_chance = ratio(_weighted(crossed, weights), number * (number - 1.0))
        return 1.0 - ratio(_weighted(place.agreement(sums), weights), by_chance)

    return Statistic(name, function, _ONE_CATEGORY, weights=weights.name, lost=lost, bounds=_COEFFICIENT)


def gwet_ac_of(place: Tally, weights: WeightName | Weights = "unweighted") -> Statistic:
    """Return Gwet's AC1, or AC2 with weights: chance is guessing on items that are hard."""
    chosen = weigh(weights, place.categories)
    number = place.categories
    scale = chosen.agreement.sum() / max(number * (number - 1), 1)

    def function(sums: Array) -> Array:
        share = place.shares(sums)
        by_chance = scale * (share * (1.0 - share)).sum(axis=-1)
        undefined = np.nan if number < 2 else 1.0
        return undefined - ratio(_weighted(place.agreement(sums), chosen), 1.0 - by_chance)

    return Statistic("gwet_ac", function, _ONE_DECLARED, weights=chosen.name, bounds=_COEFFICIENT)


def pabak_of(place: Tally) -> Statistic:
    """Return kappa adjusted for prevalence and bias: 2 agreement - 1 with two categories.

    With q categories (q agreement - 1) / (q - 1), the S of Bennett and the coefficient of Brennan and
    Prediger.
    """
    chosen = weigh("unweighted", place.categories)
    number = place.categories

    def function(sums: Array) -> Array:
        scale = number / (number - 1.0) if number > 1 else np.nan
        return 1.0 - scale * _weighted(place.agreement(sums), chosen)

    return Statistic("pabak", function, _ONE_DECLARED, bounds=_COEFFICIENT)


def prevalence_of(place: Tally, category: int, about: str) -> Statistic:
    """Return how often a category, by its place, is used: mean over items of the share of readers."""

    def function(sums: Array) -> Array:
        return place.shares(sums)[..., category]

    return Statistic("prevalence", function, "no item was read", about=about, bounds=(0.0, 1.0))


def prevalence_index_of(place: Tally) -> Statistic:
    """Return the share on which two readers say yes less that on which they say no, of two categories."""

    def function(sums: Array) -> Array:
        yes = place.votes(sums)[..., 1]
        return yes[..., 0] + yes[..., 1] - 1.0

    return Statistic("prevalence_index", function, "no item was read by both readers", bounds=(-1.0, 1.0))


def bias_index_of(place: Tally) -> Statistic:
    """Return how much more often the first of two readers says yes than the second."""

    def function(sums: Array) -> Array:
        yes = place.votes(sums)[..., 1]
        return yes[..., 0] - yes[..., 1]

    return Statistic("bias_index", function, "no item was read by both readers", bounds=(-1.0, 1.0))


def specific_agreement_of(place: Tally, category: int, name: str, about: str) -> Statistic:
    """Return the chance that another reader uses the category too, given that one does.

    Source: Cicchetti DV, Feinstein AR, J Clin Epidemiol 1990;43:551, doi 10.1016/0895-4356(90)90159-M;
    any number of readers: Fleiss JL et al., Statistical Methods for Rates and Proportions, 3rd ed. 2003,
    chapter 18.
    """

    def function(sums: Array) -> Array:
        pairs = place.pairs(sums)[..., category, :]
        return ratio(pairs[..., category], pairs.sum(axis=-1))

    return Statistic(
        name,
        function,
        f"no reader used category {about}, so it was never there to agree on",
        about=about,
        bounds=(0.0, 1.0),
    )
