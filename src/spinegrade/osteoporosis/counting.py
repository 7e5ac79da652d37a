"""Fractures of patients, counted between what is certain and what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.anatomy import GRADED
from spinegrade.osteoporosis.facts import EXAM_DATES, TOLERANCE, Ask, Bounds, truths
from spinegrade.osteoporosis.spines import spread_levels
from spinegrade.patients.contradictions import SUSPECT, UNPLACED, UNTIMED
from spinegrade.spine import STATUSES, summarise_spines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.osteoporosis.facts import Answers
    from spinegrade.osteoporosis.spines import Graded
    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

HIP = "whether the femur fracture is one of the hip"
PROXIMAL = "whether the humerus fracture is proximal"
_WHICH = {"hip_fracture": HIP, "humerus_or_pelvis_fracture": PROXIMAL}
"""What is to be asked of a fracture whose site is told too roughly for a rule."""
_HUMERUS_OR_PELVIS = (["proximal_humerus", "pelvis"], ["humerus"])
"""Sites that are meant, and one that is told too roughly."""
_ENDS = ("certain", "possible", "doubted", "ageless")
"""What is summed of each kind of fracture."""
LIMITS = (10, 19)
"""Ages in years by which rules count long-bone fractures."""


@frozen
class Counted:
    """Numbers, truths and what to ask for, to be put among the facts."""

    numbers: dict[str, Bounds]
    truths: dict[str, Answers]
    asks: dict[str, tuple[Ask, ...]]


def count_fractures(known: Known, graded: Graded, switches: Switches) -> Counted:
    """Return the fractures of the cohort, in its order, by its films and its ledger."""
    ledger = _Ledger.of(known, switches)
    films, film_truths, film_asks = _films(known, graded, switches)
    vertebral, asks = _vertebral(films, ledger, film_asks)
    numbers = {name: ledger.bounds(name) for name in ("long_bone_by_10", "long_bone_by_19")}
    numbers |= {"vertebral_fractures": vertebral, **films.more}
    either = {name: ledger.bounds(name) for name in ("hip_fracture", "humerus_or_pelvis_fracture")}
    told = {name: truths(one.low >= 1, one.high < 1) for name, one in either.items()}
    every = {name: ledger.asks_about(name) for name in (*either, "long_bone_by_10", "long_bone_by_19")}
    of_films = {
        "vertebral_fractures": asks,
        "single_mild_fracture": _asks_of_mild(film_asks),
        "unevaluable_levels": tuple(one for one in film_asks if one.what in ("grades", EXAM_DATES)),
    }
    return Counted(numbers, told | film_truths, every | of_films)


def count_long_bones(known: Known, switches: Switches) -> dict[str, Bounds]:
    """Return the long-bone fractures of the cohort by age 10 and up to age 19."""
    ledger = _Ledger.of(known, switches)
    return {name: ledger.bounds(name) for name in ("long_bone_by_10", "long_bone_by_19")}


@frozen
class _Ledger:
    """Sums of the rows of each patient and what they lack.

    They count rows of each kind of fracture: ``certain``, ``possible``, and of the possible those ``doubted``
    and those ``ageless``, whose age would tell more.
    """

    sums: pl.DataFrame
    complete: Booleans
    asks: tuple[Ask, ...]

    @classmethod
    def of(cls, known: Known, switches: Switches) -> _Ledger:
        rows = known.fractures.with_columns(
            site_less=pl.col("site").is_null(),
            bone_less=pl.col("long_bone").is_null(),
            forceless=pl.col("mechanism").is_null() & ~pl.col("vertebra").fill_null(value=False),
            may_be_hip=pl.col("site") == "femur",
            may_be_proximal=pl.col("site") == "humerus",
        )
        kinds_of = _kinds(switches)
        rows = _undoubted(rows).with_columns(
            column for name, kind in kinds_of.items() for column in _ends(name, *kind)
        )
        named = ["site_less", "bone_less", "forceless", "may_be_hip", "may_be_proximal"]
        kinds = [f"{end} {name}" for name in kinds_of for end in _ENDS]
        sums = known.cohort.select("patient", "fractures_complete").join(
            rows.group_by("patient").agg(pl.col([*named, *kinds]).sum().cast(pl.Float64)),
            on="patient",
            how="left",
            maintain_order="left",
        )
        sums = sums.with_columns(pl.col([*named, *kinds]).fill_null(0.0))
        complete = sums["fractures_complete"].fill_null(value=False).to_numpy()
        lacks = {
            "fractures.site": "site_less",
            "fractures.long_bone": "bone_less",
            "fractures.mechanism": "forceless",
            HIP: "may_be_hip",
            PROXIMAL: "may_be_proximal",
        }
        asks = [Ask("fractures_complete", ~complete)]
        asks += [Ask(what, sums[name].to_numpy() > 0) for what, name in lacks.items()]
        return cls(sums, complete, tuple(asks))

    def asks_about(self, name: str) -> tuple[Ask, ...]:
        """Return what would tell more of a kind of fracture."""
        idle = {HIP, PROXIMAL} - {_WHICH.get(name)}
        idle |= {"fractures.long_bone"} if name in _WHICH else {"fractures.mechanism"}
        ages = Ask("fractures.age_at", self.sums[f"ageless {name}"].to_numpy() > 0)
        return (*(one for one in self.asks if one.what not in idle), ages, self.contradiction(name))

    def contradiction(self, name: str) -> Ask:
        """Return of whom a row that contradicts something may be of a kind, and so has to be put right."""
        return Ask("fractures (contradiction)", self.sums[f"doubted {name}"].to_numpy() > 0)

    def bounds(self, name: str) -> Bounds:
        """Return a count; without end where the ledger is not said to be complete."""
        certain, possible = (self.sums[f"{end} {name}"].to_numpy() for end in ("certain", "possible"))
        return Bounds(certain, np.where(self.complete, possible, np.inf))

    def listed(self, name: str) -> Floats:
        """Return how many of the rows that are listed are possible."""
        return self.sums[f"possible {name}"].to_numpy()


def _undoubted(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows without what is in doubt: one may be of any bone, or of any age, the rest holds."""
    placed, timed = ~pl.col(UNPLACED), ~pl.col(UNTIMED)
    return rows.with_columns(
        *(pl.when(placed).then(name) for name in ("site", "vertebra", "long_bone")),
        *(pl.when(timed).then(name) for name in ("age_low", "age_high", "patient_age")),
    )


