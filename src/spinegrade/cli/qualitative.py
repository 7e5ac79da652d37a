"""``spinegrade qualitative``: answers to forms in, classes out."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated

import typer

from spinegrade.cli import options

EXAMPLE = "Example: spinegrade qualitative sample_images/readings --form abq-2004 --format table"


def qualitative(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            readable=False,
            help="Readings (.reading.json) with answers, landmark tables (.csv, .parquet), or folders.",
            show_default=False,
        ),
    ] = [],  # noqa: B006  typer wants a list, and nobody changes it
    form: Annotated[
        list[str],
        typer.Option(
            "--form",
            metavar="ID|FILE",
            help="Form by id (see spinegrade rules) or a .toml file; may be given again.  [default: those "
            "answered]",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    answers: Annotated[
        list[Path],
        typer.Option(
            "--answers",
            metavar="FILE",
            help="Table of answers (.csv, .parquet): patient, exam, reader, occasion, level, form, "
            "question, answer; may be given again.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    contours: Annotated[
        list[Path],
        typer.Option(
            "--contours",
            metavar="FILE",
            help="Table (.csv, .parquet) of more points of endplates than landmarks, corner to corner: "
            "patient, exam, reader, occasion, level, endplate, point, row, column; may be given again.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Your .toml file with Koerber's points.", show_default=False),
    ] = None,
    output: options.Output = None,
    reference: options.Reference = options.ReferenceChoice.STANDARD,
    rules: options.Rules = "genant-1993",
    levels: options.Levels = "T4-L4",
    look: options.Look = None,
    force: options.Force = False,
    keep_going: options.KeepGoing = False,
    ignore_unknown: options.IgnoreUnknown = False,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
) -> int:
    """Grade qualitative forms (ABQ and others): a vertebra and form a row, measurements beside."""
    from spinegrade.cli.output import Target
    from spinegrade.cli.qualitative_output import write
    from spinegrade.io.sources import Opened
    from spinegrade.qualitative.koerber import load_weights
    from spinegrade.qualitative.run import Asked, grade_files

    if not sources and not answers:
        msg = "expected readings, landmark tables or folders, or --answers, got none"
        raise typer.BadParameter(msg, param_hint="SOURCE...")
    for option, given in (("--weights", weights), ("--contours", contours)):
        if given and not sources:
            msg = "expected it with landmarks to measure, got none"
            raise typer.BadParameter(msg, param_hint=option)
    method = options.method(rules, reference, levels, options.UnitChoice.AS_CALIBRATED)
    points = None if weights is None else load_weights(str(weights))
    asked = Asked(tuple(form), points, method, tuple(contours))
    target = Target.of(output, look, force=force)
    opened = Opened([], [], [])
    if sources:
        opened = options.open_sources(sources, ignore_unknown=ignore_unknown, keep_going=keep_going)
    opened.files.extend([*answers, *contours])
    opened.refuse_output(output)
    graded = grade_files(
        opened.sources,
        (_readings(opened.files), answers),
        asked,
        options.where(workers, cluster),
        keep_going=keep_going,
    )
    for words in graded.notes:
        options.say(words)
    write(target, graded.rows)
    problems = opened.problems + graded.problems
    options.say_left_out(problems)
    return 1 if problems else 0


def _readings(files: list[Path]) -> list[Path]:
    from spinegrade.io import READING_FORMAT

    return [path for path in files if READING_FORMAT.claims(path)]
