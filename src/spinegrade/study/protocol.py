"""The protocol of a reader study: what is read, by whom, how often, and what readers are not told.

A coordinator writes it as TOML; `protocol.example.toml` beside this module is one to start from.
"""

from __future__ import annotations

import difflib
import tomllib
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import field, fields, frozen, validators

from spinegrade.anatomy import LevelRange, parse_range
from spinegrade.errors import FormatError, StudyError
from spinegrade.io.reading_json import from_plain
from spinegrade.readings import MiddlePoint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LONGEST_NAME = 60
"""Letters of a reader's name: it becomes part of file names."""

CONSENSUS = "consensus"
"""The reader whose rows hold what was agreed on."""

COORDINATOR = "coordinator"
"""Who did it, in the log, where it was no reader."""

_LONGEST_WASHOUT = 3650
"""Days; ten years."""


class Asked(StrEnum):
    """What a reader is asked for; an answer that is missing is asked about at commit."""

    LANDMARKS = "landmarks"
    VISUAL_GRADE = "visual_grade"
    QUALITY = "quality"
    """The form called ``quality`` of each vertebra."""
    FORM = "form"
    """Any other form of each vertebra."""


class Hidden(StrEnum):
    """What a reader is not told."""

    IDENTITY = "identity"
    DATES = "dates"
    FILE_NAMES = "file_names"
    EARLIER_READINGS = "earlier_readings"
    OTHER_READERS = "other_readers"
    COMPUTED = "computed"
    """Heights, ratios and grades, until the reading is committed."""
    AGE_BAND = "age_band"
    SEX = "sex"


MAY_BE_SHOWN = (Hidden.COMPUTED, Hidden.AGE_BAND, Hidden.SEX)
"""What a protocol may take out of what is hidden; the rest always is."""


@frozen
class Mask:
    """A rectangle of a film that is painted over: first and last row and column, both included.

    Without ``film`` it lies on every film; without rows or columns it reaches from edge to edge.
    """

    film: str | None = None
    rows: tuple[int, ...] | None = None
    columns: tuple[int, ...] | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse a mask that covers everything, and one that runs backwards."""
        if self.rows is None and self.columns is None:
            msg = "expected rows, columns or both, got neither: the whole film would be hidden"
            raise StudyError(msg)
        for name, run in (("rows", self.rows), ("columns", self.columns)):
            if run is not None and not (len(run) == 2 and 0 <= run[0] <= run[1]):
                msg = f"{name}: expected the first and the last, counted from 0, got {list(run)}"
                raise StudyError(msg)


@frozen
class ReaderProtocol:
    """As much of a protocol as a reader may know."""

    title: str
    levels: str
    occasions: int
    washout_days: int
    asked: tuple[Asked, ...]
    hidden: tuple[Hidden, ...]
    middle_point: MiddlePoint

    @property
    def level_range(self) -> LevelRange:
        """The levels to read."""
        return parse_range(self.levels)


@frozen
class Protocol:
    """A reader study as it was planned.

    Attributes
    ----------
    films
        Files and folders of films, beside the protocol's own file where they are not absolute.
    washout_days
        Days between the last reading of an occasion and the first of the next.
    key
        CSV file that says whose the films are; without one their own headers do.
    adjudicators
        Readers who read only what they are given when others disagree.
    seed
        From which names of films and orders of reading are drawn.
    """

    title: str = field(validator=validators.min_len(1))
    films: tuple[str, ...] = field(validator=validators.min_len(1))
    readers: tuple[str, ...] = field(validator=validators.min_len(1))
    seed: int = field(validator=validators.and_(validators.ge(0), validators.lt(2**63)))
    levels: str = "T4-L4"
    occasions: int = field(default=1, validator=validators.and_(validators.ge(1), validators.le(20)))
    washout_days: int = field(
        default=28, validator=validators.and_(validators.ge(0), validators.le(_LONGEST_WASHOUT))
    )
    asked: tuple[Asked, ...] = field(default=(Asked.LANDMARKS,), validator=validators.min_len(1))
    hidden: tuple[Hidden, ...] = tuple(Hidden)
    middle_point: MiddlePoint = MiddlePoint.MID_CHORD
    key: str | None = None
    adjudicators: tuple[str, ...] = ()
    mask: tuple[Mask, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse names twice, bad levels, and a blinding that is none."""
        parse_range(self.levels)
        _check_names(self.readers, self.adjudicators)
        for name in ("films", "asked", "hidden"):
            _check_once(name, getattr(self, name))
        shown = [one for one in Hidden if one not in self.hidden and one not in MAY_BE_SHOWN]
        if shown:
            msg = f"hidden: expected {shown[0]} among them, got a list without; it is hidden always"
            raise StudyError(msg)

    @property
    def everyone(self) -> tuple[str, ...]:
        """Readers, then adjudicators."""
        return (*self.readers, *self.adjudicators)

    @property
    def for_readers(self) -> ReaderProtocol:
        """What readers may know."""
        return ReaderProtocol(
            self.title,
            self.levels,
            self.occasions,
            self.washout_days,
            self.asked,
            self.hidden,
            self.middle_point,
        )


