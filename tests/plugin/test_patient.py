"""A patient's facts, edited as text in somebody's files, and the classification of the command line."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve
from typer.testing import CliRunner

from napari_spinegrade import patient_session
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.patient_csv import keep_text, read_text
from napari_spinegrade.patient_facts import FactsEditor, Wish, passed_over
from napari_spinegrade.patient_film import date_of, question
from napari_spinegrade.patient_readings import ReadingShelf
from napari_spinegrade.patient_session import PatientSession, Seen
from napari_spinegrade.patient_tables import begin_tables, open_tables, tables_beside
from napari_spinegrade.patient_view import Asked, view
from spinegrade.assess import Method
from spinegrade.cli import app
from spinegrade.errors import FormatError, ReadingError
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.osteoporosis.switches import Switches
from spinegrade.patients.reading import read_patients

SAMPLES = Path(__file__).parents[2] / "sample_images"
CHILD = "sample-04"


@pytest.fixture
def folder(tmp_path):
    """Give a copy of the sample tables."""
    return Path(shutil.copytree(SAMPLES / "patients", tmp_path / "patients"))


@pytest.fixture
def child(folder):
    """Give the facts of the sample child."""
    return FactsEditor(open_tables(folder), CHILD)


def contents(folder):
    """Return the bytes of every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def set_cell(editor, name, column, value, row=0):
    """Change a cell of one of the patient's rows."""
    editor.set(name, editor.rows(name)[row].place, column, value)


