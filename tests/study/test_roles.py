"""A reader on PostgreSQL sees nothing of anybody else, whatever SQL is typed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import evolve
from sqlalchemy import text

from spinegrade.errors import StudyError
from spinegrade.study import schema
from spinegrade.study.amend import amend_protocol, lock
from spinegrade.study.sessions import ReaderSession
from spines import invoke
from study.making import answered, read_all, write_protocol

psycopg = pytest.importorskip("psycopg")

HIDDEN = ("originals", "protocols", "consensus")
"""Tables of which a reader may see nothing at all."""


def connect(address):
    """Connect with nothing but PostgreSQL's own driver, as anybody can who has a login."""
    parts = urlsplit(address)
    where = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return psycopg.connect(
        host=where["host"],
        port=where["port"],
        user=parts.username,
        password=parts.password,
        dbname=parts.path[1:],
        autocommit=True,
    )


@pytest.fixture
def read(postgres_study):
    """Give a study in which both readers have committed, drafted and amended."""
    for reader in ("R1", "R2"):
        with postgres_study.session(reader) as session:
            first = session.next()
            session.commit(first, answered(session.blank(first), grade=1.0))
            session.amend(first, answered(session.blank(first), grade=2.0), f"amended by {reader}")
            item = session.next()
            session.save(item, evolve(session.blank(item), comment=f"draft of {reader}"))
    return postgres_study


@pytest.fixture
def raw(read):
    """Give a connection of the first reader."""
    with connect(read.address("R1")) as connection:
        yield connection


