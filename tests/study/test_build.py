"""Making a study: whole, blinded, or not at all."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from films import ramp, write_film
from spinegrade.errors import FormatError, StudyError
from spinegrade.io.film import open_film
from spinegrade.study import schema
from spinegrade.study.build import create_study
from spinegrade.study.protocol import Hidden
from study.making import START, Clock, make_study, write_films, write_protocol


def rows(study, table):
    """Return the rows of a table."""
    with study.store() as store, store.reading() as connection:
        return connection.execute(select(table)).all()


class TestMade:
    def test_every_film_is_kept_blinded_and_known_to_the_coordinator(self, study, tmp_path):
        kept = {row.name: row for row in rows(study, schema.originals)}
        assert set(kept) == {"F001", "F002", "F003"}
        for name, row in kept.items():
            film = open_film(tmp_path / row.file)
            assert row.patient == f"SECRET-{row.file[-5]}"
            assert row.exam == Path(row.file).stem
            assert json.loads(row.image)["sha256"] == film.image.sha256
            (blinded,) = (one for one in rows(study, schema.films) if one.name == name)
            assert blinded.sha256 == film.image.sha256
            assert b"SECRET" not in bytes(blinded.content)

    def test_everybody_reads_everything_on_every_occasion(self, study):
        assigned = rows(study, schema.assignments)
        assert len(assigned) == 2 * 2 * 3
        assert {row.reader for row in assigned} == {"R1", "R2"}
        assert {(row.name, row.adjudicator) for row in rows(study, schema.readers)} == {
            ("R1", False),
            ("R2", False),
            ("R3", True),
        }

    def test_what_readers_may_know_has_no_film_no_reader_and_no_seed(self, study):
        (row,) = rows(study, schema.study)
        assert not {"films", "readers", "seed", "key", "mask"} & set(json.loads(row.for_readers))
        (protocol,) = rows(study, schema.protocols)
        assert (protocol.revision, protocol.reason) == (1, None)
        assert "seed = 7" in protocol.text

    def test_masked_films_are_known_by_both_hashes(self, tmp_path, place):
        text = write_protocol(tmp_path).read_text()
        mask = '\n[[mask]]\nfilm = "films/film2.dcm"\nrows = [0, 3]\n\n[[mask]]\ncolumns = [0, 0]\n'
        (tmp_path / "protocol.toml").write_text(text + mask)
        write_films(tmp_path / "films")
        create_study(tmp_path / "protocol.toml", place)
        study = _at(place)
        for row in rows(study, schema.originals):
            before = open_film(tmp_path / row.file)
            (kept,) = (one for one in rows(study, schema.films) if one.name == row.name)
            (tmp_path / "again.dcm").write_bytes(kept.content)
            after = open_film(tmp_path / "again.dcm")
            assert kept.sha256 == after.image.sha256 != before.image.sha256
            rows_masked = 4 if row.file.endswith("film2.dcm") else 0
            same = before.pixels == after.pixels
            assert same[rows_masked:, 1:].all()
            assert len(np.unique(after.pixels[:rows_masked])) <= 1

    def test_age_and_sex_where_they_are_not_hidden(self, tmp_path):
        (tmp_path / "films").mkdir()
        write_film(tmp_path / "films" / "a.dcm", StudyDate="20600102", PatientSex="M")
        shown = (Hidden.AGE_BAND, Hidden.SEX)
        hidden = json.dumps([one for one in Hidden if one not in shown])
        create_study(write_protocol(tmp_path, hidden=hidden), tmp_path / "a.study")
        study = _at(tmp_path / "a.study")
        with study.session() as session:
            assert session.facts(session.next()) == ("90 years or more", "M")

    def test_progress_is_told(self, tmp_path):
        write_films(tmp_path / "films")
        told = []
        create_study(write_protocol(tmp_path), tmp_path / "a.study", progress=lambda *done: told.append(done))
        assert told == [(1, 3), (2, 3), (3, 3)]

    def test_the_same_protocol_draws_the_same_names_and_orders(self, tmp_path):
        write_films(tmp_path / "films")
        path = write_protocol(tmp_path)
        create_study(path, tmp_path / "a.study")
        create_study(path, tmp_path / "b.study")
        for table in (schema.assignments, schema.originals):
            assert rows(_at(tmp_path / "a.study"), table) == rows(_at(tmp_path / "b.study"), table)


def _at(place):
    from study.making import Study

    return Study(str(place), Clock(START))


class TestRefused:
    def check(self, tmp_path, place, error, words, **changes):
        """Try to make a study; nothing of it may stay."""
        with pytest.raises(error, match=words) as raised:
            create_study(write_protocol(tmp_path, **changes), place)
        assert "\n" not in str(raised.value)
        with pytest.raises(StudyError):
            _at(place).store()
        assert not list(tmp_path.glob(".*.part*"))

    def test_two_films_of_one_hash(self, tmp_path, place):
        write_films(tmp_path / "films")
        pixels = open_film(tmp_path / "films" / "film2.dcm").pixels
        write_film(tmp_path / "films" / "again.dcm", pixels, PatientID="another")
        words = "films/film2.dcm: expected a film of its own, got the pixels of films/again.dcm again"
        self.check(tmp_path, place, StudyError, words)

    def test_two_films_that_become_one_under_their_masks(self, tmp_path, place):
        (tmp_path / "films").mkdir()
        for name, burned in (("a", 7), ("b", 8)):
            pixels = ramp()
            pixels[0, :9] = burned
            write_film(tmp_path / "films" / f"{name}.dcm", pixels, PatientID=name)
        path = write_protocol(tmp_path)
        path.write_text(path.read_text() + "\n[[mask]]\nrows = [0, 0]\n")
        with pytest.raises(StudyError, match=r"got the masked pixels of films/a.dcm again"):
            create_study(path, place)

    def test_a_film_that_is_not_there(self, tmp_path, place):
        write_films(tmp_path / "films")
        words = r"films\[1\]: expected a film or a folder, got no such file"
        self.check(tmp_path, place, StudyError, words, films='["films", "x.dcm"]')

    def test_a_film_that_is_broken_in_its_pixels(self, tmp_path, place):
        write_films(tmp_path / "films")
        path = tmp_path / "films" / "film2.dcm"
        path.write_bytes(path.read_bytes()[:-100])
        self.check(tmp_path, place, FormatError, "film2.dcm")

    def test_a_reader_twice(self, tmp_path, place):
        write_films(tmp_path / "films")
        self.check(tmp_path, place, StudyError, "got 'r1' twice", readers='["R1", "r1"]')

    def test_a_mask_of_no_film(self, tmp_path, place):
        write_films(tmp_path / "films")
        path = write_protocol(tmp_path)
        path.write_text(path.read_text() + '\n[[mask]]\nfilm = "film1.dcm"\nrows = [0, 0]\n')
        with pytest.raises(
            StudyError, match=r"mask\[0\].film: expected a film of the study, as in 'films/film1"
        ):
            create_study(path, place)

    def test_a_place_that_is_taken(self, study, tmp_path):
        words = "expected a new file|expected an empty database, got one with 9 tables"
        with pytest.raises(StudyError, match=words):
            make_study(tmp_path, study.where)

    def test_a_file_that_appears_meanwhile(self, tmp_path):
        write_films(tmp_path / "films")
        place = tmp_path / "a.study"
        with pytest.raises(StudyError, match="got one that exists; studies are never replaced"):
            create_study(write_protocol(tmp_path), place, progress=lambda *_: place.write_text("somebody's"))
        assert place.read_text() == "somebody's"

    def test_a_folder_that_is_not_there(self, tmp_path):
        write_films(tmp_path / "films")
        with pytest.raises(StudyError, match=r"expected an existing folder .*no, got none"):
            create_study(write_protocol(tmp_path), tmp_path / "no" / "a.study")

    def test_a_coordinator_who_may_not_make_logins(self, server, tmp_path):
        import psycopg

        write_films(tmp_path / "films")
        url = server.new_database()
        database = url.split("@/")[1].split("?")[0]
        with psycopg.connect(server.conninfo("super", database), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE weak_{database} LOGIN PASSWORD 'right-word'")
            connection.execute(f"GRANT ALL ON DATABASE {database} TO weak_{database}")
            connection.execute(f"GRANT ALL ON SCHEMA public TO weak_{database}")
        weak = url.replace("coordinator:", f"weak_{database}:")
        with pytest.raises(StudyError, match="expected a coordinator who may make roles"):
            create_study(write_protocol(tmp_path), weak)


def test_an_sqlite_study_is_one_sound_file_that_only_its_owner_reads(sqlite_study):
    with sqlite3.connect(sqlite_study.where) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()
    assert [path.name for path in Path(sqlite_study.where).parent.glob("*my.study*")] == ["my.study"]
    assert Path(sqlite_study.where).stat().st_mode & 0o077 == 0
