"""``spinegrade convert``: landmark tables and readings into one another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinegrade.cli import options

if TYPE_CHECKING:
    from spinegrade.batch import Report
    from spinegrade.io import Format, Source

EXAMPLE = "Example: spinegrade convert sample_images/readings landmarks.parquet"


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN", help="Landmark table, reading, or a folder of them.", show_default=False
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="Landmark table (.csv, .parquet), one reading (.reading.json), or a folder for many.",
            show_default=False,
        ),
    ],
    force: options.Force = False,
    keep_going: options.KeepGoing = False,
    ignore_unknown: options.IgnoreUnknown = False,
) -> int:
    """Convert between landmark tables and reading files, of which a folder takes one a reading."""
    from spinegrade.io import LANDMARK_FORMATS, READING_FORMAT, find_format
    from spinegrade.io.atomic import check_writable

    to_folder = not target.suffix or target.is_dir()
    form = READING_FORMAT if to_folder else find_format(target, LANDMARK_FORMATS)
    if not to_folder:
        check_writable(target, force=force)
    opened = options.open_sources([source], ignore_unknown=ignore_unknown, keep_going=keep_going)
    opened.refuse_output(target)
    _refuse_same(opened.sources, form, source)
    write = _write_readings if form is READING_FORMAT else _write_table
    report = write(opened.sources, form, target, force=force, keep_going=keep_going)
    left_out = opened.problems + report.problems
    options.say_left_out(left_out)
    options.say(f"{report.rows:,} vertebrae written to {target}")
    return 1 if left_out else 0


def _refuse_same(sources: list[Source], form: Format, where: Path) -> None:
    """Refuse readings to readings: on the way through a table they would only lose."""
    from spinegrade.errors import FormatError
    from spinegrade.io import READING_FORMAT
    from spinegrade.io.reading_table import ReadingFiles

    if form is READING_FORMAT and any(isinstance(source, ReadingFiles) for source in sources):
        msg = f"{where}: expected landmark tables to make readings of, got readings"
        raise FormatError(msg)


def _write_table(
    sources: list[Source], form: Format, target: Path, *, force: bool, keep_going: bool
) -> Report:
    """Write a landmark table with the optional columns that some source has."""
    from spinegrade.io.atomic import replacing
    from spinegrade.io.columns import REQUIRED, SCHEMA, TABLE_COLUMNS

    given = {name for source in sources for name in source.columns}
    schema = {name: SCHEMA[name] for name in TABLE_COLUMNS if name in REQUIRED or name in given}
    with replacing(target, force=force) as path:
        return _run(sources, form, path, schema, keep_going=keep_going)


def _write_readings(
    sources: list[Source], form: Format, target: Path, *, force: bool, keep_going: bool
) -> Report:
    """Write reading files into a temporary folder, and move them once all are there."""
    import tempfile

    from spinegrade.errors import FormatError
    from spinegrade.io.atomic import check_writable

    single = bool(target.suffix) and not target.is_dir()
    if not single and target.exists() and not target.is_dir():
        msg = f"{target}: expected a folder for the readings, got a file"
        raise FormatError(msg)
    check_writable(target.parent / ".new", force=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        report = _run(sources, form, Path(folder), {}, keep_going=keep_going)
        files = sorted(Path(folder).iterdir())
        places = [target] if single else [target / file.name for file in files]
        if len(files) != len(places):
            msg = f"{target}: expected one reading for one file, got {len(files)}; name a folder"
            raise FormatError(msg)
        if not single:
            target.mkdir(exist_ok=True)
        for place in places:
            check_writable(place, force=force)
        for file, place in zip(files, places, strict=True):
            file.replace(place)
    return report


def _run(
    sources: list[Source], form: Format, path: Path, schema: dict[str, type], *, keep_going: bool
) -> Report:
    from spinegrade.assess import Method
    from spinegrade.batch import Task, run

    return run(
        sources, Task("landmarks", Method()), lambda: form.new_writer(path, schema), keep_going=keep_going
    )
