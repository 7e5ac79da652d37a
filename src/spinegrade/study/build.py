"""From a protocol to a store: films blinded under new names, orders drawn, logins made."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen
from sqlalchemy import insert

from spinegrade.errors import StudyError
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import to_plain
from spinegrade.study import schema
from spinegrade.study.blind import blind
from spinegrade.study.blind_file import Label
from spinegrade.study.moments import stamp
from spinegrade.study.originals import age_band, find_originals
from spinegrade.study.protocol import COORDINATOR, Hidden, read_protocol
from spinegrade.study.roles import make_logins, secure
from spinegrade.study.sequence import reading_order, study_names
from spinegrade.study.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from spinegrade.study.originals import Original
    from spinegrade.study.protocol import Protocol
    from spinegrade.study.roles import Login


@frozen
class Built:
    """What a new study has: its films, its readers, and their logins where a server keeps it."""

    films: int
    patients: int
    readers: tuple[str, ...]
    logins: tuple[Login, ...] = ()


def create_study(
    protocol_file: Path,
    where: str | Path,
    *,
    clock: Callable[[], datetime] | None = None,
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> Built:
    """Make the store of a new study, whole or not at all; ``progress`` is told of every film done.

    Raises
    ------
    StudyError
        If the protocol cannot be carried out, or the store not be made.
    FormatError
        If a film cannot be read.
    """
    protocol, text = read_protocol(protocol_file)
    originals = _originals(protocol, protocol_file)
    with Store.create(where, clock=clock) as (store, connection):
        uid = secrets.token_hex(16)
        at = stamp(store.now(connection))
        _add_protocol(connection, protocol, text, uid, at)
        names = study_names([one.file for one in originals], seed=protocol.seed)
        films = _Films(connection, protocol, uid)
        for done, original in enumerate(originals, 1):
            films.add(original, names[original.file])
            progress(done, len(originals))
        add_readers(connection, protocol, protocol.everyone)
        assign(connection, protocol, protocol.readers, range(1, protocol.occasions + 1), names.values())
        logins: list[Login] = []
        if store.is_postgres:
            secure(connection)
            logins = make_logins(connection, uid, protocol.everyone)
        store.record(connection, COORDINATOR, "study made", details=f"{len(originals)} films")
    patients = len({one.patient for one in originals})
    return Built(len(originals), patients, protocol.everyone, tuple(logins))


def _originals(protocol: Protocol, protocol_file: Path) -> list[Original]:
    """Return the films of a protocol; what is wrong with them is said with the protocol's name."""
    try:
        originals = find_originals(protocol, protocol_file.parent)
        _check_masks(protocol, originals)
    except StudyError as error:
        msg = f"{protocol_file}: {error}"
        raise StudyError(msg) from error
    return originals


def _check_masks(protocol: Protocol, originals: Iterable[Original]) -> None:
    """Refuse a mask of a film that is not in the study: what it should hide would be seen."""
    known = {one.file for one in originals}
    for place, mask in enumerate(protocol.mask):
        if mask.film is not None and mask.film not in known:
            msg = f"mask[{place}].film: expected a film of the study, as in {min(known)!r}, got {mask.film!r}"
            raise StudyError(msg)


def for_readers(protocol: Protocol) -> str:
    """Return what readers may know of a protocol, as the store holds it."""
    return json.dumps(to_plain(protocol.for_readers))


def _add_protocol(connection: Connection, protocol: Protocol, text: str, uid: str, at: str) -> None:
    connection.execute(
        insert(schema.study).values(
            id=1,
            format=schema.FORMAT,
            version=schema.VERSION,
            uid=uid,
            for_readers=for_readers(protocol),
        )
    )
    connection.execute(insert(schema.protocols).values(revision=1, at=at, text=text))


@define
class _Films:
    """Blinds films one after another, and refuses one that came before."""

    connection: Connection
    protocol: Protocol
    uid: str
    _seen: dict[str, str] = field(factory=dict)

    def add(self, original: Original, name: str) -> None:
        film = open_film(original.path)
        self._once(film.image.sha256, original.file, "pixels")
        masks = [mask for mask in self.protocol.mask if mask.film in (None, original.file)]
        blinded = blind(film, self._label(original, name), masks, original.file)
        if masks:
            self._once(blinded.image.sha256, original.file, "masked pixels")
        label = self._label(original, name)
        row = {"name": name, "sha256": blinded.image.sha256, "content": blinded.content}
        self.connection.execute(insert(schema.films).values(**row, age_band=label.age_band, sex=label.sex))
        self.connection.execute(insert(schema.originals).values(**_original_row(original, name, film.image)))

    def _label(self, original: Original, name: str) -> Label:
        hidden = self.protocol.hidden
        return Label(
            name,
            self.uid,
            age_band=None if Hidden.AGE_BAND in hidden else age_band(original.age),
            sex=None if Hidden.SEX in hidden else original.sex,
        )

    def _once(self, sha256: str | None, file: str, what: str) -> None:
        other = self._seen.setdefault(f"{what} {sha256}", file)
        if other != file:
            msg = f"{file}: expected a film of its own, got the {what} of {other} again"
            raise StudyError(msg)


def _original_row(original: Original, name: str, image: object) -> dict[str, Any]:
    return {
        "name": name,
        "file": original.file,
        "patient": original.patient,
        "exam": original.exam,
        "date": None if original.date is None else original.date.isoformat(),
        "image": json.dumps(to_plain(image)),
    }


def add_readers(connection: Connection, protocol: Protocol, names: Iterable[str]) -> None:
    """Add readers and adjudicators, nothing to read yet."""
    rows = [
        {"name": name, "adjudicator": name in protocol.adjudicators, "closed": False, "role": None}
        for name in names
    ]
    connection.execute(insert(schema.readers), rows)


def assign(
    connection: Connection,
    protocol: Protocol,
    readers: Iterable[str],
    occasions: Iterable[int],
    films: Iterable[str],
) -> None:
    """Give readers every film on every one of these occasions, in the order that is theirs."""
    named, every = list(films), list(occasions)
    rows = [
        {"reader": reader, "occasion": occasion, "film": film, "place": place}
        for reader in readers
        for occasion in every
        for place, film in enumerate(
            reading_order(named, seed=protocol.seed, reader=reader, occasion=occasion), 1
        )
    ]
    if rows:
        connection.execute(insert(schema.assignments), rows)
