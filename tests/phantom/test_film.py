"""Rendered films: reproducible, both polarities, every spacing, DICOM that a validator accepts."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from attrs import evolve

from spinegrade.anatomy import LEVELS
from spinegrade.calibration import CalibrationState
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.morphometry import measure_heights
from spinegrade.phantom.film import render
from spinegrade.phantom.save import save_film, shown, true_reading
from spinegrade.phantom.scene import (
    Detector,
    Mimic,
    MimicKind,
    Person,
    Polarity,
    Scene,
    SpacingTag,
    as_dxa,
)
from spinegrade.readings import Exam, MiddlePoint, NotEvaluableReason

SMALL = Detector(rows=430, columns=300, row_spacing_mm=1.0, column_spacing_mm=1.0)
SCENE = Scene(seed=9, detector=SMALL)
EXAM = Exam("p", "e")


def saved(scene, tmp_path, **how):
    """Return a scene's film as read from its file."""
    path = tmp_path / "film.dcm"
    save_film(render(scene), path, force=True, **how)
    return open_film(path)


class TestRendering:
    def test_same_scene_same_film(self):
        one, other = render(SCENE), render(SCENE)
        np.testing.assert_array_equal(one.pixels, other.pixels)
        np.testing.assert_array_equal(one.truth.mid_chord, other.truth.mid_chord)

    def test_another_seed_another_spine(self):
        other = render(evolve(SCENE, seed=10))
        assert (render(SCENE).pixels != other.pixels).mean() > 0.5

    def test_both_polarities_show_the_same_picture(self):
        one = shown(render(SCENE)).astype(int)
        other = shown(render(evolve(SCENE, polarity=Polarity.MONOCHROME1))).astype(int)
        assert np.abs(one - other).max() <= 2

    def test_bodies_are_brighter_than_the_discs_between_them(self):
        film = render(evolve(SCENE, detector=Detector()))
        grey = shown(film).astype(float)
        for level in ("T12", "L1", "L2", "L3"):
            at = LEVELS.index(level)
            body = film.truth.mid_chord[at].mean(axis=0)
            disc = (
                film.truth.mid_chord[at, 3:].mean(axis=0) + film.truth.mid_chord[at + 1, :3].mean(axis=0)
            ) / 2
            levels = [
                grey[int(r) - 5 : int(r) + 6, int(c) - 25 : int(c) + 26].mean() for r, c in (body, disc)
            ]
            assert levels[0] > levels[1] + 5

    @pytest.mark.parametrize("kind", list(MimicKind))
    def test_mimic_is_seen_at_its_level(self, kind):
        scene = evolve(SCENE, detector=evolve(SMALL, photons=1e12, scatter=0.0))
        plain, mimicked = (
            render(evolve(scene, mimics=mimics)).pixels.astype(float) for mimics in ((), (Mimic("L2", kind),))
        )
        changed = np.abs(plain - mimicked)
        row = render(scene).truth.mid_chord[LEVELS.index("L2"), :, 0].mean()
        assert changed[int(row) - 30 : int(row) + 30].max() > 20
        if kind is not MimicKind.SCHEUERMANN:  # that one bends the spine above it too
            assert changed[: int(row) - 80].mean() < 0.1 * changed[int(row) - 30 : int(row) + 30].mean()

    def test_fewer_photons_more_noise(self):
        def roughness(photons):
            pixels = render(evolve(SCENE, detector=evolve(SMALL, photons=photons))).pixels.astype(float)
            return np.abs(np.diff(pixels[250:400, 60:120], axis=0)).mean()

        assert roughness(2e4) > 3 * roughness(2e6)

    def test_shoulder_hides_what_it_is_said_to(self):
        """The upper bodies' relief is lost behind a shoulder that reaches down to T6."""

        def relief(hidden_to):
            film = render(evolve(SCENE, hidden_to=hidden_to))
            row, column = film.truth.mid_chord[LEVELS.index("T5")].mean(axis=0).astype(int)
            part = film.pixels[row - 12 : row + 13, column - 8 : column + 9].astype(float)
            return np.ptp(part.mean(axis=1) - np.linspace(part[0].mean(), part[-1].mean(), 25))

        assert relief("T6") != pytest.approx(relief("T2"), rel=0.05)

    def test_child_is_smaller(self):
        adult, child = (render(evolve(SCENE, person=person)).truth.heights_mm for person in Person)
        assert np.nanmean(child / adult) == pytest.approx(10.8 / 16.6, abs=0.03)


