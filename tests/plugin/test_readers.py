"""Films and readings as napari opens them: pixels as stored, calibrated, and nobody's name."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from films import SECRETS, ramp, write_film
from napari_spinegrade import readers
from napari_spinegrade.readers import get_film_reader, get_reading_reader, layer_space, read_films
from spinegrade.errors import FormatError
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.morphometry import PixelSpacing
from spinegrade.readings import Landmark, Status

SAMPLES = Path(__file__).parents[2] / "sample_images"
FILMS = sorted(path.stem for path in SAMPLES.glob("*.dcm"))
READING = SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json"


def opened(viewer, path):
    """Return the layers that a path opens as."""
    return viewer.open(path, plugin="spinegrade")


@pytest.mark.parametrize("name", FILMS)
class TestEverySample:
    def test_is_shown_as_the_core_reads_it(self, viewer, name):
        film = open_film(SAMPLES / f"{name}.dcm")
        (layer,) = opened(viewer, SAMPLES / f"{name}.dcm")
        np.testing.assert_array_equal(layer.data, film.pixels)
        assert layer.data.dtype == film.pixels.dtype
        assert layer.name == f"{name}.dcm"
        assert layer.metadata["spinegrade"]["film"].image == film.image
        window = film.display.presets[0]
        assert tuple(layer.contrast_limits) == window.bounds

    def test_has_the_space_that_its_readings_have(self, viewer, name):
        """Layers that differ in units lose them."""
        (film,) = opened(viewer, SAMPLES / f"{name}.dcm")
        (points,) = opened(viewer, SAMPLES / "readings" / f"{name}_R1_1.reading.json")
        np.testing.assert_array_equal(points.scale, film.scale)
        assert points.units == film.units
        assert viewer.layers.extent.units == film.units
        assert film.extent.world[1, 0] > points.extent.world[1, 0]


class TestFilm:
    def test_monochrome1_is_inverted_by_the_colormap_only(self, viewer):
        inverted, usual = (opened(viewer, SAMPLES / f"{name}.dcm")[0] for name in ("uncalibrated", "crush"))
        assert inverted.colormap.name == "gray_r"
        assert usual.colormap.name == "gray"
        assert inverted.metadata["spinegrade"]["film"].facts.photometric_interpretation == "MONOCHROME1"

    def test_has_mm_where_the_file_gives_them(self, viewer):
        (layer,) = opened(viewer, SAMPLES / "crush.dcm")
        assert tuple(layer.scale) == (0.25, 0.25)
        assert [str(unit) for unit in layer.units] == ["millimeter"] * 2
        assert layer.metadata["spinegrade"]["calibration"] == "detector"

    def test_has_the_aspect_of_its_pixels_where_it_does_not(self, viewer):
        (layer,) = opened(viewer, SAMPLES / "dxa.dcm")
        assert layer.scale == pytest.approx([0.69, 1], abs=0.005)
        assert [str(unit) for unit in layer.units] == ["pixel"] * 2
        assert layer.metadata["spinegrade"]["calibration"] == "none"

    def test_tells_what_the_desk_asks(self, tmp_path, viewer):
        path = write_film(tmp_path / "a.dcm", ViewPosition="LL", ImagerPixelSpacing=[0.2, 0.1])
        facts = opened(viewer, path)[0].metadata["spinegrade"]
        assert (facts["rows"], facts["columns"]) == (40, 50)
        assert facts["sha256"] == open_film(path).image.sha256
        assert facts["view"] == "LL"
        assert facts["calibrated_by"]
        assert facts["row_spacing_mm"] == 0.2
        assert facts["data_range"] == (0, 4095)
        assert facts["path"] == str(path)
        assert facts["notes"] == ()
        assert not facts["baked"]

    def test_names_nobody(self, tmp_path):
        ((_, keywords, _),) = read_films(str(write_film(tmp_path / "a.dcm", InstitutionName="SECRET-ID-7")))
        written = pickle.dumps(keywords)
        assert b"Computed Radiography" in written  # so that what the file says would be seen
        assert not [secret for secret in SECRETS if secret.encode() in written]

    def test_that_no_contrast_limits_can_show_is_baked(self, tmp_path, viewer):
        path = write_film(tmp_path / "a.dcm", WindowCenter=2000, WindowWidth=900, VOILUTFunction="SIGMOID")
        (layer,) = opened(viewer, path)
        assert layer.metadata["spinegrade"]["baked"]
        np.testing.assert_array_equal(layer.data, open_film(path).shown())
        assert layer.contrast_limits == [0, 255]
        assert layer.colormap.name == "gray"

    @pytest.mark.parametrize(
        "pixels",
        [np.full((1, 1), 7, np.uint16), ramp(3, 3), ramp(2, 4).astype(np.int16), np.zeros((4, 3), np.uint8)],
        ids=["one pixel", "could be colours", "signed", "empty"],
    )
    def test_however_small_is_one_grey_image(self, tmp_path, viewer, pixels):
        (layer,) = opened(viewer, write_film(tmp_path / "a.dcm", pixels))
        assert layer.data.shape == pixels.shape
        assert not layer.rgb

    def test_may_be_looked_at_and_not_written(self, viewer):
        (layer,) = opened(viewer, SAMPLES / "dxa.dcm")
        with pytest.raises(ValueError, match="read-only"):
            layer.data[0, 0] = 1


class TestWhatIsAFilm:
    @pytest.mark.parametrize("name", ["a.dcm", "A.DCM", "a.b.dicom", "a.ima"])
    def test_names_of_dicom_are_taken_at_their_word(self, tmp_path, name):
        assert get_film_reader(str(tmp_path / name)) is read_films

    @pytest.mark.parametrize("name", ["I", "IM000001", "00000001", "4f1d9c0e77aa41", "1.2.840.113619.2.55.3"])
    def test_files_without_suffix_are_known_by_their_content(self, tmp_path, viewer, name):
        path = write_film(tmp_path / name)
        (layer,) = opened(viewer, path)
        assert layer.name == name
        path.write_bytes(b"\0" * 500)
        assert get_film_reader(str(path)) is None

    @pytest.mark.parametrize("content", [b"", b"P", b"x" * 10_000], ids=["empty", "short", "other"])
    def test_other_files_are_let_go(self, tmp_path, content):
        path = tmp_path / "other"
        path.write_bytes(content)
        assert get_film_reader(str(path)) is None
        assert get_film_reader([str(path), str(SAMPLES / "crush.dcm")]) is None

    def test_a_file_that_is_not_there_is_let_go(self, tmp_path):
        assert get_film_reader(str(tmp_path / "none")) is None

    def test_deciding_needs_neither_napari_nor_a_decoder(self):
        code = "from napari_spinegrade.readers import get_film_reader, get_reading_reader; import sys, json;"
        code += (
            f"get_film_reader({str(SAMPLES / 'wedge-biconcave.png')!r}); get_film_reader({str(SAMPLES)!r});"
        )
        code += "print(json.dumps(sorted(name.partition('.')[0] for name in sys.modules)))"
        done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
        asked = set(json.loads(done.stdout))
        assert "napari_spinegrade" in asked
        assert asked.isdisjoint({"napari", "npe2", "pydicom", "cv2", "PIL", "qtpy", "scipy"})

    @pytest.mark.parametrize(
        "name", ["film.png", "scan.tif", "data.zarr", "cells.h5", "a.geojson", "b.csv", "c.json"]
    )
    def test_the_manifest_leaves_other_files_to_others(self, plugins, name):
        """Where two plugins might open a file, napari asks its user each time."""
        assert "spinegrade" not in {one.plugin_name for one in plugins.iter_compatible_readers([name])}

    @pytest.mark.parametrize("tags", [{"PixelData": None}, {"Rows": 60_000}], ids=["no pixels", "cut off"])
    def test_a_dicom_that_is_no_film_says_so_in_a_line(self, tmp_path, viewer, tags):
        path = write_film(tmp_path / "a.dcm", **tags)
        with pytest.raises(FormatError, match=r"a\.dcm: expected") as error:
            opened(viewer, path)
        assert "\n" not in str(error.value)

    def test_a_file_that_only_is_called_dicom_says_so_in_a_line(self, tmp_path, viewer):
        (tmp_path / "a.dcm").write_text("hello")
        with pytest.raises(FormatError, match=r"a\.dcm: expected"):
            opened(viewer, tmp_path / "a.dcm")


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path):
        """Give a folder as a DICOM medium has it, with more in it than films."""
        inner = tmp_path / "DICOM" / "S0001"
        inner.mkdir(parents=True)
        write_film(inner / "I0001")
        write_film(inner / "I0002", ramp()[::-1].copy())
        write_film(tmp_path / "DICOMDIR", PixelData=None)
        (tmp_path / "notes.txt").write_text("nothing")
        (tmp_path / "LICENSE").write_text("nothing")
        (tmp_path / ".hidden").mkdir()
        shutil.copy(inner / "I0001", tmp_path / ".hidden" / "I0001")
        return tmp_path

    def test_opens_as_its_films_the_first_on_top(self, viewer, folder):
        layers = opened(viewer, folder)
        assert [layer.name for layer in layers] == ["I0002", "I0001"]
        assert [layer.visible for layer in layers] == [False, True]
        paths = [Path(layer.metadata["spinegrade"]["path"]) for layer in layers]
        assert [path.parent for path in paths] == [folder / "DICOM" / "S0001"] * 2

    def test_without_films_is_let_go(self, tmp_path):
        (tmp_path / "IM1").write_text("nothing")
        write_film(tmp_path / "film.txt")
        assert get_film_reader(str(tmp_path)) is None

    def test_is_let_go_after_its_first_files(self, tmp_path, monkeypatch):
        looked = []
        monkeypatch.setattr("spinegrade.io.dicom_film.is_dicom", looked.append)
        for number in range(150):
            (tmp_path / f"{number}").touch()
        assert get_film_reader(str(tmp_path)) is None
        assert len(looked) == 100

    def test_names_in_a_warning_what_it_leaves_out(self, viewer, folder):
        write_film(folder / "DICOM" / "S0001" / "I0003", PixelData=None)
        with pytest.warns(UserWarning, match="not opened: .*I0003: expected"):
            layers = opened(viewer, folder)
        assert len(layers) == 2

    def test_of_broken_films_only_says_what_is_wrong_with_the_first(self, tmp_path):
        for name in ("a.dcm", "b.dcm"):
            write_film(tmp_path / name, PixelData=None)
        with pytest.raises(FormatError, match=r"expected a folder of films, got none: .*a\.dcm: expected"):
            read_films(str(tmp_path))

    def test_of_very_many_films_is_refused_before_any_is_read(self, tmp_path, monkeypatch):
        monkeypatch.setattr(readers, "MOST_FILMS", 2)
        for number in range(3):
            write_film(tmp_path / f"{number}.dcm", PixelData=None)
        with pytest.raises(FormatError, match="at most 2 films, got more"):
            read_films(str(tmp_path))


class TestReading:
    def test_is_its_landmarks_in_pixels_of_the_film(self, viewer):
        (layer,) = opened(viewer, READING)
        reading = read_reading(READING)
        assert layer.name == "wedge-biconcave_R1_1"
        assert layer.metadata["spinegrade"]["reading"] == reading
        drawn = dict(
            zip(
                zip(layer.features["level"], layer.features["landmark"], strict=True), layer.data, strict=True
            )
        )
        there = [
            (v.level, name)
            for v in reading.vertebrae
            for name, mark in v.landmarks.items()
            if mark.row is not None
        ]
        assert sorted(drawn) == sorted(there)
        t12 = next(one for one in reading.vertebrae if one.level == "T12").landmarks["superior_middle"]
        assert tuple(drawn["T12", "superior_middle"]) == (t12.row, t12.column)
        assert set(layer.features["status"]) == {"placed"}

    def test_tells_proposals_from_landmarks_by_sight(self, tmp_path, viewer):
        reading = read_reading(READING)
        t12 = evolve(
            reading.vertebrae[0],
            landmarks={
                "superior_anterior": Landmark(5.0, 6.0),
                "superior_middle": Landmark(5.0, 9.0, Status.PROPOSED),
                "superior_posterior": Landmark(status=Status.NOT_VISIBLE),
            },
        )
        path = tmp_path / "a.reading.json"
        write_reading(evolve(reading, vertebrae=(t12,)), path)
        (layer,) = opened(viewer, path)
        assert list(layer.features["status"]) == ["placed", "proposed"]
        assert len(set(layer.symbol)) == 2
        assert not np.array_equal(layer.border_color[0], layer.border_color[1])

    def test_of_nothing_yet_opens(self, tmp_path, viewer):
        path = tmp_path / "a.reading.json"
        write_reading(evolve(read_reading(READING), vertebrae=()), path)
        (layer,) = opened(viewer, path)
        assert layer.data.shape == (0, 2)
        assert list(layer.features) == ["level", "landmark", "status"]

    def test_that_is_broken_says_so_in_a_line(self, tmp_path, viewer):
        path = tmp_path / "a.reading.json"
        path.write_text("{")
        with pytest.raises(FormatError, match="expected JSON, got the end of the file"):
            opened(viewer, path)

    def test_other_json_is_let_go(self):
        assert get_reading_reader("settings.json") is None
        assert get_reading_reader(["a.READING.json", "b.txt"]) is None


def test_space_is_in_mm_or_in_pixels():
    assert layer_space(PixelSpacing(0.2, 0.1, "mm")) == {"scale": (0.2, 0.1), "units": ("mm", "mm")}
    assert layer_space(PixelSpacing(0.69)) == {"scale": (0.69, 1.0), "units": ("pixel", "pixel")}
