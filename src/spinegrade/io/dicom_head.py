"""The head of a DICOM file: the few elements that are wanted, and where the pixels begin.

However large a file is, no more than its beginning is read, and of its end the last bytes.
"""

from __future__ import annotations

import io
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO

from attrs import field, frozen

from spinegrade.errors import FormatError
from spinegrade.io.dicom_deflate import inflated, is_deflated, name_deflated
from spinegrade.io.film_depth import picture_kind

if TYPE_CHECKING:
    from pydicom import FileDataset

_PIXEL_DATA = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF
_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
"""What compressed pixels end with; little of anything comes behind."""
_TAIL = 2**16
"""Bytes from the end of a file that are looked through for it."""

_BEGINNING = 144
"""Bytes up to the end of the element that holds the length of the file meta information."""

_HEADS = (2**16, 2**25)
"""Bytes from the beginning of a file that are read to find its pixels: most headers end within the first."""

_KEYWORDS = """
    SOPClassUID Modality BodyPartExamined ViewPosition ImageLaterality Laterality PatientOrientation
    Rows Columns SamplesPerPixel BitsAllocated BitsStored NumberOfFrames PhotometricInterpretation
    BurnedInAnnotation ImageOrientationPatient PixelRepresentation
    PerFrameFunctionalGroupsSequence SharedFunctionalGroupsSequence
    ImagerPixelSpacing PixelSpacing NominalScannedPixelSpacing PixelAspectRatio
    PixelSpacingCalibrationType PixelSpacingCalibrationDescription
    EstimatedRadiographicMagnificationFactor DistanceSourceToDetector DistanceSourceToPatient
"""
"""The elements that are read; no other is looked at."""


@frozen
class Head:
    """The wanted elements, and how many bytes of pixel data the file has; None without such an element.

    ``encapsulated`` says whether these come in pieces, as compressed pixels do.
    """

    dataset: FileDataset
    pixels: int | None
    encapsulated: bool = False


def read_head(file: BinaryIO, where: str) -> Head:
    """Return the head of an open file.

    Raises
    ------
    FormatError
        If it is another file, compressed pixels have no end, or none begin within some megabytes.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    refuse_other_files(file.read(_BEGINNING), size, where)
    for most in _HEADS:
        file.seek(0)
        dataset, begin, length = _parsed(file.read(most), where)
        if length is not None:
            break
        if size <= most:
            return Head(dataset, None)
    else:
        msg = f"{where}: expected pixels within the first {most:,} bytes, got none"
        raise FormatError(msg)
    if begin is None:  # of a file that is deflated the end is not seen: its pixels are believed
        return Head(dataset, length)
    if length != _UNDEFINED:
        return Head(dataset, max(min(length, size - begin), 0))
    file.seek(max(size - _TAIL, 0))
    if _END not in file.read():
        msg = f"{where}: expected compressed pixels to their end, got a file that is cut off"
        raise FormatError(msg)
    return Head(dataset, size - begin, encapsulated=True)


def refuse_other_files(begin: bytes, size: int, where: str) -> None:
    """Refuse a file that is empty, a picture, or cut off before a dataset begins.

    Raises
    ------
    FormatError
        If it is; it says which.
    """
    kind = picture_kind(begin)
    if not size:
        got = "an empty file"
    elif kind and begin[128:132] != b"DICM":  # a slide may be TIFF and DICOM at once
        got = f"a {kind} picture under such a name"
    elif begin[128:132] == b"DICM" and _end_of_meta(begin) >= size:
        got = "no more than the beginning of one: the file is cut off"
    else:
        return
    msg = f"{where}: expected a DICOM file, got {got}"
    raise FormatError(msg)


def _end_of_meta(begin: bytes) -> int:
    """Return where the file meta information ends, if it says how long it is."""
    if begin[132:136] != b"\2\0\0\0":
        return 132
    return _BEGINNING + int.from_bytes(begin[140:144], "little")


def _parsed(head: bytes, where: str) -> tuple[FileDataset, int | None, int | None]:
    """Return the wanted elements, where the pixels begin, and how long they claim to be, None without any."""
    from pydicom.filereader import read_partial

    deflated = is_deflated(head)
    stream = inflated(head, _HEADS[1], where, cut=True) if deflated else io.BytesIO(head)
    stop: Any = _Stop()
    dataset = read_partial(stream, stop, force=True, specific_tags=_wanted())
    length = stop.found[-1] if stop.found else None
    if deflated:
        name_deflated(dataset)
        return dataset, None, length
    return dataset, stream.tell() + (8 if dataset.original_encoding[0] else 12), length


@frozen
class _Stop:
    """Stops pydicom where the pixels begin, and keeps what it says of them."""

    found: list[int] = field(factory=list)

    def __call__(self, tag: int, _: str | None, length: int) -> bool:
        """Return whether these are the pixels, or what comes behind them."""
        number = int(tag)  # pydicom's own comparisons of tags are slow
        if number == _PIXEL_DATA:
            self.found.append(length)
        return number >= _PIXEL_DATA


@lru_cache(maxsize=1)
def _wanted() -> list[Any]:
    from pydicom.datadict import tag_for_keyword

    return [tag_for_keyword(keyword) for keyword in _KEYWORDS.split()]
