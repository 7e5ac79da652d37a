"""Koerber's three criteria measured from the landmarks, and a score by weights that the user supplies.

The paper's points and formula were not to be had, and none are made up here: without a file of weights
nothing is computed.  With one, the score is a weighted sum of three terms: the losses of height, the
kyphosis, and the shapes.

Source of the criteria: Koerber 2012, RoeFo, doi 10.1055/s-0032-1312833.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen, validators

from spinegrade.anatomy import LEVELS, LevelRange, level_index, parse_range
from spinegrade.errors import RuleError, SpinegradeError
from spinegrade.genant import SHAPES
from spinegrade.io.reading_json import from_plain
from spinegrade.qualitative.depression import cobb_angle
from spinegrade.rules import RuleFile, load_rule

if TYPE_CHECKING:
    from attrs import Attribute
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

KIND = "koerber-weights"
CRITERIA = ("compression", "kyphosis", "deformity")
COMBINED = ("sum", "mean", "largest")

_ABOVE = validators.and_(validators.ge(0.0), validators.lt(math.inf))
_FINITE = validators.and_(validators.gt(-math.inf), validators.lt(math.inf))
_SAYS = ("status", "confirmed_by", "note", "example")


def _one_of(values: tuple[str, ...]) -> Any:  # noqa: ANN401  attrs has no name for a validator
    """Return a validator that says in words what was expected and got."""

    def check(_: object, attribute: Attribute[str], value: str) -> None:
        if value not in values:
            msg = f"{attribute.name}: expected one of {', '.join(values)}, got {value!r}"
            raise RuleError(msg)

    return check


@frozen
class Band:
    """Points from a value on, until the next band begins."""

    least: float = field(validator=_FINITE)
    points: float = field(validator=_FINITE)


@frozen
class Class:
    """A class of severity from a score on."""

    name: str = field(validator=validators.min_len(1))
    least: float = field(validator=_FINITE)


@frozen
class Compression:
    """Weight and points of the losses of height, in percent; without bands a loss counts as it is."""

    weight: float = field(validator=_FINITE)
    combine: str = field(validator=_one_of(COMBINED))
    bands: tuple[Band, ...] = ()


@frozen
class Kyphosis:
    """Weight and points of the Cobb angle, in degrees, between two levels; without bands as it is."""

    weight: float = field(validator=_FINITE)
    upper: str = field(default="T12", validator=_one_of(LEVELS))
    lower: str = field(default="L2", validator=_one_of(LEVELS))
    bands: tuple[Band, ...] = ()


@frozen
class Deformity:
    """Weight of the shapes, and the points of each; a shape without points leaves the score open."""

    weight: float = field(validator=_FINITE)
    combine: str = field(validator=_one_of(COMBINED))
    points: dict[str, float]


@frozen
class Weights:
    """What a file of weights says.

    Attributes
    ----------
    levels
        The levels whose losses and shapes count; the score is open unless all are graded.
    classes
        Classes by their lowest score, rising; a score below the first has none.
    """

    levels: str
    compression: Compression
    kyphosis: Kyphosis
    deformity: Deformity
    classes: tuple[Class, ...]
    source: RuleFile | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse levels, shapes and bounds that contradict themselves."""
        _ = self.level_range
        strange = sorted(set(self.deformity.points) - set(SHAPES))
        if strange:
            msg = f"deformity.points: expected shapes, {', '.join(SHAPES)}, got {strange[0]!r}"
            raise RuleError(msg)
        if level_index(self.kyphosis.upper) >= level_index(self.kyphosis.lower):
            msg = f"kyphosis: expected the upper level above the lower, got {self.kyphosis.upper} and "
            msg += self.kyphosis.lower
            raise RuleError(msg)
        for name, bounds in (
            ("compression.bands", self.compression.bands),
            ("kyphosis.bands", self.kyphosis.bands),
            ("classes", self.classes),
        ):
            least = [one.least for one in bounds]
            if sorted(set(least)) != least or (name == "classes" and not least):
                msg = f"{name}: expected rising bounds, got {least}"
                raise RuleError(msg)

    @property
    def level_range(self) -> LevelRange:
        """The levels whose losses and shapes count."""
        return parse_range(self.levels)

    @property
    def stamp(self) -> str:
        """Name, revision and hash, as every exported result carries them."""
        return "" if self.source is None else self.source.stamp


