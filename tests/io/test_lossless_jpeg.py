"""JPEG Lossless: what is sound reaches the decoder, what contradicts itself never does."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from attrs import evolve
from pydicom.uid import JPEGLossless as JPEGLosslessAny
from pydicom.uid import JPEGLosslessSV1

from films import lossless_jpeg, ramp, write_encapsulated
from spinegrade.errors import FormatError
from spinegrade.io.dicom_film import read_film
from spinegrade.io.lossless_jpeg import Shape, checked_stream

SHAPE = Shape(rows=40, columns=50, samples=1, bits_allocated=16, bits_stored=12)
STREAM = lossless_jpeg(ramp(), 12)
FRAME, SCAN, TABLE = (STREAM.index(mark) for mark in (b"\xff\xc3", b"\xff\xda", b"\xff\xc4"))


def changed(place, value, stream=STREAM):
    """Return the stream with a byte changed."""
    return stream[:place] + bytes([value]) + stream[place + 1 :]


def inserted(segment, place=2):
    """Return the stream with a segment more."""
    return STREAM[:place] + segment + STREAM[place:]


def check(stream, **shape):
    """Return the stream as it would reach the decoder."""
    return checked_stream(stream, evolve(SHAPE, **shape), "f")


class TestSound:
    @pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLosslessAny])
    @pytest.mark.parametrize("pixels", [ramp(), ramp()[::-1] ^ 0x5A5, np.full((40, 50), 4095, np.uint16)])
    def test_pixels_are_decoded_to_the_last_bit(self, tmp_path, syntax, pixels):
        path = write_encapsulated(tmp_path / "f.dcm", lossless_jpeg(pixels, 12), syntax)
        np.testing.assert_array_equal(read_film(path).pixels, pixels)

    def test_a_stream_that_has_only_what_it_needs_is_left_as_it_is(self):
        assert check(STREAM) == STREAM

    @pytest.mark.parametrize(
        "more", [b"\xff\xfe\0\x06name", b"\xff\xe0\0\x04ab", b"\xff\xff\xff\xe1\0\x02", b"\xff\xee\0\x03A"]
    )
    def test_comments_and_what_applications_add_are_left_out(self, more):
        assert check(inserted(more)) == STREAM

    def test_what_stands_behind_the_end_is_left_out(self):
        assert check(STREAM + b"\0\xff\xc0anything") == STREAM


UNSOUND = {
    "another stream": (b"\x89PNG" + STREAM, "another kind of stream"),
    "nothing": (b"", "another kind of stream"),
    "no segment": (b"\xff\xd8", "no pixels"),
    "rubbish between": (inserted(b"ab"), "no marker where one has to be"),
    "a segment too long": (changed(FRAME + 2, 0xFF), "a segment cut off"),
    "a baseline frame": (changed(FRAME + 1, 0xC0), "marker c0"),
    "two frames": (inserted(STREAM[FRAME:SCAN], FRAME), "a second header"),
    "no frame": (STREAM[:FRAME] + STREAM[SCAN:], "a segment cut off"),
    "other rows": (changed(FRAME + 6, 41), "41 x 50 pixels of 1 samples"),
    "rows in thousands": (changed(FRAME + 5, 0xFF), "65320 x 50 pixels"),
    "no bits": (changed(FRAME + 4, 0), "0 bits in 16"),
    "more bits than allocated": (changed(FRAME + 4, 17), "17 bits in 16"),
    "three samples": (changed(FRAME + 9, 3), "40 x 50 pixels of 3 samples"),
    "samples of two sizes": (changed(FRAME + 11, 0x21), "samples of several sizes"),
    "a scan of another sample": (changed(SCAN + 5, 2), "a scan of other samples"),
    "a scan of no sample": (changed(SCAN + 4, 0), "a scan without all samples"),
    "a scan without its table": (changed(SCAN + 6, 0x10), "a scan without its Huffman table"),
    "a scan by an unknown predictor": (changed(SCAN + 7, 8), "a scan that is not lossless"),
    "a scan of cosines": (changed(SCAN + 8, 63), "a scan that is not lossless"),
    "a table with too many codes": (changed(TABLE + 5, 3), "a Huffman table with too many codes"),
    "a table of long values": (changed(TABLE + 21, 17), "a broken Huffman table"),
    "a table without codes": (inserted(b"\xff\xc4\0\x13" + b"\0" * 17), "a broken Huffman table"),
    "a table cut off": (inserted(b"\xff\xc4\0\x05\0\x01\x01"), "a broken Huffman table"),
    "restarts within a row": (inserted(b"\xff\xdd\0\x04\0\x07"), "restarts in the middle of a row"),
    "a restart that was not announced": (STREAM[:-9] + b"\xff\xd0" + STREAM[-9:], "marker d0 in the pixels"),
    "no end": (STREAM[:-2], "pixels cut off"),
    "half": (STREAM[: len(STREAM) // 2], "pixels cut off"),
}


@pytest.mark.parametrize(("stream", "what"), UNSOUND.values(), ids=UNSOUND)
def test_what_is_unsound_is_refused_and_named(stream, what):
    with pytest.raises(FormatError, match=r"^f: expected a JPEG Lossless stream as .*, got ") as raised:
        check(stream)
    assert str(raised.value).split(", got ")[1].startswith(what)


@pytest.mark.parametrize(
    "bits",
    [
        {"bits_allocated": 8, "bits_stored": 7},
        {"bits_stored": 1},
        {"bits_allocated": 12},
        {"bits_stored": 17},
    ],
)
def test_bits_that_end_the_decoder_are_refused(bits):
    with pytest.raises(FormatError, match="bits stored in"):
        check(STREAM, **bits)


OPEN_ALL = """
import sys
from pathlib import Path
from spinegrade.errors import SpinegradeError
from spinegrade.io.film import open_film
read = 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        open_film(path)
        read += 1
    except SpinegradeError:
        pass
print("read", read)
"""


def test_no_byte_of_the_headers_ends_the_process(tmp_path):
    """Looked at from another process, as the decoder would end it."""
    for place in range(SCAN + 10):
        for value in {0, 1, 0x7F, 0xFF} - {STREAM[place]}:
            stream = changed(place, value)
            write_encapsulated(tmp_path / f"{place}-{value}.dcm", stream, JPEGLosslessSV1)
    command = [sys.executable, "-c", OPEN_ALL, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 0 < int(done.stdout.split()[1]) < 100
