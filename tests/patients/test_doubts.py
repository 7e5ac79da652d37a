"""What contradicts itself or another table is named, and decides nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from patients.clinic import classified, dated, one, write
from spinegrade.anatomy import GRADED
from spinegrade.osteoporosis.spines import gather_grades, spine_schema
from spinegrade.osteoporosis.switches import Switches
from spinegrade.patients.ages import last_day
from spinegrade.patients.contradictions import settle
from spinegrade.patients.reading import read_patients
from spines import heights, table

CHILD = "age,date,local_disease,high_energy_trauma,fractures_complete"


def film(on, **lost):
    return dated(table(heights(**lost), exam="E1"), on, reader="R1")


def settled(folder, last=None, **tables):
    """Return what is known without films."""
    none = pl.DataFrame(schema=spine_schema(GRADED))
    exams = gather_grades(none, GRADED, Switches()).frame
    return settle(read_patients(write(folder, **tables)), exams, 20.0, last=last)


class TestAgeOnAnotherDay:
    """An age with its date grows up to the film."""

    def test_a_child_of_then_is_an_adult_now(self, tmp_path):
        cells = "12,2010-06-01,no,no,yes"
        row = one(tmp_path, CHILD, cells, film(date(2025, 6, 1), T8=(0.22, 0, 0)))
        assert (row["age"], row["R1"], row["R1_because"]) == (27.0, "not met", "age >= 20")
        assert row["contradictions"] is None

    @pytest.mark.parametrize(
        ("told", "on", "age"),
        [
            ("12,2025-06-01", date(2025, 12, 1), 12.501),
            ("12,2025-06-01", date(2024, 6, 1), 11.0),
            ("12.5,2024-06-01", date(2025, 6, 1), 13.5),
            ("12,", date(2025, 6, 1), 12.0),  # that of the assessment, whenever it was
            ("12,2025-06-01", None, 12.0),
            ("0,2025-06-01", date(2025, 3, 1), 0.0),  # completed years: perhaps ten months on the day
        ],
    )
    def test_by_the_years_between(self, tmp_path, told, on, age):
        row = one(tmp_path, "age,date", told, film(on))
        assert row["age"] == pytest.approx(age, abs=0.002)
        assert row["contradictions"] is None

    def test_a_fracture_since_is_none_of_an_older_patient(self, tmp_path):
        ledger = ["patient,site,age_at", "P1,femur,13"]
        row = one(tmp_path, CHILD, "12,2023-01-01,no,no,yes", film(date(2025, 6, 1)), fractures=ledger)
        assert row["contradictions"] is None
        assert row["long_bone_by_19_low"] == 1

    def test_a_film_years_before_the_birth(self, tmp_path):
        row = one(tmp_path, CHILD, "3,2020-01-01,no,no,yes", film(date(2015, 1, 1)))
        assert row["contradictions"] == "date of the exam or assessment before the birth"
        assert row["age"] is None

    def test_birth_date_and_age_of_the_same_day_agree(self, tmp_path):
        """Though the film is of another one."""
        head, cells = "birth_date,age,date", "2010-01-01,5,2015-01-01"
        row = one(tmp_path, head, cells, film(date(2025, 1, 1)))
        assert (row["age"], row["contradictions"]) == (15.0, None)
        row = one(tmp_path, head, cells.replace(",5,", ",15,"), film(date(2025, 1, 1)))
        assert row["contradictions"] == "age differs by more than a year from birth_date and date"

    def test_among_undated_films_it_is_not_known(self, tmp_path):
        films = (dated(table(heights(), exam=exam), None, reader="R1") for exam in ("E1", "E2"))
        assert one(tmp_path, CHILD, "12,2010-06-01,no,no,yes", *films)["age"] is None


class TestTrauma:
    """A word on trauma that the ledger contradicts leaves R1 open, whichever way."""

    LEDGER = "patient,site,age_at,mechanism"

    def row(self, folder, trauma, *rows, films=()):
        ledger = [self.LEDGER, *(f"P1,{row}" for row in rows)]
        return one(folder, CHILD, f"9,,no,{trauma},yes", *films, fractures=ledger)

    @pytest.mark.parametrize(
        ("trauma", "rows", "words"),
        [
            ("no", ["T8,8,high-energy"], "high_energy_trauma is false, a vertebral fracture high-energy"),
            ("yes", ["T8,8,low-energy"], "high_energy_trauma is true, a vertebral fracture low-energy"),
            (
                "yes",
                ["T8,8,low-energy", "T9,8,high-energy"],
                "high_energy_trauma is true, a vertebral fracture low-energy",
            ),
        ],
    )
    def test_contradicted(self, tmp_path, trauma, rows, words):
        row = self.row(tmp_path, trauma, *rows)
        assert row["contradictions"] == f"{words} (T8, age 8)"
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "high_energy_trauma")

    def test_with_films_without_a_fracture(self, tmp_path):
        row = self.row(tmp_path, "no", "T8,8,high-energy", films=[film(date(2025, 1, 1))])
        assert row["R1"] == "indeterminate"

    @pytest.mark.parametrize(
        ("trauma", "row", "answer"),
        [
            ("no", "T8,8,low-energy", "met"),
            ("yes", "T8,8,high-energy", "not met"),
            ("yes", "T8,8,", "not met"),
            ("no", "femur,8,high-energy", "not met"),
            ("yes", "femur,8,low-energy", "not met"),
        ],
    )
    def test_no_contradiction(self, tmp_path, trauma, row, answer):
        found = self.row(tmp_path, trauma, row)
        assert (found["R1"], found["contradictions"]) == (answer, None)

    def test_other_counts_are_no_matter_of_it(self, tmp_path):
        row = self.row(tmp_path, "no", "T8,8,high-energy", "femur,7,low-energy")
        assert (row["R2"], row["long_bone_by_10_high"]) == ("not met", 1)


class TestDensities:
    BROKEN = ("patient,site,age_at", "P1,femur,5", "P1,tibia,6")
    HEAD = "patient,site,device,z,z_low,z_high,z_height_adjusted,t,reference,reference_device,conversion,date"
    OWN = "P1,spine,Lunar,-3,-3.5,-2.4,,,Ref,Hologic,{},2025-01-01"

    def row(self, folder, *rows, age="12,F,yes", switches=()):
        return one(
            folder,
            "age,sex,postmenopausal",
            age,
            fractures=self.BROKEN,
            bmd=[self.HEAD, *rows],
            switches=switches,
        )

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            (
                "P1,spine,Lunar,-3,,,,,Ref,Hologic,lunar-hologic-spine,",
                "z-score of a converted density without z_low and z_high",
            ),
            (
                "P1,spine,Lunar,-3,,,,,Ref,Hologic,our-own,",
                "z-score of a converted density without z_low and z_high",
            ),
            ("P1,spine,,-3,-3.5,,,,Ref,,,", "z_low without z_high, or z_high without z_low"),
            ("P1,spine,,-3,,-2.5,,,Ref,,,", "z_low without z_high, or z_high without z_low"),
            (
                OWN.format("lunar-hologic-femoral-neck"),
                "score by a conversion of another site or between other devices",
            ),
            (
                "P1,spine,Hologic,-3,-3.5,-2.4,,,Ref,Lunar,lunar-hologic-spine,",
                "score by a conversion of another site or between other devices",
            ),
            ("P1,spine,,-3,,,,,Ref,,,2999-01-01", "scan dated after today"),
        ],
    )
    def test_a_z_score_that_is_no_use(self, tmp_path, row, words):
        found = self.row(tmp_path, row)
        day = row.rpartition(",")[2]
        assert found["contradictions"] == f"{words} (spine, {day})".replace(", )", ")")
        assert (found["R3"], found["R3_missing"]) == ("indeterminate", "bmd (contradiction)")

    @pytest.mark.parametrize("name", ["lunar-hologic-spine", "our-own"])
    def test_a_conversion_with_its_error_is_of_use(self, tmp_path, name):
        """Also by equations of one's own, and whatever the model of the maker."""
        row = self.row(tmp_path, self.OWN.format(name).replace("Lunar", "Lunar iDXA"))
        assert (row["R3"], row["contradictions"]) == ("met", None)
        assert (row["bmd_z_low"], row["bmd_z_high"]) == (-3.5, -2.4)

    def test_an_adjusted_score_has_the_error_of_the_conversion_too(self, tmp_path):
        row = self.row(
            tmp_path,
            self.OWN.format("lunar-hologic-spine").replace("-2.4,,", "-2.4,-2.2,"),
            switches=["density_z=height-adjusted"],
        )
        assert (row["bmd_z_low"], row["bmd_z_high"]) == pytest.approx((-2.7, -1.6))
        assert row["R3"] == "indeterminate"

    T = "P1,spine,{},,,,,-3,{},{},{},"

    @pytest.mark.parametrize(
        ("cells", "answer", "words"),
        [
            (
                ("Lunar", "Ref", "Hologic", ""),
                "indeterminate",
                "T-score by a reference of another device, without a conversion",
            ),
            (
                ("Lunar", "Ref", "Hologic", "lunar-hologic-femoral-neck"),
                "indeterminate",
                "score by a conversion of another site or between other devices",
            ),
            (("Lunar", "Ref", "Hologic", "lunar-hologic-spine"), "met", None),
            (("Lunar", "Ref", "Lunar", ""), "met", None),
            (("Lunar", "", "", ""), "met", None),  # T-scores have a standard reference
        ],
    )
    def test_t_scores(self, tmp_path, cells, answer, words):
        row = self.row(tmp_path, self.T.format(*cells), age="70,F,yes")
        assert (row["A1"], row["contradictions"]) == (answer, words and f"{words} (spine)")
        assert row["A1_missing"] == ("bmd (contradiction)" if words else None)

    @pytest.mark.parametrize(("second", "answer"), [("-1", "indeterminate"), ("-2.5", "met")])
    def test_two_scans_of_a_day(self, tmp_path, second, answer):
        """Decide only what they agree on."""
        rows = [f"P1,spine,,{z},,,,,Ref,,,2025-01-01" for z in ("-3", second)]
        row = self.row(tmp_path, *rows)
        assert row["contradictions"] == (
            "two scans of a site on one day with different scores (spine, 2025-01-01)"
        )
        assert (row["R3"], row["R10"]) == (answer, "met")
        assert row["R3_missing"] == (None if answer == "met" else "bmd (contradiction)")

    def test_two_scans_of_a_day_that_say_the_same(self, tmp_path):
        rows = ["P1,spine,,-3,,,,,Ref,,,2025-01-01"] * 2
        rows += ["P1,spine,,-1,,,,,Ref,,,2024-01-01", "P1,total_body_less_head,,-1,,,,,Ref,,,2025-01-01"]
        assert self.row(tmp_path, *rows)["contradictions"] is None


