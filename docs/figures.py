"""Draw the picture of the README: a sample spine with its heights and grades.

``python docs/figures.py`` writes ``docs/spine.svg`` from ``sample_images/``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spinegrade.assess import Method, PointSd, grade_rows
from spinegrade.io.checks import sound_spines
from spinegrade.io.reading_json import read_reading
from spinegrade.io.reading_table import reading_rows, readings_frame

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "sample_images" / "readings" / "wedge-biconcave_R1_1.reading.json"

COLOURS = {0: "#8fb7d9", 1: "#f2c14e", 2: "#f28e2b", 3: "#d7263d"}
_FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="14"'

OUTLINE = (0, 1, 2, 5, 4, 3)


def draw() -> str:
    """Return the picture as SVG."""
    spines, _ = sound_spines(readings_frame(reading_rows(read_reading(SAMPLE))))
    rows = grade_rows(spines, Method(point_sd=PointSd(0.35, "mm"))).to_dicts()
    points = spines.points * 1.8
    points -= np.array([points[..., 0].min() - 40, points[..., 1].min() - 40])
    height = points[..., 0].max() + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {height:.0f}" {_FONT}>',
        f'<rect width="640" height="{height:.0f}" fill="#14181c"/>',
        _text(250, 24, "ant.  mid.  post. mm", "#8a949e"),
        _text(410, 24, "loss, grade, how sure, shape", "#8a949e"),
    ]
    for row, body in zip(rows, points, strict=True):
        parts += _vertebra(row, body)
    return "\n".join([*parts, "</svg>\n"])


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
        _text(250, y + 5, heights, "#c9d1d9"),
        _text(410, y + 5, words + shape, colour if row["grade"] else "#c9d1d9"),
    ]


def _text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}" '
        f'xml:space="preserve">{words}</text>'
    )


if __name__ == "__main__":
    (HERE / "spine.svg").write_text(draw(), encoding="utf-8")
