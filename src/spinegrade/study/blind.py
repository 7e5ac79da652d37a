"""A film stripped of everything but its pixels and what is needed to show and to measure them.

Nothing is taken away from a file: a new one is made, into which goes what is listed here.  Every film that
comes out is read again and compared with what went in.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from spinegrade.errors import StudyError
from spinegrade.io.film import open_film
from spinegrade.study.blind_file import film_bytes
from spinegrade.study.blind_tags import same_calibration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spinegrade.radiograph import ImageIdentity, Radiograph
    from spinegrade.study.blind_file import Label
    from spinegrade.study.protocol import Mask


@frozen
class Blinded:
    """A blinded film: the bytes of its DICOM file, and which film that is."""

    content: bytes
    image: ImageIdentity


def blind(film: Radiograph, label: Label, masks: Iterable[Mask], where: str) -> Blinded:
    """Return the film under a new label, its burned-in text painted over; ``where`` names it in messages.

    Raises
    ------
    StudyError
        If a mask lies beside the film, or the film cannot be blinded without a change to what is seen.
    """
    if film.pixels.dtype.kind not in "ui" or film.pixels.dtype.itemsize > 2:
        msg = f"{where}: expected whole numbers of 8 or 16 bits a pixel, got {film.pixels.dtype}; "
        raise StudyError(msg + "convert it to 16 bits first")
    masked = evolve(film, pixels=painted_over(film, masks, where))
    content = film_bytes(masked, label)
    with tempfile.TemporaryDirectory(prefix="spinegrade-") as folder:
        path = Path(folder) / label.file_name
        path.write_bytes(content)
        again = open_film(path)
    _check(masked, again, where)
    return Blinded(content, again.image)


def painted_over(film: Radiograph, masks: Iterable[Mask], where: str) -> NDArray[np.generic]:
    """Return the pixels with the masks in the value that is shown darkest.

    Raises
    ------
    StudyError
        If a mask lies beside the film.
    """
    rows, columns = film.pixels.shape
    covered = np.zeros((rows, columns), bool)
    for mask in masks:
        down, across = mask.rows or (0, rows - 1), mask.columns or (0, columns - 1)
        if down[0] >= rows or across[0] >= columns:
            msg = f"{where}: expected a mask on its {rows} x {columns} pixels, got one that begins at "
            msg += f"row {down[0]}, column {across[0]}"
            raise StudyError(msg)
        covered[down[0] : down[1] + 1, across[0] : across[1] + 1] = True
    if covered.all():
        msg = f"{where}: expected masks that leave something to read, got the whole film covered"
        raise StudyError(msg)
    left = film.pixels[~covered]  # what is covered has no part in the value that covers it
    return np.where(covered, left.max() if film.display.inverted else left.min(), film.pixels)


def _check(wanted: Radiograph, got: Radiograph, where: str) -> None:
    """Refuse a blinded film that shows or measures anything else than the film it was made of."""
    differs = ""
    if wanted.pixels.dtype.kind != got.pixels.dtype.kind or not np.array_equal(wanted.pixels, got.pixels):
        differs = "pixels"
    elif not same_calibration(wanted.calibration, got.calibration):
        differs = "millimetres"
    elif len(wanted.display.presets) != len(got.display.presets) or any(
        not np.array_equal(wanted.shown(preset), got.shown(preset))
        for preset in range(max(1, len(wanted.display.presets)))
    ):
        differs = "greys"
    if differs:
        msg = f"{where}: expected a film that can be blinded as it is, got one whose {differs} would differ"
        raise StudyError(msg)
