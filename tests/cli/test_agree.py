"""``spinegrade agree``: readings in, agreement out, by every way the same numbers."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import polars as pl
import pytest

from read_films import make_reading, pictures, read_on, save, take_apart, write_shadow
from reader_agreement.graded import MOSMED, SAMPLES, readings, spine, three_readers, two_by_two
from spinegrade.agreement import WEIGHT_NAMES
from spinegrade.cli.agree import ByChoice, IntervalChoice, MeasureChoice, WeightChoice
from spinegrade.reader_agreement import BYS, COLUMNS, MEASURES
from spines import invoke

QUICK = ("--resamples", 100)
FROZEN = json.loads((Path(__file__).parents[1] / "oracles" / "mosmed.json").read_text(encoding="utf-8"))


@pytest.fixture
def landmarks(tmp_path):
    """Give three readers' readings of 18 patients as a landmark table."""
    path = tmp_path / "landmarks.csv"
    readings(*three_readers()).write_csv(path)
    return path


def estimates(text):
    """Return the rows of a table of estimates."""
    return list(csv.DictReader(io.StringIO(text)))


def one(found, statistic, weights=None, readers=None):
    """Return the only such estimate of a JSON file; of all categories the first."""
    return next(
        each
        for each in found["estimates"]
        if (each["statistic"], each["weights"], each["readers"]) == (statistic, weights, readers)
    )


class TestOutput:
    def test_csv_on_standard_output_is_data_and_nothing_else(self, landmarks):
        said = invoke("agree", landmarks, *QUICK)
        assert (said.code, said.err) == (0, "")
        rows = estimates(said.out)
        assert tuple(rows[0]) == COLUMNS
        assert {row["scope"] for row in rows} == {"between", "against_rest", "by_level", "by_shape"}
        (row,) = [
            row
            for row in rows
            if (row["scope"], row["statistic"], row["reader"]) == ("between", "percent_agreement", "")
        ]
        assert float(row["value"]) == pytest.approx(10 / 12)

    def test_json_on_standard_output_and_in_a_file_is_the_same(self, landmarks, tmp_path):
        said = invoke("agree", landmarks, *QUICK, "--json", tmp_path / "a.json", "--format", "json")
        assert (said.code, said.err) == (0, f"{tmp_path / 'a.json'}: grade\n")
        assert said.out == (tmp_path / "a.json").read_text(encoding="utf-8")
        assert json.loads(said.out)["measure"] == "grade"

    def test_a_file_asked_for_leaves_standard_output_alone(self, landmarks, tmp_path):
        said = invoke("agree", landmarks, *QUICK, "--json", tmp_path / "a.json")
        assert (said.code, said.out) == (0, "")

    def test_several_measures_make_an_array(self, landmarks, tmp_path):
        measures = ("-m", "fracture", "-m", "wedge-ratio", "-m", "landmarks", "-m", "fracture")
        assert invoke("agree", landmarks, *QUICK, *measures, "--json", tmp_path / "a.json").code == 0
        found = json.loads((tmp_path / "a.json").read_text())
        assert [each["measure"] for each in found] == ["fracture", "wedge-ratio", "landmarks"]

    def test_a_table_says_what_a_person_wants_to_know(self, landmarks):
        options = ("--reference-reader", "consensus", "--random-readers", "--format", "table")
        said = invoke("agree", landmarks, *QUICK, *options)
        assert (said.code, said.err) == (0, "")
        for words in (
            "Genant grade, 3 readers",
            "3 readers read 72 vertebrae of 18 patients",
            "design effect",
            "by formula",
            "R1 and R2",
            "T12",
            "Against consensus",
            "McNemar",
            "Intervals for other readers than these",
            "genant-1993 revision 1, reference standard",
            "100 resamples of patients, seed 0",
            "no medical device",
        ):
            assert words in said.out

    def test_a_terminal_gets_the_table_and_a_progress_bar(self, landmarks):
        said = invoke("agree", landmarks, *QUICK, terminal=True)
        assert "Genant grade, 3 readers" in said.out
        assert "resampling genant grade" in said.err

    def test_a_table_of_measurements_and_of_repeats(self):
        said = invoke(
            "agree", SAMPLES, *QUICK, "-m", "anterior", "-m", "landmarks", "--unit", "px", "--format", "table"
        )
        assert said.code == 0
        for words in (
            "Pairs: ICC(A,1), bias and limits",
            "R1 and R2: bias",
            "--point-sd 1.54px",
            "Readers with themselves",
        ):
            assert words in said.out
        assert "* fewer than 15 patients" in said.out
        assert "superior anterior along the height T4" not in said.out

    def test_says_how_to_do_it_again_without_names_of_files(self, landmarks, tmp_path):
        (tmp_path / "DOE-JANE.csv").write_bytes(landmarks.read_bytes())
        options = (
            "--weights",
            "linear",
            "--seed",
            7,
            "--reference",
            "own",
            "--unit",
            "px",
            "--interval",
            "percentile",
        )
        more = ("--reference-reader", "R1", "--random-readers", "--confidence", 0.9)
        assert (
            invoke(
                "agree", tmp_path / "DOE-JANE.csv", *QUICK, *options, *more, "--json", tmp_path / "a.json"
            ).code
            == 0
        )
        text = (tmp_path / "a.json").read_text()
        assert "DOE" not in text
        made = json.loads(text)["made_by"]
        command = made["command"].split()
        assert command[:3] == ["spinegrade", "agree", "SOURCE..."]
        again = invoke("agree", landmarks, *command[3:], "--json", tmp_path / "b.json")
        assert again.code == 0
        assert json.loads((tmp_path / "b.json").read_text()) == json.loads(text)
        assert (made["seed"], made["resamples"], made["confidence"], made["files"]) == (7, 100, 0.9, 1)
        assert "sha256:" in made["rules"]

    def test_the_seed_decides(self, landmarks):
        one, same, other = (invoke("agree", landmarks, *QUICK, "--seed", n).out for n in (1, 1, 2))
        assert one == same != other


