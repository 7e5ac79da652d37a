"""What a reader has to read, in which order, and what may be opened now.

Occasion after occasion, film after film in the order that was drawn.  A film that was begun is gone on with;
one that was paused comes back once all others have been read.  An occasion opens when every film of the one
before is committed and the washout is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spinegrade.study.schema import State


@frozen
class Item:
    """A film to read, by its name in the study, on an occasion."""

    film: str
    occasion: int

    def __str__(self) -> str:
        return f"{self.film}, occasion {self.occasion}"


@frozen
class Entry:
    """An item, its place in the order of its occasion, and what has become of it; None is unread."""

    item: Item
    place: int
    state: State | None = None
    committed_at: datetime | None = None

    @property
    def is_committed(self) -> bool:
        """Whether the reading is committed, amended or not."""
        return self.committed_at is not None


@frozen
class Progress:
    """How far a reader has come.

    Attributes
    ----------
    occasion
        The one under way; the last where all is done.
    read, paused, films
        Of that occasion: committed, laid aside, and all.
    opens_at
        When that occasion opens, None where it is open.
    """

    occasion: int
    occasions: int
    read: int
    paused: int
    films: int
    opens_at: datetime | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to read."""
        return self.read == self.films and self.occasion == self.occasions

    @property
    def words(self) -> str:
        """The progress as it is shown."""
        if self.films == 0:
            return "no film to read"
        which = f", occasion {self.occasion} of {self.occasions}" if self.occasions > 1 else ""
        paused = f", {self.paused} paused" if self.paused else ""
        closed = "" if self.opens_at is None else f"; opens {self.opens_at:%Y-%m-%d %H:%M} UTC"
        return f"{self.read} of {self.films} films read{paused}{which}{closed}"


@frozen
class Queue:
    """All that one reader has to read; ``not_before`` is when the first occasion here opens, if later."""

    entries: tuple[Entry, ...]
    washout_days: int = 0
    not_before: datetime | None = None

    @property
    def occasion(self) -> int:
        """The occasion under way: the first with a film that is not committed, else the last."""
        left = [entry.item.occasion for entry in self.entries if not entry.is_committed]
        return min(left, default=max((entry.item.occasion for entry in self.entries), default=1))

    def of(self, occasion: int) -> tuple[Entry, ...]:
        """Return what is read on an occasion, in its order."""
        found = (entry for entry in self.entries if entry.item.occasion == occasion)
        return tuple(sorted(found, key=lambda entry: entry.place))

    def opens_at(self, occasion: int) -> datetime | None:
        """Return when an occasion may begin, as far as the ones before are committed."""
        before = [e.committed_at for e in self.entries if e.item.occasion < occasion and e.committed_at]
        after_washout = [max(before) + timedelta(days=self.washout_days)] if before else []
        return max([*after_washout, *filter(None, [self.not_before])], default=None)

    def next(self, now: datetime) -> Item | None:
        """Return what to read next; None where nothing is left, or not yet."""
        opens = self.opens_at(self.occasion)
        if opens is not None and now < opens:
            return None
        left = [entry for entry in self.of(self.occasion) if not entry.is_committed]
        left.sort(key=lambda entry: entry.state == "paused")
        return left[0].item if left else None

    def progress(self, now: datetime) -> Progress:
        """Return how far the reader has come."""
        entries = self.of(self.occasion)
        opens = self.opens_at(self.occasion)
        return Progress(
            self.occasion,
            max((entry.item.occasion for entry in self.entries), default=1),
            _count(entry.is_committed for entry in entries),
            _count(entry.state == "paused" for entry in entries),
            len(entries),
            opens if opens is not None and now < opens else None,
        )

    def entry(self, item: Item) -> Entry:
        """Return what has become of an item.

        Raises
        ------
        StudyError
            If it is none of this reader's.
        """
        for entry in self.entries:
            if entry.item == item:
                return entry
        msg = f"{item}: expected a film that is yours to read, got another"
        raise StudyError(msg)

    def check_open(self, item: Item, now: datetime) -> None:
        """Refuse to read what is committed, not due yet, or out of its turn.

        Raises
        ------
        StudyError
            If it is.
        """
        entry = self.entry(item)
        if entry.is_committed:
            msg = f"{item}: expected a reading under way, got one that is committed and locked"
            raise StudyError(msg)
        if entry.state is not None:
            return
        opens = self.opens_at(item.occasion)
        if item.occasion != self.occasion or (opens is not None and now < opens):
            when = f"not before {opens:%Y-%m-%d %H:%M} UTC" if opens else "after the one before"
            if item.occasion != self.occasion:
                when = f"once all of occasion {self.occasion} is committed, and the washout is over"
            msg = f"{item}: expected an occasion that is open, got one that opens {when}"
            raise StudyError(msg)
        first = next(one.item for one in self.of(item.occasion) if one.state is None)
        if item != first:
            msg = f"{item}: expected the next unread film, {first}, got one out of its turn"
            raise StudyError(msg)

    def check_seen(self, item: Item) -> None:
        """Refuse to show a committed reading while it could colour the next occasion.

        Raises
        ------
        StudyError
            If it could, or the reading is not committed.
        """
        if not self.entry(item).is_committed:
            msg = f"{item}: expected a committed reading, got one that is not"
            raise StudyError(msg)
        done = all(entry.is_committed for entry in self.entries)
        if item.occasion != self.occasion and not done:
            msg = f"{item}: expected to be shown it once every occasion is read, got an earlier reading"
            raise StudyError(msg)


def _count(those: Iterable[bool]) -> int:
    return sum(those)
