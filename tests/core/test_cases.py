"""The worked spines of ``tests/cases``, run through the program and through the oracle."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from core.oracle import Body, Finding, grade_spine
from spinegrade.anatomy import LEVELS
from spinegrade.flags import flag_words
from spinegrade.genant import SHAPES, grade_spines
from spinegrade.genant_rule import genant_rule

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "vertebrae.toml").read_text("utf-8"))["spine"]


def by_program(case: dict) -> dict[str, Finding]:
    """Grade a worked spine with the program, as one of 23 levels."""
    heights = np.full((len(LEVELS), 3), np.nan)
    evaluable = np.array([level not in case.get("not_evaluable", []) for level in LEVELS])
    for level, body in zip(case["levels"], case["heights"], strict=True):
        heights[LEVELS.index(level)] = body or np.nan
    rule = genant_rule(case.get("rules", "genant-1993"))
    found = grade_spines(heights, rule, evaluable=evaluable, reference=case.get("reference", "standard"))
    return {
        level: Finding(
            losses=None if np.isnan(found.losses[at]).any() else tuple(found.losses[at].tolist()),
            grade=None if np.isnan(found.grade[at]) else int(found.grade[at]),
            shape=SHAPES[found.shape[at]],
            flags=set(flag_words(int(found.flags[at])).split()),
        )
        for at, level in enumerate(LEVELS)
    }


def by_oracle(case: dict) -> dict[str, Finding]:
    """Grade a worked spine with the plain loop over the words of the design."""
    bodies = dict(zip(case["levels"], case["heights"], strict=True))
    spine = [
        Body(*bodies[level]) if bodies.get(level) and level not in case.get("not_evaluable", []) else None
        for level in LEVELS
    ]
    bounds = "above" if case.get("rules") == "genant-1993-above" else "at-least"
    return dict(zip(LEVELS, grade_spine(spine, case.get("reference", "standard"), bounds), strict=True))


@pytest.mark.parametrize("grader", [by_program, by_oracle])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_spine(case, grader):
    """A worked spine has the losses, grades, shapes and flags that were found by hand."""
    assert set(case["expect"]) <= set(case["levels"])
    found = grader(case)
    for level, expected in case["expect"].items():
        assert set(expected) <= {"grade", "shape", "losses", "flags"}, level
        assert found[level].grade == expected.get("grade"), level
        assert found[level].shape == expected.get("shape", "none"), level
        assert found[level].flags == set(expected.get("flags", "").split()), level
        if "losses" in expected:
            assert found[level].losses == pytest.approx(expected["losses"], abs=1e-6), level
