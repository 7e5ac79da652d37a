"""Fractures that films show, counted between what all readings say and what any of them leaves possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import GRADED
from spinegrade.osteoporosis.facts import EXAM_DATES, UNMEASURED, UNREAD, Ask, Bounds, Counted, truths
from spinegrade.osteoporosis.spines import spread_levels
from spinegrade.spine import STATUSES, summarise_spines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.osteoporosis.facts import Answers
    from spinegrade.osteoporosis.spines import Graded
    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@frozen
class Films:
    """What the films show of each patient of the cohort, by the latest of them.

    Attributes
    ----------
    read
        Where they can be used.
    undated
        Where they cannot, as it is not known which is the latest: no ledger says then that they show nothing.
    low, high
        Least and most vertebral fractures, those included that earlier films showed.
    asks
        What would tell more of these.
    counted
        What only films tell.
    """

    read: Booleans
    undated: Booleans
    low: Floats
    high: Floats
    asks: tuple[Ask, ...]
    counted: Counted


def read_films(known: Known, graded: Graded, switches: Switches) -> Films:
    """Return what the films show, in the order of the cohort."""
    place = known.cohort.select("patient").join(
        graded.frame.select("patient", "undated").with_row_index("at"),
        on="patient",
        how="left",
        maintain_order="left",
    )
    undated = place["undated"].fill_null(value=False).to_numpy()
    read = place["at"].is_not_null().to_numpy() & ~undated
    at = place["at"].fill_null(0).to_numpy()
    low, high = (_of(grades, at, read) for grades in (graded.low, graded.high))
    short = _too_few(low, graded) & read
    gaps = _Counts.of(graded, at, read)
    ever = graded.ever[at] if len(graded.ever) else np.zeros((len(at), 2))
    least, most = ((grades >= switches.min_grade).sum(axis=1).astype(float) for grades in (low, high))
    least = np.where(read | undated, np.maximum(least, ever[:, 0]), 0.0)
    most = np.where(read, np.maximum(most, ever[:, 1]), np.inf)
    lacking = (Ask("grades", ~read & ~undated), Ask(EXAM_DATES, undated), *gaps.asks(short))
    differing = Ask("agreement of readings", read & (least != most))
    only = _only_films(gaps, read, lacking, _single_mild(low, high, read, short | (gaps.suspect > 0)))
    most = np.where(short, most + gaps.missing + gaps.beyond, most + gaps.suspect)
    return Films(read, undated, least, most, (*lacking, differing), only)


def _only_films(gaps: _Counts, read: Booleans, lacking: tuple[Ask, ...], mild: Answers) -> Counted:
    """Return of which levels films tell nothing, and whether their one fracture is mild."""
    kinds = gaps.kinds
    ends = (kinds["unevaluable"], kinds["unevaluable"] + kinds["unread"])
    least, most = (np.where(read, one, np.nan) for one in ends)
    numbers = {
        "unevaluable_levels": Bounds(Bounds.of(least).low, Bounds.of(most).high),
        "levels_without_visual_grade": Bounds.of(np.where(read, gaps.unseen, np.nan)),
    }
    told = ~np.logical_or.reduce([one.where for one in lacking])
    films = tuple(one for one in lacking if one.what in ("grades", EXAM_DATES))
    asks = {
        "single_mild_fracture": (*lacking, Ask("agreement of readings", told)),
        "unevaluable_levels": (*films, Ask(UNREAD, read & (kinds["unread"] > 0))),
    }
    return Counted(numbers, {"single_mild_fracture": mild}, asks)


@frozen
class _Counts:
    """How many levels have no grade, ``(patients,)`` each: of every kind of `Gaps`, and all ``missing``.

    ``suspect`` are those that a reader graded as fractured by eye, ``unseen`` those without a visual grade,
    ``beyond`` those outside the range of levels that was asked for.
    """

    kinds: dict[str, Floats]
    missing: Floats
    suspect: Floats
    unseen: Floats
    beyond: float
    levels: str

    @classmethod
    def of(cls, graded: Graded, at: NDArray[np.uint32], read: Booleans) -> _Counts:
        """Return the counts of the patients whose films stand at these places."""
        counts = {**graded.gaps.counts(), "unseen": graded.unseen}
        counts["missing"] = np.isnan(graded.low).sum(axis=1).astype(float)
        counts["suspect"] = graded.suspect.sum(axis=1).astype(float)
        none = np.zeros(len(at))
        mine = {name: np.where(read, one[at], 0.0) if len(one) else none for name, one in counts.items()}
        missing, suspect, unseen = (mine.pop(name) for name in ("missing", "suspect", "unseen"))
        beyond = float(len(set(GRADED.levels) - set(graded.levels.levels)))
        return cls(mine, missing, suspect, unseen, beyond, str(graded.levels))

    def asks(self, short: Booleans) -> tuple[Ask, ...]:
        """Return what would fill the gaps, where so many levels have no grade that it matters."""
        named = {
            "without_norm": "a norm for level, sex and age",
            "without_visual": "visual_grade",
            "unevaluable": "unevaluable levels",
            "unread": UNREAD,
        }
        by_eye = short & (self.kinds["unmeasured"] > 0) | (self.suspect > 0)
        return (
            *(Ask(what, short & (self.kinds[name] > 0)) for name, what in named.items()),
            Ask(UNMEASURED, by_eye),
            Ask(f"levels beyond --levels {self.levels}", short & (self.beyond > 0)),
        )


def _of(grades: Floats, at: NDArray[np.uint32], read: Booleans) -> Floats:
    if not len(grades):
        return np.full((len(at), grades.shape[1]), np.nan)
    return np.where(read[:, None], grades[at], np.nan)


def _too_few(low: Floats, graded: Graded) -> Booleans:
    """Return where so many levels are unread that no fracture can be excluded (NHANES).

    A level that was not asked for is not read.
    """
    blank = np.where(np.isnan(low), np.nan, 0.0)
    status = summarise_spines(spread_levels(blank, graded.levels), GRADED).status
    return np.equal(status, STATUSES.index("uninterpretable"))


def _single_mild(low: Floats, high: Floats, read: Booleans, short: Booleans) -> Answers:
    """Return where exactly one vertebra is fractured, of grade 1; single unread levels are passed over."""
    sure = (
        ((low >= 1).sum(axis=1) == 1) & ((high >= 1).sum(axis=1) == 1) & (np.nanmax(_zero(high), axis=1) < 2)
    )
    none = ((high >= 1).sum(axis=1) == 0) & ~short
    never = none | ((low >= 1).sum(axis=1) > 1) | (_zero(low).max(axis=1) >= 2)
    return truths(read & sure, read & never)


def _zero(grades: Floats) -> Floats:
    return np.nan_to_num(grades)
