"""``spinegrade bmd``: z-scores of bone mineral density, with what makes them and why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinegrade.cli import options

if TYPE_CHECKING:
    from spinegrade.bmd_registry import Registry
    from spinegrade.bmd_scoring import Scoring

EXAMPLE = "Example: spinegrade bmd equations"
SCORE_EXAMPLE = (
    "Example: spinegrade bmd score tests/cases/bmd/clinic --reference tests/cases/bmd/made-up-reference.csv "
    "--convert lunar-hologic-spine --format table"
)
APPARENT_EXAMPLE = (
    "Example: spinegrade bmd apparent tests/cases/bmd/contents.csv "
    "--equations tests/cases/bmd/made-up-equations.toml --equation made-up-bmad --format table"
)

bmd = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=EXAMPLE,
    help="Score bone mineral densities by references that you load. None comes along; docs/bmd.md says why.",
)


def _say_columns(value: bool) -> None:  # noqa: FBT001  the shape of a typer callback
    if value:
        typer.echo("reference,device,site,sex,group,age,l,m,s")
        raise typer.Exit


@bmd.callback()
def _bmd(
    _columns: Annotated[
        bool,
        typer.Option(
            "--columns",
            callback=_say_columns,
            is_eager=True,
            help="Print the columns of a reference to fill in, and end.",
        ),
    ] = False,
) -> None:
    """Take the options before the verb."""


Table = Annotated[
    Path,
    typer.Argument(
        metavar="PATIENTS",
        help="Folder with tables of patients and bmd, or one .json or .parquet file with both.",
        show_default=False,
    ),
]
Reference = Annotated[
    Path,
    typer.Option(
        "--reference",
        help="Table of L, M and S by reference, device, site, sex and age, .csv.",
        show_default=False,
    ),
]
Name = Annotated[
    str | None,
    typer.Option("--name", help="Which reference of the table, where it has several.", show_default=False),
]
Convert = Annotated[
    list[str],
    typer.Option(
        "--convert",
        metavar="ID",
        help="Convert densities by this equation (see spinegrade bmd equations). May be repeated.  "
        "[default: nothing is converted]",
        show_default=False,
    ),
]
Equations = Annotated[
    Path | None,
    typer.Option(
        "--equations", help="Equations of your own, .toml, beside those that come along.", show_default=False
    ),
]
Group = Annotated[
    str, typer.Option("--group", help="Group of the reference, for all patients.", show_default=False)
]
HeightAdjust = Annotated[
    Path | None,
    typer.Option(
        "--height-adjust",
        help="Table of intercept and slope of z on height-z, .csv: adjusted z-scores beside the z-scores. "
        "Needs --height-reference.",
        show_default=False,
    ),
]
HeightReference = Annotated[
    Path | None,
    typer.Option(
        "--height-reference",
        help="Table like --reference with rows of the site height, M in cm: the height-z.",
        show_default=False,
    ),
]
HeightWithin = Annotated[
    float,
    typer.Option(
        "--height-within",
        min=0,
        help="Months that the height in the patients table may be away from the scan.",
    ),
]
SameDay = Annotated[
    bool,
    typer.Option(
        "--same-day",
        help="Where a date is missing: the scan was on the day of the age and height in the patients table.",
    ),
]
Replace = Annotated[
    bool, typer.Option("--replace", help="Score scans again that have a z.  [default: they keep it]")
]
Details = Annotated[
    Path | None,
    typer.Option(
        "--details",
        help="Second file to write: age, height age, z at height age, months since the scan before, why "
        "there is no z, what was used.",
        show_default=False,
    ),
]


@bmd.command("score", epilog=SCORE_EXAMPLE)
def score(
    patients: Table,
    reference: Reference,
    name: Name = None,
    convert: Convert = [],  # noqa: B006  typer copies it
    equations: Equations = None,
    group: Group = "",
    height_adjust: HeightAdjust = None,
    height_reference: HeightReference = None,
    height_within: HeightWithin = 3.0,
    same_day: SameDay = False,
    replace: Replace = False,
    output: options.Output = None,
    details: Details = None,
    look: options.Look = None,
    force: options.Force = False,
    keep_going: options.KeepGoing = False,
    ignore_unknown: options.IgnoreUnknown = False,
) -> int:
    """Write the bmd table again with z-scores, for spinegrade assess --patients."""
    from spinegrade.bmd_scans import OnTheDay, describe_scans
    from spinegrade.bmd_scoring import score_scans
    from spinegrade.cli import bmd_output
    from spinegrade.cli.output import Target
    from spinegrade.errors import FormatError
    from spinegrade.patients.reading import read_patients

    target = Target.of(output, look, force=force)
    beside = None if details is None else Target.of(details, None, force=force)
    for one in (output, details):
        options.refuse_output(
            one, patients=patients, read=(reference, equations, height_adjust, height_reference)
        )
    if output is not None and details is not None and output.resolve() == details.resolve():
        msg = f"{output}: expected another file by --details than by --output, got the same"
        raise FormatError(msg)
    by = _scoring(reference, name, convert, _registry(equations), group, height_adjust, height_reference)
    given = read_patients(patients, ignore_unknown=ignore_unknown, keep_going=keep_going)
    if given.bmd.is_empty():
        msg = f"{patients}: expected rows of bmd, got none"
        raise FormatError(msg)
    scans = describe_scans(given, OnTheDay(height_within, same_day))
    found = score_scans(scans, _with(by, replace=replace))
    if beside is not None:
        beside.write(bmd_output.details(found))
    bmd_output.write_scores(target, found, by)
    for words in bmd_output.summary(found):
        options.say(words)
    options.say_left_out(given.problems)
    return 1 if given.problems else 0


def _registry(equations: Path | None) -> Registry:
    """Return the equations that come along, and those of the file."""
    from spinegrade.bmd_registry import load_registry

    shipped = load_registry()
    return shipped if equations is None else shipped.beside(load_registry(equations))


def _scoring(
    reference: Path,
    name: str | None,
    convert: list[str],
    registry: Registry,
    group: str,
    height_adjust: Path | None,
    height_reference: Path | None,
) -> Scoring:
    """Return what the options describe, checked before any patient is read."""
    from spinegrade.bmd_scoring import Scoring
    from spinegrade.bmd_tables import choose_adjustment, choose_heights, choose_reference

    if height_adjust is not None and height_reference is None:
        msg = "it needs the height-z of each patient; name a table of heights with --height-reference"
        raise typer.BadParameter(msg, param_hint="--height-adjust")
    chosen = choose_reference(reference, name)
    made = Scoring(
        chosen,
        group,
        tuple(registry.conversion(one) for one in dict.fromkeys(convert)),
        registry.usable_height_ages,
        None if height_adjust is None else choose_adjustment(height_adjust, chosen),
        None if height_reference is None else choose_heights(height_reference),
        equations=registry.stamp,
    )
    made.check()
    return made


def _with(by: Scoring, *, replace: bool) -> Scoring:
    from attrs import evolve

    return evolve(by, replace=replace)


@bmd.command("equations", epilog=EXAMPLE)
def equations(own: Equations = None) -> None:
    """List the equations: conversions, height age, apparent density, with source and status."""
    from spinegrade.cli.bmd_output import describe

    for entry in _registry(own).entries:
        for line in describe(entry):
            typer.echo(line)
    options.say("unconfirmed equations are not run; docs/bmd.md says how to bring your own")


@bmd.command("apparent", epilog=APPARENT_EXAMPLE)
def apparent(
    contents: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE", help="Table of patient, site, bmc_g, area_cm2, .csv.", show_default=False
        ),
    ],
    equation: Annotated[
        str, typer.Option("--equation", metavar="ID", help="Which equation.", show_default=False)
    ],
    own: Equations = None,
    output: options.Output = None,
    look: options.Look = None,
    force: options.Force = False,
) -> int:
    """Write bone mineral apparent densities; the exponent has to come from a file of yours."""
    from spinegrade.bmd_contents import add_apparent, read_contents
    from spinegrade.cli import bmd_output
    from spinegrade.cli.output import Target

    target = Target.of(output, look, force=force)
    options.refuse_output(output, read=(contents, own))
    registry = _registry(own)
    chosen = registry.bmad(equation)
    found = add_apparent(read_contents(contents), chosen, registry.stamp)
    if target.as_table:
        bmd_output.show_apparent(found, chosen)
    else:
        target.write(found)
    without = found["bmad"].null_count()
    options.say(
        f"{found.height:,} rows: {found.height - without:,} with an apparent density, {without:,} without"
    )
    return 0
