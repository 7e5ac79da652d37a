"""Sensitivity and specificity of readers against a reference reader or a consensus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import frozen

from spinegrade.agreement.estimating import estimate
from spinegrade.agreement.intervals import wilson
from spinegrade.agreement.resampling import Plan
from spinegrade.agreement.sums import Array, Statistic, add_up, ratio
from spinegrade.errors import ReadingError, SpinegradeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spinegrade.agreement.estimate import Estimate
    from spinegrade.agreement.ratings import Ratings

    Floats = NDArray[np.float64]

Ties = Literal["none", "lower", "higher"]
TIES: tuple[Ties, ...] = ("none", "lower", "higher")

DEFAULT = Plan()


@frozen(eq=False)
class Consensus:
    """What most readers said.

    Attributes
    ----------
    values
        ``(items,)`` categories; NaN where nobody read the item, or for a tie that stays one.
    ties
        Number of items on which two or more categories had the most readers.
    alone
        Number of items that only one reader read.
    rule
        The rule in words.
    """

    values: Floats
    ties: int
    alone: int
    rule: str


def find_consensus(ratings: Ratings, ties: Ties = "none", without: int | None = None) -> Consensus:
    """Return the category that most readers gave each item.

    ``without`` leaves out a reader, by place: one who is judged by a consensus should have no vote in it.
    A tie has no consensus (``none``), or the lowest or highest of the tied categories.

    Raises
    ------
    SpinegradeError
        If the rule for ties is unknown.
    """
    if ties not in TIES:
        msg = f"ties: expected {', '.join(TIES)}, got {ties!r}"
        raise SpinegradeError(msg)
    voters = ratings if without is None else ratings.without_reader(without)
    values = np.asarray(ratings.categories)
    votes = (voters.codes[:, :, None] == np.arange(len(values))).sum(axis=1)
    most = votes == votes.max(axis=1, keepdims=True)
    read = votes.sum(axis=1) > 0
    tied = read & (most.sum(axis=1) > 1)
    place = most.shape[1] - 1 - most[:, ::-1].argmax(axis=1) if ties == "higher" else most.argmax(axis=1)
    chosen = np.where(read & ~(tied & (ties == "none")), values[place], np.nan)
    words = {
        "none": "ties have no consensus",
        "lower": "ties go to the lower",
        "higher": "ties go to the higher",
    }
    others = "" if without is None else f" other than {ratings.readers[without]}"
    alone = int((votes.sum(axis=1) == 1).sum())
    return Consensus(chosen, int(tied.sum()), alone, f"majority of the readers{others}; {words[ties]}")


def accuracy(
    ratings: Ratings, reference: ArrayLike, plan: Plan = DEFAULT, name: str = "reference"
) -> list[Estimate]:
    """Return sensitivity and specificity of each reader, then of all readers pooled.

    ``ratings`` have two categories, of which the higher is positive; ``reference`` is ``(items,)`` in the
    same categories, NaN where there is none.  Pooled, a reading of an item counts as often as there are
    readers of it.

    Raises
    ------
    SpinegradeError
        If there are not two categories, or not one reference for each item.
    ReadingError
        If a reference is in neither category.
    """
    truth = _checked_reference(ratings, reference)
    results: list[Estimate] = []
    for place, reader in enumerate(ratings.readers):
        results += _both(ratings, truth, [place], plan, (reader, name))
    if len(ratings.readers) > 1:
        results += _both(ratings, truth, list(range(len(ratings.readers))), plan, None)
    return results


def _checked_reference(ratings: Ratings, reference: ArrayLike) -> Floats:
    if len(ratings.categories) != 2:
        msg = f"accuracy: expected ratings of two categories, got {len(ratings.categories)}"
        raise SpinegradeError(msg)
    truth = np.asarray(reference, dtype=float)
    if truth.shape != ratings.clusters.shape:
        msg = f"reference: expected one for each of {len(ratings.clusters)} items, got shape {truth.shape}"
        raise SpinegradeError(msg)
    stray = ~np.isnan(truth) & ~np.isin(truth, ratings.categories)
    if stray.any():
        low, high = ratings.categories
        msg = (
            f"reference of item {stray.argmax()}: expected {low:g} or {high:g}, got {truth[stray.argmax()]:g}"
        )
        raise ReadingError(msg)
    return truth


def _both(
    ratings: Ratings, truth: Floats, readers: list[int], plan: Plan, names: tuple[str, str] | None
) -> list[Estimate]:
    negative, positive = ratings.categories
    sensitivity = _share_right(ratings, truth, readers, positive)
    specificity = _share_right(ratings, truth, readers, negative)
    results = []
    for statistic, (right, clusters), words in (
        ("sensitivity", sensitivity, "positive"),
        ("specificity", specificity, "negative"),
    ):
        nothing = f"no item that was read is {words} by the reference"
        sums = add_up(right, np.array([[1.0, 0.0], [1.0, 1.0]]), clusters, nothing)
        share = Statistic(statistic, _share, nothing, analytic=wilson, bounds=(0.0, 1.0))
        results += estimate(sums, [share], plan, names)
    return results


def _share(sums: Array) -> Array:
    return ratio(sums[..., 1], sums[..., 0])


def _share_right(
    ratings: Ratings, truth: Floats, readers: list[int], category: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return whether each reading of items of a category is right, and the numbers of the clusters."""
    asked = ratings.where(truth == category)
    read = asked.read[:, readers]
    right = (asked.values[:, readers] == category)[read].astype(np.intp)
    clusters = np.broadcast_to(asked.clusters[:, None], read.shape)[read]
    return right, np.unique(clusters, return_inverse=True)[1].astype(np.intp)
