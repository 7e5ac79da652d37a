"""Readings to compare: from files and layers, with their films; what does not belong is named."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import napari.components
import pytest
from attrs import evolve

from napari_spinegrade import gathering
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.gathering import (
    readers_from_files,
    readers_from_layers,
    two_from_files,
    two_from_layers,
)
from napari_spinegrade.readers import image_layer, points_layer
from spinegrade.errors import FormatError, ReadingError, SpinegradeError
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.radiograph import ImageIdentity

SAMPLES = Path(__file__).parents[2] / "sample_images"


def reading_of(name, by="R1_1"):
    """Return the file of a sample reading."""
    return SAMPLES / "readings" / f"{name}_{by}.reading.json"


@pytest.fixture
def folder(tmp_path):
    """Give a folder with a film and five readings of it."""
    shutil.copy(SAMPLES / "wedge-biconcave.dcm", tmp_path)
    for path in (SAMPLES / "readings").glob("wedge-biconcave_*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def changed(path, to=None, **changes):
    """Write a reading with something changed, and return its file."""
    to = to or path
    write_reading(evolve(read_reading(path), **changes), to, force=True)
    return to


class TestTwoFiles:
    def test_films_are_found_beside_their_readings(self):
        first, second = two_from_files([reading_of("child"), reading_of("child-year-later")])
        assert (first.name, first.words, second.words) == ("child_R1_1.reading.json", "", "")
        assert first.film.image.sha256 == first.reading.image.sha256
        assert second.film.image.sha256 == second.reading.image.sha256
        assert (first.on, second.on) == (date(2025, 4, 20), date(2026, 4, 27))

    @pytest.mark.parametrize(("count", "words"), [(0, "none"), (1, "1"), (3, "3")])
    def test_two_readings_are_asked_for(self, count, words):
        files = [reading_of("child", by) for by in ("R1_1", "R1_2", "R2_1")][:count]
        with pytest.raises(ReadingError, match=f"^Compare two dates: expected two readings, got {words}$"):
            two_from_files(files)

    def test_film_that_is_not_there_leaves_the_landmarks_alone(self, tmp_path):
        alone = shutil.copy(reading_of("child"), tmp_path)
        first, second = two_from_files([Path(alone), reading_of("child-year-later")])
        assert first.film is None
        assert first.words == gathering.NO_FILM
        assert second.film is not None

    def test_film_may_lie_elsewhere_and_be_named_too(self, tmp_path):
        alone = Path(shutil.copy(reading_of("child"), tmp_path))
        films = [SAMPLES / "child.dcm", SAMPLES / "child-year-later.dcm"]
        first, second = two_from_files([alone, reading_of("child-year-later"), *films])
        assert first.film is not None
        assert second.film is not None

    def test_film_of_that_name_that_was_not_read_is_not_drawn_on(self, tmp_path):
        alone = Path(shutil.copy(reading_of("child"), tmp_path))
        shutil.copy(SAMPLES / "crush.dcm", tmp_path / "child.dcm")
        first, _ = two_from_files([alone, reading_of("child-year-later")])
        assert first.film is None
        assert "the landmarks stand alone: " in first.words
        assert "expected the film with pixels" in first.words

    def test_date_that_the_reading_lacks_is_that_of_the_film(self, folder):
        """A reading begun at the desk has no date; the film's header has."""
        path = folder / "wedge-biconcave_R1_1.reading.json"
        undated = changed(path, exam=evolve(read_reading(path).exam, date=None))
        first, _ = two_from_files([undated, reading_of("child")])
        assert first.on == read_reading(reading_of("wedge-biconcave")).exam.date

    def test_date_that_nobody_knows_stays_unknown(self, tmp_path):
        shutil.copy(SAMPLES / "wedge-biconcave.png", tmp_path)
        film = open_film(tmp_path / "wedge-biconcave.png")
        source = reading_of("wedge-biconcave")
        exam = evolve(read_reading(source).exam, date=None)
        path = changed(source, tmp_path / "a.reading.json", exam=exam, image=film.image)
        first, _ = two_from_files([path, reading_of("child")])
        assert first.film is not None
        assert first.on is None

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("{", "expected JSON"),
            (json.dumps({"format": "spinegrade-reading/9"}), "written by a newer spinegrade"),
        ],
    )
    def test_reading_that_cannot_be_read_is_an_error_that_names_it(self, tmp_path, text, words):
        broken = tmp_path / "broken.reading.json"
        broken.write_text(text, encoding="utf-8")
        with pytest.raises(FormatError, match=f"broken.reading.json.*{words}"):
            two_from_files([broken, reading_of("child")])


