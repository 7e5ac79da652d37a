"""Vertebrae beside a norm: ratios with z-scores, and what quantitative morphometry makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade import __version__
from spinegrade.anatomy import LEVELS, POSITIONS
from spinegrade.cli.norms_why import of_spines, of_vertebrae, why_open
from spinegrade.norms.table import UNKNOWN
from spinegrade.quantitative import CRITERIA, MINNE_LEVELS, find_deformities, minne_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spinegrade.norms.people import People
    from spinegrade.norms.table import Norm
    from spinegrade.quantitative_rule import QuantitativeRule

    Floats = NDArray[np.float64]

KEY = ("patient", "exam", "reader", "occasion")


class Spines:
    """Heights of spines as arrays, with sex and age of whose they are."""

    def __init__(self, rows: pl.DataFrame, people: People | None) -> None:
        self.key = rows.select(*KEY, "date").unique(KEY, maintain_order=True)
        numbered = self.key.select(KEY).with_row_index("_spine")
        joined = rows.join(numbered, on=KEY, how="left", maintain_order="left", nulls_equal=True)
        self.spine = joined["_spine"].to_numpy().astype(np.int64)
        self.level = joined["level"].cast(pl.Enum(LEVELS)).to_physical().to_numpy().astype(np.int64)
        self.heights = np.full((self.key.height, len(LEVELS), 3), np.nan)
        self.heights[self.spine, self.level] = joined.select(POSITIONS).cast(pl.Float64).to_numpy()
        self.sex = np.full(self.key.height, UNKNOWN)
        self.age = np.full(self.key.height, np.nan)
        self.fault = pl.Series([None] * self.key.height, dtype=pl.String)
        if people is not None:
            self.sex, self.age = people.facts(self.key["patient"], self.key["date"])
            self.fault = people.faults(self.key["patient"], self.key["date"])

    def rows(self, **columns: Floats) -> pl.DataFrame:
        """Return a row for each vertebra that was given, with ``(spines, 23)`` values beside its key."""
        frame = self.key.select(KEY)[self.spine].with_columns(
            pl.Series("level", [LEVELS[place] for place in self.level])
        )
        return frame.with_columns(
            pl.Series(name, values[self.spine, self.level], nan_to_null=True)
            for name, values in columns.items()
        )


def score_measures(spines: Spines, norm: Norm) -> pl.DataFrame:
    """Return a row for each vertebra and measure of the norm: ratio, z-score or percentile, or why none."""
    return pl.concat(list(_measures(spines, norm))).with_columns(
        pl.lit(norm.stamp).alias("norm"), pl.lit(__version__).alias("version")
    )


def _measures(spines: Spines, norm: Norm) -> Iterator[pl.DataFrame]:
    sex, age = spines.sex, spines.age
    for measure, values in norm.ratios(spines.heights, sex, age).items():
        percentile = norm.form == "percentile"
        empty = np.full(values.shape, np.nan)
        z = empty if percentile else norm.z(measure, values, sex, age)
        below = norm.below(measure, values, sex, age) if percentile else empty
        why = norm.why(measure, sex, age)
        frame = spines.rows(ratio=values, z=z, below=below)
        yield frame.select(
            *KEY,
            "level",
            pl.lit(measure).alias("measure"),
            "ratio",
            "z",
            pl.col("below").cast(pl.Boolean).alias("below_percentile"),
            of_vertebrae(spines, why),
        )


def score_rule(spines: Spines, norm: Norm, rule: QuantitativeRule) -> pl.DataFrame:
    """Return what a rule finds: a row for each vertebra, or, of Minne's index, for each spine."""
    people = {"sex": spines.sex, "age": spines.age}
    stamps = (
        pl.lit(f"{rule.source.stamp}; {norm.stamp}").alias("rules"),
        pl.lit(__version__).alias("version"),
    )
    if rule.method == "minne":
        index = minne_index(spines.heights, norm, rule, **people)
        why, words = why_open(spines, norm, rule, np.ones(spines.heights.shape[:-1], dtype=bool))
        of_norm = why[:, MINNE_LEVELS.indices]
        return spines.key.select(KEY).with_columns(
            pl.Series("index", index.index, nan_to_null=True),
            pl.Series("levels_judged", index.judged),
            of_spines(spines, np.where(np.isnan(index.index), of_norm.max(axis=-1), 0), words),
            *stamps,
        )
    found = find_deformities(spines.heights, norm, rule, **people)
    criteria = {name.replace(" ", "_"): found.criteria[..., place] for place, name in enumerate(CRITERIA)}
    frame = spines.rows(deformed=found.deformed, grade=found.grade, **criteria)
    truths = ("deformed", *criteria)
    why, words = why_open(spines, norm, rule, np.isnan(found.grade))
    return frame.with_columns(
        *(pl.col(name).cast(pl.Boolean) for name in truths),
        pl.col("grade").cast(pl.Int64),
        of_vertebrae(spines, why, words),
        *stamps,
    )
