"""Options of ``spinegrade assess`` about patients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PatientsTable = Annotated[
    Path | None,
    typer.Option(
        "--patients",
        help="Table of patients (.csv, .parquet, .json), or a folder with patients, fractures, bmd and "
        "exposures: classify every patient, with films or without.",
        show_default=False,
    ),
]
SwitchTexts = Annotated[
    list[str],
    typer.Option(
        "--switch",
        metavar="NAME=VALUE",
        help="What sources leave open, as min_grade=2; docs/diagnosis.md lists them. May be repeated.",
        show_default=False,
    ),
]
OwnRules = Annotated[
    list[str],
    typer.Option(
        "--rule",
        metavar="FILE.toml",
        help="Rule for osteoporosis of your own, instead of the one of its code. May be repeated.",
        show_default=False,
    ),
]
NormOfPatients = Annotated[
    str | None,
    typer.Option(
        "--norms",
        help="Norm by id (see spinegrade norms list) or a .csv file: heights are compared with what is "
        "normal for level, and for the sex and age that --patients says.",
        show_default=False,
    ),
]
OneReader = Annotated[
    str | None,
    typer.Option(
        "--reader",
        help="Take this reader's readings only.  [default: all, between their lowest and highest grades]",
        show_default=False,
    ),
]
