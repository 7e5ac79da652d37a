"""What a ``study new`` that was killed leaves behind, and that the next one clears it away."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from spinegrade.study.build import create_study
from spinegrade.study.sqlite_file import remove_stale, unfinished
from spinegrade.study.store import Store
from study.making import write_films, write_protocol

_MAKE = """
import os, sys
from pathlib import Path
from spinegrade.study.build import create_study
def at_last(done, of):
    if done == of:
        {do}
create_study(Path(sys.argv[1]), sys.argv[2], progress=at_last)
"""


def start(folder, do, **options):
    """Start a process that makes a study, and does something before the last film is kept."""
    command = [sys.executable, "-c", _MAKE.format(do=do), folder / "protocol.toml", folder / "my.study"]
    return subprocess.Popen(command, text=True, **options)


def left(folder):
    return sorted(path.name for path in folder.glob(".*"))


@pytest.fixture
def folder(tmp_path):
    """Give a folder with a protocol of films that SQLite cannot hold in memory until the end."""
    write_films(tmp_path / "films", 3, (1500, 1000))
    write_protocol(tmp_path)
    return tmp_path


def test_is_cleared_away_by_the_next_study_of_that_name(folder):
    process = start(folder, "os.kill(os.getpid(), 9)")
    assert process.wait(timeout=60) == -signal.SIGKILL
    (part, _) = left(folder)
    assert b"SECRET-" in (folder / part).read_bytes()
    (folder / ".my.study.zip.part").write_text("somebody's own")
    create_study(folder / "protocol.toml", folder / "my.study")
    assert left(folder) == [".my.study.zip.part"]


def test_of_another_name_is_left_alone(folder):
    assert start(folder, "os.kill(os.getpid(), 9)").wait(timeout=60) == -signal.SIGKILL
    for name in ("my", "my.study2", "study"):
        create_study(folder / "protocol.toml", folder / name)
    assert len(left(folder)) == 2


def test_what_another_program_works_on_is_left_alone(folder):
    process = start(
        folder,
        "print('ready', flush=True); sys.stdin.readline()",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == "ready\n"
        (part, journal) = left(folder)
        os.utime(folder / part, (0, 0))
        remove_stale(folder / "my.study")
        assert left(folder) == [part, journal]
        process.communicate("go on\n", timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    with Store.open(folder / "my.study"):
        assert left(folder) == []


def test_the_moments_without_a_lock_are_waited_for(tmp_path):
    """A file that was made just now, and a study that has no name yet, may be somebody's."""
    new, whole = (unfinished(tmp_path / "my.study") for _ in range(2))
    with sqlite3.connect(whole) as connection:
        connection.execute("CREATE TABLE a (b)")
    connection.close()
    remove_stale(tmp_path / "my.study")
    assert left(tmp_path) == sorted([new.name, whole.name])
    for path in (new, whole):
        os.utime(path, (0, 0))
    remove_stale(tmp_path / "my.study")
    assert left(tmp_path) == []


def test_what_is_no_database_is_left_alone(tmp_path):
    path = unfinished(tmp_path / "my.study")
    Path(path).write_text("x" * 5000)
    os.utime(path, (0, 0))
    remove_stale(tmp_path / "my.study")
    assert path.exists()
