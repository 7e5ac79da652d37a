"""Two dates compared: the rule files, worked pairs, growing children, reshaping, and what cannot be told."""

from __future__ import annotations

import itertools
import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.anatomy import GRADED, LEVELS
from spinegrade.assess import Method, PointSd
from spinegrade.errors import ReadingError, RuleError, SpinegradeError
from spinegrade.followup.asking import Asking
from spinegrade.followup.change import Seen, measure_change, within_least_significant
from spinegrade.followup.cohort_rows import time_to_reshaping
from spinegrade.followup.compare import compare
from spinegrade.followup.counting import counted_otherwise
from spinegrade.followup.outcome import OUTCOMES, judge
from spinegrade.followup.pairs import PAIR_CHOICES, mixed_dates, pair_readings
from spinegrade.followup.remarks import Remark, remark_words
from spinegrade.followup.reshaping import (
    RESHAPINGS,
    find_episodes,
    patient_reshaping,
    reshaping_class,
)
from spinegrade.followup.rule import (
    FollowUpRule,
    Needs,
    follow_up_rule,
    follow_up_rules,
    reshaping_rule,
)
from spinegrade.followup.tables import PATIENT_SCHEMA, VERTEBRA_SCHEMA, patient_rows, vertebra_rows
from spinegrade.genant import grade_spines
from spinegrade.genant_rule import genant_rule
from spinegrade.morphometry import PixelSpacing, measure_heights
from spinegrade.phantom.scene import Beam, Fracture, FractureKind, Person, Scene
from spinegrade.phantom.skeleton import build
from spinegrade.phantom.truth import find_truth
from spinegrade.rules import load_rule
from spines import heights, sound, table

FOLDER = Path(__file__).parents[2] / "src" / "spinegrade" / "rules"
CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "followup.toml").read_text("utf-8"))["pair"]
SHARED = Path(__file__).parents[3] / "shared" / "data"
GENANT = genant_rule("genant-1993")

ENABLED = ("followup-sq", "followup-growth", "followup-wu-1995", "followup-wu-1995-6mm")
UNCONFIRMED = ("followup-sof", "followup-sq-sof", "followup-epos")


def read_in_source(name, folder):
    """Return the file of a rule as somebody who has read the source would keep it."""
    path = folder / f"{name}.toml"
    text = (FOLDER / f"{name}.toml").read_text("utf-8").replace("mccloskey-1993", "mccloskey.toml")
    path.write_text(text.replace('status = "unconfirmed"', 'status = "confirmed"'), "utf-8")
    method = load_rule("mccloskey-1993").text.replace("missing =", 'confirmed_by = "this test"\nmissing =')
    method = method.replace('status = "unconfirmed"', 'status = "confirmed"\ncuts = [3.0]')
    (folder / "mccloskey.toml").write_text(method, "utf-8")
    return str(path)


def seen(values, **others):
    """Return what a reader of these heights saw, graded by the program."""
    sides = np.asarray(values, dtype=float)
    return Seen(sides, grade_spines(sides, GENANT).grade, **others)


def followed(first, second, rule, **others):
    """Return the change and the outcomes in words of two dates."""
    change = measure_change(first, second, rule, **others)
    return change, [OUTCOMES[place] for place in judge(first, second, change, rule).ravel()]


