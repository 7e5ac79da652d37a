"""Published agreement for the same tasks, each figure with its source."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import field, frozen, validators

if TYPE_CHECKING:
    from spinegrade.reader_agreement.measures import By

WHO = ("between", "within", "between and within", "methods", "reference", "unsaid")

TWO_CATEGORIES = "none: two categories"
_OF_TWO = ("fracture", "moderate fracture", "evaluable")

_KINDS = {
    "kappa": "kappa",
    "Fleiss' kappa": "kappa",
    "weighted kappa": "weighted kappa",
    "ICC": "icc",
    "coefficient of variation": "cv",
    "sensitivity and specificity": "accuracy",
}


@frozen
class Study:
    """Where a figure comes from; an identifier only where it was confirmed."""

    citation: str
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None

    @property
    def identifier(self) -> str:
        """DOI, PMID or PMCID in words; empty where none was confirmed."""
        pairs = (("doi", self.doi), ("PMID", self.pmid), ("PMCID", self.pmcid))
        return ", ".join(f"{name} {value}" for name, value in pairs if value)


@frozen
class Figure:
    """A published figure.

    Attributes
    ----------
    source
        Where it stands.
    people
        Adults or children.
    what
        Method, film, numbers of patients and readers.
    comparison
        One of `WHO`.
    measures
        The measures of ours that it may stand beside.
    statistic
        In words.
    value
        One value, or the least and the most of several.
    interval
        Its confidence interval, where one was given.
    pair
        Two values that belong together, such as sensitivity and specificity.
    of
        What the categories of a kappa are of, where the source says so: fracture (two categories), grade,
        evaluable.
    by
        What was compared, where the source says so: vertebrae or patients.
    """

    source: Study
    people: str
    what: str
    comparison: str = field(validator=validators.in_(WHO))
    measures: tuple[str, ...]
    statistic: str
    value: tuple[float, ...] = ()
    interval: tuple[float, float] | None = None
    pair: tuple[float, float] | None = None
    of: str | None = None
    by: By | None = None

    @property
    def kind(self) -> str:
        """What compares with it: kappa, weighted kappa, icc, cv, accuracy, or nothing of ours."""
        return _KINDS.get(self.statistic, self.statistic)

    @property
    def weights(self) -> str:
        """What disagreements weigh, in words, as far as the source says."""
        if self.kind == "weighted kappa":
            return "weighted, not said how"
        if self.kind != "kappa":
            return "-"
        return TWO_CATEGORIES if self.of in _OF_TWO else "not said"

    @property
    def words(self) -> str:
        """The value as it is printed: one, from to, or two that belong together."""
        if self.pair is not None:
            return " and ".join(f"{one:g}" for one in self.pair)
        joined = " to ".join(f"{one:g}" for one in self.value)
        return (
            joined
            if self.interval is None
            else f"{joined} ({self.interval[0]:.2f} to {self.interval[1]:.2f})"
        )


@lru_cache(maxsize=1)
def all_figures() -> tuple[Figure, ...]:
    """Return every figure that comes with spinegrade."""
    text = (resources.files(__package__) / "published.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    studies = {name: Study(**study) for name, study in data["study"].items()}
    return tuple(_figure(entry, studies) for entry in data["figure"])


def _figure(entry: dict[str, Any], studies: dict[str, Study]) -> Figure:
    plain: dict[str, Any] = {
        name: tuple(given) if isinstance(given, list) else given for name, given in entry.items()
    }
    return Figure(source=studies[str(plain.pop("study"))], **plain)


def figures_for(measure: str, by: By) -> list[Figure]:
    """Return the figures that may stand beside a measure, in their order in the file."""
    return [one for one in all_figures() if measure in one.measures and one.by in {None, by}]
