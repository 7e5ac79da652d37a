"""The patient panel in a real window: real mouse and keys, what is kept, shown, and not shown."""

from __future__ import annotations

import shutil

import napari
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QComboBox, QDockWidget, QFileDialog, QInputDialog, QLabel, QPushButton

from at_desk import becomes, settle
from at_panel import CHILD, SAMPLES, TAKEN, AtPanel, kept
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.preferences import preferences
from napari_spinegrade.widgets import patient_asking
from napari_spinegrade.widgets.crosshair import canvas_of
from napari_spinegrade.widgets.docking import dock_of
from napari_spinegrade.widgets.findings import HIDDEN
from napari_spinegrade.widgets.patient import BLINDED, PatientPanel
from spinegrade.patients.reading import read_patients


class TestShowing:
    def test_lies_upon_the_desk_and_leaves_the_film_its_room(self, at_panel):
        panel, window = at_panel.panel, at_panel.panel.window()
        docks = window.findChildren(QDockWidget)
        mine = next(one for one in docks if one.isAncestorOf(panel))
        theirs = next(one for one in docks if one.isAncestorOf(at_panel.desk))
        assert theirs in window.tabifiedDockWidgets(mine)
        assert panel.isVisible()
        assert panel.width() <= 400
        assert window.width() <= 1366
        assert window.height() <= 768

    def test_what_is_done_to_the_film_is_said_where_the_desk_is_covered(self, at_panel):
        desk, panel = at_panel.desk, at_panel.panel
        canvas_of(panel.window()).setFocus()
        at_panel.do("key", "2")
        level = desk.editor.level
        assert becomes(lambda: at_panel.said == f"At the film: {level}: visual grade 2")
        assert dock_of(desk).visibleRegion().isEmpty()
        desk.undo()
        assert becomes(lambda: at_panel.said == f"At the film: {level}: visual grade 0")

    def test_nothing_is_cut_off(self, at_panel):
        for index in range(at_panel.panel.pages.count()):
            at_panel.panel.pages.setCurrentIndex(index)
            settle()
            page = at_panel.panel.pages.currentWidget()
            if hasattr(page, "viewport"):
                assert page.widget().width() <= page.viewport().width()
            for words in page.findChildren(QLabel) + page.findChildren(QPushButton):
                if words.isVisible() and not getattr(words, "wordWrap", bool)():
                    assert words.width() >= words.minimumSizeHint().width(), words.text()

    def test_shows_the_childs_facts_answer_and_trends(self, at_panel):
        panel = at_panel.panel
        assert panel.head.patients.currentText() == CHILD
        assert panel.facts_page.fields["birth_date"].text() == "2017-02-11"
        assert panel.facts_page.fields["sex"].currentText() == "male"
        assert panel.facts_page.ledgers["fractures"].table.item(0, 0).text() == "forearm"
        assert at_panel.page.startswith("Osteoporosis")
        assert "T-score" not in at_panel.page
        assert panel.trends.level.currentText() == "T6"
        assert "T7: grade 2 to 0, reshaping complete" in panel.trends.words.text()
        assert [line.name for line in panel.trends.density.lines] == ["spine", "total body less head"]

    def test_fields_of_adults_are_for_adults(self, at_panel):
        panel = at_panel.panel
        assert panel.facts_page.fields["frax_hip"].isHidden()
        panel._on_patient("sample-03")
        assert becomes(lambda: panel.view is not None)
        assert not panel.facts_page.fields["frax_hip"].isHidden()
        bmd = panel.facts_page.ledgers["bmd"]
        assert "t" in bmd.columns

    def test_follows_the_reading_as_it_is_edited(self, at_panel):
        panel, before = at_panel.panel, at_panel.panel.view
        at_panel.desk.go_to_level("T6")
        at_panel.desk.set_reason("overlap")
        assert becomes(lambda: panel.view is not before)
        assert panel.view.account.grades["T6"] is None

    def test_other_switches_and_readers_are_asked_for(self, at_panel):
        panel = at_panel.panel
        panel.rules.switches.setCurrentText("min_grade")
        panel.rules._show_setting()
        panel.rules.setting.setCurrentText("3")
        panel.rules._on_setting()
        assert becomes(lambda: "Not excluded" in at_panel.page or "min_grade=3" in at_panel.page)
        panel.rules._on_reader(1)
        assert becomes(lambda: panel.session.reader == "R1" and panel._answer is None)

    def test_a_link_leads_to_the_field(self, at_panel):
        panel = at_panel.panel
        panel.pages.setCurrentIndex(1)
        settle()
        panel.go_to_field("patients", "safe_positioning")
        settle()
        assert panel.pages.currentIndex() == 0
        field = panel.facts_page.fields["safe_positioning"]
        assert field.hasFocus()
        assert field.visibleRegion().boundingRect().height() == field.height()
        panel.go_to_field("bmd", "z")
        assert panel.facts_page.ledgers["bmd"].table.currentColumn() == 1


