"""What is on a simulated film: the person, the fractures, the beam, the detector.

A scene is a small TOML file, or the options of ``spinegrade phantom``; everything it does not say has a
default.  None of its sizes is a norm: they are plausible, invented, and serve to draw.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen, validators

from spinegrade.anatomy import LEVELS
from spinegrade.errors import FormatError
from spinegrade.io.reading_json import from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DRAWN = (*LEVELS[LEVELS.index("T1") : LEVELS.index("L5") + 1], "S1")
"""The bodies that are drawn; the sacrum is one of them and is not measured."""

_LEVEL = validators.in_(DRAWN[:-1])


def _between(low: float, high: float) -> Any:  # noqa: ANN401  attrs has no name for a validator
    return validators.and_(validators.ge(low), validators.le(high))


class Person(StrEnum):
    """Whose spine it is."""

    ADULT = "adult"
    CHILD = "child"


class FractureKind(StrEnum):
    """Which heights a fracture takes."""

    WEDGE = "wedge"
    BICONCAVE = "biconcave"
    CRUSH = "crush"
    ENDPLATE = "endplate"
    """A depression of one endplate."""


class MimicKind(StrEnum):
    """What looks like a fracture and is none, or is beside the question."""

    SCHMORL = "schmorl"
    SCHEUERMANN = "scheuermann"
    OSTEOPHYTES = "osteophytes"
    CUPIDS_BOW = "cupids-bow"


class Plate(StrEnum):
    """An endplate."""

    SUPERIOR = "superior"
    INFERIOR = "inferior"


@frozen
class Fracture:
    """A fracture; ``loss`` is of the posterior height that the level has without it."""

    level: str = field(validator=_LEVEL)
    kind: FractureKind
    loss: float = field(validator=_between(0.0, 0.8))
    plate: Plate = Plate.SUPERIOR
    """Which endplate an endplate depression is of."""

    def __attrs_post_init__(self) -> None:
        """Refuse an endplate for a fracture that is of both."""
        if self.kind is not FractureKind.ENDPLATE and self.plate is not Plate.SUPERIOR:
            msg = f"plate: expected one for an endplate fracture only, got {self.plate} for {self.kind}"
            raise ValueError(msg)


@frozen
class Mimic:
    """A mimic of fracture at a level."""

    level: str = field(validator=_LEVEL)
    kind: MimicKind
    plate: Plate = Plate.SUPERIOR


@frozen
class Pose:
    """How the person lies, in degrees.

    ``rotation`` is about the long axis of the body, ``lateral_tilt`` to the side, for the whole spine;
    ``scoliosis`` is the largest tilt to the side along the spine; ``lean`` turns the spine in the film.
    """

    kyphosis: float = field(default=34.0, validator=_between(0.0, 90.0))
    lordosis: float = field(default=50.0, validator=_between(0.0, 90.0))
    rotation: float = field(default=0.0, validator=_between(-45.0, 45.0))
    lateral_tilt: float = field(default=0.0, validator=_between(-30.0, 30.0))
    scoliosis: float = field(default=0.0, validator=_between(0.0, 30.0))
    lean: float = field(default=0.0, validator=_between(-30.0, 30.0))


class BeamKind(StrEnum):
    """Where the rays come from."""

    POINT = "point"
    """One point: everything is magnified, the more the nearer it is to the source."""
    SCAN = "scan"
    """A fan that moves along the spine, as in DXA: magnified across the spine only."""


@frozen
class Beam:
    """Distances from the source, in mm; the middle of the spine is at ``source_to_spine``."""

    kind: BeamKind = BeamKind.POINT
    source_to_detector: float = field(default=1800.0, validator=_between(300.0, 5000.0))
    source_to_spine: float = field(default=1570.0, validator=_between(200.0, 5000.0))

    def __attrs_post_init__(self) -> None:
        """Refuse a spine behind the detector, or at it."""
        if self.source_to_spine + 100 > self.source_to_detector:
            msg = "source_to_spine: expected 100 mm or more below source_to_detector, got "
            msg += f"{self.source_to_spine:g} and {self.source_to_detector:g}"
            raise ValueError(msg)

    @property
    def magnification(self) -> float:
        """How much larger the middle of the spine is on the film."""
        return self.source_to_detector / self.source_to_spine


@frozen
class Detector:
    """The film: its pixels in mm, how many photons reach a pixel, and how sharp it is.

    ``photons`` is per square millimetre of bare detector, ``scatter`` scattered photons per primary one
    behind a typical body, ``blur_mm`` the SD of focal spot and detector together, at the detector.
    """

    rows: int = field(default=2950, validator=_between(64, 8000))
    columns: int = field(default=2050, validator=_between(64, 8000))
    row_spacing_mm: float = field(default=0.146, validator=_between(0.02, 5.0))
    column_spacing_mm: float = field(default=0.146, validator=_between(0.02, 5.0))
    photons: float = field(default=6.0e6, validator=_between(1e3, 1e12))
    scatter: float = field(default=0.45, validator=_between(0.0, 10.0))
    blur_mm: float = field(default=0.15, validator=_between(0.0, 3.0))
    bits: int = field(default=12, validator=_between(8, 16))


class SpacingTag(StrEnum):
    """Which spacing the file tells; the names of `spinegrade.calibration.CalibrationState`."""

    NONE = "none"
    UNKNOWN = "unknown"
    DETECTOR = "detector"
    ERMF = "ermf"
    CALIBRATED = "calibrated"
    SCANNED = "scanned"


class Polarity(StrEnum):
    """Whether the lowest stored value is white or black."""

    MONOCHROME1 = "MONOCHROME1"
    MONOCHROME2 = "MONOCHROME2"


@frozen
class Scene:
    """One simulated film.

    Attributes
    ----------
    size
        Of the whole person, 1 for the default adult or child.
    hidden_to
        The lowest level behind the shoulder girdle.
    bone
        Mineral of the bones, 1 for healthy.
    """

    title: str = "lateral spine"
    seed: int = field(default=0, validator=_between(0, 2**32 - 1))
    person: Person = Person.ADULT
    size: float = field(default=1.0, validator=_between(0.3, 2.0))
    bone: float = field(default=1.0, validator=_between(0.2, 2.0))
    hidden_to: str = field(default="T3", validator=_LEVEL)
    facing: int = field(default=-1, validator=validators.in_((-1, 1)))
    fractures: tuple[Fracture, ...] = ()
    mimics: tuple[Mimic, ...] = ()
    pose: Pose = Pose()
    beam: Beam = Beam()
    detector: Detector = Detector()
    spacing: SpacingTag = SpacingTag.DETECTOR
    polarity: Polarity = Polarity.MONOCHROME2

    def __attrs_post_init__(self) -> None:
        """Refuse two fractures of one vertebra, and a magnification that a fan does not have."""
        if self.spacing is SpacingTag.ERMF and self.beam.kind is BeamKind.SCAN:
            msg = "spacing: expected another state than ermf for a scanned fan, which magnifies across only"
            raise ValueError(msg)
        levels = [fracture.level for fracture in self.fractures]
        twice = [level for level in DRAWN if levels.count(level) > 1]
        if twice:
            msg = f"fractures: expected one a level, got {levels.count(twice[0])} of {twice[0]}"
            raise ValueError(msg)


_CHOICES = (Person, FractureKind, MimicKind, Plate, BeamKind, SpacingTag, Polarity)

DXA = Detector(
    rows=1040,
    columns=330,
    row_spacing_mm=0.42,
    column_spacing_mm=0.8,
    photons=1.6e5,
    scatter=0.1,
    blur_mm=0.5,
    bits=8,
)
"""A lateral DXA image: few, oblong and noisy pixels."""


def as_dxa(scene: Scene) -> Scene:
    """Return the scene as a DXA scanner sees it."""
    beam = Beam(BeamKind.SCAN, source_to_detector=1000.0, source_to_spine=760.0)
    return evolve(scene, detector=DXA, beam=beam, spacing=SpacingTag.NONE)


def read_scene(path: Path) -> Scene:
    """Return the scene in a TOML file.

    Raises
    ------
    FormatError
        If the file is no TOML, or says something that no scene can have.
    """
    return scene_from(scene_data(path), str(path))


def scene_data(path: Path) -> dict[str, Any]:
    """Return what a scene file says, not yet checked.

    Raises
    ------
    FormatError
        If the file is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: expected a scene, got {error.strerror}"
        raise FormatError(msg) from error
    except ValueError as error:
        msg = f"{path}: expected TOML in UTF-8, got: {error}"
        raise FormatError(msg) from error


def scene_from(data: Mapping[str, Any], where: str) -> Scene:
    """Return the scene that plain data describe; ``mode = "dxa"`` stands for the DXA defaults.

    Raises
    ------
    FormatError
        If a key is unknown, or a value impossible.
    """
    given = dict(data)
    mode = given.pop("mode", "film")
    if mode not in ("film", "dxa"):
        msg = f"{where}: mode: expected film or dxa, got {mode!r}"
        raise FormatError(msg)
    if mode == "dxa":
        given = _with_defaults(given, as_dxa(Scene()))
    try:
        return from_plain(given, Scene, _CHOICES)
    except FormatError as error:
        msg = f"{where}: {str(error).removeprefix('Scene: ')}"
        raise FormatError(msg) from error


def _with_defaults(given: dict[str, Any], defaults: Scene) -> dict[str, Any]:
    """Return the data with detector, beam and spacing of the defaults where they are not given."""
    import attrs

    for part in ("detector", "beam"):
        changed = given.get(part, {})
        if isinstance(changed, dict):  # whatever else it is, is said where all is checked
            given[part] = attrs.asdict(getattr(defaults, part)) | changed
    return {"spacing": defaults.spacing.value} | given
