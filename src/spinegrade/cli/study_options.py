"""What the verbs of a study share: arguments, JSON, logins."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from spinegrade.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.study.roles import Login

Study = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="File of the study, or postgresql://user@server/database.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, on standard output.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded.", show_default=False)]


def write(data: object) -> None:
    """Write records as JSON."""
    from spinegrade.io.reading_json import to_plain

    sys.stdout.write(json.dumps(to_plain(data), indent=1, ensure_ascii=False) + "\n")


def say_logins(logins: Sequence[Login]) -> None:
    """Print logins, the only time that anybody sees them."""
    if not logins:
        return
    for login in logins:
        sys.stdout.write(f"{login.reader}\t{login.role}\t{login.password}\n")
    options.say("reader, login and password: hand each reader the own line; they are not shown again")
