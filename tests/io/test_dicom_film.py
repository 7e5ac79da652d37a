"""DICOM films read truthfully: stored pixels, how they are shown, and what is unsound about them."""

from __future__ import annotations

import hashlib
import random
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from films import SECRETS, lookup_table, ramp, write_film
from spinegrade.calibration import CalibrationState
from spinegrade.errors import FormatError, SpinegradeError
from spinegrade.io.dicom_film import read_film
from spinegrade.radiograph import LookupTable, Window

original = hashlib.sha256

REAL = Path(__file__).parents[3] / "shared" / "data" / "dicom"
needs_real = pytest.mark.skipif(
    not REAL.exists(), reason="needs the shared real films, not part of the project"
)


def independently(path: Path) -> np.ndarray:
    """Return greys from 0 to 1 by pydicom's own functions, inverted by the rule of the standard."""
    film = pydicom.dcmread(path)
    values = apply_voi_lut(apply_modality_lut(film.pixel_array, film), film)
    item = film.get("VOILUTSequence")
    if item:
        values = values / (2 ** item[0].LUTDescriptor[2] - 1)
    else:
        values = values - values.min()
        values = values / values.max()
    shape = film.get("PresentationLUTShape")
    inverted = shape == "INVERSE" if shape else film.PhotometricInterpretation == "MONOCHROME1"
    return 1 - values if inverted else values


class TestRealFilms:
    pytestmark = needs_real

    @pytest.mark.parametrize("name", ["CR_modality_lut", "RG1_J2KI", "RG2_RLE", "RG3_J2KR", "dx_image"])
    def test_stored_pixels_are_as_pydicom_decodes_them_and_cannot_be_written(self, name):
        film = read_film(REAL / f"{name}.dcm")
        np.testing.assert_array_equal(film.pixels, pydicom.dcmread(REAL / f"{name}.dcm").pixel_array)
        with pytest.raises(ValueError, match="read-only"):
            film.pixels[0, 0] = 1

    def test_one_film_in_four_transfer_syntaxes_has_one_hash(self):
        films = [read_film(REAL / f"RG2_{syntax}.dcm") for syntax in ("J2KR", "JLSL", "JPLL", "RLE")]
        assert len({film.image.sha256 for film in films}) == 1
        assert len({film.facts.transfer_syntax for film in films}) == 4

    def test_a_syntax_without_a_permissive_decoder_is_named(self):
        with pytest.raises(
            FormatError, match=r"RG2_JPLY\.dcm: expected pixels in JPEG Extended .*got no such decoder"
        ):
            read_film(REAL / "RG2_JPLY.dcm")

    @pytest.mark.parametrize(
        ("name", "state"),
        [
            ("CR_modality_lut", "detector"),
            ("RG1_J2KI", "none"),
            ("RG2_RLE", "unknown"),
            ("RG3_J2KR", "none"),
            ("dx_image", "detector"),
        ],
    )
    def test_calibration(self, name, state):
        assert read_film(REAL / f"{name}.dcm").calibration.state == state

    def test_a_spacing_of_zero_is_refused_and_named(self):
        assert "PixelSpacing: expected two numbers above 0" in read_film(REAL / "RG1_J2KI.dcm").notes[0]

    @pytest.mark.parametrize("name", ["RG2_RLE", "RG3_J2KR", "RG1_J2KI", "dx_image"])
    def test_the_picture_is_as_pydicom_shows_it(self, name):
        """Up to the full range that pydicom stretches to, hence by rank."""
        shown = read_film(REAL / f"{name}.dcm").shown().astype(float)
        wanted = independently(REAL / f"{name}.dcm")
        assert np.corrcoef(shown.ravel(), wanted.ravel())[0, 1] > 0.9999

    def test_a_modality_lookup_table_is_applied(self):
        film = read_film(REAL / "CR_modality_lut.dcm")
        dataset = pydicom.dcmread(REAL / "CR_modality_lut.dcm")
        wanted = apply_modality_lut(dataset.pixel_array, dataset)
        np.testing.assert_array_equal(film.display.modality.apply(film.pixels.astype(float)), wanted)


class TestIdentity:
    def test_pixels_are_summed_when_it_is_asked_for_and_once(self, tmp_path, monkeypatch):
        film = read_film(write_film(tmp_path / "f.dcm"))
        wanted = hashlib.sha256(ramp().tobytes()).hexdigest()
        film.shown()
        asked = []
        monkeypatch.setattr("hashlib.sha256", lambda data: asked.append(1) or original(data))
        assert (film.image.sha256, film.image.rows, film.image.columns) == (wanted, 40, 50)
        assert film.image.file_name == "f.dcm"
        assert asked == [1]


