"""Statistics and what they came to, in the words of a page and of a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from spinegrade.agreement import FEW_CLUSTERS
from spinegrade.reader_agreement.result import headline, pick

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.agreement import Estimate
    from spinegrade.reader_agreement.measures import Measure
    from spinegrade.reader_agreement.result import Analysis

_TITLES = {
    "percent_agreement": "Agreement of two readers",
    "pabak": "PABAK (kappa as if all categories were alike)",
    "cohen_kappa": "Cohen's kappa",
    "fleiss_kappa": "Fleiss' kappa",
    "conger_kappa": "Conger's kappa",
    "krippendorff_alpha": "Krippendorff's alpha",
    "prevalence": "Prevalence of",
    "specific_agreement": "Agreement on",
    "positive_agreement": "Agreement on",
    "negative_agreement": "Agreement on",
    "prevalence_index": "Prevalence index",
    "bias_index": "Bias index",
    "icc_1": "ICC(1), readers taken for interchangeable",
    "icc_a1": "ICC(A,1), absolute agreement",
    "icc_c1": "ICC(C,1), consistency",
    "icc_k": "ICC(k)",
    "icc_ak": "ICC(A,k)",
    "icc_ck": "ICC(C,k)",
    "rms_sd": "RMS-SD of a reading",
    "rms_cv": "RMS-CV of a reading",
    "least_significant_change": "Least significant change",
    "bias": "Bias",
    "sd_of_differences": "SD of differences",
    "limit_low": "Lower limit of agreement",
    "limit_high": "Upper limit of agreement",
    "proportional_intercept": "Intercept of proportional bias",
    "proportional_bias": "Proportional bias, per unit",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "point_sd": "SD of",
}

_IN_UNITS = frozenset(
    {
        "rms_sd",
        "least_significant_change",
        "bias",
        "sd_of_differences",
        "limit_low",
        "limit_high",
        "proportional_intercept",
        "point_sd",
    }
)
"""Statistics in the unit of the values."""

_OF_CATEGORIES = frozenset({"prevalence", "specific_agreement", "positive_agreement", "negative_agreement"})

MEAN_WORDS = {"grade": "grades", "visual-grade": "grades", "sdi": "points"}
"""What the mean of values is counted in, where it has no unit."""


_NOUNS = {
    "grade": "the grade",
    "fracture": "whether there is a fracture",
    "shape": "the shape",
    "evaluable": "whether it can be evaluated",
    "visual-grade": "the grade that they see",
}


def title(one: Estimate, measure: Measure) -> str:
    """Return what a statistic is called, with its weights and what it is about."""
    if one.statistic == "gwet_ac":
        name = "Gwet's AC1" if one.weights == "unweighted" else "Gwet's AC2"
        return name if one.weights == "unweighted" else f"{name}, {one.weights} weights"
    name = _TITLES.get(one.statistic, one.statistic.replace("_", " "))
    if one.statistic in _OF_CATEGORIES:
        return f"{name} {measure.name.replace('-', ' ')} {_category(one, measure)}"
    if one.statistic == "point_sd":
        return f"{name} {one.about}"
    if one.statistic == "krippendorff_alpha" and len(measure.metrics) > 1:
        return f"{name}, {one.weights}"
    if one.weights is not None and one.statistic != "percent_agreement" and measure.weighted:
        kind = "weights" if one.statistic.endswith("kappa") and one.weights != "unweighted" else ""
        name = f"{name}, {one.weights} {kind}".rstrip()
    return name if one.about is None else f"{name}, {one.about}"


def _category(one: Estimate, measure: Measure) -> str:
    return measure.label(float(str(one.about)))


def reasons(analysis: Analysis) -> list[tuple[str, int]]:
    """Return why statistics have no value or no interval, and of how many of them, the most first."""
    every = [said for _, _, estimates in analysis.scopes() for one in estimates if (said := reason(one))]
    return Counter(every).most_common()


def number(value: float | None, digits: int = 3) -> str:
    """Return a value with so many decimals; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}".replace("-0." + "0" * digits, "0." + "0" * digits)


def digits(one: Estimate, analysis: Analysis) -> int:
    """Return how many decimals a statistic is printed with."""
    in_length = one.statistic in _IN_UNITS and analysis.measure.length
    return 2 if in_length and one.about != "of the item's mean" else 3


