"""What is known of patients, as arrays: numbers between bounds, truths in three values.

A number that is known has two equal bounds, one that is not lies between minus and plus infinity.  Between
the two stands what is known in part: three fractures of which two have no site, a count on films that
leave levels unread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Answers = NDArray[np.uint8]

NOT_MET, INDETERMINATE, MET = (np.uint8(value) for value in range(3))
TOLERANCE = 1e-9
"""By which a number may miss the bound that it is compared with."""

ANSWERS = ("not met", "indeterminate", "met")
"""Answers; arrays hold their index here, so that "and" is the least and "or" the greatest (Kleene)."""


@frozen
class Fact:
    """A fact that rules may ask for.

    Attributes
    ----------
    words
        How reasons call it.
    ask
        Which input would tell it.
    truth
        Whether it is yes or no, rather than a number.
    """

    words: str
    ask: str
    truth: bool = False


def _truth(words: str, ask: str = "") -> Fact:
    return Fact(words, ask, truth=True)


AGE, EXAM_DATES, DATE = "birth_date or age", "exam dates", "date of the exam or assessment"
"""Inputs that tell the age."""
UNMEASURED = "landmarks of vertebrae that were graded by eye"
"""What tells more of a vertebra that a reader graded and nobody measured, where measured grades count."""
UNREAD = "levels that were not read"
"""What tells more of a film on which the readers passed levels over, without a word on why."""

FACTS: dict[str, Fact] = {
    "age": Fact("age", AGE),
    "vertebral_fractures": Fact("vertebral fractures", "grades or fractures"),
    "single_mild_fracture": _truth("a single vertebral fracture, of grade 1", "grades"),
    "unevaluable_levels": Fact("levels that could not be graded", "grades"),
    "levels_without_visual_grade": Fact("levels without a visual grade", "visual_grade"),
    "long_bone_by_10": Fact("long-bone fractures by age 10", "fractures"),
    "long_bone_by_19": Fact("long-bone fractures up to age 19", "fractures"),
    "hip_fracture": _truth("hip fracture", "fractures"),
    "humerus_or_pelvis_fracture": _truth("proximal humerus or pelvis fracture", "fractures"),
    "bmd_z": Fact("lowest BMD z-score", "bmd.z"),
    "unreferenced_z": Fact("z-scores without a usable reference", "bmd.reference"),
    "preferred_site": _truth("BMD z-score at a preferred site", "bmd.z"),
    "extra_site": _truth("BMD z-score at an extra site", "bmd.z"),
    "dxa_interval": Fact("months between the last two scans of a site, if there are two", "bmd.date"),
    "t_score": Fact("lowest T-score of spine, femoral neck and hip", "bmd.t"),
    "female": _truth("female", "sex"),
    "postmenopausal": _truth("postmenopausal"),
    "local_disease": _truth("local disease"),
    "high_energy_trauma": _truth("high-energy trauma"),
    "short_stature": _truth("short stature"),
    "safe_positioning": _truth("safe positioning"),
    "dxa_changes_management": _truth("DXA may change management"),
    "risk_may_fall": _truth("risk may fall"),
    "atypical_finding": _truth("atypical finding"),
    "self_reported_vertebral_fracture": _truth("self-reported vertebral fracture"),
    "height_loss": Fact("height loss in cm", "height_loss_cm"),
    "glucocorticoid_dose": Fact("prednisone equivalent in mg/day", "exposures"),
    "glucocorticoid_g": Fact("cumulative prednisone equivalent in g", "exposures"),
    "glucocorticoid_g_m2": Fact("cumulative prednisone equivalent in g/m2", "exposures"),
    "frax_hip": Fact("FRAX hip %", "frax_hip"),
    "frax_major": Fact("FRAX major %", "frax_major"),
}
"""Every fact that a rule file may name."""


@frozen
class Bounds:
    """The least and the most that a number can be, ``(patients,)`` each."""

    low: Floats
    high: Floats

    @classmethod
    def of(cls, values: ArrayLike) -> Bounds:
        """Return numbers as they are; NaN may be anything."""
        given = np.asarray(values, dtype=float)
        unknown = np.isnan(given)
        return cls(np.where(unknown, -np.inf, given), np.where(unknown, np.inf, given))

    def at(self, where: Booleans) -> Bounds:
        """Return the numbers of some patients."""
        return Bounds(self.low[where], self.high[where])


def truths(yes: ArrayLike, no: ArrayLike) -> Answers:
    """Return three-valued truths from where they hold and where they do not."""
    return np.where(yes, MET, np.where(no, NOT_MET, INDETERMINATE)).astype(np.uint8)


@frozen
class Ask:
    """An input that would tell more of a fact, and of which patients."""

    what: str
    where: Booleans


@frozen
class Counted:
    """Numbers, truths and what to ask for, to be put among the facts."""

    numbers: dict[str, Bounds]
    truths: dict[str, Answers]
    asks: dict[str, tuple[Ask, ...]]

    def __or__(self, other: Counted) -> Counted:
        """Return both; of a fact in both that of the other."""
        return Counted(self.numbers | other.numbers, self.truths | other.truths, self.asks | other.asks)


@frozen
class Facts:
    """What is known of ``count`` patients; a fact that is not here is not known of any of them.

    ``asks`` has, for facts known in part, which inputs would tell the rest.
    """

    count: int
    numbers: dict[str, Bounds] = field(factory=dict)
    truths: dict[str, Answers] = field(factory=dict)
    asks: dict[str, tuple[Ask, ...]] = field(factory=dict)

    def number(self, name: str) -> Bounds:
        """Return a number."""
        found = self.numbers.get(name)
        return found if found is not None else Bounds.of(np.full(self.count, np.nan))

    def truth(self, name: str) -> Answers:
        """Return a truth."""
        found = self.truths.get(name)
        return found if found is not None else np.full(self.count, INDETERMINATE)

    def of(self, where: Booleans) -> Facts:
        """Return the facts of some patients, without what to ask."""
        numbers = {name: bounds.at(where) for name, bounds in self.numbers.items()}
        told = {name: truth[where] for name, truth in self.truths.items()}
        return Facts(int(where.sum()), numbers, told)
