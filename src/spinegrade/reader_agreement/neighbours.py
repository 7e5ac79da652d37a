"""What of a comparison stands beside published figures, and which of those compare with it.

A figure compares with a statistic of the same kind, between or within readers as it is, of the same
categories: a kappa of fractures with our kappa of fractures, one without weights with ours without.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from spinegrade.agreement import cohen_kappa, dichotomise, fleiss_kappa, stack_occasions
from spinegrade.reader_agreement import words
from spinegrade.reader_agreement.published import TWO_CATEGORIES, figures_for
from spinegrade.reader_agreement.result import pick
from spinegrade.reader_agreement.trust import recounted, without_tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinegrade.agreement import Estimate, Ratings
    from spinegrade.reader_agreement.comparison import Comparison
    from spinegrade.reader_agreement.published import Figure
    from spinegrade.reader_agreement.result import Analysis

_SAME_AS = {"visual-grade": "grade"}
_KINDS = {
    "icc_a1": "icc",
    "icc_1": "icc",
    "rms_cv": "cv",
    "sensitivity": "accuracy",
    "specificity": "accuracy",
}
_GRADED = 1.0
"""The least grade of a fracture."""


@frozen
class Ours:
    """A statistic of this study in words, and what published figures it compares with.

    Attributes
    ----------
    comparison
        between, within or reference.
    kind
        As `Figure.kind` has it.
    of
        What the categories are of, as `Figure.of` has it; None of measurements.
    """

    comparison: str
    kind: str
    of: str | None
    task: str
    statistic: str
    weights: str
    value: str

    def compares(self, figure: Figure) -> bool:
        """Return whether a published figure is one of the same."""
        either = {"unsaid": ("between", "within"), "between and within": ("between", "within")}
        who = either.get(figure.comparison, (figure.comparison,))
        same = self.of is None or figure.of in {None, self.of}
        return figure.kind == self.kind and self.comparison in who and same


def beside_published(of: Comparison, analysis: Analysis) -> tuple[list[Ours], list[Figure]]:
    """Return statistics and published figures that compare with each other; nothing without a partner."""
    ours = [*_kappas(of, analysis), *_others(analysis)]
    figures = figures_for(analysis.measure.name, analysis.by)
    return (
        [one for one in ours if any(one.compares(figure) for figure in figures)],
        [figure for figure in figures if any(one.compares(figure) for one in ours)],
    )


def _kappas(of: Comparison, analysis: Analysis) -> Iterator[Ours]:
    """Yield kappas without weights, with the weights asked for, and of fractures where there are grades."""
    measure = analysis.measure
    if not measure.categorical:
        return
    name = _SAME_AS.get(measure.name, measure.name)
    for who, ratings in _readings(of):
        yield from _kappa(who, name, ratings, of)
        if measure.weighted:
            yield from _kappa(who, "fracture", dichotomise(ratings, _GRADED), of)
    weighted = [one for one in of.weights if one != "unweighted"]
    for (who, estimates), weights in product(_sides(analysis), weighted):
        found = [pick(estimates, statistic, weights) for statistic in ("cohen_kappa", "fleiss_kappa")]
        for one in [each for each in found if each is not None and each.value is not None][:1]:
            said = words.title(one, measure).split(",")[0]
            value = words.with_interval(one, analysis)
            yield Ours(who, "weighted kappa", name, measure.title, said, weights, value)


def _sides(analysis: Analysis) -> tuple[tuple[str, tuple[Estimate, ...]], ...]:
    return ("between", analysis.between), ("within", analysis.within)


def _readings(of: Comparison) -> Iterator[tuple[str, Ratings]]:
    """Yield the readings of different readers, and those of the same on different occasions."""
    if len(of.ratings.readers) > 1:
        yield "between", of.ratings
    if of.repeating:
        cube = of.cube[:, of.repeating, :]
        yield "within", stack_occasions(cube, of.measure.categories, of.table.clusters)


def _kappa(who: str, name: str, ratings: Ratings, of: Comparison) -> Iterator[Ours]:
    """Yield the kappa without weights, where it has a value."""
    pair = who == "within" and len(ratings.readers) == 2
    made = cohen_kappa(ratings, plan=of.plan) if pair else fleiss_kappa(ratings, plan=of.plan)
    (one,) = without_tiny(recounted([evolve(made, readers=None)], ratings))
    if one.value is None:
        return
    task = of.measure.title if name != "fracture" or not of.measure.weighted else "Fracture (grade 1 or more)"
    value = words.number(one.value)
    if one.low is not None and one.high is not None:
        value = f"{value} ({words.number(one.low)} to {words.number(one.high)})"
    weights = TWO_CATEGORIES if len(ratings.categories) == 2 else "none"
    yield Ours(who, "kappa", name, task, "Cohen's kappa" if pair else "Fleiss' kappa", weights, value)


def _others(analysis: Analysis) -> Iterator[Ours]:
    """Yield correlations, coefficients of variation, sensitivity and specificity."""
    judged = {one.readers for one in analysis.accuracy}
    alone = next(iter(judged)) if len(judged) == 1 else None  # one reader is all that were judged
    for who, estimates, names, readers in (
        ("between", analysis.between, ("icc_a1", "rms_cv"), None),
        ("within", analysis.within, ("icc_1", "rms_cv"), None),
        ("reference", analysis.accuracy, ("sensitivity", "specificity"), alone),
    ):
        for one in estimates:
            if one.statistic in names and one.readers == readers and one.value is not None:
                value, title = words.with_interval(one, analysis), words.title(one, analysis.measure)
                yield Ours(who, _KINDS[one.statistic], None, analysis.measure.title, title, "-", value)
