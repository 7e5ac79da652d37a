"""Landmark tables to write and read, and readings for hypothesis to draw."""

from __future__ import annotations

import csv
import io
from datetime import timedelta, timezone

import polars as pl
import pytest
from hypothesis import strategies as st

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.io.checks import sound_spines
from spinegrade.io.columns import COORDINATES, ROW, cast_columns
from spinegrade.phantom import lay_out_spine
from spinegrade.readings import (
    CountedFrom,
    Event,
    Exam,
    ImageIdentity,
    Landmark,
    MiddlePoint,
    NotEvaluableReason,
    Reading,
    Status,
    VertebraReading,
)

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


_NAMES = st.text(min_size=1, max_size=12)
_TEXTS = st.none() | st.text(max_size=20)
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
_SPACINGS = st.floats(1e-3, 10.0)
_ANSWERS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)
_OFFSETS = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
_IN_PIXELS = (CalibrationState.NONE, CalibrationState.UNKNOWN, CalibrationState.ERROR)

_LANDMARK = st.builds(
    Landmark, _NUMBERS, _NUMBERS, st.sampled_from([Status.PLACED, Status.PROPOSED])
) | st.builds(Landmark, status=st.sampled_from([Status.NOT_VISIBLE, Status.OUTSIDE_IMAGE]))

_CALIBRATION = st.builds(
    Calibration, st.sampled_from(CalibrationState), _SPACINGS, _SPACINGS, st.none() | _SPACINGS
) | st.builds(Calibration, st.sampled_from(_IN_PIXELS), pixel_aspect_ratio=st.none() | _SPACINGS)

_IMAGE = st.builds(
    ImageIdentity,
    file_name=_TEXTS,
    sop_instance_uid=_TEXTS,
    sha256=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    rows=st.none() | st.integers(1, 10_000),
    columns=st.none() | st.integers(1, 10_000),
)


@st.composite
def _vertebra(draw, level):
    evaluable = draw(st.none() | st.booleans())
    return VertebraReading(
        level=level,
        landmarks=draw(st.dictionaries(st.sampled_from(LANDMARKS), _LANDMARK)),
        evaluable=evaluable,
        not_evaluable_reason=draw(st.sampled_from(NotEvaluableReason)) if evaluable is False else None,
        visual_grade=draw(st.sampled_from([None, 0.0, 0.5, 1.0, 2.0, 3.0])),
        shape=draw(_TEXTS),
        forms=draw(st.dictionaries(st.text(max_size=5), _ANSWERS, max_size=2)),
        comment=draw(_TEXTS),
        seconds=draw(st.none() | st.floats(0, 1e6)),
    )


@st.composite
def _reading(draw):
    levels = draw(st.lists(st.sampled_from(LEVELS), unique=True, max_size=4))
    events = st.builds(Event, st.datetimes(timezones=st.none() | _OFFSETS), _NAMES, _TEXTS, _TEXTS, _ANSWERS)
    return Reading(
        exam=Exam(draw(_NAMES), draw(_NAMES), draw(st.none() | st.dates())),
        reader=draw(_NAMES),
        occasion=draw(st.integers(1, 2**63 - 1)),
        image=draw(_IMAGE),
        calibration=draw(_CALIBRATION),
        middle_point=draw(st.sampled_from(MiddlePoint)),
        counted_from=draw(st.sampled_from(CountedFrom)),
        vertebrae=tuple(draw(_vertebra(level)) for level in levels),
        comment=draw(_TEXTS),
        events=tuple(draw(st.lists(events, max_size=3))),
    )


st.register_type_strategy(Reading, _reading())
