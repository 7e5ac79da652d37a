"""Sites of a density scan: one vocabulary for references, equations and tables of patients."""

from __future__ import annotations

import re

SITES = (
    "lumbar_spine",
    "total_body_less_head",
    "whole_body",
    "total_hip",
    "femoral_neck",
    "proximal_femur",
    "radius_33",
    "lateral_distal_femur",
)
"""Sites that are measured; the first two are those that ISCD prefers in children."""

HEIGHT = "height"
"""What a reference of heights has for a site."""

_ALSO = {"spine": "lumbar_spine", "pa_spine": "lumbar_spine", "tblh": "total_body_less_head"}
"""Other words for a site; tables of patients have the first."""

IN_PATIENTS = {site: "spine" if site == "lumbar_spine" else site for site in SITES if site != "whole_body"}
"""The site in a table of patients; the whole body with its head is not among those that it has."""

FROM_PATIENTS = {theirs: ours for ours, theirs in IN_PATIENTS.items()}
"""The site of a row in a table of patients."""


def site_named(words: str) -> str | None:
    """Return the site of these words, or None.

    Examples
    --------
    >>> site_named("PA spine"), site_named("Femoral-neck"), site_named("skull")
    ('lumbar_spine', 'femoral_neck', None)
    """
    plain = re.sub(r"[\s_-]+", "_", words.strip().lower())
    site = _ALSO.get(plain, plain)
    return site if site in (*SITES, HEIGHT) else None
