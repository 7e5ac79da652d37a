"""The picture of a film that ``spinegrade image --png`` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from PIL import Image

    from spinegrade.radiograph import Radiograph

_ROUND = 0.001
"""Pixels whose sides differ by less than a thousandth are square."""

_MOST_OBLONG = 10.0


def png_path(png: Path, source: Path, films: list[Path]) -> Path:
    """Return where to write the picture of a film.

    Raises
    ------
    FormatError
        If that is one of the films, or no name of a PNG file.
    """
    path = png / f"{source.stem}.png" if png.is_dir() or len(films) > 1 else png
    if not path.name.lower().endswith(".png"):
        msg = f"--png: expected a name that ends in .png, got {path}"
        raise FormatError(msg)
    if _is_one_of(path, films):
        msg = f"--png: expected another file than the film, got {path}"
        raise FormatError(msg)
    return path


def _is_one_of(path: Path, films: Iterable[Path]) -> bool:
    return path.exists() and any(film.exists() and path.samefile(film) for film in films)


def picture(film: Radiograph, preset: int) -> tuple[Image.Image, str | None]:
    """Return a film as it is shown, on square pixels, and what was done to it in words."""
    from PIL import Image

    shown = Image.fromarray(film.shown(preset))
    spacing = film.calibration.spacing
    oblong = spacing.row / spacing.column
    if abs(oblong - 1) <= _ROUND:
        return shown, None
    said = f"pixels {oblong:g} times as high as wide"
    if not 1 / _MOST_OBLONG <= oblong <= _MOST_OBLONG:
        return shown, f"{said} are written as they are: the picture is distorted"
    columns, rows = shown.size
    size = (columns, round(rows * oblong)) if oblong > 1 else (round(columns / oblong), rows)
    square = shown.resize(size, Image.Resampling.BILINEAR)
    return square, f"{said} are made square: {size[1]} rows x {size[0]} columns in the picture"
