"""``spinegrade phantom``: films and their truth as a user makes them."""

from __future__ import annotations

import json

import polars as pl
import pytest

from spinegrade.cli import main
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading

QUICK = ["--pixel", "1.0"]


def test_film_and_truth_and_the_grades_asked_for(tmp_path, capsys):
    film, truth, grades = tmp_path / "film.dcm", tmp_path / "film.reading.json", tmp_path / "grades.csv"
    fractures = ["--fracture", "T12:wedge:0.32", "--fracture", "L2:biconcave:0.22"]
    assert main(["phantom", str(film), *fractures, *QUICK, "--truth", str(truth)]) == 0
    assert "431 x 299 pixels, simulated, no patient" in capsys.readouterr().err
    assert main(["grade", str(truth), "--output", str(grades)]) == 0
    found = dict(pl.read_csv(grades).select("level", "grade").drop_nulls().iter_rows())
    assert {level: grade for level, grade in found.items() if grade} == {"T12": 2, "L2": 1}
    assert read_reading(truth).image.sha256 == open_film(film).image.sha256


def test_image_says_what_was_asked_for(tmp_path, capsys):
    film = tmp_path / "film.dcm"
    options = ["--polarity", "MONOCHROME1", "--spacing", "ermf", "--compress", "--title", "a film"]
    assert main(["phantom", str(film), *QUICK, *options]) == 0
    assert main(["image", str(film), "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert said["photometric_interpretation"] == "MONOCHROME1"
    assert said["inverted"] is True
    assert said["calibration"] == "ermf"
    assert said["transfer_syntax"] == "JPEG-LS Lossless Image Compression"
    assert said["row_spacing_mm"] == pytest.approx(1570 / 1800, abs=1e-4)


def test_options_replace_what_the_scene_file_says(tmp_path):
    scene = tmp_path / "scene.toml"
    scene.write_text('person = "child"\nseed = 3\n[detector]\nrows = 200\ncolumns = 150\n')
    for name, options in (("one", []), ("same", ["--seed", "3"]), ("other", ["--seed", "4"])):
        assert main(["phantom", str(tmp_path / f"{name}.dcm"), "--scene", str(scene), *options]) == 0
    one, same, other = (open_film(tmp_path / f"{name}.dcm").image for name in ("one", "same", "other"))
    assert (one.rows, one.columns) == (200, 150)
    assert one.sha256 == same.sha256 != other.sha256


def test_child_dxa_pose_and_mimics(tmp_path):
    film = tmp_path / "film.png"
    options = [
        "--child",
        "--dxa",
        "--pose",
        "kyphosis=50",
        "--pose",
        "lean=3",
        "--mimic",
        "T8:schmorl:inferior",
    ]
    assert main(["phantom", str(film), *options, "--bone", "0.7", "--size", "1.1"]) == 0
    assert open_film(film).pixels.shape == (1040, 330)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--fracture", "T12:wedge"], 2, "expected LEVEL:KIND:LOSS[:PLATE], got 'T12:wedge'"),
        (["--fracture", "T12:wedge:much"], 2, "expected a number, got 'much'"),
        (["--fracture", "T12:wedge:0.95"], 1, "loss"),
        (["--fracture", "T40:wedge:0.3"], 1, "level"),
        (["--mimic", "T8"], 2, "expected LEVEL:KIND[:PLATE], got 'T8'"),
        (["--pose", "kyphosis"], 2, "expected a number, got ''"),
        (["--pose", "twist=3"], 1, "twist"),
        (["--pixel", "0"], 2, "64 to 8000 rows and columns, got 0 mm"),
        (["--pixel", "20"], 2, "64 to 8000 rows and columns, got 20 mm"),
        (["--middle", "centre"], 2, "expected mid_chord or deepest, got 'centre'"),
        (["--spacing", "exact"], 1, "spacing"),
        (["--truth", "truth.csv"], 1, "expected a name that ends in .reading.json"),
        (["--scene", "none.toml"], 1, "none.toml: expected a scene"),
    ],
)
def test_wrong_use_is_said_and_writes_nothing(tmp_path, capsys, monkeypatch, options, code, words):
    monkeypatch.chdir(tmp_path)
    assert main(["phantom", "film.dcm", *options]) == code
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert words in said
    assert list(tmp_path.iterdir()) == []


def test_what_the_film_cannot_show_is_said(tmp_path, capsys):
    options = ["--fracture", "t1:wedge:0.3", "--fracture", "T9:crush:0.3"]
    assert main(["phantom", str(tmp_path / "film.dcm"), *QUICK, *options]) == 0
    said = capsys.readouterr().err
    assert "T1 was asked for and lies off the film" in said
    assert "T9 was" not in said
    assert main(["phantom", str(tmp_path / "film.png"), "--dxa"]) == 0
    assert "its pixels are 0.691 times as high as wide, which a PNG cannot tell" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["film.jpg", "film", "none/film.dcm"])
def test_output_that_cannot_be_is_refused_before_any_work(tmp_path, capsys, name):
    assert main(["phantom", str(tmp_path / name)]) == 1
    assert "expected" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_existing_film_is_replaced_only_by_force(tmp_path, capsys):
    film = tmp_path / "film.dcm"
    film.write_bytes(b"mine")
    assert main(["phantom", str(film), *QUICK]) == 1
    assert "--force replaces it" in capsys.readouterr().err
    assert film.read_bytes() == b"mine"
    assert main(["phantom", str(film), *QUICK, "--force"]) == 0
    assert open_film(film).image.rows == 431
