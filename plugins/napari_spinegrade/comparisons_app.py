"""napari with a comparison: what ``spinegrade app`` opens for two dates, or for the readers of a film."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from napari_spinegrade.app import make_room
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.gathering import DATES, READERS, readers_from_files, two_from_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import napari

    from napari_spinegrade.widgets.adjudicate import CompareReaders
    from napari_spinegrade.widgets.compare import CompareDates
    from napari_spinegrade.widgets.comparison_dock import ComparisonDock

    Dock = TypeVar("Dock", bound=ComparisonDock)

TITLE = "spinegrade: {} (research software, no medical device)"


def open_comparison(paths: Sequence[Path] = ()) -> tuple[napari.viewer.Viewer, CompareDates]:
    """Return a viewer that shows two readings side by side, each on its film; without files an empty one.

    Raises
    ------
    SpinegradeError
        If a blinded reading is open, there are not two readings, or one cannot be read.
    """
    from napari_spinegrade.widgets.compare import CompareDates

    BLINDING.refuse(DATES)
    two = two_from_files(paths) if paths else None
    viewer, dock = open_dock(CompareDates)
    if two is not None:
        dock.show_two(*two)
    return viewer, dock


def open_adjudication(paths: Sequence[Path] = ()) -> tuple[napari.viewer.Viewer, CompareReaders]:
    """Return a viewer that shows the readings of several readers over one film; without files an empty one.

    Raises
    ------
    SpinegradeError
        If a blinded reading is open, or there are no readings of one film.
    """
    from napari_spinegrade.widgets.adjudicate import CompareReaders

    BLINDING.refuse(READERS)
    readers = readers_from_files(paths) if paths else None
    viewer, dock = open_dock(CompareReaders)
    if readers is not None:
        dock.show_readers(readers)
    return viewer, dock


def open_dock(kind: Callable[[napari.viewer.Viewer], Dock]) -> tuple[napari.viewer.Viewer, Dock]:
    """Return a new viewer with an empty dock of this kind."""
    import napari

    viewer = napari.Viewer()
    dock = kind(viewer)
    viewer.title = TITLE.format(dock.what)
    viewer.window.add_dock_widget(dock, name=dock.what, area="right", tabify=False)
    make_room(cast("Any", dock))
    return viewer, dock


def run(kind: str, paths: Sequence[Path]) -> None:
    """Open a comparison of ``dates`` or ``readers``, and stay until its window is closed."""
    import napari

    opened = open_comparison(paths) if kind == "dates" else open_adjudication(paths)
    napari.run()
    del opened  # the window lives as long as somebody holds it
