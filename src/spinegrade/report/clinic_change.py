"""What became of a patient's vertebrae since the exam before, by the follow-up rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from spinegrade.followup.asking import Asking
from spinegrade.followup.compare import compare
from spinegrade.followup.remarks import Remark
from spinegrade.followup.tables import vertebra_rows
from spinegrade.io.checks import sound_spines
from spinegrade.io.reading_table import reading_rows, readings_frame
from spinegrade.report.clinic_words import REMARK_WORDS, counted, spread, tally
from spinegrade.rules import load_rule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from spinegrade.assess import Method
    from spinegrade.report.findings import Examined

    Rows = list[dict[str, Any]]

RULES = ("followup-sq", "followup-growth")
"""Follow-up rules on a page: by grade, and by heights beside the growth of the vertebrae around."""

_SMALL = Remark.WITHIN_LEAST_SIGNIFICANT
_WORSE = ("incident", "worsening")
_UNKNOWN = "indeterminate"
_BY = dict(zip(RULES, ("grade", "height"), strict=True))
_RESHAPED = {
    "complete": "reshaped completely",
    "incomplete": "reshaped in part",
    "none": "not reshaped",
    "too early": "too early for reshaping",
}
_OF_ADULT = {"complete": "no longer graded as fractured", "incomplete": "of a lower grade than at first"}
"""The same of somebody who does not grow; of a fracture that is as it was nothing."""


@frozen
class LevelChange:
    """A level between two dates: grades then and now, what the rules say, and what has to be known.

    ``kind`` is incident, worsening or other.
    """

    level: str
    before: str
    now: str
    kind: str
    words: tuple[str, ...]
    lost: str


@frozen
class RuleSum:
    """A follow-up rule in words, and the levels that it found."""

    rule: str
    title: str
    status: str
    found: str


@frozen
class Change:
    """Two dates of a patient, compared reading by reading."""

    first: str
    second: str
    months: float
    readings: int
    sums: tuple[RuleSum, ...]
    levels: tuple[LevelChange, ...]
    remarks: tuple[str, ...]
    with_error: bool


@frozen
class Changes:
    """The pairs of dates of a patient, the latest first; ``why`` says why there is none, or is empty.

    ``left_out`` are readings that could not be compared.
    """

    pairs: tuple[Change, ...]
    why: str
    left_out: tuple[str, ...]


def changes(examined: Sequence[Examined], method: Method, *, may_grow: bool = True) -> Changes:
    """Return what became of a patient between dates that one reader read on one occasion.

    Of somebody who cannot grow any more there is no word of growth or reshaping.
    """
    rows = [row for one in examined for row in reading_rows(one.reading)]
    spines, _ = sound_spines(readings_frame(rows))
    compared = [compare(spines, Asking(method=method, rule=rule)) for rule in RULES]
    paired = compared[0].paired
    problems = tuple(paired.problems)
    if not paired.pairs.height:
        return Changes((), _why_none(examined), problems)
    tables = [
        vertebra_rows(one).sort("second_date", descending=True, maintain_order=True) for one in compared
    ]
    dates = tables[0].select("first_date", "second_date").unique(maintain_order=True)
    with_error = method.point_sd is not None
    pairs = (_change(days, tables, may_grow=may_grow, with_error=with_error) for days in dates.iter_rows())
    return Changes(tuple(pairs), "", problems)


def _why_none(examined: Sequence[Examined]) -> str:
    dates = {one.reading.exam.date for one in examined}
    if len({one.reading.exam.id for one in examined}) == 1:
        return "One exam: there is nothing to compare it with."
    if None in dates:
        return "Not every exam has a date: nothing could be compared."
    return "No reader read two of the dates on one occasion: nothing was compared."


def _change(
    days: tuple[object, ...], tables: Sequence[pl.DataFrame], *, may_grow: bool, with_error: bool
) -> Change:
    first, second = days
    of_pair = (pl.col("first_date") == first) & (pl.col("second_date") == second)
    by_rule = [table.filter(of_pair) for table in tables]
    series = by_rule[0].select("first_reader", "first_occasion").unique().height
    levels = by_rule[0]["level"].unique(maintain_order=True).to_list()
    rows = {
        level: [table.filter(pl.col("level") == level).to_dicts() for table in by_rule] for level in levels
    }
    return Change(
        first=f"{first}",
        second=f"{second}",
        months=by_rule[0]["months"][0],
        readings=series,
        sums=tuple(_sum(rule, table, may_grow) for rule, table in zip(RULES, by_rule, strict=True)),
        levels=tuple(
            _level(level, of_level, _RESHAPED if may_grow else _OF_ADULT)
            for level, of_level in rows.items()
            if _told(of_level)
        ),
        remarks=_remarks(by_rule),
        with_error=with_error,
    )


def _sum(rule: str, table: pl.DataFrame, may_grow: bool) -> RuleSum:  # noqa: FBT001  a fact of a person
    """Return a rule and which levels are new or worse by it."""
    source = load_rule(rule)
    found = []
    for outcome, called in zip(_WORSE, ("new", "worse"), strict=True):
        changed = table.filter(pl.col("outcome") == outcome)["level"].unique(maintain_order=True)
        found.append(f"{called}: {', '.join(changed) or 'none'}")
    unknown = table.filter(pl.col("outcome") == _UNKNOWN)
    levels = unknown["level"].unique(maintain_order=True).to_list()
    if levels:
        every = unknown.height == table.filter(pl.col("level").is_in(levels)).height
        found.append(f"cannot be told{'' if every else ' by every reading'}: {', '.join(levels)}")
    title = source.title if may_grow else source.title.replace("growth leads", "the vertebrae around lead")
    return RuleSum(rule, title, f"{source.data.get('status', '')}", "; ".join(found))


def _told(by_rule: Sequence[Rows]) -> bool:
    """Return whether a level is worth a line: a fracture on or before a date, or not the same by any rule."""
    grades = [row[name] or 0 for row in by_rule[0] for name in ("first_grade", "second_grade")]
    told = any(row["outcome"] in _WORSE for rows in by_rule for row in rows)
    return max(grades) >= 1 or told or any(row["detected"] is not None for row in by_rule[0])


def _level(level: str, by_rule: Sequence[Rows], reshaped: dict[str, str]) -> LevelChange:
    by_grade, by_growth = by_rule
    outcomes = [row["outcome"] for row in by_grade] + [row["outcome"] for row in by_growth]
    lost = [row["largest_loss"] * 100 for row in by_growth if row["largest_loss"] is not None]
    return LevelChange(
        level=level,
        before=tally([_grade(row["first_grade"]) for row in by_grade]),
        now=tally([_grade(row["second_grade"]) for row in by_grade]),
        kind=next((one for one in _WORSE if one in outcomes), "other"),
        words=tuple(_words(by_grade, by_growth, reshaped)) or ("unchanged",),
        lost=spread(lost, "{:.1f}") if lost else "",
    )


def _grade(grade: int | None) -> str:
    return "not graded" if grade is None else f"{grade}"


def _words(by_grade: Rows, by_growth: Rows, reshaped: dict[str, str]) -> list[str]:
    """Return what the rules say of a level, and of how many readings; nothing where it is the same by all."""
    said = []
    for rule, rows in zip(RULES, (by_grade, by_growth), strict=True):
        for outcome, called in zip(_WORSE, ("new", "worse"), strict=True):
            count = sum(row["outcome"] == outcome for row in rows)
            said += [f"{called} {_share(count, len(rows))}by {_BY[rule]}"] if count else []
    said += _untold(by_grade, by_growth)
    for name, called in reshaped.items():
        count = sum(row["reshaping"] == name for row in by_grade)
        said += [f"{called} {_share(count, len(by_grade))}".strip()] if count else []
    small = sum(_SMALL.name.lower() in (row["remarks"] or "").split() for row in by_growth if _SMALL.name)
    said += [f"{REMARK_WORDS[_SMALL]} {_share(small, len(by_growth))}".strip()] if small else []
    return said


def _untold(by_grade: Rows, by_growth: Rows) -> list[str]:
    """Return by which rules it cannot be told whether a level is new or worse."""
    words = "cannot be told whether new or worse"
    counts = [sum(row["outcome"] == _UNKNOWN for row in rows) for rows in (by_grade, by_growth)]
    if all(counts) and counts == [len(by_grade), len(by_growth)]:
        return [words]
    return [
        f"{words} {_share(count, len(rows))}by {by}"
        for count, rows, by in zip(counts, (by_grade, by_growth), _BY.values(), strict=True)
        if count
    ]


def _share(count: int, of: int) -> str:
    return f"in {count} of {counted(of, 'reading')} " if of > 1 else ""


def _remarks(by_rule: Sequence[pl.DataFrame]) -> tuple[str, ...]:
    """Return what has to be known of the pair, and of which levels; the growth rule speaks for heights."""
    said = []
    for remark, called in REMARK_WORDS.items():
        if remark is _SMALL or remark.name is None:
            continue
        has = pl.col("remarks").str.split(" ").list.contains(remark.name.lower())
        levels = by_rule[-1].filter(has)["level"].unique(maintain_order=True)
        whole = len(levels) == by_rule[-1]["level"].n_unique()
        said += [called if whole else f"{', '.join(levels)}: {called}"] if len(levels) else []
    return tuple(said)
