"""The table of all methods says what the rule files, norms and equations say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from spinegrade.bmd_registry import load_registry
from spinegrade.norms.files import norm_ids
from spinegrade.rules import load_rule, rule_ids

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "methods.md").read_text("utf-8")


@pytest.fixture(scope="module")
def made() -> ModuleType:
    spec = importlib.util.spec_from_file_location("methods", ROOT / "docs" / "methods.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_the_one_that_the_files_make(made: ModuleType) -> None:
    assert made.guide() == GUIDE, "python docs/methods.py writes it anew"


def test_every_method_has_one_row() -> None:
    registry = load_registry()
    equations = (*registry.conversions, *registry.height_ages, *registry.bmads)
    names = [*rule_ids(), *norm_ids(), *(one.id for one in equations)]
    assert sorted(re.findall(r"^\| `([\w.-]+)` \|", GUIDE, re.MULTILINE)) == sorted(names)


def test_what_is_from_memory_is_disabled() -> None:
    for name in rule_ids():
        rule = load_rule(name)
        if "from memory" in rule.citation:
            assert rule.data["status"] in ("unconfirmed", "needs-table"), name


def test_code_and_guides_that_are_named_exist() -> None:
    for place in re.findall(r"Code: `([^`]+)`", GUIDE):
        assert (ROOT / place).exists(), place
    for page in re.findall(r"\]\(([\w.-]+)\)", GUIDE):
        assert (ROOT / "docs" / page).is_file(), page
