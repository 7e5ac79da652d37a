"""The film of a reading: found by its name, refused where it is another one."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from PIL import Image

from films import ramp, write_film
from read_films import SIZE, make_reading, read_on, shadow, write_shadow
from spinegrade.errors import FormatError
from spinegrade.io.film_match import FilmFinder, Match
from spinegrade.radiograph import ImageIdentity


@pytest.fixture
def reading():
    return make_reading()


@pytest.fixture
def film(tmp_path, reading):
    """Give the film of the reading, in a folder of films."""
    (tmp_path / "films" / "march").mkdir(parents=True)
    return write_shadow(tmp_path / "films" / "march" / "film.dcm", reading)


@pytest.fixture
def file(tmp_path):
    """Give where the reading stands: far from its film."""
    (tmp_path / "desk" / "readings").mkdir(parents=True)
    return tmp_path / "desk" / "readings" / "a.reading.json"


def found(reading, file, *named):
    match = FilmFinder(named).find(reading, file)
    assert match is None or isinstance(match, Match)
    return match and (match.path.name, match.proof)


class TestFound:
    def test_in_a_named_folder_however_deep(self, reading, film, file, tmp_path):
        assert found(read_on(reading, film), file, tmp_path / "films") == ("film.dcm", "pixels")

    def test_as_a_named_file(self, reading, film, file):
        assert found(read_on(reading, film), file, film) == ("film.dcm", "pixels")

    @pytest.mark.parametrize("folder", ["", ".."], ids=["beside the reading", "one folder up"])
    def test_around_the_reading(self, reading, film, file, folder):
        here = film.rename(file.parent / folder / "film.dcm")
        assert found(read_on(reading, here), file) == ("film.dcm", "pixels")

    def test_by_a_path_within_the_reading_s_folder(self, reading, film, file):
        (file.parent / "films").mkdir()
        film.rename(file.parent / "films" / "film.dcm")
        assert found(evolve(reading, image=ImageIdentity("films/film.dcm")), file) == ("film.dcm", "nothing")

    @pytest.mark.parametrize("name", ["/elsewhere/film.dcm", "C:\\films\\film.dcm", "../../x/film.dcm"])
    def test_by_the_last_part_of_a_path_of_another_machine(self, reading, film, file, name):
        film.rename(file.parent / "film.dcm")
        assert found(evolve(reading, image=ImageIdentity(name)), file) == ("film.dcm", "nothing")

    def test_under_another_name_where_its_pixels_are_known(self, reading, film, file, tmp_path):
        other = write_film(tmp_path / "other.dcm", shadow(reading) + 1)
        renamed = film.rename(tmp_path / "renamed.dcm")
        read = evolve(
            read_on(reading, renamed), image=evolve(read_on(reading, renamed).image, file_name="x.dcm")
        )
        assert found(read, file, other, renamed) == ("renamed.dcm", "pixels")

    def test_of_two_of_its_name_by_its_pixels(self, reading, film, file, tmp_path):
        (tmp_path / "films" / "april").mkdir()
        write_film(tmp_path / "films" / "april" / "film.dcm", shadow(reading) + 1)
        match = FilmFinder([tmp_path / "films"]).find(read_on(reading, film), file)
        assert match.path == film

    def test_on_the_page_of_a_tiff_that_has_its_pixels(self, reading, file):
        pages = [Image.fromarray(shadow(reading) + n) for n in range(3)]
        path = file.parent / "film.tif"
        pages[0].save(path, save_all=True, append_images=pages[1:])
        from spinegrade.io.film import open_film

        read = evolve(reading, image=open_film(path, frame=3).image)
        match = FilmFinder().find(read, file)
        assert (match.proof, match.film.facts.frame) == ("pixels", 3)
        np.testing.assert_array_equal(match.film.pixels, shadow(reading) + 2)

    def test_and_decoded_once_for_readings_in_a_row(self, reading, film, file, monkeypatch):
        opened = []
        from spinegrade.io import film_match

        real = film_match.open_film
        monkeypatch.setattr(
            film_match, "open_film", lambda path, frame: opened.append(path) or real(path, frame=frame)
        )
        finder = FilmFinder([film])
        read = read_on(reading, film)
        finder.find(read, file)
        finder.find(evolve(read, reader="R2"), file)
        assert opened == [film]


class TestProof:
    def test_by_the_uid_where_there_is_no_hash(self, reading, film, file):
        image = evolve(read_on(reading, film).image, sha256=None)
        assert found(evolve(reading, image=image), file, film) == ("film.dcm", "uid")

    def test_by_the_size_alone(self, reading, film, file):
        image = ImageIdentity("film.dcm", rows=SIZE[0], columns=SIZE[1])
        assert found(evolve(reading, image=image), file, film) == ("film.dcm", "size")

    def test_of_nothing(self, reading, film, file):
        assert found(reading, file, film) == ("film.dcm", "nothing")

    def test_of_a_film_without_a_name(self, reading, film, file):
        assert found(evolve(reading, image=ImageIdentity()), file, film) == ("film.dcm", "nothing")


class TestNotFound:
    def test_around_the_reading_is_no_error(self, reading, film, file):
        assert found(reading, file) is None

    @pytest.mark.parametrize("name", [None, "", ".", "..", "/", "a\0b.dcm", "x" * 5000, "film.dcm/"])
    def test_by_a_name_that_no_file_has(self, reading, file, name):
        assert found(evolve(reading, image=ImageIdentity(name)), file) is None

    def test_around_the_reading_never_leads_out_of_its_folders(self, reading, film, file, tmp_path):
        """The name stands in a file that anybody may have written."""
        film.rename(tmp_path / "film.dcm")
        for name in ("../../film.dcm", f"{tmp_path}/film.dcm"):
            assert found(evolve(reading, image=ImageIdentity(name)), file) is None

    @pytest.mark.parametrize(
        ("name", "said"), [("other.dcm", "expected its film 'other.dcm'"), (None, "which it does not name")]
    )
    def test_in_named_places_is_an_error(self, reading, film, file, tmp_path, name, said):
        other = evolve(reading, image=ImageIdentity(name))
        with pytest.raises(FormatError, match=said):
            found(other, file, tmp_path / "films")

    def test_a_place_that_is_not_there(self, tmp_path):
        with pytest.raises(FormatError, match=r"none\.dcm: expected a film or a folder of films, got none"):
            FilmFinder([tmp_path / "none.dcm"])


class TestRefused:
    def refuse(self, reading, file, film, said):
        with pytest.raises(FormatError, match=said) as caught:
            found(reading, file, film)
        assert "exam E1 by R1, occasion 1" in str(caught.value)
        assert "P-17" not in str(caught.value)

    def test_other_pixels(self, reading, film, file):
        read = read_on(reading, film)
        write_film(film, shadow(reading) + 1)
        other = read_on(reading, film).image.sha256
        said = rf"expected the film with pixels sha256 {read.image.sha256[:16]}\.\., got {other[:16]}\.\."
        self.refuse(read, file, film, said)

    def test_other_pixels_beside_the_reading(self, reading, film, file):
        read = read_on(reading, film)
        write_film(file.parent / "film.dcm", shadow(reading) + 1)
        with pytest.raises(FormatError, match="expected the film with pixels sha256"):
            found(read, file)

    def test_another_size(self, reading, film, file):
        other = evolve(reading, image=ImageIdentity("film.dcm", rows=SIZE[0], columns=SIZE[1] + 1))
        self.refuse(other, file, film, "expected a film of 1600 x 701 pixels, got 1600 x 700 pixels")

    def test_another_uid(self, reading, film, file):
        other = evolve(reading, image=ImageIdentity("film.dcm", sop_instance_uid="1.2.3"))
        self.refuse(other, file, film, "expected the film with SOP instance UID 1.2.3, got ")

    def test_a_film_that_the_landmarks_do_not_lie_on(self, reading, film, file):
        write_film(film, ramp(800, 700))
        self.refuse(reading, file, film, "expected a film that its landmarks lie on, got one of 800 x 700")

    def test_two_of_its_name_without_a_hash(self, reading, film, file, tmp_path):
        write_film(tmp_path / "film.dcm", shadow(reading))
        self.refuse(reading, file, tmp_path, "expected one film that it may have been made on, got ")

    def test_a_file_that_is_no_film(self, reading, film, file):
        film.write_bytes(b"nothing")
        with pytest.raises(FormatError, match=r"film\.dcm: expected"):
            found(reading, file, film)
