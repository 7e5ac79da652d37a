"""Heights, depths, area, angle and order from six landmarks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.errors import LandmarkError
from spinegrade.morphometry import (
    PixelSpacing,
    height_ratios,
    inverted_vertebrae,
    measure_area,
    measure_depths,
    measure_heights,
    measure_wedge_angle,
    scale_landmarks,
    upright,
    vertebra_centres,
)
from spinegrade.phantom import lay_out_spine

BODY = np.array([(0.0, 0.0), (1.0, 10.0), (0.0, 20.0), (16.0, 0.0), (17.0, 10.0), (20.0, 20.0)])
"""Front at the left: anterior 16, middle 16, posterior 20."""

BOX = np.array([(0.0, 0.0), (1.0, 10.0), (0.0, 20.0), (16.0, 0.0), (15.0, 10.0), (16.0, 20.0)])
"""A rectangle with hollow endplates."""

lengths = st.floats(5.0, 40.0)
angles = st.floats(-180.0, 180.0)
three_heights = st.tuples(lengths, lengths, lengths)
spacings = st.floats(0.05, 5.0)


def turned(points: np.ndarray, degrees: float, about: tuple[float, float] = (37.0, -12.0)) -> np.ndarray:
    """Return points turned on the film about a point that has nothing to do with them."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (points - about) @ np.array([[c, s], [-s, c]]) + about


def body(heights: tuple[float, float, float], depth: float, facing: int, tilt: float) -> np.ndarray:
    """Return one vertebra of these heights."""
    return lay_out_spine([heights], depth, tilts=tilt, facing=facing)[0]


def leaning(lean: tuple[float, float], heights: tuple[float, float], spacing: PixelSpacing) -> np.ndarray:
    """Return a body, in pixels of this spacing, with walls that lean by these degrees, front first."""
    rows, columns = [], []
    walls = zip((*lean, sum(lean) / 2), (*heights, sum(heights) / 2), (0.0, 30.0, 15.0), strict=True)
    (front, back, middle) = walls
    for sign in (-0.5, 0.5):
        for degrees, height, column in (front, middle, back):
            rows.append(sign * height * math.cos(math.radians(degrees)))
            columns.append(column + sign * height * math.sin(math.radians(degrees)))
    return np.stack([rows, columns], axis=-1) / (spacing.row, spacing.column)


# --- heights ---------------------------------------------------------------------------------------


def test_heights_are_distances_of_facing_landmarks():
    """The heights come in the order anterior, middle, posterior."""
    np.testing.assert_allclose(measure_heights(BODY), [16.0, 16.0, 20.0])


def test_height_of_a_tilted_wall_is_its_length():
    """A wall of 3 down and 4 across is 5 high."""
    points = BODY.copy()
    points[3] = (3.0, 4.0)
    assert measure_heights(points)[0] == 5.0


def test_spacing_comes_before_length():
    """A wall of 3 rows and 4 columns, each 0.5 and 3 mm, is sqrt(1.5^2 + 12^2) mm high."""
    points = BODY.copy()
    points[3] = (3.0, 4.0)
    found = measure_heights(points, PixelSpacing(0.5, 3.0, "mm"))
    assert found[0] == pytest.approx(math.sqrt(146.25))


@pytest.mark.parametrize(("missing", "height"), [(0, 0), (3, 0), (1, 1), (4, 1), (2, 2), (5, 2)])
def test_missing_landmark_takes_its_height_with_it(missing, height):
    """Without a landmark only the height that it belongs to is missing."""
    points = BODY.copy()
    points[missing] = np.nan
    assert np.flatnonzero(np.isnan(measure_heights(points))).tolist() == [height]


def test_half_a_landmark_is_none():
    """A landmark with a row and no column gives no height."""
    points = BODY.copy()
    points[0, 1] = np.nan
    assert np.isnan(measure_heights(points)[0])


def test_coinciding_landmarks_are_refused():
    """Two facing landmarks on one point are refused, and the place is named."""
    spine = np.stack([BODY, BODY, BODY])
    spine[1, 4] = spine[1, 1]
    with pytest.raises(LandmarkError, match=r"^middle height of vertebra \[1\]: expected more than 0"):
        measure_heights(spine)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
@pytest.mark.parametrize("measure", [measure_heights, measure_depths, measure_area, measure_wedge_angle])
def test_infinite_coordinate_is_refused(measure, value):
    """An infinite coordinate is refused by every measure, with the place where it stands."""
    spine = np.stack([BODY, BODY])
    spine[1, 3, 0] = value
    with pytest.raises(LandmarkError, match=r"got an infinite one at \[1, 3, 0\]"):
        measure(spine)


