"""What is typed at the patient panel: for whom it is kept, and that no key of it reaches the reading."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication, QInputDialog, QTabBar

from at_desk import becomes, settle
from at_panel import CHILD, SAMPLES, kept
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.widgets.patient_fields import CellChoice

ADULT = "sample-03"
"""The patient of the crush fracture, whose film is opened beside the child's."""


@pytest.fixture
def next_film(at_panel, clinic):
    """Give what turns to the next film, of another patient, as the file menu would."""
    film = shutil.copy(SAMPLES / "crush.dcm", clinic.parent)
    at_panel.viewer.open(film, plugin="spinegrade")
    settle(0.3)

    def turn(patient=ADULT):
        at_panel.desk.next_film()
        assert becomes(lambda: at_panel.panel.session.patient == patient)
        settle(0.3)

    return turn


def lie_upon(at_panel, page):
    at_panel.panel.pages.setCurrentIndex(page)
    settle()


def choose(at_panel, patient):
    """Choose a patient from the list, with the mouse and the keys of the open list."""
    box = at_panel.panel.head.patients
    at_panel.click(box)
    steps = box.findText(patient) - box.currentIndex()
    for _ in range(abs(steps)):
        at_panel.do("key", "Down" if steps > 0 else "Up")
    at_panel.do("key", "Return")
    settle(0.3)


class TestForWhomItIsKept:
    def test_a_field_that_another_film_interrupts(self, at_panel, clinic, next_film):
        theirs = kept(clinic, patient=ADULT)
        at_panel.begin("height_cm", "131")
        next_film()
        assert kept(clinic)[0]["height_cm"] == 131
        field = at_panel.panel.facts_page.fields["height_cm"]
        assert field.text() == "152.0"
        at_panel.do("key", "Tab")
        assert kept(clinic, patient=ADULT) == theirs

    def test_a_field_that_is_alike_for_both(self, at_panel, clinic, next_film):
        """Nothing tells the two then but whose facts are shown."""
        file = clinic.parent / "patients" / "patients.csv"
        words = file.read_text().replace("acute lymphoblastic leukaemia", "")
        file.write_text(words.replace("rheumatoid arthritis", ""))
        at_panel.click(at_panel.button("Reload"))
        theirs = kept(clinic, patient=ADULT)
        at_panel.begin("underlying_disease", "myeloma")
        next_film()
        at_panel.do("key", "Tab")
        settle(0.3)
        assert kept(clinic)[0]["underlying_disease"] == "myeloma"
        assert kept(clinic, patient=ADULT) == theirs
        assert at_panel.panel.facts_page.fields["underlying_disease"].text() == ""

    def test_a_field_left_for_the_list_of_patients(self, at_panel, clinic):
        theirs = kept(clinic, patient=ADULT)
        at_panel.begin("weight_kg", "28")
        choose(at_panel, ADULT)
        assert at_panel.panel.session.patient == ADULT
        assert kept(clinic)[0]["weight_kg"] == 28
        assert kept(clinic, patient=ADULT) == theirs

    def test_a_field_that_other_tables_interrupt(self, at_panel, clinic, tmp_path_factory):
        elsewhere = shutil.copytree(SAMPLES / "patients", tmp_path_factory.mktemp("other") / "patients")
        before = (elsewhere / "patients.csv").read_bytes()
        at_panel.begin("weight_kg", "28")
        at_panel.panel.open_tables(elsewhere)
        settle(0.3)
        assert kept(clinic)[0]["weight_kg"] == 28
        assert (elsewhere / "patients.csv").read_bytes() == before

    def test_a_cell_that_another_film_interrupts(self, at_panel, clinic, next_film):
        theirs = kept(clinic, "fractures", ADULT)
        lie_upon(at_panel, 0)
        at_panel.panel.go_to_field("fractures", "age_at")
        settle()
        at_panel.do("type", "6")
        next_film()
        assert kept(clinic, "fractures")[0]["age_at"] == 6
        assert kept(clinic, "fractures", ADULT) == theirs

    def test_what_does_not_fit_is_dropped_with_words(self, at_panel, clinic, next_film):
        before = (clinic.parent / "patients" / "patients.csv").read_bytes()
        at_panel.begin("height_cm", "tall")
        next_film()
        assert f"Not kept for {CHILD}: Height (cm): expected a number" in at_panel.said
        assert at_panel.panel.facts_page.fields["height_cm"].text() == "152.0"
        assert (clinic.parent / "patients" / "patients.csv").read_bytes() == before

    def test_a_blinded_reading_drops_what_is_typed(self, at_panel, clinic):
        before = (clinic.parent / "patients" / "patients.csv").read_bytes()
        at_panel.begin("height_cm", "131")
        with BLINDING.held():
            settle(0.3)
            assert not at_panel.button("Film is of...").isEnabled()
            assert not at_panel.panel.head.patients.isEnabled()
        assert becomes(lambda: at_panel.panel.view is not None)
        at_panel.do("key", "Tab")
        assert (clinic.parent / "patients" / "patients.csv").read_bytes() == before
        assert at_panel.button("Film is of...").isEnabled()

    def test_a_field_that_is_still_open_when_the_window_goes(self, at_panel, clinic):
        at_panel.begin("weight_kg", "28")
        window = at_panel.panel.window()
        window.hide()
        assert kept(clinic)[0]["weight_kg"] == 28
        window.show()
        assert at_panel.panel.head.undo.isEnabled()

    @pytest.mark.parametrize("notch", [4, 5])
    def test_the_wheel_over_the_list_chooses_nobody(self, at_panel, clinic, notch):
        at_panel.begin("weight_kg", "28")
        at_panel.point(at_panel.panel.head.patients)
        at_panel.do("click", notch)
        assert at_panel.panel.session.patient == CHILD
        assert at_panel.panel.facts_page.fields["weight_kg"].text() == "28"
        assert kept(clinic)[0]["weight_kg"] == 27


