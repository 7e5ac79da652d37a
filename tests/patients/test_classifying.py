"""From tables and films to facts and answers: what counts, what contradicts itself, what is missing."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from patients.clinic import classified, dated, one, write
from spinegrade.anatomy import GRADED
from spinegrade.io.columns import COORDINATES
from spinegrade.osteoporosis.cohort import Classification, classify
from spinegrade.patients.ages import months_between, years_between
from spinegrade.patients.reading import read_patients
from spinegrade.rules import load_rule
from spines import heights, table

CHILD = "birth_date,date,local_disease,high_energy_trauma"
CLEAN = "2016-11-21,2026-11-21,no,no"
SOUND = {"T8": (0.22, 0.0, 0.0)}


def film(exam="E1", on=date(2026, 11, 21), levels=None, reader="R1", **lost):
    sides = heights(**lost) if levels is None else heights(levels, **lost)
    return dated(table(sides, exam=exam), on, reader=reader)


def blank(frame, where, *parts):
    """Return a landmark table without the coordinates of some rows, all or those of some parts."""
    names = [name for name in COORDINATES if not parts or any(part in name for part in parts)]
    return frame.with_columns(pl.when(~where).then(name).alias(name) for name in names)


@pytest.mark.parametrize(
    ("birth", "then", "years"),
    [
        ("2016-02-29", "2026-02-28", 9.999),
        ("2016-02-29", "2026-03-01", 10.003),
        ("2016-11-21", "2026-11-21", 10.0),
        ("2016-11-21", "2026-11-20", 9.996),
        ("1999-12-31", "2026-01-01", 26.003),
    ],
)
def test_ages_turn_on_the_birthday(birth, then, years):
    frame = pl.DataFrame({"a": [birth], "b": [then]}).with_columns(pl.all().str.to_date())
    assert frame.select(years_between(pl.col("a"), pl.col("b"))).item() == pytest.approx(years, abs=0.003)
    assert (frame.select(years_between(pl.col("a"), pl.col("b"))).item() >= 10) == (years >= 10)


@pytest.mark.parametrize(
    ("first", "then", "months"),
    [
        ("2026-01-01", "2026-07-01", 6.0),
        ("2026-01-01", "2026-06-30", 5.914),
        ("2025-03-15", "2026-03-15", 12.0),
        ("2025-08-31", "2026-02-28", 6.0),
        ("2025-08-31", "2026-02-27", 5.914),
        ("2024-02-29", "2025-02-28", 12.0),
        ("2026-01-01", "2026-01-16", 0.493),
    ],
)
def test_months_turn_on_the_day_of_the_month(first, then, months):
    frame = pl.DataFrame({"a": [first], "b": [then]}).with_columns(pl.all().str.to_date())
    found = frame.select(months_between(pl.col("a"), pl.col("b"))).item()
    assert found == pytest.approx(months, abs=0.003)
    assert (found >= 6) == (months >= 6)


class TestFilms:
    def test_one_fracture_is_osteoporosis_and_is_looked_at_again(self, tmp_path):
        row = one(tmp_path, CHILD, CLEAN, film(T8=(0.22, 0, 0)))
        assert (row["R1"], row["classification"]) == ("met", "osteoporosis")
        assert (row["R16"], row["fractured_low"], row["grade_T8"], row["age"]) == ("met", 1, 1, 10.0)
        assert row["imaging"] == "R16 a single vertebral fracture, of grade 1"

    def test_two_fractures_are_not_looked_at_again(self, tmp_path):
        assert one(tmp_path, CHILD, CLEAN, film(T8=(0.22, 0, 0), L1=(0.22, 0, 0)))["R16"] == "not met"

    def test_from_which_grade_is_a_switch(self, tmp_path):
        row = one(tmp_path, CHILD, CLEAN, film(T8=(0.22, 0, 0)), switches=["min_grade=2"])
        assert (row["R1"], row["R16"]) == ("not met", "met")
        assert "min_grade=2" in row["switches"]

    def test_an_adult_is_no_child(self, tmp_path):
        row = one(tmp_path, CHILD, "1956-11-21,2026-11-21,no,no", film(T8=(0.22, 0, 0)))
        assert (row["R1"], row["R1_because"]) == ("not met", "age >= 20")

    def test_without_a_word_on_trauma(self, tmp_path):
        row = one(tmp_path, CHILD, "2016-11-21,,no,", film(T8=(0.22, 0, 0)))
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "high_energy_trauma")

    def test_too_few_levels_exclude_nothing(self, tmp_path):
        short = [level for level in heights() if level not in ("T9", "L2")]
        row = one(tmp_path, CHILD, CLEAN, film(levels=short))
        assert (row["status"], row["R1"], row["R15"]) == ("uninterpretable", "indeterminate", "indeterminate")
        assert (row["unread"], row["unevaluable"]) == ("T9 L2", None)
        assert {row["R1_missing"], row["R15_missing"]} == {"levels that were not read"}

    @pytest.mark.parametrize(
        ("marked", "unevaluable", "unread", "answer"),
        [
            (("T9", "L2"), "T9 L2", None, "met"),
            (("T9",), "T9", "L2", "met"),
            ((), None, "T9 L2", "indeterminate"),
        ],
    )
    def test_a_level_that_cannot_be_evaluated_is_no_level_that_nobody_read(
        self, tmp_path, marked, unevaluable, unread, answer
    ):
        """Whoever passes a level over without a word on why has not said that it cannot be evaluated."""
        levels = [level for level in heights() if level in marked or level not in ("T9", "L2")]
        seen = blank(film(levels=levels), pl.col("level").is_in(list(marked)))
        seen = seen.with_columns(
            evaluable=~pl.col("level").is_in(list(marked)),
            not_evaluable_reason=pl.when(pl.col("level").is_in(list(marked))).then(pl.lit("overlap")),
        )
        row = one(tmp_path, CHILD, CLEAN, seen)
        assert (row["unevaluable"], row["unread"], row["R15"]) == (unevaluable, unread, answer)
        other = one(tmp_path, CHILD, CLEAN, seen, film(reader="R2"))
        assert (other["unevaluable"], other["unread"], other["R15"]) == (None, None, "not met")

    @pytest.mark.parametrize("parts", [("middle", "inferior_anterior"), ()])
    def test_a_vertebra_of_which_landmarks_cannot_be_seen_cannot_be_evaluated(self, tmp_path, parts):
        row = one(tmp_path, CHILD, CLEAN, blank(film(), pl.col("level") == "T9", *parts))
        assert (row["unevaluable"], row["unread"], row["R15"]) == ("T9", None, "met")

    @pytest.mark.parametrize("marked", [True, False])
    def test_a_fracture_that_is_seen_and_not_measured_leaves_it_open(self, tmp_path, marked):
        t8 = pl.col("level") == "T8"
        seen = blank(film(), t8).with_columns(visual_grade=pl.when(t8).then(2.0))
        if marked:
            seen = seen.with_columns(evaluable=~t8, not_evaluable_reason=pl.when(t8).then(pl.lit("overlap")))
        row = one(tmp_path, CHILD, CLEAN, seen)
        asked = "landmarks of vertebrae that were graded by eye"
        assert (row["R1"], row["R1_missing"], row["R16"]) == ("indeterminate", asked, "indeterminate")
        assert row["vertebral_fractures_high"] == 1
        assert one(tmp_path, CHILD, CLEAN, seen, switches=["min_grade=3"])["R1"] == "not met"
        assert one(tmp_path, CHILD, CLEAN, seen, switches=["grades=visual"])["R1"] == "met"

    def test_a_film_that_is_read_by_eye_alone_wants_landmarks_and_no_other_image(self, tmp_path):
        seen = blank(film(), pl.lit(value=True)).with_columns(visual_grade=0.0)
        row = one(tmp_path, CHILD, CLEAN, seen)
        assert (row["R1"], row["R15"]) == ("indeterminate", "not met")
        assert row["R1_missing"] == "landmarks of vertebrae that were graded by eye"
        assert (row["unevaluable"], row["unread"]) == (None, None)
        by_eye = one(tmp_path, CHILD, CLEAN, seen, switches=["grades=visual"])
        assert (by_eye["R1"], by_eye["R15"]) == ("not met", "not met")

    def test_one_level_unread_is_no_matter_of_the_diagnosis(self, tmp_path):
        row = one(tmp_path, CHILD, CLEAN, film(levels=[level for level in heights() if level != "T9"]))
        assert (row["R1"], row["R15"]) == ("not met", "indeterminate")

    def test_readers_who_differ_leave_it_open(self, tmp_path):
        films = (film(T8=(0.22, 0, 0)), film(reader="R2"))
        row = one(tmp_path, CHILD, CLEAN, *films)
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "agreement of readings")
        assert (row["grade_T8"], row["readings_differ"], row["status"]) == (None, "T8", "readings differ")
        assert (row["sdi"], row["sdi_low"], row["sdi_high"], row["R16"]) == (None, 0, 1, "indeterminate")

    def test_a_fracture_that_reshaped_was_one(self, tmp_path):
        films = (film("E2"), film("E1", date(2025, 11, 21), T8=(0.3, 0, 0)))
        row = one(tmp_path, CHILD, CLEAN, *films)
        assert (row["exam"], row["grade_T8"], row["R1"]) == ("E2", 0, "met")

    def test_of_undated_exams_the_latest_is_not_known(self, tmp_path):
        row = one(tmp_path, CHILD, CLEAN, film("E1", None), film("E2", None))
        assert "several exams, not all dated" in row["contradictions"]
        assert (row["R1"], row["R15"], row["age"]) == ("indeterminate", "indeterminate", None)
        assert (
            "exam dates"
            in one(tmp_path, "age,local_disease", "9,no", film("E1", None), film("E2", None))["R1_missing"]
        )

    def test_visual_grades_are_a_switch(self, tmp_path):
        measured = film(T8=(0.22, 0, 0)).with_columns(visual_grade=pl.lit(0.5))
        assert one(tmp_path, CHILD, CLEAN, measured)["R1"] == "met"
        row = one(tmp_path, CHILD, CLEAN, measured, switches=["grades=visual"])
        assert (row["R1"], row["R14"]) == ("not met", "met")
        assert one(tmp_path, CHILD, CLEAN, film())["R14"] == "not met"

    def test_where_the_readers_grades_decide_otherwise_it_is_said(self, tmp_path):
        """Seen and not measured, measured and not seen, and graded alike."""
        said = "R1 by the switch grades: measured {}, visual {} (T8)"
        t8 = pl.col("level") == "T8"
        seen = film().with_columns(visual_grade=pl.when(t8).then(2.0).otherwise(0.0))
        for switches in ([], ["grades=visual"]):
            row = one(tmp_path, CHILD, CLEAN, seen, switches=switches)
            assert row["disputed"] == said.format("not met", "met")
        measured = film(T8=(0.32, 0, 0)).with_columns(visual_grade=pl.lit(0.5))
        assert one(tmp_path, CHILD, CLEAN, measured)["disputed"] == said.format("met", "not met")
        both = film(T8=(0.32, 0, 0)).with_columns(visual_grade=pl.when(t8).then(1.0).otherwise(0.0))
        assert one(tmp_path, CHILD, CLEAN, both)["disputed"] is None
        assert one(tmp_path, CHILD, CLEAN, film(T8=(0.32, 0, 0)))["disputed"] is None

    def test_another_level_that_is_graded_otherwise_decides_nothing(self, tmp_path):
        """T8 is a fracture either way; of L2 only the landmarks say so."""
        graded = film(T8=(0.32, 0, 0), L2=(0.25, 0, 0)).with_columns(
            visual_grade=pl.when(pl.col("level") == "T8").then(1.0).otherwise(0.0)
        )
        assert one(tmp_path, CHILD, CLEAN, graded)["disputed"] is None

    def test_of_many_patients_each_is_told_their_own(self, tmp_path):
        seen = film().with_columns(visual_grade=pl.lit(1.0))
        films = [
            rows.with_columns(pl.lit(who).alias("patient"), pl.lit(f"E{who}").alias("exam"))
            for who, rows in (("P1", film()), ("P2", seen), ("P3", film()))
        ]
        people = ["patient,birth_date,date,local_disease,high_energy_trauma"]
        people += [f"P{n},2016-11-21,2026-11-21,no,no" for n in (3, 2, 1)]
        rows = classified(tmp_path, *films, patients=people)
        assert [rows[name]["disputed"] is None for name in ("P1", "P2", "P3")] == [True, False, True]

    def test_somebody_who_is_not_in_the_table(self, tmp_path):
        lines = ["patient,age", "P2,9"]
        rows = classified(tmp_path, film(T8=(0.22, 0, 0)), patients=lines)
        assert rows["P1"]["contradictions"] == "in readings without a usable row in the patients table"
        assert rows["P1"]["classification"] == "osteoporosis not excluded"
        assert rows["P2"]["status"] is None

    def test_an_exam_before_the_birth(self, tmp_path):
        row = one(tmp_path, "birth_date", "2026-11-22", film())
        assert row["contradictions"] == "date of the exam or assessment before the birth"
        assert (row["age"], row["R9a"], row["R9a_missing"]) == (None, "indeterminate", "birth_date or age")

    def test_a_birth_date_asks_for_the_other_date(self, tmp_path):
        row = one(tmp_path, "birth_date", "2016-01-01")
        assert row["R9a_missing"] == "date of the exam or assessment"
        row = one(tmp_path, "birth_date", "2016-01-01", film("E1", None), film("E2", None))
        assert row["R9a_missing"] == "exam dates"

    def test_an_age_that_is_not_the_birth_dates(self, tmp_path):
        row = one(tmp_path, "birth_date,age,date", "2016-01-01,12,2026-01-01")
        assert "age differs by more than a year" in row["contradictions"]
        assert row["age"] is None


class TestLedger:
    HEAD = "age,fractures_complete"
    LEDGER = "patient,site,long_bone,age_at,mechanism"

    def row(self, folder, cells, *rows, switches=()):
        return one(folder, self.HEAD, cells, fractures=[self.LEDGER, *rows], switches=switches)

    def test_two_long_bones_by_ten(self, tmp_path):
        row = self.row(tmp_path, "12,yes", "P1,femur,,9,", "P1,tibia,,10,")
        assert (row["R2"], row["long_bone_by_10_low"]) == ("met", 2)
        assert (row["R3"], row["R3_missing"]) == ("indeterminate", "bmd.z at a preferred site")

    @pytest.mark.parametrize(
        ("by_age", "age_at", "answer"),
        [
            ("at-most", 10, "met"),
            ("at-most", 10.5, "not met"),
            ("before", 10, "not met"),
            ("before", 9.9, "met"),
            ("completed", 10.9, "met"),
            ("completed", 11, "not met"),
        ],
    )
    def test_by_age_is_a_switch(self, tmp_path, by_age, age_at, answer):
        rows = ("P1,femur,,3,", f"P1,tibia,,{age_at},")
        assert self.row(tmp_path, "12,yes", *rows, switches=[f"by_age={by_age}"])["R2"] == answer

    def test_other_bones_do_not_count(self, tmp_path):
        rows = ("P1,rib,,3,", "P1,hand,,4,", "P1,femur,,5,")
        assert self.row(tmp_path, "12,yes", *rows)["R2"] == "not met"

    def test_a_ledger_that_is_not_said_to_be_complete_excludes_nothing(self, tmp_path):
        row = self.row(tmp_path, "12,", "P1,rib,,3,")
        assert (row["R2"], row["R2_missing"]) == ("indeterminate", "fractures_complete")

    def test_no_ledger_at_all(self, tmp_path):
        assert one(tmp_path, self.HEAD, "12,yes")["R2"] == "not met"
        assert one(tmp_path, self.HEAD, "12,")["R2"] == "indeterminate"

    def test_a_vertebra_without_films(self, tmp_path):
        head = "age,local_disease,high_energy_trauma,fractures_complete"
        ledger = [self.LEDGER, "P1,T12,,8,low-energy"]
        assert one(tmp_path, head, "9,no,no,yes", fractures=ledger)["R1"] == "met"
        struck = [self.LEDGER, "P1,vertebra,,8,high-energy"]
        assert one(tmp_path, head, "9,no,yes,yes", fractures=struck)["R1"] == "not met"

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("P1,femur,,13,", "fracture at an age above the patient's (femur, age 13)"),
            (
                "P1,vertebra,yes,5,",
                "fracture whose site and long_bone contradict each other (vertebra, age 5)",
            ),
        ],
    )
    def test_contradictions_prove_nothing_and_exclude_nothing(self, tmp_path, row, words):
        found = self.row(tmp_path, "12,yes", "P1,femur,,5,", row)
        assert found["contradictions"] == words
        assert (found["R2"], found["R2_missing"]) == ("indeterminate", "fractures (contradiction)")

    def test_dates_of_fractures(self, tmp_path):
        lines = ["patient,site,date,age_at", "P1,femur,2014-01-01,", "P1,tibia,2018-01-01,9"]
        row = one(tmp_path, "birth_date,date", "2016-01-01,2026-01-01", fractures=lines)
        assert row["contradictions"].split("; ") == [
            "fracture dated before the birth (femur, 2014-01-01)",
            "fracture whose age_at and date differ by more than a year (tibia, age 9, 2018-01-01)",
        ]
        lines = ["patient,site,date", "P1,femur,2018-01-01", "P1,tibia,2019-01-01"]
        assert one(tmp_path, "birth_date,date", "2016-01-01,2026-01-01", fractures=lines)["R2"] == "met"

    @pytest.mark.parametrize(
        ("tibia", "answer", "missing"),
        [
            # Aged 12, or nearly 13, on 1 January 2026: 10 between 2023-01-01 and 2024-01-01.
            ("2022-12-31", "met", None),
            ("2023-06-01", "indeterminate", "fractures.age_at"),
            ("2024-01-02", "not met", None),
            ("2025-12-31", "not met", None),
        ],
    )
    def test_an_age_and_a_date_tell_the_age_at_a_fracture_to_within_a_year(
        self, tmp_path, tibia, answer, missing
    ):
        lines = ["patient,site,date", "P1,femur,2018-01-01", f"P1,tibia,{tibia}"]
        row = one(tmp_path, "age,date,fractures_complete", "12,2026-01-01,yes", fractures=lines)
        assert (row["R2"], row["R2_missing"], row["contradictions"]) == (answer, missing, None)

    def test_an_age_in_completed_years_is_no_bound_of_what_was_just_before(self, tmp_path):
        """Somebody of 10 may be nearly 11, and have been 10 and a half three months before."""
        lines = ["patient,site,date", "P1,femur,2025-10-01", "P1,tibia,2025-10-02"]
        row = one(tmp_path, "age,date,fractures_complete", "10,2026-01-01,yes", fractures=lines)
        assert (row["R2"], row["R2_missing"]) == ("indeterminate", "fractures.age_at")
        for by_age, answer in (("completed", "met"), ("before", "indeterminate")):
            table = {"fractures": lines, "switches": [f"by_age={by_age}"]}
            assert one(tmp_path, "age,date,fractures_complete", "10,2026-01-01,yes", **table)["R2"] == answer

    def test_a_date_before_the_birth_that_an_age_leaves_possible(self, tmp_path):
        lines = ["patient,site,date,age_at", "P1,femur,2012-06-01,", "P1,tibia,2015-01-01,4"]
        row = one(tmp_path, "age,date,fractures_complete", "12,2026-01-01,yes", fractures=lines)
        assert row["contradictions"].split("; ") == [
            "fracture dated before the birth (femur, 2012-06-01)",
            "fracture whose age_at and date differ by more than a year (tibia, age 4, 2015-01-01)",
        ]

    def test_a_fracture_after_the_assessment(self, tmp_path):
        lines = ["patient,site,date,age_at", "P1,femur,2026-01-02,", "P1,femur,,5"]
        row = one(tmp_path, "age,date,fractures_complete", "9,2026-01-01,yes", fractures=lines)
        assert row["contradictions"] == "fracture dated after the exam or assessment (femur, 2026-01-02)"
        assert (row["R2"], row["R2_missing"]) == ("indeterminate", "fractures (contradiction)")

    def test_trauma_denied_and_told(self, tmp_path):
        lines = [self.LEDGER, "P1,T12,,8,high-energy", "P1,T11,,8,low-energy"]
        row = one(tmp_path, "age,local_disease,high_energy_trauma", "9,no,no", fractures=lines)
        assert row["contradictions"].startswith("high_energy_trauma is false")
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "high_energy_trauma")

    def test_of_somebody_who_is_not_in_the_table(self, tmp_path):
        rows = classified(tmp_path, patients=["patient,age", "P2,9"], fractures=["patient,site", "P9,rib"])
        assert rows["P9"]["contradictions"] == "in fractures without a usable row in the patients table"

    def test_a_hip(self, tmp_path):
        assert self.row(tmp_path, "80,", "P1,hip,,79,low-energy")["A2"] == "met"
        assert self.row(tmp_path, "80,yes", "P1,hip,,79,high-energy")["A2"] == "not met"
        row = self.row(tmp_path, "80,yes", "P1,peripheral,,79,low-energy", "P1,,,79,low-energy")
        assert (row["A2"], row["A2_missing"]) == ("indeterminate", "fractures.site")
        row = self.row(tmp_path, "80,yes", "P1,,,79,")
        assert (row["A2"], row["A2_missing"].split("; ")[0]) == ("indeterminate", "fractures.site")

    @pytest.mark.parametrize(
        ("site", "code"),
        [("hip", "A2"), ("femur", "A2"), ("proximal_humerus", "A3"), ("pelvis", "A3"), ("humerus", "A3")],
    )
    def test_a_grown_persons_fracture_without_an_age(self, tmp_path, site, code):
        """It may have been a child's; at 79 it was not."""
        (tmp_path / "own").mkdir()
        own = tmp_path / "own" / "a3.toml"
        text = load_rule("nbha-2014-low-mass-fracture").text
        own.write_text(text.replace('status = "unconfirmed"', 'status = "confirmed"'))
        asked = []
        for age in ("", "79"):
            ledger = [self.LEDGER, f"P1,{site},,{age},low-energy"]
            row = one(tmp_path, self.HEAD, "80,yes", fractures=ledger, rules=[str(own)])
            asked.append("fractures.age_at" in (row[f"{code}_missing"] or ""))
        assert asked == [True, False]


