"""A film: stored pixels that nobody alters, and beside them how they are shown.

The way from a stored pixel to what a reader sees is: modality lookup or rescale, then one of the windows
or VOI lookup tables, then inversion where the film says so (DICOM PS3.3 C.7.6.16, C.11.1, C.11.2;
PS3.4 N.2).  For integer pixels all of it is one table with an entry for every stored value.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from attrs import evolve, field, frozen, validators

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinegrade.calibration import Calibration

    Floats = NDArray[np.float64]

Function = Literal["linear", "linear_exact", "sigmoid"]
FUNCTIONS: tuple[Function, ...] = ("linear", "linear_exact", "sigmoid")


@frozen
class Rescale:
    """Modality values are ``slope * stored + intercept``."""

    slope: float = 1.0
    intercept: float = 0.0

    def apply(self, stored: Floats) -> Floats:
        """Return the modality values of stored values."""
        return stored * self.slope + self.intercept


@frozen(eq=False)
class LookupTable:
    """``entries[value - first]``; values beyond either end take the entry at that end."""

    first: int
    entries: Floats
    bits: int
    name: str | None = None

    def apply(self, values: Floats) -> Floats:
        """Return the entries for values."""
        place = np.clip(np.floor(values) - self.first, 0, len(self.entries) - 1)
        taken: Floats = np.take(self.entries, place.astype(np.intp))
        return taken

    def grey(self, values: Floats) -> Floats:
        """Return the entries as fractions of the largest that the bits allow."""
        grey: Floats = self.apply(values) / float(2**self.bits - 1)
        return grey


@frozen
class Window:
    """A VOI window: the values that run from black to white, by DICOM PS3.3 C.11.2.1.2 and .3."""

    centre: float
    width: float = field(validator=validators.gt(0))
    function: Function = field(default="linear", validator=validators.in_(FUNCTIONS))
    name: str | None = None

    def grey(self, values: Floats) -> Floats:
        """Return values as fractions of white, 0 to 1."""
        if self.function == "sigmoid":
            slope = np.clip(-4.0 * (values - self.centre) / self.width, -700, 700)
            grey: Floats = 1.0 / (1.0 + np.exp(slope))
            return grey
        low, high = self.bounds
        if high <= low:
            return (values > low).astype(float)
        return np.clip((values - low) / (high - low), 0.0, 1.0)

    @property
    def bounds(self) -> tuple[float, float]:
        """The values that are just black and just white; for a sigmoid those of its slope."""
        if self.function == "linear":
            return self.centre - 0.5 - (self.width - 1) / 2, self.centre - 0.5 + (self.width - 1) / 2
        return self.centre - self.width / 2, self.centre + self.width / 2


Preset = Window | LookupTable


@frozen
class Display:
    """How a film is shown.

    Attributes
    ----------
    modality
        From stored to modality values.
    presets
        The film's own windows and VOI tables, in its order; may be empty.
    inverted
        Whether low values are shown white, decided once from presentation shape and photometric
        interpretation.
    """

    modality: Rescale | LookupTable = Rescale()
    presets: tuple[Preset, ...] = ()
    inverted: bool = False


@frozen
class FilmFacts:
    """What the file says of the film, in the words of DICOM; None where it says nothing."""

    kind: str
    transfer_syntax: str | None = None
    photometric_interpretation: str | None = None
    modality: str | None = None
    bits_stored: int | None = None
    frames: int = 1
    frame: int = 1
    body_part: str | None = None
    view_position: str | None = None
    laterality: str | None = None
    patient_orientation: str | None = None
    burned_in_annotation: str | None = None


@frozen
class Person:
    """Whose film it is, and when it was taken.  Read only when asked for, and written nowhere."""

    name: str | None = None
    patient_id: str | None = None
    birth_date: str | None = None
    study_date: str | None = None


@frozen
class ImageIdentity:
    """Which film was read: ``sha256`` is of the decoded pixels, ``rows`` and ``columns`` their number."""

    file_name: str | None = None
    sop_instance_uid: str | None = None
    series_instance_uid: str | None = None
    study_instance_uid: str | None = None
    sha256: str | None = field(
        default=None, validator=validators.optional(validators.matches_re(r"[0-9a-f]{64}"))
    )
    rows: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    columns: int | None = field(default=None, validator=validators.optional(validators.ge(1)))


def _sealed(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the pixels in one piece, so that nobody writes them."""
    sealed = np.ascontiguousarray(pixels).view()
    sealed.flags.writeable = False
    return sealed


