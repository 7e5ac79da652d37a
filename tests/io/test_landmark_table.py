"""Landmark tables as people's programs write them, read in batches of whole spines."""

from __future__ import annotations

import pickle
from itertools import groupby
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from spinegrade.anatomy import LEVELS
from spinegrade.errors import FormatError
from spinegrade.io.columns import COORDINATES, READING_KEY, REQUIRED, ROW, UNIT
from spinegrade.io.landmark_table import CsvTable, GatheredTable, ParquetTable, whole_spines

MOSMED = Path(__file__).parents[3] / "shared" / "data" / "mosmed" / "readings.csv"


@pytest.fixture
def sound(spine_rows, cast):
    """The rows of `spine_rows` as they have to be read."""
    return cast(spine_rows(comment="Grüße"))[0]


def _with_decimal_commas(rows):
    return [
        {name: cell.replace(".", ",") if name in COORDINATES else cell for name, cell in row.items()}
        for row in rows
    ]


class TestCsvDialects:
    @pytest.mark.parametrize("eol", ["\n", "\r\n"])
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_all_give_the_same_rows(self, csv_file, spine_rows, read, sound, encoding, separator, eol):
        path = csv_file(spine_rows(comment="Grüße"), encoding=encoding, separator=separator, eol=eol)
        frame, said = read(CsvTable.open(path))
        assert said == []
        assert_frame_equal(frame, sound)

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_decimal_commas_give_the_same_rows(self, csv_file, spine_rows, read, sound, separator):
        """With commas between the fields too: the writer of CSV quotes such numbers."""
        path = csv_file(_with_decimal_commas(spine_rows(comment="Grüße")), separator=separator)
        frame, said = read(CsvTable.open(path))
        assert said == []
        assert_frame_equal(frame, sound)

    def test_columns_in_another_order_give_the_same_rows(self, csv_file, spine_rows, read, sound):
        rows = [dict(reversed(row.items())) for row in spine_rows(comment="Grüße")]
        assert_frame_equal(read(CsvTable.open(csv_file(rows)))[0], sound)

    @pytest.mark.parametrize("eol", ["\n", "\r\n"])
    def test_empty_columns_at_the_end_are_none(self, csv_file, csv_text, spine_rows, read, sound, eol):
        lines = csv_text(spine_rows(comment="Grüße")).splitlines()
        path = csv_file(eol.join(f"{line},,," for line in lines) + eol)
        assert_frame_equal(read(CsvTable.open(path))[0], sound)

    @pytest.mark.parametrize("extra", [",", ",,", ",,,,"])
    def test_empty_fields_beyond_the_header_are_none(self, csv_file, csv_text, spine_rows, read, extra):
        header, *lines = csv_text(spine_rows()).splitlines()
        frame, said = read(CsvTable.open(csv_file("\n".join([header, *(line + extra for line in lines)]))))
        assert (frame.height, said) == (3, [])

    @pytest.mark.parametrize("eol", ["\n", "\r\n"])
    def test_blank_lines_anywhere_are_none(self, csv_file, csv_text, spine_rows, read, eol):
        header, *lines = csv_text(spine_rows()).splitlines()
        text = eol.join(["", header, "", lines[0], "", "", *lines[1:], "", ""])
        frame, said = read(CsvTable.open(csv_file(text)))
        assert (frame["level"].to_list(), said) == (["L1", "L2", "L3"], [])

    def test_line_breaks_and_quotes_in_a_comment_come_through(self, csv_file, spine_rows, read):
        rows = spine_rows()
        comments = ['two\nlines, "quoted"', "", '"']
        for row, comment in zip(rows, comments, strict=True):
            row["comment"] = comment
        frame, said = read(CsvTable.open(csv_file(rows)))
        assert said == []
        assert frame["comment"].to_list() == ['two\nlines, "quoted"', None, '"']

    def test_western_european_text_is_read_with_a_note(self, csv_file, spine_rows):
        table = CsvTable.open(csv_file(spine_rows(comment="Grüße"), encoding="cp1252"))
        assert [note.split(": ", 1)[1] for note in table.notes] == [
            "not UTF-8; read as Windows-1252 (Western European)"
        ]
        assert table.notes[0].startswith(str(table.path))

    def test_utf8_is_read_without_a_note(self, csv_file, spine_rows):
        assert CsvTable.open(csv_file(spine_rows(comment="Grüße"))).notes == []

    @pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv"])
    def test_a_name_is_no_pattern(self, csv_file, spine_rows, read, name):
        csv_file(spine_rows(), "a1.csv")
        frame, said = read(CsvTable.open(csv_file(spine_rows(), name)))
        assert (frame.height, said) == (3, [])


