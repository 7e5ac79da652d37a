"""The editor: placing in order, correcting, undo without end and across restarts, saving that may fail."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from napari_spinegrade import editor as editing
from napari_spinegrade.editor import ROUND, Order, Place, ReadingEditor
from spinegrade.anatomy import GRADED, LEVELS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import FormatError, ReadingError
from spinegrade.io.reading_json import dump_reading, parse_reading
from spinegrade.radiograph import ImageIdentity
from spinegrade.readings import CountedFrom, Exam, NotEvaluableReason, Reading, Status

IMAGE = ImageIdentity(file_name="film.dcm", sha256="a" * 64, rows=1000, columns=800)


def blank():
    """Return a reading of nothing yet."""
    return Reading(Exam("p", "e"), "R1", image=IMAGE)


@pytest.fixture
def editor():
    """Give an editor of a blank reading that keeps what it is told in a list."""
    kept = []
    made = ReadingEditor(blank(), keep=kept.append)
    made.kept_readings = kept
    return made


def body(editor, level, top=100.0):
    """Place the six landmarks of a level."""
    editor.go_to(Place(level, ROUND[0]))
    for row, column in ((0, 0), (1, 20), (0, 40), (30, 40), (29, 20), (30, 0)):
        editor.place(top + row, 300.0 + column)


def reopened(editor):
    """Return an editor of the reading as a file would give it back."""
    return ReadingEditor(parse_reading(dump_reading(editor.reading).encode(), "file"))


def stripped(reading):
    """Return what a reading says, without log and clock."""
    return editing.evolve(
        reading,
        events=(),
        vertebrae=tuple(editing.evolve(one, seconds=None) for one in reading.vertebrae),
    )


class TestPlacing:
    def test_goes_round_the_body_and_on_to_the_next(self, editor):
        seen = []
        for n in range(13 * 6):
            seen.append(editor.cursor)
            editor.place(10 + n, 20)
        assert [place.landmark for place in seen[:7]] == [*ROUND, ROUND[0]]
        assert [place.level for place in seen[::6]] == list(GRADED.levels)
        assert editor.cursor is None
        assert editor.reading.landmarks[LEVELS.index("L4"), 5].tolist() != [10, 20]

    def test_upwards_begins_at_the_last_level(self):
        made = ReadingEditor(blank(), order=Order(upwards=True))
        assert made.cursor == Place("L4", "superior_anterior")

    def test_skips_what_has_been_dealt_with_and_comes_back_for_what_was_left_out(self, editor):
        editor.step(2)
        editor.place(5, 5)
        assert editor.cursor == Place("T4", "inferior_posterior")
        for _ in range(3):
            editor.place(6, 6)
        assert editor.cursor == Place("T5", "superior_anterior")
        for _ in range(12 * 6):
            editor.place(7, 7)
        assert editor.cursor == Place("T4", "superior_anterior")

    def test_lands_on_the_hundredth_of_a_pixel(self, editor):
        editor.place(10.123456, 20.987654)
        landmark = editor.landmark_at(Place("T4", "superior_anterior"))
        assert (landmark.row, landmark.column, landmark.status) == (10.12, 20.99, Status.PLACED)

    @pytest.mark.parametrize("point", [(-1, 5), (5, -1), (1000, 5), (5, 800)])
    def test_off_the_film_is_refused_and_changes_nothing(self, editor, point):
        with pytest.raises(ReadingError, match=r"expected a point on the film, (row|column) 0 to"):
            editor.place(*point)
        assert editor.reading == blank()
        assert editor.kept_readings == []

    def test_with_nothing_left_to_place_says_so(self):
        made = ReadingEditor(blank(), order=Order(levels=("L1",)))
        for _ in range(6):
            made.place(1, 1)
        with pytest.raises(ReadingError, match="got none left"):
            made.place(1, 1)

    def test_order_has_to_have_every_landmark(self):
        with pytest.raises(ReadingError, match=r"each of .* once"):
            Order(landmarks=ROUND[:5])

    def test_not_visible_and_outside_are_dealt_with_too(self, editor):
        editor.mark(Status.NOT_VISIBLE)
        editor.mark(Status.OUTSIDE_IMAGE)
        assert editor.cursor == Place("T4", "superior_posterior")
        assert editor.landmark_at(Place("T4", "superior_anterior")).status is Status.NOT_VISIBLE

    def test_vertebra_that_cannot_be_read_is_passed_over(self, editor):
        editor.set_evaluable("T4", NotEvaluableReason.OVERLAP)
        assert editor.cursor == Place("T5", "superior_anterior")
        editor.step_level(-1)
        editor.place(3, 3)
        vertebra = editor.reading.vertebrae[0]
        assert (vertebra.level, vertebra.evaluable, vertebra.not_evaluable_reason) == ("T4", None, None)


class TestWalking:
    def test_steps_stay_at_the_ends(self, editor):
        editor.step(-1)
        assert editor.cursor == Place("T4", "superior_anterior")
        editor.step_level(40)
        assert editor.cursor == Place("L4", "superior_anterior")
        editor.step(40)
        assert editor.cursor == Place("L4", "inferior_anterior")

    def test_complete_vertebra_is_taken_in_hand_and_a_click_moves_nothing_of_it(self, editor):
        body(editor, "T4")
        body(editor, "T5")
        before = stripped(editor.reading)
        editor.go_to_level("T4")
        assert (editor.level, editor.cursor) == ("T4", None)
        with pytest.raises(ReadingError, match="T4: expected a landmark to place"):
            editor.place(5, 5)
        assert stripped(editor.reading) == before
        editor.step(1)
        assert editor.cursor == Place("T5", "superior_anterior")
        editor.go_to_level("T4")
        editor.step(-1)
        assert editor.cursor == Place("T4", "superior_anterior")
        editor.go_on()
        assert editor.cursor == Place("T6", "superior_anterior")

    def test_says_when_it_moves_and_only_then(self, editor):
        moves = []
        editor.moved.connect(lambda: moves.append(editor.cursor))
        editor.step(1)
        editor.step(0)
        assert moves == [Place("T4", "superior_middle")]


class TestCorrecting:
    def test_moving_a_landmark_leaves_the_cursor(self, editor):
        body(editor, "T8")
        cursor = editor.cursor
        editor.correct(Place("T8", "superior_middle"), 55, 66)
        assert editor.landmark_at(Place("T8", "superior_middle")).row == 55
        assert editor.cursor == cursor

    def test_nudge_moves_the_last_one_placed(self, editor):
        editor.place(10, 20)
        editor.nudge(-1, 0)
        editor.nudge(0, 0.1)
        landmark = editor.landmark_at(Place("T4", "superior_anterior"))
        assert (landmark.row, landmark.column) == (9, 20.1)

    def test_nudge_moves_the_one_at_the_cursor_where_that_is_placed(self, editor):
        body(editor, "T8")
        editor.go_to(Place("T8", "superior_posterior"))
        editor.nudge(2, 0)
        assert editor.landmark_at(Place("T8", "superior_posterior")).row == 102

    def test_nudge_with_nothing_placed_does_nothing(self, editor):
        editor.nudge(1, 1)
        assert editor.reading == blank()

    def test_preview_shows_and_records_nothing(self, editor):
        body(editor, "T8")
        before = editor.reading
        place = Place("T8", "superior_anterior")
        editor.preview(place, 80, 90)
        assert editor.shown.landmarks[LEVELS.index("T8"), 0].tolist() == [80, 90]
        assert editor.reading is before
        editor.preview(place, -50, 5000)
        assert editor.shown.vertebrae[0].landmarks["superior_anterior"].column == 799.5
        editor.end_preview()
        assert editor.shown is before

    def test_refused_correction_changes_nothing_not_even_what_is_at_hand(self, editor):
        body(editor, "T4")
        editor.go_to_level("T8")
        with pytest.raises(ReadingError, match="expected a point on the film"):
            editor.correct(Place("T4", "superior_middle"), -300, 5)
        assert (editor.level, editor.cursor) == ("T8", Place("T8", "superior_anterior"))

    def test_what_is_removed_is_the_mark_at_the_cursor_and_no_other(self, editor):
        editor.go_to(Place("T6", "superior_anterior"))
        editor.place(5, 5)
        editor.mark(Status.NOT_VISIBLE)
        editor.step(-1)
        assert editor.to_remove() == Place("T6", "superior_middle")
        editor.go_to(Place("T6", "inferior_anterior"))
        assert editor.to_remove() == Place("T6", "superior_anterior")

    def test_nudge_leaves_other_vertebrae_alone(self, editor):
        body(editor, "T4")
        editor.go_to_level("T9")
        before = editor.reading
        editor.nudge(5, 5)
        assert editor.reading == before

    def test_removed_landmark_is_the_next_to_place(self, editor):
        body(editor, "T8")
        editor.remove(Place("T8", "superior_middle"))
        assert editor.cursor == Place("T8", "superior_middle")
        editor.clear("T8")
        assert editor.reading.vertebrae == ()
        assert editor.cursor == Place("T8", "superior_anterior")


class TestRemarks:
    def test_grades_notes_counting_and_calibration_are_kept(self, editor):
        editor.set_visual_grade("T8", 0.5)
        editor.set_note("T8", " rounded corner ")
        editor.set_comment("poor film")
        editor.set_counted_from(CountedFrom.T12_RIB)
        editor.set_calibration(Calibration(CalibrationState.USER, 0.1, 0.1))
        reading = editor.reading
        assert (reading.vertebrae[0].visual_grade, reading.vertebrae[0].comment) == (0.5, "rounded corner")
        assert (reading.comment, reading.counted_from) == ("poor film", CountedFrom.T12_RIB)
        assert reading.calibration.row_spacing_mm == 0.1
        for _ in range(5):
            editor.undo()
        assert stripped(editor.reading) == stripped(blank())

    def test_form_is_filled_changed_and_taken_away_beside_others(self, editor):
        editor.set_form("T8", "quality", {"quality": "poor"})
        editor.set_form("T8", "abq", {"depression": "yes"})
        editor.set_form("T8", "quality", {"quality": "good"})
        assert editor.reading.vertebrae[0].forms == {
            "abq": {"depression": "yes"},
            "quality": {"quality": "good"},
        }
        editor.set_form("T8", "quality", {})
        assert editor.reading.vertebrae[0].forms == {"abq": {"depression": "yes"}}
        editor.undo()
        assert reopened(editor).reading.vertebrae[0].forms["quality"] == {"quality": "good"}

    def test_levels_shift_together_with_all_that_was_said_of_them(self, editor):
        body(editor, "T11")
        body(editor, "T12", 140)
        editor.set_visual_grade("T12", 2.0)
        before = editor.reading.landmarks
        editor.shift_levels(1)
        assert [one.level for one in editor.reading.vertebrae] == ["T12", "L1"]
        assert editor.reading.vertebrae[1].visual_grade == 2.0
        assert (editor.reading.landmarks[17, 0] == before[16, 0]).all()  # L1 has what T12 had
        editor.undo()
        assert (editor.reading.landmarks[15:17] == before[15:17]).all()

    def test_shift_beyond_the_spine_is_refused(self, editor):
        body(editor, "L6")
        with pytest.raises(ReadingError, match="expected a level below L6"):
            editor.shift_levels(1)

    def test_what_changes_nothing_is_no_action(self, editor):
        editor.set_visual_grade("T8", 1.0)
        count = len(editor.reading.events)
        editor.set_visual_grade("T8", 1.0)
        assert len(editor.reading.events) == count


class TestTakingBack:
    def test_any_walk_can_be_taken_back_to_the_start_and_done_again(self):
        """Random actions, undone one by one, give every state on the way, and again on the way back."""
        chance = random.Random(7)  # noqa: S311  no secret
        made = ReadingEditor(blank())
        states = [stripped(made.reading)]
        for _ in range(60):
            level = chance.choice(GRADED.levels)
            act = chance.choice(
                [
                    lambda: made.place(chance.uniform(0, 900), chance.uniform(0, 700)),
                    lambda: made.mark(Status.NOT_VISIBLE),
                    lambda level=level: made.set_visual_grade(
                        level, chance.choice([0.0, 0.5, 1.0, 2.0, 3.0])
                    ),
                    lambda level=level: made.set_evaluable(level, chance.choice([None, *NotEvaluableReason])),
                    lambda level=level: made.clear(level),
                    lambda level=level: made.set_note(level, str(chance.random())),
                    lambda: made.shift_levels(chance.choice([-1, 1])),
                    lambda: made.step(chance.choice([-3, 2])),
                ]
            )
            try:
                act()
            except ReadingError:
                continue
            if stripped(made.reading) != states[-1]:
                states.append(stripped(made.reading))
        made = reopened(made)
        for state in reversed(states[:-1]):
            assert made.undo() is not None
            assert stripped(made.reading) == state
        assert not made.can_undo
        made = reopened(made)
        for state in states[1:]:
            assert made.redo() is not None
            assert stripped(made.reading) == state
        assert not made.can_redo

    def test_log_only_grows(self, editor):
        editor.place(1, 1)
        editor.undo()
        editor.redo()
        editor.undo()
        assert [event.did for event in editor.reading.events] == ["place", "undo", "redo", "undo"]
        assert stripped(editor.reading) == stripped(blank())

    def test_new_action_forgets_what_was_taken_back(self, editor):
        editor.place(1, 1)
        editor.undo()
        editor.place(2, 2)
        assert not editor.can_redo
        assert editor.redo() is None

    def test_vertebra_at_hand_follows_what_is_taken_back(self, editor):
        body(editor, "T4")
        body(editor, "T5")
        editor.set_visual_grade("T5", 2.0)
        editor.go_to_level("L4")
        editor.undo()
        assert editor.level == "T5"
        editor.undo()
        assert (editor.level, editor.cursor) == ("T5", Place("T5", "inferior_anterior"))

    def test_next_click_after_taking_back_a_clearing_or_a_renaming_moves_nothing(self, editor):
        body(editor, "T4")
        body(editor, "T5")
        for action in (lambda: editor.clear("T5"), lambda: editor.shift_levels(1)):
            before = stripped(editor.reading)
            action()
            editor.undo()
            assert stripped(editor.reading) == before
            assert editor.cursor == Place("T6", "superior_anterior")
            assert editor.level == "T5"

    def test_renaming_takes_cursor_and_vertebra_at_hand_along(self, editor):
        body(editor, "T4")
        body(editor, "T5")
        editor.place(200, 300)
        assert (editor.level, editor.cursor) == ("T6", Place("T6", "superior_middle"))
        editor.shift_levels(1)
        assert (editor.level, editor.cursor) == ("T7", Place("T7", "superior_middle"))
        editor.undo()
        assert (editor.level, editor.cursor) == ("T6", Place("T6", "superior_middle"))
        editor.redo()
        assert (editor.level, editor.cursor) == ("T7", Place("T7", "superior_middle"))

    def test_cursor_follows(self, editor):
        body(editor, "T8")
        editor.undo()
        assert editor.cursor == Place("T8", "inferior_anterior")
        editor.redo()
        assert editor.cursor == Place("T4", "superior_anterior") or editor.cursor.level == "T9"

    def test_nothing_to_take_back_is_nothing(self, editor):
        assert editor.undo() is None
        assert editor.redo() is None


class TestSaving:
    def test_every_action_is_kept_once(self, editor):
        editor.place(1, 1)
        editor.undo()
        assert [len(one.events) for one in editor.kept_readings] == [1, 2]

    def test_failed_save_stays_unsaved_says_so_and_is_made_up_for(self):
        said, full = [], [True]

        def keep(_):
            if full[0]:
                msg = "film.reading.json: expected to write it, got: No space left on device"
                raise FormatError(msg)

        made = ReadingEditor(blank(), keep=keep)
        made.kept.connect(lambda: said.append(made.unsaved))
        made.place(1, 1)
        made.place(2, 2)
        assert len(made.reading.vertebrae[0].landmarks) == 2
        assert said == ["film.reading.json: expected to write it, got: No space left on device"]
        full[0] = False
        assert made.save()
        assert said[1:] == [""]

    def test_read_only_reading_refuses_every_action(self):
        made = ReadingEditor(blank(), read_only="it is being edited by A")
        for act in (
            lambda: made.place(1, 1),
            lambda: made.set_visual_grade("T8", 1.0),
            lambda: made.clear("T4"),
        ):
            with pytest.raises(ReadingError, match=r"read-only: it is being edited by A"):
                act()
        assert made.undo() is None


def test_time_is_counted_for_the_vertebra_worked_on(editor, monkeypatch):
    now = [editing._now()]
    monkeypatch.setattr(editing, "_now", lambda: now[0])
    for pause in (0, 2, 3, 600):
        now[0] += timedelta(seconds=pause)
        editor.place(1, 1)
    assert editor.reading.vertebrae[0].seconds == 2 + 3 + 60


def test_a_film_is_given_to_a_patient_and_a_date_across_restarts_and_undo(editor):
    editor.set_patient("sample-04", date(2026, 4, 27))
    again = reopened(editor)
    assert again.reading.exam == Exam("sample-04", "e", date(2026, 4, 27))
    again.undo()
    assert again.reading.exam == Exam("p", "e")
    again.redo()
    assert again.reading.exam.date == date(2026, 4, 27)
