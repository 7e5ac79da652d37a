"""Take the pictures of the guide from the running desk: ``python docs/screenshots.py`` on a display.

Under Xvfb: ``xvfb-run -s '-screen 0 1366x768x24' python docs/screenshots.py``.  Everything is on the samples.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from screen import save

from napari_spinegrade.app import open_desk, open_study
from napari_spinegrade.editor import Place
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading
from spinegrade.study.build import create_study

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "sample_images"
IMAGES = HERE / "images"
PROTOCOL = """
title = "Two films"
films = ["films"]
readers = ["R1", "R2"]
seed = 3
levels = "T4-L4"
occasions = 2
washout_days = 28
asked = ["landmarks", "visual_grade", "quality"]
"""


def take() -> None:
    """Write the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(shutil.copy(SAMPLES / "wedge-biconcave.dcm", folder))
        shutil.copy(SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json", folder)
        viewer, desk = open_desk(open_film(film), film, "R3")
        save(IMAGES / "desk-new.png")
        desk.close_film()
        desk.reader = "R1"
        desk.open_film(viewer.layers[0])
        save(IMAGES / "desk-read.png")
        desk.go_to_level("L2")
        desk.fit_vertebra()
        save(IMAGES / "desk-vertebra.png")
        desk.show_help()
        save(IMAGES / "desk-keys.png")
        desk.help_sheet.close()
        desk.close_film()
        viewer.close()
        take_study(Path(folder))


def take_study(folder: Path) -> None:
    """Write the picture of a study's queue, some way into its first film."""
    (folder / "films").mkdir()
    for name in ("crush", "normal-adult"):
        shutil.copy(SAMPLES / f"{name}.dcm", folder / "films")
    (folder / "protocol.toml").write_text(PROTOCOL)
    create_study(folder / "protocol.toml", folder / "my.study")
    viewer, queue = open_study(str(folder / "my.study"), "R1")
    editor = queue.desk.editor
    truths = (read_reading(SAMPLES / "truth" / f"{name}.reading.json") for name in ("crush", "normal-adult"))
    truth = next(one for one in truths if one.image.sha256 == editor.reading.image.sha256)
    for vertebra in truth.vertebrae[4:9]:
        if vertebra.level in queue.desk.table.levels:
            editor.go_to(Place(vertebra.level, editor.order.landmarks[0]))
            for name in editor.order.landmarks:
                mark = vertebra.landmarks[name]
                editor.place(mark.row, mark.column)
            editor.set_visual_grade(vertebra.level, 0.0)
    save(IMAGES / "study-queue.png")
    queue.sign_out()
    viewer.close()


if __name__ == "__main__":
    take()
