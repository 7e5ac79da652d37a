"""``spinegrade qualitative --contours``: how deep endplates are, by more points than the landmarks."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from spinegrade.anatomy import GRADED
from spinegrade.io.columns import COORDINATES, KEY
from spinegrade.qualitative.depression import contour_depression
from spines import invoke, table

HEAD = (*KEY, "endplate", "point", "row", "column")
BODY = dict(
    zip(
        COORDINATES,
        (100, 100, 100, 120, 100, 140, 130, 100, 130, 120, 130, 140),
        strict=True,
    )
)
"""A flat body of 30 x 40 pixels, front at the left."""
DENTED = ((100, 100), (106, 110), (104, 120), (103, 130), (100, 140))
"""Its upper endplate: 6 of 40 deep at a quarter of its depth, where no landmark is."""


@pytest.fixture
def landmarks(tmp_path):
    """Give T8, and L1, whose landmarks are not placed."""
    body = pl.DataFrame([BODY], schema=dict.fromkeys(BODY, pl.Float64))
    rows = [
        body.with_columns(
            patient=pl.lit("P1"), exam=pl.lit("E1"), reader=pl.lit("R1"), occasion=1, level=name
        )
        for name in (pl.lit("T8"), pl.lit("L1"))
    ]
    where = pl.col("level") == "T8"
    every = pl.concat(rows).with_columns(pl.when(where).then(name).alias(name) for name in COORDINATES)
    every.select(*KEY, *COORDINATES).write_csv(tmp_path / "landmarks.csv")
    return tmp_path / "landmarks.csv"


def contours(path, plates):
    """Write a table of contours: level and endplate -> points."""
    rows = [
        ("P1", "E1", "R1", 1, level, endplate, n, row, column)
        for (level, endplate), points in plates.items()
        for n, (row, column) in enumerate(points, 1)
    ]
    frame = pl.DataFrame(rows, schema=HEAD, orient="row").sample(fraction=1, shuffle=True, seed=1)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def measured(*arguments, code=0):
    said = invoke("qualitative", *arguments, "--format", "json")
    assert said.code == code, said.lines
    return {row["level"]: row for row in json.loads(said.out or "[]")}, said


@pytest.mark.parametrize("name", ["contours.csv", "contours.parquet"])
def test_the_deepest_point_counts_where_there_are_more_than_the_landmarks(landmarks, tmp_path, name):
    given = contours(tmp_path / name, {("T8", "superior"): DENTED})
    found, _ = measured(landmarks, "--contours", given)
    assert found["T8"]["superior_depression"] == pytest.approx(0.15)
    assert (found["T8"]["superior_points"], found["T8"]["inferior_points"]) == (5, 3)
    assert found["T8"]["inferior_depression"] == 0
    assert (found["L1"]["superior_depression"], found["L1"]["superior_points"]) == (None, None)
    without, _ = measured(landmarks)
    assert (without["T8"]["superior_depression"], without["T8"]["superior_points"]) == (0, 3)


def test_points_from_back_to_front_say_the_same(landmarks, tmp_path):
    given = contours(tmp_path / "c.csv", {("T8", "superior"): DENTED[::-1]})
    assert measured(landmarks, "--contours", given)[0]["T8"]["superior_depression"] == pytest.approx(0.15)


def test_pixels_are_as_long_as_the_table_says(landmarks, tmp_path):
    spaced = pl.read_csv(landmarks).with_columns(row_spacing_mm=0.5, column_spacing_mm=0.25)
    spaced.write_csv(landmarks)
    given = contours(tmp_path / "c.csv", {("T8", "superior"): DENTED})
    assert measured(landmarks, "--contours", given)[0]["T8"]["superior_depression"] == pytest.approx(0.3)


@pytest.mark.parametrize("calibration", ["none", "unknown"])
def test_pixels_of_a_film_that_is_not_calibrated_have_a_shape_alone(landmarks, tmp_path, calibration):
    spaced = pl.read_csv(landmarks).with_columns(
        row_spacing_mm=0.5, column_spacing_mm=0.25, calibration=pl.lit(calibration)
    )
    spaced.write_csv(landmarks)
    given = contours(tmp_path / "c.csv", {("T8", "superior"): DENTED})
    assert measured(landmarks, "--contours", given)[0]["T8"]["superior_depression"] == pytest.approx(0.3)


def test_many_contours_of_different_lengths_are_each_as_if_alone(tmp_path):
    """Every endplate of a tilted spine, of 3 to 11 points, against `contour_depression`."""
    rng = np.random.default_rng(7)
    frame = table(tilt=0.3)
    frame.write_csv(tmp_path / "landmarks.csv")
    bodies = frame.select(COORDINATES).to_numpy().reshape(-1, 6, 2)
    plates, wanted = {}, {}
    for level, body in zip(GRADED.levels, bodies, strict=True):
        for endplate, (front, back) in {"superior": (0, 2), "inferior": (3, 5)}.items():
            share = np.linspace(0, 1, rng.integers(3, 12))[:, None]
            dents = rng.normal(0, 1, share.shape) * np.sin(np.pi * share).round(9)
            points = body[front] * (1 - share) + body[back] * share + dents
            plates[level, endplate] = [tuple(one) for one in points.tolist()]
            other = np.linspace(*body[[3, 5] if endplate == "superior" else [0, 2]], len(points))
            pair = [points, other] if endplate == "superior" else [other, points]
            wanted[level, endplate] = contour_depression(np.array(pair))[int(endplate == "inferior")]
    given = contours(tmp_path / "c.csv", plates)
    found, _ = measured(tmp_path / "landmarks.csv", "--contours", given)
    for (level, endplate), depression in wanted.items():
        assert found[level][f"{endplate}_depression"] == pytest.approx(depression, abs=1e-9)
        assert found[level][f"{endplate}_points"] == len(plates[level, endplate])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("superior,3,104,120", "superior,3,104,x", "line 4: column: expected a number of pixels, got 'x'"),
        ("superior,3,104,120", "superior,3,,120", "line 4: row: expected a number of pixels, got nothing"),
        ("superior,3,104,120", "upper,3,104,120", "line 4: endplate: expected superior or inferior, got"),
        ("superior,3,104,120", "superior,2.5,104,120", "line 4: point: expected a whole number, got '2.5'"),
        ("superior,3,104,120", "superior,2,104,120", "expected every point once, got point 2 twice"),
        (
            "superior,3,104,120",
            "superior,3,1e308,120",
            "line 4: row: expected a number of pixels, got '1e308'",
        ),
        ("superior,5,", "superior,6,", "expected points from 1 on without a gap"),
        ("superior,1,", "superior,0,", "expected points from 1 on without a gap"),
        ("1,T8,superior,3", ",T8,superior,3", "line 4: occasion: expected a whole number, got nothing"),
        ("T8", "T9", "line 2: T9 of exam E1 by R1, occasion 1: expected a vertebra that the sources have"),
        ("100,1", "400,1", "expected a contour that ends at its two corners (within 15% of"),
        ("superior", "inferior", "expected a contour that ends at its two corners"),
        ("5,100,140", "5,100,101", "expected a contour that ends at its two corners"),
        ("T8", "L1", "or corners that are not placed"),
    ],
)
def test_what_is_wrong_with_a_contour_is_said_and_it_is_left_out_whole(landmarks, tmp_path, old, new, words):
    given = tmp_path / "c.csv"
    lines = [f"P1,E1,R1,1,T8,superior,{n},{row},{column}" for n, (row, column) in enumerate(DENTED, 1)]
    given.write_text("\n".join([",".join(HEAD), *lines]).replace(old, new) + "\n")
    _, said = measured(landmarks, "--contours", given, code=1)
    assert words in said.err
    assert str(given) in said.err
    found, said = measured(landmarks, "--contours", given, "--keep-going", code=1)
    assert words in said.err
    assert (found["T8"]["superior_depression"], found["T8"]["superior_points"]) == (0, 3)


def test_semicolons_with_decimal_commas_and_levels_that_are_not_asked_for(landmarks, tmp_path):
    lines = [f"P1;E1;R1;1;T8;superior;{n};{row},5;{column},0" for n, (row, column) in enumerate(DENTED, 1)]
    given = tmp_path / "c.csv"
    given.write_text("\n".join([";".join(HEAD), *lines]) + "\n")
    found, said = measured(landmarks, "--contours", given)
    assert found["T8"]["superior_depression"] == pytest.approx(0.15)
    assert "passed over" not in said.err
    said = invoke("qualitative", landmarks, "--contours", given, "--levels", "L1-L4")
    assert "1 contours at levels outside L1-L4 passed over; --levels all takes them" in said.err


def test_two_points_are_no_contour(landmarks, tmp_path):
    given = contours(tmp_path / "c.csv", {("T8", "superior"): (DENTED[0], DENTED[-1])})
    assert (
        "expected three points or more, got fewer" in measured(landmarks, "--contours", given, code=1)[1].err
    )


def test_contours_alone_measure_nothing(tmp_path, landmarks):
    answers = tmp_path / "a.csv"
    answers.write_text(
        "patient,exam,reader,occasion,level,form,question,answer\nP1,E1,R1,1,T8,abq-2004,as_expected,yes\n"
    )
    given = contours(tmp_path / "c.csv", {("T8", "superior"): DENTED})
    said = invoke("qualitative", "--answers", answers, "--contours", given)
    assert said.code == 2
    assert "expected it with landmarks to measure" in " ".join(said.err.split())


def test_the_table_is_not_written_over(landmarks, tmp_path):
    given = contours(tmp_path / "c.csv", {("T8", "superior"): DENTED})
    before = given.read_bytes()
    said = invoke("qualitative", landmarks, "--contours", given, "--output", given, "--force")
    assert (said.code, given.read_bytes()) == (1, before)