@pytest.mark.parametrize("shape", [(6,), (5, 2), (6, 3), (23, 2, 6), ()])
def test_wrong_shape_is_refused(shape):
    """Anything but six points of two coordinates is refused with the shape that was got."""
    with pytest.raises(LandmarkError, match=r"expected an array of shape \(\.\.\., 6, 2\), got shape"):
        measure_heights(np.ones(shape))


def test_scaling_leaves_the_input_alone():
    """Landmarks in mm are a new array."""
    points = BODY.copy()
    scaled = scale_landmarks(points, PixelSpacing(2.0, 3.0, "mm"))
    np.testing.assert_array_equal(points, BODY)
    np.testing.assert_allclose(scaled[3], (32.0, 0.0))
    np.testing.assert_allclose(scaled[5], (40.0, 60.0))


@pytest.mark.parametrize("size", [0.0, -1.0, math.inf, math.nan])
@pytest.mark.parametrize("axis", ["row", "column"])
def test_impossible_pixel_is_refused(axis, size):
    """A pixel has a finite size above 0 along both axes."""
    with pytest.raises(ValueError, match=f"^{axis}: expected a size above 0, got"):
        PixelSpacing(**{axis: size})


# --- what does not depend on how the film lies -----------------------------------------------------


@given(three_heights, lengths, st.sampled_from([-1, 1]), angles, angles)
def test_turning_the_film_changes_no_length(heights, depth, facing, tilt, turn):
    """Heights, depths, area and wedge angle are those of the body, however the film is turned."""
    points = body(heights, depth, facing, tilt)
    film = turned(points, turn)
    np.testing.assert_allclose(measure_heights(film), heights, rtol=1e-9)
    np.testing.assert_allclose(measure_depths(film), measure_depths(points), rtol=1e-9)
    np.testing.assert_allclose(measure_area(film), measure_area(points), rtol=1e-9)
    np.testing.assert_allclose(measure_wedge_angle(film), measure_wedge_angle(points), atol=1e-7)


@given(three_heights, lengths, angles, st.sampled_from([(1, -1), (-1, 1)]))
def test_mirroring_the_film_changes_no_length(heights, depth, tilt, mirror):
    """A film flipped left to right or upside down gives the same heights, area and wedge angle."""
    points = body(heights, depth, -1, tilt)
    film = points * mirror + (3.0, 700.0)
    np.testing.assert_allclose(measure_heights(film), heights, rtol=1e-9)
    np.testing.assert_allclose(measure_area(film), measure_area(points), rtol=1e-9)
    np.testing.assert_allclose(measure_wedge_angle(film), measure_wedge_angle(points), atol=1e-7)


@given(three_heights, lengths, angles, st.floats(0.01, 100.0))
def test_enlarging_the_film_enlarges_lengths_alone(heights, depth, tilt, factor):
    """Heights grow with the film, areas with its square; ratios and angles stay."""
    points = body(heights, depth, 1, tilt)
    larger = measure_heights(points * factor)
    np.testing.assert_allclose(larger, np.multiply(heights, factor), rtol=1e-9)
    np.testing.assert_allclose(larger / larger[2], np.divide(heights, heights[2]), rtol=1e-9)
    np.testing.assert_allclose(measure_area(points * factor), measure_area(points) * factor**2, rtol=1e-9)
    np.testing.assert_allclose(measure_wedge_angle(points * factor), measure_wedge_angle(points), atol=1e-7)


@given(three_heights, lengths, angles, spacings, spacings)
def test_oblong_pixels_are_undone_by_their_spacing(heights, depth, tilt, row, column):
    """Landmarks stored in pixels of any shape measure the same once the spacing is applied."""
    points = body(heights, depth, -1, tilt)
    stored = points / (row, column)
    spacing = PixelSpacing(row, column, "mm")
    np.testing.assert_allclose(measure_heights(stored, spacing), heights, rtol=1e-9)
    np.testing.assert_allclose(measure_depths(stored, spacing), measure_depths(points), rtol=1e-9)
    np.testing.assert_allclose(measure_area(stored, spacing), measure_area(points), rtol=1e-9)
    np.testing.assert_allclose(measure_wedge_angle(stored, spacing), measure_wedge_angle(points), atol=1e-7)


