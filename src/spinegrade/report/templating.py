"""The templates of pages: found, and strict about what they are given."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from spinegrade.report.words import percent


def template(name: str, **known: Any) -> Any:  # noqa: ANN401  jinja2's Template, which it does not type
    """Return a template of this package; ``known`` are names that it and what it includes may use."""
    environment = Environment(
        loader=PackageLoader("spinegrade.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["n"] = _short
    environment.filters["percent"] = percent
    environment.globals.update(known)
    return environment.get_template(name)


def _short(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
