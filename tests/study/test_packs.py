"""Packs: read on another machine without the store, and brought back."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta

import pytest
from attrs import evolve

from spinegrade.errors import FormatError, StudyError
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.readings import Exam
from spinegrade.study.bring import add_readings
from spinegrade.study.pack_session import PackSession
from spinegrade.study.packs import export_pack
from spinegrade.study.queue import Item
from spinegrade.study.sequence import reading_order
from spinegrade.study.status import study_status
from spinegrade.study.tables import committed_readings
from study.making import START, Clock, answered, make_study, read_all

ORDER = reading_order(["F001", "F002", "F003"], seed=7, reader="R1", occasion=1)


def export(study, target, reader="R1", occasion=1):
    with study.store() as store:
        return export_pack(store, reader, occasion, target)


def bring(study, *paths):
    with study.store() as store:
        return add_readings(store, paths)


@pytest.fixture
def pack(study, tmp_path):
    """Give a pack of the first reader's first occasion."""
    export(study, tmp_path / "pack")
    return tmp_path / "pack"


def opened(pack, **options):
    return PackSession.open(pack, **{"clock": Clock(START + timedelta(hours=1))} | options)


class TestExport:
    def test_a_folder_has_what_a_reader_needs_and_no_more(self, study, pack):
        names = sorted(path.relative_to(pack).as_posix() for path in pack.rglob("*"))
        films = [f"films/F00{n}.dcm" for n in (1, 2, 3)]
        assert names == ["READ-ME.txt", "committed", "drafts", "films", *films, "pack.json"]
        head = json.loads((pack / "pack.json").read_text())
        assert [film["name"] for film in head["films"]] == ORDER
        assert head["reader"] == "R1"
        everything = b"".join(path.read_bytes() for path in pack.rglob("*") if path.is_file())
        assert b"SECRET" not in everything
        assert b"film1" not in everything
        assert b"R2" not in (pack / "pack.json").read_bytes()
        assert "seed" not in head
        assert "seed" not in head["protocol"]

    def test_a_zip_file_has_the_same(self, study, pack, tmp_path):
        export(study, tmp_path / "R1.zip")
        with zipfile.ZipFile(tmp_path / "R1.zip") as file:
            file.extractall(tmp_path / "there")
        for path in (pack / "films").iterdir():
            assert (tmp_path / "there" / "R1" / "films" / path.name).read_bytes() == path.read_bytes()
        assert (tmp_path / "there" / "R1" / "drafts").is_dir()

    def test_only_what_is_left_to_read_with_the_drafts(self, study, tmp_path):
        with study.session() as session:
            first = session.next()
            session.commit(first, answered(session.blank(first)))
            second = session.next()
            session.save(second, session.blank(second))
        packed = export(study, tmp_path / "pack")
        assert (packed.films, packed.drafts) == (2, 1)
        with opened(tmp_path / "pack") as session:
            assert session.next() == second
            assert session.draft(second).exam.id == second.film

    def test_is_refused_where_there_is_nothing_to_read(self, study, tmp_path):
        with study.session() as session:
            read_all(session)
        with pytest.raises(StudyError, match="R1, occasion 1: expected films to read, got none left"):
            export(study, tmp_path / "pack")
        with pytest.raises(StudyError, match="R9, occasion 1: expected films to read, got none left"):
            export(study, tmp_path / "pack", "R9")
        assert not (tmp_path / "pack").exists()

    def test_of_a_second_occasion_waits_for_the_first_to_come_back(self, study, tmp_path):
        with pytest.raises(StudyError, match="before to be committed, got 3 readings that are not; add them"):
            export(study, tmp_path / "pack", occasion=2)

    def test_of_a_second_occasion_knows_when_the_washout_is_over(self, study, tmp_path):
        with study.session() as session:
            read_all(session)
        export(study, tmp_path / "pack", occasion=2)
        clock = Clock(START + timedelta(days=9))
        with opened(tmp_path / "pack", clock=clock) as session:
            assert session.next() is None
            assert session.progress.words.endswith("opens 2026-12-01 09:00 UTC")
            with pytest.raises(StudyError, match="not before 2026-12-01"):
                session.film(Item("F001", 2))
            clock.go(days=1)
            assert session.next().occasion == 2

    def test_never_replaces_anything(self, study, pack, tmp_path):
        with pytest.raises(StudyError, match="expected a new pack, got one that exists"):
            export(study, pack)
        with pytest.raises(StudyError, match="expected a new pack, got no folder"):
            export(study, tmp_path / "no" / "pack")


