"""Reading files: one exam, one reader, one occasion, as JSON.

`reading.schema.json` beside this module is the JSON Schema of what is written here.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import date, datetime
from functools import lru_cache, partial
from importlib import resources
from operator import eq
from typing import TYPE_CHECKING, Any, TypeVar

from spinegrade.calibration import CalibrationState
from spinegrade.errors import FormatError
from spinegrade.io.atomic import replacing
from spinegrade.readings import (
    CountedFrom,
    Event,
    MiddlePoint,
    NotEvaluableReason,
    Reading,
    Status,
    VertebraReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import StrEnum
    from pathlib import Path

    from cattrs import Converter

_Record = TypeVar("_Record")

FORMAT = "spinegrade-reading/1"
SUFFIX = ".reading.json"

_FAMILY, _VERSION = FORMAT.split("/")

_CHOICES = (CalibrationState, CountedFrom, MiddlePoint, NotEvaluableReason, Status)

_EXAMPLES = {date: "2026-11-21", datetime: "2026-11-21T09:30:00+00:00"}

_VALIDATOR = re.compile(
    r"(?:Length of )?'(\w+)' must (?:be |match )?(.+?)(?:: | \()(.*?)(?: doesn't\))?$", re.DOTALL
)
"""What attrs' own validators say, to be said in our words."""


