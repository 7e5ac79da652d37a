"""Films at the desk: several, doubtful, huge, those of other readings; and what goes wrong with disks."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from at_desk import CALLED, SAMPLES, Reader, read_truly, settle
from films import write_film
from napari_spinegrade.app import open_desk
from napari_spinegrade.editor import Place
from napari_spinegrade.readers import image_layer
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading
from spinegrade.readings import NotEvaluableReason


def test_reading_of_another_film_is_not_touched(open_film_in, film):
    _, desk = open_film_in(film)
    desk.grade_2()
    desk.close_film()
    kept = film.with_name("film_R1_1.reading.json")
    before = kept.read_bytes()
    film.write_bytes((SAMPLES / "crush.dcm").read_bytes())
    _, desk = open_film_in(film)
    assert "expected a reading of the film with pixels" in desk.head.words.text()
    assert desk.binding is None
    assert kept.read_bytes() == before


def test_reading_of_another_film_is_asked_about_and_a_new_one_lies_beside_it(open_film_in, film):
    _, desk = open_film_in(film)
    desk.grade_2()
    open_film_in.close()
    kept = film.with_name("film_R1_1.reading.json")
    before = kept.read_bytes()
    film.write_bytes((SAMPLES / "crush.dcm").read_bytes())
    for _ in range(2):  # the second time it is found without asking
        _, desk = open_film_in(film)
        if desk.binding is None:
            desk.answer_yes()
        assert desk.opened.held.path.name == f"film_R1_1_{desk.editor.reading.image.sha256[:8]}.reading.json"
        desk.grade_3()
        open_film_in.close()
    assert kept.read_bytes() == before


def test_film_is_chosen_among_several(open_film_in, film):
    viewer, desk = open_film_in(film)
    other = Path(shutil.copy(SAMPLES / "crush.dcm", film.with_name("other.dcm")))
    pixels, keywords, _ = image_layer(open_film(other), other)
    desk.grade_1()
    viewer.add_image(pixels, **keywords)
    settle()
    assert desk.head.words.text() == "other.dcm is open, too"
    desk.next_film()
    assert desk.binding.film.name == "other.dcm"
    assert [layer.visible for layer in desk.films] == [False, True]
    desk.grade_3()
    desk.previous_film()
    assert desk.editor.reading.vertebrae[0].visual_grade == 1.0
    assert desk.head.films.currentText() == "film.dcm"
    viewer.layers.remove(desk.binding.film)
    settle()
    assert desk.binding.film.name == "other.dcm"


def test_picture_that_napari_opened_can_be_read_as_a_film(open_film_in, film, tmp_path):
    viewer, desk = open_desk(None, None, "R1")
    picture = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (400, 300, 3), dtype=np.uint8)).save(picture)
    viewer.open(picture, plugin="napari")
    settle()
    assert desk.head.asked == "adopt"
    desk.answer_yes()
    settle()
    assert desk.binding.film.name == "photo.png"
    assert "colour" in desk.head.words.text()
    desk.close_film()
    viewer.close()


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"ViewPosition": "AP"}, "frontal"),
        ({"PatientOrientation": ["L", "F"]}, "frontal"),
        ({"Modality": "CT"}, "of modality CT"),
        ({"ViewPosition": "LL", "PatientOrientation": ["A", "F"]}, None),
    ],
)
def test_doubtful_films_are_opened_and_the_doubt_is_said(open_film_in, tmp_path, elements, words):
    pixels = (np.arange(600 * 400) % 4096).astype(np.uint16).reshape(600, 400)
    _, desk = open_film_in(write_film(tmp_path / "f.dcm", pixels, **elements))
    said = desk.head.words.text()
    assert (words in said) if words else said.startswith("New reading")
    desk.grade_1()
    assert desk.head.kept.text() == "saved"


def test_film_of_one_pixel_is_opened_and_can_be_read_as_not_evaluable(open_film_in, tmp_path):
    _, desk = open_film_in(write_film(tmp_path / "one.dcm", np.array([[7]], dtype=np.uint16)))
    assert "1 x 1 pixels are too few" in desk.head.words.text()
    for action in CALLED:
        getattr(desk, action)()
    desk.set_reason(NotEvaluableReason.NOISE.value)
    assert desk.head.kept.text() == "saved"


def test_film_of_200_megapixels_is_opened_and_read(open_film_in, tmp_path, xdotool):
    pixels = np.zeros((20000, 10000), dtype=np.uint16)
    pixels[::50] = 1000
    viewer, desk = open_film_in(write_film(tmp_path / "big.dcm", pixels))
    reader = Reader(viewer, desk, xdotool)
    reader.wait(1.0)
    reader.click(9000, 5000)
    placed = desk.editor.landmark_at(Place("T4", "superior_anterior"))
    assert abs(placed.row - 9000) < 40
    assert abs(placed.column - 5000) < 40
    desk.clahe()
    assert desk.head.kept.text() == "saved"


def test_napari_closed_in_mid_drag_loses_nothing_that_was_done(open_film_in, film, xdotool):
    viewer, desk = open_film_in(film)
    reader = Reader(viewer, desk, xdotool)
    read_truly(reader, ("T4",))
    before = read_reading(film.with_name("film_R1_1.reading.json"))
    mark = desk.editor.landmark_at(Place("T4", "superior_posterior"))
    reader.do("mousemove", *reader.at(mark.row, mark.column))
    reader.do("mousedown", 1)
    reader.do("mousemove_relative", "--", -9, 12)
    assert desk.editor.shown is not desk.editor.reading
    open_film_in.close()
    xdotool("mouseup", 1)
    assert read_reading(film.with_name("film_R1_1.reading.json")) == before
    _, desk = open_film_in(film)
    assert desk.editor.reading == before
    assert desk.opened.held.read_only == ""


def test_reading_of_a_newer_version_is_left_alone(open_film_in, film):
    kept = film.with_name("film_R1_1.reading.json")
    kept.write_text('{"format": "spinegrade-reading/7"}')
    _, desk = open_film_in(film)
    assert "spinegrade-reading/7" in desk.head.words.text()
    assert desk.binding is None
    assert kept.read_text() == '{"format": "spinegrade-reading/7"}'


def test_folder_that_cannot_be_written_to_leaves_the_film_to_be_looked_at(open_film_in, film, monkeypatch):
    from napari_spinegrade import saving

    monkeypatch.setattr(saving, "_tidy", refuse)
    _, desk = open_film_in(film)
    assert desk.head.words.text().startswith("Read-only: ")
    assert "Read-only file system" in desk.head.words.text()


def refuse(_):
    """Be a disk that cannot be written to."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))
