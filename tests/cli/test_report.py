"""``spinegrade report``: readings in, one page out."""

from __future__ import annotations

import shutil

import polars as pl
import pytest
from attrs import evolve

from films import SECRETS, write_film
from read_films import make_reading, pictures, read_on, save, shadow, take_apart, write_shadow
from spines import invoke, table


@pytest.fixture
def reading():
    return make_reading()


@pytest.fixture
def film(tmp_path, reading):
    (tmp_path / "films").mkdir()
    return write_shadow(tmp_path / "films" / "film.dcm", reading)


@pytest.fixture
def file(tmp_path, reading, film):
    """Give a reading file that knows its film, which is elsewhere."""
    (tmp_path / "readings").mkdir()
    return save(read_on(reading, film), tmp_path / "readings" / "a.reading.json")


@pytest.fixture
def output(tmp_path):
    return tmp_path / "page.html"


def page(output):
    return take_apart(output.read_text(encoding="utf-8"))


class TestWrites:
    def test_a_page_with_the_film(self, file, film, output):
        said = invoke("report", file, "--films", film.parent, "--output", output)
        assert (said.code, said.out, said.err) == (0, "", f"{output}: 1 reading, 1 film\n")
        assert len(pictures(page(output))) == 1

    def test_a_page_without_where_there_is_none(self, file, output):
        said = invoke("report", file, "-o", output)
        assert (said.code, said.err) == (0, f"{output}: 1 reading, 0 films\n")
        assert "The film was not found" in page(output).text

    def test_into_the_working_folder_where_nothing_else_is_said(self, file, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert invoke("report", file).code == 0
        assert (tmp_path / "report.html").is_file()

    def test_by_the_options_of_grading(self, file, output):
        options = ("--reference", "own", "--rules", "genant-1993-above", "--levels", "T8-L4")
        assert invoke("report", file, "-o", output, *options, "--point-sd", "0.5mm").code == 0
        said = page(output).text
        for words in ("own: own posterior height", "genant-1993-above, revision", "T8-L4", "SD 0.5 mm"):
            assert words in said

    def test_by_an_error_that_the_readings_show(self, file, tmp_path, output):
        save(make_reading(reader="R2", lost={"T12": (0.3, 0.1, 0.0)}), file.parent / "b.reading.json")
        said = invoke("report", file.parent, "-o", output, "--reader", "R1", "--point-sd", "repeats")
        assert said.code == 0
        assert said.lines[0].startswith("landmark error ")
        assert len(page(output).every("article")) == 1

    def test_of_chosen_readings(self, file, output):
        save(make_reading(reader="R2", occasion=2), file.parent / "b.reading.json")
        choice = ("--exam", "E1", "--reader", "R2", "--occasion", 2)
        assert invoke("report", file.parent, "-o", output, *choice).code == 0
        assert page(output).one("head").one("title").text.startswith("E1, reader R2")

    def test_of_a_landmark_table_by_the_film_that_it_names(self, tmp_path, output):
        frame = table(spacing=(0.4, 0.4), image="films/spine.dcm")
        frame.write_csv(tmp_path / "t.csv")
        (tmp_path / "films").mkdir()
        reading = make_reading()
        write_shadow(tmp_path / "films" / "spine.dcm", reading, (2400, 1400))
        said = invoke("report", tmp_path / "t.csv", "-o", output)
        assert (said.code, said.lines[-1]) == (0, f"{output}: 1 reading, 1 film")
        assert "is not verified" in page(output).text

    def test_no_name_anywhere(self, file, film, output):
        said = invoke("report", file, "--films", film, "-o", output)
        assert not [secret for secret in SECRETS if secret in said.err + page(output).text]


class TestRefuses:
    def refuse(self, output, *arguments, said):
        done = invoke("report", *arguments, "-o", output)
        assert (done.code, done.out, len(done.lines)) == (1, "", 1)
        assert said in done.err
        return done

    def test_a_film_of_another_reading(self, file, film, reading, output):
        write_film(film, shadow(reading) + 1)
        self.refuse(
            output, file, "--films", film, said="exam E1 by R1, occasion 1: film.dcm: expected the film"
        )
        assert not output.exists()

    def test_a_film_that_was_named_and_is_not_there(self, file, film, tmp_path, output):
        (tmp_path / "empty").mkdir()
        where = ("--films", tmp_path / "empty")
        self.refuse(output, file, *where, said="expected its film 'film.dcm' in the places named for films")
        self.refuse(output, file, "--films", tmp_path / "none", said="expected a film or a folder of films")

    def test_an_output_that_is_there(self, file, output):
        output.write_text("earlier")
        self.refuse(output, file, said="expected a new file, got one that exists; --force replaces it")
        assert output.read_text() == "earlier"
        assert invoke("report", file, "-o", output, "--force").code == 0
        assert page(output).one("h1")

    @pytest.mark.parametrize("name", ["page.pdf", "page", "a.reading.json"])
    def test_an_output_that_is_no_page(self, file, tmp_path, name):
        self.refuse(tmp_path / name, file, "--force", said="expected a name that ends in .html, got")

    def test_a_window_that_the_film_has_not(self, file, film, output):
        self.refuse(output, file, "--films", film, "--window", 2, said="--window: expected 1 to 1, got 2")

    def test_an_exam_that_is_not_there(self, file, output):
        self.refuse(output, file, "--exam", "E2", said="expected a reading of exam E2, got none")

    def test_a_source_that_is_not_there(self, tmp_path, output):
        self.refuse(output, tmp_path / "none.reading.json", said="expected a file, got none")

    def test_a_broken_film_beside_the_reading(self, file, output):
        (file.parent / "film.dcm").write_bytes(b"DICM" * 40)
        self.refuse(output, file, said="film.dcm: expected")

    def test_wrong_use(self, file, output):
        for options in (("--window", "0"), ("--occasion", "0"), ("--levels", "L4-T4"), ("--point-sd", "x")):
            assert invoke("report", file, "-o", output, *options).code == 2
        assert not output.exists()


class TestKeepsGoing:
    """With --keep-going what cannot be used is left out, said, and noted on the page."""

    def make(self, *given, output):
        said = invoke("report", *given, "-o", output, "--keep-going")
        lines = said.err.splitlines()
        return said.code, [one for one in lines if one.startswith("left out: ")], page(output).text

    def test_past_a_reading_that_is_broken_and_one_that_is_there_twice(self, file, output):
        (file.parent / "b.reading.json").write_text("{}")
        shutil.copy(file, file.parent / "c.reading.json")
        assert invoke("report", file.parent, "-o", output).code == 1
        assert not output.exists()
        code, left_out, text = self.make(file.parent, output=output)
        assert code == 1
        assert ["b.reading.json" in left_out[0], "c.reading.json" in left_out[1]] == [True, True]
        assert "2 of the rows, readings and films it was to be made from could not be used" in text

    def test_past_rows_of_a_table(self, tmp_path, output):
        rows = table({"T8": (20, 20, 20), "T9": (20, 20, 20)})
        wrong = rows.with_columns(visual_grade=pl.when(pl.col("level") == "T9").then(7.0))
        wrong.write_csv(tmp_path / "t.csv")
        code, left_out, text = self.make(tmp_path / "t.csv", output=output)
        assert (code, len(left_out)) == (1, 1)
        assert left_out[0].startswith(f"left out: {tmp_path / 't.csv'}: line 3: visual_grade")
        assert "1 of the rows" in text

    @pytest.mark.parametrize("broken", [True, False])
    def test_past_a_film_that_is_no_use_but_not_past_its_reading(self, file, film, reading, output, broken):
        if broken:
            film.write_bytes(b"abc")
        else:
            other = read_on(evolve(reading, reader="R9"), film)
            save(evolve(other, image=evolve(other.image, sha256="0" * 64)), file.parent / "z.reading.json")
        assert invoke("report", file.parent, "--films", film.parent, "-o", output).code == 1
        code, left_out, text = self.make(file.parent, "--films", film.parent, output=output)
        assert (code, len(left_out)) == (1, 1)
        assert f"by {reading.reader if broken else 'R9'}, occasion 1: its film: " in left_out[0]
        assert "The film was not found" in text
        assert (reading.reader if broken else "R9") in text

    def test_past_rows_of_patients(self, file, tmp_path, output):
        clinic = tmp_path / "clinic"
        clinic.mkdir()
        (clinic / "patients.csv").write_text("patient,age\nP-17,9\nP-18,nine\n")
        code, left_out, _ = self.make(file, "--patients", clinic, output=output)
        assert code == 1
        assert "line 3: age" in left_out[0]

    def test_whoever_is_asked_for_and_not_there_is_said(self, file, output):
        (file.parent / "b.reading.json").write_text("{}")
        said = invoke("report", file.parent, "-o", output, "--keep-going", "--reader", "R77")
        assert (said.code, output.exists()) == (1, False)
        assert "expected a reading of reader R77, got none" in said.err

    def test_but_not_where_nothing_remains(self, tmp_path, output):
        (tmp_path / "b.reading.json").write_text("{}")
        said = invoke("report", tmp_path, "-o", output, "--keep-going")
        assert (said.code, output.exists()) == (1, False)
        assert "b.reading.json" in said.err


def test_nothing_half_written_stays(file, output, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("spinegrade.report.page.draw_film", stop)
    assert invoke("report", file, "-o", output).code == 130
    assert [path.name for path in output.parent.iterdir() if path.is_file()] == []


class TestPatients:
    def test_without_patients_switches_mean_nothing(self, file, output):
        for given in (("--switch", "min_grade=2"), ("--rule", "own.toml")):
            said = invoke("report", file, "-o", output, *given)
            assert (said.code, said.out) == (2, "")
            assert "--patients" in said.err
        assert not output.exists()

    def test_a_page_of_tables(self, file, film, tmp_path, output):
        (tmp_path / "patients.csv").write_text("patient,sex,age\nP-17,F,8\n")
        said = invoke("report", file, "--films", film, "--patients", tmp_path / "patients.csv", "-o", output)
        assert (said.code, said.err) == (0, f"{output}: 1 reading, 1 film\n")
        assert page(output).one("h1").text == "Patient P-17"

    def test_a_bad_cell_stops_it(self, file, tmp_path, output):
        (tmp_path / "patients.csv").write_text("patient,sex,age\nP-17,F,old\n")
        said = invoke("report", file, "--patients", tmp_path / "patients.csv", "-o", output)
        assert (said.code, len(said.lines)) == (1, 1)
        assert "patients.csv" in said.err
        assert "age: expected a number" in said.err
        assert not output.exists()

    def test_an_unknown_switch_is_said_before_anything_is_read(self, output, tmp_path):
        said = invoke("report", tmp_path, "--patients", tmp_path, "--switch", "mingrade=2", "-o", output)
        assert said.code == 1
        assert "switch: expected one of" in said.err
