"""``spinegrade qualitative``: answers to forms in, classes out."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from attrs import evolve

from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.qualitative.form import load_form
from spinegrade.qualitative.joining import QUALITY
from spinegrade.qualitative.run import TABLE_SCHEMA
from spinegrade.study.answers import QUALITY_FORM
from spines import heights, invoke, shuffled, started, table

AXES = ("row", "column")
SAMPLES = Path(__file__).parents[2] / "sample_images"
TABLE_NAMES = ("patient", "exam", "reader", "occasion", "level", "form", "question", "answer")
NO = {"as_expected": "no", "projection": "no"}
FRACTURE = {**NO, "depression": "upper", "explained": "no", "cause": "neither"}
WEIGHTS = """\
id = "made-up"
revision = 1
kind = "koerber-weights"
title = "Made-up weights"
citation = "Nobody: these numbers mean nothing."
doi = ""
status = "confirmed"
confirmed_by = "made up for a test"
levels = "T12-L2"
compression = { weight = 1.0, combine = "largest" }
kyphosis = { weight = 0.0 }
deformity = { weight = 1.0, combine = "sum", points = { none = 0.0, wedge = 7.0 } }
classes = [{ name = "low", least = 0.0 }, { name = "high", least = 30.0 }]
"""


def answered(path, forms, exam="E1", reader="R1"):
    """Write a table of answers: level -> form -> question -> answer."""
    rows = [
        ("P1", exam, reader, 1, level, form, question, answer)
        for level, by_form in forms.items()
        for form, answers in by_form.items()
        for question, answer in answers.items()
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([TABLE_NAMES, *rows])
    return path


@pytest.fixture
def landmarks(tmp_path):
    """Give a spine whose L1 has lost 30 % in front, its rows in no order."""
    shuffled(table(heights(L1=(0.3, 0.0, 0.0)))).write_csv(tmp_path / "landmarks.csv")
    return tmp_path / "landmarks.csv"


@pytest.fixture
def reading(tmp_path):
    """Give a sample's reading whose T8, the crushed one, is answered for, and T12 not evaluable."""
    read = read_reading(SAMPLES / "readings" / "crush_R1_1.reading.json")
    forms = {"T8": {"mabq-2018": FRACTURE, "quality": {"seen": "well"}}, "T12": {}}
    vertebrae = [evolve(one, forms=forms[one.level]) if one.level in forms else one for one in read.vertebrae]
    folder = tmp_path / "readings"
    folder.mkdir()
    write_reading(evolve(read, vertebrae=tuple(vertebrae)), folder / "crush.reading.json")
    return folder / "crush.reading.json"


def rows(*arguments, code=0):
    said = invoke("qualitative", *arguments, "--format", "json")
    assert said.code == code, said.lines
    return json.loads(said.out), said


def by_level(found, form=None):
    return {row["level"]: row for row in found if form in (None, row["form"])}


class TestReadings:
    def test_forms_that_were_answered_with_measures_beside(self, reading):
        found, said = rows(reading)
        assert list(found[0]) == list(TABLE_SCHEMA)
        assert [row["level"] for row in found] == [f"T{n}" for n in range(4, 13)] + ["L1", "L2", "L3", "L4"]
        crushed, open_ = by_level(found)["T8"], by_level(found)["T9"]
        assert (crushed["category"], crushed["grade"], crushed["form"]) == ("mabq3", 3, "mabq-2018")
        assert crushed["height_loss"] > 0.4
        assert crushed["status"] == "unconfirmed"
        assert crushed["form_rule"] == load_form("mabq-2018").source.stamp
        assert (open_["category"], open_["missing"]) == (None, "as_expected")
        assert said.lines == ["quality: 1 answer passed over, as quality has no classes"]

    def test_a_folder_and_a_file_are_the_same(self, reading):
        assert rows(reading)[0] == rows(reading.parent)[0]

    def test_measures_are_those_of_the_landmarks_alone(self, reading, tmp_path):
        graded = json.loads(invoke("grade", reading, "--format", "json").out)
        found = by_level(rows(reading)[0])
        for row in graded:
            assert found[row["level"]]["grade"] == row["grade"]
            assert found[row["level"]]["height_loss"] == row["height_loss"]

    def test_without_forms_what_was_measured_stands_alone(self, landmarks):
        found, said = rows(landmarks)
        assert len(found) == 13
        assert {row["form"] for row in found} == {None}
        assert by_level(found)["L1"]["superior_depression"] is not None
        assert said.lines == ["no form is answered or asked for; what was measured stands alone"]


