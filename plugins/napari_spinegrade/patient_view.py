"""A patient classified for the panel: by the same functions and rules as ``spinegrade assess --patients``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from napari_spinegrade.patient_trends import Trends, trends_of
from spinegrade.assess import Method
from spinegrade.io.checks import sound_spines
from spinegrade.io.reading_table import ROWS_A_FILE, reading_rows, readings_frame
from spinegrade.osteoporosis.account import Account, accounts
from spinegrade.osteoporosis.cohort import Classification, classify_gathered, gather
from spinegrade.osteoporosis.rule import OsteoporosisRule, osteoporosis_rules
from spinegrade.osteoporosis.spines import spine_rows
from spinegrade.osteoporosis.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spinegrade.io.arrays import Spines
    from spinegrade.patients.reading import Patients
    from spinegrade.readings import Reading

ALL_READERS = ""


@frozen(eq=False)
class Asked:
    """What is to be classified: a patient's tables and readings, by which switches and method.

    ``reader`` takes that reader's readings only, as ``--reader`` does; empty for all.  ``problems`` is what
    was left out before.
    """

    patient: str
    given: Patients
    readings: Sequence[Reading] = ()
    switches: Switches = field(factory=Switches)
    method: Method = field(factory=Method)
    reader: str = ALL_READERS
    problems: Sequence[str] = ()


@frozen(eq=False)
class View:
    """What the panel shows of a patient.

    Attributes
    ----------
    account
        What the rules say; None where the patient occurs nowhere.
    readers
        Everybody who read the patient.
    asked_for
        Those whose readings are shown.
    exams
        How many exams of these are taken together, as their dates do not tell which is the latest; 0 where
        they do.
    problems
        What was left out, and why.
    rules
        Every rule, those included that are not run.
    """

    account: Account | None
    trends: Trends
    switches: Switches
    readers: tuple[str, ...]
    problems: tuple[str, ...]
    rules: tuple[OsteoporosisRule, ...] = ()
    asked_for: tuple[str, ...] = ()
    exams: int = 0

    @property
    def group(self) -> str:
        """Whose rules are shown: ``child``, ``adult``, or ``anybody`` where the age is not known.

        What only adults have, fields and T-scores, is for ``adult`` alone.
        """
        if self.account is None:
            return "child"
        return {True: "adult", False: "child", None: "anybody"}[self.account.adult]

    @property
    def shown(self) -> tuple[OsteoporosisRule, ...]:
        """The rules for somebody of this age, those included that are not run."""
        return tuple(one for one in self.rules if self.group in ("anybody", one.group))

    @property
    def silent(self) -> tuple[OsteoporosisRule, ...]:
        """Those of them that are not run, as they lack a source."""
        return tuple(one for one in self.shown if not one.enabled)


def view(asked: Asked) -> View:
    """Return a patient classified, and how the patient fared over time."""
    readers = tuple(dict.fromkeys(one.reader for one in asked.readings))
    wanted = [one for one in asked.readings if asked.reader in (ALL_READERS, one.reader)]
    spines, problems = spines_of(wanted)
    rows = spine_rows(spines, asked.method) if spines is not None else None
    made_by = (asked.method.rule.source.stamp, asked.method.reference) if rows is not None else ("", "")
    how = Classification(asked.switches, rules_by(asked.switches), *made_by)
    gathered = gather(asked.given, rows, asked.method.levels, how.switches)
    frame = classify_gathered(gathered, how)
    account = next((one for one in accounts(frame, how) if one.patient == asked.patient), None)
    trends = trends_of(spines, gathered.known, asked.method)
    return View(
        account=account,
        trends=evolve(trends, adult=account is not None and account.adult is True),
        switches=asked.switches,
        readers=readers,
        problems=(*asked.problems, *asked.given.problems, *problems),
        rules=how.rules,
        asked_for=tuple(dict.fromkeys(one.reader for one in wanted)),
        exams=len({one.exam.id for one in wanted}) if gathered.graded.frame["undated"].any() else 0,
    )


def spines_of(readings: Iterable[Reading]) -> tuple[Spines | None, list[str]]:
    """Return readings as arrays, None where nothing of them can be used, and what was left out."""
    many = list(readings)
    rows = [row for n, one in enumerate(many) for row in reading_rows(one, n * ROWS_A_FILE)]
    if not rows:
        return None, []
    spines, found = sound_spines(readings_frame(rows))
    words = [f"exam {many[one.row // ROWS_A_FILE].exam.id}: {one.what}" for one in found]
    return (spines if spines.count else None), words


@lru_cache(maxsize=8)
def rules_by(switches: Switches) -> tuple[OsteoporosisRule, ...]:
    """Return the rules with these switches set; reading their files takes longer than answering them."""
    return osteoporosis_rules(switches)
