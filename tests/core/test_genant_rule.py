"""A Genant rule file as numbers, and what is said of one that is defective."""

from __future__ import annotations

import numpy as np
import pytest

from core.oracle import GROWTH
from spinegrade.errors import RuleError
from spinegrade.genant import grade_spines
from spinegrade.genant_rule import genant_rule
from spinegrade.rules import load_rule

TEXT = load_rule("genant-1993").text
BANDS = TEXT[TEXT.index("[[band]]") : TEXT.index("[neighbours]")]
LAST_BAND = BANDS[BANDS.rindex("[[band]]") :]
NEIGHBOURS = TEXT[TEXT.index("[neighbours]") : TEXT.index("[[example]]")]


def written(folder, text: str) -> str:
    """Return the name of a rule file with this text."""
    path = folder / "rule.toml"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize(("name", "bounds"), [("genant-1993", "at-least"), ("genant-1993-above", "above")])
def test_shipped_rules_have_genants_numbers(name, bounds):
    """Both rules grade at 20, 25 and 40 % of height and 10, 20 and 40 % of area."""
    rule = genant_rule(name)
    assert rule.bounds == bounds
    assert rule.bands == (0.20, 0.25, 0.40)
    assert rule.area_bands == (0.10, 0.20, 0.40)
    assert (rule.near_threshold, rule.tie, rule.reach) == (0.02, 0.02, 2)
    assert rule.source.stamp.startswith(f"{name} revision 1 sha256:")


def test_growth_is_computed_and_not_rounded():
    """From 22 mm at T4 to 36 mm at L4 heights grow by (36/22)^(1/12) a level, about 1.042."""
    growth = genant_rule("genant-1993").growth
    assert growth == pytest.approx(GROWTH, rel=1e-14)
    assert growth == pytest.approx(1.042, abs=5e-4)
    assert 22 * growth**12 == pytest.approx(36)


@pytest.mark.parametrize(
    ("loss", "at_least", "above"),
    [
        (-0.3, 0, 0),
        (0.0, 0, 0),
        (0.2 - 1e-8, 0, 0),
        (0.2 - 1e-12, 1, 0),
        (0.2, 1, 0),
        (1 - 16 / 20, 1, 0),
        (0.2 + 1e-12, 1, 0),
        (0.2 + 1e-8, 1, 1),
        (0.25, 2, 1),
        (0.4, 3, 2),
        (0.400001, 3, 3),
        (1.0, 3, 3),
    ],
)
def test_grade_of_a_loss(loss, at_least, above):
    """Rounding moves no loss over a bound, and the two rules differ on the bound alone."""
    loss = np.array([loss])
    assert genant_rule("genant-1993").grade(loss).tolist() == [at_least]
    assert genant_rule("genant-1993-above").grade(loss).tolist() == [above]
    assert genant_rule("genant-1993").reaches_first_band(loss).tolist() == [at_least >= 1]
    assert genant_rule("genant-1993-above").reaches_first_band(loss).tolist() == [above >= 1]


@pytest.mark.parametrize(
    ("loss", "at_least", "above"),
    [(0.0999, 0, 0), (0.1, 1, 0), (0.2, 2, 1), (0.25, 2, 2), (0.4, 3, 2), (0.41, 3, 3), (-1.0, 0, 0)],
)
def test_grade_of_an_area_loss(loss, at_least, above):
    """Areas have bounds of their own."""
    assert genant_rule("genant-1993").grade_area(np.array([loss])).tolist() == [at_least]
    assert genant_rule("genant-1993-above").grade_area(np.array([loss])).tolist() == [above]


def test_loss_that_is_not_known_has_no_grade():
    """NaN is graded NaN, and reaches no band."""
    rule = genant_rule("genant-1993")
    losses = np.array([[np.nan, 0.5], [0.1, np.nan]])
    np.testing.assert_array_equal(rule.grade(losses), [[np.nan, 3], [0, np.nan]])
    np.testing.assert_array_equal(rule.grade_area(losses), [[np.nan, 3], [1, np.nan]])
    assert rule.reaches_first_band(losses).tolist() == [[False, True], [False, False]]


