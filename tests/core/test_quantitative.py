"""Quantitative morphometry on norms: worked cases, and what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from norms.norm_files import norm
from spinegrade.anatomy import LEVELS
from spinegrade.errors import RuleError
from spinegrade.norms import load_norm
from spinegrade.norms.measures import MEASURES
from spinegrade.quantitative import CRITERIA, find_deformities, minne_index
from spinegrade.quantitative_rule import METHODS, quantitative_rule
from spinegrade.rules import load_rule

nan = np.nan
CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "quantitative.toml").read_text("utf-8"))["case"]
T4, T11, T12, L1 = (LEVELS.index(level) for level in ("T4", "T11", "T12", "L1"))
UNCONFIRMED = ("black-1991", "eastell-1991", "mccloskey-1993", "melton-1989", "minne-1988")

MEANS = dict.fromkeys(MEASURES, (1.0, 0.04)) | {
    "wedge_ratio": (0.95, 0.05),
    "biconcave_ratio": (0.90, 0.04),
    "anterior_predicted": (0.95, 0.05),
    "middle_predicted": (0.90, 0.05),
    "posterior_predicted": (1.00, 0.05),
}


def flat_norm(levels=LEVELS, measures=MEANS):
    """Return a norm with the same numbers at every level, for everybody."""
    return norm(
        f"{name},{level},any,,,{mean},{sd}" for name, (mean, sd) in measures.items() for level in levels
    )


NORM = flat_norm()


def rule(tmp_path, method, cuts):
    """Return a rule of one's own: what ships, with the numbers filled in."""
    name = next(one for one in UNCONFIRMED if load_rule(one).data["method"] == method)
    text = load_rule(name).text.replace('status = "unconfirmed"', f'status = "confirmed"\ncuts = {cuts}')
    path = tmp_path / "own.toml"
    path.write_text(text.replace("missing =", 'confirmed_by = "this test"\nmissing ='), "utf-8")
    return quantitative_rule(str(path))


def spine(body, *, wide=False):
    """Return the heights of a spine with this body at T12 between normal ones."""
    heights = np.full((len(LEVELS), 3), nan)
    reach = 2 if wide else 1
    heights[T12 - reach : T12 + reach + 1] = [19.0, 18.0, 20.0]
    heights[T12] = body
    return heights


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(tmp_path, case):
    """A body is deformed, by which criteria and of what grade, as was worked out by hand."""
    found = find_deformities(
        spine(case["body"], wide=case.get("wide", False)), NORM, rule(tmp_path, case["method"], case["cuts"])
    )
    expected = case.get("deformed", nan)
    assert found.deformed[T12] == pytest.approx(expected, nan_ok=True)
    assert found.grade[T12] == pytest.approx(case.get("grade", expected), nan_ok=True)
    met = [name for name, one in zip(CRITERIA, found.criteria[T12], strict=True) if one == 1]
    assert met == case.get("criteria", [])