def tab_bar(at_panel):
    return at_panel.panel.pages.findChild(QTabBar)


PLACES = {
    "a blank spot of the trends": (2, lambda at: at.panel.trends.viewport()),
    "a blank spot of the facts": (0, lambda at: at.panel.facts_page.viewport()),
    "the classification": (1, lambda at: at.panel.rules.text.viewport()),
    "the tabs": (2, tab_bar),
    "Undo, with nothing to take back": (0, lambda at: at.panel.head.undo),
    "what is said": (2, lambda at: at.panel.head.said),
}
"""Where somebody clicks: the page in front, and the widget."""


class TestKeys:
    @pytest.mark.parametrize("name", PLACES)
    def test_no_key_reaches_the_reading_after_a_click(self, at_panel, name):
        page, widget_of = PLACES[name]
        lie_upon(at_panel, page)
        before = at_panel.desk.editor.reading
        widget = widget_of(at_panel)
        blank = QPoint(2, widget.height() - 3) if "blank" in name else None
        at_panel.click(widget, blank)
        for key in ("3", "bracketleft", "x", "n", "Delete", "shift+Delete", "ctrl+shift+z", "ctrl+y"):
            at_panel.do("key", key)
        at_panel.do("key", "shift+Next")
        assert at_panel.desk.editor.reading is before
        assert at_panel.panel.facts_page.fields["sex"].currentText() == "male"
        at_panel.do("key", "Escape")
        at_panel.do("key", "3")
        assert becomes(lambda: at_panel.desk.editor.reading is not before)

    def test_the_desk_has_the_keys_again_once_it_lies_upon_the_panel(self, at_panel):
        before = at_panel.desk.editor.reading
        at_panel.click(at_panel.panel.head.said)
        at_panel.do("key", "3")
        assert at_panel.desk.editor.reading is before
        window = at_panel.panel.window()
        bar = next(
            one
            for one in window.findChildren(QTabBar)
            if "Patient" in [one.tabText(n) for n in range(one.count())]
        )
        at = next(n for n in range(bar.count()) if bar.tabText(n) != "Patient")
        at_panel.click(bar, bar.tabRect(at).center())
        at_panel.do("key", "3")
        assert becomes(lambda: at_panel.desk.editor.reading is not before)
        graded = at_panel.desk.editor.reading
        at_panel.click(bar, bar.tabRect(1 - at).center())
        at_panel.do("key", "2")
        settle(0.3)
        assert at_panel.desk.editor.reading is graded

    def test_p_at_the_film_leaves_it_the_keys(self, at_panel):
        at_panel.panel.film().setFocus()
        before = at_panel.desk.editor.reading
        at_panel.do("key", "p")
        settle(0.3)
        at_panel.do("key", "3")
        assert becomes(lambda: at_panel.desk.editor.reading is not before)

    def test_page_keys_scroll_what_was_clicked_on(self, at_panel):
        at_panel.click(tab_bar(at_panel), tab_bar(at_panel).tabRect(1).center())
        bar = at_panel.panel.rules.text.verticalScrollBar()
        assert bar.value() == 0
        at_panel.do("key", "Next")
        assert bar.value() > 0
        at_panel.do("key", "Home")
        assert bar.value() == 0

    def test_a_new_row_is_typed_into(self, at_panel, clinic):
        ledger = at_panel.panel.facts_page.ledgers["fractures"]
        at_panel.panel.facts_page.ensureWidgetVisible(ledger)
        settle()
        before = at_panel.desk.editor.reading
        at_panel.click(ledger.add)
        assert becomes(lambda: len(kept(clinic, "fractures")) == 2)
        settle(0.3)
        assert isinstance(QApplication.focusWidget(), CellChoice)
        at_panel.do("type", "xhip")
        at_panel.do("key", "Escape")
        settle(0.7)
        assert kept(clinic, "fractures")[1]["site"] is None  # nothing was chosen yet
        at_panel.do("type", "hip")
        at_panel.do("key", "Return")
        assert becomes(lambda: kept(clinic, "fractures")[1]["site"] == "hip")
        assert at_panel.desk.editor.reading is before

    def test_one_cell_after_the_other_is_typed(self, at_panel, clinic):
        at_panel.panel.go_to_field("fractures", "date")
        settle()
        at_panel.do("type", "2024-03-01")
        at_panel.do("key", "Tab")
        assert becomes(lambda: str(kept(clinic, "fractures")[0]["date"]) == "2024-03-01")
        settle(0.3)
        at_panel.do("type", "fell")
        at_panel.do("key", "Return")
        assert becomes(lambda: kept(clinic, "fractures")[0]["comment"] == "fell")


