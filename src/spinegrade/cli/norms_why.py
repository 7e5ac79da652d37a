"""Why a norm, or a rule on it, has nothing to say of a vertebra: the column ``why`` of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from spinegrade.norms.table import WHY_NO_NORM, Norm
from spinegrade.quantitative import NEEDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.cli.norms_score import Spines
    from spinegrade.quantitative_rule import QuantitativeRule

    Codes = NDArray[np.uint8]

_OF_AGE = "age not known"
_MISSING = "height missing"


def of_vertebrae(spines: Spines, codes: Codes, words: tuple[str, ...] = WHY_NO_NORM) -> pl.Series:
    """Return a word for each vertebra that was given, of ``(spines, 23)`` indices; null for an empty one.

    Where an age is not known for the dates of the exam, what is wrong with them stands instead.
    """
    return _worded(codes[spines.spine, spines.level], words, spines.fault.gather(spines.spine))


def of_spines(spines: Spines, codes: Codes, words: tuple[str, ...]) -> pl.Series:
    """Return a word for each spine, of ``(spines,)`` indices, as `of_vertebrae`."""
    return _worded(codes, words, spines.fault)


def _worded(codes: Codes, words: tuple[str, ...], fault: pl.Series) -> pl.Series:
    given = pl.Series("why", [word or None for word in words], dtype=pl.String)
    frame = pl.DataFrame([given.gather(codes.astype(np.uint32)), fault.alias("fault")])
    dated = pl.when(pl.col("why") == _OF_AGE).then("fault")
    return frame.select(pl.coalesce(dated, "why").alias("why")).to_series()


def why_open(
    spines: Spines, norm: Norm, rule: QuantitativeRule, unknown: NDArray[np.bool_]
) -> tuple[Codes, tuple[str, ...]]:
    """Return for ``(spines, 23)`` vertebrae that are not judged indices into words, and these words.

    The norm is asked for each ratio that the rule needs; where it has them all, a height is missing.
    """
    words = (*WHY_NO_NORM, *(f"{' and '.join(group)} not in the norm" for group in NEEDS[rule.method]))
    codes = np.zeros(unknown.shape, dtype=np.uint8)
    for place, group in enumerate(NEEDS[rule.method]):
        asked = [norm.why(name, spines.sex, spines.age) for name in group if name in norm.measures]
        lacking = np.full(unknown.shape, len(WHY_NO_NORM) + place, dtype=np.uint8)
        why = np.where(np.min(asked, axis=0) == 0, 0, np.max(asked, axis=0)) if asked else lacking
        codes = np.where(codes == 0, why, codes)
    codes = np.where(unknown, np.where(codes == 0, len(words), codes), 0)
    return codes.astype(np.uint8), (*words, _MISSING)