class TestReading:
    def test_is_the_same_as_in_a_store(self, study, pack):
        with opened(pack) as session:
            assert (session.reader, session.protocol.levels) == ("R1", "T8-T9")
            first = session.next()
            assert first == Item(ORDER[0], 1)
            assert session.draft(first) is None
            blank = session.blank(first)
            assert blank.exam == Exam(first.film, first.film)
            with pytest.raises(StudyError, match="there is nothing to pause"):
                session.pause(first)
            session.save(first, blank)
            session.pause(first)
            assert session.progress.words == "0 of 3 films read, 1 paused"
            assert session.next() != first
            assert session.empty_answers(first, blank) == ("T8: not read", "T9: not read")
            with pytest.raises(StudyError, match="stays empty"):
                session.commit(session.next(), session.blank(session.next()))
            came = read_all(session)
            assert came[-1] == first
            assert session.progress.is_done
            assert session.next() is None
            assert session.facts(first) == ()

    def test_goes_on_in_another_window(self, pack):
        with opened(pack) as session:
            item = session.next()
            draft = answered(session.blank(item))
            session.save(item, draft)
        with opened(pack) as session:
            assert session.next() == item
            assert session.draft(item) == draft

    def test_is_locked_once_committed(self, pack):
        with opened(pack) as session:
            item = session.next()
            reading = answered(session.blank(item))
            session.commit(item, reading)
            session.commit(item, reading)
            assert not list((pack / "drafts").iterdir())
            for attempt in (
                lambda: session.save(item, reading),
                lambda: session.commit(item, evolve(reading, comment="other")),
                lambda: session.pause(item),
            ):
                with pytest.raises(StudyError, match="committed and locked"):
                    attempt()
            assert session.film(item).is_file()

    def test_two_windows_notice_each_other(self, pack):
        with opened(pack) as one, opened(pack) as other:
            item = one.next()
            blank = one.blank(item)
            one.save(item, blank)
            other.save(item, blank)
            one.save(item, answered(blank))
            with pytest.raises(StudyError, match="changed in another window"):
                other.save(item, evolve(blank, comment="mine"))

    def test_another_reader_is_refused(self, pack):
        with pytest.raises(StudyError, match="expected the reader it was made for, got 'R2'"):
            PackSession.open(pack, "R2")

    def test_a_reading_of_something_else_is_refused(self, pack):
        with opened(pack) as session:
            item = session.next()
            with pytest.raises(StudyError, match="of reader R1, got R2"):
                session.save(item, evolve(session.blank(item), reader="R2"))
            for act in (session.facts, session.film):
                with pytest.raises(StudyError, match="F099"):
                    act(Item("F099", 1))

    def test_a_film_that_was_exchanged_is_noticed(self, pack):
        with opened(pack) as session:
            item = session.next()
            (pack / "films" / f"{item.film}.dcm").write_bytes(
                (pack / "films" / f"{ORDER[1]}.dcm").read_bytes()
            )
            with pytest.raises(StudyError, match="expected the film that was packed, got other pixels"):
                session.film(item)

    def test_a_clock_that_went_back_is_noticed_and_nothing_lost(self, pack):
        clock = Clock(START - timedelta(days=1))
        with opened(pack, clock=clock) as session:
            item = session.next()
            session.commit(item, answered(session.blank(item)))
            assert len(session.notices) == 1
        assert read_reading(pack / "committed" / f"{item.film}.reading.json").events[-1].at == START

    def test_the_clock_of_this_machine_is_the_default(self, pack):
        with PackSession.open(pack, "R1") as session:
            assert session.next() is not None


