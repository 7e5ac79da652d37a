"""Rules for osteoporosis: their own examples, three-valued logic, switches, rule files that are none."""

from __future__ import annotations

import itertools
import typing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.errors import RuleError
from spinegrade.osteoporosis.answering import answer_rules
from spinegrade.osteoporosis.conditions import Group, Leaf, read_condition, weigh
from spinegrade.osteoporosis.facts import ANSWERS, FACTS, Bounds, Facts, truths
from spinegrade.osteoporosis.rule import KIND, osteoporosis_rules
from spinegrade.osteoporosis.switches import SWITCHES, Switches, parse_switches
from spinegrade.rules import load_rule, rule_ids

RULES = [name for name in rule_ids() if load_rule(name).kind == KIND]
EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{example['name']}")
    for name in RULES
    for example in load_rule(name).data.get("example", [])
]
UNCONFIRMED = {"A3", "A5", "A6", "A7", "A8", "A10"}


def facts_of(cells):
    """Return the facts of one patient: numbers, pairs of bounds, truths."""
    numbers, told = {}, {}
    for name, value in cells.items():
        if FACTS[name].truth:
            told[name] = truths([value], [not value])
        else:
            low, high = value if isinstance(value, list) else (value, value)
            numbers[name] = Bounds(np.array([float(low)]), np.array([float(high)]))
    return Facts(1, numbers, told)


def as_file(tmp_path, name, **changes):
    """Write a rule file with lines changed, and return its name."""
    text = load_rule(name).text
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_worked_example_of_a_rule_file(name, example, tmp_path):
    """A rule answers its own worked examples as it says, an unconfirmed one too once it is given a source."""
    assert set(example) <= {"name", "facts", "switches", "answer", "missing"}
    switches = parse_switches(f"{key}={value}" for key, value in example.get("switches", {}).items())
    own = as_file(tmp_path, name, **{f'status = "{load_rule(name).data["status"]}"': 'status = "confirmed"'})
    code = load_rule(name).data["code"]
    rules = [one for one in osteoporosis_rules(switches, [own]) if one.code == code]
    (answered,) = answer_rules(rules, facts_of(example["facts"]))
    assert answered.words.to_list() == [example["answer"]]
    missing = answered.missing[0]
    if "missing" in example:
        assert (missing or "").split("; ") == (example["missing"] or [""])
    assert (missing is None) == (example["answer"] != "indeterminate")
    assert (answered.because[0] is None) == (example["answer"] == "indeterminate")


@pytest.mark.parametrize("name", RULES)
def test_every_rule_that_runs_shows_that_it_can_be_met_and_not_met(name):
    rule = load_rule(name)
    if rule.data["status"] == "confirmed":
        assert {"met", "not met"} <= {example["answer"] for example in rule.data["example"]}


def test_r1_to_r17_are_run_and_nothing_from_memory_is():
    rules = {one.code: one for one in osteoporosis_rules()}
    children = [code for code, one in rules.items() if one.group == "child"]
    numbered = [*(f"R{n}" for n in range(1, 9)), "R9a", "R9b", *(f"R{n}" for n in range(10, 18))]
    assert children == [*numbered[:13], "R12b", *numbered[13:], "I1"]
    assert {code for code, one in rules.items() if not one.enabled} == UNCONFIRMED
    assert all(one.status != "confirmed" for one in rules.values() if "memory" in one.source.citation)


def test_a_rule_names_the_switches_that_its_condition_uses():
    for one in osteoporosis_rules():
        for switch in SWITCHES:
            if f'"{switch}"' in one.source.text.partition("[condition]")[2].partition("[[example]]")[0]:
                assert switch in one.switches


class TestLogic:
    """All is the least, any the greatest, not the mirror: Kleene's tables."""

    VALUES: typing.ClassVar = {True: [True, False], False: [False, True], None: [False, False]}

    @pytest.mark.parametrize(("a", "b"), list(itertools.product([True, False, None], repeat=2)))
    def test_tables(self, a, b):
        names = ("short_stature", "safe_positioning")
        told = {
            name: truths(*([one] for one in self.VALUES[v])) for name, v in zip(names, (a, b), strict=True)
        }
        parts = tuple(Leaf(name, "is", value=True) for name in names)
        both = None if None in (a, b) and False not in (a, b) else bool(a and b)
        either = None if None in (a, b) and True not in (a, b) else bool(a or b)
        words = {None: "indeterminate", True: "met", False: "not met"}
        for join, expected in (("all", both), ("any", either)):
            weighed = weigh(Group(join, parts), Facts(1, truths=told))
            assert ANSWERS[weighed.answer[0]] == words[expected]
        never = weigh(Group("not", (parts[0],)), Facts(1, truths=told))
        assert ANSWERS[never.answer[0]] == words[None if a is None else not a]

    @given(
        st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 3)), min_size=1, max_size=8),
        st.sampled_from(["at_least", "above", "at_most", "below"]),
        st.floats(-5, 5),
    )
    def test_a_decided_answer_holds_wherever_the_number_lies(self, pairs, relation, value):
        """What is known later never contradicts what was answered."""
        low = np.array([one for one, _ in pairs])
        high = low + np.array([width for _, width in pairs])
        leaf = Leaf("bmd_z", relation, value)
        wide = leaf.answer(Facts(len(low), {"bmd_z": Bounds(low, high)}))
        for at in (0.0, 0.37, 1.0):
            narrow = leaf.answer(Facts(len(low), {"bmd_z": Bounds.of(low + at * (high - low))}))
            assert (narrow != 1).all()
            assert ((wide == 1) | (wide == narrow)).all()

    def test_one_patient_and_many_take_the_same_path(self):
        cells = [example.values[1]["facts"] for example in EXAMPLES]
        alone = [[one.words[0] for one in answer_rules(osteoporosis_rules(), facts_of(c))] for c in cells]
        names = {name for one in cells for name in one}
        numbers = {
            name: Bounds(
                *(np.array([getattr(facts_of(c).number(name), end)[0] for c in cells]) for end in ends)
            )
            for ends in [("low", "high")]
            for name in names
            if not FACTS[name].truth
        }
        told = {
            name: np.array([facts_of(c).truth(name)[0] for c in cells]) for name in names if FACTS[name].truth
        }
        together = answer_rules(osteoporosis_rules(), Facts(len(cells), numbers, told))
        assert [list(row) for row in zip(*(one.words for one in together), strict=True)] == alone

    def test_rounding_does_not_lift_a_score_over_its_bound(self):
        leaf = Leaf("bmd_z", "at_most", -2.0)
        assert leaf.answer(Facts(1, {"bmd_z": Bounds.of([-1.9999999999999998])})).tolist() == [2]

    def test_an_undecided_answer_asks_only_for_what_would_decide_it(self):
        """A history that is significant already needs no more of it; the z-score is still wanted."""
        (rule,) = (one for one in osteoporosis_rules() if one.code == "R3")
        (answered,) = answer_rules([rule], facts_of({"age": 12, "long_bone_by_10": [2, 5]}))
        assert answered.missing.to_list() == ["bmd.z"]


