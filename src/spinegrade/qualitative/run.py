"""From files to a table: for every vertebra and form, what the answers come to, and what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import field, frozen

from spinegrade import __version__
from spinegrade.assess import Method
from spinegrade.batch import Task
from spinegrade.collecting import collect
from spinegrade.errors import ReadingError, RuleError
from spinegrade.io.columns import KEY, READING_KEY
from spinegrade.io.csv_frame import LINE
from spinegrade.qualitative.answers import FILE, answer_place
from spinegrade.qualitative.contours import read_contours
from spinegrade.qualitative.endplates import depressions_of
from spinegrade.qualitative.form import load_form
from spinegrade.qualitative.grading import PROBLEM, VERTEBRA, grade_form
from spinegrade.qualitative.joining import gather_answers, known_answers, passed_over, place_answers, refuse
from spinegrade.qualitative.koerber import Weights  # noqa: TC001  a field of Asked
from spinegrade.qualitative.measured import (
    BESIDE,
    KEPT,
    measure_rows,
    portions,
    severity_rows,
    with_contours,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from spinegrade.executors import Where
    from spinegrade.io import Source
    from spinegrade.qualitative.form import Form

KOERBER = "koerber-2012"

TABLE_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("patient", "exam", "reader"), pl.String),
    "occasion": pl.Int64,
    **dict.fromkeys(("level", "form", "category", "subtype", "words", "missing", "answers"), pl.String),
    **dict.fromkeys(("score", "kyphosis"), pl.Float64),
    **BESIDE,
    **dict.fromkeys(("status", "form_rule", "rules", "reference", "version"), pl.String),
}
"""Columns of a table of forms, a vertebra and form a row; a form of the whole reading has no level."""


@frozen
class Asked:
    """What is asked for: forms by id or file (none: those answered), Koerber's weights, how to measure."""

    forms: tuple[str, ...] = ()
    weights: Weights | None = None
    method: Method = field(factory=Method)
    contours: tuple[Path, ...] = ()
    """Tables of contours of endplates."""

    def named(self) -> dict[str, Form]:
        """Return the forms asked for, by id.

        Raises
        ------
        RuleError
            If there is no such form, two of them have one id, or questions are asked of a whole reading.
        """
        found: dict[str, Form] = {}
        for form in map(load_form, self.forms):
            if form.id in found:
                msg = f"--form: expected every form once, got {form.id!r} again"
                raise RuleError(msg)
            if form.scope == "reading" and form.questions:
                msg = (
                    f"{form.id}: scope: expected 'vertebra', as answers are stored by vertebra, got 'reading'"
                )
                raise RuleError(msg)
            found[form.id] = form
        whole = self.weights is None or any(form.scope == "reading" for form in found.values())
        return found if whole else found | {KOERBER: load_form(KOERBER)}


@frozen
class Graded:
    """The rows in `TABLE_SCHEMA`, what was left out, and what has to be said."""

    rows: pl.DataFrame
    problems: list[str]
    notes: list[str]


@frozen
class _Measured:
    """Vertebrae with `BESIDE`, and the landmarks they come from; None without sources."""

    vertebrae: pl.DataFrame
    landmarks: pl.DataFrame | None


def grade_files(
    sources: Sequence[Source],
    answered: tuple[Sequence[Path], Sequence[Path]],
    asked: Asked,
    where: Where | None = None,
    *,
    keep_going: bool = False,
) -> Graded:
    """Return what answers come to, beside what the landmarks in the sources measure.

    ``answered`` are reading files and tables of answers.  Without sources the vertebrae are those answered
    for, and nothing is measured.

    Raises
    ------
    SpinegradeError
        Of the first row or answer that cannot be used; with ``keep_going`` it is left out and listed.
    """
    named = asked.named()  # an unknown form is said before anything is read
    landmarks, left_out = None, []
    if sources:
        task = Task("landmarks", asked.method)
        kept = collect(sources, task, columns=KEPT, where=where, keep_going=keep_going)
        landmarks, left_out = kept.rows, kept.report.problems
    every = gather_answers(*answered, left_out)
    known = known_answers(every, named)
    refuse(known.problems, keep_going=keep_going)
    forms = _forms(asked, named, known.rows)
    _with_landmarks(forms, landmarks)
    levels = asked.method.levels.levels
    rows = known.rows.filter(pl.col("form").is_in(list(forms)) & pl.col("level").is_in(levels))
    vertebrae, strange, unused = _contoured(_vertebrae(landmarks, rows, asked.method), landmarks, asked)
    refuse(strange, keep_going=keep_going)
    measured = _Measured(vertebrae, landmarks)
    placed = place_answers(rows, measured.vertebrae)
    refuse(placed.problems, keep_going=keep_going)
    parts, wrong = _graded(forms.values(), measured.vertebrae, placed.rows)
    refuse(wrong, keep_going=keep_going)
    notes = passed_over(every.rows, known.rows, forms, asked.method.levels) + unused
    if not forms:
        parts = [measured.vertebrae.with_row_index(VERTEBRA)]
        notes.append("no form is answered or asked for; what was measured stands alone")
    table = _table(parts + _koerber(measured, forms, asked), asked, measured)
    return Graded(table, left_out + known.problems + strange + placed.problems + wrong, notes)


