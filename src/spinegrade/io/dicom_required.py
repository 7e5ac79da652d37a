"""Elements without which no pixel can be decoded: defaults for missing ones, refusal of impossible ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.errors import FormatError
from spinegrade.io.dicom_elements import element, text, whole
from spinegrade.io.dicom_syntax import is_compressed, syntax_uid

if TYPE_CHECKING:
    from pydicom import Dataset

_RUN_LENGTHS = "1.2.840.10008.1.2.5"

_PHOTOMETRICS = (
    "MONOCHROME1",
    "MONOCHROME2",
    "PALETTE COLOR",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_420",
    "YBR_PARTIAL_422",
    "YBR_ICT",
    "YBR_RCT",
)


def complete_header(dataset: Dataset, where: str) -> list[str]:
    """Give a dataset the elements that are missing and have an obvious value; return a note for each.

    Raises
    ------
    FormatError
        If one of them holds what no film can have; it names the element.
    """
    notes: list[str] = []
    _complete(dataset, "SamplesPerPixel", 1, notes)
    samples = _among(dataset, "SamplesPerPixel", (1, 3, 4), where)
    _complete(dataset, "PhotometricInterpretation", "MONOCHROME2" if samples == 1 else "RGB", notes)
    _check_photometric(dataset, where)
    _among(dataset, "BitsAllocated", (1, 8, 16, 32), where)
    _complete(dataset, "BitsStored", whole(dataset, "BitsAllocated"), notes)
    _among(dataset, "BitsStored", range(1, (whole(dataset, "BitsAllocated") or 0) + 1), where)
    _complete(dataset, "PixelRepresentation", 0, notes)
    _among(dataset, "PixelRepresentation", (0, 1), where)
    return notes


def _complete(dataset: Dataset, keyword: str, value: str | int | None, notes: list[str]) -> None:
    if element(dataset, keyword) is None:
        setattr(dataset, keyword, value)
        notes.append(f"{keyword}: is missing; {value} is assumed")


def _check_photometric(dataset: Dataset, where: str) -> None:
    given = (text(dataset, "PhotometricInterpretation") or "").upper()
    if given not in _PHOTOMETRICS:
        got = given if given[:10] == "MONOCHROME" and given[10:].isdigit() else "another word"
        msg = f"{where}: PhotometricInterpretation: expected MONOCHROME1, MONOCHROME2 or colours, got {got}"
        raise FormatError(msg)
    dataset.PhotometricInterpretation = given


def _among(dataset: Dataset, keyword: str, expected: tuple[int, ...] | range, where: str) -> int:
    given = whole(dataset, keyword)
    if given is None or given not in expected:
        words = f"1 to {expected[-1]}" if isinstance(expected, range) else ", ".join(map(str, expected))
        msg = f"{where}: {keyword}: expected {words}, got {'none' if given is None else given}"
        raise FormatError(msg)
    return given


def high_shift(dataset: Dataset, notes: list[str]) -> int:
    """Return by how many bits pixels that no codec has put right have to be moved down, after HighBit."""
    high, stored = whole(dataset, "HighBit"), whole(dataset, "BitsStored") or 0
    if high is None or high == stored - 1 or _is_coded(dataset):
        return 0
    if not stored <= high < (whole(dataset, "BitsAllocated") or 0):
        notes.append(f"HighBit: expected {stored - 1} for {stored} bits, got {high}; not used")
        return 0
    shift = high + 1 - stored
    notes.append(
        f"HighBit: expected {stored - 1} for {stored} bits, got {high}; pixels moved down by {shift}"
    )
    return shift


def _is_coded(dataset: Dataset) -> bool:
    """Return whether a codec knows the bits itself; run lengths do not."""
    return is_compressed(dataset) and syntax_uid(dataset) != _RUN_LENGTHS
