"""From facts and a rule to its answers, its reasons and the inputs that would decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.osteoporosis.conditions import weigh
from spinegrade.osteoporosis.facts import ANSWERS, INDETERMINATE, MET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.osteoporosis.conditions import Leaf, Weighed
    from spinegrade.osteoporosis.facts import Answers, Booleans, Facts
    from spinegrade.osteoporosis.rule import OsteoporosisRule


@frozen(eq=False)
class Answered:
    """What a rule answers of ``(patients,)``.

    Attributes
    ----------
    answer
        Index into `ANSWERS`.
    because
        What decided it; null where it is indeterminate.
    missing
        The inputs that would decide it; null where it is decided.
    """

    rule: OsteoporosisRule
    answer: Answers
    because: pl.Series
    missing: pl.Series

    @property
    def words(self) -> pl.Series:
        """The answers in words."""
        return pl.Series(self.rule.code, ANSWERS, dtype=pl.String).gather(self.answer.astype(np.uint32))


def answer_rules(rules: Sequence[OsteoporosisRule], facts: Facts) -> list[Answered]:
    """Return what the rules that are enabled answer."""
    known: dict[Leaf, Answers] = {}
    return [
        _answer(rule, weigh(rule.condition, facts, known), facts)
        for rule in rules
        if rule.enabled and rule.condition is not None
    ]


def _answer(rule: OsteoporosisRule, weighed: Weighed, facts: Facts) -> Answered:
    reasons, gaps = _Words(facts.count), _Words(facts.count)
    undecided = weighed.answer == INDETERMINATE
    for leaf, holds, where in weighed.deciders(np.ones(facts.count, dtype=bool)):
        reasons.add(leaf.words(met=holds), where & ~undecided)
        here = where & undecided
        for what, of in leaf.asks(facts):
            gaps.add(what, here if of is None else here & of)
    return Answered(rule, weighed.answer, reasons.joined(), gaps.joined())


class _Words:
    """Words said of some of many rows, joined row by row without a loop over the rows."""

    def __init__(self, count: int) -> None:
        self._mask: NDArray[np.int64] = np.zeros(count, dtype=np.int64)
        self._words: dict[str, int] = {}

    def add(self, word: str, where: Booleans) -> None:
        """Say a word of these rows; its place is kept without any, so that no row's order hangs on others."""
        bit = self._words.setdefault(word, len(self._words))
        if where.any():
            self._mask |= where.astype(np.int64) << bit

    def joined(self) -> pl.Series:
        """Return the words of each row in the order they were said, null where there are none."""
        masks = pl.Series(self._mask)
        found = masks.unique().to_list()
        texts = [
            "; ".join(word for word, bit in self._words.items() if mask >> bit & 1) or None for mask in found
        ]
        return masks.replace_strict(found, texts, return_dtype=pl.String).cast(pl.String)  # an empty one, too


def any_met(answered: Sequence[Answered], count: int) -> Answers:
    """Return whether any of the rules is met, in three-valued logic; not met without rules."""
    none = np.zeros(count, dtype=np.uint8)
    greatest: Answers = np.maximum.reduce([none, *(one.answer for one in answered)])
    return greatest


def words_where_met(answered: Sequence[Answered], count: int) -> pl.Series:
    """Return what the rules that are met say, with their codes; null where none is."""
    words = _Words(count)
    for one in answered:
        words.add(f"{one.rule.code} {one.rule.words}", one.answer == MET)
    return words.joined()
