"""What is left of a film that is blinded: what is seen and measured, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from films import CR, lookup_table, ramp, write_film
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import StudyError
from spinegrade.io.film import open_film
from spinegrade.radiograph import Display, FilmFacts, ImageIdentity, LookupTable, Radiograph, Rescale, Window
from spinegrade.study.blind import blind, painted_over
from spinegrade.study.blind_file import Label, film_bytes
from spinegrade.study.blind_tags import decimal
from spinegrade.study.protocol import Mask

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "dicom"
LABEL = Label("F001", "0123456789abcdef")

NAMES = (
    "DOE",
    "JANE",
    "SECRET-ID-7",
    "19500102",
    "20260304",
    "112233",
    "St-Nowhere",
    "Dr-Who",
    "1.2.840.99999",
)
"""What must not survive, wherever it stood."""


LISTED = """
    SOPClassUID SOPInstanceUID StudyDate StudyTime AccessionNumber Modality ConversionType
    ReferringPhysicianName PatientName PatientID PatientBirthDate PatientSex PatientIdentityRemoved
    DeidentificationMethod StudyInstanceUID SeriesInstanceUID StudyID SeriesNumber InstanceNumber
    PatientOrientation BodyPartExamined SamplesPerPixel PhotometricInterpretation Rows Columns
    BitsAllocated BitsStored HighBit PixelRepresentation PixelSpacing PixelSpacingCalibrationType
    PixelSpacingCalibrationDescription WindowCenter WindowWidth VOILUTFunction VOILUTSequence
    PixelData
