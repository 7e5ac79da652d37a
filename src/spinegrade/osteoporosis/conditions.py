"""Conditions of rules: comparisons of facts, joined by all, any and not, in three-valued logic.

Every function works on arrays over patients.  A condition is answered by the least (all), the greatest
(any) or the mirror (not) of the answers of its parts, which is Kleene's logic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import asdict, frozen

from spinegrade.errors import RuleError
from spinegrade.osteoporosis.facts import FACTS, INDETERMINATE, MET, TOLERANCE, truths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spinegrade.osteoporosis.facts import Answers, Booleans, Facts
    from spinegrade.osteoporosis.switches import Switches

_SIGNS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
_OPPOSITE = {"at_least": "below", "above": "at_most", "at_most": "above", "below": "at_least"}


@frozen
class Leaf:
    """One fact compared with a value; ``relation`` is a key of `_SIGNS`, or ``is``.

    ``which`` says in words which of what is counted counts, where a switch leaves some out.
    """

    fact: str
    relation: str
    value: float | bool
    switch: str | None = None
    which: str = ""

    def answer(self, facts: Facts) -> Answers:
        """Return ``(patients,)`` whether the comparison holds."""
        if self.relation == "is":
            truth = facts.truth(self.fact)
            return truth if self.value else MET - truth
        bounds, value = facts.number(self.fact), self.value
        if self.relation in ("at_least", "below"):
            yes, no = bounds.low >= value - TOLERANCE, bounds.high < value - TOLERANCE
        else:
            yes, no = bounds.low > value + TOLERANCE, bounds.high <= value + TOLERANCE
        return truths(yes, no) if self.relation in ("at_least", "above") else truths(no, yes)

    def words(self, *, met: bool) -> str:
        """Return what is the case where the comparison holds, or does not."""
        called = f"{FACTS[self.fact].words}{self.which}"
        if self.relation == "is":
            return f"{called}: {'yes' if met == self.value else 'no'}"
        relation = self.relation if met else _OPPOSITE[self.relation]
        return f"{called} {_SIGNS[relation]} {self.value:g}"

    def asks(self, facts: Facts) -> list[tuple[str, Booleans | None]]:
        """Return which inputs would decide it, and for which patients; None for all of them."""
        if self.switch is not None and np.isnan(self.value):
            return [(f"switch {self.switch}", None)]
        found = facts.asks.get(self.fact)
        if found is not None:
            return [(ask.what, ask.where) for ask in found]
        return [(FACTS[self.fact].ask or self.fact, None)]


@frozen
class Group:
    """Conditions joined by ``all``, ``any`` or ``not``."""

    join: str
    parts: tuple[Condition, ...]


Condition = Leaf | Group


def facts_of(condition: Condition) -> frozenset[str]:
    """Return the facts that a condition compares."""
    if isinstance(condition, Leaf):
        return frozenset({condition.fact})
    return frozenset().union(*map(facts_of, condition.parts))


@frozen(eq=False)
class Weighed:
    """A condition with its ``(patients,)`` answers, and its parts with theirs."""

    condition: Condition
    answer: Answers
    parts: tuple[Weighed, ...] = ()

    def deciders(self, where: Booleans) -> Iterator[tuple[Leaf, bool, Booleans]]:
        """Yield the comparisons to which the answers are owed, their own answer, and of which patients.

        Of an indeterminate answer these are the comparisons that are undecided themselves.
        """
        if isinstance(self.condition, Leaf):
            for value in (False, True):
                yield self.condition, value, where & (self.answer == value * MET)
            yield self.condition, False, where & (self.answer == INDETERMINATE)
            return
        owed = MET - self.answer if self.condition.join == "not" else self.answer
        for part in self.parts:
            yield from part.deciders(where & (part.answer == owed))


def weigh(condition: Condition, facts: Facts, known: dict[Leaf, Answers] | None = None) -> Weighed:
    """Return the condition with its answers; ``known`` spares work that many rules have in common."""
    known = {} if known is None else known
    if isinstance(condition, Leaf):
        if condition not in known:
            known[condition] = condition.answer(facts)
        return Weighed(condition, known[condition])
    parts = tuple(weigh(part, facts, known) for part in condition.parts)
    answers = [part.answer for part in parts]
    if condition.join == "not":
        return Weighed(condition, MET - answers[0], parts)
    join = np.minimum if condition.join == "all" else np.maximum
    return Weighed(condition, join.reduce(answers), parts)


def read_condition(data: Any, switches: Switches, others: Mapping[str, Condition]) -> Condition:  # noqa: ANN401
    """Return the condition that a table of a rule file says.

    ``others`` are the conditions of rules that this one may name by their codes.

    Raises
    ------
    RuleError
        If it is none.
    """
    if not isinstance(data, dict) or not data:
        msg = f"condition: expected a table, got {data!r}"
        raise RuleError(msg)
    if "fact" in data:
        return _leaf(data, switches)
    if len(data) != 1:
        msg = f"condition: expected one of all, any, not, rule, or a fact, got {', '.join(data)}"
        raise RuleError(msg)
    ((join, content),) = data.items()
    if join == "rule":
        return _rule(content, others)
    if join == "not":
        return Group(join, (read_condition(content, switches, others),))
    if join not in ("all", "any") or not isinstance(content, list) or not content:
        msg = f"condition: expected all or any of a list, not, or rule, got {join} = {content!r}"
        raise RuleError(msg)
    return Group(join, tuple(read_condition(part, switches, others) for part in content))


def _rule(code: object, others: Mapping[str, Condition]) -> Condition:
    if not isinstance(code, str) or code not in others:
        msg = f"condition: rule: expected one of {', '.join(others) or 'none'}, got {code!r}"
        raise RuleError(msg)
    return others[code]


def _leaf(data: dict[str, Any], switches: Switches) -> Leaf:
    given = dict(data)
    fact = given.pop("fact")
    if fact not in FACTS:
        msg = f"condition: fact: expected one of {', '.join(FACTS)}, got {fact!r}"
        raise RuleError(msg)
    bound = given.pop("bound", None)
    wanted = ("is",) if FACTS[fact].truth else tuple(_SIGNS)
    if len(given) != 1 or next(iter(given)) not in wanted:
        msg = f"condition: {fact}: expected one of {', '.join(wanted)}, got {', '.join(given) or 'none'}"
        raise RuleError(msg)
    ((relation, value),) = given.items()
    if FACTS[fact].truth:
        if not isinstance(value, bool):
            msg = f"condition: {fact}: expected true or false, got {value!r}"
            raise RuleError(msg)
        return Leaf(fact, relation, value)
    number, switch = _number(fact, value, switches)
    few = fact == "vertebral_fractures" and switches.min_grade > 1
    which = f" of grade {switches.min_grade:g} or more" if few else ""
    return Leaf(fact, _bound(relation, bound, switches), number, switch, which)


def _number(fact: str, value: object, switches: Switches) -> tuple[float, str | None]:
    """Return the value of a comparison and the switch that gives it; NaN where that is not set."""
    if isinstance(value, str):
        set_to = asdict(switches).get(value, "")
        if not isinstance(set_to, str):
            return (float("nan") if set_to is None else float(set_to)), value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), None
    msg = f"condition: {fact}: expected a number or a switch that is one, got {value!r}"
    raise RuleError(msg)


def _bound(relation: str, bound: object, switches: Switches) -> str:
    """Return the relation, strict where its switch says so."""
    if bound is None:
        return relation
    setting = asdict(switches).get(bound) if isinstance(bound, str) else None
    if relation != "at_most" or setting not in ("at-most", "below"):
        msg = f"condition: bound: expected at_most and the switch density_bound, got {bound!r}"
        raise RuleError(msg)
    return "below" if setting == "below" else "at_most"
