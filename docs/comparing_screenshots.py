"""Take the pictures of the comparisons for the guide: ``python docs/comparing_screenshots.py`` on a display.

Under Xvfb: ``xvfb-run -s '-screen 0 1366x768x24' python docs/comparing_screenshots.py``.  Everything is on
the samples.
"""

from __future__ import annotations

from pathlib import Path

from screen import save, settle

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
    save(IMAGES / "compare-dates.png")
    viewer.close()
    viewer, readers = open_adjudication(sorted(READINGS.glob("wedge-biconcave_*")))
    settle()
    for later in (1, 3):
        readers.toggle(later)
    readers.sort()
    readers.go_to_level("L2")
    save(IMAGES / "compare-readers.png")
    viewer.close()


if __name__ == "__main__":
    take()