@pytest.mark.parametrize("measure", [measure_heights, measure_depths, measure_area, measure_wedge_angle])
@pytest.mark.parametrize("spacing", [PixelSpacing(), PixelSpacing(0.3, 0.2, "mm")])
def test_leading_axes_give_the_same_numbers(measure, spacing):
    """One vertebra, a spine, a stack of spines: every vertebra measures the same."""
    rng = np.random.default_rng(3)
    stack = lay_out_spine(rng.uniform(10, 30, (2, 4, 3)), 25.0, tilts=rng.uniform(-40, 40, (2, 4)))
    stack[0, 1, 2] = np.nan
    together = measure(stack, spacing)
    assert together.shape[:2] == (2, 4)
    for spine, found in zip(stack, together, strict=True):
        np.testing.assert_array_equal(measure(spine, spacing), found)
        for vertebra, value in zip(spine, found, strict=True):
            np.testing.assert_array_equal(measure(vertebra, spacing), value)
    assert measure(np.empty((0, 6, 2)), spacing).shape[0] == 0


# --- non-square pixels that nobody accounts for ----------------------------------------------------


@pytest.mark.parametrize(("aspect", "reads"), [(1.05, 0.805), (1.2, 0.819), (1.5, 0.850)])
def test_ignored_aspect_hides_a_wedge(aspect, reads):
    """At 20 degrees of tilt and walls 10 degrees apart, a ratio of 0.80 reads higher, as published."""
    spacing = PixelSpacing(row=aspect)
    film = leaning((25.0, 15.0), (16.0, 20.0), spacing)
    anterior, _, posterior = measure_heights(film)
    assert anterior / posterior == pytest.approx(reads, abs=5e-4)
    anterior, _, posterior = measure_heights(film, spacing)
    assert anterior / posterior == pytest.approx(0.80, rel=1e-12)


@pytest.mark.parametrize("aspect", [1.05, 1.2, 1.5])
def test_ignored_aspect_makes_a_wedge_with_the_opposite_tilt(aspect):
    """Tilted the other way, the same body reads lower than 0.80."""
    film = leaning((15.0, 25.0), (16.0, 20.0), PixelSpacing(row=aspect))
    anterior, _, posterior = measure_heights(film)
    assert anterior / posterior < 0.80 - 0.004


@pytest.mark.parametrize(("aspect", "reads"), [(1.2, 0.958), (1.5, 0.901)])
def test_ignored_aspect_shortens_one_of_two_equal_neighbours(aspect, reads):
    """Equal bodies tilted by 20 and 35 degrees read as unlike, and alike with the spacing."""
    spacing = PixelSpacing(row=aspect)
    bodies = lay_out_spine(np.full((2, 3), 20.0), 30.0, tilts=[20.0, 35.0]) / (aspect, 1.0)
    upper, lower = measure_heights(bodies)[:, 2]
    assert upper / lower == pytest.approx(reads, abs=5e-4)
    upper, lower = measure_heights(bodies, spacing)[:, 2]
    assert upper / lower == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("aspect", "reads"), [(1.05, 0.952), (1.2, 0.833), (1.5, 0.667)])
def test_ignored_aspect_spoils_height_against_depth(aspect, reads):
    """The ratio of height to depth of an upright body is wrong by the whole aspect."""
    square = lay_out_spine([[20.0, 20.0, 20.0]], 20.0)[0] / (aspect, 1.0)
    assert measure_heights(square)[2] / measure_depths(square).mean() == pytest.approx(reads, abs=5e-4)
    spacing = PixelSpacing(row=aspect)
    ratio = measure_heights(square, spacing)[2] / measure_depths(square, spacing).mean()
    assert ratio == pytest.approx(1.0, rel=1e-12)


# --- depths, area, angle, ratios -------------------------------------------------------------------


def test_depths_are_of_the_upper_and_the_lower_endplate():
    """The upper endplate is 20 deep; the lower one runs 4 down over 20 back."""
    np.testing.assert_allclose(measure_depths(BODY), [20.0, math.sqrt(416.0)])


@given(three_heights, lengths, st.sampled_from([-1, 1]), angles)
def test_area_is_that_of_two_trapezia(heights, depth, facing, tilt):
    """A body of parallel walls is two trapezia: depth * (Ha + 2 Hm + Hp) / 4."""
    anterior, middle, posterior = heights
    expected = depth * (anterior + 2 * middle + posterior) / 4
    assert measure_area(body(heights, depth, facing, tilt)) == pytest.approx(expected, rel=1e-9)