class TestOptions:
    def test_choices_are_those_of_the_library(self):
        assert [str(each) for each in MeasureChoice] == list(MEASURES)
        assert tuple(map(str, WeightChoice)) == WEIGHT_NAMES
        assert tuple(map(str, ByChoice)) == BYS
        assert set(map(str, IntervalChoice)) == {"bca", "percentile"}

    def test_spines(self, landmarks):
        measures = ("--by", "patient", "-m", "grade", "-m", "fracture", "-m", "sdi", "--format", "json")
        said = invoke("agree", landmarks, *QUICK, *measures)
        assert said.code == 0
        assert [each["items"] for each in json.loads(said.out)] == [18, 18, 18]

    def test_groups_of_films(self, landmarks, tmp_path):
        quality = [f"P{n:02}-film,{'good' if n % 2 else 'poor'}" for n in range(18)]
        (tmp_path / "exams.csv").write_text("\n".join(["exam,quality", *quality]), encoding="utf-8")
        said = invoke("agree", landmarks, *QUICK, "--groups", tmp_path / "exams.csv", "--format", "json")
        found = [each for each in json.loads(said.out)["groups"] if each["by"] == "quality"]
        assert [(each["name"], each["items"]) for each in found] == [("good", 36), ("poor", 36)]
        assert "--groups FILE" in json.loads(said.out)["made_by"]["command"]

    def test_measurements_beside_a_reference_are_skipped_with_words(self, landmarks):
        measures = ("-m", "fracture", "-m", "wedge-ratio", "-m", "landmarks")
        said = invoke(
            "agree", landmarks, *QUICK, *measures, "--reference-reader", "consensus", "--format", "json"
        )
        assert said.code == 0
        fracture, wedge, _ = json.loads(said.out)
        assert {each["statistic"] for each in fracture["estimates"]} >= {"sensitivity", "specificity"}
        assert "sensitivity" not in {each["statistic"] for each in wedge["estimates"]}
        assert "Readers are not judged by consensus: wedge ratio is no yes or no." in wedge["notes"]

    def test_names_alike_are_warned_of_by_every_way(self, landmarks, tmp_path):
        frame = pl.read_csv(landmarks).with_columns(pl.col("reader").replace("R2", "r1"))
        frame.write_csv(landmarks)
        words = "Readers R1 and r1 differ only in capitals"
        assert words in invoke("agree", landmarks, *QUICK).err
        assert words in invoke("agree", landmarks, *QUICK, "--format", "table").out
        files = ("--json", tmp_path / "a.json", "--html", tmp_path / "a.html")
        assert words in invoke("agree", landmarks, *QUICK, *files).err
        assert words in json.loads((tmp_path / "a.json").read_text())["warnings"][0]
        assert words in take_apart((tmp_path / "a.html").read_text(encoding="utf-8")).text

    def test_few_patients_are_warned_of_by_every_way(self, tmp_path):
        readings(*two_by_two()).write_csv(tmp_path / "a.csv")
        words = "Only 2 patients: with fewer than 15"
        said = invoke(
            "agree", tmp_path / "a.csv", *QUICK, "--json", tmp_path / "a.json", "--html", tmp_path / "a.html"
        )
        assert words in said.err
        assert words in invoke("agree", tmp_path / "a.csv", *QUICK).err
        assert words in invoke("agree", tmp_path / "a.csv", *QUICK, "--format", "table").out
        assert words in json.loads((tmp_path / "a.json").read_text())["warnings"][0]
        assert words in take_apart((tmp_path / "a.html").read_text(encoding="utf-8")).text


