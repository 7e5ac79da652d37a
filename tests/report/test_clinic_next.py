"""What a page asks for and advises: no more than the answers of the rules allow, in a clinic's words."""

from __future__ import annotations

import re
from datetime import date

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from read_films import make_reading, refused, save, take_apart, with_vertebra
from spinegrade.anatomy import GRADED
from spinegrade.osteoporosis.account import accounts
from spinegrade.osteoporosis.cohort import Classification, classify
from spinegrade.osteoporosis.switches import SWITCHES, Switches
from spinegrade.patients.reading import read_patients
from spinegrade.readings import Exam
from spinegrade.report import clinic_next, clinic_words
from spines import invoke


@pytest.fixture
def page(tmp_path):
    """Give a function that makes the page of readings of P-17 and tables."""

    def make(readings, **tables):
        folders = [tmp_path / name for name in ("clinic", "readings")]
        for folder in folders:
            folder.mkdir()
        for name, text in tables.items():
            (folders[0] / f"{name}.csv").write_text(text)
        for number, one in enumerate(readings):
            save(one, folders[1] / f"{number}.reading.json")
        output = tmp_path / "page.html"
        said = invoke("report", folders[1], "--patients", folders[0], "-o", output)
        assert said.code == 0, said.err
        return take_apart(output.read_text(encoding="utf-8"))

    return make


def on(when, **more):
    """Return a reading of an exam of this date."""
    made = make_reading(**{"exam": f"E-{when}", "lost": {}} | more)
    return evolve(made, exam=Exam("P-17", made.exam.id, None if when is None else date.fromisoformat(when)))


def part(page, name):
    """Return the text of a section of the first page."""
    return page.one("section", class_=name).text


def first_page(page):
    return page.one("div", class_="clinic").text


def account_of(folder, **tables):
    """Return the account of the one patient of these tables, without a reading."""
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    how = Classification()
    (found,) = accounts(classify(read_patients(folder), None, GRADED, how), how)
    return found


WOMAN = "patient,sex,birth_date,postmenopausal\nP-17,F,1940-03-01,yes\n"
HIP = "patient,site,age_at,mechanism\nP-17,hip,80,low-energy\n"
BROKEN = {"T8": (0.28, 0.1, 0.0)}


class TestDiagnosisMade:
    def test_needs_no_more_inputs(self, page):
        """A hip fracture makes it; no T-score and no FRAX would change that, and none is asked for."""
        made = page([on("2024-05-01")], patients=WOMAN, fractures=HIP)
        assert made.one("p", class_="class").text == "Osteoporosis"
        missing = part(made, "missing")
        assert "Nothing for the diagnosis, which is made." in missing
        assert "Rules for it that cannot be answered yet would not change it: A1, A4." in missing
        assert "decides the diagnosis" not in missing
        assert not made.every("li", class_="decisive")
        assert "missing for the diagnosis" not in part(made, "next")

    def test_is_asked_for_until_then(self, page):
        made = page([on("2024-05-01")], patients=WOMAN)
        assert "decides the diagnosis" in part(made, "missing")
        assert "Nothing for the diagnosis" not in part(made, "missing")
        assert re.search(r"A1 .*Get what is missing for the diagnosis", part(made, "next"))


class TestOpenRules:
    def test_are_never_nothing(self, tmp_path):
        """Whatever rules name as missing, an open one is said to be open."""
        account = account_of(tmp_path, patients="patient,age\nP-17,8\n")
        assert clinic_next.lacking(account) == ""
        bare = evolve(account, answers=tuple(evolve(one, missing=()) for one in account.answers))
        assert bare.open
        assert not list(clinic_next.wanted(bare))
        said = clinic_next.lacking(bare)
        assert said.startswith("What would decide the diagnosis is not known: R1, R3 cannot be answered")

    def test_that_are_all_answered_need_nothing(self, page):
        tables = {
            "patients": "patient,age,fractures_complete,exposures_complete\nP-17,8,yes,yes\n",
            "bmd": "patient,site,z,reference,date\nP-17,spine,0.2,invented,2024-05-01\n",
        }
        made = page([on("2024-05-01")], **tables)
        assert "Nothing for the diagnosis." in part(made, "missing")
        assert made.one("p", class_="class").text == "No osteoporosis by these rules"

    def test_name_the_date_of_the_exam_where_that_would_tell_the_age(self, page):
        made = page([on(None)], patients=WOMAN)
        items = [one.text for one in made.one("section", class_="missing").every("li")]
        (asked,) = [one for one in items if "the date of the exam" in one]
        for code in ("R3", "A1", "A2", "A4"):
            assert f"{code} " in asked
        rows = made.one("table", class_="rules").one("tbody").every("tr")
        said = {row.one("th").text: row.text for row in rows}
        assert "missing: the date of the exam" in said["A1"]


