"""Take the pictures of the guide from the running desk: ``python docs/screenshots.py`` on a display.

Under Xvfb: ``xvfb-run -s '-screen 0 1366x768x24' python docs/screenshots.py``.  Everything is on the samples.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from qtpy.QtWidgets import QApplication

from napari_spinegrade.app import open_desk
from spinegrade.io.film import open_film

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "sample_images"
IMAGES = HERE / "images"


def take() -> None:
    """Write the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(shutil.copy(SAMPLES / "wedge-biconcave.dcm", folder))
        shutil.copy(SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json", folder)
        viewer, desk = open_desk(open_film(film), film, "R3")
        save("desk-new")
        desk.close_film()
        desk.reader = "R1"
        desk.open_film(viewer.layers[0])
        save("desk-read")
        desk.go_to_level("L2")
        desk.fit_vertebra()
        save("desk-vertebra")
        desk.show_help()
        save("desk-keys")
        desk.help_sheet.close()
        viewer.close()


def save(name: str) -> None:
    """Save what is on the screen, once it has settled."""
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.01)
    QApplication.primaryScreen().grabWindow(0).save(str(IMAGES / f"{name}.png"))


if __name__ == "__main__":
    take()