def interval(one: Estimate, analysis: Analysis) -> str:
    """Return an interval as ``0.123 to 0.456``, or why there is none."""
    if one.low is None or one.high is None:
        return "none"
    places = digits(one, analysis)
    return f"{number(one.low, places)} to {number(one.high, places)}"


def formula(one: Estimate, analysis: Analysis) -> str:
    """Return the interval by formula; a dash where there is none."""
    if one.analytic is None:
        return "-"
    places = digits(one, analysis)
    return f"{number(one.analytic.low, places)} to {number(one.analytic.high, places)}"


def unit(one: Estimate, analysis: Analysis) -> str:
    """Return the unit of a statistic, with a space before it; nothing for fractions and coefficients."""
    if one.statistic not in _IN_UNITS or one.about == "of the item's mean":
        return ""
    said = MEAN_WORDS.get(analysis.measure.name) or (analysis.unit if analysis.unit != "fraction" else None)
    return f" {said}" if said else ""


def reason(one: Estimate) -> str | None:
    """Return why there is no value or interval; clusters are patients here."""
    return None if one.reason is None else one.reason.replace("cluster", "patient")


def count(number_of: int, what: str) -> str:
    """Return how many of something, as ``1 reader`` or ``2 readers``."""
    return f"{number_of:,} {what}{'' if number_of == 1 else 's'}"


def what_items(analysis: Analysis, number_of: int) -> str:
    """Return how many vertebrae or spines."""
    if analysis.by == "patient":
        return count(number_of, "spine")
    return f"{number_of:,} {'vertebra' if number_of == 1 else 'vertebrae'}"


def percent(one: Estimate) -> str:
    """Return a share in percent, with its interval."""
    value = f"{100 * (one.value or 0.0):.1f} %"
    if one.low is None or one.high is None:
        return value
    return f"{value} ({100 * one.low:.1f} to {100 * one.high:.1f} %)"


def with_interval(one: Estimate, analysis: Analysis) -> str:
    """Return a value with its unit and interval in brackets."""
    value = f"{number(one.value, digits(one, analysis))}{unit(one, analysis)}"
    return value if one.low is None else f"{value} ({interval(one, analysis)})"


def summary(analysis: Analysis, weights: Sequence[str]) -> list[str]:
    """Return the analysis in sentences; intervals stand in brackets."""
    who, what = count(len(analysis.readers), "reader"), what_items(analysis, analysis.items)
    patients = count(analysis.patients, "patient")
    of_fewer = ""
    if analysis.compared and analysis.patients_compared < analysis.patients:
        of_fewer = f", of {count(analysis.patients_compared, 'patient')},"
    said = [f"{who} read {what} of {patients}; {analysis.compared:,}{of_fewer} were read by two or more."]
    said += _landmarks(analysis) if analysis.point_sd else []
    said += _categories(analysis, weights) if analysis.measure.categorical else _measurements(analysis)
    said += [*_other_readers(analysis, weights), *_high_and_low(analysis), *_groups(analysis, weights)]
    return [*said, *_within(analysis, weights), *_accuracy(analysis)]


def _landmarks(analysis: Analysis) -> list[str]:
    said = []
    for whose, estimates in (
        ("different readers", analysis.between),
        ("one reader's repeats", analysis.within),
    ):
        for axis in ("along the height", "across it"):
            one = pick(estimates, "point_sd", about=f"every landmark {axis}")
            if one is not None and one.value is not None:
                said.append(
                    f"Landmarks of {whose} scatter with an SD of {with_interval(one, analysis)} {axis}."
                )
    return [*said, f"Grading takes that as --point-sd {analysis.point_sd}."]


def _categories(analysis: Analysis, weights: Sequence[str]) -> Iterator[str]:
    same = pick(analysis.between, "percent_agreement", "unweighted")
    if same is None or same.value is None:
        return
    item, what = "vertebra", _NOUNS[analysis.measure.name]
    if analysis.by == "patient":
        item, what = "spine", what.replace("the grade", "the worst grade")
    yield f"Two readers of one {item} agree on {what} in {percent(same)}."
    _, _, chosen = headline(analysis, weights)
    for statistic, words in (
        ("fleiss_kappa", "Agreement beyond chance: {} {}."),
        ("gwet_ac", "{}, which depends less on how rare a category is: {}."),
    ):
        one = pick(analysis.between, statistic, chosen)
        if one is not None and one.value is not None:
            yield words.format(title(one, analysis.measure), with_interval(one, analysis))
        elif one is not None:
            yield f"{title(one, analysis.measure)} has no value: {reason(one)}."


