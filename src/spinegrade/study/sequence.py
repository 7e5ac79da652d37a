"""The order in which a reader reads, drawn from the seed of the protocol.

Every film has a lot of its own: a hash of seed, reader, occasion and film.  Films are read in the order of
their lots, so that the order is the same on every machine and with every version of any library, does not
depend on who else reads, and keeps its places where a film is added.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def reading_order(films: Iterable[str], *, seed: int, reader: str, occasion: int) -> list[str]:
    """Return the films in the order in which this reader reads them on this occasion.

    Examples
    --------
    >>> reading_order(["F001", "F002", "F003", "F004"], seed=1, reader="R1", occasion=1)
    ['F002', 'F003', 'F001', 'F004']
    """
    return sorted(films, key=lambda film: (_lot(seed, "order", reader, occasion, film), film))


def study_names(files: Iterable[str], *, seed: int) -> dict[str, str]:
    """Return a name such as F001 for every file, in an order that says nothing of their own names."""
    drawn = sorted(files, key=lambda file: (_lot(seed, "name", file), file))
    digits = max(3, len(str(len(drawn))))
    return {file: f"F{number:0{digits}d}" for number, file in enumerate(drawn, 1)}


def _lot(*words: object) -> bytes:
    """Return a hash of words, each kept apart from its neighbours."""
    return hashlib.sha256(json.dumps(words).encode()).digest()
