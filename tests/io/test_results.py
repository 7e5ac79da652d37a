"""Tables written frame by frame, read again by other programs' means."""

from __future__ import annotations

import csv
import json
import math
import threading
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from spinegrade.errors import FormatError
from spinegrade.io.atomic import replacing
from spinegrade.io.results import CsvWriter, JsonWriter, ParquetWriter

SCHEMA = {"level": pl.String, "grade": pl.Int64, "loss": pl.Float64, "near": pl.Boolean, "date": pl.Date}
ROWS = [
    ("L1", 1, 0.25, True, date(2026, 11, 21)),
    (None, None, None, None, None),
    ('a "quoted",\nline', -3, 0.1, False, date(1999, 1, 2)),
    ("", 0, 1e-300, None, None),
]
FULL = Path("/dev/full")
WRITERS = {".csv": CsvWriter, ".json": JsonWriter, ".parquet": ParquetWriter}


def _frame(rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@pytest.fixture(params=WRITERS, ids=lambda suffix: suffix[1:])
def suffix(request):
    return request.param


@pytest.fixture
def path(tmp_path, suffix):
    return tmp_path / f"results{suffix}"


def _read(path):
    """Return the rows of a file as it stands there, by the plainest reader of its format."""
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        assert dict(frame.schema) == {name: kind() for name, kind in SCHEMA.items()}
        return frame.rows()
    if path.suffix == ".json":
        objects = json.loads(path.read_text(encoding="utf-8"))
        assert all(list(one) == list(SCHEMA) for one in objects)
        return [(*list(one.values())[:4], one["date"] and date.fromisoformat(one["date"])) for one in objects]
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == list(SCHEMA)
    truths = {"true": True, "false": False, "": None}
    return [
        (level, int(grade) if grade else None, float(loss) if loss else None, truths[near], _day(day))
        for level, grade, loss, near, day in rows
    ]


def _day(text):
    return date.fromisoformat(text) if text else None


def _as_csv(rows):
    """Return the rows as a reader of CSV sees them, who cannot tell an empty text from none."""
    return [(row[0] or "", *row[1:]) for row in rows]


def _written(path, frames, schema=SCHEMA):
    writer = WRITERS[path.suffix](path, schema)
    for frame in frames:
        writer.write(frame)
    writer.close()
    return path


class TestEveryWriter:
    @pytest.mark.parametrize("cuts", [(4,), (1, 3), (0, 2, 0, 2, 0), (1, 1, 1, 1)])
    def test_writes_the_rows_of_all_frames_in_their_order(self, path, cuts):
        frames, begin = [], 0
        for height in cuts:
            frames.append(_frame(ROWS[begin : begin + height]))
            begin += height
        assert _read(_written(path, frames)) == (_as_csv(ROWS) if path.suffix == ".csv" else ROWS)

    @pytest.mark.parametrize("frames", [[], [_frame([])], [_frame([]), _frame([])]])
    def test_writes_a_sound_file_without_rows(self, path, frames):
        assert _read(_written(path, frames)) == []

    def test_picks_its_columns_from_frames_that_have_more_in_another_order(self, path):
        frame = _frame(ROWS[:1]).with_columns(pl.lit(7).alias("_row")).select("_row", *reversed(SCHEMA))
        assert _read(_written(path, [frame])) == ROWS[:1]

    def test_refuses_a_frame_that_lacks_a_column(self, path):
        writer = WRITERS[path.suffix](path, SCHEMA)
        with pytest.raises(pl.exceptions.ColumnNotFoundError, match="grade"):
            writer.write(_frame(ROWS).drop("grade"))
        writer.abort()

    def test_keeps_every_digit(self, path):
        losses = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0]
        frame = _frame([("L1", 0, loss, None, None) for loss in losses])
        assert [row[2] for row in _read(_written(path, [frame]))] == losses

    @pytest.mark.parametrize("frames", [0, 1, 5])
    def test_aborted_inside_replacing_leaves_nothing(self, tmp_path, path, frames):
        with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:  # noqa: PT012
            writer = WRITERS[path.suffix](temporary, SCHEMA)
            for _ in range(frames):
                writer.write(_frame(ROWS))
            writer.abort()
            raise KeyboardInterrupt
        assert list(tmp_path.iterdir()) == []

    def test_closed_inside_replacing_leaves_the_file_alone(self, tmp_path, path, suffix):
        with replacing(path) as temporary:
            writer = WRITERS[suffix](temporary, SCHEMA)
            writer.write(_frame(ROWS[:1]))
            writer.close()
        assert list(tmp_path.iterdir()) == [path]
        assert _read(path) == ROWS[:1]


