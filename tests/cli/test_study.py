"""``spinegrade study``: a whole study from the command line, and what is said when something is wrong."""

from __future__ import annotations

import io
import json
import os
import shutil
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve

from spinegrade.cli import main
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.readings import Exam
from spinegrade.study.pack_session import PackSession
from spinegrade.study.sessions import ReaderSession
from spines import invoke
from study.conftest import server  # noqa: F401  the fixture
from study.making import answered, read_all, write_films, write_protocol

ROOT = Path(__file__).parents[2]


@pytest.fixture
def protocol(tmp_path):
    """Give a protocol of three small films."""
    write_films(tmp_path / "films")
    return write_protocol(tmp_path)


@pytest.fixture
def study(protocol, tmp_path):
    """Give a study that was made from the command line."""
    said = invoke("study", "new", protocol, tmp_path / "my.study")
    assert (said.code, said.out) == (0, "")
    assert said.err == f"3 films of 3 patients, 3 readers: {tmp_path / 'my.study'}\n"
    return tmp_path / "my.study"


def read(study, reader="R1", **how):
    with ReaderSession.open(study, reader) as session:
        return read_all(session, **how)


class TestNew:
    @pytest.mark.parametrize("words", [["study", "--example"], ["study", "new", "--example"]])
    def test_example_is_a_protocol(self, words):
        said = invoke(*words)
        assert said.code == 0
        assert tomllib.loads(said.out)["readers"] == ["R1", "R2"]

    def test_example_makes_a_study_of_the_samples(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        shutil.copytree(ROOT / "sample_images", "sample_images", ignore=shutil.ignore_patterns("*.png"))
        Path("protocol.toml").write_text(invoke("study", "--example").out)
        said = invoke("study", "new", "protocol.toml", "my.study", "--json")
        assert (said.code, json.loads(said.out)) == (
            0,
            {"films": 9, "patients": 9, "readers": ["R1", "R2", "R3"]},
        )

    def test_a_wrong_protocol_makes_nothing(self, protocol, tmp_path):
        protocol.write_text(protocol.read_text().replace('"R2"', '"r1"'))
        said = invoke("study", "new", protocol, tmp_path / "my.study")
        assert (said.code, len(said.lines)) == (1, 1)
        assert "readers: expected every one once, got 'r1' twice" in said.err
        assert not (tmp_path / "my.study").exists()

    def test_a_film_that_is_not_there_is_said_with_the_protocol(self, protocol, tmp_path):
        protocol.write_text(protocol.read_text().replace('["films"]', '["nix"]'))
        said = invoke("study", "new", protocol, tmp_path / "my.study")
        assert (said.code, len(said.lines)) == (1, 1)
        assert f"{protocol}: films[0]: expected a film or a folder, got no such file" in said.err

    def test_a_bar_moves_on_a_terminal(self, protocol, tmp_path):
        said = invoke("study", "new", protocol, tmp_path / "my.study", terminal=True)
        assert said.code == 0
        assert "films" in said.err

    def test_on_a_server_says_each_login_once_and_no_password_of_the_coordinator(self, protocol, server):  # noqa: F811
        url = server.new_database()
        said = invoke("study", "new", protocol, url)
        lines = [line.split("\t") for line in said.out.splitlines()]
        assert [line[0] for line in lines] == ["R1", "R2", "R3"]
        assert "right-word" not in said.err + said.out
        assert "***" in said.err
        _, role, password = lines[0]
        with ReaderSession.open(url.replace("coordinator:right-word", f"{role}:{password}"), "R1") as session:
            assert session.next() is not None

    def test_on_a_server_as_json(self, protocol, server):  # noqa: F811
        said = invoke("study", "new", protocol, server.new_database(), "--json")
        assert [login["reader"] for login in json.loads(said.out)["logins"]] == ["R1", "R2", "R3"]


class TestRead:
    def test_says_the_next_film_and_where_it_is(self, study, tmp_path):
        (tmp_path / "here").mkdir()
        said = invoke("study", "read", study, "--reader", "R1", "--folder", tmp_path / "here")
        assert (said.code, said.err) == (0, "R1: 0 of 3 films read, occasion 1 of 2\n")
        path = Path(said.out.strip())
        assert open_film(path).image.file_name == path.name
        again = invoke("study", "read", study, "--reader", "R1", "--folder", tmp_path / "here", "--json")
        found = json.loads(again.out)
        assert (found["film"], found["path"]) == (path.stem, str(path))
        assert (found["levels"], found["asked"]) == ("T8-T9", ["landmarks", "visual_grade"])
        assert found["progress"]["films"] == 3

    def test_says_when_nothing_is_left_for_now(self, study, tmp_path):
        read(study)
        said = invoke("study", "read", study, "--reader", "R1", "--folder", tmp_path)
        assert (said.code, said.out) == (0, "")
        assert "occasion 2 of 2; opens " in said.err
        found = json.loads(invoke("study", "read", study, "--reader", "R1", "--json").out)
        assert (found["film"], found["path"], found["facts"]) == (None, None, [])

    def test_of_a_pack(self, study, tmp_path):
        assert invoke("study", "export", "pack", study, tmp_path / "pack", "--reader", "R1").code == 0
        said = invoke("study", "read", tmp_path / "pack")
        assert said.code == 0
        assert Path(said.out.strip()).parent == tmp_path / "pack" / "films"

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            ([], 2, "a study has several; say who reads"),
            (["--reader", "R9"], 1, "expected a reader of this study, got 'R9'"),
            (["--reader", "R1", "--folder", "nowhere"], 1, "nowhere: expected a folder for the blinded film"),
        ],
    )
    def test_who_and_where_must_be_known(self, study, words, code, said, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        got = invoke("study", "read", study, *words)
        assert got.code == code
        assert said in got.err

    def test_another_file_of_that_name_is_left_alone(self, study, tmp_path):
        name = json.loads(
            invoke("study", "read", study, "--reader", "R1", "--folder", tmp_path, "--json").out
        )
        Path(name["path"]).write_text("precious")
        said = invoke("study", "read", study, "--reader", "R1", "--folder", tmp_path)
        assert (said.code, len(said.lines)) == (1, 1)
        assert "expected a new file or this blinded film, got another file" in said.err
        assert Path(name["path"]).read_text() == "precious"


class TestCoordinating:
    def test_packs_go_out_and_come_back(self, study, tmp_path):
        said = invoke("study", "export", "pack", study, tmp_path / "R1.zip", "--reader", "R1")
        assert said.err == f"3 films for R1, occasion 1: {tmp_path / 'R1.zip'}\n"
        shutil.unpack_archive(tmp_path / "R1.zip", tmp_path)
        with PackSession.open(tmp_path / "R1") as session:
            item = session.next()
            session.commit(item, answered(session.blank(item), at=datetime.now(UTC)))
            other = session.next()
            session.save(other, session.blank(other))
        said = invoke("study", "add", study, tmp_path / "R1")
        assert (said.code, said.err) == (0, "1 readings added, 0 were there already, 1 not committed yet\n")
        said = invoke("study", "add", study, tmp_path / "R1", "--json")
        assert json.loads(said.out)["known"] == [f"R1: {item}"]
        path = tmp_path / "R1" / "committed" / f"{item.film}.reading.json"
        write_reading(evolve(read_reading(path), comment="other"), path, force=True)
        said = invoke("study", "add", study, tmp_path / "R1")
        assert said.code == 1
        assert said.lines[0].startswith(f"not added: {path}: ")
        assert said.lines[1] == "0 readings added, 0 were there already, 1 not committed yet, 1 not added"

    def test_a_reading_with_a_date_in_the_future_is_added_and_said(self, study, tmp_path):
        with ReaderSession.open(study, "R1") as session:
            reading = answered(session.blank(session.next()), at=datetime(2226, 1, 1, tzinfo=UTC))
        write_reading(reading, tmp_path / "one.reading.json")
        said = invoke("study", "add", study, tmp_path / "one.reading.json", "--json")
        assert (said.code, len(said.lines)) == (0, 2)
        assert said.lines[0].startswith(
            f"added, but look at it: {tmp_path / 'one.reading.json'}: dated 2226-"
        )
        assert len(json.loads(said.out)["notices"]) == 1
        assert "brought back; dated 2226-" in invoke("study", "status", study, "--log").out

    def test_drafts_travel_along(self, study, tmp_path):
        with ReaderSession.open(study, "R1") as session:
            session.save(session.next(), session.blank(session.next()))
        said = invoke("study", "export", "pack", study, tmp_path / "pack", "--reader", "R1")
        assert said.err.startswith("3 films, 1 of them begun for R1")

    def test_status(self, study):
        read(study)
        read(study, "R2")
        said = invoke("study", "status", study, "--films")
        assert said.code == 0
        assert "Test: 6 of 12 readings committed" in said.out
        assert "opens 20" in said.out
        assert "R1 (2), R2 (2)" in said.out
        assert "R3" not in said.out
        found = json.loads(invoke("study", "status", study, "--json").out)
        assert [one["committed"] for one in found["readers"]] == [3, 0, 3, 0]
        assert found["times"][0]["times"]["levels"] == {"T9": 10.0}

    def test_status_of_an_adjudicator_and_one_who_is_locked(self, study):
        read(study)
        invoke("study", "lock", study, "--reader", "R2", "--reason", "left")
        read(study, "R1")
        said = invoke("study", "adjudicate", study, "--give", "R3")
        assert "given to R3: nothing new" in said.err
        assert "locked" in invoke("study", "status", study).out

    def test_status_tells_of_the_clock(self, study, monkeypatch):
        read(study)

        class Early(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(2020, 1, 1, tzinfo=UTC)

        monkeypatch.setattr("spinegrade.study.store.datetime", Early)
        for words in (["status", study], ["read", study, "--reader", "R1"]):
            assert "the clock says 2020-01-01" in invoke("study", *words).err

    def test_log(self, study):
        read(study)
        said = invoke("study", "status", study, "--log")
        assert said.code == 0
        assert said.out.splitlines()[0].endswith("coordinator  study made  3 films")
        assert sum("committed" in line for line in said.out.splitlines()) == 3
        assert len(json.loads(invoke("study", "status", study, "--log", "--json").out)) == 5

    def test_lock_and_release(self, study):
        said = invoke("study", "lock", study, "--reason", "the end")
        assert (said.code, said.err) == (0, "locked: R1, R2, R3\n")
        said = invoke("study", "lock", study, "--reason", "not yet", "--release", "--reader", "R1")
        assert said.err == "released: R1\n"
        said = invoke("study", "lock", study, "--reason", "not yet", "--release", "--reader", "R1")
        assert said.err == "nobody had to be released\n"

    def test_amend_a_reading(self, study, tmp_path):
        item = read(study)[0]
        with ReaderSession.open(study, "R2") as session:
            reading = answered(session.blank(session.next()), grade=2.0)
        other = evolve(
            reading, exam=Exam(item.film, item.film), reader="R1", image=_image(study, item.film, tmp_path)
        )
        write_reading(other, tmp_path / "amended.reading.json")
        said = invoke(
            "study", "amend", study, "--reading", tmp_path / "amended.reading.json", "--reason", "wrong key"
        )
        assert (said.code, said.err) == (0, f"amended: R1: {item}\n")

    def test_amend_the_protocol(self, study, protocol):
        protocol.write_text(protocol.read_text().replace("washout_days = 10", "washout_days = 0"))
        said = invoke("study", "amend", study, "--protocol", protocol, "--reason", "in a hurry")
        assert (said.code, said.err) == (0, "amended: washout_days\n")
        assert len(read(study)) == 6

    @pytest.mark.parametrize("words", [[], ["--reading", "a", "--protocol", "b"]])
    def test_amend_one_thing_at_a_time(self, study, words):
        said = invoke("study", "amend", study, "--reason", "x", *words)
        assert said.code == 2
        assert "expected one of --reading and --protocol" in said.err

    def test_adjudicate_and_agree(self, study, tmp_path):
        read(study)
        read(study, "R2", grade=1.0)
        said = invoke("study", "adjudicate", study, "--give", "R3")
        assert said.code == 0
        assert said.lines == ["given to R3: F001, F002, F003", "6 disagreements, 0 of them settled"]
        assert "R1: 0, R2: 1" in said.out
        said = invoke(
            "study",
            "consensus",
            study,
            "F001",
            "T8",
            "--visual-grade",
            "1",
            "--by",
            "R1, R2",
            "--reason",
            "x",
        )
        assert (said.code, said.err) == (0, "F001, T8: agreed on visual grade\n")
        said = invoke(
            "study",
            "consensus",
            study,
            "F001",
            "T9",
            "--not-evaluable",
            "overlap",
            "--by",
            "R1",
            "--reason",
            "x",
        )
        assert said.err == "F001, T9: agreed on evaluable\n"
        said = invoke("study", "adjudicate", study, "--rule", "visual-grade", "--json")
        assert sum(bool(one["adjudicated"]) for one in json.loads(said.out)) == 1
        assert "R3 (adjudicator)" in invoke("study", "status", study).out

    def test_consensus_that_cannot_be(self, study):
        words = ("--by", "R1", "--reason", "x")
        for wrong, expected in (
            (["F001", "T8", "--visual-grade", "4"], "visual_grade: expected one of 0.0, 0.5"),
            (["F001", "S1", "--visual-grade", "1"], "level: expected one of"),
            (["F001", "T8", "--not-evaluable", "dark"], "not_evaluable_reason: expected one of object"),
            (
                ["F001", "T8", "--evaluable", "--not-evaluable", "overlap"],
                "expected a not_evaluable_reason exactly",
            ),
            (["F001", "T8", "--visual-grade", "1", "--not-evaluable", "overlap"], "not evaluable, got both"),
            (["F001", "L1", "--visual-grade", "1"], "expected a level of the protocol, T8-T9, got L1"),
        ):
            said = invoke("study", "consensus", study, *wrong, *words)
            assert (said.code, len(said.lines)) == (1, 1)
            assert expected in said.err

    def test_nothing_to_adjudicate(self, study):
        said = invoke("study", "adjudicate", study)
        assert (said.code, said.out, said.err) == (0, "", "0 disagreements, 0 of them settled\n")

    def test_the_table_goes_on_to_be_graded(self, study, tmp_path):
        read(study)
        read(study, "R2")
        said = invoke("study", "export", "table", study, tmp_path / "readings.csv")
        assert (said.code, said.err) == (
            0,
            f"6 readings, 12 vertebrae written to {tmp_path / 'readings.csv'}\n",
        )
        said = invoke("grade", tmp_path / "readings.csv", "--levels", "T8-T9")
        assert said.code == 0
        graded = pl.read_csv(io.StringIO(said.out))
        assert set(graded["patient"]) == {"SECRET-1", "SECRET-2", "SECRET-3"}

    def test_the_table_of_a_reading_with_nothing_in_it_goes_on_too(self, study, tmp_path):
        with ReaderSession.open(study, "R1") as session:
            item = session.next()
            blank = session.blank(item)
            session.commit(item, blank, session.empty_answers(item, blank))
        read(study)
        read(study, "R2")
        said = invoke("study", "export", "table", study, tmp_path / "readings.csv")
        assert said.err == f"6 readings, 10 vertebrae and 2 left out written to {tmp_path / 'readings.csv'}\n"
        graded = invoke("grade", tmp_path / "readings.csv", "--levels", "T8-T9")
        assert graded.code == 0
        assert pl.read_csv(io.StringIO(graded.out)).height == 12
        agreed = invoke("agree", tmp_path / "readings.csv", "--measure", "visual-grade", "--levels", "T8-T9")
        assert agreed.code == 0


def _image(study, film, folder):
    """Return the identity of a blinded film."""
    from sqlalchemy import text

    from spinegrade.study.store import Store

    with Store.open(study) as store, store.reading() as connection:
        content = connection.execute(
            text("SELECT content FROM films WHERE name = :n"), {"n": film}
        ).scalar_one()
    (folder / f"{film}.dcm").write_bytes(content)
    return open_film(folder / f"{film}.dcm").image


class TestOutside:
    def test_a_study_that_is_none(self, tmp_path):
        (tmp_path / "my.study").write_text("x" * 200)
        for verb in (["status"], ["add", tmp_path], ["adjudicate"], ["export", "table", tmp_path / "a.csv"]):
            words = verb[:2] if verb[0] == "export" else verb[:1]
            rest = verb[2:] if verb[0] == "export" else verb[1:]
            said = invoke("study", *words, tmp_path / "my.study", *rest)
            assert (said.code, len(said.lines)) == (1, 1)
            assert "expected a study, got a file of another kind" in said.err

    def test_help_has_every_verb_with_an_example(self):
        said = invoke("study", "--help")
        verbs = ("new", "add", "status", "read", "lock", "amend", "export", "adjudicate", "consensus")
        assert all(f"  {verb} " in said.out for verb in verbs)
        for verb in verbs:
            assert "Example: spinegrade study" in invoke("study", verb, "--help").out

    def test_nothing_heavy_is_imported_to_help(self):
        import subprocess
        import sys

        code = (
            "import sys, spinegrade.cli; spinegrade.cli.main(['study', '--help']); "
            "print([m for m in ('sqlalchemy', 'numpy', 'pydicom', 'rich.table') if m in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
        )
        assert done.stdout.splitlines()[-1] == "[]"
        assert main is not None
