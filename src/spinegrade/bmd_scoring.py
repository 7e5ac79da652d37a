"""z-scores of every scan in a table of patients, and why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade import __version__
from spinegrade.bmd import (
    WHY,
    WHY_NO_HEIGHT_AGE,
    Density,
    adjust_for_height,
    bmd_z,
    convert_density,
    height_age,
    why_no_height_age,
)
from spinegrade.bmd_sites import FROM_PATIENTS, HEIGHT, IN_PATIENTS
from spinegrade.errors import RuleError
from spinegrade.patients.columns import BMD, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spinegrade.bmd_registry import Conversion, HeightAge
    from spinegrade.bmd_tables import BmdReference, HeightAdjustment

    Floats = NDArray[np.float64]

FARTHEST = 15.0
"""A z beyond this is taken for a slip of unit (this project's choice; a study printed -9.3)."""

_Z = ("z", "z_low", "z_high", "z_height_adjusted")
_Z_RANGE = next(one for one in TABLES[BMD] if one.name == "z_low")
_FAR = f"value implausible: z beyond {FARTHEST:g}; is it in g/cm2?"


@frozen
class Scoring:
    """What scans are scored by.

    Attributes
    ----------
    conversions
        Those that were asked for, each from another device to the reference's.
    heights
        Reference of heights, for the height-z that an adjustment needs.
    replace
        Whether scans that have a z already are scored again.
    equations
        Names and hashes of the files of conversions and height age.
    """

    reference: BmdReference
    group: str = ""
    conversions: tuple[Conversion, ...] = ()
    height_ages: tuple[HeightAge, ...] = ()
    adjustment: HeightAdjustment | None = None
    heights: BmdReference | None = None
    replace: bool = False
    equations: str = ""

    @property
    def made_by(self) -> str:
        """Names and hashes of what is used, as results carry them."""
        files = {"reference": self.reference, "heights": self.heights, "adjustment": self.adjustment}
        named = [f"{what} {one.name} sha256:{one.sha256}" for what, one in files.items() if one is not None]
        return "; ".join([*named, f"equations {self.equations}"])

    def check(self) -> None:
        """Refuse what does not go together.

        Raises
        ------
        RuleError
            If the reference has no device or not the group, a conversion leads elsewhere or two start alike,
            or an adjustment or a reference of heights is of something else.
        """
        name, device = self.reference.name, self.reference.device
        if not device:
            msg = f"reference {name}: expected a device in its rows (a z-score needs it), got none"
            raise RuleError(msg)
        groups = dict.fromkeys(group for site, _, group in self.reference.curves if site != HEIGHT)
        if self.group not in groups:
            known = ", ".join(repr(one) for one in groups)
            msg = f"reference {name}: expected a group of it by --group: {known}; got {self.group!r}"
            raise RuleError(msg)
        starts = [(one.from_device.lower(), one.site) for one in self.conversions]
        for one, start in zip(self.conversions, starts, strict=True):
            if one.to_device.lower() != device.lower() or start[0] == device.lower():
                msg = f"conversion {one.id}: expected one from another device to {device}, as reference "
                msg += f"{name} has, got one from {one.from_device} to {one.to_device}"
                raise RuleError(msg)
            if starts.count(start) > 1:
                msg = f"conversion {one.id}: expected one conversion from {one.from_device} at {one.site}, "
                raise RuleError(msg + f"got {starts.count(start)}")

    def routes(self) -> Iterator[tuple[str, str, Conversion | None]]:
        """Give site and device (in small letters) of every kind of scan that can be scored, and how."""
        for site in FROM_PATIENTS.values():
            yield site, self.reference.device.lower(), None
        for one in self.conversions:
            yield one.site, one.from_device.lower(), one


def score_scans(scans: pl.DataFrame, by: Scoring) -> pl.DataFrame:
    """Return the scans of `describe_scans` with z-scores, their interval, and what stands beside them.

    Filled are ``z, z_low, z_high`` (the interval where a density was converted), ``z_height_adjusted``,
    ``reference``, ``reference_device`` and ``conversion`` of every scan that gets a z; the others stay as
    they were.  Added are ``scored`` (scored, kept or nothing), ``why_no_z``, ``height_age``,
    ``z_at_height_age``, ``height_z``, ``why_not_adjusted``, ``made_by`` and ``version``.

    Raises
    ------
    RuleError
        As `Scoring.check`.
    """
    by.check()
    frame = _admit(scans, by)
    frame = frame.with_columns(_scores(frame, by))
    frame = frame.with_columns(_adjustments(frame, by))
    return _fill(frame, by)


def _admit(scans: pl.DataFrame, by: Scoring) -> pl.DataFrame:
    """Return the scans with whether they have a z, and why they cannot be scored as far as words can tell."""
    device = pl.col("device").str.to_lowercase().str.strip_chars()
    routes = {f"{IN_PATIENTS.get(site)} {made}" for site, made, _ in by.routes()}
    other = pl.format(
        "device {} is not {}, and no conversion from it at this site was named",
        "device",
        pl.lit(by.reference.device),
    )
    refused = pl.coalesce(
        pl.when(pl.col("site").is_null()).then(pl.lit("site missing")),
        pl.when(pl.col("value").is_null()).then(pl.lit("value missing")),
        pl.when(pl.col("value") <= 0).then(pl.lit("value not above 0")),
        "why_no_age",
        pl.when(device.is_null()).then(pl.lit("device not said")),
        pl.when(~pl.format("{} {}", "site", device).is_in(routes)).then(other),
    )
    return scans.with_columns(
        device.alias("_device"),
        refused.alias("_refused"),
        pl.any_horizontal(pl.col(_Z).is_not_null()).alias("_has_z"),
    )


def _scores(frame: pl.DataFrame, by: Scoring) -> list[pl.Series]:
    """Return the new scores of the scans that can have one, the conversion, and why there is none."""
    value, age, height = (_numbers(frame[name]) for name in ("value", "age", "height"))
    sex, sites, devices = (frame[name].to_numpy() for name in ("_sex", "site", "_device"))
    matched = height_age(height, sex, by.height_ages)
    open_ = frame["_refused"].is_null().to_numpy()
    z, low, high, at_height_age = (np.full(frame.height, np.nan) for _ in range(4))
    why, used = np.zeros(frame.height, dtype=np.uint32), np.full(frame.height, "", dtype=object)
    for site, device, conversion in by.routes():
        here = open_ & (sites == IN_PATIENTS.get(site)) & (devices == device)
        if here.any():
            person = {"sex": sex[here], "age": age[here]}
            maker = conversion.from_device if conversion else by.reference.device
            density = Density(value[here], site, maker)
            found = bmd_z(density, by.reference, **person, conversion=conversion, group=by.group)
            z[here], why[here] = found.z, found.why
            at_height_age[here] = _at_age(density, by, person["sex"], age[here], matched[here], conversion)
            if conversion is not None:
                low[here], high[here], used[here] = found.low, found.high, conversion.id
    far = np.abs(z) > FARTHEST
    far |= (low < _Z_RANGE.low) | (high > _Z_RANGE.high)
    why[far] = len(WHY)
    words = pl.Series([*(one or None for one in WHY), _FAR], dtype=pl.String).gather(why)
    numbers = {"_z": z, "_low": low, "_high": high, "z_at_height_age": at_height_age}
    return [
        *(
            pl.Series(name, np.where(far, np.nan, values), nan_to_null=True)
            for name, values in numbers.items()
        ),
        pl.Series("height_age", matched, nan_to_null=True),
        _reasons(why_no_height_age(height, sex, by.height_ages)),
        pl.Series("_conversion", used, dtype=pl.String).replace("", None),
        frame["_refused"].fill_null(words).alias("_why") if frame.height else words.alias("_why"),
    ]


def _reasons(codes: NDArray[np.uint8]) -> pl.Series:
    """Return why scans have no height age, in words."""
    words = pl.Series("why_no_height_age", [one or None for one in WHY_NO_HEIGHT_AGE], dtype=pl.String)
    return words.gather(codes.astype(np.uint32))


def _at_age(
    density: Density, by: Scoring, sex: Floats, age: Floats, matched: Floats, conversion: Conversion | None
) -> Floats:
    """Return the z-scores among people of the age that the height has."""
    if conversion is not None:  # allowed or not by the person's own age
        converted = convert_density(density.values, conversion, age)
        density = Density(converted.value, density.site, by.reference.device)
    return bmd_z(density, by.reference, sex=sex, age=matched, group=by.group).z


def _adjustments(frame: pl.DataFrame, by: Scoring) -> list[pl.Series]:
    """Return the z of the heights, and the scores less what it leads one to expect."""
    height_z, adjusted = (np.full(frame.height, np.nan) for _ in range(2))
    sex, sites = frame["_sex"].to_numpy(), frame["site"].to_numpy()
    if by.heights is not None:
        lms = by.heights.lms(HEIGHT, sex, _numbers(frame["age"]))
        height_z = lms.z(_numbers(frame["height"]))
    if by.adjustment is not None:
        z = _numbers(frame["_z"])
        for theirs, ours in FROM_PATIENTS.items():
            here = sites == theirs
            adjusted[here] = adjust_for_height(z[here], height_z[here], sex[here], ours, by.adjustment)
    return [
        pl.Series("height_z", height_z, nan_to_null=True),
        pl.Series("_adjusted", adjusted, nan_to_null=True),
    ]


def _fill(frame: pl.DataFrame, by: Scoring) -> pl.DataFrame:
    """Return the scans with what was found where it is to stand."""
    scored = pl.col("_z").is_not_null() & (pl.lit(by.replace) | ~pl.col("_has_z"))
    fits = pl.col("_adjusted").is_between(_Z_RANGE.low, _Z_RANGE.high)
    new = {
        "z": pl.col("_z"),
        "z_low": pl.col("_low"),
        "z_high": pl.col("_high"),
        "z_height_adjusted": pl.when(fits).then(pl.col("_adjusted")),
        "reference": pl.lit(by.reference.name),
        "reference_device": pl.lit(by.reference.device),
        "conversion": pl.col("_conversion"),
    }
    tried = pl.lit(by.replace) | ~pl.col("_has_z")
    return frame.with_columns(
        *(pl.when(scored).then(value).otherwise(pl.col(name)).alias(name) for name, value in new.items()),
        pl.when(scored).then(pl.lit("scored")).when("_has_z").then(pl.lit("kept")).alias("scored"),
        pl.when(tried & ~scored).then(pl.col("_why")).alias("why_no_z"),
        pl.when(scored).then(_why_not_adjusted(by, fits)).alias("why_not_adjusted"),
        pl.lit(by.made_by).alias("made_by"),
        pl.lit(__version__).alias("version"),
    )


def _why_not_adjusted(by: Scoring, fits: pl.Expr) -> pl.Expr:
    reasons = {
        "no adjustment for height was given": pl.lit(by.adjustment is None),
        "no reference of heights was given": pl.lit(by.heights is None),
    }
    beyond = {
        "sex, age or height outside the reference of heights": pl.col("height_z").is_null(),
        "site or sex not in the adjustment": pl.col("_adjusted").is_null(),
        "height-adjusted z implausible": ~fits,
    }
    return pl.coalesce(
        *(pl.when(where).then(pl.lit(words)) for words, where in reasons.items()),
        "why_no_height",
        *(pl.when(where).then(pl.lit(words)) for words, where in beyond.items()),
    )


def _numbers(series: pl.Series) -> Floats:
    return series.cast(pl.Float64).fill_null(np.nan).to_numpy()
