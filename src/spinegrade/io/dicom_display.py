"""How a DICOM film is shown: modality values, windows and VOI tables, and whether it is inverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.io.dicom_elements import number, numbers, sequence, text, texts, unreadable, whole
from spinegrade.radiograph import FUNCTIONS, Display, Function, LookupTable, Preset, Rescale, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset


def read_display(dataset: Dataset, notes: list[str]) -> Display:
    """Return how the film is shown; ``notes`` takes what in the header is no use."""
    shape = (text(dataset, "PresentationLUTShape") or "").upper()
    monochrome1 = text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    return Display(
        modality=_modality(dataset, notes),
        presets=tuple(_presets(dataset, notes)),
        inverted=shape == "INVERSE" if shape in ("INVERSE", "IDENTITY") else monochrome1,
    )


def _modality(dataset: Dataset, notes: list[str]) -> Rescale | LookupTable:
    tables = _tables(dataset, "ModalityLUTSequence", notes)
    if tables:
        return tables[0]
    notes += [
        f"{keyword}: expected a number, got something else; not used"
        for keyword in ("RescaleSlope", "RescaleIntercept")
        if unreadable(dataset, keyword)
    ]
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope == 0:
        notes.append("RescaleSlope: expected another number than 0; not used")
        slope = None
    return Rescale(1.0 if slope is None else slope, intercept or 0.0)


def _presets(dataset: Dataset, notes: list[str]) -> Iterator[Preset]:
    centres, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    names = texts(dataset, "WindowCenterWidthExplanation")
    function = _function(dataset, notes)
    if len(centres) != len(widths):
        notes.append(f"windows: expected as many centres as widths, got {len(centres)} and {len(widths)}")
    for place, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if not np.isfinite([centre, width]).all():
            notes.append("window: expected numbers for centre and width, got something else; not used")
        elif width <= 0:
            notes.append(f"window: expected a width above 0, got {width:g}; not used")
        else:
            yield Window(centre, width, function, names[place] if place < len(names) else None)
    yield from _tables(dataset, "VOILUTSequence", notes)


def _function(dataset: Dataset, notes: list[str]) -> Function:
    given = (text(dataset, "VOILUTFunction") or "LINEAR").lower()
    for function in FUNCTIONS:
        if function == given:
            return function
    notes.append(f"VOILUTFunction: expected {', '.join(FUNCTIONS)}, got another word; linear used")
    return "linear"


def _tables(dataset: Dataset, keyword: str, notes: list[str]) -> list[LookupTable]:
    """Return the lookup tables of a sequence that make sense."""
    found = []
    order = "<" if getattr(dataset, "original_encoding", (None, True))[1] is not False else ">"
    most = _most(dataset, stored=keyword == "ModalityLUTSequence")
    for item in sequence(dataset, keyword):
        try:
            found.append(_table(item, most, f"{order}u2"))
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            IndexError,
        ):  # their words may quote the file
            notes.append(f"{keyword}: expected a lookup table, got a broken one; not used")
    return found


def _most(dataset: Dataset, *, stored: bool) -> float:
    """Return the largest value that can come to a table, where those below 0 can come too; else no bound."""
    signed = whole(dataset, "PixelRepresentation") == 1
    if signed:
        return 32767.0
    intercept, slope = number(dataset, "RescaleIntercept") or 0.0, number(dataset, "RescaleSlope") or 1.0
    if stored or intercept >= 0:
        return np.inf
    return intercept + slope * (2.0 ** (whole(dataset, "BitsStored") or 16) - 1)


def _table(item: Dataset, most: float, kind: str) -> LookupTable:
    """Return a table; a first value above ``most`` is one below 0 that was written without its sign."""
    count, first, bits = (int(value) for value in item.LUTDescriptor)
    count = count or 65536
    if first > max(most, 32767):
        first -= 65536
    data = item.LUTData
    entries = np.frombuffer(data, kind) if isinstance(data, bytes) else np.atleast_1d(data)
    if isinstance(data, bytes) and bits <= 8 and len(data) in (count, count + 1):
        entries = np.frombuffer(data, np.uint8)
    if len(entries) < count or not 1 <= bits <= 16:
        msg = f"expected {count} entries of at most 16 bits, got {len(entries)} of {bits}"
        raise ValueError(msg)
    name = str(item.get("LUTExplanation") or "") or None
    return LookupTable(first, entries[:count].astype(float), bits, name)