def test_rule_of_ones_own(tmp_path):
    """Other bounds, reach and trend are taken from the file, bands in any order."""
    text = TEXT.replace("min_loss = 0.20", "min_loss = 0.15").replace("reach = 2", "reach = 1")
    text = text.replace("lower_height = 36.0", "lower_height = 22")
    bands = text[text.index("[[band]]") : text.index("[neighbours]")]
    turned = "".join("[[band]]" + band for band in reversed(bands.split("[[band]]")[1:]))
    rule = genant_rule(written(tmp_path, text.replace(bands, turned)))
    assert (rule.bands, rule.area_bands) == ((0.15, 0.25, 0.40), (0.10, 0.20, 0.40))
    assert (rule.reach, rule.growth) == (1, 1.0)
    found = grade_spines([[20, 20, 20], [17, 20, 20], [20, 20, 20]], rule)
    assert found.grade.tolist() == [0, 1, 0]
    assert found.neighbours.reused.tolist() == [True, False, True]  # with a reach of 2: passed over


def test_trend_over_one_level(tmp_path):
    """A trend given between two levels that touch is the growth itself."""
    text = TEXT.replace('"L4"', '"T5"').replace("lower_height = 36.0", "lower_height = 23.1")
    assert genant_rule(written(tmp_path, text)).growth == pytest.approx(1.05)


def test_rule_with_nothing_optional(tmp_path):
    """Measure, examples and the source of the trend may be left out."""
    text = TEXT[: TEXT.index("[[example]]")]
    kept = [line for line in text.splitlines() if not line.startswith(("measure", "source"))]
    assert genant_rule(written(tmp_path, "\n".join(kept))).bands == (0.20, 0.25, 0.40)


