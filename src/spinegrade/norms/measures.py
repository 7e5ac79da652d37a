"""Which ratios norms are made of, as arrays over ``(..., levels, 3)`` heights.

Levels run from the head downwards.  A ratio does not depend on the unit of the heights, nor, but for little,
on the magnification of the film.  NaN where a height is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.anatomy import POSITIONS, level_index

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MEASURES = {
    "wedge_ratio": "anterior over posterior height",
    "biconcave_ratio": "middle over posterior height",
    "anterior_above": "anterior height over that of the vertebra above",
    "anterior_below": "anterior height over that of the vertebra below",
    "posterior_above": "posterior height over that of the vertebra above",
    "posterior_below": "posterior height over that of the vertebra below",
    "posterior_above_2": "posterior height over that two levels above",
    "posterior_below_2": "posterior height over that two levels below",
    "anterior_predicted": "anterior height over the posterior one that four neighbours predict",
    "middle_predicted": "middle height over the posterior one that four neighbours predict",
    "posterior_predicted": "posterior height over the one that four neighbours predict",
    "anterior_to_t4": "anterior height over that of T4",
    "middle_to_t4": "middle height over that of T4",
    "posterior_to_t4": "posterior height over that of T4",
}
"""Names of measures, and what they are."""

NEIGHBOURS = {
    "posterior_above": -1,
    "posterior_above_2": -2,
    "posterior_below": 1,
    "posterior_below_2": 2,
}
"""The neighbours that predict a posterior height, by how many levels below they lie."""

PREDICTED = tuple(f"{position}_predicted" for position in POSITIONS)
TO_T4 = tuple(f"{position}_to_t4" for position in POSITIONS)

_OFFSETS = {"anterior_above": -1, "anterior_below": 1, **NEIGHBOURS}
_OVER_POSTERIOR = {"wedge_ratio": 0, "biconcave_ratio": 1}
_PLACES = {position: place for place, position in enumerate(POSITIONS)}


def ratio(measure: str, heights: ArrayLike) -> Floats:
    """Return the ``(..., levels)`` ratio of this name; for ``_predicted`` ones see `over_predicted`.

    Ratios to T4 need all 23 `LEVELS`.
    """
    sides = np.asarray(heights, dtype=float)
    result: Floats
    if measure in _OVER_POSTERIOR:
        result = sides[..., _OVER_POSTERIOR[measure]] / sides[..., _PLACES["posterior"]]
        return result
    own = sides[..., _PLACES[measure.partition("_")[0]]]
    if measure in TO_T4:
        result = own / own[..., [level_index("T4")]]
        return result
    return own / shifted(own, _OFFSETS[measure])


def shifted(values: Floats, offset: int) -> Floats:
    """Return the value ``offset`` levels below each level (above, if negative), NaN beyond the ends."""
    result = np.full(values.shape, np.nan)
    if offset > 0:
        result[..., :-offset] = values[..., offset:]
    else:
        result[..., -offset:] = values[..., :offset]
    return result


def predicted_posterior(heights: ArrayLike, normal: dict[str, Floats]) -> Floats:
    """Return the ``(..., levels)`` posterior height that up to four neighbours predict.

    ``normal`` has for each of `NEIGHBOURS` the ``(..., levels)`` normal ratio of the own posterior height to
    the neighbour's.  NaN where there is no neighbour.
    """
    posterior = np.asarray(heights, dtype=float)[..., _PLACES["posterior"]]
    total, count = np.zeros(posterior.shape), np.zeros(posterior.shape)
    for name, offset in NEIGHBOURS.items():
        one = shifted(posterior, offset) * normal[name]
        known = ~np.isnan(one)
        total += np.where(known, one, 0.0)
        count += known
    predicted = np.full(posterior.shape, np.nan)
    np.divide(total, count, out=predicted, where=count > 0)
    return predicted


def over_predicted(heights: ArrayLike, normal: dict[str, Floats]) -> dict[str, Floats]:
    """Return the ``(..., levels)`` ratios of the three heights to the predicted posterior one, by name."""
    predicted = predicted_posterior(heights, normal)
    sides = np.asarray(heights, dtype=float)
    return {name: sides[..., place] / predicted for place, name in enumerate(PREDICTED)}
