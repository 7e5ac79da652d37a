"""Qualitative forms at the desk, in a real window: keys open them, clicks answer, files keep the answers."""

from __future__ import annotations

import os

from qtpy.QtCore import QPoint

from at_desk import settle
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
