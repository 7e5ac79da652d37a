"""The guide says of every rule and switch what the program says."""

from __future__ import annotations

from pathlib import Path

from spinegrade.osteoporosis.rule import osteoporosis_rules
from spinegrade.osteoporosis.switches import Switches
from spinegrade.patients.columns import TABLES

GUIDE = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text("utf-8")


def test_every_rule_is_in_the_table_with_its_status():
    for one in osteoporosis_rules():
        (line,) = (line for line in GUIDE.splitlines() if line.startswith(f"| {one.code} |"))
        assert f"`{one.source.id}`" in line
        assert line.endswith(f"| {one.status} |")
        assert one.source.title in line


def test_every_switch_is_there_with_its_default():
    for word in f"{Switches()}".split():
        name, value = word.split("=")
        assert f"| `{name}` | {value} |" in GUIDE


def test_every_column_is_there():
    for columns in TABLES.values():
        for column in columns:
            assert f"`{column.name}`" in GUIDE
