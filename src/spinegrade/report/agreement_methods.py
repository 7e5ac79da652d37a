"""How a comparison was made, by the items that reports of reliability and agreement should have.

Items: Kottner J et al., Guidelines for Reporting Reliability and Agreement Studies (GRRAS), J Clin Epidemiol
2011, doi 10.1016/j.jclinepi.2010.03.002; in our own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.expected import REFERENCE_WORDS
from spinegrade.reader_agreement.measures import LANDMARK_SCATTER
from spinegrade.reader_agreement.words import count, what_items
from spinegrade.report.words import bands

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.assess import Method
    from spinegrade.reader_agreement import Analysis, Asking, Provenance

GRRAS = "Kottner J et al., J Clin Epidemiol 2011, doi 10.1016/j.jclinepi.2010.03.002"

Item = tuple[str, str, bool]
"""What it is about, the words, and whether the study has to say it rather than the program."""

_CHOSEN = "How patients and films were chosen, their ages, and how common fractures are among such patients."
_TRAINED = "Their training, experience and instruction, and how they were chosen."
_NUMBERS = "How it was decided; spinegrade sample-size says what a precision needs."
_BLINDED = (
    "What readers knew of the patient, in which order films came, and whether readers knew of each other's "
    "readings, of their own earlier ones, or of computed grades."
)
_MEANS = "Whether the agreement is enough for what the readings are for."


def methods(analyses: Sequence[Analysis], method: Method, asking: Asking) -> list[Item]:
    """Return the items of a methods section; what the program cannot know is asked for."""
    first = analyses[0]
    return [
        ("What was measured", _measured(analyses, method), False),
        ("Patients", _patients(first), False),
        ("", _CHOSEN, True),
        ("Readers", f"{count(len(first.readers), 'reader')} ({', '.join(first.readers)}).", False),
        ("", _TRAINED, True),
        ("Number of patients and readers", _NUMBERS, True),
        ("How films were read", _reading(first), False),
        ("", _BLINDED, True),
        ("Statistics", " ".join(_statistics(analyses, asking)), False),
        ("Intervals", _intervals(asking), False),
        ("What it means", _MEANS, True),
    ]


def _measured(analyses: Sequence[Analysis], method: Method) -> str:
    names = ", ".join(one.measure.title for one in analyses)
    rule = method.rule
    return (
        f"Compared: {names}; levels {method.levels}. Readers placed six landmarks on each vertebral body; "
        f"heights follow from them, and were compared with: {REFERENCE_WORDS[method.reference]}. Grades by "
        f"{rule.source.id}: {bands(rule)} ({rule.source.citation} doi {rule.source.doi})."
    )


def _patients(first: Analysis) -> str:
    return (
        f"{count(first.patients, 'patient')}; {what_items(first, first.items)} were read by anybody, "
        f"{first.compared:,} of them by two readers or more."
    )


def _reading(first: Analysis) -> str:
    if len(first.occasions) == 1:
        return "Every reader read a film once."
    return (
        f"On {len(first.occasions)} occasions. Readers are compared with each other on the first on which "
        "each read a film, and with themselves over all."
    )


_OF_CATEGORIES = (
    "Categories: agreement of two readers; kappa by Cohen for pairs, by Fleiss and by Conger for all "
    "readers, and Gwet's AC ({weights} where grades have an order); Krippendorff's alpha; agreement on each "
    "category. Where not every reader read every item, an item counts once, by all pairs of its readers."
)
_OF_MEASUREMENTS = (
    "Measurements: intraclass correlation (by analysis of variance where all readers read all items, by "
    "restricted maximum likelihood of crossed items and readers elsewhere); Bland and Altman's bias and "
    "limits with variance between and within patients; root mean square SD and CV; least significant "
    "change, 2.77 times the SD."
)
_OF_LANDMARKS = "Landmarks: SD of a reading along the height of the body and across it."
_OF_REFERENCE = (
    "Sensitivity and specificity against the reference, and McNemar's test, over patients and exact."
)


def _statistics(analyses: Sequence[Analysis], asking: Asking) -> Iterator[str]:
    categorical = [one.measure.categorical for one in analyses]
    landmarks = [one.measure.name == LANDMARK_SCATTER for one in analyses]
    if any(categorical):
        yield _OF_CATEGORIES.format(weights=", ".join(asking.weights))
    if not all(a or b for a, b in zip(categorical, landmarks, strict=True)):
        yield _OF_MEASUREMENTS
    if any(landmarks):
        yield _OF_LANDMARKS
    if any(one.reference for one in analyses):
        yield _OF_REFERENCE


def _intervals(asking: Asking) -> str:
    plan = asking.plan
    kind = "bias-corrected and accelerated" if plan.method == "bca" else "percentile"
    others = ""
    if asking.random_readers:
        others = " Intervals for other readers add the jackknife variance over readers."
    return (
        f"{plan.level:.0%}, {kind}, from {plan.resamples:,} resamples of patients (seed {plan.seed}), for "
        "vertebrae of one patient are not independent; beside them those by formula, as if they were. The "
        f"design effect is the variance over patients divided by that of independent items.{others}"
    )


def repeat(made: Provenance) -> list[tuple[str, str]]:
    """Return what is needed to make the same page again: names and words."""
    rules, _, sha256 = made.rules.partition(" sha256:")
    what = "its sha256" if made.files == 1 else "sha256 of their sorted sha256, a line each"
    return [
        ("Command", made.command),
        ("Input", f"{count(made.files, 'file')}; {what}: {made.sha256}"),
        ("Versions", made.versions_words),
        ("Seed", f"{made.seed}, {made.resamples:,} resamples"),
        ("Rule", rules),
        ("Rule sha256", sha256),
    ]
