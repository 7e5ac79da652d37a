"""A display for the tests that need one: the one there is, or a virtual one that they start."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from display_server import start_display

if not os.environ.get("DISPLAY") and shutil.which("Xvfb") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def display():
    """Give a display of 1366 x 768, the smallest screen that the desk has to fit."""
    if not os.environ.get("DISPLAY"):
        os.environ["DISPLAY"] = start_display(1366, 768)
    return os.environ["DISPLAY"]


@pytest.fixture(scope="module", autouse=True)
def _little_to_collect():
    """Spare napari what lives already: it collects garbage at every layer that goes."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def film(tmp_path):
    """Give a copy of a sample film, beside which readings may be kept."""
    source = Path(__file__).parents[3] / "sample_images" / "wedge-biconcave.dcm"
    return Path(shutil.copy(source, tmp_path / "film.dcm"))


def pytest_collection_modifyitems(items):
    """Let the warnings of Qt and OpenGL bindings pass in these tests."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings("ignore"))
            item.add_marker(pytest.mark.gui)


@pytest.fixture
def xdotool():
    """Give a hand that moves the real mouse and presses real keys."""
    if shutil.which("xdotool") is None:
        pytest.skip("xdotool (Debian: xdotool) is not here")

    def do(*words):
        subprocess.run(["xdotool", *map(str, words)], check=True, timeout=20)

    return do


@pytest.fixture
def open_film_in(qapp):
    """Give what opens the desk on a film, and closes it after the test."""
    from qtpy.QtWidgets import QApplication

    from at_desk import settle
    from napari_spinegrade.app import open_desk
    from spinegrade.io.film import open_film

    opened = []

    def open_it(path, reader="R1"):
        viewer, desk = open_desk(open_film(path), path, reader)
        opened.append((viewer, desk))
        settle(0.5)
        return viewer, desk

    def close_it():
        while opened:
            viewer, desk = opened.pop()
            desk.close_film()
            viewer.close()
        QApplication.processEvents()

    open_it.close = close_it
    yield open_it
    close_it()


@pytest.fixture
def at_desk(open_film_in, film, xdotool):
    """Give a reader at the desk, with a film that nobody has read."""
    from at_desk import Reader

    return Reader(*open_film_in(film), xdotool)


@pytest.fixture
def clinic(tmp_path, monkeypatch):
    """Give the sample child's later film, with readings and tables of patients beside it."""
    from at_panel import clinic_in

    return clinic_in(tmp_path, monkeypatch)


@pytest.fixture
def at_panel(open_film_in, clinic, xdotool):
    """Give somebody at the panel beside the desk with the child's film."""
    from at_desk import becomes
    from at_panel import AtPanel

    made = AtPanel(*open_film_in(clinic), xdotool)
    assert becomes(lambda: made.panel.view is not None)
    return made