class TestRuleFiles:
    def test_there_are_eight_and_three_are_off(self):
        """What comes from memory is there to be compared with its source, and cannot be used."""
        assert {rule.id for rule in follow_up_rules()} == {*ENABLED, *UNCONFIRMED, "reshaping-2024"}
        for rule in follow_up_rules():
            assert (rule.data["status"] == "unconfirmed") == (rule.id in UNCONFIRMED)

    @pytest.mark.parametrize("name", [*ENABLED, *UNCONFIRMED])
    def test_worked_examples(self, name, tmp_path):
        """The examples of a rule file come out as it says, with the growth that they give."""
        rule = follow_up_rule(read_in_source(name, tmp_path))
        for example in load_rule(name).data["example"]:
            assert set(example) <= {"grades", "deformed", "first", "second", "growth", "outcome"}
            sides = [
                Seen([example[which]], [grade], deformed=np.array([deformed]))
                for which, grade, deformed in zip(
                    ("first", "second"), example["grades"], example.get("deformed", [0, 0]), strict=True
                )
            ]
            _, outcomes = followed(*sides, rule, growth=example.get("growth", 1.0))
            assert outcomes == [example["outcome"]], example

    def test_worked_examples_of_reshaping(self):
        rule = reshaping_rule("reshaping-2024")
        for example in load_rule("reshaping-2024").data["example"]:
            found = reshaping_class(*example["grades"], example["months"], rule)
            assert RESHAPINGS[int(found)] == example["class"], example

    @pytest.mark.parametrize("name", UNCONFIRMED)
    def test_numbers_from_memory_cannot_be_used(self, name):
        with pytest.raises(RuleError, match=f"{name}: expected a rule whose numbers were read in a source"):
            follow_up_rule(name)

    @pytest.mark.parametrize(
        ("name", "needs"),
        [
            ("followup-sq", Needs(min_rise=1)),
            ("followup-growth", Needs(min_loss=0.20)),
            ("followup-wu-1995", Needs(min_loss=0.15, min_mm=3.0)),
            ("followup-wu-1995-6mm", Needs(min_mm=6.0)),
        ],
    )
    def test_bounds_are_those_of_clinical_md(self, name, needs):
        assert follow_up_rule(name).needs == needs
        assert follow_up_rule(name).stamp == load_rule(name).stamp

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                ("[needs]\nmin_loss = 0.20", "[needs]"),
                "expected min_rise, min_loss, min_mm or deformed_by, got none",
            ),
            (("min_loss = 0.20", "min_loss = 0.20\nmin_mm = 4.0"), "needs.min_mm: expected scale 'none'"),
            (('scale = "growth"', 'scale = "size"'), "scale"),
            (('status = "derived"', 'status = "thought"'), "status: expected one of confirmed, derived"),
            (('kind = "follow-up"', 'kind = "reshaping"'), "kind: expected 'follow-up', got 'reshaping'"),
            (("reach = 2", "reach = 2\nspeed = 3"), "speed"),
            (("reach = 2", 'reach = 2\nsource = "x"'), "expected no other keys, got source"),
            (("reach = 2", "reach = 2\n[deformity]\n"), "expected no other keys, got deformity"),
            (
                ("min_loss = 0.20", 'deformed_by = "eastell-1991"'),
                "needs.deformed_by: eastell-1991: expected status",
            ),
            (("min_loss = 0.20", 'deformed_by = "no.toml"'), "needs.deformed_by: .*no.toml: "),
            (
                ("min_loss = 0.20", 'deformed_by = "genant-1993"'),
                "needs.deformed_by: genant-1993: kind: expected",
            ),
        ],
    )
    def test_a_rule_that_makes_no_sense_is_refused(self, tmp_path, change, words):
        text = (FOLDER / "followup-growth.toml").read_text("utf-8")
        assert change[0] in text
        path = tmp_path / "mine.toml"
        path.write_text(text.replace(*change), "utf-8")
        with pytest.raises(RuleError, match=words) as caught:
            follow_up_rule(str(path))
        assert "\n" not in str(caught.value)

    def test_an_index_of_the_spine_says_nothing_of_a_vertebra(self, tmp_path):
        path = read_in_source("followup-epos", tmp_path)
        method = (tmp_path / "mccloskey.toml").read_text("utf-8").replace('"mccloskey"', '"minne"')
        (tmp_path / "mccloskey.toml").write_text(method, "utf-8")
        with pytest.raises(
            RuleError, match="expected a rule of melton, black, eastell, mccloskey, got minne"
        ):
            follow_up_rule(path)

    def test_a_rule_names_the_method_by_which_a_vertebra_is_deformed(self, tmp_path):
        stamp = follow_up_rule(read_in_source("followup-epos", tmp_path)).stamp
        assert [one.split()[0] for one in stamp.split("; ")] == ["followup-epos", "mccloskey-1993"]

    def test_deformities_that_nobody_looked_for_are_asked_for(self, tmp_path):
        rule = follow_up_rule(read_in_source("followup-epos", tmp_path))
        sides = [Seen([[24.0, 24.0, 24.0]], [0])] * 2
        with pytest.raises(ReadingError, match="deformed: expected arrays of both dates"):
            followed(*sides, rule)

    @pytest.mark.parametrize(
        ("deformed", "outcome"),
        [
            ((0, 1), "incident"), ((1, 1), "unchanged"), ((np.nan, 0), "unchanged"),
            ((np.nan, 1), "indeterminate"), ((0, np.nan), "indeterminate"), ((1, np.nan), "unchanged"),
        ],
    )  # fmt: skip
    def test_what_a_norm_does_not_tell_is_not_told(self, tmp_path, deformed, outcome):
        rule = follow_up_rule(read_in_source("followup-epos", tmp_path))
        sides = [
            Seen([[20.0 - 5 * date, 24.0, 24.0]], [1], deformed=np.array([float(one)]))
            for date, one in enumerate(deformed)
        ]
        change, outcomes = followed(*sides, rule)
        assert outcomes == [outcome]
        unknown = bool(change.remarks[0] & Remark.NOT_JUDGED_BY_NORM)
        assert unknown == any(np.isnan(one) for one in deformed)

    def test_a_reshaping_rule_is_no_follow_up_rule(self):
        with pytest.raises(RuleError, match="kind: expected 'reshaping', got 'follow-up'"):
            reshaping_rule("followup-sq")

    def test_a_rule_made_in_python_has_no_stamp(self):
        assert FollowUpRule(Needs(min_rise=1), "growth", 1e-9).stamp == ""
        assert reshaping_rule("reshaping-2024").stamp.startswith("reshaping-2024 revision 1 sha256:")
        assert evolve(reshaping_rule("reshaping-2024"), source=None).stamp == ""


PAIRS = [(case, rule) for case in CASES for rule in case["rules"]]


@pytest.mark.parametrize(("case", "name"), PAIRS, ids=[f"{case['name']}: {rule}" for case, rule in PAIRS])
def test_worked_pairs(case, name):
    """Outcomes, fractions lost and remarks are those that were worked out by hand."""
    assert set(case) <= {"name", "rules", "levels", "first", "second", "expect"}
    sides = []
    for which in ("first", "second"):
        values = np.full((len(LEVELS), 3), np.nan)
        for level, body in zip(case["levels"], case[which], strict=True):
            values[LEVELS.index(level)] = body or np.nan
        sides.append(seen(values))
    change, outcomes = followed(*sides, follow_up_rule(name))
    for level, expected in case["expect"].items():
        assert set(expected) <= {"outcome", "lost", "remarks"}
        place = LEVELS.index(level)
        assert outcomes[place] == expected["outcome"], level
        if "lost" in expected:
            np.testing.assert_allclose(change.lost[place], expected["lost"], atol=1e-9)
        if "remarks" in expected:
            assert expected["remarks"] in remark_words(int(change.remarks[place])).split()