class TestDisplay:
    @pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
    @pytest.mark.parametrize("window", [(2048, 1000), (100, 50), (2048, 4096)])
    def test_windows_are_as_pydicom_applies_them(self, tmp_path, function, window):
        centre, width = window
        tags = {"WindowCenter": centre, "WindowWidth": width, "VOILUTFunction": function}
        path = write_film(tmp_path / "f.dcm", **tags)
        dataset = pydicom.dcmread(path)
        wanted = apply_voi_lut(dataset.pixel_array, dataset) / 4095
        np.testing.assert_allclose(read_film(path).shown() / 255, wanted, atol=0.003)

    def test_a_voi_table_is_as_pydicom_applies_it(self, tmp_path):
        entries = (np.linspace(0, 1, 3000) ** 2 * 4095).round()
        path = write_film(tmp_path / "f.dcm", VOILUTSequence=[lookup_table(500, entries, 12, "bone")])
        film = read_film(path)
        dataset = pydicom.dcmread(path)
        wanted = apply_voi_lut(dataset.pixel_array, dataset) / 4095
        np.testing.assert_allclose(film.shown() / 255, wanted, atol=0.003)
        assert film.display.presets[0].name == "bone"

    def test_all_windows_and_tables_are_kept(self, tmp_path):
        tables = [lookup_table(0, np.arange(4096), 12)]
        path = write_film(
            tmp_path / "f.dcm",
            WindowCenter=[2000, 1000],
            WindowWidth=[4000, 500],
            WindowCenterWidthExplanation=["WIDE", "NARROW"],
            VOILUTSequence=tables,
        )
        kinds = [type(preset) for preset in read_film(path).display.presets]
        assert kinds == [Window, Window, LookupTable]
        assert not np.array_equal(read_film(path).shown(0), read_film(path).shown(1))

    @pytest.mark.parametrize(
        ("photometric", "shape", "inverted"),
        [
            ("MONOCHROME2", None, False),
            ("MONOCHROME1", None, True),
            ("MONOCHROME1", "INVERSE", True),
            ("MONOCHROME2", "IDENTITY", False),
            ("MONOCHROME2", "INVERSE", True),
            ("MONOCHROME1", "IDENTITY", False),
        ],
    )
    def test_inversion_is_decided_once(self, tmp_path, photometric, shape, inverted):
        tags = {"PhotometricInterpretation": photometric}
        if shape:
            tags["PresentationLUTShape"] = shape
        film = read_film(write_film(tmp_path / "f.dcm", **tags))
        assert film.display.inverted is inverted
        assert (film.shown()[0, 0], film.shown()[-1, -1]) == ((255, 0) if inverted else (0, 255))

    def test_rescale_comes_before_the_window(self, tmp_path):
        path = write_film(
            tmp_path / "f.dcm", RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=0, WindowWidth=2000
        )
        dataset = pydicom.dcmread(path)
        film = read_film(path)
        values = dataset.pixel_array * 2.0 - 1000
        np.testing.assert_allclose(film.shown() / 255, np.clip((values + 0.5) / 1999 + 0.5, 0, 1), atol=0.003)

    def test_signed_pixels(self, tmp_path):
        pixels = np.linspace(-1000, 1000, 2000).round().astype(np.int16).reshape(40, 50)
        film = read_film(write_film(tmp_path / "f.dcm", pixels, BitsStored=16, HighBit=15))
        assert film.pixels.min() == -1000
        assert (film.shown().min(), film.shown().max()) == (0, 255)