class TestEditing:
    def test_only_the_line_of_the_patient_changes(self, child, folder):
        before = (folder / "patients.csv").read_text().splitlines()
        set_cell(child, "patients", "local_disease", "true")
        after = (folder / "patients.csv").read_text().splitlines()
        differing = [n for n, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
        assert [before[n].split(",")[0] for n in differing] == [CHILD]
        assert read_patients(folder).patients.filter(patient=CHILD)["local_disease"].to_list() == [True]

    def test_undo_gives_every_byte_back(self, child, folder):
        before = contents(folder)
        set_cell(child, "patients", "height_cm", "126")
        set_cell(child, "patients", "frax_hip", "3")  # a column that the file did not have
        child.add("fractures", {"site": "T8"})
        child.remove("bmd", child.rows("bmd")[0].place)
        assert contents(folder) != before
        while child.undo():
            pass
        assert contents(folder) == before
        assert not child.can_undo

    @pytest.mark.parametrize(
        ("column", "value", "words"),
        [
            ("height_cm", "tall", r"Height \(cm\): expected a number from 20 to 260, got 'tall'"),
            ("birth_date", "11.02.2017", "a date as in"),
            ("sex", "x", "one of F, M"),
            ("local_disease", "perhaps", "true or false"),
            ("underlying_disease", "two\nlines", "expected one line"),
        ],
    )
    def test_a_value_that_does_not_fit_is_refused_and_nothing_written(
        self, child, folder, column, value, words
    ):
        before = contents(folder)
        with pytest.raises(FormatError, match=words):
            set_cell(child, "patients", column, value)
        assert contents(folder) == before

    def test_somebody_elses_change_is_not_written_over(self, child, folder):
        file = folder / "patients.csv"
        theirs = file.read_text().replace("124.5", "125.5")
        file.write_text(theirs)
        with pytest.raises(FormatError, match="somebody has changed"):
            set_cell(child, "patients", "weight_kg", "28")
        assert file.read_text() == theirs
        child.read_anew()
        set_cell(child, "patients", "weight_kg", "28")
        assert "125.5,28," in file.read_text()

    def test_another_patients_row_cannot_be_removed(self, child):
        with pytest.raises(FormatError, match="expected a row of sample-04"):
            child.remove("bmd", 0)

    def test_another_patients_row_cannot_be_changed(self, child, folder):
        before, (row,) = contents(folder), child.rows("patients")
        child.choose("sample-01")
        with pytest.raises(FormatError, match="expected a row of sample-01"):
            child.set("patients", row.place, "underlying_disease", "myeloma")
        assert contents(folder) == before

    def test_a_wish_is_for_one_patient_only(self, child, folder):
        before = contents(folder)
        wish = Wish(child, CHILD, lambda facts: facts.add("fractures", {"site": "T8"}))
        child.choose("sample-01")
        with pytest.raises(FormatError, match="expected the facts of sample-04, got those of sample-01"):
            wish.grant()
        assert contents(folder) == before
        child.choose(CHILD)
        wish.grant()
        assert len(child.rows("fractures")) == 2

    def test_nobody_elses_change_is_taken_back(self, child, folder):
        before = contents(folder)
        set_cell(child, "patients", "height_cm", "126")
        child.choose("sample-01")
        assert not child.can_undo
        assert child.changed_last == CHILD
        assert not child.undo()
        assert contents(folder) != before
        child.choose(CHILD)
        assert child.undo()
        assert contents(folder) == before

    def test_refreshed_tables_can_be_undone_unless_somebody_changed_them(self, child, folder):
        set_cell(child, "patients", "height_cm", "126")
        child.refresh()
        assert child.can_undo
        file = folder / "patients.csv"
        file.write_text(file.read_text().replace("126", "127"))
        child.refresh()
        assert not child.can_undo
        assert child.rows("patients")[0].texts["height_cm"] == "127"

    def test_a_patient_stands_once(self, child):
        with pytest.raises(FormatError, match="once, got it again"):
            child.add("patients", {"sex": "F"})
        child.choose("new-1")
        assert not child.times_in_table
        child.add("patients", {"sex": "F"})
        assert child.times_in_table == 1

    def test_changes_are_told(self, child):
        told = []
        child.changed.connect(lambda: told.append(1))
        set_cell(child, "patients", "sex", "M")  # as it was
        set_cell(child, "patients", "sex", "F")
        child.undo()
        child.choose("sample-01")
        assert len(told) == 3

    def test_permissions_stay(self, child, folder):
        file = folder / "patients.csv"
        file.chmod(0o600)
        set_cell(child, "patients", "sex", "F")
        assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_of_spreadsheets_keep_their_ways(tmp_path, encoding):
    """Separator, decimal comma, quotes, line ends, unknown columns and encoding are those of the file."""
    file = tmp_path / "patients.csv"
    text = 'sep=;\r\npatient;ward;height_cm\r\n"A";"3; östlich";120,5\r\n\r\nB;4;131,0'
    file.write_bytes(text.encode(encoding))
    editor = FactsEditor(open_tables(file), "B")
    assert passed_over(editor.tables) == "Not shown, kept as it is: ward (patients)"
    set_cell(editor, "patients", "height_cm", "132.5")
    set_cell(editor, "patients", "sex", "F")
    wanted = 'sep=;\r\npatient;ward;height_cm;sex\r\n"A";"3; östlich";120,5;\r\n\r\nB;4;132,5;F\r\n'
    assert file.read_bytes() == wanted.encode(encoding)
    given = editor.given().patients
    assert given.select("sex", "height_cm").row(0) == ("F", 132.5)


def test_a_letter_that_the_encoding_lacks_is_refused(tmp_path):
    file = tmp_path / "patients.csv"
    file.write_bytes("patient,underlying_disease\nA,Schädel\n".encode("cp1252"))
    before = file.read_bytes()
    with pytest.raises(FormatError, match="expected letters of cp1252"):
        set_cell(FactsEditor(open_tables(file), "A"), "patients", "underlying_disease", "łuk")
    assert file.read_bytes() == before


def test_a_file_that_appeared_meanwhile_is_not_replaced(tmp_path):
    where = begin_tables(tmp_path)
    editor = FactsEditor(open_tables(where), "A")
    (where / "bmd.csv").write_text("patient\n")
    with pytest.raises(FormatError, match="changed since"):
        editor.add("bmd", {"site": "spine"})
    assert (where / "bmd.csv").read_text() == "patient\n"


def test_a_new_folder_is_filled_and_read_by_the_command_line(tmp_path):
    editor = FactsEditor(open_tables(begin_tables(tmp_path)), "A")
    editor.add("patients", {"sex": "F", "age": "9"})
    editor.add("exposures", {"exposure": "drug"})
    read = read_patients(tmp_path / "patients")
    assert (read.patients.height, read.exposures.height) == (1, 1)
    with pytest.raises(FormatError, match="expected to make a new folder"):
        begin_tables(tmp_path)


def test_one_table_alone_keeps_no_ledger(tmp_path):
    file = Path(shutil.copy(SAMPLES / "patients" / "patients.csv", tmp_path))
    editor = FactsEditor(open_tables(file), CHILD)
    with pytest.raises(FormatError, match="open a folder of tables"):
        editor.add("bmd", {"site": "spine"})


def test_json_and_parquet_are_shown_and_not_edited(tmp_path):
    entry = {"patient": "A", "sex": "F", "age": 9, "fractures": [{"site": "T8", "age_at": 8}]}
    (tmp_path / "p.json").write_text(json.dumps([entry]))
    pl.DataFrame({"patient": ["A"], "sex": ["F"], "age": [9.0]}).write_parquet(tmp_path / "p.parquet")
    for name, kind in (("p.json", "JSON"), ("p.parquet", "PARQUET")):
        editor = FactsEditor(open_tables(tmp_path / name), "A")
        assert editor.rows("patients")[0].values["age"] == 9
        with pytest.raises(FormatError, match=f"a {kind} table is shown and not edited"):
            set_cell(editor, "patients", "sex", "M")
    assert FactsEditor(open_tables(tmp_path / "p.json"), "A").rows("fractures")[0].values["site"] == "T8"


def test_a_cell_that_does_not_fit_is_shown_and_can_be_put_right(tmp_path):
    file = tmp_path / "patients.csv"
    file.write_text("patient,sex,height_cm\nA,F,tall\nB,M,120\nB,M,121\n")
    editor = FactsEditor(open_tables(file), "A")
    (row,) = editor.rows("patients")
    assert (row.texts["height_cm"], row.values["height_cm"], row.values["sex"]) == ("tall", None, "F")
    assert list(row.misfits) == ["height_cm"]
    assert editor.given().problems == ["patients: height_cm: expected a number from 20 to 260, got 'tall'"]
    set_cell(editor, "patients", "height_cm", "120")
    assert editor.given().problems == []
    editor.choose("B")
    assert editor.given().patients.is_empty()
    assert "more than once" in editor.given().problems[0]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "expected patients.csv"),
        ({"patients.csv": "patient\n", "patients.tsv": "patient\n"}, "got patients.csv and patients.tsv"),
        ({"patients.csv": 'patient,sex\n"A,F\n'}, "a stray one"),
        ({"patients.csv": "sex,age\nF,9\n"}, "expected column 'patient'"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(tmp_path, files, words):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(FormatError, match=words):
        open_tables(tmp_path)


def test_tables_are_found_beside_a_film(tmp_path, folder):
    assert tables_beside(tmp_path / "film.dcm") == folder
    shutil.rmtree(folder)
    assert tables_beside(tmp_path / "film.dcm") is None
    (tmp_path / "patients.csv").write_text("patient\n")
    assert tables_beside(tmp_path / "film.dcm") == tmp_path / "patients.csv"


def test_a_table_is_written_as_it_was_read(folder):
    table, digest = read_text(folder / "patients.csv", "patients")
    assert keep_text(table, digest) == digest


# Readings and classification


@pytest.fixture(scope="module")
def shelf():
    """Give the readings beside the sample films."""
    return ReadingShelf().look(SAMPLES)


def shown_of(patient, shelf, **changes):
    """Return what the panel shows of a patient of the samples."""
    given = FactsEditor(open_tables(SAMPLES / "patients"), patient).given()
    return view(Asked(patient, given, shelf.of(patient), **changes))


def unordered(row):
    """Return a row whose reasons have no order: theirs is that in which the whole cohort first gave them."""
    return {
        name: sorted(value.split("; ")) if name.endswith(("_because", "_missing")) and value else value
        for name, value in row.items()
    }


@pytest.mark.parametrize("options", [[], ["--reader", "R1"], ["--switch", "min_grade=2"]])
def test_everybody_is_classified_as_by_the_command_line(tmp_path, shelf, options):
    out = tmp_path / "cohort.parquet"
    words = ["assess", f"{SAMPLES / 'readings'}", "--patients", f"{SAMPLES / 'patients'}", "-o", f"{out}"]
    done = CliRunner().invoke(app, words + options)
    assert done.exit_code == 0, done.output
    changes = {
        "--reader": {"reader": "R1"},
        "--switch": {"switches": Switches(min_grade=2.0)},
    }.get(options[0] if options else "", {})
    rows = pl.read_parquet(out).to_dicts()
    assert len(rows) == 8
    for row in rows:
        shown = shown_of(row["patient"], shelf, **changes).account.row
        assert shown.pop("age") == pytest.approx(row.pop("age"), rel=1e-12)  # one row or eight: one ulp
        assert unordered(shown) == unordered(row)


def test_the_childs_story(shelf):
    shown = shown_of(CHILD, shelf, reader="R1")
    assert shown.group == "child"
    assert shown.readers == ("R1", "R2", "R3")
    assert [one.rule.code for one in shown.account.met("diagnosis")] == ["R1"]
    first = shown.trends.series[0]
    assert first.name == "R1, occasion 1"
    assert [(f"{one.on}", one.sdi, one.fractured) for one in first.points] == [
        ("2025-04-20", (4, 4), 2),
        ("2026-04-27", (2, 2), 1),
    ]
    assert "T7: grade 2 to 0, reshaping complete" in first.words
    assert first.words[-1].startswith("least significant change not known")
    assert len(first.points[0].ratios["T7"]) == 3
    assert [(one.site, one.z) for one in shown.trends.scans] == [
        ("spine", -2.3),
        ("total_body_less_head", -1.8),
    ]


def test_somebody_without_readings_or_facts(shelf):
    shown = view(Asked("nobody", FactsEditor(open_tables(SAMPLES / "patients"), "nobody").given()))
    assert shown.account is None
    assert (shown.group, shown.trends.series) == ("child", ())


def test_an_adult_is_one(shelf):
    assert shown_of("sample-03", shelf).group == "adult"


def test_readings_without_a_date_are_told_of(shelf):
    reading = shelf.of(CHILD)[0]
    undated = evolve(reading, exam=evolve(reading.exam, date=None))
    given = FactsEditor(open_tables(SAMPLES / "patients"), CHILD).given()
    shown = view(Asked(CHILD, given, [undated]))
    assert shown.trends.notes == (f"No date, so not in the plots: {reading.exam.id}",)


def test_a_scan_that_contradicts_itself_is_not_plotted(shelf):
    given = FactsEditor(open_tables(SAMPLES / "patients"), CHILD).given()
    known = view(Asked(CHILD, given)).trends.scans
    sourceless = given.bmd.head(1).with_columns(z=-3.1, reference=pl.lit(None, pl.String))
    shown = view(Asked(CHILD, evolve(given, bmd=pl.concat([given.bmd, sourceless]))))
    assert "z-score without a reference" in " ".join(shown.account.contradictions)
    assert -3.1 not in [one.z for one in shown.trends.scans]
    assert len(shown.trends.scans) <= len(known)


class TestShelf:
    def test_the_open_reading_stands_in_for_the_kept_one(self, shelf):
        reading = shelf.of(CHILD)[0]
        live = evolve(reading, vertebrae=())
        found = shelf.with_open(live)
        assert len(found.readings) == len(shelf.readings)
        assert live in found.of(CHILD)
        assert reading not in found.of(CHILD)
        assert shelf.with_open(None) is shelf

    def test_a_file_that_changed_is_read_again_and_the_open_one_left_out(self, tmp_path):
        source = SAMPLES / "readings" / "child_R1_1.reading.json"
        path = Path(shutil.copy(source, tmp_path))
        own = ReadingShelf()
        assert own.look(tmp_path, besides=path).readings == ()
        assert own.look(tmp_path).readings == (read_reading(path),)
        write_reading(evolve(read_reading(path), reader="somebody"), path, force=True)
        assert own.look(tmp_path).readings[0].reader == "somebody"

    def test_what_cannot_be_read_or_is_there_twice_is_named(self, tmp_path):
        source = SAMPLES / "readings" / "child_R1_1.reading.json"
        for name in ("a", "b"):
            shutil.copy(source, tmp_path / f"{name}.reading.json")
        (tmp_path / "c.reading.json").write_text("{}")
        (tmp_path / ".hidden.reading.json").write_text("{}")
        found = ReadingShelf().look(tmp_path)
        assert found.readings == ()
        assert len(found.problems) == 2
        assert "both are left out" in found.problems[0]
        assert found.problems[1].startswith("c.reading.json")

    def test_nothing_is_read_while_a_blinded_reading_is_open(self):
        with BLINDING.held(), pytest.raises(ReadingError, match="blinded"):
            ReadingShelf().look(SAMPLES)


# Tables and films


@pytest.fixture
def session(folder, monkeypatch):
    """Give a session with the sample child's reading open beside the sample tables."""
    monkeypatch.setattr(patient_session, "CHOSEN", {})
    made = PatientSession(Method())
    made.see(seen_in(folder, "child"))
    return made


def seen_in(folder, name):
    reading = read_reading(SAMPLES / "readings" / f"{name}_R1_1.reading.json")
    return Seen(folder.parent / f"{name}.dcm", reading)


def test_the_same_editor_serves_every_film_of_the_same_tables(session, folder):
    facts = session.facts
    set_cell(facts, "patients", "height_cm", "126")
    assert session.turns_by(seen_in(folder, "crush"))
    session.see(seen_in(folder, "crush"))
    assert session.facts is facts
    assert (facts.patient, facts.can_undo) == ("sample-03", False)
    session.see(seen_in(folder, "child"))
    assert facts.can_undo
    session.forget()
    session.see(seen_in(folder, "child"))
    assert session.facts is not facts


def test_an_edit_of_the_same_reading_turns_to_nobody(session):
    seen = session.seen
    assert not session.turns_by(evolve(seen, reading=evolve(seen.reading, vertebrae=())))


def test_whose_film_it_is_is_asked_with_names(session):
    session.asked()
    assert session.film_of_another == ""
    session.choose("sample-01")
    assert session.film_of_another == CHILD
    asked = session.question(date(2025, 4, 21))
    assert asked.startswith(
        f"This film is read as one of {CHILD} (1 exam: 2025-04-20). Give it to sample-01?"
    )
    assert "It is dated 2025-04-20; its header says 2025-04-21" in asked


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([None], "(1 exam: no date)"),
        ([3, 1, None], "(3 exams: 2025-04-01, 2025-04-03)"),
        ([1, 2, 3, 4], "(4 exams: 2025-04-01 to 2025-04-04)"),
    ],
)
def test_many_exams_are_named_by_first_and_last(shelf, days, words):
    reading = shelf.of(CHILD)[0]
    theirs = [
        evolve(reading, exam=evolve(reading.exam, id=f"{n}", date=day and date(2025, 4, day)))
        for n, day in enumerate(days)
    ]
    assert f"as one of {CHILD} {words}." in question(reading, theirs, "sample-01", None)


def test_a_film_is_not_of_tomorrow():
    today = datetime.now().astimezone().date()
    assert date_of(f"{today}") == today
    with pytest.raises(ReadingError, match="expected today's or one before it"):
        date_of(f"{today + timedelta(days=1)}")


def test_a_row_that_is_not_used_is_named(session, folder):
    file = folder / "patients.csv"
    file.write_text(file.read_text().replace("2017-02-11", "11.2.2017"))
    session.read_anew()
    assert "Birth date: expected a date" in session.unusable
    account = view(session.asked()).account
    assert any("without a usable row" in one for one in account.contradictions)  # the rules know no row
    assert not any("patients table" in one for one in session.contradictions(account.contradictions))
