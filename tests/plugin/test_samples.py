"""Samples: rendered when asked for, the same film each time, with or without the repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from napari_spinegrade import samples
from spinegrade.errors import FormatError
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading

SAMPLES = Path(__file__).parents[2] / "sample_images"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give a folder for samples that is nobody's cache."""
    monkeypatch.setattr(samples, "sample_folder", lambda: tmp_path / "new" / "samples")
    return tmp_path / "new" / "samples"


def test_every_scene_is_offered_once(plugins):
    ((_, offered),) = [(name, found) for name, found in plugins.iter_sample_data() if name == "spinegrade"]
    assert sorted(one.key for one in offered) == sorted(
        path.stem for path in (SAMPLES / "scenes").glob("*.toml")
    )
    assert len({one.display_name for one in offered}) == len(offered)


def test_every_offer_is_a_function_of_its_name(plugins, monkeypatch):
    monkeypatch.setattr(samples, "render_sample", lambda name: pytest.fail(f"rendered {name}"))
    for name, offered in plugins.iter_sample_data():
        for one in offered if name == "spinegrade" else ():
            with pytest.raises(pytest.fail.Exception, match=f"rendered {one.key}$"):
                one.open()


def test_opens_as_the_film_of_the_repository(viewer, folder):
    """To within one grey: processors round the last bit differently."""
    (layer,) = viewer.open_sample("spinegrade", "child")
    film = open_film(SAMPLES / "child.dcm")
    assert np.abs(layer.data.astype(int) - film.pixels).max() <= 1
    assert layer.name == "child.dcm"
    facts = layer.metadata["spinegrade"]
    assert facts["path"] == str(folder / "child.dcm")
    truth = read_reading(SAMPLES / "truth" / "child.reading.json")
    assert facts["sop_instance_uid"] == truth.image.sop_instance_uid
    assert facts["film"].calibration == truth.calibration


def test_is_the_same_file_again_with_what_lies_beside_it(folder):
    film = samples.render_sample("dxa")
    content = film.read_bytes()
    (folder / "dxa_R1_1.reading.json").write_text("a reading")
    assert samples.render_sample("dxa").read_bytes() == content
    assert sorted(path.name for path in folder.iterdir()) == ["dxa.dcm", "dxa_R1_1.reading.json"]


def test_of_another_name_is_refused(folder):
    with pytest.raises(FormatError, match=r"unicorn\.toml: expected a scene, got"):
        samples.open_sample("unicorn")


def test_where_nothing_can_be_written_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(samples, "sample_folder", lambda: tmp_path / "file" / "samples")
    with pytest.raises(FormatError, match="expected a folder for samples, got"):
        samples.open_sample("dxa")


def test_folder_is_the_users_cache():
    assert samples.sample_folder().parts[-2:] == ("spinegrade", "samples")


def test_scenes_beside_the_module_come_first(tmp_path, monkeypatch):
    assert samples.scene_folder().is_dir()
    monkeypatch.setattr(samples, "_HERE", tmp_path)
    shutil.copytree(SAMPLES / "scenes", tmp_path / "scenes")
    assert samples.scene_folder() == tmp_path / "scenes"
