"""The DICOM file of a blinded film: a secondary capture with no patient, no date and no place."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.errors import FormatError
from spinegrade.io.dicom_elements import plain_errors
from spinegrade.study.blind_tags import add_calibration, add_display

if TYPE_CHECKING:
    from pydicom import Dataset

    from spinegrade.radiograph import Radiograph

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"


@frozen
class Label:
    """What a blinded film is called, and as much of the person as the study allows.

    ``study`` is the study's own number, from which the film's UIDs are made.
    """

    name: str
    study: str
    age_band: str | None = None
    sex: str | None = None

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return f"{self.name}.dcm"


def film_bytes(film: Radiograph, label: Label) -> bytes:
    """Return the DICOM file of a film with 8 or 16 bits a pixel, losslessly packed where that can be."""
    dataset = _dataset(label)
    _add_pixels(dataset, film)
    add_display(dataset, film.display)
    add_calibration(dataset, film.calibration)
    if film.pixels.dtype.kind == "u" and dataset.BitsStored > 1:
        with suppress(FormatError), plain_errors(label.file_name, "pixels that JPEG-LS makes smaller"):
            dataset.compress(_JPEG_LS_LOSSLESS, generate_instance_uid=False)
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _dataset(label: Label) -> Dataset:
    """Return everything but the pixels and what belongs to them."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = _SECONDARY_CAPTURE
    for one in ("SOPInstance", "StudyInstance", "SeriesInstance"):
        words = ["spinegrade study", label.study, label.name, one]
        setattr(dataset, f"{one}UID", generate_uid(entropy_srcs=words))
    dataset.PatientName = dataset.PatientID = label.name
    dataset.PatientSex = label.sex or ""
    dataset.PatientBirthDate = dataset.StudyDate = dataset.StudyTime = ""
    dataset.ReferringPhysicianName = dataset.AccessionNumber = dataset.StudyID = ""
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.Modality = "OT"
    dataset.BodyPartExamined = "SPINE"
    dataset.ConversionType = "WSD"
    dataset.PatientOrientation = ""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "spinegrade: a new file of pixels and spacing"
    if label.age_band is not None:
        dataset.SeriesDescription = label.age_band
    return dataset


def _add_pixels(dataset: Dataset, film: Radiograph) -> None:
    """Add the stored pixels, in so many bits as the film says, or as they need where that is more."""
    stored = film.pixels
    whole = 8 * stored.dtype.itemsize
    said = film.facts.bits_stored or whole
    needed = max(int(stored.max()).bit_length(), int(~np.minimum(stored.min(), 0)).bit_length())
    signed = stored.dtype.kind == "i"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel = 1
    dataset.BitsAllocated = whole
    dataset.BitsStored = said if needed + signed <= said <= whole else whole
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(signed)
    dataset.PixelData = stored.astype(stored.dtype.newbyteorder("<")).tobytes() + b"\0" * (stored.nbytes % 2)
    dataset["PixelData"].VR = "OB" if whole == 8 else "OW"