class TestWithoutAnyScan:
    """One absence is one line, with every rule that hangs on it."""

    def items(self, made):
        return [one.text for one in made.one("section", class_="missing").every("li")]

    def test_is_asked_for_once(self, page):
        (asked,) = [
            one
            for one in self.items(page([on("2024-05-01")], patients="patient,age\nP-17,8\n"))
            if "z-score" in one or "DXA scan" in one
        ]
        assert asked.startswith("R3 ")
        site = "lumbar spine or total body less head"
        words = f"a DXA scan, as there is none: a BMD z-score of {site}, with its reference and date"
        assert f"{words}; decides the diagnosis" in asked
        for code in ("R4", "R5", "R8", "R10", "R11", "R12"):
            assert asked.count(f"{code} ") == 1, code

    def test_names_the_site_though_history_excludes_the_diagnosis(self, page):
        tables = {"patients": "patient,age,fractures_complete\nP-17,8,yes\n"}
        (asked,) = [one for one in self.items(page([on("2024-05-01")], **tables)) if "DXA scan" in one]
        assert "R3" not in asked
        assert "of lumbar spine or total body less head, with its reference and date" in asked

    def test_by_the_height_adjusted_score(self, tmp_path):
        how = Classification(Switches(density_z="height-adjusted"))
        (tmp_path / "patients.csv").write_text("patient,age\nP-17,8\n")
        (account,) = accounts(classify(read_patients(tmp_path), None, GRADED, how), how)
        (asked,) = [one.words for one in clinic_next.wanted(account) if "DXA scan" in one.words]
        assert "a height-adjusted BMD z-score of lumbar spine" in asked

    @pytest.mark.parametrize("cells", ["spine,,,", "spine,-1,,2024-05-01", "spine,,,2024-05-01"])
    def test_a_scan_that_lacks_something_is_no_absence(self, page, cells):
        bmd = f"patient,site,z,reference,date\nP-17,{cells}\n"
        made = page([on("2024-05-01")], patients="patient,age\nP-17,8\n", bmd=bmd)
        assert "as there is none" not in part(made, "missing")

    def test_nor_is_that_of_an_adult(self, page):
        said = part(page([on("2024-05-01")], patients=WOMAN), "missing")
        assert "a T-score of spine, femoral neck or hip" in said
        assert "as there is none" not in said


class TestImaging:
    SCAN = "patient,site,t,reference,date\nP-17,total_hip,-1.5,invented,2024-05-01\n"

    def test_of_a_spine_that_was_read_is_not_sent_for_again(self, page):
        made = page([on("2024-05-01")], patients=WOMAN, bmd=self.SCAN)
        assert "A9 vertebral fracture assessment (VFA) is indicated; the spine was read on 2024-05-01." in (
            part(made, "next")
        )

    def test_of_a_spine_that_was_read_needs_no_more_inputs(self, page):
        made = page([on("2024-05-01")], patients=WOMAN, fractures=HIP)
        assert "A9" not in part(made, "missing") + part(made, "next")
        assert "missing: a T-score" in made.one("div", class_="beside").text

    def test_of_a_spine_that_could_not_be_read_is_advised(self, page):
        blind = with_vertebra(on("2024-05-01"), *map(refused, ("T9", "T10", "T11")))
        said = part(page([blind], patients=WOMAN, bmd=self.SCAN), "next")
        assert "A9 vertebral fracture assessment (VFA) is indicated." in said


class TestNotRun:
    def test_is_said_plainly_where_a_vertebra_is_fractured(self, page):
        said = part(page([on("2024-05-01", lost=BROKEN)], patients=WOMAN), "verdict")
        assert (
            "There is a vertebral fracture, and the rules that diagnose osteoporosis by one are not run"
            in said
        )
        for code in ("A3", "A6", "A7"):
            assert f"{code} (" in said

    def test_is_only_listed_otherwise(self, page):
        said = part(page([on("2024-05-01")], patients=WOMAN), "verdict")
        assert "There is a vertebral fracture" not in said
        assert "Not run" in said

    def test_does_not_matter_once_the_diagnosis_is_made(self, page):
        said = part(page([on("2024-05-01", lost=BROKEN)], patients=WOMAN, fractures=HIP), "verdict")
        assert "There is a vertebral fracture" not in said