"""
"""The elements of a blinded film of this kind."""


def blinded(film, tmp_path, *masks, label=LABEL):
    """Return the blinded film, read again."""
    path = tmp_path / f"{label.name}.dcm"
    path.write_bytes(blind(film, label, masks, "film.dcm").content)
    return open_film(path, person=True)


def full_of_names(path):
    """Write a film with names, numbers and dates wherever DICOM has room for one."""
    write_film(
        path,
        StudyDate="20260304", SeriesDate="20260304", ContentDate="20260304", AcquisitionDate="20260304",
        StudyTime="112233.1", AccessionNumber="SECRET-ID-7", InstitutionName="St-Nowhere",
        ReferringPhysicianName="Dr-Who", OperatorsName="Dr-Who", StudyDescription="DOE JANE spine",
        StudyInstanceUID="1.2.840.99999.1", SeriesInstanceUID="1.2.840.99999.2",
        SOPInstanceUID="1.2.840.99999.3",
        DeviceSerialNumber="SECRET-ID-7", WindowCenter=[2000, 1000], WindowWidth=[3000, 900],
        WindowCenterWidthExplanation=["DOE", "JANE"], ImagerPixelSpacing=[0.2, 0.2],
        PatientOrientation=["DOE", "F"], PixelSpacing=[0.19, 0.19], PixelSpacingCalibrationType="FIDUCIAL",
        PixelSpacingCalibrationDescription="ball of Dr-Who", ImageComments="DOE^JANE 19500102",
    )  # fmt: skip
    film = pydicom.dcmread(path)
    block = film.private_block(0x0011, "St-Nowhere", create=True)
    block.add_new(0x01, "LO", "DOE^JANE")
    block.add_new(0x02, "OB", b"SECRET-ID-7 JANE")
    film.add_new(0x60000010, "US", 8)
    film.add_new(0x60000011, "US", 64)
    film.add_new(0x60003000, "OW", b"OVERLAY DOE JANE SECRET-ID-7".ljust(64))
    film.add_new(0x60000022, "LO", "DOE JANE")
    icon = Dataset()
    icon.Rows, icon.Columns, icon.PixelData = 4, 8, b"DOE^JANE SECRET-ID-7 19500102 ..".ljust(32)
    icon["PixelData"].VR = "OB"
    film.IconImageSequence = [icon]
    film.VOILUTSequence = [lookup_table(0, np.arange(4096) * 16, 16, "DOE JANE")]
    film.DigitalSignaturesSequence = [Dataset()]
    film.add_new(0xFFFCFFFC, "OB", b"DOE JANE SECRET-ID-7 padding ....")
    film.preamble = b"DOE^JANE SECRET-ID-7 19500102".ljust(128, b" ")
    film.file_meta.MediaStorageSOPInstanceUID = "1.2.840.99999.3"
    film.file_meta.ImplementationVersionName = "St-Nowhere"
    film.file_meta.SourceApplicationEntityTitle = "Dr-Who"
    film.file_meta.PrivateInformationCreatorUID = "1.2.840.99999.9"
    film.file_meta.PrivateInformation = b"DOE JANE"
    film.save_as(path, enforce_file_format=False)
    with path.open("ab") as file:
        file.write(b"DOE^JANE SECRET-ID-7")
    return path


class TestNothingElseSurvives:
    def test_of_a_film_full_of_names(self, tmp_path):
        path = full_of_names(tmp_path / "DOE_JANE_19500102.dcm")
        before = path.read_bytes()
        assert all(name.encode() in before for name in NAMES)
        content = blind(open_film(path), LABEL, (), path.name).content
        assert not [name for name in NAMES if name.lower().encode() in content.lower()]
        assert not [name for name in NAMES if "\0".join(name).encode() in content]

    def test_only_elements_of_the_list_are_there(self, tmp_path):
        path = full_of_names(tmp_path / "film.dcm")
        (tmp_path / "b.dcm").write_bytes(blind(open_film(path), LABEL, (), path.name).content)
        got = pydicom.dcmread(tmp_path / "b.dcm")
        assert {element.keyword for element in got} == set(LISTED.split())
        assert got.preamble == b"\0" * 128
        assert (str(got.PatientName), got.PatientID, got.PatientSex, got.StudyDate) == (
            "F001",
            "F001",
            "",
            "",
        )

    def test_uids_come_from_the_study_and_the_name_alone(self, tmp_path):
        one, other = (
            blind(open_film(write_film(tmp_path / name, StudyInstanceUID=uid)), LABEL, (), name)
            for name, uid in (("a.dcm", "1.2.3"), ("b.dcm", "1.2.4"))
        )
        assert one.content == other.content
        changed = blind(open_film(tmp_path / "a.dcm"), evolve(LABEL, study="another"), (), "a.dcm")
        assert changed.image.sop_instance_uid != one.image.sop_instance_uid

    def test_age_band_and_sex_where_the_study_shows_them(self, tmp_path):
        path = write_film(tmp_path / "a.dcm")
        label = evolve(LABEL, age_band="10 to 14 years", sex="F")
        (tmp_path / "b.dcm").write_bytes(blind(open_film(path), label, (), "a.dcm").content)
        got = pydicom.dcmread(tmp_path / "b.dcm")
        assert (got.PatientSex, got.SeriesDescription) == ("F", "10 to 14 years")
        assert "PatientAge" not in got

    @pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy of dicom3tools is not installed")
    @pytest.mark.parametrize("sample", ["child", "dxa", "scheuermann", "uncalibrated"])
    def test_what_comes_out_is_sound_dicom(self, sample, tmp_path):
        film = open_film(ROOT / "sample_images" / f"{sample}.dcm")
        (tmp_path / "b.dcm").write_bytes(blind(film, LABEL, (), sample).content)
        said = subprocess.run(["dciodvfy", tmp_path / "b.dcm"], capture_output=True, text=True, check=False)
        assert [line for line in said.stderr.splitlines() if line.startswith("Error")] == []


class TestWhatIsSeenAndMeasuredIsTheSame:
    @pytest.mark.parametrize(
        "path", sorted((ROOT / "sample_images").glob("*.dcm")), ids=lambda path: path.stem
    )
    def test_of_the_samples(self, path, tmp_path):
        film = open_film(path)
        got = blinded(film, tmp_path)
        assert np.array_equal(got.pixels, film.pixels)
        assert got.image.sha256 == film.image.sha256
        assert np.array_equal(got.shown(), film.shown())
        assert got.calibration.state is film.calibration.state
        assert got.calibration.spacing == film.calibration.spacing

    @pytest.mark.skipif(not DATA.is_dir(), reason="the real DICOM films are not beside the project")
    @pytest.mark.parametrize(
        "name", ["CR_modality_lut", "RG1_J2KI", "RG2_J2KR", "RG2_RLE", "RG3_J2KR", "dx_image"]
    )
    def test_of_real_films(self, name, tmp_path):
        film = open_film(DATA / f"{name}.dcm")
        got = blinded(film, tmp_path)
        assert np.array_equal(got.pixels, film.pixels)
        for preset in range(max(1, len(film.display.presets))):
            assert np.array_equal(got.shown(preset), film.shown(preset))
        assert got.calibration.state is film.calibration.state

    @pytest.mark.parametrize("state", CalibrationState)
    @pytest.mark.parametrize("spacing", [(0.143, 0.143), (0.42, 0.8), (0.1433333333333, 0.1), None])
    def test_in_every_state_of_calibration(self, state, spacing, tmp_path):
        if spacing is None:
            if state not in (CalibrationState.NONE, CalibrationState.ERROR):
                return
            calibration = Calibration(state, pixel_aspect_ratio=1.25)
        elif state is CalibrationState.USER or state is CalibrationState.NONE:
            return
        else:
            calibration = Calibration(state, *spacing)
        film = evolve(_film(ramp()), calibration=calibration)
        got = blinded(film, tmp_path)
        assert got.calibration.state is state
        assert got.calibration.spacing.row == pytest.approx(calibration.spacing.row)
        assert got.calibration.row_spacing_mm == (None if spacing is None else pytest.approx(spacing[0]))

    @given(st.data())
    def test_of_any_display(self, data):
        kind = data.draw(st.sampled_from([np.uint8, np.uint16, np.int16, np.int8]))
        info = np.iinfo(kind)
        values = st.lists(st.integers(info.min, info.max), min_size=12, max_size=12)
        pixels = np.array(data.draw(values), kind).reshape(4, 3)
        number = st.floats(-5000, 5000).map(lambda value: round(value, 3))
        window = st.builds(Window, number, st.floats(1, 5000).map(lambda value: round(value, 2)))
        table = st.builds(
            LookupTable,
            st.integers(-500, 500),
            st.lists(st.integers(0, 4095), min_size=2, max_size=9).map(lambda e: np.array(e, float)),
            st.just(12),
        )
        slope = st.sampled_from([1.0, 0.5, 2.0, -1.0, 0.000244140625])
        modality = st.builds(Rescale, slope, st.sampled_from([0.0, 0.25, 7.0]))
        display = Display(
            data.draw(modality),
            (*data.draw(st.lists(window, max_size=3)), *data.draw(st.lists(table, max_size=1))),
            inverted=data.draw(st.booleans()),
        )
        blind(evolve(_film(pixels), display=display), LABEL, (), "film")  # which compares what comes out

    def test_long_tables_that_begin_below_zero(self, tmp_path):
        table = LookupTable(-1000, np.arange(40_000, dtype=float), 16)
        film = evolve(
            _film(np.arange(-6, 6, dtype=np.int16).reshape(3, 4)), display=Display(Rescale(), (table,))
        )
        assert np.array_equal(blinded(film, tmp_path).shown(), film.shown())

    @given(st.floats(1e-30, 1e30) | st.floats(-1e30, -1e-30))
    def test_numbers_fit_into_sixteen_characters(self, value):
        text = decimal(value)
        assert len(text) <= 16
        assert float(text) == pytest.approx(value, rel=1e-8)

    def test_bits_that_say_too_little_are_not_believed(self, tmp_path):
        film = _film(np.array([[0, 4095]], np.uint16))
        film = evolve(film, facts=evolve(film.facts, bits_stored=8))
        assert np.array_equal(blinded(film, tmp_path).pixels, film.pixels)

    def test_one_bit_is_not_packed(self, tmp_path):
        film = _film(np.array([[0, 1]], np.uint8))
        film = evolve(film, facts=evolve(film.facts, bits_stored=1))
        assert np.array_equal(blinded(film, tmp_path).pixels, film.pixels)


def _film(pixels):
    """Return a film of these pixels."""
    facts = FilmFacts(CR, bits_stored=8 * pixels.dtype.itemsize)
    return Radiograph(pixels, Display(), Calibration(), ImageIdentity("x.dcm"), facts)


class TestMasks:
    def test_paint_what_is_burned_in(self, tmp_path):
        film = _film(np.full((30, 40), 1000, np.uint16))
        pixels = film.pixels.copy()
        pixels[2:6, 3:20] = 4095  # the name
        pixels[29, 39] = 10
        film = evolve(film, pixels=pixels)
        got = blinded(film, tmp_path, Mask(rows=(2, 5), columns=(3, 19)))
        assert (got.pixels[2:6, 3:20] == 10).all()
        assert (got.pixels != film.pixels).sum() == 4 * 17
        assert got.image.sha256 != film.image.sha256

    @pytest.mark.parametrize(
        ("mask", "covered"),
        [
            (Mask(rows=(0, 0)), np.s_[0, :]),
            (Mask(columns=(1, 2)), np.s_[:, 1:3]),
            (Mask(rows=(2, 99)), np.s_[2, :]),
            (Mask(rows=(1, 1), columns=(3, 3)), np.s_[1, 3]),
        ],
    )
    def test_reach_from_edge_to_edge_and_not_beyond(self, mask, covered):
        film = _film(np.arange(1, 13, dtype=np.uint8).reshape(3, 4))
        wanted = film.pixels.copy()
        wanted[covered] = np.delete(film.pixels.ravel(), np.ravel_multi_index(_places(covered), (3, 4))).min()
        assert np.array_equal(painted_over(film, [mask], "film"), wanted)

    def test_are_dark_on_an_inverted_film(self):
        film = evolve(_film(ramp()), display=Display(inverted=True))
        painted = painted_over(film, [Mask(rows=(0, 0))], "film")
        assert (evolve(film, pixels=painted).shown()[0] == 0).all()

    @pytest.mark.parametrize("mask", [Mask(rows=(30, 40)), Mask(columns=(40, 50))])
    def test_beside_the_film_are_refused(self, mask):
        film = _film(np.zeros((30, 40), np.uint16))
        with pytest.raises(StudyError, match=r"film.dcm: expected a mask on its 30 x 40 pixels"):
            painted_over(film, [mask], "film.dcm")

    def test_over_everything_are_refused(self):
        with pytest.raises(
            StudyError, match="masks that leave something to read, got the whole film covered"
        ):
            painted_over(_film(ramp()), [Mask(rows=(0, 99))], "film.dcm")


def _places(covered):
    """Return the rows and the columns of the pixels that are covered."""
    marked = np.zeros((3, 4), bool)
    marked[covered] = True
    return np.nonzero(marked)


class TestRefused:
    @pytest.mark.parametrize("kind", [np.float32, np.int32, np.uint32])
    def test_other_kinds_of_pixels(self, kind):
        with pytest.raises(StudyError, match="expected whole numbers of 8 or 16 bits a pixel, got"):
            blind(_film(np.ones((2, 2), kind)), LABEL, (), "film")

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            (
                lambda film: evolve(film, calibration=Calibration(CalibrationState.USER, 0.2, 0.2)),
                "millimetres",
            ),
            (
                lambda film: evolve(
                    film, display=Display(presets=(Window(5, 4, "sigmoid"), Window(5, 4, "linear")))
                ),
                "greys",
            ),
        ],
    )
    def test_what_would_look_or_measure_otherwise(self, change, what):
        with pytest.raises(StudyError, match=f"got one whose {what} would differ"):
            blind(change(_film(ramp())), LABEL, (), "film")

    def test_pixels_that_came_out_otherwise(self, monkeypatch):
        monkeypatch.setattr(
            "spinegrade.study.blind.film_bytes",
            lambda film, label: film_bytes(evolve(film, pixels=film.pixels + np.uint16(1)), label),
        )
        with pytest.raises(StudyError, match="got one whose pixels would differ"):
            blind(_film(ramp()), LABEL, (), "film")