class TestToday:
    """Nobody lives 130 years, and nothing has happened tomorrow."""

    @pytest.mark.parametrize(
        ("born", "words"),
        [
            ("1015-06-01", "age over 130 at the exam or assessment"),
            ("1890-06-01", "age over 130 at the exam or assessment"),
        ],
    )
    def test_older_than_anybody(self, tmp_path, born, words):
        row = one(tmp_path, "birth_date,date", f"{born},2025-01-01")
        assert (row["age"], row["contradictions"]) == (None, words)

    def test_an_age_that_has_grown_too_far(self, tmp_path):
        row = one(tmp_path, "age,date", "60,1925-01-01", film(date(2025, 1, 1)))
        assert (row["age"], row["contradictions"]) == (None, "age over 130 at the exam or assessment")

    def test_a_film_of_another_century(self, tmp_path):
        """A date typed wrong at the desk makes no adult of a child."""
        row = one(
            tmp_path, "birth_date,local_disease", "2017-01-01,no", film(date(2962, 1, 1), T8=(0.22, 0, 0))
        )
        assert row["contradictions"] == "date of the exam or assessment after today"
        assert (row["age"], row["date"], row["R1"]) == (None, None, "indeterminate")

    def test_an_assessment_that_is_yet_to_come(self, tmp_path):
        row = one(tmp_path, "age,date", "12,2962-01-01")
        assert row["contradictions"] == "date of the exam or assessment after today"
        assert row["age"] is None

    def test_somebody_who_is_not_born(self, tmp_path):
        row = one(tmp_path, "birth_date,age", "2962-01-01,12")
        assert (row["contradictions"], row["age"]) == ("birth date after today", None)

    def test_a_fracture(self, tmp_path):
        row = one(
            tmp_path, "age,fractures_complete", "12,yes", fractures=["patient,site,date", "P1,rib,2962-01-01"]
        )
        assert row["contradictions"] == "fracture dated after today (rib, 2962-01-01)"

    def test_a_course(self, tmp_path):
        lines = [
            "patient,exposure,agent,mg_per_day,start_date",
            "P1,glucocorticoid,prednisone,5,2962-01-01",
        ]
        row = one(tmp_path, "age,exposures_complete", "12,yes", exposures=lines)
        assert row["contradictions"] == "exposure that begins after today (prednisone, from 2962-01-01)"
        assert row["glucocorticoid_g_high"] is None

    def test_a_day_of_grace(self, tmp_path):
        tables = {"patients": ["patient,age,date", "P1,12,2025-01-02", "P2,12,2025-01-03"]}
        said = settled(tmp_path, last=date(2025, 1, 2), **tables).said
        assert said["patient"].to_list() == ["P2"]

    def test_a_clock_that_runs_behind(self, monkeypatch):
        assert (last_day() - datetime.now(UTC).date()).days >= 1

        class Behind(datetime):
            @classmethod
            def now(cls, tz=None):
                return cls(1970, 1, 1, tzinfo=tz)

        monkeypatch.setattr("spinegrade.patients.ages.datetime", Behind)
        assert last_day() == date(2026, 11, 22)


