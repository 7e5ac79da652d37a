"""Equations for bone mineral density as TOML with sources: conversions, height age, apparent density."""

from __future__ import annotations

import hashlib
import math
import tomllib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from attrs import frozen

from spinegrade.bmd_sites import SITES, site_named
from spinegrade.errors import RuleError
from spinegrade.norms.table import SEXES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FORMAT = "spinegrade-bmd/1"
STATUSES = ("confirmed", "unconfirmed")

_A_SITE = f"site: expected one of {', '.join(SITES)}"
_LEAST_USELESS_ERROR = 0.5


@frozen(kw_only=True)
class Entry:
    """What every equation says of itself; only ``confirmed`` ones are used."""

    id: str
    status: str
    source: str
    note: str = ""


@frozen(kw_only=True)
class Conversion(Entry):
    """BMD of one maker's device as another's, in g/cm2.

    Attributes
    ----------
    standard_error
        SD of one person's converted value, as a fraction of it.
    min_bmd, max_bmd
        Range in which it was found, before conversion; None where the source does not state it.
    min_age
        Youngest age in years that it was used at.
    """

    from_device: str
    to_device: str
    site: str
    slope: float
    intercept: float
    standard_error: float
    min_bmd: float | None = None
    max_bmd: float | None = None
    min_age: float | None = None


@frozen(kw_only=True)
class HeightAge(Entry):
    """Age in years at which a height in cm is the median, for one sex, within ranges of both."""

    sex: str
    constant: float
    slope: float
    root: float
    min_height: float
    max_height: float
    min_age: float
    max_age: float


@frozen(kw_only=True)
class Bmad(Entry):
    """Apparent density of a site: mineral content over area to a power."""

    site: str
    exponent: float | None = None


E_ = TypeVar("E_", bound=Entry)


@frozen
class Registry:
    """The equations of a file, with its name and hash."""

    conversions: tuple[Conversion, ...]
    height_ages: tuple[HeightAge, ...]
    bmads: tuple[Bmad, ...]
    where: str = ""
    sha256: str = ""

    @property
    def stamp(self) -> str:
        """Name and hash, as results carry them."""
        return f"{self.where} sha256:{self.sha256}"

    @property
    def entries(self) -> tuple[Conversion | HeightAge | Bmad, ...]:
        """All equations, whatever their status."""
        return (*self.conversions, *self.height_ages, *self.bmads)

    @property
    def usable_height_ages(self) -> tuple[HeightAge, ...]:
        """The confirmed equations of height age."""
        return tuple(one for one in self.height_ages if one.status == "confirmed")

    def beside(self, own: Registry) -> Registry:
        """Return these equations and those of one's own, which stand instead of those of the same id."""
        return Registry(
            _merged(self.conversions, own.conversions),
            _merged(self.height_ages, own.height_ages),
            _merged(self.bmads, own.bmads),
            f"{self.stamp}, {own.where}",
            own.sha256,
        )

    def conversion(self, name: str) -> Conversion:
        """Return the confirmed conversion of this id.

        Raises
        ------
        RuleError
            If there is none, or it is not confirmed.
        """
        return _enabled(self.conversions, name)

    def height_age(self, name: str) -> HeightAge:
        """Return the confirmed equation of height age of this id; raises as `conversion` does."""
        return _enabled(self.height_ages, name)

    def bmad(self, name: str) -> Bmad:
        """Return the confirmed apparent density of this id; raises as `conversion` does."""
        return _enabled(self.bmads, name)


def _merged(these: tuple[E_, ...], own: tuple[E_, ...]) -> tuple[E_, ...]:
    names = {entry.id for entry in own}
    return (*(entry for entry in these if entry.id not in names), *own)


def _enabled(entries: Sequence[E_], name: str) -> E_:
    found = next((entry for entry in entries if entry.id == name), None)
    if found is None:
        msg = f"BMD equation: expected one of {', '.join(entry.id for entry in entries)}, got {name!r}"
        raise RuleError(msg)
    if found.status != "confirmed":
        msg = (
            f"BMD equation {name}: expected a confirmed one, got {found.status}: {found.source}; {found.note}"
        )
        raise RuleError(msg)
    return found


