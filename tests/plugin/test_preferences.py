"""What a reader set in napari is what the desk goes by."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from napari_spinegrade import preferences as ours
from napari_spinegrade.editor import LANDMARK_ORDERS
from napari_spinegrade.preferences import Preferences, keep_koerber_weights, keep_patient_tables, preferences
from spinegrade.anatomy import LANDMARKS
from spinegrade.assess import PointSd

MANIFEST = Path(__file__).parents[2] / "plugins" / "napari_spinegrade" / "napari.yaml"


@pytest.fixture
def settings(monkeypatch):
    """Give the settings that napari is said to have of the plugin."""
    import napari.settings

    reading = SimpleNamespace(
        reader_name=" R7 ",
        direction="upwards",
        landmark_error_mm=0.4,
        hide_computed=True,
        keys="undo=U",
        landmark_order="height by height",
        patient_tables="clinic",
        koerber_weights="ours.toml",
    )
    monkeypatch.setattr(napari.settings, "get_plugin_settings", lambda _: SimpleNamespace(reading=reading))
    return reading


def test_what_was_set_is_taken(settings):
    assert preferences() == Preferences(
        "R7",
        upwards=True,
        landmark_error_mm=0.4,
        hide_computed=True,
        keys="undo=U",
        landmark_order="height by height",
        patient_tables=Path("clinic"),
        koerber_weights=Path("ours.toml"),
    )
    assert [place.words for place in preferences().order.places[:3]] == [
        "L4 superior anterior",
        "L4 inferior anterior",
        "L4 superior middle",
    ]
    assert preferences().method.point_sd == PointSd(0.4, "mm")


def test_nothing_set_is_the_login_and_no_landmark_error(settings, monkeypatch):
    settings.reader_name, settings.landmark_error_mm, settings.patient_tables = "", 0.0, ""
    settings.koerber_weights = ""
    monkeypatch.setattr(ours.getpass, "getuser", lambda: "somebody")
    assert preferences().reader == "somebody"
    assert preferences().method.point_sd is None
    assert preferences().patient_tables is None
    assert preferences().koerber_weights is None


def test_tables_of_patients_are_kept(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keep_patient_tables(Path("clinic"))
    assert preferences().patient_tables == tmp_path / "clinic"
    keep_koerber_weights(Path("own.toml"))
    assert preferences().koerber_weights == tmp_path / "own.toml"


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
    keep_patient_tables(Path("clinic"))
    assert preferences().patient_tables is None


def test_own_keys_replace_the_default_ones():
    keys = {one.action: one.keys for one in Preferences("R1", keys="undo=U, next_vertebra = D ").shortcuts}
    assert (keys["undo"], keys["next_vertebra"]) == (("U",), ("D",))
    assert keys["redo"] == ("Control-Shift-Z", "Control-Y")


@pytest.mark.parametrize(
    ("keys", "words"), [("undo", "an action and its key"), ("undo=", "an action"), ("fly=F", "got 'fly'")]
)
def test_keys_that_make_no_sense_are_said(keys, words):
    with pytest.raises(ValueError, match=words):
        _ = Preferences("R1", keys=keys).shortcuts


def test_orders_are_those_of_the_manifest_and_each_has_all_six():
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    offered = manifest["contributions"]["configurations"]["reading"]["properties"]["landmark_order"]
    assert offered["enum"] == list(LANDMARK_ORDERS)
    assert offered["default"] == Preferences("R1").landmark_order
    assert all(sorted(order) == sorted(LANDMARKS) for order in LANDMARK_ORDERS.values())