class TestJsonWriter:
    def test_writes_an_object_a_line(self, tmp_path):
        lines = _written(tmp_path / "t.json", [_frame(ROWS[:2]), _frame(ROWS[2:])]).read_text().splitlines()
        assert (lines[0], lines[-1], len(lines)) == ("[", "]", 6)

    def test_writes_no_number_that_json_does_not_have(self, tmp_path):
        path = _written(tmp_path / "t.json", [_frame([("L1", 0, math.nan, None, None)])])
        assert json.loads(path.read_text(), parse_constant=pytest.fail)[0]["loss"] is None


class TestParquetWriter:
    def test_says_at_the_end_that_it_could_not_write(self, tmp_path):
        writer = ParquetWriter(tmp_path / "nowhere" / "t.parquet", SCHEMA)
        with pytest.raises(OSError, match="nowhere"):
            writer.close()

    @pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full (Linux)")
    def test_says_that_the_disk_is_full_as_the_other_writers_do(self):
        for writer in (maker(FULL, SCHEMA) for maker in WRITERS.values()):
            with pytest.raises(OSError, match="No space left on device"):  # noqa: PT012
                writer.write(pl.concat([_frame(ROWS)] * 10_000))
                writer.close()
            writer.abort()

    def test_abort_of_one_that_could_not_write_says_nothing(self, tmp_path):
        writer = ParquetWriter(tmp_path / "nowhere" / "t.parquet", SCHEMA)
        writer.abort()
        assert not (tmp_path / "nowhere").exists()

    def test_refuses_frames_of_other_types_than_it_was_opened_with(self, tmp_path):
        writer = ParquetWriter(tmp_path / "t.parquet", SCHEMA)
        writer.write(_frame(ROWS).with_columns(pl.col("grade").cast(pl.String)))
        with pytest.raises(pl.exceptions.PolarsError, match="grade"):
            writer.close()

    def test_that_has_failed_takes_no_further_frames(self, tmp_path):
        writer = ParquetWriter(tmp_path / "t.parquet", SCHEMA)
        writer.write(_frame(ROWS).with_columns(pl.col("grade").cast(pl.String)))
        writer._thread.join(timeout=10)
        with pytest.raises(pl.exceptions.PolarsError, match="grade"):
            writer.write(_frame(ROWS))

    def test_holds_few_frames_at_a_time(self, tmp_path, monkeypatch):
        """A writer that is slower than the grading holds it up instead of filling the memory."""
        go = threading.Event()
        sink = ParquetWriter._sink
        monkeypatch.setattr(ParquetWriter, "_sink", lambda *call: (go.wait(10), sink(*call)))
        writer = ParquetWriter(tmp_path / "t.parquet", SCHEMA)
        writer.write(_frame(ROWS))
        writer.write(_frame(ROWS))
        third = threading.Thread(target=writer.write, args=(_frame(ROWS),))
        third.start()
        third.join(timeout=0.3)
        assert third.is_alive()
        go.set()
        third.join()
        writer.close()
        assert _read(tmp_path / "t.parquet") == ROWS * 3

    @pytest.mark.parametrize("frames", [1, 2])
    def test_aborts_while_frames_are_waiting(self, tmp_path, monkeypatch, frames):
        go = threading.Event()
        sink = ParquetWriter._sink
        monkeypatch.setattr(ParquetWriter, "_sink", lambda *call: (go.wait(10), sink(*call)))
        writer = ParquetWriter(tmp_path / "t.parquet", SCHEMA)
        for _ in range(frames):
            writer.write(_frame(ROWS))
        threading.Timer(0.25, go.set).start()
        writer.abort()
        assert not writer._thread.is_alive()
        assert isinstance(writer._error, FormatError | pl.exceptions.PolarsError)
