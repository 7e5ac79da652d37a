"""Spines of known heights laid out on a film."""

from __future__ import annotations

import numpy as np
import pytest

from spinegrade.morphometry import inverted_vertebrae, measure_depths, measure_heights
from spinegrade.phantom import lay_out_spine

HEIGHTS = np.array([[18.0, 17.5, 20.0], [21.0, 20.0, 20.5], [16.0, 14.0, 21.0], [22.0, 22.0, 22.0]])


@pytest.mark.parametrize("facing", [-1, 1])
@pytest.mark.parametrize("tilts", [0.0, 20.0, [-30.0, -5.0, 10.0, 40.0]])
def test_heights_come_back_exactly(facing, tilts):
    """Whatever the tilt and the side of the front, the heights are those that were asked for."""
    landmarks = lay_out_spine(HEIGHTS, 30.0, tilts=tilts, facing=facing)
    np.testing.assert_allclose(measure_heights(landmarks), HEIGHTS, rtol=1e-12)


def test_upright_body_is_where_it_was_asked_for():
    """An upright body of 10, 12, 14 by 20, front to the left, has these six corners."""
    found = lay_out_spine([[10.0, 12.0, 14.0]], 20.0, top=(50.0, 80.0))
    expected = [(45, 70), (44, 80), (43, 90), (55, 70), (56, 80), (57, 90)]
    np.testing.assert_allclose(found[0], expected)


def test_front_is_on_the_side_it_faces():
    """The front is at the left for -1, at the right for 1, as mirror images."""
    left = lay_out_spine(HEIGHTS, 30.0, top=(100.0, 0.0), tilts=15.0, facing=-1)
    right = lay_out_spine(HEIGHTS, 30.0, top=(100.0, 0.0), tilts=15.0, facing=1)
    assert left[0, 0, 1] < left[0, 2, 1]
    assert right[0, 0, 1] > right[0, 2, 1]
    np.testing.assert_allclose(left * (1, -1), right)


def test_leaning_forward_lowers_the_front():
    """A body that leans forward by 30 degrees has its front lower on the film, by sin 30 of its depth."""
    body = lay_out_spine([[20.0, 20.0, 20.0]], 40.0, tilts=30.0)[0]
    assert body[0, 0] - body[2, 0] == pytest.approx(20.0)
    assert body[3, 0] - body[5, 0] == pytest.approx(20.0)


@pytest.mark.parametrize("facing", [-1, 1])
@pytest.mark.parametrize("tilt", [-40.0, 25.0])
def test_tilted_spine_is_an_upright_one_turned(tilt, facing):
    """With one tilt for all, bodies and discs are those of the upright spine, turned about the first body."""
    top = np.array([80.0, 50.0])
    upright = lay_out_spine(HEIGHTS, 30.0, top=(80.0, 50.0), facing=facing)
    c, s = np.cos(np.radians(tilt)), -facing * np.sin(np.radians(tilt))
    turned = (upright - top) @ np.array([[c, s], [-s, c]]) + top
    np.testing.assert_allclose(
        lay_out_spine(HEIGHTS, 30.0, top=(80.0, 50.0), tilts=tilt, facing=facing), turned
    )


def test_depth_is_from_wall_to_wall():
    """A rectangular body is as deep as it was asked to be, level by level."""
    landmarks = lay_out_spine(np.full((3, 3), 20.0), [30.0, 31.0, 32.5], tilts=25.0)
    np.testing.assert_allclose(measure_depths(landmarks), [[30.0] * 2, [31.0] * 2, [32.5] * 2])


def test_bodies_follow_down_the_film_a_disc_apart():
    """Upright bodies of 20 lie 26 apart, a body and a disc of three tenths of it, from (100, 300) down."""
    landmarks = lay_out_spine(np.full((4, 3), 20.0), 30.0)
    np.testing.assert_allclose(landmarks.mean(axis=-2), [(100 + 26 * n, 300) for n in range(4)])
    assert not inverted_vertebrae(landmarks).any()


def test_missing_body_leaves_its_gap():
    """A vertebra without heights has no landmarks, and those below it stay where they were."""
    full = lay_out_spine(np.full((4, 3), 20.0), 30.0)
    heights = np.full((4, 3), 20.0)
    heights[1] = np.nan
    found = lay_out_spine(heights, 30.0)
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[[0, 2, 3]], full[[0, 2, 3]])


def test_all_missing_spine_has_no_landmarks():
    """A spine without any height is NaN throughout, without a warning."""
    assert np.isnan(lay_out_spine(np.full((3, 3), np.nan), 30.0)).all()


def test_leading_axes_are_kept():
    """A stack of spines is laid out as its spines one by one."""
    stack = np.stack([HEIGHTS, HEIGHTS + 1.0, HEIGHTS * 1.5])
    tilts = [[-20.0, -10.0, 0.0, 10.0]] * 3
    together = lay_out_spine(stack, 30.0, tilts=tilts)
    assert together.shape == (3, 4, 6, 2)
    for one, spine in zip(stack, together, strict=True):
        np.testing.assert_allclose(lay_out_spine(one, 30.0, tilts=tilts[0]), spine)
