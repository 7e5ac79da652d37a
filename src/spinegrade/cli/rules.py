"""``spinegrade rules``: what the grades are made by."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

EXAMPLE = "Example: spinegrade rules genant-1993"


def rules(
    rule: Annotated[
        str | None, typer.Argument(help="Rule to show, or a .toml file.", show_default=False)
    ] = None,
) -> None:
    """List the rules, or show one as it is written: bounds, source, worked examples."""
    from spinegrade.rules import load_rule, rule_ids

    if rule is not None:
        shown = load_rule(rule)
        sys.stdout.write(f"# {shown.stamp}\n{shown.text}")
        return
    for one in map(load_rule, rule_ids()):
        off = _off(one.kind, one.data.get("status", "confirmed"))
        doi = f" doi:{one.doi}" if one.doi else ""
        sys.stdout.write(f"{one.id:<20} revision {one.revision}  {one.title}{off}\n")
        sys.stdout.write(f"{'':<20} {one.citation}{doi}\n")


def _off(kind: str, status: str) -> str:
    """Return what is said of a rule that is not run, and of a form that is run though unconfirmed."""
    if status not in ("unconfirmed", "needs-table"):
        return ""
    return " (unconfirmed)" if kind == "form" and status == "unconfirmed" else f" ({status}: not run)"
