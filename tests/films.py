"""Small DICOM films made for tests; the patient is always the same invented one."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

if TYPE_CHECKING:
    from pathlib import Path

CR = "1.2.840.10008.5.1.4.1.1.1"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
SECRETS = ("DOE^JANE", "SECRET-ID-7", "19500102")


def ramp(rows: int = 40, columns: int = 50, most: int = 4095) -> np.ndarray:
    """Return pixels that use the whole range of values."""
    return np.linspace(0, most, rows * columns).round().astype(np.uint16).reshape(rows, columns)


def write_film(path: Path, pixels: np.ndarray | None = None, **tags: Any) -> Path:
    """Write a CR film; ``tags`` are set last, by keyword, and None removes one."""
    pixels = ramp() if pixels is None else pixels
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CR
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["film"])
    film = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    film.SOPClassUID, film.SOPInstanceUID = CR, meta.MediaStorageSOPInstanceUID
    film.PatientName, film.PatientID, film.PatientBirthDate = SECRETS
    film.Modality = "CR"
    film.Rows, film.Columns = pixels.shape[:2]
    film.SamplesPerPixel = 1 if pixels.ndim == 2 else pixels.shape[2]
    film.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        film.PlanarConfiguration = 0
    film.BitsAllocated = 8 * pixels.dtype.itemsize
    film.BitsStored = 12 if pixels.dtype == np.uint16 else film.BitsAllocated
    film.HighBit = film.BitsStored - 1
    film.PixelRepresentation = int(pixels.dtype.kind == "i")
    film.PixelData = pixels.tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in tags.items():
            if value is None:
                del film[name]
            else:
                setattr(film, name, value)
        film.save_as(path, enforce_file_format=False)
    return path


def lookup_table(
    first: int, entries: np.ndarray, bits: int, explanation: str | None = None
) -> pydicom.Dataset:
    """Return an item of a modality or VOI LUT sequence."""
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    if explanation:
        item.LUTExplanation = explanation
    return item


def write_encapsulated(path: Path, stream: bytes, syntax: str, **tags: Any) -> Path:
    """Write a CR film of one frame whose compressed pixels are this stream."""
    write_film(path, **tags)
    film = pydicom.dcmread(path)
    film.PixelData = encapsulate([stream])
    film["PixelData"].VR = "OB"
    film["PixelData"].is_undefined_length = True
    film.file_meta.TransferSyntaxUID = syntax
    film.save_as(path, implicit_vr=False, little_endian=True)
    return path


def lossless_jpeg(pixels: np.ndarray, bits: int) -> bytes:
    """Return pixels as JPEG Lossless by the first predictor, written from ITU-T T.81 annex H."""
    rows, columns = pixels.shape
    values = pixels.astype(int)
    predicted = np.roll(values, 1, axis=1)
    predicted[1:, 0] = values[:-1, 0]
    predicted[0, 0] = 1 << (bits - 1)
    coded = "".join(map(_difference, (values - predicted).ravel().tolist()))
    coded += "1" * (-len(coded) % 8)
    entropy = int(coded, 2).to_bytes(len(coded) // 8).replace(b"\xff", b"\xff\0")
    table = bytes([0, 0, 0, 0, 0, 17, *[0] * 11, *range(17)])
    frame = bytes([bits]) + rows.to_bytes(2) + columns.to_bytes(2) + bytes([1, 1, 0x11, 0])
    scan = bytes([1, 1, 0, 1, 0, 0])
    segments = ((0xC4, table), (0xC3, frame), (0xDA, scan))
    heads = (bytes([0xFF, mark]) + (len(content) + 2).to_bytes(2) + content for mark, content in segments)
    return b"\xff\xd8" + b"".join(heads) + entropy + b"\xff\xd9"


def _difference(difference: int) -> str:
    """Return the bits of a difference: how many it has, in five, and those of it or of it less one."""
    count = abs(difference).bit_length()
    rest = difference if difference >= 0 else difference + (1 << count) - 1
    return f"{count:05b}" + (f"{rest:0{count}b}" if count else "")
