"""What is missing for one patient, and what to do next, by which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.osteoporosis.account import MET_WORD, OPEN_WORD
from spinegrade.report import clinic_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.osteoporosis.account import Account, RuleAnswer
    from spinegrade.osteoporosis.cohort import Classification
    from spinegrade.osteoporosis.rule import OsteoporosisRule
    from spinegrade.report.clinic_tables import Scan

DIAGNOSIS = "diagnosis"
STEPS = ("R12", "R13")
"""Cautions that stand among the things to do."""

_VFA = ("A9", "A10")
"""Rules that advise to image a spine, whether or not it has been."""
_OF_SCAN, _ONLY_WITHOUT_SCANS = "bmd.", "bmd.z"
"""How inputs begin that a DXA scan has, and the one that is asked for only where there is no scan at all."""
_READ = ("normal", "fractured", "readings differ")


@frozen
class Wanted:
    """An input that would decide something: in words, what it would decide, and the codes of the rules."""

    words: str
    decides: str
    codes: tuple[str, ...]
    diagnosis: bool


@frozen
class Step:
    """Something to do, and the codes of the rules that say so."""

    codes: tuple[str, ...]
    words: str


def wanted(account: Account) -> Iterator[Wanted]:
    """Yield the inputs that would decide something that is not done yet."""
    for words, every in _inputs(account).items():
        answers = [one for one in every if not _done(one, account)]
        if answers:
            yield Wanted(
                words=words,
                decides=clinic_words.decides(answers),
                codes=tuple(one.rule.code for one in answers),
                diagnosis=any(one.rule.says == DIAGNOSIS for one in answers),
            )


def _inputs(account: Account) -> dict[str, list[RuleAnswer]]:
    """Return what is asked for in words, and by which rules: of somebody without any scan, one scan."""
    of_scan = [what for what in account.wanted if what.startswith(_OF_SCAN)]
    none = _ONLY_WITHOUT_SCANS in of_scan
    inputs: dict[str, dict[str, RuleAnswer]] = {}
    for what, answers in account.wanted.items():
        one = none and what in of_scan
        words = clinic_words.scan_wanted(of_scan, account) if one else clinic_words.wanted(what, account)
        inputs.setdefault(words, {}).update((answer.rule.code, answer) for answer in answers)
    return {words: list(by_code.values()) for words, by_code in inputs.items()}


def _done(one: RuleAnswer, account: Account) -> bool:
    """Return whether nothing hangs on a rule: the diagnosis is made, or the spine to be imaged was read."""
    if one.rule.says == DIAGNOSIS:
        return bool(account.met(DIAGNOSIS))
    return one.rule.code in _VFA and account.status in _READ


def open_codes(account: Account) -> tuple[str, ...]:
    """Return the rules for a diagnosis of somebody of this age that cannot be answered yet."""
    return tuple(one.rule.code for one in account.open if one in account.concerning)


def lacking(account: Account) -> str:
    """Return what to say of the diagnosis where no input for it is listed; empty where one is."""
    still_open = ", ".join(open_codes(account))
    if account.met(DIAGNOSIS):
        others = f" Rules for it that cannot be answered yet would not change it: {still_open}."
        return f"Nothing for the diagnosis, which is made.{others if still_open else ''}"
    if not still_open and account.row["not_run"] and (account.row["vertebral_fractures_high"] or 0) >= 1:
        return (
            "Nothing for the rules that are run; those that diagnose by a vertebral fracture want a source."
        )
    if not still_open:
        return "Nothing for the diagnosis."
    if any(one.diagnosis for one in wanted(account)):
        return ""
    return f"What would decide the diagnosis is not known: {still_open} cannot be answered by what was given."


def imaging(one: RuleAnswer, account: Account) -> str:
    """Return what a rule advises to image, and whether that has been done."""
    if not _done(one, account):
        return one.rule.words
    when = "" if account.date is None else f" on {account.date.isoformat()}"
    return f"{one.rule.words}; the spine was read{when}"


def not_run(account: Account, silent: Sequence[OsteoporosisRule]) -> str:
    """Return which rules would diagnose by a vertebral fracture there, and are not run; or nothing."""
    if account.met(DIAGNOSIS) or not (account.row["vertebral_fractures_high"] or 0) >= 1:
        return ""
    rules = [
        f"{one.code} ({one.words})"
        for one in silent
        if one.says == DIAGNOSIS and "vertebral_fractures" in one.facts
    ]
    if not rules:
        return ""
    may = "There is" if (account.row["vertebral_fractures_low"] or 0) >= 1 else "There may be"
    return (
        f"{may} a vertebral fracture, and the rules that diagnose osteoporosis by one are not run, as nobody "
        f"has confirmed their wording: {', '.join(rules)}."
    )


def steps(account: Account, scans: Sequence[Scan], how: Classification) -> Iterator[Step]:
    """Yield what rules say to do: when the next scan, which z-score, which inputs to get."""
    yield from _next_scan(account, scans, how)
    for one in account.concerning:
        if one.rule.code == "R13" and one.answer == MET_WORD:
            yield Step(("R13",), "Give the height-adjusted z-score beside the other: short stature.")
    codes = open_codes(account)
    if codes and not account.met(DIAGNOSIS):
        yield Step(codes, "Get what is missing for the diagnosis.")
    advice = [one for one in account.concerning if one.rule.says == "imaging" and one.answer == OPEN_WORD]
    undecided = tuple(one.rule.code for one in advice if not _done(one, account))
    if undecided:
        yield Step(undecided, "Get what would decide on further imaging.")


def _next_scan(account: Account, scans: Sequence[Scan], how: Classification) -> Iterator[Step]:
    interval = next((one for one in account.concerning if one.rule.code == "R12"), None)
    dates = [one.date for one in scans if one.date is not None]
    if interval is not None and dates:
        months = how.switches.dxa_months
        last = max(dates).isoformat()
        words = f"Next DXA of a site at least {months:g} months after its last one (sources say 6 to 12); "
        met = "; the last two were closer than that" if interval.answer == MET_WORD else ""
        yield Step(("R12",), f"{words}the latest scan is of {last}{met}.")


def silent_rules(account: Account, how: Classification) -> Iterator[OsteoporosisRule]:
    """Yield the rules for this age that are not run; for children only theirs, if the age is not known."""
    group = "adult" if account.adult else "child"
    yield from (one for one in how.rules if not one.enabled and one.group == group)
