"""What stands on the clinician's page: findings of all readings, a clinic's tables, courses, words."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from read_films import make_reading, refused, save, vertebra, with_vertebra
from spinegrade.anatomy import GRADED, LevelRange
from spinegrade.assess import Method, PointSd
from spinegrade.followup.remarks import Remark
from spinegrade.osteoporosis.account import accounts
from spinegrade.osteoporosis.cohort import Classification, classify
from spinegrade.osteoporosis.spines import gather_grades, spine_schema
from spinegrade.osteoporosis.switches import Switches
from spinegrade.patients.contradictions import settle
from spinegrade.patients.reading import read_patients
from spinegrade.readings import Exam
from spinegrade.report import Chosen, clinic_tables, clinic_words
from spinegrade.report import clinic_trends as plots
from spinegrade.report.clinic_findings import earlier_fractures, findings, latest, strips, unread
from spinegrade.report.clinic_trends import trends
from spinegrade.report.findings import examine
from spines import invoke

DATES = (date(2024, 3, 1), date(2025, 3, 10), date(2026, 4, 2))
WEDGE = {"T12": (0.30, 0.1, 0.0)}


def seen(*readings, point_sd=None):
    """Return readings with their findings."""
    method = Method(point_sd=point_sd)
    return [examine(Chosen(one, Path("a.json")), None, method) for one in readings]


def read(lost, reader="R1", number=0, when=None):
    exam = Exam("P-17", f"E{number}", when or DATES[number])
    return evolve(make_reading(reader=reader, lost=lost), exam=exam)


class TestFindings:
    def test_of_readings_that_differ_name_how_many_saw_what(self):
        three = seen(read(WEDGE), read(WEDGE, "R2"), read({}, "R3"))
        (one,) = findings(three, GRADED)
        assert (one.level, one.grade) == ("T12", 2)
        assert one.words == "moderate wedge (grade 2) by 2, no fracture by 1"
        assert one.loss.endswith(" to 30.0")
        assert (one.chance, one.visual, one.differs) == ("", "", False)

    def test_of_readings_that_agree_say_it_once(self):
        (one,) = findings(seen(read(WEDGE), read(WEDGE, "R2")), GRADED)
        assert (one.words, one.loss) == ("moderate wedge (grade 2)", "30.0")

    def test_have_the_probability_of_the_command_line(self, tmp_path):
        reading = read(WEDGE)
        file = save(reading, tmp_path / "a.reading.json")
        rows = json.loads(invoke("grade", file, "--point-sd", "0.5mm", "--format", "json").out)
        (row,) = [one for one in rows if one["level"] == "T12"]
        (found,) = findings(seen(reading, point_sd=PointSd(0.5, "mm")), GRADED)
        assert found.chance == f"{1 - row['p0']:.2f}"

    def test_have_a_level_that_only_the_reader_graded(self):
        reading = read({})
        points = {one.level: one.points for one in reading.vertebrae}
        own = with_vertebra(reading, vertebra("L1", points["L1"], visual_grade=1.0))
        (one,) = findings(seen(own), GRADED)
        assert (one.level, one.grade, one.visual, one.differs) == ("L1", 0, "1", True)
        half = with_vertebra(reading, vertebra("L1", points["L1"], visual_grade=0.5))
        assert findings(seen(half), GRADED) == ()

    def test_of_a_sound_spine_are_none(self):
        assert findings(seen(read({})), GRADED) == ()


class TestLevelsNotGraded:
    def test_stand_with_their_reasons_together(self):
        one = with_vertebra(read({}), refused("T4"), refused("T5"))
        other = with_vertebra(read({}, "R2"), refused("T4"))
        said = unread(seen(one, other), GRADED)
        assert said == ("T4: overlap", "T5: overlap (1 of 2 readings)")

    def test_that_nobody_read_are_named(self):
        short = read({})
        short = evolve(short, vertebrae=tuple(one for one in short.vertebrae if one.level != "L4"))
        assert unread(seen(short), GRADED) == ("L4: not read",)

    def test_are_only_those_that_were_asked_for(self):
        assert unread(seen(with_vertebra(read({}), refused("T4"))), LevelRange("T8", "L4")) == ()


class TestDates:
    def test_latest_exam_is_the_one_of_the_last_date(self):
        every = seen(read({}, number=1), read({}, number=0), read({}, "R2", number=1))
        assert [one.reading.exam.id for one in latest(every)] == ["E1", "E1"]

    def test_where_one_is_missing_all_exams_count_as_the_latest(self):
        undated = evolve(read({}), exam=Exam("P-17", "E9", None))
        assert len(latest(seen(read({}), undated))) == 2

    def test_strips_stand_in_order_with_the_range_of_each_level(self):
        undated = evolve(read({}), exam=Exam("P-17", "E9", None))
        every = strips(seen(undated, read({}, "R2", 1), read(WEDGE, "R1", 1), read(WEDGE)), GRADED)
        assert [one.when for one in every] == ["2024-03-01", "2025-03-10", "exam E9, no date"]
        assert [one.readings for one in every] == [1, 2, 1]
        at = list(GRADED.levels).index("T12")
        assert [one.cells[at].words for one in every] == ["2", "0-2", "0"]
        assert {cell.words for one in every for n, cell in enumerate(one.cells) if n != at} == {"0"}

    def test_a_level_that_nobody_could_grade_has_no_grade(self):
        (strip,) = strips(seen(with_vertebra(read({}), refused("T4"))), GRADED)
        assert (strip.cells[0].low, strip.cells[0].words) == (None, "-")

    def test_fractures_of_a_date_are_said_in_a_line(self):
        sound, broken = strips(seen(read({}), read(WEDGE, number=1)), GRADED)
        assert earlier_fractures((sound,)) == ()
        assert earlier_fractures((sound, broken)) == ("T12 grade 2 (2025-03-10)",)


@pytest.fixture
def clinic(tmp_path):
    """Give a function that writes a clinic's tables and returns an account, tables, and what is known."""

    def make(**tables):
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        how = Classification()
        given = read_patients(tmp_path)
        frame = classify(given, None, GRADED, how)
        empty = gather_grades(pl.DataFrame(schema=spine_schema(GRADED)), GRADED, Switches())
        known = settle(given, empty.frame, how.switches.adult_from)
        return next(accounts(frame, how)), given, known

    return make


