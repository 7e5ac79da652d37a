"""Rule files: thresholds as TOML data with source, revision and worked examples.

A rule file is one rule.  Its bytes are hashed, so that every result can say by what it was made.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from attrs import frozen

from spinegrade.errors import RuleError


@frozen
class RuleFile:
    """What every rule file says of itself, and the rest of it as read.

    ``sha256`` is of the file's bytes with Unix line ends, the same on every system.
    """

    id: str
    revision: int
    kind: str
    title: str
    citation: str
    doi: str
    sha256: str
    text: str
    data: dict[str, Any]

    @property
    def stamp(self) -> str:
        """Name, revision and hash, as every exported result carries them."""
        return f"{self.id} revision {self.revision} sha256:{self.sha256}"


_SAYS = {"id": str, "revision": int, "kind": str, "title": str, "citation": str, "doi": str}


def rule_ids(*kinds: str) -> tuple[str, ...]:
    """Return the ids of the rules that come with spinegrade; of these kinds, or of all."""
    return tuple(name for name in _names() if not kinds or _packaged(name).kind in kinds)


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    folder = resources.files(__name__)
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def load_rule(name: str, *kinds: str) -> RuleFile:
    """Return the rule of this id, or the rule in the TOML file of this name.

    ``kinds`` are those that are wanted; where there is no such rule the message lists theirs alone.

    Raises
    ------
    RuleError
        If there is no such rule, it is of another kind, or the file is not TOML or does not say what a rule
        must.
    """
    if name.endswith(".toml"):
        rule = _read_rule(_read_bytes(Path(name)), name)
    elif name in _names():
        rule = _packaged(name)
    else:
        msg = f"rules: expected {', '.join(rule_ids(*kinds))} or a .toml file, got {name!r}"
        raise RuleError(msg)
    if kinds and rule.kind not in kinds:
        msg = f"{name}: kind: expected {' or '.join(map(repr, kinds))}, got {rule.kind!r}"
        raise RuleError(msg)
    return rule


@lru_cache(maxsize=128)
def _packaged(name: str) -> RuleFile:
    return _read_rule((resources.files(__name__) / f"{name}.toml").read_bytes(), name)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: expected a rule file, got {error.strerror}"
        raise RuleError(msg) from error


def _read_rule(content: bytes, where: str) -> RuleFile:
    content = content.replace(b"\r\n", b"\n")
    try:
        data = tomllib.loads(content.decode())
    except ValueError as error:
        msg = f"{where}: expected TOML in UTF-8, got: {error}"
        raise RuleError(msg) from error
    for key, kind in _SAYS.items():
        if type(data.get(key)) is not kind:  # true is no revision, though Python calls it an int
            msg = f"{where}: {key}: expected {kind.__name__}, got {data.get(key)!r}"
            raise RuleError(msg)
    header = {key: data.pop(key) for key in _SAYS}
    sha256 = hashlib.sha256(content).hexdigest()
    return RuleFile(**header, sha256=sha256, text=content.decode(), data=data)
