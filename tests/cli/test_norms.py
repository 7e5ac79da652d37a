"""``spinegrade norms``, and grading by a norm."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from norms.norm_files import norm_text, write_xpt
from spinegrade.cli import norms as verb
from spinegrade.norms import load_norm
from spinegrade.rules import load_rule
from spines import heights, invoke, many, table

ROOT = Path(__file__).parents[2]


@pytest.fixture
def normals(tmp_path):
    """Give a landmark table of 60 spines, and the people's sex and age."""
    frame = many(60)
    frame.write_csv(tmp_path / "normals.csv")
    rows = [f"P{n},{'FM'[n % 2]},{50 + n % 20}" for n in range(60)]
    (tmp_path / "patients.csv").write_text("patient,sex,age\n" + "\n".join(rows) + "\n")
    return tmp_path / "normals.csv"


def built(normals, *options):
    """Build a norm of the normals and return what was said, and the file."""
    out = normals.parent / "norm.csv"
    said = invoke(
        "norms", "build", normals, "--id", "mine", "-o", out, "--least", 10, "--resamples", 50, *options
    )
    return said, out


class TestList:
    def test_packaged(self):
        said = invoke("norms", "list")
        assert said.code == 0
        assert "gaca-2010" in said.out
        assert "2010;194:516-520" in said.out

    def test_show_is_a_norm_file_itself(self, tmp_path):
        path = tmp_path / "again.csv"
        path.write_text(invoke("norms", "show", "gaca-2010").out)
        assert load_norm(str(path)).frame.equals(load_norm("gaca-2010").frame)
        assert invoke("norms", "show", path).code == 0

    def test_example_is_a_norm_with_no_number_that_could_be_taken_for_one(self, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_text(invoke("norms", "--example").out)
        norm = load_norm(str(path))
        assert "made up" in norm.title
        assert set(norm.frame["mean"]) == {0.5}

    def test_unknown(self):
        said = invoke("norms", "show", "gaca")
        assert (said.code, said.out) == (1, "")
        assert said.err == "spinegrade: norms: expected gaca-2010 or a .csv file, got 'gaca'\n"


class TestBuild:
    def test_from_landmarks(self, normals):
        said, out = built(normals, "--patients", normals.parent)
        assert said.code == 0, said.err
        assert (
            "from 60 people, ages 50, 70 (one band, over the ages of the people), written to"
            in said.lines[-1]
        )
        norm = load_norm(str(out))
        assert norm.id == "mine"
        assert set(norm.frame["sex"]) == {"female", "male"}
        assert norm.frame["level"].unique().len() == 13
        assert norm.header["trimmed"].startswith("tails beyond 2.5 SD")

    def test_from_a_result_table_comes_to_the_same(self, normals):
        _, out = built(normals, "--sexes", "any")
        first = load_norm(str(out)).frame
        for suffix in ("csv", "parquet"):
            grades = normals.parent / f"grades.{suffix}"
            invoke("grade", normals, "-o", grades)
            said = invoke(
                "norms", "build", grades, "--id", "mine", "-o", out, "--least", 10, "--resamples", 50,
                "--sexes", "any", "--force",
            )  # fmt: skip
            assert said.code == 0, said.err
            again = load_norm(str(out)).frame
            assert np.allclose(again["mean"], first["mean"], rtol=1e-7)

    def test_only_normal_leaves_fractures_out(self, normals):
        grades = normals.parent / "grades.csv"
        invoke("grade", normals, "-o", grades)
        lowest = []
        for options in ((), ("--only-normal",)):
            out = normals.parent / f"norm{len(options)}.csv"
            plain = ("--sexes", "any", "--trim", "none", "--least", 5, "--resamples", 0)
            said = invoke("norms", "build", grades, "--id", "mine", "-o", out, *plain, *options)
            assert said.code == 0, said.err
            lowest.append(load_norm(str(out)).lms("wedge_ratio").s[8:20].mean())
        assert lowest[1] < 0.8 * lowest[0]

    def test_from_nhanes(self, tmp_path):
        rng = np.random.default_rng(1)
        seqn = np.arange(40.0) + 70_000
        write_xpt(
            tmp_path / "DEMO_H.XPT", {"SEQN": seqn, "RIAGENDR": seqn % 2 + 1, "RIDAGEYR": seqn % 40 + 40}
        )
        sides = {name: rng.normal(50, 2, 40) for name in ("DXXANTEH", "DXXMIDH", "DXXPOSTH")}
        write_xpt(tmp_path / "DXXL3_H.XPT", {"SEQN": seqn, **sides})
        out = tmp_path / "norm.csv"
        said = invoke(
            "norms", "build", tmp_path, "--id", "us", "-o", out, "--sexes", "any", "--resamples", 20
        )
        assert said.code == 0, said.err
        assert said.lines[0] == "L3: no six points to check the heights by"
        assert set(load_norm(str(out)).measures) == {"wedge_ratio", "biconcave_ratio"}

    def test_from_ct(self, tmp_path):
        rows = [f"{n},{50 + n},female,{28 + n % 3},{30 + n % 2}" for n in range(35)]
        path = tmp_path / "ct.csv"
        path.write_text("case,age,sex,body_height_L1_mm,body_height_post_L1_mm\n" + "\n".join(rows) + "\n")
        said = invoke("norms", "build", path, "--id", "ct", "-o", tmp_path / "norm.csv", "--resamples", 20)
        assert said.code == 0, said.err
        assert "middle heights: the table has none" in said.err

    def test_lms(self, normals):
        said, out = built(
            normals, "--patients", normals.parent, "--form", "lms", "--ages", "50,69", "--sexes", "any",
            "--resamples", "2",
        )  # fmt: skip
        assert said.code == 0, said.err
        assert load_norm(str(out)).form == "lms"

    def test_an_output_that_exists_stays(self, normals):
        _, out = built(normals, "--sexes", "any")
        before = out.read_bytes()
        said, _ = built(normals, "--sexes", "any")
        assert said.code == 1
        assert "--force replaces it" in said.err
        assert out.read_bytes() == before

    @pytest.mark.parametrize(
        ("options", "code", "words"),
        [
            (("--ages", "50,40"), 2, "expected rising numbers"),
            (("--ages", "50"), 2, "two ages or more"),
            (("--ages", "young,old"), 2, "young"),
            (("--trim", "0.5"), 2, "from 1 to 10 SD"),
            (("--trim", "much"), 2, "much"),
            (("--form", "lms"), 1, "expected two ages or more as knots of LMS"),
            (("--least", "1000"), 1, "expected 1000 people or more at some level"),
            (("--ages", "1,2"), 1, "expected 10 people or more"),
        ],
    )
    def test_what_cannot_be_made(self, normals, options, code, words):
        said, out = built(normals, *options)
        assert said.code == code
        assert words in said.err
        assert not out.exists()

    def test_a_norm_without_a_name(self, normals):
        for name in ("", "  "):
            out = normals.parent / "norm.csv"
            said = invoke("norms", "build", normals, "--id", name, "-o", out)
            assert said.code == 2
            assert "expected a name for the norm" in said.err
            assert not out.exists()

    def test_a_norm_of_grown_people_says_nothing_of_a_child(self, normals, tmp_path):
        """Made without --ages of people of 50 to 69: no z-score, no grade and no diagnosis at 13 years."""
        _, out = built(normals, "--patients", normals.parent, "--sexes", "any")
        folder = tmp_path / "clinic"
        folder.mkdir()
        (folder / "patients.csv").write_text(
            "patient,sex,age,local_disease,high_energy_trauma,fractures_complete\nP1,F,13,no,no,yes\n"
        )
        spine = folder / "spine.csv"
        table(heights(T12=(0.22, 0.0, 0.0))).write_csv(spine)
        told = ("--norms", out, "--patients", folder, "--format", "json")
        scores = json.loads(invoke("norms", "score", spine, *told).out)
        assert {row["z"] for row in scores} == {None}
        assert "age outside the norm" in {row["why"] for row in scores}
        grades = json.loads(invoke("grade", spine, *told).out)
        assert {row["grade"] for row in grades} == {None}
        (patient,) = json.loads(invoke("assess", spine, *told).out)
        assert patient["classification"] == "osteoporosis not excluded"
        (folder / "patients.csv").write_text((folder / "patients.csv").read_text().replace(",13,", ",59,"))
        assert None not in {row["grade"] for row in json.loads(invoke("grade", spine, *told).out)}

    def test_a_column_age_with_a_capital_is_refused(self, normals):
        people = normals.parent / "patients.csv"
        people.write_text(people.read_text().replace("age", "Age"))
        said, out = built(normals, "--patients", normals.parent)
        assert said.code == 1
        assert "header: expected 'age', or a name less like it, got 'Age'" in said.err
        assert not out.exists()
        out.write_text(norm_text(["wedge_ratio,T12,any,40,80,0.95,0.05"]))
        for name in (("norms", "score"), ("grade",), ("followup",)):
            said = invoke(*name, normals, "--norms", out, "--patients", people)
            assert (said.code, "got 'Age'" in said.err) == (1, True)

    def test_people_who_are_in_no_row_are_not_counted(self, normals):
        """60 people, of whom the table knows 50, and the sex of 40."""
        people = normals.parent / "patients.csv"
        lines = people.read_text().splitlines()
        few = [*lines[:41], *(line.replace(",F,", ",,").replace(",M,", ",,") for line in lines[41:51])]
        people.write_text("\n".join(few) + "\n")
        said, out = built(normals, "--patients", people)
        assert said.code == 0, said.err
        assert said.lines[:2] == [
            "10 people of no known age left out",
            "10 more people of no known sex (--sexes any takes them) left out",
        ]
        assert " from 40 of 60 people, ages 50, 70 (" in said.lines[-1]
        header = load_norm(str(out)).header
        assert (header["people"], header["spines"]) == (40, 40)

    @pytest.mark.parametrize("name", ["gaca-2010", "two words", "a;b", "a\n"])
    def test_a_name_that_would_be_taken_for_another(self, normals, name):
        out = normals.parent / "norm.csv"
        said = invoke("norms", "build", normals, "--id", name, "-o", out)
        assert said.code == 2
        assert "expected a name for the norm, of letters, digits" in said.err
        assert not out.exists()

    def test_options_that_would_be_passed_over(self, tmp_path):
        """NHANES and CT tables have sex and age, and a CT table has no grades."""
        people = tmp_path / "people.csv"
        people.write_text("patient,sex,age\n1,F,50\n")
        ct = tmp_path / "ct.csv"
        ct.write_text("case,age,sex,body_height_L1_mm,body_height_post_L1_mm\n1,50,female,28,30\n")
        nhanes = tmp_path / "nhanes"
        nhanes.mkdir()
        write_xpt(nhanes / "DXXL3_H.XPT", {"SEQN": [1.0]})
        for source, option in (
            (nhanes, ("--patients", people)), (ct, ("--patients", people)), (ct, ("--only-normal",)),
        ):  # fmt: skip
            said = invoke("norms", "build", source, "--id", "mine", "-o", tmp_path / "norm.csv", *option)
            assert said.code == 2
            assert f"Invalid value for {option[0]}: does not go with these normals" in said.err

    def test_nhanes_file_cut_off_in_download(self, tmp_path):
        seqn = np.arange(120.0) + 70_000
        write_xpt(tmp_path / "DEMO_H.XPT", {"SEQN": seqn, "RIAGENDR": seqn % 2 + 1, "RIDAGEYR": seqn % 40})
        sides = dict.fromkeys(("DXXANTEH", "DXXMIDH", "DXXPOSTH"), 50.0 + seqn % 7)
        path = tmp_path / "DXXL3_H.XPT"
        write_xpt(path, {"SEQN": seqn, **sides})
        out = tmp_path / "norm.csv"
        for size in (path.stat().st_size * 7 // 10, 1_100, 3_000):
            path.write_bytes(path.read_bytes()[:size])
            said = invoke("norms", "build", tmp_path, "--id", "us", "-o", out)
            assert said.code == 1
            assert len(said.lines) == 1
            assert "DXXL3_H.XPT: expected a whole SAS transport file" in said.err
            assert not out.exists()
            write_xpt(path, {"SEQN": seqn, **sides})

    def test_name_of_another_format(self, normals):
        said = invoke("norms", "build", normals, "--id", "mine", "-o", normals.parent / "norm.json")
        assert said.code == 2
        assert ".csv" in said.err

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("patient,exam,level,anterior,middle,posterior\nA,1,S1,1,1,1\n",
             "line 2: level: expected one of C3..L6"),
            ("patient,exam,level,anterior,middle,posterior\nA,1,L1,1,1,1\nA,1,L2,x,1,1\n",
             "line 3: anterior: expected a number, got 'x'"),
            ("patient,exam,level,anterior,middle,posterior\n\nA,1,L2,1,1,1\nA,1,L1,1,1,1,2\n",
             "line 4: expected as many fields as columns, got more"),
        ],
    )  # fmt: skip
    def test_result_table_with_defects(self, tmp_path, text, words):
        path = tmp_path / "bad.csv"
        path.write_text(text)
        said = invoke("norms", "build", path, "--id", "mine", "-o", tmp_path / "norm.csv")
        assert said.code == 1
        assert words in said.err

    def test_no_table_at_all(self, tmp_path):
        (tmp_path / "bad.parquet").write_bytes(b"none")
        said = invoke("norms", "build", tmp_path / "bad.parquet", "--id", "mine", "-o", tmp_path / "norm.csv")
        assert said.code == 1
        assert "expected a table, got" in said.err


