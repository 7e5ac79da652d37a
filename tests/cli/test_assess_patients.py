"""``spinegrade assess --patients``: a patient a row, classified."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from spinegrade.osteoporosis.rule import osteoporosis_rules
from spinegrade.rules import load_rule
from spines import invoke, many

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
        assert f"{table}: line 2: z: expected a number from -25 to 25, got 'low'" in said.err
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
    assert rows["P2"]["contradictions"] == "in readings but not in the patients table"


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
