"""What a comparison of readers came to, as frozen records, and as JSON and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, frozen

from spinegrade.reader_agreement.trust import without_tiny

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.agreement import Components, Estimate, McNemar
    from spinegrade.reader_agreement.measures import By, Measure

    Estimates = tuple[Estimate, ...]


@frozen
class Confusion:
    """How two readers' categories meet: ``counts[first][second]`` items; None for all pairs both ways."""

    readers: tuple[str, str] | None
    counts: tuple[tuple[int, ...], ...]


@frozen
class Group:
    """The agreement on some of the items: those of one level, of one shape, of one film quality."""

    by: str
    name: str
    items: int
    estimates: Estimates


@frozen(kw_only=True)
class Analysis:
    """How readers agree on one measure.

    Attributes
    ----------
    measure
        What they were compared on.
    unit
        Of the values; None for categories and fractions.
    by
        What an item is: a vertebra or a patient's spine.
    items, compared
        Numbers of items that were read at all, and of those that two readers read.
    patients, patients_compared
        Numbers of patients, and of those with an item that two readers read.
    readers, occasions
        All of them.
    between
        Statistics of all readers, and of every pair, on the first occasion of each.
    accuracy
        Sensitivity and specificity against ``reference``.
    within
        Statistics of readers with themselves: pooled, then reader by reader.
    against_rest
        Each reader beside the mean of the others who read the same.
    random_readers
        Statistics of all readers with intervals for other readers.
    groups
        Statistics of all readers on some of the items.
    mcnemar
        Each reader beside the reference.
    confusions
        Pooled, then every pair that read something in common.
    components
        Variances of items, readers and rest, of measurements.
    reference
        Who the accuracy is judged by; None where that was not asked.
    point_sd
        Of landmarks: what ``--point-sd`` takes, as 0.52mm; None elsewhere.
    warnings, notes
        What has to be known to judge the numbers, and how they were made.
    """

    measure: Measure
    unit: str | None
    by: By
    items: int
    compared: int
    patients: int
    patients_compared: int
    readers: tuple[str, ...]
    occasions: tuple[int, ...]
    between: Estimates = ()
    accuracy: Estimates = ()
    within: Estimates = ()
    against_rest: Estimates = ()
    random_readers: Estimates = ()
    groups: tuple[Group, ...] = ()
    mcnemar: tuple[McNemar, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    components: Components | None = None
    reference: str | None = None
    point_sd: str | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def trusted(self) -> Analysis:
        """Return the analysis without resampled intervals of very few patients."""
        return evolve(
            self,
            between=without_tiny(self.between),
            accuracy=without_tiny(self.accuracy),
            within=without_tiny(self.within),
            against_rest=without_tiny(self.against_rest),
            random_readers=without_tiny(self.random_readers),
            groups=tuple(evolve(one, estimates=without_tiny(one.estimates)) for one in self.groups),
        )

    def scopes(self) -> Iterator[tuple[str, str, Estimates]]:
        """Yield every list of estimates: its name, the group that it is of or nothing, and the list."""
        yield "between", "", self.between
        yield "accuracy", "", self.accuracy
        yield "within", "", self.within
        yield "against_rest", "", self.against_rest
        yield "random_readers", "", self.random_readers
        for group in self.groups:
            yield f"by_{group.by}", group.name, group.estimates

    def by_groups(
        self, statistic: str, weights: str | None
    ) -> Iterator[tuple[str, list[tuple[str, Estimate]]]]:
        """Yield every grouping, and the statistic of all readers in each of its groups, by their names."""
        for by in dict.fromkeys(group.by for group in self.groups):
            yield (
                by,
                [
                    (group.name, one)
                    for group in self.groups
                    if group.by == by
                    for one in group.estimates
                    if (one.statistic, one.weights, one.readers) == (statistic, weights, None)
                ],
            )


@frozen(kw_only=True)
class Provenance:
    """How results were made, so that they can be made again.

    Attributes
    ----------
    command
        The command with its options; sources stand as SOURCE, for their names may name patients.
    files, sha256
        Number of files that were read, and their fingerprint.
    rules
        Rule id, revision and hash.
    reference
        What heights were compared with.
    levels
        The levels, as T4-L4.
    resamples, seed, confidence
        Of the intervals.
    versions
        Of the program and what computes for it, by name.
    """

    command: str
    files: int
    sha256: str
    rules: str
    reference: str
    levels: str
    resamples: int
    seed: int
    confidence: float
    versions: dict[str, str]

    @property
    def versions_words(self) -> str:
        """The versions as ``spinegrade 1.2, numpy 2.0``."""
        return ", ".join(f"{name} {version}" for name, version in self.versions.items())


def pick(
    estimates: Sequence[Estimate], statistic: str, weights: str | None = None, about: str | None = None
) -> Estimate | None:
    """Return the first estimate of all readers with this name, weights and about; None without one."""
    for one in estimates:
        if (one.statistic, one.weights, one.about, one.readers) == (statistic, weights, about, None):
            return one
    return None


def headline(analysis: Analysis, weights: Sequence[str]) -> tuple[str, str, str | None]:
    """Return the statistic that stands for a measure, of all readers and of a pair, and its weights."""
    if not analysis.measure.categorical:
        return ("icc_a1", "icc_a1", None)
    order = ("linear", "quadratic", "unweighted") if analysis.measure.weighted else ("unweighted",)
    chosen = next((one for one in order if one in weights), "unweighted")
    return ("fleiss_kappa", "cohen_kappa", chosen)


def as_json(analysis: Analysis, made: Provenance) -> dict[str, Any]:
    """Return the analysis as plain values; what is not there is null."""
    estimates = [estimate_json(one) for one in (*analysis.between, *analysis.accuracy)]
    return {
        "format": "spinegrade-agreement/1",
        "measure": analysis.measure.name,
        "unit": analysis.unit,
        "by": analysis.by,
        "items": analysis.items,
        "items_compared": analysis.compared,
        "patients": analysis.patients,
        "patients_compared": analysis.patients_compared,
        "readers": list(analysis.readers),
        "occasions": list(analysis.occasions),
        "categories": list(analysis.measure.labels) or None,
        "estimates": estimates,
        "within_readers": [estimate_json(one) for one in analysis.within],
        "against_rest": [estimate_json(one) for one in analysis.against_rest],
        "random_readers": [estimate_json(one) for one in analysis.random_readers],
        "groups": [_group_json(one) for one in analysis.groups],
        "reference_reader": analysis.reference,
        "mcnemar": [asdict(one) for one in analysis.mcnemar],
        "confusion": [asdict(one) for one in analysis.confusions],
        "variance_components": None if analysis.components is None else asdict(analysis.components),
        "point_sd": analysis.point_sd,
        "warnings": list(analysis.warnings),
        "notes": list(analysis.notes),
        "made_by": asdict(made),
    }


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "by": group.by,
        "name": group.name,
        "items": group.items,
        "estimates": [estimate_json(one) for one in group.estimates],
    }