class TestChanging:
    def test_what_is_written_is_kept_and_undone(self, at_panel, clinic):
        before = (clinic.parent / "patients" / "patients.csv").read_bytes()
        at_panel.write("height_cm", "131")
        assert becomes(lambda: kept(clinic)[0]["height_cm"] == 131)
        assert "Kept in patients" in at_panel.said
        at_panel.do("key", "ctrl+z")
        assert becomes(lambda: (clinic.parent / "patients" / "patients.csv").read_bytes() == before)
        assert at_panel.panel.facts_page.fields["height_cm"].text() == "124.5"
        assert not at_panel.panel.head.undo.isEnabled()

    def test_what_does_not_fit_is_refused_with_words(self, at_panel, clinic):
        at_panel.write("birth_date", "11.2.2017")
        assert becomes(lambda: "Birth date: expected a date" in at_panel.said)
        field = at_panel.panel.facts_page.fields["birth_date"]
        assert field.text() == "11.2.2017"  # to be put right
        assert "expected a date" in field.toolTip()
        assert field.styleSheet()
        assert str(kept(clinic)[0]["birth_date"]) == "2017-02-11"

    def test_a_contradiction_is_named_at_once(self, at_panel):
        at_panel.write("age", "30")
        assert becomes(lambda: "age differs" in at_panel.panel.head.wrong.text())

    def test_a_choice_changes_the_answer(self, at_panel, clinic):
        field = at_panel.panel.facts_page.fields["local_disease"]
        at_panel.panel.facts_page.ensureWidgetVisible(field)
        settle()
        field.setFocus()
        at_panel.do("key", "Up")  # from no to yes, without opening the list
        field.activated.emit(field.findData("true"))
        assert becomes(lambda: kept(clinic)[0]["local_disease"] is True)
        assert becomes(lambda: not at_panel.page.startswith("Osteoporosis\n"))

    def test_rows_of_a_ledger_are_added_written_and_removed(self, at_panel, clinic):
        ledger = at_panel.panel.facts_page.ledgers["fractures"]
        at_panel.panel.facts_page.ensureWidgetVisible(ledger)
        settle()
        at_panel.click(ledger.add)
        assert becomes(lambda: len(kept(clinic, "fractures")) == 2)
        at_panel.panel.go_to_field("fractures", "age_at")
        settle()
        at_panel.do("key", "9")
        at_panel.do("key", "Return")
        assert becomes(lambda: kept(clinic, "fractures")[1]["age_at"] == 9)
        at_panel.panel.go_to_field("fractures", "site")
        settle()
        table = ledger.table
        table.editItem(table.item(1, 0))
        settle()
        choices = next(one for one in table.viewport().findChildren(QComboBox) if one.isVisible())
        choices.setCurrentIndex(choices.findData("tibia"))
        choices.activated.emit(choices.currentIndex())
        assert becomes(lambda: kept(clinic, "fractures")[1]["site"] == "tibia")
        table.setCurrentCell(1, 0)
        at_panel.click(ledger.remove)
        assert becomes(lambda: len(kept(clinic, "fractures")) == 1)
        assert (clinic.parent / "patients" / "fractures.csv").read_bytes() == (
            SAMPLES / "patients" / "fractures.csv"
        ).read_bytes()

    def test_somebody_elses_change_is_left_alone_until_read_again(self, at_panel, clinic):
        file = clinic.parent / "patients" / "patients.csv"
        file.write_text(file.read_text().replace("124.5", "126"))
        at_panel.write("weight_kg", "28")
        assert becomes(lambda: "changed since" in at_panel.said)
        at_panel.click(at_panel.button("Reload"))
        assert becomes(lambda: at_panel.panel.facts_page.fields["height_cm"].text() == "126")
        at_panel.write("weight_kg", "28")
        assert becomes(lambda: (kept(clinic)[0]["height_cm"], kept(clinic)[0]["weight_kg"]) == (126, 28))

    def test_other_tables_are_chosen_or_begun(self, at_panel, clinic, monkeypatch):
        shutil.rmtree(clinic.parent / "patients")
        at_panel.click(at_panel.button("New tables"))
        assert "not in this table yet" in at_panel.said
        assert (clinic.parent / "patients" / "patients.csv").is_file()
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(SAMPLES / "patients"))
        at_panel.panel.ask_for_folder()
        assert at_panel.panel.facts_page.fields["birth_date"].text() == "2017-02-11"
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(clinic), ""))
        at_panel.panel.ask_for_table()
        assert "expected" in at_panel.said

    def test_a_film_read_anew_is_given_to_its_patient(self, at_panel, clinic):
        at_panel.desk.new_reading()
        at_panel.desk.editor.set_patient("child-film", None)
        assert becomes(lambda: "child-film is not in this table yet" in at_panel.said)
        box = at_panel.panel.head.patients
        box.setCurrentIndex(box.findText(CHILD))
        at_panel.panel.head.patient_chosen.emit(CHILD)
        at_panel.panel.give_film("27.04.2026")
        assert "expected one as 2026-11-21" in at_panel.said
        at_panel.panel.give_film("2026-04-27")
        exam = at_panel.desk.editor.reading.exam
        assert (exam.patient, f"{exam.date}") == (CHILD, "2026-04-27")
        assert becomes(lambda: at_panel.panel.session.seen.reading.exam.patient == CHILD)
        at_panel.desk.undo()
        assert at_panel.desk.editor.reading.exam.patient == "child-film"

    def test_the_date_in_the_header_is_offered(self, at_panel, monkeypatch):
        offered = []

        def answer(*_, text):
            offered.append(text)
            return text, True

        monkeypatch.setattr(QInputDialog, "getText", answer)
        at_panel.desk.new_reading()
        at_panel.desk.editor.set_patient("child-film", None)
        assert becomes(lambda: "child-film is not in this table yet" in at_panel.said)
        at_panel.panel.head.patient_chosen.emit(CHILD)
        at_panel.click(at_panel.button("Film is of..."))
        assert offered == [TAKEN]
        exam = at_panel.desk.editor.reading.exam
        assert (exam.patient, f"{exam.date}") == (CHILD, TAKEN)

    def test_tables_chosen_once_serve_films_that_have_none(
        self, at_panel, clinic, tmp_path_factory, monkeypatch
    ):
        kept_tables = []
        monkeypatch.setattr(patient_asking, "keep_patient_tables", kept_tables.append)
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(SAMPLES / "patients"))
        at_panel.panel.ask_for_folder()
        assert kept_tables == [SAMPLES / "patients"]
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        shutil.copy(clinic, elsewhere)
        shutil.copy(clinic.with_name("child-year-later_R1_1.reading.json"), elsewhere)
        at_panel.desk.close_film()
        at_panel.viewer.open(elsewhere / clinic.name, plugin="spinegrade")
        at_panel.desk.next_film()
        assert becomes(lambda: at_panel.panel.session.folder == elsewhere)
        assert at_panel.panel.session.facts.tables.where == SAMPLES / "patients"

    def test_tables_that_are_no_csv_are_read_only(self, at_panel, clinic):
        folder = clinic.parent / "patients"
        parquet = folder.with_name("clinic.parquet")
        read_patients(folder).patients.drop("_place").write_parquet(parquet)
        at_panel.panel.open_tables(parquet)
        assert not at_panel.panel.facts_page.fields["height_cm"].isEnabled()
        assert "stands alone" in at_panel.panel.facts_page.ledgers["bmd"].reason.text()


