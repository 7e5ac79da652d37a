"""Simulated films as DICOM (CR, or a secondary capture) and as pictures.

Only what the project renders itself is written: the patient is called Simulated^Phantom.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen, validators

from spinegrade import __version__
from spinegrade.errors import FormatError
from spinegrade.io.atomic import replacing
from spinegrade.io.spacing import SpacingTags

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset

_CR = "1.2.840.10008.5.1.4.1.1.1"
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"


@frozen
class FilmHeader:
    """What a written film says of itself.

    Attributes
    ----------
    identity
        Words that make the UIDs: the same words, the same UIDs.
    captured
        A secondary capture, as of a DXA image, instead of computed radiography.
    orientation
        Where the rows and the columns run, as in DICOM: P, F for a front at the left.
    """

    identity: str
    patient_id: str = "phantom"
    description: str = ""
    on: date | None = None
    captured: bool = False
    photometric: str = field(default="MONOCHROME2", validator=validators.in_(("MONOCHROME1", "MONOCHROME2")))
    bits: int = 12
    window: tuple[float, float] | None = None
    orientation: tuple[str, str] = ("P", "F")
    spacing: SpacingTags = field(factory=SpacingTags)


def write_dicom(
    path: Path, pixels: NDArray[np.uint16], header: FilmHeader, *, compress: bool = False, force: bool = False
) -> None:
    """Write ``(rows, columns)`` stored values as a DICOM film; ``compress`` packs them in JPEG-LS, lossless.

    Raises
    ------
    FormatError
        If the file exists and ``force`` is not given, or cannot be written.
    """
    stored = pixels.astype(np.uint8 if header.bits <= 8 else np.uint16)
    dataset = _dataset(header)
    _add_pixels(dataset, stored, header)
    if compress:
        _compress(dataset, path)
    with replacing(path, force=force) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)


def _compress(dataset: Dataset, path: Path) -> None:
    try:
        dataset.compress(_JPEG_LS_LOSSLESS, generate_instance_uid=False)
    except (RuntimeError, NotImplementedError) as error:
        msg = f"{path}: expected an encoder of JPEG-LS, got none; pip install pyjpegls brings it"
        raise FormatError(msg) from error


def write_png(path: Path, shown: NDArray[np.uint8], *, force: bool = False) -> None:
    """Write ``(rows, columns)`` greys as a picture.

    Raises
    ------
    FormatError
        If the file exists and ``force`` is not given, or cannot be written.
    """
    from PIL import Image

    with replacing(path, force=force) as temporary:
        Image.fromarray(shown).save(temporary, format="PNG", optimize=True)


def _dataset(header: FilmHeader) -> Dataset:
    """Return everything but the pixels."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = _SECONDARY_CAPTURE if header.captured else _CR
    for name, words in (("SOPInstance", "film"), ("StudyInstance", "study"), ("SeriesInstance", "series")):
        setattr(dataset, f"{name}UID", _uid(f"{header.identity} {words}"))
    _add_study(dataset, header)
    if header.captured:
        dataset.ConversionType = "SYN"
    else:
        dataset.ViewPosition = "LL"
    _add_spacing(dataset, header.spacing)
    if header.window is not None:
        dataset.WindowCenter, dataset.WindowWidth = header.window
    return dataset


def _plain(text: str) -> str:
    """Return text as DICOM takes it without a character set: 64 ASCII characters, no backslash."""
    kept = "".join(one if one.isascii() and one.isprintable() and one != "\\" else "_" for one in text)
    return kept[:64].strip()


def _uid(words: str) -> str:
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=["spinegrade phantom", words])


def _add_study(dataset: Dataset, header: FilmHeader) -> None:
    """Add the patient, study and series; empty where they must be there and nothing is known."""
    day = "" if header.on is None else header.on.strftime("%Y%m%d")
    dataset.PatientName = "Simulated^Phantom"
    dataset.PatientID = _plain(header.patient_id)
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.ContentTime = ""
    dataset.ReferringPhysicianName = dataset.AccessionNumber = ""
    dataset.StudyID = "1"
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.Modality = "OT" if header.captured else "CR"
    dataset.BodyPartExamined = "SPINE"
    dataset.Manufacturer = "spinegrade"
    dataset.ManufacturerModelName = "simulated film, no patient"
    dataset.SoftwareVersions = __version__
    dataset.SeriesDescription = _plain(header.description)
    dataset.PatientOrientation = list(header.orientation)
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.BurnedInAnnotation = "NO"


def _add_spacing(dataset: Dataset, tags: SpacingTags) -> None:
    """Add the spacing tags that are given, and no other."""
    for keyword, pair in (
        ("ImagerPixelSpacing", tags.imager),
        ("PixelSpacing", tags.pixel),
        ("NominalScannedPixelSpacing", tags.nominal),
    ):
        if pair is not None:
            setattr(dataset, keyword, [f"{value:.6g}" for value in pair])
    if tags.aspect is not None:
        ratio = Fraction(tags.aspect[0] / tags.aspect[1]).limit_denominator(1000)
        dataset.PixelAspectRatio = [ratio.numerator, ratio.denominator]
    for keyword, value in (
        ("PixelSpacingCalibrationType", tags.calibration_type),
        ("PixelSpacingCalibrationDescription", tags.calibration_description),
        ("EstimatedRadiographicMagnificationFactor", _decimal(tags.magnification)),
        ("DistanceSourceToDetector", _decimal(tags.source_to_detector)),
        ("DistanceSourceToPatient", _decimal(tags.source_to_patient)),
    ):
        if value is not None:
            setattr(dataset, keyword, value)


def _decimal(value: float | None) -> str | None:
    return None if value is None else f"{value:.8g}"


def _add_pixels(dataset: Dataset, stored: NDArray[np.generic], header: FilmHeader) -> None:
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = header.photometric
    dataset.BitsAllocated = 8 * stored.dtype.itemsize
    dataset.BitsStored = header.bits
    dataset.HighBit = header.bits - 1
    dataset.PixelRepresentation = 0
    dataset.PixelData = stored.tobytes() + b"\0" * (stored.nbytes % 2)
    dataset["PixelData"].VR = "OB" if stored.dtype.itemsize == 1 else "OW"
