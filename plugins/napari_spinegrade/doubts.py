"""Why what was opened may be no lateral spine film; said to the reader, who decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinegrade.radiograph import Radiograph

_FRONTAL = ("AP", "PA")
_PROJECTIONS = ("CR", "DX", "RG", "RF", "XA", "DR", "BMD", "OT", "SC")
"""Modalities of projection films, and those that say nothing."""

_SMALLEST = 256
"""Rows of a film below which a vertebra is lower than some 15 pixels, and a pixel 7 % of its height."""


def doubts_about(film: Radiograph) -> tuple[str, ...]:
    """Return in words what speaks against a lateral spine film; empty where nothing does."""
    facts, found = film.facts, []
    rows, columns = film.pixels.shape[:2]
    if rows < _SMALLEST:
        found.append(f"{rows} x {columns} pixels are too few to measure a vertebra")
    if (facts.view_position or "").upper() in _FRONTAL or _is_frontal(facts.patient_orientation):
        found.append("the file says it is a frontal view, and lateral is expected")
    if facts.modality and facts.modality.upper() not in _PROJECTIONS:
        found.append(f"the file is of modality {facts.modality}: a lateral scout can be read, a slice cannot")
    found += [note for note in film.notes if note.startswith("a colour")]
    return tuple(found)


def _is_frontal(orientation: str | None) -> bool:
    """Return whether rows of the film run from one side of the patient to the other."""
    return (orientation or "").upper().startswith(("L", "R"))
