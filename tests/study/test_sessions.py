"""What a reader can do in a study, on either kind of store."""

from __future__ import annotations

import pytest
from attrs import evolve

from spinegrade.errors import SpinegradeError, StudyError
from spinegrade.io.film import open_film
from spinegrade.readings import Event, Exam, MiddlePoint, NotEvaluableReason, VertebraReading
from spinegrade.study.protocol import Hidden
from spinegrade.study.queue import Item
from spinegrade.study.sequence import reading_order
from spinegrade.study.sessions import ReaderSession
from spinegrade.study.status import log_lines
from study.making import START, answered, read_all


def did(study):
    """Return what the log says was done, by whom."""
    with study.store() as store:
        return [(line.who, line.did) for line in log_lines(store)]


class TestReading:
    def test_films_come_in_the_order_that_was_drawn(self, study):
        with study.session() as session:
            came = read_all(session)
        order = reading_order(["F001", "F002", "F003"], seed=7, reader="R1", occasion=1)
        assert came == [Item(film, 1) for film in order]

    def test_progress_is_told_all_the_way(self, study):
        with study.session() as session:
            assert session.progress.words == "0 of 3 films read, occasion 1 of 2"
            item = session.next()
            session.commit(item, answered(session.blank(item)))
            assert session.progress.words == "1 of 3 films read, occasion 1 of 2"
            assert not session.progress.is_done
            read_all(session)
            assert session.progress.words == (
                "0 of 3 films read, occasion 2 of 2; opens 2026-12-01 09:00 UTC"
            )
            study.clock.go(days=11)
            read_all(session)
            assert session.progress.words == "3 of 3 films read, occasion 2 of 2"
            assert session.progress.is_done

    def test_a_film_is_shown_under_its_study_name_and_nothing_else(self, study):
        with study.session() as session:
            item = session.next()
            path = session.film(item)
            assert path.name == f"{item.film}.dcm"
            film = open_film(path, person=True)
            assert film.person.name == film.person.patient_id == item.film
            assert (film.person.birth_date, film.person.study_date) == (None, None)
            assert session.film(item) == path
            assert session.facts(item) == ()
        assert not path.exists()

    def test_a_blank_reading_is_of_the_blinded_film(self, study):
        with study.session() as session:
            item = session.next()
            blank = session.blank(item)
            assert (blank.exam, blank.reader, blank.occasion) == (Exam(item.film, item.film), "R1", 1)
            assert blank.image.file_name == f"{item.film}.dcm"
            assert blank.image.sha256 == open_film(session.film(item)).image.sha256
            assert blank.calibration.row_spacing_mm == 0.3
            assert blank.middle_point is MiddlePoint.MID_CHORD

    def test_a_draft_is_found_again_by_another_window(self, study):
        with study.session() as session:
            item = session.next()
            assert session.draft(item) is None
            draft = answered(session.blank(item), levels=("T8",))
            session.save(item, draft)
        with study.session() as session:
            assert session.next() == item
            assert session.draft(item) == draft

    def test_a_paused_film_comes_back_after_the_others(self, study):
        with study.session() as session:
            first = session.next()
            session.save(first, session.blank(first))
            session.pause(first)
            assert session.progress.words == "0 of 3 films read, 1 paused, occasion 1 of 2"
            others = []
            for _ in range(2):
                others.append(item := session.next())
                session.commit(item, answered(session.blank(item)))
            assert first not in others
            assert session.next() == first
            session.save(first, answered(session.blank(first)))
            assert session.progress.paused == 0

    def test_what_was_done_is_logged(self, study):
        with study.session() as session:
            item = session.next()
            session.save(item, session.blank(item))
            session.save(item, answered(session.blank(item)))
            session.pause(item)
            session.commit(item, answered(session.blank(item)))
        assert did(study) == [
            ("coordinator", "study made"),
            *(("R1", what) for what in ("signed in", "begun", "paused", "committed")),
        ]

    def test_readers_do_not_meet(self, study):
        with study.session("R1") as one, study.session("R2") as other:
            item = one.next()
            one.save(item, answered(one.blank(item)))
            read_all(other)
            assert one.progress.read == 0
            assert other.progress.occasion == 2
            assert one.draft(item) == answered(one.blank(item))


class TestWhoReads:
    def test_nobody_else(self, study):
        with pytest.raises(StudyError, match="expected a reader of this study, got 'R9'"):
            ReaderSession.open(study.where, "R9")

    def test_an_adjudicator_has_nothing_to_read_before_it_is_given(self, study):
        with study.session("R3") as session:
            assert session.next() is None
            assert session.progress.words == "no film to read"