class TestArrays:
    def test_any_leading_axes(self):
        """One pair of dates and many go through the same lines."""
        rng = np.random.default_rng(2)
        values = 20 * (1 - 0.3 * rng.random((2, 4, 5, 13, 3)) ** 3)
        rule = follow_up_rule("followup-growth")
        first, second = seen(values[0]), seen(values[1])
        change, _ = followed(first, second, rule)
        outcome = judge(first, second, change, rule)
        assert outcome.shape == (4, 5, 13)
        assert set(np.unique(outcome)) >= {0, 1}
        for i, j in itertools.product(range(4), range(5)):
            one = seen(values[0, i, j]), seen(values[1, i, j])
            alone = measure_change(*one, rule)
            np.testing.assert_array_equal(judge(*one, alone, rule), outcome[i, j])
            np.testing.assert_allclose(alone.lost, change.lost[i, j])

    def test_dates_of_different_shape_are_refused(self):
        with pytest.raises(
            ReadingError, match=r"second date: expected an array of shape \(13,\), got \(12,\)"
        ):
            measure_change(seen(np.ones((13, 3))), seen(np.ones((12, 3))), follow_up_rule("followup-sq"))
        with pytest.raises(ReadingError, match=r"heights: expected an array of shape \(4, 3\), got \(5, 3\)"):
            Seen(np.ones((5, 3)), np.zeros(4))

    def test_grade_that_is_missing_on_one_date_is_not_told(self):
        """Even where the heights alone would decide."""
        first, second = (
            Seen([[20.0] * 3] * 3, [0, 0, 0]),
            Seen([[20.0] * 3, [10.0] * 3, [20.0] * 3], [0, np.nan, 0]),
        )
        change, outcomes = followed(first, second, follow_up_rule("followup-growth"))
        assert outcomes == ["unchanged", "indeterminate", "unchanged"]
        assert remark_words(int(change.remarks[1])) == "not_graded_second"

    def test_what_does_not_hold_decides_although_the_rest_is_unknown(self, tmp_path):
        """The combined rule: a grade that did not rise is enough, whatever the mm would say."""
        rule = follow_up_rule(read_in_source("followup-sq-sof", tmp_path))
        bodies = np.full((2, 3), 24.0)
        sides = Seen(bodies, [0, 0]), Seen(bodies, [0, 1])
        change, outcomes = followed(*sides, rule, common_mm=False)
        assert outcomes == ["unchanged", "indeterminate"]
        assert remark_words(int(change.remarks[0])) == "no_common_mm"

    @given(
        growth=st.floats(0.7, 1.6),
        bodies=st.lists(st.floats(12.0, 30.0), min_size=6, max_size=13),
        place=st.integers(0, 5),
        loss=st.floats(0.0, 0.5),
    )
    def test_growth_and_magnification_neither_hide_nor_invent(self, growth, bodies, place, loss):
        """Whatever the scale of the second date, exactly the vertebra that lost height is found."""
        before = np.repeat(np.array(bodies)[:, None], 3, axis=1)
        after = before * growth
        after[place, 0] *= 1 - loss
        if abs(loss - 0.2) < 1e-6:
            return
        grade = np.zeros(len(bodies))
        later = grade.copy()
        later[place] = 1 if loss > 0.2 else 0
        change, outcomes = followed(
            Seen(before, grade), Seen(after, later), follow_up_rule("followup-growth")
        )
        if loss > 0.2:  # otherwise it is one of those that say how the spine grew
            np.testing.assert_allclose(change.spine_scale, growth)
        expected = ["unchanged"] * len(bodies)
        expected[place] = "incident" if loss > 0.2 else "unchanged"
        assert outcomes == expected


class TestLeastSignificantChange:
    def test_it_is_2_77_precision_errors(self):
        """A height has sqrt(2) times the error of a landmark; of 20 mm at 0.5 mm that is 9.8 % of it."""
        sides = [Seen([[20.0] * 3], [0], point_sd=np.array([0.5])) for _ in range(2)]
        rule = follow_up_rule("followup-wu-1995")
        change = measure_change(*sides, rule)
        np.testing.assert_allclose(change.least, 2.77 * np.sqrt(2) * 0.5 / 20)

    @pytest.mark.parametrize("name", ["followup-growth", "followup-wu-1995"])
    def test_one_in_twenty_exceeds_it_by_chance(self, name):
        """Simulated readings of bodies that did not change, the scale by their neighbours included."""
        rng, rule = np.random.default_rng(7), evolve(follow_up_rule(name), max_scale_change=None)
        body, sd = np.full((13, 3), 18.0), 0.4
        error = rng.normal(0.0, sd * np.sqrt(2), (2, 20_000, 13, 3))
        sides = [
            Seen(body + one, np.zeros((20_000, 13)), point_sd=np.full((20_000, 13), sd)) for one in error
        ]
        change = measure_change(*sides, rule)
        beyond = (np.abs(change.lost) > change.least).mean()
        assert 0.046 < beyond < 0.054

    def test_a_change_within_it_is_said_to_be_so(self):
        first = seen([[20.0] * 3] * 5, point_sd=np.full(5, 0.5))
        bodies = np.full((5, 3), 20.0)
        bodies[1, 0], bodies[2, 0], bodies[3, 1] = 18.9, 15.0, 25.0
        second = seen(bodies, point_sd=np.full(5, 0.5))
        change = measure_change(first, second, follow_up_rule("followup-wu-1995"))
        assert within_least_significant(change).tolist() == [True, True, False, False, True]
        blind = measure_change(seen([[20.0] * 3]), seen([[20.0] * 3]), follow_up_rule("followup-wu-1995"))
        assert not within_least_significant(blind).any()


def truth(**scene):
    """Return the heights that a perfect reader marks on a film, in mm at the detector, by level."""
    made = Scene(person=Person.CHILD, seed=104, **scene)
    skeleton = build(made, np.random.default_rng(made.seed).spawn(3)[0])
    spacing = PixelSpacing(made.detector.row_spacing_mm, made.detector.column_spacing_mm, "mm")
    found = measure_heights(find_truth(skeleton, made).mid_chord, spacing)
    found[: GRADED.indices.start] = found[GRADED.indices.stop :] = np.nan
    return seen(found)


def new(outcomes):
    """Return the levels with something new or worse."""
    return {
        level: outcome for level, outcome in zip(LEVELS, outcomes, strict=True) if outcome in OUTCOMES[1:3]
    }


