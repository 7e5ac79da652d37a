"""Which films a protocol leads to, and whose they are."""

from __future__ import annotations

from datetime import date

import pytest
from PIL import Image

from films import ramp, write_film
from spinegrade.errors import FormatError, StudyError
from spinegrade.study.originals import age_band, find_originals
from study.making import protocol


@pytest.fixture
def folder(tmp_path):
    """Give a folder of two films, a picture and something else."""
    films = tmp_path / "films"
    (films / "more").mkdir(parents=True)
    write_film(films / "a.dcm", PatientID="P-1", StudyDate="20260301", PatientBirthDate="20160301")
    write_film(
        films / "more" / "b.dcm", PatientID="P-2", PatientAge="030M", PatientBirthDate="", PatientSex="F"
    )
    Image.fromarray((ramp() // 16).astype("uint8")).save(films / "c.png")
    (films / "notes.txt").write_text("none")
    return tmp_path


def found(folder, films='["films"]', **changes):
    return find_originals(protocol(films=films, **changes), folder)


class TestFilms:
    def test_of_a_folder_are_its_films(self, folder):
        assert [one.file for one in found(folder)] == ["films/a.dcm", "films/c.png", "films/more/b.dcm"]

    def test_named_twice_are_there_once(self, folder):
        films = '["films/c.png", "films", "films/../films/a.dcm"]'
        assert found(folder, films)[0].file == "films/c.png"
        assert len(found(folder, films)) == 3

    def test_elsewhere_are_named_by_their_whole_path(self, folder, tmp_path_factory):
        other = write_film(tmp_path_factory.mktemp("other") / "z.dcm")
        assert found(folder, f'["{other.as_posix()}"]')[0].file == other.as_posix()

    def test_missing(self, folder):
        with pytest.raises(
            StudyError, match=r"films\[1\]: expected a film or a folder, got no such file: .*x.dcm"
        ):
            found(folder, '["films", "films/x.dcm"]')

    def test_a_folder_without_any(self, folder):
        (folder / "empty").mkdir()
        with pytest.raises(StudyError, match=r"films\[0\]: expected films in .*empty, got none"):
            found(folder, '["empty"]')

    def test_broken(self, folder):
        (folder / "films" / "d.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\1" * 40)
        with pytest.raises(FormatError, match=r"d.dcm"):
            found(folder)

    def test_two_of_one_exam(self, folder):
        write_film(folder / "films" / "more" / "a.dcm", PatientID="P-1")
        with pytest.raises(
            StudyError, match=r"got the same patient and exam as films/a.dcm; name them in a key"
        ):
            found(folder)


class TestWhose:
    def test_is_said_by_the_header(self, folder):
        one, picture, other = found(folder)
        assert (one.patient, one.exam, one.date, one.sex) == ("P-1", "a", date(2026, 3, 1), None)
        assert one.age == pytest.approx(10, abs=0.01)
        assert (picture.patient, picture.exam, picture.date, picture.age) == ("c", "c", None, None)
        assert (other.patient, other.age, other.sex) == ("P-2", 2.5, "F")

    @pytest.mark.parametrize(
        ("tags", "age"),
        [
            ({"PatientAge": "009Y"}, 9.0),
            ({"PatientAge": "9"}, None),
            ({"PatientAge": "099W"}, 99 / 52.18),
            ({"PatientBirthDate": "20270101", "StudyDate": "20260101"}, None),
            ({"PatientBirthDate": "1950", "PatientAge": "076Y"}, 76.0),
        ],
    )
    def test_ages(self, tmp_path, tags, age):
        write_film(tmp_path / "a.dcm", **{"PatientBirthDate": ""} | tags)
        (one,) = find_originals(protocol(films='["a.dcm"]'), tmp_path)
        assert one.age == (None if age is None else pytest.approx(age))

    def test_a_film_without_a_patient_is_one_of_its_own(self, tmp_path):
        write_film(tmp_path / "a.dcm", PatientID="")
        (one,) = find_originals(protocol(films='["a.dcm"]'), tmp_path)
        assert one.patient == "a"

    def test_ages_come_in_bands(self):
        bands = [age_band(age) for age in (0, 4.99, 5, 19.9, 20, 89.9, 90, 104, None)]
        assert bands == [
            "0 to 4 years", "0 to 4 years", "5 to 9 years", "15 to 19 years", "20 to 29 years",
            "80 to 89 years", "90 years or more", "90 years or more", None,
        ]  # fmt: skip


class TestKey:
    def write(self, folder, *rows, head="film,patient,exam,date,age,sex"):
        (folder / "key.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8-sig")
        return found(folder, key='"key.csv"')

    def test_goes_before_the_header(self, folder):
        one, *_ = self.write(folder, "films/a.dcm,Q-1,first,2020-05-06,44.5,M")
        assert (one.patient, one.exam, one.date, one.age, one.sex) == (
            "Q-1",
            "first",
            date(2020, 5, 6),
            44.5,
            "M",
        )

    def test_an_empty_cell_leaves_the_header(self, folder):
        one, *_ = self.write(folder, "films/a.dcm,Q-1,first,,,")
        assert one.date == date(2026, 3, 1)

    def test_may_have_fewer_columns(self, folder):
        one, *_ = self.write(folder, "films/a.dcm,Q-1,first", head="film,patient,exam")
        assert one.exam == "first"

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("films/x.dcm,Q,e,,,", "film: expected films of the study, got 'films/x.dcm'"),
            ("films/a.dcm,Q,e,6.5.2020,,", "date: expected a date as in 2026-11-21, got '6.5.2020'"),
            ("films/a.dcm,Q,e,,old,", "age: expected years as in 9.5, got 'old'"),
            ("films/a.dcm,Q,e,,500,", "age: expected years as in 9.5, got '500'"),
            ("films/a.dcm,Q,e,,,female", "sex: expected one of F, M, O, got 'female'"),
            ("films/a.dcm,Q,,,,", "line 2: expected film, patient and exam and a cell a column"),
            ("films/a.dcm,Q", "line 2: expected film, patient and exam and a cell a column"),
            ("films/a.dcm,Q,e,,,,,", "line 2: expected film, patient and exam and a cell a column"),
            ("films/a.dcm,Q,e,,,\nfilms/a.dcm,Q,f,,,", "line 3: expected every film once"),
        ],
    )
    def test_that_does_not_fit(self, folder, row, words):
        with pytest.raises(StudyError, match=words):
            self.write(folder, row)

    @pytest.mark.parametrize("head", ["film,patient", "film,patient,exam,name", ""])
    def test_of_other_columns(self, folder, head):
        with pytest.raises(StudyError, match="expected columns film, patient, exam"):
            self.write(folder, head=head)

    def test_that_is_no_file(self, folder):
        with pytest.raises(StudyError, match="expected a key as CSV, got: No such file"):
            found(folder, key='"nothing.csv"')
