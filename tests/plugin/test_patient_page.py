"""What the patient panel is about and says: tables found, patients chosen, the page of the classification."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from attrs import evolve

from napari_spinegrade import patient_session
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.patient_page import FIELD, SWITCH, page
from napari_spinegrade.patient_session import PatientSession, Seen, switch_options
from napari_spinegrade.patient_view import view
from napari_spinegrade.patient_words import GROUPS, field_of, label_of, ledger_columns, ledger_label
from spinegrade.assess import Method
from spinegrade.errors import FormatError, ReadingError, RuleError
from spinegrade.io.reading_json import read_reading
from spinegrade.osteoporosis.facts import FACTS
from spinegrade.osteoporosis.rule import osteoporosis_rules
from spinegrade.osteoporosis.switches import SWITCHES, Switches
from spinegrade.patients.columns import PATIENTS, TABLES
from spinegrade.report import clinic_words

SAMPLES = Path(__file__).parents[2] / "sample_images"
CHILD, ADULT = "sample-04", "sample-03"
WOMAN, MAN = "sample-02", "sample-06"
"""Of 74 years with vertebral fractures and no diagnosis; born in 1958."""


@pytest.fixture
def film(tmp_path, monkeypatch):
    """Give the file of the sample child's film, with tables and one reader's readings beside it."""
    monkeypatch.setattr(patient_session, "CHOSEN", {})
    shutil.copytree(SAMPLES / "patients", tmp_path / "patients")
    for path in (SAMPLES / "readings").glob("*_R1_1.reading.json"):
        shutil.copy(path, tmp_path)
    return tmp_path / "child-year-later.dcm"


@pytest.fixture
def session(film):
    """Give a session with the child's film and reading open."""
    made = PatientSession(Method())
    made.see(seen_of(film))
    return made


def seen_of(film, **more):
    kept = film.with_name(f"{film.stem}_R1_1.reading.json")
    return Seen(film, read_reading(kept), kept, **more)


