"""``spinegrade convert``: tables and readings into one another."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spinegrade import batch
from spinegrade.anatomy import GRADED
from spinegrade.io.columns import REQUIRED, SCHEMA
from spinegrade.io.reading_json import read_reading
from spines import heights, invoke, many, shuffled, table

LEVELS = len(GRADED.levels)


@pytest.fixture
def rich():
    """Give two spines with every column that a landmark table may have."""
    fractured = table(
        heights(("T12", "L1", "L2")),
        exam="E1",
        reader="Müller, A.",
        occasion=2,
        spacing=(0.5, 0.25),
        image="film 1.dcm",
        date=date(2026, 11, 21),
        visual_grade=[0.0, 0.5, None],
        evaluable=[True, None, False],
        not_evaluable_reason=[None, None, "overlap"],
        shape=[None, "wedge", None],
        comment=[None, 'zweite, "Zeile"\nfolgt', None],
    )
    return pl.concat([fractured, table(heights(("L1", "L2")), exam="E2")], how="diagonal")


def read(path):
    """Return a landmark table in its own types."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    names = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    return pl.read_csv(path, schema={name: SCHEMA[name] for name in names})


class TestTablesAndReadings:
    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_a_table_survives_the_way_through_readings(self, rich, tmp_path, suffix):
        rich.write_parquet(tmp_path / "a.parquet")
        said = invoke("convert", tmp_path / "a.parquet", tmp_path / "readings")
        assert (said.code, said.out) == (0, "")
        assert said.err == f"5 vertebrae written to {tmp_path / 'readings'}\n"
        names = sorted(path.name for path in (tmp_path / "readings").iterdir())
        assert names == ["P1_E1_Müller--A._2.reading.json", "P1_E2_R1_1.reading.json"]
        back = tmp_path / f"back.{suffix}"
        assert invoke("convert", tmp_path / "readings", back).code == 0
        assert_frame_equal(read(back).select(rich.columns), rich, check_dtypes=False)

    @pytest.mark.parametrize(("first", "second"), [("csv", "parquet"), ("parquet", "csv")])
    def test_a_table_survives_the_way_through_another_format(self, rich, tmp_path, first, second):
        rich.write_parquet(tmp_path / "a.parquet")
        one, other = tmp_path / f"one.{first}", tmp_path / f"other.{second}"
        assert invoke("convert", tmp_path / "a.parquet", one).code == 0
        assert invoke("convert", one, other).code == 0
        assert_frame_equal(read(other).select(rich.columns), rich, check_dtypes=False)

    def test_a_table_has_no_optional_column_that_the_source_has_not(self, tmp_path):
        table(visual_grade=1.0).write_csv(tmp_path / "a.csv")
        assert invoke("convert", tmp_path / "a.csv", tmp_path / "b.csv").code == 0
        header = (tmp_path / "b.csv").read_text().splitlines()[0]
        assert header.split(",") == [*REQUIRED, "visual_grade"]

    def test_one_reading_goes_into_one_file(self, tmp_path):
        table(spacing=(0.5, 0.25)).write_csv(tmp_path / "a.csv")
        target = tmp_path / "mine.reading.json"
        assert invoke("convert", tmp_path / "a.csv", target).code == 0
        reading = read_reading(target)
        assert (reading.exam.id, reading.reader, len(reading.vertebrae)) == ("E1", "R1", 13)
        assert (reading.calibration.row_spacing_mm, reading.calibration.column_spacing_mm) == (0.5, 0.25)

    def test_two_readings_do_not_go_into_one_file(self, tmp_path):
        many(2).write_csv(tmp_path / "a.csv")
        said = invoke("convert", tmp_path / "a.csv", tmp_path / "mine.reading.json")
        assert (said.code, len(said.lines)) == (1, 1)
        assert "mine.reading.json: expected one reading for one file, got 2; name a folder" in said.err
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]

    def test_readings_to_readings_are_refused(self, tmp_path):
        """On the way through a table they would only lose."""
        table().write_csv(tmp_path / "a.csv")
        assert invoke("convert", tmp_path / "a.csv", tmp_path / "readings").code == 0
        said = invoke("convert", tmp_path / "readings", tmp_path / "others")
        assert (said.code, len(said.lines)) == (1, 1)
        assert "expected landmark tables to make readings of, got readings" in said.err
        assert not (tmp_path / "others").exists()

    @pytest.mark.parametrize("name", ["back.csv", "readings"])
    def test_rows_that_lie_apart_in_many_batches(self, tmp_path, monkeypatch, name):
        monkeypatch.setattr(batch, "ROWS_A_BATCH", 2 * LEVELS)
        spines = shuffled(many(6))
        spines.write_csv(tmp_path / "a.csv")
        assert invoke("convert", tmp_path / "a.csv", tmp_path / name).code == 0
        monkeypatch.undo()
        if name == "readings":
            assert len(list((tmp_path / name).iterdir())) == 6
            assert invoke("convert", tmp_path / name, tmp_path / "back.csv").code == 0
        back = read(tmp_path / "back.csv").select(spines.columns)
        if name == "readings":
            back, spines = (frame.sort("exam", "level") for frame in (back, spines))
        assert_frame_equal(back, spines)

    def test_another_suffix(self, tmp_path):
        table().write_csv(tmp_path / "a.csv")
        said = invoke("convert", tmp_path / "a.csv", tmp_path / "a.xlsx")
        assert (said.code, len(said.lines)) == (1, 1)
        assert "expected a name that ends in .reading.json, .csv, .tsv, .parquet, got '.xlsx'" in said.err


