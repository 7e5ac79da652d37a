"""Which answers are of which vertebra and form; what fits nowhere is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from spinegrade.anatomy import LEVELS
from spinegrade.errors import ReadingError
from spinegrade.io.columns import KEY
from spinegrade.qualitative.answers import FILE, Answers, answer_place, answered_twice, read_answers
from spinegrade.qualitative.answers import reading_answers as answers_in_readings
from spinegrade.qualitative.form import form_ids
from spinegrade.qualitative.grading import VERTEBRA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spinegrade.anatomy import LevelRange
    from spinegrade.qualitative.form import Form

QUALITY = "quality"
"""What a reader thinks of the image, stored beside forms; it has no classes."""


def gather_answers(readings: Sequence[Path], tables: Sequence[Path], left_out: Sequence[str]) -> Answers:
    """Return the answers in readings and tables, and what is wrong with some.

    ``left_out`` is what was said of readings that could not be used: their answers are not.

    Raises
    ------
    FormatError
        If a table cannot be read.
    """
    used = [path for path in readings if not any(said.startswith(f"{path}:") for said in left_out)]
    read = [read_answers(path) for path in tables]
    rows, twice = answered_twice(pl.concat([answers_in_readings(used), *(one.rows for one in read)]))
    return Answers(rows, [said for one in read for said in one.problems] + twice)


def known_answers(answers: Answers, forms: Mapping[str, Form]) -> Answers:
    """Return the answers to ``forms`` and to those that come along, at levels that exist; name the others."""
    rows = answers.rows.filter(pl.col("form") != QUALITY)
    known = list({*forms, *form_ids()} - _of_readings(forms))
    strange = rows.filter(~pl.col("form").is_in(known))
    problems = [
        f"{answer_place(row)}: form: expected one of {', '.join(sorted(known))}, or a form of your own by "
        f"--form FILE, got {row['form']!r}"
        for row in _firsts(strange)
    ]
    rows = rows.filter(pl.col("form").is_in(known))
    problems += [
        f"{answer_place(row)}: level: expected one of {LEVELS[0]}..{LEVELS[-1]}, got {row['level']!r}"
        for row in _firsts(rows.filter(~pl.col("level").is_in(LEVELS)))
    ]
    return Answers(rows.filter(pl.col("level").is_in(LEVELS)), answers.problems + problems)


def _of_readings(forms: Mapping[str, Form]) -> set[str]:
    """Return the forms that ask nothing of a vertebra."""
    return {"koerber-2012", *(name for name, form in forms.items() if form.scope == "reading")}


def place_answers(rows: pl.DataFrame, vertebrae: pl.DataFrame) -> Answers:
    """Return the answers with `VERTEBRA`, the row of ``vertebrae`` they are of; name those of none."""
    places = vertebrae.select(KEY).with_row_index(VERTEBRA).cast({VERTEBRA: pl.Int64})
    placed = rows.join(places, on=KEY, how="left", maintain_order="left")
    lost = _firsts(placed.filter(pl.col(VERTEBRA).is_null()))
    problems = [
        f"{answer_place(row)}: {row['form']}: expected a vertebra that the sources have, got one of none"
        for row in lost
    ]
    return Answers(placed.filter(pl.col(VERTEBRA).is_not_null()), problems)


def passed_over(
    answers: pl.DataFrame, known: pl.DataFrame, forms: Mapping[str, Form], levels: LevelRange
) -> list[str]:
    """Return what has to be said of answers that have no row: other forms', and at other levels.

    ``known`` are those of ``answers`` that could be used.
    """
    quality = answers.filter(pl.col("form") == QUALITY).height
    said = [f"{QUALITY}: {_counted(quality)} passed over, as quality has no classes"] if quality else []
    counted = known.filter(~pl.col("form").is_in(list(forms))).group_by("form", maintain_order=True).len()
    said += [f"{form}: {_counted(n)} passed over; --form {form} takes them" for form, n in counted.rows()]
    outside = known.filter(pl.col("form").is_in(list(forms)) & ~pl.col("level").is_in(levels.levels)).height
    if outside:
        said.append(f"{_counted(outside)} at levels outside {levels} passed over; --levels all takes them")
    return said


def _counted(answers: int) -> str:
    return f"{answers:,} answer{'' if answers == 1 else 's'}"


def refuse(problems: Sequence[str], *, keep_going: bool) -> None:
    """Refuse what cannot be used, unless it is to be left out.

    Raises
    ------
    ReadingError
        With the first of it.
    """
    if problems and not keep_going:
        more = f" (and {len(problems) - 1} more; --keep-going lists them)" if len(problems) > 1 else ""
        raise ReadingError(problems[0] + more)


def _firsts(rows: pl.DataFrame) -> list[dict[str, object]]:
    """Return one answer for each vertebra, form and file."""
    return rows.unique([*KEY, "form", FILE], keep="first", maintain_order=True).to_dicts()
