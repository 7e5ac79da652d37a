"""napari with a film and the reading desk, ready for the first landmark: what ``spinegrade app`` opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_spinegrade.readers import image_layer

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from qtpy.QtWidgets import QWidget

    from napari_spinegrade.widgets import ReadingDesk
    from napari_spinegrade.widgets.study_queue import StudyQueue
    from spinegrade.radiograph import Radiograph

TITLE = "spinegrade reading desk (research software, no medical device)"


def open_desk(
    film: Radiograph | None, path: Path | None, reader: str | None
) -> tuple[napari.viewer.Viewer, ReadingDesk]:
    """Return a viewer with a film and the desk docked beside it."""
    import napari

    from napari_spinegrade.widgets import ReadingDesk

    viewer = napari.Viewer(title=TITLE)
    if film is not None and path is not None:
        pixels, keywords, _ = image_layer(film, path)
        viewer.add_image(pixels, **keywords)
    desk = ReadingDesk(viewer, reader=reader)
    viewer.window.add_dock_widget(desk, name="Reading desk", area="right", tabify=False)
    make_room(desk)
    desk.fit_film()
    return viewer, desk


def make_room(desk: QWidget) -> None:
    """Fill the screen, and put away napari's own docks; its Window menu brings them back."""
    from qtpy.QtWidgets import QDockWidget

    window = desk.window()
    for dock in window.findChildren(QDockWidget):
        if dock.objectName() in ("layer controls", "layer list"):
            dock.hide()
    screen = window.screen()
    if screen is not None:
        window.setGeometry(screen.availableGeometry())


def open_folder(folder: Path, reader: str | None) -> tuple[napari.viewer.Viewer, ReadingDesk]:
    """Return a viewer with all films of a folder, and the desk with the first of them.

    Raises
    ------
    FormatError
        If there is none, or there are too many.
    """
    from napari_spinegrade.readers import read_films

    films = read_films(str(folder))
    viewer, desk = open_desk(None, None, reader)
    for pixels, keywords, _ in films:
        viewer.add_image(pixels, **keywords)
    desk.fit_film()
    return viewer, desk


def run_folder(folder: Path, reader: str | None) -> None:
    """Open the films of a folder and stay until the window is closed."""
    import napari

    open_folder(folder, reader)
    napari.run()


def open_study(where: str, reader: str | None) -> tuple[napari.viewer.Viewer, StudyQueue]:
    """Return a viewer with the queue of a study, signed in if that is possible."""
    import napari

    from napari_spinegrade.widgets.study_queue import StudyQueue

    viewer = napari.Viewer(title=TITLE)
    queue = StudyQueue(viewer, where, reader or "")
    viewer.window.add_dock_widget(queue, name="Reader study", area="right", tabify=False)
    make_room(queue)
    queue.desk.fit_film()
    return viewer, queue


def run_study(where: str, reader: str | None) -> None:
    """Open the queue of a study and stay until its window is closed."""
    import napari

    open_study(where, reader)
    napari.run()


def run(film: Radiograph | None, path: Path | None, reader: str | None) -> None:
    """Open the desk and stay until its window is closed."""
    import napari

    open_desk(film, path, reader)
    napari.run()
