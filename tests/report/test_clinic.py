"""The page for a clinician as a browser gets it: the answers of the rules, and what they rest on."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from attrs import evolve

from read_films import make_reading, refused, save, take_apart, with_vertebra
from spinegrade.osteoporosis.facts import FACTS
from spinegrade.readings import Exam, VertebraReading
from spinegrade.report import clinic_words
from spines import invoke

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_images"
CLINIC = SAMPLES / "patients"
BEGUN = {"patients.csv": "patient,sex,birth_date\nP-17,M,2016-03-01\n"}


def on(when, **more):
    """Return a reading of an exam of this date."""
    made = make_reading(exam=f"E-{when}", **more)
    return evolve(made, exam=Exam("P-17", made.exam.id, None if when is None else date.fromisoformat(when)))


@pytest.fixture
def page(tmp_path):
    """Give a function that makes the page of readings and tables, and the answers of the command line."""

    def make(readings, tables=BEGUN, options=()):
        folder = tmp_path / "clinic"
        folder.mkdir()
        (tmp_path / "readings").mkdir()
        for name, text in tables.items():
            (folder / name).write_text(text)
        for number, one in enumerate(readings):
            save(one, tmp_path / "readings" / f"{number}.reading.json")
        output = tmp_path / "page.html"
        said = invoke("report", tmp_path / "readings", "--patients", folder, "-o", output, *options)
        assert said.code == 0, said.err
        return take_apart(output.read_text(encoding="utf-8"))

    return make


@pytest.fixture(scope="module")
def child(tmp_path_factory):
    """Give the page of the sample child, and how ``assess`` classifies them by the same readings."""
    folder = tmp_path_factory.mktemp("child")
    for file in (SAMPLES / "readings").glob("child*"):
        (folder / file.name).write_bytes(file.read_bytes())
    said = invoke("report", folder, "--patients", CLINIC, "-o", folder / "page.html")
    assert said.code == 0, said.err
    rows = json.loads(invoke("assess", folder, "--patients", CLINIC, "--format", "json").out)
    (row,) = [one for one in rows if one["patient"] == "sample-04"]
    return take_apart((folder / "page.html").read_text(encoding="utf-8")), row


def answers(page):
    """Return the answers in the table of rules, by code."""
    rows = page.one("table", class_="rules").one("tbody").every("tr")
    return {row.one("th").text: row.one("td", class_="answer").text for row in rows}


def part(page, name):
    """Return the text of a section of the first page."""
    return page.one("section", class_=name).text


class TestChild:
    def test_only_patients_of_the_readings_have_a_page(self, child):
        page, _ = child
        assert [one.attributes["id"] for one in page.every("article", class_="patient")] == ["patient-1"]
        assert page.one("h1").text == "Patient sample-04"

    def test_answers_are_those_of_assess(self, child):
        page, row = child
        shown = answers(page)
        assert len(shown) > 15
        for code, answer in shown.items():
            if answer != "not run":
                assert row[code].replace("indeterminate", "open") == answer
        assert page.one("p", class_="class").text.lower() == row["classification"]
        assert row["switches"] in page.one("section", class_="made-by").text
        assert f"between {row['sdi_low']} and {row['sdi_high']}, as readings differ" in part(page, "found")
        assert (
            f"Between {row['fractured_low']} and {row['fractured_high']} of {row['evaluable']}" in page.text
        )

    def test_reasons_stand_beside_the_diagnosis(self, child):
        page, row = child
        said = part(page, "verdict")
        assert "R1 osteoporosis: vertebral compression fracture" in said
        for reason in row["R1_because"].split("; "):
            assert clinic_words.reason(reason) in said
        assert "International Society for Clinical Densitometry" in said

    def test_every_rule_is_stamped(self, child):
        page, row = child
        stamps = page.one("section", class_="made-by").text
        assert row["rules"] in stamps
        assert "followup-sq revision" in stamps

    def test_how_many_readings_count_is_said(self, child):
        page, row = child
        assert f"Made of {row['readings']} readings of this exam; 5 readings of earlier ones" in page.text

    def test_grades_of_both_dates(self, child):
        page, row = child
        strips = [one for one in page.every("div") if "strip" in one.attributes.get("class", "").split()]
        dates = [one.every("span")[0].text for one in strips]
        assert dates == ["Measured", "2025-04-20", "2026-04-27"]
        now = [one.text for one in strips[2].every("span")[1:]]
        levels = [one.text for one in strips[0].every("span")[1:]]
        for level, shown in zip(levels, now, strict=True):
            grade = row[f"grade_{level}"]
            assert shown == ("0-2" if grade is None else f"{grade}")

    def test_change_is_told_by_rule_and_reading(self, child):
        page, _ = child
        said = part(page, "course-of")
        assert "Change from 2025-04-20 to 2026-04-27, 12 months" in said.replace(" ,", ",")
        assert "New or worse by the semiquantitative grade (confirmed) : new: none; worse: none" in said
        assert "reshaped completely in 4 of 5 readings" in said

    def test_no_t_score_and_no_word_for_adults(self, child):
        page, _ = child
        said = page.text.lower()
        assert "t-score" not in said
        assert "osteopenia" not in said
        assert "adult" not in page.one("article", class_="patient").text.replace("adult_from", "")

    def test_imaging_stands_apart_from_the_classification(self, child):
        page, _ = child
        assert "imag" not in part(page, "verdict")
        assert "Further imaging, apart from the diagnosis" in part(page, "next")

    def test_the_next_scan_is_of_rule_r12(self, child):
        page, _ = child
        assert re.search(r"R12 Next DXA .* 6 months .* latest scan is of 2026-04-27", part(page, "next"))

    def test_trends(self, child):
        page, _ = child
        titles = [one.one("text", class_="title").text for one in page.every("figure", class_="trend")]
        assert titles == [
            "T6: loss of height, %",
            "T7: loss of height, %",
            "Spinal deformity index",
            "BMD z-score by age, years",
        ]
        assert [one.text for one in page.every("text", class_="bound-words")] == ["-2.0"]

    def test_it_is_no_medical_device(self, child):
        page, _ = child
        assert "Research software, no medical device" in page.one("p", class_="not-a-device").text
        assert "no medical device: for a physician to judge" in page.one("p", class_="judge").text

    def test_quotations_are_folded_away_and_no_advice(self, child):
        page, _ = child
        quoted = page.one("section", class_="quoted").one("details")
        assert "open" not in quoted.attributes
        assert "not computed for this patient, no advice" in quoted.one("summary").text
        assert "pamidronate 9 mg/kg a year" in quoted.text
        inside = {id(one) for one in quoted.every("q")}
        assert {id(one) for one in page.every("q")} == inside
        assert "mg/kg" not in page.one("article", class_="patient").text


class TestOneReading:
    def test_a_single_mild_fracture_is_to_be_imaged(self, page):
        made = page([on("2024-05-01", lost={"T8": (0.22, 0.1, 0.0)})])
        said = part(made, "next")
        assert "R16 a single vertebral fracture, of grade 1" in said
        assert "T8 mild wedge (grade 1)" in part(made, "found")
        assert part(made, "verdict").count("R1 ") == 1

    def test_what_would_decide_comes_first_and_in_words(self, page):
        made = page([on("2024-05-01")])
        first, second = made.one("section", class_="missing").every("li")[:2]
        assert first.text.startswith("R1")
        assert (
            "whether a local disease is behind the vertebral fractures; decides the diagnosis" in first.text
        )
        assert "high-energy trauma" in second.text
        assert "R1" in part(made, "next")
        assert made.one("p", class_="class").text == "Osteoporosis not excluded"

    def test_probabilities_with_a_landmark_error(self, page):
        made = page([on("2024-05-01")], options=("--point-sd", "0.5mm"))
        cells = [one.text for one in made.every("td", data_label="Probability of a fracture")]
        assert cells
        assert all(0.5 < float(one) <= 1 for one in cells)

    def test_levels_that_were_not_graded_and_why(self, page):
        made = page([with_vertebra(on("2024-05-01"), refused("T4"))])
        assert "Not graded: T4: overlap." in part(made, "found")
        assert "R15 a level could not be evaluated" in part(made, "next")

    def test_too_many_levels_unread_leave_the_diagnosis_open(self, page):
        blind = with_vertebra(on("2024-05-01", lost={}), *(refused(one) for one in ("T7", "T8", "T9")))
        assert "the levels that could not be graded: T7, T8, T9" in part(page([blind]), "missing")

    def test_nothing_to_compare_is_not_made_up(self, page):
        made = page([on("2024-05-01")])
        assert "There is nothing" not in made.text
        assert not made.every("figure", class_="trend")

    def test_switches_decide_and_are_printed(self, page):
        made = page([on("2024-05-01")], options=("--switch", "min_grade=3"))
        assert "a vertebral fracture counts from grade 3" in made.one("p", class_="judge").text
        assert "min_grade=3" in made.one("div", class_="beside").text
        assert answers(made)["R1"] == "not met"

    def test_a_rule_of_ones_own(self, page, tmp_path):
        said = invoke("rules", "iscd-child-r16-single-mild").out
        own = tmp_path / "own.toml"
        own.write_text(said.replace('words = "a single', 'words = "for our clinic, a single'))
        made = page([on("2024-05-01", lost={"T8": (0.22, 0.1, 0.0)})], options=("--rule", own))
        assert "R16 for our clinic, a single vertebral fracture" in part(made, "next")


class TestVisual:
    def test_a_grade_that_was_only_seen_is_a_finding(self, page):
        blank = VertebraReading("T9", visual_grade=2.0)
        made = page([with_vertebra(on("2024-05-01"), blank)], options=("--switch", "grades=visual"))
        assert "T9 not measured - 2" in part(made, "found")
        assert "by the readers' visual grades" in part(made, "found")
        assert "T9: a landmark is missing" in part(made, "found")

    def test_a_grade_that_differs_is_marked(self, page):
        reading = on("2024-05-01")
        t12 = evolve(next(one for one in reading.vertebrae if one.level == "T12"), visual_grade=1.0)
        (row,) = [
            one
            for one in page([with_vertebra(reading, t12)]).one("table", class_="levels").every("tr")
            if one.every("th")[0].text == "T12"
        ]
        assert row.one("td", data_label="Visual grade").text == "1 differs"


class TestSteps:
    def test_short_stature_asks_for_the_adjusted_z_score(self, page):
        tables = {"patients.csv": "patient,age,short_stature\nP-17,8,yes\n"}
        assert "R13 Give the height-adjusted z-score" in part(page([on("2024-05-01")], tables), "next")

    def test_scans_too_close_are_said_to_be_so(self, page):
        head = "patient,site,device,z,z_height_adjusted,reference,date\n"
        rows = "P-17,spine,Hologic,-1,-0.6,mine,2024-01-05\nP-17,spine,Hologic,-1.2,-0.7,mine,2024-04-05\n"
        made = page([on("2024-05-01")], {**BEGUN, "bmd.csv": head + rows})
        assert "closer than that" in part(made, "next")
        assert "does not exclude skeletal fragility" in part(made, "next")
        assert len(made.one("figure", class_="trend").every("polyline")) == 1
        assert "-0.7" in made.one("div", class_="beside").text

    def test_a_switch_that_is_not_set_is_asked_for(self, page):
        tables = {"patients.csv": "patient,sex,age\nP-17,M,74\n"}
        said = part(page([on("2024-05-01")], tables), "missing")
        assert (
            "A1 from what age men have T-scores, which no source settles and your clinic has to say" in said
        )

    def test_an_age_at_a_fracture_is_shown_as_far_as_it_is_known(self, page):
        tables = {
            "patients.csv": "patient,age,date\nP-17,14,2024-05-01\n",
            "fractures.csv": "patient,site,age_at,date\nP-17,femur,6,\nP-17,tibia,,2019-05-01\nP-17,rib,,\n",
        }
        said = page([on("2024-05-01")], tables).text
        for words in ("femur yes 6.0 years", "tibia yes 9.0 to 10.0 years", "rib no not known"):
            assert words in " ".join(said.split())

    def test_a_fracture_at_an_age_on_a_bound_is_noted(self, page):
        tables = {
            "patients.csv": "patient,age,fractures_complete\nP-17,14,yes\n",
            "fractures.csv": "patient,site,age_at\nP-17,femur,6\nP-17,tibia,10.5\n",
        }
        made = page([on("2024-05-01", lost={})], tables)
        assert "Long-bone fracture at an age on a bound of the rules" in part(made, "next")
        assert "R2" in part(made, "next")


class TestContradictions:
    def test_a_patient_who_is_not_in_the_table_has_a_page(self, page):
        made = page([on("2024-05-01")], {"patients.csv": "patient,age\nP-18,8\n"})
        said = made.one("div", class_="contradictions").text
        assert "in readings without a usable row in the patients table" in said
        assert made.one("h1").text == "Patient P-17"
        assert "age not known" not in part(made, "verdict")
        assert "date of birth, or age at the exam" in part(made, "missing")
        assert "t-score" not in made.one("article", class_="patient").text.lower()
        assert "R1" in answers(made)

    def test_a_t_score_in_a_child_is_named_and_not_shown(self, page):
        scans = "patient,site,device,t,reference,date\nP-17,spine,Hologic,-3.3,invented,2024-05-01\n"
        made = page([on("2024-05-01")], {**BEGUN, "bmd.csv": scans})
        said = made.one("div", class_="contradictions").text
        assert "T-score in a child (spine, 2024-05-01): not used" in said
        assert "-3.3" not in made.text
        assert made.text.count("T-score") == 1

    def test_a_z_score_without_a_reference_is_not_drawn(self, page):
        scans = "patient,site,device,z,date\nP-17,spine,Hologic,-3.3,2024-05-01\n"
        made = page([on("2024-05-01")], {**BEGUN, "bmd.csv": scans})
        assert "z-score without a reference (spine, 2024-05-01)" in (
            made.one("div", class_="contradictions").text
        )
        assert "not used" in made.one("article", class_="patient").text
        assert not made.every("figure", class_="trend")

    def test_markup_in_a_table_is_words(self, page):
        tables = {"patients.csv": "patient,age,underlying_disease\nP-17,8,<b>bold</b>\n"}
        made = page([on("2024-05-01")], tables)
        assert "<b>bold</b>" in made.one("header", class_="who").text


ADULT = {
    "patients.csv": "patient,sex,birth_date,skeletal_maturity,postmenopausal\nP-17,F,1950-03-01,mature,yes\n",
    "bmd.csv": "patient,site,device,value,z,z_low,z_high,t,reference,date\n"
    "P-17,spine,Hologic,0.7,-1.0,-1.4,-0.6,-2.6,invented,2024-05-01\n",
    "fractures.csv": "patient,site,age_at,mechanism\nP-17,wrist,60,low-energy\n",
    "exposures.csv": "patient,exposure,agent,mg_per_day,months\nP-17,glucocorticoid,prednisone,7.5,24\n",
}


class TestAdult:
    def test_goes_by_the_rules_for_adults(self, page):
        made = page([on("2024-05-01")], ADULT)
        assert "rules for adults" in part(made, "verdict")
        assert not [code for code in answers(made) if code.startswith("R")]
        assert made.one("p", class_="class").text == "Osteoporosis"
        assert answers(made)["A1"] == "met"
        assert answers(made)["A7"] == "not run"
        assert re.search(r"Not run, .* A7", part(made, "verdict"))

    def test_the_tables_are_evidence(self, page):
        made = page([on("2024-05-01")], ADULT)
        said = made.one("div", class_="beside").text
        for words in ("lumbar spine", "-1.0 (-1.4 to -0.6)", "-2.6", "wrist", "prednisone 7.5 mg a day"):
            assert words in said
        (plot,) = made.every("figure", class_="trend")
        assert not plot.every("line", class_="bound")
        assert plot.one("g", class_="dot").every("line")

    def test_a_vertebral_fracture_alone_leaves_it_open(self, page):
        tables = {"patients.csv": "patient,sex,age\nP-17,F,74\n"}
        made = page([on("2024-05-01")], tables)
        assert made.one("p", class_="class").text == "Osteoporosis not excluded"
        assert "A1 cannot be answered yet" in part(made, "verdict")


class TestDates:
    def test_new_fractures_are_new(self, page):
        before = on("2023-05-01", lost={})
        after = on("2024-06-01", lost={"T12": (0.32, 0.12, 0.0)})
        said = part(page([before, after]), "course-of")
        assert "New or worse by the semiquantitative grade (confirmed) : new: T12; worse: none" in said
        assert "A height 20 % lower than growth leads to expect (derived) : new: T12; worse: none" in said

    def test_dates_that_cannot_be_compared_are_said(self, page):
        made = page([on("2023-05-01"), on("2024-06-01", reader="R2")])
        assert "No reader read two of the dates on one occasion" in part(made, "course-of")

    def test_exams_without_dates(self, page):
        made = page([on("2023-05-01"), on(None)])
        assert "Not every exam has a date: nothing could be compared." in part(made, "course-of")
        assert "several exams, not all dated" in made.one("div", class_="contradictions").text
        assert "Made of 2 readings" in part(made, "found")


class TestManyPatients:
    def test_each_has_a_page_and_is_listed(self, tmp_path):
        output = tmp_path / "page.html"
        source = SAMPLES / "landmarks.csv"
        said = invoke("report", source, "--reader", "R1", "--occasion", 1, "--patients", CLINIC, "-o", output)
        assert said.code == 0, said.err
        made = take_apart(output.read_text(encoding="utf-8"))
        assert made.one("h1").text == "8 patients"
        links = [one.attributes["href"] for one in made.one("ul", class_="jump").every("a")]
        assert links == [f"#{one.attributes['id']}" for one in made.every("article", class_="patient")]
        rows = json.loads(
            invoke("assess", source, "--patients", CLINIC, "--reader", "R1", "--format", "json").out
        )
        classes = {row["patient"]: row["classification"] for row in rows}
        for one in made.every("article", class_="patient"):
            name = one.one("header", class_="who").one("h2").text.removeprefix("Patient ")
            assert one.one("p", class_="class").text.lower() == classes[name]

    def test_no_id_stands_twice(self, tmp_path):
        output = tmp_path / "page.html"
        source = SAMPLES / "landmarks.csv"
        invoke("report", source, "--reader", "R1", "--patients", CLINIC, "-o", output)
        made = take_apart(output.read_text(encoding="utf-8"))
        ids = [one.attributes["id"] for one in made.walk() if "id" in one.attributes]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("fact", list(FACTS))
def test_every_input_has_words(fact):
    asked = FACTS[fact].ask or fact
    assert asked in clinic_words.WANTED_WORDS


class TestUndated:
    def test_exams_have_no_earlier_one(self, page):
        first, second = on(None, lost={"T8": (0.30, 0.1, 0.0)}), on("2024-05-01")
        said = part(page([first, second]), "found")
        assert "Made of 2 readings of 2 exams, as their dates do not tell which is the latest" in said
        assert "Earlier exam" not in said
        assert "T8 moderate wedge (grade 2) by 1, no fracture by 1" in said


class TestFirstPage:
    def test_of_a_child_has_z_scores_and_no_word_of_t_scores(self, child):
        page, _ = child
        said = part(page, "found")
        assert "lumbar spine z -2.3 (2026-04-27); total body less head z -1.8 (2026-04-27)" in said
        first = page.one("article", class_="patient").text
        for word in ("T-score", "t_score", "osteopenia"):
            assert word not in first
        assert "a vertebral fracture counts from grade 1" in page.one("p", class_="judge").text

    def test_has_the_latest_usable_scan_of_a_site(self, page):
        scans = (
            "patient,site,z,z_low,z_high,z_height_adjusted,t,reference,date\n"
            "P-17,spine,-2.9,,,,,invented,2023-05-01\n"
            "P-17,spine,-2.1,-2.6,-1.6,-1.4,-3,invented,2024-04-01\n"
            "P-17,femoral_neck,-1,,,,,,2024-04-01\n"
            "P-17,total_hip,,,,,,invented,2024-04-01\n"
        )
        said = part(page([on("2024-05-01")], tables=BEGUN | {"bmd.csv": scans}), "found")
        assert (
            "Bone mineral density: lumbar spine z -2.1 (-2.6 to -1.6), z for height -1.4 (2024-04-01)."
            in said
        )

    def test_of_an_adult_has_t_scores(self, page):
        tables = {
            "patients.csv": "patient,sex,birth_date\nP-17,F,1950-03-01\n",
            "bmd.csv": "patient,site,t\nP-17,femoral_neck,-2.6\n",
        }
        made = page([on("2024-05-01")], tables=tables)
        assert "femoral neck T -2.6." in part(made, "found")
        assert "from what age men have T-scores is not set" in made.one("p", class_="judge").text
