"""A classified patient as a page: the answer in large words, why, and what would decide the rest."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from napari_spinegrade.patient_words import field_of, label_of
from spinegrade.osteoporosis.account import MET_WORD, OPEN_WORD
from spinegrade.osteoporosis.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_spinegrade.patient_view import View
    from spinegrade.osteoporosis.account import Account, RuleAnswer

FIELD = "field:"
"""How a link begins that leads to a field."""

RESEARCH = "Research software, no medical device."

_QUIET, _GOOD, _OPEN, _FOUND = "#9aa4ad", "#8fd694", "#f2c14e", "#ff8f8f"
_COLOURS = {
    "osteoporosis": _FOUND,
    "osteoporosis not excluded": _OPEN,
    "no osteoporosis by these rules": _GOOD,
}
_MET = (
    ("diagnosis", "Because"),
    ("finding", "Fracture history"),
    ("density", "Bone density"),
    ("imaging", "Further imaging is advised"),
    ("caution", "Cautions"),
)
_READING_WORDS = {
    "grades": "grades from a film",
    "visual_grade": "a reader's own grade of every level",
    "agreement of readings": "agreement of the readings",
    "unevaluable levels": "the levels that could not be evaluated",
}
"""Inputs that no field of the panel has, but a film or a reading."""


def page(view: View, hidden: str = "") -> str:
    """Return the page; ``hidden`` says why computed values may not be shown now."""
    if hidden:
        return f"<p>{escape(hidden)}</p>"
    account = view.account
    if account is None:
        return f"<p>Nothing is known of this patient yet.</p>{_list('Left out', view.problems)}"
    answers = tuple(one for one in account.answers if one.rule.group == view.group)
    parts = [
        _head(account, view),
        *(_met(title, [one for one in answers if one.rule.says == says]) for says, title in _MET),
        _open(answers),
        _list("Contradictions, not used", account.contradictions),
        _list("Left out", view.problems),
        _switches(view.switches),
        _all(answers, view.group),
    ]
    return "".join(parts)


def _head(account: Account, view: View) -> str:
    colour = _COLOURS.get(account.classification, _QUIET)
    lines = [f'<p style="font-size: 17px; color: {colour}"><b>{_capital(account.classification)}</b></p>']
    person = [
        {"F": "female", "M": "male"}.get(account.sex or "", "sex not known"),
        "age not known" if account.age is None else f"{account.age:.1f} years",
        "no date" if account.date is None else f"on {account.date}",
    ]
    lines.append(f"<p>{escape(account.patient)}: {', '.join(person)}<br>{_spine(account, view)}</p>")
    return "".join(lines)


def _spine(account: Account, view: View) -> str:
    row = account.row
    if not row["readings"]:
        return "No reading of a film"
    count, low, high = row["readings"], row["fractured_low"], row["fractured_high"]
    fractures = f"{low}" if low == high else f"{low} to {high}"
    sdi = (
        f"{row['sdi_low']}" if row["sdi_low"] == row["sdi_high"] else f"{row['sdi_low']} to {row['sdi_high']}"
    )
    readers = ", ".join(view.readers)
    words = f"Latest film, {count} reading{'s' * (count > 1)} ({escape(readers)}): "
    words += f"fractured levels {fractures}, deformity index {sdi}"
    if row["readings_differ"]:
        words += f"; readings differ at {row['readings_differ']}"
    return words


def _met(title: str, answers: Iterable[RuleAnswer]) -> str:
    met = [one for one in answers if one.answer == MET_WORD]
    return _items(title, [f"<b>{_words(one)}</b><br>{_quiet(', '.join(one.because))}" for one in met])


def _open(answers: Iterable[RuleAnswer]) -> str:
    """Return what cannot be answered yet, and links to what would answer it; a diagnosis first."""
    found = [one for one in answers if one.answer == OPEN_WORD]
    found.sort(key=lambda one: one.rule.says != "diagnosis")
    return _items(
        "Not decided yet",
        [f"{_words(one)}<br>needs {', '.join(map(_asked, one.missing))}" for one in found],
    )


def _asked(what: str) -> str:
    """Return an input that is asked for, as a link to its field where it has one."""
    place = field_of(what)
    if place is None:
        return escape(_READING_WORDS.get(what, what.replace("_", " ")))
    named = what == place[1]
    words = escape(label_of(what) if named else what.replace("_", " "))
    return f'<a style="color: #7fc8f8" href="{FIELD}{place[0]}.{place[1]}">{words}</a>'


def _switches(switches: Switches) -> str:
    """Return the switches as every result prints them, in bold where one is not at its default."""
    usual = f"{Switches()}".split()
    words = [one if one in usual else f"<b>{one}</b>" for one in f"{switches}".split()]
    return f"{_title('Switches')}<p>{_quiet(' '.join(words), safe=True)}</p>"


def _all(answers: Iterable[RuleAnswer], group: str) -> str:
    title = f"All rules for {'children' if group == 'child' else 'adults'}"
    rows = "".join(_row(one) for one in answers)
    return f'{_title(title)}<table cellpadding="3">{rows}</table>'


def _row(one: RuleAnswer) -> str:
    colour = {MET_WORD: _GOOD, OPEN_WORD: _OPEN}.get(one.answer, _QUIET)
    why = ", ".join(map(escape, one.because)) or f"needs {', '.join(map(_asked, one.missing))}"
    source = f"{one.rule.source.citation} {one.rule.source.doi}".strip()
    return (
        f'<tr><td><b>{escape(one.rule.code)}</b></td><td><span style="color: {colour}">{one.answer}</span>'
        f"</td><td>{escape(one.rule.words)}<br>{_quiet(why, safe=True)}<br>{_quiet(source)}</td></tr>"
    )


def _words(one: RuleAnswer) -> str:
    return f"{escape(one.rule.words)} ({escape(one.rule.code)})"


def _list(title: str, words: Iterable[str]) -> str:
    return _items(title, [escape(one) for one in words])


def _items(title: str, items: list[str]) -> str:
    """Return a titled list of HTML; nothing where it is empty."""
    if not items:
        return ""
    return f"{_title(title)}{''.join(f'<p>{one}</p>' for one in items)}"


def _title(words: str) -> str:
    return f'<p style="color: #00e5c0; margin-top: 10px"><b>{escape(words)}</b></p>'


def _quiet(words: str, *, safe: bool = False) -> str:
    return f'<span style="color: {_QUIET}">{words if safe else escape(words)}</span>'


def _capital(words: str) -> str:
    return escape(words[:1].upper() + words[1:])