def _check_names(readers: tuple[str, ...], adjudicators: tuple[str, ...]) -> None:
    """Refuse a reader twice, whatever the capitals, and a name that a file or a line cannot have."""
    for name in (*readers, *adjudicators):
        if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            msg = f"readers: expected names of 1 to {_LONGEST_NAME} letters on one line, got {name!r}"
            raise StudyError(msg)
        found = [sign for sign in ("/", "\\", "..") if sign in name]
        if found:
            msg = f"readers: expected names that a file can have, got {name!r} with {found[0]} in it"
            raise StudyError(msg)
        if name.casefold() in (CONSENSUS, COORDINATOR):
            msg = f"readers: expected a name that is the reader's own, got {name!r}: it has a meaning here"
            raise StudyError(msg)
    _check_once("readers", [name.casefold() for name in (*readers, *adjudicators)])


def _check_once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            msg = f"{what}: expected every one once, got {str(name)!r} twice"
            raise StudyError(msg)
        seen.add(name)


def example_protocol() -> str:
    """Return the text of a protocol to start from."""
    return (resources.files(__package__) / "protocol.example.toml").read_text(encoding="utf-8")


def read_protocol(path: Path) -> tuple[Protocol, str]:
    """Return the protocol in a TOML file, and its text.

    Raises
    ------
    StudyError
        If the file is no TOML, or says something that no protocol can say.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"{path}: expected a protocol, got {error.strerror}"
        raise StudyError(msg) from error
    except ValueError as error:
        msg = f"{path}: expected TOML in UTF-8, got {error}"
        raise StudyError(msg) from error
    return parse_protocol(text, str(path)), text


def parse_protocol(text: str, where: str) -> Protocol:
    """Return the protocol that a text describes; ``where`` names it in messages.

    Raises
    ------
    StudyError
        As `read_protocol`.
    """
    try:
        data = tomllib.loads(text)
        _check_keys(data)
        _check_lists(data)
        return from_plain(data, Protocol, (Asked, Hidden))
    except tomllib.TOMLDecodeError as error:
        msg = f"{where}: expected TOML, got: {error}"
        raise StudyError(msg) from error
    except (FormatError, StudyError) as error:
        msg = f"{where}: {str(error).removeprefix('Protocol: ')}"
        raise StudyError(msg) from error


def _check_keys(data: dict[str, Any]) -> None:
    """Refuse an unknown key, before the key that it was meant for is missed."""
    known = [one.name for one in fields(Protocol)]
    unknown = [name for name in data if name not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, 1)
        meant = f", or {near[0]!r}" if near else ""
        msg = f"expected no key {unknown[0]!r}{meant}"
        raise StudyError(msg)


_LISTS = ("films", "readers", "asked", "hidden", "adjudicators", "mask")


def _check_lists(data: dict[str, Any]) -> None:
    """Refuse one value where a list stands: a word would be taken for a list of letters."""
    for name in _LISTS:
        if name in data and not isinstance(data[name], list):
            msg = f'{name}: expected a list, as in {name} = ["..."], got {str(data[name])[:60]!r}'
            if name == "mask":
                msg = "mask: expected tables that begin with [[mask]], got another value"
            raise StudyError(msg)