class TestRefusals:
    def test_escape_drops_what_was_refused(self, at_panel):
        at_panel.write("height_cm", "tall")
        field = at_panel.panel.facts_page.fields["height_cm"]
        assert becomes(lambda: "Height (cm): expected" in at_panel.said)
        assert field.text() == "tall"
        at_panel.do("key", "Escape")
        assert field.text() == "124.5"
        assert not field.styleSheet()
        assert "expected" not in at_panel.said

    def test_what_was_refused_is_put_right(self, at_panel, clinic):
        at_panel.write("height_cm", "13")
        assert becomes(lambda: "Height (cm): expected" in at_panel.said)
        at_panel.do("type", "1")
        at_panel.do("key", "Return")
        assert becomes(lambda: kept(clinic)[0]["height_cm"] == 131)
        assert not at_panel.panel.facts_page.fields["height_cm"].styleSheet()

    def test_what_was_typed_into_a_cell_stays_to_be_put_right(self, at_panel, clinic):
        at_panel.panel.go_to_field("fractures", "age_at")
        settle()
        table = at_panel.panel.facts_page.ledgers["fractures"].table
        at = table.currentColumn()
        at_panel.do("type", "seven")
        at_panel.do("key", "Return")
        assert becomes(lambda: "At age: expected a number" in at_panel.said)
        assert table.item(0, at).text() == "seven"
        assert kept(clinic, "fractures")[0]["age_at"] == 7
        at_panel.do("key", "Escape")
        assert becomes(lambda: table.item(0, at).text() == "7.0")

    def test_somebody_elses_change_says_what_to_press(self, at_panel, clinic):
        file = clinic.parent / "patients" / "patients.csv"
        file.write_text(file.read_text().replace("124.5", "126"))
        at_panel.write("weight_kg", "28")
        assert becomes(lambda: "press Reload" in at_panel.said)
        at_panel.click(at_panel.button("Reload"))
        assert becomes(lambda: "Read again" in at_panel.said)
        field = at_panel.panel.facts_page.fields["weight_kg"]
        assert field.text() == "28"
        at_panel.click(field)
        at_panel.do("key", "Return")
        assert becomes(lambda: (kept(clinic)[0]["height_cm"], kept(clinic)[0]["weight_kg"]) == (126, 28))

    def test_a_long_text_is_shown_from_its_beginning(self, at_panel):
        field = at_panel.panel.facts_page.fields["underlying_disease"]
        assert field.cursorPosition() == 0
        at_panel.write("underlying_disease", "acute lymphoblastic leukaemia in remission")
        at_panel.do("key", "Tab")
        assert field.cursorPosition() == 0

    def test_a_table_that_may_not_be_written_is_left_alone_with_words(self, at_panel, clinic, monkeypatch):
        file = clinic.parent / "patients" / "patients.csv"
        before = file.read_bytes()
        access = os.access  # the tests may run as somebody who may write everything
        monkeypatch.setattr(os, "access", lambda path, mode: path != file and access(path, mode))
        at_panel.write("height_cm", "131")
        assert becomes(lambda: "write-protected" in at_panel.said)
        assert file.read_bytes() == before


