"""The page for a clinician: one patient's findings, classification, what is missing, what to do next.

Every answer is the one of ``spinegrade assess --patients``, made by the same functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import evolve, frozen

from spinegrade.followup.compare import Asking
from spinegrade.osteoporosis.account import MET_WORD, OPEN_WORD, accounts
from spinegrade.osteoporosis.cohort import classify
from spinegrade.osteoporosis.spines import gather_grades, spine_rows
from spinegrade.patients.contradictions import settle
from spinegrade.report import clinic_tables as tables
from spinegrade.report import clinic_words
from spinegrade.report.clinic_change import RULES, Changes, changes
from spinegrade.report.clinic_findings import (
    LevelFinding,
    Strip,
    findings,
    fractured_before,
    latest,
    strips,
    unread,
)
from spinegrade.report.clinic_trends import Plot, trends
from spinegrade.report.words import STATUS_WORDS, deformity_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.assess import Method
    from spinegrade.osteoporosis.account import Account, RuleAnswer
    from spinegrade.osteoporosis.cohort import Classification
    from spinegrade.osteoporosis.rule import OsteoporosisRule
    from spinegrade.patients.contradictions import Known
    from spinegrade.patients.reading import Patients
    from spinegrade.report.clinic_tables import Scan
    from spinegrade.report.findings import Examined
    from spinegrade.report.selection import Chosen


_STEPS = ("R12", "R13")
"""Cautions that stand among the things to do."""


@frozen
class Clinic:
    """What a clinic says of its patients, and how to classify them."""

    given: Patients
    how: Classification


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


@frozen
class PatientPage:
    """Everything that the page says of one patient.

    Attributes
    ----------
    readings
        How many readings of the latest exam and of all exams it is made of.
    status, index
        What the latest exam adds up to, in words.
    earlier
        Fractures of earlier exams, in words.
    steps
        What rules that are met say to do, apart from imaging.
    silent
        Rules for somebody of this age that are not run, as their numbers are unconfirmed.
    """

    number: int
    account: Account
    who: tuple[tuple[str, str], ...]
    readings: tuple[int, int]
    status: str
    index: str
    findings: tuple[LevelFinding, ...]
    unread: tuple[str, ...]
    strips: tuple[Strip, ...]
    earlier: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    imaging: tuple[RuleAnswer, ...]
    steps: tuple[Step, ...]
    changes: Changes
    plots: tuple[Plot, ...]
    scans: tuple[Scan, ...]
    fractures: tuple[tuple[str, ...], ...]
    exposures: tuple[tuple[str, ...], ...]
    silent: tuple[OsteoporosisRule, ...]

    @property
    def whom(self) -> str:
        """Whom quotations have to be about: child, adult, or anybody where the age is not known."""
        return {True: "adult", False: "child", None: "anybody"}[self.account.adult]

    @property
    def whose(self) -> str:
        """Whose rules are gone by, in words."""
        return {True: "adults", False: "children", None: "children and adults, as the age is not known"}[
            self.account.adult
        ]

    @property
    def basis(self) -> str:
        """How many readings the page is made of, in words."""
        last, every = self.readings
        made = f"Made of {clinic_words.counted(last, 'reading')}"
        if last < every:
            before = clinic_words.counted(every - last, "reading")
            return f"{made} of this exam; {before} of earlier ones count too."
        if len(self.strips) > 1:
            return f"{made} of {len(self.strips)} exams, as their dates do not tell which is the latest."
        return f"{made} of this exam."

    @property
    def densities(self) -> str:
        """The latest scores of every site that can be used, in words; empty where there are none."""
        newest = {one.site: one for one in self.scans if one.usable and one.scores}
        return "; ".join(f"{one.where} {one.scores}" for one in newest.values())

    @property
    def switches(self) -> str:
        """The switches that matter to the rules for somebody of this age, as they are set."""
        matter = {"adult_from", *(name for one in self.account.concerning for name in one.rule.switches)}
        every = f"{self.account.row['switches']}".split()
        return " ".join(one for one in every if one.partition("=")[0] in matter)

    @property
    def when(self) -> str:
        """The date of the latest exam; empty where that is not known."""
        return "" if "no date" in self.strips[-1].when else self.strips[-1].when

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of the rules, each once."""
        rules = [*(one.rule for one in self.account.concerning), *self.silent]
        return tuple(dict.fromkeys(map(clinic_words.citation, rules)))

    def source(self, rule: OsteoporosisRule) -> int:
        """Return the number of a rule's source among `sources`."""
        return self.sources.index(clinic_words.citation(rule)) + 1

    @property
    def cautions(self) -> tuple[RuleAnswer, ...]:
        """The rules that are met and only caution or inform."""
        told = [one for says in ("caution", "information") for one in self.account.met(says)]
        return tuple(one for one in told if one in self.account.concerning and one.rule.code not in _STEPS)

    @property
    def graded_by(self) -> str:
        """The rule and reference of the grades, in short."""
        stamp, _, digest = f"{self.account.row['grading']}".partition(" sha256:")
        return f"{stamp} sha256 {digest[:8]}, reference {self.account.row['reference']}"

    def because(self, one: RuleAnswer) -> str:
        """Return why a rule is met or not met, in words."""
        return "; ".join(map(clinic_words.reason, one.because))

    def asked(self, one: RuleAnswer) -> str:
        """Return which inputs would decide a rule, in words; rules for adults only the age without it."""
        asked = [what for what, answers in self.account.wanted.items() if one in answers]
        return "; ".join(clinic_words.wanted(what, self.account) for what in asked) or "the age"


