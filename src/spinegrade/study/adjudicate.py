"""Where readers disagree, by a stated rule, and what settles it: a third reader, or consensus with reason."""

from __future__ import annotations

import json
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import func, insert, select

from spinegrade.anatomy import level_index
from spinegrade.errors import StudyError
from spinegrade.io.reading_json import to_plain
from spinegrade.study import rows, schema
from spinegrade.study.amend import current_protocol
from spinegrade.study.moments import stamp
from spinegrade.study.protocol import COORDINATOR
from spinegrade.study.sequence import reading_order
from spinegrade.study.tables import committed_readings, consensus_readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spinegrade.readings import Reading, VertebraReading
    from spinegrade.study.protocol import ReaderProtocol
    from spinegrade.study.store import Store

    Answers = dict[tuple[str, str], str]
    """An answer in words by film and level, of one reader."""


_EVALUABLE = "evaluable"


class Rule(StrEnum):
    """When two readers disagree on a vertebra.  One that a reader has no answer for is no disagreement."""

    EVALUABLE = "evaluable"
    """One could read it and the other could not, or left it out though the protocol asks for it."""
    VISUAL_GRADE = "visual_grade"
    """Their visual grades differ."""
    FRACTURE = "fracture"
    """By visual grade, one saw a fracture (grade 1 or more) and the other none."""
    GRADE = "grade"
    """The grades computed from their landmarks differ (standard reference, genant-1993)."""


@frozen
class Disagreement:
    """A vertebra on which readers disagree: what each said, what adjudicators and consensus say."""

    film: str
    level: str
    rule: Rule
    answers: dict[str, str]
    adjudicated: dict[str, str]

    @property
    def is_settled(self) -> bool:
        """Whether somebody has had the last word."""
        return bool(self.adjudicated)


def disagreements(store: Store, rules: Iterable[Rule], *, occasion: int = 1) -> list[Disagreement]:
    """Return the vertebrae on which readers disagree by any of the rules, in order of film and level."""
    with store.reading() as connection:
        r = schema.readers.c
        thirds = set(connection.execute(select(r.name).where(r.adjudicator)).scalars())
        readings = [one for one in committed_readings(connection) if one.occasion == occasion]
        agreed = consensus_readings(connection)
        levels = rows.reader_protocol(connection).level_range.levels
    first = [one for one in readings if one.reader not in thirds]
    last = [one for one in readings if one.reader in thirds] + agreed
    found = []
    for rule in rules:
        said, settled = _said(first, rule), _said(last, rule)
        if rule is Rule.EVALUABLE:
            _add_left_out(said, first, levels)
        for (film, level), answers in said.items():
            if _differ(rule, answers):
                found.append(Disagreement(film, level, rule, answers, settled.get((film, level), {})))
    return sorted(found, key=lambda one: (one.film, level_index(one.level), one.rule))


def _said(readings: Iterable[Reading], rule: Rule) -> dict[tuple[str, str], dict[str, str]]:
    """Return what each reader said of each vertebra."""
    said: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for reading in readings:
        for level, answer in _ANSWERS[rule](reading).items():
            said[reading.exam.id, level][reading.reader] = answer
    return said


def _add_left_out(
    said: dict[tuple[str, str], dict[str, str]], readings: Iterable[Reading], levels: Iterable[str]
) -> None:
    """Add the levels of the protocol that a reader committed to without a word of them."""
    every = tuple(levels)
    for reading in readings:
        for level in every:
            said[reading.exam.id, level].setdefault(reading.reader, "left out")


def _differ(rule: Rule, answers: dict[str, str]) -> bool:
    """Return whether answers differ; that nobody could read a vertebra is one, whatever each calls it."""
    different = set(answers.values())
    return len(different) > 1 and (rule is not Rule.EVALUABLE or _EVALUABLE in different)


def _evaluable(reading: Reading) -> dict[str, str]:
    read = {v.level: v for v in reading.vertebrae}
    return {
        level: "not evaluable" if v.evaluable is False else _EVALUABLE
        for level, v in read.items()
        if v.evaluable is not None or v.landmarks or v.visual_grade is not None
    }


def _visual(reading: Reading) -> dict[str, str]:
    return {v.level: f"{v.visual_grade:g}" for v in reading.vertebrae if v.visual_grade is not None}


def _fracture(reading: Reading) -> dict[str, str]:
    return {
        v.level: "fracture" if v.visual_grade >= 1 else "none"
        for v in reading.vertebrae
        if v.visual_grade is not None
    }


