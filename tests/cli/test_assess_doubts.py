"""``spinegrade assess --patients`` where something is unknown: not guessed, and what is missing is named."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from spinegrade.rules import load_rule
from spines import heights, invoke, table

NORMAL, WEDGE = heights(), heights(T8=(0.3, 0.0, 0.0))
NOT_RUN = (
    "A3 osteoporosis: low bone mass and fracture; A6 severe osteoporosis; A7 osteoporosis: vertebral fracture"
)


def unread(*levels, of=NORMAL):
    """Return the heights of a spine without these levels."""
    return {level: sides for level, sides in of.items() if level not in levels}


@pytest.fixture
def clinic(tmp_path):
    """Give what writes a clinic of one patient with films, and assesses it."""

    def assess(*films, patient="age\n9", fractures="", options=(), told="no", keep=False):
        columns, cells = patient.split("\n")
        (tmp_path / "patients.csv").write_text(
            f"patient,local_disease,high_energy_trauma,fractures_complete,{columns}\nP1,{told},no,yes,{cells}\n"
        )
        (tmp_path / "fractures.csv").write_text(f"patient,site,age_at,mechanism\n{fractures}")
        sources = []
        for n, (sides, cells) in enumerate(films):
            path = tmp_path / f"film{n}.csv"
            given = {"exam": f"E{n}", **cells}
            table(sides, **given).write_csv(path)
            sources.append(path)
        said = invoke("assess", *sources, "--patients", tmp_path, "--format", "json", *options)
        assert said.code == 0, said.err
        return json.loads(said.out)[0]

    return assess


def on(day):
    return {"date": dt.date.fromisoformat(day)}


HALF = unread("T8", "T9", "T10", "L1")


class TestFilms:
    def test_films_without_dates_leave_it_open_however_complete_the_ledger(self, clinic):
        row = clinic((HALF, {}), (HALF, on("2025-01-01")))
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "exam dates")
        assert row["classification"] == "osteoporosis not excluded"
        assert (row["R15"], row["R15_missing"]) == ("indeterminate", "exam dates")

    def test_an_age_between_bounds_decides_what_it_can(self, clinic):
        born = "birth_date\n{}"
        row = clinic((NORMAL, {}), (WEDGE, on("2024-05-10")), patient=born.format("2013-01-01"))
        assert (row["age"], row["R1"], row["classification"]) == (None, "met", "osteoporosis")
        row = clinic((NORMAL, {}), (WEDGE, on("2024-05-10")), patient=born.format("2006-01-01"))
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "exam dates")
        row = clinic((NORMAL, {}), (WEDGE, on("2024-05-10")), patient=born.format("1954-01-01"))
        assert (row["R1"], row["not_run"]) == ("not met", NOT_RUN)

    def test_levels_that_nobody_asked_for_are_not_normal(self, clinic):
        row = clinic((WEDGE, {}), options=("--levels", "L1-L4"))
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "levels beyond --levels L1-L4")
        assert clinic((WEDGE, {}))["R1"] == "met"
        assert clinic((NORMAL, {}), options=("--levels", "T7-L4"))["R1"] == "not met"

    def test_a_grade_that_nobody_gave_is_no_unevaluable_level(self, clinic):
        row = clinic((NORMAL, {}), options=("--switch", "grades=visual"))
        assert (row["R1_missing"], row["R15"]) == ("visual_grade", "not met")
        row = clinic((unread("T8"), {}), options=("--switch", "grades=visual"))
        assert (row["R1_missing"], row["R15"]) == (
            "visual_grade; levels that were not read",
            "indeterminate",
        )

    def test_two_exams_of_one_day_that_disagree_are_two_readings(self, clinic):
        row = clinic((NORMAL, on("2025-01-01")), (WEDGE, on("2025-01-01")))
        assert (row["R1"], row["R1_missing"]) == ("indeterminate", "agreement of readings")
        assert (row["vertebral_fractures_low"], row["vertebral_fractures_high"]) == (0, 1)

    def test_an_earlier_fracture_stays_one(self, clinic):
        row = clinic((WEDGE, on("2024-01-01")), (NORMAL, on("2025-01-01")))
        assert (row["R1"], row["vertebral_fractures_low"]) == ("met", 1)

    def test_an_unread_spine_is_not_without_a_single_fracture(self, clinic):
        assert (clinic((HALF, {}))["R16"], clinic((NORMAL, {}))["R16"]) == ("indeterminate", "not met")

    def test_a_reading_of_two_dates_is_named(self, tmp_path):
        days = [dt.date(2024, 1, 1)] * 6 + [dt.date(2025, 1, 1)] * 7
        table(NORMAL, date=days).write_csv(tmp_path / "film.csv")
        (tmp_path / "patients.csv").write_text("patient,age\nP1,9\n")
        said = invoke("assess", tmp_path / "film.csv", "--patients", tmp_path / "patients.csv")
        words = "exam E1, read by R1, occasion 1: date: expected one a reading, got several"
        assert (said.code, said.err) == (1, f"spinegrade: {words}\n")
        said = invoke(
            "assess", tmp_path / "film.csv", "--patients", tmp_path / "patients.csv", "--keep-going"
        )
        assert (said.code, said.lines[0]) == (1, f"left out: {words}")
        assert "P1,,9.0" in said.out

    def test_fractures_of_other_days_are_counted_by_level(self, clinic):
        lumbar = heights(L1=(0.3, 0.0, 0.0))
        row = clinic((lumbar, on("2022-01-01")), (WEDGE, on("2024-01-01")))
        assert (row["vertebral_fractures_low"], row["vertebral_fractures_high"]) == (2, 2)
        row = clinic((WEDGE, on("2022-01-01")), (WEDGE, on("2024-01-01")))
        assert (row["vertebral_fractures_low"], row["vertebral_fractures_high"]) == (1, 1)


class TestDensities:
    WOMAN = "sex,birth_date,date,postmenopausal\nF,1955-05-01,2024-05-01,yes"

    @pytest.fixture
    def scans(self, clinic, tmp_path):
        def assess(*rows, patient=self.WOMAN):
            text = "\n".join(["patient,site,device,t,reference,reference_device,date", *rows, ""])
            (tmp_path / "bmd.csv").write_text(text)
            return clinic(patient=patient)

        return assess

    def test_a_scan_without_its_t_score_leaves_it_open(self, scans):
        row = scans("P1,spine,Hologic,,,,2024-05-01", "P1,femoral_neck,Hologic,-0.8,R,Hologic,2024-05-01")
        assert (row["A1"], row["A1_missing"]) == ("indeterminate", "bmd.t")
        row = scans("P1,spine,Hologic,,,,2024-05-01", "P1,femoral_neck,Hologic,-2.8,R,Hologic,2024-05-01")
        assert row["A1"] == "met"
        row = scans("P1,spine,Hologic,-0.8,R,Hologic,", "P1,spine,Hologic,,R,Hologic,2024-05-01")
        assert row["A1"] == "indeterminate"

    @pytest.mark.parametrize("day", ["1967-01-01", "1973-08-01", "1975-04-30"])
    def test_a_t_score_of_childhood_says_nothing_of_the_adult(self, scans, day):
        row = scans(f"P1,spine,Hologic,-2.6,R,Hologic,{day}")
        assert row["contradictions"] == f"T-score in a child (spine, {day}): not used"
        assert row["A1"] == "indeterminate"

    def test_the_same_makers_device_is_the_same(self, scans):
        row = scans("P1,spine,Hologic Horizon,-2.6,R,Hologic,2024-05-01")
        assert (row["A1"], row["contradictions"]) == ("met", None)
        row = scans("P1,spine,Lunar iDXA,-2.6,R,Hologic,2024-05-01")
        assert "another device" in row["contradictions"]


class TestAdults:
    def test_a_femur_fracture_may_be_one_of_the_hip(self, clinic):
        row = clinic(fractures="P1,femur,59,low-energy\n", patient="age,sex\n60,M")
        assert (row["A2"], row["A2_missing"]) == (
            "indeterminate",
            "whether the femur fracture is one of the hip",
        )

    def test_a_hip_fracture_of_unknown_energy_is_asked_about(self, clinic):
        row = clinic(fractures="P1,hip,59,\n", patient="age,sex\n60,M")
        assert (row["A2"], row["A2_missing"]) == ("indeterminate", "fractures.mechanism")
        assert clinic(fractures="P1,hip,59,high-energy\n", patient="age,sex\n60,M")["A2"] == "not met"

    def test_a_course_that_has_not_begun_holds_no_dose(self, clinic, tmp_path):
        text = "patient,exposure,agent,mg_per_day,start_date,end_date\n"
        row = "P1,glucocorticoid,prednisone,20,{}-06-01,{}-12-31\n"
        for year, answer in ((2024, "not met"), (2023, "met")):
            (tmp_path / "exposures.csv").write_text(text + row.format(year, year))
            patient = "age,sex,date,exposures_complete,height_loss_cm,self_reported_vertebral_fracture"
            patient += ",postmenopausal"
            scan = "patient,site,device,t,reference,date\nP1,spine,Hologic,-1.5,R,2024-05-01\n"
            (tmp_path / "bmd.csv").write_text(scan)
            row_ = clinic(patient=f"{patient}\n66,F,2024-05-10,yes,0,no,yes")
            assert (row_["A9"], row_["glucocorticoid_g_high"] > 0) == (answer, answer == "met")

    @pytest.mark.parametrize(
        ("age_at", "answer"), [("6", "not met"), ("20", "met"), ("", "indeterminate"), ("19.9", "not met")]
    )
    def test_a_childs_hip_fracture_is_no_adults(self, clinic, age_at, answer):
        row = clinic(fractures=f"P1,hip,{age_at},low-energy\n", patient="age,sex\n60,M")
        assert row["A2"] == answer
        assert row["A2_missing"] == ("fractures.age_at" if answer == "indeterminate" else None)

    def test_what_is_not_run_is_said_of_whoever_it_would_concern(self, clinic):
        adult = clinic((WEDGE, {}), patient="age,sex\n74,F")
        assert (adult["classification"], adult["not_run"]) == ("osteoporosis not excluded", NOT_RUN)
        assert clinic((WEDGE, {}))["not_run"] is None
        made = clinic(fractures="P1,hip,70,low-energy\n", patient="age,sex\n74,F")
        assert (made["classification"], made["not_run"]) == ("osteoporosis", None)

    def test_of_somebody_without_an_age_adults_rules_ask_for_the_age_alone(self, clinic):
        row = clinic((NORMAL, {}), patient="sex\nF")
        asked = dict(part.split(": ", 1) for part in row["missing"].split(" | "))
        assert {words for code, words in asked.items() if code.startswith("A")} == {"birth_date or age"}
        assert "postmenopausal" in row["A1_missing"]


class TestSwitches:
    def test_reasons_say_which_fractures_count(self, clinic):
        mild = heights(T8=(0.22, 0.0, 0.0))
        assert "vertebral fractures >= 1;" in clinic((mild, {}))["R1_because"]
        row = clinic((mild, {}), options=("--switch", "min_grade=2"))
        assert (row["R1"], row["R1_because"]) == ("not met", "vertebral fractures of grade 2 or more < 1")

    @pytest.mark.parametrize("switch", ["adult_from=5", "adult_from=30", "t_score_men_from=5"])
    def test_no_child_is_made_an_adult(self, tmp_path, switch):
        (tmp_path / "patients.csv").write_text("patient,age\nP1,9\n")
        said = invoke("assess", "--patients", tmp_path, "--switch", switch)
        assert (said.code, said.out) == (1, "")
        assert "expected a number from 18 to" in said.err


def test_a_rule_that_is_given_and_not_confirmed_is_refused(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(load_rule("bhof-2022-vertebral").text)
    (tmp_path / "patients.csv").write_text("patient,age\nP1,70\n")
    said = invoke("assess", "--patients", tmp_path, "--rule", own)
    assert (said.code, said.out) == (1, "")
    assert "status: expected 'confirmed', as it is to be run, got 'unconfirmed'" in said.err


def test_every_rule_that_is_open_says_what_would_decide_it():
    samples = Path(__file__).parents[2] / "sample_images"
    said = invoke("assess", samples / "landmarks.csv", "--patients", samples / "patients", "--format", "json")
    for row in json.loads(said.out):
        codes = [name.removesuffix("_missing") for name in row if name.endswith("_missing")]
        assert {code: bool(row[f"{code}_missing"]) for code in codes} == {
            code: row[code] == "indeterminate" for code in codes
        }
