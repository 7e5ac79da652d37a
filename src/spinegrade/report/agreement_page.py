"""The page of an agreement study: words, tables, plots, films, methods; nothing is loaded from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade import __version__
from spinegrade.agreement import FEW_CLUSTERS
from spinegrade.reader_agreement import LANDMARK_SCATTER, Comparison, headline, words
from spinegrade.reader_agreement.neighbours import Ours, beside_published
from spinegrade.report import agreement_plots as plots
from spinegrade.report.agreement_drawing import READER_COLOURS
from spinegrade.report.agreement_methods import GRRAS, methods, repeat
from spinegrade.report.agreement_plots import Differences, Forest, differences, forest
from spinegrade.report.templating import template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinegrade.agreement import Estimate
    from spinegrade.assess import Method
    from spinegrade.reader_agreement import Analysis, Asking, Confusion, Placed, Provenance
    from spinegrade.reader_agreement.published import Figure
    from spinegrade.report.agreement_films import WorstFilm
    from spinegrade.report.picture import Picture


@frozen
class Study:
    """One measure: what it came to, what it was made of, and the films on which readers differ most."""

    analysis: Analysis
    subject: Comparison | Placed
    films: Sequence[WorstFilm]


@frozen
class Line:
    """A statistic in a table: its name, the cells beside it, and why it has no value."""

    name: str
    value: str
    interval: str
    formula: str
    effect: str
    items: str
    patients: str
    few: bool
    reason: str | None


@frozen
class Section:
    """Everything that the page shows of one measure."""

    number: int
    analysis: Analysis
    summary: list[str]
    overall: list[Line]
    others: list[Line]
    repeats: list[Line]
    reference: list[Line]
    scatter: list[Line]
    confusions: Sequence[Confusion]
    differences: list[Differences]
    forests: list[Forest]
    films: Sequence[WorstFilm]
    published: list[Figure]
    ours: list[Ours]
    reasons: list[tuple[str, int]]


def make_agreement_page(
    studies: Sequence[Study], pictures: Sequence[Picture], made: Provenance, method: Method, asking: Asking
) -> str:
    """Return the page of some measures as text."""
    sections = [_section(number, one, asking) for number, one in enumerate(studies, 1)]
    page = template("agreement.html.j2", plots=plots, colours=READER_COLOURS, few=FEW_CLUSTERS)
    return str(
        page.render(
            sections=sections,
            pictures=pictures,
            made=made,
            methods=methods([one.analysis for one in studies], method, asking),
            repeat=repeat(made),
            grras=GRRAS,
            version=__version__,
        )
    )


def _section(number: int, study: Study, asking: Asking) -> Section:
    analysis = study.analysis
    landmarks = analysis.measure.name == LANDMARK_SCATTER
    whole = [one for one in analysis.between if one.readers is None]
    subject = study.subject
    ours, figures = beside_published(subject, analysis) if isinstance(subject, Comparison) else ([], [])
    return Section(
        number=number,
        analysis=analysis,
        summary=words.summary(analysis, asking.weights),
        overall=[] if landmarks else [_line(one, analysis) for one in whole],
        others=[_line(one, analysis) for one in analysis.random_readers],
        repeats=[] if landmarks else [_line(one, analysis, whose=True) for one in analysis.within],
        reference=[_line(one, analysis, whose=True) for one in analysis.accuracy],
        scatter=[_line(one, analysis, whose=True) for one in (analysis.within or whole)] if landmarks else [],
        confusions=analysis.confusions,
        differences=list(_differences(study)),
        forests=list(_forests(analysis, asking)),
        films=study.films,
        published=figures,
        ours=ours,
        reasons=words.reasons(analysis),
    )


def _line(one: Estimate, analysis: Analysis, *, whose: bool = False) -> Line:
    name = words.title(one, analysis.measure)
    if whose:
        name = f"{one.readers[0] if one.readers else 'All readers'}: {name}"
    return Line(
        name=name,
        value=f"{words.number(one.value, words.digits(one, analysis))}{words.unit(one, analysis)}",
        interval=words.interval(one, analysis),
        formula=words.formula(one, analysis),
        effect=words.number(one.design_effect, 1),
        items=f"{one.n:,}",
        patients=f"{one.clusters:,}",
        few=one.clusters < FEW_CLUSTERS,
        reason=words.reason(one),
    )


def _differences(study: Study) -> Iterator[Differences]:
    """Yield the Bland-Altman plots of pairs, those with most common items first."""
    subject, analysis = study.subject, study.analysis
    if not isinstance(subject, Comparison) or analysis.measure.categorical:
        return
    pairs = sorted(subject.ratings.pairs(), key=lambda pair: -len(pair.values))
    for pair in pairs:
        mine = [one for one in analysis.between if one.readers == pair.readers]
        plot = differences(pair, mine, analysis) if mine else None
        if plot is not None:
            yield plot


def _forests(analysis: Analysis, asking: Asking) -> Iterator[Forest]:
    """Yield the forest plots: pairs, readers beside the rest, levels and other groups, repeats."""
    for found in _all_forests(analysis, asking):
        if found is not None and len(found.rows) > 1:
            yield found


def _all_forests(analysis: Analysis, asking: Asking) -> Iterator[Forest | None]:
    statistic, of_pair, chosen = headline(analysis, asking.weights)
    biases = [
        (one.readers[0], one) for one in analysis.against_rest if one.readers and one.statistic == "bias"
    ]
    unit = words.unit(biases[0][1], analysis) if biases else ""
    yield forest(
        f"Each reader less the mean of the others who read the same{',' if unit else ''}{unit}",
        biases,
        analysis,
        note="To the right of 0 a reader reads high. Lines are intervals over patients.",
    )
    pairs = [
        (" and ".join(one.readers), one)
        for one in analysis.between
        if one.readers and (one.statistic, one.weights) == (of_pair, chosen) and one.n
    ]
    yield forest(f"Pairs of readers: {_name(pairs, analysis)}", pairs, analysis)
    for by, rows in analysis.by_groups(statistic, chosen):
        yield forest(f"By {by}, all readers: {_name(rows, analysis)}", rows, analysis)
    own = ("cohen_kappa", "fleiss_kappa") if analysis.measure.categorical else ("icc_1",)
    for name in own:
        rows = [
            (one.readers[0] if one.readers else "all readers", one)
            for one in analysis.within
            if (one.statistic, one.weights) == (name, chosen)
        ]
        if rows:
            yield forest(f"Readers with themselves: {_name(rows, analysis)}", rows, analysis)
            return


def _name(rows: Sequence[tuple[str, Estimate]], analysis: Analysis) -> str:
    return words.title(rows[0][1], analysis.measure) if rows else ""