class TestAnswers:
    def test_table_joined_to_landmarks(self, landmarks, tmp_path):
        table_ = answered(tmp_path / "a.csv", {"L1": {"mabq-2018": FRACTURE}, "L2": {"abq-2004": FRACTURE}})
        found, _ = rows(landmarks, "--answers", table_)
        assert len(found) == 26
        assert by_level(found, "mabq-2018")["L1"]["category"] == "mabq2"
        assert by_level(found, "abq-2004")["L2"]["category"] == "osteoporotic_fracture"
        assert by_level(found, "abq-2004")["L2"]["grade"] == 0

    def test_one_form_of_several(self, landmarks, tmp_path):
        table_ = answered(
            tmp_path / "a.csv", {"L1": {"mabq-2018": NO, "abq-2004": NO}, "L6": {"abq-2004": NO}}
        )
        found, said = rows(landmarks, "--answers", table_, "--form", "abq-2004")
        assert {row["form"] for row in found} == {"abq-2004"}
        assert said.lines == [
            "mabq-2018: 2 answers passed over; --form mabq-2018 takes them",
            "2 answers at levels outside T4-L4 passed over; --levels all takes them",
        ]

    def test_parquet_and_answers_alone(self, tmp_path):
        """Without landmarks there is a row for what was answered, and a fracture waits for its grade."""
        pl.read_csv(answered(tmp_path / "a.csv", {"L1": {"mabq-2018": FRACTURE}})).write_parquet(
            tmp_path / "a.parquet"
        )
        for name in ("a.csv", "a.parquet"):
            (row,), _ = rows("--answers", tmp_path / name)
            assert (row["level"], row["category"], row["missing"]) == ("L1", None, "height_loss")
            assert row["rules"] is None

    def test_spreadsheet_from_abroad(self, tmp_path):
        """Semicolons, UTF-16 with a mark, an empty line and an empty answer."""
        text = answered(
            tmp_path / "a.csv", {"L1": {"abq-2004": {"as_expected": "yes", "cause": ""}}}
        ).read_text()
        (tmp_path / "b.csv").write_text(text.replace(",", ";") + ";;;;;;;\n", "utf-16")
        (row,), _ = rows("--answers", tmp_path / "b.csv")
        assert row["category"] == "normal"

    def test_form_of_ones_own(self, tmp_path):
        text = load_form("sabq-2016").source.text.replace('"sabq-2016"', '"ours"', 1)
        (tmp_path / "ours.toml").write_text(text, "utf-8")
        table_ = answered(tmp_path / "a.csv", {"L1": {"ours": {"fracture": "no"}}})
        (row,), _ = rows("--answers", table_, "--form", tmp_path / "ours.toml")
        assert (row["form"], row["category"], row["status"]) == ("ours", "no_fracture", "confirmed")

    @pytest.mark.parametrize(
        ("forms", "words"),
        [
            ({"L1": {"abq-2004": {"as_expected": "perhaps"}}},
             "line 2: L1 of exam E1 by R1, occasion 1: abq-2004: as_expected: expected one of yes, no, got "
             "'perhaps'"),
            ({"L1": {"abq-2004": {"Q1": "yes"}}}, "abq-2004: expected a question, as_expected, projection,"),
            ({"L1": {"abq-2004": {"as_expected": "yes", "projection": "no"}}},
             "abq-2004: projection: expected no answer, as no other answer leads to it, got 'no'"),
            ({"L1": {"ours": {"a": "b"}}},
             "line 2: L1 of exam E1 by R1, occasion 1: form: expected one of abq-2004, mabq-2018, mimics, "
             "sabq-2016, or a form of your own by --form FILE, got 'ours'"),
            ({"L1": {"koerber-2012": {"a": "b"}}}, "form: expected one of abq-2004,"),
            ({"L9": {"abq-2004": NO}}, "level: expected one of C3..L6, got 'L9'"),
            ({"": {"abq-2004": NO}}, "line 2: level: expected a value, got nothing"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named_or_left_out(self, landmarks, tmp_path, forms, words):
        table_ = answered(tmp_path / "b.csv", {**forms, "T4": {"abq-2004": {"as_expected": "yes"}}})
        said = invoke("qualitative", landmarks, "--answers", table_)
        assert said.code == 1
        assert (said.out, len(said.lines)) == ("", 1)
        assert words in said.lines[0]
        assert str(table_) in said.lines[0]
        found, said = rows(landmarks, "--answers", table_, "--keep-going", code=1)
        assert by_level(found, "abq-2004")["T4"]["category"] == "normal"
        assert any(line.startswith("left out: ") and words in line for line in said.lines)

    def test_the_line_named_is_that_of_the_wrong_answer(self, landmarks, tmp_path):
        table_ = answered(tmp_path / "a.csv", {"L1": {"abq-2004": {**NO, "depression": "central"}}})
        said = invoke("qualitative", landmarks, "--answers", table_)
        assert "a.csv: line 4: L1 of exam E1" in said.lines[0]
        table_ = answered(tmp_path / "a.csv", {"L1": {"abq-2004": {**NO, "centre": "depressed"}}})
        said = invoke("qualitative", landmarks, "--answers", table_)
        assert "a.csv: line 4: L1 of exam E1" in said.lines[0]

    def test_an_unknown_form_is_said_once(self, landmarks, tmp_path):
        table_ = answered(tmp_path / "a.csv", {"L1": {"ours": {"a": "b"}, "mimics": {"mimics": "none"}}})
        said = invoke("qualitative", landmarks, "--answers", table_, "--keep-going", "-o", tmp_path / "o.csv")
        assert (said.code, len(said.lines)) == (1, 1)

    def test_many_ticks_are_put_in_the_order_of_the_form(self, landmarks, tmp_path):
        ticks = {"mimics": "parallax  schmorl_node", "ring_apophysis": "separate"}
        table_ = answered(tmp_path / "a.csv", {"L1": {"mimics": ticks}})
        found, _ = rows(landmarks, "--answers", table_)
        row = by_level(found)["L1"]
        assert (row["category"], row["subtype"]) == ("mimic", "schmorl_node parallax")
        assert row["answers"] == "mimics=schmorl_node parallax; ring_apophysis=separate"

    def test_answers_at_other_levels_are_said(self, landmarks, tmp_path):
        table_ = answered(tmp_path / "a.csv", {"L1": {"abq-2004": NO}, "T4": {"abq-2004": NO}})
        found, said = rows(landmarks, "--answers", table_, "--levels", "T10-L4")
        assert {row["level"] for row in found} == {"T10", "T11", "T12", "L1", "L2", "L3", "L4"}
        assert said.lines == ["2 answers at levels outside T10-L4 passed over; --levels all takes them"]

    def test_a_vertebra_that_no_source_has(self, landmarks, tmp_path):
        table_ = answered(tmp_path / "a.csv", {"L1": {"abq-2004": NO}}, reader="R9")
        said = invoke("qualitative", landmarks, "--answers", table_)
        assert (
            "L1 of exam E1 by R9, occasion 1: abq-2004: expected a vertebra that the sources have"
            in said.lines[0]
        )

    def test_one_question_answered_twice(self, tmp_path):
        first = answered(tmp_path / "a.csv", {"L1": {"abq-2004": {"as_expected": "yes"}}})
        second = answered(tmp_path / "b.csv", {"L1": {"abq-2004": {"as_expected": "no"}}})
        said = invoke("qualitative", "--answers", first, "--answers", second)
        assert said.code == 1
        assert "b.csv: line 2: L1" in said.lines[0]
        assert "abq-2004: as_expected: expected one answer, got 'no' and 'yes'" in said.lines[0]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("patient,exam,reader,occasion,level,form,question\n", "header: expected column 'answer', got"),
            ("patient,exam,reader,occasion,level,form,question,answer,x\n", "each once, got 'x'"),
            ("patient,exam,reader,occasion,level,form,question,answer\nP,E,R,1.5,L1,abq-2004,a,b\n",
             "line 2: occasion: expected a whole number, got '1.5'"),
            ('patient,exam,reader,occasion,level,form,question,answer\nP,E,R,1,L1,abq-2004,a,"b\n',
             "line 2: expected quotation marks in pairs round whole fields, got a stray one"),
            ("patient,exam,reader,occasion,level,form,question,answer\nP,E,R,1,L1,abq-2004,a,b,c\n",
             "line 2: expected as many fields as columns, got more"),
        ],
    )  # fmt: skip
    def test_tables_that_are_none(self, tmp_path, text, words):
        (tmp_path / "a.csv").write_text(text)
        said = invoke("qualitative", "--answers", tmp_path / "a.csv")
        assert said.code == 1
        assert words in said.lines[0]

    def test_files_that_are_none(self, tmp_path):
        (tmp_path / "a.parquet").write_bytes(b"PAR")
        pl.DataFrame({name: [[1]] for name in TABLE_NAMES}).write_parquet(tmp_path / "b.parquet")
        for name, words in (
            ("gone.csv", "expected a table of answers, got no file"),
            ("a.parquet", "expected a readable Parquet file"),
            ("b.parquet", "column 'patient': expected single values"),
        ):
            said = invoke("qualitative", "--answers", tmp_path / name)
            assert said.code == 1
            assert words in said.lines[0]


class TestKoerber:
    def test_without_weights_it_says_so_and_computes_nothing(self, landmarks):
        (row,), _ = rows(landmarks, "--form", "koerber-2012")
        assert (row["level"], row["category"], row["score"], row["missing"]) == (None, None, None, "weights")
        assert (row["words"], row["status"]) == ("not computed: it needs a file of weights", "needs-table")

    def test_a_copy_of_the_form_under_another_name(self, landmarks, tmp_path):
        text = load_form("koerber-2012").source.text.replace('"koerber-2012"', '"ours"')
        (tmp_path / "ours.toml").write_text(text)
        (tmp_path / "w.toml").write_text(WEIGHTS)
        (row,), _ = rows(landmarks, "--form", tmp_path / "ours.toml")
        assert (row["form"], row["missing"]) == ("ours", "weights")
        (row,), _ = rows(landmarks, "--form", tmp_path / "ours.toml", "--weights", tmp_path / "w.toml")
        assert (row["form"], row["category"]) == ("ours", "high")
        assert row["form_rule"].startswith("ours revision 1 sha256:")

    def test_without_landmarks_it_says_so(self, tmp_path):
        table_ = answered(tmp_path / "a.csv", {"L1": {"abq-2004": NO}})
        said = invoke("qualitative", "--answers", table_, "--form", "koerber-2012")
        assert said.code == 1
        assert "koerber-2012: expected readings or landmark tables to measure it by" in said.lines[0]

    def test_with_weights(self, landmarks, tmp_path):
        """L1 is a wedge of 30 %: 30 + 7; the row comes after the vertebrae of its reading."""
        (tmp_path / "w.toml").write_text(WEIGHTS)
        found, _ = rows(landmarks, "--weights", tmp_path / "w.toml", "--form", "abq-2004")
        assert [row["form"] for row in found] == ["abq-2004"] * 13 + ["koerber-2012"]
        last = found[-1]
        assert last["score"] == pytest.approx(37.0, abs=0.01)
        assert (last["category"], last["words"]) == ("high", "severity high")
        assert last["status"] == "confirmed by the user"
        assert "made-up revision 1 sha256:" in last["form_rule"]
        assert "deformity=7" in last["answers"]

    def test_kyphosis_is_the_angle_between_the_end_plates(self, tmp_path):
        bent = table(heights(), tilt=np.linspace(-20.0, 20.0, 13))
        bent.write_csv(tmp_path / "l.csv")
        (tmp_path / "w.toml").write_text(WEIGHTS)
        (row,), _ = rows(tmp_path / "l.csv", "--weights", tmp_path / "w.toml")
        ends = {one["level"]: one for one in bent.to_dicts()}
        slopes = [
            math.degrees(
                math.atan2(*(end[f"{plate}_posterior_{at}"] - end[f"{plate}_anterior_{at}"] for at in AXES))
            )
            for end, plate in ((ends["T12"], "superior"), (ends["L2"], "inferior"))
        ]
        assert abs(row["kyphosis"]) > 5.0
        assert abs(row["kyphosis"]) == pytest.approx(abs(slopes[1] - slopes[0]), abs=1e-6)

    def test_what_was_not_measured_leaves_it_open(self, tmp_path):
        (tmp_path / "w.toml").write_text(WEIGHTS.replace("least = 0.0", "least = 5.0"))
        sides = heights()
        del sides["T12"]
        pl.concat([table(sides), table(exam="E2")]).write_csv(tmp_path / "l.csv")
        found, _ = rows(tmp_path / "l.csv", "--weights", tmp_path / "w.toml")
        assert [(row["exam"], row["category"], row["missing"]) for row in found if row["form"]] == [
            ("E1", None, "compression kyphosis deformity"),
            ("E2", None, None),
        ]
        assert found[-1]["words"] == "a score below the first class"


class TestUse:
    def test_table_for_a_person(self, reading):
        said = invoke("qualitative", reading, "--format", "table")
        assert "reader R1, mabq-2018 (unconfirmed)" in said.out
        assert "vertebrae answered" in said.out
        assert "upper endplate, grade 3" in said.out
        assert "open: Are all heights" not in said.out
        assert "mabq-2018: Confirmed are the names of the classes" in " ".join(said.out.split())
        assert "Research software, no medical device." in said.out

    def test_rules_say_which_forms_are_unconfirmed(self):
        lines = {line.split()[0]: line for line in invoke("rules").out.splitlines() if " revision " in line}
        assert lines["abq-2004"].endswith("(unconfirmed)")
        assert lines["koerber-2012"].endswith("(needs-table: not run)")
        assert not lines["sabq-2016"].endswith(")")

    def test_what_a_study_judges_of_an_image_is_no_form(self):
        assert QUALITY == QUALITY_FORM

    def test_more_readings_than_are_shown(self, tmp_path):
        pl.concat([table(exam=f"E{n}") for n in range(32)]).write_csv(tmp_path / "l.csv")
        said = invoke("qualitative", tmp_path / "l.csv", "--format", "table")
        assert "30 of 32 readings shown; --output FILE writes them all." in said.out

    @pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
    def test_file(self, reading, tmp_path, suffix):
        output = tmp_path / f"forms.{suffix}"
        assert invoke("qualitative", reading, "-o", output).code == 0
        read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "json": pl.read_json}[suffix](output)
        assert read.columns == list(TABLE_SCHEMA)
        before = output.read_bytes()
        assert invoke("qualitative", reading, "-o", output).code == 1
        assert output.read_bytes() == before
        assert invoke("qualitative", reading, "-o", output, "--force").code == 0

    def test_a_disk_that_is_full_leaves_no_file(self, reading, tmp_path, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("spinegrade.io.results.CsvWriter.write", full)
        said = invoke("qualitative", reading, "-o", tmp_path / "o.csv")
        assert said.code == 1
        assert "No space left on device" in said.lines[-1]
        assert [path.name for path in tmp_path.iterdir()] == ["readings"]

    def test_output_never_replaces_the_answers(self, tmp_path):
        table_ = answered(tmp_path / "a.csv", {"L1": {"abq-2004": {"as_expected": "yes"}}})
        said = invoke("qualitative", "--answers", table_, "-o", table_, "--force")
        assert "expected another file than the input" in said.lines[0]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((), "expected readings, landmark tables or folders, or --answers, got none"),
            (
                ("--answers", "a.csv", "--weights", "w.toml"),
                "expected it with landmarks to measure, got none",
            ),
        ],
    )
    def test_wrong_use(self, arguments, words):
        said = invoke("qualitative", *arguments)
        assert said.code == 2
        assert words in " ".join(" ".join(said.lines).replace("│", " ").split())

    def test_forms_that_cannot_be_asked_for(self, landmarks, tmp_path):
        text = load_form("sabq-2016").source.text.replace('scope = "vertebra"', 'scope = "reading"')
        (tmp_path / "whole.toml").write_text(text)
        for forms, words in (
            (("gone",), "rules: expected abq-2004,"),
            (("abq-2004", "abq-2004"), "--form: expected every form once, got 'abq-2004' again"),
            ((tmp_path / "whole.toml",), "scope: expected 'vertebra', as answers are stored by vertebra"),
        ):
            said = invoke("qualitative", landmarks, *(part for form in forms for part in ("--form", form)))
            assert said.code == 1
            assert words in said.lines[0]

    def test_a_reading_that_is_none_is_left_out_with_its_answers(self, reading):
        (reading.parent / "broken.reading.json").write_text("{")
        assert invoke("qualitative", reading.parent).code == 1
        found, said = rows(reading.parent, "--keep-going", code=1)
        assert len(found) == 13
        assert sum("broken.reading.json" in line for line in said.lines) == 1

    def test_a_real_process(self, reading):
        with started("qualitative", reading) as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "mabq3" in out

    def test_portions_do_not_change_a_row(self, tmp_path, monkeypatch):
        spines = pl.concat([table(heights(L1=(0.3, 0.0, 0.0)), exam=f"E{n}") for n in range(7)])
        shuffled(spines).write_csv(tmp_path / "l.csv")
        whole = rows(tmp_path / "l.csv")[0]
        monkeypatch.setattr("spinegrade.qualitative.measured.ROWS_AT_ONCE", 30)
        assert rows(tmp_path / "l.csv")[0] == whole
        assert sum(row["grade"] == 2 for row in whole) == 7
