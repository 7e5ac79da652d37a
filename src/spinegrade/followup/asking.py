"""What is asked of two dates."""

from __future__ import annotations

from typing import Literal, get_args

from attrs import field, frozen, validators

from spinegrade.assess import Method
from spinegrade.followup.pairs import PAIR_CHOICES, PairChoice
from spinegrade.followup.rule import FollowUpRule, ReshapingRule, follow_up_rule, reshaping_rule

GradeKind = Literal["morphometric", "visual"]
GRADE_KINDS: tuple[GradeKind, ...] = get_args(GradeKind)


@frozen
class Asking:
    """What is asked of two dates.

    Attributes
    ----------
    method
        How each reading is graded; its landmark error gives the least significant change.
    rule, reshaping
        Rules by id or TOML file.
    pairs
        Which dates of a series are compared.
    grade
        The computed grade or the reader's visual one.
    across_readers
        Compare what different readers read.
    trust_levels
        Take levels as they are named, though the bodies match better a level up or down.
    """

    method: Method = field(factory=Method)
    rule: str = "followup-sq"
    reshaping: str = "reshaping-2024"
    pairs: PairChoice = field(default="consecutive", validator=validators.in_(PAIR_CHOICES))
    grade: GradeKind = field(default="morphometric", validator=validators.in_(GRADE_KINDS))
    across_readers: bool = False
    trust_levels: bool = False

    @property
    def follow_up_rule(self) -> FollowUpRule:
        """The follow-up rule as numbers."""
        return follow_up_rule(self.rule)

    @property
    def reshaping_rule(self) -> ReshapingRule:
        """The reshaping rule as numbers."""
        return reshaping_rule(self.reshaping)