_TABLES: dict[str, type[Entry]] = {"conversion": Conversion, "height_age": HeightAge, "bmad": Bmad}
_RENAMED = {"from": "from_device", "to": "to_device"}


@lru_cache(maxsize=8)
def load_registry(path: Path | None = None) -> Registry:
    """Return the equations that come along, or those of a TOML file of the same form.

    Raises
    ------
    RuleError
        If the file cannot be read, or an entry lacks something or has something unknown.
    """
    where = "bmd_registry.toml" if path is None else f"{path}"
    try:
        file = resources.files("spinegrade") / "bmd_registry.toml" if path is None else path
        content = file.read_bytes()
        data = tomllib.loads(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{where}: expected TOML in UTF-8, got: {error}"
        raise RuleError(msg) from error
    if data.pop("format", None) != FORMAT or set(data) - set(_TABLES):
        msg = f"{where}: expected format {FORMAT!r} and {', '.join(_TABLES)}, got {', '.join(sorted(data))}"
        raise RuleError(msg)
    entries = {name: _entries(data.get(name, []), kind, where) for name, kind in _TABLES.items()}
    name = where if path is None else path.name
    sha = hashlib.sha256(content).hexdigest()
    return Registry(entries["conversion"], entries["height_age"], entries["bmad"], name, sha)


def _entries(tables: list[dict[str, Any]], kind: type[Entry], where: str) -> tuple[Any, ...]:
    made = tuple(_entry(table, kind, where) for table in tables)
    names = [entry.id for entry in made]
    if len(set(names)) < len(names):
        msg = f"{where}: expected every id once, got {', '.join(sorted(names))}"
        raise RuleError(msg)
    return made


def _entry(table: dict[str, Any], kind: type[Entry], where: str) -> Entry:
    """Return an entry, its keys and numbers checked."""
    given = {_RENAMED.get(key, key): value for key, value in table.items()}
    fields = attrs.fields_dict(kind)
    needed = {name for name, one in fields.items() if one.default is attrs.NOTHING}
    place = f"{where}: {table.get('id', 'an entry without id')}"
    for wrong, words in ((needed - set(given), "lacks"), (set(given) - set(fields), "has an unknown")):
        if wrong:
            msg = f"{place}: expected {', '.join(fields)}, got one that {words} {', '.join(sorted(wrong))}"
            raise RuleError(msg)
    for name, value in given.items():
        if not _fits(value, text="str" in str(fields[name].type)):
            msg = f"{place}: {name}: expected text or a finite number, got {value!r}"
            raise RuleError(msg)
    _check_meaning(given, kind, place)
    if "site" in given:
        given["site"] = site_named(given["site"])
    return kind(**given)


def _check_meaning(given: dict[str, Any], kind: type[Entry], place: str) -> None:
    """Refuse values that are of the right type and mean nothing."""
    error = given.get("standard_error", 0.0)
    rules = (
        (given["status"] not in STATUSES, f"status: expected one of {', '.join(STATUSES)}", given["status"]),
        ("site" in given and site_named(given["site"]) not in SITES, _A_SITE, given.get("site")),
        ("sex" in given and given["sex"] not in SEXES, "sex: expected female or male", given.get("sex")),
        (
            not 0.0 <= error < _LEAST_USELESS_ERROR,
            "standard_error: expected a fraction from 0 to below 0.5",
            error,
        ),
        (
            kind is Bmad and given["status"] == "confirmed" and given.get("exponent") is None,
            "expected an exponent, as it is confirmed",
            None,
        ),
    )
    for wrong, wanted, got in rules:
        if wrong:
            msg = f"{place}: {wanted}, got {'none' if got is None else repr(got)}"
            raise RuleError(msg)


def _fits(value: object, *, text: bool) -> bool:
    if text:
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
