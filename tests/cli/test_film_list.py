"""``spinegrade image FOLDER``: every film in it by its header, a line each."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from films import SECRETS, ramp, write_encapsulated, write_film
from spinegrade.errors import FormatError
from spinegrade.io import dicom_head
from spinegrade.io.film_header import read_header
from spines import invoke


@pytest.fixture
def folder(tmp_path):
    """Give a folder of films in folders, among other things."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    write_film(tmp_path / "z.dcm", PixelSpacing=[0.3, 0.2], BodyPartExamined="TSPINE", ViewPosition="LL")
    write_film(tmp_path / "a" / "IM0001", ImagerPixelSpacing=[0.15, 0.15])
    write_film(tmp_path / "a" / "report", PixelData=None, Rows=None, Columns=None)
    Image.fromarray(ramp()).save(tmp_path / "a" / "b" / "film.png")
    (tmp_path / "a" / "notes.txt").write_text("nothing")
    (tmp_path / ".hidden.dcm").write_bytes(b"broken")
    return tmp_path


def names(said):
    """Return the films that were listed, as JSON."""
    return [Path(film["file"]).name for film in json.loads(said.out)]


def test_lists_every_film_in_the_order_of_names_and_passes_over_the_rest(folder):
    said = invoke("image", folder, "--json")
    assert said.code == 0
    assert names(said) == ["IM0001", "film.png", "z.dcm"]
    assert said.err == "3 films; 2 files that are no films passed over; 0 broken\n"


def test_a_line_says_what_a_person_asks(folder):
    said = invoke("image", folder)
    assert said.code == 0
    heading, *lines = said.out.splitlines()
    assert heading.split() == ["what", "it", "is", "size", "stored", "as", "calibration", "view", "file"]
    assert len(lines) == 3
    for words in (
        "Computed Radiography ",
        "40 x 50, 12 bits",
        "Explicit VR",
        "unknown",
        "TSPINE LL",
        "z.dcm",
    ):
        assert words in lines[2]
    assert "detector" in lines[0]
    assert "PNG picture" in lines[1]
    assert len({line.index(str(folder)) for line in lines}) == 1


def test_a_header_says_the_same_as_the_film_opened(folder):
    (listed,) = (
        film for film in json.loads(invoke("image", folder, "--json").out) if "z.dcm" in film["file"]
    )
    (opened,) = json.loads(invoke("image", folder / "z.dcm", "--json").out)
    assert listed == {name: opened[name] for name in listed}
    assert listed["row_spacing_mm"] == 0.3


def test_no_name_is_told(folder, caplog):
    for options in ([], ["--json"]):
        said = invoke("image", folder, *options)
        assert not any(secret in text for secret in SECRETS for text in (said.out, said.err, caplog.text))


def test_broken_films_are_named_and_the_others_listed(folder):
    cut = folder / "a" / "cut.dcm"
    cut.write_bytes(write_film(folder / "whole.dcm").read_bytes()[:-3000])
    (folder / "a" / "none.dcm").write_bytes(b"nothing of the kind")
    (folder / "a" / "none.png").write_bytes(b"nothing of the kind")
    write_film(folder / "huge.dcm", Rows=65535, Columns=65535)
    write_film(folder / "lost.dcm", PixelData=None)
    said = invoke("image", folder, "--json")
    assert said.code == 1
    assert names(said) == ["IM0001", "film.png", "whole.dcm", "z.dcm"]
    assert said.lines == [
        f"spinegrade: {cut}: expected 4,000 bytes of pixels, got 1,000: the file is cut off",
        f"spinegrade: {folder / 'a' / 'none.dcm'}: expected a DICOM file, got something else",
        f"spinegrade: {folder / 'a' / 'none.png'}: expected a PNG, TIFF or JPEG picture, got something else",
        f"spinegrade: {folder / 'huge.dcm'}: expected at most 500,000,000 pixels, got 65535 x 65535 x 1",
        f"spinegrade: {folder / 'lost.dcm'}: expected a DICOM image, got one without pixel data",
        "4 films; 2 files that are no films passed over; 5 broken",
    ]


def test_compressed_films_are_listed_without_their_decoder_unless_they_are_cut_off(tmp_path):
    path = write_encapsulated(tmp_path / "f.dcm", b"no stream of any kind", RLELossless)
    assert names(invoke("image", tmp_path, "--json")) == ["f.dcm"]
    path.write_bytes(path.read_bytes()[:-12])
    said = invoke("image", tmp_path)
    assert said.code == 1
    assert "f.dcm: expected compressed pixels to their end, got a file that is cut off" in said.err


def test_a_deflated_film_is_listed(tmp_path):
    film = pydicom.dcmread(write_film(tmp_path / "f.dcm"))
    film.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    film.save_as(tmp_path / "f.dcm", enforce_file_format=True)
    (found,) = json.loads(invoke("image", tmp_path, "--json").out)
    assert (found["rows"], found["transfer_syntax"]) == (40, "Deflated Explicit VR Little Endian")


def test_a_folder_without_films_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    said = invoke("image", tmp_path)
    assert (said.code, said.out) == (1, "")
    assert said.err == f"spinegrade: {tmp_path}: expected films, got 1 files that are none\n"


@pytest.mark.parametrize("option", [["--png", "x"], ["--identity"], ["--frame", "2"], ["--window", "2"]])
def test_options_of_a_single_film_are_none_of_a_folder(folder, option):
    said = invoke("image", folder, *option)
    assert (said.code, said.out) == (2, "")
    assert "a folder is listed by the headers of its films" in said.err


