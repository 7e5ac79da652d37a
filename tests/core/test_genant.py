"""Losses, grades and shapes of spines, against hand-worked numbers and against the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.oracle import GROWTH, Body, grade_spine
from spinegrade.expected import REFERENCES
from spinegrade.flags import Flag, flag_words
from spinegrade.genant import SHAPES, Grading, classify_shape, grade_spines
from spinegrade.genant_rule import genant_rule
from spinegrade.morphometry import PixelSpacing, measure_area, measure_heights
from spinegrade.phantom import lay_out_spine

AT_LEAST = genant_rule("genant-1993")
ABOVE = genant_rule("genant-1993-above")
RULES = {"at-least": AT_LEAST, "above": ABOVE}
SOUND = [20.0, 20.0, 20.0]
LOSSES = ("heights", "losses", "height_loss", "neighbour_posterior")
GRADES = ("grade", "shape", "flags")
ALL_FINDINGS = (*LOSSES, *GRADES, "area_loss", "area_grade")
nan = np.nan


def words(found: Grading, at: int) -> set[str]:
    """Return the flags of a level as words."""
    return set(flag_words(int(found.flags[at])).split())


# --- bounds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize(
    ("height", "at_least", "above"),
    [
        (16.0, 1, 0),
        (15.0, 2, 1),
        (12.0, 3, 2),
        (16.0001, 0, 0),
        (15.999, 1, 1),
        (11.999, 3, 3),
        (15.001, 1, 1),
    ],
)
@pytest.mark.parametrize("position", [0, 1])
def test_loss_on_a_bound(position, height, at_least, above, reference):
    """A loss of exactly 20, 25 or 40 % opens the higher grade, or closes the lower where bounds are above."""
    heights = [SOUND, SOUND.copy(), SOUND]
    heights[1][position] = height
    spine = np.array(heights)
    if reference == "adjacent":  # two equal neighbours expect a little more than either of them
        spine[[0, 2]] /= (GROWTH + 1 / GROWTH) / 2
    assert grade_spines(spine, AT_LEAST, reference=reference).grade.tolist() == [0, at_least, 0]
    assert grade_spines(spine, ABOVE, reference=reference).grade.tolist() == [0, above, 0]


@pytest.mark.parametrize("scale", [0.1, 0.35, 1.0, 1 / 3, 7.7])
@pytest.mark.parametrize(("lost", "grade"), [(0.20, 1), (0.25, 2), (0.40, 3)])
def test_rounding_does_not_move_a_loss_off_its_bound(scale, lost, grade):
    """A loss that is on a bound on paper is on it in binary numbers of any size."""
    whole = 20.0 * scale
    spine = [[whole * (1 - lost), whole, whole]]
    assert grade_spines(spine, AT_LEAST).grade.tolist() == [grade]
    assert grade_spines(spine, ABOVE).grade.tolist() == [grade - 1]


# --- the crush, the reason for the standard reference ----------------------------------------------


@pytest.mark.parametrize(
    ("reference", "grade", "shape"),
    [("standard", 3, "crush"), ("adjacent", 3, "crush"), ("own", 0, "none"), ("largest", 0, "none")],
)
def test_crush_is_seen_by_the_neighbours_alone(reference, grade, shape):
    """A body of half its height all round is severe against its neighbours and normal against itself."""
    found = grade_spines([SOUND, SOUND, [10.0, 10.0, 10.0], SOUND, SOUND], AT_LEAST, reference=reference)
    assert found.grade[2] == grade
    assert SHAPES[found.shape[2]] == shape
    assert found.grade[[0, 1, 3, 4]].tolist() == [0, 0, 0, 0]


def test_neighbours_of_a_crush_are_not_graded_by_it():
    """The levels beside a crush are compared with sound ones further away, not with the crushed body."""
    trend = [[20.0 * GROWTH**n] * 3 for n in range(5)]
    crushed = [*trend[:2], [11.0] * 3, *trend[3:]]
    found = grade_spines(crushed, AT_LEAST, reference="adjacent")
    np.testing.assert_allclose(found.losses[[0, 1, 3, 4]], 0.0, atol=1e-12)
    assert words(found, 1) == set()
    assert found.neighbour_posterior[2] == pytest.approx(20.0 * GROWTH**2)


# --- the whole of section 3 of the design, against the loop ----------------------------------------

half_units = st.integers(16, 80).map(lambda n: n / 2)
any_body = st.tuples(half_units, half_units, half_units)
"""Anything at all: every second one is fractured, and many losses are simple fractions."""

nearly_sound = st.tuples(*[st.sampled_from([20.0, 20.0, 19.0, 21.0, 18.0, 16.5, 16.0, 15.0, 12.0])] * 3)
"""What spines look like, with losses on and around the bounds."""

spines = st.lists(st.one_of(st.none(), nearly_sound, nearly_sound, any_body), min_size=1, max_size=8)


def as_arrays(spine: list) -> np.ndarray:
    """Return a spine of bodies and gaps as heights."""
    return np.array([(nan, nan, nan) if body is None else body for body in spine])


def compare(found: Grading, spine: list, reference: str, bounds: str) -> None:
    """Fail unless every level has the findings that the oracle has."""
    for at, expected in enumerate(grade_spine(spine, reference, bounds)):
        if expected.losses is None:
            assert np.isnan(found.height_loss[at])
            assert np.isnan(found.grade[at])
        else:
            assert found.losses[at].tolist() == pytest.approx(expected.losses, abs=1e-12)
            assert found.height_loss[at] == pytest.approx(expected.height_loss, abs=1e-12)
            assert found.grade[at] == expected.grade
        assert SHAPES[found.shape[at]] == expected.shape
        assert words(found, at) == expected.flags
        if expected.neighbour_posterior is None:
            assert np.isnan(found.neighbour_posterior[at])
        else:
            assert found.neighbour_posterior[at] == pytest.approx(expected.neighbour_posterior)


@pytest.mark.parametrize("bounds", RULES)
@pytest.mark.parametrize("reference", REFERENCES)
@settings(max_examples=300)
@given(spine=spines)
def test_any_spine_is_graded_as_by_the_loop(reference, bounds, spine):
    """Losses, grades, shapes, flags and neighbours are those of a plain loop over the design's words."""
    spine = [None if body is None else Body(*body) for body in spine]
    found = grade_spines(as_arrays(spine), RULES[bounds], reference=reference)
    compare(found, spine, reference, bounds)


