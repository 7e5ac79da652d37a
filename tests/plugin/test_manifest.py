"""The manifest: valid in the wheel, every command used and there, settings that napari understands."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from npe2 import PluginManifest

MANIFEST = Path(__file__).parents[2] / "plugins" / "napari_spinegrade" / "napari.yaml"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest():
    """Give the manifest as it stands."""
    return PluginManifest.from_file(MANIFEST)


def used(contributions):
    """Return the commands that something is done with."""
    offers = [
        *contributions.readers,
        *contributions.writers,
        *contributions.sample_data,
        *contributions.widgets,
    ]
    menus = [item for items in contributions.menus.values() for item in items]
    return {one.command for one in (*offers, *menus)}


class TestManifest:
    def test_has_the_name_of_the_distribution(self, manifest):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert manifest.name == project["name"]
        assert project["entry-points"]["napari.manifest"] == {
            project["name"]: "napari_spinegrade:napari.yaml"
        }
        assert "Framework :: napari" in project["classifiers"]

    def test_commands_are_there_and_used(self, manifest):
        commands = [one.id for one in manifest.contributions.commands]
        assert len(set(commands)) == len(commands)
        assert set(commands) == used(manifest.contributions)

    def test_commands_lead_somewhere(self, manifest):
        """The widgets have tests of their own, which need a display."""
        for command in manifest.contributions.commands:
            module, name = command.python_name.split(":")
            if module != "napari_spinegrade.widgets":
                assert callable(getattr(importlib.import_module(module), name))

    def test_menus_are_those_that_plugins_may_use(self, manifest):
        from napari._app_model.constants import MenuId

        assert set(manifest.contributions.menus) <= MenuId.contributables()

    def test_settings_are_read_and_kept(self, plugins, plugin_settings):
        from napari.settings import get_plugin_settings

        settings = get_plugin_settings("spinegrade").reading
        assert (settings.reader_name, settings.direction) == ("", "downwards")
        assert (settings.landmark_error_mm, settings.hide_computed) == (0, False)
        settings.landmark_error_mm = 0.35
        assert get_plugin_settings("spinegrade").reading.landmark_error_mm == 0.35
        with pytest.raises(ValueError, match="direction"):
            settings.direction = "sideways"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Give the wheel of this tree, without a network; skip where what builds it is not installed."""
    if find_spec("build") is None or find_spec("hatchling") is None:
        pytest.skip("building a wheel needs build and hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    away = shutil.ignore_patterns(".*", "__pycache__", "*.dcm", "dist", "build")
    for name in ("src", "plugins", "sample_images"):
        shutil.copytree(ROOT / name, tree / name, ignore=away)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, tree]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


class TestWheel:
    def test_holds_manifest_and_scenes(self, wheel):
        names = set(zipfile.ZipFile(wheel).namelist())
        assert "napari_spinegrade/napari.yaml" in names
        scenes = {
            f"napari_spinegrade/scenes/{path.name}" for path in (ROOT / "sample_images" / "scenes").iterdir()
        }
        assert scenes <= names
        assert not [name for name in names if name.endswith(".dcm")]

    def test_is_a_plugin_that_npe2_finds_and_finds_sound(self, wheel, tmp_path):
        """In a fresh process that knows the wheel and not this tree."""
        zipfile.ZipFile(wheel).extractall(tmp_path / "site")
        code = (
            "import sys, warnings; warnings.simplefilter('ignore'); sys.path[:0] = [sys.argv[1]]\n"
            "from npe2 import PluginManifest\n"
            "from napari_spinegrade import samples\n"
            "found = PluginManifest.from_distribution('spinegrade')\n"
            "assert found.package_metadata.name == found.name == 'spinegrade'\n"
            "print(samples.scene_folder())\n"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-c", code, tmp_path / "site"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert Path(done.stdout.strip()) == tmp_path / "site" / "napari_spinegrade" / "scenes"
        command = [
            sys.executable,
            "-m",
            "npe2",
            "validate",
            tmp_path / "site" / "napari_spinegrade" / "napari.yaml",
        ]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "valid" in checked.stdout
