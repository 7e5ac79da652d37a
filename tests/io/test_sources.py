"""Files and folders named by a user, as sources of vertebrae."""

from __future__ import annotations

import shutil

import polars as pl
import pytest
from attrs import evolve

from spinegrade import io
from spinegrade.errors import FormatError
from spinegrade.io import sources
from spinegrade.io.landmark_table import CsvTable, ParquetTable
from spinegrade.io.reading_json import write_reading
from spinegrade.io.reading_table import ReadingFiles, frame_readings
from spinegrade.io.sources import open_sources


@pytest.fixture
def reading_file(tmp_path, spine_rows, cast):
    """Give a function that writes a reading file."""

    def write(name):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_reading(next(frame_readings(cast(spine_rows(exam=path.stem))[0])), path)
        return path

    return write


@pytest.fixture
def table(tmp_path, csv_file, spine_rows):
    """Give a function that writes a landmark table in CSV or Parquet, in a folder if the name has one."""

    def write(name, **cells):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        rows = spine_rows(**cells)
        if not name.endswith(".parquet"):
            return csv_file(rows, name)
        pl.DataFrame(rows).write_parquet(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def foreign(tmp_path):
    """Give a function that writes a table of something else."""

    def write(name):
        frame = pl.DataFrame({"patient": ["A"], "age": [7]})
        frame.write_csv(tmp_path / name) if name.endswith("csv") else frame.write_parquet(tmp_path / name)
        return tmp_path / name

    return write


def _files(opened):
    """Return the file names in the order in which their vertebrae come."""
    paths = [
        path
        for source in opened.sources
        for path in getattr(source, "paths", [getattr(source, "path", None)])
    ]
    return [path.name for path in paths]


class TestFiles:
    def test_are_opened_by_the_ends_of_their_names(self, table, reading_file):
        paths = [table("a.CSV"), table("b.parquet"), reading_file("c.reading.json"), table("d.tsv")]
        opened = open_sources(paths)
        assert [type(source) for source in opened.sources] == [CsvTable, ParquetTable, ReadingFiles, CsvTable]
        assert _files(opened) == ["a.CSV", "b.parquet", "c.reading.json", "d.tsv"]

    def test_keep_the_order_in_which_they_were_named(self, table):
        assert _files(open_sources([table("b.csv"), table("a.csv")])) == ["b.csv", "a.csv"]

    def test_named_twice_are_opened_once(self, table):
        path = table("a.csv")
        assert _files(open_sources([path, path])) == ["a.csv"]

    def test_bring_their_notes(self, csv_file, spine_rows):
        path = csv_file(spine_rows(comment="ä"), encoding="cp1252")
        assert open_sources([path]).notes == [f"{path}: not UTF-8; read as Windows-1252 (Western European)"]

    def test_may_have_unknown_columns_if_told(self, table):
        path = table("a.csv", side="left")
        with pytest.raises(FormatError, match=r"a\.csv: header: .*got 'side'"):
            open_sources([path])
        assert _files(open_sources([path], ignore_unknown=True)) == ["a.csv"]

    @pytest.mark.parametrize("name", ["a.csv", "nowhere"])
    def test_that_are_not_there_are_named_whatever_they_are_called(self, tmp_path, name):
        with pytest.raises(FormatError, match=rf"{name}: expected a file, got none$"):
            open_sources([tmp_path / name])

    def test_of_another_format_are_refused_with_the_formats_there_are(self, tmp_path):
        path = tmp_path / "a.xlsx"
        path.touch()
        wanted = (
            r"a\.xlsx: expected a name that ends in \.reading\.json, \.csv, \.tsv, \.parquet, got '\.xlsx'$"
        )
        with pytest.raises(FormatError, match=wanted):
            open_sources([path])

    def test_of_a_format_that_is_only_written_are_refused(self, table, monkeypatch):
        only_written = tuple(evolve(form, open=None) for form in io.LANDMARK_FORMATS)
        monkeypatch.setattr(sources, "LANDMARK_FORMATS", only_written)
        with pytest.raises(
            FormatError, match=r"a\.csv: expected a format that is read, got landmark table, CSV$"
        ):
            open_sources([table("a.csv")])

    def test_that_the_system_refuses_are_named(self, table, monkeypatch):
        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied")

        path = table("a.csv")
        monkeypatch.setattr(CsvTable, "open", refuse)
        with pytest.raises(FormatError, match=r"a\.csv: expected to read it, got: Permission denied$"):
            open_sources([path])

    def test_are_needed(self):
        with pytest.raises(FormatError, match=r"^expected a file or folder, got none$"):
            open_sources([])


class TestFolders:
    def test_give_their_tables_and_then_their_readings_by_name_from_all_depths(
        self, tmp_path, table, reading_file
    ):
        for name in ("b.csv", "a/z.parquet", "c/d/e.csv"):
            table(name)
        for name in ("y.reading.json", "a/x.reading.json"):
            reading_file(name)
        opened = open_sources([tmp_path])
        assert _files(opened) == ["z.parquet", "b.csv", "e.csv", "x.reading.json", "y.reading.json"]
        assert (opened.notes, opened.problems) == ([], [])

    def test_give_all_their_readings_as_one_source(self, tmp_path, reading_file):
        for n in range(3):
            reading_file(f"{n}.reading.json")
        (source,) = open_sources([tmp_path]).sources
        assert len(source.paths) == 3

    def test_give_no_hidden_files_and_nothing_from_hidden_folders(self, tmp_path, table, reading_file):
        for name in (".a.csv", ".git/b.csv", "c/.d/e.csv"):
            table(name)
        reading_file(".x.reading.json")
        table("seen.csv")
        assert _files(open_sources([tmp_path])) == ["seen.csv"]

    def test_that_are_hidden_themselves_may_be_named(self, tmp_path, table):
        table(".study/a.csv")
        assert _files(open_sources([tmp_path / ".study"])) == ["a.csv"]

    @pytest.mark.parametrize("name", ["patients.csv", "patients.parquet"])
    def test_pass_over_tables_of_something_else_with_a_note(self, tmp_path, table, foreign, name):
        table("a.csv")
        path = foreign(name)
        opened = open_sources([tmp_path])
        assert _files(opened) == ["a.csv"]
        assert opened.notes == [f"{path}: passed over, no landmark table"]
        assert opened.problems == []

    def test_refuse_a_table_of_something_else_that_was_named_itself(self, foreign):
        with pytest.raises(FormatError, match=r"patients\.csv: header: expected column 'exam'"):
            open_sources([foreign("patients.csv")])

    def test_do_not_pass_over_a_landmark_table_that_lacks_a_column(self, tmp_path, csv_file, spine_rows):
        csv_file([{name: row[name] for name in row if name != "level"} for row in spine_rows()])
        with pytest.raises(FormatError, match=r"readings\.csv: header: expected column 'level'"):
            open_sources([tmp_path])

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("a.csv", b"", "expected a table with a header, got an empty file"),
            ("a.csv", b"1,2\n3,4\n", "expected a header with column names, got '1,2'"),
            ("a.parquet", b"PAR1", "expected a Parquet file, got: "),
        ],
    )
    def test_do_not_pass_over_a_file_that_cannot_be_told(self, tmp_path, table, name, content, said):
        """It may be a landmark table that lost its header, and would be missing from the results."""
        table("b.csv")
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=rf"{name}: {said}"):
            open_sources([tmp_path])

    @pytest.mark.parametrize("name", [None, "notes.txt", "patients.csv", ".hidden.csv"])
    def test_with_nothing_to_read_are_refused(self, tmp_path, foreign, csv_file, name):
        if name == "patients.csv":
            foreign(name)
        elif name:
            csv_file("x\n", name)
        wanted = "expected landmark tables or readings in the folder, got none$"
        with pytest.raises(FormatError, match=wanted) as caught:
            open_sources([tmp_path])
        assert str(caught.value).startswith(f"{tmp_path}: ")


