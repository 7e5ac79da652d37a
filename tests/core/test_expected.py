"""Neighbours, and the heights that they or the vertebra itself lead one to expect."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.expected import (
    REFERENCE_WORDS,
    REFERENCES,
    expected_heights,
    find_neighbours,
)

nan = np.nan
GROWTH = 1.1


def neighbours_of(usable: str, left_out: str | None = None, *, growth: float = GROWTH, reach: int = 2):
    """Find neighbours in a spine drawn with ``x`` for yes and ``.`` for no."""
    marks = None if left_out is None else np.array([mark == "x" for mark in left_out])
    return find_neighbours(np.array([mark == "x" for mark in usable]), marks, growth=growth, reach=reach)


def test_every_reference_is_explained():
    """There are four references, standard first, each with words for the person who chooses."""
    assert REFERENCES == ("standard", "own", "adjacent", "largest")
    assert set(REFERENCE_WORDS) == set(REFERENCES)


# --- which neighbours ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usable", "sides"),
    [
        ("xxxxx", [1, 2, 2, 2, 1]),
        ("x...x", [0, 1, 2, 1, 0]),
        ("x....", [0, 1, 1, 0, 0]),
        (".....", [0, 0, 0, 0, 0]),
        ("..x..", [1, 1, 0, 1, 1]),
        ("x", [0]),
        ("xx", [1, 1]),
    ],
)
def test_sides_count_neighbours_within_two_levels(usable, sides):
    """A neighbour counts up to two levels away, one on each side; the level itself is none."""
    assert neighbours_of(usable).sides.tolist() == sides


def test_nearest_is_taken_on_each_side():
    """Only the nearest vertebra of a side is used, carried along the trend, and the sides are averaged."""
    found = neighbours_of("xxx.x").expect(np.array([100.0, 200.0, 1.0, nan, 300.0]))
    assert found[2] == pytest.approx((200 * 1.1 + 300 / 1.1**2) / 2)
    assert found[0] == pytest.approx(200 / 1.1)
    assert found[1] == pytest.approx((100 * 1.1 + 1 / 1.1) / 2)
    assert found[3] == pytest.approx((1 * 1.1 + 300 / 1.1) / 2)
    assert found[4] == pytest.approx(1 * 1.1**2)


def test_reach_of_one_and_of_three():
    """How far a neighbour may be is a number of the rule."""
    values = np.array([100.0, nan, nan, 1.0])
    assert np.isnan(neighbours_of("x..x", reach=2).expect(values)[3])
    assert neighbours_of("x..x", reach=3).expect(values)[3] == pytest.approx(100 * 1.1**3)
    assert neighbours_of("xx", reach=5).expect(np.array([10.0, 22.0])).tolist() == pytest.approx([20.0, 11.0])
    assert np.isnan(neighbours_of("x.x", reach=1).expect(np.array([5.0, nan, 5.0]))[[0, 2]]).all()


def test_trend_is_its_own_neighbour():
    """On a spine that follows the trend a one-sided neighbour expects exactly the height there is."""
    trend = 20.0 * GROWTH ** np.arange(6)
    for usable in ("xx....", "x.x...", "...xx.", "...x.x"):
        found = neighbours_of(usable).expect(np.where([mark == "x" for mark in usable], trend, nan))
        placed = [place for place, mark in enumerate(usable) if mark == "x"]
        np.testing.assert_allclose(found[placed], trend[placed])


def test_no_neighbour_expects_nothing():
    """Without neighbours the expected value is NaN, and its noise 0."""
    found = neighbours_of("x.....")
    assert np.isnan(found.expect(np.full(6, 7.0))[[0, 3, 4, 5]]).all()
    assert found.noise[[0, 3, 4, 5]].tolist() == [0, 0, 0, 0]


def test_noise_is_that_of_a_weighted_mean():
    """One neighbour below has the noise 1/g, two at one level half of sqrt(g^2 + 1/g^2)."""
    assert neighbours_of("xx").noise.tolist() == pytest.approx([1 / 1.1, 1.1])
    assert neighbours_of("xxx").noise[1] == pytest.approx(0.5 * np.hypot(1.1, 1 / 1.1))
    values = np.random.default_rng(2).normal(20.0, 1.0, (200_000, 3))
    usable = np.ones(values.shape, dtype=bool)
    found = find_neighbours(usable, growth=GROWTH, reach=2)
    assert found.expect(values)[:, 1].std() == pytest.approx(found.noise[0, 1], rel=0.01)


def test_left_out_vertebra_is_passed_over():
    """A vertebra that is left out gives way to the next one within reach on its side."""
    found = neighbours_of("xxxxx", ".x...")
    values = np.array([100.0, 1.0, 20.0, 30.0, 40.0])
    assert found.expect(values)[2] == pytest.approx((100 * 1.1**2 + 30 / 1.1) / 2)
    assert found.expect(values)[0] == pytest.approx(20 / 1.1**2)
    assert not found.reused.any()


def test_side_without_sound_vertebrae_is_dropped():
    """Where one side holds only vertebrae that are left out, the other side stands alone."""
    found = neighbours_of("xxx", "x..")
    assert found.sides.tolist() == [1, 1, 1]
    assert found.expect(np.array([5.0, 20.0, 30.0]))[1] == pytest.approx(30 / 1.1)
    assert not found.reused.any()


def test_left_out_vertebrae_are_used_where_there_is_nothing_else():
    """With only left-out vertebrae within reach the nearest of each side are used, and said to be."""
    found = neighbours_of("xxxxx", "xx.xx")
    values = np.array([100.0, 10.0, 20.0, 30.0, 40.0])
    assert found.reused.tolist() == [False, False, True, False, False]
    assert found.expect(values)[2] == pytest.approx((10 * 1.1 + 30 / 1.1) / 2)
    assert found.sides.tolist() == [1, 1, 2, 1, 1]


def test_nothing_is_reused_where_there_is_nothing():
    """Without any vertebra within reach none is reused either."""
    found = neighbours_of("x..x", "x..x")
    assert found.sides.tolist() == [0, 2, 2, 0]
    assert found.reused.tolist() == [False, True, True, False]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=9), st.integers(1, 4))
def test_neighbours_as_a_loop_finds_them(marks, reach):
    """Sides, weights and reuse are those that a walk to both sides finds, in any spine."""
    usable, left_out = (np.array(column) for column in zip(*marks, strict=True))
    found = find_neighbours(usable, left_out, growth=GROWTH, reach=reach)

    def walk(level: int, step: int, *, every: bool) -> int | None:
        for distance in range(1, reach + 1):
            at = level + step * distance
            if 0 <= at < len(marks) and usable[at] and (every or not left_out[at]):
                return at
        return None

    values = np.where(usable, np.arange(len(marks)) + 10.0, nan)
    expected = found.expect(values)
    for level in range(len(marks)):
        sound = [at for step in (-1, 1) if (at := walk(level, step, every=False)) is not None]
        all_of_them = [at for step in (-1, 1) if (at := walk(level, step, every=True)) is not None]
        taken = sound or all_of_them
        assert found.sides[level] == len(taken)
        assert found.reused[level] == (not sound and bool(all_of_them))
        if taken:
            carried = [values[at] * GROWTH ** (level - at) for at in taken]
            assert expected[level] == pytest.approx(np.mean(carried))
        else:
            assert np.isnan(expected[level])


def test_neighbours_take_leading_axes():
    """A stack of spines has the neighbours of its spines."""
    rng = np.random.default_rng(5)
    usable, left_out = rng.random((2, 2, 3, 7)) < [[[[0.7]]], [[[0.3]]]]
    values = rng.uniform(10, 30, (2, 3, 7))
    together = find_neighbours(usable, left_out, growth=GROWTH, reach=2)
    for at in np.ndindex(2, 3):
        one = find_neighbours(usable[at], left_out[at], growth=GROWTH, reach=2)
        np.testing.assert_array_equal(together.expect(values)[at], one.expect(values[at]))
        np.testing.assert_array_equal(together.sides[at], one.sides)
        np.testing.assert_array_equal(together.reused[at], one.reused)
        np.testing.assert_array_equal(together.noise[at], one.noise)


# --- which heights ---------------------------------------------------------------------------------


def at_least_a_fifth(loss: np.ndarray) -> np.ndarray:
    """Return where a loss is a fifth or more."""
    return loss >= 0.2


HEIGHTS = np.array([[18.0, 19.0, 21.0], [17.0, 22.0, 16.0], [20.0, 10.0, 20.0]])
"""Positions first: three levels, of which the middle one is low behind."""


def expect(reference: str):
    """Return what is expected of `HEIGHTS` without a trend."""
    return expected_heights(HEIGHTS, neighbours_of("xxx", growth=1.0), reference, at_least_a_fifth)


def test_own_expects_the_posterior_height():
    """Against itself, every height should be as the posterior one."""
    expected, low = expect("own")
    assert expected.tolist() == [[20.0, 10.0, 20.0]] * 3
    assert not low.any()


def test_largest_expects_the_largest_height():
    """Against the largest, every height should be as the largest of the three."""
    expected, low = expect("largest")
    assert expected.tolist() == [[20.0, 22.0, 21.0]] * 3
    assert not low.any()


def test_adjacent_expects_the_same_heights_as_next_door():
    """Against the neighbours, each height should be as the same height of theirs."""
    expected, low = expect("adjacent")
    assert expected.tolist() == [[19.0, 19.5, 19.0], [22.0, 16.5, 22.0], [10.0, 20.0, 10.0]]
    assert not low.any()


def test_standard_expects_the_neighbours_where_the_wall_is_low():
    """Anterior and middle are compared with the own wall, or with the neighbours' where that is low."""
    expected, low = expect("standard")
    assert low.tolist() == [False, True, False]
    assert expected.tolist() == [[20.0, 20.0, 20.0], [20.0, 20.0, 20.0], [10.0, 20.0, 10.0]]


def test_standard_without_neighbours_expects_the_own_wall():
    """Without neighbours the posterior wall is its own expectation, under adjacent there is none."""
    alone = neighbours_of("x.....")
    heights = np.full((3, 6), nan)
    heights[:, 0] = (15.0, 18.0, 20.0)
    expected, low = expected_heights(heights, alone, "standard", at_least_a_fifth)
    assert expected[:, 0].tolist() == [20.0, 20.0, 20.0]
    assert not low.any()
    expected, _ = expected_heights(heights, alone, "adjacent", at_least_a_fifth)
    assert np.isnan(expected[:, 0]).all()