EXAMPLES = load_rule("three-ratios-3sd").data["example"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_worked_example_of_the_confirmed_rule(example):
    """z-scores of the file's own examples, made heights: the posterior one first, then those before it."""
    z = {name: example[name] for name in ("wedge_ratio", "biconcave_ratio", "posterior_above")}
    wedge, biconcave, posterior = (MEANS[name][0] + score * MEANS[name][1] for name, score in z.items())
    heights = spine([wedge * posterior * 20, biconcave * posterior * 20, posterior * 20])
    heights[L1] = heights[T12]  # alike, so that only the vertebra above can make it low
    found = find_deformities(heights, NORM, quantitative_rule("three-ratios-3sd"))
    assert found.deformed[T12] == example["deformed"]


def test_any_number_of_spines_at_once():
    """Many spines give what each gives alone, whatever the leading axes."""
    rng = np.random.default_rng(3)
    heights = rng.uniform(12, 22, (2, 5, len(LEVELS), 3))
    heights[rng.random(heights.shape) < 0.1] = nan
    black = quantitative_rule("three-ratios-3sd")
    every = find_deformities(heights, NORM, black)
    for place in np.ndindex(2, 5):
        one = find_deformities(heights[place], NORM, black)
        np.testing.assert_array_equal(every.deformed[place], one.deformed)
        np.testing.assert_array_equal(every.criteria[place], one.criteria)


def test_units_do_not_matter():
    rng = np.random.default_rng(4)
    heights = rng.uniform(12, 22, (50, len(LEVELS), 3))
    black = quantitative_rule("three-ratios-3sd")
    np.testing.assert_array_equal(
        find_deformities(heights, NORM, black).deformed, find_deformities(heights * 5.0, NORM, black).deformed
    )


def test_end_of_a_norm_has_one_neighbour():
    """T11 of a norm of T11-L1 with no number against T10 is judged by T12 alone, and can be normal."""
    ends = norm(
        [
            *(f"{name},{level},any,,,{MEANS[name][0]},{MEANS[name][1]}"
              for name in ("wedge_ratio", "biconcave_ratio") for level in ("T11", "T12", "L1")),
            *(f"posterior_above,{level},any,,,1.0,0.04" for level in ("T12", "L1")),
            *(f"posterior_below,{level},any,,,1.0,0.04" for level in ("T11", "T12")),
        ]
    )  # fmt: skip
    black = quantitative_rule("three-ratios-3sd")
    whole = find_deformities(spine([19.0, 18.0, 20.0]), ends, black)
    assert whole.deformed[[T11, T12, L1]].tolist() == [0, 0, 0]
    alone = spine([19.0, 18.0, 20.0])
    alone[[T11, L1]] = nan
    assert np.isnan(find_deformities(alone, ends, black).deformed[T12])


def test_level_sex_or_age_without_a_norm_is_not_judged():
    """What the norm does not know is left open, never taken for normal."""
    upper = flat_norm(LEVELS[:T12])
    black = quantitative_rule("three-ratios-3sd")
    assert np.isnan(find_deformities(spine([10.0, 10.0, 20.0]), upper, black).deformed[T12])
    women = norm(["wedge_ratio,T12,female,40,50,0.95,0.05"])
    found = find_deformities(
        np.stack([spine([10.0, 18.0, 20.0])] * 4), women, black, sex=[0, 1, 0, -1], age=[45, 45, 55, 45]
    )
    assert found.criteria[:, T12, 0].tolist() == pytest.approx([1, nan, nan, nan], nan_ok=True)


def test_a_grade_that_could_be_higher_is_left_open(tmp_path):
    """Low by 3.5 SD in front and behind against the vertebra above: deformed at 3 SD, not at 4.

    Against the one below it is low by more than 4 SD in front; that one's posterior height is missing, so
    grade 2 cannot be excluded, unless it is not low in front.
    """
    eastell = rule(tmp_path, "eastell", [3.0, 4.0])
    heights = spine([0.86 * 19.0, 0.86 * 18.0, 0.86 * 20.0])
    whole = find_deformities(heights, NORM, eastell)
    assert (whole.deformed[T12], whole.grade[T12]) == (1, 1)
    heights[L1] = [25.0, 18.0, nan]
    half = find_deformities(heights, NORM, eastell)
    assert half.deformed[T12] == 1
    assert np.isnan(half.grade[T12])
    heights[L1, 0] = 18.0
    assert find_deformities(heights, NORM, eastell).grade[T12] == 1


@pytest.mark.parametrize("method", ["melton", "black", "eastell"])
def test_a_criterion_that_a_method_does_not_have_is_open(tmp_path, method):
    cuts = {"melton": [0.8], "black": [3.0], "eastell": [3.0, 4.0]}[method]
    found = find_deformities(spine([19.0, 18.0, 20.0]), NORM, rule(tmp_path, method, cuts))
    assert found.deformed[T12] == 0
    assert np.isnan(found.criteria[..., CRITERIA.index("posterior wedge")]).all()


@pytest.mark.parametrize(("method", "cuts"), [("black", [3.0]), ("minne", [2.0])])
def test_a_norm_of_percentiles_is_refused(tmp_path, method, cuts):
    """It has neither means nor SDs: every vertebra would stay empty."""
    find = minne_index if method == "minne" else find_deformities
    with pytest.raises(RuleError, match=r"norm gaca-2010: expected means and SDs for .*, got a percentile"):
        find(spine([19.0, 18.0, 20.0]), load_norm("gaca-2010"), rule(tmp_path, method, cuts), age=9)


class TestMinne:
    """Heights over T4's: norm 1.0, SD 0.04 for each; a cut of 2 SD makes the limit 0.92."""

    def heights(self):
        heights = np.full((len(LEVELS), 3), nan)
        heights[T4] = 20.0
        heights[T11] = [20.0, 20.0, 20.0]
        return heights

    def test_deficits_add_up(self, tmp_path):
        heights = self.heights()
        heights[T12] = [16.0, 17.0, 20.0]  # 0.80, 0.85: deficits 0.12 and 0.07
        found = minne_index(heights, NORM, rule(tmp_path, "minne", [2.0]))
        assert found.index == pytest.approx(0.19)
        assert found.deficits[T12] == pytest.approx([0.12, 0.07, 0.0])
        assert found.judged == 2

    def test_without_t4_there_is_none(self, tmp_path):
        heights = self.heights()
        heights[T4] = nan
        found = minne_index(heights, NORM, rule(tmp_path, "minne", [2.0]))
        assert np.isnan(found.index)
        assert found.judged == 0

    def test_t4_is_not_compared_with_itself(self, tmp_path):
        found = minne_index(self.heights(), NORM, rule(tmp_path, "minne", [2.0]))
        assert (found.index, found.judged) == (0, 1)

    def test_norm_without_t4(self, tmp_path):
        found = minne_index(
            self.heights(), norm(["wedge_ratio,T12,any,,,1,0.1"]), rule(tmp_path, "minne", [2.0])
        )
        assert np.isnan(found.index)


class TestRules:
    @pytest.mark.parametrize("name", UNCONFIRMED)
    def test_unconfirmed_rules_have_no_numbers_and_are_refused(self, name):
        """A number that is known from memory does not even stand in the file."""
        data = load_rule(name).data
        assert data["status"] == "unconfirmed"
        assert "cuts" not in data
        with pytest.raises(RuleError, match=r"not enabled: .*paper") as caught:
            quantitative_rule(name)
        assert "\n" not in str(caught.value)

    def test_every_method_has_its_rule_file(self):
        assert {load_rule(name).data["method"] for name in UNCONFIRMED} == set(METHODS)

    def test_a_genant_rule_is_none(self):
        with pytest.raises(RuleError, match="genant-1993: kind: expected 'quantitative', got 'genant'"):
            quantitative_rule("genant-1993")

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ('method = "black"', 'method = "blank"', "method: expected one of melton, eastell"),
            ("cuts = [3.0]", "", r"cuts: expected 1 rising number\(s\) above 0, got None"),
            ("cuts = [3.0]", "cuts = [3.0, 4.0]", "cuts: expected 1"),
            ("cuts = [3.0]", "cuts = [-3.0]", "cuts: expected 1"),
            ("cuts = [3.0]", "cuts = [true]", "cuts: expected 1"),
            ("cuts = [3.0]", "cuts = 3.0", "cuts: expected 1"),
            ("tolerance = 1e-9", "", "tolerance: expected a number above 0, got None"),
            ("tolerance", "colour = 1\ntolerance", "expected no other keys, got colour"),
            ("confirmed_by", "missing", "expected status confirmed and confirmed_by"),
            ('status = "confirmed"', 'status = "sure"', "expected status confirmed and confirmed_by"),
        ],
    )
    def test_defects_are_named(self, tmp_path, old, new, words):
        text = load_rule("three-ratios-3sd").text
        assert old in text
        path = tmp_path / "own.toml"
        path.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(RuleError, match=words):
            quantitative_rule(str(path))

    @pytest.mark.parametrize("cut", [85, 1.0])
    def test_a_share_of_the_mean_is_no_percentage(self, tmp_path, cut):
        with pytest.raises(RuleError, match=r"cuts: expected a share of the normal mean below 1, .*, got"):
            rule(tmp_path, "melton", [cut])
        assert rule(tmp_path, "melton", [0.85]).cuts == (0.85,)

    def test_two_cuts_alike_do_not_rise(self, tmp_path):
        with pytest.raises(RuleError, match=r"cuts: expected 2 rising number\(s\) above 0, got \[3.0, 3.0\]"):
            rule(tmp_path, "eastell", [3.0, 3.0])

    def test_cuts_must_rise(self, tmp_path):
        with pytest.raises(RuleError, match="cuts: expected 2 rising"):
            rule(tmp_path, "eastell", [4.0, 3.0])