class TestWhatAReaderSees:
    def test_of_every_table(self, raw):
        """All tables are tried, also those that are added one day."""
        seen = {}
        for table in schema.metadata.tables:
            try:
                columns = "at, who, did, occasion, film, details" if table == "log" else "*"
                seen[table] = raw.execute(f"SELECT {columns} FROM {table}").fetchall()  # noqa: S608
            except psycopg.errors.InsufficientPrivilege:
                continue
        assert set(seen) == {"study", "films", "readers", "assignments", "readings", "log"}
        assert [row[0] for row in seen["readers"]] == ["R1"]
        assert {row[0] for row in seen["assignments"]} == {"R1"}
        assert {row[0] for row in seen["readings"]} == {"R1"}
        assert len(seen["readings"]) == 3
        assert {row[1] for row in seen["log"]} == {"R1"}
        for word in ("R2", "SECRET", "film1", "seed"):
            assert word not in repr({name: rows for name, rows in seen.items() if name != "films"})

    def test_an_adjudicator_sees_no_film_that_was_not_given(self, read):
        with connect(read.address("R3")) as connection:
            assert connection.execute("SELECT count(*) FROM films").fetchone() == (0,)
            assert connection.execute("SELECT count(*) FROM readings").fetchone() == (0,)

    @pytest.mark.parametrize("table", HIDDEN)
    def test_not_whose_the_films_are(self, raw, table):
        for statement in (
            f"SELECT count(*) FROM {table}",  # noqa: S608
            f"SELECT 1 FROM films f JOIN {table} t ON true",  # noqa: S608
            f"COPY {table} TO STDOUT",
            f"DELETE FROM {table}",  # noqa: S608
            f"TRUNCATE {table}",
            f"GRANT SELECT ON {table} TO current_user",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "SET ROLE coordinator",
            "SET SESSION AUTHORIZATION coordinator",
            "ALTER TABLE readings DISABLE ROW LEVEL SECURITY",
            "CREATE POLICY mine ON readings USING (true)",
            "DROP POLICY own_seen ON readings",
            "CREATE TABLE copy AS SELECT 1",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "SELECT pg_read_file('PG_VERSION')",
            "COPY readings FROM PROGRAM 'true'",
            "CREATE ROLE other",
            "UPDATE readers SET closed = false",
            "UPDATE readings SET reader = 'R2'",
            "UPDATE assignments SET reader = 'R1'",
            "DELETE FROM readings",
            "DELETE FROM log",
            "UPDATE log SET who = 'R2'",
            "UPDATE study SET version = 99",
            "SELECT id FROM log",
        ],
    )
    def test_nor_is_there_a_way_round(self, raw, statement):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute(statement)

    def test_row_security_cannot_be_switched_off(self, raw):
        raw.execute("SET row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("SELECT * FROM readings")

    def test_statistics_do_not_tell(self, read, raw, server):
        with connect(read.where) as owner:
            owner.execute("ANALYZE")
        told = repr(raw.execute("SELECT * FROM pg_stats WHERE schemaname = 'public'").fetchall())
        assert "R2" not in told
        assert "SECRET" not in told

    def test_a_function_that_leaks_is_not_asked_about_others_rows(self, read, raw):
        """A condition that would print what it sees runs after the row-level security."""
        with connect(read.where) as owner:
            owner.execute(f"GRANT TEMP ON DATABASE {raw.info.dbname} TO PUBLIC")
        notices = []
        raw.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        raw.execute("""
            CREATE FUNCTION pg_temp.leak(words text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS
            $$ BEGIN RAISE NOTICE '%', words; RETURN true; END $$
        """)
        raw.execute("SELECT count(*) FROM readings WHERE pg_temp.leak(text)")
        assert any('"R1"' in notice for notice in notices)
        assert not [notice for notice in notices if '"R2"' in notice]


class TestWhatAReaderMayWrite:
    def test_nothing_in_the_name_of_another(self, read, raw):
        film = raw.execute("SELECT film FROM assignments LIMIT 1").fetchone()[0]
        columns = "reader, occasion, film, revision, state, saves, opened_at, saved_at, text"
        for statement in (
            f"INSERT INTO readings ({columns}) VALUES ('R2', 2, '{film}', 1, 'open', 1, '', '', '')",  # noqa: S608
            "INSERT INTO log (at, who, did) VALUES ('', 'R2', 'signed in')",
            "INSERT INTO log (at, who, did) VALUES ('', 'coordinator', 'amended')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                raw.execute(statement)

    def test_nothing_over_what_is_committed(self, raw):
        changed = raw.execute("UPDATE readings SET text = 'other', saves = 9 WHERE state <> 'open'")
        assert changed.rowcount == 0

    def test_nothing_while_locked(self, read, raw):
        with read.store() as store:
            lock(store, "left", "R1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            raw.execute("UPDATE readings SET text = 'other'")


class TestVerbs:
    @pytest.mark.parametrize(
        "words",
        [
            ["status"],
            ["status", "--log"],
            ["adjudicate"],
            ["adjudicate", "--give", "R3"],
            ["export", "table", "out.csv"],
            ["export", "pack", "out", "--reader", "R2"],
            ["export", "pack", "out", "--reader", "R1"],
            ["lock", "--reason", "x"],
            ["consensus", "F001", "T8", "--visual-grade", "1", "--by", "R1", "--reason", "x"],
            ["read", "--reader", "R2"],
        ],
    )
    def test_of_the_coordinator_are_none_for_a_reader(self, read, words, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        verb = words[:2] if words[0] == "export" else words[:1]
        said = invoke("study", *verb, read.address("R1"), *words[len(verb) :])
        assert (said.code, said.out) == (1, "")
        assert "R2" not in said.err.replace("'R2'", "").replace("R2, occasion 1: expected films to read", "")
        assert not list(tmp_path.glob("out*"))


class TestLogins:
    def test_a_login_is_of_one_reader(self, read):
        with pytest.raises(StudyError, match="expected a reader of this study, got 'R2'"):
            ReaderSession.open(read.address("R1"), "R2")

    def test_a_wrong_password_is_said_without_it(self, read):
        password = urlsplit(read.address("R1")).password
        wrong = read.address("R1").replace(password, "mistaken-word")
        with pytest.raises(StudyError, match=r"got no connection .*password authentication failed") as error:
            ReaderSession.open(wrong, "R1")
        assert "mistaken-word" not in str(error.value)

    def test_a_password_is_in_no_table(self, read):
        with read.store() as store, store.reading() as connection:
            for table in schema.metadata.tables:
                every = repr(connection.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608
                for address in read.addresses.values():
                    assert urlsplit(address).password not in every

    def test_the_coordinator_can_read_as_anybody_and_sees_all(self, read):
        with ReaderSession.open(read.where, "R2", clock=read.clock) as session:
            assert session.progress.read == 1

    def test_the_coordinator_cannot_change_what_is_committed_either(self, read):
        for statement in (
            "UPDATE readings SET text = '' WHERE state = 'committed'",
            "DELETE FROM readings WHERE state = 'amended'",
            "DELETE FROM log",
            "UPDATE protocols SET text = ''",
        ):
            with (
                connect(read.where) as connection,
                pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=r"locked|only added to"),
            ):
                connection.execute(statement)

    def test_a_reader_who_comes_later_gets_one_too(self, read, tmp_path):
        path = write_protocol(tmp_path, readers='["R1", "R2", "R4"]')
        with read.store() as store:
            differs, logins = amend_protocol(store, path, "more readers")
        assert differs == ["readers"]
        (login,) = logins
        assert login.reader == "R4"
        assert login.role not in {urlsplit(address).username for address in read.addresses.values()}
        base = urlsplit(read.where)
        address = f"postgresql://{login.role}:{login.password}@{base.path}?{base.query}"
        with ReaderSession.open(address, "R4", clock=read.clock) as session:
            assert len(read_all(session)) == 3
