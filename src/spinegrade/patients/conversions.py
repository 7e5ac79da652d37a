"""Where the conversions between devices that come along lead, in the words of patients' tables."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources

import polars as pl


@lru_cache(maxsize=1)
def conversion_routes() -> pl.DataFrame:
    """Return ``conversion, from_device, to_device, of_site`` of each, device names in small letters.

    An id that is not here is of somebody's own equations, of which nothing is known.
    """
    text = (resources.files("spinegrade") / "bmd_registry.toml").read_text("utf-8")
    found = tomllib.loads(text)["conversion"]
    return pl.DataFrame(
        {
            "conversion": [one["id"] for one in found],
            "from_device": [one["from"].lower() for one in found],
            "to_device": [one["to"].lower() for one in found],
            "of_site": ["spine" if one["site"] == "lumbar_spine" else one["site"] for one in found],
        }
    )
