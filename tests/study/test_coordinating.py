"""What a coordinator does: status, amendments, locks, disagreements, consensus, export."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from attrs import evolve

from spinegrade.anatomy import LANDMARKS
from spinegrade.errors import FormatError, StudyError
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading
from spinegrade.phantom import lay_out_spine
from spinegrade.readings import Exam, Landmark, NotEvaluableReason, VertebraReading
from spinegrade.study.adjudicate import Rule, agree_on, disagreements, give
from spinegrade.study.amend import amend_protocol, amend_reading, current_protocol, lock
from spinegrade.study.build import create_study
from spinegrade.study.sequence import reading_order
from spinegrade.study.sessions import ReaderSession
from spinegrade.study.status import log_lines, study_status
from spinegrade.study.tables import committed_readings, consensus_readings, export_table
from study.making import START, Clock, Study, answered, read_all, write_films, write_protocol


@pytest.fixture
def read(study):
    """Give a study whose first occasion both have read: R2 saw a fracture of T8 on F002, and none of T9."""
    with study.session("R1") as session:
        read_all(session)
    with study.session("R2") as session:
        while (item := session.next()) is not None:
            reading = answered(session.blank(item), at=START + timedelta(hours=1))
            if item.film == "F002":
                seen = (evolve(reading.vertebrae[0], visual_grade=1.0), _refused("T9"))
                reading = evolve(reading, vertebrae=seen)
            session.commit(item, reading)
    return study


def _refused(level):
    return VertebraReading(level, evaluable=False, not_evaluable_reason=NotEvaluableReason.OVERLAP)


class TestStatus:
    def test_of_a_new_study(self, study):
        with study.store() as store:
            status = study_status(store)
        assert (status.title, status.films, status.patients) == ("Test", 3, 3)
        assert (status.committed, status.readings) == (0, 12)
        assert [(one.reader, one.occasion, one.unread) for one in status.readers] == [
            ("R1", 1, 3), ("R1", 2, 3), ("R2", 1, 3), ("R2", 2, 3),
        ]  # fmt: skip
        assert status.by_film[0].missing == ("R1 (1)", "R1 (2)", "R2 (1)", "R2 (2)")
        assert (status.by_film[0].minutes, status.readers[0].minutes) == (None, None)

    def test_of_one_under_way(self, study):
        with study.session() as session:
            first = session.next()
            session.commit(first, answered(session.blank(first)))
            session.amend(first, answered(session.blank(first), grade=1.0), "why")
            second = session.next()
            session.save(second, session.blank(second))
            session.pause(second)
            third = session.next()
            session.save(third, session.blank(third))
        with study.store() as store:
            status = study_status(store)
        one = status.readers[0]
        assert (one.committed, one.paused, one.open, one.unread, one.amended) == (1, 1, 1, 0, 1)
        assert set(one.missing) == {second.film, third.film}
        assert one.minutes == pytest.approx(10 / 60, abs=0.01)
        (times,) = status.times
        assert times.times.levels == {"T9": 10.0}

    def test_says_when_an_occasion_opens(self, read):
        with read.store() as store:
            status = study_status(store)
        opens = {(one.reader, one.occasion): one.opens_at for one in status.readers}
        assert opens["R1", 1] is None
        assert opens["R1", 2] == START + timedelta(days=10)
        read.clock.go(days=11)
        with read.store() as store:
            assert {one.opens_at for one in study_status(store).readers} == {None}

    def test_says_that_the_clock_went_back(self, read):
        read.clock.go(days=-3)
        with read.store() as store:
            assert "before 2026-11-21 09:00 UTC" in study_status(store).notices[0]


class TestLock:
    def test_keeps_a_reader_from_reading_and_loses_nothing(self, study):
        with study.session() as session:
            item = session.next()
            reading = answered(session.blank(item))
            session.save(item, reading)
            with study.store() as store:
                assert lock(store, "on leave", "R1") == ["R1"]
                assert lock(store, "on leave", "R1") == []
            for attempt in (
                lambda: session.save(item, evolve(reading, comment="more")),
                lambda: session.commit(item, reading),
                lambda: session.pause(item),
                lambda: session.amend(item, reading, "why"),
            ):
                with pytest.raises(
                    StudyError, match="R1: expected a study that is open, got one the coordinator"
                ):
                    attempt()
            assert session.draft(item) == reading
            with study.store() as store:
                assert study_status(store).readers[0].closed
                assert lock(store, "back", release=True) == ["R1"]
            session.commit(item, reading)

    def test_of_all(self, study):
        with study.store() as store:
            assert lock(store, "the end") == ["R1", "R2", "R3"]
            assert [line.details for line in log_lines(store) if line.did == "locked"] == [
                "R1: the end", "R2: the end", "R3: the end",
            ]  # fmt: skip

    @pytest.mark.parametrize(
        ("reason", "reader", "words"),
        [(" ", None, "expected a reason, got none"), ("x", "R9", "one of R1, R2, R3, got 'R9'")],
    )
    def test_needs_a_reason_and_a_reader(self, study, reason, reader, words):
        with study.store() as store, pytest.raises(StudyError, match=words):
            lock(store, reason, reader)


class TestAmendments:
    def test_of_a_reading_by_the_coordinator(self, read):
        blank = _emptied(read, "R1", "F001")
        with read.store() as store:
            item = amend_reading(store, answered(blank, grade=3.0), "read aloud wrongly")
            assert str(item) == "F001, occasion 1"
            (line,) = [line for line in log_lines(store) if line.did == "amended"]
            assert (line.who, line.film, line.details) == ("coordinator", "F001", "R1: read aloud wrongly")

    def test_of_a_reading_that_is_not_committed(self, study):
        with study.session() as session:
            reading = answered(session.blank(session.next()))
        with study.store() as store:
            with pytest.raises(StudyError, match="expected a committed reading by R1 to amend, got none"):
                amend_reading(store, reading, "why")
            with pytest.raises(StudyError, match="F099, occasion 1: expected a film"):
                amend_reading(store, evolve(reading, exam=Exam("F099", "F099")), "why")

    def test_of_the_protocol_are_kept_beside_it(self, read, tmp_path):
        path = write_protocol(
            tmp_path, title='"New"', washout_days=1, occasions=3, readers='["R1", "R2", "R4"]'
        )
        with read.store() as store:
            differs, logins = amend_protocol(store, path, "a third reader")
            assert differs == ["title", "readers", "occasions", "washout_days"]
            assert [login.reader for login in logins] == (["R4"] if store.is_postgres else [])
            with store.reading() as connection:
                assert current_protocol(connection).title == "New"
            assert study_status(store).readings == 3 * 3 * 3
        address = read.address("R4")
        if logins:
            base = read.where.partition("@")[2]
            address = f"postgresql://{logins[0].role}:{logins[0].password}@{base}"
        with ReaderSession.open(address, "R4", clock=read.clock) as session:
            assert len(read_all(session)) == 3
        read.clock.go(days=1)
        with read.session("R1") as session:
            assert session.next().occasion == 2
            assert session.protocol.title == "New"

    @pytest.mark.parametrize(
        ("changes", "reason", "words"),
        [
            ({"seed": 8}, "x", "seed: expected it as it was, got another: that is another study"),
            ({"levels": '"T4-L4"'}, "x", "levels: expected it as it was"),
            ({"films": '["films/film1.dcm"]'}, "x", "films: expected it as it was"),
            ({"occasions": 1}, "x", "occasions: expected at least 2, got 1"),
            ({"readers": '["R1"]'}, "x", "readers: expected 'R2' among them, got a list without"),
            ({"adjudicators": None}, "x", "adjudicators: expected 'R3' among them"),
            ({}, "x", "expected a protocol that differs, got the one that stands"),
            ({"washout_days": 3}, " ", "expected a reason for the amendment, got none"),
        ],
    )
    def test_of_the_protocol_that_are_refused(self, study, tmp_path, changes, reason, words):
        path = write_protocol(tmp_path, **changes)
        with study.store() as store, pytest.raises(StudyError, match=words):
            amend_protocol(store, path, reason)


def _emptied(study, reader, film):
    """Return an empty reading of a film that is committed already, as a coordinator would make one."""
    with study.store() as store, store.reading() as connection:
        found = {(one.reader, one.exam.id): one for one in committed_readings(connection)}
    return evolve(found[reader, film], vertebrae=(), events=())


class TestDisagreements:
    def found(self, study, *rules):
        with study.store() as store:
            return [
                (one.film, one.level, one.rule, one.answers, one.is_settled)
                for one in disagreements(store, rules)
            ]

    def test_by_visual_grade(self, read):
        said = {"R1": "0", "R2": "1"}
        assert self.found(read, Rule.VISUAL_GRADE) == [("F002", "T8", Rule.VISUAL_GRADE, said, False)]

    def test_by_fracture(self, read):
        said = {"R1": "none", "R2": "fracture"}
        assert self.found(read, Rule.FRACTURE) == [("F002", "T8", Rule.FRACTURE, said, False)]

    def test_by_what_can_be_read(self, read):
        said = {"R1": "evaluable", "R2": "not evaluable"}
        assert self.found(read, Rule.EVALUABLE) == [("F002", "T9", Rule.EVALUABLE, said, False)]

    @pytest.mark.parametrize(("levels", "missing"), [(("T8",), ["T9"]), ((), ["T8", "T9"])])
    def test_by_what_was_left_out(self, study, levels, missing):
        for reader, read in (("R1", ("T8", "T9")), ("R2", levels)):
            with study.session(reader) as session:
                while (item := session.next()) is not None:
                    reading = answered(session.blank(item), levels=read)
                    session.commit(item, reading, session.empty_answers(item, reading))
        said = {"R1": "evaluable", "R2": "left out"}
        assert self.found(study, Rule.EVALUABLE) == [
            (film, level, Rule.EVALUABLE, said, False)
            for film in ("F001", "F002", "F003")
            for level in missing
        ]

    @pytest.mark.parametrize("other", [(), (VertebraReading("T8"),)])
    def test_what_nobody_could_read_is_no_disagreement(self, study, other):
        for reader, vertebrae in (("R1", (_refused("T8"),)), ("R2", other)):
            with study.session(reader) as session:
                item = session.next()
                while item.film != "F001":
                    session.commit(item, answered(session.blank(item)))
                    item = session.next()
                reading = evolve(session.blank(item), vertebrae=vertebrae)
                session.commit(item, reading, session.empty_answers(item, reading))
        assert self.found(study, Rule.EVALUABLE) == []

    def test_by_several(self, read):
        assert [one[2] for one in self.found(read, *Rule)] == [
            Rule.FRACTURE, Rule.VISUAL_GRADE, Rule.EVALUABLE,
        ]  # fmt: skip

    def test_by_computed_grade(self, tmp_path):
        """A wedge of 30 % of T8 that one reader placed, against a body without loss."""
        write_films(tmp_path / "films", 1, (400, 300))
        create_study(write_protocol(tmp_path), tmp_path / "my.study", clock=Clock())
        study = Study(str(tmp_path / "my.study"), Clock())
        for reader, anterior in (("R1", 25.0), ("R2", 17.5)):
            with study.session(reader) as session:
                item = session.next()
                sides = [(anterior, 25.0, 25.0), (26.0, 26.0, 26.0)]
                points = lay_out_spine(sides, 30.0, top=(60.0, 100.0))
                vertebrae = tuple(
                    VertebraReading(
                        level,
                        {n: Landmark(*at) for n, at in zip(LANDMARKS, body.tolist(), strict=True)},
                        visual_grade=0,
                    )
                    for level, body in zip(("T8", "T9"), points, strict=True)
                )
                session.commit(item, evolve(session.blank(item), vertebrae=vertebrae))
        assert self.found(study, Rule.GRADE) == [("F001", "T8", Rule.GRADE, {"R1": "0", "R2": "2"}, False)]

    def test_without_landmarks_there_is_no_grade(self, study):
        with study.session() as session:
            item = session.next()
            session.commit(item, session.blank(item), ("T8: not read", "T9: not read"))
        assert self.found(study, *Rule) == []


class TestSettling:
    def test_a_third_reader_reads_blind_what_is_given(self, read):
        with read.store() as store:
            assert give(store, "R3", {"F002", "F001"}) == give_again(read, ["F002", "F001"])
            assert give(store, "R3", ["F002"]) == []
            assert give(store, "R3", ["F003"]) == ["F003"]
        with read.session("R3") as session:
            came = read_all(session, grade=1.0)
            assert [item.film for item in came][2] == "F003"
        with read.store() as store:
            (one,) = disagreements(store, [Rule.VISUAL_GRADE])
        assert (one.is_settled, one.adjudicated) == (True, {"R3": "1"})

    @pytest.mark.parametrize("name", ["R1", "R9"])
    def test_nobody_else_settles(self, read, name):
        with read.store() as store, pytest.raises(StudyError, match=f"one of R3, got '{name}'"):
            give(store, name, ["F002"])

    def test_a_protocol_without_adjudicators(self, tmp_path):
        write_films(tmp_path / "films")
        create_study(write_protocol(tmp_path, adjudicators=None), tmp_path / "my.study")
        with (
            Study(str(tmp_path / "my.study"), Clock()).store() as store,
            pytest.raises(StudyError, match="and the protocol names none"),
        ):
            give(store, "R3", ["F001"])

    def test_consensus_has_the_last_word(self, read):
        with read.store() as store:
            for grade, reason in ((2.0, "first thought"), (1.0, "on reflection")):
                vertebra = VertebraReading("T8", visual_grade=grade)
                given = agree_on(store, vertebra, "F002", agreed_by="R1, R2", reason=reason)
                assert given == ["visual_grade"]
            both = VertebraReading("T9", evaluable=True, visual_grade=0.5)
            given = agree_on(store, both, "F002", agreed_by="R1, R2", reason="x")
            assert given == ["evaluable", "visual_grade"]
            agree_on(store, _refused("T9"), "F002", agreed_by="R1, R2", reason="y")
            found = {
                one.level: one.adjudicated
                for one in disagreements(store, [Rule.VISUAL_GRADE, Rule.EVALUABLE])
            }
            assert found == {"T8": {"consensus": "1"}, "T9": {"consensus": "not evaluable"}}
            with store.reading() as connection:
                (agreed,) = consensus_readings(connection)
            assert [one.visual_grade for one in agreed.vertebrae] == [1.0, None]

    def test_a_grade_that_was_agreed_on_later_means_that_it_can_be_read(self, read):
        with read.store() as store:
            for vertebra in (_refused("T9"), VertebraReading("T9", visual_grade=0.0)):
                agree_on(store, vertebra, "F002", agreed_by="R1, R2", reason="x")
            with store.reading() as connection:
                (agreed,) = consensus_readings(connection)
        assert agreed.vertebrae == (VertebraReading("T9", visual_grade=0.0),)

    @pytest.mark.parametrize(
        ("vertebra", "film", "by", "reason", "words"),
        [
            (VertebraReading("T8", visual_grade=1.0), "F002", "R1", " ", "expected the reason, got none"),
            (VertebraReading("T8", visual_grade=1.0), "F002", "", "x", "expected who agreed, got none"),
            (
                VertebraReading("T8", visual_grade=1.0),
                "F099",
                "R1",
                "x",
                "expected a film of the study, got 'F099'",
            ),
            (
                VertebraReading("T8"),
                "F002",
                "R1",
                "x",
                "T8: expected a visual grade, or whether it is evaluable",
            ),
            (
                VertebraReading("T9", visual_grade=1.0, evaluable=False, not_evaluable_reason="overlap"),
                "F002",
                "R1",
                "x",
                "T9: expected a visual grade or that it is not evaluable, got both",
            ),
            (
                VertebraReading("L1", visual_grade=1.0),
                "F002",
                "R1",
                "x",
                "expected a level of the protocol, T8-T9, got L1",
            ),
        ],
    )
    def test_consensus_that_is_none(self, read, vertebra, film, by, reason, words):
        with read.store() as store, pytest.raises(StudyError, match=words):
            agree_on(store, vertebra, film, agreed_by=by, reason=reason)


def give_again(study, films):
    """Return the order in which an adjudicator reads films."""
    return reading_order(films, seed=7, reader="R3", occasion=1)


class TestExport:
    def test_puts_patient_exam_date_and_film_back(self, read, tmp_path):
        with read.store() as store:
            done = export_table(store, tmp_path / "readings.csv")
        assert (done.readings, done.vertebrae) == (6, 12)
        table = pl.read_csv(tmp_path / "readings.csv", try_parse_dates=True)
        assert set(table["patient"]) == {"SECRET-1", "SECRET-2", "SECRET-3"}
        assert set(table["exam"]) == {"film1", "film2", "film3"}
        rows = table.filter(pl.col("exam") == "film2")
        assert set(rows["date"]) == {date(2026, 1, 3)}
        assert set(rows["image"]) == {"film2.dcm"}
        assert set(table["reader"]) == {"R1", "R2"}
        assert table["row_spacing_mm"].to_list() == [0.3] * 12

    def test_takes_the_latest_revision(self, study, tmp_path):
        with study.session() as session:
            item = session.next()
            session.commit(item, answered(session.blank(item)))
            for grade in (1.0, 2.0):
                session.amend(item, answered(session.blank(item), grade=grade), "why")
        with study.store() as store:
            export_table(store, tmp_path / "readings.parquet")
        table = pl.read_parquet(tmp_path / "readings.parquet")
        assert table["visual_grade"].to_list() == [2.0, 2.0]

    def test_has_a_row_for_every_level_that_was_left_out(self, study, tmp_path):
        """One level of one film, and nothing of the next: both films are there whole."""
        for levels in (("T9",), ()):
            with study.session() as session:
                item = session.next()
                reading = answered(session.blank(item), levels=levels)
                session.commit(item, reading, session.empty_answers(item, reading))
        with study.store() as store:
            done = export_table(store, tmp_path / "readings.csv")
            export_table(store, tmp_path / "files")
        assert (done.readings, done.vertebrae, done.left_out) == (2, 1, 3)
        table = pl.read_csv(tmp_path / "readings.csv")
        assert table.group_by("exam").agg(pl.col("level"))["level"].to_list() == [["T8", "T9"]] * 2
        empty = table.filter(pl.col("visual_grade").is_null())
        assert empty.height == 3
        assert empty.select("superior_anterior_row", "evaluable", "comment").null_count().row(0) == (3, 3, 3)
        assert sorted(len(read_reading(path).vertebrae) for path in (tmp_path / "files").iterdir()) == [0, 1]

    def test_as_reading_files_of_the_true_films(self, read, tmp_path):
        with read.store() as store:
            export_table(store, tmp_path / "readings")
        files = sorted((tmp_path / "readings").iterdir())
        assert [path.name for path in files][:2] == [
            "SECRET-1_film1_R1_1.reading.json", "SECRET-1_film1_R2_1.reading.json",
        ]  # fmt: skip
        reading = read_reading(files[0])
        assert reading.exam == Exam("SECRET-1", "film1", date(2026, 1, 2))
        assert reading.image == open_film(tmp_path / "films" / "film1.dcm").image

    def test_with_what_was_agreed_on(self, read, tmp_path):
        with read.store() as store:
            agree_on(store, VertebraReading("T8", visual_grade=1.0), "F002", agreed_by="R1", reason="x")
            agree_on(store, _refused("T9"), "F002", agreed_by="R1", reason="x")
            export_table(store, tmp_path / "a.csv")
            assert export_table(store, tmp_path / "b.csv", consensus=True).readings == 7
        assert "consensus" not in (tmp_path / "a.csv").read_text()
        agreed = pl.read_csv(tmp_path / "b.csv").filter(pl.col("reader") == "consensus")
        assert agreed["visual_grade"].to_list() == [1.0, None]
        assert agreed["evaluable"].to_list() == [None, False]
        assert agreed["superior_anterior_row"].null_count() == 2

    def test_is_refused_before_anything_is_committed(self, study, tmp_path):
        with (
            study.store() as store,
            pytest.raises(StudyError, match="expected committed readings to export, got none"),
        ):
            export_table(store, tmp_path / "a.csv")
        assert not (tmp_path / "a.csv").exists()

    def test_never_replaces_unasked(self, read, tmp_path):
        (tmp_path / "a.csv").write_text("precious")
        (tmp_path / "readings").mkdir()
        with read.store() as store:
            with pytest.raises(FormatError, match="--force replaces it"):
                export_table(store, tmp_path / "a.csv")
            with pytest.raises(FormatError, match="expected a new folder"):
                export_table(store, tmp_path / "readings")
            assert (tmp_path / "a.csv").read_text() == "precious"
            export_table(store, tmp_path / "a.csv", force=True)

    def test_that_breaks_off_leaves_nothing(self, read, tmp_path, monkeypatch):
        def fail(*_):
            msg = "no more"
            raise RuntimeError(msg)

        monkeypatch.setattr("spinegrade.study.tables.readings_frame", fail)
        with read.store() as store, pytest.raises(RuntimeError):
            export_table(store, tmp_path / "a.csv")
        assert not list(tmp_path.glob("*a.csv*"))