class TestSaying:
    def test_nothing_moves_under_the_mouse(self, at_panel):
        panel = at_panel.panel
        field = panel.facts_page.fields["age"]
        where = field.mapTo(panel, QPoint(0, 0))
        at_panel.write("age", "30")
        assert becomes(lambda: "age differs" in panel.head.wrong.text())
        settle(0.3)
        assert panel.head.words.isVisible()
        assert field.mapTo(panel, QPoint(0, 0)) == where
        weight = panel.facts_page.fields["weight_kg"]
        there = weight.mapTo(panel, QPoint(0, 0))
        at_panel.write("height_cm", "tall")
        assert becomes(lambda: "Height (cm): expected" in at_panel.said)
        assert weight.mapTo(panel, QPoint(0, 0)) == there
        at_panel.do("key", "Escape")
        at_panel.click(panel.head.undo)
        assert becomes(lambda: panel.head.wrong.text() == "")
        assert at_panel.said == "Taken back"
        assert field.mapTo(panel, QPoint(0, 0)) == where

    def test_says_whose_the_open_film_is(self, at_panel):
        head = at_panel.panel.head
        assert not head.film.isVisible()
        choose(at_panel, ADULT)
        assert head.film.text() == f"The open film is of {CHILD}"
        assert head.film.isVisible()
        choose(at_panel, CHILD)
        assert not head.film.isVisible()

    def test_a_patient_who_is_twice_in_the_table_is_told_so(self, at_panel, clinic):
        file = clinic.parent / "patients" / "patients.csv"
        line = next(one for one in file.read_text().splitlines() if one.startswith(CHILD))
        file.write_text(file.read_text() + line + "\n")
        at_panel.click(at_panel.button("Reload"))
        page = at_panel.panel.facts_page
        assert becomes(lambda: "stands in the patients table 2 times" in page.reason.text())
        assert page.reason.isVisible()
        assert not page.fields["height_cm"].isEnabled()
        assert "2 times" in at_panel.said
        assert becomes(lambda: at_panel.panel._answer is None)
        assert "not in the patients table" not in at_panel.panel.head.wrong.text()
        assert "not in this table" not in at_panel.said

    def test_a_birth_date_that_cannot_be_read_is_told_of(self, at_panel, clinic):
        file = clinic.parent / "patients" / "patients.csv"
        file.write_text(file.read_text().replace("2017-02-11", "11.02.2017"))
        at_panel.click(at_panel.button("Reload"))
        page = at_panel.panel.facts_page
        assert becomes(lambda: "Birth date: expected a date" in page.reason.text())
        assert becomes(lambda: at_panel.panel._answer is None)
        assert "not in the patients table" not in at_panel.panel.head.wrong.text()
        at_panel.write("birth_date", "2017-02-11")
        assert becomes(lambda: page.reason.text() == "")

    def test_what_was_done_can_be_undone_after_another_film(self, at_panel, clinic, next_film):
        before = (clinic.parent / "patients" / "patients.csv").read_bytes()
        at_panel.write("height_cm", "131")
        assert becomes(lambda: kept(clinic)[0]["height_cm"] == 131)
        next_film()
        undo = at_panel.panel.head.undo
        assert not undo.isEnabled()
        assert CHILD in undo.toolTip()
        at_panel.panel.undo()
        assert kept(clinic)[0]["height_cm"] == 131  # nobody sees it here
        next_film(CHILD)
        assert undo.isEnabled()
        at_panel.click(undo)
        assert becomes(lambda: (clinic.parent / "patients" / "patients.csv").read_bytes() == before)

    def test_a_colleagues_new_reading_is_noticed(self, at_panel, clinic):
        source = SAMPLES / "readings" / "child_R2_1.reading.json"
        assert at_panel.panel.view.readers == ("R1",)
        shutil.copy(source, clinic.parent)
        assert becomes(lambda: at_panel.panel.view is not None and "R2" in at_panel.panel.view.readers)

    def test_what_decides_is_seen_without_scrolling(self, at_panel):
        table = at_panel.panel.facts_page.ledgers["fractures"].table
        columns = at_panel.panel.facts_page.ledgers["fractures"].columns
        for name in ("site", "long_bone", "age_at", "mechanism"):
            at = columns.index(name)
            end = table.columnViewportPosition(at) + table.columnWidth(at)
            assert end <= table.viewport().width(), name


