"""``spinegrade assess --patients``: a patient a row, classified."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from norms.norm_files import norm_text
from spinegrade.osteoporosis.rule import osteoporosis_rules
from spinegrade.rules import load_rule
from spines import heights, invoke, many, table

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_images"
CLINIC = SAMPLES / "patients"
S1 = ROOT / "tests" / "cases" / "pamidronate"


@pytest.fixture(scope="module")
def samples():
    """Give the samples' patients as the command line classifies them."""
    said = invoke("assess", SAMPLES / "landmarks.csv", "--patients", CLINIC, "--format", "json")
    assert (said.code, said.err) == (0, "")
    return {row["patient"]: row for row in json.loads(said.out)}


class TestSamples:
    def test_every_patient_is_a_row(self, samples):
        assert sorted(samples) == [f"sample-{n:02d}" for n in range(1, 9)]

    def test_the_child_had_fractures_a_year_ago(self, samples):
        child = samples["sample-04"]
        assert (child["classification"], child["R1"]) == ("osteoporosis", "met")
        assert (child["exam"], child["readings"]) == ("child-year-later-1", 5)
        assert child["t_score_low"] is None
        assert child["readings_differ"] == "T6"
        assert (child["R16"], child["R16_missing"]) == ("indeterminate", "agreement of readings")

    def test_json_has_everything(self, samples):
        row = samples["sample-04"]
        for rule in osteoporosis_rules():
            assert (rule.code in row) == rule.enabled
            assert (f"{rule.code} {rule.source.stamp}" in row["rules"]) == rule.enabled
            if rule.enabled:
                assert row[rule.code] in {"met", "not met", "indeterminate"}
                assert (row[f"{rule.code}_missing"] is None) == (row[rule.code] != "indeterminate")
                assert (row[f"{rule.code}_because"] is None) == (row[rule.code] == "indeterminate")
        assert row["grading"] == load_rule("genant-1993").stamp
        assert "adult_from=20" in row["switches"]

    def test_nobodys_row_hangs_on_who_else_is_in_the_table(self, samples, tmp_path):
        for patient, row in samples.items():
            for name in ("patients", "fractures", "bmd", "exposures"):
                header, *lines = (CLINIC / f"{name}.csv").read_text().splitlines()
                own = [line for line in lines if line.startswith(f"{patient},")]
                (tmp_path / f"{name}.csv").write_text("\n".join([header, *own, ""]))
            films = pl.read_csv(SAMPLES / "landmarks.csv", infer_schema=False).filter(patient=patient)
            films.write_csv(tmp_path / "films.csv")
            said = invoke(
                "assess",
                tmp_path / "films.csv",
                "--patients",
                tmp_path,
                "--ignore-unknown",
                "--format",
                "json",
            )
            (alone,) = json.loads(said.out)
            assert alone.pop("age") == pytest.approx(row["age"], rel=1e-12)
            assert alone == {name: value for name, value in row.items() if name != "age"}

    def test_a_table_for_a_person(self):
        said = invoke("assess", SAMPLES / "landmarks.csv", "--patients", CLINIC, "--format", "table")
        assert (said.code, said.err) == (0, "")
        assert max(map(len, said.out.splitlines())) <= 110
        for words in (
            "met: R1 osteoporosis",
            "would decide: A4: frax_hip",
            "no medical device",
            "by_age=at-most",
        ):
            assert words in said.out
        line = next(one for one in said.out.splitlines() if one.split()[:1] == ["sample-03"])
        assert line.split()[1:] == ["F", "82.7", "0000300000000", "3", "1", "13", "fractured", "osteoporosis"]

    def test_one_reader(self):
        arguments = ("assess", SAMPLES / "landmarks.csv", "--patients", CLINIC, "--reader")
        rows = json.loads(invoke(*arguments, "R3", "--format", "json").out)
        assert {row["readings"] for row in rows} == {1}
        assert {row["status"] for row in rows} <= {"normal", "fractured", "uninterpretable"}
        said = invoke(*arguments, "R9")
        assert (said.code, said.out) == (2, "")
        assert "expected one of R1, R2, R3, got 'R9'" in " ".join(said.err.split())


