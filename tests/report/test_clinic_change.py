"""A patient's course on the clinician's page: what changed between dates is what the follow-up says."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from attrs import evolve

from read_films import make_reading, refused, save, with_vertebra
from spinegrade.assess import Method, PointSd
from spinegrade.readings import Exam
from spinegrade.report import Chosen
from spinegrade.report.clinic_change import RULES, changes
from spinegrade.report.findings import examine
from spines import invoke

DATES = (date(2024, 3, 1), date(2025, 3, 10), date(2026, 4, 2))


def read(number, lost, reader="R1", when=None):
    """Return a reading of the exam of a date, by its place in `DATES`."""
    exam = Exam("P-17", f"E{number}", DATES[number] if when is None else when)
    return evolve(make_reading(reader=reader, lost=lost), exam=exam)


def course(*readings, point_sd=None):
    """Return what became of a patient between these readings."""
    method = Method(point_sd=point_sd)
    return changes([examine(Chosen(one, Path("a.json")), None, method) for one in readings], method)


def lines(pair):
    return {one.level: one for one in pair.levels}


class TestLevels:
    def test_that_are_new_worse_and_healed(self):
        before = read(0, {"T8": (0.28, 0.1, 0.0), "L1": (0.21, 0.05, 0.0)})
        after = read(1, {"T12": (0.30, 0.1, 0.0), "L1": (0.45, 0.2, 0.0)})
        (pair,) = course(before, after).pairs
        assert (pair.first, pair.second, round(pair.months)) == ("2024-03-01", "2025-03-10", 12)
        found = lines(pair)
        assert list(found) == ["T8", "T12", "L1"]
        assert [(one.before, one.now, one.kind) for one in found.values()] == [
            ("2", "0", "other"),
            ("0", "2", "incident"),
            ("1", "3", "worsening"),
        ]
        assert any("reshaped completely" in words for words in found["T8"].words)
        assert any(words == "new by grade" for words in found["T12"].words)
        assert any(words == "worse by grade" for words in found["L1"].words)

    def test_are_those_of_the_command_line(self, tmp_path):
        readings = (
            read(0, {"T8": (0.28, 0.1, 0.0), "L1": (0.21, 0.05, 0.0)}),
            read(1, {"T12": (0.30, 0.1, 0.0), "L1": (0.45, 0.2, 0.0), "L3": (0.0, 0.22, 0.0)}),
        )
        for number, one in enumerate(readings):
            save(one, tmp_path / f"{number}.reading.json")
        (pair,) = course(*readings).pairs
        for rule, one in zip(RULES, pair.sums, strict=True):
            out = invoke("followup", tmp_path, "--rule", rule, "--format", "csv").out
            rows = list(csv.DictReader(io.StringIO(out)))
            said = {
                called: ", ".join(row["level"] for row in rows if row["outcome"] == outcome) or "none"
                for called, outcome in (("new", "incident"), ("worse", "worsening"))
            }
            assert one.rule == rule
            assert one.found == f"new: {said['new']}; worse: {said['worse']}"

    def test_that_stay_sound_have_no_line(self):
        (pair,) = course(read(0, {}), read(1, {})).pairs
        assert pair.levels == ()
        assert [one.found for one in pair.sums] == ["new: none; worse: none"] * 2

    def test_are_told_reading_by_reading(self):
        sound, broken = {}, {"T12": (0.30, 0.1, 0.0)}
        readings = [
            read(number, lost, reader)
            for reader, after in (("R1", broken), ("R2", sound), ("R3", broken))
            for number, lost in enumerate((sound, after))
        ]
        (pair,) = course(*readings).pairs
        assert pair.readings == 3
        one = lines(pair)["T12"]
        assert (one.before, one.now) == ("0", "2 by 2, 0 by 1")
        assert "new in 2 of 3 readings by grade" in one.words

    def test_that_cannot_be_told_are_named(self):
        first, second = read(0, {}), with_vertebra(read(1, {}), refused("T4"))
        (pair,) = course(first, second).pairs
        assert all("cannot be told: T4" in one.found for one in pair.sums)
        assert "T4: not graded on the later date" in pair.remarks

    def test_a_grade_that_comes_out_of_the_dark_is_not_unchanged(self):
        """T8 could not be evaluated, and is severe a year later: nobody can tell whether it is new."""
        blind, broken = with_vertebra(read(0, {}), refused("T8")), read(1, {"T8": (0.45, 0.1, 0.0)})
        (pair,) = course(blind, broken).pairs
        one = lines(pair)["T8"]
        assert (one.before, one.now, one.kind) == ("not graded", "3", "other")
        assert one.words == ("cannot be told whether new or worse",)

    def test_a_fracture_that_nobody_can_see_any_more_has_a_line(self):
        broken, blind = read(0, {"T8": (0.45, 0.1, 0.0)}), with_vertebra(read(1, {}), refused("T8"))
        (pair,) = course(broken, blind).pairs
        assert lines(pair)["T8"].words == ("cannot be told whether new or worse",)

    def test_of_a_fracture_that_stays_are_told_in_words(self):
        lost = {"T8": (0.28, 0.1, 0.0)}
        (pair,) = course(read(0, lost), read(1, lost)).pairs
        assert lines(pair)["T8"].words == ("not reshaped",)

    def test_films_every_half_year_show_reshaping(self):
        """T8 is normal on the second film and on the third, a year after the first."""
        days = (date(2024, 1, 10), date(2024, 6, 10), date(2025, 1, 10))
        films = [read(n, {"T8": (0.28, 0.1, 0.0)} if n == 0 else {}, when=day) for n, day in enumerate(days)]
        last, first = course(*films).pairs
        assert lines(first)["T8"].words == ("too early for reshaping",)
        assert (lines(last)["T8"].before, lines(last)["T8"].now) == ("0", "0")
        assert lines(last)["T8"].words == ("reshaped completely",)

    def test_of_an_adult_are_told_without_growth(self):
        before = read(0, {"T8": (0.28, 0.1, 0.0), "L1": (0.28, 0.1, 0.0)})
        after = read(1, {"L1": (0.28, 0.1, 0.0)})
        method = Method()
        examined = [examine(Chosen(one, Path("a.json")), None, method) for one in (before, after)]
        (pair,) = changes(examined, method, may_grow=False).pairs
        assert lines(pair)["T8"].words == ("no longer graded as fractured",)
        assert lines(pair)["L1"].words == ("unchanged",)
        assert "grow" not in " ".join(one.title for one in pair.sums)


class TestSmallChanges:
    LOST = ({"L1": (0.24, 0.1, 0.0)}, {"L1": (0.26, 0.1, 0.0)})

    def small(self, **options):
        (pair,) = course(*(read(number, lost) for number, lost in enumerate(self.LOST)), **options).pairs
        return pair, "change smaller than the least significant change" in lines(pair)["L1"].words

    def test_are_told_from_chance_by_a_landmark_error(self):
        pair, said = self.small(point_sd=PointSd(0.5, "mm"))
        assert (pair.with_error, said) == (True, True)

    def test_count_where_the_error_is_smaller_still(self):
        assert not self.small(point_sd=PointSd(0.01, "mm"))[1]

    def test_cannot_be_told_from_chance_without_one(self):
        pair, said = self.small()
        assert (pair.with_error, said) == (False, False)


class TestPairs:
    def test_stand_the_latest_first(self):
        every = course(*(read(number, {}) for number in (2, 0, 1))).pairs
        assert [(one.first, one.second) for one in every] == [
            ("2025-03-10", "2026-04-02"),
            ("2024-03-01", "2025-03-10"),
        ]

    @pytest.mark.parametrize(
        ("readings", "why"),
        [
            ([read(0, {}), read(0, {}, "R2")], "One exam: there is nothing to compare it with."),
            ([read(0, {}), read(1, {}, "R2")], "No reader read two of the dates on one occasion"),
            (
                [
                    read(0, {}),
                    evolve(read(1, {}, "R2"), exam=Exam("P-17", "E1", None)),
                ],
                "Not every exam has a date",
            ),
        ],
        ids=["one exam", "other readers", "no date"],
    )
    def test_that_are_none_are_told_why(self, readings, why):
        found = course(*readings)
        assert found.pairs == ()
        assert found.why.startswith(why)

    def test_name_a_reading_without_a_date_as_left_out(self):
        undated = evolve(read(2, {}), exam=Exam("P-17", "E2", None))
        found = course(read(0, {}), read(1, {}), undated)
        assert len(found.pairs) == 1
        (left,) = found.left_out
        assert "exam E2" in left
        assert "P-17" not in left
