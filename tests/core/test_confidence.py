"""Probabilities of grades, nearness of bounds, and the landmark error behind both."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.oracle import GROWTH
from spinegrade.confidence import (
    estimate_point_error,
    grade_probabilities,
    height_loss_sd,
    near_threshold,
)
from spinegrade.errors import ReadingError, UnitError
from spinegrade.expected import REFERENCES
from spinegrade.flags import Flag
from spinegrade.genant import Grading, grade_spines
from spinegrade.genant_rule import genant_rule
from spinegrade.morphometry import measure_heights
from spinegrade.phantom import lay_out_spine

RULE = genant_rule("genant-1993")
nan = np.nan


def wedge(ratio: float, posterior: float) -> np.ndarray:
    """Return a spine of one body with this Ha/Hp and a middle height that is never the lowest."""
    return np.array([[ratio * posterior, 2.0 * posterior, posterior]])


# --- the dossier's table and probabilities ---------------------------------------------------------

POINT_SD = (0.3, 0.5, 0.8, 1.05)
TABLE = {
    10: (0.054, 0.091, 0.145, 0.190),
    15: (0.036, 0.060, 0.097, 0.127),
    20: (0.027, 0.045, 0.072, 0.095),
    28: (0.019, 0.032, 0.052, 0.068),
    36: (0.015, 0.025, 0.040, 0.053),
}
"""SD of Ha/Hp = 0.80 by posterior height and point error, in mm: clinical.md 1.8."""


@pytest.mark.parametrize(
    ("posterior", "point_sd", "printed"),
    [(h, s, sd) for h, row in TABLE.items() for s, sd in zip(POINT_SD, row, strict=True)],
)
def test_loss_sd_is_that_of_the_printed_table(posterior, point_sd, printed):
    """Against the own posterior height the SD of a loss of 0.20 is the printed one, to three decimals."""
    grading = grade_spines(wedge(0.80, posterior), RULE, reference="own")
    assert height_loss_sd(grading, point_sd, "own") == pytest.approx(printed, abs=5.01e-4)


@pytest.mark.parametrize(
    ("posterior", "point_sd", "printed"), [(15, 0.5, 0.33), (28, 0.5, 0.57), (28, 0.8, 0.38), (36, 0.3, 0.91)]
)
def test_probability_of_the_true_grade_is_the_printed_one(posterior, point_sd, printed):
    """In the middle of grade 1, a loss of 22.5 %, the grade comes out right this often."""
    grading = grade_spines(wedge(0.775, posterior), RULE, reference="own")
    found = grade_probabilities(grading, point_sd, "own", RULE)[0, 1]
    assert found == pytest.approx(printed, abs=0.01)


@pytest.mark.parametrize("ratio", [0.95, 0.80, 0.775, 0.7, 0.5])
@pytest.mark.parametrize("point_sd", [0.05, 0.5, 1.05])
def test_own_probabilities_of_a_wedge_in_closed_form(ratio, point_sd):
    """With one height that matters, P(loss < t) is P(Ha > (1 - t) Hp), a difference of two normals."""
    posterior = 20.0
    grading = grade_spines(wedge(ratio, posterior), RULE, reference="own")
    height_sd = math.sqrt(2) * point_sd
    below = [
        NormalDist((ratio - (1 - t)) * posterior, height_sd * math.hypot(1, 1 - t)).cdf(0)
        for t in (0.20, 0.25, 0.40)
    ]
    expected = [1 - below[0], below[0] - below[1], below[1] - below[2], below[2]]
    found = grade_probabilities(grading, point_sd, "own", RULE)[0]
    np.testing.assert_allclose(found, expected, atol=2e-6)


# --- against simulation of the whole grading -------------------------------------------------------

READINGS = 40_000


def simulate(heights: np.ndarray, point_sd: float, reference: str, seed: int) -> Grading:
    """Grade many readings of one spine, in which every landmark misses along the height."""
    rng = np.random.default_rng(seed)
    landmarks = lay_out_spine(heights, 30.0)
    errors = np.zeros((READINGS, *landmarks.shape))
    errors[..., 0] = rng.normal(0.0, point_sd, errors.shape[:-1])
    return grade_spines(measure_heights(landmarks + errors), RULE, reference=reference)


def trend(levels: int, losses: dict[int, tuple[float, float, float]], missing: str = "") -> np.ndarray:
    """Return a spine on the trend from 20, without these fractions of some heights, and with gaps."""
    heights = 20.0 * GROWTH ** np.arange(levels)[:, None] * np.ones(3)
    for level, lost in losses.items():
        heights[level] *= 1 - np.array(lost)
    heights[[int(level) for level in missing]] = nan
    return heights


SCENES = {
    "sound neighbours": (0.5, {1: (0.22, 0.1, 0.0), 4: (0.27, 0.26, 0.22), 7: (0.0, 0.19, 0.02)}, ""),
    "low posterior wall": (0.5, {1: (0.1, 0.15, 0.21), 4: (0.24, 0.2, 0.19), 7: (0.41, 0.4, 0.38)}, ""),
    "higher in front": (0.5, {1: (-0.1, 0.1, 0.05), 4: (-0.2, 0.05, 0.0), 7: (0.1, -0.05, 0.12)}, ""),
    "one neighbour or none": (1.0, {0: (0.2, 0.2, 0.2), 4: (0.23, 0.2, 0.1), 8: (0.15, 0.1, 0.26)}, "2356"),
    "two levels away": (0.5, {1: (0.2, 0.3, 0.2), 4: (0.25, 0.18, 0.2), 7: (0.0, 0.0, 0.3)}, "35"),
}
"""Landmark error, losses of the levels that are looked at, gaps.  Their neighbours are safely sound,
or the only ones there are, so that every reading is compared with the same."""


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("scene", SCENES)
def test_probabilities_are_the_frequencies_of_repeated_readings(scene, reference):
    """Grading 40,000 readings with noise on every landmark gives each grade as often as computed."""
    point_sd, losses, missing = SCENES[scene]
    heights, levels = trend(9, losses, missing), list(losses)
    grading = grade_spines(heights, RULE, reference=reference)
    chances = grade_probabilities(grading, point_sd, reference, RULE)[levels]
    grades = simulate(heights, point_sd, reference, seed=20).grade[:, levels]
    counted = np.stack([(grades == grade).mean(axis=0) for grade in range(4)], axis=-1)
    known = ~np.isnan(grading.grade[levels])
    assert known.sum() == (2 if (scene, reference) == ("one neighbour or none", "adjacent") else 3)
    spread = np.sqrt(chances * (1 - chances) / READINGS) + 1 / READINGS
    assert (np.abs(counted - chances)[known] < 4.5 * spread[known]).all()
    assert np.isnan(chances[~known]).all()


@pytest.mark.parametrize("reference", REFERENCES)
def test_probabilities_among_fractured_neighbours(reference):
    """Neighbours that are used although fractured count as they are, with their own noise."""
    heights = trend(
        5, {0: (0.6, 0.2, 0), 1: (0.6, 0, 0), 2: (0.18, 0.12, 0.19), 3: (0.6, 0, 0), 4: (0.6, 0, 0)}
    )
    grading = grade_spines(heights, RULE, reference=reference)
    assert grading.flags[2] & Flag.FRACTURED_NEIGHBOUR
    chances = grade_probabilities(grading, 0.5, reference, RULE)[2]
    grades = simulate(heights, 0.5, reference, seed=21).grade[:, 2]
    counted = [(grades == grade).mean() for grade in range(4)]
    spread = np.sqrt(chances * (1 - chances) / READINGS) + 1 / READINGS
    assert (np.abs(counted - chances) < 4.5 * spread).all()


@pytest.mark.parametrize(
    ("reference", "losses"),
    [
        ("own", (0.3, 0.1, 0.0)),
        ("own", (0.1, 0.5, 0.0)),
        ("standard", (0.3, 0.1, 0.0)),
        ("standard", (0.1, 0.32, 0.15)),
        ("standard", (0.5, 0.3, 0.3)),
        ("standard", (0.1, 0.2, 0.35)),
        ("standard", (0.0, 0.0, 0.1)),
        ("adjacent", (0.3, 0.1, 0.0)),
        ("adjacent", (0.1, 0.2, 0.35)),
        ("largest", (-0.2, 0.3, 0.1)),
        ("largest", (0.1, 0.05, 0.3)),
    ],
)
@pytest.mark.parametrize("missing", ["", "01", "13", "35"])
def test_loss_sd_is_that_of_repeated_readings(reference, losses, missing):
    """To first order, the SD of a loss is that of 40,000 readings, whatever it is compared with."""
    heights = trend(5, {2: losses}, missing.replace("5", "4"))
    grading = grade_spines(heights, RULE, reference=reference)
    found = height_loss_sd(grading, 0.1, reference)[2]
    counted = simulate(heights, 0.1, reference, seed=22).height_loss[:, 2].std()
    assert found == pytest.approx(counted, rel=0.02)


# --- probabilities in general ----------------------------------------------------------------------

heights_of_spines = st.lists(
    st.one_of(st.just((nan, nan, nan)), st.tuples(*[st.floats(8.0, 30.0)] * 3)), min_size=1, max_size=5
)


@pytest.mark.parametrize("reference", REFERENCES)
@given(heights=heights_of_spines, point_sd=st.floats(0.01, 2.0))
def test_probabilities_add_up(reference, heights, point_sd):
    """Where a vertebra is graded its four probabilities add up to 1, elsewhere there are none."""
    grading = grade_spines(heights, RULE, reference=reference)
    chances = grade_probabilities(grading, point_sd, reference, RULE)
    graded = ~np.isnan(grading.grade)
    assert ((chances[graded] >= 0) & (chances[graded] <= 1)).all()
    np.testing.assert_allclose(chances[graded].sum(axis=-1), 1.0, atol=1e-5)
    assert np.isnan(chances[~graded]).all()


@pytest.mark.parametrize("reference", REFERENCES)
def test_without_error_the_grade_is_certain(reference):
    """With landmarks that hardly miss, every grade that is not on a bound has the probability 1."""
    heights = np.random.default_rng(6).uniform(10.0, 22.0, (300, 5, 3))
    heights[::7, 2] = nan
    grading = grade_spines(heights, RULE, reference=reference)
    chances = grade_probabilities(grading, 1e-4, reference, RULE)
    distance = np.abs(grading.losses[..., None] - RULE.bands).min(axis=(-1, -2))
    clear = distance > 0.001
    assert clear.sum() > 1000
    assert set(grading.grade[clear]) == {0, 1, 2, 3}
    own = np.take_along_axis(chances[clear], grading.grade[clear].astype(int)[:, None], axis=-1)
    assert (own > 0.9999).all()


def test_error_makes_grades_less_certain():
    """The larger the landmark error, the less likely is the grade of a body far from every bound."""
    grading = grade_spines(trend(5, {2: (0.32, 0.0, 0.0)}), RULE)
    own = [grade_probabilities(grading, sd, "standard", RULE)[2, 2] for sd in (0.1, 0.3, 0.5, 0.8, 1.05)]
    assert own[0] > 0.999
    assert own == sorted(own, reverse=True)
    assert own[-1] == pytest.approx(0.638, abs=0.001)


def test_error_can_differ_from_spine_to_spine():
    """A landmark error for each spine of a stack gives what each spine has with its own error."""
    heights = np.stack([trend(5, {2: (0.22, 0.1, 0.0)})] * 3)
    grading = grade_spines(heights, RULE)
    errors = np.array([0.2, 0.5, nan])[:, None] * np.ones(5)
    chances = grade_probabilities(grading, errors, "standard", RULE)
    spread = height_loss_sd(grading, errors, "standard")
    for at, point_sd in enumerate((0.2, 0.5)):
        alone = grade_spines(heights[at], RULE)
        expected = grade_probabilities(alone, point_sd, "standard", RULE)
        np.testing.assert_allclose(chances[at], expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(spread[at], height_loss_sd(alone, point_sd, "standard"))
    assert np.isnan(chances[2]).all()
    assert np.isnan(spread[2]).all()


@pytest.mark.parametrize("reference", REFERENCES)
def test_nothing_graded_has_no_probabilities(reference):
    """A spine without landmarks has neither probabilities nor an SD, and no warning."""
    grading = grade_spines(np.full((4, 5, 3), nan), RULE, reference=reference)
    assert np.isnan(grade_probabilities(grading, 0.5, reference, RULE)).all()
    assert grade_probabilities(grading, 0.5, reference, RULE).shape == (4, 5, 4)
    assert np.isnan(height_loss_sd(grading, 0.5, reference)).all()


def test_vertebra_without_neighbours_has_no_adjacent_sd():
    """Alone on the film there is a height and no loss against neighbours, so no SD of it and no warning."""
    grading = grade_spines(trend(3, {0: (0.3, 0.1, 0.0)}, missing="12"), RULE, reference="adjacent")
    assert np.isnan(height_loss_sd(grading, 0.5, "adjacent")).all()


@pytest.mark.parametrize(("point_sd", "got"), [(0.0, "0"), (-0.5, "-0.5"), ([0.5, nan, -1.0], "-1")])
def test_error_has_to_be_above_zero(point_sd, got):
    """A landmark error of nothing, or less, is refused."""
    grading = grade_spines(np.full((3, 3), 20.0), RULE)
    with pytest.raises(UnitError, match=rf"landmark error: expected an SD above 0, got {got}$"):
        grade_probabilities(grading, point_sd, "standard", RULE)
    with pytest.raises(UnitError, match=rf"landmark error: expected an SD above 0, got {got}$"):
        height_loss_sd(grading, point_sd, "standard")


# --- near a bound ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "near"),
    [
        (0.0, False),
        (0.1799, False),
        (0.18, True),
        (0.2, True),
        (0.22, True),
        (0.225, False),
        (0.23, True),
        (0.27, True),
        (0.2701, False),
        (0.3799, False),
        (0.38, True),
        (0.42, True),
        (0.4201, False),
        (nan, False),
    ],
)
def test_near_by_the_number_of_the_rule(loss, near):
    """Without a landmark error, two hundredths on either side of a bound are near it."""
    assert near_threshold([loss], RULE).tolist() == [near]
    assert bool(near_threshold(loss, RULE)) is near
    assert near_threshold([loss], RULE, sd=[nan]).tolist() == [near]


@pytest.mark.parametrize(
    ("loss", "sd", "near"),
    [
        (0.1021, 0.05, True),
        (0.1019, 0.05, False),
        (0.4979, 0.05, True),
        (0.4981, 0.05, False),
        (0.325, 0.0383, True),
        (0.325, 0.0382, False),
        (0.19, 0.005, False),
        (0.1903, 0.005, True),
        (nan, 0.05, False),
    ],
)
def test_near_by_the_error(loss, sd, near):
    """With a landmark error, 1.96 SD of the loss on either side of a bound are near it."""
    assert near_threshold([loss], RULE, [sd]).tolist() == [near]


def test_near_where_only_some_errors_are_known():
    """Each vertebra is judged by its own SD where it has one, otherwise by the rule's number."""
    losses = np.array([[0.15, 0.15], [0.19, 0.19]])
    found = near_threshold(losses, RULE, [[0.05, nan], [0.001, nan]])
    assert found.tolist() == [[True, False], [False, True]]


