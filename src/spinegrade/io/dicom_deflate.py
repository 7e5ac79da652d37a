"""Deflated DICOM files, inflated no further than a film can be large."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from pydicom import FileDataset

DEFLATED = b"1.2.840.10008.1.2.1.99"
_PLAIN = b"1.2.840.10008.1.2.1\0\0\0"

_META = 132
"""Where the file meta information begins, whose first element holds its length."""


def is_deflated(head: bytes) -> bool:
    """Return whether the file that begins so names the deflated transfer syntax."""
    return DEFLATED in head[_META : _META + 1024]


def inflated(content: bytes, most: int, where: str, *, cut: bool = False) -> io.BytesIO:
    """Return the file as it would be without deflation; with ``cut`` no more than ``most`` bytes of it.

    Raises
    ------
    FormatError
        If it inflates to more than ``most`` bytes, or cannot be inflated.
    """
    begin = _META + 12 + int.from_bytes(content[_META + 8 : _META + 12], "little")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        dataset = inflater.decompress(content[begin:], most)
    except zlib.error as error:
        msg = f"{where}: expected deflated data, got broken ones"
        raise FormatError(msg) from error
    if inflater.unconsumed_tail and not cut:
        msg = f"{where}: expected at most {most:,} bytes once inflated, got more"
        raise FormatError(msg)
    return io.BytesIO(content[:begin].replace(DEFLATED, _PLAIN) + dataset)


def name_deflated(dataset: FileDataset) -> None:
    """Let a dataset that was inflated before it was read say how it is stored."""
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
