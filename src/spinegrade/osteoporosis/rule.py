"""Rule files of the kind ``osteoporosis``: what each asks, from where it is, and whether it is enabled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from spinegrade.errors import RuleError, SpinegradeError
from spinegrade.osteoporosis.conditions import Condition, facts_of, read_condition
from spinegrade.osteoporosis.switches import SWITCHES, Switches
from spinegrade.rules import RuleFile, load_rule, rule_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

KIND = "osteoporosis"
CONFIRMED = "confirmed"
STATUSES = (CONFIRMED, "unconfirmed", "needs-table")
SAYS = ("diagnosis", "finding", "density", "imaging", "caution", "information", "check")
"""What a rule that is met adds to: the diagnosis, what was found, what the density says, advice to image
further, cautions, information that asks for nothing, checks of how it was measured."""

GROUPS = ("child", "adult")


@frozen
class OsteoporosisRule:
    """One rule with its switches set.

    Attributes
    ----------
    code
        Short name, as R1; names its columns.
    group
        Whom it is for, one of `GROUPS`.
    status
        Only a rule that is ``confirmed`` is run.
    says
        One of `SAYS`.
    words
        What is said where it is met.
    condition
        None where a source with numbers is wanting.
    switches
        Names of the switches that matter to it.
    """

    source: RuleFile
    code: str
    group: str
    status: str
    says: str
    words: str
    condition: Condition | None = field(repr=False)
    switches: tuple[str, ...]

    @property
    def enabled(self) -> bool:
        """Whether it is run."""
        return self.status == CONFIRMED and self.condition is not None

    @property
    def facts(self) -> frozenset[str]:
        """The facts that it asks for; none without a condition."""
        return frozenset() if self.condition is None else facts_of(self.condition)


def osteoporosis_rules(
    switches: Switches | None = None, more: Iterable[str] = ()
) -> tuple[OsteoporosisRule, ...]:
    """Return the rules that come along and those of ``more``, files of one's own, by code.

    A file with the code of a rule that comes along stands in for it.

    Raises
    ------
    RuleError
        If a file is no such rule or not enabled, or two files of ``more`` have one code.
    """
    own = [load_rule(name, KIND) for name in more]
    codes = [_text(one, "code") for one in own]
    for code in codes:
        if codes.count(code) > 1:
            msg = f"rules: expected one file of the code {code}, got {codes.count(code)}"
            raise RuleError(msg)
    along = map(load_rule, rule_ids(KIND))
    sources = {_text(one, "code"): one for one in [*along, *own]}
    made: dict[str, OsteoporosisRule] = {}
    conditions: dict[str, Condition] = {}
    for code in sorted(sources, key=_order):
        rule = _build(sources[code], switches or Switches(), conditions)
        made[code] = rule
        if sources[code] in own and not rule.enabled:
            msg = f"{sources[code].id}: status: expected 'confirmed', as it is to be run, got {rule.status!r}"
            raise RuleError(msg)
        if rule.condition is not None:
            conditions[code] = rule.condition
    return tuple(made.values())


def _order(code: str) -> tuple[bool, str, int, str]:
    """Return what puts R2 before R10, and R rules, those of children, before others."""
    letters = code.rstrip("abcdefghijklmnopqrstuvwxyz").rstrip("0123456789")
    number = re.sub(r"\D", "", code)
    return letters != "R", letters, int(number or 0), code


_KEYS = {"code", "group", "status", "says", "words", "switches", "condition", "example", "note"}


def _build(source: RuleFile, switches: Switches, others: dict[str, Condition]) -> OsteoporosisRule:
    unknown = sorted(set(source.data) - _KEYS)
    if unknown:
        msg = f"{source.id}: expected {', '.join(sorted(_KEYS))}, got {unknown[0]}"
        raise RuleError(msg)
    used = source.data.get("switches", [])
    if not isinstance(used, list) or not set(map(str, used)) <= set(SWITCHES):
        msg = f"{source.id}: switches: expected some of {', '.join(SWITCHES)}, got {used!r}"
        raise RuleError(msg)
    given = source.data.get("condition")
    try:
        condition = None if given is None else read_condition(given, switches, others)
    except SpinegradeError as error:
        msg = f"{source.id}: {error}"
        raise RuleError(msg) from error
    rule = OsteoporosisRule(
        source=source,
        code=_text(source, "code"),
        group=_text(source, "group", GROUPS),
        status=_text(source, "status", STATUSES),
        says=_text(source, "says", SAYS),
        words=_text(source, "words"),
        condition=condition,
        switches=tuple(used),
    )
    if condition is None and rule.status == CONFIRMED:
        msg = f"{source.id}: condition: expected one, as the rule is confirmed, got none"
        raise RuleError(msg)
    return rule


def _text(source: RuleFile, key: str, choices: tuple[str, ...] = ()) -> str:
    value = source.data.get(key)
    if not isinstance(value, str) or not value or (choices and value not in choices):
        msg = f"{source.id}: {key}: expected {' or '.join(choices) or 'a word'}, got {value!r}"
        raise RuleError(msg)
    return value
