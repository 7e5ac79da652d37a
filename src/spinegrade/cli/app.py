"""``spinegrade app``: napari with the reading desk, the queue of a reader study, or readings compared."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from types import ModuleType

EXAMPLE = "Example: spinegrade app sample_images/normal-adult.dcm --reader R1"

_SQLITE = b"SQLite format 3"


def app(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILM|STUDY|READINGS]",
            help="A film to read (DICOM, PNG, TIFF, JPEG), a study (its file, URL or pack), "
            "or the readings to compare.",
            show_default=False,
        ),
    ] = None,
    reader: Annotated[
        str | None,
        typer.Option(
            "--reader", help="Who reads.  [default: your name on this computer]", show_default=False
        ),
    ] = None,
    compare_dates: Annotated[
        bool, typer.Option("--compare-dates", help="Show two readings of a patient side by side.")
    ] = False,
    compare_readers: Annotated[
        bool, typer.Option("--compare-readers", help="Show several readings over their one film.")
    ] = False,
) -> int:
    """Open napari with the reading desk, ready to place the first landmark."""
    given = sources or []
    if compare_dates or compare_readers:
        kind = "dates" if compare_dates else "readers"
        _plugin("comparisons_app").run(kind, [Path(source) for source in given])
        return 0
    if len(given) > 1:
        msg = f"app: expected one film or study, got {len(given)}; a folder of films opens them all"
        raise SpinegradeError(msg)
    _open(given[0] if given else None, reader)
    return 0


def _open(source: str | None, reader: str | None) -> None:
    """Open a film, a study, or an empty desk."""
    from spinegrade.io.film import open_film

    desk = _plugin("app")
    if source is not None and _is_study(source):
        desk.run_study(source, reader)
        return
    path = None if source is None else Path(source)
    if path is not None and path.is_dir():
        desk.run_folder(path.resolve(), reader)
        return
    desk.run(None if path is None else open_film(path), None if path is None else path.resolve(), reader)


def _is_study(source: str) -> bool:
    """Return whether this is where a study is kept: a database by URL, its file, or an exported pack."""
    path = Path(source)
    if "://" in source or (path / "pack.json").is_file():
        return True
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _plugin(name: str) -> ModuleType:
    """Return a module of the plugin, or say what has to be installed for it.

    By name, as the core knows nothing of the plugin.
    """
    try:
        importlib.import_module("napari")
        importlib.import_module("qtpy.QtWidgets")
        return importlib.import_module(f"napari_spinegrade.{name}")
    except Exception as error:  # qtpy has errors of its own for a missing binding
        msg = f"app: expected napari and Qt, got {error}; pip install 'spinegrade[app]' brings them"
        raise SpinegradeError(msg) from error