class TestOnlyWhatIsInDoubt:
    """A fracture that contradicts something may be anything in what it contradicts, and in nothing else."""

    def row(self, folder, cells, *films, age="11.8", trauma="no"):
        ledger = ["patient,site,long_bone,age_at,mechanism", f"P1,{cells}"]
        head = "age,sex,local_disease,high_energy_trauma,fractures_complete"
        return one(folder, head, f"{age},F,no,{trauma},yes", *films, fractures=ledger)

    def test_a_tibia_is_no_vertebra_at_whatever_age(self, tmp_path):
        row = self.row(tmp_path, "tibia,,13,", film(date(2025, 1, 1)))
        assert row["contradictions"].startswith("fracture at an age above the patient's")
        assert (row["R1"], row["vertebral_fractures_high"]) == ("not met", 0)
        assert row["classification"] == "no osteoporosis by these rules"
        assert (row["long_bone_by_10_low"], row["long_bone_by_10_high"]) == (0, 1)

    def test_nor_is_it_asked_about_where_films_are_wanting(self, tmp_path):
        head = "age,local_disease,high_energy_trauma"
        ledger = ["patient,site,age_at", "P1,tibia,13"]
        row = one(tmp_path, head, "11.8,no,no", fractures=ledger)
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "grades; fractures_complete")
        assert "fractures (contradiction)" in row["R2_missing"]

    @pytest.mark.parametrize(
        ("cells", "high"),
        [
            ("T8,,13,", 1),
            (",,13,", 1),  # which bone is not said
            ("tibia,no,5,", 1),  # one of the two is wrong, and the site may be
            ("T8,yes,5,", 1),
            ("T8,,13,high-energy", 0),  # of its energy nothing is in doubt
        ],
    )
    def test_what_may_be_a_vertebra(self, tmp_path, cells, high):
        row = self.row(tmp_path, cells, film(date(2025, 1, 1)), trauma="")
        assert (row["vertebral_fractures_low"], row["vertebral_fractures_high"]) == (0, high)
        asked = "fractures (contradiction)" in (row["R1_missing"] or "")
        assert asked == (high == 1)

    @pytest.mark.parametrize(
        ("cells", "by_10", "by_19"), [("tibia,no,12,", 0, 1), ("T8,yes,5,", 1, 1), ("T8,,13,", 0, 0)]
    )
    def test_the_age_of_a_bone_in_doubt_holds(self, tmp_path, cells, by_10, by_19):
        row = self.row(tmp_path, cells, age="12.5")
        assert (row["long_bone_by_10_high"], row["long_bone_by_19_high"]) == (by_10, by_19)

    @pytest.mark.parametrize(
        ("cells", "answer"), [("hip,,71,low-energy", "indeterminate"), ("tibia,,71,low-energy", "not met")]
    )
    def test_of_adults(self, tmp_path, cells, answer):
        assert self.row(tmp_path, cells, age="70")["A2"] == answer


