"""The page for a clinician: one patient's findings, classification, what is missing, what to do next.

Every answer is the one of ``spinegrade assess --patients``, made by the same functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import evolve, frozen

from spinegrade.followup.asking import Asking
from spinegrade.osteoporosis.account import accounts
from spinegrade.osteoporosis.cohort import classify_gathered, gather
from spinegrade.osteoporosis.spines import spine_rows
from spinegrade.report import clinic_next, clinic_words
from spinegrade.report import clinic_tables as tables
from spinegrade.report.clinic_change import RULES, Changes, changes
from spinegrade.report.clinic_disputed import disputed
from spinegrade.report.clinic_findings import (
    LevelFinding,
    Strip,
    earlier_fractures,
    findings,
    latest,
    strips,
    unread,
)
from spinegrade.report.clinic_percentile import below_percentile
from spinegrade.report.clinic_trends import Plot, trends
from spinegrade.report.forms import noted
from spinegrade.report.words import STATUS_WORDS, deformity_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.assess import Method
    from spinegrade.osteoporosis.account import Account, RuleAnswer
    from spinegrade.osteoporosis.cohort import Classification
    from spinegrade.osteoporosis.rule import OsteoporosisRule
    from spinegrade.patients.contradictions import Known
    from spinegrade.patients.reading import Patients
    from spinegrade.report.clinic_next import Step, Wanted
    from spinegrade.report.clinic_tables import Scan
    from spinegrade.report.findings import Examined
    from spinegrade.report.selection import Chosen


@frozen
class Clinic:
    """What a clinic says of its patients, and how to classify them."""

    given: Patients
    how: Classification


@frozen
class PatientPage:
    """Everything that the page says of one patient.

    Attributes
    ----------
    readings
        How many readings of the latest exam and of all exams it is made of.
    status, index
        What the latest exam adds up to, in words.
    noted
        What answers to qualitative forms come to, where that is something.
    below
        Levels of a child below the 5th percentile of children's, which are no fractures, in words.
    earlier
        Levels that were fractured on earlier exams, in words.
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
    noted: tuple[str, ...]
    below: str
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
    def may_grow(self) -> bool:
        """Whether it is somebody whose vertebrae may grow: anybody but an adult."""
        return self.account.adult is not True

    @property
    def lacking(self) -> str:
        """What to say of the diagnosis where no input for it is listed; empty where one is."""
        return clinic_next.lacking(self.account)

    @property
    def not_run(self) -> str:
        """Which rules would diagnose by a vertebral fracture that is there and are not run; or nothing."""
        return clinic_next.not_run(self.account, self.silent)

    @property
    def disputed(self) -> str:
        """Which rules hang on whose grades count, the readers' or the measured; or nothing."""
        return disputed(self.account)

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
    def settings(self) -> str:
        """The same in words; no word of T-scores where it may be a child."""
        matter = [one.partition("=") for one in self.switches.split()]
        told = [one for one in matter if self.account.adult or one[0] != "t_score_men_from"]
        return "; ".join(clinic_words.switch_words(name, value) for name, _, value in told)

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
        return tuple(
            one for one in told if one in self.account.concerning and one.rule.code not in clinic_next.STEPS
        )

    @property
    def graded_by(self) -> str:
        """The rule and reference of the grades, in short."""
        rule = f"{self.account.row['grading']}".partition(" sha256:")[0]
        return f"{rule}, reference {self.account.row['reference']}"

    def because(self, one: RuleAnswer) -> str:
        """Return why a rule is met or not met, in words."""
        return "; ".join(map(clinic_words.reason, one.because))

    def asked(self, one: RuleAnswer) -> str:
        """Return which inputs would decide a rule, in words; rules for adults only the age without it."""
        asked = [what for what, answers in self.account.wanted.items() if one in answers]
        words = (clinic_words.wanted(what, self.account) for what in asked)
        return "; ".join(words) or ("the age" if self.account.adult is None else "")

    def imaging_words(self, one: RuleAnswer) -> str:
        """Return what a rule advises to image, and whether that has been done."""
        return clinic_next.imaging(one, self.account)


def patient_pages(
    chosen: Sequence[Chosen], examined: Sequence[Examined], method: Method, clinic: Clinic
) -> list[PatientPage]:
    """Return a page for every patient of the readings, in the order of their first readings."""
    how = evolve(clinic.how, grading=method.rule.source.stamp, reference=method.reference)
    readings = pl.concat([spine_rows(one.spines(), method) for one in chosen])
    given = _only(clinic.given, readings["patient"].unique(maintain_order=True).to_list())
    gathered = gather(given, readings, method.levels, how.switches)
    frame = classify_gathered(gathered, how)
    clinic = evolve(clinic, given=given, how=how)
    pages = []
    for number, account in enumerate(accounts(frame, how), 1):
        mine = [one for one in examined if one.reading.exam.patient == account.patient]
        pages.append(_page(number, account, mine, method, gathered.known, clinic))
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
    names = ("patients", "fractures", "bmd", "exposures", "spoilt")
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
        noted=noted(last),
        below="" if account.adult else below_percentile(last, account.age),
        earlier=earlier_fractures(shown[:-1]) if len(last) < len(mine) else (),
        wanted=tuple(clinic_next.wanted(account)),
        imaging=tuple(one for one in account.met("imaging") if one in account.concerning),
        steps=tuple(clinic_next.steps(account, scans, clinic.how)),
        changes=changes(mine, method, may_grow=account.adult is not True),
        plots=trends(mine, scans, method.rule, bound=account.adult is not True),
        scans=scans,
        fractures=tables.fractures(account, known),
        exposures=tables.exposures(account, known),
        silent=tuple(clinic_next.silent_rules(account, clinic.how)),
    )


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
    return (
        f"{STATUS_WORDS[account.status or 'uninterpretable']}; {clinic_words.counted(graded, 'level')} graded"
    )


def _seen(how: Classification) -> str:
    return " (by the readers' visual grades)" if how.switches.grades == "visual" else ""


def _index(account: Account) -> str:
    """Return the deformity index, with what it could be where levels are missing or readings differ."""
    row = account.row
    if not row["readings_differ"]:
        return deformity_index(row)
    return f"between {row['sdi_low']} and {row['sdi_high']}, as readings differ"
