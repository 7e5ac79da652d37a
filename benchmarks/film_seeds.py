"""Small films to mutate: what real headers say over a few pixels, in every transfer syntax, and pictures."""

from __future__ import annotations

import io
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    RLELossless,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

CANARY = "ZQXCANARY"
"""The name planted in every film; no message may have it."""

_SIZE = (40, 48)
_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
_ENCODED = (JPEGLSLossless, JPEG2000Lossless, RLELossless)
_NAMED = (
    "PatientName",
    "PatientID",
    "OtherPatientNames",
    "ReferringPhysicianName",
    "OperatorsName",
    "PatientComments",
    "InstitutionName",
)


def film_seeds(folder: Path) -> dict[str, bytes]:
    """Return small films by name: each real film of the folder in every syntax that can be written here."""
    seeds = {}
    for path in sorted(folder.glob("*.dcm")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for syntax, content in _small(path):
                seeds[f"{path.stem}.{syntax}.dcm"] = content
    return seeds


def _small(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a film cut down to a few pixels, in every transfer syntax."""
    for syntax in _PLAIN:
        film = _cut(path)
        film.file_meta.TransferSyntaxUID = syntax
        yield syntax.keyword, _written(film)
    for syntax in _ENCODED:
        film = _cut(path)
        film.compress(syntax, generate_instance_uid=False)
        yield syntax.keyword, _written(film)
    film = _cut(path)
    film.compress(JPEG2000, j2k_cr=[10], generate_instance_uid=False)
    yield "JPEG2000", _written(film)
    yield "JPEGLossless", _lossless_jpeg(_cut(path))
    for syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        yield syntax.keyword, _written(_baseline(_cut(path), syntax))


def _cut(path: Path) -> Dataset:
    """Return the film with names planted and a small grey ramp for pixels."""
    film = pydicom.dcmread(path)
    rows, columns = _SIZE
    top = 2 ** min(int(film.BitsStored), 12) - 1
    pixels = np.linspace(0, top, rows * columns).reshape(rows, columns).round()
    film.Rows, film.Columns, film.SamplesPerPixel = rows, columns, 1
    film.PhotometricInterpretation = "MONOCHROME2"
    film.PixelData = pixels.astype("u1" if film.BitsAllocated == 8 else "<u2").tobytes()
    film["PixelData"].VR = "OW"
    film["PixelData"].is_undefined_length = False
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for name in _NAMED:
        setattr(film, name, CANARY)
    return film


def _baseline(film: Dataset, syntax: UID) -> Dataset:
    pixels = np.linspace(0, 255, _SIZE[0] * _SIZE[1]).reshape(_SIZE).astype(np.uint8)
    stream = _picture(Image.fromarray(pixels), "JPEG")
    film.BitsAllocated = film.BitsStored = 8
    film.HighBit = 7
    film.PixelData = encapsulate([stream])
    film["PixelData"].is_undefined_length = True
    film.file_meta.TransferSyntaxUID = syntax
    return film


def _lossless_jpeg(film: Dataset) -> bytes:
    """Return the film as gdcm writes it in JPEG Lossless, the only writer of it at hand."""
    import gdcm

    with tempfile.TemporaryDirectory() as folder:
        plain, coded = Path(folder) / "plain.dcm", Path(folder) / "coded.dcm"
        plain.write_bytes(_written(film))
        reader = gdcm.ImageReader()
        reader.SetFileName(str(plain))
        reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        change.SetInput(reader.GetImage())
        change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.SetFileName(str(coded))
        writer.Write()
        return coded.read_bytes()


def _written(film: Dataset) -> bytes:
    syntax = film.file_meta.TransferSyntaxUID
    if syntax == ExplicitVRBigEndian and film.BitsAllocated > 8:
        film.PixelData = np.frombuffer(film.PixelData, "<u2").astype(">u2").tobytes()
    stream = io.BytesIO()
    pydicom.dcmwrite(
        stream,
        film,
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        force_encoding=True,
    )
    return stream.getvalue()


def picture_seeds() -> dict[str, bytes]:
    """Return small pictures of every kind that people export, by name."""
    rows, columns = _SIZE
    ramp = np.linspace(0, 65535, rows * columns).reshape(rows, columns)
    grey, deep = Image.fromarray((ramp / 257).astype(np.uint8)), Image.fromarray(ramp.astype(np.uint16))
    modes = {mode: grey.convert(mode) for mode in ("L", "LA", "RGB", "RGBA", "P", "1")} | {"I16": deep}
    seeds = {f"{mode}.png": _picture(image, "PNG") for mode, image in modes.items()}
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        for mode in ("L", "RGB", "I16"):
            name = f"{mode}.{compression}.tif"
            seeds[name] = _picture(modes[mode], "TIFF", compression=compression)
    seeds["L.jpeg.tif"] = _picture(grey, "TIFF", compression="jpeg")
    seeds["float.tif"] = _picture(Image.fromarray(ramp.astype(np.float32)), "TIFF")
    seeds["pages.tif"] = _picture(grey, "TIFF", save_all=True, append_images=[grey, grey])
    for mode in ("L", "RGB", "CMYK"):
        seeds[f"{mode}.jpg"] = _picture(grey.convert(mode), "JPEG")
    seeds["progressive.jpg"] = _picture(grey.convert("RGB"), "JPEG", progressive=True)
    return seeds


def _picture(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()
