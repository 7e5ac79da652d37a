"""What a picture file holds where the picture library hands out less: bits, signs, and what is white."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.errors import FormatError
from spinegrade.io.film_pixels import one_channel

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

_ORIENTATION = 0x0112
_BITS, _WHITE, _SAMPLE_FORMAT = 258, 262, 339

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\xff\xd8\xff", "JPEG"),
)
"""What pictures begin with."""


def picture_kind(head: bytes) -> str | None:
    """Return what kind of picture the bytes begin, None where it is none that is read here."""
    return next((kind for begin, kind in _KINDS if head.startswith(begin)), None)


def what_instead(path: Path) -> str:
    """Return what a file is that no picture could be opened from."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
    kind = picture_kind(head)
    if not head:
        return "an empty file"
    if kind is None:
        return "something else"
    order = "little" if head.startswith(b"II") else "big"
    if kind == "TIFF" and int.from_bytes(head[4:8], order) >= size:  # type: ignore[arg-type]
        return "a TIFF that is cut off before its directory"
    return f"a {kind} that is cut off, or of a kind that is not read, such as 64 bits a pixel"


def depth(image: Image) -> int | None:
    """Return the bits of a value in the file, None for numbers with a point; asked before it is decoded."""
    if image.mode == "F":
        return None
    if has_wide_colours(image):
        return 16
    if image.mode == "I":
        return 16 if "I;16" in _stored_as(image) else 32
    return 16 if image.mode.startswith("I;16") else 8


def has_wide_colours(image: Image) -> bool:
    """Return whether it has several channels of 16 bits, of which the library would keep 8."""
    return len(image.getbands()) > 1 and ";16" in _stored_as(image)


def _stored_as(image: Image) -> str:
    return str(image.tile[0][3]) if getattr(image, "tile", None) else ""  # type: ignore[attr-defined]


def wide_grey(image: Image, path: Path, notes: list[str]) -> NDArray[np.generic]:
    """Return one value a pixel of a PNG with channels of 16 bits.

    Raises
    ------
    FormatError
        If it is no PNG, or cannot be decoded.
    """
    import cv2

    if image.format != "PNG":
        msg = f"{path}: expected 8 bits a colour or a grey picture, got colours of 16 bits"
        raise FormatError(msg)
    image.load()  # which refuses a file that is cut off; the other decoder would fill it up
    decoded = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.ndim != 3 or decoded.dtype != np.uint16:
        msg = f"{path}: expected colours of 16 bits, got none that could be decoded"
        raise FormatError(msg)
    note_alpha(image, notes)
    return one_channel(decoded[..., 2::-1], "picture", notes)


def note_alpha(image: Image, notes: list[str]) -> None:
    """Note that what is transparent is shown like the rest."""
    if "A" in image.getbands() or "transparency" in image.info:
        notes.append("an alpha channel is left out")


def unsigned(grey: NDArray[np.generic], image: Image) -> NDArray[np.generic]:
    """Return the values as the file has them, of 32 bits without a sign where it says so."""
    tags = getattr(image, "tag_v2", {})
    if grey.dtype == np.int32 and tags.get(_BITS) == (32,) and tags.get(_SAMPLE_FORMAT, (1,)) == (1,):
        return grey.view(np.uint32)
    return grey


def white_is_zero(image: Image) -> bool:
    """Return whether low values are white and left so; those of 8 bits the library turns round itself."""
    wide = image.mode in ("I", "F") or image.mode.startswith("I;16")
    return wide and getattr(image, "tag_v2", {}).get(_WHITE) == 0


def orientation_note(image: Image, where: str) -> str | None:
    """Return that the file asks to be turned or mirrored, if it does.

    Raises
    ------
    FormatError
        If it is a TIFF that is to lie on its side: the library scrambles the pixels of some of them.
    """
    wanted = image.getexif().get(_ORIENTATION)
    if not isinstance(wanted, int) or not 2 <= wanted <= 8:
        return None
    asks = f"the file asks to be turned or mirrored (orientation {wanted})"
    if image.format != "TIFF":
        return f"{asks}; its pixels are left as they are stored"
    if wanted > 4:
        msg = f"{where}: expected a TIFF that is stored upright, got one to be turned (orientation {wanted})"
        raise FormatError(msg)
    return f"{asks}, and is"
