"""Writes docs/methods.md: every clinical method, its source, whether it is run, and where in the code.

The rows come from the rule files, norms and equations themselves, so that the table cannot say otherwise.
Run as ``python docs/methods.py``; tests/test_methods.py fails where the file is out of date.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.bmd_registry import Entry, load_registry
from spinegrade.norms.files import load_norm, norm_ids
from spinegrade.rules import load_rule, rule_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE = Path(__file__).with_name("methods.md")

_WORDS = {
    "confirmed": "confirmed",
    "derived": "derived here, not validated",
    "unconfirmed": "unconfirmed, disabled",
    "needs-table": "needs a table",
}
_HEADINGS = {
    "genant": ("Grades of vertebral fracture", "src/spinegrade/genant.py", "grading.md"),
    "quantitative": ("Quantitative morphometry on norms", "src/spinegrade/quantitative.py", "norms.md"),
    "form": ("Qualitative forms", "src/spinegrade/qualitative/", "forms.md"),
    "follow-up": ("New and worse fractures", "src/spinegrade/followup/outcome.py", "followup.md"),
    "reshaping": ("Reshaping", "src/spinegrade/followup/reshaping.py", "followup.md"),
    "osteoporosis": ("Osteoporosis", "src/spinegrade/osteoporosis/", "diagnosis.md"),
    "norm": ("Norms", "src/spinegrade/norms/", "norms.md"),
    "equation": ("Bone mineral density", "src/spinegrade/bmd.py", "bmd.md"),
}
_NOTES = {
    "form": "An unconfirmed form may be filled in, as its questions hold no number from memory, and every "
    "result of it says `unconfirmed`.",
    "quantitative": "A method that is disabled is run from a copy of its file with the source that you have "
    'read and `status = "confirmed"`. All of them need a norm of means, which you build.',
    "norm": "Norms of means and SDs are built from your own normals, NHANES 2013-14 files or CT bodies by "
    "`spinegrade norms build`; none ships.",
    "equation": "BMD z-scores need a table of L, M and S, and the adjustment for height its coefficients: "
    "you load both, none ships.",
}
_ABOUT = (
    "Every clinical method of the program: its source, whether it is run, and where it is in the code. "
    "Written by `python docs/methods.py` from the files themselves."
)


@frozen
class Method:
    """One row of the table."""

    kind: str
    id: str
    what: str
    source: str
    status: str


def methods() -> Iterator[Method]:
    """Yield everything clinical that the program has, by kind."""
    rules = [load_rule(name) for name in rule_ids()]
    for kind in _HEADINGS:
        for rule in rules:
            if rule.kind == kind:
                doi = f" doi:{rule.doi}" if rule.doi else ""
                status = rule.data.get("status", "confirmed")
                yield Method(kind, rule.id, rule.title, rule.citation + doi, status)
    for name in norm_ids():
        norm = load_norm(name)
        yield Method("norm", norm.id, norm.title, norm.citation, "confirmed")
    registry = load_registry()
    for words, entries in (
        ("conversion between makers", registry.conversions),
        ("height age", registry.height_ages),
        ("apparent density", registry.bmads),
    ):
        yield from (_equation(words, one) for one in entries)


def _equation(words: str, entry: Entry) -> Method:
    return Method("equation", entry.id, words, entry.source, entry.status)


def _status(one: Method) -> str:
    """Return whether a method is run; a form may be asked before it is confirmed, and says so."""
    return (
        "unconfirmed, marked so" if (one.kind, one.status) == ("form", "unconfirmed") else _WORDS[one.status]
    )


def guide() -> str:
    """Return the page."""
    parts = [
        "# All methods",
        "",
        _ABOUT,
        "",
        "- **confirmed**: its numbers were read in the source, or in a text that states them.",
        "- **derived here**: worked out for this program, and said so in every result.",
        "- **unconfirmed, disabled**: numbers from memory; not run until you give the file a source.",
        "- **needs a table**: numbers that nobody here could read; not run until you supply them.",
    ]
    for kind, found in groupby(methods(), key=lambda one: one.kind):
        heading, code, page = _HEADINGS[kind]
        parts += ["", f"## {heading}", "", f"Code: `{code}`; guide: [{page}]({page}).", ""]
        if kind in _NOTES:
            parts += [_NOTES[kind], ""]
        parts += ["| id | what | source | status |", "|---|---|---|---|"]
        parts += [f"| `{one.id}` | {one.what} | {one.source} | {_status(one)} |" for one in found]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    GUIDE.write_text(guide(), encoding="utf-8", newline="\n")
