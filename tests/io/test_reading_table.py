"""Readings as rows of a landmark table, rows as readings, and what survives the way there and back."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from spinegrade.anatomy import LEVELS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import FormatError
from spinegrade.io import reading_table
from spinegrade.io.columns import ROW, SCHEMA, UNIT
from spinegrade.io.landmark_table import CsvTable, ParquetTable
from spinegrade.io.reading_json import dump_reading, read_reading, write_reading
from spinegrade.io.reading_table import (
    ROWS_A_FILE,
    RawReadings,
    ReadingFiles,
    ReadingFolderWriter,
    frame_readings,
    reading_rows,
    readings_frame,
)
from spinegrade.io.results import CsvWriter, ParquetWriter
from spinegrade.readings import (
    Exam,
    ImageIdentity,
    Landmark,
    NotEvaluableReason,
    Reading,
    Status,
    VertebraReading,
)

IN_MM = Calibration(CalibrationState.USER, 0.15, 0.2)
CALIBRATIONS = [
    Calibration(),
    Calibration(pixel_aspect_ratio=1.25),
    Calibration(CalibrationState.ERROR),
    *(Calibration(state, 0.15, 0.2) for state in CalibrationState if state is not CalibrationState.NONE),
]
TABLES = {".csv": (CsvWriter, CsvTable), ".parquet": (ParquetWriter, ParquetTable)}


def _held(reading):
    """Return what a table holds of a reading."""
    vertebrae = [
        evolve(
            vertebra,
            landmarks={n: at for n, at in vertebra.landmarks.items() if at.status is Status.PLACED},
            forms={},
            seconds=None,
        )
        for vertebra in sorted(reading.vertebrae, key=lambda vertebra: LEVELS.index(vertebra.level))
    ]
    return Reading(
        exam=reading.exam,
        reader=reading.reader,
        occasion=reading.occasion,
        image=ImageIdentity(file_name=reading.image.file_name),
        calibration=reading.calibration,
        vertebrae=tuple(vertebrae),
    )


def _frame(*readings):
    return readings_frame(
        [row for n, reading in enumerate(readings) for row in reading_rows(reading, n * ROWS_A_FILE)]
    )


class TestRows:
    def test_hold_what_a_table_has_columns_for(self):
        reading = Reading(
            exam=Exam("A", "E", date(2026, 11, 20)),
            reader="R",
            occasion=3,
            image=ImageIdentity(file_name="a.dcm"),
            calibration=IN_MM,
            vertebrae=(
                VertebraReading(
                    "L1",
                    {"inferior_middle": Landmark(1.5, 2.5)},
                    visual_grade=0.5,
                    shape="wedge",
                    comment="c",
                ),
                VertebraReading("T12", evaluable=False, not_evaluable_reason=NotEvaluableReason.NOISE),
            ),
        )
        shared = {
            "patient": "A",
            "exam": "E",
            "date": date(2026, 11, 20),
            "reader": "R",
            "occasion": 3,
            "image": "a.dcm",
            "row_spacing_mm": 0.15,
            "column_spacing_mm": 0.2,
            "calibration": "user",
            "_unit": "mm",
        }
        nothing = dict.fromkeys(("visual_grade", "evaluable", "not_evaluable_reason", "shape", "comment"))
        assert reading_rows(reading, 40) == [
            {
                **shared,
                **nothing,
                ROW: 40,
                "level": "T12",
                "evaluable": False,
                "not_evaluable_reason": "noise",
            },
            {
                **shared,
                **nothing,
                ROW: 41,
                "level": "L1",
                "visual_grade": 0.5,
                "shape": "wedge",
                "comment": "c",
                "inferior_middle_row": 1.5,
                "inferior_middle_column": 2.5,
            },
        ]

    @pytest.mark.parametrize(
        ("calibration", "spacing", "unit"),
        [
            (Calibration(), (None, None), "px"),
            (IN_MM, (0.15, 0.2), "mm"),
            (Calibration(CalibrationState.DETECTOR, 1.0, 1.0), (1.0, 1.0), "mm"),
            (Calibration(CalibrationState.UNKNOWN, 0.2, 0.2), (0.2, 0.2), "px"),
            (Calibration(CalibrationState.UNKNOWN, 0.3, 0.2), (0.3, 0.2), "px"),
            (Calibration(CalibrationState.ERROR), (None, None), "px"),
            (Calibration(pixel_aspect_ratio=1.25), (1.25, 1.0), "px"),
        ],
    )
    def test_say_in_what_unit_lengths_are(self, calibration, spacing, unit):
        """Where millimetres are not known, pixels still have a shape."""
        (row,) = reading_rows(
            Reading(Exam("A", "E"), "R", calibration=calibration, vertebrae=(VertebraReading("L1"),))
        )
        assert ((row["row_spacing_mm"], row["column_spacing_mm"]), row["_unit"]) == (spacing, unit)
        assert row["calibration"] == calibration.state

    @pytest.mark.parametrize("status", [Status.PROPOSED, Status.NOT_VISIBLE, Status.OUTSIDE_IMAGE])
    def test_hold_no_landmark_that_a_reader_did_not_place(self, status):
        landmark = Landmark(1.0, 2.0, status) if status is Status.PROPOSED else Landmark(status=status)
        vertebra = VertebraReading("L1", {"superior_middle": landmark})
        (row,) = reading_rows(Reading(Exam("A", "E"), "R", vertebrae=(vertebra,)))
        assert not [name for name in row if name.startswith("superior_middle")]

    def test_are_counted_from_0_unless_told_otherwise(self):
        vertebrae = (VertebraReading("L1"), VertebraReading("L2"))
        assert [row[ROW] for row in reading_rows(Reading(Exam("A", "E"), "R", vertebrae=vertebrae))] == [0, 1]

    def test_have_the_schema_of_a_table_even_if_there_are_none(self):
        assert dict(readings_frame([]).schema) == {
            ROW: pl.Int64(),
            **{name: kind() for name, kind in SCHEMA.items()},
            UNIT: pl.String(),
        }


class TestRoundTrip:
    @given(reading=...)
    def test_of_a_reading_through_rows_keeps_what_a_table_holds(self, reading: Reading):
        assume(reading.vertebrae)
        for calibration in CALIBRATIONS:
            reading = evolve(reading, calibration=calibration)
            assert list(frame_readings(_frame(reading))) == [_held(reading)]

    @pytest.mark.parametrize("suffix", TABLES)
    @settings(max_examples=40)
    @given(readings=st.lists(st.from_type(Reading), min_size=1, max_size=3))
    def test_of_rows_through_a_file_keeps_every_cell(self, tmp_path_factory, suffix, readings):
        path = tmp_path_factory.mktemp("t") / f"t{suffix}"
        frame = _frame(*(evolve(one, calibration=IN_MM) for one in readings))
        make, table = TABLES[suffix]
        writer = make(path, SCHEMA)
        writer.write(frame)
        writer.close()
        batches = [batch.load() for batch in table.open(path).batches(100)]
        assert [problem for _, problems in batches for problem in problems] == []
        found = pl.concat([rows for rows, _ in batches]) if batches else frame.clear()
        assert_frame_equal(found.drop(ROW), frame.drop(ROW), check_column_order=False, check_exact=True)

    @pytest.mark.parametrize("suffix", TABLES)
    @pytest.mark.parametrize("spacing", [{}, {"row_spacing_mm": "0.15", "column_spacing_mm": "0.2"}])
    def test_of_a_table_through_reading_files_and_back(
        self, csv_file, tmp_path, spine_rows, read, suffix, spacing
    ):
        """CSV to readings to files to readings to CSV or Parquet: the same rows at every step."""
        given_rows = [
            *spine_rows(date="2026-11-20", image="a.dcm", visual_grade="0.5", comment='"x",\ny', **spacing),
            *spine_rows(
                ("T12", "L1"), reader="R2", evaluable="no", not_evaluable_reason="overlap", **spacing
            ),
        ]
        names = list(dict.fromkeys(name for row in given_rows for name in row))
        table = CsvTable.open(csv_file([{name: row.get(name, "") for name in names} for row in given_rows]))
        before, said = read(table)
        assert (before.height, said) == (5, [])
        (tmp_path / "readings").mkdir()
        folder = ReadingFolderWriter(tmp_path / "readings")
        folder.write(before)
        folder.close()
        files = ReadingFiles(tuple(sorted((tmp_path / "readings").iterdir())))
        between, said = read(files)
        assert said == []
        said_so = pl.lit("user" if spacing else "none").alias("calibration")
        assert_frame_equal(
            between.drop(ROW), before.drop(ROW).with_columns(said_so), check_column_order=False
        )
        make, source = TABLES[suffix]
        writer = make(tmp_path / f"again{suffix}", {name: SCHEMA[name] for name in table.columns})
        writer.write(between)
        writer.close()
        again = read(source.open(tmp_path / f"again{suffix}"))[0]
        assert_frame_equal(again, before)

    def test_of_scattered_rows_gives_each_reading_once_in_order_of_appearance(self, spine_rows, cast):
        rows = [
            row for pair in zip(spine_rows(exam="E2"), spine_rows(exam="E1"), strict=True) for row in pair
        ]
        readings = list(frame_readings(cast(rows)[0]))
        assert [reading.exam.id for reading in readings] == ["E2", "E1"]
        assert [[one.level for one in reading.vertebrae] for reading in readings] == [["L1", "L2", "L3"]] * 2


class TestReadingFiles:
    @pytest.fixture
    def reading(self, spine_rows, cast):
        return next(frame_readings(cast(spine_rows())[0]))

    @pytest.fixture
    def files(self, tmp_path, reading):
        """Give a function that writes readings of exams E0, E1, ... and returns them as a source."""

        def write(count):
            paths = [tmp_path / f"{n}.reading.json" for n in range(count)]
            for n, path in enumerate(paths):
                write_reading(evolve(reading, exam=evolve(reading.exam, id=f"E{n}")), path)
            return ReadingFiles(tuple(paths))

        return write

    def test_are_named_by_the_rows_that_they_gave(self, files, read):
        source = files(3)
        frame, said = read(source)
        assert said == []
        assert frame["exam"].to_list() == ["E0"] * 3 + ["E1"] * 3 + ["E2"] * 3
        assert source.places(frame[ROW].to_list()) == [source.place(row) for row in frame[ROW]]
        assert [source.place(row) for row in frame[ROW]] == [
            str(path) for path in source.paths for _ in range(3)
        ]

    def test_come_some_at_a_time(self, files, monkeypatch):
        monkeypatch.setattr(reading_table, "_FILES_A_BATCH", 2)
        batches = list(files(5).batches(1))
        assert [len(batch.contents) for batch in batches] == [2, 2, 1]
        assert [
            exam for batch in batches for exam in batch.load()[0]["exam"].unique(maintain_order=True)
        ] == [f"E{n}" for n in range(5)]
        assert [batch.carried() for batch in batches] == batches

    def test_hold_about_a_spine_each(self, files):
        assert files(4).size == 4 * 13

    def test_that_are_none_are_left_out_and_named(self, files, read, patient):
        source = files(4)
        source.paths[1].write_text('{"format": "another/1"}', encoding="utf-8")
        cut = source.paths[2].read_text(encoding="utf-8")[:-40]
        source.paths[2].write_text(cut, encoding="utf-8")
        frame, said = read(source)
        assert frame["exam"].unique(maintain_order=True).to_list() == ["E0", "E3"]
        lines = cut.count("\n") + 1
        assert said == [
            f"{source.paths[1]}: format: expected 'spinegrade-reading/1', got 'another/1'",
            f"{source.paths[2]}: line {lines}: expected JSON, got the end of the file; it is cut off",
        ]
        assert not any(patient in one for one in said)

    def test_whose_pixels_have_no_shape_are_left_out_and_named(self, tmp_path, reading):
        """Two spacings that are possible, and whose ratio is not."""
        spacing = Calibration(CalibrationState.UNKNOWN, 1e308, 1e-308)
        content = dump_reading(evolve(reading, calibration=spacing)).encode()
        frame, problems = RawReadings([content], 7).load()
        assert frame.is_empty()
        assert [problem.row for problem in problems] == [7 * ROWS_A_FILE]
        assert "expected" in problems[0].what

    def test_that_cannot_be_read_stop_the_run(self, files):
        source = files(2)
        source.paths[1].unlink()
        with pytest.raises(
            FormatError, match=r"1\.reading\.json: expected a reading file, got: No such file"
        ):
            list(source.batches(1))

    def test_have_problems_in_their_rows_named_by_the_file(self, files, read):
        source = files(2)
        broken = read_reading(source.paths[1])
        first = broken.vertebrae[0]
        same = evolve(
            first, landmarks={**first.landmarks, "superior_middle": first.landmarks["inferior_middle"]}
        )
        write_reading(evolve(broken, vertebrae=(same, *broken.vertebrae[1:])), source.paths[1], force=True)
        _, said = read(source)
        assert said == [
            f"{source.paths[1]}: L1: expected middle height above 0, got two landmarks on one point"
        ]

    def test_of_rows_are_no_more_than_were_set_aside(self):
        assert len(LEVELS) <= ROWS_A_FILE


class TestReadingFolderWriter:
    @pytest.fixture
    def frame(self, spine_rows, cast):
        """Give a function that returns the rows of one reading, its key changed."""
        return lambda **key: cast(spine_rows(**key))[0]

    def test_writes_every_reading_into_a_file_of_its_own(self, tmp_path, frame):
        writer = ReadingFolderWriter(tmp_path)
        writer.write(pl.concat([frame(patient="A"), frame(patient="A", reader="R2")]))
        writer.write(frame(patient="A", occasion="2"))
        writer.close()
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "A_E1_R1_1.reading.json",
            "A_E1_R1_2.reading.json",
            "A_E1_R2_1.reading.json",
        ]
        assert read_reading(tmp_path / "A_E1_R2_1.reading.json").reader == "R2"

    @pytest.mark.parametrize(
        ("patient", "name"),
        [
            ("a/b\\c", "a-b-c"),
            ("Zoë 1", "Zoë-1"),
            ("../x", "-.-x"),
            (".hidden", "-hidden"),
            ("a:b*?", "a-b--"),
        ],
    )
    def test_makes_a_file_name_of_any_key(self, tmp_path, frame, patient, name):
        """None that leads out of the folder, none that is hidden from those who read it."""
        writer = ReadingFolderWriter(tmp_path)
        writer.write(frame(patient=patient))
        (path,) = tmp_path.iterdir()
        assert path.name == f"{name}_E1_R1_1.reading.json"
        assert read_reading(path).exam.patient == patient

    def test_refuses_two_readings_that_would_share_a_file(self, tmp_path, frame):
        writer = ReadingFolderWriter(tmp_path)
        writer.write(frame(patient="Quasi/modo"))
        with pytest.raises(FormatError) as caught:
            writer.write(frame(patient="Quasi modo"))
        wanted = "exam E1 by R1, occasion 1: expected one reading a file name, got two that differ in signs"
        assert str(caught.value) == wanted

    def test_refuses_a_name_that_the_disk_does_not_take(self, tmp_path, frame):
        writer = ReadingFolderWriter(tmp_path)
        wanted = r"^exam E1 by R1, occasion 1: expected one reading a file name, got .*name too long"
        with pytest.raises(FormatError, match=f"(?i){wanted}"):
            writer.write(frame(patient="x" * 300))

    def test_begins_afresh_where_a_run_began_over(self, tmp_path, frame):
        first = ReadingFolderWriter(tmp_path)
        first.write(frame(patient="A"))
        first.abort()
        second = ReadingFolderWriter(tmp_path)
        assert list(tmp_path.iterdir()) == []
        second.write(frame(patient="A"))
        assert len(list(tmp_path.iterdir())) == 1