class TestBroken:
    def test_no_pack(self, tmp_path):
        with pytest.raises(StudyError, match=r"expected a pack with pack.json in it, got: No such file"):
            PackSession.open(tmp_path)

    def test_a_zip_file_is_to_be_unpacked(self, study, tmp_path):
        export(study, tmp_path / "R1.zip")
        with pytest.raises(StudyError, match="got a zip file: unpack it"):
            PackSession.open(tmp_path / "R1.zip")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b'{"format": "spinegrade-pack/1"', "expected JSON, got something else or the half of it"),
            (b"[]", "expected JSON"),
            (
                b'{"format": "spinegrade-pack/2"}',
                "expected format 'spinegrade-pack/1', got 'spinegrade-pack/2'",
            ),
            (b'{"format": "spinegrade-pack/1"}', "pack.json: Pack: "),
        ],
    )
    def test_a_head_that_is_none(self, pack, content, words):
        (pack / "pack.json").write_bytes(content)
        with pytest.raises(StudyError, match=words):
            PackSession.open(pack)

    def test_a_film_name_that_leads_elsewhere(self, pack):
        head = (pack / "pack.json").read_text().replace('"name": "F001"', '"name": "../../x"')
        (pack / "pack.json").write_text(head)
        with pytest.raises(StudyError, match=r"films\[\d\]"):
            PackSession.open(pack)