def test_files_and_folders_may_be_mixed(folder):
    said = invoke("image", folder / "z.dcm", folder / "a", "--json")
    assert names(said) == ["z.dcm", "IM0001", "film.png"]


def test_a_link_to_a_folder_does_not_lead_round(folder):
    (folder / "a" / "round").symlink_to(folder, target_is_directory=True)
    assert len(names(invoke("image", folder, "--json"))) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe.dcm")
    assert len(names(invoke("image", folder, "--json"))) == 3


def test_a_bar_is_shown_on_a_terminal_where_there_is_much_to_do(folder, monkeypatch):
    monkeypatch.setattr("spinegrade.cli.film_list._MANY", 2)
    assert "100%" in invoke("image", folder, terminal=True).err
    assert invoke("image", folder).err.count("\n") == 1


class TestHowMuchIsRead:
    def test_no_pixel_is_decoded(self, folder, monkeypatch):
        def refuse(*_, **__):
            raise AssertionError

        monkeypatch.setattr("pydicom.pixels.utils.pixel_array", refuse)
        monkeypatch.setattr("PIL.ImageFile.ImageFile.load", refuse)
        assert invoke("image", folder).code == 0

    def test_no_more_than_the_wanted_elements_and_no_name(self, folder):
        with (folder / "z.dcm").open("rb") as file:
            dataset = dicom_head.read_head(file, "f").dataset
        assert "PatientName" not in dataset
        assert "PixelData" not in dataset
        assert "Rows" in dataset

    def test_of_a_huge_file_only_its_ends(self, tmp_path, monkeypatch):
        """A film of a gigabyte, most of it holes: what is read of it is counted."""
        path = write_film(tmp_path / "f.dcm", NumberOfFrames=250_000)
        content = bytearray(path.read_bytes())
        place = content.rindex(b"\xe0\x7f\x10\x00")
        content[place + 8 : place + 12] = (1_000_000_000).to_bytes(4, "little")
        path.write_bytes(content)
        os.truncate(path, len(content) - 4000 + 1_000_000_000)
        taken = []

        class Counted(io.FileIO):
            def readinto(self, buffer):
                taken.append(len(buffer))
                return super().readinto(buffer)

        assert read_header(path).facts.frames == 250_000
        with io.BufferedReader(Counted(path, "rb")) as file:
            assert dicom_head.read_head(file, "f").pixels == 1_000_000_000
        assert sum(taken) < 300_000

    def test_of_a_long_header_some_megabytes(self, tmp_path, monkeypatch):
        path = write_film(tmp_path / "f.dcm", ImageComments="x" * 200_000)
        assert read_header(path).rows == 40
        monkeypatch.setattr(dicom_head, "_HEADS", (100, 1000))
        with pytest.raises(
            FormatError, match=r"f\.dcm: expected pixels within the first 1,000 bytes, got none"
        ):
            read_header(path)


def test_a_folder_that_cannot_be_looked_into_is_named_and_the_others_listed(folder, monkeypatch):
    look = Path.iterdir

    def refuse(path):
        if path.name == "b":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    said = invoke("image", folder, "--json")
    assert (said.code, names(said)) == (1, ["IM0001", "z.dcm"])
    assert said.lines[0].startswith(f"spinegrade: {folder / 'a' / 'b'}: expected to read it, got: ")


def test_pixels_are_as_many_as_pages_have(tmp_path):
    first, second = (Image.fromarray(np.zeros(size, np.uint8)) for size in ((10, 20), (30, 40)))
    first.save(tmp_path / "f.tif", save_all=True, append_images=[second])
    header = read_header(tmp_path / "f.tif")
    assert (header.rows, header.columns, header.facts.frames) == (10, 20, 2)


@pytest.mark.skipif(os.name == "nt", reason="no such names on this system")
def test_a_name_of_two_lines_is_shown_on_one(tmp_path):
    write_film(tmp_path / "two\nlines.dcm")
    assert "two\\nlines.dcm" in invoke("image", tmp_path).out
    assert "two\\nlines.dcm" in invoke("image", tmp_path / "two\nlines.dcm").out
    assert names(invoke("image", tmp_path, "--json")) == ["two\nlines.dcm"]


HEADERS = {
    "empty": lambda whole: b"",
    "its preamble": lambda whole: whole[:132],
    "half of its meta information": lambda whole: whole[:200],
    "all of its meta information": lambda whole: whole[: 144 + int.from_bytes(whole[140:144], "little")],
    "a picture": lambda whole: b"\x89PNG\r\n\x1a\n" + whole,
}


@pytest.mark.parametrize(
    ("change", "got"),
    [
        ("empty", "an empty file"),
        ("its preamble", "no more than the beginning of one: the file is cut off"),
        ("half of its meta information", "no more than the beginning of one: the file is cut off"),
        ("all of its meta information", "no more than the beginning of one: the file is cut off"),
        ("a picture", "a PNG picture under such a name"),
    ],
)
def test_listing_and_opening_say_the_same_of_what_is_no_film(tmp_path, change, got):
    path = write_film(tmp_path / "f.dcm")
    pydicom.dcmread(path).save_as(path, enforce_file_format=True)
    path.write_bytes(HEADERS[change](path.read_bytes()))
    for said in (invoke("image", path), invoke("image", tmp_path)):
        assert said.code == 1
        assert said.lines[0] == f"spinegrade: {path}: expected a DICOM file, got {got}"


def test_a_film_that_is_a_tiff_too_is_read(tmp_path):
    path = write_film(tmp_path / "f.dcm")
    path.write_bytes(b"II*\0" + path.read_bytes()[4:])
    assert invoke("image", path).code == 0
    assert invoke("image", tmp_path).code == 0
