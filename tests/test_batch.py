"""Every way through the batch room gives the same rows, and says the same of what cannot be used."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spinegrade import batch, executors
from spinegrade.anatomy import GRADED
from spinegrade.assess import Method, PointSd, grade_rows
from spinegrade.batch import Task, run
from spinegrade.errors import FormatError, ReadingError, SpinegradeError, UnitError
from spinegrade.executors import Where, cores
from spinegrade.io.reading_json import write_reading
from spinegrade.io.reading_table import frame_readings, readings_frame
from spinegrade.io.sources import open_sources
from spines import Kept, die, double, fail, heights, many, shuffled, sound, table

LEVELS = len(GRADED.levels)
ALONE = Where(workers=1)
TASKS = ("grade", "assess", "landmarks", "heights")


def write(frame, path):
    """Write a landmark table in the format that the name says."""
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    return path


def write_readings(frame, folder):
    """Write every reading of a landmark table as a file."""
    folder.mkdir()
    readings = frame_readings(readings_frame(frame.with_row_index("_row").to_dicts()))
    for number, reading in enumerate(readings):
        write_reading(reading, folder / f"{number:04}.reading.json")
    return folder


def results(paths, task="grade", *, where=ALONE, **options):
    """Return the rows that a run writes, and what it says was left out."""
    sources = open_sources(paths).sources
    writer = Kept()
    method = options.pop("method", Method())
    report = run(sources, Task(task, method), lambda: writer, where=where, **options)
    assert report.rows == writer.frame.height
    return writer.frame, report.problems


def rows(paths, task="grade", **options):
    """Return the rows that a run writes, nothing being left out."""
    frame, problems = results(paths, task, **options)
    assert problems == []
    return frame


@pytest.fixture(params=["adjoining", "scattered", "scattered CSV", "several", "readings"])
def paths(request, tmp_path):
    """Give sources of 20 spines in all."""
    spines = many(20)
    one, rest = spines[: 7 * LEVELS], spines[7 * LEVELS :]
    made = {
        "adjoining": lambda: [write(spines, tmp_path / "a.parquet")],
        "scattered": lambda: [write(shuffled(spines), tmp_path / "a.parquet")],
        "scattered CSV": lambda: [write(shuffled(spines), tmp_path / "a.csv")],
        "several": lambda: [write(rest, tmp_path / "b.csv"), write(shuffled(one), tmp_path / "a.parquet")],
        "readings": lambda: [write_readings(spines, tmp_path / "readings")],
    }
    return made[request.param]()


@pytest.fixture
def small(monkeypatch):
    """Batches of two spines."""
    monkeypatch.setattr(batch, "ROWS_A_BATCH", 2 * LEVELS)
    monkeypatch.setattr("spinegrade.io.reading_table._FILES_A_BATCH", 2)


class TestEveryPath:
    @pytest.mark.parametrize("task", TASKS)
    def test_small_batches_give_the_same_rows_as_one(self, paths, task, monkeypatch):
        at_once = rows(paths, task)
        monkeypatch.setattr(batch, "ROWS_A_BATCH", 2 * LEVELS)
        monkeypatch.setattr("spinegrade.io.reading_table._FILES_A_BATCH", 2)
        assert_frame_equal(rows(paths, task), at_once)

    @pytest.mark.parametrize("task", ["grade", "assess"])
    def test_processes_give_the_same_rows_as_one(self, paths, task, small):
        assert_frame_equal(rows(paths, task, where=Where(workers=2)), rows(paths, task))

    def test_the_rows_are_those_of_the_core_in_the_order_of_the_input(self, tmp_path, small):
        spines = shuffled(many(20))
        found = rows([write(spines, tmp_path / "a.parquet")])
        assert_frame_equal(found.select("exam", "level"), spines.select("exam", "level"))
        assert_frame_equal(found, grade_rows(sound(spines), Method()))

    def test_sources_come_out_in_the_order_given(self, tmp_path, small):
        spines = many(6)
        late = write(spines[3 * LEVELS :], tmp_path / "a.csv")
        early = write(spines[: 3 * LEVELS], tmp_path / "b.csv")
        exams = rows([late, early], "assess")["exam"].to_list()
        assert exams == ["E3", "E4", "E5", "E0", "E1", "E2"]

    def test_spines_sum_up_in_the_order_of_their_first_rows(self, tmp_path, small):
        spines = shuffled(many(20))
        found = rows([write(spines, tmp_path / "a.parquet")], "assess")
        assert found["exam"].to_list() == spines["exam"].unique(maintain_order=True).to_list()
        assert found["evaluable"].to_list() == [LEVELS] * 20

    def test_landmarks_come_out_as_they_went_in(self, tmp_path, small):
        spines = shuffled(many(5))
        found = rows([write(spines, tmp_path / "a.parquet")], "landmarks")
        assert_frame_equal(found.select(spines.columns), spines)

    def test_a_spacing_that_is_no_mm_says_so_in_a_table(self, tmp_path):
        """A reading of unknown calibration has oblong pixels, and no millimetres."""
        frame = table(heights(("L1", "L2")), spacing=(0.5, 0.5))
        folder = write_readings(frame, tmp_path / "readings")
        (file,) = folder.iterdir()
        text = file.read_text().replace('"state": "user"', '"state": "unknown"')
        file.write_text(text.replace('"row_spacing_mm": 0.5', '"row_spacing_mm": 0.6'))
        found = rows([folder], "landmarks")
        cells = found.select("row_spacing_mm", "column_spacing_mm", "calibration").unique()
        assert cells.rows() == [(0.6, 0.5, "unknown")]
        landmarks = found.select(name for name in found.columns if not name.startswith("_"))
        again = rows([write(landmarks, tmp_path / "again.parquet")], "grade")
        assert_frame_equal(again, rows([folder], "grade"))
        assert again["unit"].to_list() == ["px", "px"]

    def test_progress_counts_the_rows_that_are_done(self, tmp_path, small):
        done = []
        rows([write(many(5), tmp_path / "a.csv")], progress=done.append)
        assert done == sorted(set(done))
        assert done[-1] == 5 * LEVELS
        assert len(done) > 1

    def test_few_batches_are_under_way_at_a_time(self, tmp_path, small, monkeypatch):
        """However large the table, memory holds a few batches of it."""
        handed, asked, most = [], [], 0

        class Counting(Where):
            def submitter(self, *, much):
                return nullcontext(self.submit)

            def submit(self, function, *arguments):
                nonlocal most
                handed.append(1)
                most = max(most, len(handed) - len(asked))

                def result():
                    asked.append(1)
                    return function(*arguments)

                return result

        rows([write(many(40), tmp_path / "a.csv")], where=Counting())
        assert len(handed) == len(asked) >= 20
        assert 1 < most <= 5

    def test_the_folder_of_results_outlives_the_processes_that_write_into_it(self, tmp_path, small):
        """A process that still writes would be in the way of its removal."""
        folders = []

        class Watched(Where):
            @contextmanager
            def submitter(self, *, much):
                yield self.submit
                folders.append(folders[0].exists())

            def submit(self, function, task, batch_):
                folders.append(task.folder)
                return lambda: function(task, batch_)

        rows([write(many(10), tmp_path / "a.csv")], where=Watched())
        assert folders[-1] is True
        assert not folders[0].exists()

    def test_any_iterator_of_batches_is_a_source(self, tmp_path):
        """What another format yields need not be a generator."""
        path = write(many(4), tmp_path / "a.csv")
        (source,) = open_sources([path]).sources

        class Listed:
            size = source.size
            place = source.place
            places = source.places

            def batches(self, rows):
                return iter([*source.batches(2 * LEVELS)])

        writer = Kept()
        run([Listed()], Task("grade", Method()), lambda: writer, where=ALONE)
        assert_frame_equal(writer.frame, rows([path]))


class TestWhatCannotBeUsed:
    @pytest.fixture
    def wrong(self, tmp_path):
        """Give a table in which lines 4 and 30 name a level that does not exist."""
        spines = many(5).with_row_index("at")
        bad = pl.col("at").is_in([2, 28])
        level = pl.when(bad).then(pl.lit("S1")).otherwise("level").alias("level")
        return write(spines.with_columns(level).drop("at"), tmp_path / "a.csv")

    @pytest.mark.parametrize("where", [ALONE, Where(workers=2)], ids=["alone", "processes"])
    def test_the_first_row_that_cannot_be_used_is_named(self, wrong, small, where):
        with pytest.raises(FormatError, match=r"a\.csv: line 4: level: expected one of C3\.\.L6, got 'S1'$"):
            rows([wrong], where=where)

    def test_more_of_them_in_a_batch_are_counted(self, wrong):
        with pytest.raises(FormatError, match=r"'S1' \(and 1 more; --keep-going lists them and grades the"):
            rows([wrong])

    def test_keep_going_lists_each_with_its_place_and_grades_the_rest(self, wrong, small):
        found, problems = results([wrong], keep_going=True)
        said = "level: expected one of C3..L6, got 'S1'"
        assert problems == [f"{wrong}: line 4: {said}", f"{wrong}: line 30: {said}"]
        assert found.height == 5 * LEVELS - 2

    def test_keep_going_names_the_rows_of_a_scattered_table(self, tmp_path, small):
        spines = shuffled(many(10)).with_row_index("at")
        level = pl.when(pl.col("at") == 77).then(pl.lit("S1")).otherwise("level").alias("level")
        path = write(spines.with_columns(level).drop("at"), tmp_path / "a.parquet")
        found, problems = results([path], keep_going=True)
        assert problems == [f"{path}: row 78: level: expected one of C3..L6, got 'S1'"]
        exams = spines.filter(pl.col("at") != 77)["exam"]
        assert found["exam"].to_list() == exams.to_list()

    def test_a_table_without_a_row_that_can_be_used_is_an_error(self, tmp_path):
        """Which says why of the first of them."""
        frame = table(heights(("L1", "L2"))).with_columns(level=pl.lit("S1"))
        path = write(frame, tmp_path / "a.csv")
        said = r"a\.csv: expected at least one vertebra, got none that can be used; .*a\.csv: line 2: level: "
        with pytest.raises(FormatError, match=said + r".* got 'S1' \(and 1 more\)$"):
            results([path], keep_going=True)

    def test_an_empty_table_is_an_error(self, tmp_path):
        with pytest.raises(FormatError, match=r"a\.csv: expected at least one vertebra"):
            rows([write(many(1)[:0], tmp_path / "a.csv")])

    def test_an_error_of_units_comes_back_from_a_process(self, tmp_path, small):
        path = write(many(10), tmp_path / "a.csv")
        method = Method(point_sd=PointSd(0.5, "mm"))
        with pytest.raises(UnitError, match="expected px for exam E0, which has no spacing in mm"):
            rows([path], method=method, where=Where(workers=2))


class TestReadTwice:
    """A reading that two sources hold contradicts itself: neither can be taken."""

    @pytest.fixture
    def twice(self, tmp_path):
        spines = many(6)
        one = write(spines[: 4 * LEVELS], tmp_path / "a.csv")
        other = write(spines[3 * LEVELS :], tmp_path / "b.csv")
        return one, other

    @pytest.mark.parametrize("task", TASKS)
    def test_both_places_are_named(self, twice, small, task):
        one, other = twice
        with pytest.raises(ReadingError) as caught:
            rows(twice, task)
        assert str(caught.value) == (
            f"{other}: line 2: expected one reading of exam E3 by R1, occasion 1, "
            f"got another one in {one}: line {2 + 3 * LEVELS}"
        )

    @pytest.mark.parametrize("where", [ALONE, Where(workers=2)], ids=["alone", "processes"])
    def test_keep_going_leaves_out_both(self, twice, small, where):
        found, problems = results(twice, keep_going=True, where=where)
        assert found["exam"].unique(maintain_order=True).to_list() == ["E0", "E1", "E2", "E4", "E5"]
        assert len(problems) == 1
        assert "expected one reading of exam E3 by R1" in problems[0]

    def test_two_reading_files_of_one_reading(self, tmp_path, small):
        """Files may be named as they like; what counts is exam, reader and occasion."""
        folder = write_readings(many(5), tmp_path / "readings")
        (folder / "zz.reading.json").write_bytes((folder / "0001.reading.json").read_bytes())
        said = r"zz\.reading\.json: expected one reading of exam E1 .* in .*0001\.reading\.json$"
        with pytest.raises(ReadingError, match=said):
            rows([folder])
        found, problems = results([folder], "assess", keep_going=True)
        assert found["exam"].to_list() == ["E0", "E2", "E3", "E4"]
        assert len(problems) == 1

    def test_a_scattered_table_and_a_file_that_repeats_one_of_its_readings(self, tmp_path, small):
        table_ = write(shuffled(many(6)), tmp_path / "a.csv")
        folder = write_readings(many(2)[LEVELS:], tmp_path / "readings")
        found, problems = results([table_, folder], "assess", keep_going=True)
        assert sorted(found["exam"]) == ["E0", "E2", "E3", "E4", "E5"]
        assert len(problems) == 1

    def test_a_reading_in_three_places_is_left_out_of_all(self, twice, tmp_path, small):
        third = write(many(4)[3 * LEVELS :], tmp_path / "c.parquet")
        found, problems = results([*twice, third], keep_going=True)
        assert "E3" not in found["exam"]
        assert len(problems) == 1

    def test_another_occasion_is_another_reading(self, tmp_path):
        once = table(heights(("L1", "L2")))
        again = once.with_columns(occasion=pl.lit(2))
        paths = [write(once, tmp_path / "a.csv"), write(again, tmp_path / "b.csv")]
        assert rows(paths, "assess")["occasion"].to_list() == [1, 2]


class TestPlaces:
    """Where the work is done."""

    def test_as_many_processes_as_cores_unless_told_otherwise(self):
        assert Where().workers == cores() >= 1
        with pytest.raises(ValueError, match="'workers' must be >= 1"):
            Where(workers=0)

    def test_cores_are_counted_where_the_system_tells_no_affinity(self, monkeypatch):
        monkeypatch.delattr("os.sched_getaffinity", raising=False)
        monkeypatch.setattr("os.cpu_count", lambda: 7)
        assert cores() == 7
        monkeypatch.setattr("os.cpu_count", lambda: None)
        assert cores() == 1

    def test_little_work_is_done_here(self):
        with Where(workers=2).submitter(much=False) as submit:
            assert submit(signal.getsignal, signal.SIGINT)() is signal.getsignal(signal.SIGINT)

    def test_processes_answer_each_call_and_leave_ctrl_c_to_the_parent(self):
        with Where(workers=2).submitter(much=True) as submit:
            answers = [submit(double, number) for number in range(9)]
            assert submit(signal.getsignal, signal.SIGINT)() is signal.SIG_IGN
            assert [answer() for answer in answers] == [2 * number for number in range(9)]

    def test_what_a_process_raises_is_raised_here_and_says_where_it_came_from(self):
        with Where(workers=2).submitter(much=True) as submit:
            with pytest.raises(ValueError, match="no such thing") as caught:
                submit(fail, "no such thing")()
            assert "in fail" in "".join(caught.value.__notes__)
            assert submit(double, 4)() == 8

    def test_processes_can_be_asked_from_another_thread(self):
        """As a plugin does, where Python hears no Ctrl-C anyway."""

        def ask():
            with Where(workers=2).submitter(much=True) as submit:
                return submit(double, 21)()

        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(ask).result() == 42

    def test_processes_start_where_signals_have_no_masks(self, monkeypatch):
        monkeypatch.delattr("signal.pthread_sigmask", raising=False)
        with Where(workers=2).submitter(much=True) as submit:
            assert submit(double, 21)() == 42

    def test_ctrl_c_is_heard_once_a_process_has_started(self):
        done = []
        with pytest.raises(KeyboardInterrupt), executors._deaf_to_ctrl_c():  # noqa: PT012  what is tested
            signal.raise_signal(signal.SIGINT)
            done.append("started")
        assert done == ["started"]

    @pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of Unix")
    def test_a_process_that_is_killed_is_an_error(self):
        said = "expected every process to work to the end, got one that was killed"
        with pytest.raises(SpinegradeError, match=said), Where(workers=2).submitter(much=True) as submit:
            submit(die)()

    @pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of Unix")
    def test_a_process_that_is_killed_amid_its_answer_is_not_waited_for(self):
        """Whoever reads a pipe that several processes share would wait for the other half for ever."""
        command = (
            "from spines import die_answering\n"
            "from spinegrade.executors import Where\n"
            "with Where(workers=2).submitter(much=True) as submit: submit(die_answering)()"
        )
        done = subprocess.run(
            [sys.executable, "-c", command],
            cwd=Path(__file__).parent,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 1
        assert "SpinegradeError: workers: expected every process to work to the end" in done.stderr
