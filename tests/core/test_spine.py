"""What the grades of one spine add up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.anatomy import GRADED, LEVELS, LevelRange
from spinegrade.spine import STATUSES, summarise_spines


def spine(grades: dict[str, float], rest: float = 0.0) -> np.ndarray:
    """Return 23 grades: those given, and ``rest`` at every other level."""
    return np.array([grades.get(level, rest) for level in LEVELS])


def test_sdi_adds_the_grades_of_t4_to_l4():
    """The deformity index is the sum of the grades: 2, 3 and 1 make 6."""
    found = summarise_spines(spine({"T7": 2, "T12": 3, "L1": 1}))
    assert (found.sdi, found.sdi_low, found.sdi_high) == (6, 6, 6)
    assert (found.fractured, found.highest_grade, found.evaluable) == (3, 3, 13)
    assert found.sdi_scaled == 6
    assert found.spinal_fracture_index == pytest.approx(6 / 13)


def test_half_a_grade_is_no_fracture_and_adds_nothing():
    """Three readers' grades of 0.5 leave the index at 0; beside a 2 it is 2."""
    found = summarise_spines(spine({"T7": 0.5, "T8": 0.5, "L1": 0.5}))
    assert (found.sdi, found.sdi_low, found.sdi_high, found.spinal_fracture_index) == (0, 0, 0, 0)
    assert (found.sdi_scaled, found.fractured, STATUSES[found.status]) == (0, 0, "normal")
    assert summarise_spines(spine({"T7": 0.5, "T8": 2, "L1": np.nan})).sdi_high == 5


def test_missing_levels_widen_the_bounds():
    """Three missing levels add 0 to 9 to the sum, and the scaled index multiplies by 13/10."""
    found = summarise_spines(spine({"T4": np.nan, "T5": np.nan, "L4": np.nan, "T8": 2, "T9": 2}))
    assert (found.sdi, found.sdi_low, found.sdi_high, found.evaluable) == (4, 4, 13, 10)
    assert found.sdi_scaled == pytest.approx(5.2)
    assert found.spinal_fracture_index == pytest.approx(0.4)


def test_levels_outside_the_range_do_not_count():
    """Fractures of T3 and L5 are outside T4-L4 and change nothing."""
    found = summarise_spines(spine({"T3": 3, "L5": 3, "C3": 1, "L6": np.nan}))
    assert (found.sdi, found.fractured, found.evaluable) == (0, 0, 13)
    assert STATUSES[found.status] == "normal"


def test_range_can_be_chosen():
    """Over T12-L2 only these three levels are summed and scaled."""
    found = summarise_spines(spine({"T12": 1, "L1": np.nan, "L2": 2, "L3": 3}), LevelRange("T12", "L2"))
    assert (found.sdi, found.sdi_high, found.evaluable, found.highest_grade) == (3, 6, 2, 2)
    assert found.sdi_scaled == pytest.approx(4.5)


def test_all_missing_spine_has_no_sum():
    """Without any evaluable level there is no index, only bounds, and the spine cannot be read."""
    found = summarise_spines(np.full(23, np.nan))
    assert np.isnan([found.sdi, found.sdi_scaled, found.spinal_fracture_index, found.highest_grade]).all()
    assert (found.sdi_low, found.sdi_high) == (0, 39)
    assert (found.fractured, found.evaluable) == (0, 0)
    assert STATUSES[found.status] == "uninterpretable"


@pytest.mark.parametrize(
    ("grades", "status"),
    [
        ({}, "normal"),
        ({"T7": np.nan}, "normal"),
        ({"L4": np.nan}, "normal"),
        ({"T7": np.nan, "L4": np.nan}, "uninterpretable"),
        ({"T4": np.nan, "T5": np.nan, "T6": np.nan}, "normal"),
        ({"T4": np.nan, "T5": np.nan, "T6": np.nan, "T9": np.nan}, "normal"),
        ({"T6": np.nan, "T9": np.nan, "T10": np.nan}, "uninterpretable"),
        ({"T4": 1}, "fractured"),
        ({"L4": 1, "T9": np.nan, "T10": np.nan}, "fractured"),
        ({"L5": np.nan, "C3": np.nan, "T3": np.nan}, "normal"),
    ],
)
def test_status_by_the_nhanes_rule(grades, status):
    """Any fracture counts; without one, at most one unreadable level of T7-L4 is let pass."""
    assert STATUSES[summarise_spines(spine(grades)).status] == status


def test_one_readable_level_that_is_fractured_makes_the_spine_fractured():
    """A single evaluable vertebra of grade 1 outweighs 12 that cannot be read."""
    found = summarise_spines(spine({"L2": 1}, rest=np.nan))
    assert STATUSES[found.status] == "fractured"
    assert (found.sdi_low, found.sdi, found.sdi_high, found.sdi_scaled) == (1, 1, 37, 13)
    assert found.spinal_fracture_index == 1


def test_leading_axes_are_kept():
    """A stack of spines gives the same numbers as its spines one by one."""
    stack = np.random.default_rng(1).choice([0, 0, 0, 1, 2, 3, np.nan], (2, 3, 23))
    together = summarise_spines(stack)
    for name in ("sdi", "sdi_low", "sdi_high", "sdi_scaled", "highest_grade", "evaluable", "status"):
        apart = [[getattr(summarise_spines(one), name) for one in row] for row in stack]
        np.testing.assert_array_equal(getattr(together, name), apart)
    assert together.fractured.tolist() == (stack[..., GRADED.indices] >= 1).sum(axis=-1).tolist()


@given(
    st.lists(st.integers(0, 3), min_size=13, max_size=13),
    st.sets(st.integers(0, 12), max_size=12),
)
def test_bounds_hold_the_full_sum(grades, hidden):
    """Whatever levels are hidden, the sum of all 13 lies within the bounds given without them."""
    complete = np.full(23, np.nan)
    complete[GRADED.indices] = grades
    partial = complete.copy()
    partial[[GRADED.indices.start + place for place in hidden]] = np.nan
    found = summarise_spines(partial)
    assert found.sdi_low <= sum(grades) <= found.sdi_high
    assert found.sdi_high - found.sdi_low == 3 * len(hidden)
    assert found.sdi_low <= found.sdi_scaled <= found.sdi_high
    assert found.sdi == sum(grade for place, grade in enumerate(grades) if place not in hidden)