class TestOpening:
    def test_p_at_the_desk_opens_it_and_brings_it_to_the_front(self, open_film_in, clinic, xdotool):
        viewer, desk = open_film_in(clinic)
        window = desk.window()
        window.raise_()
        xdotool("windowfocus", int(window.winId()))
        settle(0.3)
        canvas = viewer.window._qt_viewer.canvas.native
        at = canvas.mapToGlobal(QPoint(canvas.width() // 2, canvas.height() // 2))
        xdotool("mousemove", at.x(), at.y())
        xdotool("key", "p")
        assert becomes(lambda: window.findChildren(PatientPanel))
        panel = window.findChildren(PatientPanel)[0]
        assert becomes(lambda: panel.isVisible() and panel.view is not None)
        dock_of(desk).raise_()
        desk.ask_patient()
        assert len(window.findChildren(PatientPanel)) == 1
        assert becomes(lambda: not panel.visibleRegion().isEmpty())

    def test_not_while_a_blinded_reading_is_open(self, open_film_in, clinic):
        _, desk = open_film_in(clinic)
        with BLINDING.held():
            desk.ask_patient()
        assert "blinded" in desk.head.words.text()
        assert not desk.window().findChildren(PatientPanel)


class TestSomebodyNew:
    def test_is_named_given_the_film_and_facts(self, at_panel, monkeypatch):
        panel = at_panel.panel
        monkeypatch.setattr(patient_asking, "ask_patient", lambda _parent: "P-0815")
        next(one for one in panel.head.buttons if one.text() == "New...").click()
        assert panel.head.patients.currentText() == "P-0815"
        assert "P-0815 is not in this table yet" in at_panel.said
        panel.session.facts.set("patients", None, "sex", "F")
        panel.give_film("2026-04-27")
        assert at_panel.desk.editor.reading.exam.patient == "P-0815"
        assert panel.session.facts.tables.patients[-1] == "P-0815"

    def test_nobody_is_made_of_a_question_that_is_given_up(self, at_panel, monkeypatch):
        monkeypatch.setattr(patient_asking, "ask_patient", lambda _parent: "")
        before = at_panel.panel.session.patients
        next(one for one in at_panel.panel.head.buttons if one.text() == "New...").click()
        assert at_panel.panel.session.patients == before


class TestNotShowing:
    def test_closes_with_words_while_a_blinded_reading_is_open(self, at_panel):
        panel = at_panel.panel
        with BLINDING.held():
            assert not panel.pages.isVisible()
            assert at_panel.said == BLINDED
            assert at_panel.page == ""
            assert panel.trends.trends.series == ()
            assert panel.facts_page.fields["birth_date"].text() == ""
            panel.look()
            panel.open_tables(SAMPLES / "patients")
            assert "blinded" in at_panel.said
            assert panel.view is None
        assert becomes(lambda: panel.view is not None)
        assert panel.pages.isVisible()

    def test_refuses_to_open_while_a_blinded_reading_is_open(self, open_film_in, clinic, xdotool):
        viewer, desk = open_film_in(clinic)
        with BLINDING.held():
            made = AtPanel(viewer, desk, xdotool)
            assert made.said == BLINDED
            assert not made.panel.pages.isVisible()

    def test_values_that_the_desk_hides_are_hidden_here(self, at_panel):
        at_panel.desk.toggle_numbers()
        assert becomes(lambda: HIDDEN in at_panel.page)
        assert "steoporosis" not in at_panel.page
        assert at_panel.panel.trends.trends.series == ()
        assert at_panel.panel.facts_page.fields["birth_date"].text() == "2017-02-11"
        at_panel.desk.toggle_numbers()
        assert becomes(lambda: at_panel.page.startswith("Osteoporosis"))

    def test_rests_while_it_is_not_seen(self, at_panel):
        next(
            one
            for one in at_panel.panel.window().findChildren(QDockWidget)
            if one.isAncestorOf(at_panel.desk)
        ).raise_()
        assert becomes(lambda: not at_panel.panel._timer.isActive())
        assert not preferences().hide_computed

    def test_without_a_desk_it_waits_for_a_film(self, qapp):
        viewer = napari.Viewer()
        panel = PatientPanel(viewer)
        viewer.window.add_dock_widget(panel, area="right")
        settle(0.4)
        assert panel.view is None
        assert "No table of patients" in panel.head.words.text()
        panel.begin_tables()
        assert "Open a film first" in panel.head.words.text()
        viewer.close()