@pytest.mark.parametrize("bounds", RULES)
@pytest.mark.parametrize("reference", REFERENCES)
def test_a_stack_of_full_spines_is_graded_as_by_the_loop(reference, bounds):
    """Forty random spines of 23 levels, with gaps, unreadable and fractured bodies, graded in one call."""
    rng = np.random.default_rng(11)
    trend = 18.0 * GROWTH ** np.arange(23)
    heights = trend[:, None] * rng.normal(1.0, 0.04, (40, 23, 3))
    heights *= np.where(rng.random((40, 23, 3)) < 0.15, rng.uniform(0.5, 0.9, (40, 23, 3)), 1.0)
    heights *= np.where(rng.random((40, 23, 1)) < 0.1, rng.uniform(0.5, 0.9, (40, 23, 1)), 1.0)
    heights[rng.random((40, 23, 3)) < 0.05] = nan
    evaluable = rng.random((40, 23)) > 0.1
    together = grade_spines(heights, RULES[bounds], evaluable=evaluable, reference=reference)
    for at in range(40):
        readable = evaluable[at] & ~np.isnan(heights[at]).any(axis=-1)
        spine = [Body(*body) if ok else None for body, ok in zip(heights[at].tolist(), readable, strict=True)]
        alone = grade_spines(heights[at], RULES[bounds], evaluable=evaluable[at], reference=reference)
        compare(alone, spine, reference, bounds)
        for name in (*LOSSES, *GRADES):
            np.testing.assert_array_equal(getattr(together, name)[at], getattr(alone, name))


def test_random_spines_reach_every_grade_shape_and_flag():
    """The comparison with the loop would be worth little if its spines never had some finding."""
    rng = np.random.default_rng(12)
    choice = rng.choice([20.0, 19.0, 18.0, 16.5, 16.0, 15.0, 12.0, 10.0], (4000, 6, 3))
    choice[rng.random((4000, 6)) < 0.3] = nan
    found = grade_spines(choice, AT_LEAST)
    assert set(found.grade[~np.isnan(found.grade)]) == {0, 1, 2, 3}
    assert set(found.shape.ravel()) == set(range(len(SHAPES)))
    seen = Flag(int(np.bitwise_or.reduce(found.flags, axis=None)))
    assert seen == Flag(511) & ~Flag.OUTSIDE_RANGE


# --- what does not depend on the film --------------------------------------------------------------