class TestCsvHeader:
    def test_unknown_column_is_refused(self, csv_file, spine_rows):
        path = csv_file(spine_rows(side="left"))
        with pytest.raises(FormatError, match=r"readings\.csv: header: expected columns .*, got 'side'; "):
            CsvTable.open(path)

    def test_unknown_column_is_read_past_if_told(self, csv_file, spine_rows, read, cast):
        table = CsvTable.open(csv_file(spine_rows(side="left", shape="wedge")), ignore_unknown=True)
        assert table.columns == [*REQUIRED, "shape"]
        assert_frame_equal(read(table)[0], cast(spine_rows(shape="wedge"))[0])

    def test_missing_column_is_refused(self, csv_file, spine_rows):
        rows = [{name: row[name] for name in row if name != "level"} for row in spine_rows()]
        with pytest.raises(
            FormatError, match=r"readings\.csv: header: expected column 'level', got patient, "
        ):
            CsvTable.open(csv_file(rows))

    def test_column_twice_is_refused(self, csv_file, csv_text, spine_rows):
        lines = csv_text(spine_rows()).splitlines()
        path = csv_file("\n".join([f"{lines[0]},level", *(f"{line},L1" for line in lines[1:])]))
        with pytest.raises(
            FormatError, match=r"readings\.csv: header: expected every column once, got 'level' "
        ):
            CsvTable.open(path)

    @pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
    def test_alone_is_a_table_without_rows(self, csv_file, end):
        table = CsvTable.open(csv_file(",".join(REQUIRED) + end))
        assert [batch.load()[0].height for batch in table.batches(100)] in ([], [0])

    def test_of_an_empty_file_is_missed(self, csv_file):
        with pytest.raises(FormatError, match=r"readings\.csv: expected a table with a header, got an empty"):
            CsvTable.open(csv_file(""))


