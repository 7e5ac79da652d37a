"""``spinegrade report``: readings in, one page of HTML out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinegrade.cli import assess_options, options

if TYPE_CHECKING:
    from spinegrade.report import Clinic

EXAMPLE = (
    "Example: spinegrade report sample_images/landmarks.csv --exam child-1 --patients sample_images/patients "
    "--output child.html"
)


def report(
    sources: options.Sources,
    films: Annotated[
        list[Path] | None,
        typer.Option(
            "--films",
            help="A film or a folder of films; may be given again.  [default: beside each reading and in the "
            "folder above]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Page to write, .html; one file with all it needs.")
    ] = Path("report.html"),
    window: Annotated[
        int, typer.Option("--window", min=1, help="Which of a film's own windows to display.")
    ] = 1,
    exam: Annotated[str | None, typer.Option("--exam", help="Only this exam.", show_default=False)] = None,
    reader: Annotated[
        str | None, typer.Option("--reader", help="Only this reader.", show_default=False)
    ] = None,
    occasion: Annotated[
        int | None, typer.Option("--occasion", min=1, help="Only this occasion.", show_default=False)
    ] = None,
    patients: Annotated[
        Path | None,
        typer.Option(
            "--patients",
            help="Table of patients (.csv, .parquet, .json), or a folder with patients, fractures, bmd and "
            "exposures: begin with a page for a clinician for every patient of the readings.",
            show_default=False,
        ),
    ] = None,
    switches: assess_options.SwitchTexts = [],  # noqa: B006  typer wants a list, and nobody changes it
    own_rules: assess_options.OwnRules = [],  # noqa: B006
    reference: options.Reference = options.ReferenceChoice.STANDARD,
    rules: options.Rules = "genant-1993",
    levels: options.Levels = "T4-L4",
    point_sd: options.PointSdText = None,
    force: options.Force = False,
    keep_going: options.KeepGoing = False,
    ignore_unknown: options.IgnoreUnknown = False,
) -> int:
    """Write readings as a page: films with landmarks and grades, tables, heights beside the expected.

    With --patients: before them, what the rules for osteoporosis answer of each patient, and why.
    """
    from attrs import evolve

    from spinegrade.io.film_match import FilmFinder
    from spinegrade.report import Choice, choose, make_page

    _check_output(output, force=force)
    method = options.method(rules, reference, levels, options.UnitChoice.AS_CALIBRATED)
    clinic = _clinic(patients, switches, own_rules, ignore_unknown=ignore_unknown, keep_going=keep_going)
    finder = FilmFinder(films or ())
    opened = options.open_sources(sources, ignore_unknown=ignore_unknown, keep_going=keep_going)
    opened.refuse_output(output)
    left_out = [*(clinic.given.problems if clinic else ()), *opened.problems] if keep_going else None
    chosen = choose(opened.sources, Choice(exam, reader, occasion), left_out=left_out)
    error = options.point_sd(point_sd, opened.sources, options.where(None, None))
    method = evolve(method, point_sd=error)
    page = make_page(chosen, method, finder, window=window, clinic=clinic, left_out=left_out)
    _write(page.html, output, force=force)
    options.say_left_out(left_out or [])
    options.say(f"{output}: {_count(page.readings, 'reading')}, {_count(page.films, 'film')}")
    return 1 if left_out else 0


def _clinic(
    patients: Path | None,
    switches: list[str],
    own_rules: list[str],
    *,
    ignore_unknown: bool,
    keep_going: bool,
) -> Clinic | None:
    """Return the patients and how to classify them; None without a table of patients."""
    if patients is None:
        if switches or own_rules:
            msg = "expected it with --switch and --rule, got none"
            raise typer.BadParameter(msg, param_hint="--patients")
        return None
    from spinegrade.osteoporosis.cohort import Classification
    from spinegrade.osteoporosis.rule import osteoporosis_rules
    from spinegrade.osteoporosis.switches import parse_switches
    from spinegrade.patients.reading import read_patients
    from spinegrade.report import Clinic

    settings = parse_switches(switches)
    how = Classification(settings, osteoporosis_rules(settings, own_rules))
    return Clinic(read_patients(patients, ignore_unknown=ignore_unknown, keep_going=keep_going), how)


def _check_output(output: Path, *, force: bool) -> None:
    """Refuse a name that is no page's, which a film or a reading may have, before any work is done."""
    from spinegrade.errors import FormatError
    from spinegrade.io.atomic import check_writable

    if output.suffix.lower() not in (".html", ".htm"):
        msg = f"{output}: expected a name that ends in .html, got {output.suffix or 'no suffix'!r}"
        raise FormatError(msg)
    check_writable(output, force=force)


def _write(html: str, output: Path, *, force: bool) -> None:
    from spinegrade.io.atomic import replacing

    with replacing(output, force=force) as temporary:
        temporary.write_text(html, encoding="utf-8", newline="\n")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
