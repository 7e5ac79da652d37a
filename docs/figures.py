"""Draw the picture of the README: a sample film with its heights and grades.

``python docs/figures.py`` writes ``docs/spine.svg`` from ``sample_images/``.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from spinegrade.anatomy import GRADED
from spinegrade.assess import Method, PointSd, grade_rows
from spinegrade.io.checks import sound_spines
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading
from spinegrade.io.reading_table import reading_rows, readings_frame

if TYPE_CHECKING:
    from spinegrade.readings import Reading

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "sample_images" / "readings" / "wedge-biconcave_R1_1.reading.json"

COLOURS = {0: "#8fb7d9", 1: "#f2c14e", 2: "#f28e2b", 3: "#d7263d"}
_FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="14"'

OUTLINE = (0, 1, 2, 5, 4, 3)

WIDE, MARGIN = 250, 60
"""Width of the film in the picture, and how many film pixels are shown round the spine."""


def draw() -> str:
    """Return the picture as SVG."""
    reading = read_reading(SAMPLE)
    spines, _ = sound_spines(readings_frame(reading_rows(reading)))
    rows = grade_rows(spines, Method(point_sd=PointSd(0.35, "mm"))).to_dicts()
    points = reading.landmarks[GRADED.indices]
    low = np.floor(points.min(axis=(0, 1))) - MARGIN
    high = np.ceil(points.max(axis=(0, 1))) + MARGIN
    scale = WIDE / (high[1] - low[1])
    height = (high[0] - low[0]) * scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 {height:.0f}" {_FONT}>',
        f'<rect width="680" height="{height:.0f}" fill="#14181c"/>',
        f'<image width="{WIDE}" height="{height:.1f}" href="{_film(reading, low, high)}"/>',
        _text(275, 24, "ant.  mid.  post. mm", "#8a949e"),
        _text(435, 24, "loss, grade, how sure, shape", "#8a949e"),
    ]
    for row, body in zip(rows, (points - low) * scale, strict=True):
        parts += _vertebra(row, body)
    return "\n".join([*parts, "</svg>\n"])


def _film(reading: Reading, low: np.ndarray, high: np.ndarray) -> str:
    """Return the part of the film between two corners as a picture to embed."""
    shown = open_film(SAMPLE.parents[1] / str(reading.image.file_name)).shown()
    (top, left), (bottom, right) = low.astype(int), high.astype(int)
    part = Image.fromarray(shown[max(top, 0) : bottom, max(left, 0) : right])
    small = part.resize((2 * WIDE, round(2 * WIDE * part.height / part.width)), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    small.save(content, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()


def _vertebra(row: dict[str, Any], body: np.ndarray) -> list[str]:
    colour = COLOURS[row["grade"]]
    path = " ".join(f"{column:.1f},{y:.1f}" for y, column in body[list(OUTLINE)])
    y, column = body.mean(axis=0)
    dots = [f'<circle cx="{x:.1f}" cy="{yy:.1f}" r="2" fill="#ffffff"/>' for yy, x in body]
    heights = "  ".join(f"{row[name]:.1f}" for name in ("anterior", "middle", "posterior"))
    sure = row[f"p{row['grade']}"]
    words = f"{row['height_loss'] * 100:.0f} %   grade {row['grade']}   P {sure:.2f}"
    shape = f"   {row['shape']}" if row["shape"] else ""
    return [
        f'<polygon points="{path}" fill="{colour}" fill-opacity="0.28" stroke="{colour}" stroke-width="2"/>',
        *dots,
        _text(column, y + 5, row["level"], "#ffffff", "middle"),
        _text(275, y + 5, heights, "#c9d1d9"),
        _text(435, y + 5, words + shape, colour if row["grade"] else "#c9d1d9"),
    ]


def _text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}" '
        f'xml:space="preserve">{words}</text>'
    )


if __name__ == "__main__":
    (HERE / "spine.svg").write_text(draw(), encoding="utf-8")
