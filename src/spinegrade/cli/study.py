"""``spinegrade study``: blinded reader studies, from a protocol to a table that can be analysed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinegrade.cli import options, study_coordinate
from spinegrade.cli.study_options import AsJson, Study, say_logins, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spinegrade.study.roles import Login
    from spinegrade.study.sessions import Session

EXAMPLE = "Example: spinegrade study new protocol.toml my.study"

study = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=EXAMPLE,
    help="Run a blinded reader study: several readers read the same films and see no more than those.",
)
export = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: spinegrade study export table my.study readings.csv",
    help="Write packs for readers, or what was read as a landmark table.",
)
study.add_typer(export, name="export")


def _say_example(value: bool) -> None:  # noqa: FBT001  the shape of a typer callback
    if value:
        from spinegrade.study.protocol import example_protocol

        typer.echo(example_protocol(), nl=False)
        raise typer.Exit


Example = Annotated[
    bool,
    typer.Option(
        "--example", callback=_say_example, is_eager=True, help="Print a protocol to start from, and end."
    ),
]


@study.callback()
def _study(_example: Example = False) -> None:
    """Take the options before the verb."""


@study.command("new", epilog=EXAMPLE)
def new(
    protocol: Annotated[
        Path, typer.Argument(metavar="PROTOCOL", help="Protocol as TOML.", show_default=False)
    ],
    where: Study,
    as_json: AsJson = False,
    _example: Example = False,
) -> int:
    """Make a study from its protocol.

    The protocol is checked, its films are blinded under new names, and the orders of reading are drawn.
    """
    from spinegrade.study.build import create_study

    with _progress("films") as progress:
        built = create_study(protocol, where, progress=progress)
    options.say(
        f"{built.films} films of {built.patients} patients, {len(built.readers)} readers: {_shown(where)}"
    )
    if as_json:
        write(
            {
                "films": built.films,
                "patients": built.patients,
                "readers": built.readers,
                **_logins(built.logins),
            }
        )
    else:
        say_logins(built.logins)
    return 0


@study.command("add", epilog="Example: spinegrade study add my.study R1-1.pack.zip")
def add(
    where: Study,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="READINGS...",
            help="Packs (folder or .zip), reading files, or folders.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
) -> int:
    """Bring readings back into a study.

    What the study has already is passed over; what contradicts it is named and left alone.
    """
    from spinegrade.study.bring import add_readings
    from spinegrade.study.store import Store

    with Store.open(where) as store:
        report = add_readings(store, paths)
    if as_json:
        write(
            {
                "added": report.added,
                "known": report.known,
                "drafts": report.drafts,
                "not_added": report.problems,
                "notices": report.notices,
            }
        )
    for notice in report.notices:
        options.say(f"added, but look at it: {notice}")
    for problem in report.problems:
        options.say(f"not added: {problem}")
    words = f"{len(report.added)} readings added, {len(report.known)} were there already"
    drafts = f", {len(report.drafts)} not committed yet" if report.drafts else ""
    options.say(words + drafts + (f", {len(report.problems)} not added" if report.problems else ""))
    return 1 if report.problems else 0


@study.command("status", epilog="Example: spinegrade study status my.study")
def status(
    where: Study,
    as_json: AsJson = False,
    films: Annotated[bool, typer.Option("--films", help="A line for each film too.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Everything that was done, instead.")] = False,
) -> int:
    """Say how far a study has come.

    By reader and by film: what is committed, what is missing, how long it took.
    """
    from spinegrade.cli import study_tables
    from spinegrade.study.status import log_lines, study_status
    from spinegrade.study.store import Store

    with Store.open(where) as store:
        if log:
            lines = log_lines(store)
            write(lines) if as_json else study_tables.show_log(lines)
            return 0
        found = study_status(store)
    for notice in found.notices:
        options.say(notice)
    if as_json:
        write(found)
    else:
        study_tables.show_status(found, films=films)
    return 0


@study.command("read", epilog='Example: spinegrade study read my.study --reader "R1" --folder films')
def read(
    where: Study,
    reader: Annotated[
        str | None,
        typer.Option("--reader", help="Who reads; a pack knows it itself.", show_default=False),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the blinded film is written; a pack has it already.")
    ] = Path(),
    as_json: AsJson = False,
) -> int:
    """Say what a reader reads next.

    The blinded film is written, and its name printed.
    """
    session = _session(where, reader, folder)
    try:
        item = session.next()
        film = None if item is None else session.film(item)
        progress = session.progress
        found = {
            "reader": session.reader,
            "film": None if item is None else item.film,
            "occasion": progress.occasion,
            "path": None if film is None else str(film),
            "facts": [] if item is None else session.facts(item),
            "progress": progress,
            "levels": session.protocol.levels,
            "asked": session.protocol.asked,
            "notices": session.notices,
        }
    finally:
        session.close()
    for notice in session.notices:
        options.say(notice)
    options.say(f"{session.reader}: {progress.words}")
    if as_json:
        write(found)
    elif film is not None:
        sys.stdout.write(f"{film}\n")
    return 0


def _session(where: str, reader: str | None, folder: Path) -> Session:
    """Return the session of a reader in a study, or of the pack in a folder."""
    from spinegrade.errors import StudyError
    from spinegrade.study.pack_session import PackSession
    from spinegrade.study.sessions import ReaderSession

    path = Path(where)
    if path.is_dir() or path.suffix.lower() == ".zip":
        return PackSession.open(path, reader)
    if reader is None:
        msg = "a study has several; say who reads"
        raise typer.BadParameter(msg, param_hint="--reader")
    if not folder.is_dir():
        msg = f"{folder}: expected a folder for the blinded film, got none"
        raise StudyError(msg)
    return ReaderSession.open(where, reader, folder=folder)


@export.command("pack", epilog="Example: spinegrade study export pack my.study R1-1.zip --reader R1")
def export_pack(
    where: Study,
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="New folder, or file that ends in .zip.", show_default=False)
    ],
    reader: Annotated[str, typer.Option("--reader", help="Whose films.", show_default=False)],
    occasion: Annotated[int, typer.Option("--occasion", min=1, help="Which occasion.")] = 1,
) -> int:
    """Write a pack for a reader.

    What is left to read on an occasion, to be read on another machine without the study.
    """
    from spinegrade.study.packs import export_pack as write_pack
    from spinegrade.study.store import Store

    with Store.open(where) as store:
        packed = write_pack(store, reader, occasion, target)
    drafts = f", {packed.drafts} of them begun" if packed.drafts else ""
    options.say(f"{packed.films} films{drafts} for {reader}, occasion {occasion}: {target}")
    return 0


@export.command("table", epilog="Example: spinegrade study export table my.study readings.csv")
def export_table(
    where: Study,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="Landmark table (.csv, .parquet), or a new folder of reading files.",
            show_default=False,
        ),
    ],
    consensus: Annotated[
        bool, typer.Option("--consensus", help="What was agreed on too, as a reader called consensus.")
    ] = False,
    force: options.Force = False,
) -> int:
    """Write committed readings, patient and exam put back.

    As a landmark table or reading files, for spinegrade grade, agree and report.
    """
    from spinegrade.study.store import Store
    from spinegrade.study.tables import export_table as write_table

    with Store.open(where) as store:
        done = write_table(store, target, consensus=consensus, force=force)
    left_out = f" and {done.left_out:,} left out" if done.left_out else ""
    options.say(f"{done.readings} readings, {done.vertebrae:,} vertebrae{left_out} written to {target}")
    return 0


def _shown(where: str) -> str:
    """Return the place of a study without a password."""
    if "://" not in where:
        return where
    from sqlalchemy.engine import make_url

    return make_url(where).render_as_string()


def _logins(logins: tuple[Login, ...]) -> dict[str, Any]:
    return {"logins": list(logins)} if logins else {}


for _verb, _run, _epilog in (
    ("lock", study_coordinate.lock, study_coordinate.LOCK_EXAMPLE),
    ("amend", study_coordinate.amend, study_coordinate.AMEND_EXAMPLE),
    ("adjudicate", study_coordinate.adjudicate, study_coordinate.ADJUDICATE_EXAMPLE),
    ("consensus", study_coordinate.consensus, study_coordinate.CONSENSUS_EXAMPLE),
):
    study.command(_verb, epilog=_epilog)(_run)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that moves a progress bar where there is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _, __: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