CHILD = "patient,sex,birth_date,date,height_cm\nA1,F,2016-05-20,2026-04-20,131.5\n"


class TestTables:
    def test_say_who_it_is_with_the_months_of_a_child(self, clinic):
        account, given, _ = clinic(patients=CHILD)
        said = dict(clinic_tables.who(account, given))
        assert said == {
            "Sex": "female",
            "Age": "9 years 11 months",
            "Exam": "2026-04-20",
            "Height": "131.5 cm",
        }

    def test_say_what_is_not_known_of_an_adult(self, clinic):
        account, given, _ = clinic(patients="patient,age\nA1,71.25\n")
        assert dict(clinic_tables.who(account, given)) == {
            "Sex": "not known",
            "Age": "71.2 years",
            "Exam": "no date",
        }

    def test_have_no_t_score_of_a_child(self, clinic):
        scan = "patient,site,z,t,reference,date\nA1,spine,-2.3,-3.1,invented,2026-04-20\n"
        account, _, known = clinic(patients=CHILD, bmd=scan)
        (one,) = clinic_tables.scans(account, known)
        assert (one.z, one.t, one.usable, one.where) == (-2.3, None, True, "lumbar spine")
        grown = CHILD.replace("2016", "1950")
        account, _, known = clinic(patients=grown, bmd=scan)
        assert clinic_tables.scans(account, known)[0].t == -3.1

    def test_have_scans_by_site_and_date_each_with_its_age(self, clinic):
        scans = (
            "patient,site,value,z,z_low,z_high,reference,reference_device,device,conversion,date\n"
            "A1,total_body_less_head,,-1,,,invented,,,,2026-04-20\n"
            "A1,spine,0.5,-1.5,-2.1,-0.9,invented,Hologic,Lunar,an equation,2026-04-20\n"
            "A1,spine,0.45,-1.9,,,invented,,,,2025-05-20\n"
        )
        account, _, known = clinic(patients=CHILD, bmd=scans)
        found = clinic_tables.scans(account, known)
        assert [(one.site, f"{one.date}") for one in found] == [
            ("spine", "2025-05-20"),
            ("spine", "2026-04-20"),
            ("total_body_less_head", "2026-04-20"),
        ]
        assert found[0].age == 9
        assert (found[0].interval, found[1].interval) == ("", " (-2.1 to -0.9)")
        assert found[1].reference == "invented, Hologic, by an equation"

    def test_keep_what_contradicts_itself_and_say_so(self, clinic):
        account, _, known = clinic(
            patients=CHILD,
            bmd="patient,site,z,date\nA1,spine,-2.4,2026-04-20\n",
            fractures="patient,site,long_bone,age_at,mechanism\nA1,femur,,30,low-energy\nA1,rib,,4,\n",
            exposures="patient,exposure,agent,mg_per_day,months,start_date\n"
            "A1,glucocorticoid,prednisone,10,6,2025-06-01\nA1,drug,dexamethasone,2,,\n",
        )
        assert not clinic_tables.scans(account, known)[0].usable
        assert clinic_tables.fractures(account, known) == (
            ("rib", "no", "4.0 years", "not said", ""),
            ("femur", "yes", "30.0 years", "low-energy", "contradicts itself: not used"),
        )
        first, second = clinic_tables.exposures(account, known)
        assert first == ("glucocorticoid", "prednisone", "10 mg a day", "2025-06-01 to ?", "6 months", "")
        assert second[:2] == ("not said", "dexamethasone")

    def test_have_nothing_of_another_patient(self, clinic):
        scan = "patient,site,z,reference\nA1,spine,-1,invented\nA2,spine,-3,invented\n"
        account, _, known = clinic(patients=CHILD + "A2,M,2015-01-01,2026-04-20,\n", bmd=scan)
        assert [one.z for one in clinic_tables.scans(account, known)] == [-1]


