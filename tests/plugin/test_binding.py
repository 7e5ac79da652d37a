"""Mouse and layers, without a window: napari's model with the desk's layers, and gestures on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mouse import click, event, gesture
from napari_spinegrade.binding import Binding
from napari_spinegrade.editor import Place, ReadingEditor
from napari_spinegrade.readers import image_layer
from spinegrade.anatomy import LEVELS
from spinegrade.assess import Method
from spinegrade.io.film import open_film
from spinegrade.readings import Exam, Reading

SAMPLES = Path(__file__).parents[2] / "sample_images"


@pytest.fixture(params=["normal-adult", "dxa", "uncalibrated"])
def binding(request, viewer):
    """Give a film in a viewer, bound to a blank reading: square pixels, oblong ones, no mm and inverted."""
    return bound(viewer, request.param)


@pytest.fixture
def adult(viewer):
    """Give the normal adult's film."""
    return bound(viewer, "normal-adult")


def bound(viewer, name):
    """Return a sample film bound to a blank reading."""
    path = SAMPLES / f"{name}.dcm"
    film = open_film(path)
    pixels, keywords, _ = image_layer(film, path)
    layer = viewer.add_image(pixels, **keywords)
    reading = Reading(Exam("p", "e"), "R1", image=film.image, calibration=film.calibration)
    made = Binding(viewer, layer, ReadingEditor(reading), Method())
    viewer.scene.camera.zoom = 1 / layer.scale[-1]
    return made


