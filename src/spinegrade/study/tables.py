"""Committed readings out of a store, patient and exam put back: what is analysed."""

from __future__ import annotations

import json
import re
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from sqlalchemy import and_, func, select

from spinegrade.errors import FormatError, StudyError
from spinegrade.io import LANDMARK_FORMATS, READING_FORMAT, find_format
from spinegrade.io.atomic import replacing
from spinegrade.io.columns import SCHEMA, TABLE_COLUMNS
from spinegrade.io.reading_json import SUFFIX, from_plain, write_reading
from spinegrade.io.reading_table import reading_rows, readings_frame
from spinegrade.radiograph import ImageIdentity
from spinegrade.readings import Exam, Reading, VertebraReading
from spinegrade.study import rows, schema
from spinegrade.study.protocol import CONSENSUS, COORDINATOR
from spinegrade.study.queue import Item
from spinegrade.study.schema import LOCKED
from spinegrade.study.sqlite_file import plain_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from spinegrade.study.store import Store


@frozen
class Exported:
    """What an export came to; ``left_out`` are levels of the protocol that readings say nothing of."""

    readings: int
    vertebrae: int
    left_out: int = 0


def committed_readings(connection: Connection) -> Iterator[Reading]:
    """Yield every committed reading in its latest revision, under the names of the study."""
    r = schema.readings.c
    last = (
        select(r.reader, r.occasion, r.film, func.max(r.revision).label("revision"))
        .where(r.state.in_(LOCKED))
        .group_by(r.reader, r.occasion, r.film)
        .subquery()
    )
    same = and_(
        *(r[name] == last.c[name] for name in ("reader", "occasion", "film", "revision")),
    )
    found = connection.execute(
        select(r.film, r.occasion, r.text)
        .select_from(schema.readings.join(last, same))
        .order_by(r.reader, r.occasion, r.film)
    )
    for row in found:
        yield rows.parsed(row.text, Item(row.film, row.occasion))


def with_identity(connection: Connection, readings: Iterable[Reading]) -> Iterator[Reading]:
    """Yield readings under their true patients, exams and films."""
    originals = {row.name: row for row in connection.execute(select(schema.originals))}
    for reading in readings:
        row = originals[reading.exam.id]
        day = None if row.date is None else date.fromisoformat(row.date)
        image = from_plain(json.loads(row.image), ImageIdentity)
        yield evolve(reading, exam=Exam(row.patient, row.exam, day), image=image)


def consensus_readings(connection: Connection) -> list[Reading]:
    """Return what was agreed on as readings of a reader called consensus; the last word counts."""
    agreed: dict[str, dict[str, VertebraReading]] = {}
    for row in connection.execute(select(schema.consensus).order_by(schema.consensus.c.id)):
        levels = agreed.setdefault(row.film, {})
        before = levels.get(row.level, VertebraReading(row.level))
        levels[row.level] = _agreed(before, row.what, row.answer)
    return [
        Reading(Exam(film, film), CONSENSUS, vertebrae=tuple(levels.values()))
        for film, levels in sorted(agreed.items())
    ]


def _agreed(vertebra: VertebraReading, what: str, answer: str) -> VertebraReading:
    changes = from_plain({"level": vertebra.level, **json.loads(answer)}, VertebraReading)
    if what == "visual_grade":
        if vertebra.evaluable is False:  # it was graded after all
            vertebra = evolve(vertebra, evaluable=None, not_evaluable_reason=None)
        return evolve(vertebra, visual_grade=changes.visual_grade)
    if changes.evaluable is False:
        vertebra = evolve(vertebra, visual_grade=None)
    return evolve(vertebra, evaluable=changes.evaluable, not_evaluable_reason=changes.not_evaluable_reason)


def export_table(store: Store, target: Path, *, consensus: bool = False, force: bool = False) -> Exported:
    """Write the committed readings as a landmark table, or with no suffix as a folder of reading files.

    In a table every level of the protocol has a row, with nothing in it where the reading left it out: a
    reading in which nothing was read is known to whoever reads the table.  ``consensus`` adds what was agreed
    on, as a reader of that name without landmarks.

    Raises
    ------
    StudyError
        If nothing is committed yet.
    FormatError
        If the target exists and ``force`` is not given, or cannot be written.
    """
    with store.writing() as connection:
        readings = list(committed_readings(connection))
        if not readings:
            msg = f"{store.where}: expected committed readings to export, got none"
            raise StudyError(msg)
        agreed = consensus_readings(connection) if consensus else []
        named = list(with_identity(connection, [*readings, *agreed]))
        levels = rows.reader_protocol(connection).level_range.levels
        store.record(connection, COORDINATOR, "exported", details=f"{len(named)} readings")
    vertebrae = sum(len(reading.vertebrae) for reading in named)
    if not target.suffix or READING_FORMAT.claims(target):
        _write_folder(named, target)
        return Exported(len(named), vertebrae)
    whole = [_with_every(reading, levels) for reading in named[: len(readings)]] + named[len(readings) :]
    _write_table(whole, target, force=force)
    return Exported(len(named), vertebrae, sum(len(reading.vertebrae) for reading in whole) - vertebrae)


def _with_every(reading: Reading, levels: Iterable[str]) -> Reading:
    """Return a reading with a vertebra of which nothing is said for every level that it leaves out."""
    there = {vertebra.level for vertebra in reading.vertebrae}
    left_out = (VertebraReading(level) for level in levels if level not in there)
    return evolve(reading, vertebrae=(*reading.vertebrae, *left_out))


def _write_table(readings: Iterable[Reading], target: Path, *, force: bool) -> None:
    form = find_format(target, LANDMARK_FORMATS)
    schema_of_table = {name: SCHEMA[name] for name in TABLE_COLUMNS}
    with replacing(target, force=force) as path:
        writer = form.new_writer(path, schema_of_table)
        try:
            for reading in readings:
                writer.write(readings_frame(reading_rows(reading)))
        except BaseException:
            writer.abort()
            raise
        writer.close()


def _write_folder(readings: Iterable[Reading], target: Path) -> None:
    """Write reading files into a new folder, which is there whole or not at all."""
    if target.exists() or not target.parent.is_dir():
        msg = f"{target}: expected a new folder in a folder that exists, got another"
        raise FormatError(msg)
    with plain_files(str(target)), tempfile.TemporaryDirectory(dir=target.parent) as made:
        folder = Path(made) / "readings"
        folder.mkdir(mode=0o755)
        for reading in readings:
            words = (reading.exam.patient, reading.exam.id, reading.reader, str(reading.occasion))
            name = re.sub(r"^\.|[^\w.-]", "-", "_".join(words))
            write_reading(reading, folder / f"{name}{SUFFIX}")
        folder.rename(target)
