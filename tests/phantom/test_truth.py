"""Landmarks by geometry: magnification, losses, both middle points, and that the picture agrees."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from scipy.ndimage import map_coordinates

from spinegrade.anatomy import GRADED, LEVELS
from spinegrade.genant import SHAPES, grade_spines
from spinegrade.genant_rule import genant_rule
from spinegrade.morphometry import PixelSpacing, inverted_vertebrae, measure_heights
from spinegrade.phantom.beam import project
from spinegrade.phantom.film import render
from spinegrade.phantom.scene import Beam, BeamKind, Detector, Fracture, FractureKind, Mimic, MimicKind, Scene
from spinegrade.phantom.skeleton import build
from spinegrade.phantom.truth import find_truth

SMALL = Detector(rows=860, columns=600, row_spacing_mm=0.5, column_spacing_mm=0.5)


def truth_of(scene):
    """Return the truth of a scene without rendering it."""
    return find_truth(build(scene, np.random.default_rng(scene.seed).spawn(3)[0]), scene)


def on_film(scene, landmarks):
    """Return heights in mm at the detector."""
    detector = scene.detector
    return measure_heights(landmarks, PixelSpacing(detector.row_spacing_mm, detector.column_spacing_mm, "mm"))


def graded(scene):
    """Return the grading of the heights in the patient."""
    return grade_spines(truth_of(scene).heights_mm, genant_rule("genant-1993"))


class TestBeam:
    @pytest.mark.parametrize(("off", "apart"), [(50, 3.6), (100, 7.1), (150, 10.7), (200, 14.2)])
    def test_rims_of_an_endplate_fall_apart_as_clinical_md_says(self, off, apart):
        """Section 1.2: a point source at 1000 mm, the spine at 750 mm, endplates 40 mm wide."""
        beam = Beam(source_to_detector=1000.0, source_to_spine=750.0)
        near, far = project(beam, np.array([[off, 0.0, 20.0], [off, 0.0, -20.0]], dtype=float))
        assert near[0] - far[0] == pytest.approx(apart, abs=0.06)

    def test_scanning_fan_magnifies_across_only(self):
        beam = Beam(BeamKind.SCAN, source_to_detector=1000.0, source_to_spine=800.0)
        np.testing.assert_allclose(project(beam, np.array([100.0, 40.0, 0.0])), [100.0, 50.0])

    def test_spine_behind_the_detector_is_refused(self):
        with pytest.raises(ValueError, match="100 mm or more below source_to_detector, got 990 and 1000"):
            Beam(source_to_detector=1000.0, source_to_spine=990.0)


class TestHeights:
    @pytest.mark.parametrize("seed", range(4))
    def test_film_shows_the_patients_heights_times_the_magnification(self, seed):
        """What is left, under 1.5 %, is that bodies turn and tilt a little to the side."""
        scene = Scene(seed=seed)
        truth = truth_of(scene)
        expected = truth.heights_mm * scene.beam.source_to_detector / scene.beam.source_to_spine
        drawn = ~np.isnan(truth.heights_mm)
        np.testing.assert_allclose(on_film(scene, truth.mid_chord)[drawn], expected[drawn], rtol=0.015)

    def test_magnification_says_what_the_distances_do(self):
        scene = evolve(Scene(), beam=Beam(source_to_detector=1000.0, source_to_spine=750.0))
        np.testing.assert_allclose(truth_of(scene).magnification[7:22], 1000 / 750)

    def test_every_level_from_t1_to_l5_is_known_and_stands_upright(self):
        points = truth_of(Scene(seed=8)).mid_chord
        known = ~np.isnan(points).any(axis=(-2, -1))
        assert [level for level, there in zip(LEVELS, known, strict=True) if there] == list(LEVELS[5:22])
        assert not inverted_vertebrae(points[known]).any()

    def test_front_is_where_the_scene_faces(self):
        for facing in (-1, 1):
            points = truth_of(Scene(facing=facing)).mid_chord[10]
            assert np.sign(points[0, 1] - points[2, 1]) == facing

    def test_larger_person_has_heights_as_much_larger(self):
        small, large = (truth_of(Scene(seed=5, size=size)).heights_mm for size in (1.0, 1.1))
        np.testing.assert_allclose(large[5:22], 1.1 * small[5:22])

    def test_normal_spine_has_no_grade_above_0(self):
        for seed in range(10):
            assert np.nanmax(graded(Scene(seed=seed)).grade[GRADED.indices]) == 0


CASES = [
    (FractureKind.WEDGE, 0.22, 1, "wedge"),
    (FractureKind.WEDGE, 0.32, 2, "wedge"),
    (FractureKind.WEDGE, 0.45, 3, "wedge"),
    (FractureKind.BICONCAVE, 0.22, 1, "biconcave"),
    (FractureKind.BICONCAVE, 0.38, 2, "biconcave"),
    (FractureKind.ENDPLATE, 0.22, 1, "biconcave"),
    (FractureKind.ENDPLATE, 0.16, 0, SHAPES[0]),
    (FractureKind.CRUSH, 0.50, 3, "crush"),
    (FractureKind.CRUSH, 0.23, 1, "crush"),
    (FractureKind.CRUSH, 0.30, 2, "crush"),
]


class TestFractures:
    @pytest.mark.parametrize(("kind", "loss", "grade", "shape"), CASES)
    @pytest.mark.parametrize("level", ["T6", "T12", "L3"])
    def test_loss_asked_for_is_the_loss_graded(self, kind, loss, grade, shape, level):
        """Of the own posterior height; a crush's is of the neighbours', which vary by some per cent."""
        found = graded(Scene(seed=2, fractures=(Fracture(level, kind, loss),)))
        at = LEVELS.index(level)
        crushed = kind is FractureKind.CRUSH
        assert found.height_loss[at] == pytest.approx(loss, abs=0.03 if crushed else 1e-9)
        assert found.grade[at] == grade
        assert SHAPES[int(found.shape[at])] == shape
        others = np.delete(np.arange(LEVELS.index("T4"), LEVELS.index("L4") + 1), at - LEVELS.index("T4"))
        assert np.nanmax(found.grade[others]) == 0

    def test_bodies_above_a_wedge_lean_forward(self):
        straight, bent = (
            truth_of(Scene(seed=2, fractures=fractures)).mid_chord
            for fractures in ((), (Fracture("T12", FractureKind.WEDGE, 0.4),))
        )
        lean = [points[6, 0] - points[6, 2] for points in (straight, bent)]
        assert lean[1][0] > lean[0][0]

    @pytest.mark.parametrize("kind", [MimicKind.SCHMORL, MimicKind.OSTEOPHYTES, MimicKind.CUPIDS_BOW])
    def test_mimic_changes_no_landmark(self, kind):
        """Nodes and spurs are left out of the landmarks, as clinical.md 1.1 and 1.3 have it."""
        plain, mimicked = truth_of(Scene(seed=4)), truth_of(Scene(seed=4, mimics=(Mimic("L2", kind),)))
        np.testing.assert_array_equal(plain.mid_chord, mimicked.mid_chord)
        np.testing.assert_array_equal(plain.deepest, mimicked.deepest)

    def test_scheuermann_wedges_its_bodies(self):
        mimics = tuple(Mimic(level, MimicKind.SCHEUERMANN) for level in ("T7", "T8", "T9"))
        heights = truth_of(Scene(seed=4, mimics=mimics)).heights_mm
        ratio = dict(zip(LEVELS, heights[:, 0] / heights[:, 2], strict=True))
        assert max(ratio[level] for level in ("T7", "T8", "T9")) < 0.85
        assert min(ratio[level] for level in ("T6", "T10")) > 0.9


class TestMiddlePoints:
    @pytest.mark.parametrize("scene", [Scene(seed=3), Scene(seed=3, beam=Beam(BeamKind.SCAN, 1000.0, 760.0))])
    def test_mid_chord_is_on_the_perpendicular_at_the_middle_of_the_chord(self, scene):
        spacing = (scene.detector.row_spacing_mm, scene.detector.column_spacing_mm)
        points = truth_of(scene).mid_chord[5:22] * spacing
        for plate in (slice(0, 3), slice(3, 6)):
            front, middle, back = np.moveaxis(points[:, plate], 1, 0)
            along = (back - front) / np.linalg.norm(back - front, axis=1, keepdims=True)
            off = ((middle - (front + back) / 2) * along).sum(axis=1)
            assert np.abs(off).max() < 0.05

    def test_deepest_lies_at_least_as_deep_below_the_chord(self):
        """And the corners are the same; behind the middle, where the endplates lean, it lies deeper."""
        scene = Scene(seed=3, fractures=(Fracture("L2", FractureKind.BICONCAVE, 0.3),))
        truth = truth_of(scene)
        depths = []
        for points in (truth.mid_chord[5:22], truth.deepest[5:22]):
            chord = points[:, [2, 5]] - points[:, [0, 3]]
            into = points[:, [1, 4]] - points[:, [0, 3]]
            cross = chord[..., 0] * into[..., 1] - chord[..., 1] * into[..., 0]
            depths.append(np.abs(cross) / np.linalg.norm(chord, axis=-1))
        assert (depths[1] >= depths[0] - 1e-9).all()
        assert (depths[1] > depths[0] + 0.2).any()
        np.testing.assert_array_equal(truth.mid_chord[:, [0, 2, 3, 5]], truth.deepest[:, [0, 2, 3, 5]])


class TestPicture:
    def test_endplates_are_seen_where_the_truth_has_them(self):
        """Near the central ray the brightest line across an endplate lies within 0.7 mm of its middle point.

        Its cortex lies just inside of it; off the ray there are two lines, and the truth is between them.

        Truth and picture come by different ways from one geometry: this would fail if they fell apart.
        """
        scene = Scene(seed=21, detector=evolve(SMALL, row_spacing_mm=0.25, column_spacing_mm=0.25, rows=1720))
        film = render(scene)
        missed = []
        for level in ("T8", "T9", "T10", "T11"):
            points = film.truth.mid_chord[LEVELS.index(level)]
            for front, middle, back in (points[:3], points[3:]):
                across = np.array([-(back - front)[1], (back - front)[0]])
                across = across / np.linalg.norm(across) * np.sign(-across[0])
                steps = np.arange(-16, 16.1, 0.5)
                aside = (back - front) / np.linalg.norm(back - front)
                lines = [middle + o * aside + steps[:, None] * across for o in range(-4, 5)]
                profile = np.mean(
                    [map_coordinates(film.pixels.astype(float), line.T) for line in lines], axis=0
                )
                trend = np.polyval(np.polyfit(steps, profile, 1), steps)
                missed.append(steps[np.argmax(profile - trend)] * 0.25)
        assert np.abs(missed).max() < 0.7
        assert np.abs(np.mean(missed)) < 0.35
