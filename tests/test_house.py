"""The house as a whole: who may import whom, and what no file of it may name."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

_PARTS = (
    ("py", "pi.org"),
    ("python", "hosted"),
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
)
NEEDLES = ["".join(parts) for parts in _PARTS]
"""Put together here, so that this file has none of them."""

_BUILT = {".git", ".venv", "dist", "build", "node_modules", "__pycache__"}


def lint_imports(folder):
    """Run import-linter by the settings in a folder."""
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
    return subprocess.run(
        [sys.executable, "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )


class TestImports:
    def test_contracts_are_kept(self):
        done = lint_imports(ROOT)
        contracts = SETTINGS["tool"]["importlinter"]["contracts"]
        assert done.returncode == 0, done.stdout
        assert f"{len(contracts)} kept, 0 broken" in done.stdout

    def test_a_contract_that_is_broken_is_noticed(self, tmp_path):
        """The core may not know the command line: here the contract says it must not know its errors."""
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        broken = text.replace('forbidden_modules = ["napari_spinegrade"]', 'forbidden_modules = ["attrs"]')
        assert broken != text
        broken = broken.replace(
            "[tool.importlinter]", "[tool.importlinter]\ninclude_external_packages = true"
        )
        (tmp_path / "pyproject.toml").write_text(broken, encoding="utf-8")
        done = lint_imports(tmp_path)
        assert done.returncode == 1
        assert "1 broken" in done.stdout

    def test_every_module_has_its_row_in_the_house(self):
        """A module without one could import whatever it likes."""
        (layers,) = (one for one in SETTINGS["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
        rows = {name.strip() for row in layers["layers"] for name in row.split("|")}
        modules = {path.stem for path in (ROOT / "src" / "spinegrade").glob("*.py")} - {"__init__"}
        packages = {path.parent.name for path in (ROOT / "src" / "spinegrade").glob("*/__init__.py")}
        assert modules | packages == rows


def tree():
    """Return the files of the project: those git knows or would, else all that nothing has built."""
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            return [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in ROOT.rglob("*") if not _BUILT & set(path.relative_to(ROOT).parts)]


def named(text, needles):
    """Return the lines that have one of the needles."""
    lines = enumerate(text.splitlines(), 1)
    return [number for number, line in lines if any(needle in line for needle in needles)]


@pytest.fixture(scope="module")
def texts():
    """Give the text files of the tree by their names."""
    found = {}
    for path in tree():
        if path.is_file():
            try:
                found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return found


class TestNames:
    def test_the_tree_is_looked_through(self, texts):
        assert {"pyproject.toml", "src/spinegrade/cli/__init__.py", "tests/test_house.py"} <= set(texts)
        assert not [name for name in texts if name.startswith((".venv", ".git/"))]

    def test_a_name_would_be_found(self):
        assert [named(f"first\nsee {needle}simple\n", NEEDLES) for needle in NEEDLES] == [[2]] * len(NEEDLES)

    def test_no_file_names_a_path_of_this_machine_or_a_registry(self, texts):
        here = [f"{ROOT}/", f"{sys.prefix}/"] if len(ROOT.parts) > 2 else []
        found = {name: named(text, [*NEEDLES, *here]) for name, text in texts.items()}
        assert {name: lines for name, lines in found.items() if lines} == {}

    def test_no_file_has_the_dash_of_typesetters(self, texts):
        assert [name for name, text in texts.items() if "\u2014" in text] == []
