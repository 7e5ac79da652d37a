"""What is said where readers' grades would decide a diagnosis otherwise than measured ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinegrade.osteoporosis.account import Account

_RULE = re.compile(r"(\w+) by the switch grades: measured ([a-z ]+), visual ([a-z]+(?: [a-z]+)*)")
_LEVELS = re.compile(r"\(([^()]+)\)$")
_COUNTS = {
    "measured": "the measured grades count here",
    "visual": "the readers' own grades count here",
}
_ANSWERS = {"indeterminate": "cannot be answered"}


def disputed(account: Account) -> str:
    """Return which rules hang on whose grades count, and what to do about it; empty where none does."""
    said = f"{account.row['disputed'] or ''}"
    found, levels = _RULE.findall(said), _LEVELS.search(said)
    if not found:
        return ""
    rules = "; ".join(
        f"rule {code}: by the measured grades {_words(measured)}, by the readers' own {_words(visual)}"
        for code, measured, visual in found
    )
    setting = "visual" if "grades=visual" in f"{account.row['switches']}".split() else "measured"
    return (
        "Landmarks and readers grade vertebrae differently, and that decides. "
        f"{rules}; {_COUNTS[setting]} (switch grades). "
        f"Look again at {', '.join(levels[1].split()) if levels else 'those levels'}."
    )


def _words(answer: str) -> str:
    return _ANSWERS.get(answer, answer)
