"""Films as PNG, TIFF and JPEG: pixels without a header worth the name, and so without millimetres."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from spinegrade.calibration import Calibration
from spinegrade.errors import FormatError
from spinegrade.io.dicom_words import caught_words
from spinegrade.io.film_depth import (
    depth,
    has_wide_colours,
    note_alpha,
    orientation_note,
    unsigned,
    what_instead,
    white_is_zero,
    wide_grey,
)
from spinegrade.io.film_pixels import one_channel, refuse_unlikely
from spinegrade.radiograph import Display, FilmFacts, ImageIdentity, Radiograph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

NOT_CALIBRATED = "no pixel spacing: pictures have none"


def read_picture(path: Path, *, frame: int = 1) -> Radiograph:
    """Return the film in a picture file; of several pages the one counted from 1.

    A colour picture whose channels are alike gives that channel, another its luminance; an alpha
    channel is left out.  The resolution of a picture says how to print it and is no spacing.

    Raises
    ------
    FormatError
        If the file is no picture, is cut off, too large, or has no such page.
    """
    with _opened(path) as image, caught_words([]):  # what is wrong with a picture is raised besides
        return _film(image, path, frame)


def picture_header(path: Path) -> tuple[FilmFacts, tuple[int, int]]:
    """Return what the header of a picture says, and rows and columns; no pixel is decoded.

    Raises
    ------
    FormatError
        As `read_picture`.
    """
    with _opened(path) as image:
        return _facts(image, 1), (image.height, image.width)


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    """Give the picture in a file; whatever breaks meanwhile is said in one line."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=("PNG", "TIFF", "JPEG")) as image:
                refuse_unlikely(str(path), path.stat().st_size, image.height, image.width)
                yield image
    except FormatError:
        raise
    except UnidentifiedImageError as error:
        msg = f"{path}: expected a PNG, TIFF or JPEG picture, got {what_instead(path)}"
        raise FormatError(msg) from error
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        msg = f"{path}: expected at most {most:,} pixels, got more"
        raise FormatError(msg) from error
    except MemoryError as error:
        msg = f"{path}: expected a picture that can be held, got too little memory for it"
        raise FormatError(msg) from error
    except Exception as error:  # broken pictures make the library raise almost anything
        msg = f"{path}: expected a whole picture, got broken data ({type(error).__name__})"
        raise FormatError(msg) from error


def _film(image: Image, path: Path, frame: int) -> Radiograph:
    frames = getattr(image, "n_frames", 1)
    if not 1 <= frame <= frames:
        msg = f"{path}: expected a page from 1 to {frames}, got {frame}"
        raise FormatError(msg)
    if frame > 1:
        image.seek(frame - 1)
        refuse_unlikely(str(path), path.stat().st_size, image.height, image.width)
    facts, inverted = _facts(image, frame), white_is_zero(image)
    wide = has_wide_colours(image)  # asked before the orientation, for which a PNG is decoded
    notes = [note for note in (orientation_note(image, str(path)),) if note]
    if inverted:
        notes.append("the picture says that 0 is white; it is shown so")
    pixels = wide_grey(image, path, notes) if wide else _grey(image, notes)
    if frames > 1:
        notes.append(f"page {frame} of {frames}")
    return Radiograph(
        pixels=pixels,
        display=Display(inverted=inverted),
        calibration=Calibration(),
        image=ImageIdentity(file_name=path.name),
        facts=facts,
        calibrated_by=NOT_CALIBRATED,
        notes=tuple(notes),
    )


def _facts(image: Image, frame: int) -> FilmFacts:
    return FilmFacts(
        kind=f"{image.format} picture",
        bits_stored=depth(image),
        frames=getattr(image, "n_frames", 1),
        frame=frame,
    )


def _grey(image: Image, notes: list[str]) -> NDArray[np.generic]:
    """Return one value a pixel."""
    if image.mode in ("L", "I", "F") or image.mode.startswith("I;16"):
        grey = np.asarray(image)
        return unsigned(grey.astype(grey.dtype.newbyteorder("="), copy=False), image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    note_alpha(image, notes)
    if image.mode in ("LA", "La"):
        return np.asarray(image)[..., 0]
    return one_channel(np.asarray(image.convert("RGB")), "picture", notes)