class TestCommit:
    def test_locks_the_reading(self, study):
        with study.session() as session:
            item = session.next()
            session.commit(item, answered(session.blank(item)))
            for attempt in (
                lambda: session.save(item, answered(session.blank(item))),
                lambda: session.commit(item, answered(session.blank(item), grade=1.0)),
                lambda: session.pause(item),
                lambda: session.draft(item),
            ):
                with pytest.raises(StudyError, match="got one that is committed and locked"):
                    attempt()
            assert session.committed(item).vertebrae == answered(session.blank(item)).vertebrae

    def test_is_the_last_event(self, study):
        with study.session() as session:
            item = session.next()
            session.commit(item, answered(session.blank(item)))
            assert session.committed(item).events[-1] == Event(START, "commit")

    def test_again_changes_nothing(self, study):
        """As when the answer to the first was lost with the connection."""
        with study.session() as session:
            item = session.next()
            reading = answered(session.blank(item))
            session.commit(item, reading)
            session.commit(item, reading)
        assert did(study).count(("R1", "committed")) == 1

    def test_asks_about_every_empty_answer(self, study):
        with study.session() as session:
            item = session.next()
            reading = session.blank(item)
            assert session.empty_answers(item, reading) == ("T8: not read", "T9: not read")
            reading = evolve(
                reading,
                vertebrae=(
                    evolve(answered(reading).vertebrae[0], visual_grade=None),
                    VertebraReading("T9", evaluable=False, not_evaluable_reason=NotEvaluableReason.OVERLAP),
                ),
            )
            left = session.empty_answers(item, reading)
            assert left == ("T8: visual grade",)
            with pytest.raises(StudyError, match=r"stays empty, got T8: visual grade$"):
                session.commit(item, reading)
            with pytest.raises(StudyError, match="T8: visual grade"):
                session.commit(item, reading, ["T9: visual grade"])
            assert session.progress.read == 0
            session.commit(item, reading, left)
            assert session.progress.read == 1


class TestWhatIsNotOfTheFilm:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda r: evolve(r, exam=Exam("F009", r.exam.id)), "of patient F00., got F009"),
            (lambda r: evolve(r, exam=Exam(r.exam.patient, "child-1")), "of exam F00., got child-1"),
            (lambda r: evolve(r, exam=evolve(r.exam, date=START.date())), "of date none, got 2026"),
            (lambda r: evolve(r, reader="R2"), "of reader R1, got R2"),
            (lambda r: evolve(r, occasion=2), "of occasion 1, got 2"),
            (lambda r: evolve(r, image=evolve(r.image, sha256="a" * 64)), r"sha256 \w+\.\., got aaaa"),
            (lambda r: evolve(r, middle_point=MiddlePoint.DEEPEST), "of middle point mid_chord, got deepest"),
        ],
    )
    def test_is_refused(self, study, change, words):
        with study.session() as session:
            item = session.next()
            reading = change(answered(session.blank(item)))
            for act in (session.save, session.commit):
                with pytest.raises(StudyError, match=words):
                    act(item, reading)
            assert session.draft(item) is None

    def test_half_a_character_is_refused(self, study):
        with study.session() as session:
            item = session.next()
            with pytest.raises(StudyError, match="whole characters, got half of one"):
                session.save(item, evolve(session.blank(item), comment="\ud800"))

    def test_nor_is_a_film_of_nobody(self, study):
        with study.session() as session:
            stranger = Item("F099", 1)
            blank = session.blank(session.next())
            for attempt in (
                lambda: session.film(stranger),
                lambda: session.facts(stranger),
                lambda: session.draft(stranger),
                lambda: session.save(stranger, blank),
                lambda: session.pause(stranger),
                lambda: session.committed(stranger),
            ):
                with pytest.raises(StudyError, match="F099, occasion 1: expected a film that is yours"):
                    attempt()


class TestTurns:
    def test_no_film_is_read_out_of_its_turn(self, study):
        with study.session() as session:
            first = session.next()
            later = next(Item(f"F00{n}", 1) for n in (1, 2, 3) if f"F00{n}" != first.film)
            with pytest.raises(StudyError, match=f"the next unread film, {first}, got one out of its turn"):
                session.film(later)
            with pytest.raises(StudyError, match="out of its turn"):
                session.draft(later)

    def test_nothing_is_paused_that_was_not_begun(self, study):
        with study.session() as session, pytest.raises(StudyError, match="there is nothing to pause"):
            session.pause(session.next())

    def test_the_second_occasion_waits_for_the_first(self, study):
        with study.session() as session:
            item = session.next()
            with pytest.raises(StudyError, match="once all of occasion 1 is committed"):
                session.film(evolve(item, occasion=2))

    def test_and_for_the_washout(self, study):
        with study.session() as session:
            read_all(session)
            assert session.next() is None
            early = Item(reading_order(["F001", "F002", "F003"], seed=7, reader="R1", occasion=2)[0], 2)
            study.clock.go(days=9, hours=23, minutes=59)
            assert session.next() is None
            with pytest.raises(StudyError, match="not before 2026-12-01 09:00 UTC"):
                session.draft(early)
            study.clock.go(minutes=1)
            assert session.next() == early

    def test_an_earlier_reading_is_not_shown_before_the_last_is_done(self, study):
        with study.session() as session:
            first = session.next()
            session.commit(first, answered(session.blank(first)))
            assert session.committed(first)
            with pytest.raises(StudyError, match="expected a committed reading, got one that is not"):
                session.committed(session.next())
            read_all(session)
            for show in (session.committed, session.film):
                with pytest.raises(StudyError, match="once every occasion is read, got an earlier reading"):
                    show(first)
            study.clock.go(days=11)
            read_all(session)
            assert session.committed(first)
            assert session.film(first)


