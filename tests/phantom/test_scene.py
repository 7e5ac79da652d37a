"""Scenes as TOML: what they may say, and what is refused."""

from __future__ import annotations

import pytest

from spinegrade.errors import FormatError
from spinegrade.phantom.scene import (
    DXA,
    BeamKind,
    Fracture,
    FractureKind,
    Polarity,
    Scene,
    SpacingTag,
    read_scene,
    scene_from,
)


def test_empty_scene_is_the_default_one():
    assert scene_from({}, "nowhere") == Scene()


def test_scene_file_says_what_it_says(tmp_path):
    path = tmp_path / "scene.toml"
    path.write_text(
        'seed = 7\npolarity = "MONOCHROME1"\nspacing = "none"\n'
        'fractures = [{ level = "T12", kind = "wedge", loss = 0.3 }]\n[pose]\nkyphosis = 50\n'
    )
    scene = read_scene(path)
    assert (scene.seed, scene.polarity, scene.spacing) == (7, Polarity.MONOCHROME1, SpacingTag.NONE)
    assert scene.fractures == (Fracture("T12", FractureKind.WEDGE, 0.3),)
    assert scene.pose.kyphosis == 50


def test_dxa_mode_brings_its_detector_and_beam_and_can_be_changed():
    scene = scene_from({"mode": "dxa", "detector": {"photons": 5e5}}, "nowhere")
    assert scene.beam.kind is BeamKind.SCAN
    assert scene.spacing is SpacingTag.NONE
    assert (scene.detector.columns, scene.detector.photons) == (DXA.columns, 5e5)
    assert scene_from({"mode": "dxa", "spacing": "unknown"}, "nowhere").spacing is SpacingTag.UNKNOWN


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"sede": 1}, "sede"),
        ({"seed": -1}, "seed"),
        ({"mode": "mri"}, "mode: expected film or dxa, got 'mri'"),
        ({"fractures": [{"level": "C7", "kind": "wedge", "loss": 0.3}]}, "level"),
        ({"fractures": [{"level": "T8", "kind": "split", "loss": 0.3}]}, "kind"),
        ({"fractures": [{"level": "T8", "kind": "wedge", "loss": 0.9}]}, "loss"),
        ({"fractures": [{"level": "T8", "kind": "wedge"}]}, "loss"),
        ({"fractures": [{"level": "T8", "kind": "wedge", "loss": 0.3}] * 2}, "one a level, got 2 of T8"),
        ({"mimics": [{"level": "S1", "kind": "schmorl"}]}, "level"),
        ({"beam": {"source_to_spine": 1790}}, "100 mm or more below source_to_detector"),
        ({"detector": {"rows": 10}}, "rows"),
        ({"facing": 0}, "facing"),
        ({"pose": {"rotation": 80}}, "rotation"),
        ({"pose": 3}, "pose"),
        ({"seed": 1.7}, "seed: expected int, got 1.7"),
        ({"mimics": "x"}, "mimics"),
        ({"mode": "dxa", "detector": 3}, "detector"),
        ({"mode": "dxa", "spacing": "ermf"}, "expected another state than ermf"),
        (
            {"fractures": [{"level": "T8", "kind": "wedge", "loss": 0.3, "plate": "inferior"}]},
            "endplate fracture only",
        ),
    ],
)
def test_impossible_scene_is_refused(data, words):
    with pytest.raises(FormatError, match=r"^here: ") as caught:
        scene_from(data, "here")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"), [(b"seed = ", "expected TOML"), (b"\xff\xfe", "expected TOML")]
)
def test_broken_file_is_refused(tmp_path, content, words):
    path = tmp_path / "scene.toml"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words):
        read_scene(path)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"none\.toml: expected a scene, got No such file"):
        read_scene(tmp_path / "none.toml")
