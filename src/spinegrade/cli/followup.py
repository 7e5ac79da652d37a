"""``spinegrade followup``: what became of vertebrae from one date to the next."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from spinegrade.cli import options

if TYPE_CHECKING:
    import polars as pl

    from spinegrade.executors import Where
    from spinegrade.followup.asking import Asking
    from spinegrade.followup.run import Followed
    from spinegrade.io.sources import Opened

EXAMPLE = "Example: spinegrade followup sample_images/landmarks.csv --reader R1 --format table"


class Per(StrEnum):
    """What a row is."""

    VERTEBRA = "vertebra"
    PATIENT = "patient"
    COHORT = "cohort"


class PairsChoice(StrEnum):
    """Which dates are compared; `spinegrade.followup.pairs.PAIR_CHOICES`."""

    CONSECUTIVE = "consecutive"
    FIRST_LAST = "first-last"
    ALL = "all"


class GradeChoice(StrEnum):
    """Which grade is compared; `spinegrade.followup.asking.GRADE_KINDS`."""

    MORPHOMETRIC = "morphometric"
    VISUAL = "visual"


def followup(
    sources: options.Sources,
    output: options.Output = None,
    per: Annotated[
        Per,
        typer.Option(
            "--per",
            help="A row for each vertebra of a pair of dates, for each pair, or for each figure of the "
            "cohort (incidence, time to reshaping, levels).",
        ),
    ] = Per.VERTEBRA,
    pairs: Annotated[
        PairsChoice | None,
        typer.Option(
            "--pairs",
            help="Dates to compare of a patient read by one reader.  [default: consecutive; all with --per "
            "cohort]",
            show_default=False,
        ),
    ] = None,
    rule: Annotated[
        str,
        typer.Option("--rule", help="What is new or worse: a follow-up rule by id or a .toml file."),
    ] = "followup-sq",
    reshaping: Annotated[
        str, typer.Option("--reshaping", help="What is reshaped: a reshaping rule by id or a .toml file.")
    ] = "reshaping-2024",
    grade: Annotated[
        GradeChoice, typer.Option("--grade", help="Grade to compare: the computed or the reader's.")
    ] = GradeChoice.MORPHOMETRIC,
    reader: Annotated[
        str | None, typer.Option("--reader", help="Readings by this reader only.", show_default=False)
    ] = None,
    occasion: Annotated[
        int | None,
        typer.Option("--occasion", min=1, help="Readings on this occasion only.", show_default=False),
    ] = None,
    across_readers: Annotated[
        bool, typer.Option("--across-readers", help="Compare dates that different readers read.")
    ] = False,
    trust_levels: Annotated[
        bool,
        typer.Option("--trust-levels", help="Take levels as named where bodies match better one level off."),
    ] = False,
    reference: options.Reference = options.ReferenceChoice.STANDARD,
    rules: options.Rules = "genant-1993",
    levels: options.Levels = "T4-L4",
    point_sd: options.PointSdText = None,
    norms: options.Norms = None,
    patients: options.Patients = None,
    look: options.Look = None,
    force: options.Force = False,
    keep_going: options.KeepGoing = False,
    ignore_unknown: options.IgnoreUnknown = False,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
) -> int:
    """Compare dates: new and worse fractures, reshaping, change of heights beside growth."""
    from attrs import evolve

    from spinegrade.cli.followup_output import write
    from spinegrade.cli.output import Target
    from spinegrade.followup.asking import Asking

    method = options.method(rules, reference, levels, options.UnitChoice.AS_CALIBRATED)
    asking = Asking(
        method=method,
        rule=rule,
        reshaping=reshaping,
        pairs=(pairs or _usual_pairs(per)).value,
        grade=grade.value,
        across_readers=across_readers,
        trust_levels=trust_levels,
    )
    _ = asking.follow_up_rule, asking.reshaping_rule  # said before anything is read
    target = Target.of(output, look, force=force)
    opened = options.open_sources(sources, ignore_unknown=ignore_unknown, keep_going=keep_going)
    opened.refuse_output(output)
    options.refuse_output(output, patients=patients, read=(norms, rule, reshaping, rules))
    where = options.where(workers, cluster)
    sd = options.point_sd(point_sd, opened.sources, where)
    method = evolve(method, point_sd=sd, norms=options.norm_use(norms, patients))
    asking = evolve(asking, method=method)
    followed = _follow(opened, asking, where, _wanted(reader, occasion), keep_going=keep_going)
    write(target, followed, per.value)
    problems = opened.problems + followed.problems
    options.say_left_out(problems)
    return 1 if problems else 0


def _usual_pairs(per: Per) -> PairsChoice:
    """Return which dates are compared: a cohort counts a fracture that the film between could not show."""
    return PairsChoice.ALL if per is Per.COHORT else PairsChoice.CONSECUTIVE


def _wanted(reader: str | None, occasion: int | None) -> pl.Expr | None:
    """Return which readings were asked for; None for all."""
    import polars as pl

    given = [pl.col(name) == value for name, value in (("reader", reader), ("occasion", occasion)) if value]
    return pl.all_horizontal(given) if given else None


def _follow(
    opened: Opened, asking: Asking, where: Where, wanted: pl.Expr | None, *, keep_going: bool
) -> Followed:
    from spinegrade.followup.run import follow

    followed = follow(opened.sources, asking, where, keep_going=keep_going, wanted=wanted)
    for words in followed.notes:
        options.say(words)
    return followed
