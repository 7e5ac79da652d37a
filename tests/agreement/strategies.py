"""Ratings for tests of properties."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

CATEGORIES = (0, 1, 2, 3)


@st.composite
def grades(draw, readers=None, gaps=True):
    """Draw ``(items, readers)`` grades, NaN where not read."""
    shape = (draw(st.integers(1, 12)), draw(st.integers(2, 4) if readers is None else readers))
    one = st.sampled_from([0.0, 1.0, 2.0, 3.0] + ([float("nan")] if gaps else []))
    return draw(arrays(float, shape, elements=one))


@st.composite
def lengths(draw, gaps=True, low=1.0):
    """Draw ``(items, readers)`` lengths, NaN where not read."""
    shape = (draw(st.integers(2, 10)), draw(st.integers(2, 4)))
    one = st.floats(low, 40.0).map(lambda value: round(value, 2))
    return draw(arrays(float, shape, elements=st.one_of(one, st.just(float("nan"))) if gaps else one))


def same(one: float | None, other: float | None, tolerance: float = 1e-9) -> bool:
    """Return whether two values are both missing or close."""
    if one is None or other is None:
        return one is other
    return bool(np.isclose(one, other, rtol=tolerance, atol=tolerance))
