"""The samples: all there, of one making, and what their README says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pydicom
import pytest

from spinegrade.anatomy import LEVELS
from spinegrade.assess import Method, grade_rows
from spinegrade.cli import main
from spinegrade.io.checks import sound_spines
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import SUFFIX, read_reading
from spinegrade.io.reading_table import reading_rows, readings_frame
from spinegrade.morphometry import measure_heights
from spinegrade.phantom.film import render
from spinegrade.phantom.save import save_film
from spinegrade.phantom.scene import read_scene

SAMPLES = Path(__file__).parents[1] / "sample_images"
NAMES = sorted(path.stem for path in (SAMPLES / "scenes").glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
class TestEverySample:
    def test_has_a_film_five_readings_and_the_truth_of_that_film(self, name):
        film = open_film(SAMPLES / f"{name}.dcm")
        assert film.notes == ()
        readings = [read_reading(path) for path in (SAMPLES / "readings").glob(f"{name}_R*{SUFFIX}")]
        assert sorted((one.reader, one.occasion) for one in readings) == [
            ("R1", 1),
            ("R1", 2),
            ("R2", 1),
            ("R2", 2),
            ("R3", 1),
        ]
        readings.append(read_reading(SAMPLES / "truth" / f"{name}{SUFFIX}"))
        assert {one.image for one in readings} == {film.image}
        assert {one.calibration for one in readings} == {film.calibration}

    def test_is_what_its_scene_renders(self, name):
        """To within one grey in a thousandth of the pixels: processors round the last bit differently."""
        film = open_film(SAMPLES / f"{name}.dcm")
        again = render(read_scene(SAMPLES / "scenes" / f"{name}.toml")).pixels
        apart = np.abs(film.pixels.astype(int) - again)
        assert apart.max() <= 1
        assert (apart > 0).mean() < 1e-3

    def test_is_said_in_the_readme(self, name):
        assert f"`{name}`" in (SAMPLES / "README.md").read_text(encoding="utf-8")

    def test_fractures_of_the_scene_are_those_of_the_truth(self, name):
        scene = tomllib.loads((SAMPLES / "scenes" / f"{name}.toml").read_text(encoding="utf-8"))
        truth = read_reading(SAMPLES / "truth" / f"{name}{SUFFIX}")
        spines, _ = sound_spines(readings_frame(reading_rows(truth)))
        rows = grade_rows(spines, Method())
        found = set(rows.filter(pl.col("grade") > 0)["level"])
        asked = {one["level"] for one in scene.get("fractures", ()) if one["loss"] >= 0.2}
        assert asked <= found
        assert found - asked <= {one["level"] for one in scene.get("mimics", ())}


def test_heights_of_the_truth_table_are_the_films_over_their_magnification():
    table = pl.read_csv(SAMPLES / "truth.csv")
    for name in NAMES:
        film = open_film(SAMPLES / f"{name}.dcm")
        if film.calibration.state.value != "detector":
            continue
        truth = read_reading(SAMPLES / "truth" / f"{name}{SUFFIX}")
        rows = table.filter(pl.col("exam") == f"{name}-1")
        at = [LEVELS.index(level) for level in rows["level"]]
        measured = measure_heights(truth.landmarks[at], film.calibration.spacing)
        told = rows.select("anterior_mm", "middle_mm", "posterior_mm").to_numpy()
        expected = told * rows["magnification"].to_numpy()[:, None]
        there = ~np.isnan(measured)
        np.testing.assert_allclose(measured[there], expected[there], rtol=0.02)


def test_table_is_what_the_readings_convert_to(tmp_path):
    assert main(["convert", str(SAMPLES / "readings"), str(tmp_path / "landmarks.csv")]) == 0
    assert (tmp_path / "landmarks.csv").read_bytes() == (SAMPLES / "landmarks.csv").read_bytes()


@pytest.mark.parametrize("name", ["dxa", "uncalibrated"])
def test_headers_are_those_that_are_written_today(name, tmp_path):
    phantom = render(read_scene(SAMPLES / "scenes" / f"{name}.toml"))
    on = read_reading(SAMPLES / "truth" / f"{name}{SUFFIX}").exam.date
    save_film(phantom, tmp_path / "film.dcm", exam=f"{name}-1", on=on, compress=True)
    ours, theirs = (pydicom.dcmread(path) for path in (tmp_path / "film.dcm", SAMPLES / f"{name}.dcm"))
    for one in (ours, theirs):
        del one.PixelData
    assert ours == theirs


def test_no_reader_overlooks_the_crush():
    """Their visual grades are guesses; a loss of 46 % is beyond them all."""
    rows = pl.read_csv(SAMPLES / "landmarks.csv").filter(pl.col("exam") == "crush-1", pl.col("level") == "T8")
    assert rows["visual_grade"].min() >= 2


def test_the_child_has_grown_and_its_fractures_reshaped():
    table = pl.read_csv(SAMPLES / "truth.csv")
    then, now = (table.filter(pl.col("exam") == f"{name}-1") for name in ("child", "child-year-later"))
    np.testing.assert_allclose(now["posterior_mm"] / then["posterior_mm"], 1.05, atol=1e-3)
    at = then["level"].to_list().index("T6")
    ratios = [rows["anterior_mm"][at] / rows["posterior_mm"][at] for rows in (then, now)]
    assert ratios == pytest.approx([0.70, 0.79], abs=1e-3)


def test_samples_are_under_15_megabytes():
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 15e6


def test_patients_table_has_every_patient():
    patients = pl.read_csv(SAMPLES / "patients.csv")
    readings = pl.read_csv(SAMPLES / "landmarks.csv")
    assert set(patients["patient"]) == set(readings["patient"])
    assert patients["patient"].is_unique().all()
