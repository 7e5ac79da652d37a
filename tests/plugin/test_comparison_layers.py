"""Films with readings on them as layers: where they lie, what is drawn, how they are windowed; no Qt."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import napari.components
import numpy as np
import pytest
from attrs import evolve

from napari_spinegrade import comparing, spread
from napari_spinegrade.comparing import Dated
from napari_spinegrade.comparison_layers import (
    COLOURS,
    DateLayers,
    FilmLayers,
    ReaderLayers,
    dragging_window,
    label_places,
    marker,
)
from napari_spinegrade.layers import GRADE_COLOURS
from napari_spinegrade.live import measure
from spinegrade.anatomy import LEVELS
from spinegrade.assess import Method
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading
from spinegrade.radiograph import ImageIdentity

SAMPLES = Path(__file__).parents[2] / "sample_images"


@pytest.fixture
def model():
    """Give a viewer without a window."""
    return napari.components.ViewerModel()


def read(name, by="R1_1"):
    return read_reading(SAMPLES / "readings" / f"{name}_{by}.reading.json")


def dated(name):
    reading = read(name)
    return Dated(reading, measure(reading, Method()), reading.exam.date)


def on_date(model, name, film=True):
    side = dated(name)
    return DateLayers(model, open_film(SAMPLES / f"{name}.dcm") if film else None, side, "mm"), side


@pytest.fixture
def two(model):
    """Give two dates of the child in one viewer."""
    (then, before), (now, after) = on_date(model, "child"), on_date(model, "child-year-later")
    return then, now, before, after


class TestTwoDates:
    def test_a_level_lies_at_one_place_of_the_world_in_both(self, two):
        then, now, before, after = two
        for level in ("T4", "T8", "L3"):
            laid = comparing.lay(before, after, level)
            then.lay(laid.scales[0], (0.0, 0.0))
            now.lay(laid.scales[1], laid.offset)
            at = LEVELS.index(level)
            centres = [
                layers.image.data_to_world(side.points[at].mean(axis=0))
                for layers, side in ((then, before), (now, after))
            ]
            np.testing.assert_allclose(*centres)

    def test_everything_of_a_film_moves_with_it(self, two):
        now = two[1]
        now.lay((0.2, 0.3), (5.0, -7.0))
        for layer in now.layers:
            assert tuple(layer.scale) == (0.2, 0.3)
            assert tuple(layer.translate) == (5.0, -7.0)
            assert {str(unit) for unit in layer.units} == {"millimeter"}

    def test_outlines_have_the_colours_of_the_grades(self, two):
        then, _, before, _ = two
        assert len(then.outline.data) == 13 * 6
        want = {GRADE_COLOURS[int(grade)] for grade in before.numbers.grade if not np.isnan(grade)}
        colours = {tuple(np.round(one, 2)) for one in then.outline.edge_color}
        assert len(colours) == len(want)
        assert then.labels.text.values.tolist()[2] == f"T6  {before.numbers.grade_words('T6')}"

    def test_rings_stand_on_the_chosen_level_alone(self, two):
        then, _, before, _ = two
        for level in ("T8", "L1"):
            then.choose(level)
            np.testing.assert_array_equal(then.rings.data, before.points[LEVELS.index(level)])
        then.choose("C3")
        assert len(then.rings.data) == 0

    def test_layers_carry_nothing_that_a_desk_would_read(self, two):
        assert all("spinegrade" not in layer.metadata for layer in two[0].layers)

    def test_marks_are_hidden_and_the_film_is_not(self, two):
        then = two[0]
        then.show_marks(shown=False)
        assert [layer.visible for layer in then.layers] == [True, False, False, False]
        then.show_marks(shown=True)
        assert all(layer.visible for layer in then.layers)

    def test_removing_takes_all_away_even_what_is_gone_already(self, model, two):
        model.layers.remove(two[0].rings)
        two[0].remove()
        assert set(model.layers) == set(two[1].layers)
        two[1].remove()
        assert len(model.layers) == 0

    def test_lines_are_as_wide_on_the_screen_at_every_zoom(self, model, two):
        then = two[0]
        then.lay((0.17, 0.17), (0.0, 0.0))
        for zoom in (1.0, 8.0):
            model.scene.camera.zoom = zoom
            assert then.outline.edge_width * 0.17 * zoom == pytest.approx(1.3)

    def test_reading_without_a_vertebra_is_an_empty_film(self, model):
        empty = evolve(read("child"), vertebrae=())
        side = Dated(empty, measure(empty, Method()))
        layers = DateLayers(model, None, side)
        layers.choose("T8")
        layers.lay((1.0, 1.0), (0.0, 0.0))
        assert [len(layer.data) for layer in layers.on_film] == [0, 0, 0]

    def test_caption_stands_on_the_film(self, two):
        two[0].caption("Then 2025-04-20 R1")
        assert two[0].image.name.startswith("Then 2025-04-20 R1")
        assert two[0].image.name_overlay.visible


class TestBlank:
    def test_is_as_large_as_the_film_was(self, model):
        layers, side = on_date(model, "child", film=False)
        layers.lay((0.17, 0.17), (3.0, 4.0))
        size = np.array([side.reading.image.rows, side.reading.image.columns])
        low, high = layers.image.extent.world
        np.testing.assert_allclose(low - 0.5 * layers.image.scale, (-0.5 * 0.17 + 3, -0.5 * 0.17 + 4))
        np.testing.assert_allclose(high - low + layers.image.scale, size * 0.17)
        assert layers.image.data.size == 1

    def test_holds_all_landmarks_where_its_size_is_not_known(self, model):
        points = np.full((23, 6, 2), np.nan)
        points[5] = (2000, 500)
        layers = FilmLayers(model, None, ImageIdentity(), points)
        layers.lay((1.0, 1.0), (0.0, 0.0))
        assert (layers.image.scale > (2000, 500)).all()
        empty = FilmLayers(model, None, ImageIdentity(), points[:5])
        empty.lay((1.0, 1.0), (0.0, 0.0))
        assert tuple(empty.image.scale) == (100, 100)

    def test_has_no_window_to_set(self, model):
        layers, _ = on_date(model, "child", film=False)
        before = layers.image.contrast_limits
        layers.automatic_window()
        layers.use_preset(1)
        layers.invert()
        assert layers.image.contrast_limits == before
        assert layers.image.colormap.name == "gray"
        assert layers.window_words == ""


def event(button=2, at=(100, 100), kind="mouse_press"):
    return SimpleNamespace(button=button, pos=at, type=kind)


class TestWindowing:
    def test_right_drag_widens_and_darkens_the_film_below_it_alone(self, model, two):
        then, now, _, _ = two
        said = []
        drag = dragging_window(lambda _: now, lambda: said.append(now.window_words))
        before, limits = tuple(then.image.contrast_limits), np.array(now.image.contrast_limits)
        one = event()
        running = drag(model, one)
        next(running)
        assert not model.scene.camera.mouse_pan
        one.type, one.pos = "mouse_move", (200, 140)
        next(running)
        one.type = "mouse_release"
        with pytest.raises(StopIteration):
            next(running)
        after = np.array(now.image.contrast_limits)
        assert np.ptp(after) > np.ptp(limits)
        assert after.mean() > limits.mean()
        assert tuple(then.image.contrast_limits) == before
        assert model.scene.camera.mouse_pan
        assert len(said) == 1

    def test_down_is_darker_on_an_inverted_film_too(self, model, two):
        then = two[0]
        then.invert()
        middle = np.mean(then.image.contrast_limits)
        one = event()
        running = dragging_window(lambda _: then, lambda: None)(model, one)
        next(running)
        one.type, one.pos = "mouse_move", (100, 200)
        next(running)
        assert np.mean(then.image.contrast_limits) < middle
        running.close()

    @pytest.mark.parametrize("button", [1, 3])
    def test_other_buttons_are_naparis(self, model, two, button):
        assert list(dragging_window(lambda _: two[0], lambda: None)(model, event(button))) == []

    def test_no_film_and_a_blank_one_have_no_window(self, model):
        blank, _ = on_date(model, "child", film=False)
        for film in (None, blank):
            assert list(dragging_window(lambda _, film=film: film, lambda: None)(model, event())) == []

    def test_presets_go_round_and_percentiles_and_inversion_are_each_films_own(self, two):
        then = two[0]
        first = then.window_words
        then.use_preset(1)
        assert then.window_words != first
        then.use_preset(len(then.presets))
        assert then.window_words == first
        then.automatic_window()
        assert then.window_words != first
        then.invert()
        assert then.image.colormap.name == "gray_r"
        then.invert()
        assert then.image.colormap.name == "gray"


@pytest.fixture
def readers(model):
    """Give three readers over one film."""
    readings = [read("wedge-biconcave", f"R{n}_1") for n in (1, 2, 3)]
    points = spread.landmarks_of(readings)
    film = open_film(SAMPLES / "wedge-biconcave.dcm")
    layers = ReaderLayers(model, film, readings[0].image, points)
    layers.lay((0.25, 0.25), (0.0, 0.0))
    return layers, points


def draw(layers, points, shown):
    chosen = points[list(shown)]
    layers.draw(shown, spread.mean_points(chosen), spread.ellipses(chosen))


class TestReaders:
    def test_each_has_a_colour_and_a_symbol(self, readers):
        layers, points = readers
        draw(layers, points, (0, 1, 2))
        placed = (~np.isnan(points[..., 0])).sum()
        assert len(layers.dots.data) == placed
        assert len({tuple(one) for one in layers.dots.face_color}) == 3
        assert [str(one) for one in layers.dots.symbol[[0, 80, -1]]] == ["disc", "square", "triangle_up"]
        np.testing.assert_array_equal(layers.dots.face_color, layers.dots.border_color)

    def test_only_those_that_are_shown_are_drawn_in_their_own_colour(self, readers):
        layers, points = readers
        draw(layers, points, (2,))
        np.testing.assert_array_equal(layers.dots.data, points[2][~np.isnan(points[2, :, :, 0])])
        assert {str(one) for one in layers.dots.symbol} == {"triangle_up"}
        draw(layers, points, ())
        assert [len(layer.data) for layer in layers.on_film] == [0] * 6

    def test_means_and_ellipses_lie_where_they_should(self, readers):
        layers, points = readers
        draw(layers, points, (0, 1, 2))
        means = spread.mean_points(points)
        np.testing.assert_allclose(layers.means.data, means[~np.isnan(means[..., 0])])
        known = ~np.isnan(spread.ellipses(points).radii[..., 0])
        assert len(layers.ellipses.data) == 32 * known.sum()
        ends = layers.ellipses.data.sum(axis=1)
        np.testing.assert_allclose(ends[0], layers.ellipses.data[1, 0])

    def test_means_and_ellipses_are_hidden_and_stay_so(self, readers):
        layers, points = readers
        draw(layers, points, (0, 1, 2))
        layers.show_spread(shown=False)
        layers.show_marks(shown=False)
        layers.show_marks(shown=True)
        seen = [layers.ellipses.visible, layers.casing.visible, layers.means.visible, layers.dots.visible]
        assert seen == [False, False, False, True]

    def test_lines_keep_their_widths(self, model, readers):
        layers, points = readers
        draw(layers, points, (0, 1))
        model.scene.camera.zoom = 4.0
        assert layers.ellipses.edge_width * 0.25 * 4 == pytest.approx(1.3)
        assert layers.casing.edge_width * 0.25 * 4 == pytest.approx(3.4)


def test_forty_nine_readers_have_each_another_mark():
    assert len({marker(n) for n in range(49)}) == 49
    assert {marker(n)[0] for n in range(7)} == set(COLOURS)


def test_colours_can_be_seen_on_a_dark_film():
    """Contrast of at least 4.5 to black, which the W3C asks of words (WCAG 2.2, 1.4.3)."""

    def luminance(colour):
        channels = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    assert min((luminance(one) + 0.05) / 0.05 for one in COLOURS) >= 4.5


def test_names_stand_behind_the_bodies():
    points = dated("child").points
    places = label_places(points)
    back, front = points[:, (2, 5)].mean(axis=1), points[:, (0, 3)].mean(axis=1)
    ratio = np.linalg.norm(places - back, axis=1) / np.linalg.norm(back - front, axis=1)
    np.testing.assert_allclose(ratio[~np.isnan(ratio)], 0.6)
    assert np.isnan(places[0]).all()
