"""Take the pictures of the patient panel for the guide: ``python docs/patient_screenshots.py`` on a display.

Under Xvfb: ``xvfb-run -s '-screen 0 1366x768x24' python docs/patient_screenshots.py``.  Everything is on a
copy of the samples.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from screen import save, settle

from napari_spinegrade.app import open_desk
from napari_spinegrade.widgets.patient import PatientPanel
from spinegrade.io.film import open_film

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "sample_images"
IMAGES = HERE / "images"


def take(images: Path, *names: str) -> None:
    """Write the pictures: of the classification for the guide, and of other pages by their names."""
    images.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "clinic"
        folder.mkdir()
        film = Path(shutil.copy(SAMPLES / "child-year-later.dcm", folder))
        for path in (SAMPLES / "readings").glob("child*_R1_1.reading.json"):
            shutil.copy(path, folder)
        shutil.copytree(SAMPLES / "patients", folder / "patients")
        viewer, desk = open_desk(open_film(film), film, "R1")
        panel = PatientPanel(viewer)
        viewer.window.add_dock_widget(panel, name="Patient", area="right", tabify=True)
        settle()
        desk.fit_spine()
        for page in ("classification", *names):
            panel.pages.setCurrentIndex(("facts", "classification", "trends").index(page))
            name = "patient-panel" if page == "classification" else f"patient-{page}"
            save(images / f"{name}.png")
        desk.close_film()
        viewer.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES, *sys.argv[2:])
