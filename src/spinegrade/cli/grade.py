"""``spinegrade grade`` and ``spinegrade assess``: landmarks in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from spinegrade.cli import assess_options, options

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.batch import Result

GRADE_EXAMPLE = "Example: spinegrade grade sample_images/landmarks.csv --point-sd 2px --output grades.csv"
ASSESS_EXAMPLE = (
    "Example: spinegrade assess sample_images/landmarks.csv --patients sample_images/patients --format table"
)


def grade(
    sources: options.Sources,
    output: options.Output = None,
    reference: options.Reference = options.ReferenceChoice.STANDARD,
    rules: options.Rules = "genant-1993",
    levels: options.Levels = "T4-L4",
    point_sd: options.PointSdText = None,
    unit: options.InUnit = options.UnitChoice.AS_CALIBRATED,
    norms: options.Norms = None,
    patients: options.Patients = None,
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
    sources: options.Sources = [],  # noqa: B006  typer wants a list, and nobody changes it
    patients: assess_options.PatientsTable = None,
    output: options.Output = None,
    reference: options.Reference = options.ReferenceChoice.STANDARD,
    rules: options.Rules = "genant-1993",
    levels: options.Levels = "T4-L4",
    switches: assess_options.SwitchTexts = [],  # noqa: B006
    own_rules: assess_options.OwnRules = [],  # noqa: B006
    reader: assess_options.OneReader = None,
    norms: assess_options.NormOfPatients = None,
    look: options.Look = None,
    force: options.Force = False,
    keep_going: options.KeepGoing = False,
    ignore_unknown: options.IgnoreUnknown = False,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
) -> int:
    """Sum up every spine: grades, deformity index with bounds, status; one reading a row.

    With --patients: one patient a row, with what the rules for osteoporosis answer.
    """
    given = dict(locals())
    for name in ("patients", "switches", "own_rules", "reader"):
        given.pop(name)
    if patients is None:
        _refuse_alone(sources, switches or own_rules or reader)
        return _make("assess", point_sd=None, unit=options.UnitChoice.AS_CALIBRATED, **given)
    from attrs import evolve

    from spinegrade.cli.assess_patients import Asked, assess_patients
    from spinegrade.cli.output import Target

    asked = Asked(patients, switches, own_rules, reader, keep_going, ignore_unknown)
    method = options.method(rules, reference, levels, options.UnitChoice.AS_CALIBRATED)
    method = evolve(method, norms=options.norm_use(norms, None))
    target = Target.of(output, look, force=force)
    return assess_patients(sources, asked, method, target, options.where(workers, cluster))


def _refuse_alone(sources: list[Path], patients_options: object) -> None:
    """Refuse no source at all, and options that mean nothing without a table of patients."""
    if not sources:
        msg = "expected landmark tables, readings or folders, or --patients, got none"
        raise typer.BadParameter(msg, param_hint="SOURCE...")
    if patients_options:
        msg = "expected it with --switch, --rule and --reader, got none"
        raise typer.BadParameter(msg, param_hint="--patients")


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
    norms: str | None = None,
    patients: Path | None = None,
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
    options.refuse_output(output, patients=patients, read=(norms, rules))
    where = options.where(workers, cluster)
    method = evolve(
        method,
        point_sd=options.point_sd(point_sd, opened.sources, where),
        norms=options.norm_use(norms, patients),
    )
    report = target.run(opened.sources, result, method, where, keep_going=keep_going)
    left_out = opened.problems + report.problems
    options.say_left_out(left_out)
    if left_out:
        options.say(f"{len(left_out)} left out, {report.rows} rows of results")
    return 1 if left_out else 0
