"""JPEG Lossless streams, looked through and written anew before they are decoded.

The one permissively licensed decoder of them, gdcm, ends the process over a header that contradicts itself.
So nothing reaches it but a header that was checked number by number, in the order that it knows.

Source: ITU-T T.81, annexes B and H; DICOM PS3.5 A.4.2.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOI, _EOI, _SOF, _DHT, _SOS, _DRI, _APP14 = b"\xd8", b"\xd9", b"\xc3", b"\xc4", b"\xda", b"\xdd", b"\xee"
_LEFT_OUT = {bytes([code]) for code in (*range(0xE0, 0xF0), 0xFE)} - {_APP14}
"""Segments of applications, and comments."""

_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_RESTARTS = (0xD0, 0xD7)


@frozen
class Shape:
    """What the DICOM header says of the pixels in a stream."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int


@frozen
class _Parts:
    """The segments that a decoder needs, as they were read."""

    tables: dict[int, bytes] = field(factory=dict)
    others: dict[bytes, bytes] = field(factory=dict)


def checked_stream(stream: bytes, shape: Shape, where: str) -> bytes:
    """Return a JPEG Lossless stream of this shape, without anything that is not needed to decode it.

    Raises
    ------
    FormatError
        If it is another kind of stream, of another shape, contradicts itself or is cut off.
    """
    try:
        return _rewritten(stream, shape)
    except (ValueError, IndexError, struct.error) as error:
        what = str(error) if type(error) is ValueError else "a segment cut off"
        msg = f"{where}: expected a JPEG Lossless stream as the DICOM header describes it, got {what}"
        raise FormatError(msg) from error


def _rewritten(stream: bytes, shape: Shape) -> bytes:
    parts, entropy = _Parts(), b""
    for marker, content, end in _segments(stream):
        if marker == _DHT:
            _read_tables(content, parts.tables)
        elif marker in (_SOF, _SOS, _DRI, _APP14):
            if marker in parts.others:
                _refuse("a second header")
            parts.others[marker] = content
        elif marker not in _LEFT_OUT:
            _refuse(f"marker {marker.hex()}")
        if marker == _SOS:
            entropy = _entropy(stream, end, restarts=_DRI in parts.others)
            break
    _check_frame(parts.others.get(_SOF, b""), shape)
    _check_scan(parts, shape)
    return _written(parts, entropy)


def _segments(stream: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield marker, content and end of each segment, up to the end of the stream."""
    if stream[:2] != b"\xff" + _SOI:
        _refuse("another kind of stream")
    place = 2
    while place < len(stream):
        found = _MARKER.match(stream, place)
        if found is None:
            _refuse("no marker where one has to be")
        begin = found.end()  # type: ignore[union-attr]
        (length,) = struct.unpack_from(">H", stream, begin)
        place = begin + length
        if length < 2 or place > len(stream):
            _refuse("a segment cut off")
        yield found[1], stream[begin + 2 : place], place  # type: ignore[index]
    _refuse("no pixels")


def _entropy(stream: bytes, begin: int, *, restarts: bool) -> bytes:
    """Return the coded pixels, which end at the first marker that does not restart them."""
    coded = np.frombuffer(stream, np.uint8, offset=begin)
    marks = np.flatnonzero(coded[:-1] == 0xFF)
    codes = coded[marks + 1]
    plain = (codes == 0) | (codes == 0xFF)  # a byte of pixels that is FF, or one that fills up
    if restarts:
        plain |= (codes >= _RESTARTS[0]) & (codes <= _RESTARTS[1])
    others = np.flatnonzero(~plain)
    if not len(others):
        _refuse("pixels cut off")
    end = others[0]
    if codes[end] != _EOI[0]:
        _refuse(f"marker {int(codes[end]):02x} in the pixels")
    return stream[begin : begin + int(marks[end])]


def _read_tables(content: bytes, tables: dict[int, bytes]) -> None:
    """Read Huffman tables: 16 counts of codes by length, then a number of bits for each code."""
    while content:
        kind, counts = content[0], content[1:17]
        codes = sum(counts)
        values = content[17 : 17 + codes]
        room = 1
        for count in counts:
            room = 2 * room - count
            if room < 0:
                _refuse("a Huffman table with too many codes")
        if kind > 3 or len(counts) < 16 or not 0 < codes == len(values) or max(values) > 16:
            _refuse("a broken Huffman table")
        tables[kind] = content[: 17 + codes]
        content = content[17 + codes :]


def _check_frame(content: bytes, shape: Shape) -> None:
    """Refuse a frame header that is not of the shape."""
    precision, rows, columns, samples = struct.unpack_from(">BHHB", content)
    if (rows, columns, samples) != (shape.rows, shape.columns, shape.samples):
        _refuse(f"{rows} x {columns} pixels of {samples} samples")
    allocated, stored = shape.bits_allocated, shape.bits_stored
    if (allocated, stored) != (8, 8) and not (allocated == 16 and 2 <= stored <= 16):
        _refuse(f"{stored} bits stored in {allocated}")
    if not 2 <= precision <= allocated:
        _refuse(f"{precision} bits in {allocated}")
    components = content[6:]
    if len(components) != 3 * samples or set(components[1::3]) != {0x11}:
        _refuse("samples of several sizes")
    if len(set(components[::3])) != samples:
        _refuse("two samples of one name")


def _check_scan(parts: _Parts, shape: Shape) -> None:
    """Refuse a scan that does not hold every sample, or wants a table that is not there."""
    content = parts.others.get(_SOS, b"")
    samples = content[0]
    components, (predictor, end, shift) = content[1:-3], content[-3:]
    if samples != shape.samples or len(components) != 2 * samples:
        _refuse("a scan without all samples")
    if bytes(components[::2]) != bytes(parts.others[_SOF][6::3]):
        _refuse("a scan of other samples")
    if any(table & 0x0F or table >> 4 not in parts.tables for table in components[1::2]):
        _refuse("a scan without its Huffman table")
    if not 1 <= predictor <= 7 or end or shift >> 4 or shift >= parts.others[_SOF][0]:
        _refuse("a scan that is not lossless")
    restart = parts.others.get(_DRI, b"\0\0")
    if len(restart) != 2 or int.from_bytes(restart) % shape.columns:
        _refuse("restarts in the middle of a row")


def _written(parts: _Parts, entropy: bytes) -> bytes:
    segments = [(_DHT, table) for table in parts.tables.values()]
    adobe = parts.others.get(_APP14, b"")
    if parts.others[_SOF][5] > 1 and len(adobe) == 12 and adobe.startswith(b"Adobe"):
        segments.append((_APP14, adobe))
    segments += [(marker, parts.others[marker]) for marker in (_DRI, _SOF, _SOS) if marker in parts.others]
    heads = (b"\xff" + marker + struct.pack(">H", len(content) + 2) + content for marker, content in segments)
    return b"".join((b"\xff", _SOI, *heads, entropy, b"\xff", _EOI))


def _refuse(what: str) -> None:
    raise ValueError(what)
