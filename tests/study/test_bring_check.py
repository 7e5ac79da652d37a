"""What is brought back against the study: packs that were edited, occasions out of turn, odd dates."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from attrs import evolve

from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.readings import Event
from spinegrade.study.bring import add_readings
from spinegrade.study.pack_session import PackSession
from spinegrade.study.packs import export_pack
from spinegrade.study.sequence import reading_order
from spinegrade.study.status import log_lines, study_status
from study.making import START, Clock, answered, read_all

FIRST = reading_order(["F001", "F002", "F003"], seed=7, reader="R1", occasion=1)[0]


def bring(study, *paths):
    with study.store() as store:
        return add_readings(store, paths)


def export(study, target, reader="R1", occasion=1):
    with study.store() as store:
        export_pack(store, reader, occasion, target)
    return target


def fill(pack, **after):
    """Read a whole pack, some time after the study was made."""
    at = START + (timedelta(**after) or timedelta(hours=1))
    with PackSession.open(pack, clock=Clock(at)) as session:
        read_all(session, at=at)
    return pack


def edit(pack, **changes):
    """Change what the head of a pack says."""
    head = json.loads((pack / "pack.json").read_text())
    (pack / "pack.json").write_text(json.dumps(head | changes))


def edit_readings(pack, change):
    for path in (pack / "committed").iterdir():
        write_reading(change(read_reading(path)), path, force=True)


def on_occasion(number, **after):
    """Return a change of a reading: of another occasion, begun some time after the study was made."""

    def change(reading):
        moved = tuple(evolve(event, at=event.at + timedelta(**after)) for event in reading.events)
        return evolve(reading, occasion=number, events=moved)

    return change


def committed(study):
    with study.store() as store:
        return study_status(store).committed


@pytest.fixture
def pack(study, tmp_path):
    """Give a pack of the first reader's first occasion, all of it read."""
    return fill(export(study, tmp_path / "pack"))