def words_of(html):
    """Return what of a page is read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def rule_of(code):
    return next(one for one in osteoporosis_rules() if one.code == code)


def page_of(session, patient=CHILD, hidden=""):
    session.choose(patient)
    return page(view(session.asked()), hidden)


class TestSession:
    def test_takes_the_tables_beside_the_film_and_the_patient_of_the_reading(self, session, film):
        assert session.patient == CHILD
        assert session.facts.tables.where == film.parent / "patients"
        assert [one.exam.id for one in session.asked().readings] == ["child-1", "child-year-later-1"]
        assert not session.remarks

    def test_nothing_new_is_said_so(self, session):
        seen = session.seen
        assert not session.see(seen)
        assert session.see(evolve(seen, hidden="hidden"))
        assert session.patient == CHILD

    def test_the_open_reading_is_used_as_it_stands(self, session):
        now = session.seen.reading
        emptied = evolve(now, vertebrae=())
        session.see(evolve(session.seen, reading=emptied))
        assert emptied in session.asked().readings
        assert now not in session.asked().readings

    def test_a_patient_chosen_by_hand_stays_until_another_film_is_open(self, session, film):
        session.choose(ADULT)
        session.see(evolve(session.seen, hidden="hidden"))
        assert session.patient == session.facts.patient == ADULT
        session.see(seen_of(film.with_name("dxa.dcm")))
        assert session.patient not in (ADULT, CHILD)
        assert {CHILD, ADULT} <= set(session.patients)

    def test_tables_chosen_once_are_kept_for_the_session(self, session, film, tmp_path):
        elsewhere = Path(shutil.copytree(film.parent / "patients", tmp_path / "clinic"))
        session.open_tables(elsewhere)
        again = PatientSession(Method())
        again.see(seen_of(film))
        assert again.facts.tables.where == elsewhere

    def test_tables_that_cannot_be_read_leave_those_before(self, session, film):
        with pytest.raises(FormatError, match="expected patients"):
            session.open_tables(film.parent)
        assert session.facts.tables.where == film.parent / "patients"

    def test_broken_tables_beside_the_film_are_told_of(self, film):
        (film.parent / "patients" / "bmd.parquet").write_bytes(b"")
        session = PatientSession(Method())
        session.see(seen_of(film))
        assert "expected one table of bmd" in session.remarks[0]
        assert session.asked().given.patients.is_empty()

    def test_tables_can_be_begun(self, film):
        shutil.rmtree(film.parent / "patients")
        session = PatientSession(Method())
        session.see(seen_of(film))
        assert "begin one beside the film" in session.remarks[0]
        session.begin_tables(film.parent)
        assert f"{CHILD} is not in this table yet" in " ".join(session.remarks)
        session.facts.set(PATIENTS, None, "birth_date", "2017-02-11")
        assert view(session.asked()).account.age == pytest.approx(9.2, abs=0.05)

    def test_without_a_film_there_is_nobody(self):
        session = PatientSession(Method())
        assert session.patients == ()
        assert session.asked() is None
        assert not session.see(Seen())

    def test_a_film_that_nobody_reads_has_the_patients_of_its_tables(self, film):
        session = PatientSession(Method())
        session.see(Seen(film))
        assert session.asked() is None
        assert CHILD in session.patients

    def test_switches_are_set_one_by_one(self, session):
        session.set_switch("min_grade", "2")
        session.set_switch("t_score_men_from", "50")
        assert session.switches == Switches(min_grade=2.0, t_score_men_from=50.0)
        with pytest.raises(RuleError, match="min_grade"):
            session.set_switch("min_grade", "7")
        assert session.setting("min_grade") == "2"

    def test_nothing_is_held_or_given_while_a_blinded_reading_is_open(self, session, film):
        with BLINDING.held():
            for action in (
                lambda: session.see(Seen()),
                session.asked,
                lambda: session.open_tables(film.parent / "patients"),
                lambda: session.begin_tables(film.parent),
            ):
                with pytest.raises(ReadingError, match="blinded"):
                    action()
            session.forget()
            assert session.patients == ()
        session.see(seen_of(film))
        assert session.patient == CHILD


class TestPage:
    def test_says_the_answer_why_and_what_is_open(self, session):
        html = page_of(session)
        words = words_of(html)
        assert words.index("Osteoporosis") < words.index("Because") < words.index("Not decided yet")
        assert f"{rule_of('R1').words} (R1)" in words
        assert f'href="{FIELD}patients.safe_positioning"' in html
        assert "min_grade=1" in words
        assert "International Society for Clinical Densitometry" in words

    def test_a_child_has_no_t_score_and_no_adults_rules(self, session):
        words = words_of(page_of(session))
        assert "T-score" not in words
        assert "osteopenia" not in words.lower()
        assert "children" in words
        assert "A1 " not in words

    def test_an_adult_is_told_of_by_the_adults_rules(self, session):
        words = words_of(page_of(session, ADULT))
        assert "All rules for adults" in words
        assert "hip fracture" in words
        assert "R1 " not in words

    def test_rules_that_are_not_run_are_listed_with_what_they_are(self, session):
        words = words_of(page_of(session, WOMAN))
        every = words[words.index("All rules for adults") :]
        for rule in osteoporosis_rules():
            if rule.group == "adult":
                assert f" {rule.code} " in every
                assert rule.source.citation in every
        assert f"A7 not run: unconfirmed {words_of(rule_of('A7').source.title)}" in every
        assert "A10 not run: needs a table" in every
        assert every.index(" A2 ") < every.index(" A3 ") < every.index(" A4 ")

    def test_an_adult_whose_fracture_no_rule_diagnoses_is_told_so_beside_the_answer(self, session):
        told = "There is a vertebral fracture, and the rules that diagnose osteoporosis by one are not run"
        words = words_of(page_of(session, WOMAN))
        assert "A3 (" in words
        assert "A7 (" in words
        assert words.index(told) < words.index("Not decided yet")
        assert told not in words_of(page_of(session, ADULT))  # a hip fracture is a diagnosis
        assert told not in words_of(page_of(session, CHILD))
        session.choose(MAN)
        unbroken = evolve(session.asked(), readings=())
        assert told not in words_of(page(view(unbroken)))

    def test_somebody_of_unknown_age_has_the_rules_for_children_and_adults(self, session):
        session.choose(MAN)
        shown = view(evolve(session.asked(), readings=()))
        assert shown.account.age is None
        words = words_of(page(shown))
        assert "By the rules for children and adults, as the age is not known" in words
        every = words[words.index("All rules for children and adults") :]
        assert all(f" {code} " in every for code in ("R1", "R17", "A1", "A3", "A10"))
        assert shown.group != "adult"  # what only adults have waits for the age
        assert "postmenopausal" not in words
        assert "the date of the exam" in words

    def test_inputs_are_asked_for_in_words_and_lead_to_fields_and_switches(self, session):
        session.set_switch("density_sites", "any")
        html = page_of(session, CHILD) + page_of(session, MAN)
        words = words_of(html)
        assert "a any site" not in words
        assert "bmd." not in words
        assert "fractures." not in words
        assert f'href="{SWITCH}t_score_men_from"' in html
        assert clinic_words.SETTING_WORDS["t_score_men_from"] in words
        assert not re.search(r" (>=|<=|>|<) ", words.replace("&gt;", ">").replace("&lt;", "<"))

    def test_where_the_readers_grades_decide_otherwise_it_is_said(self, session):
        session.choose(CHILD)
        asked = session.asked()
        unseen = [
            evolve(one, vertebrae=tuple(evolve(each, visual_grade=0.0) for each in one.vertebrae))
            for one in asked.readings
        ]
        words = words_of(page(view(evolve(asked, readings=tuple(unseen)))))
        assert "rule R1: by the measured grades met, by the readers&#x27; own not met" in words
        plain = [
            evolve(one, vertebrae=tuple(evolve(each, visual_grade=None) for each in one.vertebrae))
            for one in asked.readings
        ]
        assert "by the measured grades" not in words_of(page(view(evolve(asked, readings=tuple(plain)))))

    def test_whose_readings_and_which_film_is_said(self, session):
        """Of one reader alone, with the fractures of the film before; of films without a date together."""
        session.choose(CHILD)
        asked = session.asked()
        other = evolve(asked.readings[-1], reader="R7")
        words = words_of(page(view(evolve(asked, readings=(*asked.readings, other), reader="R1"))))
        assert "Latest film, 1 reading (R1): 1 of 13 graded levels fractured" in words
        assert "Fractured on earlier films, which counts even if reshaped since: T6 (2025-04-20)" in words
        undated = [evolve(one, exam=evolve(one.exam, date=None)) for one in asked.readings]
        words = words_of(page(view(evolve(asked, readings=tuple(undated)))))
        assert "2 readings (R1) of 2 exams, as their dates do not tell which is the latest" in words
        assert "earlier films" not in words

    def test_what_was_hardly_begun_is_no_spine_without_fractures(self, session):
        session.choose(CHILD)
        asked = session.asked()
        begun = evolve(asked.readings[-1], vertebrae=asked.readings[-1].vertebrae[:1])
        words = words_of(page(view(evolve(asked, readings=(begun,)))))
        assert "0 of 1 graded levels fractured" in words

    def test_a_switch_that_is_not_as_usual_stands_out(self, session):
        session.set_switch("min_grade", "2")
        assert "<b>min_grade=2</b>" in page_of(session)

    def test_contradictions_and_what_was_left_out_are_named(self, session, film):
        session.facts.set(PATIENTS, session.facts.rows(PATIENTS)[0].place, "age", "30")
        (film.parent / "broken_R9_1.reading.json").write_text("{", encoding="utf-8")
        words = words_of(page_of(session))
        assert "age differs by more than a year" in words
        assert "broken_R9_1" in words

    def test_a_contradiction_is_said_once_not_to_be_used(self, session):
        session.facts.set("bmd", session.facts.rows("bmd")[0].place, "t", "-2.6")
        words = words_of(page_of(session))
        assert "T-score in a child" in words
        assert words.count("not used") == 1

    def test_hidden_values_are_not_there(self, session):
        words = words_of(page_of(session, hidden="Computed values are hidden (V)"))
        assert "hidden" in words
        assert "steoporosis" not in words

    def test_words_from_files_are_no_html(self, session):
        session.facts.set(PATIENTS, session.facts.rows(PATIENTS)[0].place, "underlying_disease", "<b>x</b>")
        session.choose("<script>")
        assert "<script>" not in page(view(session.asked()))

    def test_somebody_without_a_film(self, session):
        session.choose("nobody")
        assert "Nothing is known" in words_of(page(view(session.asked())))


class TestWords:
    def test_every_column_of_the_patients_has_its_field(self):
        shown = [column for columns in GROUPS.values() for column in columns]
        assert sorted(["patient", *shown]) == sorted(one.name for one in TABLES[PATIENTS])
        assert all("_" not in label_of(one) for one in shown)

    @pytest.mark.parametrize("name", ["fractures", "bmd", "exposures"])
    def test_every_column_of_a_ledger_is_there_for_an_adult(self, name):
        columns = ledger_columns(name, adult=True)
        assert sorted(["patient", *columns]) == sorted(one.name for one in TABLES[name])
        assert all("_" not in ledger_label(one) for one in columns)
        assert "t" not in ledger_columns(name, adult=False)

    def test_a_t_score_of_a_child_is_seen_so_that_it_can_be_taken_away(self, session):
        facts = session.facts
        assert "t" not in ledger_columns("bmd", adult=False, texts=[one.texts for one in facts.rows("bmd")])
        facts.set("bmd", facts.rows("bmd")[0].place, "t", "-2.6")
        texts = [one.texts for one in facts.rows("bmd")]
        assert ledger_columns("bmd", adult=False, texts=texts)[2] == "t"

    def test_what_decides_a_rule_is_among_the_first_columns(self):
        assert ledger_columns("fractures", adult=False)[1] == "long_bone"
        assert ledger_columns("bmd", adult=True)[:3] == ("site", "z", "t")

    @pytest.mark.parametrize("fact", FACTS.values(), ids=list(FACTS))
    def test_what_a_rule_asks_for_has_a_field_or_is_read_on_films(self, fact):
        asked = fact.ask or next(name for name, one in FACTS.items() if one is fact)
        if not asked.startswith(("grades", "visual_grade")):
            assert field_of(asked) is not None

    @pytest.mark.parametrize("name", SWITCHES)
    def test_every_option_of_a_switch_is_a_setting(self, name):
        session = PatientSession(Method())
        for option in switch_options(name):
            session.set_switch(name, option)
            assert session.setting(name) == option