def heron(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """Return the area of a triangle from its three sides."""
    x, y, z = math.dist(a, b), math.dist(b, c), math.dist(c, a)
    s = (x + y + z) / 2
    return math.sqrt(s * (s - x) * (s - y) * (s - z))


@given(st.lists(st.floats(-2.0, 2.0), min_size=12, max_size=12))
def test_area_is_that_of_four_triangles(jitter):
    """The hexagon of any body is the sum of four triangles, each by Heron's formula."""
    points = np.array([(0, 0), (0, 15), (0, 30), (20, 0), (20, 15), (20, 30)]) + np.reshape(jitter, (6, 2))
    sa, sm, sp, ia, im, ip = points
    expected = heron(sa, sm, ia) + heron(sm, im, ia) + heron(sm, sp, im) + heron(sp, ip, im)
    assert measure_area(points) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("landmark", range(6))
def test_area_needs_all_six(landmark):
    """A body with a landmark missing has no area."""
    points = BODY.copy()
    points[landmark] = np.nan
    assert np.isnan(measure_area(points))


@given(lengths, lengths, st.floats(10.0, 60.0), st.sampled_from([-1, 1]), angles)
def test_wedge_angle_follows_from_heights_and_depth(anterior, posterior, depth, facing, tilt):
    """The angle is 2 atan((Hp - Ha) / (2 depth)), positive where the front is lower, facing either way."""
    expected = math.degrees(2 * math.atan((posterior - anterior) / (2 * depth)))
    points = body((anterior, 15.0, posterior), depth, facing, tilt)
    assert measure_wedge_angle(points) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("facing", [-1, 1])
def test_wedge_angle_has_its_sign_from_the_body(facing):
    """A body lower in front has a positive angle, one lower behind a negative, left or right."""
    wedge, posterior_wedge, square = lay_out_spine(
        [[15, 18, 20], [20, 18, 15], [20, 20, 20]], 30, facing=facing
    )
    assert measure_wedge_angle(wedge) == pytest.approx(math.degrees(2 * math.atan(5 / 60)))
    assert measure_wedge_angle(posterior_wedge) == pytest.approx(-math.degrees(2 * math.atan(5 / 60)))
    assert measure_wedge_angle(square) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("landmark", "missing"), [(0, True), (2, True), (3, True), (5, True), (1, False), (4, False)]
)
def test_wedge_angle_needs_the_corners_only(landmark, missing):
    """The angle is missing without a corner, not without a middle point."""
    points = BODY.copy()
    points[landmark] = np.nan
    assert np.isnan(measure_wedge_angle(points)) == missing


def test_ratios_are_wedge_biconcave_and_crush():
    """The ratios are Ha/Hp, Hm/Hp, and Hp to what the neighbours lead one to expect."""
    found = height_ratios([[16.0, 18.0, 20.0], [21.0, 20.0, 20.0]], [25.0, np.nan])
    np.testing.assert_allclose(found, [[0.8, 0.9, 0.8], [1.05, 1.0, np.nan]])


def test_ratios_take_leading_axes():
    """One vertebra and a stack of spines have the ratios in the same place."""
    assert height_ratios([16.0, 18.0, 20.0], 25.0).tolist() == [0.8, 0.9, 0.8]
    stack = np.arange(1.0, 25.0).reshape(2, 4, 3)
    found = height_ratios(stack, 2.0 * stack[..., 2])
    np.testing.assert_allclose(found[1, 2], [19 / 21, 20 / 21, 0.5])


def test_ratios_without_a_height():
    """Only the ratios that need a missing height are missing."""
    found = height_ratios([[np.nan, 18.0, 20.0], [16.0, 18.0, np.nan]], 20.0)
    np.testing.assert_allclose(found, [[np.nan, 0.9, 1.0], [np.nan, np.nan, np.nan]])


# --- endplates taken for each other ----------------------------------------------------------------

SPINE = lay_out_spine(np.full((5, 3), 20.0), 30.0, tilts=[-20.0, -10.0, 0.0, 15.0, 30.0])


@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0, 213.0])
def test_upside_down_film_is_not_an_inverted_vertebra(turn):
    """However the film lies, a spine whose landmarks are named rightly is in order."""
    assert not inverted_vertebrae(turned(SPINE, turn)).any()
    assert not inverted_vertebrae(turned(SPINE, turn) * (1, -1)).any()


@pytest.mark.parametrize("turn", [0.0, 180.0])
@pytest.mark.parametrize("level", range(5))
def test_exchanged_endplates_are_found(level, turn):
    """A vertebra whose endplates were exchanged is found at every level, on an upside-down film too."""
    film = turned(SPINE, turn)
    film[level] = film[level][[3, 4, 5, 0, 1, 2]]
    assert np.flatnonzero(inverted_vertebrae(film)).tolist() == [level]