class TestReadersOfAFilm:
    def test_files_bring_their_film_along(self, folder):
        found = readers_from_files(sorted(folder.glob("*.reading.json")))
        assert len(found.readings) == 5
        assert found.film.image.sha256 == found.readings[0].reading.image.sha256
        assert found.words == ()

    def test_readings_of_another_film_are_left_out_by_name(self, folder):
        others = [reading_of("crush"), reading_of("child")]
        found = readers_from_files([*sorted(folder.glob("*.reading.json")), *others])
        assert len(found.readings) == 5
        (said,) = found.words
        assert said == "left out, not of wedge-biconcave.dcm: crush_R1_1.reading.json and 1 more"

    def test_film_is_named_with_a_folder_of_readings_of_many(self):
        found = readers_from_files([SAMPLES / "readings", SAMPLES / "crush.dcm"])
        assert {one.reading.image.file_name for one in found.readings} == {"crush.dcm"}
        assert len(found.readings) == 5
        assert found.words == ("left out, not of crush.dcm: child-year-later_R1_1.reading.json and 39 more",)

    def test_folder_of_many_films_without_one_named_is_refused(self):
        with pytest.raises(
            ReadingError, match="expected a folder of readings of one film, or the film named"
        ):
            readers_from_files([SAMPLES / "readings"])

    def test_folder_of_one_film_needs_no_name(self, folder):
        assert len(readers_from_files([folder]).readings) == 5

    def test_two_films_are_refused(self, folder):
        with pytest.raises(FormatError, match=r"expected one film, got child\.dcm and crush\.dcm"):
            readers_from_files([folder, SAMPLES / "child.dcm", SAMPLES / "crush.dcm"])

    def test_film_without_a_reading_is_refused_and_says_what_was_left_out(self):
        with pytest.raises(ReadingError, match=r"got none: left out, not of crush\.dcm: child_R1_1"):
            readers_from_files([reading_of("child"), SAMPLES / "crush.dcm"])

    def test_nothing_at_all_is_refused(self, tmp_path):
        with pytest.raises(ReadingError, match=r"expected readings of one film, got none$"):
            readers_from_files([])
        with pytest.raises(ReadingError, match="no readings in this folder"):
            readers_from_files([tmp_path])

    def test_what_cannot_be_read_is_named_and_the_others_are_shown(self, folder):
        (folder / "wedge-biconcave_R9_1.reading.json").write_text("{", encoding="utf-8")
        found = readers_from_files([folder])
        assert len(found.readings) == 5
        (said,) = found.words
        assert said.startswith("wedge-biconcave_R9_1.reading.json: line 1: expected JSON")

    def test_a_file_named_twice_and_hidden_ones_count_once_and_not_at_all(self, folder):
        shutil.copy(reading_of("wedge-biconcave"), folder / ".hidden.reading.json")
        found = readers_from_files([folder, folder / "wedge-biconcave_R1_1.reading.json"])
        assert len(found.readings) == 5

    def test_without_the_film_hashes_decide_whose_film_it_is(self, folder):
        (folder / "wedge-biconcave.dcm").unlink()
        found = readers_from_files([*sorted(folder.glob("*.reading.json")), reading_of("crush")])
        assert found.film is None
        assert len(found.readings) == 5
        assert found.words[0] == gathering.NO_FILM
        assert "crush_R1_1.reading.json" in found.words[1]

    def test_readings_without_a_hash_are_told_apart_by_what_they_say(self, folder):
        (folder / "wedge-biconcave.dcm").unlink()
        files = sorted(folder.glob("*.reading.json"))
        for path, image in zip(
            files,
            (
                ImageIdentity(sop_instance_uid="1.2", rows=9, columns=9),
                ImageIdentity(sop_instance_uid="1.2", file_name="other.dcm"),
                ImageIdentity(sop_instance_uid="1.3"),
                ImageIdentity(rows=9, columns=9),
                ImageIdentity(rows=9, columns=8),
            ),
            strict=True,
        ):
            changed(path, image=image)
        found = readers_from_files(files)
        assert [one.name for one in found.readings] == [files[n].name for n in (0, 1, 3)]

    def test_film_that_was_asked_for_has_to_be_one(self, folder):
        (folder / "film.dcm").write_bytes(b"no film")
        with pytest.raises(SpinegradeError, match=r"film\.dcm"):
            readers_from_files([folder, folder / "film.dcm"])


