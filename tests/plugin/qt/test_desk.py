"""The desk in a real window: real mouse and keys through the canvas, read a spine, saved, graded."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication, QLabel, QPushButton

from at_desk import CALLED, SAMPLES, Reader, read_truly
from napari_spinegrade.app import open_desk
from napari_spinegrade.editor import Order, Place
from napari_spinegrade.shortcuts import SHORTCUTS
from spinegrade.anatomy import LEVELS
from spinegrade.assess import Method, grade_rows
from spinegrade.calibration import CalibrationState
from spinegrade.io.checks import sound_spines
from spinegrade.io.reading_json import read_reading
from spinegrade.io.reading_table import reading_rows, readings_frame
from spinegrade.readings import CountedFrom, NotEvaluableReason, Status


def graded(reading):
    """Return the grades of a reading by level."""
    spines, _ = sound_spines(readings_frame(reading_rows(reading)))
    return dict(
        grade_rows(spines, Method())
        .filter(pl.col("grade").is_not_null())
        .select("level", "grade")
        .iter_rows()
    )


def test_a_whole_spine_is_read_with_the_mouse_and_gives_the_grades_of_the_truth(at_desk, film):
    """78 clicks: every landmark within 2 film pixels, every grade that of the truth, all of it saved."""
    truth = read_truly(at_desk, Order().levels)
    assert at_desk.desk.head.next.text() == "All landmarks dealt with"
    saved = read_reading(film.with_name("film_R1_1.reading.json"))
    inside = slice(LEVELS.index("T4"), LEVELS.index("L4") + 1)
    assert np.abs(saved.landmarks[inside] - truth.landmarks[inside]).max() < 2
    assert graded(saved) == graded(truth)
    assert [event.did for event in saved.events] == ["place"] * 78
    assert at_desk.desk.head.kept.text() == "saved"


def test_keys_undo_grade_mark_nudge_and_walk(at_desk):
    read_truly(at_desk, ("T4",))
    desk = at_desk.desk
    at_desk.do("key", "2")
    assert desk.editor.reading.vertebrae[0].visual_grade == 2.0
    at_desk.do("key", "ctrl+z")
    assert desk.editor.reading.vertebrae[0].visual_grade is None
    at_desk.do("key", "ctrl+shift+z")
    at_desk.do("key", "5")
    assert desk.editor.reading.vertebrae[0].visual_grade == 0.5
    before = desk.editor.reading.landmarks[LEVELS.index("T4"), 3]
    at_desk.do("key", "Up")
    at_desk.do("key", "shift+Right")
    moved = desk.editor.reading.landmarks[LEVELS.index("T4"), 3] - before
    np.testing.assert_allclose(moved, [-1, 0.1], atol=0.011)
    at_desk.do("key", "n")
    assert desk.editor.landmark_at(Place("T5", "superior_anterior")).status is Status.NOT_VISIBLE
    at_desk.do("key", "Page_Down")
    assert desk.editor.cursor == Place("T6", "superior_anterior")
    at_desk.do("key", "comma")
    assert desk.editor.cursor == Place("T5", "inferior_anterior")
    at_desk.do("key", "bracketright")
    assert [one.level for one in desk.editor.reading.vertebrae] == ["T5", "T6"]


def test_drag_corrects_under_a_loupe(at_desk):
    read_truly(at_desk, ("T4",))
    place = Place("T4", "superior_posterior")
    mark = at_desk.desk.editor.landmark_at(place)
    at_desk.do("mousemove", *at_desk.at(mark.row, mark.column))
    at_desk.do("mousedown", 1)
    for _ in range(4):
        at_desk.do("mousemove_relative", "--", -3, 4)
    assert at_desk.desk._note.isVisible()
    assert at_desk.desk._note._loupe is not None
    at_desk.do("mouseup", 1)
    moved = at_desk.desk.editor.landmark_at(place)
    on_screen = np.array([moved.row - mark.row, moved.column - mark.column]) * at_desk.desk.binding.film.scale
    np.testing.assert_allclose(on_screen * at_desk.viewer.scene.camera.zoom, [16, -12], atol=1.5)
    assert at_desk.desk._note._loupe is None


def test_right_drag_windows_and_does_not_move_the_film(at_desk):
    centre, zoom = at_desk.viewer.scene.camera.center, at_desk.viewer.scene.camera.zoom
    words = at_desk.desk.film_panel.window_words.text()
    at_desk.do("mousemove", *at_desk.at(600, 400))
    at_desk.do("mousedown", 3)
    at_desk.do("mousemove_relative", "--", 40, 20)
    at_desk.do("mouseup", 3)
    assert at_desk.desk.film_panel.window_words.text() != words
    assert (at_desk.viewer.scene.camera.center, at_desk.viewer.scene.camera.zoom) == (centre, zoom)
    assert len(at_desk.desk.binding.marks.data) == 0


def test_left_drag_pans_and_places_nothing(at_desk):
    before = at_desk.viewer.scene.camera.center
    at_desk.do("mousemove", *at_desk.at(600, 400))
    at_desk.do("mousedown", 1)
    for _ in range(4):
        at_desk.do("mousemove_relative", "--", 15, 10)
    at_desk.do("mouseup", 1)
    assert at_desk.viewer.scene.camera.center != before
    assert len(at_desk.desk.binding.marks.data) == 0


def test_hiding_shows_the_bare_film_only_while_the_key_is_held(at_desk):
    read_truly(at_desk, ("T4",))
    at_desk.do("keydown", "h")
    assert not at_desk.desk.binding.marks.visible
    at_desk.do("keyup", "h")
    at_desk.wait(0.2)
    assert at_desk.desk.binding.marks.visible


def test_reopened_film_goes_on_and_can_be_undone(open_film_in, film, xdotool):
    viewer, desk = open_film_in(film)
    read_truly(Reader(viewer, desk, xdotool), ("T4", "T5"))
    open_film_in.close()
    viewer, desk = open_film_in(film)
    assert desk.head.words.text().endswith("12 of 78 landmarks done")
    assert desk.head.answer.text() == "Begin another"
    assert desk.head.next.text() == "T6 superior anterior"
    desk.undo()
    assert desk.editor.cursor == Place("T5", "inferior_anterior")
    assert desk.head.asked == ""


def test_second_window_is_read_only_and_says_why(open_film_in, film):
    open_film_in(film)
    _, second = open_film_in(film)
    assert second.head.words.text().startswith("Read-only: it is being edited by")
    second.grade_2()
    assert "read-only" in second.head.words.text()


def test_full_disk_is_said_and_made_up_for(open_film_in, film, monkeypatch):
    from napari_spinegrade import saving
    from spinegrade.errors import FormatError

    _, desk = open_film_in(film)
    real = saving.write_reading

    def full(*_, **__):
        msg = "film_R1_1.reading.json: expected to write it, got: No space left on device"
        raise FormatError(msg)

    monkeypatch.setattr(saving, "write_reading", full)
    desk.grade_2()
    assert desk.head.kept.text() == "not saved"
    assert "No space left on device" in desk.head.words.text()
    assert desk._retry.isActive()
    monkeypatch.setattr(saving, "write_reading", real)
    desk.save()
    assert desk.head.kept.text() == "saved"
    assert not desk._retry.isActive()
    assert read_reading(film.with_name("film_R1_1.reading.json")).vertebrae[0].visual_grade == 2.0


def test_every_action_can_be_called_on_a_blank_and_on_a_begun_reading(open_film_in, film):
    _, desk = open_film_in(film)
    for begun in (False, True):
        for action in CALLED:
            getattr(desk, action)()
            desk.save()
        if not begun:
            desk.editor.go_to(Place("T8", "superior_anterior"))
            desk.editor.place(100, 100)
    assert desk.head.kept.text() == "saved"


def test_without_a_film_nothing_happens_and_the_desk_says_what_to_do(qapp):
    viewer, desk = open_desk(None, None, "R1")
    assert "Open a film" in desk.head.words.text()
    for action in CALLED:
        getattr(desk, action)()
    assert desk.editor is None
    viewer.close()


def test_reasons_counting_ruler_and_new_reading(open_film_in, film):
    _, desk = open_film_in(film)
    desk.set_reason(NotEvaluableReason.OVERLAP.value)
    assert desk.editor.reading.vertebrae[0].not_evaluable_reason is NotEvaluableReason.OVERLAP
    assert desk.table.item(0, 1).text() == "none"
    desk.set_counted_from("L5/S1")
    desk.set_ruler((100, 100), (100, 300), 50.0)
    calibration = desk.editor.reading.calibration
    assert (calibration.state, calibration.row_spacing_mm) == (CalibrationState.USER, 0.25)
    assert "user" in desk.film_panel.calibration.text()
    desk.new_reading()
    assert desk.editor.reading.occasion == 2
    assert desk.editor.reading.vertebrae == ()


def test_hidden_numbers_are_nowhere_to_be_seen(open_film_in, film, xdotool):
    viewer, desk = open_film_in(film)
    read_truly(Reader(viewer, desk, xdotool), ("T4",))
    assert desk.table.item(0, 6).text() == "0"
    desk.toggle_numbers()
    assert [desk.table.item(0, column).text() for column in range(2, 7)] == [""] * 5
    assert desk.findings.spine.text() == "Computed values are hidden (V)"
    assert desk.findings.grade.text() == desk.findings.ratios.text() == ""
    assert desk.binding.labels.text.values.tolist() == ["T4"]
    desk.toggle_numbers()
    assert desk.table.item(0, 6).text() == "0"


def test_keys_are_naparis_again_when_the_desk_is_hidden(open_film_in, film):
    viewer, desk = open_film_in(film)
    assert desk._keys
    desk.hide()
    assert desk._keys == []
    assert not [key for key in viewer.keymap if str(key) in ("N", "X")]
    desk.show()
    assert desk._keys


def test_everything_fits_a_small_screen(open_film_in, film):
    """At 1366 x 768 nothing of the desk is cut off, and no words are wider than their place."""
    _, desk = open_film_in(film)
    for _ in range(20):
        QApplication.processEvents()
    bottom = desk.mapToGlobal(QPoint(0, desk.height())).y()
    assert bottom <= 768
    assert desk.mapToGlobal(QPoint(desk.width(), 0)).x() <= 1366
    for part in [*desk.findChildren(QPushButton), *desk.findChildren(QLabel)]:
        if part.isVisible() and part.text() and not (isinstance(part, QLabel) and part.wordWrap()):
            assert part.sizeHint().width() <= part.width() + 1, part.text()
            assert desk.rect().contains(part.mapTo(desk, part.rect().center()))


def test_clahe_is_a_labelled_preview_of_its_own(open_film_in, film):
    viewer, desk = open_film_in(film)
    before = desk.binding.film.data.copy()
    desk.clahe()
    assert "CLAHE preview (not for measuring)" in viewer.layers
    np.testing.assert_array_equal(desk.binding.film.data, before)
    assert viewer.layers.selection.active is desk.binding.marks
    desk.clahe()
    assert "CLAHE preview (not for measuring)" not in viewer.layers


def test_question_mark_opens_the_sheet_of_keys_whatever_the_keyboard(at_desk):
    at_desk.do("mousemove", *at_desk.at(600, 400))
    at_desk.do("key", "question")
    at_desk.wait(0.2)
    assert at_desk.desk.help_sheet.isVisible()
    words = " ".join(one.text() for one in at_desk.desk.help_sheet.findChildren(QLabel))
    assert all(one.words in words for one in SHORTCUTS)
    at_desk.desk.help_sheet.close()


def answer(monkeypatch, asked, value):
    """Let a dialogue be answered as a user would."""
    from napari_spinegrade.widgets import reading_actions

    monkeypatch.setattr(reading_actions.QInputDialog, asked, lambda *_, **__: value)


def test_notes_are_asked_for_kept_and_taken_back(open_film_in, film, monkeypatch):
    _, desk = open_film_in(film)
    answer(monkeypatch, "getText", ("Schmorl node", True))
    desk.note()
    answer(monkeypatch, "getMultiLineText", ("rotated a little", True))
    desk.comment()
    saved = read_reading(film.with_name("film_R1_1.reading.json"))
    assert (saved.vertebrae[0].comment, saved.comment) == ("Schmorl node", "rotated a little")
    assert desk.table.item(0, 0).text() == "T4 *"
    assert desk.table.item(0, 0).toolTip() == "Schmorl node"
    desk.undo()
    desk.undo()
    assert desk.table.item(0, 0).text() == "T4"
    answer(monkeypatch, "getText", ("not meant", False))
    desk.note()
    assert not desk.editor.reading.vertebrae or desk.editor.reading.vertebrae[0].comment is None


def test_counting_is_chosen_by_keys_alone(at_desk):
    at_desk.do("mousemove", *at_desk.at(600, 400))
    at_desk.do("key", "l")
    at_desk.wait(0.3)
    at_desk.do("key", "Home")
    at_desk.do("key", "Return")
    at_desk.wait(0.2)
    assert at_desk.desk.editor.reading.counted_from is next(iter(CountedFrom))
    at_desk.do("key", "1")
    assert at_desk.desk.editor.reading.vertebrae[0].visual_grade == 1.0


def test_offer_to_begin_another_is_taken_by_key_and_withdrawn_by_going_on(open_film_in, film, xdotool):
    _, desk = open_film_in(film)
    desk.grade_1()
    open_film_in.close()
    viewer, desk = open_film_in(film)
    assert desk.head.asked == "new_reading"
    desk.grade_2()
    assert desk.head.asked == ""
    open_film_in.close()
    viewer, desk = open_film_in(film)
    reader = Reader(viewer, desk, xdotool)
    reader.do("mousemove", *reader.at(600, 400))
    reader.do("key", "y")
    assert desk.editor.reading.occasion == 2
    first = read_reading(film.with_name("film_R1_1.reading.json"))
    assert first.vertebrae[0].visual_grade == 2.0


def test_pointer_is_a_crosshair_with_a_free_centre_and_napari_gets_its_own_back(open_film_in, film):
    viewer, desk = open_film_in(film)
    canvas = Reader(viewer, desk, None).canvas
    picture = canvas.cursor().pixmap().toImage()
    middle = picture.width() // 2
    assert picture.pixelColor(middle, middle).alpha() == 0
    assert picture.pixelColor(2, middle).alpha() == 255
    viewer.cursor.style = "pointing"
    viewer.scene.camera.zoom *= 2
    assert not canvas.cursor().pixmap().isNull()
    desk.close_film()
    assert canvas.cursor().pixmap().isNull()


def test_calibration_by_hand_is_shown_again_and_taken_back(open_film_in, film):
    _, desk = open_film_in(film)
    before = desk.film_panel.calibration.text()
    desk.set_ruler((100, 100), (100, 300), 50.0)
    by_hand = desk.film_panel.calibration.text()
    assert by_hand.startswith("<b>user</b>")
    desk.undo()
    assert desk.film_panel.calibration.text() == before
    desk.redo()
    open_film_in.close()
    _, desk = open_film_in(film)
    assert desk.film_panel.calibration.text() == by_hand
    assert desk.film_panel.calibration.toolTip() == "set by hand, with a ruler or ball"


def test_outline_follows_a_landmark_while_it_is_dragged(open_film_in, film):
    viewer, desk = open_film_in(film)
    begun = SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json"
    shutil.copy(begun, film.with_name("film_R1_1.reading.json"))
    desk.open_film(desk.films[0])
    desk.binding.marks.visible = desk.binding.labels.visible = False
    place = Place("T12", "superior_middle")
    mark = desk.editor.landmark_at(place)
    before = viewer.screenshot(canvas_only=True, flash=False)
    desk.editor.preview(place, mark.row + 80, mark.column)
    during = viewer.screenshot(canvas_only=True, flash=False)
    desk.editor.end_preview()
    after = viewer.screenshot(canvas_only=True, flash=False)
    assert (before != during).any(axis=-1).sum() > 50
    np.testing.assert_array_equal(before, after)
