"""Simulated films to try the desk on, rendered when they are asked for.

A sample is written as DICOM to the user's cache, the same file every time, so that the desk can keep readings
beside it as it does beside any film.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_spinegrade.readers import LayerTuple

_HERE = Path(__file__).parent


def open_sample(name: str) -> list[LayerTuple]:
    """Return the image layer of a sample; it is rendered anew, in less than a second.

    Raises
    ------
    FormatError
        If there is no such sample, or its file cannot be written.
    """
    from napari_spinegrade.readers import read_films

    return read_films(str(render_sample(name)))


def render_sample(name: str) -> Path:
    """Write the film of a sample to the cache, and return its file.

    Raises
    ------
    FormatError
        If there is no such sample, or its file cannot be written.
    """
    from spinegrade.errors import FormatError
    from spinegrade.phantom.film import render
    from spinegrade.phantom.save import save_film
    from spinegrade.phantom.scene import read_scene

    scene = read_scene(scene_folder() / f"{name}.toml")
    folder = sample_folder()
    film = folder / f"{name}.dcm"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: expected a folder for samples, got: {error.strerror}"
        raise FormatError(msg) from error
    save_film(render(scene), film, exam=f"{name}-1", compress=True, force=True)
    return film


def sample_folder() -> Path:
    """Return the folder in which samples, and readings of them, are kept."""
    from platformdirs import user_cache_path

    return user_cache_path("spinegrade", appauthor=False) / "samples"


def scene_folder() -> Path:
    """Return the folder of the scenes: beside this module where it is installed, else the repository's."""
    installed = _HERE / "scenes"
    return installed if installed.is_dir() else _HERE.parents[1] / "sample_images" / "scenes"


normal_adult = partial(open_sample, "normal-adult")
wedge_biconcave = partial(open_sample, "wedge-biconcave")
crush = partial(open_sample, "crush")
child = partial(open_sample, "child")
child_year_later = partial(open_sample, "child-year-later")
dxa = partial(open_sample, "dxa")
uncalibrated = partial(open_sample, "uncalibrated")
shoulder = partial(open_sample, "shoulder")
scheuermann = partial(open_sample, "scheuermann")