class TestGrowingChild:
    """Films of a phantom whose landmarks are known from its geometry."""

    @pytest.mark.parametrize("size", [1.0, 1.06, 1.15, 1.3])
    @pytest.mark.parametrize("name", ["followup-sq", "followup-growth"])
    def test_growth_alone_invents_no_fracture(self, size, name):
        change, outcomes = followed(truth(), truth(size=size), follow_up_rule(name))
        assert new(outcomes) == {}
        assert change.spine_scale == pytest.approx(size, abs=0.012)
        assert np.nanmax(np.abs(change.lost)) < 0.03

    @pytest.mark.parametrize("size", [1.0, 1.06, 1.15, 1.3])
    @pytest.mark.parametrize("name", ["followup-sq", "followup-growth"])
    @pytest.mark.parametrize("kind", ["wedge", "biconcave", "crush"])
    def test_growth_does_not_hide_a_fracture(self, size, name, kind):
        fractures = (Fracture("T8", FractureKind(kind), 0.32), Fracture("L2", FractureKind.WEDGE, 0.28))
        _, outcomes = followed(truth(), truth(size=size, fractures=fractures), follow_up_rule(name))
        assert new(outcomes) == {"T8": "incident", "L2": "incident"}

    def test_mm_alone_would_have_hidden_it(self):
        """A child grown by 30 % with a new wedge of 28 %: the front is lower by 6 % only, and not by 3 mm."""
        fractures = (Fracture("T8", FractureKind.WEDGE, 0.28),)
        first, second = truth(), truth(size=1.3, fractures=fractures)
        blind = evolve(follow_up_rule("followup-wu-1995"), max_scale_change=None)
        _, outcomes = followed(first, second, blind)
        assert new(outcomes) == {}
        guarded, outcomes = followed(first, second, follow_up_rule("followup-wu-1995"))
        graded = GRADED.indices
        assert set(outcomes[graded]) == {"indeterminate"}
        assert ((guarded.remarks[graded] & Remark.SCALE_CHANGED) > 0).all()
        _, outcomes = followed(first, second, follow_up_rule("followup-growth"))
        assert new(outcomes) == {"T8": "incident"}

    def test_another_magnification_invents_no_fracture(self):
        """The second film from farther away: all bodies 18 % lower on it; its mm are no mm of the first."""
        near, far = Beam(source_to_detector=1400.0, source_to_spine=1000.0), Beam()
        first, second = truth(beam=near), truth(beam=far)
        blind = evolve(follow_up_rule("followup-wu-1995"), max_scale_change=None)
        assert len(new(followed(first, second, blind)[1])) >= 5
        for name in ("followup-sq", "followup-growth", "followup-wu-1995"):
            assert new(followed(first, second, follow_up_rule(name))[1]) == {}

    @pytest.mark.parametrize("name", ["followup-sof", "followup-sq-sof", "followup-wu-1995-6mm"])
    def test_rules_that_a_user_enables_are_guarded_too(self, tmp_path, name):
        """Even where the file says nothing of it."""
        first, second = truth(size=1.4), truth()
        path = Path(read_in_source(name, tmp_path))
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text("".join(one for one in lines if "max_scale_change" not in one), "utf-8")
        rule = follow_up_rule(str(path))
        guarded, outcomes = followed(first, second, rule)
        assert new(outcomes) == {}
        assert (guarded.remarks[GRADED.indices] & Remark.SCALE_CHANGED).all()
        if name != "followup-sq-sof":
            assert new(followed(first, second, evolve(rule, max_scale_change=None))[1])

    def test_reshaping_beside_growth(self):
        before = (Fracture("T6", FractureKind.WEDGE, 0.30), Fracture("T9", FractureKind.WEDGE, 0.35))
        after = (Fracture("T6", FractureKind.WEDGE, 0.05), Fracture("T9", FractureKind.WEDGE, 0.23))
        first, second = truth(fractures=before), truth(size=1.1, fractures=after)
        grades = [one.grade[GRADED.indices] for one in (first, second)]
        classes = reshaping_class(*grades, 24.0, reshaping_rule("reshaping-2024"))
        named = {level: RESHAPINGS[c] for level, c in zip(GRADED.levels, classes, strict=True) if c}
        assert named == {"T6": "complete", "T9": "incomplete"}
        assert RESHAPINGS[int(patient_reshaping(classes, grades[1]))] == "incomplete"


class TestReshaping:
    @pytest.mark.parametrize(
        ("classes", "expected"),
        [
            ([], "no fracture"),
            (["no fracture"], "no fracture"),
            (["complete", "complete", "no fracture"], "complete"),
            (["complete", "incomplete"], "incomplete"),
            (["complete", "none"], "incomplete"),
            (["none", "none"], "none"),
            (["incomplete"], "incomplete"),
            (["complete", "indeterminate"], "indeterminate"),
            (["none", "indeterminate"], "indeterminate"),
            (["incomplete", "indeterminate"], "incomplete"),
            (["complete", "none", "too early"], "incomplete"),
            (["complete", "too early"], "too early"),
            (["too early", "indeterminate"], "indeterminate"),
        ],
    )
    def test_of_a_patient(self, classes, expected):
        """Complete only if all are; what is unknown decides only where it could change the answer."""
        places = np.array([RESHAPINGS.index(one) for one in classes], dtype=np.uint8)
        now = np.where(places == RESHAPINGS.index("indeterminate"), np.nan, 0.0)
        assert RESHAPINGS[int(patient_reshaping(places, now))] == expected

    @pytest.mark.parametrize(
        ("classes", "now", "expected"),
        [
            (["complete", "indeterminate"], [0, 0], "complete"),
            (["complete", "indeterminate"], [0, 0.5], "indeterminate"),
            (["complete", "indeterminate"], [0, 2], "indeterminate"),
            (["indeterminate"], [0], "indeterminate"),
            (["none", "indeterminate"], [2, 0], "indeterminate"),
            (["complete", "no fracture"], [0, 2], "too early"),
            (["none", "no fracture"], [2, 2], "none"),
        ],
    )
    def test_of_a_patient_by_what_is_seen_now(self, classes, now, expected):
        """Normal now, a vertebra of which the past is not known spoils nothing; a new fracture does."""
        places = np.array([RESHAPINGS.index(one) for one in classes], dtype=np.uint8)
        assert RESHAPINGS[int(patient_reshaping(places, now))] == expected

    def test_half_a_grade_is_no_fracture_and_no_normal_shape(self):
        rule = reshaping_rule("reshaping-2024")
        found = reshaping_class([2, 1, 0.5, np.nan, 1], [0.5, 0.5, 1, 1, np.nan], 13.0, rule)
        assert [RESHAPINGS[one] for one in found] == [
            "incomplete",
            "incomplete",
            "no fracture",
            "indeterminate",
            "indeterminate",
        ]

    def test_episodes_begin_with_a_fracture_and_end_without(self):
        """One level on eight films: fractured, worse, not graded, mild, healed, nothing, fractured again."""
        grades = np.array([0, 1, 2, np.nan, 1, 0, 0, 2])[:, None]
        found = find_episodes(grades, 12.0 * np.arange(8), reshaping_rule("reshaping-2024"))
        assert found.film[:, 0].tolist() == [-1, 1, 1, 1, 1, -1, -1, 7]
        np.testing.assert_array_equal(found.grade[:, 0], [np.nan, 1, 1, 1, 1, np.nan, np.nan, 2])

    @pytest.mark.parametrize(
        ("grades", "months", "expected"),
        [
            ([2, 0, 0, 0], [0, 5, 12, 17], [0, 0, -1, -1]),
            ([2, 0, 1, 0], [0, 5, 12, 24], [0, 0, 0, -1]),
            ([2, 0.5, 0.5, 0], [0, 12, 24, 36], [0, 0, 0, -1]),
            ([2, 0, np.nan, 2], [0, 11.9, 13, 14], [0, 0, 0, 0]),
        ],
    )
    def test_an_episode_lives_until_it_is_no_longer_too_early(self, grades, months, expected):
        """Films every half year: a vertebra that is normal after five months is judged after twelve."""
        found = find_episodes(np.array(grades)[:, None], months, reshaping_rule("reshaping-2024"))
        assert found.film[:, 0].tolist() == expected

    def test_what_is_known_is_what_was_graded_since_the_levels_were_named_so(self):
        grades = np.array([np.nan, 0, np.nan, np.nan])[:, None]
        rule = reshaping_rule("reshaping-2024")
        found = find_episodes(grades, np.arange(4), rule, [False, False, False, True])
        assert found.known[:, 0].tolist() == [False, True, True, False]

    def test_an_episode_ends_where_the_levels_are_counted_otherwise(self):
        grades = np.array([1, 1, 1])[:, None]
        rule = reshaping_rule("reshaping-2024")
        found = find_episodes(grades, 12.0 * np.arange(3), rule, [False, False, True])
        assert found.film[:, 0].tolist() == [0, 0, 2]