def scan(z, age=9.0, site="spine", **facts):
    every = {
        "date": None,
        "device": "",
        "value": None,
        "low": None,
        "high": None,
        "adjusted": None,
        "t": None,
    }
    return clinic_tables.Scan(site=site, age=age, z=z, reference="r", **({"usable": True} | every | facts))


class TestTrends:
    RULE = Method().rule

    def test_draw_the_levels_that_were_ever_fractured(self):
        before, after = {"T8": (0.28, 0.1, 0.0)}, {"L1": (0.45, 0.2, 0.0)}
        drawn = trends(seen(read(before), read(after, number=1)), (), self.RULE)
        assert [one.title for one in drawn] == [
            "T8: loss of height",
            "L1: loss of height",
            "Spinal deformity index",
        ]
        healed, broken, index = drawn
        assert healed.dots[1].y > healed.dots[0].y  # less loss lies lower
        assert broken.dots[1].y < broken.dots[0].y
        assert "45.0 %, grade 3" in broken.dots[1].words
        assert index.dots[0].x < index.dots[1].x
        assert all(len(one.lines) == 1 and len(one.dots) == 2 for one in drawn)

    def test_put_a_loss_into_the_band_of_its_grade(self):
        plot = trends(seen(read(WEDGE), read({"T12": (0.45, 0.2, 0.0)}, number=1)), (), self.RULE)[0]
        for dot in plot.dots:
            (band,) = [kind for top, bottom, kind in plot.bands if top < dot.y < bottom]
            assert band == dot.kind
        assert [dot.kind for dot in plot.dots] == ["g-2", "g-3"]

    def test_join_what_one_reader_read_on_one_occasion(self):
        readings = [read(WEDGE, reader, number) for reader in ("R1", "R2") for number in (0, 1)]
        plot = trends(seen(*readings), (), self.RULE)[0]
        assert [len(line) for line in plot.lines] == [2, 2]

    def test_need_two_dates_for_grades(self):
        assert trends(seen(read(WEDGE)), (), self.RULE) == ()
        undated = evolve(read(WEDGE), exam=Exam("P-17", "E9", None))
        assert trends(seen(read(WEDGE), undated), (), self.RULE) == ()

    def test_say_where_an_index_could_be_higher(self):
        gap = with_vertebra(read({}), refused("T9"))
        *_, index = trends(seen(gap, read({}, number=1)), (), self.RULE)
        first, second = index.dots
        assert first.high < first.y == first.low  # upwards is less
        assert (second.low, second.high) == (None, None)
        assert "missing" in index.note

    def test_draw_the_z_scores_over_age_with_the_line_at_two_below(self):
        scans = [scan(-1.0, 7.0), scan(-3.0, 9.5, low=-3.4, high=-2.6)]
        (plot,) = trends((), scans, self.RULE)
        (line,) = plot.marks
        assert line[1] == "-2.0"
        young, old = plot.dots
        assert young.y < line[0] < old.y
        assert young.x < old.x
        assert old.high < old.y < old.low
        assert (young.low, young.high) == (None, None)
        assert all(plots.TOP <= dot.y <= plots.BOTTOM for dot in plot.dots)

    def test_leave_out_scans_that_cannot_be_used_or_have_no_age(self):
        unusable = [scan(-3, usable=False), scan(-3, age=None), scan(None)]
        assert trends((), unusable, self.RULE) == ()
        (plot,) = trends((), [*unusable, scan(-1)], self.RULE)
        assert len(plot.dots) == 1

    @given(zs=st.lists(st.floats(-9, 6), min_size=1, max_size=9))
    def test_never_leave_the_plot(self, zs):
        (plot,) = trends((), [scan(z, 5.0 + n) for n, z in enumerate(zs)], self.RULE)
        for dot in plot.dots:
            assert plots.LEFT <= dot.x <= plots.RIGHT
            assert plots.TOP <= dot.y <= plots.BOTTOM
        assert 2 <= len(plot.y_ticks) <= 8
        assert len(plot.x_ticks) <= 4

    def test_draw_the_levels_with_most_loss_where_there_are_too_many(self):
        every = {level: (0.21 + 0.02 * n, 0.0, 0.0) for n, level in enumerate(("T5", "T7", "T9", "T11"))}
        every |= {level: (0.31 + 0.02 * n, 0.0, 0.0) for n, level in enumerate(("T12", "L1", "L2", "L3"))}
        method = Method(reference="own")
        examined = [examine(Chosen(read(every, number=n), Path("a.json")), None, method) for n in (0, 1, 2)]
        titles = [one.title for one in trends(examined, (), method.rule)]
        assert titles[:-1] == [f"{level}: loss of height" for level in ("T9", "T11", "T12", "L1", "L2", "L3")]