class TestUnsound:
    def test_a_film_without_modality_class_and_with_broken_uids_is_read(self, tmp_path):
        path = write_film(
            tmp_path / "f.dcm",
            Modality=None,
            SOPClassUID=None,
            SOPInstanceUID="0xAB12",
            PixelSpacing=[0.2, 0.1],
        )
        film = read_film(path)
        assert film.calibration.state is CalibrationState.UNKNOWN
        assert film.facts.kind == "DICOM without SOP class"
        assert any("SOPInstanceUID" in note for note in film.notes)

    def test_no_image(self, tmp_path):
        with pytest.raises(
            FormatError,
            match=r"f\.dcm: expected a DICOM image, got Computed Radiography .* without pixel data",
        ):
            read_film(write_film(tmp_path / "f.dcm", PixelData=None))

    @pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\0" * 128 + b"DICM", b"\0" * 5000])
    def test_no_dicom(self, tmp_path, content):
        path = tmp_path / "f.dcm"
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"f\.dcm: expected a DICOM"):
            read_film(path)

    def test_a_truncated_pixel_stream_is_said_with_bytes(self, tmp_path):
        path = write_film(tmp_path / "f.dcm", PixelData=ramp().tobytes()[:1000])
        with pytest.raises(
            FormatError, match=r"expected 4,000 bytes of pixels, got 1,000: the file is cut off"
        ):
            read_film(path)

    @pytest.mark.parametrize("size", [(65535, 65535), (40_000, 40_000)])
    def test_a_header_of_gigapixels_over_a_small_file_takes_no_memory(self, tmp_path, size):
        path = write_film(tmp_path / "f.dcm", Rows=size[0], Columns=size[1])
        with pytest.raises(FormatError, match=r"expected at most 500,000,000 pixels"):
            read_film(path)

    @pytest.mark.parametrize("frame", [0, 2, 99])
    def test_a_frame_that_is_not_there(self, tmp_path, frame):
        with pytest.raises(FormatError, match=f"expected a frame from 1 to 1, got {frame}"):
            read_film(write_film(tmp_path / "f.dcm"), frame=frame)

    def test_a_chosen_frame_of_several(self, tmp_path):
        frames = np.stack([ramp(), ramp()[::-1]])
        path = write_film(tmp_path / "f.dcm", NumberOfFrames=2, PixelData=frames.tobytes())
        np.testing.assert_array_equal(read_film(path, frame=2).pixels, ramp()[::-1])

    def test_too_little_memory_is_said_of_the_file(self, tmp_path, monkeypatch):
        def refuse(*_, **__):
            raise MemoryError

        monkeypatch.setattr("pydicom.pixels.utils.pixel_array", refuse)
        with pytest.raises(FormatError, match=r"f\.dcm: expected pixels in .* got too little memory for it"):
            read_film(write_film(tmp_path / "f.dcm"))

    def test_a_colour_film_of_greys_is_grey_and_one_of_colours_is_named(self, tmp_path):
        grey = np.repeat((ramp() // 16).astype(np.uint8)[..., None], 3, axis=-1)
        film = read_film(write_film(tmp_path / "grey.dcm", grey))
        np.testing.assert_array_equal(film.pixels, grey[..., 0])
        assert film.notes == ()
        coloured = grey.copy()
        coloured[..., 0] //= 2
        assert "luminance" in read_film(write_film(tmp_path / "coloured.dcm", coloured)).notes[0]

    def test_a_window_without_width_is_left_out_and_named(self, tmp_path):
        film = read_film(write_film(tmp_path / "f.dcm", WindowCenter=[10, 2000], WindowWidth=[0, 100]))
        assert [preset.centre for preset in film.display.presets] == [2000]
        assert "expected a width above 0" in film.notes[0]

    def test_bits_above_the_stored_ones_are_left_out(self, tmp_path):
        film = read_film(write_film(tmp_path / "f.dcm", ramp() | np.uint16(0x8000)))
        np.testing.assert_array_equal(film.pixels, ramp())


class TestPerson:
    def test_names_and_dates_are_nowhere_unless_asked_for(self, tmp_path):
        path = write_film(tmp_path / "f.dcm")
        film = read_film(path)
        assert not any(secret in repr(film) for secret in SECRETS)
        assert read_film(path, person=True).person.name == SECRETS[0]

    @needs_real
    def test_mutated_films_raise_nothing_else_and_tell_no_name(self, tmp_path, caplog):
        """Some hundreds, the same every time."""
        rng = random.Random(0)  # noqa: S311
        told = []
        sources = [write_film(tmp_path / "a.dcm").read_bytes(), (REAL / "dx_image.dcm").read_bytes()]
        path = tmp_path / "mutant.dcm"
        for _ in range(300):
            content = bytearray(rng.choice(sources))
            for _ in range(rng.randint(1, 12)):
                content[rng.randrange(min(len(content), 3000))] = rng.randrange(256)
            path.write_bytes(content[: rng.choice([len(content), rng.randrange(len(content))])])
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    read_film(path)
            except SpinegradeError as error:
                told.append(str(error))
        assert not any("\n" in words for words in told)
        assert not any(secret in words for secret in SECRETS for words in [*told, caplog.text])
