"""Findings in the words of a report.

Numbers keep their unit beside them, and millimetres say whose: those at the detector are larger than
those in the patient, and every place that shows one says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spinegrade.calibration import CalibrationState
from spinegrade.readings import CountedFrom, MiddlePoint, NotEvaluableReason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spinegrade.assess import Method, PointSd
    from spinegrade.genant_rule import GenantRule
    from spinegrade.io.film_match import Proof

GRADE_WORDS = {0: "no fracture", 1: "mild", 2: "moderate", 3: "severe"}

CALIBRATION_WORDS = {
    CalibrationState.NONE: "no pixel spacing: lengths are in pixels",
    CalibrationState.UNKNOWN: "a pixel spacing whose meaning nothing tells: lengths are in pixels",
    CalibrationState.DETECTOR: "mm at the detector, larger than in the patient",
    CalibrationState.ERMF: "mm corrected by the estimated magnification of the film",
    CalibrationState.CALIBRATED: "mm calibrated by a fiducial or by geometry, says the film",
    CalibrationState.USER: "mm calibrated by the reader with a ruler or ball of known size",
    CalibrationState.SCANNED: "mm on the scanned film, as at the detector, larger than in the patient",
    CalibrationState.ERROR: "spacings that contradict one another: lengths are in pixels",
}

UNIT_WORDS = {
    CalibrationState.DETECTOR: "mm at the detector",
    CalibrationState.SCANNED: "mm on the scanned film",
}
"""The unit where it has to be said whose millimetres they are."""

TABLE_WORDS = (
    "mm by the spacing in the landmark table, which does not say whether at the detector or in the patient"
)

FLAG_WORDS = {
    "outside_range": "outside graded levels",
    "incomplete": "not graded: a height is missing",
    "no_neighbour": "no neighbour: a crush would go unseen",
    "one_neighbour": "only one neighbour",
    "fractured_neighbour": "neighbours fractured too",
    "neighbour_base": "posterior wall low, neighbours used",
    "wedge_and_biconcave": "wedge and biconcave alike",
    "posterior_and_biconcave": "posterior wedge and biconcave alike",
    "wedge_and_posterior": "anterior and posterior loss alike",
    "mm_at_detector": "mm at the detector",
    "no_norm": "the norm has nothing for this level, sex or age",
    **{f"area_grade_{grade}": f"grade {grade} by area" for grade in range(4)},
}

REASON_WORDS = {
    NotEvaluableReason.OBJECT: "foreign object",
    NotEvaluableReason.OUTSIDE_IMAGE: "outside the film",
    NotEvaluableReason.OTHER: "another reason",
}

MIDDLE_WORDS = {
    MiddlePoint.MID_CHORD: "on the endplate, midway between its corners",
    MiddlePoint.DEEPEST: "the deepest point of the endplate",
}

COUNTED_WORDS = {CountedFrom.UNKNOWN: "not recorded"}

PROOF_WORDS: dict[Proof, str] = {
    "pixels": "its pixels are those that the reading recorded",
    "uid": "its SOP instance UID is the one that the reading recorded; the pixels were not compared",
    "size": "not verified: the size agrees, and the reading recorded no hash of the pixels",
    "nothing": "not verified: the reading recorded neither a hash of the pixels nor a size",
}

STATUS_WORDS = {
    "normal": "No vertebra graded 1 or more",
    "fractured": "Fractured",
    "uninterpretable": "Not interpretable",
}

_OF_POSITIONS = ("anterior", "middle", "posterior")


def reason(of: NotEvaluableReason) -> str:
    """Return why a vertebra could not be read."""
    return REASON_WORDS.get(of, of.value)


def fracture(row: Mapping[str, Any]) -> str:
    """Return a fractured row of results as a phrase: ``T12 moderate wedge, 33.4 % anterior``."""
    lost = [row[f"loss_{position}"] for position in _OF_POSITIONS]
    position = _OF_POSITIONS[lost.index(max(lost))]
    near = ", near the bound of a grade" if row["near_threshold"] else ""
    return f"{row['level']} {GRADE_WORDS[row['grade']]} {row['shape']}, {percent(max(lost))} {position}{near}"


def percent(fraction: float) -> str:
    """Return a fraction as percent with one decimal, as result tables on the terminal have it."""
    return f"{fraction * 100:.1f} %"


def grade(row: Mapping[str, Any]) -> str:
    """Return the grade, with a question mark where its loss lies near a bound; empty where not graded."""
    if row["grade"] is None:
        return ""
    return f"{row['grade']}{'?' if row['near_threshold'] else ''}"


def deformity_index(summary: Mapping[str, Any]) -> str:
    """Return the index, with what it could be where levels are missing."""
    low, high = summary["sdi_low"], summary["sdi_high"]
    known = "not known" if summary["sdi"] is None else f"{summary['sdi']}"
    return known if low == high else f"{known} (between {low} and {high}, as levels are missing)"


def status(summary: Mapping[str, Any], levels: int) -> str:
    """Return in a sentence whether the spine is fractured, normal or cannot be called either."""
    fractured, evaluable = summary["fractured"], summary["evaluable"]
    head = STATUS_WORDS[summary["status"]]
    if summary["status"] == "fractured":
        return f"{head}: {fractured} of {evaluable} graded vertebrae"
    if summary["status"] == "normal":
        return f"{head}: {evaluable} of {levels} levels graded"
    return f"{head}: {evaluable} of {levels} levels graded, none of them fractured"


def landmark_error(point_sd: PointSd | None, rule: GenantRule) -> str:
    """Return the landmark error, and what near a bound means by it."""
    if point_sd is None:
        near = f"{rule.near_threshold * 100:g} percentage points"
        return f"not given; ? marks a loss within {near} of the bound of a grade"
    unit = point_sd.unit or "in the unit of the heights"
    return (
        f"SD {point_sd.value:.3g} {unit} of a landmark along the height; "
        "? marks a loss within 1.96 SD of the bound of a grade"
    )


def bands(rule: GenantRule) -> str:
    """Return the bounds of the grades in a sentence."""
    steps = (f"grade {n} from {bound * 100:g} %" for n, bound in enumerate(rule.bands, 1))
    side = "higher" if rule.bounds == "at-least" else "lower"
    return f"{', '.join(steps)} loss of height; a loss on a bound belongs to the {side} grade"


def levels(method: Method, given: Sequence[str]) -> str:
    """Return the graded levels, and those that were read besides."""
    others = [level for level in given if level not in method.levels.levels]
    return f"{method.levels}" + (f"; {', '.join(others)} measured only" if others else "")
