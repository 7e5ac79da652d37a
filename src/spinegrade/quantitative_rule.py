"""Rule files of quantitative morphometry, as the numbers that the methods need.

A file whose cuts nobody has confirmed against the paper ships without them and is refused; a copy with the
cuts filled in, ``status = "confirmed"`` and ``confirmed_by`` can be used.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import frozen

from spinegrade.errors import RuleError
from spinegrade.rules import load_rule

if TYPE_CHECKING:
    from spinegrade.rules import RuleFile

METHODS: dict[str, int] = {"melton": 1, "eastell": 2, "black": 1, "mccloskey": 1, "minne": 1}
"""The methods, and how many cuts each takes: a fraction of the mean (melton), else distances in SD."""

_OF_MEAN = "melton"

_KEYS = {"method", "status", "cuts", "tolerance", "confirmed_by", "missing", "example", "measure"}


@frozen
class QuantitativeRule:
    """A method and its cuts.

    Attributes
    ----------
    method
        One of `METHODS`.
    cuts
        Fraction of the normal mean (melton), or distances below it in SD, the mildest first.
    tolerance
        How far rounding may take a value past a cut; a value on the cut is not below it.
    """

    source: RuleFile
    method: str
    cuts: tuple[float, ...]
    tolerance: float


def quantitative_rule(name: str) -> QuantitativeRule:
    """Return the rule of this id or in this TOML file.

    Raises
    ------
    RuleError
        If there is none, it is of another kind or incomplete, or its numbers are not confirmed.
    """
    source = load_rule(name, "quantitative")
    data = source.data
    _check(data, name)
    return QuantitativeRule(source, data["method"], tuple(map(float, data["cuts"])), float(data["tolerance"]))


def _check(data: dict[str, Any], name: str) -> None:
    """Refuse what is unknown, unconfirmed or no number."""
    if unknown := sorted(set(data) - _KEYS):
        msg = f"{name}: expected no other keys, got {', '.join(unknown)}"
        raise RuleError(msg)
    if data.get("method") not in METHODS:
        msg = f"{name}: method: expected one of {', '.join(METHODS)}, got {data.get('method')!r}"
        raise RuleError(msg)
    if data.get("status") != "confirmed" or not str(data.get("confirmed_by", "")).strip():
        msg = (
            f"{name}: expected status confirmed and confirmed_by, got a rule that is not enabled: "
            f"{data.get('missing', 'nobody has confirmed its numbers')}"
        )
        raise RuleError(msg)
    _check_cuts(data.get("cuts"), data["method"], name)
    if not _number(data.get("tolerance")):
        msg = f"{name}: tolerance: expected a number above 0, got {data.get('tolerance')!r}"
        raise RuleError(msg)


def _check_cuts(cuts: object, method: str, name: str) -> None:
    """Refuse cuts that are no numbers, do not rise, or of a share of the mean are not below 1."""
    wanted = METHODS[method]
    if (
        not isinstance(cuts, list)
        or len(cuts) != wanted
        or not all(map(_number, cuts))
        or any(low >= high for low, high in pairwise(cuts))
    ):
        msg = f"{name}: cuts: expected {wanted} rising number(s) above 0, got {cuts!r}"
        raise RuleError(msg)
    if method == _OF_MEAN and cuts[0] >= 1:
        msg = f"{name}: cuts: expected a share of the normal mean below 1, no percentage, got {cuts[0]!r}"
        raise RuleError(msg)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
