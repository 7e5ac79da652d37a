"""How far apart readers are: worked ellipses, what is true of every one, and levels by disagreement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_spinegrade import spread
from napari_spinegrade.live import measure
from spinegrade.anatomy import GRADED, LANDMARKS, LEVELS
from spinegrade.assess import Method
from spinegrade.io.reading_json import read_reading
from spinegrade.readings import Exam, NotEvaluableReason, Reading, VertebraReading

READINGS = Path(__file__).parents[2] / "sample_images" / "readings"

POINTS = arrays(float, st.tuples(st.integers(3, 8), st.just(2)), elements=st.floats(-500, 500, width=32))


class TestEllipses:
    def test_worked_covariance(self):
        """Rows 1, 2, 3 and columns 2, 4, 9: variances 1 and 13, covariance 3.5, by n - 1."""
        points = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 9.0]])
        np.testing.assert_allclose(spread.covariance(points), [[1.0, 3.5], [3.5, 13.0]])
        np.testing.assert_allclose(spread.covariance(points), np.cov(points.T))

    def test_worked_ellipse(self):
        """SDs of 2 along the columns and 0.5 along the rows, two of each."""
        across, down = 2 * np.sqrt(1.5), 0.5 * np.sqrt(1.5)
        points = np.array([[0, across], [0, -across], [down, 0], [-down, 0]])
        found = spread.ellipses(points + np.array([100, 50]))
        np.testing.assert_allclose(found.centres, (100, 50))
        np.testing.assert_allclose(found.radii, (4.0, 1.0))
        np.testing.assert_allclose(np.abs(found.directions), (0, 1), atol=1e-12)

    def test_two_points_make_a_line_and_one_makes_nothing(self):
        two = spread.ellipses(np.array([[0.0, 0.0], [3.0, 4.0]]))
        np.testing.assert_allclose(two.radii, (2 * 5 / np.sqrt(2), 0), atol=1e-12)
        np.testing.assert_allclose(np.abs(two.directions), (0.6, 0.8))
        for few in (np.array([[1.0, 2.0]]), np.array([[1.0, 2.0], [np.nan, np.nan]])):
            found = spread.ellipses(few)
            np.testing.assert_array_equal(found.centres, (1, 2))
            assert np.isnan(found.radii).all()
            assert np.isnan(found.outlines()).all()

    def test_landmark_that_one_reader_did_not_place_is_that_of_the_others(self):
        points = np.array([[0.0, 0.0], [np.nan, np.nan], [2.0, 4.0], [4.0, 0.0]])
        with_gap, without = spread.ellipses(points), spread.ellipses(points[[0, 2, 3]])
        np.testing.assert_allclose(with_gap.radii, without.radii)
        np.testing.assert_allclose(with_gap.centres, without.centres)

    def test_nobody_has_neither_mean_nor_ellipse(self):
        nobody = np.full((3, 6, 2), np.nan)
        assert np.isnan(spread.mean_points(nobody)).all()
        assert np.isnan(spread.ellipses(nobody).radii).all()
        assert np.isnan(spread.mean_points(np.zeros((0, 6, 2)))).all()

    @given(POINTS)
    def test_every_corner_of_an_outline_is_two_sd_away_along_its_direction(self, points):
        """x'S-1x = 4 on the outline, told without dividing: the outline's own covariance is 2 S."""
        found = spread.ellipses(points)
        outline = found.outlines(64) - found.centres
        np.testing.assert_allclose(
            outline.T @ outline / 64,
            2 * spread.covariance(points),
            atol=1e-6 * max(1, np.abs(points).max() ** 2),
        )
        assert found.radii[0] >= found.radii[1] >= 0
        assert np.linalg.norm(found.directions) == pytest.approx(1)

    @given(POINTS, st.floats(0, 2 * np.pi), st.floats(0.1, 10))
    def test_turning_and_enlarging_the_points_does_so_to_the_ellipse(self, points, turn, factor):
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        before, after = spread.ellipses(points), spread.ellipses(factor * points @ turned.T)
        np.testing.assert_allclose(after.radii, factor * before.radii, atol=1e-3 * factor)

    def test_holds_86_percent_of_a_normal_distribution(self):
        rng = np.random.default_rng(1)
        points = rng.normal(size=(40_000, 2)) @ np.array([[2.0, 0.5], [0.0, 1.0]])
        away = points - spread.mean_points(points)
        inside = (
            np.einsum("ni,ij,nj->n", away, np.linalg.inv(spread.covariance(points)), away) <= spread.SDS**2
        )
        assert inside.mean() == pytest.approx(1 - np.exp(-2), abs=0.01)


class TestDistance:
    def test_largest_of_all_pairs(self):
        points = np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0], [np.nan, np.nan]])
        assert spread.largest_distance(points) == 5.0
        assert spread.largest_distance(points, (2.0, 0.5)) == pytest.approx(np.hypot(6, 2))

    def test_one_reader_is_no_distance_from_anybody(self):
        assert np.isnan(spread.largest_distance(np.array([[1.0, 2.0]])))

    @given(POINTS)
    def test_is_no_less_than_from_the_mean_and_no_more_than_twice_that(self, points):
        farthest = np.linalg.norm(points - spread.mean_points(points), axis=-1).max()
        largest = spread.largest_distance(points)
        assert farthest <= largest + 1e-4
        assert largest <= 2 * farthest + 1e-4


@pytest.fixture(scope="module")
def readings():
    """Give the first readings of three readers of one film."""
    return [
        read_reading(READINGS / f"wedge-biconcave_{reader}_1.reading.json") for reader in ("R1", "R2", "R3")
    ]


def spreads_of(readings):
    return spread.level_spreads(readings, [measure(one, Method()) for one in readings], (0.25, 0.25))


def at(found, level):
    return next(one for one in found if one.level == level)


class TestLevels:
    def test_a_level_is_what_each_reader_made_of_it(self, readings):
        found = spreads_of(readings)
        assert [one.level for one in found] == list(GRADED.levels)
        one = at(found, "L2")
        assert one.grades == (1.0, 0.0, 2.0)
        assert one.visual == (1.0, 0.5, 2.0)
        assert one.losses == pytest.approx((0.17, 0.27), abs=0.005)
        points = spread.landmarks_of(readings)[:, LEVELS.index("L2")] * 0.25
        every = np.linalg.norm(points[:, None] - points[None], axis=-1)
        assert one.apart == pytest.approx(every.max())
        named = LANDMARKS.index(one.landmark.replace(" ", "_"))
        assert every[..., named].max() == every.max()

    def test_level_that_one_reader_could_not_read(self, readings):
        one = at(spreads_of(readings), "T4")
        assert one.read == (True, True, False)
        assert one.grades[2] is None

    def test_level_that_nobody_read(self, readings):
        emptied = [evolve(one, vertebrae=()) for one in readings]
        one = at(spreads_of(emptied), "T8")
        assert one.read == (None, None, None)
        assert (one.losses, one.apart, one.landmark) == (None, None, "")
        assert one.disagreement == (0, 0, 0, 0, 0)

    def test_level_beyond_the_graded_ones_is_there_once_somebody_read_it(self, readings):
        more = evolve(
            readings[0], vertebrae=(VertebraReading("T3", visual_grade=1.0), *readings[0].vertebrae)
        )
        one = spreads_of([more, readings[1]])[0]
        assert one.level == "T3"
        assert one.visual == (1.0, None)
        assert one.read == (None, None)

    def test_one_reading_disagrees_with_nobody(self, readings):
        for one in spreads_of(readings[:1]):
            assert one.disagreement == (0, 0, 0, 0, 0)

    def test_no_reading_has_no_landmarks(self):
        assert spread.landmarks_of([]).shape == (0, len(LEVELS), 6, 2)
        assert {one.apart for one in spreads_of([])} == {None}


class TestSorting:
    def test_grades_come_before_what_could_be_read_and_that_before_losses(self, readings):
        ordered = [one.level for one in spread.by_disagreement(spreads_of(readings))]
        assert ordered[:2] == ["L2", "T4"]
        losses = [one.disagreement[3] for one in spread.by_disagreement(spreads_of(readings))][2:]
        assert losses == sorted(losses, reverse=True)

    def test_visual_grades_decide_between_levels_of_one_grade(self, readings):
        def with_visual(reading, visual):
            return evolve(
                reading,
                vertebrae=tuple(
                    evolve(one, visual_grade=visual) if one.level == "T12" else one
                    for one in reading.vertebrae
                ),
            )

        changed = [with_visual(readings[0], 0.0), with_visual(readings[1], 3.0), readings[2]]
        assert [one.level for one in spread.by_disagreement(spreads_of(changed))][:2] == ["L2", "T12"]

    def test_levels_alike_stay_in_their_order(self):
        reading = Reading(
            Exam("p", "e"),
            "R1",
            vertebrae=(
                VertebraReading("T9", evaluable=False, not_evaluable_reason=NotEvaluableReason.NOISE),
                VertebraReading("T10", evaluable=False, not_evaluable_reason=NotEvaluableReason.NOISE),
            ),
        )
        found = spread.by_disagreement(spreads_of([reading, reading]))
        assert [one.level for one in found] == list(GRADED.levels)
