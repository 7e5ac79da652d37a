"""DICOM films: CR, DX, RF, XA, secondary captures, DXA images, any single frame in two dimensions.

The header is read and judged before any pixel is decoded, so that a file cannot ask for more memory than its
size makes likely.  What is sound is read, what is unsound is named in the film's notes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spinegrade.errors import FormatError
from spinegrade.io.dicom_deflate import inflated, is_deflated, name_deflated
from spinegrade.io.dicom_display import read_display
from spinegrade.io.dicom_elements import number, numbers, plain_errors, text, texts, whole
from spinegrade.io.dicom_groups import apply_groups
from spinegrade.io.dicom_head import read_head, refuse_other_files
from spinegrade.io.dicom_pixels import stored_pixels
from spinegrade.io.dicom_required import complete_header
from spinegrade.io.dicom_size import promised_size
from spinegrade.io.dicom_syntax import assume_syntax, syntax_name
from spinegrade.io.film_pixels import MOST_PIXELS
from spinegrade.io.spacing import SpacingTags, decide
from spinegrade.radiograph import FilmFacts, ImageIdentity, Person, Radiograph

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset, FileDataset

_PROJECTIONS = (
    "1.2.840.10008.5.1.4.1.1.1",  # CR, DX, MG, IO and their processing forms
    "1.2.840.10008.5.1.4.1.1.12",  # XA, RF
)

_HEAD = 2_048
"""Bytes of a file in which its transfer syntax stands."""

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_HARMLESS = re.compile(r"(0x)?[0-9A-Fa-f.\-]+")
"""Hexadecimal numbers stand for UIDs on films in circulation."""


def read_film(path: Path, *, frame: int = 1, person: bool = False) -> Radiograph:
    """Return the film in a DICOM file; of several frames the one counted from 1.

    ``person`` keeps names and dates, which otherwise are not looked at.

    Raises
    ------
    FormatError
        If the file is no DICOM, has no image, cannot be decoded, or claims an impossible size.
    """
    dataset = _read(path, str(path))
    with plain_errors(str(path), "a sound DICOM film"):
        return _film(dataset, path, frame, person=person)


def _film(dataset: Dataset, path: Path, frame: int, *, person: bool) -> Radiograph:
    notes = prepare(dataset, str(path), frame, compressed=dataset["PixelData"].is_undefined_length)
    facts = film_facts(dataset, frame)
    pixels = stored_pixels(dataset, str(path), frame, notes)
    decision = decide(spacing_tags(dataset))
    return Radiograph(
        pixels=pixels,
        display=read_display(dataset, notes),
        calibration=decision.calibration,
        image=_identity(dataset, path, notes),
        facts=facts,
        calibrated_by=decision.words,
        notes=(*notes, *decision.notes),
        person=_person(dataset) if person else None,
    )


def prepare(dataset: Dataset, where: str, frame: int, *, compressed: bool) -> list[str]:
    """Complete a header as far as that is safe, and return a note for each assumption.

    Raises
    ------
    FormatError
        If it lacks what cannot be assumed, or holds what no film can have.
    """
    notes: list[str] = []
    assume_syntax(dataset, where, notes, compressed=compressed)
    promised_size(dataset, where)
    notes += complete_header(dataset, where)
    apply_groups(dataset, frame)
    return notes


def is_dicom(path: Path) -> bool:
    """Return whether the file begins as DICOM files do, quickly."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def _read(path: Path, where: str) -> Dataset:
    import pydicom

    if not path.is_file():
        msg = f"{where}: expected a film, got no such file"
        raise FormatError(msg)
    with plain_errors(where, "a DICOM file"), path.open("rb") as file:
        head = file.read(_HEAD)
        refuse_other_files(head, path.stat().st_size, where)
        if is_deflated(head):  # pydicom would inflate it without end
            dataset = pydicom.dcmread(inflated(head + file.read(), 2 * MOST_PIXELS, where), force=True)
            name_deflated(dataset)
        else:
            file.seek(0)
            dataset = pydicom.dcmread(file, force=head[128:132] != b"DICM")
        _ = dataset.get("Rows")
        if "PixelData" not in dataset:
            dataset = read_head(file, where).dataset  # which says if they are there and are cut off
            refuse_unknown(dataset, where)
            kind = film_kind(dataset)
            msg = f"{where}: expected a DICOM image, got {kind} without pixel data"
            raise FormatError(msg)
    return dataset


