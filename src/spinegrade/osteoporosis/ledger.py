"""Fractures that were told, counted between what is certain and what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.osteoporosis.facts import TOLERANCE, Ask, Bounds, Counted, truths
from spinegrade.patients.contradictions import SUSPECT, UNPLACED, UNTIMED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.osteoporosis.switches import Switches
    from spinegrade.patients.contradictions import Known

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

HIP = "whether the femur fracture is one of the hip"
PROXIMAL = "whether the humerus fracture is proximal"
_SITE, _BONE, _AGE, _FORCE = (f"fractures.{name}" for name in ("site", "long_bone", "age_at", "mechanism"))
_DOUBT = "fractures (contradiction)"
ANYWAY = (_SITE, _DOUBT)
"""What is asked of a ledger even where a film shows the spine: a vertebra may have reshaped since."""
_IDLE = {
    "vertebral_fractures": {HIP, PROXIMAL, _BONE, _FORCE},
    "hip_fracture": {PROXIMAL, _BONE},
    "humerus_or_pelvis_fracture": {HIP, _BONE},
    "long_bone_by_10": {HIP, PROXIMAL, _FORCE},
    "long_bone_by_19": {HIP, PROXIMAL, _FORCE},
}
"""What would not tell more of each kind of fracture."""
_PERIPHERAL = "peripheral"
_ADULT = {
    "hip_fracture": (["hip"], ["femur", _PERIPHERAL]),
    "humerus_or_pelvis_fracture": (["proximal_humerus", "pelvis"], ["humerus", _PERIPHERAL]),
}
"""Sites of fractures that count in adults, and those that tell them too roughly."""
_ENDS = ("certain", "possible", "doubted", "ageless")
"""What is summed of each kind of fracture."""
LIMITS = (10, 19)
"""Ages in years by which rules count long-bone fractures."""


@frozen
class Ledger:
    """Sums of the rows of each patient and what they lack.

    They count rows of each kind of fracture: ``certain``, ``possible``, and of the possible those ``doubted``
    and those ``ageless``, whose age would tell more.
    """

    sums: pl.DataFrame
    complete: Booleans
    asks: tuple[Ask, ...]

    @classmethod
    def of(cls, known: Known, switches: Switches) -> Ledger:
        """Return the sums of the cohort, in its order."""
        rows = known.fractures.with_columns(
            site_less=pl.col("site").is_null(),
            bone_less=pl.col("long_bone").is_null(),
            forceless=pl.col("mechanism").is_null() & ~pl.col("vertebra").fill_null(value=False),
            unnamed=pl.col("site") == _PERIPHERAL,
            may_be_hip=pl.col("site") == "femur",
            may_be_proximal=pl.col("site") == "humerus",
        )
        kinds_of = _kinds(switches)
        rows = _undoubted(rows).with_columns(
            column for name, kind in kinds_of.items() for column in _ends(name, *kind)
        )
        named = ["site_less", "unnamed", "bone_less", "forceless", "may_be_hip", "may_be_proximal"]
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
            _SITE: "site_less",
            _BONE: "bone_less",
            _FORCE: "forceless",
            HIP: "may_be_hip",
            PROXIMAL: "may_be_proximal",
        }
        asks = [Ask("fractures_complete", ~complete)]
        asks += [Ask(what, sums[name].to_numpy() > 0) for what, name in lacks.items()]
        return cls(sums, complete, tuple(asks))

    def counted(self) -> Counted:
        """Return the fractures of which the ledger alone tells."""
        numbers = {f"long_bone_by_{limit}": self.bounds(f"long_bone_by_{limit}") for limit in LIMITS}
        either = {name: self.bounds(name) for name in _ADULT}
        told = {name: truths(one.low >= 1, one.high < 1) for name, one in either.items()}
        return Counted(numbers, told, {name: self.asks_about(name) for name in (*numbers, *either)})

    def asks_about(self, name: str) -> tuple[Ask, ...]:
        """Return what would tell more of a kind of fracture."""
        ages, doubts = (self.sums[f"{end} {name}"].to_numpy() > 0 for end in ("ageless", "doubted"))
        of_rows = (one for one in self.asks if one.what not in _IDLE[name])
        unnamed = (self.sums["unnamed"].to_numpy() > 0) & (name in _ADULT)
        return (*of_rows, Ask(_SITE, unnamed), Ask(_AGE, ages), Ask(_DOUBT, doubts))

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
    kinds = {
        "vertebral_fractures": (pl.col("vertebra") & gentle, pl.col("vertebra") & gentle, pl.lit(value=False))
    }
    for name, (sites, rough) in _ADULT.items():
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


def count_long_bones(known: Known, switches: Switches) -> dict[str, Bounds]:
    """Return the long-bone fractures of the cohort by age 10 and up to age 19."""
    return Ledger.of(known, switches).counted().numbers
