"""How the columns of patients are called on screen, and where an input that is asked for stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spinegrade.patients.columns import BMD, EXPOSURES, FRACTURES, PATIENTS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GROUPS: dict[str, tuple[str, ...]] = {
    "Person": (
        "sex",
        "birth_date",
        "age",
        "date",
        "height_cm",
        "weight_kg",
        "skeletal_maturity",
        "underlying_disease",
    ),
    "Behind the vertebral fractures": ("local_disease", "high_energy_trauma", "atypical_finding"),
    "Do the lists below name all there were?": ("fractures_complete", "exposures_complete"),
    "Bone densitometry": ("short_stature", "safe_positioning", "dxa_changes_management", "risk_may_fall"),
    "Adults": (
        "postmenopausal",
        "height_loss_cm",
        "self_reported_vertebral_fracture",
        "frax_hip",
        "frax_major",
    ),
}
"""The columns of the table of patients, as the panel groups them."""

ADULTS = "Adults"
"""The group of columns that no rule for children asks for."""

_LABELS = {
    "sex": "Sex",
    "birth_date": "Birth date",
    "age": "Age, if no birth date",
    "date": "Date of assessment",
    "height_cm": "Height (cm)",
    "weight_kg": "Weight (kg)",
    "skeletal_maturity": "Skeleton",
    "underlying_disease": "Underlying disease",
    "local_disease": "Local bone disease",
    "high_energy_trauma": "High-energy trauma",
    "atypical_finding": "Atypical finding",
    "fractures_complete": "All fractures listed",
    "exposures_complete": "All exposures listed",
    "short_stature": "Short stature",
    "safe_positioning": "Can be positioned safely",
    "dxa_changes_management": "DXA may change treatment",
    "risk_may_fall": "Fracture risk may fall",
    "postmenopausal": "Postmenopausal",
    "height_loss_cm": "Height loss (cm)",
    "self_reported_vertebral_fracture": "Reports vertebral fracture",
    "frax_hip": "FRAX hip (%)",
    "frax_major": "FRAX major (%)",
}

TITLES = {FRACTURES: "Fractures", BMD: "Bone density", EXPOSURES: "Exposures"}
"""The ledgers, as they are called."""

_LEDGER_LABELS = {
    "site": "Site",
    "long_bone": "Long bone",
    "age_at": "At age",
    "date": "Date",
    "mechanism": "Trauma",
    "comment": "Comment",
    "device": "Device",
    "value": "g/cm\u00b2",
    "z": "z",
    "z_low": "z from",
    "z_high": "z to",
    "z_height_adjusted": "z for height",
    "t": "T",
    "reference": "Reference",
    "reference_device": "Its device",
    "conversion": "Conversion",
    "height_cm": "Height",
    "exposure": "Kind",
    "agent": "Agent",
    "mg_per_day": "mg/day",
    "prednisone_mg_per_day": "as prednisone",
    "gray": "Gy",
    "start_date": "From",
    "end_date": "To",
    "months": "Months",
}

_FIRST = {
    FRACTURES: ("site", "long_bone", "age_at", "mechanism", "date"),
    BMD: ("site", "z", "t", "date", "reference"),
    EXPOSURES: ("agent", "mg_per_day", "months", "exposure"),
}
"""What of a ledger is seen without scrolling."""

_ADULTS_ONLY = {BMD: ("t",)}


def label_of(column: str) -> str:
    """Return how a column of the table of patients is called."""
    return _LABELS.get(column, column.replace("_", " "))


def ledger_label(column: str) -> str:
    """Return how a column of a ledger is called."""
    return _LEDGER_LABELS.get(column, column.replace("_", " "))


def ledger_columns(name: str, *, adult: bool, texts: Iterable[Mapping[str, str]] = ()) -> tuple[str, ...]:
    """Return the columns of a ledger, what matters most in front; a child has no T-score.

    ``texts`` are the cells of the rows: a column for adults that one of them fills is shown all the same, as
    what contradicts the age has to be seen to be taken away.
    """
    filled = {column for row in texts for column, text in row.items() if text.strip()}
    adults = () if adult else _ADULTS_ONLY.get(name, ())
    hidden = ("patient", *(one for one in adults if one not in filled))
    rest = (one.name for one in TABLES[name] if one.name not in _FIRST[name])
    return tuple(one for one in (*_FIRST[name], *rest) if one not in hidden)


def contradiction_words(said: str) -> str:
    """Return a contradiction as it stands below a title that says already that it is not used."""
    return said.removesuffix(": not used")


def field_of(asked: str) -> tuple[str, str] | None:
    """Return the table and column that would answer what a rule asks for; None where films or readings would.

    Examples
    --------
    >>> field_of("birth_date or age"), field_of("bmd.z at a preferred site"), field_of("grades")
    (('patients', 'birth_date'), ('bmd', 'z'), None)
    """
    first = re.split(r"[^\w.]", asked.strip(), maxsplit=1)[0]
    table, _, column = first.partition(".")
    if table in (FRACTURES, BMD, EXPOSURES):
        return table, column
    known = {one.name for one in TABLES[PATIENTS]}
    return (PATIENTS, first) if first in known else None