def estimate_json(one: Estimate) -> dict[str, Any]:
    """Return an estimate as plain values."""
    return {
        "statistic": one.statistic,
        "weights": one.weights,
        "readers": None if one.readers is None else list(one.readers),
        "about": one.about,
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "level": one.level,
        "n": one.n,
        "patients": one.clusters,
        "method": one.method,
        "standard_error": one.standard_error,
        "analytic": None if one.analytic is None else asdict(one.analytic),
        "design_effect": one.design_effect,
        "resamples": one.resamples,
        "reason": one.reason,
        "warnings": list(one.warnings),
    }


COLUMNS = (
    "measure",
    "scope",
    "group",
    "statistic",
    "weights",
    "reader",
    "other_reader",
    "about",
    "value",
    "low",
    "high",
    "level",
    "n",
    "patients",
    "method",
    "formula_low",
    "formula_high",
    "formula",
    "design_effect",
    "reason",
    "warnings",
)
"""Columns of the estimates as a table."""


def as_rows(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """Yield a row of `COLUMNS` for every estimate."""
    for scope, group, estimates in analysis.scopes():
        for one in estimates:
            reader, other = one.readers or (None, None)
            formula = one.analytic
            yield {
                "measure": analysis.measure.name,
                "scope": scope,
                "group": group or None,
                "statistic": one.statistic,
                "weights": one.weights,
                "reader": reader,
                "other_reader": other,
                "about": one.about,
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "level": one.level,
                "n": one.n,
                "patients": one.clusters,
                "method": one.method,
                "formula_low": None if formula is None else formula.low,
                "formula_high": None if formula is None else formula.high,
                "formula": None if formula is None else formula.method,
                "design_effect": one.design_effect,
                "reason": one.reason,
                "warnings": "; ".join(one.warnings) or None,
            }
