"""The command line: ``spinegrade VERB``.

Data go to standard output or to a file, words to standard error.  Exit code 0 is fine, 1 an error that is
said in one line, 2 a wrong use, 130 a run stopped by Ctrl-C.  Nothing heavy is imported before a verb runs.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from spinegrade import __version__
from spinegrade.cli import (
    agree,
    bmd,
    convert,
    followup,
    grade,
    image,
    norms,
    phantom,
    qualitative,
    report,
    rules,
    sample_size,
    study,
)
from spinegrade.cli import app as desk
from spinegrade.errors import SpinegradeError

app = typer.Typer(
    name="spinegrade",
    help="Grade vertebral fractures from six-point landmarks. Research software, no medical device.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="spinegrade VERB --help shows the options of a verb, with an example.",
)
app.command("grade", epilog=grade.GRADE_EXAMPLE)(grade.grade)
app.command("assess", epilog=grade.ASSESS_EXAMPLE)(grade.assess)
app.command("followup", epilog=followup.EXAMPLE)(followup.followup)
app.command("qualitative", epilog=qualitative.EXAMPLE)(qualitative.qualitative)
app.command("agree", epilog=agree.EXAMPLE)(agree.agree)
app.command("sample-size", epilog=sample_size.EXAMPLE)(sample_size.sample_size)
app.command("convert", epilog=convert.EXAMPLE)(convert.convert)
app.command("image", epilog=image.EXAMPLE)(image.image)
app.command("app", epilog=desk.EXAMPLE)(desk.app)
app.command("phantom", epilog=phantom.EXAMPLE)(phantom.phantom)
app.command("report", epilog=report.EXAMPLE)(report.report)
app.command("rules", epilog=rules.EXAMPLE)(rules.rules)
app.add_typer(norms.norms, name="norms")
app.add_typer(bmd.bmd, name="bmd")
app.add_typer(study.study, name="study")


def _say_version(value: bool) -> None:  # noqa: FBT001  the shape of a typer callback
    if value:
        typer.echo(f"spinegrade {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version.")
    ] = False,
    _debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error.")] = False,
) -> None:
    """Options before the verb; ``--debug`` is taken anywhere, see `main`."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    command = typer.main.get_command(app)
    try:
        with command.make_context("spinegrade", [one for one in given if one != "--debug"]) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _fail("stopped; nothing was written", None, debug=False, code=130)
    except (BrokenPipeError, SystemExit):  # rich makes the second of the first
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  whatever it is, it is said in one line
        if hasattr(error, "format_message"):  # typer's own: a wrong use
            error.show(file=sys.stderr)  # type: ignore[attr-defined]
            return int(getattr(error, "exit_code", 2))
        return _fail(_words(error), error, debug=debug)


def _words(error: Exception) -> str:
    """Return what to say of an error: its own words, where it was written for a person."""
    if isinstance(error, SpinegradeError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'output'}: expected to read or write it, got: {error.strerror or error}"
    return f"unexpected {type(error).__name__}: {error}; --debug shows where it comes from"


def _fail(message: str, error: Exception | None, *, debug: bool, code: int = 1) -> int:
    """Say in one line what is wrong, with a traceback before it where one was asked for."""
    if debug and error is not None:
        import traceback

        traceback.print_exception(error)
    one_line = " ".join(message.split())
    sys.stderr.write(f"spinegrade: {one_line}\n")
    return code


def run() -> None:
    """Run the command line and leave Python with its exit code.

    A polite request to end is taken as Ctrl-C is: nothing half written stays behind.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