class TestLayers:
    def test_lie_on_the_film_in_its_scale_and_units(self, binding):
        for layer in (binding.outline, binding.labels, binding.marks):
            np.testing.assert_array_equal(layer.scale, binding.film.scale)
            assert layer.units == binding.film.units
        assert binding.viewer.layers.selection.active is binding.marks

    def test_show_what_was_placed_where_it_was_placed(self, binding):
        click(binding, 200.25, 100.5)
        click(binding, 204.0, 120.0)
        np.testing.assert_allclose(binding.marks.data, [[200.25, 100.5], [204, 120]], atol=0.01)
        assert binding.marks.features["landmark"].tolist() == ["superior_anterior", "superior_middle"]
        assert len(binding.outline.data) == 1

    def test_follow_while_they_are_hidden_and_stay_so(self, binding):
        for n in range(12):
            click(binding, 200.0 + 20 * (n // 3), 100.0 + 15 * (n % 3))
        drawn = (binding.marks, binding.outline, binding.labels)
        for layer in drawn:
            layer.visible = False
        binding.editor.clear("T4")
        binding.editor.clear("T5")
        binding.editor.undo()
        assert [layer.visible for layer in drawn] == [False] * 3
        for layer in drawn:
            layer.visible = True
        assert len(binding.marks.data) == len(binding.outline.data) == 6

    def test_follow_undo(self, binding):
        click(binding, 200, 100)
        binding.editor.undo()
        assert len(binding.marks.data) == 0
        binding.editor.redo()
        assert len(binding.marks.data) == 1

    def test_are_drawn_over_what_napari_does_to_them(self, adult):
        click(adult, 200, 100)
        adult.marks.add([[1, 1]])
        assert adult.marks.data.tolist() == [[200, 100]]
        adult.marks.selected_data = {0}
        adult.marks.remove_selected()
        assert adult.marks.data.tolist() == [[200, 100]]
        adult.marks.data = np.zeros((5, 2))
        assert adult.marks.data.tolist() == [[200, 100]]
        assert len(adult.editor.reading.events) == 1

    def test_stay_out_of_naparis_own_modes(self, adult):
        adult.marks.mode = "add"
        assert adult.marks.mode == "pan_zoom"

    def test_next_landmark_to_correct_has_its_own_colour(self, adult):
        click(adult, 200, 100)
        click(adult, 204, 120)
        plain = adult.marks.border_color.copy()
        adult.editor.go_to(Place("T4", "superior_middle"))
        assert (adult.marks.border_color[0] == plain[0]).all()
        assert (adult.marks.border_color[1] != plain[1]).any()

    def test_lines_are_as_wide_on_the_screen_at_every_zoom(self, adult):
        widths = []
        for zoom in (2.0, 8.0):
            adult.viewer.scene.camera.zoom = zoom
            widths.append(adult.outline.edge_width * zoom)
        assert widths[0] == pytest.approx(widths[1])

    def test_are_gone_when_the_desk_closes_and_napari_is_as_it_was(self, viewer):
        before = [
            list(getattr(viewer, f"mouse_{name}_callbacks")) for name in ("drag", "move", "double_click")
        ]
        made = bound(viewer, "normal-adult")
        click(made, 200, 100)
        made.close()
        after = [
            list(getattr(viewer, f"mouse_{name}_callbacks")) for name in ("drag", "move", "double_click")
        ]
        assert before == after
        assert [layer.name for layer in viewer.layers] == ["normal-adult.dcm"]
        made.editor.place(1, 1)  # and the editor draws nothing more

    def test_hidden_numbers_are_neither_written_nor_coloured(self, adult):
        for row, column in ((200, 100), (200, 120), (200, 140), (230, 140), (230, 120), (210, 100)):
            click(adult, row, column)
        assert adult.labels.text.values.tolist() == ["T4  3"]
        adult.mark("T4")
        assert adult.labels.text.values.tolist() == ["> T4  3"]
        adult.mark("T5")
        assert adult.labels.text.values.tolist() == ["T4  3"]
        seen = adult.outline.edge_color.copy()
        adult.hidden_numbers = True
        adult.draw()
        assert adult.labels.text.values.tolist() == ["T4"]
        assert (adult.outline.edge_color != seen).any()


class TestPlacing:
    def test_lands_on_release_where_the_mouse_is_let_go(self, adult):
        gesture(adult, [(200, 100), (201, 101), (202, 102)], moved=[(0, 0), (1, 1), (2, 2)])
        assert adult.marks.data.tolist() == [[202, 102]]

    def test_larger_drag_is_a_pan_and_places_nothing(self, adult):
        gesture(adult, [(200, 100), (220, 100), (200, 100)], moved=[(0, 0), (0, 20), (0, 0)])
        assert len(adult.marks.data) == 0

    def test_click_with_a_key_held_is_naparis(self, adult):
        click(adult, 200, 100, modifiers=["Control"])
        assert len(adult.marks.data) == 0

    def test_second_of_two_quick_clicks_counts_too(self, adult):
        click(adult, 200, 100)
        adult._on_double_click(adult.viewer, event(adult, "mouse_double_click", (230, 140)))
        assert adult.marks.data.tolist() == [[200, 100], [230, 140]]

    def test_beside_a_landmark_is_placed_and_on_it_goes_there(self, adult):
        click(adult, 200, 100)
        click(adult, 207, 100)
        assert len(adult.marks.data) == 2
        click(adult, 201, 100)
        assert len(adult.marks.data) == 2
        assert adult.editor.cursor == Place("T4", "superior_anterior")

    def test_off_the_film_is_said(self, adult):
        said = []
        adult.said.connect(said.append)
        click(adult, -40, 100)
        assert said == ["expected a point on the film, row 0 to 1719, got -40"]

    def test_whole_spine_by_78_clicks(self, adult):
        for _ in range(13):
            for row, column in ((0, 0), (1, 20), (0, 40), (30, 40), (29, 20), (30, 0)):
                place = adult.editor.cursor
                top = 60 + 120 * LEVELS.index(place.level) - 960
                click(adult, top + row, 300 + column)
        assert adult.editor.cursor is None
        assert len(adult.editor.reading.events) == 78
        assert len(adult.outline.data) == 78


class TestCorrecting:
    def test_drag_moves_shows_on_the_way_and_records_once(self, binding):
        seen, grabbed = [], []
        click(binding, 200, 100)
        binding.measured.connect(lambda _: seen.append(binding.marks.data.tolist()))
        binding.grabbed.connect(grabbed.append)
        gesture(binding, [(202, 101), (210, 105), (220, 110)], moved=[(0, 0), (8, 4), (18, 9)])
        assert [208.0, 104.0] in [one[0] for one in seen]
        assert binding.marks.data.tolist() == [[218, 109]]  # it keeps its distance from the tip
        assert [one.did for one in binding.editor.reading.events] == ["place", "move"]
        assert grabbed[0] == Place("T4", "superior_anterior")
        assert grabbed[-1] is None

    def test_slip_on_a_landmark_moves_nothing(self, adult):
        click(adult, 200, 100)
        gesture(adult, [(200, 100), (202, 101)], moved=[(0, 0), (2, 1)])
        assert adult.marks.data.tolist() == [[200, 100]]
        assert adult.editor.cursor == Place("T4", "superior_anterior")

    def test_slip_beside_a_landmark_places_the_next_one_there(self, adult):
        click(adult, 200, 100)
        gesture(adult, [(200, 108), (202, 108)], moved=[(0, 0), (0, 2)])
        assert adult.marks.data.tolist() == [[200, 100], [202, 108]]
        assert [one.did for one in adult.editor.reading.events] == ["place", "place"]

    def test_film_stays_still_meanwhile(self, adult):
        click(adult, 200, 100)
        going = adult._on_press(adult.viewer, event(adult, "mouse_press", (200, 100)))
        next(going)
        assert not adult.viewer.scene.camera.mouse_pan
        going.close()
        assert adult.viewer.scene.camera.mouse_pan

    def test_napari_closed_in_mid_drag_leaves_the_landmark_where_it_was(self, adult):
        click(adult, 200, 100)
        seen = event(adult, "mouse_press", (200, 100))
        going = adult._on_press(adult.viewer, seen)
        next(going)
        vars(seen).update(vars(event(adult, "mouse_move", (300, 300))))
        next(going)
        going.close()
        assert adult.editor.reading.landmarks[LEVELS.index("T4"), 0].tolist() == [200, 100]


class TestWindow:
    def test_right_drag_to_the_right_widens_to_the_left_narrows(self, binding):
        width = np.ptp(binding.film.contrast_limits)
        gesture(binding, [(100, 100)] * 2, button=2, moved=[(0, 0), (40, 0)])
        wider = np.ptp(binding.film.contrast_limits)
        gesture(binding, [(100, 100)] * 2, button=2, moved=[(0, 0), (-80, 0)])
        assert np.ptp(binding.film.contrast_limits) < width < wider
        assert len(binding.marks.data) == 0

    def test_down_is_darker_whatever_is_white(self, binding):
        def brightness():
            low, high = binding.film.contrast_limits
            grey = np.clip((binding.film.data.astype(float) - low) / (high - low), 0, 1)
            return (1 - grey if binding.film.colormap.name == "gray_r" else grey).mean()

        before = brightness()
        gesture(binding, [(100, 100)] * 2, button=2, moved=[(0, 0), (0, 60)])
        assert brightness() < before

    def test_window_may_leave_the_range_of_values(self, adult):
        adult.set_limits((-500.0, 9000.0))
        assert tuple(adult.film.contrast_limits) == (-500, 9000)

    def test_stored_pixels_are_not_touched(self, binding):
        before = binding.film.data.copy()
        gesture(binding, [(100, 100)] * 2, button=2, moved=[(0, 0), (30, 60)])
        np.testing.assert_array_equal(binding.film.data, before)


def test_ruler_takes_the_next_two_clicks_and_places_nothing(adult):
    found = []
    adult.measure_next(lambda *ends: found.append(ends))
    click(adult, 100, 100)
    click(adult, 100, 300)
    assert found == [((100, 100), (100, 300))]
    assert len(adult.marks.data) == 0
    click(adult, 120, 120)
    assert len(adult.marks.data) == 1


def test_pointer_says_where_it_is_on_the_film(binding):
    places = []
    binding.pointed.connect(lambda *place: places.append(place))
    binding._on_move(binding.viewer, event(binding, "mouse_move", (12.0, 34.0)))
    assert places[0] == pytest.approx((12, 34))
