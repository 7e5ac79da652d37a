"""How deep endplates are depressed, by contours of more points than the three landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.io.arrays import as_spines
from spinegrade.io.columns import KEY, SPACING
from spinegrade.qualitative.answers import answer_place
from spinegrade.qualitative.contours import PLATE, SCHEMA
from spinegrade.qualitative.depression import plate_depression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOUND: dict[str, type[pl.DataType]] = {
    **{name: SCHEMA[name] for name in PLATE},
    "depression": pl.Float64,
    "points": pl.Int64,
}


@frozen
class Depressions:
    """Endplates in `FOUND`, one a row, and what could not be used, each with its place."""

    rows: pl.DataFrame
    problems: list[str]


def depressions_of(contours: pl.DataFrame, landmarks: pl.DataFrame) -> Depressions:
    """Return of each endplate how deep it is depressed and of how many points that is known.

    ``landmarks`` are rows of a landmark table: they say which way the body lies, and how long a pixel is.
    """
    bodies = landmarks.join(contours.select(KEY).unique(), on=KEY, how="semi", maintain_order="left")
    places = bodies.select(*KEY, *SPACING).with_row_index("_body").cast({"_body": pl.Int64})
    rows = contours.join(places, on=KEY, how="left", maintain_order="left")
    plates = rows.with_row_index("_first").unique(PLATE, keep="first", maintain_order=True)
    plates = plates.with_columns(points=pl.Series(rows.group_by(PLATE, maintain_order=True).len()["len"]))
    lost = plates["_body"].is_null()
    problems = [
        f"{answer_place(row)}: expected a vertebra that the sources have, got one of none"
        for row in plates.filter(lost).to_dicts()
    ]
    plates = plates.filter(~lost)
    depression = np.full(plates.height, np.nan)
    away = np.zeros(plates.height, dtype=bool)
    corners = as_spines(bodies).points if bodies.height else np.empty((0, 6, 2))
    scale = rows.select(pl.col(SPACING).fill_null(1.0)).to_numpy()
    points = rows.select("row", "column").to_numpy() * scale
    for count in plates["points"].unique().to_list():
        of = np.flatnonzero(plates["points"].to_numpy() == count)
        some = points[plates["_first"].to_numpy()[of][:, None] + np.arange(count)]
        body = corners[plates["_body"].to_numpy()[of]]
        depression[of] = plate_depression(some, body[:, [0, 2, 3, 5]].mean(axis=1))
        away[of] = _elsewhere(some, body, plates["endplate"].to_numpy()[of])
    problems += [
        f"{answer_place(row)}: {row['endplate']} endplate: expected a contour from corner to corner, got one "
        "that begins or ends farther from them than they are apart"
        for row in plates.filter(pl.Series(away)).to_dicts()
    ]
    found = plates.with_columns(depression=pl.Series(depression, nan_to_null=True)).filter(~pl.Series(away))
    return Depressions(found.select(pl.col(name).cast(kind) for name, kind in FOUND.items()), problems)


def _elsewhere(points: Floats, bodies: Floats, endplates: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return which of ``(m, n, 2)`` contours do not end at the corners of their ``(m, 6, 2)`` bodies."""
    at = np.where((endplates == "superior")[:, None], (0, 2), (3, 5))
    corners = np.take_along_axis(bodies, at[..., None], axis=1)
    ends = points[:, [0, -1]]
    gaps = [np.linalg.norm(corners - one, axis=-1).max(axis=-1) for one in (ends, ends[:, ::-1])]
    elsewhere: NDArray[np.bool_] = np.minimum(*gaps) > np.linalg.norm(corners[:, 0] - corners[:, 1], axis=-1)
    return elsewhere