class TestTwice:
    """The same row again may be a second one, or a slip: it counts as possible."""

    @pytest.mark.parametrize("when", ["5,", "5.5,2021-06-01", ",2021-06-01"])
    def test_a_fracture(self, tmp_path, when):
        ledger = ["patient,site,age_at,date,mechanism", *[f"P1,femur,{when},low-energy"] * 2]
        row = one(
            tmp_path, "birth_date,date,fractures_complete", "2016-01-01,2026-01-01,yes", fractures=ledger
        )
        assert row["contradictions"].startswith("the same fracture in two rows")
        assert (row["R2"], row["R2_missing"]) == ("indeterminate", "fractures (contradiction)")
        assert (row["long_bone_by_10_low"], row["long_bone_by_10_high"]) == (1, 2)

    @pytest.mark.parametrize(
        "rows",
        [
            ["P1,femur,5,left", "P1,femur,5,right"],
            ["P1,femur,5,", "P1,femur,6,"],
            ["P1,femur,5,", "P1,tibia,5,"],
        ],
    )
    def test_two_fractures(self, tmp_path, rows):
        row = one(
            tmp_path,
            "age,fractures_complete",
            "9,yes",
            fractures=["patient,site,age_at,comment", *rows],
        )
        assert (row["R2"], row["contradictions"]) == ("met", None)

    def test_without_a_word_on_when(self, tmp_path):
        """Three peripheral fractures of a printed table are three."""
        rows = ["P1,vertebra"] * 3
        row = one(tmp_path, "age,fractures_complete", "9,yes", fractures=["patient,site", *rows])
        assert (row["vertebral_fractures_low"], row["contradictions"]) == (3, None)

    def test_a_course(self, tmp_path):
        course = "P1,glucocorticoid,prednisone,40,2025-01-01,2025-12-31"
        lines = ["patient,exposure,agent,mg_per_day,start_date,end_date", course, course]
        row = one(tmp_path, "age,date,exposures_complete", "9,2026-01-01,yes", exposures=lines)
        assert row["contradictions"].startswith("the same exposure in two rows")
        assert (row["glucocorticoid_g_low"], row["glucocorticoid_g_high"]) == pytest.approx((14.6, 29.2))