def _ends(name: str, sure: pl.Expr, may: pl.Expr, ageless: pl.Expr) -> tuple[pl.Expr, ...]:
    """Return where a row certainly is of a kind, may be, may be and is suspect, may be as no age tells."""
    certain = sure.fill_null(value=False) & ~pl.col(SUSPECT)
    possible = may.fill_null(value=True)
    suspect = possible & pl.col(SUSPECT)
    untold = possible & ageless.fill_null(value=True) & ~pl.col(UNTIMED)
    ends = (certain, possible, suspect, untold)
    return tuple(one.alias(f"{end} {name}") for end, one in zip(_ENDS, ends, strict=True))


def _kinds(switches: Switches) -> dict[str, tuple[pl.Expr, pl.Expr, pl.Expr]]:
    """Return of each kind of fracture when a row is one, may be one, and has no age that makes it sure."""
    site, bone = pl.col("site"), pl.col("long_bone")
    gentle = (pl.col("mechanism") != "high-energy").fill_null(value=True)
    earliest, latest = pl.col("age_low").fill_null(0.0), pl.coalesce("age_high", "patient_age")
    low = (pl.col("mechanism") == "low-energy").fill_null(value=False)
    grown = earliest >= switches.adult_from - TOLERANCE
    may_be_grown = (latest >= switches.adult_from - TOLERANCE).fill_null(value=True)
    kinds = {"vertebral": (pl.col("vertebra") & gentle, pl.col("vertebra") & gentle, pl.lit(value=False))}
    adults = {"hip_fracture": (["hip"], ["femur"]), "humerus_or_pelvis_fracture": _HUMERUS_OR_PELVIS}
    for name, (sites, rough) in adults.items():
        may = site.is_in([*sites, *rough]) & gentle & may_be_grown
        kinds[name] = (site.is_in(sites) & low & grown, may, ~grown)
    for limit in LIMITS:
        sure, may = _by(latest, limit, switches), _by(earliest, limit, switches)
        kinds[f"long_bone_by_{limit}"] = (bone & sure, bone.fill_null(value=True) & may, ~sure)
    return kinds