def test_one_exchanged_pair_is_enough():
    """Two facing landmarks named for each other make the vertebra inverted."""
    film = SPINE.copy()
    film[2, [1, 4]] = film[2, [4, 1]]
    assert inverted_vertebrae(film).tolist() == [False, False, True, False, False]


def test_inversion_is_seen_across_a_gap():
    """The direction at a level runs between the nearest placed vertebrae, however far they are."""
    film = np.full((9, 6, 2), np.nan)
    film[[1, 4, 8]] = SPINE[:3]
    assert not inverted_vertebrae(film).any()
    film[4] = film[4][[3, 4, 5, 0, 1, 2]]
    assert np.flatnonzero(inverted_vertebrae(film)).tolist() == [4]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("gap", [0, 3])
def test_two_vertebrae_judge_each_other(level, gap):
    """Two vertebrae are enough to have a direction, at both of them."""
    film = np.full((5, 6, 2), np.nan)
    film[[0, 1 + gap]] = SPINE[:2]
    assert not inverted_vertebrae(film).any()
    at = (0, 1 + gap)[level]
    film[at] = film[at][[3, 4, 5, 0, 1, 2]]
    assert np.flatnonzero(inverted_vertebrae(film)).tolist() == [at]


def test_centre_is_the_mean_of_what_is_placed():
    """The centre of a vertebra is the mean of its placed landmarks, of a single one too."""
    film = np.stack([BODY] * 4)
    film[1, [0, 5]] = np.nan
    film[2, 1:] = np.nan
    film[3] = np.nan
    expected = [BODY.mean(axis=0), BODY[1:5].mean(axis=0), BODY[0], (np.nan, np.nan)]
    np.testing.assert_allclose(vertebra_centres(film), expected)


def test_partly_placed_vertebra_is_judged_by_what_is_placed():
    """With one pair of three placed, that pair decides."""
    film = SPINE.copy()
    film[3, [0, 2, 3, 5]] = np.nan
    assert not inverted_vertebrae(film).any()
    film[3, [1, 4]] = film[3, [4, 1]]
    assert np.flatnonzero(inverted_vertebrae(film)).tolist() == [3]


def test_single_vertebra_is_not_judged():
    """Without another vertebra there is no direction to judge by."""
    film = np.full((5, 6, 2), np.nan)
    film[2] = SPINE[2][[3, 4, 5, 0, 1, 2]]
    assert not inverted_vertebrae(film).any()
    assert not inverted_vertebrae(film[2:3]).any()


def test_inversion_takes_leading_axes():
    """A stack of spines is judged spine by spine, each with its own pixel shape applied."""
    upside_down = turned(SPINE, 180.0)
    upside_down[1] = upside_down[1][[3, 4, 5, 0, 1, 2]]
    stack = np.stack([SPINE, upside_down, np.full_like(SPINE, np.nan)]) / (0.1, 2.0)
    found = inverted_vertebrae(stack, PixelSpacing(0.1, 2.0, "mm"))
    assert found.shape == (3, 5)
    assert np.argwhere(found).tolist() == [[1, 1]]


def test_upright_body_is_centred_with_its_front_where_it_was():
    shape = upright(BOX)
    np.testing.assert_allclose(shape.max(axis=0), [10.0, 8.0])
    np.testing.assert_allclose(shape[0], [-10.0, -8.0])
    np.testing.assert_allclose(upright(BOX * (1, -1))[0], [10.0, -8.0])


@given(three_heights, lengths, st.sampled_from([-1, 1]), st.floats(-80, 80))
def test_upright_undoes_a_turn_of_the_film(heights, depth, facing, turn):
    one = body(heights, depth, facing, 0.0)
    np.testing.assert_allclose(upright(turned(one, turn)), upright(one), atol=1e-9)


def test_upright_turns_over_a_body_that_lies_head_down():
    np.testing.assert_allclose(upright(turned(BOX, 180.0)), upright(BOX * (1, -1)), atol=1e-9)


def test_upright_takes_spacing_and_leading_axes_and_leaves_out_what_is_not_placed():
    spine = np.stack([BOX, BOX + 100, BOX])
    spine[2, 4] = np.nan
    shapes = upright(np.stack([spine, spine]), PixelSpacing(0.5, 0.25, "mm"))
    assert shapes.shape == (2, 3, 6, 2)
    np.testing.assert_allclose(shapes[0, 0], shapes[1, 1])
    assert np.isnan(shapes[:, 2]).all()
    np.testing.assert_allclose(np.ptp(shapes[0, 0], axis=0), [5.0, 8.0])


def test_upright_body_whose_front_lies_upon_its_back_has_no_shape():
    assert np.isnan(upright(np.zeros((6, 2)))).all()
