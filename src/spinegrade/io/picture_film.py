"""Films as PNG, TIFF and JPEG: pixels without a header worth the name, and so without millimetres."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from spinegrade.calibration import Calibration
from spinegrade.errors import FormatError
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
    with _opened(path) as image:
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
        msg = f"{path}: expected a PNG, TIFF or JPEG picture, got something else"
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
    facts = _facts(image, frame)
    if not 1 <= frame <= facts.frames:
        msg = f"{path}: expected a page from 1 to {facts.frames}, got {frame}"
        raise FormatError(msg)
    if frame > 1:
        image.seek(frame - 1)
        refuse_unlikely(str(path), path.stat().st_size, image.height, image.width)
    notes: list[str] = []
    pixels = _grey(image, notes)
    if facts.frames > 1:
        notes.append(f"page {frame} of {facts.frames}")
    return Radiograph(
        pixels=pixels,
        display=Display(),
        calibration=Calibration(),
        image=ImageIdentity(file_name=path.name),
        facts=facts,
        calibrated_by=NOT_CALIBRATED,
        notes=tuple(notes),
    )


def _facts(image: Image, frame: int) -> FilmFacts:
    if image.mode == "F":
        depth = None
    elif image.mode == "I":
        depth = 32
    else:
        depth = 16 if image.mode.startswith("I;16") else 8
    return FilmFacts(
        kind=f"{image.format} picture",
        bits_stored=depth,
        frames=getattr(image, "n_frames", 1),
        frame=frame,
    )


def _grey(image: Image, notes: list[str]) -> NDArray[np.generic]:
    """Return one value a pixel."""
    if image.mode in ("L", "I", "F") or image.mode.startswith("I;16"):
        grey = np.asarray(image)
        return grey.astype(grey.dtype.newbyteorder("="), copy=False)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in ("LA", "La"):
        notes.append("an alpha channel is left out")
        return np.asarray(image)[..., 0]
    if "A" in image.getbands() or "transparency" in image.info:
        notes.append("an alpha channel is left out")
    return one_channel(np.asarray(image.convert("RGB")), "picture", notes)