def _by(age: pl.Expr, limit: int, switches: Switches) -> pl.Expr:
    if switches.by_age == "before":
        return age < limit - TOLERANCE
    return age < limit + 1 - TOLERANCE if switches.by_age == "completed" else age <= limit + TOLERANCE


@frozen
class _Films:
    """What the films show of each patient of the cohort; ``read`` where they can be used.

    Those that are ``undated`` cannot, and no ledger says that they show nothing.
    """

    read: Booleans
    undated: Booleans
    low: Floats
    high: Floats
    more: dict[str, Bounds]


def _films(
    known: Known, graded: Graded, switches: Switches
) -> tuple[_Films, dict[str, Answers], tuple[Ask, ...]]:
    """Return counts by the films, whether one is single and mild, and what they lack."""
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
    least = (low >= switches.min_grade).sum(axis=1).astype(float)
    most = (high >= switches.min_grade).sum(axis=1).astype(float)
    unread = _too_few(low, graded) & read
    missing = np.isnan(low).sum(axis=1).astype(float)
    beyond = float(len(set(GRADED.levels) - set(graded.levels.levels)))
    unseen, without_norm = (
        values[at] if len(values) else np.zeros(len(at)) for values in (graded.unseen, graded.without_norm)
    )
    ungraded = without_norm + (unseen if switches.grades == "visual" else 0.0)
    unevaluable = np.maximum(missing - ungraded, 0)
    ever = graded.ever[at] if len(graded.ever) else np.zeros((len(at), 2))
    least = np.where(read | undated, np.maximum(least, ever[:, 0]), 0.0)
    most = np.where(read, np.maximum(most, ever[:, 1]), np.inf)
    more = {
        "unevaluable_levels": Bounds.of(np.where(read, unevaluable, np.nan)),
        "levels_without_visual_grade": Bounds.of(np.where(read, unseen, np.nan)),
    }
    mild = {"single_mild_fracture": _single_mild(low, high, read, unread)}
    asks = (
        Ask("grades", ~read & ~undated),
        Ask(EXAM_DATES, undated),
        Ask("a norm for level, sex and age", unread & (without_norm > 0)),
        Ask("visual_grade", unread & (missing > unevaluable + without_norm)),
        Ask("unevaluable levels", unread & (unevaluable > 0)),
        Ask(f"levels beyond --levels {graded.levels}", unread & (beyond > 0)),
        Ask("agreement of readings", read & (least != most)),
    )
    most = np.where(unread, most + missing + beyond, most)
    return _Films(read, undated, least, most, more), mild, asks


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


def _single_mild(low: Floats, high: Floats, read: Booleans, unread: Booleans) -> Answers:
    """Return where exactly one vertebra is fractured, of grade 1; single unread levels are passed over."""
    sure = (
        ((low >= 1).sum(axis=1) == 1) & ((high >= 1).sum(axis=1) == 1) & (np.nanmax(_zero(high), axis=1) < 2)
    )
    none = ((high >= 1).sum(axis=1) == 0) & ~unread
    never = none | ((low >= 1).sum(axis=1) > 1) | (_zero(low).max(axis=1) >= 2)
    return truths(read & sure, read & never)


def _asks_of_mild(asks: tuple[Ask, ...]) -> tuple[Ask, ...]:
    """Return what decides whether a fracture is single and mild."""
    others = [one for one in asks if one.what != "agreement of readings"]
    lacking = np.logical_or.reduce([one.where for one in others])
    return (*others, Ask("agreement of readings", ~lacking))


def _zero(grades: Floats) -> Floats:
    return np.nan_to_num(grades)


def _vertebral(films: _Films, ledger: _Ledger, asks: tuple[Ask, ...]) -> tuple[Bounds, tuple[Ask, ...]]:
    """Return vertebral fractures on films or in the ledger; films that can be read stand in for its gaps."""
    told = ledger.bounds("vertebral")
    low = np.maximum(films.low, told.low)
    high = np.where(films.read, np.maximum(films.high, ledger.listed("vertebral")), told.high)
    high = np.where(films.undated, np.inf, high)
    of_ledger = tuple(
        Ask(ask.what, ask.where & (~films.read | (ask.what == "fractures.site")))
        for ask in ledger.asks
        if ask.what not in (*_WHICH.values(), "fractures.long_bone", "fractures.mechanism")
    )
    return Bounds(low, high), (*asks, *of_ledger, ledger.contradiction("vertebral"))