def reading_schema() -> dict[str, Any]:
    """Return the JSON Schema of a reading file."""
    text = (resources.files(__package__) / "reading.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def dump_reading(reading: Reading) -> str:
    """Return the text of a reading file."""
    content = {"format": FORMAT, **_converter().unstructure(reading)}
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_plain(record: object) -> Any:  # noqa: ANN401  dictionaries, lists, text, numbers, None
    """Return a record of a reading as the plain data that a file holds of it."""
    return _converter().unstructure(record)


def from_plain(data: object, kind: type[_Record], choices: Iterable[type[StrEnum]] = ()) -> _Record:
    """Return the record of this kind that plain data describe; ``choices`` are enums that only it has.

    Raises
    ------
    FormatError
        If they describe none.
    """
    for choice in choices:
        _converter().register_structure_hook(choice, _chosen)
    try:
        return _converter().structure(data, kind)
    except Exception as error:  # cattrs raises groups of whatever the records raise
        msg = f"{kind.__name__}: {_words(error)}"
        raise FormatError(msg) from error


def write_reading(reading: Reading, path: Path, *, force: bool = False) -> None:
    """Write a reading file, whole or not at all.

    Raises
    ------
    FormatError
        If the file exists and ``force`` is not given, or it cannot be written.
    """
    with replacing(path, force=force) as temporary:
        temporary.write_text(dump_reading(reading), encoding="utf-8")


def read_reading(path: Path) -> Reading:
    """Return the reading in a file.

    Raises
    ------
    FormatError
        If it is no reading file, is cut off, is of a newer version, or holds something unknown or
        impossible.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"{path}: expected a reading file, got: {error.strerror}"
        raise FormatError(msg) from error
    return parse_reading(content, str(path))


def parse_reading(content: bytes, where: str) -> Reading:
    """Return the reading in the bytes of a file; ``where`` names it in messages.

    Raises
    ------
    FormatError
        As `read_reading`.
    """
    data = _parse_json(content, where)
    _check_format(data, where)
    del data["format"]
    try:
        reading: Reading = _converter().structure(data, Reading)
    except Exception as error:  # cattrs raises groups of whatever the records raise
        msg = f"{where}: {_words(error)}"
        raise FormatError(msg) from error
    return reading


def _parse_json(content: bytes, where: str) -> dict[str, Any]:
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
        if b"\\u" in content:  # an escape may be half a character, which no other file can hold
            json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        got = "the end of the file; it is cut off" if cut else error.msg
        msg = f"{where}: line {error.lineno}: expected JSON, got {got}"
        raise FormatError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{where}: expected JSON in UTF-8, got {error}"
        raise FormatError(msg) from error
    if not isinstance(data, dict):
        msg = f"{where}: expected a reading, got {type(data).__name__}"
        raise FormatError(msg)
    return data


def _refuse_constant(name: str) -> None:
    msg = f"{name}, which is no JSON number"
    raise ValueError(msg)


def _check_format(data: dict[str, Any], where: str) -> None:
    given = data.get("format")
    if given == FORMAT:
        return
    family, _, version = str(given).partition("/")
    got = f"{given!r}"[:60]
    if family == _FAMILY and version.isdecimal() and int(version) > int(_VERSION):
        got += ", written by a newer spinegrade"
    msg = f"{where}: format: expected {FORMAT!r}, got {got}"
    raise FormatError(msg)


@lru_cache(maxsize=1)
def _converter() -> Converter:
    import cattrs

    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (str, bool, int):
        converter.register_structure_hook(kind, _exactly)
    for choice in _CHOICES:
        converter.register_structure_hook(choice, _chosen)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(date, _moment)
    converter.register_structure_hook(datetime, _moment)
    for records in (tuple[VertebraReading, ...], tuple[Event, ...]):
        structure = _listed(converter.get_structure_hook(records))
        converter.register_structure_hook_func(partial(eq, records), structure)
    converter.register_unstructure_hook(date, lambda value: value.isoformat())
    converter.register_unstructure_hook(datetime, lambda value: value.isoformat())
    return converter


def _exactly(value: object, kind: type) -> Any:  # noqa: ANN401  what cattrs asks of a hook
    if type(value) is not kind:
        msg = f"expected {kind.__name__}, got {json.dumps(value)[:60]}"
        raise TypeError(msg)
    return value


def _listed(structure: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the hook for a list; anything else that can be iterated over is none."""
    return lambda value, kind: structure(_exactly(value, list), kind)


def _chosen(value: Any, kind: type[StrEnum]) -> StrEnum:  # noqa: ANN401
    try:
        return kind(value)
    except ValueError:
        msg = f"expected one of {', '.join(kind)}, got {json.dumps(value)[:60]}"
        raise ValueError(msg) from None


def _moment(value: object, kind: type[date]) -> date:
    try:
        return kind.fromisoformat(_exactly(value, str))
    except ValueError:
        msg = f"expected a {kind.__name__} as in {_EXAMPLES[kind]}, got {json.dumps(value)[:60]}"
        raise ValueError(msg) from None


def _number(value: object, _: type) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
        msg = f"expected a number, got {json.dumps(value)[:60]}"
        raise TypeError(msg)
    return float(value)


def _words(error: BaseException, path: str = "") -> str:
    """Return the first thing that is wrong, and where in the file it stands."""
    if isinstance(error, BaseExceptionGroup):
        first = error.exceptions[0]
        return _words(first, path + _step(first))
    extra = getattr(error, "extra_fields", None)
    what = f"expected no key {min(extra)!r}" if extra else _said(error)
    return f"{path.lstrip('.')}: {what}" if path else what


def _step(error: BaseException) -> str:
    """Return the key or the index that cattrs notes on an error."""
    for note in getattr(error, "__notes__", ()):
        if hasattr(note, "name"):
            return f".{note.name}"
        if hasattr(note, "index"):
            index = note.index
            return f"[{index}]" if isinstance(index, int) else f".{index}"
    return ""


def _said(error: BaseException) -> str:
    """Return an error's message in our words; that of an attrs validator is its first argument."""
    text = str(error.args[0]) if error.args else type(error).__name__
    if isinstance(error, KeyError):
        return "expected a value, got none"
    if isinstance(error, AttributeError) or "iterable" in text:
        return "expected what the JSON Schema of readings says, got another kind of value"
    found = _VALIDATOR.match(text)
    if found:
        name, rule, value = found.groups()
        counted = "a length " if text.startswith("Length") else ""
        return f"{name}: expected {counted}{rule}, got {value[:60]}"
    return text.splitlines()[0]
