"""What goes wrong around a study: kills, crowds, full disks, locks, wrong and damaged files."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve
from sqlalchemy import select, text

from spinegrade.errors import StudyError
from spinegrade.readings import Event
from spinegrade.study import schema, sessions
from spinegrade.study.build import create_study
from spinegrade.study.pack_session import PackSession
from spinegrade.study.packs import export_pack
from spinegrade.study.sessions import ReaderSession
from spinegrade.study.status import log_lines, study_status
from spinegrade.study.store import Store
from spinegrade.study.tables import committed_readings
from study.making import START, Clock, Study, answered, make_study, read_all, write_films, write_protocol

TESTS = Path(__file__).parents[1]
COMMITTER = TESTS / "study" / "committer.py"


@contextlib.contextmanager
def committer(where, reader):
    """Give a process that is about to commit everything there is; a line sends it off."""
    process = subprocess.Popen(
        [sys.executable, str(COMMITTER), str(where), reader, START.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])},
    )
    with process:
        try:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
            yield process
        finally:
            process.kill()


def killed(where, reader, rng):
    """Let a process commit a few films, kill it in the midst, and return those whose commit had returned."""
    with committer(where, reader) as process:
        process.stdin.write("\n")
        process.stdin.flush()
        said = "".join(process.stdout.readline() for _ in range(rng.randint(1, 3)))
        time.sleep(rng.uniform(0, 0.06))
        process.kill()
        said += process.stdout.read()
    whole = said[: said.rfind("\n") + 1].splitlines()
    return {line.split()[0] for line in whole}


def all_at_once(study, readers):
    """Send off a process for each reader at the same moment, and return what they say on standard error."""
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(committer(study.address(reader), reader)) for reader in readers]
        for process in running:
            process.stdin.write("\n")
            process.stdin.flush()
        return [process.communicate(timeout=120)[1] for process in running]


def committed(study):
    """Return the committed readings, each parsed whole, and check the log against them."""
    with study.store() as store, store.reading() as connection:
        readings = [(one.reader, one.exam.id, one.occasion) for one in committed_readings(connection)]
        for one in committed_readings(connection):
            assert len(one.vertebrae) == 2
            assert one.events[-1].did == "commit"
        states = connection.execute(select(schema.readings.c.state, schema.readings.c.committed_at)).all()
    assert all((state == "committed") == (at is not None) for state, at in states)
    with study.store() as store:
        logged = Counter(
            (line.who, line.film, line.occasion) for line in log_lines(store) if line.did == "committed"
        )
    assert logged == Counter(readings)
    return set(readings)


class TestKilled:
    """kill -9 in the middle of commits: a reading is whole or absent, and what was acknowledged is there."""

    def test_readers(self, place, tmp_path):
        rng = random.Random(3)  # noqa: S311
        study = make_study(tmp_path, place, films=60)
        seen = set()
        for kills in range(1, 13):
            seen |= {("R1", film, 1) for film in killed(study.address("R1"), "R1", rng)}
            there = committed(study)
            assert seen <= there
            assert len(there - seen) <= kills  # at most the one it was about to say, each time

    def test_packs(self, tmp_path):
        rng = random.Random(4)  # noqa: S311
        study = make_study(tmp_path, tmp_path / "my.study", films=60)
        with study.store() as store:
            export_pack(store, "R1", 1, tmp_path / "pack")
        seen = set()
        for kills in range(1, 9):
            seen |= killed(tmp_path / "pack", "R1", rng)
            with PackSession.open(tmp_path / "pack", clock=study.clock) as session:
                there = {one.name.split(".")[0] for one in (tmp_path / "pack" / "committed").glob("F*")}
                assert session.progress.read == len(there)
            assert seen <= there
            assert len(there - seen) <= kills

    def test_a_server(self, server, postgres_study):
        """The server goes down at once in the middle of a session, and comes up again."""
        with postgres_study.session() as session:
            item = session.next()
            reading = answered(session.blank(item))
            session.save(item, reading)
            server.stop("immediate")
            try:
                with pytest.raises(StudyError, match="expected to reach the server, got no connection"):
                    session.commit(item, reading)
            finally:
                server.start()
            assert session.draft(item) == reading
            session.commit(item, reading)
        assert committed(postgres_study) == {("R1", item.film, 1)}


class TestCrowd:
    def test_ten_readers_commit_at_the_same_moment(self, place, tmp_path):
        """Ten processes of ten readers: none is lost and none doubled."""
        names = [f"Reader {number}" for number in range(10)]
        study = make_study(tmp_path, place, films=4, readers=str(names).replace("'", '"'), adjudicators=None)
        assert all_at_once(study, names) == [""] * 10
        there = committed(study)
        assert there == {(name, f"F00{film}", 1) for name in names for film in (1, 2, 3, 4)}
        with study.store() as store:
            assert study_status(store).committed == 40

    def test_one_reader_in_two_windows_at_once_commits_nothing_twice(self, study):
        words = all_at_once(study, ["R1", "R1"])
        assert all(not said or "StudyError" in said for said in words)
        committed(study)
        with study.session() as session:
            read_all(session)
        assert committed(study) == {("R1", f"F00{film}", 1) for film in (1, 2, 3)}


class TestFullDisk:
    def test_a_small_disk(self, tmp_path):
        """A file system of a few hundred kilobytes; what was acknowledged stays."""
        disk = tmp_path / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("a small disk can only be mounted by root")
        try:
            study = make_study(tmp_path, disk / "my.study", films=3)
            with study.session() as session:
                item = session.next()
                reading = answered(session.blank(item))
                session.save(item, reading)
                (disk / "filler").write_bytes(b"\0" * (os.statvfs(disk).f_bavail * 4096 - 4096))
                with pytest.raises(  # noqa: PT012
                    StudyError, match="expected room on the disk, got none; nothing was changed"
                ):
                    for number in range(200):
                        session.save(item, _long(reading, number))
                        reading = _long(reading, number)
                (disk / "filler").unlink()
                assert session.draft(item) == reading
                session.commit(item, reading)
            assert committed(study) == {("R1", item.film, 1)}
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def test_a_file_that_may_not_grow(self, sqlite_study):
        with sqlite_study.session() as session:
            item = session.next()
            reading = answered(session.blank(item))
            session.save(item, reading)
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (Path(sqlite_study.where).stat().st_size, limits[1]))
            try:
                words = "expected room on the disk, got none|got a fault of the disk; nothing was changed"
                with pytest.raises(StudyError, match=words):
                    session.commit(item, _long(reading, 30_000))
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
                signal.signal(signal.SIGXFSZ, before)
            assert session.draft(item) == reading
            session.commit(item, reading)
        assert committed(sqlite_study) == {("R1", item.film, 1)}

    def test_no_room_for_a_new_study(self, tmp_path):
        disk = tmp_path / "disk"
        disk.mkdir()
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
        ).returncode:
            pytest.skip("a small disk can only be mounted by root")
        try:
            write_films(tmp_path / "films", 9, (90, 90))
            with pytest.raises(StudyError, match="room on the disk, got none"):
                create_study(write_protocol(tmp_path), disk / "my.study")
            assert list(disk.iterdir()) == []
        finally:
            subprocess.run(["umount", str(disk)], check=True)


def _long(reading, number):
    return evolve(reading, comment="x" * (5000 + 40 * number))


class TestSqliteFiles:
    def test_locked_by_another_program(self, sqlite_study):
        other = contextlib.closing(sqlite3.connect(sqlite_study.where, isolation_level=None))
        with sqlite_study.session() as session, other as holder:
            item = session.next()
            reading = answered(session.blank(item))
            session._store.close()
            session._store = Store.open(sqlite_study.where, clock=sqlite_study.clock, patience=0.2)
            holder.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StudyError, match="expected it to be free, got it locked by another program"):
                session.commit(item, reading)
            holder.execute("ROLLBACK")
            session.commit(item, reading)
        assert committed(sqlite_study) == {("R1", item.film, 1)}

    def test_of_a_newer_version(self, sqlite_study):
        with contextlib.closing(sqlite3.connect(sqlite_study.where)) as other:
            other.execute("UPDATE study SET version = 2")
            other.commit()
        with pytest.raises(StudyError, match="of version 1, got version 2, made by a newer spinegrade"):
            sqlite_study.store()

    def test_that_is_no_database(self, tmp_path):
        (tmp_path / "my.study").write_text("Dear coordinator, " * 100)
        with pytest.raises(StudyError, match="expected a study, got a file of another kind"):
            Store.open(tmp_path / "my.study")
        assert (tmp_path / "my.study").read_text().startswith("Dear")

    def test_that_is_empty(self, tmp_path):
        (tmp_path / "my.study").touch()
        with pytest.raises(StudyError, match="expected a study, got another SQLite database"):
            Store.open(tmp_path / "my.study")

    @pytest.mark.parametrize(
        "statement",
        ["CREATE TABLE notes (a)", "CREATE TABLE study (a)", "CREATE TABLE study (format, version)"],
    )
    def test_of_another_program(self, tmp_path, statement):
        with contextlib.closing(sqlite3.connect(tmp_path / "my.study")) as other:
            other.execute(statement)
        with pytest.raises(StudyError, match=r"expected a study, got (another SQLite|a) database"):
            Store.open(tmp_path / "my.study")

    @pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
    def test_that_is_cut_off(self, sqlite_study, kept):
        path = Path(sqlite_study.where)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * kept)])
        with pytest.raises(StudyError, match=r"it is cut off|a file that is cut off or damaged"):
            sqlite_study.store()

    def test_that_is_damaged_inside_is_said_when_it_is_met(self, sqlite_study):
        path = Path(sqlite_study.where)
        content = bytearray(path.read_bytes())
        content[4096:] = b"\xa5" * (len(content) - 4096)
        path.write_bytes(content)
        with pytest.raises(StudyError, match="cut off or damaged"), sqlite_study.store() as store:
            study_status(store)

    def test_that_is_not_there(self, tmp_path):
        with pytest.raises(StudyError, match="expected a study, got no such file"):
            Store.open(tmp_path / "my.study")
        assert not list(tmp_path.iterdir())
        with pytest.raises(StudyError, match="expected a study, got a folder"):
            Store.open(tmp_path)

    def test_in_a_folder_that_is_read_only(self, sqlite_study, tmp_path):
        """A medium that cannot be written: the status can be seen, and nothing be read in."""
        disk = tmp_path / "disk"
        disk.mkdir()
        if subprocess.run(
            ["mount", "-t", "tmpfs", "tmpfs", str(disk)], capture_output=True, check=False
        ).returncode:
            pytest.skip("a disk can only be mounted by root")
        try:
            shutil.copy(sqlite_study.where, disk / "my.study")
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            there = Study(str(disk / "my.study"), sqlite_study.clock)
            with there.store() as store:
                assert study_status(store).readings == 12
            with pytest.raises(StudyError, match="got a file or folder that is read-only"):
                there.session()
            with pytest.raises(StudyError, match="expected to read and write it, got: Read-only file system"):
                make_study(tmp_path, disk / "other.study")
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def test_left_with_half_a_commit_by_a_kill_is_whole_again(self, sqlite_study, tmp_path):
        """A hot journal, as a kill in the middle of writing leaves it, is rolled back on opening."""
        with sqlite_study.session() as session:
            item = session.next()
            session.save(item, answered(session.blank(item)))
        script = (
            "import os, sqlite3, sys\n"
            "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "c.execute('PRAGMA cache_size = 1')\n"
            "c.execute('PRAGMA cache_spill = 1')\n"
            "c.execute('BEGIN IMMEDIATE')\n"
            'c.execute("UPDATE readings SET text = hex(randomblob(400000))")\n'
            "os.kill(os.getpid(), 9)\n"
        )
        subprocess.run([sys.executable, "-c", script, sqlite_study.where], check=False)
        assert Path(f"{sqlite_study.where}-journal").stat().st_size > 0
        with sqlite_study.session() as session:
            assert session.draft(item) == answered(session.blank(item))

    def test_the_log_and_what_is_committed_cannot_be_changed(self, sqlite_study):
        with sqlite_study.session() as session:
            read_all(session)
        with contextlib.closing(sqlite3.connect(sqlite_study.where)) as other:
            for statement in (
                "DELETE FROM log",
                "UPDATE log SET who = 'x'",
                "UPDATE readings SET text = ''",
                "DELETE FROM readings",
                "DELETE FROM protocols",
            ):
                with pytest.raises(sqlite3.IntegrityError, match=r"only added to|is locked"):
                    other.execute(statement)
        words = r"expected a change that is allowed, got .* is locked"
        with sqlite_study.store() as store, pytest.raises(StudyError, match=words):  # noqa: SIM117
            with store.writing() as connection:
                connection.execute(text("DELETE FROM readings"))


class TestPostgresServers:
    def test_a_database_without_a_study(self, server):
        with pytest.raises(StudyError, match="expected a study, got a database without one"):
            Store.open(server.new_database())

    def test_a_database_of_something_else(self, server):
        url = server.new_database()
        other = Store(Store._at(url, None, 1)._engine, url)
        with other.writing() as connection:
            connection.execute(text("CREATE TABLE study (a int)"))
        other.close()
        with pytest.raises(StudyError, match="expected a study, got a database of something else"):
            Store.open(url)

    def test_of_a_newer_version(self, postgres_study):
        with postgres_study.store() as store, store.writing() as connection:
            connection.execute(text("UPDATE study SET version = 7"))
        with pytest.raises(StudyError, match="got version 7, made by a newer spinegrade"):
            postgres_study.session()

    def test_a_server_that_is_not_there(self, tmp_path):
        pytest.importorskip("psycopg")
        with pytest.raises(StudyError, match="expected to reach the server, got no connection"):
            Store.open(f"postgresql://me:hush@/study?host={tmp_path}")

    def test_a_database_that_is_not_there(self, server):
        url = server.new_database().replace("/study", "/nothing")
        with pytest.raises(StudyError, match=r'got no connection .*database "nothing.*" does not exist'):
            Store.open(url)

    @pytest.mark.parametrize("url", ["mysql://me:hush@there/db", "nonsense://", "a b://c"])
    def test_another_kind(self, url):
        with pytest.raises(StudyError, match=r"expected a (postgresql|file)") as error:
            Store.open(url)
        assert "hush" not in str(error.value)

    def test_any_other_fault_is_named_by_its_number(self, postgres_study):
        words = r"got a fault of the server \(22012, DivisionByZero\)"
        with postgres_study.store() as store, pytest.raises(StudyError, match=words):  # noqa: SIM117
            with store.reading() as connection:
                connection.execute(text("SELECT 1 / 0"))

    def test_a_window_that_comes_in_between_is_noticed(self, postgres_study, monkeypatch):
        """The other window's save falls between this one's look and its own."""
        with postgres_study.session() as one, postgres_study.session() as other:
            item = one.next()
            reading = answered(one.blank(item))
            for name in ("key", "update_open"):
                with monkeypatch.context() as patch:
                    patch.setattr(
                        sessions.rows, name, _after(getattr(sessions.rows, name), patch, other, item)
                    )
                    with pytest.raises(
                        StudyError, match=r"done meanwhile in another window|changed meanwhile in"
                    ):
                        one.save(item, reading)
                assert one.draft(item).comment == "the other's"
                other.draft(item)

    def test_time_is_the_servers(self, server, tmp_path):
        from datetime import UTC, datetime

        write_films(tmp_path / "films")
        url = server.new_database()
        create_study(write_protocol(tmp_path), url)
        with Store.open(url) as store, store.reading() as connection:
            assert abs(store.now(connection) - datetime.now(UTC)) < timedelta(minutes=1)

    def test_the_driver_that_is_missing(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(StudyError, match=r"got none; pip install 'spinegrade\[postgres\]' brings it"):
            Store.open("postgresql://there/db")


def _after(function, patch, session, item):
    """Return a function that lets another session save first."""

    def wrapped(*arguments):
        patch.undo()
        known = session.draft(item)
        reading = answered(session.blank(item)) if known is None else known
        more = (*reading.events, Event(START, "place", "T8"))
        session.save(item, evolve(reading, comment="the other's", events=more))
        return function(*arguments)

    return wrapped


def test_this_machines_time_is_the_default(tmp_path):
    write_films(tmp_path / "films")
    create_study(write_protocol(tmp_path), tmp_path / "my.study")
    with ReaderSession.open(tmp_path / "my.study", "R1") as session:
        item = session.next()
        session.commit(item, answered(session.blank(item)))
        assert session.notices == ()


def test_a_moment_in_a_future_that_was_a_mistake_loses_nothing(sqlite_study):
    """A clock that was years ahead for one commit: the washout counts from then, and all is kept."""
    ahead = Study(sqlite_study.where, Clock(START + timedelta(days=4000)))
    with ahead.session() as session:
        item = session.next()
        session.commit(item, answered(session.blank(item)))
    with sqlite_study.session() as session:
        assert len(read_all(session)) == 2
        assert session.next() is None
        assert session.notices
