"""``spinegrade sample-size``: how many patients and readers a precision needs."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinegrade.cli import options
from spinegrade.cli.agree import WeightChoice

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLE = (
    "Example: spinegrade sample-size kappa 0.6 --half-width 0.1 --readers 3 --prevalence 0.85,0.15 "
    "--items-per-patient 13 --design-effect 2"
)


class StatisticChoice(StrEnum):
    """What is to be estimated."""

    KAPPA = "kappa"
    ICC = "icc"


_OF_A_KAPPA = ("prevalence", "weights")
_SIMULATED = ("within_patient", "readers_differ", "reads_per_item", "studies", "seed")


def sample_size(
    context: typer.Context,
    statistic: Annotated[
        StatisticChoice,
        typer.Argument(help="Fleiss' kappa, or the intraclass correlation of single readings."),
    ],
    expected: Annotated[float, typer.Argument(help="The value that is expected, 0 to 1.")],
    half_width: Annotated[float, typer.Option("--half-width", help="Half the width of the interval.")] = 0.1,
    confidence: Annotated[
        float, typer.Option("--confidence", min=0.5, max=0.999, help="Confidence of the interval.")
    ] = 0.95,
    readers: Annotated[int, typer.Option("--readers", min=2, help="Readers who read every film.")] = 2,
    patients: Annotated[
        int | None,
        typer.Option(
            "--patients", min=2, help="Patients that there are: how many readers then?", show_default=False
        ),
    ] = None,
    prevalence: Annotated[
        str,
        typer.Option(
            "--prevalence", help="Shares of the categories from the lowest, that add up to 1; for kappa."
        ),
    ] = "0.8,0.2",
    weights: Annotated[
        WeightChoice, typer.Option("--weights", help="What disagreements weigh; for kappa.")
    ] = WeightChoice.UNWEIGHTED,
    items_per_patient: Annotated[
        int, typer.Option("--items-per-patient", min=1, help="Vertebrae that are read of a patient.")
    ] = 1,
    design_effect: Annotated[
        float,
        typer.Option(
            "--design-effect",
            min=0.01,
            help="How many times larger the variance is because vertebrae of a patient are alike; spinegrade "
            "agree prints it.",
        ),
    ] = 1.0,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Simulate studies rather than take the formula.")
    ] = False,
    within_patient: Annotated[
        float,
        typer.Option(
            "--within-patient",
            min=0.0,
            max=1.0,
            help="Simulated: share of vertebrae's variance that is patients'.",
        ),
    ] = 0.3,
    readers_differ: Annotated[
        float,
        typer.Option(
            "--readers-differ", min=0.0, max=0.99, help="Simulated: share of all variance that is readers'."
        ),
    ] = 0.05,
    reads_per_item: Annotated[
        int | None,
        typer.Option(
            "--reads-per-item",
            min=2,
            help="Simulated: readers of each film.  [default: all]",
            show_default=False,
        ),
    ] = None,
    studies: Annotated[int, typer.Option("--studies", min=20, help="Simulated: number of studies.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Simulated: of the random numbers.")] = 0,
    look: options.Look = None,
) -> int:
    """Say how many patients and readers give a kappa or an intraclass correlation a wanted precision."""
    from spinegrade.agreement import Aim
    from spinegrade.reader_agreement import planning

    given = {name for name in context.params if _is_given(context, name)}
    _refuse_idle(given, statistic, simulate=simulate)
    if not half_width > 0:
        msg = f"expected more than 0, got {half_width:g}"
        raise typer.BadParameter(msg, param_hint="--half-width")
    aim = Aim(half_width, confidence, design_effect, items_per_patient)
    wanted = planning.Expected(
        kind=statistic.value, value=expected, prevalence=_shares(prevalence), weights=weights.value
    )
    found: dict[str, Any] = {"statistic": statistic.value, "expected": expected, "half_width": half_width}
    if simulate:
        circumstances = planning.Circumstances(
            within_patient=within_patient,
            readers_differ=readers_differ,
            reads_per_item=reads_per_item,
            studies=studies,
            seed=seed,
        )
        size, came_to = planning.by_simulation(wanted, aim, readers, circumstances)
        found |= {"simulated_value": came_to.value, "simulated_half_width": came_to.half_width}
    elif patients is not None:
        size = planning.readers_by_formula(wanted, aim, patients)
    else:
        size = planning.by_formula(wanted, aim, readers)
    found |= {
        "confidence": confidence,
        "readers": size.readers,
        "patients": size.patients,
        "vertebrae": size.items,
        "method": size.method,
    }
    _show(found, look)
    return 0


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _refuse_idle(given: set[str], statistic: StatisticChoice, *, simulate: bool) -> None:
    """Refuse options that would change nothing: whoever gives one believes that it counts.

    Raises
    ------
    BadParameter
        If there is one.
    """
    if "patients" in given:
        _refuse(given, ("readers",), "is what --patients asks for")
    if statistic is not StatisticChoice.KAPPA:
        _refuse(given, _OF_A_KAPPA, f"is of a kappa, not of an {statistic.value}")
    if simulate:
        _refuse(
            given, ("patients",), "a number of readers is found by formula; simulate with --readers instead"
        )
        _refuse(given, ("design_effect",), "is of the formula: --simulate has --within-patient for the same")
        return
    _refuse(given, _SIMULATED, "needs --simulate")
    if "design_effect" not in given:
        _refuse(
            given,
            ("items_per_patient",),
            "needs --design-effect, for vertebrae of a patient are alike (1 if they are not), or --simulate",
        )


def _refuse(given: set[str], names: Sequence[str], why: str) -> None:
    for name in names:
        if name in given:
            raise typer.BadParameter(why, param_hint=f"--{name.replace('_', '-')}")


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(one) for one in text.split(","))
    except ValueError:
        msg = f"expected shares as in 0.8,0.2, got {text!r}"
        raise typer.BadParameter(msg, param_hint="--prevalence") from None


def _show(found: dict[str, Any], look: options.Shown | None) -> None:
    """Write what was found as lines to read, as CSV, or as JSON."""
    shown = look or (options.Shown.TABLE if sys.stdout.isatty() else options.Shown.CSV)
    if shown is options.Shown.JSON:
        sys.stdout.write(f"{json.dumps(found, indent=1)}\n")
    elif shown is options.Shown.TABLE:
        for name, value in found.items():
            said = f"{value:.3g}" if isinstance(value, float) else f"{value}"
            sys.stdout.write(f"{name.replace('_', ' '):<22}{said}\n")
    else:
        import csv

        writer = csv.DictWriter(sys.stdout, list(found), lineterminator="\n")
        writer.writeheader()
        writer.writerow(found)