class TestTwoWindows:
    def test_the_second_is_told_of_the_first(self, study):
        with study.session() as one, study.session() as other:
            item = one.next()
            assert one.draft(item) is other.draft(item) is None
            blank = one.blank(item)
            one.save(item, blank)
            with pytest.raises(StudyError, match="changed in another window; open it again"):
                other.save(item, answered(blank))
            with pytest.raises(StudyError, match="changed in another window"):
                other.commit(item, answered(blank))
            assert other.draft(item) == blank
            other.save(item, answered(blank))
            with pytest.raises(StudyError, match="changed in another window"):
                one.save(item, evolve(blank, comment="mine"))
            assert one.draft(item) == answered(blank)

    def test_the_same_twice_is_no_contradiction(self, study):
        """A save whose answer was lost is made again."""
        with study.session() as one, study.session() as other:
            item = one.next()
            reading = answered(one.blank(item))
            one.save(item, reading)
            other.save(item, reading)
            other.save(item, evolve(reading, comment="and on"))
            assert other.draft(item).comment == "and on"


class TestAmending:
    def test_adds_a_revision_with_its_reason(self, study):
        with study.session() as session:
            item = session.next()
            first = answered(session.blank(item))
            session.commit(item, first)
            study.clock.go(minutes=5)
            session.amend(item, answered(session.blank(item), grade=2.0), " wrong key ")
            amended = session.committed(item)
            assert [v.visual_grade for v in amended.vertebrae] == [2.0, 2.0]
            session.amend(item, answered(session.blank(item), grade=1.0), "again")
            assert session.committed(item).vertebrae[0].visual_grade == 1.0
        with study.store() as store:
            lines = [line for line in log_lines(store) if line.did == "amended"]
        assert [(line.film, line.details) for line in lines] == [
            (item.film, "wrong key"),
            (item.film, "again"),
        ]

    def test_needs_a_reason_a_change_and_a_committed_reading(self, study):
        with study.session() as session:
            item = session.next()
            reading = answered(session.blank(item))
            with pytest.raises(StudyError, match="expected a committed reading"):
                session.amend(item, reading, "why")
            session.commit(item, reading)
            with pytest.raises(StudyError, match="expected a reason for the amendment, got none"):
                session.amend(item, answered(reading, grade=1.0), "  ")
            for same in (reading, session.committed(item)):
                with pytest.raises(StudyError, match="that changes something"):
                    session.amend(item, same, "why")
            with pytest.raises(StudyError, match="of reader R1, got R2"):
                session.amend(item, evolve(reading, reader="R2"), "why")


class TestClock:
    def test_that_goes_back_is_noticed_once_and_loses_nothing(self, study):
        with study.session() as session:
            item = session.next()
            session.save(item, session.blank(item))
            study.clock.go(hours=-5)
            session.save(item, answered(session.blank(item)))
            session.commit(item, answered(session.blank(item)))
            assert len(session.notices) == 1
            assert session.notices[0].startswith(
                "the clock says 2026-11-21 04:00 UTC, before 2026-11-21 09:00"
            )
            assert session.committed(item).events[-1].at == START
        assert did(study).count(("R1", "clock went backwards")) == 1

    def test_that_goes_back_never_opens_an_occasion(self, study):
        with study.session() as session:
            read_all(session)
            opens = session.progress.opens_at
            study.clock.go(days=-400)
            assert session.next() is None
            assert session.progress.opens_at == opens
            study.clock.go(days=405)
            assert session.next() is None
            study.clock.go(days=5)
            assert session.next() is not None

    def test_nor_closes_one_that_was_open(self, study):
        with study.session() as session:
            read_all(session)
            study.clock.go(days=10)
            item = session.next()
            session.save(item, session.blank(item))
            study.clock.go(days=-9)
            assert session.next() == item
            session.commit(item, answered(session.blank(item)))
            assert session.progress.read == 1

    def test_a_few_seconds_back_are_not_worth_a_word(self, study):
        with study.session() as session:
            item = session.next()
            session.save(item, session.blank(item))
            study.clock.go(seconds=-30)
            session.commit(item, answered(session.blank(item)))
            assert session.notices == ()


class TestProtocol:
    def test_a_reader_may_know_what_is_asked_and_hidden(self, study):
        with study.session() as session:
            known = session.protocol
            assert (known.title, known.levels, known.occasions) == ("Test", "T8-T9", 2)
            assert Hidden.COMPUTED in known.hidden
            assert not hasattr(known, "seed")
            assert not hasattr(known, "films")

    def test_every_fault_is_an_error_of_the_program(self, study):
        with pytest.raises(SpinegradeError), study.session() as session:
            session.commit(session.next(), session.blank(session.next()))