class TestBoundary:
    """A fracture between the 10th and 11th or 19th and 20th birthday is said, whichever way it counted."""

    LEDGER = "patient,site,long_bone,age_at"

    def row(self, folder, *rows, age=15, switches=()):
        ledger = [self.LEDGER, *(f"P1,{row}" for row in rows)]
        return one(folder, "age,fractures_complete", f"{age},yes", fractures=ledger, switches=switches)

    @pytest.mark.parametrize("by_age", ["at-most", "before", "completed"])
    def test_two_of_which_one_at_ten_and_a_half(self, tmp_path, by_age):
        row = self.row(tmp_path, "femur,,5", "tibia,,10.5", switches=[f"by_age={by_age}"])
        said = row["boundary"].split("; ")
        assert said[0] == "R2 by the switch by_age: at-most not met, before not met, completed met"
        assert said[1].startswith("R3 by the switch by_age: at-most not met, before not met, completed indet")
        assert row["R2"] == ("met" if by_age == "completed" else "not met")

    @pytest.mark.parametrize(
        ("rows", "age", "decides"),
        [
            (("femur,,5", "tibia,,10"), 15, True),  # on the birthday itself
            (("femur,,5", "tibia,,9.9"), 15, False),
            (("femur,,5", "tibia,,11"), 15, False),
            (("tibia,,10.5",), 15, False),  # one is no history, whenever it was
            (("femur,,5", "tibia,,6", "tibia,,10.5"), 15, False),  # met without it
            (("femur,,5", "rib,,10.5"), 15, False),
            (("femur,,5", "other,,10.5"), 15, True),  # perhaps a long bone
            (("femur,,12", "femur,,13", "tibia,,19.2"), 19.8, True),
            (("femur,,12", "femur,,13", "tibia,,19.2"), 25, False),  # adults have no such rule
            (("femur,,", "tibia,,"), 10.5, True),  # at an age unknown, of somebody who is not 11
            (("femur,,", "tibia,,"), 15, False),  # open by each setting
            (("femur,,5", "tibia,,10.5"), 10.2, False),  # above the patient's age: a contradiction
        ],
    )
    def test_only_where_it_decides(self, tmp_path, rows, age, decides):
        assert (self.row(tmp_path, *rows, age=age)["boundary"] is not None) == decides

    def test_each_patient_apart(self, tmp_path):
        ledger = [self.LEDGER, "P3,femur,,5", "P3,tibia,,10.5", "P1,femur,,10.5", "P2,femur,,5"]
        people = ["patient,age,fractures_complete", *(f"P{n},15,yes" for n in (1, 2, 3))]
        rows = classified(tmp_path, patients=people, fractures=ledger)
        assert [rows[name]["boundary"] is None for name in ("P1", "P2", "P3")] == [True, True, False]


