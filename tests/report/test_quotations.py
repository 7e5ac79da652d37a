"""What sources say: quoted word for word, to those whom it is about, and computed for nobody."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest

from spinegrade.errors import RuleError
from spinegrade.report.quotations import KINDS, WHOM, by_kind, quotations, read_quotations

FILE = resources.files("spinegrade.report").joinpath("quotations.toml")
WHOLE = '[[quotation]]\nkind = "monitoring"\nfor = "child"\nwords = "DXA twice a year."\nsource = "A 2020"\n'


def every(*whom):
    return [one for _, found in by_kind(whom) for one in found]


class TestQuotations:
    def test_are_the_words_of_the_file(self):
        written = tomllib.loads(FILE.read_text(encoding="utf-8"))["quotation"]
        assert [(one.words, one.source) for one in quotations()] == [
            (one["words"], one["source"]) for one in written
        ]
        assert len({one.words for one in quotations()}) == len(quotations()) > 10

    def test_name_their_source_and_whom_they_are_about(self):
        for one in quotations():
            assert one.source.strip()
            assert one.whom in WHOM
            assert one.kind in KINDS

    @pytest.mark.parametrize(
        "figure",
        [
            "9 g/m2",
            "5.9 times",
            "3.0 to 11.8",
            "16 %",
            "26.4 %",
            "39 %",
            "30 to 40 %",
            "50 nmol/L",
            "400 IU",
            "500 to 1,300 mg",
            "9 mg/kg a year in 4 to 6 doses",
            "0.05 to 0.1 mg/kg a year in 2 to 4 doses",
            "1 mg/kg a day for 3 days every 4 months",
        ],
    )
    def test_have_the_figures_of_the_sources(self, figure):
        assert any(figure in one.words for one in quotations())

    def test_doses_stand_under_treatment_or_prevention_only(self):
        doses = {one.kind for one in quotations() if re.search(r"\d (mg/kg|IU)", one.words)}
        assert doses == {"treatment", "prevention"}

    def test_about_children_speak_no_language_of_adults(self):
        for one in every("child"):
            assert not re.search(r"t-score|osteopeni", one.words, re.IGNORECASE)


class TestByKind:
    @pytest.mark.parametrize(("whom", "other"), [("child", "adult"), ("adult", "child")])
    def test_gives_what_is_about_them_or_anybody(self, whom, other):
        found = {one.whom for one in every(whom)}
        assert found == {whom, "anybody"}
        assert other not in found

    def test_gives_everything_to_a_page_of_both(self):
        assert sorted(every("child", "adult"), key=str) == sorted(quotations(), key=str)

    def test_gives_the_rest_where_no_age_is_known(self):
        assert {one.whom for one in every("anybody")} == {"anybody"}

    def test_has_no_heading_without_a_quotation(self):
        assert all(found for whom in WHOM for _, found in by_kind([whom]))
        assert [heading for heading, _ in by_kind(["child", "adult"])] == list(KINDS.values())


class TestFile:
    def test_is_read(self):
        (one,) = read_quotations(WHOLE)
        assert (one.words, one.source, one.whom, one.kind) == (
            "DXA twice a year.",
            "A 2020",
            "child",
            "monitoring",
        )

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('source = "A 2020"\n', ""),
            ('source = "A 2020"', 'source = ""'),
            ('kind = "monitoring"', 'kind = "advice"'),
            ('for = "child"', 'for = "everybody"'),
            ('source = "A 2020"', 'source = "A 2020"\ndose_mg_per_kg = 1.0'),
        ],
        ids=["no source", "empty source", "another kind", "somebody else", "a number to compute with"],
    )
    def test_is_refused_where_it_says_something_else(self, old, new):
        with pytest.raises(RuleError, match=r"quotation: expected .* got"):
            read_quotations(WHOLE.replace(old, new))