def _forms(asked: Asked, named: dict[str, Form], rows: pl.DataFrame) -> dict[str, Form]:
    """Return the forms asked for; where none was named, those that were answered, Koerber's with weights."""
    if asked.forms:
        return named
    return {name: load_form(name) for name in rows["form"].unique(maintain_order=True)} | named


def _with_landmarks(forms: dict[str, Form], landmarks: pl.DataFrame | None) -> None:
    whole = [name for name, form in forms.items() if form.scope == "reading"]
    if whole and landmarks is None:
        msg = f"{whole[0]}: expected readings or landmark tables to measure it by, got answers alone"
        raise ReadingError(msg)


def _vertebrae(landmarks: pl.DataFrame | None, rows: pl.DataFrame, method: Method) -> pl.DataFrame:
    if landmarks is not None:
        return pl.concat([measure_rows(some, method) for some in portions(landmarks)])
    absent = [pl.lit(None, kind).alias(name) for name, kind in BESIDE.items()]
    return rows.select(KEY).unique(maintain_order=True).with_columns(absent)


def _contoured(
    vertebrae: pl.DataFrame, landmarks: pl.DataFrame | None, asked: Asked
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Return the vertebrae with what contours show, what is wrong with some, and what is passed over."""
    if landmarks is None or not asked.contours:
        return vertebrae, [], []
    given = read_contours(asked.contours)
    found = depressions_of(given.rows, landmarks)
    levels = asked.method.levels
    outside = found.rows.filter(~pl.col("level").is_in(levels.levels)).height
    notes = [f"{outside:,} contours at levels outside {levels} passed over; --levels all takes them"]
    return with_contours(vertebrae, found.rows), given.problems + found.problems, notes if outside else []


def _graded(
    forms: Iterable[Form], vertebrae: pl.DataFrame, placed: pl.DataFrame
) -> tuple[list[pl.DataFrame], list[str]]:
    """Return the rows of each form of vertebrae, and what is wrong with answers."""
    parts, wrong = [], []
    index = vertebrae.with_row_index(VERTEBRA)
    for form in forms:
        if form.scope == "vertebra":
            answers = placed.filter(pl.col("form") == form.id)
            found = pl.concat([index, grade_form(form, vertebrae, answers)], how="horizontal")
            wrong += _wrong(found.filter(pl.col(PROBLEM).is_not_null()), answers)
            found = found.filter(pl.col(PROBLEM).is_null()).drop(PROBLEM)
            parts.append(_stamped(found, form))
    return parts, wrong


def _wrong(found: pl.DataFrame, answers: pl.DataFrame) -> list[str]:
    """Return what is wrong with the answers of some vertebrae, with the place of the one it is about."""
    given = answers.select(VERTEBRA, FILE, LINE, "question")
    placed = found.cast({VERTEBRA: pl.Int64}).join(given, on=VERTEBRA, maintain_order="left_right")
    meant = pl.col(PROBLEM).str.contains(": " + pl.col("question") + ":", literal=True) | pl.col(
        PROBLEM
    ).str.ends_with("'" + pl.col("question") + "'")
    placed = placed.sort(VERTEBRA, ~meant, maintain_order=True).unique(
        VERTEBRA, keep="first", maintain_order=True
    )
    return [f"{answer_place(row)}: {row[PROBLEM]}" for row in placed.iter_rows(named=True)]


def _stamped(rows: pl.DataFrame, form: Form) -> pl.DataFrame:
    stamps = {"form": form.id, "status": form.status, "form_rule": form.source.stamp}
    return rows.with_columns(pl.lit(value).alias(name) for name, value in stamps.items())


def _koerber(measured: _Measured, forms: dict[str, Form], asked: Asked) -> list[pl.DataFrame]:
    """Return a row for every reading, to stand after its vertebrae, for each form of the whole."""
    whole = [form for form in forms.values() if form.scope == "reading"]
    if measured.landmarks is None or not whole:
        return []
    found = [severity_rows(some, asked.method, asked.weights) for some in portions(measured.landmarks)]
    last = measured.vertebrae.with_row_index(VERTEBRA).group_by(READING_KEY).agg(pl.col(VERTEBRA).max())
    rows = pl.concat(found).join(last, on=READING_KEY, how="left", maintain_order="left")
    if asked.weights is None:
        return [_stamped(rows, form) for form in whole]
    supplied = pl.lit("confirmed by the user").alias("status")
    both = pl.format("{}; {}", "form_rule", pl.lit(asked.weights.stamp)).alias("form_rule")
    return [_stamped(rows, form).with_columns(supplied, both) for form in whole]


def _table(parts: list[pl.DataFrame], asked: Asked, measured: _Measured) -> pl.DataFrame:
    table = pl.concat(parts, how="diagonal_relaxed").sort(VERTEBRA, maintain_order=True)
    has = measured.landmarks is not None
    stamps = {
        "rules": asked.method.stamp if has else None,
        "reference": asked.method.reference_words if has else None,
        "version": __version__,
    }
    table = table.with_columns(pl.lit(value).alias(name) for name, value in stamps.items())
    absent = [pl.lit(None).alias(name) for name in TABLE_SCHEMA if name not in table.columns]
    return table.with_columns(absent).select(pl.col(name).cast(kind) for name, kind in TABLE_SCHEMA.items())
