"""Landmark tables to write and read, and readings for hypothesis to draw."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import strategies as st

from readings_strategy import readings
from spinegrade.io.checks import sound_spines
from spinegrade.io.columns import COORDINATES, ROW, cast_columns
from spinegrade.phantom import lay_out_spine
from spinegrade.readings import Reading

PATIENT = "Quasimodo"
"""A name that no message of the program has by itself."""


def _spine_rows(levels=("L1", "L2", "L3"), **cells):
    """Return rows of a landmark table, as text: sound vertebrae one below the other."""
    points = lay_out_spine([[20.0, 19.0, 20.5]] * len(levels), 30.0).round(3)
    return [
        {
            "patient": PATIENT,
            "exam": "E1",
            "reader": "R1",
            "occasion": "1",
            "level": level,
            **dict(zip(COORDINATES, map(str, body.ravel().tolist()), strict=True)),
            **cells,
        }
        for level, body in zip(levels, points, strict=True)
    ]


def _csv_text(rows, *, separator=",", eol="\n"):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=separator, lineterminator=eol)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cast(rows):
    """Return rows of text as `RawRows` would load them."""
    return cast_columns(pl.DataFrame(rows).with_row_index(ROW).cast({ROW: pl.Int64}), decimal_comma=False)


def _read(source, rows=200_000):
    """Return the usable rows of a source and everything said of the others, as a user reads it."""
    frames, said = [], []
    for batch in source.batches(rows):
        frame, problems = batch.load()
        spines, found = sound_spines(frame)
        frames.append(spines.frame)
        said += [f"{source.place(problem.row)}: {problem.what}" for problem in problems + found]
    return pl.concat(frames), said


@pytest.fixture(scope="session")
def spine_rows():
    return _spine_rows


@pytest.fixture(scope="session")
def csv_text():
    return _csv_text


@pytest.fixture(scope="session")
def cast():
    return _cast


@pytest.fixture(scope="session")
def read():
    return _read


@pytest.fixture(scope="session")
def patient():
    return PATIENT


@pytest.fixture
def csv_file(tmp_path):
    """Give a function that writes rows, or text as it is, to a CSV file."""

    def write(content, name="readings.csv", *, encoding="utf-8", **dialect):
        path = tmp_path / name
        text = content if isinstance(content, str) else _csv_text(content, **dialect)
        path.write_bytes(text.encode(encoding))
        return path

    return write


st.register_type_strategy(Reading, readings())
