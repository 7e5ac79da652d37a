"""What films of every format share: how many pixels are believed, and one grey value for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PIXELS = 500_000_000
"""A film with more pixels than this is refused; the largest detectors have some 20 million."""

_PIXELS_A_BYTE = 2_000
"""Pixels that a byte of a compressed film may stand for; a blank JPEG 2000 film has some hundreds."""
_ATLEAST_BYTES = 4_096

_ROWS_AT_ONCE = 256

_LUMINANCE = np.array([0.299, 0.587, 0.114])


def refuse_unlikely(where: str, size: int, rows: int, columns: int) -> None:
    """Refuse a picture of more pixels than ``size`` bytes of compressed data can hold.

    To be asked before memory is taken for them.

    Raises
    ------
    FormatError
        If there are more.
    """
    pixels = rows * columns
    if pixels > MOST_PIXELS:
        msg = f"{where}: expected at most {MOST_PIXELS:,} pixels, got {rows} x {columns}"
        raise FormatError(msg)
    if pixels > max(size, _ATLEAST_BYTES) * _PIXELS_A_BYTE:
        msg = f"{where}: expected a size that {size:,} bytes can hold, got {rows} x {columns} pixels"
        raise FormatError(msg)


def one_channel(colours: NDArray[np.generic], what: str, notes: list[str]) -> NDArray[np.generic]:
    """Return ``(rows, columns)`` of ``(rows, columns, 3 or more)``: a channel where the three are alike.

    Else their luminance, and a note that ``what`` has colours.
    """
    red, green, blue = (colours[..., n] for n in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return red
    notes.append(f"a colour {what}; its luminance is used")
    grey = np.empty(red.shape, colours.dtype)
    for begin in range(0, len(grey), _ROWS_AT_ONCE):  # eight bytes for one, for a few rows at a time
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        grey[rows] = np.rint(colours[rows, :, :3] @ _LUMINANCE)
    return grey
