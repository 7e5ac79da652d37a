"""What tests with napari share.  Its pytest plugins are loaded here and nowhere else.

``pyproject.toml`` keeps pytest from loading them for every test: what they import warns, and a warning is an
error.  Here those warnings are ignored by their words, in the tests of this folder and in no other.
"""

from __future__ import annotations

import os
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

MANIFEST = Path(__file__).parents[2] / "plugins" / "napari_spinegrade" / "napari.yaml"

THEIRS = (
    "`json_encoders` is deprecated",
    "Using extra keyword arguments on `Field` is deprecated",
    "`allow_mutation` is deprecated",
)
"""How warnings begin that napari and npe2 give of themselves, in words of pydantic that are old."""

if find_spec("napari") is None:
    collect_ignore_glob = ["*"]
else:
    os.environ["NAPARI_CONFIG"] = ""  # nobody's own settings are read or written
    with warnings.catch_warnings():
        for words in THEIRS:
            warnings.filterwarnings("ignore", words)
        import napari.components
        import napari.layers
        from napari.utils._testsupport import (  # noqa: F401  fixtures and hooks are used by being here
            make_napari_viewer,
            make_napari_viewer_proxy,
            mock_app_model,
            plugin_settings,
            pytest_addoption,
            pytest_runtest_makereport,
        )
        from npe2._pytest_plugin import npe2pm  # noqa: F401


def pytest_collection_modifyitems(items):
    """Ignore the warnings of others in the tests of this folder."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for words in THEIRS:
                item.add_marker(pytest.mark.filterwarnings(f"ignore:{words}"))


@pytest.fixture
def plugins(npe2pm):
    """Give a plugin manager that knows this plugin by its manifest in this tree, and napari's own."""
    from npe2 import PluginManifest

    npe2pm.register(PluginManifest.from_file(MANIFEST))
    npe2pm.register(PluginManifest.from_distribution("napari"))
    return npe2pm


@pytest.fixture
def viewer(plugins):
    """Give a viewer without a window, to open files with this plugin."""
    return napari.components.ViewerModel()