@given(
    spine=st.lists(nearly_sound, min_size=3, max_size=5),
    tilt=st.floats(-30.0, 30.0),
    turn=st.floats(-180.0, 180.0),
    factor=st.floats(0.05, 20.0),
    mirrored=st.booleans(),
)
def test_film_can_be_turned_mirrored_and_enlarged(spine, tilt, turn, factor, mirrored):
    """Grades, shapes and losses of a spine are the same on a turned, mirrored and enlarged film."""
    landmarks = lay_out_spine(spine, 30.0, tilts=tilt)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    film = landmarks @ np.array([[c, s], [-s, c]]) * factor * (1, -1 if mirrored else 1) + (55.0, 1234.0)
    expected = grade_spines(spine, AT_LEAST, areas=measure_area(landmarks))
    found = grade_spines(measure_heights(film), AT_LEAST, areas=measure_area(film))
    np.testing.assert_array_equal(found.grade, expected.grade)
    np.testing.assert_allclose(found.losses, expected.losses, atol=1e-9)
    np.testing.assert_allclose(found.area_loss, expected.area_loss, atol=1e-9)
    np.testing.assert_array_equal(found.shape, expected.shape)


def test_true_fracture_on_oblong_pixels():
    """Unless the spacing is applied, a leaning 20 % wedge on pixels 1.2 times as high as wide is lost."""
    body = []
    for sign in (-0.5, 0.5):
        for height, degrees, column in ((16.0, 25, 0.0), (20.0, 20, 15.0), (20.0, 15, 30.0)):
            lean = np.radians(degrees)
            body.append((sign * height * np.cos(lean) / 1.2, column + sign * height * np.sin(lean)))
    assert grade_spines([measure_heights(body)], AT_LEAST).grade.tolist() == [0]
    assert grade_spines([measure_heights(body, PixelSpacing(row=1.2))], AT_LEAST).grade.tolist() == [1]


def test_one_vertebra_a_spine_and_a_stack_have_the_same_numbers():
    """The leading axes of the heights come back on every finding."""
    heights = np.array([[20.0, 20.0, 20.0], [14.0, 18.0, 20.0], [nan, 20.0, 20.0], [15.0, 15.0, 15.0]])
    areas = np.array([600.0, 500.0, nan, 400.0])
    spine = grade_spines(heights, AT_LEAST, areas=areas)
    stack = grade_spines(np.tile(heights, (3, 2, 1, 1)), AT_LEAST, areas=np.tile(areas, (3, 2, 1)))
    for name in ALL_FINDINGS:
        values = getattr(stack, name)
        assert values.shape[:3] == (3, 2, 4)
        for at in np.ndindex(3, 2):
            np.testing.assert_array_equal(values[at], getattr(spine, name))
    alone = grade_spines(heights[1:2], AT_LEAST)
    assert alone.losses.tolist() == [[pytest.approx(0.3), pytest.approx(0.1), 0.0]]
    assert alone.grade.tolist() == [2]
    assert words(alone, 0) == {"no_neighbour"}


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("shape", [(23, 3), (2, 23, 3), (0, 23, 3)])
def test_all_missing_spine_has_no_finding(reference, shape):
    """A spine of nothing, and a stack of no spines, give no grade and no warning."""
    heights = np.full(shape, nan)
    found = grade_spines(heights, AT_LEAST, reference=reference, areas=heights[..., 0])
    assert found.losses.shape == shape
    assert np.isnan(found.losses).all()
    for values in (
        found.height_loss,
        found.grade,
        found.area_loss,
        found.area_grade,
        found.neighbour_posterior,
    ):
        assert values.shape == shape[:-1]
        assert np.isnan(values).all()
    assert (found.shape == SHAPES.index("none")).all()
    assert (found.flags == Flag.INCOMPLETE).all()


def test_input_is_left_alone():
    """Grading changes neither the heights nor the areas that it was given."""
    heights, areas = np.array([SOUND, [15.0, 15.0, nan], SOUND]), np.array([600.0, nan, 600.0])
    before = heights.copy(), areas.copy()
    grade_spines(heights, AT_LEAST, areas=areas, evaluable=[True, True, False])
    np.testing.assert_array_equal(heights, before[0])
    np.testing.assert_array_equal(areas, before[1])


# --- evaluable or not ------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [0, 1, 2])
def test_missing_height_makes_a_vertebra_not_evaluable(position):
    """Without one of its heights a vertebra has no loss at all, and is nobody's neighbour."""
    heights = np.array([SOUND, SOUND, [18.0, 18.0, 18.0], SOUND])
    heights[1, position] = nan
    found = grade_spines(heights, AT_LEAST)
    assert np.isnan(found.losses[1]).all()
    assert words(found, 1) == {"incomplete"}
    assert found.neighbour_posterior[2] == pytest.approx((20.0 * GROWTH**2 + 20.0 / GROWTH) / 2)


