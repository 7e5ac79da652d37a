"""A classified patient as a page: the answer in large words, why, and what would decide the rest."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from napari_spinegrade.patient_words import contradiction_words, field_of
from spinegrade.osteoporosis.account import MET_WORD, OPEN_WORD
from spinegrade.osteoporosis.switches import Switches
from spinegrade.report import clinic_next, clinic_words
from spinegrade.report.clinic_disputed import disputed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_spinegrade.patient_view import View
    from spinegrade.osteoporosis.account import Account, RuleAnswer
    from spinegrade.osteoporosis.rule import OsteoporosisRule

FIELD, SWITCH = "field:", "switch:"
"""How a link begins that leads to a field, or to a switch."""

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
_WHOSE = {
    "child": "children",
    "adult": "adults",
    "anybody": "children and adults, as the age is not known",
}
_STATUS = {"needs-table": "needs a table"}
_SWITCH = "switch "
"""How an input begins that is a switch."""


def page(view: View, hidden: str = "") -> str:
    """Return the page; ``hidden`` says why computed values may not be shown now."""
    if hidden:
        return f"<p>{escape(hidden)}</p>"
    account = view.account
    if account is None:
        return f"<p>Nothing is known of this patient yet.</p>{_list('Left out', view.problems)}"
    answers = account.concerning
    parts = [
        _head(account, view),
        *(_met(title, [one for one in answers if one.rule.says == says], account) for says, title in _MET),
        _open(account),
        _list("Contradictions, not used", map(contradiction_words, account.contradictions)),
        _list("Left out", view.problems),
        _switches(view.switches),
        _all(account, view),
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
    by = f"By the rules for {_WHOSE[view.group]}"
    lines.append(f"<p>{escape(account.patient)}: {', '.join(person)}<br>{by}<br>{_spine(account, view)}</p>")
    cautions = (disputed(account), clinic_next.not_run(account, view.silent))
    lines += [f'<p style="color: {_OPEN}">{escape(said)}</p>' for said in cautions if said]
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
    readings = f"{count} reading{'s' * (count > 1)} ({escape(', '.join(view.asked_for))})"
    words = (
        f"{readings} of {view.exams} exams, as their dates do not tell which is the latest: "
        if view.exams
        else f"Latest film, {readings}: "
    )
    words += f"{fractures} of {row['evaluable'] or 0} graded levels fractured, deformity index {sdi}"
    if row["readings_differ"]:
        words += f"; readings differ at {row['readings_differ']}"
    return words + _earlier(view)


def _earlier(view: View) -> str:
    """Return which levels earlier films have as fractured; without dates nobody knows which these are."""
    points = [point for series in view.trends.series for point in series.points]
    if view.exams or view.switches.grades != "measured" or not points:
        return ""
    last = max(point.on for point in points)
    found = dict.fromkeys(
        f"{level} ({point.on})"
        for point in points
        if point.on < last
        for level, grade in point.grades.items()
        if (grade or 0) >= view.switches.min_grade
    )
    if not found:
        return ""
    return f"<br>Fractured on earlier films, which counts even if reshaped since: {', '.join(found)}"


def _met(title: str, answers: Iterable[RuleAnswer], account: Account) -> str:
    met = [one for one in answers if one.answer == MET_WORD]
    return _items(title, [f"<b>{_words(one, account)}</b><br>{_quiet(_because(one))}" for one in met])


def _because(one: RuleAnswer) -> str:
    return "; ".join(map(clinic_words.reason, one.because))


def _open(account: Account) -> str:
    """Return what cannot be answered yet, and links to what would answer it; a diagnosis first."""
    found = [one for one in account.concerning if one.answer == OPEN_WORD]
    found.sort(key=lambda one: one.rule.says != "diagnosis")
    return _items("Not decided yet", [f"{_words(one, account)}<br>{_needs(one, account)}" for one in found])


def _needs(one: RuleAnswer, account: Account) -> str:
    """Return what would decide a rule; rules for adults ask only for the age where that is not known."""
    asked = [what for what, answers in account.wanted.items() if one in answers]
    unsaid = "the age" if account.adult is None else "what is not known"
    return f"needs {'; '.join(_asked(what, account) for what in asked) or unsaid}"


def _asked(what: str, account: Account) -> str:
    """Return an input that is asked for, as a link to its field or switch where it has one."""
    words = escape(clinic_words.wanted(what, account))
    if what.startswith(_SWITCH):
        return _link(f"{SWITCH}{what.removeprefix(_SWITCH)}", words)
    place = field_of(what)
    return words if place is None else _link(f"{FIELD}{place[0]}.{place[1]}", words)


def _link(where: str, words: str) -> str:
    return f'<a style="color: #7fc8f8" href="{where}">{words}</a>'


def _switches(switches: Switches) -> str:
    """Return the switches as every result prints them, in bold where one is not at its default."""
    usual = f"{Switches()}".split()
    words = [one if one in usual else f"<b>{one}</b>" for one in f"{switches}".split()]
    return f"{_title('Switches')}<p>{_quiet(' '.join(words), safe=True)}</p>"


def _all(account: Account, view: View) -> str:
    """Return every rule for somebody of this age with its answer and source, run or not."""
    answers = {one.rule.code: one for one in account.answers}
    rows = (
        _row(answers[one.code], account) if one.enabled else _silent_row(one)
        for one in view.shown
        if not one.enabled or one.code in answers
    )
    title = f"All rules for {_WHOSE[view.group]}"
    return f'{_title(title)}<table cellpadding="3">{"".join(rows)}</table>'


def _row(one: RuleAnswer, account: Account) -> str:
    colour = {MET_WORD: _GOOD, OPEN_WORD: _OPEN}.get(one.answer, _QUIET)
    why = escape(_because(one)) or _needs(one, account)
    return (
        f'<tr><td><b>{escape(one.rule.code)}</b></td><td><span style="color: {colour}">{one.answer}</span>'
        f"</td><td>{escape(one.rule.words)}<br>{_quiet(why, safe=True)}<br>{_source(one.rule)}</td></tr>"
    )


def _silent_row(rule: OsteoporosisRule) -> str:
    status = _STATUS.get(rule.status, rule.status)
    return (
        f"<tr><td><b>{escape(rule.code)}</b></td><td>{_quiet('not run:')}<br>{_quiet(status)}</td>"
        f"<td>{_quiet(rule.source.title)}<br>{_source(rule)}</td></tr>"
    )


def _source(rule: OsteoporosisRule) -> str:
    return _quiet(clinic_words.citation(rule))


def _words(one: RuleAnswer, account: Account) -> str:
    said = clinic_next.imaging(one, account) if one.rule.says == "imaging" else one.rule.words
    return f"{escape(said)} ({escape(one.rule.code)})"


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
