"""The batch room on a dask cluster: a real scheduler and two real workers, on loopback."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time

import pytest
from polars.testing import assert_frame_equal

from spinegrade import batch, executors
from spinegrade.anatomy import GRADED
from spinegrade.assess import Method
from spinegrade.batch import Task, run
from spinegrade.errors import FormatError, SpinegradeError
from spinegrade.executors import Where
from spinegrade.io.reading_json import write_reading
from spinegrade.io.reading_table import frame_readings, readings_frame
from spinegrade.io.sources import open_sources
from spines import Kept, invoke, many, shuffled

pytestmark = pytest.mark.cluster

LEVELS = len(GRADED.levels)
_SECONDS = 30


class Cluster:
    """A dask scheduler on loopback, on a port that is free, and its workers."""

    def __init__(self, folder):
        self._folder = folder
        self._processes = []
        self._said = (folder / "said.txt").open("wb")
        file = folder / "scheduler.json"
        where = ("--port", "0", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", file)
        self.scheduler = self._start("dask_scheduler", *where)
        self.address = self._wait_for(lambda: json.loads(file.read_text())["address"])
        self.workers = []

    def _start(self, module, *options):
        arguments = ["--host", "127.0.0.1", "--no-dashboard", *map(str, options)]
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            cwd=self._folder,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )
        self._processes.append(process)
        return process

    def _wait_for(self, look):
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, KeyError):
                return look()
            if any(process.poll() is not None for process in self._processes):
                break
            time.sleep(0.05)
        pytest.fail(f"expected a dask scheduler, got: {(self._folder / 'said.txt').read_text()[-2000:]}")

    def add_workers(self, count):
        """Start workers of one thread and wait until the scheduler knows them."""
        from distributed import Client

        options = (self.address, "--nthreads", 1, "--no-nanny", "--memory-limit", 0)
        self.workers += [self._start("dask_worker", *options) for _ in range(count)]
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=_SECONDS)

    def stop(self):
        """End every process, whatever it is doing."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._said.close()


@contextlib.contextmanager
def started(folder, *, workers):
    """Give a cluster that is stopped afterwards."""
    cluster = Cluster(folder)
    try:
        if workers:
            cluster.add_workers(workers)
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Give a cluster of two workers."""
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with started(tmp_path_factory.mktemp("cluster"), workers=2) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Make batches of two spines, and give up a connection soon."""
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    monkeypatch.setattr(batch, "ROWS_A_BATCH", 2 * LEVELS)
    monkeypatch.setattr("spinegrade.io.reading_table._FILES_A_BATCH", 2)
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 3)


def rows(paths, task="grade", *, where=Where(workers=1), **options):  # noqa: B008  frozen
    """Return the rows that a run writes."""
    writer = Kept()
    run(open_sources(paths).sources, Task(task, Method()), lambda: writer, where=where, **options)
    return writer.frame


def a_scattered_table(folder):
    """Return a table whose spines lie apart."""
    shuffled(many(20)).write_parquet(folder / "a.parquet")
    return [folder / "a.parquet"]


def several_sources(folder):
    """Return a CSV table, a scattered Parquet table and a folder of readings."""
    spines = many(20)
    spines[: 5 * LEVELS].write_csv(folder / "a.csv")
    shuffled(spines[5 * LEVELS : 12 * LEVELS]).write_parquet(folder / "b.parquet")
    (folder / "readings").mkdir()
    rest = readings_frame(spines[12 * LEVELS :].with_row_index("_row").to_dicts())
    for number, reading in enumerate(frame_readings(rest)):
        write_reading(reading, folder / "readings" / f"{number}.reading.json")
    return [folder / "a.csv", folder / "b.parquet", folder / "readings"]


class TestCluster:
    @pytest.mark.parametrize("task", ["grade", "assess"])
    @pytest.mark.parametrize("sources", [a_scattered_table, several_sources])
    def test_gives_the_same_rows_as_one_process(self, cluster, tmp_path, sources, task):
        paths = sources(tmp_path)
        on_cluster = rows(paths, task, where=Where(cluster=cluster.address))
        assert_frame_equal(on_cluster, rows(paths, task))
        assert on_cluster.height == (20 * LEVELS if task == "grade" else 20)

    def test_gives_the_same_file_from_the_command_line(self, cluster, tmp_path):
        (path,) = a_scattered_table(tmp_path)
        here, there = tmp_path / "here.csv", tmp_path / "there.csv"
        assert invoke("grade", path, "-o", here).code == 0
        said = invoke("grade", path, "-o", there, "--cluster", cluster.address)
        assert (said.code, said.out, said.err) == (0, "", "")
        assert there.read_bytes() == here.read_bytes()

    def test_says_the_same_of_a_row_that_cannot_be_used(self, cluster, tmp_path):
        path = tmp_path / "a.csv"
        many(3).write_csv(path)
        path.write_text(path.read_text().replace(",T9,", ",S1,", 1))
        with pytest.raises(FormatError, match=r"a\.csv: line 7: level: expected one of C3\.\.L6, got 'S1'$"):
            rows([path], where=Where(cluster=cluster.address))

    def test_takes_large_batches_without_a_warning(self, cluster, tmp_path, monkeypatch):
        """Dask would warn of a graph that is large; ours are the data."""
        import dask

        paths = a_scattered_table(tmp_path)
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1kB"}):
            found = rows(paths, where=Where(cluster=cluster.address))
        assert_frame_equal(found, rows(paths))


class TestTrouble:
    def test_no_scheduler_at_the_address(self):
        where = Where(cluster="tcp://127.0.0.1:1")
        with (
            pytest.raises(
                SpinegradeError, match=r"expected a dask scheduler at tcp://127\.0\.0\.1:1, got none"
            ),
            where.submitter(much=True),
        ):
            pass

    def test_an_address_that_is_none(self, tmp_path):
        (path,) = a_scattered_table(tmp_path)
        said = invoke("grade", path, "--cluster", "no-such-thing://")
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert "--cluster: expected a dask scheduler at no-such-thing://, got none" in said.err

    def test_dask_is_not_installed(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "distributed", None)
        where = Where(cluster="tcp://127.0.0.1:1")
        with (
            pytest.raises(SpinegradeError, match=r"expected the extra 'cluster' \(pip install"),
            where.submitter(much=True),
        ):
            pass

    def test_a_scheduler_without_workers_then_one_that_dies(self, tmp_path):
        """A worker that is killed costs nothing, as another one takes over; a scheduler, the run."""
        with started(tmp_path, workers=0) as cluster:
            where = Where(cluster=cluster.address)
            (path,) = a_scattered_table(tmp_path)
            with pytest.raises(
                SpinegradeError, match=r"expected workers at tcp://.*, got a scheduler without"
            ):
                rows([path], where=where)

            cluster.add_workers(2)
            found = rows([path], where=where, progress=lambda _: cluster.workers[0].kill())
            assert_frame_equal(found, rows([path]))

            said = r"--cluster: expected tcp://.* to work to the end, got: .*"
            with pytest.raises(SpinegradeError, match=said) as caught:
                rows([path], where=where, progress=lambda _: cluster.scheduler.kill())
            assert "\n" not in str(caught.value)
