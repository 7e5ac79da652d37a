"""``spinegrade app``: the reading desk in napari."""

from __future__ import annotations

import importlib
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated

import typer

from spinegrade.errors import SpinegradeError

EXAMPLE = "Example: spinegrade app sample_images/normal-adult.dcm --reader R1"


def app(
    film: Annotated[
        Path | None,
        typer.Argument(metavar="[FILM]", help="Film to read: DICOM, PNG, TIFF, JPEG.", show_default=False),
    ] = None,
    reader: Annotated[
        str | None,
        typer.Option(
            "--reader", help="Who reads.  [default: your name on this computer]", show_default=False
        ),
    ] = None,
) -> int:
    """Open napari with the reading desk, ready to place the first landmark."""
    from spinegrade.io.film import open_film

    desk = _desk()
    opened = None if film is None else open_film(film)
    desk.run(opened, None if film is None else film.resolve(), reader)  # type: ignore[attr-defined]
    return 0


def _desk() -> object:
    """Return the plugin's module, or say what has to be installed for it.

    By name, as the core knows nothing of the plugin.
    """
    try:
        importlib.import_module("napari")
        importlib.import_module("qtpy.QtWidgets")
        return importlib.import_module("napari_spinegrade.app")
    except Exception as error:  # qtpy has errors of its own for a missing binding
        msg = f"app: expected napari and Qt, got {error}; pip install 'spinegrade[app]' brings them"
        raise SpinegradeError(msg) from error
