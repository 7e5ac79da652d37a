"""Films as PNG, TIFF and JPEG: pixels without a header worth the name, and so without millimetres."""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING

import numpy as np

from spinegrade.calibration import Calibration
from spinegrade.errors import FormatError
from spinegrade.io.dicom_film import MOST_PIXELS
from spinegrade.radiograph import Display, FilmFacts, ImageIdentity, Radiograph

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

_LUMINANCE = np.array([0.299, 0.587, 0.114])


def read_picture(path: Path, *, frame: int = 1) -> Radiograph:
    """Return the film in a picture file; of several pages the one counted from 1.

    A colour picture whose channels are alike gives that channel, another its luminance; an alpha
    channel is left out.  The resolution of a picture says how to print it and is no spacing.

    Raises
    ------
    FormatError
        If the file is no picture, is cut off, too large, or has no such page.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return _film(image, path, frame)
    except FormatError:
        raise
    except UnidentifiedImageError as error:
        msg = f"{path}: expected a PNG, TIFF or JPEG picture, got something else"
        raise FormatError(msg) from error
    except MemoryError:
        raise
    except Exception as error:  # broken pictures make the library raise almost anything
        msg = f"{path}: expected a whole picture, got: {str(error)[:160] or type(error).__name__}"
        raise FormatError(msg) from error


def _film(image: Image, path: Path, frame: int) -> Radiograph:
    frames = getattr(image, "n_frames", 1)
    if not 1 <= frame <= frames:
        msg = f"{path}: expected a page from 1 to {frames}, got {frame}"
        raise FormatError(msg)
    if frame > 1:
        image.seek(frame - 1)
    if image.width * image.height > MOST_PIXELS:
        msg = f"{path}: expected at most {MOST_PIXELS:,} pixels, got {image.height} x {image.width}"
        raise FormatError(msg)
    notes: list[str] = []
    pixels = np.ascontiguousarray(_grey(image, notes))
    pixels.flags.writeable = False
    if frames > 1:
        notes.append(f"page {frame} of {frames}")
    depth = None if pixels.dtype.kind == "f" else 8 * pixels.dtype.itemsize
    return Radiograph(
        pixels=pixels,
        display=Display(),
        calibration=Calibration(),
        image=ImageIdentity(
            file_name=path.name,
            sha256=hashlib.sha256(pixels.data).hexdigest(),
            rows=pixels.shape[0],
            columns=pixels.shape[1],
        ),
        facts=FilmFacts(kind=f"{image.format} picture", bits_stored=depth, frames=frames, frame=frame),
        calibrated_by="no pixel spacing: pictures have none",
        notes=tuple(notes),
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
    return _one_channel(np.asarray(image.convert("RGB")), notes)


def _one_channel(colours: NDArray[np.uint8], notes: list[str]) -> NDArray[np.generic]:
    red, green, blue = (colours[..., n] for n in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return red
    notes.append("a colour picture; its luminance is used")
    grey: NDArray[np.generic] = np.rint(colours @ _LUMINANCE).astype(colours.dtype)
    return grey