@frozen(eq=False, slots=False)
class Radiograph:
    """One film: ``(rows, columns)`` stored pixels and everything needed to show and to measure them.

    ``notes`` name what in the file was unsound and how it was read all the same.
    """

    pixels: NDArray[np.generic] = field(converter=_sealed)
    display: Display
    calibration: Calibration
    _image: ImageIdentity
    facts: FilmFacts
    calibrated_by: str = "no pixel spacing"
    notes: tuple[str, ...] = ()
    person: Person | None = None

    @cached_property
    def image(self) -> ImageIdentity:
        """Which film this is; its pixels are summed when that is first asked, not before they are shown."""
        rows, columns = self.pixels.shape
        sha256 = hashlib.sha256(self.pixels.data).hexdigest()
        return evolve(self._image, sha256=sha256, rows=rows, columns=columns)

    def shown(self, preset: int = 0) -> NDArray[np.uint8]:
        """Return ``(rows, columns)`` greys as a reader sees them, 0 black to 255 white.

        ``preset`` counts the film's own windows and tables; without any, the range of its values is
        the window.
        """
        with np.errstate(all="ignore"):  # a broken window or pixel is shown black, not warned of
            if self.pixels.dtype.kind in "ui" and self.pixels.dtype.itemsize <= 2:
                return self._by_table(preset)
            return _greys(self._grey(self.pixels.astype(float), self.voi(preset)))

    def voi(self, preset: int = 0) -> Preset:
        """Return the window or table of this number; the range of values where there is none."""
        if self.display.presets:
            return self.display.presets[preset]
        return full_range(self.display.modality.apply(_extremes(self.pixels)))

    def _by_table(self, preset: int) -> NDArray[np.uint8]:
        """Look every pixel up in the table of all stored values."""
        info = np.iinfo(self.pixels.dtype)  # type: ignore[type-var]
        every = np.arange(info.min, info.max + 1, dtype=float)
        table = _greys(self._grey(every, self.voi(preset)))
        stored = cast("NDArray[np.integer]", self.pixels)
        return np.take(table, stored if info.min == 0 else stored.astype(np.int32) - info.min)

    def _grey(self, stored: Floats, voi: Preset) -> Floats:
        grey = voi.grey(self.display.modality.apply(stored))
        return 1.0 - grey if self.display.inverted else grey


def full_range(values: Floats) -> Window:
    """Return the window from the least to the largest of some values."""
    most = float(np.finfo(float).max) / 4  # so that neither their sum nor their difference is infinite
    low, high = np.clip(np.nan_to_num([values.min(), values.max()]), -most, most).tolist()
    return Window((low + high) / 2, max(high - low, 1.0), "linear_exact", "full range")


def _extremes(pixels: NDArray[np.generic]) -> Floats:
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    if finite.size == 0:
        return np.zeros(2)
    return np.array([float(finite.min()), float(finite.max())])


def _greys(grey: Floats) -> NDArray[np.uint8]:
    shown: NDArray[np.uint8] = np.rint(np.nan_to_num(grey) * 255).astype(np.uint8)
    return shown


def preset_names(presets: Sequence[Preset]) -> list[str]:
    """Return what to call each preset: its own name, or its numbers."""
    return [preset.name or _described(preset) for preset in presets]


def _described(preset: Preset) -> str:
    if isinstance(preset, LookupTable):
        return f"VOI table of {len(preset.entries)} entries"
    return f"WC {preset.centre:g} WW {preset.width:g} {preset.function.replace('_', ' ')}"