class TestWithoutFilms:
    def test_the_s1_cohort(self):
        said = invoke("assess", "--patients", S1, "--format", "table")
        assert (said.code, said.err) == (0, "")
        assert sum("osteoporosis not excluded" in line for line in said.out.splitlines()) == 2
        assert "would decide: R3: fractures.long_bone" in said.out

    @pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
    def test_a_file(self, tmp_path, suffix):
        path = tmp_path / f"out{suffix}"
        assert invoke("assess", "--patients", S1, "-o", path).code == 0
        frame = {".csv": pl.read_csv, ".json": pl.read_json, ".parquet": pl.read_parquet}[suffix](path)
        assert frame.filter(pl.col("classification") == "osteoporosis")["patient"].to_list() == ["S1-12"]
        assert invoke("assess", "--patients", S1, "-o", path).code == 1

    def test_csv_is_the_default(self):
        assert invoke("assess", "--patients", S1).out.startswith(
            "patient,sex,age,date,exam,readings,grade_T4"
        )

    def test_switches(self):
        said = invoke("assess", "--patients", S1, "--switch", "by_age=before", "--format", "json")
        assert all("by_age=before" in row["switches"] for row in json.loads(said.out))
        said = invoke("assess", "--patients", S1, "--switch", "by_age=never")
        assert (said.code, said.out) == (1, "")
        assert said.err == (
            "spinegrade: switch by_age: expected at-most or before or completed, got 'never'\n"
        )

    def test_an_unconfirmed_rule_runs_once_a_person_gives_it_a_source(self, tmp_path):
        text = load_rule("bhof-2022-vertebral").text.replace('"unconfirmed"', '"confirmed"')
        own = tmp_path / "own.toml"
        own.write_text(text)
        (tmp_path / "patients.csv").write_text("patient,age,local_disease,high_energy_trauma\nP1,70,no,no\n")
        (tmp_path / "fractures.csv").write_text("patient,site\nP1,T8\n")
        plain, told = (
            json.loads(invoke("assess", "--patients", tmp_path, "--format", "json", *more).out)[0]
            for more in ((), ("--rule", own))
        )
        assert "A7" not in plain
        assert (told["A7"], told["classification"]) == ("met", "osteoporosis")
        assert load_rule(str(own)).sha256 in told["rules"]

    def test_a_bad_cell_stops_it_or_is_left_out(self, tmp_path):
        folder = tmp_path / "clinic"
        shutil.copytree(S1, folder)
        table = folder / "bmd.csv"
        table.write_text(table.read_text().replace("-3.2", "low"))
        said = invoke("assess", "--patients", folder)
        assert (said.code, said.out) == (1, "")
        words = "z: expected a number from -15 to 15 (a decimal point lost?), got 'low'"
        assert f"{table}: line 2: {words}" in said.err
        said = invoke("assess", "--patients", folder, "--keep-going")
        assert said.code == 1
        assert said.lines[0].startswith(f"left out: {table}: line 2: z")
        assert said.lines[1] == "1 left out, 13 rows of results"

    def test_what_is_read_is_never_written_over(self, tmp_path):
        folder = tmp_path / "clinic"
        shutil.copytree(S1, folder)
        before = (folder / "bmd.csv").read_bytes()
        said = invoke("assess", "--patients", folder, "-o", folder / "bmd.csv", "--force")
        assert (said.code, (folder / "bmd.csv").read_bytes()) == (1, before)
        assert "expected another file than the input" in said.err
        path = folder / "patients.csv"
        assert invoke("assess", "--patients", path, "-o", path, "--force").code == 1


class TestNorms:
    """Heights compared with what is normal for the sex and age that the patients' table says."""

    LEVELS = ("T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4")

    @pytest.fixture
    def clinic(self, tmp_path):
        """Give landmarks of P0 to P2, their table, and a norm of girls below 20."""
        rows = [
            f"{m},{at},female,0,20,0.75,0.05"
            for m in ("wedge_ratio", "biconcave_ratio")
            for at in self.LEVELS
        ]
        (tmp_path / "norm.csv").write_text(norm_text(rows))
        table(heights(T8=(0.22, 0, 0)), patient="P0").write_csv(tmp_path / "P0.csv")
        table(heights(T8=(0.22, 0, 0)), patient="P1").write_csv(tmp_path / "P1.csv")
        head = "patient,sex,age,local_disease,high_energy_trauma,fractures_complete"
        (tmp_path / "patients.csv").write_text(f"{head}\nP0,F,9,no,no,yes\nP1,M,9,no,no,yes\n")
        return tmp_path

    def rows(self, clinic, *more):
        arguments = ("assess", clinic / "P0.csv", clinic / "P1.csv", "--patients", clinic / "patients.csv")
        said = invoke(*arguments, *more, "--format", "json")
        assert (said.code, said.err) == (0, "")
        return {row["patient"]: row for row in json.loads(said.out)}

    def test_normal_wedging_is_no_loss(self, clinic):
        assert {row["R1"] for row in self.rows(clinic).values()} == {"met"}
        girl = self.rows(clinic, "--norms", clinic / "norm.csv")["P0"]
        assert (girl["R1"], girl["grade_T8"], girl["R15"]) == ("not met", 0, "not met")
        assert girl["reference"] == "standard, norm made"
        assert girl["grading"].startswith("genant-1993 revision 1 sha256:")
        assert "; norm made revision 2 sha256:" in girl["grading"]

    def test_without_a_norm_for_somebody_nothing_is_excluded_nor_unevaluable(self, clinic):
        boy = self.rows(clinic, "--norms", clinic / "norm.csv")["P1"]
        assert (boy["R1"], boy["R1_missing"]) == ("indeterminate", "a norm for level, sex and age")
        assert (boy["R15"], boy["grade_T8"], boy["status"]) == ("not met", None, "uninterpretable")

    def test_the_table_says_by_which(self, clinic):
        arguments = (clinic / "P0.csv", "--patients", clinic / "patients.csv", "--norms", clinic / "norm.csv")
        said = invoke("assess", *arguments, "--format", "table")
        assert "Heights compared with: standard, norm made. Graded by: genant-1993/1" in said.out

    def test_spines_without_patients_are_anybodys(self, clinic):
        said = invoke("assess", clinic / "P0.csv", "--norms", clinic / "norm.csv", "--format", "json")
        assert json.loads(said.out)[0]["reference"] == "standard, norm made"
        assert json.loads(said.out)[0]["grade_T8"] is None

    def test_a_norm_that_is_none(self, clinic):
        for norm in ("nobodys", "gaca-2010"):
            said = invoke(
                *("assess", clinic / "P0.csv", "--patients", clinic / "patients.csv", "--norms", norm)
            )
            assert (said.code, said.out, len(said.lines)) == (1, "", 1)
            assert "expected" in said.err