DEFECTS = {
    "another kind": ('kind = "genant"', 'kind = "abq"', "kind: expected 'genant', got 'abq'"),
    "no bounds": ('bounds = "at-least"', "", "bounds: expected str, got None"),
    "unknown bounds": ('"at-least"', '"over"', "bounds: expected at-least or above, got 'over'"),
    "bounds as list": ('"at-least"', '["above"]', r"bounds: expected str, got \['above'\]"),
    "no tolerance": ("tolerance = 1e-9", "", "tolerance: expected a number of 0 or more, got None"),
    "tolerance in words": ("= 1e-9", '= "small"', "tolerance: expected a number .*, got 'small'"),
    "negative tolerance": ("= 1e-9", "= -1e-9", "tolerance: expected a number of 0 or more, got -1e-09"),
    "tolerance that is no number": ("= 1e-9", "= nan", "tolerance: expected a number .*, got nan"),
    "infinite tolerance": ("= 1e-9", "= inf", "tolerance: expected a number .*, got inf"),
    "misspelt key": ("near_threshold =", "near_treshold =", "near_threshold: expected a number .*, got None"),
    "threshold as list": ("near_threshold = 0.02", "near_threshold = [1]", r"near_threshold: .*, got \[1\]"),
    "negative tie": ("tie = 0.02", "tie = -0.02", "tie: expected a number of 0 or more, got -0.02"),
    "tie as truth": ("tie = 0.02", "tie = true", "tie: expected a number of 0 or more, got True"),
    "unknown key": ("tie =", 'colour = "red"\ntie =', "rule: expected no other keys, got colour"),
    "no bands": (BANDS, "", "band: expected list, got None"),
    "bands as number": (BANDS, "band = 3\n", "band: expected list, got 3"),
    "bands of numbers": (BANDS, "band = [0.2, 0.25, 0.4]\n", "band: expected dict, got 0.2"),
    "band too few": (LAST_BAND, "", r"band: expected .*, got 2 for \[1, 2\]"),
    "band too many": (LAST_BAND, LAST_BAND + LAST_BAND.replace("3", "4"),
                      r"band: expected one for each of the grades 1, 2 and 3, got 4 for \[1, 2, 3, 4\]"),
    "band twice": (LAST_BAND, LAST_BAND + LAST_BAND, r"band: expected .*, got 4 for \[1, 2, 3\]"),
    "grade twice": ("grade = 2\nmin", "grade = 1\nmin", r"band: expected .*, got 3 for \[1, 3\]"),
    "grade 0": ("grade = 1\nmin", "grade = 0\nmin", r"band: expected .*, got 3 for \[0, 2, 3\]"),
    "grade in words": ("grade = 2\nmin", 'grade = "two"\nmin', "grade: expected int, got 'two'"),
    "grade left out": ("grade = 2\nmin", "min", "grade: expected int, got None"),
    "band key misspelt": ("min_loss = 0.25", "minimum = 0.25", "min_loss: expected a number .*, got None"),
    "band key unknown": ("min_loss = 0.25", "min_loss = 0.25\nmax = 1", "band: .* no other keys, got max"),
    "bound in words": ("min_loss = 0.25", 'min_loss = "25 %"', "min_loss: expected a number .*, got '25 %'"),
    "bound that is no number": ("min_loss = 0.25", "min_loss = nan", "min_loss: .*, got nan"),
    "bounds that fall": ("min_loss = 0.25", "min_loss = 0.45",
                         r"min_loss: expected three bounds rising between 0 and 1, got \[0.2, 0.45, 0.4\]"),
    "bounds alike": ("min_loss = 0.25", "min_loss = 0.20", r"min_loss: expected three .*\[0.2, 0.2, 0.4\]"),
    "bound of nothing": ("min_loss = 0.20", "min_loss = 0.0", r"min_loss: expected three .*\[0.0, 0.25"),
    "bound of all": ("min_loss = 0.40", "min_loss = 1", r"min_loss: expected three .*0.25, 1.0\]"),
    "percent for fraction": ("min_loss = 0.40", "min_loss = 40", r"min_loss: expected three .*0.25, 40.0\]"),
    "area bounds that fall": ("min_area_loss = 0.20", "min_area_loss = 0.9", "min_area_loss: expected three"),
    "no neighbours": (NEIGHBOURS, "", "neighbours: expected dict, got None"),
    "neighbours as number": (NEIGHBOURS, "[[x]]\n", "neighbours: expected dict, got None"),
    "no reach": ("reach = 2", "", "reach: expected int, got None"),
    "reach of 0": ("reach = 2", "reach = 0", "neighbours: reach: expected 1 to 22, got 0"),
    "reach beyond the spine": ("reach = 2", "reach = 23", "neighbours: reach: expected 1 to 22, got 23"),
    "reach of a part": ("reach = 2", "reach = 2.5", "reach: expected int, got 2.5"),
    "reach in words": ("reach = 2", 'reach = "far"', "reach: expected int, got 'far'"),
    "unknown level": ('"L4"', '"S1"', r"level: expected one of C3\.\.L6, got 'S1'"),
    "level as number": ('"L4"', "4", "lower_level: expected str, got 4"),
    "level left out": ('upper_level = "T4"', "", "upper_level: expected str, got None"),
    "one level for both": ('"L4"', '"T4"', "neighbours: .* at an upper and a lower level"),
    "levels upside down": ('"L4"', '"T3"', "neighbours: .* at an upper and a lower level"),
    "height of 0": ("= 22.0", "= 0.0", "neighbours: expected heights above 0"),
    "negative height": ("= 36.0", "= -36.0", "lower_height: expected a number of 0 or more, got -36.0"),
    "height in words": ("= 36.0", '= "36 mm"', "lower_height: expected a number .*, got '36 mm'"),
    "neighbours key unknown": ("reach = 2", "reach = 2\nmode = 1", "neighbours: .* no other keys, got mode"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), DEFECTS.values(), ids=DEFECTS)
def test_defective_rule_is_refused(tmp_path, old, new, words):
    """A rule file with a defect is refused in one line that names the file, the key and what it got."""
    assert TEXT.count(old) >= 1
    name = written(tmp_path, TEXT.replace(old, new))
    with pytest.raises(RuleError, match=rf"rule\.toml: {words}") as caught:
        genant_rule(name)
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("rule.toml") == 1


def test_file_that_cannot_be_read_is_refused_here_too(tmp_path):
    """What is no rule file at all is refused as `load_rule` does."""
    with pytest.raises(RuleError, match=r"expected TOML in UTF-8"):
        genant_rule(written(tmp_path, "bands: [20, 25, 40]"))
    with pytest.raises(RuleError, match=r"expected .*genant-1993, genant-1993-above.* or a \.toml file"):
        genant_rule("eastell")
