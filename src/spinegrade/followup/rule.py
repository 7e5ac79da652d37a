"""Follow-up rule files as the numbers that comparing two dates needs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, field, frozen, validators

from spinegrade.errors import RuleError, SpinegradeError
from spinegrade.io.reading_json import from_plain
from spinegrade.quantitative import BY_VERTEBRA
from spinegrade.quantitative_rule import QuantitativeRule, quantitative_rule
from spinegrade.rules import RuleFile, load_rule, rule_ids

ENABLED = ("confirmed", "derived")
"""Statuses of rules that may be used: read in a source, or derived by this program and said to be so."""

STATUSES = (*ENABLED, "unconfirmed")

_FRACTION = validators.optional([validators.gt(0.0), validators.lt(1.0)])
_ABOVE_ZERO = validators.optional([validators.gt(0.0), validators.lt(math.inf)])
_SCALE_CHANGE: float | None = 0.05
_TEXT = ("note", "status", "example")
"""What a rule says to people and to tests."""


@frozen
class Needs:
    """What has to hold at once for a vertebra to be new or worse; None is not asked for.

    Attributes
    ----------
    min_rise
        Grades by which it rose.
    min_loss, min_mm
        Fraction and mm by which one and the same height fell.
    deformed_by
        Rule of quantitative morphometry, by id or TOML file beside the rule's own, by which it has become
        deformed; it needs a norm.
    """

    min_rise: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    min_loss: float | None = field(default=None, validator=_FRACTION)
    min_mm: float | None = field(default=None, validator=_ABOVE_ZERO)
    deformed_by: str | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse a rule that asks for nothing."""
        if all(one is None for one in (self.min_rise, self.min_loss, self.min_mm, self.deformed_by)):
            msg = "expected min_rise, min_loss, min_mm or deformed_by, got none of them"
            raise ValueError(msg)


@frozen
class FollowUpRule:
    """When a vertebra is new or worse on the later of two dates.

    Attributes
    ----------
    needs
        What has to hold.
    scale
        ``none``: heights are compared as they are; ``growth``: with the earlier height times the growth of
        the unfractured vertebrae around.
    reach
        How many levels above and below say how the spine grew.
    max_scale_change
        With scale ``none``: by how much the unfractured vertebrae may differ between the dates; 5 % unless a
        file says otherwise (this project's choice), None from Python for any.
    tolerance
        How far rounding may take a change from a bound.
    deformity
        The rule of quantitative morphometry that ``needs.deformed_by`` names.
    source
        The rule file.
    """

    needs: Needs
    scale: Literal["none", "growth"]
    tolerance: float = field(validator=[validators.ge(0.0), validators.lt(0.001)])
    reach: int = field(default=2, validator=[validators.ge(1), validators.le(5)])
    max_scale_change: float | None = field(default=_SCALE_CHANGE, validator=_FRACTION)
    deformity: QuantitativeRule | None = None
    source: RuleFile | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse mm of heights that are scaled."""
        if self.scale == "growth" and self.needs.min_mm is not None:
            msg = "needs.min_mm: expected scale 'none', as mm are compared as they are, got 'growth'"
            raise ValueError(msg)

    @property
    def stamp(self) -> str:
        """Name, revision and hash, as every exported result carries them."""
        sources = [self.source, None if self.deformity is None else self.deformity.source]
        return "; ".join(one.stamp for one in sources if one is not None)


@frozen
class ReshapingRule:
    """When a fractured vertebra counts as reshaped; ``min_months`` have to pass after it was seen."""

    min_months: float = field(validator=[validators.ge(0.0), validators.lt(1200.0)])
    source: RuleFile | None = None

    @property
    def stamp(self) -> str:
        """Name, revision and hash, as every exported result carries them."""
        return "" if self.source is None else self.source.stamp


def follow_up_rules() -> tuple[RuleFile, ...]:
    """Return the follow-up and reshaping rules that come along, enabled or not."""
    return tuple(map(load_rule, rule_ids("follow-up", "reshaping")))


def follow_up_rule(name: str) -> FollowUpRule:
    """Return the follow-up rule of this id or in this TOML file.

    Raises
    ------
    RuleError
        If there is no such rule, it is of another kind or not enabled, lacks something, or has something
        unknown; or if a rule that it names is no such thing.
    """
    source = _enabled(name, "follow-up")
    made: FollowUpRule = _built(FollowUpRule, source, name)
    return made if made.needs.deformed_by is None else evolve(made, deformity=_deformity(made, name))


def _deformity(rule: FollowUpRule, name: str) -> QuantitativeRule:
    named = f"{rule.needs.deformed_by}"
    where = str(Path(name).parent / named) if named.endswith(".toml") else named
    try:
        made = quantitative_rule(where)
    except RuleError as error:
        msg = f"{name}: needs.deformed_by: {error}"
        raise RuleError(msg) from error
    if made.method not in BY_VERTEBRA:
        msg = f"{name}: needs.deformed_by: expected a rule of {', '.join(BY_VERTEBRA)}, got {made.method}"
        raise RuleError(msg)
    return made


def reshaping_rule(name: str) -> ReshapingRule:
    """Return the reshaping rule of this id or in this TOML file.

    Raises
    ------
    RuleError
        As `follow_up_rule`.
    """
    source = _enabled(name, "reshaping")
    made: ReshapingRule = _built(ReshapingRule, source, name)
    return made


def _enabled(name: str, kind: str) -> RuleFile:
    source = load_rule(name, kind)
    status = source.data.get("status")
    if status not in STATUSES:
        msg = f"{name}: status: expected one of {', '.join(STATUSES)}, got {status!r}"
        raise RuleError(msg)
    if status not in ENABLED:
        msg = (
            f"{name}: expected a rule whose numbers were read in a source, got one from memory; compare them "
            "with the source, put citation and status = 'confirmed' into a copy, and give that file"
        )
        raise RuleError(msg)
    return source


def _built(kind: type[Any], source: RuleFile, name: str) -> Any:  # noqa: ANN401  either of the two rules
    given = {key: value for key, value in source.data.items() if key not in _TEXT}
    for key in ("source", "deformity"):
        if key in given:
            msg = f"{name}: expected no other keys, got {key}"
            raise RuleError(msg)
    try:
        made = from_plain(given, kind)
    except SpinegradeError as error:
        msg = f"{name}: {str(error).removeprefix(f'{kind.__name__}: ')}"
        raise RuleError(msg) from error
    return evolve(made, source=source)