# --- the landmark error itself ---------------------------------------------------------------------


def test_two_readings_by_hand():
    """Heights of 20 and 21 have a variance of 0.5, that is twice 0.5 squared."""
    found = estimate_point_error([[[nan, nan, 20.0], [nan, nan, 21.0]]])
    assert (found.sd, found.vertebrae, found.degrees_of_freedom) == (pytest.approx(0.5), 1, 1)


def test_readings_are_pooled_by_hand():
    """Squares 0.5, 2.0 and 2.0 over 1 + 2 + 1 degrees of freedom; a body read once adds nothing."""
    found = estimate_point_error(
        [
            [[10.0, nan, nan], [11.0, nan, nan], [nan, nan, nan]],
            [[20.0, nan, nan], [21.0, 15.0, nan], [22.0, 17.0, nan]],
            [[99.0, 12.0, 50.0], [nan, nan, nan], [nan, nan, nan]],
        ]
    )
    assert (found.vertebrae, found.degrees_of_freedom) == (2, 4)
    assert found.sd == pytest.approx(math.sqrt(4.5 / 4 / 2))


@pytest.mark.parametrize("truth", [0.2, 0.8])
@pytest.mark.parametrize("readings", [2, 5])
def test_known_error_is_recovered(truth, readings):
    """Repeats of tilted bodies with a known error along and across show that error, to a few percent."""
    rng = np.random.default_rng(31)
    heights = rng.uniform(15.0, 30.0, (600, 1, 3))
    bodies = lay_out_spine(heights, 30.0, tilts=rng.uniform(-40, 40, (600, 1)))
    repeats = bodies + rng.normal(0.0, truth, (600, readings, 6, 2))
    found = estimate_point_error(measure_heights(repeats))
    freedom = 600 * (readings - 1) * 3
    assert (found.vertebrae, found.degrees_of_freedom) == (600, freedom)
    assert found.sd == pytest.approx(truth, rel=4 / math.sqrt(2 * freedom))