class TestCounting:
    def test_a_spine_counted_one_off_is_found(self):
        """Fractures and the shape of each body move with it; its size tells nothing."""
        rng = np.random.default_rng(3)
        spine = np.array(list(heights(T8=(0.3, 0.1, 0.0), L1=(0.2, 0.25, 0.05)).values()))
        first = np.full((len(LEVELS), 3), np.nan)
        first[GRADED.indices] = spine * rng.normal(1, 0.02, spine.shape)
        noisy = first * 1.1 * rng.normal(1, 0.01, first.shape)
        for by in (-1, 0, 1):
            assert int(counted_otherwise(first, np.roll(noisy, by, axis=0))) == by

    @pytest.mark.parametrize("new", [("T4",), ("L4",), ("T4", "L4"), ("T8",), ()])
    @pytest.mark.parametrize("unread", [(), ("T7",)])
    def test_a_new_fracture_is_no_other_count(self, new, unread):
        """Fewer than one pair of a hundred is taken for shifted; shifted by us, 8 of 10 are found."""
        rng = np.random.default_rng(5)
        spine = np.array(list(heights().values())) * rng.normal(1, 0.03, (500, len(GRADED.levels), 3))
        first, second = (np.full((500, len(LEVELS), 3), np.nan) for _ in range(2))
        first[:, GRADED.indices] = spine * rng.normal(1, 0.01, spine.shape)
        second[:, GRADED.indices] = 1.05 * spine * rng.normal(1, 0.01, spine.shape)
        broken = np.zeros(second.shape[:-1], dtype=bool)
        for level in new:
            second[:, LEVELS.index(level), 0] *= 0.6
            broken[:, LEVELS.index(level)] = True
        for level in unread:
            second[:, LEVELS.index(level)] = np.nan
        sound = np.zeros_like(broken)
        assert (counted_otherwise(first, second, (sound, broken)) != 0).mean() < 0.01
        for by in (-1, 1):
            moved, there = (np.roll(one, by, axis=1) for one in (second, broken))
            assert (counted_otherwise(first, moved, (sound, there)) == by).mean() > 0.8

    def test_spines_as_regular_as_a_ruler_tell_nothing(self):
        first = np.full((len(LEVELS), 3), np.nan)
        first[GRADED.indices] = np.array(list(heights().values()))
        second = np.round(1.05 * first, 3)
        second[LEVELS.index("T9")] = np.nan
        assert int(counted_otherwise(first, second)) == 0

    def test_too_few_bodies_tell_nothing(self):
        rng = np.random.default_rng(4)
        first = np.full((len(LEVELS), 3), np.nan)
        first[10:16] = 20 * rng.normal(1, 0.1, (6, 3))
        assert int(counted_otherwise(first, np.roll(first, 1, axis=0))) == 0
        assert counted_otherwise(np.full((3, 23, 3), np.nan), np.full((3, 23, 3), np.nan)).tolist() == [
            0,
            0,
            0,
        ]

    @pytest.mark.skipif(not (SHARED / "mosmed" / "readings.csv").exists(), reason="needs the MosMed readings")
    def test_real_readers(self):
        """Of 126 pairs of readers of one film none is taken for shifted; shifted by us, 8 of 10 are found."""
        rows = pl.read_csv(SHARED / "mosmed" / "readings.csv", infer_schema_length=None)
        spines = sound(rows.cast({"patient": pl.String, "exam": pl.String, "reader": pl.String}))
        spread = np.full((spines.count, len(LEVELS), 3), np.nan)
        spread[:, spines.window] = spines.spread(measure_heights(spines.points))
        exams = spines.frame["exam"][spines.firsts].to_list()
        pairs = [(i, j) for i, j in itertools.combinations(range(len(exams)), 2) if exams[i] == exams[j]]
        one, other = (spread[list(side)] for side in zip(*pairs, strict=True))
        assert len(pairs) == 126
        assert not counted_otherwise(one, other).any()
        for by in (-1, 1):
            assert (counted_otherwise(one, np.roll(other, by, axis=1)) == by).mean() > 0.8