class TestPage:
    def test_is_written_with_the_films_that_are_found(self, tmp_path):
        """R2 sees a wedge that R1 does not."""
        (tmp_path / "films").mkdir()
        reading = make_reading(lost={})
        film = write_shadow(tmp_path / "films" / "film.dcm", reading)
        other = make_reading(reader="R2", lost={"T12": (0.45, 0.1, 0.0)})
        for n, each in enumerate((reading, other)):
            save(read_on(each, film), tmp_path / f"{n}.reading.json")
        files = sorted(tmp_path.glob("*.json"))
        said = invoke("agree", *files, *QUICK, "--html", tmp_path / "a.html", "--films", tmp_path / "films")
        assert (said.code, said.out) == (0, "")
        page = take_apart((tmp_path / "a.html").read_text(encoding="utf-8"))
        assert len(pictures(page)) == 1
        said = invoke("agree", *files, *QUICK, "--html", tmp_path / "a.html", "--films", tmp_path, "--force")
        assert said.code == 0

    def test_refuses_a_film_that_was_named_and_is_another(self, tmp_path):
        reading = make_reading()
        film = write_shadow(tmp_path / "film.dcm", reading)
        (tmp_path / "readings").mkdir()
        for n, lost in enumerate(({}, {"T12": (0.3, 0.1, 0.0)})):
            each = read_on(make_reading(reader=f"R{n}", lost=lost), film)
            save(each, tmp_path / "readings" / f"{n}.reading.json")
        write_shadow(film, make_reading(lost={"L1": (0.3, 0.0, 0.0)}))
        arguments = (tmp_path / "readings", *QUICK, "--html", tmp_path / "a.html")
        said = invoke("agree", *arguments, "--films", film)
        assert said.code == 1
        assert "expected the film" in said.err
        assert not (tmp_path / "a.html").exists()
        said = invoke("agree", *arguments)
        assert said.code == 0
        page = take_apart((tmp_path / "a.html").read_text(encoding="utf-8"))
        assert "The film beside a reading was not used" in page.text
        assert pictures(page) == []