def test_every_contradiction_is_named_in_every_form(tmp_path):
    """A table, CSV and JSON say the same of each patient, and what needs it is left open."""
    tables = {
        "patients": """patient,birth_date,age,date,local_disease,high_energy_trauma,fractures_complete
above,,9,,no,no,yes
noref,,12,,no,no,yes
tchild,,12,,no,no,yes
device,,12,,no,no,yes
order,2027-01-01,,2026-01-01,no,no,
""",
        "fractures": """patient,site,age_at
above,femur,5
above,tibia,12
noref,femur,5
noref,tibia,6
device,femur,5
device,tibia,6
ghost,femur,3
""",
        "bmd": """patient,site,z,t,reference,device,reference_device
noref,spine,-3,,,,
tchild,spine,,-3,Ref,,
device,spine,-3,,Ref,Lunar,Hologic
""",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    words = {
        "above": "fracture at an age above the patient's (tibia, age 12)",
        "noref": "z-score without a reference (spine)",
        "tchild": "T-score in a child (spine): not used",
        "device": "z-score by a reference of another device, without a conversion (spine)",
        "order": "date of the exam or assessment before the birth",
        "ghost": "in fractures without a usable row in the patients table",
    }
    out = {
        form: invoke("assess", "--patients", tmp_path, "--format", form).out
        for form in ("csv", "json", "table")
    }
    listed = {row["patient"]: row for row in json.loads(out["json"])}
    sheet = dict(
        pl.read_csv(out["csv"].encode(), infer_schema=False).select("patient", "contradictions").rows()
    )
    assert {name: row["contradictions"] for name, row in listed.items()} == sheet == words
    assert all(f"contradictions: {text}" in " ".join(out["table"].split()) for text in words.values())
    answers = {name: (row["R2"], row["R3"]) for name, row in listed.items()}
    assert answers["above"] == answers["order"] == answers["ghost"] == ("indeterminate",) * 2
    assert answers["noref"] == answers["device"] == ("met", "indeterminate")
    assert listed["tchild"]["t_score_low"] is None


class TestWrongUse:
    def test_no_source_and_no_patients(self):
        said = invoke("assess")
        assert (said.code, said.out) == (2, "")
        assert "SOURCE" in said.err

    @pytest.mark.parametrize("more", [("--switch", "min_grade=2"), ("--reader", "R1"), ("--rule", "x.toml")])
    def test_options_that_need_patients(self, more):
        said = invoke("assess", SAMPLES / "landmarks.csv", *more)
        assert (said.code, said.out) == (2, "")
        assert "--patients" in said.err


def test_films_of_nobody_in_the_table(tmp_path):
    many(3).write_csv(tmp_path / "landmarks.csv")
    (tmp_path / "patients.csv").write_text("patient,age\nP0,9\n")
    said = invoke(
        *("assess", tmp_path / "landmarks.csv", "--patients", tmp_path / "patients.csv"), "--format", "json"
    )
    rows = {row["patient"]: row for row in json.loads(said.out)}
    assert rows["P0"]["contradictions"] is None
    assert rows["P2"]["contradictions"] == "in readings without a usable row in the patients table"


def test_more_patients_than_are_shown(tmp_path):
    lines = "".join(f"P{n},9\n" for n in range(250))
    (tmp_path / "patients.csv").write_text(f"patient,age\n{lines}")
    said = invoke("assess", "--patients", tmp_path, "--format", "table")
    assert "200 of 250 rows shown; --output FILE writes them all." in said.out


def test_a_writer_that_fails_leaves_no_file(tmp_path, monkeypatch):
    from spinegrade.io.results import CsvWriter

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CsvWriter, "write", fail)
    said = invoke("assess", "--patients", S1, "-o", tmp_path / "out.csv")
    assert (said.code, list(tmp_path.iterdir())) == (1, [])
    assert "No space left on device" in said.err