def test_a_cohort_without_rules_is_answered_nothing(tmp_path):
    """Nothing is said of a boundary either, and the facts are there all the same."""
    ledger = ["patient,site,age_at", "P1,femur,5", "P1,tibia,10.5"]
    given = read_patients(write(tmp_path, patients=["patient,age", "P1,15"], fractures=ledger))
    (row,) = classify(given, None, GRADED, Classification(rules=())).iter_rows(named=True)
    assert (row["boundary"], row["missing"], row["long_bone_by_10_low"]) == (None, None, 1)


class TestDensities:
    LEDGER = ("patient,site,age_at", "P1,femur,5", "P1,tibia,6")
    BMD = "patient,site,z,z_low,z_high,z_height_adjusted,t,reference,date,device,reference_device,conversion"

    def row(self, folder, *rows, age="12,F,yes", switches=()):
        return one(
            folder,
            "age,sex,postmenopausal",
            age,
            fractures=self.LEDGER,
            bmd=[self.BMD, *rows],
            switches=switches,
        )

    @pytest.mark.parametrize(
        ("rows", "answer"),
        [
            (["P1,spine,-2.0,,,,,Ref,,,,"], "met"),
            (["P1,spine,-1.9,,,,,Ref,,,,"], "not met"),
            (["P1,spine,-2.1,-2.4,-1.8,,,Ref,,,,"], "indeterminate"),
            (["P1,spine,-3,,,,,Ref,2020-01-01,,,", "P1,spine,-1,,,,,Ref,2021-01-01,,,"], "not met"),
            (["P1,spine,-3,,,,,Ref,,,,", "P1,spine,-1,,,,,Ref,2021-01-01,,,"], "indeterminate"),
            (["P1,spine,-1,,,,,Ref,,,,", "P1,total_body_less_head,-3,,,,,Ref,,,,"], "met"),
            (["P1,femoral_neck,-3,,,,,Ref,,,,"], "indeterminate"),
        ],
    )
    def test_the_lowest_of_the_latest_at_preferred_sites(self, tmp_path, rows, answer):
        assert self.row(tmp_path, *rows)["R3"] == answer

    def test_sites_and_height_and_bound_are_switches(self, tmp_path):
        neck = "P1,femoral_neck,-3,,,,,Ref,,,,"
        assert self.row(tmp_path, neck, switches=["density_sites=any"])["R3"] == "met"
        both = "P1,spine,-3,,,-1.5,,Ref,,,,"
        row = self.row(tmp_path, both, switches=["density_z=height-adjusted"])
        assert (row["R3"], row["bmd_z_low"]) == ("not met", -1.5)
        row = self.row(tmp_path, "P1,spine,-2,,,,,Ref,,,,", switches=["density_bound=below"])
        assert (row["R3"], row["R5"]) == ("not met", "met")

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("P1,spine,-3,,,,,,,,,", "z-score without a reference"),
            ("P1,spine,-3,,,,,Ref,,Lunar,Hologic,", "z-score by a reference of another device"),
            ("P1,spine,-3,-2,-1,,,Ref,,,,", "z-score outside its own interval"),
        ],
    )
    def test_a_z_score_that_is_no_use_decides_nothing(self, tmp_path, row, words):
        found = self.row(tmp_path, row)
        assert found["contradictions"].startswith(words)
        assert (found["R3"], found["R3_missing"]) == ("indeterminate", "bmd (contradiction)")
        assert (found["R10"], found["R8"]) == ("not met", "indeterminate")
        assert found["R8_missing"] == "bmd (contradiction)"

    def test_a_conversion_makes_it_of_use(self, tmp_path):
        row = "P1,spine,-3,-3.5,-2.4,,,Ref,,Lunar,Hologic,lunar-hologic-spine"
        assert self.row(tmp_path, row)["R3"] == "met"

    def test_no_child_has_a_t_score(self, tmp_path):
        row = self.row(tmp_path, "P1,spine,,,,,-3,,,,,")
        assert row["contradictions"] == "T-score in a child (spine): not used"
        assert (row["t_score_low"], row["A1"], row["classification"]) == (
            None,
            "not met",
            "osteoporosis not excluded",
        )
        said = " ".join(str(value) for name, value in row.items() if name != "contradictions")
        said = said.replace("t_score_men_from", "")
        assert "steopenia" not in said
        assert "T-score" not in said

    def test_nobody_of_unknown_age_has_one_either(self, tmp_path):
        row = self.row(tmp_path, "P1,spine,,,,,-3,,,,,", age=",F,yes")
        assert (row["A1"], row["t_score_low"]) == ("indeterminate", None)

    def test_a_woman(self, tmp_path):
        neck = "P1,femoral_neck,,,,,-2.5,,2026-01-01,,,"
        assert self.row(tmp_path, neck, age="68,F,yes")["A1"] == "met"
        assert self.row(tmp_path, neck, age="68,M,")["A1"] == "indeterminate"
        assert self.row(tmp_path, neck, age="68,M,", switches=["t_score_men_from=50"])["A1"] == "met"

    def test_a_latest_scan_without_a_z_score_may_have_any(self, tmp_path):
        broken = ["patient,site,age_at,long_bone", "P1,femur,5,yes", "P1,femur,6,yes"]
        bmd = [
            "patient,site,device,value,z,reference,reference_device,date",
            "P1,spine,Hologic,0.5,-3,R,Hologic,2025-01-01",
            "P1,spine,Hologic,0.6,,,,2026-01-01",
            "P1,total_body_less_head,Hologic,0.7,-1,R,Hologic,2026-01-01",
        ]
        row = one(tmp_path, CHILD, CLEAN, fractures=broken, bmd=bmd)
        assert (row["R2"], row["R3"]) == ("met", "indeterminate")
        assert "bmd.z at a preferred site" in row["R3_missing"]
        assert row["contradictions"] is None

    def test_a_scan_before_the_birth(self, tmp_path):
        lines = ["patient,site,t,date", "P1,spine,-3,1950-01-01"]
        head = "birth_date,date,sex,postmenopausal"
        row = one(tmp_path, head, "1956-01-01,2026-01-01,F,yes", bmd=lines)
        assert (row["contradictions"], row["A1"]) == (
            "scan dated before the birth (spine, 1950-01-01)",
            "indeterminate",
        )

    @pytest.mark.parametrize(
        ("dates", "answer"),
        [
            (["2026-01-01", "2026-05-01"], ("met", "not met")),
            (["2026-01-01", "2026-06-30"], ("met", "not met")),
            (["2026-01-01", "2026-07-01"], ("not met", "met")),
            (["2025-05-02", "2026-05-01"], ("not met", "met")),
            (["2025-05-01", "2026-05-01"], ("not met", "not met")),
            (["2026-01-01"], ("not met", "not met")),
            (["2026-01-01", ""], ("indeterminate", "indeterminate")),
        ],
    )
    def test_scans_that_are_too_close(self, tmp_path, dates, answer):
        rows = [f"P1,spine,-1,,,,,Ref,{on},,," for on in dates]
        row = self.row(tmp_path, *rows)
        assert (row["R12"], row["R12b"]) == answer
        assert (row["information"] or "").startswith("R12b" if answer[1] == "met" else "")
        assert ("R12 " in (row["cautions"] or "")) == (answer[0] == "met")

    def test_a_year_is_asked_for(self, tmp_path):
        rows = [f"P1,spine,-1,,,,,Ref,{on},,," for on in ("2026-01-01", "2026-09-01")]
        row = self.row(tmp_path, *rows, switches=["dxa_months=12"])
        assert (row["R12"], row["R12b"]) == ("met", "not met")


