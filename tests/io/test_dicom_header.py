"""DICOM headers that lack, contradict or hide: what is safe is assumed and said, the rest is refused."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from films import SECRETS, lookup_table, lossless_jpeg, ramp, write_encapsulated, write_film
from spinegrade.errors import FormatError
from spinegrade.io.dicom_film import read_film
from spinegrade.io.dicom_words import DAMAGED, caught_words
from spinegrade.io.film_header import read_header


def raw(path, **values):
    """Write a film whose elements hold these bytes, whatever they should hold."""
    film = pydicom.dcmread(write_film(path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, value in values.items():
            setattr(film, keyword, "0" * len(value))
        film.save_as(path, enforce_file_format=False)
    content = path.read_bytes()
    for keyword, value in values.items():
        tag = pydicom.datadict.tag_for_keyword(keyword)
        place = content.index((tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little"))
        content = content[: place + 8] + value.encode() + content[place + 8 + len(value) :]
    path.write_bytes(content)
    return path


class TestHighBit:
    @pytest.mark.parametrize("syntax", [None, RLELossless])
    def test_bits_that_stand_high_are_moved_down(self, tmp_path, syntax):
        path = write_film(tmp_path / "f.dcm", ramp() << 4, HighBit=15)
        if syntax:
            film = pydicom.dcmread(path)
            film.compress(syntax, generate_instance_uid=False)
            film.save_as(path)
        film = read_film(path)
        np.testing.assert_array_equal(film.pixels, ramp())
        assert film.notes == ("HighBit: expected 11 for 12 bits, got 15; pixels moved down by 4",)

    def test_signs_are_kept(self, tmp_path):
        pixels = ramp().astype(np.int16) - 2048
        path = write_film(tmp_path / "f.dcm", pixels << 4, BitsStored=12, HighBit=15)
        np.testing.assert_array_equal(read_film(path).pixels, pixels)

    @pytest.mark.parametrize("high", [5, 16])
    def test_one_that_cannot_be_is_not_used_and_named(self, tmp_path, high):
        film = read_film(write_film(tmp_path / "f.dcm", HighBit=high))
        np.testing.assert_array_equal(film.pixels, ramp())
        assert film.notes == (f"HighBit: expected 11 for 12 bits, got {high}; not used",)


class TestDamage:
    def test_what_the_decoder_says_becomes_a_note(self, tmp_path, capfd):
        stream = lossless_jpeg(ramp(), 12)
        path = write_encapsulated(tmp_path / "f.dcm", stream[:-2] + bytes(30) + stream[-2:], JPEGLosslessSV1)
        assert read_film(path).notes == (DAMAGED,)
        assert capfd.readouterr().err == ""

    def test_a_sound_film_has_no_such_note(self, tmp_path):
        path = write_encapsulated(tmp_path / "f.dcm", lossless_jpeg(ramp(), 12), JPEGLosslessSV1)
        assert read_film(path).notes == ()

    def test_what_others_say_meanwhile_is_not_lost(self, capfd):
        notes = []
        with caught_words(notes):
            os.write(2, b"from elsewhere\nCorrupt JPEG data: bad Huffman code\nand more\n")
        assert notes == [DAMAGED]
        assert capfd.readouterr().err == "from elsewhere\nand more\n"

    def test_a_program_without_a_terminal_reads_films(self, monkeypatch):
        def refuse(_):
            raise OSError

        monkeypatch.setattr("os.dup", refuse)
        notes = []
        with caught_words(notes):
            pass
        assert notes == []


class TestIdentifiers:
    @pytest.mark.parametrize("uid", ["SECRET^NAME 1.2", "ADA", "DEE-BEE", "Doe1"])
    def test_what_could_be_a_name_is_not_kept(self, tmp_path, uid):
        film = read_film(raw(tmp_path / "f.dcm", SeriesInstanceUID=uid))
        assert film.image.series_instance_uid is None
        assert film.notes == ("SeriesInstanceUID: expected digits and dots, got something else; not kept",)
        assert uid not in repr(film)

    @pytest.mark.parametrize("uid", ["0xAB12", "deadbeef01", "1..2.03", "9f-01"])
    def test_numbers_of_other_kinds_are_kept(self, tmp_path, uid):
        film = read_film(raw(tmp_path / "f.dcm", SeriesInstanceUID=uid))
        assert film.image.series_instance_uid == uid
        assert "kept as it is" in film.notes[0]


class TestRequired:
    @pytest.mark.parametrize(
        ("missing", "value"),
        [
            ("BitsStored", "16"),
            ("PhotometricInterpretation", "MONOCHROME2"),
            ("SamplesPerPixel", "1"),
            ("PixelRepresentation", "0"),
        ],
    )
    def test_what_is_missing_is_assumed_and_said(self, tmp_path, missing, value):
        path = write_film(tmp_path / "f.dcm", **{missing: None, "HighBit": None})
        film = read_film(path)
        np.testing.assert_array_equal(film.pixels, ramp())
        assert film.notes == (f"{missing}: is missing; {value} is assumed",)
        assert read_header(path).notes == film.notes
        assert read_header(path).facts == film.facts

    @pytest.mark.parametrize(
        ("tags", "words"),
        [
            (
                {"PhotometricInterpretation": "MONOCHROME3"},
                "MONOCHROME1, MONOCHROME2 or colours, got MONOCHROME3",
            ),
            ({"PhotometricInterpretation": SECRETS[0]}, "or colours, got another word"),
            ({"BitsAllocated": 12}, "BitsAllocated: expected 1, 8, 16, 32, got 12"),
            ({"BitsAllocated": None}, "BitsAllocated: expected 1, 8, 16, 32, got none"),
            ({"BitsStored": 20}, "BitsStored: expected 1 to 16, got 20"),
            ({"SamplesPerPixel": 2}, "SamplesPerPixel: expected 1, 3, 4, got 2"),
            ({"PixelRepresentation": 7}, "PixelRepresentation: expected 0, 1, got 7"),
        ],
    )
    def test_what_cannot_be_is_refused_by_opening_and_by_listing(self, tmp_path, tags, words):
        path = write_film(tmp_path / "f.dcm", **tags)
        for read in (read_film, read_header):
            with pytest.raises(FormatError) as raised:
                read(path)
            assert str(raised.value).endswith(words)

    def test_small_letters_will_do(self, tmp_path):
        path = raw(tmp_path / "f.dcm", PresentationLUTShape="inverse ")
        assert read_film(path).display.inverted
        assert read_film(raw(path, PhotometricInterpretation="monochrome2 ")).notes == ()

    @pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
    def test_a_scale_of_letters_is_not_used_and_named(self, tmp_path, keyword):
        film = read_film(raw(tmp_path / "f.dcm", **{keyword: "abc "}))
        assert (film.display.modality.slope, film.display.modality.intercept) == (1, 0)
        assert film.notes == (f"{keyword}: expected a number, got something else; not used",)

    def test_a_window_of_letters_is_not_used_and_named_truthfully(self, tmp_path):
        film = read_film(raw(tmp_path / "f.dcm", WindowCenter="abc ", WindowWidth="100 "))
        assert film.display.presets == ()
        assert film.notes == ("window: expected numbers for centre and width, got something else; not used",)

    def test_a_slope_beyond_numbers_is_shown(self, tmp_path):
        assert read_film(write_film(tmp_path / "f.dcm", RescaleSlope="1e308")).shown().shape == (40, 50)


class TestFrames:
    def three(self, tmp_path, cut):
        frames = np.stack([ramp(), ramp()[::-1], ramp()])
        return write_film(tmp_path / "f.dcm", NumberOfFrames=3, PixelData=frames.tobytes()[:-cut])

    @pytest.mark.parametrize("cut", [4000, 2000])
    def test_whole_ones_of_a_file_cut_off_are_read(self, tmp_path, cut):
        path = self.three(tmp_path, cut)
        film = read_film(path, frame=2)
        np.testing.assert_array_equal(film.pixels, ramp()[::-1])
        assert film.notes == ("the file is cut off: of 3 frames the first 2 are whole",)

    def test_one_that_is_cut_off_is_refused(self, tmp_path):
        with pytest.raises(
            FormatError, match="expected 12,000 bytes of pixels, got 8,000: the file is cut off"
        ):
            read_film(self.three(tmp_path, 4000), frame=3)


class TestWithoutMetaInformation:
    @pytest.mark.parametrize("implicit", [True, False])
    def test_a_dataset_alone_is_read_and_listed(self, tmp_path, implicit):
        dataset = pydicom.Dataset(pydicom.dcmread(write_film(tmp_path / "whole.dcm")))
        path = tmp_path / "f.dcm"
        dataset.save_as(path, implicit_vr=implicit, little_endian=True)
        film = read_film(path)
        np.testing.assert_array_equal(film.pixels, ramp())
        name = "Implicit" if implicit else "Explicit"
        assert film.notes == (f"no transfer syntax is named; read as {name} VR Little Endian",)
        assert read_header(path).notes == film.notes
        assert read_header(path).facts == film.facts

    def test_compressed_pixels_of_nobody_knows_what_are_refused(self, tmp_path):
        film = pydicom.dcmread(write_encapsulated(tmp_path / "f.dcm", bytes(100), JPEG2000Lossless))
        dataset = pydicom.Dataset(film)
        dataset.save_as(tmp_path / "f.dcm", implicit_vr=False, little_endian=True)
        for read in (read_film, read_header):
            with pytest.raises(
                FormatError, match="expected a transfer syntax for its compressed pixels, got none"
            ):
                read(tmp_path / "f.dcm")


def group(**macros):
    """Return functional groups: macros with their elements."""
    found = pydicom.Dataset()
    for name, elements in macros.items():
        item = pydicom.Dataset()
        for keyword, value in elements.items():
            setattr(item, keyword, value)
        setattr(found, name, [item])
    return found


class TestGroups:
    def test_spacing_and_windows_are_read_from_them_for_the_frame(self, tmp_path):
        shared = group(
            PixelMeasuresSequence={"PixelSpacing": [0.2, 0.1]},
            FrameVOILUTSequence={"WindowCenter": 1, "WindowWidth": 9},
        )
        first, second = (
            group(FrameVOILUTSequence={"WindowCenter": centre, "WindowWidth": 1000})
            for centre in (2000, 3000)
        )
        path = write_film(
            tmp_path / "f.dcm",
            NumberOfFrames=2,
            PixelData=ramp().tobytes() * 2,
            SharedFunctionalGroupsSequence=[shared],
            PerFrameFunctionalGroupsSequence=[first, second],
        )
        for frame, centre in ((1, 2000), (2, 3000)):
            film = read_film(path, frame=frame)
            assert [preset.centre for preset in film.display.presets] == [centre]
            assert film.calibration.row_spacing_mm == 0.2
        assert read_header(path).calibration == film.calibration

    def test_what_the_film_says_itself_goes_before(self, tmp_path):
        shared = group(PixelMeasuresSequence={"PixelSpacing": [0.2, 0.1]})
        path = write_film(
            tmp_path / "f.dcm", PixelSpacing=[0.3, 0.3], SharedFunctionalGroupsSequence=[shared]
        )
        assert read_film(path).calibration.row_spacing_mm == 0.3


class TestTables:
    def test_a_table_of_a_big_endian_film(self, tmp_path):
        path = write_film(tmp_path / "f.dcm", PixelData=ramp().astype(">u2").tobytes())
        film, little = pydicom.Dataset(), pydicom.dcmread(path)
        for element in little:
            film.add(element)
        film.file_meta = little.file_meta
        entries = (np.arange(4096.0) ** 2 / 4095).round()
        film.VOILUTSequence = [lookup_table(0, entries, 12)]
        film.VOILUTSequence[0].LUTData = entries.astype(">u2").tobytes()
        film.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.2"
        film.save_as(path, enforce_file_format=True)
        read = read_film(path)
        np.testing.assert_array_equal(read.display.presets[0].entries, entries)
        np.testing.assert_array_equal(read.pixels, ramp())
        assert read.pixels.dtype == np.uint16

    @pytest.mark.parametrize(("first", "intercept", "meant"), [(64512, -1024, -1024), (40000, 0, 40000)])
    def test_a_first_value_below_0_may_be_written_without_its_sign(self, tmp_path, first, intercept, meant):
        path = write_film(
            tmp_path / "f.dcm",
            RescaleSlope=1,
            RescaleIntercept=intercept,
            VOILUTSequence=[lookup_table(first, np.arange(4096), 12)],
        )
        assert read_film(path).display.presets[0].first == meant
