"""``spinegrade image``: what a film is, in words, as JSON and as a picture."""

from __future__ import annotations

import json
import os

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
    assert shown.shape == (80, 50)
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


def test_a_picture_of_oblong_pixels_has_square_ones_and_says_so(tmp_path, capsys):
    film = write_film(tmp_path / "film.dcm", PixelAspectRatio=[1, 2])
    assert main(["image", str(film), "--png", str(tmp_path / "out.png")]) == 0
    assert np.asarray(Image.open(tmp_path / "out.png")).shape == (40, 100)
    assert (
        "pixels 0.5 times as high as wide are made square: 40 rows x 100 columns" in capsys.readouterr().err
    )


def test_a_picture_of_pixels_like_needles_is_not_blown_up(tmp_path, capsys):
    film = write_film(tmp_path / "film.dcm", PixelAspectRatio=[1, 1000])
    assert main(["image", str(film), "--png", str(tmp_path / "out.png")]) == 0
    assert np.asarray(Image.open(tmp_path / "out.png")).shape == (40, 50)
    assert "the picture is distorted" in capsys.readouterr().err


@pytest.mark.parametrize("other", [False, True])
def test_no_film_is_written_over(tmp_path, capsys, other):
    Image.fromarray(ramp()).save(tmp_path / "film.png")
    before = (tmp_path / "film.png").read_bytes()
    (tmp_path / "link.png").symlink_to(tmp_path / "film.png")
    out = tmp_path / ("link.png" if other else "film.png")
    assert main(["image", str(tmp_path / "film.png"), "--png", str(out), "--force"]) == 1
    assert "--png: expected another file than the film, got " in capsys.readouterr().err
    assert (tmp_path / "film.png").read_bytes() == before


@pytest.mark.parametrize("name", ["x.jpg", "film.dcm", "x"])
def test_a_picture_is_called_png(film, tmp_path, capsys, name):
    before = film.read_bytes()
    assert main(["image", str(film), "--png", str(tmp_path / name), "--force"]) == 1
    assert "--png: expected a name that ends in .png, got " in capsys.readouterr().err
    assert film.read_bytes() == before


def test_millimetres_on_a_scanned_film_are_said_to_be_there(tmp_path, capsys):
    main(["image", str(write_film(tmp_path / "film.dcm", NominalScannedPixelSpacing=[0.1, 0.1]))])
    said = capsys.readouterr().out
    assert "0.1 x 0.1 mm a pixel on the scanned film: larger than in the patient" in said
    assert "detector" not in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
@pytest.mark.parametrize("folder_too", [False, True])
def test_pipes_and_devices_are_not_read(tmp_path, capsys, folder_too):
    os.mkfifo(tmp_path / "pipe.dcm")
    (tmp_path / "folder").mkdir()
    more = [str(tmp_path / "folder")] if folder_too else []
    for path in (tmp_path / "pipe.dcm", os.devnull):
        assert main(["image", str(path), *more]) == 1
        assert f"{path}: expected a file, got a pipe or a device" in capsys.readouterr().err
