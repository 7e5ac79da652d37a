"""Koerber's score: nothing without weights, and with made-up ones what a hand works out."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from spinegrade.anatomy import LEVELS
from spinegrade.errors import RuleError
from spinegrade.genant import SHAPES
from spinegrade.qualitative.form import load_form
from spinegrade.qualitative.koerber import load_weights, severity

WEIGHTS = """\
id = "made-up"
revision = 1
kind = "koerber-weights"
title = "Made-up weights"
citation = "Nobody: these numbers mean nothing."
doi = ""
status = "confirmed"
confirmed_by = "made up for a test"
levels = "T12-L2"

[compression]
weight = 1.0
combine = "sum"
bands = [{ least = 20.0, points = 1.0 }, { least = 40.0, points = 2.0 }]

[kyphosis]
weight = 2.0
bands = [{ least = 10.0, points = 1.0 }]

[deformity]
weight = 0.5
combine = "largest"
points = { none = 0.0, wedge = 1.0, biconcave = 2.0, crush = 3.0 }

[[classes]]
name = "mild"
least = 1.0

[[classes]]
name = "severe"
least = 4.0
"""


def weights(tmp_path, old="", new=""):
    path = tmp_path / "weights.toml"
    assert old in WEIGHTS
    path.write_text(WEIGHTS.replace(old, new, 1), "utf-8")
    return load_weights(str(path))


def spine(losses, shapes, tilt):
    """Return losses and shapes of T12, L1, L2 and landmarks of which L2's lower plate tilts, in degrees."""
    at = slice(LEVELS.index("T12"), LEVELS.index("L2") + 1)
    loss, shape = np.full(len(LEVELS), np.nan), np.zeros(len(LEVELS), dtype=int)
    loss[at], shape[at] = losses, [SHAPES.index(one) for one in shapes]
    points = np.full((len(LEVELS), 6, 2), np.nan)
    box = np.array([(0, 0), (0, 10), (0, 20), (20, 0), (20, 10), (20, 20)], dtype=float)
    for n in range(3):
        points[at][n] = box + np.array([30 * n, 0])
    points[at][2, 3:, 0] += np.tan(np.radians(tilt)) * np.array([0, 10, 20])
    return loss, shape, points


def test_without_weights_there_is_no_score():
    found = load_form("koerber-2012").outcome({})
    assert (found.category, found.missing) == (None, "weights")
    assert "needs a file of weights" in found.words
    assert load_form("koerber-2012").questions == ()


def test_worked_by_hand(tmp_path):
    """1 (20 %) + 0 + 2 (45 %) = 3; 15 degrees: 1 * 2; largest shape biconcave: 2 * 0.5; 6 in all."""
    found = severity(*spine([0.20, 0.0, 0.45], ["wedge", "none", "biconcave"], 15.0), weights(tmp_path))
    assert found.terms.tolist() == [3.0, 1.0, 2.0]
    assert found.kyphosis == pytest.approx(15.0)
    assert (found.score.item(), found.category.item()) == (6.0, 1)


def test_weights_carry_the_stamp_of_their_file(tmp_path):
    assert weights(tmp_path).stamp.startswith("made-up revision 1 sha256:")
    assert evolve(weights(tmp_path), source=None).stamp == ""


def test_many_spines_as_one_by_one(tmp_path):
    one = spine([0.0, 0.0, 0.0], ["none"] * 3, 0.0)
    other = spine([0.0, 0.25, 0.0], ["none", "wedge", "none"], 0.0)
    both = severity(*(np.stack(pair) for pair in zip(one, other, strict=True)), weights(tmp_path))
    assert both.score.tolist() == [0.0, 1.5]
    assert both.category.tolist() == [-1, 0]  # below the first class there is none


@pytest.mark.parametrize("losing", ["a loss", "a corner", "points for the shape"])
def test_what_is_missing_leaves_the_score_open(tmp_path, losing):
    loss, shape, points = spine([0.3, 0.3, 0.3], ["wedge"] * 3, 20.0)
    if losing == "a loss":
        loss[LEVELS.index("L1")] = np.nan
    elif losing == "a corner":
        points[LEVELS.index("T12"), 0] = np.nan
    else:
        shape[LEVELS.index("L1")] = SHAPES.index("mixed")
    found = severity(loss, shape, points, weights(tmp_path))
    assert np.isnan(found.score)
    assert found.category == -1


def test_without_bands_the_value_itself_counts(tmp_path):
    text = "bands = [{ least = 20.0, points = 1.0 }, { least = 40.0, points = 2.0 }]\n"
    found = severity(*spine([0.1, 0.2, 0.3], ["none"] * 3, 0.0), weights(tmp_path, text))
    assert found.terms[0] == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "koerber-weights"', 'kind = "form"', "kind: expected 'koerber-weights', got 'form'"),
        ('status = "confirmed"', 'status = "unconfirmed"', "expected status 'confirmed' and confirmed_by"),
        ('"made up for a test"', '" "', "expected status 'confirmed' and confirmed_by"),
        ('levels = "T12-L2"', 'levels = "L2-T12"', "expected the upper level first"),
        ("citation", "citation_of", "citation: expected str, got None"),
        ('levels = "T12-L2"', 'levels = "T12-L2"\nsource = 1', "expected no other keys, got source"),
        ('levels = "T12-L2"', 'levels = "T12-L2"\nformula = "a*b"', "expected no key 'formula'"),
        ("crush = 3.0", "flat = 3.0", "deformity.points: expected shapes, .* got 'flat'"),
        (
            "weight = 2.0",
            'weight = 2.0\nupper = "L4"',
            "expected the upper level above the lower, got L4 and L2",
        ),
        ("least = 40.0", "least = 10.0", r"compression.bands: expected rising bounds, got \[20.0, 10.0\]"),
        ("least = 4.0", "least = 1.0", r"classes: expected rising bounds, got \[1.0, 1.0\]"),
        ('levels = "T12-L2"', 'levels = "T12-X"', "levels as in T4-L4"),
        ("weight = 2.0", 'weight = 2.0\nupper = "T99"', "upper: expected one of C3, .* got 'T99'"),
        (
            'combine = "sum"',
            'combine = "product"',
            "combine: expected one of sum, mean, largest, got 'product'",
        ),
        ("weight = 0.5", "weight = inf", "weights.toml: deformity"),
    ],
)
def test_weights_that_are_wrong(tmp_path, old, new, words):
    with pytest.raises(RuleError, match=words):
        weights(tmp_path, old, new)
