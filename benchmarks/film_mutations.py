"""Ways to break a film: bytes, lengths, ends, elements, transfer syntaxes, nesting."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_STREAMS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\xfe\xff\x00\xe0", b"IDAT", b"\xe0\x7f\x10\x00")
_SYNTAXES = tuple(
    b"1.2.840.10008.1.2" + end
    for end in (
        *(b"", b".1", b".2", b".5", b".1.99", b".4.50", b".4.51", b".4.57", b".4.70", b".4.80", b".4.81"),
        *(b".4.90", b".4.91", b".4.100", b".4.201", b".4.202", b".4.203"),
    )
)
_TAGS = ((0x0028, 0x3000), (0x0028, 0x3010), (0x0008, 0x1140), (0x0040, 0x0555), (0x0009, 0x1001))


def mutate(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return the film broken in one to four ways; ``other`` is a film to splice with."""
    broken = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice(_WAYS)(broken, other, rng)
    return bytes(broken)


def _at(broken: bytearray, rng: random.Random) -> int:
    """Return a place: anywhere, in the header, or shortly behind where a stream of pixels begins."""
    where = rng.random()
    if where < 0.4:
        begins = [broken.find(mark) for mark in _STREAMS]
        begin = max((place for place in begins if place >= 0), default=0)
        return min(begin + int(rng.expovariate(1 / 40)), max(len(broken) - 1, 0))
    return rng.randrange(max(1, len(broken) if where < 0.7 else min(len(broken), 1500)))


def _flip(broken: bytearray, _: bytes, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 12)):
        if broken:
            broken[_at(broken, rng)] = rng.randrange(256)


def _extreme(broken: bytearray, _: bytes, rng: random.Random) -> None:
    """Write an extreme number, as a length or a size would stand there."""
    form = rng.choice("<>") + rng.choice("HI")
    size = struct.calcsize(form)
    place = _at(broken, rng)
    broken[place : place + size] = struct.pack(form, rng.choice(_EXTREMES) & (2 ** (8 * size) - 1))


def _truncate(broken: bytearray, _: bytes, rng: random.Random) -> None:
    del broken[rng.randrange(len(broken) + 1) :]


def _drop(broken: bytearray, _: bytes, rng: random.Random) -> None:
    place = _at(broken, rng)
    del broken[place : place + rng.randint(1, 64)]


def _repeat(broken: bytearray, _: bytes, rng: random.Random) -> None:
    place = _at(broken, rng)
    broken[place:place] = broken[place : place + rng.randint(1, 64)] * rng.randint(1, 20)


def _insert(broken: bytearray, _: bytes, rng: random.Random) -> None:
    place = _at(broken, rng)
    broken[place:place] = rng.randbytes(rng.randint(1, 32))


def _splice(broken: bytearray, other: bytes, rng: random.Random) -> None:
    """Go on as another film does."""
    del broken[_at(broken, rng) :]
    broken += other[rng.randrange(len(other)) :]


def _change_syntax(broken: bytearray, _: bytes, rng: random.Random) -> None:
    """Claim another transfer syntax, in a UID of the same length or longer."""
    place = broken.find(b"\x02\x00\x10\x00UI")
    if 0 <= place < len(broken) - 8:
        (length,) = struct.unpack_from("<H", broken, place + 6)
        uid = rng.choice(_SYNTAXES)
        uid += b"\0" * (len(uid) % 2)
        broken[place + 6 : place + 8 + length] = struct.pack("<H", len(uid)) + uid


def _nest(broken: bytearray, _: bytes, rng: random.Random) -> None:
    """Put sequences in sequences before the pixels, some hundreds deep, some without an end."""
    place = max(broken.rfind(b"\xe0\x7f\x10\x00"), 0)
    depth = rng.choice((2, 30, 200, 1200, 4000))
    group, element = rng.choice(_TAGS)
    opening = struct.pack("<HH", group, element) + b"SQ\0\0" + b"\xff" * 4 + b"\xfe\xff\x00\xe0" + b"\xff" * 4
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    broken[place:place] = opening * depth + closing * (depth if rng.random() < 0.7 else 0)


def _enlarge(broken: bytearray, _: bytes, rng: random.Random) -> None:
    """Claim another number for what sizes the pixels."""
    element = rng.choice((b"\x10\0", b"\x11\0", b"\x02\0", b"\0\x01", b"\x01\x01", b"\x02\x01", b"\x03\x01"))
    place = broken.find(b"\x28\0" + element)
    if place >= 0:
        broken[place + 8 : place + 10] = struct.pack(
            "<H", rng.choice((0, 1, 7, 41, 1000, 16000, 32768, 65535))
        )


_WAYS: Sequence[Callable[[bytearray, bytes, random.Random], None]] = (
    *(_flip,) * 4,
    *(_extreme,) * 4,
    *(_truncate,) * 2,
    *(_enlarge,) * 2,
    _drop,
    _repeat,
    _insert,
    _splice,
    _change_syntax,
    _nest,
)