def test_marked_vertebra_is_as_one_without_heights():
    """A vertebra marked not evaluable gets no grade, whatever its heights, and is nobody's neighbour."""
    heights = np.array([SOUND, [10.0, 10.0, 10.0], SOUND, SOUND])
    marked = grade_spines(heights, AT_LEAST, evaluable=[True, False, True, True])
    heights[1] = nan
    missing = grade_spines(heights, AT_LEAST)
    for name in (*LOSSES, *GRADES):
        np.testing.assert_array_equal(getattr(marked, name), getattr(missing, name))


# --- norms -----------------------------------------------------------------------------------------


def test_norm_takes_normal_wedging_out():
    """A raw ratio of 0.79 where 0.93 is normal is a loss of 21 % raw, of 15 % against the norm."""
    spine = [[20.0, 20.0, 20.0], [15.8, 20.0, 20.0], [20.0, 20.0, 20.0]]
    raw = grade_spines(spine, AT_LEAST)
    norm = np.ones((3, 3))
    norm[1, 0] = 0.93
    relative = grade_spines(spine, AT_LEAST, norm_ratio=norm)
    assert raw.height_loss[1] == pytest.approx(0.21)
    assert relative.height_loss[1] == pytest.approx(1 - 0.79 / 0.93)
    assert (raw.grade[1], relative.grade[1]) == (1, 0)


@pytest.mark.parametrize("reference", REFERENCES)
def test_spine_that_is_as_the_norm_has_lost_nothing(reference):
    """Heights in the norm's own proportions lose nothing, whatever they are compared with."""
    rng = np.random.default_rng(8)
    norm = np.concatenate([rng.uniform(0.85, 1.1, (7, 2)), np.ones((7, 1))], axis=-1)
    heights = 20.0 * GROWTH ** np.arange(7)[:, None] * norm
    found = grade_spines(heights, AT_LEAST, reference=reference, norm_ratio=norm)
    np.testing.assert_allclose(found.losses, 0.0, atol=1e-12)


@pytest.mark.parametrize("spines", [1, 3, 5])
def test_one_norm_serves_many_spines(spines):
    """A norm of one row a level is applied level by level to every spine, also to exactly three."""
    rng = np.random.default_rng(4)
    heights, norm = rng.uniform(10, 30, (spines, 9, 3)), rng.uniform(0.8, 1.2, (9, 3))
    together = grade_spines(heights, AT_LEAST, norm_ratio=norm)
    for at in range(spines):
        alone = grade_spines(heights[at], AT_LEAST, norm_ratio=norm)
        np.testing.assert_array_equal(together.losses[at], alone.losses)
        by_hand = grade_spines(heights[at] / norm, AT_LEAST)
        np.testing.assert_array_equal(alone.losses, by_hand.losses)
        np.testing.assert_array_equal(alone.flags, by_hand.flags)


def test_level_without_a_norm_is_not_graded():
    """Where the norm says nothing, a vertebra cannot be compared with it."""
    norm = np.ones((3, 3))
    norm[1, 0] = nan
    found = grade_spines([SOUND] * 3, AT_LEAST, norm_ratio=norm)
    assert np.isnan(found.grade).tolist() == [False, True, False]


# --- area ------------------------------------------------------------------------------------------


def test_area_is_compared_with_the_neighbours():
    """Areas of 91, 89, 79 and 59 % of what the neighbours lead one to expect are graded 0 to 3."""
    expected = 600.0 * (GROWTH + 1 / GROWTH) / 2
    for area, grade in ((0.91, 0), (0.89, 1), (0.79, 2), (0.59, 3)):
        found = grade_spines([SOUND] * 3, AT_LEAST, areas=[600.0, area * expected, 600.0])
        assert found.area_loss[1] == pytest.approx(1 - area)
        assert found.area_grade[1] == grade
        assert words(found, 1) == ({f"area_grade_{grade}"} if grade else set())
        assert found.grade[1] == 0


@pytest.mark.parametrize(("anterior", "grade"), [(20.0, 0), (16.0, 1), (15.0, 2), (10.0, 3)])
def test_area_flag_says_where_area_and_height_disagree(anterior, grade):
    """The height's grade stands; the area's is flagged where it is another one, 0 included."""
    heights = [SOUND, [anterior, 20.0, 20.0], SOUND]
    for area, area_grade in ((600.0, 0), (510.0, 1), (420.0, 2), (300.0, 3)):
        found = grade_spines(heights, AT_LEAST, areas=[600.0, area, 600.0])
        assert (found.grade[1], found.area_grade[1]) == (grade, area_grade)
        assert words(found, 1) == (set() if grade == area_grade else {f"area_grade_{area_grade}"})