@pytest.fixture
def layers():
    """Give what adds films and readings to a list of layers."""
    model = napari.components.ViewerModel()

    def add(*names, by=("R1_1",)):
        for name in names:
            path = SAMPLES / f"{name}.dcm"
            pixels, keywords, _ = image_layer(open_film(path), path)
            model.add_image(pixels, **keywords)
        for name in names:
            for one in by:
                places, keywords, _ = points_layer(read_reading(reading_of(name, one)), one)
                model.add_points(places, **keywords)
        return model.layers

    return add


class TestLayers:
    def test_two_readings_that_are_open_find_their_films_among_the_layers(self, layers):
        first, second = two_from_layers(layers("child", "child-year-later"))
        assert first.film.image.sha256 == first.reading.image.sha256
        assert second.film.image.sha256 == second.reading.image.sha256
        assert first.on == date(2025, 4, 20)

    def test_hidden_layers_do_not_count(self, layers):
        found = layers("child", "child-year-later", by=("R1_1", "R2_1"))
        with pytest.raises(ReadingError, match="expected two readings, got 4"):
            two_from_layers(found)
        for layer in found:
            layer.visible = layer.name != "R2_1" and layer.name != "R2_1 [1]" and layer.name != "child.dcm"
        first, second = two_from_layers(found)
        assert first.words == gathering.NO_FILM
        assert second.film is not None

    def test_readers_are_those_of_the_uppermost_film(self, layers):
        found = readers_from_layers(layers("child", "crush", by=("R1_1", "R2_1")))
        assert {one.reading.image.file_name for one in found.readings} == {"crush.dcm"}
        assert found.film.image.sha256 == found.readings[0].reading.image.sha256
        assert "left out, not of the film that is open" in found.words[0]

    def test_readers_without_a_film_stand_alone(self, layers):
        found = layers("crush", by=("R1_1", "R2_1"))
        found["crush.dcm"].visible = False
        gathered = readers_from_layers(found)
        assert len(gathered.readings) == 2
        assert gathered.film is None
        assert gathered.words == (gathering.NO_FILM,)

    def test_no_layers_are_no_readings(self):
        with pytest.raises(ReadingError, match="got none"):
            two_from_layers([])
        with pytest.raises(ReadingError, match="got none"):
            readers_from_layers([])


@pytest.mark.parametrize(
    ("gather", "what"),
    [
        (two_from_files, "Compare two dates"),
        (two_from_layers, "Compare two dates"),
        (readers_from_files, "Compare readers"),
        (readers_from_layers, "Compare readers"),
    ],
)
def test_nothing_is_read_while_a_blinded_reading_is_open(monkeypatch, gather, what):
    """What is handed over cannot even be looked at: it would break the test."""

    def touched(*_, **__):
        pytest.fail("a reading or a film was opened")

    for name in ("read_reading", "open_film", "FilmFinder"):
        monkeypatch.setattr(gathering, name, touched)

    class Untouchable:
        def __iter__(self):
            touched()

    with BLINDING.held(), pytest.raises(ReadingError, match=f"{what}: expected no blinded reading"):
        gather(Untouchable())
