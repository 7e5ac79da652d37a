"""Films as pictures: every kind that people export, and no millimetres from any."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from films import ramp, write_film
from spinegrade.errors import FormatError
from spinegrade.io.film import open_film

GREY8 = (ramp() // 16).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["png", "tif", "tiff"])
@pytest.mark.parametrize("pixels", [GREY8, ramp()], ids=["8 bits", "16 bits"])
def test_grey_pictures_keep_their_values(tmp_path, suffix, pixels):
    path = tmp_path / f"f.{suffix}"
    Image.fromarray(pixels).save(path)
    film = open_film(path)
    np.testing.assert_array_equal(film.pixels, pixels)
    assert (film.calibration.state, film.calibration.spacing.unit) == ("none", "px")
    assert film.facts.bits_stored == 8 * pixels.dtype.itemsize


def test_a_jpeg_is_read(tmp_path):
    Image.fromarray(GREY8).save(tmp_path / "f.jpg", quality=95)
    assert np.abs(open_film(tmp_path / "f.jpg").pixels.astype(int) - GREY8).max() < 12


@pytest.mark.parametrize("mode", ["LA", "RGBA", "RGB", "P", "1"])
def test_alpha_palette_and_greys_in_colour_give_the_greys(tmp_path, mode):
    Image.fromarray(GREY8).convert(mode).save(tmp_path / "f.png")
    film = open_film(tmp_path / "f.png")
    assert film.pixels.shape == GREY8.shape
    if mode not in ("1", "P"):
        np.testing.assert_array_equal(film.pixels, GREY8)
    assert any("alpha" in note for note in film.notes) is ("A" in mode)


def test_colours_give_the_luminance_and_a_note(tmp_path):
    colours = np.zeros((4, 5, 3), np.uint8)
    colours[..., 0] = 100
    Image.fromarray(colours).save(tmp_path / "f.png")
    film = open_film(tmp_path / "f.png")
    assert (film.pixels == 30).all()
    assert film.notes == ("a colour picture; its luminance is used",)


def test_a_page_of_several_can_be_chosen(tmp_path):
    first, second = Image.fromarray(GREY8), Image.fromarray(GREY8[::-1].copy())
    first.save(tmp_path / "f.tif", save_all=True, append_images=[second])
    np.testing.assert_array_equal(open_film(tmp_path / "f.tif", frame=2).pixels, GREY8[::-1])
    with pytest.raises(FormatError, match=r"f\.tif: expected a page from 1 to 2, got 3"):
        open_film(tmp_path / "f.tif", frame=3)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_no_picture_is_said_in_one_line(tmp_path, content):
    (tmp_path / "f.png").write_bytes(content)
    with pytest.raises(FormatError, match=r"f\.png: expected a (whole|PNG, TIFF or JPEG) picture") as raised:
        open_film(tmp_path / "f.png")
    assert "\n" not in str(raised.value)


def test_a_picture_cut_off_is_refused(tmp_path):
    Image.fromarray(ramp(200, 200)).save(tmp_path / "f.png")
    content = (tmp_path / "f.png").read_bytes()
    (tmp_path / "f.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError, match=r"f\.png: expected a whole picture"):
        open_film(tmp_path / "f.png")


def test_too_little_memory_is_said_of_the_file(tmp_path, monkeypatch):
    def refuse(_):
        raise MemoryError

    Image.fromarray(GREY8).save(tmp_path / "f.png")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", refuse)
    with pytest.raises(FormatError, match=r"f\.png: expected .* got too little memory for it"):
        open_film(tmp_path / "f.png")


def test_dicom_is_known_by_its_content(tmp_path):
    write_film(tmp_path / "film.dcm").rename(tmp_path / "IM0001")
    assert open_film(tmp_path / "IM0001").facts.modality == "CR"


@pytest.mark.parametrize(("name", "got"), [("x.txt", "neither"), ("missing.dcm", "no such file")])
def test_what_is_no_film_is_named(tmp_path, name, got):
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(FormatError, match=f"{name}: expected .*got {got}"):
        open_film(tmp_path / name)
    with pytest.raises(FormatError, match="got a folder"):
        open_film(tmp_path)
