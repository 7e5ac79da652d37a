"""Norm files: a CSV table whose first lines, each begun with ``#``, say in TOML where it comes from.

One file holds one norm, so that table and source cannot be parted.  Three forms: ``mean-sd`` with a mean and
an SD for each measure, level, sex and band of age; ``lms`` with L, M and S at ages; ``percentile`` with the
value of a percentile.  Packaged norms lie in ``tables``.
"""

from __future__ import annotations

import hashlib
import io
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from spinegrade.errors import RuleError
from spinegrade.io.csv_text import split_header
from spinegrade.norms.checks import check_rows
from spinegrade.norms.table import FORMS, Norm

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "spinegrade-norm/1"

_SAYS: dict[str, type] = {
    "format": str,
    "id": str,
    "revision": int,
    "form": str,
    "title": str,
    "citation": str,
    "licence": str,
}

_KEY = ("measure", "level", "sex")
COLUMNS: dict[str, tuple[str, ...]] = {
    "mean-sd": (*_KEY, "age_from", "age_to", "mean", "sd"),
    "lms": (*_KEY, "age", "l", "m", "s"),
    "percentile": (*_KEY, "age_from", "age_to", "percentile", "value"),
}
"""Columns that a norm of each form must have."""

BESIDES: dict[str, tuple[str, ...]] = {
    "mean-sd": ("n", "values", "kept", "mean_low", "mean_high", "sd_low", "sd_high"),
    "lms": ("n", "l_low", "l_high", "m_low", "m_high", "s_low", "s_high"),
    "percentile": ("n",),
}
"""Columns that it may have: numbers of people, of their values and of those kept, and ends of intervals."""

_TEXT = frozenset(_KEY)


def norm_ids() -> tuple[str, ...]:
    """Return the ids of the norms that come with spinegrade."""
    folder = resources.files(__package__) / "tables"
    return tuple(sorted(f.name.removesuffix(".csv") for f in folder.iterdir() if f.name.endswith(".csv")))


def load_norm(name: str) -> Norm:
    """Return the packaged norm of this id, or the norm in this ``.csv`` file.

    Raises
    ------
    RuleError
        If there is no such norm, or the file is none; with file and line.
    """
    if name.endswith(".csv"):
        return read_norm(_bytes(Path(name)), name)
    if name not in norm_ids():
        msg = f"norms: expected {', '.join(norm_ids())} or a .csv file, got {name!r}"
        raise RuleError(msg)
    return read_norm((resources.files(__package__) / "tables" / f"{name}.csv").read_bytes(), name)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: expected a norm file, got {error.strerror}"
        raise RuleError(msg) from error


def read_norm(content: bytes, where: str) -> Norm:
    """Return the norm in the bytes of a file, checked.

    Raises
    ------
    RuleError
        If they are no norm.
    """
    content = content.replace(b"\r\n", b"\n")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{where}: expected a norm in UTF-8, got bytes that are none"
        raise RuleError(msg) from error
    lines = text.splitlines()
    heads = next((n for n, line in enumerate(lines) if not line.startswith(("#", '"#'))), len(lines))
    header = _header(lines[:heads], where)
    rows = _rows(lines[heads:], header["form"], where)
    check_rows(rows, header["form"], where, first_line=heads + 2)
    said = {key: header[key] for key in ("id", "revision", "title", "citation", "licence", "form")}
    sha256 = hashlib.sha256(content).hexdigest()
    return Norm(**said, sha256=sha256, header=header, frame=_alike(rows, header["form"]))


