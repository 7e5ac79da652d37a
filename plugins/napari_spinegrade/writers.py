"""What napari saves: the points of a reading, as a reading file or a landmark table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from napari_spinegrade.changes import by_level, changes_between, in_order
from napari_spinegrade.layers import vertebrae_of
from napari_spinegrade.readers import KEY
from spinegrade.anatomy import LANDMARKS
from spinegrade.errors import FormatError, ReadingError, SpinegradeError
from spinegrade.io import LANDMARK_FORMATS, READING_FORMAT, find_format
from spinegrade.readings import Event, Reading, Status, VertebraReading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinegrade.io import Format
    from spinegrade.readings import Landmark

_FEATURES = ("level", "landmark")


def write_points(path: str, data: NDArray[np.generic], keywords: Mapping[str, Any]) -> list[str]:
    """Write the reading that a points layer shows, and return the path: `save_points` for napari.

    Raises
    ------
    RuntimeError
        Where that raises a `SpinegradeError`, in its words.  Those are ValueErrors, and of a writer's
        ValueError napari says only that it is no writer.
    """
    try:
        save_points(Path(path), data, keywords)
    except SpinegradeError as error:
        raise RuntimeError(str(error)) from error
    return [path]


def save_points(target: Path, data: NDArray[np.generic], keywords: Mapping[str, Any]) -> None:
    """Write the reading that a points layer shows, as its points are now.

    Before a file is replaced napari asks; one that holds somebody else's reading, or one of another film or
    occasion, is never replaced.

    Raises
    ------
    FormatError
        If the name ends in no format of landmarks, or the file cannot be written.
    ReadingError
        If the layer shows no reading, its points contradict each other, or the file is of another reading.
    """
    form = find_format(target, LANDMARK_FORMATS)
    reading = reading_of(data, keywords)
    if form is READING_FORMAT:
        _write_reading(reading, target)
    else:
        _write_table(reading, target, form)


def reading_of(data: NDArray[np.generic], keywords: Mapping[str, Any]) -> Reading:
    """Return the reading that a points layer shows, with points that were moved or deleted in napari.

    What was changed so is an event of the reading, which the desk can take back.

    Raises
    ------
    ReadingError
        If the layer shows no reading, or its points contradict each other.
    """
    features = keywords.get("features", {})
    missing = [name for name in _FEATURES if name not in features]
    reading = keywords.get("metadata", {}).get(KEY, {}).get("reading")
    if missing or not isinstance(reading, Reading):
        got = f"one without {' and '.join(missing)}" if missing else "one that no reading belongs to"
        msg = f"layer {keywords.get('name', 'of points')}: expected points of a reading, got {got}"
        raise ReadingError(msg)
    named = {name: [str(value) for value in features[name]] for name in _FEATURES}
    edited = _with_points(reading, vertebrae_of(np.asarray(data, dtype=float), named))
    changes = changes_between(reading, edited)
    if not changes:
        return reading
    event = Event(datetime.now(UTC), "edit points", details=changes)
    return evolve(edited, events=(*reading.events, event))


def _with_points(reading: Reading, drawn: tuple[VertebraReading, ...]) -> Reading:
    """Return the reading with the landmarks where they are drawn; the rest of it as it was."""
    vertebrae = by_level(reading)
    points = {vertebra.level: vertebra.landmarks for vertebra in drawn}
    for level in {*vertebrae, *points}:
        before = vertebrae.get(level, VertebraReading(level))
        vertebrae[level] = evolve(before, landmarks=_merged(before.landmarks, points.get(level, {})))
    return evolve(reading, vertebrae=in_order(vertebrae))


def _merged(before: dict[str, Landmark], drawn: dict[str, Landmark]) -> dict[str, Landmark]:
    """Return the landmarks as drawn; one that has not moved stays what it was, a proposal for instance.

    Of those that are not drawn the placed ones are gone; the others may never have been drawn.
    """
    merged = {}
    for name in LANDMARKS:
        old, new = before.get(name), drawn.get(name)
        moved = old is None or new is None or (old.row, old.column) != (new.row, new.column)
        if new is not None and moved:
            merged[name] = new
        elif old is not None and (new is not None or old.status is not Status.PLACED):
            merged[name] = old
    return merged


def _write_reading(reading: Reading, target: Path) -> None:
    from spinegrade.io.reading_json import read_reading, write_reading

    if target.exists():
        _refuse_another(reading, read_reading(target), target)
    write_reading(reading, target, force=True)


def _refuse_another(ours: Reading, theirs: Reading, target: Path) -> None:
    """Refuse to replace what is another reading."""
    for name in ("exam", "reader", "occasion"):
        one, other = getattr(ours, name), getattr(theirs, name)
        if one != other:
            said = (one.id, other.id) if name == "exam" else (one, other)
            msg = f"{target}: expected to replace the reading of {name} {said[0]}, got one of {said[1]}"
            raise ReadingError(msg)
    if None not in (ours.image.sha256, theirs.image.sha256) and ours.image.sha256 != theirs.image.sha256:
        msg = f"{target}: expected to replace a reading of the same film, got one of other pixels"
        raise ReadingError(msg)


def _write_table(reading: Reading, target: Path, form: Format) -> None:
    from spinegrade.io.atomic import replacing
    from spinegrade.io.columns import SCHEMA, TABLE_COLUMNS
    from spinegrade.io.reading_table import reading_rows, readings_frame

    rows = readings_frame(reading_rows(reading))
    if rows.is_empty():
        msg = f"{target}: expected a reading with vertebrae, got one of none"
        raise FormatError(msg)
    with replacing(target, force=True) as temporary:
        writer = form.new_writer(temporary, {name: SCHEMA[name] for name in TABLE_COLUMNS})
        try:
            writer.write(rows)
            writer.close()
        except BaseException:
            writer.abort()
            raise
