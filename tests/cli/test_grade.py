"""``spinegrade grade``: landmarks in, a vertebra a row out, the same by every way."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve
from polars.testing import assert_frame_equal

from spinegrade import batch
from spinegrade.anatomy import GRADED
from spinegrade.assess import RESULT_SCHEMA, UNITS, Method, grade_rows
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.cli import main
from spinegrade.cli.options import ReferenceChoice, UnitChoice
from spinegrade.expected import REFERENCES
from spinegrade.io.columns import ROW
from spinegrade.io.reading_json import write_reading
from spinegrade.io.reading_table import frame_readings, readings_frame
from spines import heights, invoke, many, shuffled, sound, table

LEVELS = len(GRADED.levels)
SAMPLE = Path(__file__).parents[2] / "sample_images" / "landmarks.csv"


@pytest.fixture
def spines():
    """Give three spines with all that a row may hold: fractures, units, marks, levels out of range."""
    lost = {"T8": (0.3, 0.0, 0.0), "T10": (0.45, 0.45, 0.45), "L1": (0.19, 0.0, 0.0)}
    marked = {"evaluable": False, "not_evaluable_reason": "overlap"}
    frames = [
        table(heights(("T3", *heights(), "L5"), **lost), exam="E1", spacing=(0.5, 0.25), visual_grade=0.5),
        table(exam="E2"),
        table(heights(("T12", "L1", "L2")), exam="E3", reader="Müller, A.", occasion=2, **marked),
    ]
    return pl.concat(frames, how="diagonal")


@pytest.fixture
def landmarks(tmp_path, spines):
    """Give the three spines as a landmark table."""
    spines.write_csv(tmp_path / "landmarks.csv")
    return tmp_path / "landmarks.csv"


@pytest.fixture
def expected(spines):
    """Give the rows that have to come out."""
    return grade_rows(sound(spines), Method()).drop(ROW)


def read(text):
    """Return result rows from CSV."""
    return pl.read_csv(io.StringIO(text), schema=RESULT_SCHEMA)


class TestOutput:
    def test_csv_on_standard_output_is_data_and_nothing_else(self, landmarks, expected):
        said = invoke("grade", landmarks)
        assert (said.code, said.err) == (0, "")
        assert_frame_equal(read(said.out), expected)

    def test_csv_is_plain(self, landmarks):
        """UTF-8, Unix line ends, one header, names with commas quoted, nothing where nothing is known."""
        lines = list(csv.reader(io.StringIO(invoke("grade", landmarks).out)))
        assert lines[0] == list(RESULT_SCHEMA)
        assert {len(line) for line in lines} == {len(RESULT_SCHEMA)}
        assert "Müller, A." in lines[-1]
        assert lines[-1][lines[0].index("grade")] == ""
        assert "\r" not in invoke("grade", landmarks).out

    def test_json_on_standard_output(self, landmarks, expected):
        said = invoke("grade", landmarks, "--format", "json")
        assert (said.code, said.err) == (0, "")
        assert json.loads(said.out) == expected.to_dicts()

    @pytest.mark.parametrize(
        ("name", "load"),
        [
            ("grades.csv", lambda path: read(path.read_text(encoding="utf-8"))),
            ("grades.parquet", pl.read_parquet),
            ("GRADES.JSON", lambda path: pl.DataFrame(json.loads(path.read_text()), schema=RESULT_SCHEMA)),
        ],
    )
    def test_a_file_holds_the_same_rows(self, landmarks, tmp_path, expected, name, load):
        said = invoke("grade", landmarks, "-o", tmp_path / name)
        assert (said.code, said.out, said.err) == (0, "", "")
        assert_frame_equal(load(tmp_path / name), expected)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "landmarks.csv"])

    @pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
    def test_many_batches_make_the_same_file_as_one(self, tmp_path, monkeypatch, suffix):
        """In this process and in two others; rows that lie apart come back in the order of the input."""
        spines = shuffled(many(12))
        spines.write_csv(tmp_path / "a.csv")
        arguments = ("grade", tmp_path / "a.csv", "--output")
        assert invoke(*arguments, tmp_path / f"one.{suffix}").code == 0
        monkeypatch.setattr(batch, "ROWS_A_BATCH", 3 * LEVELS)
        assert invoke(*arguments, tmp_path / f"many.{suffix}", "--workers", 1).code == 0
        assert invoke(*arguments, tmp_path / f"pool.{suffix}", "--workers", 2).code == 0
        one, *others = (tmp_path / f"{name}.{suffix}" for name in ("one", "many", "pool"))
        if suffix == "parquet":
            frames = [pl.read_parquet(path) for path in (one, *others)]
            assert frames[0].equals(frames[1])
            assert frames[0].equals(frames[2])
            assert frames[0].select("exam", "level").equals(spines.select("exam", "level"))
        else:
            assert [path.read_bytes() for path in others] == [one.read_bytes()] * 2

    def test_tables_readings_and_folders_give_the_same_rows(self, tmp_path):
        spines = many(4)
        spines.write_csv(tmp_path / "a.csv")
        spines.write_parquet(tmp_path / "a.parquet")
        folder = tmp_path / "readings"
        folder.mkdir()
        readings = frame_readings(readings_frame(spines.with_row_index(ROW).to_dicts()))
        files = [folder / f"{number}.reading.json" for number in range(4)]
        for reading, file in zip(readings, files, strict=True):
            write_reading(reading, file)
        outs = [
            invoke("grade", *paths).out
            for paths in ([tmp_path / "a.csv"], [tmp_path / "a.parquet"], [folder], files)
        ]
        assert outs == [outs[0]] * 4
        assert outs[0].count("\n") == 1 + 4 * LEVELS

    def test_a_folder_passes_over_tables_of_something_else(self, landmarks, tmp_path, expected):
        (tmp_path / "patients.csv").write_text("patient,age\nP1,71\n")
        said = invoke("grade", tmp_path)
        assert said.code == 0
        assert said.err == f"{tmp_path / 'patients.csv'}: passed over, no landmark table\n"
        assert_frame_equal(read(said.out), expected)


class TestTable:
    def test_shows_what_a_person_wants_to_see(self, landmarks):
        said = invoke("grade", landmarks, "--format", "table")
        assert (said.code, said.err) == (0, "")
        (line,) = [line for line in said.out.splitlines() if line.split()[:1] == ["T8"] and "wedge" in line]
        assert {"30.0", "2"} < set(line.split())
        for word in ("E1", "Müller", "mm", "px", "crush", "genant-1993", "no medical device"):
            assert word in said.out

    def test_marks_grades_near_a_bound_and_says_what_the_mark_means(self, landmarks):
        out = invoke("grade", landmarks, "--format", "table").out
        (line,) = [line for line in out.splitlines() if line.split()[:1] == ["L1"] and "19.0" in line]
        assert "0?" in line
        assert "A grade with ? lies near a bound" in out

    def test_shows_probabilities_where_they_are_known(self, landmarks):
        assert "P(0)" not in invoke("grade", landmarks, "--format", "table").out
        out = invoke("grade", landmarks, "--format", "table", "--point-sd", "0.5").out
        assert "P(0) P(1) P(2) P(3)" in out

    def test_is_what_a_terminal_gets(self, landmarks):
        on_terminal = invoke("grade", landmarks, terminal=True).out
        assert "no medical device" in on_terminal
        assert not on_terminal.startswith("patient,")
        assert invoke("grade", landmarks).out.startswith("patient,")

    def test_says_how_many_rows_it_does_not_show(self, tmp_path):
        many(40).write_csv(tmp_path / "a.csv")
        out = invoke("grade", tmp_path / "a.csv", "--format", "table").out
        assert "400 of 520 rows shown; --output FILE writes them all." in out

    def test_shows_names_with_brackets_as_they_are(self, tmp_path):
        """Rich would take them for its own marks."""
        table(exam="[bold]E1[/]").write_csv(tmp_path / "a.csv")
        assert "[bold]E1[/]" in invoke("grade", tmp_path / "a.csv", "--format", "table").out


class TestProgress:
    def test_a_bar_is_shown_on_a_terminal_where_there_is_much_to_do(self, landmarks, tmp_path, monkeypatch):
        monkeypatch.setattr("spinegrade.cli.output._LONG", 5)
        said = invoke("grade", landmarks, "-o", tmp_path / "a.csv", terminal=True)
        assert said.out == ""
        assert "vertebrae" in said.err
        assert invoke("grade", landmarks, "-o", tmp_path / "b.csv").err == ""

    def test_none_is_shown_for_a_spine(self, landmarks, tmp_path):
        assert invoke("grade", landmarks, "-o", tmp_path / "a.csv", terminal=True).err == ""


class TestExistingOutput:
    @pytest.fixture
    def output(self, tmp_path):
        """Give a file that somebody wants to keep."""
        path = tmp_path / "grades.csv"
        path.write_text("precious")
        return path

    def test_is_refused_and_left_as_it_was(self, landmarks, output):
        said = invoke("grade", landmarks, "-o", output)
        assert (said.code, said.out) == (1, "")
        assert said.err == (
            f"spinegrade: {output}: expected a new file, got one that exists; --force replaces it\n"
        )
        assert output.read_text() == "precious"

    def test_is_refused_before_anything_is_read(self, output):
        assert "expected a new file" in invoke("grade", "no-such-file.csv", "-o", output).err

    def test_is_replaced_with_force(self, landmarks, output, expected):
        assert invoke("grade", landmarks, "-o", output, "--force").code == 0
        assert_frame_equal(read(output.read_text()), expected)

    def test_is_left_as_it_was_by_a_run_that_fails(self, tmp_path, output):
        many(3).with_columns(level=pl.lit("S1")).write_csv(tmp_path / "a.csv")
        assert invoke("grade", tmp_path / "a.csv", "-o", output, "--force").code == 1
        assert output.read_text() == "precious"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "grades.csv"]

    def test_a_file_that_appears_meanwhile_is_left_as_it_was(self, landmarks, tmp_path, monkeypatch):
        """As where two runs write to one name."""
        output = tmp_path / "grades.csv"

        def run(*arguments, **options):
            output.write_text("precious")
            return batch.run(*arguments, **options)

        monkeypatch.setattr("spinegrade.cli.output.run", run)
        said = invoke("grade", landmarks, "-o", output)
        assert (said.code, len(said.lines)) == (1, 1)
        assert "expected a new file, got one that appeared meanwhile" in said.err
        assert output.read_text() == "precious"
        assert len(list(tmp_path.iterdir())) == 2

    def test_a_folder_is_no_file(self, landmarks, tmp_path):
        (tmp_path / "grades.csv").mkdir()
        said = invoke("grade", landmarks, "-o", tmp_path / "grades.csv", "--force")
        assert (said.code, len(said.lines)) == (1, 1)
        assert "expected a file to write, got a folder" in said.err

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nobody forbids the administrator")
    def test_a_folder_that_cannot_be_written(self, landmarks, tmp_path):
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)
        said = invoke("grade", landmarks, "-o", folder / "grades.csv")
        assert (said.code, len(said.lines)) == (1, 1)
        assert f"got no permission for {folder}" in said.err

    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            (
                "os.access",
                lambda _, mode: not mode & os.W_OK,
                "expected a folder that can be written, got no permission",
            ),
            ("tempfile.mkstemp", None, "expected to write it, got: Read-only file system"),
        ],
    )
    def test_a_system_that_refuses(self, landmarks, tmp_path, monkeypatch, name, value, words):
        def refuse(*_, **__):
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(name, value or refuse)
        said = invoke("grade", landmarks, "-o", tmp_path / "grades.csv")
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert f"{tmp_path / 'grades.csv'}: {words}" in said.err
        assert [path.name for path in tmp_path.iterdir()] == ["landmarks.csv"]


class TestKeepGoing:
    @pytest.fixture
    def wrong(self, tmp_path):
        """Give a table with two rows that cannot be used, on lines 4 and 9."""
        path = tmp_path / "a.csv"
        many(2).write_csv(path)
        lines = path.read_text().splitlines()
        lines[3] = lines[3].replace(",T6,", ",S6,")
        lines[8] = lines[8].replace(",T11,", ",T10,")
        path.write_text("\n".join(lines))
        return path

    def test_without_it_nothing_is_written(self, wrong, tmp_path):
        said = invoke("grade", wrong, "-o", tmp_path / "grades.csv")
        assert (said.code, said.out) == (1, "")
        assert said.err == (
            f"spinegrade: {wrong}: line 4: level: expected one of C3..L6, got 'S6' "
            "(and 2 more; --keep-going lists them and grades the rest)\n"
        )
        assert not (tmp_path / "grades.csv").exists()

    def test_each_row_left_out_is_listed_with_file_and_line(self, wrong):
        said = invoke("grade", wrong, "--keep-going")
        twice = "level: expected T10 once in the reading of exam E0 by R1, occasion 1, got it more than once"
        assert said.code == 1
        assert said.lines == [
            f"left out: {wrong}: line 4: level: expected one of C3..L6, got 'S6'",
            f"left out: {wrong}: line 8: {twice}",
            f"left out: {wrong}: line 9: {twice}",
            "3 left out, 23 rows of results",
        ]
        assert read(said.out).height == 23

    def test_a_file_that_cannot_be_read_is_left_out_too(self, wrong, tmp_path):
        (tmp_path / "b.parquet").write_text("no Parquet")
        said = invoke("grade", wrong, tmp_path / "b.parquet", tmp_path / "c.csv", "--keep-going")
        assert said.code == 1
        assert said.lines[0].startswith(f"left out: {tmp_path / 'b.parquet'}: expected a Parquet file, got: ")
        assert said.lines[1] == f"left out: {tmp_path / 'c.csv'}: expected a file, got none"
        assert said.lines[-1] == "5 left out, 23 rows of results"

    def test_nothing_left_out_is_exit_0(self, landmarks, expected):
        said = invoke("grade", landmarks, "--keep-going")
        assert (said.code, said.err) == (0, "")
        assert_frame_equal(read(said.out), expected)

    def test_a_reading_in_two_files_is_left_out_of_both(self, tmp_path):
        spines = many(3)
        spines.write_csv(tmp_path / "a.csv")
        spines[2 * LEVELS :].write_csv(tmp_path / "b.csv")
        words = (
            f"{tmp_path / 'b.csv'}: line 2: expected one reading of exam E2 by R1, occasion 1, "
            f"got another one in {tmp_path / 'a.csv'}: line 28"
        )
        said = invoke("grade", tmp_path)
        assert (said.code, said.out, said.err) == (1, "", f"spinegrade: {words}\n")
        said = invoke("grade", tmp_path, "--keep-going")
        assert (said.code, said.lines) == (1, [f"left out: {words}", "1 left out, 26 rows of results"])
        assert read(said.out)["exam"].unique(maintain_order=True).to_list() == ["E0", "E1"]

    def test_unknown_columns_are_refused_or_read_past(self, tmp_path, spines, expected):
        spines.with_columns(ward=pl.lit("7b")).write_csv(tmp_path / "a.csv")
        said = invoke("grade", tmp_path / "a.csv")
        assert said.code == 1
        assert "got 'ward'; --ignore-unknown reads past it" in said.err
        said = invoke("grade", tmp_path / "a.csv", "--ignore-unknown")
        assert (said.code, said.err) == (0, "")
        assert_frame_equal(read(said.out), expected)


class TestMethod:
    @pytest.mark.parametrize("reference", REFERENCES)
    def test_reference(self, landmarks, spines, reference):
        found = read(invoke("grade", landmarks, "--reference", reference).out)
        assert_frame_equal(found, grade_rows(sound(spines), Method(reference=reference)).drop(ROW))

    def test_every_reference_of_the_core_can_be_chosen(self):
        assert [choice.value for choice in ReferenceChoice] == list(REFERENCES)
        assert [choice.value for choice in UnitChoice] == list(UNITS)

    def test_rules_by_name_and_by_file(self, tmp_path, landmarks):
        """A wedge of 20 % has a grade where bounds are included, and none where they are not."""
        table(heights(L1=(0.2, 0.0, 0.0))).write_csv(tmp_path / "a.csv")
        own = tmp_path / "mine.toml"
        own.write_text(invoke("rules", "genant-1993-above").out.replace('"genant-1993-above"', '"mine"'))
        grades = {}
        for rule in ("genant-1993", "genant-1993-above", own):
            found = read(invoke("grade", tmp_path / "a.csv", "--rules", rule).out)
            grades[found["rules"][0].split()[0]] = found.filter(level="L1")["grade"].item()
        assert grades == {"genant-1993": 1, "genant-1993-above": 0, "mine": 0}

    def test_levels(self, landmarks):
        found = read(invoke("grade", landmarks, "--levels", "all").out)
        assert found.filter(pl.col("exam") == "E1")["grade"].null_count() == 0
        found = read(invoke("grade", landmarks, "--levels", "T8-T10").out)
        assert found.filter(pl.col("grade").is_not_null())["level"].unique().sort().to_list() == [
            "T10",
            "T8",
            "T9",
        ]

    @pytest.mark.parametrize("text", ["0.4mm", "0.4 mm", ".4mm", "0.8px", "0.4"])
    def test_point_sd(self, tmp_path, text):
        """On pixels of half a millimetre, in upright vertebrae."""
        table(heights(L1=(0.22, 0.0, 0.0)), spacing=(0.5, 0.25)).write_csv(tmp_path / "a.csv")
        p0 = read(invoke("grade", tmp_path / "a.csv", "--point-sd", text).out)["p0"]
        again = read(invoke("grade", tmp_path / "a.csv", "--point-sd", "0.4mm").out)["p0"]
        assert p0.to_list() == pytest.approx(again.to_list())
        assert p0.null_count() == 0

    def test_point_sd_from_repeats_is_said(self, tmp_path):
        once = table(heights())
        again = table({level: [h + 1.0 for h in three] for level, three in heights().items()}, occasion=2)
        pl.concat([once, again]).write_csv(tmp_path / "a.csv")
        said = invoke("grade", tmp_path / "a.csv", "--point-sd", "repeats")
        assert said.code == 0
        assert said.err == (
            "landmark error 0.5 px (SD along the height), from 13 vertebrae, one reader's repeated readings\n"
        )
        assert said.out == invoke("grade", tmp_path / "a.csv", "--point-sd", "0.5px").out

    def test_point_sd_in_mm_is_refused_for_films_without_spacing(self, landmarks):
        said = invoke("grade", landmarks, "--point-sd", "0.5mm")
        assert (said.code, said.out) == (1, "")
        assert said.err == (
            "spinegrade: landmark error: expected px for exam E2, which has no spacing in mm "
            "(no pixel spacing is given), got mm\n"
        )

    def test_an_old_spreadsheet_is_read_and_said_to_be_one(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_bytes(table(reader="Müller").write_csv().encode("cp1252"))
        said = invoke("grade", path)
        assert said.err == f"{path}: not UTF-8; read as Windows-1252 (Western European)\n"
        assert read(said.out)["reader"].unique().to_list() == ["Müller"]


WHY_NO_MM = [
    ("none", "no pixel spacing is given"),
    ("unknown", "nothing says what its pixel spacing means"),
    ("error", "what is said of its pixel spacing contradicts itself"),
]


class TestCalibration:
    """What a millimetre means goes all the way, from the reading to every form of the results."""

    @pytest.fixture
    def reading(self, tmp_path):
        """Give a function that writes a reading with a calibration, and returns its file."""

        def write(*calibration):
            (made,) = frame_readings(readings_frame(table().with_row_index(ROW).to_dicts()))
            path = tmp_path / "film.reading.json"
            write_reading(evolve(made, calibration=Calibration(*calibration)), path, force=True)
            return path

        return write

    @pytest.mark.parametrize("state", ["detector", "scanned"])
    @pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
    def test_mm_at_the_detector_are_said_in_every_file(self, reading, tmp_path, state, suffix):
        output = tmp_path / f"out.{suffix}"
        assert invoke("grade", reading(CalibrationState(state), 0.15, 0.15), "-o", output).code == 0
        found = {"csv": pl.read_csv, "json": pl.read_json, "parquet": pl.read_parquet}[suffix](output)
        assert found["unit"].unique().to_list() == ["mm"]
        assert found["flags"].str.contains("mm_at_detector").all()

    @pytest.mark.parametrize("state", ["ermf", "calibrated", "user"])
    def test_other_mm_need_no_word(self, reading, state):
        out = invoke("grade", reading(CalibrationState(state), 0.15, 0.15)).out
        assert read(out)["unit"].unique().to_list() == ["mm"]
        assert "mm_at_detector" not in out

    def test_a_table_says_it_once_above_and_once_below(self, reading):
        path = reading(CalibrationState.DETECTOR, 0.15, 0.15)
        out = invoke("grade", path, "--format", "table").out
        assert out.count("heights in mm at the detector") == 1
        assert out.count("mm at the detector are larger than in the patient") == 1
        assert out.count("at detector") == 0
        assert out.count("mm_at_detector") == 0
        path = reading(CalibrationState.CALIBRATED, 0.15, 0.15)
        assert "at the detector" not in invoke("grade", path, "--format", "table").out

    @pytest.mark.parametrize("state", list(CalibrationState))
    def test_a_conversion_changes_no_finding(self, reading, tmp_path, state):
        path = reading(state, *(() if state == "none" else (0.3, 0.2)))
        for name in ("a.csv", "a.parquet"):
            assert invoke("convert", path, tmp_path / name).code == 0
            assert invoke("grade", tmp_path / name).out == invoke("grade", path).out

    @pytest.mark.parametrize(("state", "why"), WHY_NO_MM)
    def test_a_landmark_error_in_mm_is_refused_with_the_reason(self, reading, state, why):
        path = reading(CalibrationState(state), *(() if state == "none" else (0.3, 0.2)))
        said = invoke("grade", path, "--point-sd", "0.5mm")
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert f"expected px for exam E1, which has no spacing in mm ({why}), got mm" in said.err

    @pytest.mark.parametrize(("state", "why"), WHY_NO_MM)
    def test_mm_are_refused_with_file_exam_and_reason(self, reading, state, why):
        path = reading(CalibrationState(state), *(() if state == "none" else (0.3, 0.2)))
        said = invoke("grade", path, "--unit", "mm")
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert said.err.startswith(
            f"spinegrade: {path}: exam E1: expected lengths in mm, got pixels: {why} (and 12 more"
        )

    def test_mm_of_those_that_have_them_can_be_had(self, landmarks):
        said = invoke("grade", landmarks, "--unit", "mm", "--keep-going")
        assert said.code == 1
        assert read(said.out)["exam"].unique().to_list() == ["E1"]
        assert said.lines[0].endswith(": expected lengths in mm, got pixels: no pixel spacing is given")

    def test_pixels_can_be_asked_for(self, reading):
        """Of the height of a column, as a row may be another."""
        path = reading(CalibrationState.DETECTOR, 0.3, 0.2)
        in_mm, in_pixels = (read(invoke("grade", path, "--unit", unit).out) for unit in ("mm", "px"))
        assert in_pixels["unit"].unique().to_list() == ["px"]
        assert not in_pixels["flags"].fill_null("").str.contains("mm_at_detector").any()
        assert in_pixels["anterior"].to_list() == pytest.approx((in_mm["anterior"] / 0.2).to_list())
        assert in_pixels["grade"].equals(in_mm["grade"])
        said = invoke("grade", path, "--unit", "px", "--point-sd", "0.5mm")
        assert "no spacing in mm (pixels were asked for), got mm" in said.err

    @pytest.mark.parametrize(
        ("cells", "what"),
        [
            ({"calibration": "ruler"}, "calibration: expected one of none, unknown, detector, ermf, "),
            ({"calibration": "user"}, "row_spacing_mm: expected a value, as the calibration promises mm, "),
        ],
    )
    def test_a_calibration_that_cannot_be_is_named_with_its_place(self, tmp_path, cells, what):
        table().with_columns(pl.lit(value).alias(name) for name, value in cells.items()).write_csv(
            tmp_path / "a.csv"
        )
        said = invoke("grade", tmp_path / "a.csv")
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert said.err.startswith(f"spinegrade: {tmp_path / 'a.csv'}: line 2: {what}")


def test_the_folder_of_temporary_files_is_left_empty(landmarks, tmp_path, monkeypatch):
    """Whether a run goes well or fails, in a file or on standard output."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    text = landmarks.read_text()
    Path(tmp_path / "latin.csv").write_bytes(text.replace(",T9,", ",S9,").encode("cp1252"))
    assert invoke("grade", landmarks).code == 0
    assert invoke("grade", tmp_path / "latin.csv").code == 1
    assert list(folder.iterdir()) == []


