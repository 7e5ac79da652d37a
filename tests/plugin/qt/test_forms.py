"""Qualitative forms at the desk, in a real window: keys open them, clicks answer, files keep the answers."""

from __future__ import annotations

import os
import shutil

import numpy as np
from qtpy.QtCore import QPoint
from qtpy.QtGui import QImage
from qtpy.QtWidgets import QComboBox, QFileDialog, QPushButton

from at_desk import SAMPLES, Reader, becomes, settle
from napari_spinegrade.preferences import Preferences
from napari_spinegrade.widgets import form_actions
from spinegrade.io.reading_json import read_reading
from spinegrade.qualitative.form import load_form


def press(reader, question, value):
    """Click on a choice with the real mouse."""
    reader.wait(0.1)
    made = reader.desk.form_panel.buttons[question, value]
    middle = made.mapToGlobal(QPoint(made.width() // 2, made.height() // 2))
    reader.do("mousemove", middle.x(), middle.y())
    reader.do("click", 1)
    reader.wait(0.1)


def test_a_form_is_filled_by_clicks_undone_and_kept(at_desk, film):
    desk = at_desk.desk
    at_desk.do("key", "b")
    settle(0.5)
    assert desk.form_panel.isVisible()
    assert desk.form_panel.width() + desk.width() < 1366 * 0.6
    for question, value in (("as_expected", "no"), ("projection", "no"), ("depression", "upper")):
        press(at_desk, question, value)
    kept = film.with_name("film_R1_1.reading.json")
    answers = read_reading(kept).vertebrae[0].forms["abq-2004"]
    assert answers == {"as_expected": "no", "projection": "no", "depression": "upper"}
    at_desk.do("key", "ctrl+z")
    answers = read_reading(kept).vertebrae[0].forms["abq-2004"]
    assert load_form("abq-2004").next(answers).id == "depression"
    press(at_desk, "as_expected", "yes")
    assert desk.form_panel.outcome.text() == "normal"
    assert read_reading(kept).vertebrae[0].forms["abq-2004"] == {"as_expected": "yes"}
    at_desk.do("key", "Page_Down")
    assert desk.form_panel.outcome.text() == ""
    assert [name for name, _ in desk.form_panel.buttons] == ["as_expected", "as_expected"]


def test_keys_still_grade_while_the_form_is_open_and_it_can_be_put_away(at_desk):
    desk = at_desk.desk
    at_desk.do("key", "b")
    settle(0.5)
    press(at_desk, "as_expected", "no")
    at_desk.do("key", "2")
    assert desk.editor.reading.vertebrae[0].visual_grade == 2.0
    at_desk.do("key", "b")
    assert not desk.form_panel.isVisible()
    at_desk.do("key", "b")
    assert desk.form_panel.isVisible()


def test_the_vertebra_that_is_asked_about_is_marked_on_the_film(open_film_in, clinic):
    def marked():
        words = desk.binding.labels.text.values.tolist()
        return [one.split()[1] for one in words if one.startswith("> ")]

    _, desk = open_film_in(clinic)
    assert marked() == []
    desk.ask_form()
    assert becomes(lambda: marked() == [desk.editor.level])
    desk.editor.go_to_level("T8")
    assert becomes(lambda: marked() == ["T8"])
    desk.ask_form()
    assert becomes(lambda: marked() == [])


def test_the_tick_list_and_taking_a_form_away(at_desk):
    desk = at_desk.desk
    at_desk.do("key", "b")
    settle(0.5)
    desk.form_panel.choose_form(2)
    assert desk.form_panel.form.id == "mimics"
    press(at_desk, "mimics", "scheuermann")
    press(at_desk, "mimics", "short_height")
    assert desk.editor.reading.vertebrae[0].forms["mimics"]["mimics"] == "scheuermann short_height"
    desk.form_panel.away.click()
    assert "mimics" not in desk.editor.reading.vertebrae[0].forms
    desk.undo()
    assert desk.editor.reading.vertebrae[0].forms["mimics"]["mimics"] == "scheuermann short_height"
    picture = os.environ.get("SPINEGRADE_PICTURES")
    if picture:
        settle(0.5)
        desk.window().grab().save(f"{picture}/form.png")


def test_closing_the_desk_takes_the_form_along(at_desk):
    at_desk.do("key", "b")
    settle(0.3)
    at_desk.desk.close()
    assert at_desk.desk.form_panel is None


def test_the_score_of_the_spine_says_what_it_needs_and_is_made_by_a_file_of_ones_own(
    open_film_in, film, tmp_path, xdotool, monkeypatch
):
    kept = SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json"
    shutil.copy(kept, film.with_name("film_R1_1.reading.json"))
    reader = Reader(*open_film_in(film), xdotool)
    desk = reader.desk
    reader.do("key", "b")
    settle(0.5)
    panel = desk.form_panel
    panel.choose_form(4)
    settle(0.2)
    assert panel.outcome.text() == "not computed: it needs a file of weights"
    assert "docs/forms.md" in panel.help.text()
    assert not panel.away.isVisible()
    guide = (SAMPLES.parent / "docs" / "forms.md").read_text(encoding="utf-8")
    block = next(one for one in guide.split("```toml\n") if 'kind = "koerber-weights"' in one)
    weights = tmp_path / "our-koerber.toml"
    weights.write_text(block.split("```")[0], encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(weights), ""))
    middle = panel.weights.mapToGlobal(QPoint(panel.weights.width() // 2, panel.weights.height() // 2))
    reader.do("mousemove", middle.x(), middle.y())
    reader.do("click", 1)
    settle(0.2)
    assert panel.outcome.text().startswith("severity 1, score ")
    assert "our-koerber" in panel.status.text()
    reader.do("key", "v")
    assert "score" not in panel.outcome.text()
    reader.do("key", "v")
    weights.write_text("broken")
    panel.weights.click()
    assert "our-koerber.toml" in desk.head.words.text()
    assert "our-koerber.toml" in panel.problem.text()
    assert panel.outcome.text().startswith("severity 1, score ")
    panel.choose_form(0)
    assert not panel.weights.isVisible()
    assert panel.away.isVisible()


def test_weights_chosen_once_are_used_again(open_film_in, film, tmp_path, monkeypatch):
    usual, kept = tmp_path / "ours.toml", []
    guide = (SAMPLES.parent / "docs" / "forms.md").read_text(encoding="utf-8")
    block = next(one for one in guide.split("```toml\n") if 'kind = "koerber-weights"' in one)
    usual.write_text(block.split("```")[0], encoding="utf-8")
    monkeypatch.setattr(form_actions, "keep_koerber_weights", kept.append)
    monkeypatch.setattr(form_actions, "preferences", lambda: Preferences("R1", koerber_weights=usual))
    _, desk = open_film_in(film)
    desk.ask_form()
    assert desk.weights is not None
    assert kept == [usual]
    usual.unlink()
    desk.close_forms()
    desk.weights = None
    desk.ask_form()
    assert desk.weights is None
    assert "ours.toml" in desk.head.words.text()


def ink(button, height):
    """Return how much of a button's words is drawn where the button has this height."""
    button.setFixedHeight(height)
    settle(0.02)
    drawn = button.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    bits = drawn.constBits()
    if hasattr(bits, "setsize"):
        bits.setsize(drawn.sizeInBytes())
    grey = np.frombuffer(bytes(bits), np.uint8).reshape(drawn.height(), drawn.bytesPerLine())
    inside = grey[2:-2, 2 : drawn.width() - 2].astype(int)
    return int((abs(inside - np.median(inside)) > 30).sum())


def test_no_letter_of_a_button_is_cut_off_and_the_desk_fits_the_screen(at_desk):
    desk, window = at_desk.desk, at_desk.window
    at_desk.do("key", "b")
    settle(0.5)
    assert window.height() <= 768
    for one in desk.findChildren(QPushButton):
        if one.isVisible():
            assert one.mapTo(window, QPoint(0, one.height())).y() <= window.height() - 20, one.text()
    press(at_desk, "as_expected", "no")
    press(at_desk, "projection", "no")
    panel = desk.form_panel
    for one in [*desk.findChildren(QPushButton), *panel.findChildren(QPushButton)]:
        if one.isVisible() and one.menu() is None:
            height = one.height()
            assert ink(one, height) == ink(one, height + 16) > 0, one.text()


def test_the_next_question_is_scrolled_to(at_desk):
    at_desk.do("key", "b")
    settle(0.5)
    panel = at_desk.desk.form_panel
    panel.view.setMaximumHeight(260)  # as with a film of many remarks
    settle(0.2)
    for question, value in (
        *(("as_expected", "no"), ("projection", "no"), ("depression", "upper"), ("explained", "no")),
        ("cause", "neither"),
    ):
        press(at_desk, question, value)
        settle(0.2)
        following = load_form("abq-2004").next(at_desk.desk.editor.reading.vertebrae[0].forms["abq-2004"])
        words = panel._words[following.id]
        top = words.mapTo(panel.view.viewport(), QPoint(0, 0)).y()
        assert top >= 0
        assert top + words.height() <= panel.view.viewport().height()
    assert panel.view.verticalScrollBar().value() > 0


def test_the_wheel_changes_no_list_of_the_desk(at_desk):
    at_desk.do("key", "b")
    settle(0.3)
    desk = at_desk.desk
    lists = [*desk.findChildren(QComboBox), *desk.form_panel.findChildren(QComboBox)]
    shown = [one for one in lists if one.isVisible() and one.isEnabled() and one.count() > 1]
    assert len(shown) >= 3
    for one in shown:
        before = one.currentIndex()
        middle = one.mapToGlobal(QPoint(one.width() // 2, one.height() // 2))
        at_desk.do("mousemove", middle.x(), middle.y())
        for notch in (5, 5, 4, 4, 4):
            at_desk.do("click", notch)
            assert one.currentIndex() == before, one.toolTip()
