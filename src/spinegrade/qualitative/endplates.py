"""How deep endplates are depressed, by contours of more points than the three landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.io.arrays import as_spines, pixel_sizes
from spinegrade.io.columns import KEY
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
_AT_CORNERS = 0.15
"""How far, over the distance of the corners, a contour may end from them: less than to any other endplate."""


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
    places = bodies.select(KEY).with_row_index("_body").cast({"_body": pl.Int64})
    rows = contours.join(places, on=KEY, how="left", maintain_order="left")
    plates = rows.with_row_index("_first").unique(PLATE, keep="first", maintain_order=True)
    plates = plates.with_columns(points=pl.Series(rows.group_by(PLATE, maintain_order=True).len()["len"]))
    lost = plates["_body"].is_null()
    problems = [
        f"{answer_place(row)}: expected a vertebra that the sources have, got one of none"
        for row in plates.filter(lost).to_dicts()
    ]
    plates = plates.filter(~lost)
    if plates.is_empty():
        return Depressions(pl.DataFrame(schema=FOUND), problems)
    depression, fits = _measured(rows, plates, bodies)
    problems += [
        f"{answer_place(row)}: {row['endplate']} endplate: expected a contour that ends at its two corners "
        f"(within {_AT_CORNERS:.0%} of their distance), got one that does not, or corners that are not placed"
        for row in plates.filter(~fits).to_dicts()
    ]
    found = plates.with_columns(depression=depression).filter(fits)
    return Depressions(found.select(pl.col(name).cast(kind) for name, kind in FOUND.items()), problems)


def _measured(rows: pl.DataFrame, plates: pl.DataFrame, bodies: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Return the depressions of the endplates, and which contours fit the corners of theirs."""
    corners, sizes = as_spines(bodies).points, pixel_sizes(bodies)
    points = rows.select("row", "column").to_numpy()
    counts, body, first = (plates[name].to_numpy() for name in ("points", "_body", "_first"))
    endplates = plates["endplate"].to_numpy()
    depression, fits = np.full(plates.height, np.nan), np.zeros(plates.height, dtype=bool)
    for count in np.unique(counts):
        of = np.flatnonzero(counts == count)
        some = points[first[of][:, None] + np.arange(count)] * sizes[body[of], None]
        depression[of] = plate_depression(some, corners[body[of]][:, [0, 2, 3, 5]].mean(axis=1))
        fits[of] = _fit(some, corners[body[of]], endplates[of])
    return pl.Series(depression, nan_to_null=True), pl.Series(fits & np.isfinite(depression))


def _fit(points: Floats, bodies: Floats, endplates: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return which of ``(m, n, 2)`` contours end at the corners of their ``(m, 6, 2)`` bodies, either way."""
    at = np.where((endplates == "superior")[:, None], (0, 2), (3, 5))
    corners = np.take_along_axis(bodies, at[..., None], axis=1)
    ends = points[:, [0, -1]]
    gaps = [np.linalg.norm(corners - one, axis=-1).max(axis=-1) for one in (ends, ends[:, ::-1])]
    length = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=-1)
    fits: NDArray[np.bool_] = np.minimum(*gaps) <= _AT_CORNERS * length
    return fits