def refuse_unknown(dataset: FileDataset, where: str) -> None:
    """Refuse what was read as DICOM and has nothing of it.

    Raises
    ------
    FormatError
        If it has not.
    """
    if not len(dataset) and not len(dataset.file_meta):
        msg = f"{where}: expected a DICOM file, got something else"
        raise FormatError(msg)


def film_facts(dataset: Dataset, frame: int = 1) -> FilmFacts:
    """Return what the header says of the film."""
    return FilmFacts(
        kind=film_kind(dataset),
        transfer_syntax=syntax_name(dataset),
        photometric_interpretation=text(dataset, "PhotometricInterpretation"),
        modality=text(dataset, "Modality"),
        bits_stored=whole(dataset, "BitsStored"),
        frames=whole(dataset, "NumberOfFrames") or 1,
        frame=frame,
        body_part=text(dataset, "BodyPartExamined"),
        view_position=text(dataset, "ViewPosition"),
        laterality=text(dataset, "ImageLaterality") or text(dataset, "Laterality"),
        patient_orientation="\\".join(texts(dataset, "PatientOrientation")) or None,
        burned_in_annotation=text(dataset, "BurnedInAnnotation"),
    )


def film_kind(dataset: Dataset) -> str:
    """Return the name of the SOP class, where it is one."""
    from pydicom._uid_dict import UID_dictionary

    entry = UID_dictionary.get(text(dataset, "SOPClassUID") or "")
    return entry[0] if entry else "DICOM without SOP class"


def spacing_tags(dataset: Dataset) -> SpacingTags:
    """Return the tags that speak of spacing."""
    kind = text(dataset, "SOPClassUID") or ""
    projection = kind.startswith(_PROJECTIONS) or "ImageOrientationPatient" not in dataset
    return SpacingTags(
        imager=numbers(dataset, "ImagerPixelSpacing") or None,
        pixel=numbers(dataset, "PixelSpacing") or None,
        nominal=numbers(dataset, "NominalScannedPixelSpacing") or None,
        aspect=numbers(dataset, "PixelAspectRatio") or None,
        calibration_type=text(dataset, "PixelSpacingCalibrationType"),
        calibration_description=text(dataset, "PixelSpacingCalibrationDescription"),
        magnification=number(dataset, "EstimatedRadiographicMagnificationFactor"),
        source_to_detector=number(dataset, "DistanceSourceToDetector"),
        source_to_patient=number(dataset, "DistanceSourceToPatient"),
        projection=projection,
    )


def _identity(dataset: Dataset, path: Path, notes: list[str]) -> ImageIdentity:
    uids = [_uid(dataset, key, notes) for key in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")]
    sop, series, study = uids
    return ImageIdentity(path.name, sop, series, study)


def _uid(dataset: Dataset, key: str, notes: list[str]) -> str | None:
    """Return a UID, or what stands for one and can be no name."""
    uid = text(dataset, key)
    if uid is None or _UID.fullmatch(uid):
        return uid
    if _HARMLESS.fullmatch(uid) and any(letter.isdigit() for letter in uid):
        notes.append(f"{key}: expected digits and dots, got something else; kept as it is")
        return uid
    notes.append(f"{key}: expected digits and dots, got something else; not kept")
    return None


def _person(dataset: Dataset) -> Person:
    return Person(
        name=text(dataset, "PatientName"),
        patient_id=text(dataset, "PatientID"),
        birth_date=text(dataset, "PatientBirthDate"),
        study_date=text(dataset, "StudyDate"),
    )
