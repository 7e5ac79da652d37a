"""Options that several verbs share, and what they mean."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spinegrade.assess import Method, PointSd
    from spinegrade.executors import Where
    from spinegrade.io import Source
    from spinegrade.io.sources import Opened
    from spinegrade.norms.people import NormUse


class ReferenceChoice(StrEnum):
    """What heights are compared with; `spinegrade.expected.REFERENCE_WORDS` says more."""

    STANDARD = "standard"
    OWN = "own"
    ADJACENT = "adjacent"
    LARGEST = "largest"


class UnitChoice(StrEnum):
    """What heights are in; `spinegrade.assess.UNITS`."""

    AS_CALIBRATED = "as-calibrated"
    MM = "mm"
    PX = "px"


class Shown(StrEnum):
    """How results look on standard output."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE...",
        readable=False,
        help="Landmark tables (.csv, .parquet), readings (.reading.json), or folders of them.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="File to write: .csv, .parquet or .json.", show_default=False),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an output that exists.")]
Look = Annotated[
    Shown | None,
    typer.Option(
        "--format",
        help="On standard output: a table to read, CSV or JSON.  [default: table on a terminal, else csv]",
        show_default=False,
    ),
]
Reference = Annotated[
    ReferenceChoice,
    typer.Option(
        "--reference",
        help="Compare heights with: standard (own posterior height; the neighbours' where the posterior wall "
        "is low), own, adjacent (the neighbours') or largest (own).",
    ),
]
Rules = Annotated[str, typer.Option("--rules", help="Rule by id (see spinegrade rules) or a .toml file.")]
Levels = Annotated[str, typer.Option("--levels", help="Levels to grade, as T4-L4, or all.")]
PointSdText = Annotated[
    str | None,
    typer.Option(
        "--point-sd",
        help="SD of a landmark along the height, as 0.5mm or 1.2px (a bare number: the unit of each row), "
        "or 'repeats' to estimate it from vertebrae read more than once. Gives each grade its probability.",
        show_default=False,
    ),
]
InUnit = Annotated[
    UnitChoice,
    typer.Option(
        "--unit",
        help="Heights in: as-calibrated (mm where a film gives them, else px), mm (a film without is an "
        "error) or px.",
    ),
]
Norms = Annotated[
    str | None,
    typer.Option(
        "--norms",
        help="Norm by id (see spinegrade norms list) or a .csv file: heights are compared with what is "
        "normal for level, sex and age.",
        show_default=False,
    ),
]
Patients = Annotated[
    Path | None,
    typer.Option(
        "--patients",
        help="Sex and age of the patients: a table with patient, sex, age or birth_date, or a folder with "
        "patients.csv.",
        show_default=False,
    ),
]
KeepGoing = Annotated[
    bool, typer.Option("--keep-going", help="Leave out what cannot be used, list it, exit with 1.")
]
IgnoreUnknown = Annotated[bool, typer.Option("--ignore-unknown", help="Read past unknown columns.")]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, help="Processes for large input.  [default: one a core]", show_default=False
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", help="Dask scheduler to work on, as tcp://host:8786.", show_default=False),
]


def method(rules: str, reference: ReferenceChoice, levels: str, unit: UnitChoice) -> Method:
    """Return the method that the options describe, without a landmark error."""
    from spinegrade.anatomy import parse_range
    from spinegrade.assess import Method
    from spinegrade.errors import LandmarkError

    try:
        wanted = parse_range(levels)
    except LandmarkError as error:
        raise typer.BadParameter(str(error), param_hint="--levels") from error
    made = Method(rules=rules, reference=reference.value, levels=wanted, unit=unit.value)
    _ = made.rule  # an unknown rule is said before anything is read
    return made


def point_sd(text: str | None, sources: list[Source], where: Where) -> PointSd | None:
    """Return the landmark error that the option gives, estimated where it says so."""
    from spinegrade.assess import PointSd

    if text is None:
        return None
    if text == "repeats":
        from spinegrade.repeats import find_repeats

        repeats = find_repeats(sources, where)
        say(str(repeats))
        return repeats.point_sd
    found = re.fullmatch(r"((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(mm|px)?", text.strip())
    if found is None or not float(found[1]) > 0:
        msg = f"expected a number above 0, as in 0.5mm or 1.2px, or 'repeats', got {text!r}"
        raise typer.BadParameter(msg, param_hint="--point-sd")
    return PointSd(float(found[1]), found[2])


def refuse_output(
    output: Path | None, *, patients: Path | None = None, read: Iterable[Path | str | None] = ()
) -> None:
    """Refuse to write over patients' tables, or over other files that are read, by path or by id.

    Raises
    ------
    FormatError
        If the output is one of them.
    """
    from spinegrade.io.sources import refuse_output as refuse
    from spinegrade.patients.reading import table_files

    given = [Path(one) for one in read if one is not None]
    files = [file for one in given for file in (one.rglob("*") if one.is_dir() else [one])]
    refuse(output, files if patients is None else [*files, *table_files(patients)])


def norm_use(norms: str | None, patients: Path | None) -> NormUse | None:
    """Return the norm that the options name, with the people to look up in it."""
    if norms is None:
        if patients is not None:
            msg = "it says sex and age for a norm; name one with --norms"
            raise typer.BadParameter(msg, param_hint="--patients")
        return None
    from spinegrade.errors import RuleError
    from spinegrade.norms import load_norm
    from spinegrade.norms.people import NormUse, read_people

    norm = load_norm(norms)
    if norm.form == "percentile" or "wedge_ratio" not in norm.measures:
        msg = f"{norms}: expected a norm with means of the wedge ratio to grade by, got {norm.form} of "
        msg += f"{', '.join(norm.measures)}; spinegrade norms score compares with it"
        raise RuleError(msg)
    return NormUse(norm, None if patients is None else read_people(patients))


def where(workers: int | None, cluster: str | None) -> Where:
    """Return where to work."""
    from spinegrade.executors import Where

    return Where(cluster=cluster) if workers is None else Where(workers=workers, cluster=cluster)


def open_sources(paths: list[Path], *, ignore_unknown: bool, keep_going: bool) -> Opened:
    """Return the opened sources, and say what had to be assumed."""
    from spinegrade.io import sources

    opened = sources.open_sources(paths, ignore_unknown=ignore_unknown, keep_going=keep_going)
    for note in opened.notes:
        say(note)
    return opened


def say_left_out(problems: list[str]) -> None:
    """Say each thing that was left out."""
    for problem in problems:
        say(f"left out: {problem}")


def say(words: str) -> None:
    """Write words for the person to standard error."""
    sys.stderr.write(f"{words}\n")
