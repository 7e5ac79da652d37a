"""``spinegrade image``: what a film is, in words, as JSON and as a picture."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from films import SECRETS, ramp, write_film
from spinegrade.cli import main


@pytest.fixture
def film(tmp_path):
    """Give a calibrated film with two windows, and rows of another height than columns."""
    return write_film(
        tmp_path / "film.dcm",
        ImagerPixelSpacing=[0.2, 0.1],
        WindowCenter=[2048, 1000],
        WindowWidth=[4096, 500],
        ViewPosition="LL",
        RescaleSlope=2,
        RescaleIntercept=-5,
    )


def test_says_it_in_words(film, capsys):
    assert main(["image", str(film)]) == 0
    said = capsys.readouterr().out
    for words in (
        "40 rows x 50 columns, 12 bits",
        "low values black",
        "WC 2048 WW 4096 linear; WC 1000 WW 500 linear",
        "detector: ImagerPixelSpacing",
        "0.2 x 0.1 mm a pixel at the detector: larger than in the patient, pixels 2 times as high as wide",
        "2 x stored + -5",
    ):
        assert words in said


def test_tells_no_name_unless_asked_for(film, capsys):
    main(["image", str(film), "--json"])
    main(["image", str(film)])
    assert not any(secret in capsys.readouterr().out for secret in SECRETS)
    main(["image", str(film), "--identity"])
    assert SECRETS[0] in capsys.readouterr().out


def test_json_is_an_array_with_an_object_a_film(film, capsys):
    main(["image", str(film), "--json"])
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["columns"], found["calibration"]) == (40, 50, "detector")
    assert found["windows"] == ["WC 2048 WW 4096 linear", "WC 1000 WW 500 linear"]


def test_writes_the_picture_that_is_shown(film, tmp_path):
    assert main(["image", str(film), "--png", str(tmp_path / "out.png"), "--window", "2"]) == 0
    shown = np.asarray(Image.open(tmp_path / "out.png"))
    assert shown.shape == ramp().shape
    assert (shown.min(), shown.max()) == (0, 255)
    assert main(["image", str(film), "--png", str(tmp_path / "out.png")]) == 1


def test_a_window_that_is_not_there(film, tmp_path, capsys):
    assert main(["image", str(film), "--png", str(tmp_path / "o.png"), "--window", "3"]) == 1
    assert "--window: expected 1 to 2, got 3" in capsys.readouterr().err


def test_sound_films_are_described_and_unsound_ones_named(film, tmp_path, capsys):
    (tmp_path / "bad.dcm").write_bytes(b"nothing")
    assert main(["image", str(film), str(tmp_path / "bad.dcm")]) == 1
    captured = capsys.readouterr()
    assert "film.dcm" in captured.out
    assert captured.err.count("\n") == 1
    assert main(["image", str(tmp_path / "bad.dcm")]) == 1
