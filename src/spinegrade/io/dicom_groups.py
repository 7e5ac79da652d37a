"""Functional groups of enhanced multi-frame films: what they say of a frame, as ordinary headers have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.io.dicom_elements import element, sequence

if TYPE_CHECKING:
    from pydicom import Dataset

GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")

_MACROS = {
    "PixelMeasuresSequence": ("PixelSpacing",),
    "FramePixelDataPropertiesSequence": ("ImagerPixelSpacing",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "FrameVOILUTSequence": (
        "WindowCenter",
        "WindowWidth",
        "WindowCenterWidthExplanation",
        "VOILUTFunction",
    ),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
}
"""The macros that are read, and what is taken from each."""


def apply_groups(dataset: Dataset, frame: int) -> None:
    """Give a dataset the elements that its functional groups hold for a frame, counted from 1.

    What the dataset has itself stays; what is said of the frame goes before what is shared by all.
    """
    per_frame, shared = (sequence(dataset, keyword) for keyword in GROUPS)
    for group in (*per_frame[frame - 1 : frame], *shared[:1]):
        for macro, keywords in _MACROS.items():
            _take(dataset, sequence(group, macro)[:1], keywords)


def _take(dataset: Dataset, items: list[Dataset], keywords: tuple[str, ...]) -> None:
    for item in items:
        for keyword in keywords:
            if keyword not in dataset and element(item, keyword) is not None:
                dataset[keyword] = item[keyword]
