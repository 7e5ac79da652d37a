"""``spinegrade followup``: dates of a patient in, what became of the vertebrae out."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from norms.norm_files import norm_text
from spinegrade.anatomy import LEVELS
from spinegrade.followup.cohort_rows import COHORT_SCHEMA
from spinegrade.followup.tables import PATIENT_SCHEMA, VERTEBRA_SCHEMA
from spines import heights, invoke, shuffled, started, table

SAMPLES = Path(__file__).parents[2] / "sample_images"
RULES = Path(__file__).parents[2] / "src" / "spinegrade" / "rules"


def film(patient, year, *, reader="R1", exam=None, on=None, **lost):
    """Return a landmark table of one spine in mm, read in that year."""
    sides = heights(**{level: (loss, 0.0, 0.0) for level, loss in lost.items()})
    cells = {"patient": patient, "exam": exam or f"{patient}-{year}", "reader": reader}
    return table(sides, spacing=(0.2, 0.2), date=[on or date(year, 3, 1)] * 13, **cells)


@pytest.fixture
def films():
    """Give a patient with a new fracture, one whose fracture reshapes, and one of one date."""
    return [
        *(film("A", 2019), film("A", 2020, T7=0.3), film("A", 2021, T7=0.3)),
        *(film("B", 2019, L1=0.3), film("B", 2021)),
        film("C", 2020),
    ]


@pytest.fixture
def landmarks(tmp_path, films):
    """Give them as a landmark table, its rows in no order."""
    shuffled(pl.concat(films)).write_csv(tmp_path / "landmarks.csv")
    return tmp_path / "landmarks.csv"


def rows(said):
    return json.loads(said.out)


class TestGaps:
    """A vertebra that the film between could not show."""

    @pytest.fixture
    def gap(self, tmp_path):
        without = film("A", 2022).filter(pl.col("level") != "T7")
        films = [film("A", 2021), without, film("A", 2023, T7=0.4), film("B", 2021), film("B", 2023)]
        pl.concat(films).write_csv(tmp_path / "gap.csv")
        return tmp_path / "gap.csv"

    def test_a_cohort_counts_its_fracture_once(self, gap):
        found = rows(invoke("followup", gap, "--per", "cohort", "--format", "json"))
        of_t7 = next(row for row in found if (row["statistic"], row["about"]) == ("new_fractures", "T7"))
        assert (of_t7["n"], of_t7["events"]) == (2, 1)
        incidence = [row for row in found if row["statistic"] == "incidence"]
        assert [(row["months"], row["n"], row["events"]) for row in incidence] == [(24.0, 2, 1)]

    def test_pairs_can_still_be_chosen(self, gap):
        found = rows(invoke("followup", gap, "--per", "cohort", "--pairs", "consecutive", "--format", "json"))
        assert not [row for row in found if row["statistic"] == "incidence" and row["events"]]


def test_a_leap_day_is_a_year_before_the_last_of_february(tmp_path):
    films = [film("A", 2020, on=date(2020, 2, 29), L1=0.3), film("A", 2021, on=date(2021, 2, 28))]
    pl.concat(films).write_csv(tmp_path / "leap.csv")
    (row,) = rows(invoke("followup", tmp_path / "leap.csv", "--per", "patient", "--format", "json"))
    assert (row["months"], row["reshaping"]) == (12.0, "complete")


class TestOutput:
    def test_a_row_for_each_level_of_a_pair(self, landmarks):
        said = invoke("followup", landmarks, "--format", "json")
        assert said.code == 0
        assert said.lines == ["one date only, not compared: 1 patient (C)"]
        found = rows(said)
        assert len(found) == 3 * 13
        assert list(found[0]) == list(VERTEBRA_SCHEMA)
        told = [
            (row["patient"], row["second_date"], row["level"])
            for row in found
            if row["outcome"] == "incident"
        ]
        assert told == [("A", "2020-03-01", "T7")]
        assert [row["reshaping"] for row in found if (row["patient"], row["level"]) == ("B", "L1")] == [
            "complete"
        ]
        assert found[0]["rule"].startswith("followup-sq revision 1 sha256:")

    def test_a_row_for_each_pair(self, landmarks):
        found = rows(invoke("followup", landmarks, "--per", "patient", "--format", "json"))
        assert [(row["patient"], row["first_exam"], row["outcome"]) for row in found] == [
            ("A", "A-2019", "incident"),
            ("A", "A-2020", "unchanged"),
            ("B", "B-2019", "unchanged"),
        ]
        assert list(found[0]) == list(PATIENT_SCHEMA)

    def test_the_cohort(self, landmarks):
        found = rows(invoke("followup", landmarks, "--per", "cohort", "--format", "json"))
        assert list(found[0]) == list(COHORT_SCHEMA)
        assert [(row["months"], row["value"]) for row in found if row["statistic"] == "incidence"] == [
            (12.0, 0.5)
        ]

    @pytest.mark.parametrize("per", ["vertebra", "patient", "cohort"])
    @pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
    def test_a_file_holds_the_same_rows(self, landmarks, tmp_path, per, suffix):
        path = tmp_path / f"out{suffix}"
        said = invoke("followup", landmarks, "--per", per, "-o", path)
        assert (said.code, said.out) == (0, "")
        read = {".csv": pl.read_csv, ".json": pl.read_json, ".parquet": pl.read_parquet}[suffix]
        shown = rows(invoke("followup", landmarks, "--per", per, "--format", "json"))
        assert len(read(path)) == len(shown)
        assert set(read(path).columns) == set(shown[0])

    def test_csv_where_there_is_no_terminal(self, landmarks):
        assert invoke("followup", landmarks).out.splitlines()[0] == ",".join(VERTEBRA_SCHEMA)

    def test_tables_for_a_person(self, landmarks):
        said = invoke("followup", landmarks, "--format", "table", "--point-sd", "0.3mm")
        assert "patient A, reader R1: 2019-03-01 to 2020-03-01, 12.0 months" in said.out
        (line,) = [one for one in said.out.splitlines() if one.split()[:1] == ["T7"] and "incident" in one]
        assert line.split()[1:7] == ["0", "to", "2", "-30.0", "+0.0", "+0.0"]
        assert "least %: least significant change (2.77 precision errors)" in said.out
        assert "the growth of unfractured vertebrae around leads to expect" in said.out
        assert "followup-sq revision 1, confirmed: New or worse by the semiquantitative grade" in said.out
        assert "no medical device" in said.out
        assert max(map(len, said.out.splitlines())) <= 110

    def test_other_tables_for_a_person(self, landmarks, films, tmp_path):
        said = invoke("followup", landmarks, "--per", "patient", "--format", "table")
        assert "incident" in said.out
        assert max(map(len, said.out.splitlines())) <= 110
        said = invoke("followup", landmarks, "--per", "cohort", "--format", "table")
        assert "first new fracture, patients" in said.out
        assert re.search(r"of +months +value +low +high +n +at risk +events", said.out)
        assert re.search(r"first new fracture, patients +12.0 +0.500 .* 2 +2 +1 *\n", said.out)
        assert max(map(len, said.out.splitlines())) <= 110
        said = invoke("followup", landmarks, "--rule", "followup-wu-1995", "--format", "table")
        assert "Changes are of heights as they are." in said.out
        path = tmp_path / "two.csv"
        pl.concat([film("A", 2019), film("A", 2020, reader="R2")]).write_csv(path)
        said = invoke("followup", path, "--across-readers", "--format", "table")
        assert "patient A, readers R1 and R2: 2019" in said.out

    def test_more_pairs_than_a_terminal_shows(self, tmp_path):
        path = tmp_path / "many.csv"
        pl.concat([film(f"P{n:02}", year) for n in range(31) for year in (2019, 2020)]).write_csv(path)
        said = invoke("followup", path, "--format", "table")
        assert "30 of 31 pairs shown; --output FILE writes them all." in said.out

    def test_an_existing_output_is_kept(self, landmarks, tmp_path):
        output = tmp_path / "out.csv"
        output.write_text("precious")
        assert invoke("followup", landmarks, "-o", output).code == 1
        assert output.read_text() == "precious"
        assert invoke("followup", landmarks, "-o", output, "--force").code == 0
        assert output.read_text().startswith("patient,")

    def test_nothing_is_left_behind_where_writing_fails(self, landmarks, tmp_path, monkeypatch):
        from spinegrade.io.results import CsvWriter

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(CsvWriter, "write", full)
        said = invoke("followup", landmarks, "-o", tmp_path / "out.csv")
        assert said.code == 1
        assert "No space left" in said.err
        assert [one.name for one in tmp_path.iterdir()] == ["landmarks.csv"]


class TestAsking:
    def test_pairs(self, landmarks):
        def pairs(choice):
            said = invoke("followup", landmarks, "--pairs", choice, "--per", "patient", "--format", "json")
            return [(row["first_exam"], row["second_exam"]) for row in rows(said) if row["patient"] == "A"]

        assert pairs("consecutive") == [("A-2019", "A-2020"), ("A-2020", "A-2021")]
        assert pairs("first-last") == [("A-2019", "A-2021")]
        assert pairs("all") == [("A-2019", "A-2020"), ("A-2019", "A-2021"), ("A-2020", "A-2021")]

    def test_a_rule_from_memory_is_refused_before_anything_is_read(self):
        said = invoke("followup", "nowhere.csv", "--rule", "followup-sof")
        assert said.code == 1
        assert "followup-sof: expected a rule whose numbers were read in a source" in said.err

    def test_a_rule_of_ones_own(self, landmarks, tmp_path):
        text = (RULES / "followup-growth.toml").read_text("utf-8")
        (tmp_path / "mine.toml").write_text(text.replace("min_loss = 0.20", "min_loss = 0.31"), "utf-8")
        said = invoke(
            "followup", landmarks, "--rule", tmp_path / "mine.toml", "--per", "patient", "--format", "json"
        )
        assert {row["outcome"] for row in rows(said)} == {"unchanged"}

    def test_a_rule_of_deformities_beside_a_norm(self, landmarks, tmp_path):
        """T7 becomes deformed; L1 was, and is no longer; the norm has nothing on T4."""
        text = (RULES / "followup-sof.toml").read_text("utf-8").replace("unconfirmed", "confirmed")
        text = text.replace("[needs]", '[needs]\ndeformed_by = "three-ratios-3sd"')
        (tmp_path / "mine.toml").write_text(text, "utf-8")
        means = {"wedge_ratio": 1.0, "biconcave_ratio": 1.0, "posterior_above": 1.0, "posterior_below": 1.0}
        levels = LEVELS[LEVELS.index("T5") : LEVELS.index("L5")]
        norm = norm_text(
            f"{name},{level},any,,,{mean},0.05" for name, mean in means.items() for level in levels
        )
        (tmp_path / "norm.csv").write_text(norm, "utf-8")
        asked = ("followup", landmarks, "--rule", tmp_path / "mine.toml", "--format", "json")
        said = invoke(*asked)
        assert said.code == 1
        assert "mine.toml: expected a norm for its deformities (--norms), got none" in said.err
        found = rows(invoke(*asked, "--norms", tmp_path / "norm.csv"))
        told = {(row["second_exam"], row["level"]): row for row in found}
        assert {key for key, row in told.items() if row["outcome"] == "incident"} == {("A-2020", "T7")}
        assert told["A-2021", "T7"]["outcome"] == "unchanged"
        assert "not_judged_by_norm" in told["A-2020", "T4"]["remarks"]
        assert "; three-ratios-3sd revision 1" in told["A-2020", "T7"]["rule"]

    @pytest.mark.parametrize("on", [date(2121, 1, 31), date(1820, 1, 31)])
    def test_a_date_that_no_film_can_have(self, tmp_path, on):
        pl.concat([film("A", 2019), film("A", 2020, exam="A-odd", on=on), film("A", 2021)]).write_csv(
            tmp_path / "odd.csv"
        )
        said = invoke("followup", tmp_path / "odd.csv", "--format", "json")
        assert said.code == 1
        assert (
            f"exam A-odd, read by R1, occasion 1: date: expected one from 1895 to today, got {on}" in said.err
        )
        said = invoke(
            "followup", tmp_path / "odd.csv", "--per", "patient", "--format", "json", "--keep-going"
        )
        assert [(row["first_exam"], row["second_exam"]) for row in rows(said)] == [("A-2019", "A-2021")]

    def test_reader_and_occasion(self, tmp_path):
        path = tmp_path / "a.csv"
        pl.concat(
            [film("A", year, reader=reader) for year in (2019, 2020) for reader in ("R1", "R2")]
        ).write_csv(path)
        said = invoke("followup", path, "--reader", "R2", "--per", "patient", "--format", "json")
        assert [row["first_reader"] for row in rows(said)] == ["R2"]
        said = invoke("followup", path, "--occasion", 2)
        assert (said.code, "expected a patient with two dates" in said.err) == (1, True)
        said = invoke("followup", path, "--per", "cohort")
        assert "--reader and --occasion choose" in said.err

    def test_visual_grades(self, tmp_path):
        path = tmp_path / "a.csv"
        visual = [0.0, 0.0, 2.0, *[0.0] * 10]
        second = film("A", 2020).with_columns(pl.Series("visual_grade", visual))
        pl.concat([film("A", 2019).with_columns(pl.lit(0.0).alias("visual_grade")), second]).write_csv(path)
        said = invoke("followup", path, "--grade", "visual", "--per", "patient", "--format", "json")
        assert [row["incident_levels"] for row in rows(said)] == ["T6"]
        shown = invoke("followup", path, "--grade", "visual", "--format", "table")
        assert any(line.split()[:4] == ["T6", "0", "to", "2"] for line in shown.out.splitlines())

    def test_landmark_error_from_repeats_needs_repeats(self, landmarks):
        assert "read more than once" in invoke("followup", landmarks, "--point-sd", "repeats").err


class TestBadInput:
    def test_a_reading_without_a_date(self, tmp_path, films):
        path = tmp_path / "a.csv"
        undated = film("D", 2020).with_columns(pl.lit(None, pl.Date).alias("date"))
        pl.concat([*films, undated]).write_csv(path)
        said = invoke("followup", path)
        assert said.code == 1
        assert said.lines == ["spinegrade: exam D-2020, read by R1, occasion 1: date: expected one, got none"]
        said = invoke("followup", path, "--keep-going", "--per", "patient", "--format", "json")
        assert (said.code, len(rows(said))) == (1, 3)
        assert said.lines[-1].startswith("left out: exam D-2020")

    def test_a_date_twice(self, tmp_path, films):
        path = tmp_path / "a.csv"
        pl.concat([*films, film("A", 2020, exam="again")]).write_csv(path)
        said = invoke("followup", path)
        assert said.code == 1
        assert "patient A, 2020-03-01: date: expected one reading a date, got exams A-2020" in said.err

    def test_a_reading_of_two_dates(self, tmp_path, films):
        path = tmp_path / "a.csv"
        mixed = film("D", 2020).with_columns(pl.Series("date", [date(2020, 3, 1)] * 12 + [date(2021, 3, 1)]))
        pl.concat([*films, mixed, film("D", 2023)]).write_csv(path)
        said = invoke("followup", path)
        assert said.lines == [
            "spinegrade: exam D-2020, read by R1, occasion 1: date: expected one a reading, got 2"
        ]
        said = invoke("followup", path, "--keep-going", "--per", "patient", "--format", "json")
        assert {row["patient"] for row in rows(said)} == {"A", "B"}

    def test_a_bad_row_names_file_and_line(self, landmarks):
        landmarks.write_text(landmarks.read_text().replace(",T6,", ",S6,", 1))
        said = invoke("followup", landmarks)
        assert said.code == 1
        assert "level: expected one of C3..L6, got 'S6'" in said.err

    def test_one_date_only(self, tmp_path):
        path = tmp_path / "a.csv"
        pl.concat([film(f"P{n}", 2020) for n in range(7)]).write_csv(path)
        said = invoke("followup", path)
        assert said.code == 1
        assert "expected a patient with two dates read by one reader, got none" in said.err
        assert "one date only, not compared: 7 patients (P0, P1, P2, P3, P4 and 2 more)" in said.err

    def test_dates_read_by_different_readers(self, tmp_path, films):
        path = tmp_path / "a.csv"
        pl.concat([*films, film("D", 2019), film("D", 2020, reader="R2", T5=0.3)]).write_csv(path)
        said = invoke("followup", path, "--per", "patient", "--format", "json")
        assert (
            "another date was read by others only, not compared (--across-readers compares): 1 patient (D)"
            in said.err
        )
        said = invoke("followup", path, "--across-readers", "--per", "patient", "--format", "json")
        (found,) = [row for row in rows(said) if row["patient"] == "D"]
        assert (found["outcome"], found["remarks"]) == ("incident", "different_readers")


class TestSamples:
    def test_the_child_a_year_later(self):
        """R1 sees T7 reshaped; nothing is new though all bodies have grown by 5 %."""
        said = invoke("followup", SAMPLES / "landmarks.csv", "--reader", "R1", "--format", "json")
        assert said.code == 0
        found = rows(said)
        assert {row["patient"] for row in found} == {"sample-04"}
        assert {row["outcome"] for row in found} == {"unchanged"}
        t7 = [row for row in found if row["level"] == "T7" and row["first_occasion"] == 1]
        assert [(row["first_grade"], row["second_grade"], row["reshaping"]) for row in t7] == [
            (2, 0, "complete")
        ]

    def test_readings_and_table_say_the_same(self):
        said = [
            rows(invoke("followup", SAMPLES / name, "--per", "patient", "--format", "json"))
            for name in ("readings", "landmarks.csv")
        ]
        assert len(said[0]) == 5
        assert [row["outcome"] for row in said[0]] == [row["outcome"] for row in said[1]]

    def test_as_a_process(self, tmp_path):
        output = tmp_path / "out.parquet"
        with started("followup", SAMPLES / "readings", "--rule", "followup-growth", "-o", output) as process:
            _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert pl.read_parquet(output).height == 5 * 13