def patient_pages(
    chosen: Sequence[Chosen], examined: Sequence[Examined], method: Method, clinic: Clinic
) -> list[PatientPage]:
    """Return a page for every patient of the readings, in the order of their first readings."""
    how = evolve(clinic.how, grading=method.rule.source.stamp, reference=method.reference)
    readings = pl.concat([spine_rows(one.spines(), method) for one in chosen])
    given = _only(clinic.given, readings["patient"].unique(maintain_order=True).to_list())
    frame = classify(given, readings, method.levels, how)
    graded = gather_grades(readings, method.levels, how.switches)
    known = settle(given, graded.frame, how.switches.adult_from)
    pages = []
    for number, account in enumerate(accounts(frame, how), 1):
        mine = [one for one in examined if one.reading.exam.patient == account.patient]
        pages.append(_page(number, account, mine, method, known, evolve(clinic, given=given, how=how)))
    return pages


def made_by(how: Classification) -> list[tuple[str, str]]:
    """Return what every classification on the page was made by: names and words."""
    followed = (Asking(rule=rule) for rule in RULES)
    stamps = dict.fromkeys(
        stamp for one in followed for stamp in (one.follow_up_rule.stamp, one.reshaping_rule.stamp)
    )
    return [
        ("Switches", f"{how.switches}"),
        ("Rules for osteoporosis", "; ".join(f"{one.code} {one.source.stamp}" for one in how.run)),
        ("Rules for follow-up", "; ".join(stamps)),
    ]


def _only(given: Patients, patients: list[str]) -> Patients:
    """Return what the tables say of these patients."""
    mine = pl.col("patient").is_in(patients)
    names = ("patients", "fractures", "bmd", "exposures")
    return evolve(given, **{name: getattr(given, name).filter(mine) for name in names})


def _page(
    number: int, account: Account, mine: list[Examined], method: Method, known: Known, clinic: Clinic
) -> PatientPage:
    last = latest(mine)
    shown = strips(mine, method.levels)
    scans = tables.scans(account, known)
    return PatientPage(
        number=number,
        account=account,
        who=tables.who(account, clinic.given),
        readings=(len(last), len(mine)),
        status=_status(account) + _seen(clinic.how),
        index=_index(account),
        findings=findings(last, method.levels),
        unread=unread(last, method.levels),
        strips=shown,
        earlier=_earlier(shown) if len(last) < len(mine) else (),
        wanted=tuple(_wanted(account)),
        imaging=tuple(one for one in account.met("imaging") if one in account.concerning),
        steps=tuple(_steps(account, scans, clinic.how)),
        changes=changes(mine, method),
        plots=trends(mine, scans, method.rule, bound=account.adult is not True),
        scans=scans,
        fractures=tables.fractures(account, known),
        exposures=tables.exposures(account, known),
        silent=tuple(_silent(account, clinic.how)),
    )


def _earlier(shown: tuple[Strip, ...]) -> tuple[str, ...]:
    return tuple(words for strip in shown[:-1] if (words := fractured_before(strip)))


def _status(account: Account) -> str:
    """Return what the latest exam adds up to, where its readings agree and where they do not."""
    row = account.row
    low, high, graded = row["fractured_low"], row["fractured_high"], row["evaluable"]
    levels = (row["readings_differ"] or "").split()
    differ = f"; readings differ on {', '.join(levels)}" if levels else ""
    if account.status == "readings differ" or low != high:
        return f"Between {low} and {high} of {graded} graded vertebrae fractured{differ}"
    if account.status == "fractured":
        return f"{low} of {graded} graded vertebrae fractured{differ}"
    return f"{STATUS_WORDS[account.status or 'uninterpretable']}; {graded} levels graded"


def _seen(how: Classification) -> str:
    return " (by the readers' visual grades)" if how.switches.grades == "visual" else ""


def _index(account: Account) -> str:
    """Return the deformity index, with what it could be where levels are missing or readings differ."""
    row = account.row
    if not row["readings_differ"]:
        return deformity_index(row)
    return f"between {row['sdi_low']} and {row['sdi_high']}, as readings differ"


def _wanted(account: Account) -> Iterator[Wanted]:
    for what, answers in account.wanted.items():
        codes = tuple(one.rule.code for one in answers)
        diagnosis = any(one.rule.says == "diagnosis" for one in answers)
        yield Wanted(clinic_words.wanted(what, account), clinic_words.decides(answers), codes, diagnosis)


def _steps(account: Account, scans: Sequence[Scan], how: Classification) -> Iterator[Step]:
    """Yield what rules say to do: when the next scan, which z-score, which inputs to get."""
    interval = next((one for one in account.concerning if one.rule.code == "R12"), None)
    dates = [one.date for one in scans if one.date is not None]
    if interval is not None and dates:
        months = how.switches.dxa_months
        last = max(dates).isoformat()
        words = f"Next DXA of a site at least {months:g} months after its last one (sources say 6 to 12); "
        met = "; the last two were closer than that" if interval.answer == MET_WORD else ""
        yield Step(("R12",), f"{words}the latest scan is of {last}{met}.")
    for one in account.concerning:
        if one.rule.code == "R13" and one.answer == MET_WORD:
            yield Step(("R13",), "Give the height-adjusted z-score beside the other: short stature.")
    codes = tuple(one.rule.code for one in account.open if one in account.concerning)
    if codes:
        yield Step(codes, "Get what is missing for the diagnosis.")
    undecided = tuple(
        one.rule.code for one in account.concerning if one.rule.says == "imaging" and one.answer == OPEN_WORD
    )
    if undecided:
        yield Step(undecided, "Get what would decide on further imaging.")


def _silent(account: Account, how: Classification) -> Iterator[OsteoporosisRule]:
    """Yield the rules for this age that are not run; for children only theirs, if the age is not known."""
    group = "adult" if account.adult else "child"
    yield from (one for one in how.rules if not one.enabled and one.group == group)
