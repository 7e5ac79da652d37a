"""Rule files: what they say of themselves, and whether their own examples hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import spinegrade.rules
from spinegrade.errors import RuleError, SpinegradeError
from spinegrade.genant import SHAPES, classify_shape
from spinegrade.genant_rule import genant_rule
from spinegrade.rules import load_rule, rule_ids

HEADER = """\
id = "mine"
revision = 4
kind = "anything"
title = "A rule"
citation = "Somebody. J Imag 2000;1:1."
doi = "10.1000/1"
"""

FOLDER = Path(spinegrade.rules.__file__).parent

GENANT = [name for name in rule_ids() if load_rule(name).kind == "genant"]

EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{number}")
    for name in GENANT
    for number, example in enumerate(load_rule(name).data["example"])
]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_worked_example_of_a_rule_file(name, example):
    """A rule grades and names the shape of its own worked examples as it says it does."""
    assert set(example) <= {"heights", "expected", "grade", "shape"}
    rule = genant_rule(name)
    losses = 1.0 - np.array(example["heights"])[:, None] / np.array(example["expected"])[:, None]
    grade = rule.grade(np.maximum(losses.max(axis=0), 0.0))
    assert grade.tolist() == [example["grade"]]
    shape, _ = classify_shape(losses, grade, rule)
    assert SHAPES[shape[0]] == example.get("shape", "none")


@pytest.mark.parametrize("name", GENANT)
def test_every_grade_has_a_worked_example_next_to_it(name):
    """A rule file shows a body that is normal, one with a shape, and a body on a bound."""
    examples = load_rule(name).data["example"]
    assert {0, 1, 2} <= {example["grade"] for example in examples}
    losses = [1 - min(e["heights"]) / max(e["expected"]) for e in examples]
    assert any(abs(loss - bound) < 1e-9 for loss in losses for bound in (0.20, 0.25, 0.40))


def test_rules_that_come_along():
    """Two rules of grading are shipped, and every rule is filed under its own id."""
    assert GENANT == ["genant-1993", "genant-1993-above"]
    for name in rule_ids():
        assert load_rule(name).id == name


@pytest.mark.parametrize("name", rule_ids())
def test_rule_says_where_it_comes_from(name):
    """A rule has a revision, a citation and, where one is known, a DOI."""
    rule = load_rule(name)
    assert rule.revision >= 1
    assert len(rule.citation) > 20
    assert not rule.doi or rule.doi.startswith("10.")


@pytest.mark.parametrize("name", rule_ids())
def test_stamp_identifies_the_bytes_of_the_file(name):
    """The stamp carries id, revision and the SHA-256 of the file as it is shipped."""
    content = (FOLDER / f"{name}.toml").read_bytes()
    rule = load_rule(name)
    assert rule.stamp == f"{name} revision {rule.revision} sha256:{hashlib.sha256(content).hexdigest()}"
    assert rule.text.encode() == content


def test_line_ends_do_not_change_the_hash(tmp_path):
    """A rule checked out with Windows line ends is the same rule."""
    content = (FOLDER / "genant-1993.toml").read_bytes()
    windows = tmp_path / "windows.toml"
    windows.write_bytes(content.replace(b"\n", b"\r\n"))
    assert load_rule(str(windows)).stamp == load_rule("genant-1993").stamp


def test_any_other_change_changes_the_hash(tmp_path):
    """A rule with a threshold moved has another hash."""
    text = (FOLDER / "genant-1993.toml").read_text("utf-8")
    moved = tmp_path / "moved.toml"
    moved.write_text(text.replace("min_loss = 0.20", "min_loss = 0.21"), "utf-8")
    assert load_rule(str(moved)).sha256 != load_rule("genant-1993").sha256


def test_file_of_ones_own(tmp_path):
    """A rule file can lie anywhere; what the header does not name stays as data."""
    path = tmp_path / "my.toml"
    path.write_text(HEADER + 'extra = [1, 2]\nnote = "mm\u00b2"\n', "utf-8")
    rule = load_rule(str(path))
    assert (rule.id, rule.revision, rule.kind) == ("mine", 4, "anything")
    assert rule.data == {"extra": [1, 2], "note": "mm\u00b2"}


@pytest.mark.parametrize("name", ["genant", "genant-1994", "", "../rules/genant-1993", "GENANT-1993"])
def test_unknown_rule_is_refused(name):
    """A name that no rule has is refused with the names there are."""
    with pytest.raises(RuleError, match=r"expected .*genant-1993, genant-1993-above.* or a \.toml file, got"):
        load_rule(name)


@pytest.mark.parametrize("key", ["id", "revision", "kind", "title", "citation", "doi"])
@pytest.mark.parametrize("value", [None, "[]", "true", "1.5"])
def test_header_must_be_complete(tmp_path, key, value):
    """A rule that leaves out a part of its header, or gives it another type, is refused by its name."""
    lines = [line for line in HEADER.splitlines() if not line.startswith(key)]
    if value is not None:
        lines.append(f"{key} = {value}")
    path = tmp_path / "header.toml"
    path.write_text("\n".join(lines))
    with pytest.raises(RuleError, match=rf"header\.toml: {key}: expected (str|int), got") as caught:
        load_rule(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"id = ", "expected TOML in UTF-8, got: Invalid value"),
        (b'id = "a"\nid = "b"\n', "expected TOML in UTF-8, got: Cannot overwrite"),
        (b'title = "\xff"', "expected TOML in UTF-8, got: 'utf-8' codec"),
        (b"", "id: expected str, got None"),
    ],
)
def test_file_that_is_not_toml(tmp_path, content, words):
    """What is not TOML in UTF-8 is refused in one line with the file and the reason."""
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(RuleError, match=rf"broken\.toml: {words}") as caught:
        load_rule(str(path))
    assert "\n" not in str(caught.value)


def test_file_that_is_not_there(tmp_path):
    """A file that does not exist, or is a folder, is refused with its name."""
    with pytest.raises(RuleError, match=r"gone\.toml: expected a rule file, got No such file"):
        load_rule(str(tmp_path / "gone.toml"))
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(SpinegradeError, match=r"folder\.toml: expected a rule file, got"):
        load_rule(str(tmp_path / "folder.toml"))