def test_a_long_bone_without_a_name_is_no_vertebra(tmp_path):
    ledger = ["patient,site,long_bone,age_at", "P1,,yes,5"]
    row = one(tmp_path, CHILD, "9,,no,no,yes", fractures=ledger)
    assert (row["R1"], row["vertebral_fractures_high"], row["long_bone_by_10_low"]) == ("not met", 0, 1)
    ledger[1] = "P1,,no,5"
    assert one(tmp_path, CHILD, "9,,no,no,yes", fractures=ledger)["R1"] == "indeterminate"


class TestWhichRecord:
    """A contradiction says which row of a table it is of, and of many rows the first."""

    SCAN = "P1,spine,-3,{}"

    def scans(self, folder, *rows):
        bmd = ["patient,site,z,date", *rows]
        return one(folder, "age,date", "12,2026-01-01", bmd=bmd)["contradictions"]

    def test_two_scans(self, tmp_path):
        rows = ("P1,spine,-3,2025-01-01", "P1,total_body_less_head,-2.5,2024-02-01")
        said = self.scans(tmp_path, *rows)
        assert said == "z-score without a reference (spine, 2025-01-01), (total_body_less_head, 2024-02-01)"

    def test_a_row_of_which_nothing_is_said(self, tmp_path):
        assert self.scans(tmp_path, "P1,,-3,") == "z-score without a reference"
        assert self.scans(tmp_path, "P1,,-3,", "P1,spine,-3,") == "z-score without a reference (spine)"

    def test_thirty_of_them_make_no_endless_line(self, tmp_path):
        said = self.scans(tmp_path, *(self.SCAN.format(f"20{year:02}-02-01") for year in range(15, 25)))
        shown = ", ".join(f"(spine, 20{year}-02-01)" for year in (15, 16, 17))
        assert said == f"z-score without a reference {shown} and 7 more"

    def test_what_cannot_be_told_apart_is_one(self, tmp_path):
        assert self.scans(tmp_path, *[self.SCAN.format("")] * 30) == "z-score without a reference (spine)"

    def test_t_scores_of_childhood(self, tmp_path):
        rows = ["patient,site,t,date", *(f"P1,spine,-3,202{year}-01-01" for year in range(5))]
        said = one(tmp_path, "age,date", "12,2026-01-01", bmd=rows)["contradictions"]
        assert said == (
            "T-score in a child (spine, 2020-01-01), (spine, 2021-01-01), (spine, 2022-01-01) and 2 more: "
            "not used"
        )

    def test_each_patient_has_its_own(self, tmp_path):
        rows = classified(
            tmp_path,
            patients=["patient,age", "P1,12", "P2,9", "P3,12"],
            fractures=["patient,site,age_at", "P2,T8,11.5", "P1,tibia,13", "P2,femur,10", "P3,rib,4"],
        )
        assert {name: row["contradictions"] for name, row in rows.items()} == {
            "P1": "fracture at an age above the patient's (tibia, age 13)",
            "P2": "fracture at an age above the patient's (T8, age 11.5), (femur, age 10)",
            "P3": None,
        }

    @pytest.mark.parametrize(
        ("cells", "named"),
        [
            ("glucocorticoid,,2962-01-01,,", "glucocorticoid, from 2962-01-01"),
            ("glucocorticoid,prednisone; as (before),2962-01-01,,", "prednisone as before, from 2962-01-01"),
            (f"drug,{'x' * 90},2962-01-01,,2.5", f"{'x' * 40}, from 2962-01-01, 2.5 months"),
        ],
    )
    def test_a_drug_in_somebodys_own_words(self, tmp_path, cells, named):
        lines = ["patient,exposure,agent,start_date,end_date,months", f"P1,{cells}"]
        said = one(tmp_path, "age,date", "12,2026-01-01", exposures=lines)["contradictions"]
        assert said == f"exposure that begins after today ({named})"
