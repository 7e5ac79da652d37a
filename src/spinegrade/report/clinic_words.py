"""What the rules say and ask for, in the words of a clinic."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from spinegrade.followup.remarks import Remark
from spinegrade.osteoporosis.facts import TOLERANCE, UNMEASURED, UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spinegrade.osteoporosis.account import Account, RuleAnswer
    from spinegrade.osteoporosis.rule import OsteoporosisRule

SEX_WORDS = {"F": "female", "M": "male"}

SITE_WORDS = {
    "spine": "lumbar spine",
    "total_body_less_head": "total body less head",
    "femoral_neck": "femoral neck",
    "total_hip": "total hip",
    "proximal_femur": "proximal femur",
    "radius_33": "33 % radius",
    "lateral_distal_femur": "lateral distal femur",
}

WANTED_WORDS = {
    "birth_date or age": "date of birth, or age at the exam",
    "sex": "sex",
    "grades or fractures": "a reading of a spine film, or a list of the vertebral fractures",
    "grades": "a reading of a spine film",
    "exam dates": "the dates of all spine films",
    "unevaluable levels": "the levels that could not be graded",
    UNREAD: "the levels that were not read",
    UNMEASURED: "the landmarks of vertebrae that were graded by eye",
    "agreement of readings": "agreement of the readings",
    "visual_grade": "the reader's visual grade of every level",
    "fractures": "a list of the fractures",
    "fractures_complete": "whether the list of fractures is complete",
    "fractures.site": "which bone was fractured",
    "fractures.long_bone": "whether the fractured bones were long bones",
    "fractures.age_at": "the age at each fracture",
    "fractures.mechanism": "of what energy each fracture was",
    "fractures (contradiction)": "the fracture whose record contradicts itself, put right",
    "bmd.z": "a BMD z-score, with its reference",
    "bmd.reference": "the reference of each BMD z-score",
    "bmd.date": "the dates of the DXA scans",
    "bmd.t": "a T-score of spine, femoral neck or hip",
    "bmd (contradiction)": "the DXA scan whose record contradicts itself, put right",
    "exposures": "glucocorticoids that were given",
    "exposures_complete": "whether the list of drugs and doses is complete",
    "exposures (dose as prednisone)": "the glucocorticoid dose as prednisone",
    "exposures (start_date and end_date)": "when each glucocorticoid began and ended",
    "exposures (contradiction)": "the exposure whose record contradicts itself, put right",
    "height_cm and weight_kg": "height and weight",
    "date of the exam or assessment": "the date of the exam",
    "a norm for level, sex and age": "a norm for the level, sex and age",
    "exposures (dose as prednisone, or months)": "glucocorticoid dose as prednisone, and for how many months",
    "local_disease": "whether a local disease is behind the vertebral fractures",
    "high_energy_trauma": "whether high-energy trauma is behind the vertebral fractures",
    "short_stature": "whether the child is short for age or late in growth",
    "safe_positioning": "whether the child can be positioned safely for DXA",
    "dxa_changes_management": "whether DXA may change the management",
    "risk_may_fall": "whether the risk of fracture may fall",
    "atypical_finding": "whether the film shows something atypical (destructive, congenital, misaligned, "
    "dislocated)",
    "self_reported_vertebral_fracture": "whether the patient reports a vertebral fracture",
    "postmenopausal": "whether she is postmenopausal",
    "height_loss_cm": "loss of height in cm",
    "frax_hip": "FRAX probability of a hip fracture",
    "frax_major": "FRAX probability of a major fracture",
}
"""Inputs as the rules name them; the rest speaks for itself."""

DECIDES_WORDS = {
    "diagnosis": "the diagnosis",
    "finding": "the fracture history",
    "density": "what the density says",
    "imaging": "advice to image further",
    "caution": "a caution",
    "information": "a note",
    "check": "a check of the method",
}

REMARK_WORDS = {
    Remark.ONLY_FIRST: "read on the earlier date only",
    Remark.ONLY_SECOND: "read on the later date only",
    Remark.NOT_GRADED_FIRST: "not graded on the earlier date",
    Remark.NOT_GRADED_SECOND: "not graded on the later date",
    Remark.NO_COMMON_MM: "no mm common to both dates",
    Remark.NO_SOUND_NEIGHBOUR: "no unfractured vertebra to compare heights with",
    Remark.DISTANT_SCALE: "heights compared with vertebrae farther away",
    Remark.SCALE_CHANGED: "films differ in scale",
    Remark.LEVELS_SHIFTED: "levels seem to be counted otherwise on one of the dates",
    Remark.WITHIN_LEAST_SIGNIFICANT: "change smaller than the least significant change",
    Remark.MM_AT_DETECTOR: "mm at the detector on both dates, taken to be of one geometry",
    Remark.DIFFERENT_READERS: "read by different readers",
    Remark.DIFFERENT_CALIBRATION: "mm of the two dates come about in different ways",
    Remark.NOT_JUDGED_BY_NORM: "not judged beside the norm on one of the dates",
}

SETTING_WORDS = {
    "t_score_men_from": "from what age men have T-scores, which no source settles and your clinic has to say",
}
"""What a rule asks for where a switch without a default is not set."""

_SWITCH_WORDS: dict[str, str | dict[str, str]] = {
    "adult_from": "the rules for children go up to {} years",
    "by_age": {
        "at-most": "fractures by an age count up to that birthday",
        "before": "fractures by an age count before that birthday",
        "completed": "fractures by an age count to the end of that year of age",
    },
    "density_bound": {
        "at-most": "a score on its bound counts",
        "below": "a score on its bound does not count",
    },
    "density_sites": {
        "preferred": "z-scores of spine and total body less head count",
        "any": "z-scores of any site count",
    },
    "density_z": {
        "measured": "z-scores are not adjusted for height",
        "height-adjusted": "z-scores are adjusted for height",
    },
    "dxa_months": "DXA scans less than {} months apart are too close",
    "glucocorticoid_months": "glucocorticoids count from {} months",
    "grades": {"measured": "grades are the measured ones", "visual": "grades are the readers' visual ones"},
    "min_grade": "a vertebral fracture counts from grade {}",
    "t_score_men_from": {"unset": "from what age men have T-scores is not set"},
}
_SWITCH_NUMBERS = {"t_score_men_from": "men have T-scores from {} years"}

Z_BOUNDS = (-2.0,)
T_BOUNDS = (-1.0, -2.5)
"""Bounds of the rules, which no rounding may cross."""
_SIGNS = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}


_LEVELS = {"unevaluable levels": "unevaluable", UNREAD: "unread"}
"""Columns that name the levels that are asked for."""


def wanted(what: str, account: Account) -> str:
    """Return an input that a rule asks for, in words."""
    differing = account.row["readings_differ"]
    if what in ("grades", "agreement of readings") and differing:
        return f"agreement of the readings on {', '.join(differing.split())}"
    named = account.row[_LEVELS[what]] if what in _LEVELS else None
    if named:
        return f"{WANTED_WORDS[what]}: {', '.join(named.split())}"
    if what.startswith("levels beyond"):
        return f"the levels of T4 to L4 that were not asked for: only {account.row['levels']} were"
    found = re.fullmatch(r"bmd\.(z|z_height_adjusted) at a (preferred|any) site", what)
    if found:
        site = "lumbar spine or total body less head" if found[2] == "preferred" else "any site"
        kind = "BMD z-score" if found[1] == "z" else "height-adjusted BMD z-score"
        return f"a {kind} of {site}, with its reference"
    if what.startswith("switch "):
        name = what.removeprefix("switch ")
        return SETTING_WORDS.get(name, f"a setting of the switch {name}, which no source settles")
    return WANTED_WORDS.get(what, what.replace("_", " "))


def scan_wanted(whats: Sequence[str], account: Account) -> str:
    """Return what rules ask of a DXA scan, in words, where there is none yet."""
    longest = max((wanted(what, account) for what in whats if what.startswith("bmd.z")), key=len)
    return f"a DXA scan, as there is none: {longest} and date"


def switch_words(name: str, value: str) -> str:
    """Return what a switch that is set so means."""
    words = _SWITCH_WORDS.get(name, f"{name} {{}}")
    if isinstance(words, str):
        return words.format(value)
    return words.get(value) or _SWITCH_NUMBERS.get(name, f"{name} {{}}").format(value)


def score(value: float, bounds: Sequence[float]) -> str:
    """Return a z- or T-score with its sign, with as many decimals that it stays on its side of the bounds."""
    places = next((n for n in range(1, 9) if not _crosses(value, n, bounds)), 9)
    return f"{value:+.{places}f}"


def _crosses(value: float, places: int, bounds: Sequence[float]) -> bool:
    """Return whether rounding moves a value onto a bound or over it."""
    return any(_side(value - bound) != _side(round(value, places) - bound) for bound in bounds)


def _side(distance: float) -> int:
    return 0 if abs(distance) <= TOLERANCE else (1 if distance > 0 else -1)


def z_score(value: float) -> str:
    """Return a z-score in words."""
    return score(value, Z_BOUNDS)


def t_score(value: float) -> str:
    """Return a T-score in words."""
    return score(value, T_BOUNDS)


def decides(answers: Iterable[RuleAnswer]) -> str:
    """Return what these rules would decide, in words, each thing once."""
    return ", ".join(dict.fromkeys(DECIDES_WORDS.get(one.rule.says, one.rule.says) for one in answers))


def reason(text: str) -> str:
    """Return a comparison with its sign in words: ``age at least 20``."""
    return re.sub(r" (>=|<=|>|<) ", lambda found: f" {_SIGNS[found[1]]} ", text)


def citation(rule: OsteoporosisRule) -> str:
    """Return the source of a rule, with its DOI where there is one."""
    source = rule.source
    return f"{source.citation} doi:{source.doi}" if source.doi else source.citation


def age(years: float | None, *, months: bool) -> str:
    """Return an age in words, with months for a child."""
    if years is None:
        return "not known"
    if not months:
        return f"{years:.1f} years"
    whole = math.floor(years + 1e-9)
    return f"{whole} years {min(11, math.floor((years - whole) * 12 + 1e-6))} months"


def tally(values: Sequence[str]) -> str:
    """Return what readings said, the most frequent first: ``1 by 3, 0 by 2``; alone where all say it."""
    counts = Counter(values).most_common()
    return counts[0][0] if len(counts) == 1 else ", ".join(f"{value} by {count}" for value, count in counts)


def spread(values: Sequence[float], form: str) -> str:
    """Return the range of some numbers, one of them where they read alike."""
    low, high = (form.format(end(values)) for end in (min, max))
    return low if low == high else f"{low} to {high}"


def counted(number: int, what: str) -> str:
    """Return a number of things: ``1 reading``, ``5 readings``."""
    return f"{number} {what}{'' if number == 1 else 's'}"