class TestExistingFiles:
    @pytest.fixture
    def source(self, tmp_path):
        """Give a landmark table of three readings."""
        path = tmp_path / "a.csv"
        many(3).write_csv(path)
        return path

    @pytest.mark.parametrize("name", ["b.csv", "mine.reading.json"])
    def test_a_file_is_kept_unless_forced(self, tmp_path, name):
        table().write_csv(tmp_path / "a.csv")
        target = tmp_path / name
        target.write_text("precious")
        said = invoke("convert", tmp_path / "a.csv", target)
        assert (said.code, len(said.lines)) == (1, 1)
        assert "expected a new file, got one that exists; --force replaces it" in said.err
        assert target.read_text() == "precious"
        assert invoke("convert", tmp_path / "a.csv", target, "--force").code == 0
        assert "superior" in target.read_text()

    @pytest.mark.parametrize("name", ["readings", "readings.v2"])
    def test_a_folder_takes_readings_beside_those_in_it(self, source, tmp_path, name):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "other.reading.json").write_text("another's")
        assert invoke("convert", source, folder).code == 0
        names = sorted(path.name for path in folder.iterdir())
        assert names == [*(f"P{n}_E{n}_R1_1.reading.json" for n in range(3)), "other.reading.json"]
        assert (folder / "other.reading.json").read_text() == "another's"

    def test_no_reading_is_written_where_one_of_them_exists(self, source, tmp_path):
        folder = tmp_path / "readings"
        folder.mkdir()
        (folder / "P2_E2_R1_1.reading.json").write_text("precious")
        said = invoke("convert", source, folder)
        assert (said.code, len(said.lines)) == (1, 1)
        assert f"{folder / 'P2_E2_R1_1.reading.json'}: expected a new file, got one that exists" in said.err
        assert [path.name for path in folder.iterdir()] == ["P2_E2_R1_1.reading.json"]
        assert (folder / "P2_E2_R1_1.reading.json").read_text() == "precious"
        assert invoke("convert", source, folder, "--force").code == 0
        assert read_reading(folder / "P2_E2_R1_1.reading.json").exam.id == "E2"

    def test_a_file_is_no_folder_for_readings(self, source, tmp_path):
        (tmp_path / "readings").write_text("precious")
        said = invoke("convert", source, tmp_path / "readings", "--force")
        assert (said.code, len(said.lines)) == (1, 1)
        assert f"{tmp_path / 'readings'}: expected a folder for the readings, got a file" in said.err
        assert (tmp_path / "readings").read_text() == "precious"

    def test_a_folder_in_a_folder_that_is_not_there(self, source, tmp_path):
        said = invoke("convert", source, tmp_path / "no" / "readings")
        assert (said.code, len(said.lines)) == (1, 1)
        assert f"expected an existing folder {tmp_path / 'no'}, got none" in said.err


