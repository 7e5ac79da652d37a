"""What became of vertebrae and patients between two dates, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade import __version__
from spinegrade.anatomy import LEVELS, POSITIONS
from spinegrade.assess import HEIGHTS
from spinegrade.followup.outcome import INCIDENT, OUTCOMES, WORSENING
from spinegrade.followup.outcome import INDETERMINATE as NOT_TOLD
from spinegrade.followup.remarks import Remark, remark_words
from spinegrade.followup.reshaping import COMPLETE, INCOMPLETE, NONE, RESHAPINGS, patient_reshaping
from spinegrade.spine import sdi_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.followup.compare import Compared

_PAIR: dict[str, type[pl.DataType]] = {
    "patient": pl.String,
    **dict.fromkeys(("first_exam", "second_exam", "first_reader", "second_reader"), pl.String),
    **dict.fromkeys(("first_occasion", "second_occasion"), pl.Int64),
    **dict.fromkeys(("first_date", "second_date"), pl.Date),
    "months": pl.Float64,
}
_MADE: dict[str, type[pl.DataType]] = dict.fromkeys(
    ("grade_kind", "rule", "reshaping_rule", "rules", "reference", "version"), pl.String
)

LOST = tuple(f"lost_{position}" for position in POSITIONS)
_LEVELS_IN_WORDS = ("incident_levels", "worsening_levels", "only_first_levels", "only_second_levels")

VERTEBRA_SCHEMA: dict[str, type[pl.DataType]] = {
    **_PAIR,
    "level": pl.String,
    **dict.fromkeys((f"first_{name}" for name in HEIGHTS), pl.Float64),
    "first_unit": pl.String,
    **dict.fromkeys((f"second_{name}" for name in HEIGHTS), pl.Float64),
    "second_unit": pl.String,
    **dict.fromkeys(("first_grade", "second_grade"), pl.Int64),
    **dict.fromkeys(("first_visual_grade", "second_visual_grade", *LOST, "largest_loss"), pl.Float64),
    "largest_loss_at": pl.String,
    **dict.fromkeys(("largest_loss_mm", "least_significant_change", "scale"), pl.Float64),
    **dict.fromkeys(("outcome", "reshaping"), pl.String),
    "detected": pl.Date,
    "remarks": pl.String,
    **_MADE,
}
"""Columns of a follow-up table, a level of a pair of dates a row."""

PATIENT_SCHEMA: dict[str, type[pl.DataType]] = {
    **_PAIR,
    "outcome": pl.String,
    **dict.fromkeys(("compared", "incident", "worsening", "indeterminate"), pl.Int64),
    **dict.fromkeys(_LEVELS_IN_WORDS, pl.String),
    "reshaping": pl.String,
    **dict.fromkeys(("reshaped", "partly_reshaped", "not_reshaped"), pl.Int64),
    **dict.fromkeys(("first_sdi", "second_sdi", "spine_scale"), pl.Float64),
    "remarks": pl.String,
    **_MADE,
}
"""Columns of a follow-up table, a pair of dates a row."""


def vertebra_rows(compared: Compared) -> pl.DataFrame:
    """Return a row for every level of every pair that was read on one of the dates, in `VERTEBRA_SCHEMA`."""
    pair, level = np.nonzero(compared.first.read | compared.second.read)
    change, at = compared.change, (pair, level)
    largest = np.where(np.isnan(change.lost).any(axis=-1), -1, change.largest)[at]
    frame = _pair_columns(compared)[pair].with_columns(
        pl.Series("level", list(LEVELS)).gather(level.astype(np.uint32)),
        *_sides(compared, at),
        *(_number(name, change.lost[..., place][at]) for place, name in enumerate(LOST)),
        _number("largest_loss", change.at_largest(change.lost)[at]),
        _words("largest_loss_at", POSITIONS, largest),
        _number("largest_loss_mm", change.at_largest(change.lost_length)[at]),
        _number("least_significant_change", change.at_largest(change.least)[at]),
        _number("scale", change.scale[at]),
        _words("outcome", OUTCOMES, compared.outcome[at]),
        _words("reshaping", RESHAPINGS, compared.reshaping[at]),
        _dates("detected", compared, compared.detected[at]),
        _remarks(change.remarks[at]),
    )
    return _finished(frame, compared, VERTEBRA_SCHEMA)


def patient_rows(compared: Compared) -> pl.DataFrame:
    """Return a row for every pair, in `PATIENT_SCHEMA`.

    The deformity indices are sums of the grades over the levels that both dates have one of.  The outcome
    is incident where a vertebra is, or else worsening, or else indeterminate if one is, or else unchanged.
    """
    read = compared.first.read | compared.second.read
    counts = {name: ((compared.outcome == place) & read).sum(axis=1) for place, name in enumerate(OUTCOMES)}
    remarks = compared.change.remarks
    lists = {
        "incident_levels": compared.outcome == INCIDENT,
        "worsening_levels": compared.outcome == WORSENING,
        "only_first_levels": (remarks & Remark.ONLY_FIRST) > 0,
        "only_second_levels": (remarks & Remark.ONLY_SECOND) > 0,
    }
    classes = (("reshaped", COMPLETE), ("partly_reshaped", INCOMPLETE), ("not_reshaped", NONE))
    reshaping = patient_reshaping(np.where(read, compared.reshaping, 0), compared.second.grade)
    frame = _pair_columns(compared).with_columns(
        _words("outcome", OUTCOMES, _of_patient(counts)),
        pl.Series("compared", read.sum(axis=1) - counts["indeterminate"]),
        *(pl.Series(name, counts[name]) for name in OUTCOMES[1:]),
        *(_level_lists(name, where) for name, where in lists.items()),
        _words("reshaping", RESHAPINGS, reshaping),
        *(pl.Series(name, (compared.reshaping == place).sum(axis=1)) for name, place in classes),
        *_deformity(compared),
        _number("spine_scale", compared.change.spine_scale),
        _remarks(_on_whole_pairs(remarks * read)),
    )
    return _finished(frame, compared, PATIENT_SCHEMA)


def _pair_columns(compared: Compared) -> pl.DataFrame:
    readings = compared.paired.readings
    names = ("exam", "reader", "occasion", "date")
    sides = [
        readings[row].select(pl.col(names).name.prefix(f"{side}_"))
        for side, row in zip(("first", "second"), compared.rows, strict=True)
    ]
    patient = readings.select("patient")[compared.rows[0]]
    frame: pl.DataFrame = pl.concat([patient, *sides], how="horizontal")
    return frame.with_columns(pl.Series("months", compared.months))


def _sides(compared: Compared, at: tuple[NDArray[np.intp], NDArray[np.intp]]) -> list[pl.Series]:
    columns = []
    for side, row, seen in zip(
        ("first", "second"), compared.rows, (compared.first, compared.second), strict=True
    ):
        films = compared.films
        columns += [_number(f"{side}_{name}", seen.heights[..., n][at]) for n, name in enumerate(HEIGHTS)]
        columns.append(pl.Series(f"{side}_unit", films.units[row][at[0]].tolist(), dtype=pl.String))
        columns.append(_number(f"{side}_grade", films.computed[row][at]))
        columns.append(_number(f"{side}_visual_grade", films.visual[row][at]))
    return columns


def _finished(frame: pl.DataFrame, compared: Compared, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    asking = compared.asking
    made = {
        "grade_kind": asking.grade,
        "rule": asking.follow_up_rule.stamp,
        "reshaping_rule": asking.reshaping_rule.stamp,
        "rules": asking.method.stamp,
        "reference": asking.method.reference_words,
        "version": __version__,
    }
    frame = frame.with_columns(pl.lit(value).alias(name) for name, value in made.items())
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())


def _of_patient(counts: dict[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    places = (INCIDENT, WORSENING, NOT_TOLD)
    return np.select([counts[OUTCOMES[place]] > 0 for place in places], places, 0)


def _deformity(compared: Compared) -> list[pl.Series]:
    grades = np.stack([compared.first.grade, compared.second.grade])
    both = ~np.isnan(grades).any(axis=0)
    sums = np.where(both, sdi_points(grades), 0.0).sum(axis=-1)
    sums[:, ~both.any(axis=-1)] = np.nan
    return [_number(f"{side}_sdi", values) for side, values in zip(("first", "second"), sums, strict=True)]


def _on_whole_pairs(remarks: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the ``(pairs,)`` remarks that any of the levels has, without those on a level only."""
    of_levels = ~np.uint16(Remark.ONLY_FIRST | Remark.ONLY_SECOND | Remark.WITHIN_LEAST_SIGNIFICANT)
    result: NDArray[np.uint16] = np.bitwise_or.reduce(remarks, axis=1) & of_levels
    return result