def readings(*rows):
    """Return readings from tuples of patient, exam, reader, occasion and year."""
    names = ("patient", "exam", "reader", "occasion")
    frame = pl.DataFrame([row[:4] for row in rows], schema=names, orient="row")
    dates = [None if row[4] is None else date(row[4], 1, 1) for row in rows]
    return frame.with_columns(pl.Series("date", dates, dtype=pl.Date))


class TestPairs:
    ROWS = (("P", "E3", "R", 1, 2022), ("P", "E1", "R", 1, 2019), ("P", "E2", "R", 1, 2020))

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            ("consecutive", [("E1", "E2"), ("E2", "E3")]),
            ("first-last", [("E1", "E3")]),
            ("all", [("E1", "E2"), ("E1", "E3"), ("E2", "E3")]),
        ],
    )
    def test_dates_decide_and_not_the_order_in_the_file(self, choice, expected):
        paired = pair_readings(readings(*self.ROWS), choice)
        exams = paired.readings["exam"].to_list()
        assert [(exams[i], exams[j]) for i, j in paired.pairs.iter_rows()] == expected
        assert paired.problems == []

    @pytest.mark.parametrize("choice", PAIR_CHOICES)
    def test_patients_readers_and_occasions_are_kept_apart(self, choice):
        rows = [("P", "E1", "R", 1, 2019), ("P", "E2", "S", 1, 2020), ("Q", "E3", "R", 1, 2021)]
        paired = pair_readings(readings(*rows, ("P", "E4", "R", 2, 2022)), choice)
        assert paired.pairs.height == 0
        assert dict(paired.alone.select("exam", "others").iter_rows()) == {
            "E1": True,
            "E2": True,
            "E3": False,
            "E4": True,
        }

    def test_different_readers_where_asked_for(self):
        rows = [("P", "E1", "R", 1, 2019), ("P", "E2", "S", 1, 2020)]
        assert pair_readings(readings(*rows), across_readers=True).pairs.rows() == [(0, 1)]

    def test_no_date_and_one_date_twice_are_named(self):
        rows = [
            ("P", "E1", "R", 1, 2019),
            ("P", "E2", "R", 1, 2019),
            ("P", "E3", "R", 1, 2020),
            ("P", "E4", "R", 1, None),
        ]
        paired = pair_readings(readings(*rows))
        assert paired.problems == [
            "exam E4, read by R, occasion 1: date: expected one, got none",
            "patient P, 2019-01-01: date: expected one reading a date, got exams E1 (by R, occasion 1) and "
            "E2 (by R, occasion 1); nobody can say which is the later one",
        ]
        assert paired.readings["exam"].to_list() == ["E3"]

    def test_a_reading_with_two_dates_is_named(self):
        rows = readings(("P", "E1", "R", 1, 2019), ("P", "E1", "R", 1, 2020))
        assert mixed_dates(rows) == ["exam E1, read by R, occasion 1: date: expected one a reading, got 2"]
        assert mixed_dates(rows.clear()) == []


def dated(sides, year, **cells):
    """Return a landmark table of one spine in mm, read in that year."""
    cells = {"exam": f"E{year}", "date": [date(year, 1, 1)] * len(sides)} | cells
    return table(sides, spacing=(0.2, 0.2), **cells)


def rows_of(*tables, **asked):
    """Return the rows per vertebra by level, and the first row per patient."""
    compared = compare(sound(*tables), Asking(**asked))
    vertebrae = vertebra_rows(compared)
    assert vertebrae.schema == pl.Schema(VERTEBRA_SCHEMA)
    patients = patient_rows(compared)
    assert patients.schema == pl.Schema(PATIENT_SCHEMA)
    return {row["level"]: row for row in vertebrae.to_dicts()}, patients.to_dicts()


