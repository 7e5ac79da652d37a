"""Whether a reading that was brought back may be added: its pack, its turn, and when it says it was made.

The store decides and not what the files say of themselves: a pack counts only as it was given out, and an
occasion opens as it does for whoever reads in the store.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from attrs import field, frozen
from sqlalchemy import select

from spinegrade.errors import StudyError
from spinegrade.io.reading_json import parse_reading
from spinegrade.study import rows, schema
from spinegrade.study.moments import as_utc
from spinegrade.study.packs import HEAD, packed_words, parse_pack
from spinegrade.study.protocol import COORDINATOR
from spinegrade.study.store import SLACK

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from spinegrade.readings import Reading
    from spinegrade.study.bring_files import Found
    from spinegrade.study.packs import Pack
    from spinegrade.study.protocol import ReaderProtocol


@frozen
class Brought:
    """A reading that was brought back, where it was, and its pack, if it had one."""

    where: str
    reading: Reading
    pack: Pack | None = None

    @property
    def begun(self) -> datetime | None:
        """When its first event was, None without any."""
        return min((as_utc(event.at) for event in self.reading.events), default=None)


@frozen
class Checks:
    """What a store knows that readings brought back are checked against.

    ``at`` is the time of the store, ``made`` when the study was made.
    """

    connection: Connection
    at: datetime
    made: datetime
    uid: str
    protocol: ReaderProtocol
    _packs: dict[bytes, Pack] = field(factory=dict)

    @classmethod
    def of(cls, connection: Connection, at: datetime) -> Self:
        """Return the checks by the store behind a connection."""
        p = schema.protocols.c
        made = connection.execute(select(p.at).where(p.revision == 1)).scalar_one()
        uid = connection.execute(select(schema.study.c.uid)).scalar_one()
        return cls(connection, at, datetime.fromisoformat(made), uid, rows.reader_protocol(connection))

    def brought(self, found: Found) -> Brought:
        """Return the reading in a file, which is its pack's.

        Raises
        ------
        StudyError
            If its pack is not one that this study gave out, or is for something else.
        FormatError
            If it is no reading.
        """
        reading = parse_reading(found.content, found.where)
        pack = None if found.pack is None else self._pack(found.pack, found.where)
        if pack is not None:
            _check_pack(reading, pack)
        return Brought(found.where, reading, pack)

    def _pack(self, head: bytes, where: str) -> Pack:
        """Return what a head says, once it is known to be as it was given out."""
        if head not in self._packs:
            pack = parse_pack(head, where)
            if pack.study != self.uid:
                msg = "expected a pack of this study, got one of another"
                raise StudyError(msg)
            self._check_given(pack, head)
            self._packs[head] = pack
        return self._packs[head]

    def _check_given(self, pack: Pack, head: bytes) -> None:
        """Refuse a pack that the log does not have as it is."""
        c = schema.log.c
        same = (c.who == COORDINATOR, c.did == "packed", c.details == packed_words(pack, head))
        if self.connection.execute(select(c.id).where(*same).limit(1)).one_or_none() is None:
            msg = f"{HEAD}: expected a pack as the study gave it out, got one for {pack.reader}, occasion "
            msg += f"{pack.occasion}, {len(pack.films)} films, that was changed since or made elsewhere"
            raise StudyError(msg)

    def check_turn(self, brought: Brought) -> None:
        """Refuse a reading of an occasion that was not open yet.

        Raises
        ------
        StudyError
            If the occasions before are not committed, or their washout was not over.
        """
        reader, occasion = brought.reading.reader, brought.reading.occasion
        left, last = rows.before(self.connection, reader, occasion)
        if left:
            msg = f"occasion {occasion}: expected the occasions before to be committed, got {left} readings "
            msg += f"by {reader} that are not; add them first"
            raise StudyError(msg)
        if last is None or not self.protocol.washout_days:
            return
        opens = last + timedelta(days=self.protocol.washout_days)
        if brought.pack is not None and brought.pack.not_before is not None:
            opens = brought.pack.not_before
        for what, moment in (("one begun", brought.begun), ("it added", self.at)):
            if moment is not None and moment < opens - SLACK:
                msg = f"occasion {occasion}: expected a washout that is over, on {_shown(opens)}, "
                msg += f"got {what} on {_shown(moment)}"
                raise StudyError(msg)

    def earliest(self, brought: Brought) -> datetime:
        """Return before when it cannot have been committed, whatever it says."""
        return self.made if brought.pack is None else brought.pack.packed_at

    def odd_dates(self, brought: Brought) -> tuple[str, ...]:
        """Return what is odd about when a reading says it was made; the clock was wrong, or set."""
        if brought.begun is None:
            return ()
        last = max(as_utc(event.at) for event in brought.reading.events)
        found = []
        if last > self.at + SLACK:
            found.append(f"dated {_shown(last)}, after it was added on {_shown(self.at)}")
        if brought.begun < self.made - SLACK:
            found.append(f"dated {_shown(brought.begun)}, before the study was made on {_shown(self.made)}")
        elif last < self.earliest(brought) - SLACK:
            found.append(
                f"dated {_shown(last)}, before its pack was made on {_shown(self.earliest(brought))}"
            )
        return tuple(found)


def _check_pack(reading: Reading, pack: Pack) -> None:
    """Refuse a reading that is not of its pack."""
    for what, expected, got in (
        ("reader", pack.reader, reading.reader),
        ("occasion", pack.occasion, reading.occasion),
    ):
        if expected != got:
            msg = f"expected a reading of {what} {expected}, as {HEAD} says, got {got}"
            raise StudyError(msg)
    if reading.exam.id not in {film.name for film in pack.films}:
        msg = f"expected a film of the pack, got {reading.exam.id!r}"
        raise StudyError(msg)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
