"""What napari opens: films as image layers, readings as points on them."""

from __future__ import annotations

import os
import warnings
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinegrade.errors import FormatError, SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_spinegrade.display import Shown
    from spinegrade.morphometry import PixelSpacing
    from spinegrade.radiograph import Radiograph
    from spinegrade.readings import Landmark, Reading

Paths = str | list[str]
LayerTuple = tuple[Any, dict[str, Any], str]
"""Data, keywords and kind of a layer, as napari takes them from a plugin."""

KEY = "spinegrade"
"""Where in a layer's metadata everything of ours stands."""

MOST_FILMS = 24
"""Films of a folder that are opened at once; a film takes some 30 MB."""

_LOOKED_AT = 100
"""Files of a folder in which a film has to turn up."""

_LOOKS = {
    "placed": {"symbol": "disc", "border_color": "#f2c14e"},
    "proposed": {"symbol": "square", "border_color": "#00e5c0"},
}
"""How points look, by status; both leave what they mark free."""

_POINTS_ALONG = 160
"""How many points would fit one below the other on a film."""


def get_film_reader(path: Paths) -> Callable[[Paths], list[LayerTuple]] | None:
    """Return what reads these films; None where one is none.

    A name that ends as those of DICOM files do is taken at its word, any other file by its first 132 bytes,
    a folder by a film among its first files.
    """
    return read_films if all(_is_film(one) for one in _listed(path)) else None


def get_reading_reader(path: Paths) -> Callable[[Paths], list[LayerTuple]] | None:
    """Return what reads these reading files; None where the name of one ends otherwise."""
    from spinegrade.io.reading_json import SUFFIX

    return read_readings if all(one.name.lower().endswith(SUFFIX) for one in _listed(path)) else None


def read_films(path: Paths) -> list[LayerTuple]:
    """Return an image layer for every film, in a folder too; the first lies on top and alone is visible.

    Raises
    ------
    FormatError
        If a file is no film that can be read, or a folder holds none, or too many.
    """
    layers: list[LayerTuple] = []
    for one in _listed(path):
        layers += _folder_layers(one) if one.is_dir() else [_film_layer(one)]
    for _, keywords, _ in layers[1:]:
        keywords["visible"] = False
    return layers[::-1]


def read_readings(path: Paths) -> list[LayerTuple]:
    """Return a points layer for every reading file.

    Raises
    ------
    FormatError
        If one is no reading that can be read.
    """
    from spinegrade.io.reading_json import SUFFIX, read_reading

    return [points_layer(read_reading(one), one.name[: -len(SUFFIX)]) for one in _listed(path)]


def image_layer(film: Radiograph, path: Path) -> LayerTuple:
    """Return the image layer of a film: its stored pixels, shown by contrast limits and colours alone.

    Only where no contrast limits can show it as the file says are its pixels the greys to be seen.
    """
    from napari_spinegrade.display import show

    shown = show(film)
    keywords = {
        "name": path.name,
        **layer_space(film.calibration.spacing),
        "contrast_limits": shown.limits,
        "colormap": "gray_r" if shown.white_is_low else "gray",
        "rgb": False,
        "multiscale": False,
        "metadata": {KEY: _film_facts(film, shown) | {"path": str(path)}},
    }
    return shown.pixels, keywords, "image"


def points_layer(reading: Reading, name: str) -> LayerTuple:
    """Return the points layer of a reading: its placed and proposed landmarks, in pixels of the film."""
    marks = [
        (vertebra.level, landmark_name, landmark)
        for vertebra in reading.vertebrae
        for landmark_name, landmark in vertebra.landmarks.items()
        if landmark.row is not None
    ]
    places = [(landmark.row, landmark.column) for _, _, landmark in marks]
    keywords = {
        "name": name,
        **layer_space(reading.calibration.spacing),
        "features": {
            "level": [level for level, _, _ in marks],
            "landmark": [landmark_name for _, landmark_name, _ in marks],
            "status": [landmark.status.value for _, _, landmark in marks],
        },
        **_looks([landmark for _, _, landmark in marks], reading.image.rows),
        "metadata": {KEY: {"reading": reading}},
    }
    return np.array(places, dtype=float).reshape(-1, 2), keywords, "points"