class TestSwitches:
    def test_are_said_in_words(self):
        assert str(parse_switches(["min_grade=2", "by_age = before"])).split()[:2] == [
            "adult_from=20",
            "by_age=before",
        ]
        assert "t_score_men_from=unset" in str(Switches())
        assert parse_switches(["t_score_men_from=unset"]) == Switches()

    @pytest.mark.parametrize(
        ("given_", "words"),
        [
            ("grade=2", "switch: expected one of adult_from"),
            ("min_grade=4", "switch min_grade: expected 1 or 2 or 3, got '4'"),
            ("min_grade=two", "switch min_grade: expected 1 or 2 or 3, got 'two'"),
            ("by_age=after", "switch by_age: expected at-most or before or completed, got 'after'"),
            ("adult_from=nan", "switch adult_from: expected a number from 18 to 20, got 'nan'"),
            ("adult_from", "switch adult_from: expected a number"),
        ],
    )
    def test_what_is_none(self, given_, words):
        with pytest.raises(RuleError, match=words):
            parse_switches([given_])


class TestRuleFiles:
    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ('fact = "bmd_z"', 'fact = "bmi"', "fact: expected one of age"),
            ("at_most = -2.0", "at_mots = -2.0", "bmd_z: expected one of at_least"),
            ("at_most = -2.0", 'at_most = "by_age"', "expected a number or a switch that is one"),
            ('bound = "density_bound"', 'bound = "min_grade"', "bound: expected at_most and the switch"),
            ('{ rule = "R2" }', '{ rule = "R99" }', "rule: expected one of R1, R2, got 'R99'"),
            ("all = [", "some = [", "expected all or any of a list"),
            ('{ rule = "R2" }', "{ }", "condition: expected a table, got {}"),
            ('{ rule = "R2" }', '{ rule = "R2", not = 1 }', "expected one of all, any, not, rule, or a fact"),
            ('{ rule = "R2" }', '{ fact = "female", is = 1 }', "female: expected true or false, got 1"),
            ('status = "confirmed"', 'status = "sure"', "status: expected confirmed or"),
            ('says = "diagnosis"', 'says = ""', "says: expected"),
            ('switches = ["adult_from"', 'switches = ["adults_from"', "switches: expected some of"),
            ('group = "child"', 'group = "child"\ncolour = "red"', "got colour"),
            ('kind = "osteoporosis"', 'kind = "genant"', "kind: expected 'osteoporosis', got 'genant'"),
        ],
    )
    def test_that_are_none(self, tmp_path, old, new, words):
        with pytest.raises(RuleError, match=words):
            osteoporosis_rules(more=[as_file(tmp_path, "iscd-child-r03-density", **{old: new})])

    def test_a_wrong_name_is_answered_with_rules_of_this_kind_alone(self):
        with pytest.raises(RuleError, match=r"expected bhof-2022-vertebral, .*, got 'R1'") as caught:
            osteoporosis_rules(more=["R1"])
        assert set(rule_ids(KIND)) == set(RULES)
        assert not any(f"{name}," in str(caught.value) for name in set(rule_ids()) - set(RULES))

    def test_confirmed_without_a_condition(self, tmp_path):
        with pytest.raises(RuleError, match="expected one, as the rule is confirmed, got none"):
            osteoporosis_rules(more=[as_file(tmp_path, "iscd-2007-vfa", **{"needs-table": "confirmed"})])

    def test_two_of_one_code(self, tmp_path):
        own = as_file(tmp_path, "iscd-child-r03-density")
        with pytest.raises(RuleError, match="expected one file of the code R3, got 2"):
            osteoporosis_rules(more=[own, own])

    def test_a_bound_that_is_a_switch(self):
        condition = read_condition({"fact": "age", "below": "adult_from"}, Switches(adult_from=18), {})
        assert condition == Leaf("age", "below", 18.0, "adult_from")