def _grades(reading: Reading) -> dict[str, str]:
    """Return the grades computed from the landmarks."""
    from spinegrade.assess import Method, grade_rows
    from spinegrade.io.checks import sound_spines
    from spinegrade.io.reading_table import reading_rows, readings_frame

    if not any(v.landmarks for v in reading.vertebrae):
        return {}
    spines, _ = sound_spines(readings_frame(reading_rows(reading)))
    graded = grade_rows(spines, Method())
    pairs = zip(graded["level"], graded["grade"], strict=True)
    return {level: f"{grade}" for level, grade in pairs if grade is not None}


_ANSWERS: dict[Rule, Callable[[Reading], dict[str, str]]] = {
    Rule.EVALUABLE: _evaluable,
    Rule.VISUAL_GRADE: _visual,
    Rule.FRACTURE: _fracture,
    Rule.GRADE: _grades,
}


def give(store: Store, adjudicator: str, films: Iterable[str]) -> list[str]:
    """Give films to an adjudicator, who reads them blind like anybody; return those not given before.

    Raises
    ------
    StudyError
        If there is no such adjudicator.
    """
    with store.writing() as connection:
        a, r = schema.assignments, schema.readers.c
        names = connection.execute(select(r.name).where(r.adjudicator).order_by(r.name)).scalars().all()
        if adjudicator not in names:
            among = f"one of {', '.join(names)}" if names else "and the protocol names none"
            msg = f"expected an adjudicator of the study, {among}, got {adjudicator!r}"
            raise StudyError(msg)
        mine = a.c.reader == adjudicator
        had = set(connection.execute(select(a.c.film).where(mine)).scalars())
        begin = connection.execute(select(func.max(a.c.place)).where(mine)).scalar_one() or 0
        seed = current_protocol(connection).seed
        new = reading_order(set(films) - had, seed=seed, reader=adjudicator, occasion=1)
        for place, film in enumerate(new, begin + 1):
            row = {"reader": adjudicator, "occasion": 1, "film": film, "place": place}
            connection.execute(insert(a).values(**row))
            store.record(connection, COORDINATOR, "given", film=film, details=adjudicator)
    return new


def agree_on(store: Store, vertebra: VertebraReading, film: str, *, agreed_by: str, reason: str) -> list[str]:
    """Record what readers agreed on for a vertebra, and return what that was; the last word counts.

    ``vertebra`` holds a visual grade, whether it is evaluable and if not why, or a grade of one that is.

    Raises
    ------
    StudyError
        If nothing is agreed on, or what excludes itself, there is no reason, nobody agreed, or film or level
        are not in the study.
    """
    for what, words in (("the reason", reason), ("who agreed", agreed_by)):
        if not words.strip():
            msg = f"{film}, {vertebra.level}: expected {what}, got none"
            raise StudyError(msg)
    given = _agreed_facts(vertebra)
    with store.writing() as connection:
        known = connection.execute(select(schema.films.c.name).where(schema.films.c.name == film))
        if known.one_or_none() is None:
            msg = f"expected a film of the study, got {film!r}"
            raise StudyError(msg)
        _check_level(vertebra.level, rows.reader_protocol(connection))
        at = stamp(store.now(connection))
        facts = {"at": at, "film": film, "level": vertebra.level, "reason": reason.strip()}
        for what, answer in given.items():
            row = {**facts, "what": what, "answer": json.dumps(answer), "agreed_by": agreed_by.strip()}
            connection.execute(insert(schema.consensus).values(**row))
            details = f"{vertebra.level} {what} by {agreed_by.strip()}: {reason.strip()}"
            store.record(connection, COORDINATOR, "consensus", film=film, details=details)
    return list(given)


def _check_level(level: str, protocol: ReaderProtocol) -> None:
    if level not in protocol.level_range.levels:
        msg = f"expected a level of the protocol, {protocol.levels}, got {level}"
        raise StudyError(msg)


def _agreed_facts(vertebra: VertebraReading) -> dict[str, dict[str, object]]:
    """Return the answers that are given, each as the fields of a vertebra it sets."""
    if vertebra.evaluable is False and vertebra.visual_grade is not None:
        msg = f"{vertebra.level}: expected a visual grade or that it is not evaluable, got both"
        raise StudyError(msg)
    data = to_plain(vertebra)
    given = {}
    if vertebra.evaluable is not None:
        given["evaluable"] = {name: data[name] for name in ("evaluable", "not_evaluable_reason")}
    if vertebra.visual_grade is not None:
        given["visual_grade"] = {"visual_grade": data["visual_grade"]}
    if not given:
        msg = f"{vertebra.level}: expected a visual grade, or whether it is evaluable, got neither"
        raise StudyError(msg)
    return given
