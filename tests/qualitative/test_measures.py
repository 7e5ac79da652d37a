"""Endplate depression and Cobb's angle on bodies whose answer is known by how they were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.errors import LandmarkError
from spinegrade.morphometry import PixelSpacing
from spinegrade.qualitative.depression import cobb_angle, contour_depression, endplate_depression

BODY = np.array([(0, 0), (3, 10), (0, 20), (20, 0), (21, 10), (20, 20)], dtype=float)
"""3 of 20 deep above; below it bulges by 1 of 20."""


def turned(points, degrees):
    turn = np.radians(degrees)
    return points @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


class TestDepression:
    def test_known_body(self):
        assert endplate_depression(BODY) == pytest.approx([0.15, -0.05])

    @given(st.floats(-180, 180), st.floats(0.1, 10), st.booleans())
    def test_where_and_how_it_lies_does_not_matter(self, degrees, size, front_on_the_right):
        body = BODY * (1, -1 if front_on_the_right else 1)
        found = endplate_depression(turned(body, degrees) * size + (40, -7))
        assert found == pytest.approx([0.15, -0.05], abs=1e-9)

    def test_spacing_comes_first(self):
        assert endplate_depression(BODY, PixelSpacing(2.0, 1.0, "mm")) == pytest.approx([0.30, -0.10])

    def test_missing_is_missing_for_its_endplate_only_where_it_can_be(self):
        middle, corner = BODY.copy(), BODY.copy()
        middle[1], corner[0] = np.nan, np.nan
        assert np.isnan(endplate_depression(np.stack([middle, corner]))).tolist() == [
            [True, False],
            [True, True],
        ]

    def test_no_depth_no_depression(self):
        assert np.isnan(endplate_depression(BODY[[0, 1, 0, 3, 4, 5]])).tolist() == [True, False]

    def test_more_points_find_what_the_middle_one_misses(self):
        """A pit a quarter of the way along is 4 of 20 deep; the middle point lies on the chord."""
        above = [(0, 0), (4, 5), (0, 10), (0, 15), (0, 20)]
        below = [(20, column) for column in (0, 5, 10, 15, 20)]
        assert contour_depression([above, below]) == pytest.approx([0.2, 0.0])
        assert endplate_depression(np.array([*above[::2], *below[::2]])) == pytest.approx([0.0, 0.0])

    @given(st.integers(0, 4))
    def test_three_points_are_the_six_landmarks(self, many):
        bodies = np.stack([turned(BODY, 10 * n) for n in range(many)]) if many else np.empty((0, 6, 2))
        contours = bodies.reshape(many, 2, 3, 2)
        np.testing.assert_allclose(contour_depression(contours), endplate_depression(bodies))

    @pytest.mark.parametrize("shape", [(6, 2), (3, 3, 2), (2, 2, 2), (2, 3, 3), (2,)])
    def test_contours_of_another_shape(self, shape):
        with pytest.raises(LandmarkError, match=r"contours: expected an array of shape .*, got shape"):
            contour_depression(np.zeros(shape))

    def test_infinite_point(self):
        contours = np.zeros((2, 3, 2))
        contours[1, 2, 0] = np.inf
        with pytest.raises(LandmarkError, match=r"got an infinite one at \[1, 2, 0\]"):
            contour_depression(contours)


class TestCobb:
    @pytest.mark.parametrize("bend", [-30.0, 0.0, 25.0, 60.0])
    @pytest.mark.parametrize("side", [1, -1])
    def test_known_bend(self, bend, side):
        """The lower vertebra turned by an angle: the front closes for kyphosis, on whichever side it is."""
        box = np.array([(0, 0), (0, 10), (0, 20), (20, 0), (20, 10), (20, 20)], dtype=float)
        lower = turned(box - 10, bend) + np.array([60, 10])
        expected = cobb_angle(box * (1, side), lower * (1, side))
        assert abs(expected) == pytest.approx(abs(bend))
        closes = np.linalg.norm(lower[3] - box[0]) < np.linalg.norm(lower[5] - box[2])
        assert (expected > 1e-9) == bool(closes and bend)

    def test_missing_corner(self):
        gone = BODY.copy()
        gone[5] = np.nan
        assert np.isnan(cobb_angle(BODY, gone))
        assert not np.isnan(cobb_angle(gone, BODY + np.array([40, 0])))
