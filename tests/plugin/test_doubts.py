"""What speaks against a lateral spine film is said, and nothing is said of one."""

from __future__ import annotations

import numpy as np
import pytest

from films import ramp, write_film
from napari_spinegrade.doubts import doubts_about
from spinegrade.io.film import open_film


def doubts(folder, pixels=None, **elements):
    """Return the doubts about a film of these elements."""
    pixels = ramp(300, 200) if pixels is None else pixels
    return doubts_about(open_film(write_film(folder / "film.dcm", pixels, **elements)))


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"ViewPosition": "LL"},
        {"ViewPosition": "LATERAL", "PatientOrientation": ["A", "F"]},
        {"PatientOrientation": ["P", "F"], "Modality": "DX"},
        {"Modality": None},
    ],
)
def test_lateral_films_and_those_that_do_not_say_are_not_doubted(tmp_path, elements):
    assert doubts(tmp_path, **elements) == ()


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"ViewPosition": "AP"}, "frontal view"),
        ({"ViewPosition": "pa"}, "frontal view"),
        ({"PatientOrientation": ["R", "F"]}, "frontal view"),
        ({"Modality": "CT"}, "modality CT: a lateral scout"),
        ({"Modality": "MR"}, "modality MR"),
    ],
)
def test_other_films_are_doubted(tmp_path, elements, words):
    (doubt,) = doubts(tmp_path, **elements)
    assert words in doubt


def test_small_and_coloured_ones_are_doubted(tmp_path):
    colour = np.zeros((300, 200, 3), dtype=np.uint8)
    colour[..., 0] = 90
    assert doubts(tmp_path, colour) == ("a colour film; its luminance is used",)
    assert doubts(tmp_path, ramp(255, 400)) == ("255 x 400 pixels are too few to measure a vertebra",)