class TestCsvProblems:
    """Each names the line that an editor shows, the column, what was expected and what was got."""

    @pytest.mark.parametrize("eol", ["\n", "\r\n"])
    def test_line_is_right_below_blank_lines_and_quoted_line_breaks(
        self, csv_file, csv_text, spine_rows, read, eol
    ):
        rows = spine_rows(comment="")
        rows[0]["comment"] = eol.join(["one", "", "two"])
        rows[2]["level"] = "L7"
        header, body = csv_text(rows, eol=eol).split(eol, 1)
        path = csv_file(eol.join(["", header, "", body]))
        assert "L7" in path.read_text(encoding="utf-8").splitlines()[7]
        assert read(CsvTable.open(path))[1] == [f"{path}: line 8: level: expected one of C3..L6, got 'L7'"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
    def test_cell_that_is_no_number(self, csv_file, spine_rows, read, encoding):
        rows = spine_rows(comment="é")
        rows[1]["inferior_middle_column"] = "abc"
        path = csv_file(rows, encoding=encoding)
        frame, said = read(CsvTable.open(path))
        assert said == [f"{path}: line 3: inferior_middle_column: expected a number, got 'abc'"]
        assert frame["level"].to_list() == ["L1", "L3"]

    @pytest.mark.parametrize(
        ("column", "cell"), [("evaluable", "maybe"), ("date", "yesterday"), ("visual_grade", "mild")]
    )
    def test_misfit_in_an_optional_column_leaves_out_the_row(self, csv_file, spine_rows, read, column, cell):
        """Were it read as missing, the row would be graded although the user was told otherwise."""
        rows = spine_rows(**{column: ""})
        rows[1][column] = cell
        frame, said = read(CsvTable.open(csv_file(rows)))
        assert len(said) == 1
        assert f"line 3: {column}: expected " in said[0]
        assert frame["level"].to_list() == ["L1", "L3"]

    @pytest.mark.parametrize("fields", [1, 2, 24])
    @pytest.mark.parametrize("place", [0, 2])
    def test_row_with_too_many_fields(self, csv_file, csv_text, spine_rows, read, place, fields):
        """As decimal commas without quotes make them; in the first row as in any other."""
        header, *lines = csv_text(spine_rows()).splitlines()
        lines[place] += ",5" * fields
        path = csv_file("\n".join([header, *lines]))
        frame, said = read(CsvTable.open(path))
        assert said == [
            f"{path}: line {place + 2}: expected as many fields as columns, got more (decimal commas?)"
        ]
        assert frame.height == 2

    def test_file_cut_off_in_its_last_line_is_refused(self, csv_file, csv_text, spine_rows):
        text = csv_text(spine_rows())
        path = csv_file(text[: text.rindex(",")])
        with pytest.raises(
            FormatError, match=r"last line: expected \d+ fields, got \d+: is the file cut off\?$"
        ):
            CsvTable.open(path)

    def test_program_that_says_its_separator_in_the_first_line_is_understood(
        self, csv_file, csv_text, spine_rows, read, sound
    ):
        path = csv_file("sep=,\n" + csv_text(spine_rows(comment="Grüße")))
        assert_frame_equal(read(CsvTable.open(path))[0], sound)

    def test_row_cut_short(self, csv_file, csv_text, spine_rows, read):
        text = csv_text(spine_rows())
        path = csv_file(text[: text.rindex(",")] + "\n")
        frame, said = read(CsvTable.open(path))
        what = "inferior_posterior_column: expected a value, as inferior_posterior_row has one, got nothing"
        assert said == [f"{path}: line 4: {what}"]
        assert frame.height == 2

    @pytest.mark.parametrize(
        ("comments", "where"),
        [
            (["", '"', ""], ": line 4"),
            (["", '12" film', ""], ": line 4"),
            (['"two\n lines"', "", '"'], ": line 6"),
            (['4" film', '5" film', ""], ""),
        ],
    )
    @pytest.mark.parametrize("eol", ["\n", "\r\n"])
    def test_stray_quote(self, csv_file, csv_text, spine_rows, patient, comments, where, eol):
        """Polars shows a piece of the table instead, with the patient in it."""
        lines = csv_text([{"comment": "", **row} for row in spine_rows()]).splitlines()
        lines[1:] = [comment + line for comment, line in zip(comments, lines[1:], strict=True)]
        path = csv_file(eol.join(["", *lines, ""]))
        wanted = f"{path}{where}: expected quotation marks in pairs round whole fields, got a stray one"
        with pytest.raises(FormatError) as caught:
            list(CsvTable.open(path).batches(100))
        assert str(caught.value) == wanted
        assert patient not in wanted

    def test_field_longer_than_any_is_no_obstacle(self, csv_file, spine_rows, read):
        rows = spine_rows(comment="")
        rows[1]["comment"] = "x" * 200_000
        rows[2]["level"] = "?"
        path = csv_file(rows)
        frame, said = read(CsvTable.open(path))
        assert frame.height == 2
        assert said == [f"{path}: line ?: level: expected one of C3..L6, got '?'"]

    def test_file_cut_off_in_a_letter(self, tmp_path, csv_text, spine_rows):
        path = tmp_path / "t.csv"
        rows = [row for n in range(200) for row in spine_rows(exam=f"E{n}")]
        path.write_bytes(csv_text(rows).encode("utf-16")[:-1])
        table = CsvTable.open(path)
        with pytest.raises(FormatError, match=r"t\.csv: expected text in utf-16, got bytes that are none: "):
            list(table.batches(100))

    def test_place_beyond_what_can_be_counted_is_still_a_place(self, csv_file, spine_rows):
        path = csv_file(spine_rows())
        assert CsvTable.open(path).place(99) == f"{path}: line ?"

    @pytest.mark.parametrize("rows", [[], [1], [2, 0, 1], [1, 1], [0, 99]])
    def test_many_places_are_those_of_their_rows_in_the_order_asked(self, csv_file, spine_rows, rows):
        path = csv_file(spine_rows(comment="two\nlines"))
        lines = {0: 2, 1: 4, 2: 6, 99: "?"}
        assert CsvTable.open(path).places(rows) == [f"{path}: line {lines[row]}" for row in rows]


class TestParquet:
    @pytest.fixture
    def parquet(self, tmp_path):
        def write(frame, name="t.parquet"):
            frame.write_parquet(tmp_path / name)
            return tmp_path / name

        return write

    def test_gives_the_rows_of_the_csv(self, parquet, csv_file, spine_rows, read):
        rows = spine_rows(visual_grade="0.5", comment="x")
        from_csv, _ = read(CsvTable.open(csv_file(rows)))
        from_parquet, said = read(ParquetTable.open(parquet(from_csv.drop(ROW, "_unit"))))
        assert said == []
        assert_frame_equal(from_parquet, from_csv)

    def test_takes_categories_and_whole_numbers(self, parquet, spine_rows, read, cast):
        frame = pl.DataFrame(spine_rows()).with_columns(
            pl.col("patient", "reader").cast(pl.Categorical),
            pl.col("level").cast(pl.Enum(LEVELS)),
            pl.col("occasion").cast(pl.UInt8),
            pl.col(COORDINATES).cast(pl.Float64).round(0).cast(pl.Int32),
        )
        found, said = read(ParquetTable.open(parquet(frame)))
        assert said == []
        rounded = [
            {name: str(round(float(cell))) if name in COORDINATES else cell for name, cell in row.items()}
            for row in spine_rows()
        ]
        assert_frame_equal(found, cast(rounded)[0])

    def test_names_the_row_counted_from_1(self, parquet, spine_rows, read):
        rows = spine_rows()
        rows[1]["level"] = "S1"
        path = parquet(pl.DataFrame(rows))
        assert read(ParquetTable.open(path))[1] == [f"{path}: row 2: level: expected one of C3..L6, got 'S1'"]

    def test_knows_its_size_and_columns(self, parquet, spine_rows):
        table = ParquetTable.open(parquet(pl.DataFrame(spine_rows(shape="wedge"))))
        assert (table.size, table.columns) == (3, [*REQUIRED, "shape"])

    def test_unknown_column_is_refused_or_read_past(self, parquet, spine_rows, read):
        path = parquet(pl.DataFrame(spine_rows(side="left")))
        with pytest.raises(FormatError, match=r"t\.parquet: header: expected columns .*, got 'side'; "):
            ParquetTable.open(path)
        assert read(ParquetTable.open(path, ignore_unknown=True))[0].height == 3

    def test_column_of_another_kind_is_refused(self, parquet, spine_rows):
        path = parquet(pl.DataFrame(spine_rows()).with_columns(pl.lit(20_261_121).alias("date")))
        with pytest.raises(
            FormatError, match=r"t\.parquet: column 'date': expected a date as in .*, got Int32$"
        ):
            ParquetTable.open(path)

    @pytest.mark.parametrize("content", [b"", b"patient,exam\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
    def test_that_is_none_is_refused_in_one_line(self, tmp_path, content):
        path = tmp_path / "t.parquet"
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"t\.parquet: expected a Parquet file, got: .+") as caught:
            ParquetTable.open(path)
        assert "\n" not in str(caught.value)

    def test_that_is_damaged_inside_is_refused_when_read(self, parquet, spine_rows):
        path = parquet(pl.DataFrame(spine_rows(comment="x" * 1000)))
        content = bytearray(path.read_bytes())
        content[4:200] = b"\xff" * 196
        path.write_bytes(content)
        table = ParquetTable.open(path)
        with pytest.raises(FormatError, match=r"t\.parquet: expected a readable Parquet file, got: .+"):
            list(table.batches(100))

    def test_that_is_damaged_beside_its_keys_is_refused_when_loaded(self, parquet, spine_rows):
        """Rows travel as names of a file, so that another process is the first to read them."""
        frame = pl.DataFrame(spine_rows(comment="x" * 1000))
        path = parquet(frame.select(*COORDINATES, pl.exclude(COORDINATES)))
        content = bytearray(path.read_bytes())
        content[4:200] = b"\xff" * 196
        path.write_bytes(content)
        (run,) = ParquetTable.open(path).batches(100)
        with pytest.raises(
            FormatError, match=r"t\.parquet: expected a readable Parquet file, got: .+"
        ) as caught:
            run.load()
        assert "\n" not in str(caught.value)

    def test_names_many_rows_as_it_names_one(self, parquet, spine_rows):
        table = ParquetTable.open(parquet(pl.DataFrame(spine_rows())))
        assert table.places([2, 0]) == [table.place(2), table.place(0)]

    @pytest.mark.parametrize("name", ["a[1].parquet", "a*.parquet"])
    def test_a_name_is_no_pattern(self, parquet, spine_rows, read, name):
        parquet(pl.DataFrame(spine_rows(("T12", "L1"), exam="another")), "a1.parquet")
        frame, said = read(ParquetTable.open(parquet(pl.DataFrame(spine_rows()), name)))
        assert said == []
        assert frame.select("exam", "level").rows() == [("E1", "L1"), ("E1", "L2"), ("E1", "L3")]


class TestBatches:
    SPINES = 40

    @pytest.fixture(params=["csv", "parquet"])
    def table(self, request, csv_file, tmp_path, spine_rows):
        """Spines of one to four vertebrae, one below the other."""
        levels = ("T12", "L1", "L2", "L3")
        rows = [row for n in range(self.SPINES) for row in spine_rows(levels[: n % 4 + 1], exam=f"E{n}")]
        if request.param == "csv":
            return CsvTable.open(csv_file(rows))
        pl.DataFrame(rows).write_parquet(tmp_path / "t.parquet")
        return ParquetTable.open(tmp_path / "t.parquet")

    @pytest.mark.parametrize("rows", [1, 2, 7, 50, 1000])
    def test_never_cut_a_spine_in_two_and_lose_no_row(self, table, rows):
        frames = [batch.carried().frame for batch in table.batches(rows)]
        exams = [exam for frame in frames for exam in frame["exam"].unique(maintain_order=True)]
        assert exams == [f"E{n}" for n in range(self.SPINES)]
        assert pl.concat(frames)[ROW].to_list() == list(range(self.SPINES * 5 // 2))

    def test_are_of_about_the_size_asked_for(self, table):
        heights = [batch.carried().frame.height for batch in table.batches(7)]
        assert len(heights) > self.SPINES // 7
        assert max(heights[:-1]) <= 2 * 7

    def test_size_is_about_the_number_of_rows(self, table):
        assert table.size == pytest.approx(self.SPINES * 5 / 2, rel=0.1)

    def test_problem_in_a_later_batch_has_its_own_line(self, csv_file, spine_rows, read):
        rows = [row for n in range(30) for row in spine_rows(exam=f"E{n}")]
        rows[77]["level"] = "?"
        path = csv_file(rows)
        assert read(CsvTable.open(path), rows=5)[1] == [
            f"{path}: line 79: level: expected one of C3..L6, got '?'"
        ]

    @given(
        st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(1, 6), max_size=30), st.integers(1, 8)
    )
    def test_end_only_where_the_reading_changes(self, readings, cuts, rows):
        frame = (
            pl.DataFrame(
                {
                    "patient": [None if n == 3 else f"P{n}" for n in readings],
                    "exam": "E",
                    "reader": "R",
                    "occasion": 1,
                },
                schema=dict.fromkeys(READING_KEY, pl.String),
                strict=False,
            )
            if readings
            else pl.DataFrame(schema=dict.fromkeys(READING_KEY, pl.String))
        )
        frames = list(whole_spines(_chunks(frame.with_row_index(ROW), cuts), rows))
        assert [n for one in frames for n in one[ROW]] == list(range(len(readings)))
        ends = {sum(one.height for one in frames[: n + 1]) for n in range(len(frames))} - {len(readings)}
        changes = {n for n in range(1, len(readings)) if readings[n] != readings[n - 1]}
        assert ends <= changes
        assert all(one.height for one in frames)


def _chunks(frame, cuts):
    """Yield the frame in pieces of these heights, and then the rest."""
    for height in cuts:
        piece, frame = frame[:height], frame[height:]
        yield piece
    yield frame


class TestGathered:
    """A table whose spines lie scattered over its rows."""

    @pytest.fixture
    def rows(self, spine_rows):
        spines = [spine_rows(exam=f"E{n}") for n in range(5)]
        return [spine[place] for place in range(3) for spine in spines]

    @pytest.mark.parametrize("size", [1, 4, 100])
    def test_brings_every_spine_together_and_keeps_the_numbers_of_the_rows(
        self, csv_file, tmp_path, rows, size
    ):
        gathered = GatheredTable.of(CsvTable.open(csv_file(rows)), _folder(tmp_path))
        frames = [batch.frame for batch in gathered.batches(size)]
        seen = [key for key, _ in groupby(exam for frame in frames for exam in frame["exam"])]
        assert seen == [f"E{n}" for n in range(5)]
        assert all(frame["exam"].unique().is_in(frames[0]["exam"]).not_().all() for frame in frames[1:])
        for frame in frames:
            assert [(rows[n]["exam"], rows[n]["level"]) for n in frame[ROW]] == frame.select(
                "exam", "level"
            ).rows()

    def test_of_a_scattered_table_reads_as_the_table_in_order(self, csv_file, tmp_path, rows, read, cast):
        frame, said = read(GatheredTable.of(CsvTable.open(csv_file(rows)), _folder(tmp_path)))
        assert said == []
        assert_frame_equal(frame.sort(ROW), cast(rows)[0])

    def test_keeps_decimal_commas_and_names_the_line_of_the_file_as_it_is(
        self, csv_file, tmp_path, rows, read
    ):
        rows = _with_decimal_commas(rows)
        rows[7]["superior_middle_row"] = "x"
        path = csv_file(rows, separator=";")
        frame, said = read(GatheredTable.of(CsvTable.open(path), _folder(tmp_path)))
        assert said == [f"{path}: line 9: superior_middle_row: expected a number, got 'x'"]
        assert frame.height == 14

    def test_stands_for_its_table_in_everything_else(self, csv_file, tmp_path, rows):
        table = CsvTable.open(csv_file(rows, encoding="utf-8-sig"))
        gathered = GatheredTable.of(table, _folder(tmp_path))
        assert (gathered.columns, gathered.size, gathered.notes) == (table.columns, table.size, table.notes)
        assert gathered.places([7, 0]) == [table.place(7), table.place(0)]

    def test_of_parquet_works_as_well_and_two_do_not_collide(self, tmp_path, rows, read):
        pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
        pl.DataFrame(rows[::-1]).write_parquet(tmp_path / "b.parquet")
        folder = _folder(tmp_path)
        first, second = (
            GatheredTable.of(ParquetTable.open(tmp_path / name), folder)
            for name in ("a.parquet", "b.parquet")
        )
        assert read(first)[0].sort(ROW)["level"].to_list() == [row["level"] for row in rows]
        assert read(second)[0].sort(ROW)["level"].to_list() == [row["level"] for row in rows[::-1]]


def _folder(tmp_path):
    folder = tmp_path / "sorted"
    folder.mkdir()
    return folder


def test_a_run_of_parquet_rows_travels_as_names_and_carries_its_rows_when_asked(sound, tmp_path):
    """What is sent to a process of this machine is small; what is sent to another needs no file."""
    path = tmp_path / "t.parquet"
    sound.drop(ROW, UNIT).write_parquet(path)
    (run,) = ParquetTable.open(path).batches(10_000)
    assert len(pickle.dumps(run)) < 2_000
    loaded, _ = run.load()
    carried = run.carried()
    path.unlink()
    assert carried.load()[0].equals(loaded)


@pytest.mark.skipif(
    not MOSMED.exists(), reason="needs the shared real readings (MosMed), not part of the project"
)
def test_real_readings_are_read_whole(read, tmp_path):
    """1,722 rows by seven readers, from CSV and again from Parquet."""
    frame, said = read(CsvTable.open(MOSMED))
    assert said == []
    assert frame.height == 1722
    frame.drop(ROW, "_unit").write_parquet(tmp_path / "t.parquet")
    assert_frame_equal(read(ParquetTable.open(tmp_path / "t.parquet"))[0], frame)