class TestScores:
    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (-1.996, "-1.996"),
            (-2.004, "-2.004"),
            (-1.96, "-1.96"),
            (-2.0, "-2.0"),
            (-2.0000000001, "-2.0"),
            (-1.94, "-1.9"),
            (0.449, "+0.4"),
        ],
    )
    def test_stay_on_their_side_of_the_bound(self, value, words):
        assert clinic_words.z_score(value) == words

    @given(st.floats(-5, 5))
    @example(-1.9996)
    @example(-2.5004)
    def test_whatever_they_are(self, value):
        for words, bounds in (
            (clinic_words.z_score(value), clinic_words.Z_BOUNDS),
            (clinic_words.t_score(value), clinic_words.T_BOUNDS),
        ):
            shown = float(words)
            assert abs(shown - value) <= 0.0500001
            for bound in bounds:
                if abs(value - bound) > 2e-9:
                    assert (shown < bound, shown > bound) == (value < bound, value > bound)

    def test_on_the_page_agree_with_the_rules(self, page):
        """-1.996 is no low z-score, and nothing on the page says that it is -2.0."""
        scan = "patient,site,z,reference,date\nP-17,spine,-1.996,invented,2024-05-01\n"
        made = page([on("2024-05-01")], patients="patient,age\nP-17,8\n", bmd=scan)
        assert "lumbar spine z -1.996" in first_page(made)
        assert "-1.996" in made.one("div", class_="beside").text


class TestManyExams:
    YEARS = range(2000, 2025)

    def test_are_said_once(self, page):
        """T8 was fractured on 24 films before the last: one line, and a sentence that stands once."""
        films = [on(f"{year}-05-01", lost=BROKEN) for year in self.YEARS]
        made = page(films, patients=WOMAN)
        said = part(made, "found")
        assert "T8 grade 2 (24 exams, 2000-05-01 to 2023-05-01)." in said
        assert said.count("A fracture counts even if") == 1
        assert len([one for one in made.every("div") if one.attributes.get("class") == "strip"]) == 26

    def test_of_an_old_woman_have_no_word_of_growth(self, page):
        films = [on("2023-05-01", lost=BROKEN | {"L1": (0.3, 0.1, 0.0)}), on("2024-06-01", lost=BROKEN)]
        made = page(films, patients=WOMAN)
        text = made.one("article", class_="patient").text
        for word in ("grow", "reshap"):
            assert word not in text
        assert "L1 2 0 no longer graded as fractured" in text

    def test_of_a_child_do(self, page):
        films = [on("2023-05-01", lost=BROKEN), on("2024-06-01")]
        text = page(films, patients="patient,age\nP-17,8\n").one("article", class_="patient").text
        assert "growth taken out" in text
        assert "reshaped completely" in text


class TestWords:
    def test_of_the_first_page_are_those_of_a_clinic(self, page):
        films = [on("2023-05-01"), on("2024-06-01", lost=BROKEN)]
        man = "patient,sex,birth_date\nP-17,M,1950-03-01\n"
        said = first_page(page(films, patients=man))
        assert "from what age men have T-scores, which no source settles" in said
        assert not re.findall(r"followup-\w+|\b\w+_\w+\b|--\w+|switch|sha256", said)

    def test_there_are_some_for_every_switch_and_setting(self):
        for settings in (Switches(), Switches(t_score_men_from=50.0, grades="visual", by_age="before")):
            for one in f"{settings}".split():
                name, _, value = one.partition("=")
                assert name in SWITCHES
                said = clinic_words.switch_words(name, value)
                assert "_" not in said
                assert "{" not in said

    def test_hashes_stand_at_the_end(self, page):
        made = page([on("2024-06-01")], patients=WOMAN)
        assert re.search(r"sha256:[0-9a-f]{64}", made.one("div", class_="beside").text)


class TestPrint:
    def test_every_sheet_names_the_patient(self, page):
        """A header group of a table is what a browser repeats on every sheet of it."""
        made = page([on("2024-06-01")], patients=WOMAN)
        running = made.every("p", class_="running")
        assert [one.text for one in running[:2]] == ["Patient P-17", "Patient P-17"]
        assert running[2].text == "Patient P-17, exam E-2024-06-01, reader R1"
        style = re.sub(r"\s+", " ", made.one("style").text)
        printed = style[style.index("@media print") :]
        assert ".running { display: table-header-group" in printed
        assert ".sheets { display: table-row-group" in printed
        assert ".running { display: none; }" in style[: style.index("@media print")]
