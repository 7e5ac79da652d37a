"""The page: a section a reading, what it all was made by, nothing to be loaded from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from spinegrade import __version__
from spinegrade.errors import FormatError
from spinegrade.expected import REFERENCE_WORDS
from spinegrade.report import clinic_trends, clinic_words, words
from spinegrade.report.clinic import made_by, patient_pages
from spinegrade.report.diagram import BOTTOM, TOP, WIDTH, Diagram, stack
from spinegrade.report.drawing import Drawing, draw_close, draw_film
from spinegrade.report.findings import Examined, Vertebra, examine, same_spacing
from spinegrade.report.picture import LONGEST, Picture, Pictures
from spinegrade.report.profile import LEFT, RIGHT, Panel, profile
from spinegrade.report.quotations import by_kind
from spinegrade.report.selection import passing_over
from spinegrade.report.templating import template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinegrade.assess import Method
    from spinegrade.calibration import Calibration
    from spinegrade.io.film_match import FilmFinder
    from spinegrade.radiograph import Radiograph
    from spinegrade.report.clinic import Clinic
    from spinegrade.report.selection import Chosen


@frozen
class Page:
    """A page as text, and how many readings and films are on it."""

    html: str
    readings: int
    films: int


@frozen
class Close:
    """A fractured vertebra from close by, and its finding in words."""

    vertebra: Vertebra
    drawing: Drawing
    words: str


@frozen
class Section:
    """Everything that the page shows of one reading."""

    number: int
    examined: Examined
    picture: Picture | None
    drawing: Drawing
    closes: tuple[Close, ...]
    diagram: Diagram
    panels: tuple[Panel, ...]
    status: str
    index: str
    fractures: tuple[str, ...]
    made_by: tuple[tuple[str, str], ...]

    @property
    def chances(self) -> bool:
        """Whether there are probabilities to show."""
        return any(one.row["p0"] is not None for one in self.examined.vertebrae)

    @property
    def near(self) -> bool:
        """Whether a grade lies near a bound."""
        return any(one.row["near_threshold"] for one in self.examined.vertebrae)

    @property
    def visual(self) -> bool:
        """Whether the reader graded too."""
        return any(one.seen.visual_grade is not None for one in self.examined.vertebrae)

    @property
    def refused(self) -> list[str]:
        """The levels that were not evaluable, and why."""
        return [
            f"{one.level} ({words.reason(one.seen.not_evaluable_reason)})"
            for one in self.examined.vertebrae
            if one.seen.not_evaluable_reason is not None
        ]


def make_page(
    chosen: Sequence[Chosen],
    method: Method,
    films: FilmFinder,
    *,
    window: int = 1,
    clinic: Clinic | None = None,
    left_out: list[str] | None = None,
) -> Page:
    """Return the page of some readings, each with its film where that is found.

    ``window`` counts the windows of a film from 1.  With a ``clinic``, every patient is classified, and
    has a page for a clinician before the readings.  With a list of what is ``left_out``, films and
    readings that cannot be shown are put there, and the page says how many there are.

    Raises
    ------
    FormatError
        If a film was not read by its reading, has no such window, or was named and is not there, or a
        reading cannot be measured.
    UnitError
        If a landmark error in mm was given for a reading without spacing.
    """
    pictures = Pictures(window)
    sections: list[Section] = []
    shown: list[Chosen] = []
    for one in chosen:
        match, picture = None, None
        with passing_over(left_out, f"{one.where}: its film: "):
            match = films.find(one.reading, one.file)
            picture = pictures.of(match) if match else None
        with passing_over(left_out):
            examined = examine(one, match, method)
            sections.append(_section(len(sections) + 1, examined, picture, method))
            shown.append(one)
    if not sections:
        raise FormatError(left_out[-1] if left_out else "report: expected a reading, got none")
    every = [one.examined for one in sections]
    patients = [] if clinic is None else patient_pages(shown, every, method, clinic)
    html = _page().render(
        sections=sections,
        patients=patients,
        quoted=by_kind(one.whom for one in patients) if patients else [],
        pictures=pictures.all,
        made_by=[*_made_by_all(method), *([] if clinic is None else made_by(clinic.how))],
        left_out=len(left_out or ()),
        version=__version__,
    )
    return Page(html, len(sections), len(pictures.all))


def _page() -> Any:  # noqa: ANN401  jinja2's Template, which it does not type
    return template(
        "page.html.j2",
        words=words,
        clinic_words=clinic_words,
        remarks=remarks,
        grade=words.grade,
        width=WIDTH,
        axis=(LEFT, RIGHT, TOP, BOTTOM),
        trend=clinic_trends,
    )


def _section(number: int, examined: Examined, picture: Picture | None, method: Method) -> Section:
    rows = [one.row for one in examined.vertebrae]
    fractured = [one for one in examined.vertebrae if one.fractured]
    diagram = stack(examined, method.levels)
    return Section(
        number=number,
        examined=examined,
        picture=picture,
        drawing=draw_film(examined),
        closes=tuple(_close(examined, one) for one in fractured) if picture else (),
        diagram=diagram,
        panels=profile(diagram, method.rule, examined.lengths.unit),
        status=words.status(examined.summary, len(method.levels.levels)),
        index=words.deformity_index(examined.summary),
        fractures=tuple(words.fracture(one.row) for one in fractured),
        made_by=tuple(_made_by(examined, picture, method, [row["level"] for row in rows])),
    )


def _close(examined: Examined, one: Vertebra) -> Close:
    return Close(one, draw_close(examined, one.level), words.fracture(one.row))


def _made_by(
    examined: Examined, picture: Picture | None, method: Method, levels: Sequence[str]
) -> list[tuple[str, str]]:
    """Return what one reading was made of: names and words."""
    reading = examined.reading
    identity = examined.match.film.image if examined.match else reading.image
    said = [
        ("Film", _film(examined)),
        ("Shown by", f"{picture.window}; at most {LONGEST} pixels along its longer side" if picture else ""),
        ("Film and reading", words.PROOF_WORDS[examined.match.proof] if examined.match else ""),
        ("Pixels sha256", identity.sha256 or ""),
        ("Lengths", examined.lengths.words),
        *_spacings(examined),
        ("Levels graded", words.levels(method, levels)),
        ("Middle landmark", words.MIDDLE_WORDS[reading.middle_point]),
        ("Levels counted from", words.COUNTED_WORDS.get(reading.counted_from, reading.counted_from.value)),
        ("Reader's comment", reading.comment or ""),
    ]
    notes = examined.match.film.notes if examined.match else ()
    return [(name, what) for name, what in said if what] + [("Note on the film", note) for note in notes]


def _film(examined: Examined) -> str:
    """Return what the film is; never its file's name, which may be its patient's."""
    if examined.match is None:
        return "not found"
    film = examined.match.film
    facts = film.facts
    parts = [
        facts.kind,
        facts.modality,
        f"{film.image.rows} rows x {film.image.columns} columns",
        f"{facts.bits_stored} bits" if facts.bits_stored else None,
        f"frame {facts.frame} of {facts.frames}" if facts.frames > 1 else None,
        facts.photometric_interpretation,
        facts.transfer_syntax,
    ]
    return ", ".join(part for part in parts if part)


def _spacings(examined: Examined) -> list[tuple[str, str]]:
    """Return the reading's pixel spacing, and the film's where that is another one or has another meaning."""
    ours = examined.reading.calibration
    if examined.match is None:
        return [("Pixel spacing", f"{_spacing(ours)}, says the reading")]
    film = examined.match.film
    if ours.state == film.calibration.state and same_spacing(ours, film.calibration):
        return [("Pixel spacing", _of_film(film))]
    return [
        ("Pixel spacing", f"{_spacing(ours)}, says the reading"),
        ("Film's pixel spacing", _of_film(film)),
    ]


def _of_film(film: Radiograph) -> str:
    said = "" if film.calibration.row_spacing_mm is None else ", says the film"
    return f"{_spacing(film.calibration)}{said} ({film.calibrated_by})"


def _spacing(calibration: Calibration) -> str:
    if calibration.row_spacing_mm is None or calibration.column_spacing_mm is None:
        return "none"
    return f"{calibration.row_spacing_mm:g} x {calibration.column_spacing_mm:g} mm, row x column"


def _made_by_all(method: Method) -> list[tuple[str, str]]:
    """Return what every grade on the page was made by: names and words."""
    rule = method.rule
    source = rule.source
    return [
        ("Program", f"spinegrade {__version__}"),
        ("Rule", f"{source.id}, revision {source.revision}: {source.title}"),
        ("Bounds", words.bands(rule)),
        ("Source", f"{source.citation} doi {source.doi}"),
        ("Rule sha256", source.sha256),
        ("Compared with", f"{method.reference}: {REFERENCE_WORDS[method.reference]}"),
        (
            "Neighbours",
            f"at most {rule.reach} levels away; heights grow x {rule.growth:.3f} a level downwards",
        ),
        ("Landmark error", words.landmark_error(method.point_sd, rule)),
    ]


def remarks(one: Vertebra) -> list[str]:
    """Return what has to be said of a vertebra besides its numbers."""
    flags = (one.row["flags"] or "").split()
    elsewhere = {"mm_at_detector", *(("incomplete", "outside_range") if one.refused else ())}
    said = [words.FLAG_WORDS[flag] for flag in flags if flag not in elsewhere]
    if one.seen.not_evaluable_reason is not None:
        said.insert(0, f"not evaluable: {words.reason(one.seen.not_evaluable_reason)}")
    if one.disputed:
        said.append(f"visual grade {one.seen.visual_grade:g} differs")
    if one.seen.shape:
        said.append(f"visual shape: {one.seen.shape}")
    if one.seen.comment:
        said.append(f"comment: {one.seen.comment}")
    return said