class TestWhatCannotBeUsed:
    def test_nothing_is_written(self, tmp_path):
        many(2).with_columns(level=pl.lit("S1")).write_csv(tmp_path / "a.csv")
        for name in ("b.csv", "readings"):
            said = invoke("convert", tmp_path / "a.csv", tmp_path / name)
            assert (said.code, len(said.lines)) == (1, 1)
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]

    @pytest.mark.parametrize("name", ["b.csv", "readings"])
    def test_keep_going_lists_it_and_writes_the_rest(self, tmp_path, name):
        path = tmp_path / "a.csv"
        many(2).write_csv(path)
        path.write_text(path.read_text().replace(",T6,", ",S6,", 1))
        said = invoke("convert", path, tmp_path / name, "--keep-going")
        assert said.code == 1
        assert said.lines == [
            f"left out: {path}: line 4: level: expected one of C3..L6, got 'S6'",
            f"25 vertebrae written to {tmp_path / name}",
        ]

    @pytest.mark.parametrize("name", ["back.csv", "readings"])
    def test_a_reading_in_two_files_is_named_with_both(self, tmp_path, name):
        folder = tmp_path / "tables"
        folder.mkdir()
        many(3).write_csv(folder / "a.csv")
        many(3)[LEVELS : 2 * LEVELS].write_csv(folder / "b.csv")
        words = (
            f"{folder / 'b.csv'}: line 2: expected one reading of exam E1 by R1, occasion 1, "
            f"got another one in {folder / 'a.csv'}: line 15"
        )
        said = invoke("convert", folder, tmp_path / name)
        assert (said.code, said.err) == (1, f"spinegrade: {words}\n")
        assert not (tmp_path / name).exists()
        said = invoke("convert", folder, tmp_path / name, "--keep-going")
        assert (said.code, said.lines[0]) == (1, f"left out: {words}")
        assert said.lines[1] == f"26 vertebrae written to {tmp_path / name}"

    def test_every_reading_in_two_files_is_left_out_of_both(self, tmp_path, monkeypatch):
        """However far apart they come, and however often the run has to begin again."""
        monkeypatch.setattr(batch, "ROWS_A_BATCH", 2 * LEVELS)
        folder = tmp_path / "tables"
        folder.mkdir()
        spines = many(12)
        spines.write_csv(folder / "a.csv")
        spines.filter(pl.col("exam").is_in(["E1", "E6", "E11"])).write_csv(folder / "b.csv")
        spines.filter(pl.col("exam").is_in(["E3", "E11"])).write_csv(folder / "c.csv")
        said = invoke("convert", folder, tmp_path / "readings", "--keep-going")
        assert said.code == 1
        assert sorted(line.split("exam ")[1].split()[0] for line in said.lines[:-1]) == [
            "E1",
            "E11",
            "E3",
            "E6",
        ]
        written = {path.name.split("_")[1] for path in (tmp_path / "readings").iterdir()}
        assert written == {"E0", "E2", "E4", "E5", "E7", "E8", "E9", "E10"}

    def test_two_readings_that_want_one_file_name(self, tmp_path):
        """Signs that no file name may have become dashes."""
        pl.concat([table(exam="a/b"), table(exam="a:b")]).write_csv(tmp_path / "a.csv")
        said = invoke("convert", tmp_path / "a.csv", tmp_path / "readings")
        assert (said.code, len(said.lines)) == (1, 1)
        assert "expected one reading a file name, got two that differ in signs" in said.err
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