class TestInputIsNeverReplaced:
    """Observations stay what they are, whatever the options."""

    @pytest.mark.parametrize("named", ["file", "folder"])
    def test_by_its_own_results(self, tmp_path, named):
        source = tmp_path / "a.csv"
        source.write_bytes(SAMPLE.read_bytes())
        given = source if named == "file" else tmp_path
        code = main(["grade", str(given), "--output", str(source), "--force"])
        assert code == 1
        assert source.read_bytes() == SAMPLE.read_bytes()
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]

    def test_by_a_conversion_of_itself(self, tmp_path):
        source = tmp_path / "a.csv"
        source.write_bytes(SAMPLE.read_bytes())
        assert main(["convert", str(source), str(source), "--force"]) == 1
        assert source.read_bytes() == SAMPLE.read_bytes()


def test_the_look_of_standard_output_is_no_option_of_a_file(tmp_path, capsys):
    assert main(["grade", str(SAMPLE), "--output", str(tmp_path / "o.csv"), "--format", "json"]) == 2
    assert "the name of the file says its format" in capsys.readouterr().err


def test_a_spine_is_judged_by_the_levels_that_were_asked_for(tmp_path):
    """T7 to L1 of a sound spine, and nothing said of L2 to L4, is normal."""
    out = tmp_path / "o.json"
    assert main(["assess", str(SAMPLE), "--levels", "T7-L1", "--output", str(out)]) == 0
    statuses = {row["exam"]: row["status"] for row in json.loads(out.read_text())}
    assert statuses["normal-adult-1"] == "normal"


def test_a_coordinate_far_off_any_film_is_named_alone(tmp_path, capsys):
    lines = SAMPLE.read_text().splitlines()
    cells = lines[3].split(",")
    cells[5] = "1e308"
    (tmp_path / "a.csv").write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:]]) + "\n")
    assert main(["grade", str(tmp_path / "a.csv")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "line 4: superior_anterior_row: expected a coordinate on a film" in said
