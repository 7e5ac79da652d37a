"""What a coordinator does while a study runs: lock, amend, adjudicate, record a consensus."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated, Any

import typer

from spinegrade.cli import options
from spinegrade.cli.study_options import AsJson, Reason, Study, say_logins, write


class RuleChoice(StrEnum):
    """When readers disagree; `spinegrade.study.adjudicate.Rule`."""

    EVALUABLE = "evaluable"
    VISUAL_GRADE = "visual-grade"
    FRACTURE = "fracture"
    GRADE = "grade"


LOCK_EXAMPLE = 'Example: spinegrade study lock my.study --reader R1 --reason "left the hospital"'


def lock(
    where: Study,
    reason: Reason,
    reader: Annotated[
        str | None, typer.Option("--reader", help="Only this one.  [default: all]", show_default=False)
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="Let them read on instead.")] = False,
) -> int:
    """Keep readers from reading on.

    Nothing that was read is lost; --release lets them read on.
    """
    from spinegrade.study.amend import lock as lock_readers
    from spinegrade.study.store import Store

    with Store.open(where) as store:
        changed = lock_readers(store, reason, reader, release=release)
    did = "released" if release else "locked"
    options.say(f"{did}: {', '.join(changed)}" if changed else f"nobody had to be {did}")
    return 0


AMEND_EXAMPLE = 'Example: spinegrade study amend my.study --protocol protocol.toml --reason "third reader"'


def amend(
    where: Study,
    reason: Reason,
    reading: Annotated[
        Path | None,
        typer.Option(
            "--reading", help="Reading file of a blinded film, as it should have been.", show_default=False
        ),
    ] = None,
    protocol: Annotated[
        Path | None, typer.Option("--protocol", help="Protocol to go by from now on.", show_default=False)
    ] = None,
) -> int:
    """Amend a committed reading, or the protocol.

    What is amended stays beside the amendment, with the reason.
    """
    from spinegrade.io.reading_json import read_reading
    from spinegrade.study.amend import amend_protocol, amend_reading
    from spinegrade.study.store import Store

    if (reading is None) == (protocol is None):
        msg = "expected one of --reading and --protocol"
        raise typer.BadParameter(msg, param_hint="--reading")
    with Store.open(where) as store:
        if reading is not None:
            amended = read_reading(reading)
            options.say(f"amended: {amended.reader}: {amend_reading(store, amended, reason)}")
        if protocol is not None:
            differs, logins = amend_protocol(store, protocol, reason)
            options.say(f"amended: {', '.join(differs)}")
            say_logins(logins)
    return 0


ADJUDICATE_EXAMPLE = "Example: spinegrade study adjudicate my.study --rule visual-grade --give R3"


def adjudicate(
    where: Study,
    rule: Annotated[
        list[RuleChoice] | None,
        typer.Option(
            "--rule",
            help="When readers disagree; may be repeated.  [default: evaluable, visual-grade]",
            show_default=False,
        ),
    ] = None,
    occasion: Annotated[int, typer.Option("--occasion", min=1, help="Readings of which occasion.")] = 1,
    give: Annotated[
        str | None,
        typer.Option(
            "--give", help="Give the films that are not settled to this adjudicator.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List where readers disagree.

    Films that are not settled can be given to a third reader, who reads them blind.
    """
    from spinegrade.cli import study_tables
    from spinegrade.study.adjudicate import Rule, disagreements
    from spinegrade.study.adjudicate import give as give_films
    from spinegrade.study.store import Store

    chosen = rule or [RuleChoice.EVALUABLE, RuleChoice.VISUAL_GRADE]
    with Store.open(where) as store:
        found = disagreements(store, [Rule(one.value.replace("-", "_")) for one in chosen], occasion=occasion)
        if as_json:
            write(found)
        else:
            study_tables.show_disagreements(found)
        if give is not None:
            given = give_films(store, give, {one.film for one in found if not one.is_settled})
            options.say(f"given to {give}: {', '.join(sorted(given)) or 'nothing new'}")
    settled = sum(one.is_settled for one in found)
    options.say(f"{len(found)} disagreements, {settled} of them settled")
    return 0


CONSENSUS_EXAMPLE = (
    "Example: spinegrade study consensus my.study F003 T8 --visual-grade 1 "
    '--by "R1, R2" --reason "read together"'
)


def consensus(
    where: Study,
    film: Annotated[str, typer.Argument(metavar="FILM", help="Its name in the study.", show_default=False)],
    level: Annotated[str, typer.Argument(metavar="LEVEL", help="As T8.", show_default=False)],
    by: Annotated[str, typer.Option("--by", help="Who agreed.", show_default=False)],
    reason: Reason,
    visual_grade: Annotated[
        float | None, typer.Option("--visual-grade", help="0, 0.5, 1, 2 or 3.", show_default=False)
    ] = None,
    evaluable: Annotated[bool, typer.Option("--evaluable", help="It can be read.")] = False,
    not_evaluable: Annotated[
        str | None,
        typer.Option("--not-evaluable", help="It cannot, for this reason, as overlap.", show_default=False),
    ] = None,
) -> int:
    """Record what readers agreed on.

    For a vertebra, with the reason; the last word counts.
    """
    from spinegrade.io.reading_json import from_plain
    from spinegrade.readings import VertebraReading
    from spinegrade.study.adjudicate import agree_on
    from spinegrade.study.store import Store

    data: dict[str, Any] = {"level": level, "visual_grade": visual_grade}
    if evaluable or not_evaluable is not None:
        data |= {"evaluable": evaluable, "not_evaluable_reason": not_evaluable}
    vertebra = from_plain(data, VertebraReading)
    with Store.open(where) as store:
        given = agree_on(store, vertebra, film, agreed_by=by, reason=reason)
    options.say(f"{film}, {level}: agreed on {' and '.join(given)}".replace("_", " "))
    return 0
