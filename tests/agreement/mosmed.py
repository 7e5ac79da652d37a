"""The MosMed readings as arrays: grades and wedge ratios, graded by the project itself, T4 to L4."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spinegrade.anatomy import GRADED
from spinegrade.assess import Method
from spinegrade.batch import Task, run
from spinegrade.executors import Where
from spinegrade.io.sources import open_sources
from spines import Kept

READINGS = Path(__file__).parents[3] / "shared" / "data" / "mosmed" / "readings.csv"
READERS = tuple(f"R{n}" for n in range(7))


def read_arrays() -> dict[str, np.ndarray]:
    """Return ``(items, 7)`` grades and wedge ratios, NaN where not read, and patients and levels."""
    writer = Kept()
    task = Task("grade", Method(reference="own"))
    run(open_sources([READINGS]).sources, task, lambda: writer, where=Where(workers=1))
    kept = writer.frame.filter(writer.frame["level"].is_in(list(GRADED.levels)))
    keys = sorted(set(kept.select("patient", "level").rows()))
    places = {key: place for place, key in enumerate(keys)}
    arrays = {name: np.full((len(keys), len(READERS)), np.nan) for name in ("grade", "wedge_ratio")}
    for row in kept.iter_rows(named=True):
        at = places[row["patient"], row["level"]], READERS.index(row["reader"])
        for name, values in arrays.items():
            values[at] = np.nan if row[name] is None else row[name]
    patients, levels = zip(*keys, strict=True)
    return arrays | {"patient": np.array(patients), "level": np.array(levels)}
