"""What sources say beyond the rules: thresholds, doses, monitoring; quoted, and computed for nobody."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import frozen

from spinegrade.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = {
    "threshold": "Thresholds",
    "frequency": "How often",
    "prevention": "Prevention",
    "treatment": "Treatment",
    "monitoring": "Monitoring",
}
"""Kinds of quotations and their headings."""

WHOM = ("child", "adult", "anybody")


@frozen
class Quotation:
    """Words of a source, whom they are about (one of `WHOM`), and what they are, a key of `KINDS`."""

    words: str
    source: str
    whom: str
    kind: str


@cache
def quotations() -> tuple[Quotation, ...]:
    """Return all quotations, in the order of their file.

    Raises
    ------
    RuleError
        If one of them lacks something, or says something else.
    """
    text = resources.files(__package__).joinpath("quotations.toml").read_text(encoding="utf-8")
    return read_quotations(text)


def read_quotations(text: str) -> tuple[Quotation, ...]:
    """Return the quotations in the text of a file."""
    return tuple(_quotation(one) for one in tomllib.loads(text).get("quotation", []))


def _quotation(data: dict[str, Any]) -> Quotation:
    wanted = {"words", "source", "for", "kind"}
    if set(data) != wanted or data["kind"] not in KINDS or data["for"] not in WHOM or not data["source"]:
        msg = f"quotation: expected {', '.join(sorted(wanted))} of a known kind, got {data!r}"
        raise RuleError(msg)
    return Quotation(data["words"], data["source"], data["for"], data["kind"])


def by_kind(whom: Iterable[str]) -> list[tuple[str, list[Quotation]]]:
    """Return headings and what is quoted about these people, or about anybody."""
    wanted = {"anybody", *whom}
    groups = [
        (heading, [one for one in quotations() if one.kind == kind and one.whom in wanted])
        for kind, heading in KINDS.items()
    ]
    return [(heading, found) for heading, found in groups if found]
