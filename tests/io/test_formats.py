"""The tables of formats, which everything that offers formats reads, and what the documentation says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spinegrade.assess import RESULT_SCHEMA, SUMMARY_SCHEMA
from spinegrade.calibration import CalibrationState
from spinegrade.errors import FormatError
from spinegrade.flags import Flag, flag_words
from spinegrade.io import LANDMARK_FORMATS, READING_FORMAT, RESULT_FORMATS, Format, find_format
from spinegrade.io.columns import KEY, OPTIONAL, SCHEMA
from spinegrade.io.dicom_syntax import DECODERS
from spinegrade.io.film import FILM_FORMATS
from spinegrade.io.landmark_table import CsvTable, ParquetTable
from spinegrade.io.reading_table import ReadingFiles
from spinegrade.io.results import CsvWriter, JsonWriter, ParquetWriter
from spinegrade.readings import NotEvaluableReason, Status

DOCS = Path(__file__).parents[2] / "docs" / "formats.md"


class TestFindFormat:
    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("a.csv", "landmark table, CSV"),
            ("A.CSV", "landmark table, CSV"),
            ("a.tsv", "landmark table, CSV"),
            ("a.b.parquet", "landmark table, Parquet"),
            ("a.reading.json", "reading file"),
            ("a.Reading.JSON", "reading file"),
        ],
    )
    def test_goes_by_the_end_of_the_name(self, name, found):
        assert find_format(Path("csv.parquet") / name, LANDMARK_FORMATS).name == found

    @pytest.mark.parametrize(
        ("name", "got"),
        [("a.json", "'.json'"), ("csv", "'no suffix'"), ("a.csv.gz", "'.gz'"), (".csv.d", "'.d'")],
    )
    def test_refuses_a_name_that_none_claims(self, name, got):
        wanted = (
            rf"^{name}: expected a name that ends in \.reading\.json, \.csv, \.tsv, \.parquet, got {got}$"
        )
        with pytest.raises(FormatError, match=wanted):
            find_format(Path(name), LANDMARK_FORMATS)

    def test_takes_the_first_that_claims_a_name(self):
        wide, narrow = Format("wide", (".json",), ""), Format("narrow", (".reading.json",), "")
        assert find_format(Path("a.reading.json"), (narrow, wide)) is narrow
        assert find_format(Path("a.reading.json"), (wide, narrow)) is wide


@pytest.mark.parametrize("formats", [LANDMARK_FORMATS, RESULT_FORMATS], ids=["landmarks", "results"])
class TestTables:
    def test_have_no_two_formats_for_one_name(self, formats):
        suffixes = [suffix for form in formats for suffix in form.suffixes]
        assert len(suffixes) == len(set(suffixes))
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)

    def test_say_of_every_format_what_it_holds(self, formats):
        assert all(form.name and form.holds for form in formats)
        assert len({form.name for form in formats}) == len(formats)

    def test_have_no_format_that_is_neither_read_nor_written(self, formats):
        assert all(form.open or form.writer for form in formats)


class TestLandmarkFormats:
    @pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
    def test_read_what_they_write(self, tmp_path, spine_rows, cast, read, suffix):
        path = tmp_path / f"t{suffix}"
        form = find_format(path, LANDMARK_FORMATS)
        rows = cast(spine_rows())[0]
        writer = form.new_writer(path, SCHEMA)
        writer.write(rows)
        writer.close()
        source = form.open(path, False)
        assert isinstance(source, ParquetTable if suffix == ".parquet" else CsvTable)
        assert_frame_equal(read(source)[0], rows)

    def test_pass_on_what_is_to_be_ignored(self, csv_file, spine_rows):
        path = csv_file(spine_rows(side="left"))
        form = find_format(path, LANDMARK_FORMATS)
        assert form.open(path, True).columns
        with pytest.raises(FormatError, match="got 'side'"):
            form.open(path, False)

    def test_have_reading_files_for_folders(self, tmp_path, spine_rows, cast, read):
        writer = READING_FORMAT.new_writer(tmp_path, {})
        writer.write(cast(spine_rows(patient="A"))[0])
        writer.close()
        source = READING_FORMAT.open(tmp_path / "A_E1_R1_1.reading.json", False)
        assert isinstance(source, ReadingFiles)
        assert read(source)[0]["level"].to_list() == ["L1", "L2", "L3"]


class TestResultFormats:
    @pytest.mark.parametrize(
        ("suffix", "kind"), [(".csv", CsvWriter), (".json", JsonWriter), (".parquet", ParquetWriter)]
    )
    def test_have_a_writer_each(self, tmp_path, suffix, kind):
        path = tmp_path / f"t{suffix}"
        writer = find_format(path, RESULT_FORMATS).new_writer(path, {"grade": pl.Int64})
        assert isinstance(writer, kind)
        writer.write(pl.DataFrame({"grade": [2]}))
        writer.close()
        readers = {".csv": pl.read_csv, ".json": lambda at: pl.DataFrame(json.loads(at.read_text()))}
        assert readers.get(suffix, pl.read_parquet)(path).rows() == [(2,)]

    def test_are_not_read(self):
        assert [form.name for form in RESULT_FORMATS if form.open] == []

    def test_that_are_only_read_are_not_written(self, tmp_path):
        form = Format("film", (".film",), "")
        with pytest.raises(FormatError, match=r"a\.film: expected a format that is written, got film$"):
            form.new_writer(tmp_path / "a.film", {})


def _section(title):
    """Return the text of a section of the documentation."""
    parts = re.split(r"^## (.+)\n", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


def _cells(section):
    """Return the rows of the table in a section, below its header."""
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def _names(text):
    """Return the names marked as code, runs as in `a_0` to `a_3` written out."""
    names = set(re.findall(r"`(\w+)`", text))
    for stem, first, last in re.findall(r"`(\w+?)(\d)` to `\1(\d)`", text):
        names |= {f"{stem}{n}" for n in range(int(first), int(last) + 1)}
    return names


class TestDocumentation:
    def test_has_the_table_of_formats_as_it_is(self):
        assert _cells(_section("Formats")) == [
            [
                form.name,
                ", ".join(f"`{suffix}`" for suffix in form.suffixes),
                form.holds,
                "yes" if form.open else "no",
                "yes" if form.writer else "no",
            ]
            for form in (*LANDMARK_FORMATS, *RESULT_FORMATS)
        ]

    def test_names_every_column_of_a_landmark_table_and_says_which_are_optional(self):
        required, optional = _section("Landmark table").split("Optional columns:")
        assert sorted(set(KEY) - _names(required)) == []
        assert sorted(set(OPTIONAL) - _names(optional)) == []

    def test_names_every_calibration(self):
        text = _section("Landmark table").split("`calibration` says where")[1]
        assert sorted(set(CalibrationState) - _names(text)) == []

    def test_has_the_table_of_films_as_it_is(self):
        rows = [row for row in _cells(_section("Films")) if len(row) == 3]
        assert [row[:2] for row in rows] == [
            [form.name, ", ".join(f"`{suffix}`" for suffix in form.suffixes)] for form in FILM_FORMATS
        ]

    def test_names_the_package_of_every_decoder(self):
        packages = {
            word
            for one in DECODERS
            for word in one.words.split()
            if word.startswith("py") or "pillow" in word
        }
        assert sorted(packages - set(re.findall(r"`([\w-]+)`", _section("Films")))) == []

    def test_names_every_reason(self):
        text = _section("Landmark table").split("needs a reason:")[1]
        assert sorted(set(NotEvaluableReason) - _names(text)) == []

    def test_names_every_status_of_a_landmark(self):
        assert sorted(set(Status) - set(re.findall(r"\w+", _section("Reading file")))) == []

    def test_has_a_row_for_every_column_of_a_result_table_and_for_no_other(self):
        columns = [
            name for row in _cells(_section("Result table")) for name in re.findall(r"`(\w+)`", row[0])
        ]
        assert sorted(columns) == sorted(RESULT_SCHEMA)

    def test_names_every_flag_as_files_write_it(self):
        text = _section("Result table").split("Flags:")[1]
        assert sorted({flag_words(flag) for flag in Flag} - _names(text)) == []

    def test_names_every_column_of_a_spine_table_that_has_not_been_met_before(self):
        grades = [name for name in SUMMARY_SCHEMA if name.startswith("grade_")]
        text = _section("Spine table")
        assert f"`{grades[0]}` to `{grades[-1]}`" in text
        assert sorted(set(SUMMARY_SCHEMA) - set(grades) - set(RESULT_SCHEMA) - _names(text)) == []

    def test_is_searched_for_whole_names(self):
        """Or these tests would be content with parts of them."""
        found = _names("`near_threshold`, `area_grade_0` to `area_grade_2`, `x_0` to `y_1`, plain")
        assert found == {"near_threshold", "area_grade_0", "area_grade_1", "area_grade_2", "x_0", "y_1"}