def _level_lists(name: str, where: NDArray[np.bool_]) -> pl.Series:
    """Return the names of the levels where it holds, joined by spaces; null where there are none."""
    pair, level = np.nonzero(where)
    named = pl.DataFrame(
        {"pair": pair, "level": pl.Series(list(LEVELS)).gather(level.astype(np.uint32))},
        schema={"pair": pl.Int64, "level": pl.String},
    )
    joined = named.group_by("pair").agg(pl.col("level").str.join(" "))
    every = pl.DataFrame({"pair": np.arange(len(where))}, schema={"pair": pl.Int64})
    return every.join(joined, on="pair", how="left", maintain_order="left")["level"].alias(name)


def _number(name: str, values: NDArray[np.generic]) -> pl.Series:
    return pl.Series(name, np.ascontiguousarray(values), nan_to_null=True)


def _words(name: str, words: Sequence[str], place: NDArray[np.integer]) -> pl.Series:
    """Return the words at these places; null at -1."""
    every = pl.Series(name, [*words, None], dtype=pl.String)
    return every.gather(np.where(place < 0, len(words), place).astype(np.uint32))


def _dates(name: str, compared: Compared, row: NDArray[np.int64]) -> pl.Series:
    dates = pl.concat([compared.paired.readings["date"], pl.Series([None], dtype=pl.Date)])
    return dates.gather(np.where(row < 0, len(dates) - 1, row).astype(np.uint32)).alias(name)


def _remarks(masks: NDArray[np.uint16]) -> pl.Series:
    found, place = np.unique(masks, return_inverse=True)
    words = pl.Series("remarks", [remark_words(int(mask)) or None for mask in found], dtype=pl.String)
    return words.gather(place.astype(np.uint32))
