"""A study of the sample films, read by two readers on two occasions, exported and graded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve
from polars.testing import assert_frame_equal

from spinegrade.cli import main
from spinegrade.io.columns import COORDINATES, KEY
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading
from spinegrade.study.build import create_study
from spinegrade.study.protocol import example_protocol
from study.making import Clock, Study, _as

SAMPLES = Path(__file__).parents[2] / "sample_images"


@pytest.fixture
def samples(place, tmp_path):
    """Give a study of the sample films, by the example protocol with a key."""
    (tmp_path / "sample_images").mkdir()
    lines = ["film,patient,exam,date"]
    for film in SAMPLES.glob("*.dcm"):
        shutil.copy(film, tmp_path / "sample_images")
        exam = read_reading(SAMPLES / "readings" / f"{film.stem}_R1_1.reading.json").exam
        lines.append(f"sample_images/{film.name},{exam.patient},{exam.id},{exam.date}")
    (tmp_path / "films.csv").write_text("\n".join(lines) + "\n")
    text = example_protocol().replace("# key =", "key =")
    (tmp_path / "protocol.toml").write_text(text)
    clock = Clock()
    built = create_study(tmp_path / "protocol.toml", place, clock=clock)
    assert (built.films, built.patients) == (9, 8)
    return Study(place, clock, {login.reader: _as(place, login) for login in built.logins})


def read_as_in_the_samples(study, reader):
    """Read all that is open; what a reader sees on a film is what the sample reading of these pixels says."""
    by_pixels = {}
    for path in sorted((SAMPLES / "readings").glob(f"*_{reader}_*.reading.json")):
        reading = read_reading(path)
        by_pixels[reading.image.sha256, reading.occasion] = reading
    with study.session(reader) as session:
        while (item := session.next()) is not None:
            seen = by_pixels[open_film(session.film(item)).image.sha256, item.occasion]
            reading = evolve(session.blank(item), vertebrae=seen.vertebrae, events=seen.events)
            session.save(item, reading)
            session.commit(item, reading, session.empty_answers(item, reading))
        return session.progress


def test_what_was_read_comes_out_under_its_true_patient_and_exam(samples, tmp_path):
    for days in (0, 29):
        samples.clock.go(days=days)
        for reader in ("R1", "R2"):
            assert read_as_in_the_samples(samples, reader).opens_at is None or days == 0
    assert main(["study", "export", "table", samples.where, str(tmp_path / "out.csv")]) == 0
    got = pl.read_csv(tmp_path / "out.csv", try_parse_dates=True)
    wanted = pl.read_csv(SAMPLES / "landmarks.csv", try_parse_dates=True).filter(pl.col("reader") != "R3")
    columns = [
        *KEY,
        *COORDINATES,
        "date",
        "visual_grade",
        "evaluable",
        "row_spacing_mm",
        "calibration",
        "image",
    ]
    shared = [name for name in columns if name in wanted.columns]
    assert set(KEY) | set(COORDINATES) <= set(shared)
    assert_frame_equal(
        got.select(shared).sort(*KEY), wanted.select(shared).sort(*KEY), check_dtypes=False, abs_tol=1e-9
    )


def test_status_as_json_is_that_of_both_readers(samples, tmp_path, capsys):
    read_as_in_the_samples(samples, "R1")
    assert main(["study", "status", samples.where, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["committed"] for one in found["readers"]] == [9, 0, 0, 0]
    assert len(found["times"]) == 9
