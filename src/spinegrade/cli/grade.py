"""``spinegrade grade`` and ``spinegrade assess``: landmarks in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.cli import options

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.batch import Result

GRADE_EXAMPLE = "Example: spinegrade grade sample_images/landmarks.csv --point-sd 2px --output grades.csv"
ASSESS_EXAMPLE = "Example: spinegrade assess sample_images/landmarks.csv --format table"


def grade(
    sources: options.Sources,
    output: options.Output = None,
    reference: options.Reference = options.ReferenceChoice.STANDARD,
    rules: options.Rules = "genant-1993",
    levels: options.Levels = "T4-L4",
    point_sd: options.PointSdText = None,
    unit: options.InUnit = options.UnitChoice.AS_CALIBRATED,
    look: options.Look = None,
    force: options.Force = False,
    keep_going: options.KeepGoing = False,
    ignore_unknown: options.IgnoreUnknown = False,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
) -> int:
    """Grade every vertebra: heights, ratios, losses, shape, Genant grade; one vertebra a row."""
    return _make("grade", **locals())


def assess(
    sources: options.Sources,
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
    """Sum up every spine: grades, deformity index with bounds, status; one reading a row."""
    return _make("assess", point_sd=None, unit=options.UnitChoice.AS_CALIBRATED, **locals())


def _make(
    result: Result,
    *,
    sources: list[Path],
    output: Path | None,
    reference: options.ReferenceChoice,
    rules: str,
    levels: str,
    point_sd: str | None,
    unit: options.UnitChoice,
    look: options.Shown | None,
    force: bool,
    keep_going: bool,
    ignore_unknown: bool,
    workers: int | None,
    cluster: str | None,
) -> int:
    """Run sources to results, write or show them, and return the exit code."""
    from attrs import evolve

    from spinegrade.cli.output import Target

    method = options.method(rules, reference, levels, unit)
    target = Target.of(output, look, force=force)
    opened = options.open_sources(sources, ignore_unknown=ignore_unknown, keep_going=keep_going)
    opened.refuse_output(output)
    where = options.where(workers, cluster)
    method = evolve(method, point_sd=options.point_sd(point_sd, opened.sources, where))
    report = target.run(opened.sources, result, method, where, keep_going=keep_going)
    left_out = opened.problems + report.problems
    options.say_left_out(left_out)
    if left_out:
        options.say(f"{len(left_out)} left out, {report.rows} rows of results")
    return 1 if left_out else 0
