"""Take the pictures of the comparisons for the guide: ``python docs/comparing_screenshots.py`` on a display.

Under Xvfb: ``xvfb-run -s '-screen 0 1366x768x24' python docs/comparing_screenshots.py``.  Everything is on
the samples.
"""

from __future__ import annotations

import time
from pathlib import Path

from qtpy.QtWidgets import QApplication

from napari_spinegrade.comparisons_app import open_adjudication, open_comparison

HERE = Path(__file__).parent
READINGS = HERE.parent / "sample_images" / "readings"
IMAGES = HERE / "images"


def take() -> None:
    """Write the pictures."""
    IMAGES.mkdir(exist_ok=True)
    dates = [READINGS / f"{exam}_R1_1.reading.json" for exam in ("child", "child-year-later")]
    viewer, two = open_comparison(dates)
    settle()
    two.go_to_level("T7")
    save("compare-dates")
    viewer.close()
    viewer, readers = open_adjudication(sorted(READINGS.glob("wedge-biconcave_*")))
    settle()
    for later in (1, 3):
        readers.toggle(later)
    readers.sort()
    readers.go_to_level("L2")
    save("compare-readers")
    viewer.close()


def save(name: str) -> None:
    """Save what is on the screen, once it has settled."""
    settle()
    QApplication.primaryScreen().grabWindow(0).save(str(IMAGES / f"{name}.png"))


def settle() -> None:
    """Let the window do its work."""
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.01)


if __name__ == "__main__":
    take()
