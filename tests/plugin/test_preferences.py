"""What a reader set in napari is what the desk goes by."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_spinegrade import preferences as ours
from napari_spinegrade.preferences import Preferences, preferences
from spinegrade.assess import PointSd


@pytest.fixture
def settings(monkeypatch):
    """Give the settings that napari is said to have of the plugin."""
    import napari.settings

    reading = SimpleNamespace(
        reader_name=" R7 ", direction="upwards", landmark_error_mm=0.4, hide_computed=True
    )
    monkeypatch.setattr(napari.settings, "get_plugin_settings", lambda _: SimpleNamespace(reading=reading))
    return reading


def test_what_was_set_is_taken(settings):
    assert preferences() == Preferences("R7", upwards=True, landmark_error_mm=0.4, hide_computed=True)
    assert preferences().method.point_sd == PointSd(0.4, "mm")


def test_nothing_set_is_the_login_and_no_landmark_error(settings, monkeypatch):
    settings.reader_name, settings.landmark_error_mm = "", 0.0
    monkeypatch.setattr(ours.getpass, "getuser", lambda: "somebody")
    assert preferences().reader == "somebody"
    assert preferences().method.point_sd is None


def test_nobody_is_still_a_reader(settings, monkeypatch):
    def nobody():
        raise KeyError

    settings.reader_name = ""
    monkeypatch.setattr(ours.getpass, "getuser", nobody)
    assert preferences().reader == "reader"


def test_napari_that_does_not_know_the_plugin_gives_the_defaults(monkeypatch):
    import napari.settings

    def unknown(_):
        raise KeyError

    monkeypatch.setattr(napari.settings, "get_plugin_settings", unknown)
    assert preferences().upwards is False