class TestScore:
    @pytest.fixture
    def spine(self, tmp_path):
        """Give the file of one spine with a wedge at T12, of a child of 9."""
        table(heights(T12=(0.15, 0.0, 0.0))).write_csv(tmp_path / "spine.csv")
        (tmp_path / "patients.csv").write_text("patient,sex,age\nP1,F,9\n")
        return tmp_path / "spine.csv"

    def test_below_the_5th_percentile(self, spine):
        said = invoke("norms", "score", spine, "--norms", "gaca-2010", "--patients", spine.parent)
        frame = pl.read_csv(io.StringIO(said.out))
        by = dict(frame.select("level", "below_percentile").iter_rows())
        assert (by["T12"], by["T11"], by["T9"]) == (True, False, None)
        assert frame["norm"][0].startswith("norm gaca-2010 revision 1 sha256:")
        assert frame["z"].null_count() == frame.height

    def test_nobody_knows_the_age(self, spine):
        said = invoke("norms", "score", spine, "--norms", "gaca-2010")
        frame = pl.read_csv(io.StringIO(said.out))
        assert frame["below_percentile"].null_count() == frame.height
        assert set(frame["why"]) == {"age not known", "level not in the norm"}

    def test_z_scores_and_json(self, spine):
        path = spine.parent / "norm.csv"
        path.write_text(norm_text(["wedge_ratio,T12,any,,,0.95,0.05"]))
        out = spine.parent / "scores.json"
        assert invoke("norms", "score", spine, "--norms", path, "-o", out).code == 0
        (row,) = (row for row in json.loads(out.read_text()) if row["level"] == "T12")
        assert row["ratio"] == pytest.approx(0.85)
        assert row["z"] == pytest.approx(-2.0)

    def test_rule(self, spine):
        path = spine.parent / "norm.csv"
        path.write_text(
            norm_text(
                f"{name},{level},any,,,{mean},0.03"
                for level in ("T11", "T12", "L1")
                for name, mean in (("wedge_ratio", 1), ("biconcave_ratio", 1), ("posterior_above", 1.04))
            )
        )
        said = invoke("norms", "score", spine, "--norms", path, "--rule", "three-ratios-3sd")
        by = {row["level"]: row for row in pl.read_csv(io.StringIO(said.out)).iter_rows(named=True)}
        assert (by["T12"]["deformed"], by["T12"]["wedge"], by["T12"]["grade"]) == (True, True, 1)
        assert by["L1"]["deformed"] is False
        assert by["T8"]["deformed"] is None
        assert "three-ratios-3sd revision 1" in by["T12"]["rules"]

    def test_index_of_minne(self, spine):
        text = load_rule("minne-1988").text.replace(
            'status = "unconfirmed"', 'status = "confirmed"\nconfirmed_by = "a test"\ncuts = [2.0]'
        )
        own = spine.parent / "own.toml"
        own.write_text(text)
        path = spine.parent / "norm.csv"
        rows = [f"{place}_to_t4,T12,any,,,1.4,0.01" for place in ("anterior", "middle", "posterior")]
        path.write_text(norm_text(rows))
        said = invoke("norms", "score", spine, "--norms", path, "--rule", own)
        (row,) = pl.read_csv(io.StringIO(said.out)).iter_rows(named=True)
        ratio = 36 / 22
        expected = (1.38 - 0.85 * ratio ** (8 / 12)) + 2 * max(0.0, 1.38 - ratio ** (8 / 12))
        assert row["index"] == pytest.approx(expected)
        assert row["levels_judged"] == 1

    def test_index_of_minne_says_why_there_is_none(self, spine):
        text = load_rule("minne-1988").text.replace(
            'status = "unconfirmed"', 'status = "confirmed"\nconfirmed_by = "a test"\ncuts = [2.0]'
        )
        own, path = spine.parent / "own.toml", spine.parent / "norm.csv"
        own.write_text(text)
        whys = []
        for rows in (
            [f"{place}_to_t4,T12,male,,,1.4,0.01" for place in ("anterior", "middle", "posterior")],
            [f"{place}_to_t4,L5,any,,,1.4,0.01" for place in ("anterior", "middle", "posterior")],
            ["wedge_ratio,T12,any,,,1.4,0.01"],
        ):
            path.write_text(norm_text(rows))
            given = ("--norms", path, "--rule", own, "--patients", spine.parent, "--format", "json")
            (row,) = json.loads(invoke("norms", "score", spine, *given).out)
            whys.append((row["index"], row["why"]))
        assert whys == [
            (None, "sex not in the norm"), (None, "height missing"), (None, "anterior_to_t4 not in the norm"),
        ]  # fmt: skip

    def test_rule_says_why_a_vertebra_is_not_judged(self, spine):
        """A norm of women of 40 to 80, without neighbours at L4: nobody else is judged by it, and why."""
        path = spine.parent / "norm.csv"
        given = ("--norms", path, "--rule", "three-ratios-3sd", "--format", "json")

        def whys(rows, *people):
            path.write_text(norm_text(rows))
            scored = json.loads(invoke("norms", "score", spine, *given, *people).out)
            assert {row["posterior_wedge"] for row in scored} == {None}
            return {row["level"]: (row["deformed"], row["why"]) for row in scored}

        def rows(sex):
            for level in ("T11", "T12", "L1"):
                yield from (f"{name}_ratio,{level},{sex},5,80,1,0.03" for name in ("wedge", "biconcave"))
                yield f"posterior_above,{level},{sex},5,80,1.04,0.03"

        people = ("--patients", spine.parent)
        assert whys(rows("female"), *people)["T12"] == (True, None)
        assert whys(rows("female"), *people)["T8"] == (None, "level not in the norm")
        assert whys(rows("male"), *people)["T12"] == (None, "sex not in the norm")
        assert whys(rows("female"))["T12"] == (None, "sex not known")
        assert whys(rows("any"))["T12"] == (None, "age not known")
        (spine.parent / "patients.csv").write_text("patient,sex,age\nP1,F,90\n")
        assert whys(rows("female"), *people)["T12"] == (None, "age outside the norm")
        (spine.parent / "patients.csv").write_text("patient,sex,age\nP1,F,9\n")
        without = [row for row in rows("female") if not row.startswith("posterior")]
        assert whys(without, *people)["L1"] == (None, "posterior_above and posterior_below not in the norm")
        table(heights(("T12", "L1"))).write_csv(spine)
        found = whys(rows("female"), *people)
        assert found["T12"] == (None, "height missing")
        assert found["L1"] == (False, None)

    def test_rule_on_a_norm_of_percentiles_is_refused(self, spine):
        given = ("--norms", "gaca-2010", "--rule", "three-ratios-3sd", "--patients", spine.parent)
        said = invoke("norms", "score", spine, *given)
        assert (said.code, said.out) == (1, "")
        assert "norm gaca-2010: expected means and SDs for three-ratios-3sd, got a percentile" in said.err

    @pytest.mark.parametrize(
        ("day", "why"),
        [("2031-01-01", "date of the exam after today"), ("2010-01-01", "date of the exam before the birth")],
    )
    def test_dates_that_cannot_be_are_named(self, spine, day, why):
        """A film of 2031 would be one of a child of 10.8 years, and that before the birth one of nobody."""
        table(heights(T12=(0.15, 0.0, 0.0)), date=day).write_csv(spine)
        (spine.parent / "patients.csv").write_text("patient,sex,birth_date\nP1,F,2020-03-01\n")
        said = invoke("norms", "score", spine, "--norms", "gaca-2010", "--patients", spine.parent)
        assert f"{why}: 1 exam, age not known" in said.err
        by = {row["level"]: row for row in pl.read_csv(io.StringIO(said.out)).iter_rows(named=True)}
        assert (by["T12"]["below_percentile"], by["T12"]["why"]) == (None, why)
        assert by["T8"]["why"] == "level not in the norm"

    def test_rule_that_is_not_enabled(self, spine):
        said = invoke("norms", "score", spine, "--norms", "gaca-2010", "--rule", "eastell-1991")
        assert (said.code, said.out) == (1, "")
        assert "not enabled" in said.err

    def test_table_to_read(self, spine):
        said = invoke(
            "norms", "score", spine, "--norms", "gaca-2010", "--patients", spine.parent, "--format", "table"
        )
        assert max(map(len, said.out.splitlines())) <= 110
        assert "T12" in said.out
        assert "yes" in said.out
        assert "level not in the norm" in said.out
        assert said.out.rstrip().endswith("Research software, no medical device.")

    def test_long_table_says_what_is_left_out(self, tmp_path):
        many(40).write_csv(tmp_path / "many.csv")
        said = invoke("norms", "score", tmp_path / "many.csv", "--norms", "gaca-2010", "--format", "table")
        assert "400 of 520 rows shown; --output FILE writes them all." in said.out

    HEIGHTS = "patient,exam,reader,occasion,level,anterior,middle,posterior\n"

    def test_a_vertebra_that_stands_there_again_is_refused(self, tmp_path):
        """In one table, or in two: the 0.893 of the first row would be gone without a word."""
        first, second = tmp_path / "a.csv", tmp_path / "b.csv"
        first.write_text(self.HEIGHTS + "k1,e,,,T10,8.93,9,10\nk1,e,,,T10,7.0,9,10\n")
        said = invoke("norms", "score", first, "--norms", "gaca-2010")
        assert (said.code, said.out) == (1, "")
        assert "a.csv: line 3: level: expected T10 once in the reading of exam e, got it again" in said.err
        first.write_text(self.HEIGHTS + "k1,e,,,T10,8.93,9,10\n")
        second.write_text(self.HEIGHTS + "k1,e,,,T10,7.0,9,10\n")
        for verb_of in (("score", "--norms", "gaca-2010"), ("build", "--id", "x", "-o", tmp_path / "n.csv")):
            said = invoke("norms", *verb_of, first, second)
            assert (said.code, said.out) == (1, "")
            assert "a.csv, b.csv: level: expected T10 once in the reading of exam e" in said.err

    def test_two_readings_of_one_exam_are_scored_each(self, tmp_path):
        path = tmp_path / "a.csv"
        rows = ("k1,e,R1,1,T10,8.93,9,10", "k1,e,R2,1,T10,7.0,9,10", "k1,e,R1,2,T10,8,9,10")
        path.write_text(self.HEIGHTS + "\n".join(rows) + "\n")
        said = invoke("norms", "score", path, "--norms", "gaca-2010")
        frame = pl.read_csv(io.StringIO(said.out))
        assert frame.select("reader", "occasion", "ratio").rows() == [
            ("R1", 1, 0.893), ("R2", 1, 0.7), ("R1", 2, 0.8),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("anterior", "posterior"), [("8.93", "0"), ("8.93", "-3"), ("-8.93", "10"), ("0", "10")]
    )
    def test_heights_of_0_or_below_are_refused(self, tmp_path, anterior, posterior):
        path = tmp_path / "a.csv"
        path.write_text(self.HEIGHTS + f"k1,e,R1,1,T10,{anterior},9,{posterior}\n")
        for verb_of in (("score", "--norms", "gaca-2010"), ("build", "--id", "x", "-o", tmp_path / "n.csv")):
            said = invoke("norms", *verb_of, path)
            assert (said.code, said.out) == (1, "")
            assert "a.csv: line 2: " in said.err
            assert ": expected a height above 0, got '" in said.err

    def test_result_table_without_readers(self, tmp_path):
        (tmp_path / "a.csv").write_text("patient;exam;level;anterior;middle;posterior\nA;1;T12;17,0;19;20\n")
        (tmp_path / "p.csv").write_text("patient,age\nA,9\n")
        said = invoke(
            "norms", "score", tmp_path / "a.csv", "--norms", "gaca-2010", "--patients", tmp_path / "p.csv"
        )
        (row,) = pl.read_csv(io.StringIO(said.out)).iter_rows(named=True)
        assert (row["ratio"], row["below_percentile"]) == (0.85, True)


