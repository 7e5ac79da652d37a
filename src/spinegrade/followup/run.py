"""Follow-up of whole files: every patient's readings together, some thousand patients at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl
from attrs import frozen

from spinegrade.batch import Task
from spinegrade.collecting import collect
from spinegrade.errors import FormatError
from spinegrade.followup.cohort_rows import cohort_rows
from spinegrade.followup.compare import Compared, compare
from spinegrade.followup.pairs import mixed_dates
from spinegrade.followup.tables import patient_rows, vertebra_rows
from spinegrade.io.arrays import as_spines
from spinegrade.io.columns import READING_KEY, ROW, TABLE_COLUMNS, UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.executors import Where
    from spinegrade.followup.asking import Asking
    from spinegrade.io import Source

ROWS_AT_ONCE = 200_000

Per = Literal["vertebra", "patient", "cohort"]

_LEFT_OUT = ("image", "not_evaluable_reason", "shape", "comment")
_KEPT = (ROW, *(name for name in TABLE_COLUMNS if name not in _LEFT_OUT), UNIT)


@frozen(eq=False)
class Followed:
    """What became of all patients, and what has to be said.

    ``problems`` is what was left out, ``notes`` what there was nothing to compare with.
    """

    asking: Asking
    compared: list[Compared]
    problems: list[str]
    notes: list[str]

    def table(self, per: Per) -> pl.DataFrame:
        """Return the rows of every vertebra or of every pair, or the figures of the cohort.

        Raises
        ------
        ReadingError
            If the figures of a cohort are asked for and a patient was read more than once a date.
        """
        make = {"vertebra": vertebra_rows, "patient": patient_rows}.get(per)
        return cohort_rows(self.compared) if make is None else pl.concat(map(make, self.compared))


@frozen
class Gathered:
    """Vertebrae of whole patients, and what could not be used."""

    rows: pl.DataFrame
    problems: list[str]


def gather(
    sources: Sequence[Source],
    asking: Asking,
    where: Where | None = None,
    *,
    keep_going: bool = False,
    wanted: pl.Expr | None = None,
) -> Gathered:
    """Return the vertebrae in the sources in the order of their patients; ``wanted`` picks some of them.

    Raises
    ------
    SpinegradeError
        As `batch.run` does, or if a reading has two dates; with ``keep_going`` it is left out and reported.
    """
    kept = collect(
        sources, Task("landmarks", asking.method), columns=_KEPT, where=where, keep_going=keep_going
    )
    rows = kept.rows
    if wanted is not None:
        rows = rows.filter(wanted)
    mixed = mixed_dates(rows)
    if mixed and not keep_going:
        raise FormatError(mixed[0])
    if mixed:
        rows = rows.filter(pl.col("date").n_unique().over(READING_KEY) == 1)
    return Gathered(rows.sort("patient", maintain_order=True), kept.report.problems + mixed)


def compare_all(gathered: Gathered, asking: Asking) -> Iterator[Compared]:
    """Yield what became of the vertebrae of some thousand patients after another."""
    rows = gathered.rows
    size = rows.group_by("patient", maintain_order=True).len()
    portion = (size["len"].cum_sum() - size["len"]) // ROWS_AT_ONCE
    ends = (
        size.with_columns(portion.alias("portion"))
        .group_by("portion", maintain_order=True)
        .agg(pl.col("len").sum())
    )
    begin = 0
    for length in ends["len"]:
        yield compare(as_spines(rows[begin : begin + length]), asking)
        begin += length


def follow(
    sources: Sequence[Source],
    asking: Asking,
    where: Where | None = None,
    *,
    keep_going: bool = False,
    wanted: pl.Expr | None = None,
) -> Followed:
    """Return what became of the vertebrae in the sources between the dates of their exams.

    Raises
    ------
    SpinegradeError
        As `gather`; or if a reading has no date, or a date two readings, unless ``keep_going`` leaves them
        out; or if no patient has two dates.
    """
    gathered = gather(sources, asking, where, keep_going=keep_going, wanted=wanted)
    compared = list(compare_all(gathered, asking))
    problems = [words for one in compared for words in one.paired.problems]
    if problems and not keep_going:
        more = f" (and {len(problems) - 1} more; --keep-going lists them)" if len(problems) > 1 else ""
        raise FormatError(problems[0] + more)
    alone = pl.concat([one.paired.alone for one in compared]) if compared else pl.DataFrame()
    notes = _alone(alone) if compared else []
    if not any(one.paired.pairs.height for one in compared):
        said = f": {notes[0]}" if notes else ""
        msg = f"followup: expected a patient with two dates read by one reader, got none{said}"
        raise FormatError(msg)
    return Followed(asking, compared, gathered.problems + problems, notes)


_NAMED = 5


def _alone(alone: pl.DataFrame) -> list[str]:
    """Return which patients were not compared, and why, in a line for each reason."""
    reasons = (
        (~pl.col("others"), "one date only, not compared"),
        (pl.col("others"), "another date was read by others only, not compared (--across-readers compares)"),
    )
    return [_patients(alone.filter(which), why) for which, why in reasons if alone.filter(which).height]


def _patients(rows: pl.DataFrame, why: str) -> str:
    patients = rows["patient"].unique(maintain_order=True)
    named = ", ".join(patients.head(_NAMED))
    more = f" and {len(patients) - _NAMED} more" if len(patients) > _NAMED else ""
    return f"{why}: {len(patients)} patient{'s' if len(patients) > 1 else ''} ({named}{more})"
