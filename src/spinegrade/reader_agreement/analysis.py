"""From items and readers to an analysis: which statistics are made, and what has to be said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinegrade.agreement import FEW_CLUSTERS, variance_components
from spinegrade.reader_agreement import categorical, continuous, scatter
from spinegrade.reader_agreement.comparison import Comparison
from spinegrade.reader_agreement.gather import one_unit
from spinegrade.reader_agreement.items import by_spine
from spinegrade.reader_agreement.measures import LANDMARK_SCATTER, MEASURES
from spinegrade.reader_agreement.reference import Judged, check_reference, judge
from spinegrade.reader_agreement.result import Analysis, Group, pick
from spinegrade.reader_agreement.trust import counted_patients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from spinegrade.agreement import Estimate
    from spinegrade.reader_agreement.comparison import Asking
    from spinegrade.reader_agreement.items import Table
    from spinegrade.reader_agreement.measures import By, Measure
    from spinegrade.reader_agreement.scatter import Placed

    Job = tuple[str, Callable[[], Any]]
    Tell = Callable[[int, int], None]

_AXES = (
    "Positions are compared along the height of each body, from its upper to its lower endplate, and "
    "across it. Readers' biases count as scatter between readers."
)
_RARE = 0.1
"""Prevalence below which kappa is low whatever readers do."""


def _silent(_done: int, _of: int) -> None:
    """Tell nobody."""


def compare(table: Table, measure: Measure, asking: Asking, by: By = "vertebra") -> Comparison:
    """Return a measure of a table of vertebrae, or of their spines, ready to be compared.

    Raises
    ------
    ReadingError
        If no reading has a value, or the reference is unknown.
    UnitError
        If the measure is a length, and some are in mm and some in pixels.
    """
    if asking.reference is not None:
        check_reference(asking.reference, table.readers)
    if measure.length:
        one_unit(table.rows["unit"])
    made = Comparison(by_spine(table, measure) if by == "patient" else table, measure, asking)
    _ = made.ratings  # what has no values is said before anything is drawn
    return made


def analyse(of: Comparison, tell: Tell = _silent) -> Analysis:
    """Return all statistics of a comparison; ``tell`` is told how many steps are done, and of how many."""
    jobs = list(_jobs(of))
    parts: dict[str, Any] = {}
    groups: list[Group] = []
    for done, (name, make) in enumerate(jobs):
        tell(done, len(jobs))
        made = make()
        if isinstance(made, Group):
            groups.append(made)
        else:
            parts[name] = made
    tell(len(jobs), len(jobs))
    return _assembled(of, parts, tuple(groups)).trusted()


def _jobs(of: Comparison) -> Iterator[Job]:
    """Yield the parts of an analysis, and what makes each of them."""
    kind = categorical if of.measure.categorical else continuous
    yield "between", lambda: tuple(kind.between(of))
    yield "within", lambda: tuple(kind.within(of))
    yield "against_rest", lambda: tuple(kind.beside_rest(of))
    yield "judged", lambda: judge(of)
    if of.asking.random_readers and len(of.table.readers) > 1:
        yield "random_readers", lambda: tuple(kind.other_readers(of))
    if of.measure.categorical:
        yield "confusions", lambda: tuple(categorical.confusions(of))
    elif len(of.table.readers) > 1:
        yield "components", lambda: variance_components(of.ratings)
    if len(of.table.readers) > 1:
        for by, labels, names in of.groupings():
            for name in names:
                yield name, _group(of, by, name, labels == name)


def _group(of: Comparison, by: str, name: str, chosen: NDArray[Any]) -> Callable[[], Group]:
    kind = categorical if of.measure.categorical else continuous

    def make() -> Group:
        ratings = of.ratings.where(chosen)
        items = int((ratings.read.sum(axis=1) > 1).sum())
        return Group(by, name, items, tuple(kind.in_group(of, ratings)))

    return make


def _assembled(of: Comparison, parts: dict[str, Any], groups: tuple[Group, ...]) -> Analysis:
    judged: Judged = parts.pop("judged")
    read = of.ratings.read.sum(axis=1)
    repeated = of.repeating if len(of.table.occasions) > 1 else []
    compared = int((read > 1).sum())
    return Analysis(
        measure=of.measure,
        unit=str(of.table.rows["unit"][0]) if of.measure.length else of.measure.unit,
        by=of.table.by,
        items=int((read > 0).sum()),
        compared=compared,
        patients=of.table.patients,
        patients_compared=counted_patients(of.ratings),
        readers=of.table.readers,
        occasions=of.table.occasions,
        accuracy=tuple(judged.accuracy),
        mcnemar=tuple(judged.mcnemar),
        reference=None if of.measure.positive is None else of.asking.reference,
        groups=groups,
        warnings=(
            *_few(counted_patients(of.ratings) or _patients_repeated(of)),
            *_nothing_shared(compared, of.table, repeated=bool(repeated)),
            *_one_reader_twice(of.table),
            *_rare(of, parts["between"]),
            *_unknown_exams(of.table, of.asking),
        ),
        notes=(*_notes(of, groups), *judged.notes),
        **parts,
    )


def _few(patients: int) -> Iterator[str]:
    """Warn of few patients with items that count; of none `_nothing_shared` speaks."""
    if 0 < patients < FEW_CLUSTERS:
        yield (
            f"Only {patients} {_plural(patients, 'patient')}: with fewer than {FEW_CLUSTERS} the "
            "intervals are likely too narrow."
        )


def _patients_repeated(of: Comparison) -> int:
    """Return the number of patients of whom a reader read something twice."""
    twice = ((~np.isnan(of.cube)).sum(axis=2) > 1).any(axis=1)
    return len(np.unique(of.table.clusters[twice]))


def _one_reader_twice(table: Table) -> Iterator[str]:
    """Warn of names that are one but for capitals and spaces."""
    alike: dict[str, list[str]] = {}
    for name in table.readers:
        alike.setdefault(" ".join(name.casefold().split()), []).append(name)
    for names in alike.values():
        if len(names) > 1:
            yield f"Readers {' and '.join(names)} differ only in capitals or spaces: they count as different."


def _unknown_exams(table: Table, asking: Asking) -> Iterator[str]:
    """Warn of exams in the table of groups that nobody read, and of those read that are in no group."""
    exams = set(table.items["exam"])
    for name, of_exam in asking.groups.items():
        unread, without = len(of_exam.keys() - exams), len(exams - of_exam.keys())
        if unread or without:
            yield (
                f"Groups by {name}: {unread:,} {_plural(unread, 'exam')} of the table not among readings, "
                f"{without:,} {_plural(without, 'exam')} of the readings without a group."
            )


def _plural(number: int, what: str) -> str:
    return what if number == 1 else f"{what}s"


def _nothing_shared(compared: int, table: Table, *, repeated: bool) -> Iterator[str]:
    if compared == 0 and len(table.readers) > 1:
        yield "No item was read by two readers, so nothing can be said of agreement between them."
    if len(table.readers) == 1 and not repeated:
        yield f"{table.readers[0]} read no item twice, so nothing can be said of repeated readings."


def _rare(of: Comparison, between: Sequence[Estimate]) -> Iterator[str]:
    """Warn of a kappa that is low because nearly everything is in one category."""
    if not of.measure.categorical:
        return
    shares = [pick(between, "prevalence", about=f"{one:g}") for one in of.measure.categories]
    known = [one.value for one in shares if one is not None and one.value is not None]
    if known and max(known) > 1.0 - _RARE:
        yield (
            f"{max(known) * 100:.1f} % of readings are in one category: kappa and alpha are low at such a "
            "prevalence even where readers agree. Gwet's AC and specific agreement stand beside them."
        )


def _notes(of: Comparison, groups: Sequence[Group]) -> Iterator[str]:
    """Say what was compared with what."""
    table, measure = of.table, of.measure
    yield (
        "An item is one level of one exam."
        if table.by == "vertebra"
        else f"An item is one exam; its value is the {'highest' if measure.pool == 'most' else 'sum'} of "
        "what the reader's evaluable vertebrae have."
    )
    if len(table.occasions) > 1:
        yield "Readers are compared on the first occasion on which each read an exam."
        once = [name for place, name in enumerate(table.readers) if place not in of.repeating]
        if once and of.repeating:
            yield f"Within readers: {', '.join(once)} read nothing twice."
    if measure.name == "evaluable":
        yield "A level that one reader of an exam recorded and another did not is not evaluable to the other."
    if measure.name == "visual-grade":
        yield "Weights go by the rank of a grade: 0, 0.5, 1, 2, 3 are five steps of one."
    if any(one.by == "shape" for one in groups):
        yield (
            "The shape of an item is the one that most readers' landmarks give. Its groups are made from the "
            "readings themselves, so kappa and correlation in one are not comparable to those of all items."
        )


def analyse_landmarks(placed: Placed, asking: Asking) -> Analysis:
    """Return the scatter of landmarks between and within readers."""
    between = scatter.between(placed, asking.plan)
    within = scatter.within(placed, asking.plan)
    table = placed.table
    point_sd, whose = _point_sd(within, between)
    notes = [_AXES]
    notes += ["Landmarks are not compared by group."] if asking.groups else []
    if point_sd is not None:
        notes.append(
            f"The SD along the height of any landmark, {whose}, is what grading takes as --point-sd "
            f"{point_sd:.3g}{placed.unit}."
        )
    return Analysis(
        measure=MEASURES[LANDMARK_SCATTER],
        unit=placed.unit,
        by="vertebra",
        items=table.shape[0],
        compared=placed.compared,
        patients=table.patients,
        patients_compared=placed.patients_compared,
        readers=table.readers,
        occasions=table.occasions,
        between=tuple(between),
        within=tuple(within),
        point_sd=None if point_sd is None else f"{point_sd:.3g}{placed.unit}",
        warnings=(
            *_few(placed.patients_compared),
            *_nothing_shared(placed.compared, table, repeated=bool(placed.repeating)),
            *_one_reader_twice(table),
        ),
        notes=tuple(notes),
    ).trusted()


def _point_sd(within: list[Estimate], between: list[Estimate]) -> tuple[float | None, str]:
    """Return the SD along the height, of repeated readings where there are any, and whose."""
    about = f"{scatter.EVERY} {scatter.AXES[0]}"
    for estimates, whose in ((within, "within readers"), (between, "between readers")):
        found = pick(estimates, "point_sd", about=about)
        if found is not None and found.value:
            return found.value, whose
    return None, ""
