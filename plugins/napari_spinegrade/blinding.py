"""Whether somebody reads blinded in this process: then nothing of any other reading may be shown.

Whoever opens a blinded reading holds it here for as long as it is open; every view that would show another
reading, another date or another reader asks first.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from psygnal import Signal

from spinegrade.errors import ReadingError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Blinding:
    """The blinded readings that are open."""

    changed = Signal(bool)
    """Whether a blinded reading is open, when that becomes otherwise."""

    def __init__(self) -> None:
        self._open = 0

    @property
    def is_open(self) -> bool:
        """Whether a blinded reading is open."""
        return self._open > 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Read blinded until the end of the context."""
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    def refuse(self, what: str) -> None:
        """Refuse to show something of other readings while a blinded one is open.

        Raises
        ------
        ReadingError
            If a blinded reading is open.
        """
        if self.is_open:
            msg = f"{what}: expected no blinded reading to be open, got one: commit or pause it first"
            raise ReadingError(msg)

    def _add(self, more: int) -> None:
        before = self.is_open
        self._open += more
        if before != self.is_open:
            self.changed.emit(self.is_open)


BLINDING = Blinding()
"""The one register of this process."""
