"""``spinegrade norms``: tables of what is normal, made, listed, shown, and vertebrae beside them."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinegrade.cli import options

if TYPE_CHECKING:
    import polars as pl

    from spinegrade.norms.fitting import Recipe

EXAMPLE = "Example: spinegrade norms list"
BUILD_EXAMPLE = (
    "Example: spinegrade norms build sample_images/landmarks.csv --patients sample_images/patients.csv "
    "--sexes any --least 5 --id demo --output demo-norm.csv"
)
SCORE_EXAMPLE = (
    "Example: spinegrade norms score sample_images/landmarks.csv --norms gaca-2010 "
    "--patients sample_images/patients.csv"
)

_MOST_ROWS = 400
_WIDTH = 110

norms = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=EXAMPLE,
    help="Make, list and show norms: what heights and ratios are without fractures, by level, sex and age.",
)


def _say_example(value: bool) -> None:  # noqa: FBT001  the shape of a typer callback
    if value:
        from importlib import resources

        text = (resources.files("spinegrade.norms") / "example.csv").read_text(encoding="utf-8")
        typer.echo(text, nl=False)
        raise typer.Exit


@norms.callback()
def _norms(
    _example: Annotated[
        bool,
        typer.Option(
            "--example", callback=_say_example, is_eager=True, help="Print a norm to write over, and end."
        ),
    ] = False,
) -> None:
    """Take the options before the verb."""


class FormChoice(StrEnum):
    """What a row of a norm says."""

    MEAN_SD = "mean-sd"
    LMS = "lms"


_RESAMPLES = {FormChoice.MEAN_SD: 1000, FormChoice.LMS: 100}


class SexesChoice(StrEnum):
    """Whom a row of a norm is for; `spinegrade.norms.build.BY_SEX`."""

    EACH = "each"
    ANY = "any"
    BOTH = "both"


Normals = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE...",
        help="Normals: landmark tables or readings, a result table, a folder of NHANES 2013-14 .XPT files, "
        "or a table of CT body heights.",
        show_default=False,
    ),
]
Written = Annotated[Path, typer.Option("--output", "-o", help="Norm to write, .csv.", show_default=False)]
Name = Annotated[str, typer.Option("--id", help="Name of the norm.", show_default=False)]
Ages = Annotated[
    str | None,
    typer.Option(
        "--ages",
        help="Ends of bands of age, as 40,50,60,70 (the last is not in it), or the knots of lms.  "
        "[default: one band from the youngest to the oldest]",
        show_default=False,
    ),
]
Trim = Annotated[
    str, typer.Option("--trim", help="Cut tails beyond so many SD, after Black 1991; or none. Not with lms.")
]


@norms.command("list", epilog=EXAMPLE)
def list_norms() -> None:
    """List the norms that come with spinegrade."""
    from spinegrade.norms import load_norm, norm_ids

    for one in map(load_norm, norm_ids()):
        sys.stdout.write(f"{one.id:<20} revision {one.revision}  {one.title}\n{'':<20} {one.citation}\n")
    options.say("norms of means: build one with spinegrade norms build, and name its file")


@norms.command("show", epilog="Example: spinegrade norms show gaca-2010")
def show_norm(
    norm: Annotated[str, typer.Argument(help="Norm to show, or a .csv file.", show_default=False)],
) -> None:
    """Show a norm as it is written, with its source above the table."""
    from importlib import resources

    from spinegrade.norms import load_norm

    found = load_norm(norm)
    path = (
        Path(norm)
        if norm.endswith(".csv")
        else resources.files("spinegrade.norms") / "tables" / f"{norm}.csv"
    )
    sys.stdout.write(f'# sha256 = "{found.sha256}"\n{path.read_text(encoding="utf-8-sig")}')


@norms.command("build", epilog=BUILD_EXAMPLE)
def build(
    sources: Normals,
    output: Written,
    name: Name,
    patients: options.Patients = None,
    form: Annotated[FormChoice, typer.Option("--form", help="What a row says.")] = FormChoice.MEAN_SD,
    ages: Ages = None,
    sexes: Annotated[SexesChoice, typer.Option("--sexes", help="Rows for.")] = SexesChoice.EACH,
    trim: Trim = "2.5",
    only_normal: Annotated[
        bool,
        typer.Option("--only-normal", help="Vertebrae graded 0 alone; by visual grade where there is one."),
    ] = False,
    least: Annotated[int, typer.Option("--least", min=2, help="Fewest people that make a row.")] = 30,
    resamples: Annotated[
        int | None,
        typer.Option(
            "--resamples",
            min=0,
            help="Of the bootstrap for intervals.  [default: 1000, 100 with lms]",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random numbers.")] = 0,
    title: Annotated[str | None, typer.Option("--title", show_default=False, help="Of the norm.")] = None,
    citation: Annotated[
        str, typer.Option("--citation", help="Where the normals are described.")
    ] = "not published",
    force: options.Force = False,
) -> int:
    """Make a norm from normals: mean and SD, or L, M and S, with intervals, by level, sex and age."""
    from spinegrade.cli.norms_sources import check_id, find_normals
    from spinegrade.io.atomic import check_writable, replacing
    from spinegrade.norms.build import Title, build_norm
    from spinegrade.norms.people import read_people

    if output.suffix != ".csv":
        msg = f"expected a name that ends in .csv, got {output.name!r}"
        raise typer.BadParameter(msg, param_hint="--output")
    check_id(name)
    check_writable(output, force=force)
    options.refuse_output(output, patients=patients, read=sources)
    recipe = _recipe(form, ages, trim, least, resamples, seed)
    people = None if patients is None else read_people(patients)
    normals = find_normals(sources, people, only_normal=only_normal)
    for note in normals.notes:
        options.say(note)
    called = Title(name, title or f"Norm {name}", citation)
    built = build_norm(normals, recipe, called, by_sex=sexes.value)
    norm = built.norm
    with replacing(output, force=force) as path:
        path.write_text(built.text, encoding="utf-8")
    levels = norm.frame["level"].unique().len()
    rows = f"{norm.frame.height:,} rows of {len(norm.measures)} measures at {levels} levels"
    people, given = norm.header["people"], normals.count
    of = f"{people:,}" if people == given else f"{people:,} of {given:,}"
    for note in built.notes:
        options.say(note)
    options.say(f"{rows} from {of} people, ages {norm.header['ages']}, written to {output}")
    return 0


def _recipe(
    form: FormChoice, ages: str | None, trim: str, least: int, resamples: int | None, seed: int
) -> Recipe:
    """Return what the options ask for."""
    from spinegrade.norms.fitting import Recipe

    try:
        years = () if ages is None else tuple(float(age) for age in ages.split(","))
        tails = None if trim == "none" else float(trim)
        times = _RESAMPLES[form] if resamples is None else resamples
        made = Recipe(form.value, years, tails, least, times, seed)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--ages or --trim") from error
    if len(years) == 1 or (tails is not None and not 1.0 <= tails < 10.0):
        msg = f"expected two ages or more, and tails from 1 to 10 SD or none, got {ages} and {trim}"
        raise typer.BadParameter(msg, param_hint="--ages or --trim")
    return made


@norms.command("score", epilog=SCORE_EXAMPLE)
def score(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...", help="Landmark tables, readings, or result tables.", show_default=False
        ),
    ],
    norm: Annotated[str, typer.Option("--norms", help="Norm by id or a .csv file.", show_default=False)],
    patients: options.Patients = None,
    rule: Annotated[
        str | None,
        typer.Option(
            "--rule",
            help="Say by this rule which vertebrae are deformed, as three-ratios-3sd, or a .toml file "
            "of one's own.  [default: ratios with their z-scores]",
            show_default=False,
        ),
    ] = None,
    output: options.Output = None,
    look: options.Look = None,
    force: options.Force = False,
) -> int:
    """Compare vertebrae with a norm: ratios with z-scores or percentiles, or what a rule finds."""
    from spinegrade.cli.norms_score import Spines, score_measures, score_rule
    from spinegrade.cli.norms_sources import height_rows
    from spinegrade.cli.output import Target
    from spinegrade.norms import load_norm
    from spinegrade.norms.people import read_people
    from spinegrade.norms.results import fault_notes
    from spinegrade.quantitative_rule import quantitative_rule

    target = Target.of(output, look, force=force)
    options.refuse_output(output, patients=patients, read=(*sources, norm, rule))
    by = load_norm(norm)
    method = None if rule is None else quantitative_rule(rule)
    people = None if patients is None else read_people(patients)
    spines = Spines(height_rows(sources), people)
    for note in () if people is None else fault_notes(spines.key, people):
        options.say(note)
    frame = score_measures(spines, by) if method is None else score_rule(spines, by, method)
    if target.as_table:
        _show(frame)
    else:
        target.write(frame)
    return 0


def _show(frame: pl.DataFrame) -> None:
    """Print the rows as a table, without what is the same in all of them."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    said = [name for name in ("rules", "norm", "version") if name in frame.columns]
    same = [name for name in ("reader", "occasion", "z", "below_percentile") if name in frame.columns]
    shown = frame.drop(*said, *(name for name in same if frame[name].n_unique() == 1))
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in shown.columns:
        table.add_column(name.replace("_", " "), overflow="fold", justify="left")
    for row in shown.head(_MOST_ROWS).iter_rows(named=True):
        table.add_row(*(_cell(value, _PLACES.get(name, 3)) for name, value in row.items()))
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(table)
    if shown.height > _MOST_ROWS:
        console.print(f"{_MOST_ROWS} of {shown.height:,} rows shown; --output FILE writes them all.")
    for name in said:
        console.print(f"{name}: {frame[name][0]}", style="dim")
    console.print("Research software, no medical device.", style="dim")


_PLACES = {"ratio": 4}
"""Decimals of columns that need more than three: 0.8929 lies below 0.893."""


def _cell(value: object, places: int) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.{places}f}" if isinstance(value, float) else f"{value}"