@frozen
class Severity:
    """Scores of spines, ``(...)``; NaN where something that counts was not measured.

    ``terms`` are ``(..., 3)`` in `CRITERIA` order, before they are weighted; ``kyphosis`` is in degrees;
    ``category`` is a place in the classes, -1 for none.
    """

    score: Floats
    terms: Floats
    kyphosis: Floats
    category: NDArray[np.int64]


def load_weights(name: str) -> Weights:
    """Return the weights in a TOML file of the user's.

    Raises
    ------
    RuleError
        If there is no such file, it is of another kind, nobody has confirmed it, or something is wrong.
    """
    from attrs import evolve

    source = load_rule(name, KIND)
    data = source.data
    if data.get("status") != "confirmed" or not str(data.get("confirmed_by", "")).strip():
        msg = f"{name}: expected status 'confirmed' and confirmed_by, who compared it with which page, got "
        msg += f"{data.get('status')!r} and {data.get('confirmed_by')!r}"
        raise RuleError(msg)
    given = {key: value for key, value in data.items() if key not in _SAYS}
    if "source" in given:
        msg = f"{name}: expected no other keys, got source"
        raise RuleError(msg)
    try:
        return evolve(from_plain(given, Weights), source=source)
    except SpinegradeError as error:
        msg = f"{name}: {str(error).removeprefix('Weights: ')}"
        raise RuleError(msg) from error


def severity(height_loss: ArrayLike, shape: ArrayLike, landmarks: ArrayLike, weights: Weights) -> Severity:
    """Return the scores of spines.

    ``height_loss`` are ``(..., 23)`` fractions and ``shape`` ``(..., 23)`` places in `SHAPES`, both of
    `genant.grade_spines`; ``landmarks`` are ``(..., 23, 6, 2)`` in units of length.
    """
    within = weights.level_range.indices
    loss = np.asarray(height_loss, dtype=float)[..., within]
    points = np.asarray(landmarks, dtype=float)
    ends = weights.kyphosis
    angle = cobb_angle(points[..., level_index(ends.upper), :, :], points[..., level_index(ends.lower), :, :])
    compression = _combined(_banded(100 * loss, weights.compression.bands), weights.compression.combine)
    by_shape = np.array([weights.deformity.points.get(name, np.nan) for name in SHAPES])
    shapes = np.where(np.isnan(loss), np.nan, by_shape[np.asarray(shape)[..., within]])
    deformity = _combined(shapes, weights.deformity.combine)
    terms = np.stack([compression, _banded(angle, ends.bands), deformity], axis=-1)
    score = terms @ np.array([weights.compression.weight, ends.weight, weights.deformity.weight])
    bounds = np.array([one.least for one in weights.classes])
    place = np.where(np.isnan(score), 0, np.searchsorted(bounds, score + _TOLERANCE, side="right")) - 1
    return Severity(score, terms, angle, place)


_TOLERANCE = 1e-9
"""How far rounding may take a value from a bound."""


def _banded(values: Floats, bands: tuple[Band, ...]) -> Floats:
    """Return the points of values; 0 below the first band."""
    if not bands:
        return values
    bounds = np.array([one.least for one in bands])
    points = np.array([0.0, *(one.points for one in bands)])
    place = np.searchsorted(bounds, np.nan_to_num(values) + _TOLERANCE, side="right")
    return np.where(np.isnan(values), np.nan, points[place])


def _combined(values: Floats, how: str) -> Floats:
    if how == "largest":
        largest: Floats = values.max(axis=-1)
        return largest
    return np.asarray(values.mean(axis=-1) if how == "mean" else values.sum(axis=-1))