class TestGrade:
    """``spinegrade grade --norms``: heights are compared with what is normal."""

    @pytest.fixture
    def spine(self, tmp_path):
        """Give a spine with T11 to L1 as wedged as the norm has it, and T12 a little more."""
        table(heights(T11=(0.1, 0, 0), T12=(0.21, 0, 0), L1=(0.1, 0, 0))).write_csv(tmp_path / "spine.csv")
        rows = [f"wedge_ratio,{level},female,,,0.9,0.05" for level in ("T11", "T12", "L1")]
        (tmp_path / "norm.csv").write_text(norm_text(rows))
        (tmp_path / "patients.csv").write_text("patient,sex,birth_date\nP1,F,2000-01-01\n")
        return tmp_path / "spine.csv"

    def graded(self, spine, *options):
        said = invoke("grade", spine, *options)
        assert said.code == 0, said.err
        return {row["level"]: row for row in pl.read_csv(io.StringIO(said.out)).iter_rows(named=True)}

    def test_normal_wedging_is_no_loss(self, spine):
        """0.79 where 0.90 is normal: 21 % lost by itself, 12.2 % of what is expected."""
        raw = self.graded(spine)
        by_norm = self.graded(spine, "--norms", spine.parent / "norm.csv", "--patients", spine.parent)
        assert (raw["T12"]["grade"], by_norm["T12"]["grade"]) == (1, 0)
        assert by_norm["T12"]["loss_anterior"] == pytest.approx(1 - 0.79 / 0.9)
        assert by_norm["T11"]["loss_anterior"] == pytest.approx(0.0)
        assert by_norm["T12"]["anterior"] == raw["T12"]["anterior"]

    def test_every_row_says_by_which_norm(self, spine):
        row = self.graded(spine, "--norms", spine.parent / "norm.csv", "--patients", spine.parent)["T12"]
        assert row["reference"] == "standard, norm made"
        assert "; norm made revision 2 sha256:" in row["rules"]

    def test_level_without_a_norm_is_not_graded_and_says_so(self, spine):
        by = self.graded(spine, "--norms", spine.parent / "norm.csv", "--patients", spine.parent)
        assert by["L2"]["grade"] is None
        assert by["L2"]["flags"] == "no_norm"
        assert by["L2"]["anterior"] is not None

    def test_sex_that_is_not_known_is_not_guessed(self, spine):
        by = self.graded(spine, "--norms", spine.parent / "norm.csv")
        assert {row["grade"] for row in by.values()} == {None}
        assert {row["flags"] for row in by.values()} == {"no_norm"}

    def test_norm_of_a_percentile_is_none_to_grade_by(self, spine):
        said = invoke("grade", spine, "--norms", "gaca-2010")
        assert (said.code, said.out) == (1, "")
        assert "spinegrade norms score compares with it" in said.err

    def test_people_without_a_norm(self, spine):
        said = invoke("grade", spine, "--patients", spine.parent)
        assert said.code == 2
        assert "name one with --norms" in said.err


@pytest.mark.parametrize("example", [verb.EXAMPLE, verb.BUILD_EXAMPLE, verb.SCORE_EXAMPLE])
def test_example_of_the_help_works(tmp_path, monkeypatch, example):
    words = shlex.split(example.removeprefix("Example: spinegrade "))
    words = [str(tmp_path / word) if word == "demo-norm.csv" else word for word in words]
    monkeypatch.chdir(ROOT)
    said = invoke(*words)
    assert said.code == 0, said.err
