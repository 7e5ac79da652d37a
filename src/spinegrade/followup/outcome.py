"""What a rule says of vertebrae on two dates: new, worse, neither, or not to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.errors import ReadingError
from spinegrade.followup.remarks import Remark

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.followup.change import Change, Seen
    from spinegrade.followup.rule import FollowUpRule

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

OUTCOMES = ("unchanged", "incident", "worsening", "indeterminate")
"""What a rule says of a vertebra; arrays hold their index here.  Unchanged is neither new nor worse."""

UNCHANGED, INCIDENT, WORSENING, INDETERMINATE = range(4)


def judge(first: Seen, second: Seen, change: Change, rule: FollowUpRule) -> NDArray[np.uint8]:
    """Return the ``(..., levels)`` index into `OUTCOMES` of what the rule says.

    What the rule needs and nobody knows leaves it indeterminate, unless something else that it needs does
    not hold.  A vertebra that was fractured on the first date is worsening, any other incident; so is one
    that has become deformed beside a norm.  A grade of 0.5 is no fracture.

    Raises
    ------
    ReadingError
        If the rule asks for deformities and nobody has looked for any.
    """
    before, after = (_as_fractured(seen.grade) for seen in (first, second))
    met = np.ones(before.shape, dtype=bool)
    failed = np.zeros(before.shape, dtype=bool)
    legs = _legs(before, after, change, rule)
    if rule.needs.deformed_by is not None:
        legs.append(_becomes_deformed(first, second))
    for holds, known in legs:
        met &= holds & known
        failed |= ~holds & known
    fractured = (before >= 1) & (rule.needs.deformed_by is None)
    outcome = np.where(met, np.where(fractured, WORSENING, INCIDENT), INDETERMINATE)
    outcome = np.where(failed, UNCHANGED, outcome)
    shifted = (change.remarks & Remark.LEVELS_SHIFTED) > 0
    unknown = np.isnan(before) | np.isnan(after) | shifted
    return np.where(unknown, INDETERMINATE, outcome).astype(np.uint8)


def _as_fractured(grade: Floats) -> Floats:
    return np.floor(grade)


_Leg = tuple["Booleans", "Booleans"]
"""Where something that a rule needs holds, and where that is known."""


def _legs(before: Floats, after: Floats, change: Change, rule: FollowUpRule) -> list[_Leg]:
    needs = rule.needs
    legs: list[_Leg] = []
    if needs.min_rise is not None:
        rise = after - before
        legs.append((np.asarray(rise >= needs.min_rise - rule.tolerance), ~np.isnan(rise)))
    bounds = [(change.lost, needs.min_loss), (change.lost_length, needs.min_mm)]
    asked = [lost >= bound - rule.tolerance for lost, bound in bounds if bound is not None]
    if asked:
        enough = np.logical_and.reduce(asked).any(axis=-1)
        legs.append((np.asarray(enough), np.asarray(~np.isnan(change.lost).any(axis=-1))))
    return legs


def _becomes_deformed(first: Seen, second: Seen) -> _Leg:
    if first.deformed is None or second.deformed is None:
        msg = "deformed: expected arrays of both dates for a rule that asks for deformities, got none"
        raise ReadingError(msg)
    holds = (first.deformed == 0) & (second.deformed == 1)
    return holds, np.asarray(holds | (first.deformed == 1) | (second.deformed == 0))