def test_gaps_do_not_bias_the_error():
    """With a third of the heights missing the error is the same, from fewer degrees of freedom."""
    rng = np.random.default_rng(32)
    heights = 20.0 + rng.normal(0.0, math.sqrt(2) * 0.5, (800, 4, 3))
    missing = rng.random(heights.shape) < 1 / 3
    heights[missing] = nan
    found = estimate_point_error(heights)
    expected = sum(max(int((~missing[v, :, at]).sum()) - 1, 0) for v in range(800) for at in range(3))
    assert found.degrees_of_freedom == expected
    assert found.sd == pytest.approx(0.5, rel=4 / math.sqrt(2 * expected))


def test_size_of_a_vertebra_does_not_matter():
    """Bodies of very different heights, each read alike twice, show no error."""
    heights = np.repeat(np.random.default_rng(33).uniform(5, 50, (20, 1, 3)), 2, axis=1)
    assert estimate_point_error(heights).sd == 0.0


@pytest.mark.parametrize("shape", [(3, 1, 3), (0, 2, 3), (4, 0, 3)])
def test_error_needs_a_vertebra_read_twice(shape):
    """Without a repeat there is nothing to estimate from."""
    with pytest.raises(ReadingError, match="expected vertebrae that were read more than once, got none"):
        estimate_point_error(np.full(shape, 20.0))
    with pytest.raises(ReadingError, match="got none"):
        estimate_point_error([[[20.0, nan, nan], [nan, 20.0, 20.0]]])


def test_a_norm_scales_the_error_with_the_heights():
    """Against a norm of 0.85 a wedge is milder and its error larger, as simulation has it."""
    rule = genant_rule("genant-1993")
    norm = np.array([0.85, 0.95, 1.0])
    heights = np.array([[13.0, 19.0, 20.0]])
    graded = grade_spines(heights, rule, reference="own", norm_ratio=norm)
    noisy = heights + np.random.default_rng(7).normal(0, 0.5 * 2**0.5, (200_000, 1, 3))
    again = grade_spines(noisy, rule, reference="own", norm_ratio=norm)
    chances = grade_probabilities(graded, 0.5, "own", rule)[0]
    np.testing.assert_allclose(chances, [(again.grade == k).mean() for k in range(4)], atol=0.005)
    sd = height_loss_sd(graded, 0.5, "own")[0]
    assert sd == pytest.approx(again.losses[..., 0].std(), rel=0.02)