class TestFiles:
    @pytest.mark.parametrize("tag", list(SpacingTag))
    def test_spacing_is_told_as_asked(self, tmp_path, tag):
        film = saved(evolve(SCENE, spacing=tag), tmp_path)
        assert film.calibration.state is CalibrationState(tag.value)
        assert film.notes == ()

    @pytest.mark.parametrize("tag", [SpacingTag.ERMF, SpacingTag.CALIBRATED])
    def test_calibrated_film_gives_the_patients_millimetres(self, tmp_path, tag):
        phantom = render(evolve(SCENE, spacing=tag))
        film = saved(phantom.scene, tmp_path)
        heights = measure_heights(phantom.truth.mid_chord, film.calibration.spacing)[5:22]
        np.testing.assert_allclose(heights, phantom.truth.heights_mm[5:22], rtol=0.015)

    @pytest.mark.parametrize("compress", [False, True])
    def test_dicom_gives_the_pixels_back(self, tmp_path, compress):
        phantom = render(SCENE)
        film = saved(SCENE, tmp_path, compress=compress)
        np.testing.assert_array_equal(film.pixels, phantom.pixels)
        np.testing.assert_array_equal(film.shown(), shown(phantom))

    def test_monochrome1_is_shown_bones_white(self, tmp_path):
        film = saved(evolve(SCENE, polarity=Polarity.MONOCHROME1), tmp_path)
        assert film.display.inverted
        behind = film.shown()[:, -20:].mean()
        assert behind < film.shown().mean()

    def test_dxa_is_small_8_bits_and_its_oblong_pixels_are_told(self, tmp_path):
        scene = as_dxa(Scene(seed=5))
        phantom, film = render(scene), saved(scene, tmp_path)
        assert film.pixels.dtype == np.uint8
        assert film.calibration.state is CalibrationState.NONE
        spacing = film.calibration.spacing
        assert spacing.row / spacing.column == pytest.approx(0.42 / (0.8 * 760 / 1000), abs=1e-3)
        heights = measure_heights(phantom.truth.mid_chord, spacing)
        ratio = heights / phantom.truth.heights_mm
        np.testing.assert_allclose(ratio[5:22], np.nanmean(ratio), rtol=0.03)

    @pytest.mark.parametrize("tag", [tag for tag in SpacingTag if tag is not SpacingTag.ERMF])
    def test_dxa_tells_the_shape_of_a_pixel_in_the_patient_by_every_tag(self, tmp_path, tag):
        spacing = saved(evolve(as_dxa(SCENE), spacing=tag), tmp_path).calibration.spacing
        assert spacing.row / spacing.column == pytest.approx(0.42 / (0.8 * 0.76), abs=1e-3)

    def test_truth_of_a_picture_knows_that_its_pixels_are_oblong(self, tmp_path):
        phantom, path = render(as_dxa(SCENE)), tmp_path / "film.png"
        save_film(phantom, path)
        reading = true_reading(phantom, open_film(path), EXAM)
        assert reading.calibration.pixel_aspect_ratio == pytest.approx(0.42 / (0.8 * 0.76))

    def test_png_is_the_displayed_picture(self, tmp_path):
        path = tmp_path / "film.png"
        phantom = render(SCENE)
        save_film(phantom, path)
        np.testing.assert_array_equal(open_film(path).pixels, shown(phantom))

    def test_same_scene_same_uids_another_seed_others(self, tmp_path):
        one, again = (saved(SCENE, tmp_path).image for _ in range(2))
        other = saved(evolve(SCENE, seed=1), tmp_path).image
        assert one == again
        assert one.sop_instance_uid != other.sop_instance_uid
        assert one.study_instance_uid != other.study_instance_uid

    @pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian: dicom3tools) is not here")
    @pytest.mark.parametrize("compress", [False, True])
    @pytest.mark.parametrize(
        "scene",
        [
            *(evolve(SCENE, spacing=tag) for tag in SpacingTag),
            as_dxa(SCENE),
            evolve(SCENE, title="Wirbelsäule \\ 脊椎 " * 9),
        ],
    )
    def test_dicom_validator_finds_no_error(self, tmp_path, scene, compress):
        saved(scene, tmp_path, compress=compress, exam="ü ö\\脊椎" * 20)
        done = subprocess.run(
            ["dciodvfy", str(tmp_path / "film.dcm")], capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert [line for line in said.splitlines() if line.startswith("Error")] == []
        assert "CRImage" in said or "SCImage" in said


class TestTrueReading:
    def test_it_is_of_this_film_and_keeps_the_middle_point(self, tmp_path):
        phantom, film = render(SCENE), saved(SCENE, tmp_path)
        for middle in MiddlePoint:
            path = tmp_path / f"{middle.value}.reading.json"
            write_reading(true_reading(phantom, film, EXAM, middle), path)
            reading = read_reading(path)
            assert reading.middle_point is middle
            assert reading.image.sha256 == film.image.sha256
            inside = ~np.isnan(reading.landmarks)
            np.testing.assert_allclose(
                reading.landmarks[inside], getattr(phantom.truth, middle.value)[inside], atol=6e-4
            )

    def test_levels_that_nobody_sees_say_why(self, tmp_path):
        phantom, film = render(SCENE), saved(SCENE, tmp_path)
        reasons = {one.level: one.not_evaluable_reason for one in true_reading(phantom, film, EXAM).vertebrae}
        assert reasons["T1"] is NotEvaluableReason.OUTSIDE_IMAGE
        assert reasons["T3"] is NotEvaluableReason.OVERLAP
        assert reasons["T4"] is reasons["L4"] is None