class TestExposures:
    HEAD = "patient,exposure,agent,mg_per_day,prednisone_mg_per_day,start_date,end_date,months"

    @pytest.mark.parametrize(
        ("row", "answer"),
        [
            ("glucocorticoid,prednisone,5,,,,3", "met"),
            ("glucocorticoid,prednisone,4,,,,12", "not met"),
            ("glucocorticoid,prednisone,40,,,,2", "not met"),
            ("glucocorticoid,dexamethasone,1,,,,6", "indeterminate"),
            ("glucocorticoid,dexamethasone,1,7,,,6", "met"),
            ("glucocorticoid,Prednisolone,7.5,,2025-01-01,2025-08-01,", "met"),
            ("glucocorticoid,prednisone,7.5,,2025-08-01,2025-01-01,", "indeterminate"),
            ("glucocorticoid,prednisone,7.5,,,,", "indeterminate"),
            ("irradiation,,,,,,", "not met"),
        ],
    )
    def test_glucocorticoids_indicate_vertebral_assessment(self, tmp_path, row, answer):
        head = "age,sex,postmenopausal,height_loss_cm,self_reported_vertebral_fracture,exposures_complete"
        tables = {"bmd": ["patient,site,t", "P1,spine,-1.1"], "exposures": [self.HEAD, f"P1,{row}"]}
        found = one(tmp_path, head, "60,F,yes,4,no,yes", **tables)
        assert found["A9"] == answer
        if "2025-08-01,2025-01-01" in row:
            assert found["contradictions"].startswith("exposure that ends before it begins (prednisone, from")

    def test_without_a_word_nothing_is_excluded(self, tmp_path):
        head = "age,sex,height_loss_cm,self_reported_vertebral_fracture"
        row = one(tmp_path, head, "60,F,4,no", bmd=["patient,site,t", "P1,spine,-1.1"])
        assert (row["A9"], row["A9_missing"]) == ("indeterminate", "exposures_complete")


def test_atypical_findings(tmp_path):
    assert one(tmp_path, "age,atypical_finding", "9,congenital")["R17"] == "met"
    assert one(tmp_path, "age,atypical_finding", "9,no")["R17"] == "not met"
    row = one(tmp_path, "age,atypical_finding", "9,")
    assert (row["R17"], row["R17_missing"]) == ("indeterminate", "atypical_finding")


def test_a_row_depends_on_nobody_elses(tmp_path):
    """One patient and a cohort take the same path."""
    head = "patient,age,local_disease,high_energy_trauma,fractures_complete"
    lines = ["P1,9,no,no,yes", "P2,12,,,", "P3,70,no,no,yes"]
    ledger = ["patient,site,age_at", "P1,T8,8", "P3,hip,69"]
    together = classified(tmp_path, patients=[head, *lines], fractures=ledger)
    for line in lines:
        name = line[:2]
        own = [row for row in ledger if row.startswith(("patient", name))]
        alone = classified(tmp_path, patients=[head, line], fractures=own)
        assert alone[name] == together[name]
