"""How many pixels a DICOM header promises, and whether the file can have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spinegrade.errors import FormatError
from spinegrade.io.dicom_elements import text, whole
from spinegrade.io.dicom_syntax import is_compressed
from spinegrade.io.film_pixels import MOST_PIXELS, refuse_unlikely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

_BEGINNING = 65_536
"""Bytes of compressed pixels in which their own headers stand."""

_JPEG_2000 = re.compile(rb"\xff\x4f\xff\x51..", re.DOTALL)
_JPEG = re.compile(rb"\xff[\xc0-\xc3\xc9-\xcb\xf7]\x00[\x0b\x11].", re.DOTALL)


def promised_size(dataset: Dataset, where: str) -> tuple[int, int]:
    """Return rows and columns as the header has them.

    Raises
    ------
    FormatError
        If one is missing or no number above 0.
    """
    rows, columns = whole(dataset, "Rows"), whole(dataset, "Columns")
    if rows is None or columns is None or min(rows, columns) < 1:
        msg = f"{where}: expected Rows and Columns, got {rows} and {columns}"
        raise FormatError(msg)
    return rows, columns


def refuse_missing_pixels(dataset: Dataset, size: int, frame: int, where: str) -> None:
    """Refuse a header that promises more than ``size`` bytes of pixel data can hold.

    Raises
    ------
    FormatError
        If it does; it says how many bytes are missing.
    """
    rows, columns = promised_size(dataset, where)
    samples = whole(dataset, "SamplesPerPixel") or 1
    if not size:
        msg = f"{where}: expected pixels, got an empty pixel element"
        raise FormatError(msg)
    if rows * columns * samples > MOST_PIXELS:
        msg = f"{where}: expected at most {MOST_PIXELS:,} pixels, got {rows} x {columns} x {samples}"
        raise FormatError(msg)
    if is_compressed(dataset):
        refuse_unlikely(where, size, rows, columns)
        return
    needed = _frame_bits(dataset, where) * frame // 8
    if size < needed:
        msg = f"{where}: expected {needed:,} bytes of pixels, got {size:,}: the file is cut off"
        raise FormatError(msg)


def whole_frames(dataset: Dataset, size: int, where: str) -> int:
    """Return how many frames ``size`` bytes of pixels that are not compressed hold to their end."""
    return size * 8 // _frame_bits(dataset, where)


def _frame_bits(dataset: Dataset, where: str) -> int:
    rows, columns = promised_size(dataset, where)
    samples = whole(dataset, "SamplesPerPixel") or 1
    if samples == 3 and text(dataset, "PhotometricInterpretation") == "YBR_FULL_422":
        samples = 2  # half of the colours are left out
    return rows * columns * samples * (whole(dataset, "BitsAllocated") or 8)


def refuse_other_sizes(data: bytes, where: str) -> None:
    """Refuse compressed pixels whose own headers claim a size that the bytes cannot hold.

    Raises
    ------
    FormatError
        If one does.
    """
    for rows, columns in _own_sizes(data[:_BEGINNING]):
        refuse_unlikely(where, len(data), rows, columns)


def _own_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the rows and columns that JPEG 2000 and JPEG headers claim."""
    for found in _JPEG_2000.finditer(data):
        head = data[found.end() + 2 : found.end() + 18]
        if len(head) == 16:
            wide, tall, left, top = (int.from_bytes(head[n : n + 4]) for n in range(0, 16, 4))
            yield max(tall - top, 0), max(wide - left, 0)
    for found in _JPEG.finditer(data):
        head = data[found.end() : found.end() + 4]
        if len(head) == 4:
            yield int.from_bytes(head[:2]), int.from_bytes(head[2:])
