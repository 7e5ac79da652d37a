"""The four tables of patients: their columns, and what a cell of each may hold."""

from __future__ import annotations

from attrs import frozen

from spinegrade.anatomy import LEVELS

PATIENTS, FRACTURES, BMD, EXPOSURES = "patients", "fractures", "bmd", "exposures"

TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
EMPTY = ("", "na", "nan", "nd", "none", "null", "unknown", "?")
"""What a cell says that says nothing, beside being empty."""

VERTEBRA = "vertebra"
LONG_BONES = (
    "femur",
    "tibia",
    "fibula",
    "humerus",
    "proximal_humerus",
    "radius",
    "ulna",
    "forearm",
    "lower_leg",
)
"""Sites that are long bones beyond doubt."""
OTHER_BONES = (VERTEBRA, "pelvis", "rib", "skull", "hand", "foot")
"""Sites that are none."""
_FRACTURE_SITES = (*LONG_BONES, *OTHER_BONES, "hip", "wrist", "clavicle", "peripheral", "other", *LEVELS)

SPINE, BODY = "spine", "total_body_less_head"
PREFERRED_SITES = (SPINE, BODY)
T_SITES = (SPINE, "femoral_neck", "total_hip")
EXTRA_SITES = ("femoral_neck", "total_hip", "proximal_femur", "radius_33", "lateral_distal_femur")
_BMD_SITES = (SPINE, BODY, *EXTRA_SITES)

GLUCOCORTICOID = "glucocorticoid"
OWN_DOSE = ("prednisone", "prednisolone")
"""Agents whose dose is its own prednisone equivalent; another's has to be said."""
GLUCOCORTICOIDS = (
    *OWN_DOSE,
    "methylprednisolone",
    "dexamethasone",
    "betamethasone",
    "hydrocortisone",
    "cortisone",
    "deflazacort",
    "triamcinolone",
    "budesonide",
)
"""Agents that are glucocorticoids beyond doubt."""


@frozen
class Column:
    """A column: its name, what it holds, and what a number in it lies between.

    ``kind`` is text, number, date, truth or choice; ``empty`` are words that say nothing here, ``slip`` what
    a number beyond its bounds is likely to be.
    """

    name: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = float("inf")
    empty: tuple[str, ...] = ()
    slip: str = ""

    @property
    def wanted(self) -> str:
        """What a cell should hold, in words."""
        if self.kind == "choice":
            shown = self.choices if len(self.choices) <= 8 else (*self.choices[:8], "...")
            return f"one of {', '.join(shown)}"
        if self.kind == "number":
            return f"a number from {self.low:g} to {self.high:g}{self.slip}"
        return {"text": "text", "date": "a date as in 2026-11-21", "truth": "true or false"}[self.kind]


def _number(name: str, low: float, high: float) -> Column:
    return Column(name, "number", low=low, high=high)


def _score(name: str, farthest: float) -> Column:
    """Return a column of z-scores or T-scores; `spinegrade bmd` gives none beyond 15 either."""
    return Column(name, "number", low=-farthest, high=farthest, slip=" (a decimal point lost?)")


def _truth(name: str) -> Column:
    return Column(name, "truth")


def _date(name: str) -> Column:
    return Column(name, "date")


def _choice(name: str, *choices: str) -> Column:
    return Column(name, "choice", choices)


TABLES: dict[str, tuple[Column, ...]] = {
    PATIENTS: (
        Column("patient"),
        Column("sex", "choice", ("F", "M"), empty=("other",)),
        _date("birth_date"),
        _number("age", 0, 130),
        _date("date"),
        _number("height_cm", 20, 260),
        _number("weight_kg", 0.2, 500),
        _choice("skeletal_maturity", "immature", "mature"),
        Column("underlying_disease"),
        *map(_truth, ("local_disease", "high_energy_trauma", "short_stature", "postmenopausal")),
        _truth("fractures_complete"),
        _truth("exposures_complete"),
        _choice("atypical_finding", "no", "destructive", "congenital", "misalignment", "dislocation"),
        *map(_truth, ("safe_positioning", "dxa_changes_management", "risk_may_fall")),
        _number("height_loss_cm", 0, 60),
        _truth("self_reported_vertebral_fracture"),
        _number("frax_hip", 0, 100),
        _number("frax_major", 0, 100),
    ),
    FRACTURES: (
        Column("patient"),
        _choice("site", *_FRACTURE_SITES),
        _truth("long_bone"),
        _number("age_at", 0, 130),
        _date("date"),
        _choice("mechanism", "low-energy", "high-energy"),
        Column("comment"),
    ),
    BMD: (
        Column("patient"),
        _choice("site", *_BMD_SITES),
        Column("device"),
        _number("value", 0, 10),
        _score("z", 15),
        *(_score(name, 25) for name in ("z_low", "z_high", "z_height_adjusted")),
        _score("t", 15),
        Column("reference"),
        Column("reference_device"),
        Column("conversion"),
        _date("date"),
        _number("height_cm", 20, 260),
    ),
    EXPOSURES: (
        Column("patient"),
        _choice("exposure", GLUCOCORTICOID, "drug", "irradiation", "immobility"),
        Column("agent"),
        _number("mg_per_day", 0, 10_000),
        _number("prednisone_mg_per_day", 0, 10_000),
        _number("gray", 0, 200),
        _date("start_date"),
        _date("end_date"),
        _number("months", 0, 1500),
        Column("comment"),
    ),
}

PLACE = "_place"
"""Number of the row in its table, from 0, which messages turn into a line."""