class TestReadings:
    def test_a_new_and_a_worse_fracture(self):
        before = heights(T8=(0.22, 0.0, 0.0))
        after = heights(T8=(0.30, 0.0, 0.0), L1=(0.0, 0.3, 0.0))
        vertebrae, (patient,) = rows_of(dated(before, 2020), dated(after, 2021))
        assert vertebrae["T8"]["outcome"] == "worsening"
        assert (vertebrae["T8"]["first_grade"], vertebrae["T8"]["second_grade"]) == (1, 2)
        assert vertebrae["T8"]["detected"] == date(2020, 1, 1)
        assert vertebrae["T8"]["reshaping"] == "none"
        assert vertebrae["L1"]["outcome"] == "incident"
        assert vertebrae["L1"]["largest_loss"] == pytest.approx(0.3)
        assert vertebrae["L1"]["largest_loss_at"] == "middle"
        assert vertebrae["L1"]["largest_loss_mm"] == pytest.approx(0.3 * after["L1"][0])
        assert (vertebrae["L1"]["reshaping"], vertebrae["L1"]["detected"]) == ("no fracture", None)
        assert vertebrae["T4"]["outcome"] == "unchanged"
        assert (patient["outcome"], patient["incident"], patient["worsening"]) == ("incident", 1, 1)
        assert (patient["incident_levels"], patient["worsening_levels"]) == ("L1", "T8")
        assert (patient["first_sdi"], patient["second_sdi"], patient["reshaping"]) == (1.0, 4.0, "none")
        assert patient["months"] == pytest.approx(12.0, abs=0.05)

    def test_reshaping_counts_from_the_film_that_first_showed_the_fracture(self):
        """Worse before it becomes better: against the detection it is lower only on the fourth film."""
        films = [(0.0, 2018), (0.28, 2019), (0.45, 2020), (0.30, 2021), (0.21, 2022), (0.0, 2023)]
        tables = [dated(heights(T8=(loss, 0.0, 0.0)), year) for loss, year in films]
        found = vertebra_rows(compare(sound(*tables), Asking())).filter(pl.col("level") == "T8")
        assert found["reshaping"].to_list() == ["no fracture", "none", "none", "incomplete", "complete"]
        assert found["detected"].to_list() == [None, *[date(2019, 1, 1)] * 4]
        assert found["outcome"].to_list() == ["incident", "worsening", "unchanged", "unchanged", "unchanged"]

    def test_within_a_year_it_is_too_early(self):
        second = dated(heights(), 2020, exam="E", date=[date(2020, 6, 1)] * 13)
        vertebrae, (patient,) = rows_of(dated(heights(T8=(0.3, 0.0, 0.0)), 2020), second)
        assert (vertebrae["T8"]["reshaping"], patient["reshaping"]) == ("too early", "too early")

    def test_films_every_half_year_show_reshaping(self):
        """Normal after five months and after twelve: too early, then complete, as first and last say."""
        days = (date(2020, 1, 10), date(2020, 6, 10), date(2021, 1, 10), date(2021, 6, 10))
        films = [
            dated(heights(T8=(0.3 if n == 0 else 0.0, 0.0, 0.0)), 2020 + n, date=[day] * 13)
            for n, day in enumerate(days)
        ]
        compared = compare(sound(*films), Asking())
        t8 = vertebra_rows(compared).filter(pl.col("level") == "T8")
        assert t8["reshaping"].to_list() == ["too early", "complete", "no fracture"]
        assert t8["detected"].to_list() == [days[0], days[0], None]
        patients = patient_rows(compared)
        assert patients["reshaping"].to_list() == ["too early", "complete", "no fracture"]
        vertebrae, whole = time_to_reshaping(compared)
        for times in (vertebrae, whole):
            assert list(zip(times.months, times.event, strict=True)) == [(12.0, True)]
        (ends,) = patient_rows(compare(sound(*films[:3]), Asking(pairs="first-last"))).to_dicts()
        assert ends["reshaping"] == "complete"

    @pytest.mark.parametrize(
        ("then", "now", "level", "patient"),
        [
            (None, 0.28, "indeterminate", "indeterminate"),
            (None, None, "indeterminate", "indeterminate"),
            (None, 0.0, "indeterminate", "complete"),
            (0.0, None, "no fracture", "complete"),
            (0.0, 0.28, "no fracture", "too early"),
            (0.28, None, "indeterminate", "indeterminate"),
        ],
    )
    def test_a_patient_is_complete_only_if_every_level_is_known_to_be(self, then, now, level, patient):
        """T8 reshaped; L1 was read on both dates, and graded or not: rows and cohort say the same."""
        films = []
        for year, loss, at_l1 in ((2020, 0.3, then), (2021, 0.0, now)):
            seen_l1 = [at_l1 is not None or one != "L1" for one in GRADED.levels]
            why = [None if one else "overlap" for one in seen_l1]
            sides = heights(T8=(loss, 0.0, 0.0), L1=(at_l1 or 0.0, 0.0, 0.0))
            marks = {"evaluable": seen_l1, "not_evaluable_reason": why}
            films.append(dated(sides, year, **(marks if at_l1 is None else {})))
        vertebrae, (row,) = rows_of(*films)
        assert (vertebrae["T8"]["reshaping"], vertebrae["L1"]["reshaping"]) == ("complete", level)
        assert row["reshaping"] == patient
        _, whole = time_to_reshaping(compare(sound(*films), Asking()))
        assert whole.event.tolist() == [patient == "complete"]

    def test_without_any_visual_grade_nothing_is_told(self):
        vertebrae, (patient,) = rows_of(dated(heights(), 2020), dated(heights(), 2021), grade="visual")
        assert {row["reshaping"] for row in vertebrae.values()} == {"indeterminate"}
        assert (patient["outcome"], patient["reshaping"]) == ("indeterminate", "indeterminate")

    def test_half_a_grade_adds_nothing_to_the_index(self):
        """Grades 1, 3 and two of 0.5: 4; then one of 0.5 has become 1: 5.  And 0.5 is no normal shape."""
        grades = ([1.0, 3.0, 0.5, 0.5, *[0.0] * 9], [0.5, 3.0, 1.0, 0.5, 1.0, *[0.0] * 8])
        tables = [dated(heights(), 2020 + n, visual_grade=one) for n, one in enumerate(grades)]
        vertebrae, (patient,) = rows_of(*tables, grade="visual")
        assert (patient["first_sdi"], patient["second_sdi"]) == (4.0, 5.0)
        assert vertebrae["T4"]["reshaping"] == "incomplete"

    def test_a_level_on_one_date_only_is_named(self):
        before = heights([level for level in GRADED.levels if level != "T5"])
        after = heights([level for level in GRADED.levels if level != "L4"])
        vertebrae, (patient,) = rows_of(dated(before, 2020), dated(after, 2021))
        assert (vertebrae["T5"]["outcome"], vertebrae["T5"]["remarks"]) == ("indeterminate", "only_second")
        assert (vertebrae["L4"]["outcome"], vertebrae["L4"]["remarks"]) == ("indeterminate", "only_first")
        assert vertebrae["L4"]["largest_loss_at"] is None
        assert (patient["only_first_levels"], patient["only_second_levels"]) == ("L4", "T5")
        assert (patient["compared"], patient["indeterminate"], patient["outcome"]) == (11, 2, "indeterminate")

    def test_mm_of_two_kinds_are_not_compared(self):
        """Mm at the detector and calibrated ones: rules of mm cannot tell, growth can."""
        kinds = ("detector", "calibrated")
        tables = [
            dated(heights(L1=(0.3 * n, 0.0, 0.0)), 2020 + n, calibration=[kind] * 13)
            for n, kind in enumerate(kinds)
        ]
        vertebrae, _ = rows_of(*tables, rule="followup-wu-1995")
        assert {row["outcome"] for row in vertebrae.values()} == {"indeterminate"}
        assert vertebrae["L1"]["remarks"] == "no_common_mm different_calibration"
        assert vertebrae["L1"]["largest_loss_mm"] is None
        vertebrae, _ = rows_of(*tables, rule="followup-growth")
        assert (vertebrae["L1"]["outcome"], vertebrae["L1"]["remarks"]) == (
            "incident",
            "different_calibration",
        )

    def test_pixels_are_compared_by_growth_only(self):
        tables = [
            table(heights(L1=(0.3 * n, 0.0, 0.0)), exam=f"E{n}", date=[date(2020 + n, 1, 1)] * 13)
            for n in range(2)
        ]
        vertebrae, _ = rows_of(*tables, rule="followup-wu-1995")
        assert (vertebrae["L1"]["outcome"], vertebrae["L1"]["remarks"]) == ("indeterminate", "no_common_mm")
        assert rows_of(*tables, rule="followup-growth")[0]["L1"]["outcome"] == "incident"

    def test_mm_at_the_detector_are_said_to_be_so(self):
        tables = [dated(heights(), year, calibration=["detector"] * 13) for year in (2020, 2021)]
        _, (patient,) = rows_of(*tables, rule="followup-wu-1995")
        assert (patient["outcome"], patient["remarks"]) == ("unchanged", "mm_at_detector")

    def test_visual_grades_where_asked_for(self):
        """A reader saw nothing, then a fracture that the heights do not show."""
        grades = [0.0] * 13
        tables = [
            dated(heights(), 2020, visual_grade=grades),
            dated(heights(), 2021, visual_grade=[*grades[:4], 1.0, 0.5, *grades[6:]]),
        ]
        vertebrae, _ = rows_of(*tables, grade="visual")
        assert vertebrae["T8"]["outcome"] == "incident"
        assert vertebrae["T9"]["outcome"] == "unchanged"
        assert rows_of(*tables)[0]["T8"]["outcome"] == "unchanged"

    def test_different_readers_are_named(self):
        tables = dated(heights(), 2020), dated(heights(), 2021, reader="R2")
        assert rows_of(*tables) == ({}, [])
        _, (patient,) = rows_of(*tables, across_readers=True)
        assert (patient["first_reader"], patient["second_reader"]) == ("R1", "R2")
        assert patient["remarks"] == "different_readers"

    def test_a_level_that_cannot_be_evaluated(self):
        marked = [level != "T6" for level in GRADED.levels]
        why = [None if one else "overlap" for one in marked]
        second = dated(heights(), 2021, evaluable=marked, not_evaluable_reason=why)
        vertebrae, _ = rows_of(dated(heights(), 2020), second)
        assert (vertebrae["T6"]["outcome"], vertebrae["T6"]["remarks"]) == (
            "indeterminate",
            "not_graded_second",
        )

    def test_only_the_levels_asked_for(self):
        levels = ("T12", "L1", "L2", "L3", "L4", "L5")
        tables = [dated(heights(levels), year) for year in (2020, 2021)]
        assert set(rows_of(*tables)[0]) == {"T12", "L1", "L2", "L3", "L4"}

    @pytest.mark.parametrize(("sd", "unit"), [(0.3, "mm"), (1.5, "px"), (0.3, None)])
    def test_landmark_error_gives_the_least_significant_change(self, sd, unit):
        """0.3 mm are 1.5 px of 0.2 mm; the scale comes from up to four neighbours of three heights each."""
        method = Method(point_sd=PointSd(sd, unit))
        tables = [dated(heights(), year) for year in (2020, 2021)]
        vertebrae, _ = rows_of(*tables, rule="followup-wu-1995", method=method)
        tall = heights()["L1"][0]
        expected = 2.77 * np.sqrt(2) * 0.3 / tall
        assert vertebrae["L1"]["least_significant_change"] == pytest.approx(expected, rel=1e-6)
        assert vertebrae["L1"]["remarks"] == "within_least_significant"

    def test_landmark_error_in_mm_of_a_film_without(self):
        tables = [table(exam=f"E{n}", date=[date(2020 + n, 1, 1)] * 13) for n in range(2)]
        with pytest.raises(SpinegradeError, match="landmark error: expected px for exam E0, which has no mm"):
            rows_of(*tables, method=Method(point_sd=PointSd(0.3, "mm")))

    def test_levels_named_one_off(self):
        """The same spine, its levels named one too low on the second date: nothing is told; it says why."""
        rng = np.random.default_rng(5)
        bodies = [
            [h * f for h, f in zip(body, rng.normal(1, 0.03, 3), strict=True)]
            for body in heights(T8=(0.3, 0.0, 0.0)).values()
        ]
        first = dict(zip(GRADED.levels, bodies, strict=True))
        second = dict(zip((*GRADED.levels[1:], "L5"), bodies, strict=True))
        third = dict(zip((*GRADED.levels[1:], "L5"), bodies, strict=True))
        tables = dated(first, 2020), dated(second, 2021), dated(third, 2022)
        compared = compare(sound(*tables), Asking())
        patients = patient_rows(compared).to_dicts()
        assert [one["outcome"] for one in patients] == ["indeterminate", "unchanged"]
        assert "levels_shifted" in patients[0]["remarks"]
        assert [one["reshaping"] for one in patients] == ["indeterminate", "none"]
        found = vertebra_rows(compared).filter(pl.col("level") == "T9", pl.col("first_exam") == "E2021")
        assert found["detected"].to_list() == [date(2021, 1, 1)]  # not T8 of 2020, which it is in truth
        trusted = patient_rows(compare(sound(*tables), Asking(trust_levels=True))).to_dicts()
        assert trusted[0]["outcome"] == "incident"

    def test_many_patients_are_what_each_is_alone(self):
        rng = np.random.default_rng(6)
        tables = []
        for patient, year in itertools.product(range(6), (2019, 2020, 2022)):
            lost = dict(zip(GRADED.levels, 0.5 * rng.random((13, 3)) ** 4, strict=True))
            tables.append(dated(heights(**lost), year, patient=f"P{patient}"))
        together = vertebra_rows(compare(sound(*tables), Asking()))
        assert together.height == 6 * 2 * 13
        for n in range(6):
            alone = vertebra_rows(compare(sound(*tables[3 * n : 3 * n + 3]), Asking()))
            assert together.filter(pl.col("patient") == f"P{n}").equals(alone)

    def test_nothing_to_compare(self):
        assert rows_of(dated(heights(), 2020)) == ({}, [])