class TestKeepGoing:
    def test_opens_what_can_be_opened_and_lists_the_rest(self, tmp_path, table):
        good, other = table("good.csv"), table("bad.csv", side="left")
        opened = open_sources([tmp_path / "gone.csv", good, other], keep_going=True)
        assert _files(opened) == ["good.csv"]
        unknown = "expected columns of a landmark table, got 'side'; --ignore-unknown reads past it"
        assert opened.problems == [
            f"{tmp_path / 'gone.csv'}: expected a file, got none",
            f"{other}: header: {unknown}",
        ]

    def test_lists_what_cannot_be_opened_in_a_folder(self, tmp_path, table):
        table("good.csv")
        bad = tmp_path / "bad.parquet"
        bad.write_bytes(b"PAR1")
        opened = open_sources([tmp_path], keep_going=True)
        assert _files(opened) == ["good.csv"]
        assert [problem.split(": ")[0] for problem in opened.problems] == [str(bad)]

    def test_lists_a_folder_with_nothing_to_read(self, tmp_path, table):
        path = table("good.csv")
        (tmp_path / "empty").mkdir()
        opened = open_sources([tmp_path / "empty", path], keep_going=True)
        assert _files(opened) == ["good.csv"]
        wanted = "expected landmark tables or readings in the folder, got none"
        assert opened.problems == [f"{tmp_path / 'empty'}: {wanted}"]

    def test_stops_where_nothing_remains_and_says_what_was_wrong_first(self, tmp_path, table):
        path = table("a/bad.csv", side="left")
        with pytest.raises(FormatError, match=r"bad\.csv: header: .*got 'side'"):
            open_sources([tmp_path / "a"], keep_going=True)
        shutil.rmtree(path.parent)
        with pytest.raises(FormatError, match=r"a: expected a file, got none$"):
            open_sources([tmp_path / "a"], keep_going=True)


class TestRefuseOutput:
    def test_lets_results_go_anywhere_but_over_what_is_read(self, tmp_path, table):
        opened = open_sources([table("a.csv")])
        opened.refuse_output(None)
        opened.refuse_output(tmp_path / "new.csv")
        opened.refuse_output(table("other.csv"))
        with pytest.raises(
            FormatError, match=r"a\.csv: expected another file than the input, got one that is read"
        ):
            opened.refuse_output(tmp_path / "a.csv")

    def test_knows_a_file_by_another_name_and_those_of_a_folder(self, tmp_path, table, reading_file):
        table("study/a.csv")
        reading = reading_file("study/b.reading.json")
        opened = open_sources([tmp_path / "study"])
        (tmp_path / "link.csv").symlink_to(tmp_path / "study" / "a.csv")
        for output in (tmp_path / "link.csv", tmp_path / "study" / ".." / "study" / "a.csv", reading):
            with pytest.raises(FormatError, match="got one that is read"):
                opened.refuse_output(output)
