"""What was done to the vertebrae of a reading, in words, for whoever does not see the desk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_spinegrade.changes import changes_between
from spinegrade.anatomy import LEVELS

if TYPE_CHECKING:
    from spinegrade.readings import Reading

_FLAGS = ("evaluable",)
"""What goes along with a reason, which says more."""


def done_words(before: Reading, after: Reading) -> str:
    """Return what is different in the vertebrae, as ``T6: visual grade 2``; empty where nothing is."""
    found: dict[str, list[str]] = {}
    for path, pair in changes_between(before, after).items():
        level, _, part = path.partition(".")
        if level in LEVELS and part not in _FLAGS:
            found.setdefault(level, []).append(_words(part, json.loads(pair)[1]))
    return "; ".join(f"{level}: {', '.join(dict.fromkeys(parts))}" for level, parts in found.items())


def _words(part: str, new: object) -> str:
    """Return a part of a vertebra and what it is now."""
    name = part.removesuffix("_reason").replace("landmarks.", "").replace("_", " ")
    if new in (None, "", {}):
        return f"{name} taken back" if name else "taken back"
    if isinstance(new, bool | dict | list) or not name:
        return name or "read"
    return f"{name} {new:g}" if isinstance(new, float) else f"{name} {new}"
