"""``spinegrade agree``: readings of the same films in, how well their readers agree out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated

import typer

from spinegrade.cli import options

EXAMPLE = "Example: spinegrade agree sample_images/readings --measure grade --html agreement.html"


class MeasureChoice(StrEnum):
    """What readers are compared on; `spinegrade.reader_agreement.MEASURES` says more."""

    GRADE = "grade"
    FRACTURE = "fracture"
    SHAPE = "shape"
    EVALUABLE = "evaluable"
    VISUAL_GRADE = "visual-grade"
    HEIGHT_LOSS = "height-loss"
    ANTERIOR = "anterior"
    MIDDLE = "middle"
    POSTERIOR = "posterior"
    WEDGE_RATIO = "wedge-ratio"
    BICONCAVE_RATIO = "biconcave-ratio"
    CRUSH_RATIO = "crush-ratio"
    AREA_LOSS = "area-loss"
    SDI = "sdi"
    LANDMARKS = "landmarks"


class WeightChoice(StrEnum):
    """What disagreements of ordered categories weigh; `spinegrade.agreement.WEIGHT_NAMES`."""

    UNWEIGHTED = "unweighted"
    LINEAR = "linear"
    QUADRATIC = "quadratic"


class ByChoice(StrEnum):
    """What an item is."""

    VERTEBRA = "vertebra"
    PATIENT = "patient"


class IntervalChoice(StrEnum):
    """How intervals are made from resamples of patients."""

    BCA = "bca"
    PERCENTILE = "percentile"


def agree(
    sources: options.Sources,
    measure: Annotated[
        list[MeasureChoice] | None,
        typer.Option(
            "--measure", "-m", help="Compare readers on this; may be given again.  [default: grade]"
        ),
    ] = None,
    weights: Annotated[
        list[WeightChoice] | None,
        typer.Option(
            "--weights", help="What disagreements of grades weigh; may be given again.  [default: all three]"
        ),
    ] = None,
    by: Annotated[
        ByChoice,
        typer.Option(
            "--by",
            help="Compare vertebra by vertebra, or spines: worst grade, any fracture, deformity index (sdi).",
        ),
    ] = ByChoice.VERTEBRA,
    reference: options.Reference = options.ReferenceChoice.STANDARD,
    rules: options.Rules = "genant-1993",
    levels: options.Levels = "T4-L4",
    unit: options.InUnit = options.UnitChoice.AS_CALIBRATED,
    reference_reader: Annotated[
        str | None,
        typer.Option(
            "--reference-reader",
            help="Sensitivity, specificity and McNemar's test against this reader, or against the consensus "
            "of the others (consensus).",
            show_default=False,
        ),
    ] = None,
    random_readers: Annotated[
        bool,
        typer.Option(
            "--random-readers", help="Intervals for other readers too, beside those for other patients."
        ),
    ] = False,
    groups: Annotated[
        Path | None,
        typer.Option(
            "--groups",
            help="CSV with a column exam and others, such as quality: agreement in each group too.",
            show_default=False,
        ),
    ] = None,
    resamples: Annotated[int, typer.Option("--resamples", min=100, help="Resamples of patients.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random numbers.")] = 0,
    confidence: Annotated[
        float, typer.Option("--confidence", min=0.5, max=0.999, help="Confidence of the intervals.")
    ] = 0.95,
    interval: Annotated[
        IntervalChoice, typer.Option("--interval", help="How intervals are made from the resamples.")
    ] = IntervalChoice.BCA,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File to write all estimates to.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", help="Page to write: tables, plots, worst films, methods.", show_default=False
        ),
    ] = None,
    films: Annotated[
        list[Path] | None,
        typer.Option(
            "--films",
            help="A film or a folder of films for the page; may be given again.  [default: beside each "
            "reading and in the folder above]",
            show_default=False,
        ),
    ] = None,
    look: options.Look = None,
    force: options.Force = False,
    keep_going: options.KeepGoing = False,
    ignore_unknown: options.IgnoreUnknown = False,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
) -> int:
    """Say how well readers agree: between and within them, by level, with intervals over patients."""
    from spinegrade.agreement import Plan
    from spinegrade.cli.agreement_output import Outputs
    from spinegrade.cli.agreement_run import Run, Wish

    if html is None and films:
        msg = "films are drawn on the page, so it needs --html"
        raise typer.BadParameter(msg, param_hint="--films")
    wish = Wish.of(
        [one.value for one in measure or [MeasureChoice.GRADE]],
        [one.value for one in weights or []],
        by.value,
        method=options.method(rules, reference, levels, unit),
        reference_reader=reference_reader,
        random_readers=random_readers,
        groups=groups,
        plan=Plan(resamples=resamples, seed=seed, level=confidence, method=interval.value),
    )
    outputs = Outputs.of(json_file, html, look, force=force)
    opened = options.open_sources(sources, ignore_unknown=ignore_unknown, keep_going=keep_going)
    for path in (json_file, html):
        opened.refuse_output(path)
    run = Run(opened, wish, options.where(workers, cluster), keep_going=keep_going)
    results = run.results(films or (), draw=html is not None)
    outputs.write(results, wish)
    options.say_left_out(results.problems)
    return 1 if results.problems else 0
