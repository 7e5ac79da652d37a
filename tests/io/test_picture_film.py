"""Films as pictures: every kind that people export, and no millimetres from any."""

from __future__ import annotations

import struct
import zlib

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


def chunk(name, content):
    """Return a chunk of a PNG file."""
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def deep_png(path, channels):
    """Write a PNG of 16 bits a channel: grey with alpha, colours, or colours with alpha."""
    rows, columns, many = channels.shape
    kind = {2: 4, 3: 2, 4: 6}[many]
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in channels)
    head = columns.to_bytes(4) + rows.to_bytes(4) + bytes([16, kind, 0, 0, 0])
    ends = chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + ends)
    return path


@pytest.mark.parametrize("channels", [2, 3, 4], ids=["grey and alpha", "colours", "colours and alpha"])
def test_sixteen_bits_of_several_channels_are_kept(tmp_path, channels):
    values = ramp(most=65535)
    stacked = np.dstack([values] * channels)
    if channels != 3:
        stacked[..., -1] = 30_000
    film = open_film(deep_png(tmp_path / "f.png", stacked))
    np.testing.assert_array_equal(film.pixels, values)
    assert film.facts.bits_stored == 16
    assert any("alpha" in note for note in film.notes) is (channels != 3)


def test_the_luminance_of_sixteen_bits_has_sixteen(tmp_path):
    colours = np.zeros((4, 5, 3), np.uint16)
    colours[..., 0] = 10_000
    assert (open_film(deep_png(tmp_path / "f.png", colours)).pixels == 2990).all()


def test_one_of_sixteen_bits_that_is_cut_off_is_refused(tmp_path):
    path = deep_png(tmp_path / "f.png", np.dstack([ramp(200, 200)] * 3))
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(FormatError, match=r"f\.png: expected a whole picture"):
        open_film(path)


def tiff(path, pixels, *, white=1, sample_format=1):
    """Write a TIFF as the picture library cannot; ``white`` is 0 where the least value is white."""
    rows, columns = pixels.shape
    tags = {256: columns, 257: rows, 258: 8 * pixels.dtype.itemsize, 259: 1, 262: white, 273: 8}
    tags |= {277: 1, 278: rows, 279: pixels.nbytes, 339: sample_format}
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    begin = b"II*\0" + (8 + pixels.nbytes).to_bytes(4, "little")
    path.write_bytes(begin + pixels.tobytes() + struct.pack("<H", len(tags)) + directory + bytes(4))
    return path


def test_sixteen_bits_whose_zero_is_white_are_shown_so_and_kept(tmp_path):
    film = open_film(tiff(tmp_path / "f.tif", ramp(), white=0))
    np.testing.assert_array_equal(film.pixels, ramp())
    assert (film.shown()[0, 0], film.shown()[-1, -1]) == (255, 0)
    assert film.notes == ("the picture says that 0 is white; it is shown so",)


def test_values_of_32_bits_do_not_turn_negative(tmp_path):
    values = ramp().astype(np.uint32) * 1_000_000
    film = open_film(tiff(tmp_path / "f.tif", values))
    np.testing.assert_array_equal(film.pixels, values)
    assert film.facts.bits_stored == 32


def test_colours_of_sixteen_bits_in_a_tiff_are_refused(tmp_path):
    Image.fromarray(np.dstack([GREY8] * 3)).save(tmp_path / "f.tif")
    content = bytearray((tmp_path / "f.tif").read_bytes())
    place = content.index(struct.pack("<3H", 8, 8, 8))
    content[place : place + 6] = struct.pack("<3H", 16, 16, 16)
    (tmp_path / "f.tif").write_bytes(content)
    with pytest.raises(
        FormatError, match="expected 8 bits a colour or a grey picture, got colours of 16 bits"
    ):
        open_film(tmp_path / "f.tif")


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (lambda whole: b"", "an empty file"),
        (lambda whole: b"hello", "something else"),
        (lambda whole: whole[:300], "a TIFF that is cut off before its directory"),
        (
            lambda whole: whole,
            "a TIFF that is cut off, or of a kind that is not read, such as 64 bits a pixel",
        ),
    ],
)
def test_what_cannot_be_opened_is_named_truthfully(tmp_path, content, got):
    path = tiff(tmp_path / "f.tif", ramp().astype(float), sample_format=3)
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(FormatError, match=f"expected a PNG, TIFF or JPEG picture, got {got}$"):
        open_film(path)


@pytest.mark.parametrize(
    ("suffix", "orientation", "said"),
    [("jpg", 6, "left as they are stored"), ("png", 6, "left as they are stored"), ("tif", 3, ", and is")],
)
def test_a_picture_that_asks_to_be_turned_says_so(tmp_path, suffix, orientation, said):
    wanted = Image.Exif()
    wanted[0x112] = orientation
    Image.fromarray(GREY8).save(tmp_path / f"f.{suffix}", exif=wanted)
    film = open_film(tmp_path / f"f.{suffix}")
    stored = GREY8[::-1, ::-1] if suffix == "tif" else GREY8
    assert np.abs(film.pixels.astype(int) - stored).max() < 30
    assert any(f"(orientation {orientation})" in note and said in note for note in film.notes)


def test_a_tiff_to_be_laid_on_its_side_is_refused_as_the_library_scrambles_it(tmp_path):
    Image.fromarray(GREY8).save(tmp_path / "f.tif", tiffinfo={274: 6})
    with pytest.raises(FormatError, match=r"expected a TIFF that is stored upright, got .*\(orientation 6\)"):
        open_film(tmp_path / "f.tif")


def test_what_the_library_prints_of_broken_data_is_kept_off_the_terminal(tmp_path, capfd):
    Image.fromarray(ramp(200, 200)).save(tmp_path / "f.tif", compression="tiff_adobe_deflate")
    content = (tmp_path / "f.tif").read_bytes()
    (tmp_path / "f.tif").write_bytes(content[:12] + b"\xff" * 20 + content[32:])
    with pytest.raises(FormatError, match=r"f\.tif: expected a whole picture"):
        open_film(tmp_path / "f.tif")
    assert capfd.readouterr().err == ""
