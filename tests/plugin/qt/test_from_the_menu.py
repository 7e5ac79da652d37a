"""The docks as napari's menus open them: each gets a proxy of the viewer, and they still know one another."""

from __future__ import annotations

import shutil
from pathlib import Path

import napari
import pytest

from at_desk import becomes, settle

SAMPLES = Path(__file__).parents[3] / "sample_images"


@pytest.fixture
def viewer(qapp):
    """Give napari's window, closed after the test with what was read in it."""
    made = napari.Viewer()
    yield made
    for dock in list(made.window.dock_widgets.values()):
        if hasattr(dock, "close_film"):
            dock.close_film()
    made.close()
    settle(0.2)


@pytest.fixture
def film(tmp_path, viewer):
    """Give the layer of the child's later film; readings and tables lie beside it."""
    for path in (SAMPLES / "readings").glob("child*_R1_1.reading.json"):
        shutil.copy(path, tmp_path)
    shutil.copytree(SAMPLES / "patients", tmp_path / "patients")
    path = shutil.copy(SAMPLES / "child-year-later.dcm", tmp_path)
    return viewer.open(path, plugin="spinegrade")[0]


def opened(viewer, name):
    return viewer.window.add_plugin_dock_widget("spinegrade", name)[1]


def desk_of(viewer):
    desk = opened(viewer, "Reading desk")
    desk.reader = "R1"
    desk.open_film(desk.films[0])
    return desk


def test_the_patient_panel_sees_what_is_read(viewer, film):
    desk = desk_of(viewer)
    panel = opened(viewer, "Patient and classification")
    assert becomes(lambda: panel.view is not None)
    assert panel.session.seen.reading is desk.editor.reading
    assert panel.rules.text.toPlainText().startswith("Osteoporosis")


def test_the_desk_notices_that_its_film_is_taken_away(viewer, film):
    desk = desk_of(viewer)
    viewer.layers.remove(film)
    assert becomes(lambda: desk.binding is None)
    assert "Open a film" in desk.head.words.text()


def test_a_second_desk_in_the_window_leaves_the_film_to_the_first(viewer, film):
    from napari.utils._proxies import PublicOnlyProxy

    from napari_spinegrade.widgets import ReadingDesk

    first = desk_of(viewer)
    second = ReadingDesk(PublicOnlyProxy(viewer))
    assert second.others == [first]
    assert second.binding is None
    assert "open in this window already" in second.head.words.text()
    second.deleteLater()
    settle(0.1)


@pytest.mark.parametrize("name", ["Compare two dates", "Compare readers", "Reader study"])
def test_others_hold_the_window_itself(viewer, name):
    assert opened(viewer, name).viewer is viewer
