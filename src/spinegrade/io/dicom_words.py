"""What decoders print: libraries in C write past Python, and what they say is worth a note and no more."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DAMAGED = "the decoder found the compressed pixels damaged; what is shown may be wrong in parts"

_STDERR = 2
_OF_A_DECODER = re.compile(
    rb"^.*(?:jpeg|jpg|tiff|png|gdcm|marker|huffman|warning|decode|scanline|code not yet).*\n?",
    re.IGNORECASE | re.MULTILINE,
)
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def caught_words(notes: list[str]) -> Iterator[None]:
    """Keep what decoders print off the terminal, and note it; what others print meanwhile comes later."""
    with _ONE_AT_A_TIME:
        try:
            kept = os.dup(_STDERR)
        except OSError:  # as in programs with windows, which have no terminal
            yield
            return
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), _STDERR)
            try:
                yield
            finally:
                os.dup2(kept, _STDERR)
                os.close(kept)
                file.seek(0)
                rest, found = _OF_A_DECODER.subn(b"", file.read())
                os.write(_STDERR, rest)
                notes += [DAMAGED] * bool(found)