def test_areas_are_not_needed():
    """Without areas there is neither an area loss nor a flag."""
    found = grade_spines([SOUND, [14.0, 20.0, 20.0], SOUND], AT_LEAST)
    assert np.isnan(found.area_loss).all()
    assert np.isnan(found.area_grade).all()
    assert words(found, 1) == set()


def test_missing_area_is_not_an_area_of_zero():
    """A neighbour with heights and without area leaves the area loss unknown, rather than wrong."""
    found = grade_spines([SOUND] * 5, AT_LEAST, areas=[600.0, 600.0, nan, 600.0, 600.0])
    assert np.isnan(found.area_loss[1:4]).all()
    assert found.area_loss[0] == pytest.approx(1 - GROWTH)
    assert not (found.flags[1:4] & ~np.uint16(Flag.ONE_NEIGHBOUR)).any()


def test_area_without_neighbours_is_not_graded():
    """A vertebra alone on the film has an area and nothing to compare it with."""
    found = grade_spines([[15.0, 20.0, 20.0]], AT_LEAST, areas=[500.0])
    assert np.isnan(found.area_grade).all()
    assert found.grade.tolist() == [2]


def test_neighbours_without_area_do_not_warn():
    """Neighbours whose landmarks lie on a line have no area; that is no finding and no warning."""
    found = grade_spines([SOUND] * 3, AT_LEAST, areas=[0.0, 600.0, 0.0])
    assert found.area_grade.tolist() == [3, 0, 3]
    assert np.isnan(grade_spines([SOUND] * 3, AT_LEAST, areas=[0.0] * 3).area_grade).all()


# --- shapes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "shape", "flags"),
    [
        ((0.30, 0.10, 0.05), "wedge", ""),
        ((0.10, 0.30, 0.05), "biconcave", ""),
        ((0.05, 0.10, 0.30), "posterior wedge", ""),
        ((0.30, 0.30, 0.30), "crush", ""),
        ((0.20, 0.45, 0.20), "crush", ""),
        ((0.20, 0.00, 0.20), "crush", ""),
        ((0.199, 0.10, 0.30), "posterior wedge", ""),
        ((0.30, 0.10, 0.199), "wedge", ""),
        ((0.30, 0.28, 0.05), "mixed", "wedge_and_biconcave"),
        ((0.28, 0.30, 0.05), "mixed", "wedge_and_biconcave"),
        ((0.30, 0.2799, 0.05), "wedge", ""),
        ((0.05, 0.29, 0.30), "mixed", "posterior_and_biconcave"),
        ((0.195, 0.10, 0.21), "mixed", "wedge_and_posterior"),
        ((0.195, 0.20, 0.205), "mixed", "wedge_and_biconcave posterior_and_biconcave wedge_and_posterior"),
        ((0.19, 0.19, 0.19), "none", ""),
        ((-0.1, 0.00, 0.00), "none", ""),
        ((nan, nan, nan), "none", ""),
    ],
)
def test_shape_is_where_the_largest_loss_is(losses, shape, flags):
    """The largest loss names the shape, two alike mix it, a loss before and behind crushes it."""
    column = np.array(losses)[:, None]
    grade = AT_LEAST.grade(np.maximum(column.max(axis=0), 0.0))
    found, masks = classify_shape(column, grade, AT_LEAST)
    assert SHAPES[found[0]] == shape
    assert flag_words(int(masks[0])) == " ".join(sorted(flags.split(), key=lambda w: Flag[w.upper()]))


def test_crush_on_the_bound_depends_on_the_bounds():
    """Losses of exactly 20 % before and behind crush a body only where bounds are included."""
    losses = np.array([[0.20], [0.30], [0.20]])
    assert SHAPES[classify_shape(losses, AT_LEAST.grade(losses[1]), AT_LEAST)[0][0]] == "crush"
    assert SHAPES[classify_shape(losses, ABOVE.grade(losses[1]), ABOVE)[0][0]] == "biconcave"


@given(st.tuples(*[st.integers(-10, 60)] * 3))
def test_shape_agrees_with_the_grade(percent):
    """A body has a shape if and only if it is graded 1 or more, and is mixed if and only if that is said."""
    losses = np.array(percent)[:, None] / 100
    grade = AT_LEAST.grade(np.maximum(losses.max(axis=0), 0.0))
    shape, flags = classify_shape(losses, grade, AT_LEAST)
    assert (SHAPES[shape[0]] == "none") == (max(percent) < 20)
    assert (SHAPES[shape[0]] == "mixed") == (flags[0] > 0)
    if percent[0] >= 20 and percent[2] >= 20:
        assert SHAPES[shape[0]] == "crush"