def _measurements(analysis: Analysis) -> Iterator[str]:
    correlation = pick(analysis.between, "icc_a1")
    if correlation is not None and correlation.value is not None:
        yield (
            f"Of the variance of a reading, {percent(correlation)} is that of the items themselves: "
            f"ICC(A,1) {with_interval(correlation, analysis)}."
        )
    spread, change = pick(analysis.between, "rms_sd"), pick(analysis.between, "least_significant_change")
    if spread is not None and spread.value is not None:
        yield f"Readings of one item by different readers have an SD of {with_interval(spread, analysis)}."
    if change is not None and change.value is not None:
        yield (
            f"A difference of more than {with_interval(change, analysis)} between two readings is more than "
            "readers make."
        )


def _other_readers(analysis: Analysis, weights: Sequence[str]) -> Iterator[str]:
    statistic, _, chosen = headline(analysis, weights)
    one = pick(analysis.random_readers, statistic, chosen)
    if one is not None and one.low is not None:
        name = title(one, analysis.measure)
        yield f"For other readers than these, {name} lies in {interval(one, analysis)}."
    elif one is not None:
        yield f"For other readers than these there is no interval: {reason(one)}."


def _high_and_low(analysis: Analysis) -> Iterator[str]:
    """Say who reads higher or lower than the others, where the interval leaves out 0."""
    biases = [one for one in analysis.against_rest if one.statistic == "bias" and one.low is not None]
    if not biases:
        return
    clear = [one for one in biases if one.low is not None and one.high is not None and one.low * one.high > 0]
    for one in sorted(clear, key=lambda each: -abs(each.value or 0.0)):
        where = "higher" if (one.value or 0.0) > 0 else "lower"
        reader = one.readers[0] if one.readers else ""
        least, most = sorted((abs(one.low or 0.0), abs(one.high or 0.0)))
        by, low, high = (number(each, digits(one, analysis)) for each in (abs(one.value or 0.0), least, most))
        yield (
            f"{reader} reads {where} than the others who read the same, by {by}{unit(one, analysis)} "
            f"({low} to {high})."
        )
    if not clear:
        yield "No reader is clearly above or below the others who read the same."
    if len(biases) > 2:  # of two readers one comparison says both
        yield (
            f"That took {len(biases)} comparisons, each with an interval of {biases[0].level:.0%}; "
            "nothing is allowed for their number."
        )


def _groups(analysis: Analysis, weights: Sequence[str]) -> Iterator[str]:
    """Say at which level readers agree least and most, of those with enough patients to say so."""
    statistic, _, chosen = headline(analysis, weights)
    levels = [
        (one.name, pick(one.estimates, statistic, chosen)) for one in analysis.groups if one.by == "level"
    ]
    known = sorted(
        (one.value, name)
        for name, one in levels
        if one is not None and one.value is not None and one.clusters >= FEW_CLUSTERS
    )
    if len(known) > 1:
        (least, low), (most, high) = known[0], known[-1]
        yield (
            f"By level, agreement is lowest at {low} ({number(least)}) "
            f"and highest at {high} ({number(most)})."
        )


def _within(analysis: Analysis, weights: Sequence[str]) -> Iterator[str]:
    names = ("cohen_kappa", "fleiss_kappa") if analysis.measure.categorical else ("icc_1",)
    chosen = headline(analysis, weights)[2]
    found = (pick(analysis.within, name, chosen) for name in names)
    one = next((each for each in found if each is not None), None)
    if one is not None and one.value is not None:
        yield (
            f"Readers with themselves, on another occasion: {title(one, analysis.measure)} "
            f"{with_interval(one, analysis)}."
        )


def _accuracy(analysis: Analysis) -> Iterator[str]:
    pooled = [one for one in analysis.accuracy if one.readers is None and one.value is not None]
    if len(pooled) == 2:
        reference = analysis.reference
        whose = "the consensus of the other readers" if reference == "consensus" else f"{reference}"
        yield (
            f"Against {whose}, all readers together have a sensitivity of {percent(pooled[0])} and a "
            f"specificity of {percent(pooled[1])}."
        )