def _header(lines: list[str], where: str) -> dict[str, Any]:
    """Return what the lines above the table say."""
    try:
        header = tomllib.loads("\n".join(_said(line) for line in lines))
    except tomllib.TOMLDecodeError as error:
        msg = f"{where}: expected TOML in the lines that begin with #, got: {error}"
        raise RuleError(msg) from error
    for key, kind in _SAYS.items():
        if type(header.get(key)) is not kind:
            msg = f"{where}: {key}: expected {kind.__name__} at the head of the file, got {header.get(key)!r}"
            raise RuleError(msg)
    if not header["id"].strip():
        msg = f"{where}: id: expected a name, got {header['id']!r}"
        raise RuleError(msg)
    for key, allowed in (("format", (FORMAT,)), ("form", FORMS)):
        if header[key] not in allowed:
            msg = f"{where}: {key}: expected {' or '.join(allowed)}, got {header[key]!r}"
            raise RuleError(msg)
    return header


def _said(line: str) -> str:
    """Return what a line of the head says, as it was before a spreadsheet quoted and filled it."""
    line = line.rstrip(" ,;\t")
    if line.startswith('"') and line.endswith('"'):
        line = line[1:-1].replace('""', '"')
    return line.removeprefix("#").strip()


def _rows(lines: list[str], form: str, where: str) -> pl.DataFrame:
    """Return the table in its own columns, as text; numbers with a decimal point."""
    lines = [line for line in lines if line.strip(" ,;\t")]
    wanted, known = COLUMNS[form], {*COLUMNS[form], *BESIDES[form]}
    separator, columns = split_header(lines[0] if lines else "", known)
    for name in (*wanted, *columns):
        if columns.count(name) != 1 or name not in known:
            got = f"{columns.count(name)} times" if name in known else f"unknown column {name!r}"
            msg = f"{where}: header of the table: expected {', '.join(wanted)} once each, got {got}"
            raise RuleError(msg if name not in known else f"{msg}: {name}")
    try:
        raw = pl.read_csv(io.StringIO("\n".join(lines)), infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as error:
        msg = f"{where}: expected as many fields in every row as columns, got: {str(error).splitlines()[0]}"
        raise RuleError(msg) from error
    beyond = raw.filter(
        pl.any_horizontal(pl.col(raw.columns[len(columns) :]).is_not_null(), pl.lit(value=False))
    )
    if beyond.height:
        msg = f"{where}: expected as many fields in every row as columns, got more"
        raise RuleError(msg)
    named = raw.select(raw.columns[: len(columns)]).rename(dict(zip(raw.columns, columns, strict=False)))
    return named.select(
        pl.col(name).str.strip_chars() if name in _TEXT else _number(name, separator) for name in columns
    )


_DECIMAL_COMMA = r"^([-+]?\d*),(\d+)$"


def _number(name: str, separator: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars().replace("", None)
    return text if separator == "," else text.str.replace(_DECIMAL_COMMA, "$1.$2")


def _alike(rows: pl.DataFrame, form: str) -> pl.DataFrame:
    """Return the rows of any form with ``age_from, age_to, l, m, s`` beside their own columns."""
    numbers = rows.with_columns(pl.col(name).cast(pl.Float64) for name in rows.columns if name not in _TEXT)
    if form == "lms":
        named = numbers.rename({"age": "age_from"}).with_columns(age_to=pl.col("age_from"))
        return named.sort(*_KEY, "age_from", maintain_order=True) if named.height else named
    if form == "mean-sd":
        return numbers.with_columns(l=pl.lit(1.0), m=pl.col("mean"), s=pl.col("sd") / pl.col("mean"))
    return numbers.with_columns(l=pl.lit(1.0), m=pl.col("value"), s=pl.lit(None, pl.Float64))


def norm_text(header: Mapping[str, str | int | float | bool], rows: pl.DataFrame) -> str:
    """Return the text of a norm file with this header above these rows."""
    lines = [f"# {key} = {_toml(value)}" for key, value in ({"format": FORMAT} | dict(header)).items()]
    return "\n".join(lines) + "\n" + rows.write_csv()


def _toml(value: str | float | bool) -> str:  # noqa: FBT001  a value to be written
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        quoted = " ".join(value.split()).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    return f"{value}"
