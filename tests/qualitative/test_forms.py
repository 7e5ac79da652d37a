"""Forms: their worked examples, every way through them, and files and answers that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.errors import ReadingError, RuleError
from spinegrade.qualitative.form import form_ids, load_form

ALONG = ("abq-2004", "koerber-2012", "mabq-2018", "mimics", "sabq-2016")
EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{number}")
    for name in form_ids()
    for number, example in enumerate(load_form(name).source.data["example"])
]
TO_CAUSE = {"as_expected": "no", "projection": "no", "depression": "upper", "explained": "no"}
OWN = """\
id = "mine"
revision = 1
kind = "form"
title = "A form of our own"
citation = "Nobody, to show how it is done."
doi = ""
status = "confirmed"
scope = "vertebra"
categories = ["a", "b"]

[[question]]
id = "q"
words = "Which?"
choice = [{ value = "x", words = "ex" }, { value = "y", words = "why" }]

[[outcome]]
when = { q = ["x"] }
category = "a"
words = "an a"

[[outcome]]
when = { q = ["y"] }
category = "b"
words = "a b"
"""


def own(tmp_path, old="", new="", text=OWN):
    path = tmp_path / "mine.toml"
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text + new, "utf-8")
    return load_form(str(path))


def ways(form, answers=None):
    """Yield every full set of answers to a form that asks one question after another."""
    answers = answers or {}
    question = form.next(answers)
    if question is None:
        yield answers
        return
    for value in question.values:
        yield from ways(form, {**answers, question.id: value})


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_worked_example(name, example):
    assert set(example) <= {"answers", "grade", "category", "subtype", "missing"}
    found = load_form(name).outcome(example["answers"], example.get("grade"))
    wanted = (example.get("category"), example.get("subtype"), example.get("missing"))
    assert (found.category, found.subtype, found.missing) == wanted
    assert not load_form(name).unreached(example["answers"])


def test_forms_that_come_along():
    assert form_ids() == ALONG
    statuses = {name: load_form(name).status for name in ALONG}
    assert statuses == {
        "abq-2004": "unconfirmed",
        "koerber-2012": "needs-table",
        "mabq-2018": "unconfirmed",
        "mimics": "unconfirmed",
        "sabq-2016": "confirmed",
    }
    assert all(load_form(name).note for name in ALONG)


@pytest.mark.parametrize("name", ["abq-2004", "mabq-2018", "sabq-2016"])
def test_every_way_through_ends_in_a_class(name):
    form = load_form(name)
    ends = [form.outcome(answers, grade) for answers in ways(form) for grade in range(4)]
    assert {one.category for one in ends} == set(form.categories) - {form.unevaluable}


class TestOrder:
    def test_next_question_follows_from_the_answers(self):
        form = load_form("abq-2004")
        assert [one.label for one in form.asked({})] == ["Q1"]
        assert form.next({"as_expected": "yes"}) is None
        assert form.next({**TO_CAUSE, "depression": "none"} | {"explained": ""}).label == "Q6"
        assert [one.label for one in form.asked(TO_CAUSE)] == ["Q1", "Q2", "Q3", "Q4", "Q5"]

    def test_a_class_is_known_before_the_last_question(self):
        form = load_form("abq-2004")
        assert form.next({**TO_CAUSE, "cause": "neither"}).id == "shape"
        assert form.outcome({**TO_CAUSE, "cause": "neither"}).words == "osteoporotic fracture: upper endplate"

    def test_answers_led_past_are_left_out_and_named(self):
        form = load_form("abq-2004")
        changed = {**TO_CAUSE, "as_expected": "yes"}
        assert form.clean(changed) == {"as_expected": "yes"}
        assert form.unreached(changed) == ("projection", "depression", "explained")

    @given(st.permutations(list(TO_CAUSE)))
    def test_the_order_in_which_answers_are_stored_does_not_matter(self, names):
        form = load_form("abq-2004")
        assert list(form.clean({name: TO_CAUSE[name] for name in names})) == list(TO_CAUSE)

    def test_a_tick_list_asks_everything(self):
        form = load_form("mimics")
        assert [one.id for one in form.asked({})] == ["mimics", "ring_apophysis"]
        assert form.clean({"mimics": "parallax  schmorl_node parallax"}) == {
            "mimics": "schmorl_node parallax"
        }


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        ("abq-2004", {"as_expected": "maybe"}, "as_expected: expected one of yes, no, got 'maybe'"),
        ("abq-2004", {"as_expected": "yes no"}, "as_expected: expected one of yes, no, got 'yes no'"),
        ("abq-2004", {"depresion": "no"}, "expected a question, as_expected, .* got 'depresion'"),
        ("mimics", {"mimics": "none parallax"}, "mimics: expected 'none' alone, got 'none parallax'"),
        ("mimics", {"mimics": "gnome"}, "mimics: expected some of none, .* got 'gnome'"),
        ("koerber-2012", {"a": "b"}, "expected a question, of which it has none, got 'a'"),
        ("sabq-2016", {"fracture": "yes", "loss": "2"}, "loss: expected no answer, as it is not asked"),
    ],
)
def test_answer_that_is_none(name, answers, words):
    with pytest.raises(ReadingError, match=f"^{name}: {words}"):
        load_form(name).outcome(answers)


class TestUnconfirmedNumbers:
    def test_classes_of_loss_are_not_asked(self):
        form = load_form("sabq-2016")
        assert [one.id for one in form.questions if one.disabled] == ["loss"]
        assert form.next({"fracture": "yes", "endplate": "upper"}) is None

    def test_a_copy_that_somebody_confirmed_asks_them(self, tmp_path):
        text = load_form("sabq-2016").source.text
        form = own(tmp_path, 'scope = "vertebra"', 'scope = "vertebra"\nconfirmed_by = "me, p. 1"', text)
        assert form.next({"fracture": "yes", "endplate": "upper"}).id == "loss"

    def test_a_copy_that_is_not_called_confirmed_does_not(self, tmp_path):
        text = load_form("sabq-2016").source.text.replace('"confirmed"', '"unconfirmed"')
        form = own(tmp_path, 'scope = "vertebra"', 'scope = "vertebra"\nconfirmed_by = "me, p. 1"', text)
        assert form.question("endplate").values[0] == "none"
        with pytest.raises(ReadingError, match="from memory"):
            form.question("loss")

    @pytest.mark.parametrize(("grade", "category"), [(0, "mabq0"), (3.0, "mabq3"), (float("nan"), None)])
    def test_grade_of_the_landmarks_grades_a_fracture(self, grade, category):
        found = load_form("mabq-2018").outcome({**TO_CAUSE, "cause": "neither"}, grade)
        assert found.category == category
        assert (found.missing == "height_loss") == (category is None)


class TestOwnForm:
    def test_it_works(self, tmp_path):
        assert own(tmp_path).outcome({"q": "y"}).category == "b"

    def test_a_way_that_ends_nowhere_is_said(self, tmp_path):
        form = own(
            tmp_path,
            '{ value = "y", words = "why" }',
            '{ value = "y", words = "w" }, { value = "z", words = "w" }',
        )
        with pytest.raises(RuleError, match="mine: expected a class for every way"):
            form.outcome({"q": "z"})

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ('kind = "form"', 'kind = "genant"', "kind: expected 'form', got 'genant'"),
            ('"confirmed"', '"sure"', "status: expected confirmed or"),
            ('"vertebra"', '"spine"', "scope: expected vertebra or reading, got 'spine'"),
            ('words = "Which?"', "", "question 1: words: expected words, got None"),
            ('words = "Which?"', 'words = "W"\nhint = "h"', "question 1: expected only .* got 'hint'"),
            ('words = "Which?"', 'words = "W"\nmany = 1', "many: expected true or false, got 1"),
            ('words = "Which?"', 'words = "W"\nexclusive = ["z"]', "exclusive: expected some of x, y"),
            ('id = "q"', 'id = "a b"', "id: expected a name without blanks, got 'a b'"),
            ('value = "y"', 'value = "x"', "choice: expected two or more, every value once"),
            ('q = ["x"]', 'r = ["x"]', "outcome 1: when: expected only q, got 'r'"),
            ('q = ["x"]', 'q = ["z"]', r"when: q: expected some of x, y, \*, got 'z'"),
            ('q = ["x"]', "q = []", "when: q: expected at least one answer, got none"),
            ('q = ["x"]', 'q = "x"', "when: q: expected a list, got 'x'"),
            ('when = { q = ["x"] }', "when = 1", "when: expected a table, got 1"),
            ('category = "a"', 'category = "c"', "categories: expected every class .* none named 'c'"),
            ('["a", "b"]', '["a", "b", "c"]', "categories: expected an outcome for each, got none for 'c'"),
            ('category = "a"', 'by_grade = ["a", "b"]', "expected a category, or by_grade .* and 2"),
            ('category = "a"', 'category = "a"\nsubtype_from = "r"', "subtype_from: expected q, got 'r'"),
            ('[[outcome]]\nwhen = { q = ["x"] }', "[outcome]", "TOML"),
            ("", '\n[[question]]\nid="q"\nwords="?"\nchoice=[{value="a",words="b"},{value="c",words="d"}]',
             "question 2: id: expected another one"),
            ('choice = [{ value = "x", words = "ex" }, { value = "y", words = "why" }]', "choice = 1",
             "choice: expected a list, got 1"),
        ],
    )  # fmt: skip
    def test_a_file_that_is_wrong_says_where(self, tmp_path, old, new, words):
        with pytest.raises(RuleError, match=words):
            own(tmp_path, old, new)

    def test_unknown_form(self):
        with pytest.raises(RuleError, match=r"rules: expected abq-2004, .* or a \.toml file, got 'gone'"):
            load_form("gone")
        with pytest.raises(RuleError, match="genant-1993: kind: expected 'form', got 'genant'"):
            load_form("genant-1993")
