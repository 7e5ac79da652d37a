"""Films as they come: what is broken is named in one line, what is odd is read, and nobody's name is told."""

from __future__ import annotations

import logging
import zlib

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from films import SECRETS, lookup_table, lossless_jpeg, ramp, write_encapsulated, write_film
from spines import invoke

GREY = (ramp() // 16).astype(np.uint8)


def pictures(path, *frames, **options):
    """Write a picture file of one or more pages."""
    first, *others = (Image.fromarray(frame) for frame in frames)
    more = {"save_all": True, "append_images": others} if others else {}
    first.save(path, **more, **options)
    return path


def compressed(path, syntax, cut=None):
    """Write a film in a transfer syntax, its stream cut off after a share of its bytes."""
    film = pydicom.dcmread(write_film(path))
    film.compress(syntax, generate_instance_uid=False)
    stream = next(pydicom.encaps.generate_frames(film.PixelData, number_of_frames=1))
    return write_encapsulated(path, stream[: int(len(stream) * (cut or 1))], syntax)


def deflated(path, content):
    """Write a film whose dataset is this content, deflated."""
    write_film(path, PixelData=b"\0\0")
    film = pydicom.dcmread(path)
    film.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    film.save_as(path, enforce_file_format=True)
    whole = path.read_bytes()
    begin = 144 + int.from_bytes(whole[140:144], "little")
    path.write_bytes(whole[:begin] + content)
    return path


def enlarged(path, side):
    """Let a PNG file claim this many rows and columns."""
    content = path.read_bytes()
    header = b"IHDR" + side.to_bytes(4) * 2 + content[24:29]
    path.write_bytes(content[:12] + header + zlib.crc32(header).to_bytes(4) + content[33:])
    return path


def shortened(path, share):
    """Cut a file off."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


REFUSED = {
    "no image": (
        lambda at: write_film(at / "f.dcm", PixelData=None),
        "expected a DICOM image, got Computed Radiography Image Storage without pixel data",
    ),
    "pixels cut off": (
        lambda at: shortened(write_film(at / "f.dcm"), 0.6),
        "bytes of pixels, got ",
    ),
    "an empty pixel element": (
        lambda at: write_film(at / "f.dcm", PixelData=b""),
        "expected pixels, got an empty pixel element",
    ),
    "no rows": (lambda at: write_film(at / "f.dcm", Rows=None), "expected Rows and Columns, got None and 50"),
    "16 gigapixels": (
        lambda at: write_film(at / "f.dcm", Rows=65535, Columns=65535, SamplesPerPixel=4),
        "expected at most 500,000,000 pixels, got 65535 x 65535 x 4",
    ),
    "16 gigapixels, compressed": (
        lambda at: write_encapsulated(
            at / "f.dcm", b"\xff\x4f\xff\x51" + bytes(99), JPEG2000Lossless, Rows=65535, Columns=65535
        ),
        "expected at most 500,000,000 pixels, got 65535 x 65535",
    ),
    "16 megapixels in 100 bytes": (
        lambda at: write_encapsulated(at / "f.dcm", bytes(100), JPEG2000Lossless, Rows=4000, Columns=4000),
        "bytes can hold, got 4000 x 4000 pixels",
    ),
    "16 gigapixels, says the stream alone": (
        lambda at: write_encapsulated(
            at / "f.dcm",
            b"\xff\x4f\xff\x51\0\x2f\0\0" + (65535).to_bytes(4) * 2 + bytes(99),
            JPEG2000Lossless,
        ),
        "expected at most 500,000,000 pixels, got 65535 x 65535",
    ),
    "broken deflation": (
        lambda at: deflated(at / "f.dcm", b"\xff" * 50),
        "expected deflated data, got broken",
    ),
    "12 bits of JPEG Extended": (
        lambda at: write_encapsulated(at / "f.dcm", b"\xff\xd8\xff\xd9", JPEGExtended12Bit),
        "JPEG Extended (Process 2 and 4) (decoded by the GPL-licensed pylibjpeg-libjpeg and no other)",
    ),
    "a stream cut off, J2K": (
        lambda at: compressed(at / "f.dcm", JPEG2000Lossless, 0.7),
        "expected pixels in JPEG 2000 Image Compression (Lossless Only) (decoded by pylibjpeg-openjpeg), got",
    ),
    "a stream cut off, JPEG-LS": (
        lambda at: compressed(at / "f.dcm", JPEGLSLossless, 0.7),
        "JPEG-LS Lossless Image Compression (decoded by pyjpegls), got a stream that is cut off or broken",
    ),
    "a stream cut off, RLE": (
        lambda at: compressed(at / "f.dcm", RLELossless, 0.7),
        "expected pixels in RLE Lossless (decoded by pydicom), got a stream that is cut off or broken",
    ),
    "a stream cut off, JPEG Lossless": (
        lambda at: write_encapsulated(at / "f.dcm", lossless_jpeg(ramp(), 12)[:-40], JPEGLosslessSV1),
        "expected a JPEG Lossless stream as the DICOM header describes it, got pixels cut off",
    ),
    "a file cut off in a stream": (
        lambda at: shortened(compressed(at / "f.dcm", RLELossless), 0.8),
        "expected compressed pixels to their end, got a file that is cut off",
    ),
    "a picture of gigapixels in few bytes": (
        lambda at: enlarged(pictures(at / "f.png", GREY), 60_000),
        "expected at most 178,956,970 pixels, got more",
    ),
    "a picture of megapixels in few bytes": (
        lambda at: enlarged(pictures(at / "f.png", GREY), 9_000),
        "bytes can hold, got 9000 x 9000 pixels",
    ),
    "a picture cut off": (
        lambda at: shortened(pictures(at / "f.png", ramp(200, 200)), 0.5),
        "expected a whole picture, got broken data",
    ),
    "a page that is not there": (
        lambda at: shortened(pictures(at / "f.tif", GREY, GREY), 0.3),
        "expected a ",
    ),
}


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_broken_is_said_in_one_line(tmp_path, caplog, make, words):
    path = make(tmp_path)
    caplog.clear()  # of what was said in making it
    with caplog.at_level(logging.DEBUG):
        said = invoke("image", path)
    assert (said.code, said.out, len(said.lines)) == (1, "", 1)
    assert said.err.startswith(f"spinegrade: {path}: expected ")
    assert words in said.err
    assert "Traceback" not in said.err
    assert not any(secret in text for secret in SECRETS for text in (said.err, caplog.text))


def test_a_film_that_inflates_without_end_is_refused_before_it_has(tmp_path, monkeypatch):
    """The limit is lowered here, as so much memory is to be had by nobody."""
    monkeypatch.setattr("spinegrade.io.dicom_film.MOST_PIXELS", 5_000_000)
    pack = zlib.compressobj(9, wbits=-15)
    path = deflated(tmp_path / "f.dcm", pack.compress(bytes(50_000_000)) + pack.flush())
    said = invoke("image", path)
    assert (said.code, said.out) == (1, "")
    assert said.err == f"spinegrade: {path}: expected at most 10,000,000 bytes once inflated, got more\n"


def test_a_deflated_film_is_read(tmp_path):
    path = write_film(tmp_path / "f.dcm")
    film = pydicom.dcmread(path)
    film.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    film.save_as(path, enforce_file_format=True)
    said = invoke("image", path)
    assert (said.code, said.err) == (0, "")
    assert "Deflated Explicit VR Little Endian" in said.out


COLOURED = np.dstack([GREY, GREY // 2, GREY // 4])

ODD = {
    "no modality, no class, hex for UIDs": (
        lambda at: write_film(
            at / "f.dcm", Modality=None, SOPClassUID=None, SOPInstanceUID="0xAB", PixelSpacing=[0.2, 0.2]
        ),
        [
            "DICOM without SOP class",
            "unknown: PixelSpacing alone",
            "SOPInstanceUID: expected digits and dots",
        ],
    ),
    "a spacing of 0": (
        lambda at: write_film(at / "f.dcm", PixelSpacing=[0, 0]),
        ["none: no pixel spacing", r"PixelSpacing: expected two numbers above 0, got 0\0; not used"],
    ),
    "a negative spacing": (
        lambda at: write_film(at / "f.dcm", PixelSpacing=[-0.2, 0.2]),
        ["none: no pixel spacing", r"expected two numbers above 0, got -0.2\0.2; not used"],
    ),
    "one spacing for two": (
        lambda at: write_film(at / "f.dcm", PixelSpacing=0.2),
        ["none: no pixel spacing", "expected two numbers above 0, got 0.2; not used"],
    ),
    "two spacings that differ": (
        lambda at: write_film(at / "f.dcm", PixelSpacing=[0.1, 0.1], ImagerPixelSpacing=[0.15, 0.15]),
        ["unknown: PixelSpacing differs from that of the detector", "lengths in pixels"],
    ),
    "magnifications that differ": (
        lambda at: write_film(
            at / "f.dcm",
            ImagerPixelSpacing=[0.15, 0.15],
            EstimatedRadiographicMagnificationFactor=1.5,
            DistanceSourceToDetector=1000,
            DistanceSourceToPatient=900,
        ),
        ["error: magnification 1.5 contradicts 1.11 by the distances", "lengths in pixels"],
    ),
    "a shape of pixels that contradicts their spacing": (
        lambda at: write_film(at / "f.dcm", ImagerPixelSpacing=[0.15, 0.15], PixelAspectRatio=[2, 1]),
        ["error: PixelAspectRatio", "lengths in pixels"],
    ),
    "colours": (
        lambda at: write_film(at / "f.dcm", COLOURED),
        ["RGB", "a colour film; its luminance is used"],
    ),
    "a VOI table that is none": (
        lambda at: write_film(at / "f.dcm", VOILUTSequence=[lookup_table(0, np.arange(4), 99)]),
        ["VOILUTSequence: expected a lookup table, got a broken one; not used"],
    ),
    "a function that is a name": (
        lambda at: write_film(at / "f.dcm", WindowCenter=9, WindowWidth=9, VOILUTFunction=SECRETS[0]),
        ["VOILUTFunction: expected linear, linear_exact, sigmoid, got another word; linear used"],
    ),
    "JPEG Lossless": (
        lambda at: write_encapsulated(at / "f.dcm", lossless_jpeg(ramp(), 12), JPEGLosslessSV1),
        ["JPEG Lossless, Non-Hierarchical", "40 rows x 50 columns, 12 bits"],
    ),
    "PNG with alpha": (
        lambda at: pictures(at / "f.png", np.dstack([COLOURED, GREY])),
        ["an alpha channel is left out", "a colour picture; its luminance is used"],
    ),
    "PNG with 16 bits": (lambda at: pictures(at / "f.png", ramp()), ["40 rows x 50 columns, 16 bits"]),
    "PNG with a palette": (
        lambda at: (Image.fromarray(COLOURED).convert("P").save(at / "f.png"), at / "f.png")[1],
        ["PNG picture", "8 bits"],
    ),
    "TIFF of several pages": (
        lambda at: pictures(at / "f.tif", GREY, GREY, GREY),
        ["frame 1 of 3", "page 1 of 3"],
    ),
}


@pytest.mark.parametrize(("make", "words"), ODD.values(), ids=ODD)
def test_what_is_odd_is_read_and_said(tmp_path, caplog, make, words):
    path = make(tmp_path)
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        said = invoke("image", path)
    assert (said.code, said.err) == (0, "")
    assert [word for word in words if word not in said.out] == []
    assert not any(secret in text for secret in SECRETS for text in (said.out, caplog.text))


@pytest.mark.parametrize(
    ("syntax", "words", "package"),
    [
        (
            JPEG2000Lossless,
            "JPEG 2000 Image Compression (Lossless Only) (decoded by pylibjpeg-openjpeg)",
            "pylibjpeg-openjpeg",
        ),
        (JPEGLSLossless, "JPEG-LS Lossless Image Compression (decoded by pyjpegls)", "pyjpegls"),
    ],
)
def test_a_decoder_that_is_not_installed_is_named_with_its_package(
    tmp_path, monkeypatch, syntax, words, package
):
    path = compressed(tmp_path / "f.dcm", syntax)
    assert invoke("image", path).code == 0
    monkeypatch.setattr(Decoder, "available_plugins", property(lambda _: ()))
    monkeypatch.setattr(Decoder, "is_available", property(lambda _: False))
    said = invoke("image", path)
    assert (said.code, said.out, len(said.lines)) == (1, "", 1)
    assert f"expected pixels in {words}, got no such decoder: pip install {package}" in said.err


def test_a_traceback_is_shown_only_where_it_is_asked_for(tmp_path):
    path = write_film(tmp_path / "f.dcm", PixelData=None)
    assert "Traceback" not in invoke("image", path).err
    assert "Traceback" in invoke("image", path, "--debug").err
