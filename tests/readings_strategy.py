"""Readings for hypothesis to draw."""

from __future__ import annotations

from datetime import timedelta, timezone

from hypothesis import strategies as st

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.readings import (
    VISUAL_GRADES,
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

_NAMES = st.text(min_size=1, max_size=12)
_TEXTS = st.none() | st.text(max_size=20)
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
_SIZES = st.floats(1e-3, 10.0)
_ANSWERS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)
_OFFSETS = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
_COUNTS = st.none() | st.integers(1, 10_000)
_IN_PIXELS = (CalibrationState.NONE, CalibrationState.UNKNOWN, CalibrationState.ERROR)

_LANDMARKS = st.builds(
    Landmark, _NUMBERS, _NUMBERS, st.sampled_from([Status.PLACED, Status.PROPOSED])
) | st.builds(Landmark, status=st.sampled_from([Status.NOT_VISIBLE, Status.OUTSIDE_IMAGE]))

_CALIBRATIONS = st.builds(
    Calibration, st.sampled_from(CalibrationState), _SIZES, _SIZES, st.none() | _SIZES
) | st.builds(Calibration, st.sampled_from(_IN_PIXELS), pixel_aspect_ratio=st.none() | _SIZES)

_IMAGES = st.builds(
    ImageIdentity,
    file_name=_TEXTS,
    sop_instance_uid=_TEXTS,
    series_instance_uid=_TEXTS,
    study_instance_uid=_TEXTS,
    sha256=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    rows=_COUNTS,
    columns=_COUNTS,
)

_EVENTS = st.builds(Event, st.datetimes(timezones=st.none() | _OFFSETS), _NAMES, _TEXTS, _TEXTS, _ANSWERS)


@st.composite
def vertebrae(draw, level):
    """Return a strategy for what a reader can have seen of a vertebra."""
    evaluable = draw(st.none() | st.booleans())
    return VertebraReading(
        level=level,
        landmarks=draw(st.dictionaries(st.sampled_from(LANDMARKS), _LANDMARKS)),
        evaluable=evaluable,
        not_evaluable_reason=draw(st.sampled_from(NotEvaluableReason)) if evaluable is False else None,
        visual_grade=draw(st.none() | st.sampled_from(VISUAL_GRADES)),
        shape=draw(_TEXTS),
        forms=draw(st.dictionaries(st.text(max_size=5), _ANSWERS, max_size=2)),
        comment=draw(_TEXTS),
        seconds=draw(st.none() | st.floats(0, 1e6)),
    )


@st.composite
def readings(draw, min_levels=0):
    """Return a strategy for every reading that there can be."""
    levels = draw(st.lists(st.sampled_from(LEVELS), unique=True, min_size=min_levels, max_size=3))
    return Reading(
        exam=Exam(draw(_NAMES), draw(_NAMES), draw(st.none() | st.dates())),
        reader=draw(_NAMES),
        occasion=draw(st.integers(1, 2**53 - 1)),
        image=draw(_IMAGES),
        calibration=draw(_CALIBRATIONS),
        middle_point=draw(st.sampled_from(MiddlePoint)),
        counted_from=draw(st.sampled_from(CountedFrom)),
        vertebrae=tuple(draw(vertebrae(level)) for level in levels),
        comment=draw(_TEXTS),
        events=tuple(draw(st.lists(_EVENTS, max_size=2))),
    )