class TestWhoseFilm:
    @pytest.fixture
    def asked(self, monkeypatch):
        """Give the questions that are asked, each answered with what is offered."""
        questions = []

        def answer(*words, text):
            questions.append(words[-1])
            return text, True

        monkeypatch.setattr(QInputDialog, "getText", answer)
        return questions

    def test_a_reading_of_somebody_is_not_given_away_unsaid(self, at_panel, asked):
        choose(at_panel, ADULT)
        at_panel.click(at_panel.button("Film is of..."))
        assert asked[0].startswith(
            f"This film is read as one of {CHILD} (2 exams: 2025-04-20, 2026-04-27). Give it to {ADULT}?"
        )
        assert f"before as one of {CHILD}" in at_panel.said
        assert at_panel.desk.editor.reading.exam.patient == ADULT

    def test_a_date_to_come_is_refused(self, at_panel):
        before = at_panel.desk.editor.reading
        at_panel.panel.give_film("2126-04-27")
        assert "today" in at_panel.said
        assert at_panel.desk.editor.reading is before

    def test_a_date_that_is_not_the_headers_is_told_of(self, at_panel, clinic, asked):
        at_panel.panel.give_film("2026-03-01")
        assert "its header says 2026-04-27" in at_panel.said
        at_panel.click(at_panel.button("Film is of..."))
        assert "It is dated 2026-03-01; its header says 2026-04-27" in asked[0]
        file = clinic.with_name("child-year-later_R1_1.reading.json")
        assert becomes(lambda: json.loads(file.read_text())["exam"]["date"] == "2026-03-01")