class TestBack:
    def fill(self, pack, count=3):
        """Commit the first few films of a pack."""
        with opened(pack) as session:
            for _ in range(count):
                item = session.next()
                session.commit(item, answered(session.blank(item)))

    @pytest.mark.parametrize("packed", [False, True])
    def test_readings_come_back_once(self, study, pack, tmp_path, packed):
        self.fill(pack, 2)
        with opened(pack) as session:
            item = session.next()
            session.save(item, session.blank(item))
        source = _zipped(pack, tmp_path / "back.zip") if packed else pack
        report = bring(study, source)
        assert report.added == [f"R1: {film}, occasion 1" for film in sorted(ORDER[:2])]
        assert (len(report.drafts), report.problems) == (1, [])
        again = bring(study, source)
        assert (again.added, len(again.known), again.problems) == ([], 2, [])
        with study.store() as store:
            status = study_status(store)
        assert [(one.committed, one.missing) for one in status.readers[:1]] == [(2, (ORDER[2],))]

    def test_the_washout_counts_from_the_commit_in_the_pack(self, study, pack):
        self.fill(pack)
        study.clock.go(days=10, hours=1)
        bring(study, pack)
        with study.session() as session:
            assert session.next().occasion == 2

    def test_a_reading_file_of_the_ordinary_desk_comes_back_too(self, study, tmp_path):
        with study.session() as session:
            item = session.next()
            reading = answered(session.blank(item))
        write_reading(reading, tmp_path / "one.reading.json")
        assert len(bring(study, tmp_path / "one.reading.json").added) == 1
        assert len(bring(study, tmp_path / "one.reading.json").known) == 1
        with study.session() as session:
            assert session.committed(item).events[-1].did == "commit"

    def test_a_conflict_is_named_and_nothing_written_over(self, study, pack):
        self.fill(pack)
        with study.session() as session:
            item = session.next()
            session.commit(item, answered(session.blank(item), grade=3.0))
        report = bring(study, pack)
        assert len(report.added) == 2
        assert len(report.problems) == 1
        assert (
            f"{item.film}.reading.json: {item}: R1 has another reading of it in the study"
            in report.problems[0]
        )
        with study.store() as store, store.reading() as connection:
            kept = {one.exam.id: one for one in committed_readings(connection)}
        assert kept[item.film].vertebrae[0].visual_grade == 3.0

    def test_a_draft_that_went_on_in_the_pack_is_gone_on_with(self, study, tmp_path):
        with study.session() as session:
            item = session.next()
            session.save(item, answered(session.blank(item), levels=("T8",)))
        export(study, tmp_path / "pack")
        self.fill(tmp_path / "pack")
        assert len(bring(study, tmp_path / "pack").added) == 3

    def test_a_draft_that_went_on_elsewhere_is_a_conflict(self, study, pack):
        self.fill(pack)
        with study.session() as session:
            item = session.next()
            session.save(item, answered(session.blank(item), at=START + timedelta(hours=3)))
        report = bring(study, pack)
        assert len(report.problems) == 1
        with study.session() as session:
            assert session.draft(item) is not None

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda r: evolve(r, exam=Exam("F099", "F099")), "expected a film of the study, got 'F099'"),
            (lambda r: evolve(r, reader="R9"), "expected a reader of the study, got 'R9'"),
            (lambda r: evolve(r, reader="R3"), "expected a film that R3 was to read on occasion 1"),
            (lambda r: evolve(r, occasion=3), "expected a film that R1 was to read on occasion 3"),
            (lambda r: evolve(r, image=evolve(r.image, sha256="b" * 64)), "pixels sha256"),
        ],
    )
    def test_what_is_not_of_the_study_is_named(self, study, tmp_path, change, words):
        with study.session() as session:
            reading = answered(session.blank(session.next()))
        write_reading(change(reading), tmp_path / "one.reading.json")
        report = bring(study, tmp_path)
        assert report.added == []
        (problem,) = report.problems
        assert problem.startswith(str(tmp_path / "one.reading.json"))
        assert words in problem

    def test_a_pack_of_another_study_is_named(self, pack, tmp_path):
        self.fill(pack, 1)
        (tmp_path / "other").mkdir()
        other = make_study(tmp_path / "other", tmp_path / "other.study")
        report = bring(other, pack)
        assert report.added == []
        assert "expected a pack of this study, got one of another" in report.problems[0]

    def test_a_reading_that_is_cut_off_is_named_and_the_rest_added(self, study, pack):
        self.fill(pack)
        path = pack / "committed" / f"{ORDER[0]}.reading.json"
        path.write_bytes(path.read_bytes()[:200])
        report = bring(study, pack)
        assert len(report.added) == 2
        assert report.problems[0].startswith(f"{path}: line")

    def test_nothing_to_bring(self, study, tmp_path):
        (tmp_path / "empty").mkdir()
        for path, words in (
            (tmp_path / "empty", "expected readings, got none"),
            (tmp_path / "none", "expected a pack, a reading file or a folder of them, got no such file"),
        ):
            with pytest.raises(StudyError, match=words):
                bring(study, path)

    def test_a_zip_file_that_is_broken(self, study, pack, tmp_path):
        self.fill(pack, 1)
        source = _zipped(pack, tmp_path / "back.zip")
        source.write_bytes(source.read_bytes()[:-200])
        with pytest.raises(StudyError, match="cut off, damaged or locked by a password"):
            bring(study, source)

    def test_a_zip_file_with_a_huge_reading(self, study, pack, tmp_path, monkeypatch):
        self.fill(pack, 1)
        monkeypatch.setattr("spinegrade.study.bring_files._LARGEST", 100)
        with pytest.raises(StudyError, match=r"expected a reading, got .* bytes"):
            bring(study, _zipped(pack, tmp_path / "back.zip"))

    def test_a_zip_file_of_something_else(self, study, tmp_path):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            file.writestr("committed/a.reading.json", "{}")
        with pytest.raises(StudyError, match="expected readings, got none"):
            bring(study, tmp_path / "x.zip")

    def test_moments_without_a_zone_are_taken_as_utc(self, study, tmp_path):
        with study.session() as session:
            item = session.next()
            reading = answered(session.blank(item), at=START.replace(tzinfo=None))
        write_reading(reading, tmp_path / "one.reading.json")
        assert len(bring(study, tmp_path).added) == 1


def _zipped(pack, target):
    with zipfile.ZipFile(target, "w") as file:
        for path in sorted(pack.rglob("*")):
            file.write(path, f"{pack.name}/{path.relative_to(pack).as_posix()}")
    return target


def test_a_pack_that_cannot_be_written_is_an_error_of_the_program(study, pack):
    with opened(pack) as session:
        item = session.next()
        blank = session.blank(item)
        (pack / "drafts").rmdir()
        with pytest.raises(FormatError, match="expected an existing folder"):
            session.save(item, blank)