class TestWords:
    @given(years=st.floats(0, 120, allow_nan=False), months=st.booleans())
    def test_an_age_has_no_twelfth_month(self, years, months):
        said = clinic_words.age(years, months=months)
        if months:
            whole, part = (int(word) for word in said.split() if word.isdigit())
            assert 0 <= part <= 11
            assert whole + part / 12 == pytest.approx(years, abs=0.0835)
        else:
            assert float(said.removesuffix(" years")) == pytest.approx(years, abs=0.051)

    def test_a_birthday_is_a_whole_year(self):
        assert clinic_words.age(9.0, months=True) == "9 years 0 months"
        assert clinic_words.age(None, months=True) == "not known"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("age >= 20", "age at least 20"),
            ("bmd z <= -2", "bmd z at most -2"),
            ("age < 20", "age below 20"),
            ("height loss > 4", "height loss above 4"),
            ("local disease: no", "local disease: no"),
        ],
    )
    def test_comparisons_have_their_signs_in_words(self, given, said):
        assert clinic_words.reason(given) == said

    def test_the_most_frequent_answer_stands_first(self):
        assert clinic_words.tally(["0", "1", "1"]) == "1 by 2, 0 by 1"
        assert clinic_words.tally(["1", "1"]) == "1"

    def test_a_range_of_one_number_is_that_number(self):
        assert clinic_words.spread([0.12, 0.34], "{:.1f}") == "0.1 to 0.3"
        assert clinic_words.spread([0.31, 0.34], "{:.1f}") == "0.3"

    def test_every_remark_of_the_follow_up_has_words(self):
        assert set(clinic_words.REMARK_WORDS) == set(Remark)

    def test_levels_that_could_not_be_graded_are_named(self, clinic):
        account, _, _ = clinic(patients=CHILD)
        account = evolve(account, row=account.row | {"unevaluable": "T4 T5"})
        said = clinic_words.wanted("unevaluable levels", account)
        assert said == "the levels that could not be graded: T4, T5"

    def test_every_input_that_a_rule_asks_for_has_words_of_a_clinic(self, clinic):
        """Whatever rules ask of a patient of whom nothing is known: no name of a column is shown."""
        for person in ("A1,,\n", "A1,F,9\n", "A1,F,70\n", "A1,M,70\n"):
            account, _, _ = clinic(patients=f"patient,sex,age\n{person}")
            for what in account.wanted:
                words = clinic_words.wanted(what, account)
                assert "_" not in words.replace("t_score_men_from", "")
                assert not words.startswith(("bmd", "fractures."))
                assert len(words.split()) > 1 or words == "sex"