def layer_space(spacing: PixelSpacing) -> dict[str, Any]:
    """Return scale and units of the layers on a film of this spacing; all lose their units if one differs."""
    unit = "mm" if spacing.unit == "mm" else "pixel"
    return {"scale": (spacing.row, spacing.column), "units": (unit, unit)}


def _listed(path: Paths) -> list[Path]:
    return [Path(one) for one in ([path] if isinstance(path, str | os.PathLike) else path)]


# Films


def _is_film(path: Path) -> bool:
    if path.is_dir():
        return any(_file_is_film(one) for one in islice(_files(path), _LOOKED_AT))
    return _file_is_film(path)


def _file_is_film(path: Path) -> bool:
    from spinegrade.io.dicom_film import is_dicom
    from spinegrade.io.film import FILM_FORMATS

    return path.name.lower().endswith(FILM_FORMATS[0].suffixes) or (path.is_file() and is_dicom(path))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that may be DICOM by their names, in order; nothing that is hidden."""
    from spinegrade.io.film import FILM_FORMATS

    ours = ("", *FILM_FORMATS[0].suffixes)
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            suffix = Path(name).suffix.lower()
            hidden = name.startswith(".") or name == "DICOMDIR"
            if not hidden and (suffix in ours or suffix[1:].isdecimal()):
                yield Path(at, name)


def _film_layer(path: Path) -> LayerTuple:
    from spinegrade.io.film import open_film

    return image_layer(open_film(path), path)


def _folder_layers(folder: Path) -> list[LayerTuple]:
    """Return the layers of a folder's films; what is none is named in a warning."""
    paths = list(islice(filter(_file_is_film, _files(folder)), MOST_FILMS + 1))
    if len(paths) > MOST_FILMS:
        msg = f"{folder}: expected a folder of at most {MOST_FILMS} films, got more; open some of them"
        raise FormatError(msg)
    layers, problems = [], []
    for path in paths:
        try:
            layers.append(_film_layer(path))
        except SpinegradeError as error:
            problems.append(str(error))
    if not layers:
        msg = f"{folder}: expected a folder of films, got {f'none: {problems[0]}' if problems else 'none'}"
        raise FormatError(msg)
    if problems:
        others = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        warnings.warn(f"not opened: {problems[0]}{others}", stacklevel=2)
    return layers


def _film_facts(film: Radiograph, shown: Shown) -> dict[str, Any]:
    """Return what the desk needs to know of a film; nothing says whose it is."""
    calibration, image, facts = film.calibration, film.image, film.facts
    return {
        "film": film,
        "calibration": calibration.state.value,
        "calibrated_by": film.calibrated_by,
        "row_spacing_mm": calibration.row_spacing_mm,
        "column_spacing_mm": calibration.column_spacing_mm,
        "sha256": image.sha256,
        "rows": image.rows,
        "columns": image.columns,
        "sop_instance_uid": image.sop_instance_uid,
        "series_instance_uid": image.series_instance_uid,
        "study_instance_uid": image.study_instance_uid,
        "view": facts.view_position,
        "patient_orientation": facts.patient_orientation,
        "frames": facts.frames,
        "notes": film.notes,
        "data_range": shown.data_range,
        "baked": shown.baked,
    }


# Readings


def _looks(marks: list[Landmark], rows: int | None) -> dict[str, Any]:
    """Return symbols, colours and size of points."""
    looks: list[Mapping[str, str]] = [_LOOKS[mark.status.value] for mark in marks]
    found: dict[str, Any] = {"face_color": "#00000000", "border_width": 0.15, "size": 10.0}
    if rows is not None:
        found["size"] = max(1.0, rows / _POINTS_ALONG)
    if looks:
        found["symbol"] = [look["symbol"] for look in looks]
        found["border_color"] = [look["border_color"] for look in looks]
    return found
