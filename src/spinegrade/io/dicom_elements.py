"""Elements of a DICOM header as they come: sound ones as values, broken ones as absent.

Everything here is called inside `plain_errors`, which keeps the DICOM library quiet.
"""

from __future__ import annotations

import logging
import math
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

_LONGEST = 64
"""Characters of the longest text that we read; a longer one has swallowed its neighbours."""


@contextmanager
def plain_errors(where: str, expected: str) -> Iterator[None]:
    """Turn whatever the DICOM library raises on broken data into one line.

    Its own words, in errors, warnings and logs, may quote the file, names included; they are kept back.
    """
    try:
        with _quiet():
            yield
    except FormatError:
        raise
    except Exception as error:  # broken data make the library raise almost anything
        msg = f"{where}: expected {expected}, got {_what(error)}"
        raise FormatError(msg) from error


def _what(error: Exception) -> str:
    """Return what was got instead, in words that quote nothing of the file."""
    if isinstance(error, MemoryError):
        return "too little memory for it"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    undecoded = "decode" in str(error)[:60] or "plugin" in str(error)[:200]
    return "a stream that is cut off or broken" if undecoded else f"broken data ({type(error).__name__})"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the DICOM library from warning and logging."""
    logger = logging.getLogger("pydicom")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def element(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401  whatever the file holds
    """Return a value, None where it is absent, empty or broken."""
    try:
        value = dataset.get(keyword)
    except Exception:  # noqa: BLE001  a broken element is an absent one
        return None
    return None if value is None or value == "" else value


def texts(dataset: Dataset, keyword: str) -> list[str]:
    """Return the texts of an element without those that no header holds."""
    value = element(dataset, keyword)
    if value is None:
        return []
    several = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    found = (str(one).strip().strip("\0") for one in several)
    return [one for one in found if len(one) <= _LONGEST and one.isprintable()]


def text(dataset: Dataset, keyword: str) -> str | None:
    """Return the first text of an element."""
    found = texts(dataset, keyword)
    return (found[0] or None) if found else None


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """Return the numbers of an element, NaN for each that is none."""
    found = []
    for one in texts(dataset, keyword):
        try:
            found.append(float(one))
        except ValueError:
            found.append(math.nan)
    return found


def unreadable(dataset: Dataset, keyword: str) -> bool:
    """Return whether an element is there that holds something, and no finite number."""
    if keyword not in dataset:
        return False
    try:
        empty = not str(dataset.get(keyword) or "").strip()
    except Exception:  # noqa: BLE001  it broke over what it holds
        return True
    return not empty and number(dataset, keyword) is None


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first number of an element, if it is finite."""
    found = numbers(dataset, keyword)
    return found[0] if found and math.isfinite(found[0]) else None


def whole(dataset: Dataset, keyword: str) -> int | None:
    """Return the first number of an element as a whole number, if 31 bits can hold it."""
    found = number(dataset, keyword)
    return int(found) if found is not None and abs(found) < 2**31 else None


def sequence(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence."""
    value = element(dataset, keyword)
    return [item for item in value or [] if hasattr(item, "get")] if hasattr(value, "__iter__") else []
