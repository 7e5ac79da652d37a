"""``spinegrade image`` beside dcmdump, an independent reader, on real films of every transfer syntax."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from spines import invoke

ROOT = Path(__file__).parents[1]
FILMS = ROOT.parent / "shared" / "data" / "dicom"
STATED = tomllib.loads((ROOT / "tests" / "cases" / "dcmdump.toml").read_text("utf-8"))
CASES = STATED["film"]

pytestmark = pytest.mark.skipif(not FILMS.is_dir(), reason="the films of ../shared/data/dicom are not here")


def spacing(stated):
    """Return the spacing that lengths are taken with, None where there is none that is above 0."""
    given = stated.get("pixel_spacing") or stated.get("imager_pixel_spacing") or [0.0, 0.0]
    return given if min(given) > 0 else [None, None]


def inverted(stated):
    """Return whether low values are white, as PS3.3 C.11.6.1.2 and C.7.6.3.1.2 have it."""
    shape = stated.get("presentation_lut_shape")
    return shape == "INVERSE" if shape else stated["photometric"] == "MONOCHROME1"


def check_header(film, stated):
    """Compare what a header says with what dcmdump says of it."""
    assert (film["rows"], film["columns"]) == (stated["rows"], stated["columns"])
    assert film["bits_stored"] == stated["bits_stored"]
    assert film["photometric_interpretation"] == stated["photometric"]
    assert film["transfer_syntax"] == STATED["syntaxes"][stated["syntax"]]
    assert film["modality"] == stated["modality"]
    assert film["view_position"] == stated.get("view")
    assert [film["row_spacing_mm"], film["column_spacing_mm"]] == spacing(stated)


@pytest.fixture(scope="module")
def listed():
    """Give the films of the folder by name, as their headers are listed."""
    said = invoke("image", FILMS, "--json")
    assert said.code == 0
    return {Path(film["file"]).stem: film for film in json.loads(said.out)}


def test_no_film_is_forgotten(listed):
    assert sorted(listed) == [stated["name"] for stated in CASES]


@pytest.mark.parametrize("stated", CASES, ids=lambda stated: stated["name"])
def test_a_listing_says_what_dcmdump_says(listed, stated):
    check_header(listed[stated["name"]], stated)


@pytest.mark.parametrize(
    "stated", [case for case in CASES if case["name"] != "RG2_JPLY"], ids=lambda stated: stated["name"]
)
def test_a_film_opened_says_what_dcmdump_says(stated):
    said = invoke("image", FILMS / f"{stated['name']}.dcm", "--json")
    assert (said.code, said.err) == (0, "")
    (film,) = json.loads(said.out)
    check_header(film, stated)
    windows = []
    if "window_centre" in stated:
        windows = [f"WC {stated['window_centre']:g} WW {stated['window_width']:g} linear"]
    assert film["windows"] == windows
    assert film["sop_instance_uid"] == stated["sop_instance_uid"]
    assert film["inverted"] is inverted(stated)
