"""DICOM films: CR, DX, RF, XA, secondary captures, DXA images, any single frame in two dimensions.

The header is read and judged before any pixel is decoded, so that a file cannot ask for more memory than its
size makes likely.  What is sound is read, what is unsound is named in the film's notes.
"""

from __future__ import annotations

import hashlib
import logging
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from spinegrade.errors import FormatError
from spinegrade.io.spacing import SpacingTags, decide
from spinegrade.radiograph import (
    FUNCTIONS,
    Display,
    FilmFacts,
    Function,
    ImageIdentity,
    LookupTable,
    Person,
    Preset,
    Radiograph,
    Rescale,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset

MOST_PIXELS = 500_000_000
"""A film with more pixels than this is refused; the largest detectors have some 20 million."""

_MOST_COMPRESSION = 2_000
"""Pixels that a byte of a compressed film may stand for; a blank JPEG 2000 film has some hundreds."""
_ATLEAST_BYTES = 4_096

_PROJECTIONS = (
    "1.2.840.10008.5.1.4.1.1.1",  # CR, DX, MG, IO and their processing forms
    "1.2.840.10008.5.1.4.1.1.12",  # XA, RF
)

_LONGEST = 64
"""Characters of the longest text that we read; a longer one has swallowed its neighbours."""

_DECODERS = {
    "1.2.840.10008.1.2.4.50": "pylibjpeg or python-gdcm",
    "1.2.840.10008.1.2.4.51": "python-gdcm or the GPL-licensed pylibjpeg-libjpeg",
    "1.2.840.10008.1.2.4.57": "python-gdcm",
    "1.2.840.10008.1.2.4.70": "python-gdcm",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg-openjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg-openjpeg",
}


def read_film(path: Path, *, frame: int = 1, person: bool = False) -> Radiograph:
    """Return the film in a DICOM file; of several frames the one counted from 1.

    ``person`` keeps names and dates, which otherwise are not looked at.

    Raises
    ------
    FormatError
        If the file is no DICOM, has no image, cannot be decoded, or claims an impossible size.
    """
    dataset = _read_header(path, str(path))
    with _plain_errors(str(path), "a sound DICOM film"):
        return _film(dataset, path, frame, person=person)


def _film(dataset: Dataset, path: Path, frame: int, *, person: bool) -> Radiograph:
    notes: list[str] = []
    pixels = _pixels(dataset, path, frame, notes)
    decision = decide(_spacing_tags(dataset))
    return Radiograph(
        pixels=pixels,
        display=_display(dataset, notes),
        calibration=decision.calibration,
        image=_identity(dataset, path, pixels, notes),
        facts=_facts(dataset, frame),
        calibrated_by=decision.words,
        notes=(*notes, *decision.notes),
        person=_person(dataset) if person else None,
    )


def is_dicom(path: Path) -> bool:
    """Return whether the file begins as DICOM files do, quickly."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


@contextmanager
def _plain_errors(where: str, expected: str) -> Iterator[None]:
    """Turn whatever the DICOM library raises on broken data into one line.

    Its own words, in errors, warnings and logs, may quote the file, names included; they are kept back.
    """
    try:
        with _quiet():
            yield
    except FormatError:
        raise
    except Exception as error:  # broken data make the library raise almost anything
        undecoded = "decode" in str(error)[:60] or "plugin" in str(error)[:200]
        got = "none that could decode it" if undecoded else f"broken data ({type(error).__name__})"
        msg = f"{where}: expected {expected}, got {got}"
        raise FormatError(msg) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the DICOM library from warning and logging."""
    logger = logging.getLogger("pydicom")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _read_header(path: Path, where: str) -> Dataset:
    import pydicom

    if not path.is_file():
        msg = f"{where}: expected a film, got no such file"
        raise FormatError(msg)
    with _plain_errors(where, "a DICOM file"):
        dataset = pydicom.dcmread(path, force=not is_dicom(path))
        _ = dataset.get("Rows")
    if "PixelData" not in dataset:
        msg = f"{where}: expected a DICOM image, got {_kind(dataset)} without pixel data"
        raise FormatError(msg)
    return dataset


def _pixels(dataset: Dataset, path: Path, frame: int, notes: list[str]) -> NDArray[np.generic]:
    """Return the stored pixels of a frame, read-only; grey even where the file has colours."""
    where = str(path)
    rows, columns = _size(dataset, where)
    frames = _whole(dataset, "NumberOfFrames") or 1
    if not 1 <= frame <= frames:
        msg = f"{where}: expected a frame from 1 to {frames}, got {frame}"
        raise FormatError(msg)
    _refuse_too_large(dataset, rows, columns, where)
    with _plain_errors(where, f"pixels in {_syntax(dataset)}{_needs(dataset)}"):
        from pydicom.pixels.utils import pixel_array

        decoded = pixel_array(dataset, index=frame - 1, decoding_plugin=_plugin(dataset))
    grey = _grey(dataset, decoded, notes)
    if grey.shape != (rows, columns):
        msg = f"{where}: expected {rows} x {columns} pixels, got {' x '.join(map(str, grey.shape))}"
        raise FormatError(msg)
    grey = np.ascontiguousarray(grey)
    grey.flags.writeable = False
    return grey


def _size(dataset: Dataset, where: str) -> tuple[int, int]:
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    if not rows or not columns:
        msg = f"{where}: expected Rows and Columns, got {rows} and {columns}"
        raise FormatError(msg)
    return rows, columns


def _refuse_too_large(dataset: Dataset, rows: int, columns: int, where: str) -> None:
    """Refuse sizes that the file cannot fill, before memory is taken for them."""
    data = _get(dataset, "PixelData")
    size = len(data) if isinstance(data, bytes) else 0
    if not size:
        msg = f"{where}: expected pixels, got an empty pixel element"
        raise FormatError(msg)
    samples = _whole(dataset, "SamplesPerPixel") or 1
    if rows * columns * samples > MOST_PIXELS:
        msg = f"{where}: expected at most {MOST_PIXELS:,} pixels, got {rows} x {columns} x {samples}"
        raise FormatError(msg)
    if _is_compressed(dataset):
        likely = max(size, _ATLEAST_BYTES) * _MOST_COMPRESSION
        for tall, wide in ((rows, columns), *_codestream_sizes(data)):
            if tall * wide > likely or tall * wide > MOST_PIXELS:
                msg = f"{where}: expected a size that {size:,} bytes can hold, got {tall} x {wide} pixels"
                raise FormatError(msg)
        return
    bits = _whole(dataset, "BitsAllocated") or 8
    needed = rows * columns * samples * bits // 8
    if size < needed:
        msg = f"{where}: expected {needed:,} bytes of pixels, got {size:,}: the file is cut off"
        raise FormatError(msg)


def _codestream_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the rows and columns that JPEG 2000 and JPEG headers in the pixel data claim for themselves."""
    for found in re.finditer(rb"\xff\x4f\xff\x51..", data[:65536], re.DOTALL):
        head = data[found.end() + 2 : found.end() + 18]
        if len(head) == 16:
            wide, tall, left, top = (int.from_bytes(head[n : n + 4]) for n in range(0, 16, 4))
            yield max(tall - top, 0), max(wide - left, 0)
    for found in re.finditer(rb"\xff[\xc0-\xc3\xc9-\xcb\xf7]\x00[\x0b\x11].", data[:65536], re.DOTALL):
        head = data[found.end() : found.end() + 4]
        if len(head) == 4:
            yield int.from_bytes(head[:2]), int.from_bytes(head[2:])


def _syntax_uid(dataset: Dataset) -> Any:  # noqa: ANN401  pydicom's UID, or None
    return dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None


def _plugin(dataset: Dataset) -> str:
    """Return the one decoder to use; falling back on another crashed on broken JPEG-LS and JPEG 2000."""
    needed = _DECODERS.get(str(_syntax_uid(dataset)), "")
    if needed.startswith("pyjpegls"):
        return "pyjpegls"
    return "pylibjpeg" if needed == "pylibjpeg-openjpeg" else ""


def _syntax(dataset: Dataset) -> str:
    uid = _syntax_uid(dataset)
    return str(uid.name) if uid and uid.is_transfer_syntax else "an unknown transfer syntax"


def _is_compressed(dataset: Dataset) -> bool:
    uid = _syntax_uid(dataset)
    return bool(uid and uid.is_transfer_syntax and uid.is_compressed and not uid.is_deflated)


def _needs(dataset: Dataset) -> str:
    needed = _DECODERS.get(str(_syntax_uid(dataset)))
    return f" (decoded by {needed})" if needed else ""


def _grey(dataset: Dataset, decoded: NDArray[np.generic], notes: list[str]) -> NDArray[np.generic]:
    """Return one value a pixel; of a colour film its channel where they are alike, else its luminance."""
    if "PALETTE" in str(dataset.get("PhotometricInterpretation", "")):
        from pydicom.pixels.processing import apply_color_lut

        decoded = apply_color_lut(decoded, dataset)
    if decoded.ndim == 2:
        return decoded
    red, green, blue = (decoded[..., n] for n in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return red
    notes.append("a colour film; its luminance is used")
    weights = np.array([0.299, 0.587, 0.114])
    grey: NDArray[np.generic] = np.rint(decoded[..., :3] @ weights).astype(decoded.dtype)
    return grey


def _display(dataset: Dataset, notes: list[str]) -> Display:
    shape = _text(dataset, "PresentationLUTShape")
    monochrome1 = _text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    return Display(
        modality=_modality(dataset, notes),
        presets=tuple(_presets(dataset, notes)),
        inverted=shape == "INVERSE" if shape in ("INVERSE", "IDENTITY") else monochrome1,
    )


def _modality(dataset: Dataset, notes: list[str]) -> Rescale | LookupTable:
    tables = _tables(dataset, "ModalityLUTSequence", notes)
    if tables:
        return tables[0]
    slope, intercept = _number(dataset, "RescaleSlope"), _number(dataset, "RescaleIntercept")
    if slope == 0:
        notes.append("RescaleSlope: expected another number than 0; not used")
        slope = None
    return Rescale(1.0 if slope is None else slope, intercept or 0.0)


def _presets(dataset: Dataset, notes: list[str]) -> Iterator[Preset]:
    centres, widths = _numbers(dataset, "WindowCenter"), _numbers(dataset, "WindowWidth")
    names = _texts(dataset, "WindowCenterWidthExplanation")
    function = _function(dataset, notes)
    if len(centres) != len(widths):
        notes.append(f"windows: expected as many centres as widths, got {len(centres)} and {len(widths)}")
    for place, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if not width > 0 or not np.isfinite([centre, width]).all():
            notes.append(f"window: expected a width above 0, got {width:g}; not used")
            continue
        yield Window(centre, width, function, names[place] if place < len(names) else None)
    yield from _tables(dataset, "VOILUTSequence", notes)


def _function(dataset: Dataset, notes: list[str]) -> Function:
    given = (_text(dataset, "VOILUTFunction") or "LINEAR").lower()
    for function in FUNCTIONS:
        if function == given:
            return function
    notes.append(f"VOILUTFunction: expected {', '.join(FUNCTIONS)}, got {given!r}; linear used")
    return "linear"


def _tables(dataset: Dataset, keyword: str, notes: list[str]) -> list[LookupTable]:
    """Return the lookup tables of a sequence that make sense."""
    found = []
    for item in _sequence(dataset, keyword):
        try:
            found.append(_table(item, signed=_whole(dataset, "PixelRepresentation") == 1))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            notes.append(f"{keyword}: expected a lookup table, got: {error}; not used")
    return found


def _table(item: Dataset, *, signed: bool) -> LookupTable:
    count, first, bits = (int(value) for value in item.LUTDescriptor)
    count = count or 65536
    if signed and first > 32767:
        first -= 65536
    data = item.LUTData
    entries = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.atleast_1d(data)
    if isinstance(data, bytes) and bits <= 8 and len(data) in (count, count + 1):
        entries = np.frombuffer(data, np.uint8)
    if len(entries) < count or not 1 <= bits <= 16:
        msg = f"expected {count} entries of at most 16 bits, got {len(entries)} of {bits}"
        raise ValueError(msg)
    name = str(item.get("LUTExplanation") or "") or None
    return LookupTable(first, entries[:count].astype(float), bits, name)


def _spacing_tags(dataset: Dataset) -> SpacingTags:
    kind = _text(dataset, "SOPClassUID") or ""
    projection = kind.startswith(_PROJECTIONS) or "ImageOrientationPatient" not in dataset
    return SpacingTags(
        imager=_numbers(dataset, "ImagerPixelSpacing") or None,
        pixel=_numbers(dataset, "PixelSpacing") or None,
        nominal=_numbers(dataset, "NominalScannedPixelSpacing") or None,
        aspect=_numbers(dataset, "PixelAspectRatio") or None,
        calibration_type=_text(dataset, "PixelSpacingCalibrationType"),
        calibration_description=_text(dataset, "PixelSpacingCalibrationDescription"),
        magnification=_number(dataset, "EstimatedRadiographicMagnificationFactor"),
        source_to_detector=_number(dataset, "DistanceSourceToDetector"),
        source_to_patient=_number(dataset, "DistanceSourceToPatient"),
        projection=projection,
    )


_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def _identity(dataset: Dataset, path: Path, pixels: NDArray[np.generic], notes: list[str]) -> ImageIdentity:
    uids = {}
    for key in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        uid = _text(dataset, key)
        if uid and (len(uid) > 64 or not _UID.fullmatch(uid)):
            notes.append(f"{key}: expected digits and dots, got something else; kept as it is")
        uids[key] = uid
    return ImageIdentity(
        file_name=path.name,
        sop_instance_uid=uids["SOPInstanceUID"],
        series_instance_uid=uids["SeriesInstanceUID"],
        study_instance_uid=uids["StudyInstanceUID"],
        sha256=hashlib.sha256(pixels.data).hexdigest(),
        rows=pixels.shape[0],
        columns=pixels.shape[1],
    )


def _facts(dataset: Dataset, frame: int) -> FilmFacts:
    return FilmFacts(
        kind=_kind(dataset),
        transfer_syntax=_syntax(dataset),
        photometric_interpretation=_text(dataset, "PhotometricInterpretation"),
        modality=_text(dataset, "Modality"),
        bits_stored=_whole(dataset, "BitsStored"),
        frames=_whole(dataset, "NumberOfFrames") or 1,
        frame=frame,
        body_part=_text(dataset, "BodyPartExamined"),
        view_position=_text(dataset, "ViewPosition"),
        laterality=_text(dataset, "ImageLaterality") or _text(dataset, "Laterality"),
        patient_orientation="\\".join(_texts(dataset, "PatientOrientation")) or None,
        burned_in_annotation=_text(dataset, "BurnedInAnnotation"),
    )


def _kind(dataset: Dataset) -> str:
    """Return the name of the SOP class, where it is one."""
    from pydicom._uid_dict import UID_dictionary

    entry = UID_dictionary.get(_text(dataset, "SOPClassUID") or "")
    return entry[0] if entry else "DICOM without SOP class"


def _person(dataset: Dataset) -> Person:
    return Person(
        name=_text(dataset, "PatientName"),
        patient_id=_text(dataset, "PatientID"),
        birth_date=_text(dataset, "PatientBirthDate"),
        study_date=_text(dataset, "StudyDate"),
    )


def _get(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401  whatever the file holds
    """Return a value, None where it is absent, empty or broken."""
    try:
        with _quiet():
            value = dataset.get(keyword)
    except Exception:  # noqa: BLE001  a broken element is an absent one
        return None
    return None if value is None or value == "" else value


def _texts(dataset: Dataset, keyword: str) -> list[str]:
    value = _get(dataset, keyword)
    if value is None:
        return []
    several = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    texts = (str(one).strip().strip("\0") for one in several)
    return [text for text in texts if len(text) <= _LONGEST and text.isprintable()]


def _text(dataset: Dataset, keyword: str) -> str | None:
    texts = _texts(dataset, keyword)
    return (texts[0] or None) if texts else None


def _numbers(dataset: Dataset, keyword: str) -> list[float]:
    numbers = []
    for text in _texts(dataset, keyword):
        try:
            numbers.append(float(text))
        except ValueError:
            numbers.append(float("nan"))
    return numbers


def _number(dataset: Dataset, keyword: str) -> float | None:
    numbers = _numbers(dataset, keyword)
    return numbers[0] if numbers and np.isfinite(numbers[0]) else None


def _whole(dataset: Dataset, keyword: str) -> int | None:
    number = _number(dataset, keyword)
    return int(number) if number is not None and abs(number) < 2**31 else None


def _sequence(dataset: Dataset, keyword: str) -> list[Dataset]:
    value = _get(dataset, keyword)
    return [item for item in value or [] if hasattr(item, "get")] if hasattr(value, "__iter__") else []