class TestPacks:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda r: evolve(r, reader="R2"), "expected a reading of reader R1, as pack.json says, got R2"),
            (lambda r: evolve(r, occasion=2), "expected a reading of occasion 1, as pack.json says, got 2"),
        ],
    )
    def test_a_reading_that_is_not_of_its_pack(self, study, pack, change, words):
        edit_readings(pack, change)
        report = bring(study, pack)
        assert (report.added, len(report.problems)) == ([], 3)
        assert all(one.startswith(f"{pack / 'committed'}") and words in one for one in report.problems)
        assert committed(study) == 0

    def test_a_film_that_is_not_of_its_pack(self, study, tmp_path):
        with study.session() as session:
            item = session.next()
            session.save(item, reading := answered(session.blank(item)))
            session.commit(item, reading)
        left = fill(export(study, tmp_path / "left"))
        write_reading(reading, left / "committed" / f"{item.film}.reading.json")
        report = bring(study, left)
        assert len(report.added) == 2
        assert f"expected a film of the pack, got '{item.film}'" in report.problems[0]

    @pytest.mark.parametrize(
        "changes",
        [{"occasion": 2}, {"reader": "R2"}, {"films": []}, {"packed_at": "2026-01-01T00:00:00+00:00"}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_one_that_was_edited(self, study, pack, changes):
        if "films" in changes:
            changes = {"films": json.loads((pack / "pack.json").read_text())["films"][::-1]}
        edit(pack, **changes)
        edit_readings(pack, lambda r: evolve(r, **{k: v for k, v in changes.items() if hasattr(r, k)}))
        report = bring(study, pack)
        assert (report.added, committed(study)) == ([], 0)
        assert "pack.json: expected a pack as the study gave it out, got one for" in report.problems[0]

    def test_one_whose_lines_were_broken_anew_is_the_same(self, study, pack):
        edit(pack)
        assert len(bring(study, pack).added) == 3

    def test_one_that_was_given_before_the_protocol_was_amended_still_counts(self, study, pack, tmp_path):
        from spinegrade.study.amend import amend_protocol
        from study.making import write_protocol

        with study.store() as store:
            amend_protocol(store, write_protocol(tmp_path, washout_days=20), "more rest")
        assert len(bring(study, pack).added) == 3


class TestTurn:
    def test_a_second_occasion_before_the_first(self, study, pack, tmp_path):
        """The head is gone, and the readings say that they are of the second occasion, weeks later."""
        (pack / "pack.json").unlink()
        edit_readings(pack, on_occasion(2, days=30))
        study.clock.go(days=40)
        report = bring(study, pack)
        assert report.added == []
        assert "expected the occasions before to be committed, got 3 readings by R1" in report.problems[0]

    @pytest.mark.parametrize(
        ("begun", "brought", "words"),
        [
            (2, 40, "a washout that is over, on 2026-12-01 10:00 UTC, got one begun on 2026-11-23 10:00 UTC"),
            (30, 5, "a washout that is over, on 2026-12-01 10:00 UTC, got it added on 2026-11-26 09:00 UTC"),
        ],
    )
    def test_a_second_occasion_before_the_washout_is_over(self, study, pack, tmp_path, begun, brought, words):
        study.clock.go(hours=2)
        bring(study, pack)
        (pack / "pack.json").unlink()
        edit_readings(pack, on_occasion(2, days=begun))
        study.clock.go(days=brought, hours=-2)
        report = bring(study, pack)
        assert (report.added, committed(study)) == ([], 3)
        assert words in report.problems[0]

    def test_a_washout_does_not_count_from_a_commit_before_the_study(self, study, pack):
        edit_readings(pack, on_occasion(1, days=-100))
        study.clock.go(hours=2)
        report = bring(study, pack)
        assert len(report.added) == 3
        assert (
            "dated 2026-08-13 10:00 UTC, before the study was made on 2026-11-21 09:00" in report.notices[0]
        )
        with study.session() as session:
            assert session.next() is None

    def test_both_occasions_may_come_together(self, study, pack, tmp_path):
        """Both as reading files; the second is found first."""
        again = tmp_path / "again"
        again.mkdir()
        for path in (pack / "committed").iterdir():
            write_reading(on_occasion(2, days=12)(read_reading(path)), again / path.name)
        study.clock.go(days=20)
        report = bring(study, again, pack)
        assert (len(report.added), report.problems, report.notices) == (6, [], [])

    def test_a_pack_of_the_second_occasion_goes_by_the_washout_it_was_given_with(self, study, pack, tmp_path):
        from spinegrade.study.amend import amend_protocol
        from study.making import write_protocol

        study.clock.go(hours=2)
        bring(study, pack)
        study.clock.go(days=11)
        second = fill(export(study, tmp_path / "second", occasion=2), days=12)
        with study.store() as store:
            amend_protocol(store, write_protocol(tmp_path, washout_days=30), "more rest")
        study.clock.go(days=2)
        assert len(bring(study, second).added) == 3

    def test_no_washout_is_none(self, study, pack, tmp_path):
        from spinegrade.study.amend import amend_protocol
        from study.making import write_protocol

        with study.store() as store:
            amend_protocol(store, write_protocol(tmp_path, washout_days=0), "in a hurry")
        study.clock.go(hours=2)
        bring(study, pack)
        (pack / "pack.json").unlink()
        edit_readings(pack, on_occasion(2))
        assert len(bring(study, pack).added) == 3


class TestDates:
    def test_in_the_future_are_added_and_said(self, study, pack):
        edit_readings(pack, on_occasion(1, days=400))
        study.clock.go(hours=2)
        report = bring(study, pack)
        assert (len(report.added), len(report.notices)) == (3, 3)
        words = "dated 2027-12-26 10:00 UTC, after it was added on 2026-11-21 11:00 UTC"
        assert words in report.notices[0]
        assert report.notices[0].startswith(str(pack))
        with study.store() as store:
            details = [line.details for line in log_lines(store) if line.did == "committed"]
        assert details == [f"brought back; {words}"] * 3
        study.clock.go(days=10)
        with study.session() as session:
            assert session.next().occasion == 2

    def test_before_the_pack_was_made_are_said(self, study, tmp_path):
        study.clock.go(days=5)
        pack = export(study, tmp_path / "pack")
        write_reading(_dated(pack, START + timedelta(days=1)), pack / "committed" / f"{FIRST}.reading.json")
        (notice,) = bring(study, pack).notices
        assert "dated 2026-11-22 09:00 UTC, before its pack was made on 2026-11-26 09:00 UTC" in notice

    def test_none_are_none(self, study, tmp_path):
        with study.session() as session:
            reading = evolve(answered(session.blank(session.next())), events=())
        write_reading(reading, tmp_path / "one.reading.json")
        assert bring(study, tmp_path / "one.reading.json").notices == []

    def test_honest_ones_are_passed_over(self, study, pack):
        study.clock.go(hours=2)
        assert bring(study, pack).notices == []


def _dated(pack, at):
    """Return the first reading of a pack, committed at a moment."""
    with PackSession.open(pack, clock=Clock(START + timedelta(days=5))) as session:
        blank = session.blank(session.next())
    return evolve(answered(blank, at=at), events=(Event(at, "commit"),))
