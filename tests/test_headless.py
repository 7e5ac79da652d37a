"""The core needs no window system, and the command line answers before anything heavy is imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

WINDOWS = ("napari", "qtpy", "superqt", "vispy", "PySide2", "PySide6", "PyQt5", "PyQt6")
HEAVY = ("scipy", "cv2", "pydicom", "matplotlib", "polars", "numpy", *WINDOWS)

ASKED = """
import importlib.abc, json, sys

class Asked(importlib.abc.MetaPathFinder):
    names = set()
    def find_spec(self, name, path=None, target=None):
        self.names.add(name.partition(".")[0])

sys.meta_path.insert(0, Asked())
{code}
sys.stderr.write("\\n" + json.dumps(sorted(Asked.names)))
"""
"""Runs code and says which packages it asked for, whether they are installed or not."""

EVERY_MODULE = """
import importlib, pkgutil, spinegrade
names = [module.name for module in pkgutil.walk_packages(spinegrade.__path__, "spinegrade.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""


def asked_for(code):
    """Return what a fresh Python prints when it runs the code, and the packages that it asks for."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", ASKED.format(code=code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


def test_what_is_asked_for_is_noticed_installed_or_not():
    """So that the tests below can fail on a machine without napari."""
    tried = "try:\n    import napari.layers, numpy\nexcept ImportError:\n    pass"
    assert asked_for(tried)[1] >= {"napari"}
    assert "napari" not in asked_for("import json")[1]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["grade", "--help"], []], ids=" ".join)
def test_help_imports_nothing_heavy(arguments):
    """It has to be there at once."""
    out, asked = asked_for(f"from spinegrade.cli import main; code = main({arguments}); print(code)")
    assert out.splitlines()[-1] in ("0", "2")
    assert "spinegrade" in asked
    assert asked.isdisjoint(HEAVY)


def test_no_module_of_the_core_asks_for_a_window_system():
    """Not even to see whether it is there."""
    out, asked = asked_for(EVERY_MODULE)
    assert int(out) > 30
    assert {"spinegrade", "numpy", "polars"} <= asked
    assert asked.isdisjoint({*WINDOWS, "napari_spinegrade"})


def test_grading_a_spine_does_not_wait_for_what_it_does_not_need(tmp_path):
    """Without a landmark error there is nothing to integrate, and nobody speaks to a cluster."""
    from spines import table

    table().write_csv(tmp_path / "a.csv")
    code = f"from spinegrade.cli import main; main(['grade', {str(tmp_path / 'a.csv')!r}])"
    out, asked = asked_for(code)
    assert out.count("\n") == 14
    assert asked.isdisjoint(
        {"scipy", "distributed", "dask", "cattrs", "matplotlib", "pydicom", "cv2", *WINDOWS}
    )
