"""Small studies, made and read as coordinators and readers make and read them."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from attrs import define, evolve, field, frozen

from films import write_film
from spinegrade.anatomy import LANDMARKS
from spinegrade.readings import Event, Landmark, VertebraReading
from spinegrade.study.build import create_study
from spinegrade.study.protocol import parse_protocol
from spinegrade.study.sessions import ReaderSession
from spinegrade.study.store import Store

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

PROTOCOL = """
title = "Test"
films = ["films"]
readers = ["R1", "R2"]
seed = 7
levels = "T8-T9"
occasions = 2
washout_days = 10
asked = ["landmarks", "visual_grade"]
adjudicators = ["R3"]
"""


@define
class Clock:
    """A clock that goes when it is told."""

    now: datetime = START

    def __call__(self):
        return self.now

    def go(self, **by):
        self.now += timedelta(**by)


def write_films(folder, count=3, size=(24, 20)):
    """Write films whose pixels differ, of patients of their own."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(5)
    for number in range(1, count + 1):
        pixels = rng.integers(0, 4096, size).astype(np.uint16)
        tags = {"PatientID": f"SECRET-{number}", "StudyDate": f"2026010{number % 9 + 1}"}
        write_film(folder / f"film{number}.dcm", pixels, ImagerPixelSpacing=[0.3, 0.3], **tags)
    return folder


def write_protocol(folder, text=PROTOCOL, **changes):
    """Write a protocol, some of its lines replaced."""
    lines = [line for line in text.strip().splitlines() if line.split(" = ")[0] not in changes]
    lines = [f"{name} = {value}" for name, value in changes.items() if value is not None] + lines
    path = folder / "protocol.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@frozen
class Study:
    """A study that was made: where it is, and by which address each reader comes to it."""

    where: str
    clock: Clock
    addresses: dict[str, str] = field(factory=dict)

    def session(self, reader="R1", **options):
        """Sign a reader in."""
        return ReaderSession.open(self.address(reader), reader, **{"clock": self.clock} | options)

    def address(self, reader):
        return self.addresses.get(reader, self.where)

    def store(self):
        """Open it as the coordinator."""
        return Store.open(self.where, clock=self.clock)


def make_study(folder, where, *, films=3, **changes):
    """Make a study of small films at a place."""
    write_films(folder / "films", films)
    clock = Clock()
    built = create_study(write_protocol(folder, **changes), where, clock=clock)
    addresses = {login.reader: _as(where, login) for login in built.logins}
    return Study(str(where), clock, addresses)


def _as(where, login):
    """Return the address of a database for a login."""
    _, _, rest = where.partition("@")
    return f"postgresql://{login.role}:{login.password}@{rest}"


def answered(blank, *, grade=0.0, shift=0.0, at=START, levels=("T8", "T9")):
    """Return a reading in which everything that is asked is answered, with an event a vertebra."""
    points = {name: Landmark(2.0 + place + shift, 3.0 + place) for place, name in enumerate(LANDMARKS)}
    vertebrae = tuple(VertebraReading(level, points, visual_grade=grade) for level in levels)
    events = tuple(
        Event(at + timedelta(seconds=10 * number), "place", level) for number, level in enumerate(levels)
    )
    return evolve(blank, vertebrae=vertebrae, events=events)


def read_all(session, **how):
    """Read everything that is open to a reader; return the items in the order in which they came."""
    done = []
    while (item := session.next()) is not None:
        session.commit(item, answered(session.blank(item), **how))
        done.append(item)
    return done


def protocol(**changes):
    """Return the test protocol, changed, without films."""
    lines = [line for line in PROTOCOL.strip().splitlines() if line.split(" = ")[0] not in changes]
    return parse_protocol("\n".join([*(f"{k} = {v}" for k, v in changes.items()), *lines]), "p.toml")


BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


def postgres_binaries():
    """Return the folder of PostgreSQL's programs, None where the server is not installed."""
    named = shutil.which("initdb")
    if BINARIES:
        return BINARIES[-1].parent
    return Path(named).resolve().parent if named else None


@frozen
class Server:
    """A PostgreSQL server of the tests' own, with a coordinator who is no superuser."""

    folder: Path
    binaries: Path
    port: int
    counter: itertools.count = field(factory=itertools.count)

    def run(self, program, *arguments, **options):
        """Run one of its programs, as nobody's root."""
        before = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if _is_root() else []
        command = [*before, str(self.binaries / program), *map(str, arguments)]
        options = {"check": True, "capture_output": True, "text": True, "timeout": 60} | options
        return subprocess.run(command, cwd=self.folder, **options)  # noqa: PLW1510

    def start(self):
        self.run("pg_ctl", "start", "-w", "-D", self.folder / "data", "-l", self.folder / "log", stdout=None)

    def stop(self, mode="fast"):
        self.run("pg_ctl", "stop", "-w", "-m", mode, "-D", self.folder / "data")

    def new_database(self):
        """Return the URL of an empty database for its coordinator."""
        import psycopg

        name = f"study{next(self.counter)}"
        with psycopg.connect(self.conninfo("coordinator", "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
            connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        return f"postgresql://coordinator:right-word@/{name}?host={self.folder}&port={self.port}"

    def conninfo(self, user, database, password="right-word"):  # noqa: S107
        return f"host={self.folder} port={self.port} user={user} dbname={database} password={password}"


def _is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextlib.contextmanager
def running_server(binaries):
    """Give a running server on a socket in a folder of its own, all of which goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sgpg"))
    try:
        if _is_root():
            shutil.chown(folder, "postgres", "postgres")
        server = Server(folder, binaries, _free_port())
        word = folder / "word"
        word.write_text("right-word\n")
        word.chmod(0o644)
        server.run(
            "initdb", "-D", folder / "data", "-U", "super", "-A", "scram-sha-256", "--pwfile", word,
            "--no-sync", "-E", "UTF8", "--locale=C",
        )  # fmt: skip
        settings = f"unix_socket_directories = '{folder}'\nlisten_addresses = ''\nport = {server.port}\n"
        settings += "fsync = off\nmax_connections = 60\n"
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write(settings)
        server.start()
        try:
            import psycopg

            with psycopg.connect(server.conninfo("super", "postgres"), autocommit=True) as connection:
                connection.execute("CREATE ROLE coordinator LOGIN CREATEDB CREATEROLE PASSWORD 'right-word'")
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
