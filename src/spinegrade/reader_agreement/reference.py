"""Readers judged by one of them, or by what most of the others say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from spinegrade.agreement import accuracy, dichotomise, find_consensus, mcnemar, rate
from spinegrade.errors import ReadingError
from spinegrade.reader_agreement.comparison import CONSENSUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.agreement import Estimate, McNemar, Ratings
    from spinegrade.reader_agreement.comparison import Comparison
    from spinegrade.reader_agreement.measures import Measure

    Floats = NDArray[np.float64]


@frozen
class Judged:
    """Sensitivity and specificity, McNemar's tests, and how the reference came about."""

    accuracy: list[Estimate]
    mcnemar: list[McNemar]
    notes: list[str]


def check_judged(measures: Sequence[Measure]) -> None:
    """Refuse measures of which none has a positive.

    Raises
    ------
    ReadingError
        If there is nothing to be right or wrong about.
    """
    if all(one.positive is None for one in measures):
        names = ", ".join(one.name for one in measures)
        msg = f"--reference-reader: expected a measure with categories, as fracture, got {names}"
        raise ReadingError(msg)


def check_reference(name: str, readers: Sequence[str]) -> None:
    """Refuse a reference that does not exist.

    Raises
    ------
    ReadingError
        If there is no such reader.
    """
    if name != CONSENSUS and name not in readers:
        msg = f"--reference-reader: expected one of {', '.join(readers)}, or {CONSENSUS}, got {name!r}"
        raise ReadingError(msg)


def judge(of: Comparison) -> Judged:
    """Return what the readers come to against the reference; positive is `Measure.positive` or more."""
    name, least = of.asking.reference, of.measure.positive
    if name is None:
        return Judged([], [], [])
    check_reference(name, of.table.readers)
    if least is None:
        return Judged(
            [], [], [f"Readers are not judged by {name}: {of.measure.title.lower()} is no yes or no."]
        )
    ratings = dichotomise(of.ratings, least)
    words = f"Positive is {of.measure.label(least)}" + (" or more" if of.measure.weighted else "")
    if not of.measure.ordered:
        words = f"Positive is any {of.measure.name} other than {of.measure.labels[0]}"
    judged = _by_consensus(of, ratings) if name == CONSENSUS else _by_reader(of, ratings, name)
    return evolve(judged, notes=[f"{words}.", *judged.notes])


def _by_reader(of: Comparison, ratings: Ratings, name: str) -> Judged:
    place = ratings.readers.index(name)
    others, truth = ratings.without_reader(place), ratings.values[:, place]
    tests = [mcnemar(_beside(others, n, truth, name)) for n in range(len(others.readers))]
    if not others.readers:
        return Judged([], [], [f"{name} is the only reader, so there is nobody to judge."])
    return Judged(accuracy(others, truth, of.plan, name), tests, [f"Readers are judged by {name}."])


def _beside(ratings: Ratings, place: int, truth: Floats, name: str) -> Ratings:
    """Return a reader and the reference, as two readers."""
    values = np.column_stack([ratings.values[:, place], truth])
    return rate(values, (0.0, 1.0), ratings.clusters, (ratings.readers[place], name))


def _by_consensus(of: Comparison, ratings: Ratings) -> Judged:
    found: list[Estimate] = []
    tests: list[McNemar] = []
    truths, tied, alone = [], 0, 0
    for place, reader in enumerate(ratings.readers):
        consensus = find_consensus(ratings, without=place)
        read = ratings.read[:, place]
        truths.append(consensus.values)
        judged = ratings.where(read)
        others = find_consensus(judged, without=place)
        tied, alone = tied + others.ties, alone + others.alone
        one = rate(ratings.values[:, [place]], (0.0, 1.0), ratings.clusters, (reader,))
        found += accuracy(one, consensus.values, of.plan, CONSENSUS)
        tests.append(mcnemar(_beside(ratings, place, consensus.values, CONSENSUS)))
    return Judged(found + _pooled(of, ratings, truths), tests, [_consensus_words(tied, alone)])


def _pooled(of: Comparison, ratings: Ratings, truths: list[Floats]) -> list[Estimate]:
    """Return sensitivity and specificity of all readers, each against the consensus of the others."""
    items, readers = ratings.values.shape
    every = rate(
        ratings.values.reshape(-1, 1), (0.0, 1.0), np.repeat(ratings.clusters, readers), ("all readers",)
    )
    truth = np.column_stack(truths).reshape(items * readers)
    return [evolve(one, readers=None) for one in accuracy(every, truth, of.plan, CONSENSUS)]


def _consensus_words(tied: int, alone: int) -> str:
    return (
        "Each reader is judged by what most of the others say of the same item; ties have no consensus "
        f"({tied:,} readings), and in {alone:,} readings the consensus is that of a single other reader."
    )