class TestRefuses:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("--reference-reader", "R9"), "expected one of R1, R2, R3, or consensus, got 'R9'"),
            (("-m", "visual-grade"), "visual-grade: expected readings that have one, got none"),
            (("--levels", "L2-L4"), "expected vertebrae of L2-L4, got T10, T11, T12, L1"),
            (("--by", "patient", "-m", "wedge-ratio"), "measure by patient: expected one of grade"),
            (("--json", "a.txt"), "expected a name that ends in .json, got '.txt'"),
            (("--json", "a.reading.json"), "expected a name that ends in .json"),
            (("--html", "a.json"), "expected a name that ends in .html or .htm"),
            (("--groups", "none.csv"), "expected a CSV of exams"),
            (("--reference-reader", "R1", "-m", "anterior"), "expected a measure with categories"),
            (("--rules", "none"), "rules: expected"),
        ],
    )
    def test_with_one_line_and_1(self, landmarks, tmp_path, monkeypatch, options, words):
        monkeypatch.chdir(tmp_path)
        said = invoke("agree", landmarks, *QUICK, *options)
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert words in said.err
        assert os.listdir(tmp_path) == ["landmarks.csv"]

    @pytest.mark.parametrize(
        "options",
        [
            ("-m", "shape", "--weights", "linear"),
            ("--films", "films"),
            ("-m", "size"),
            ("--levels", "T4"),
            ("--resamples", 5),
        ],
    )
    def test_a_wrong_use_with_2(self, landmarks, options):
        said = invoke("agree", landmarks, *options)
        assert (said.code, said.out) == (2, "")
        assert options[-2] in said.err

    def test_an_output_that_is_there_or_is_read(self, landmarks, tmp_path):
        (tmp_path / "a.json").write_text("earlier")
        said = invoke("agree", landmarks, *QUICK, "--json", tmp_path / "a.json")
        assert (said.code, (tmp_path / "a.json").read_text()) == (1, "earlier")
        assert "--force replaces it" in said.err
        assert invoke("agree", landmarks, *QUICK, "--json", tmp_path / "a.json", "--force").code == 0

    def test_a_reader_twice(self, tmp_path):
        for name in "ab":
            save(make_reading(), tmp_path / f"{name}.reading.json")
        save(make_reading(reader="R2"), tmp_path / "c.reading.json")
        said = invoke("agree", tmp_path, *QUICK)
        assert said.code == 1
        assert "expected T4 once in the reading of exam E1 by R1, occasion 1" in said.err

    def test_one_exam_of_two_patients(self, tmp_path):
        frames = [spine(patient, reader, (0, 0, 0, 0), exam="E1") for patient, reader in ("AR", "BS")]
        readings(*frames).write_csv(tmp_path / "a.csv")
        said = invoke("agree", tmp_path / "a.csv", *QUICK)
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert "expected exam E1 to be of one patient, got A and B" in said.err

    def test_one_reading(self, tmp_path):
        readings(spine("A", "R1", (0, 0, 0, 0))).write_csv(tmp_path / "a.csv")
        said = invoke("agree", tmp_path / "a.csv", *QUICK)
        assert said.code == 1
        assert "expected two readers, or one on two occasions, got R1 on occasion 1" in said.err


class TestKeepGoing:
    @pytest.fixture
    def damaged(self, tmp_path):
        """Give the readings with a level that there is not."""
        frame = readings(*three_readers())
        path = tmp_path / "damaged.csv"
        frame.with_columns(
            pl.when(pl.int_range(pl.len()) == 5).then(pl.lit("T99")).otherwise("level").alias("level")
        ).write_csv(path)
        return path

    def test_a_row_that_cannot_be_used_stops_the_run(self, damaged):
        said = invoke("agree", damaged, *QUICK)
        assert (said.code, said.out) == (1, "")
        assert "damaged.csv: line 7: level: expected one of C3..L6, got 'T99'" in said.err

    def test_or_is_left_out_and_listed_once(self, damaged, tmp_path):
        measures = ("-m", "grade", "-m", "landmarks")
        said = invoke(
            "agree",
            damaged,
            *QUICK,
            *measures,
            "--keep-going",
            "--json",
            tmp_path / "a.json",
            "--html",
            tmp_path / "a.html",
        )
        assert said.code == 1
        assert said.err.count("left out: ") == 1
        assert json.loads((tmp_path / "a.json").read_text())[0]["items"] == 72


@pytest.mark.skipif(
    not MOSMED.exists(), reason="the MosMed readings are not there: their licence forbids a copy"
)
class TestReal:
    def test_seven_readers_as_the_issue_has_it(self, tmp_path):
        files = ("--json", tmp_path / "out.json", "--html", tmp_path / "out.html")
        said = invoke("agree", MOSMED, "--measure", "grade", "--reference", "own", *files)
        assert said.code == 0
        found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
        assert (found["measure"], found["items"], found["patients"]) == ("grade", 488, 50)
        assert found["readers"] == [f"R{n}" for n in range(7)]
        for frozen, statistic, weights in (
            ("fleiss identity", "fleiss_kappa", "unweighted"),
            ("conger linear", "conger_kappa", "linear"),
            ("gwet linear", "gwet_ac", "linear"),
            ("alpha ordinal", "krippendorff_alpha", "ordinal"),
        ):
            mine = one(found, statistic, weights)
            assert mine["value"] == pytest.approx(FROZEN[frozen], abs=2e-12)
            assert mine["low"] < mine["value"] < mine["high"]
            assert mine["analytic"]["high"] - mine["analytic"]["low"] < mine["high"] - mine["low"]
        pair = one(found, "cohen_kappa", "linear", ["R0", "R5"])
        assert pair["value"] == pytest.approx(FROZEN["linear kappa 05"], abs=1e-12)
        page = take_apart((tmp_path / "out.html").read_text(encoding="utf-8"))
        assert "7 readers read 488 vertebrae of 50 patients" in page.text
