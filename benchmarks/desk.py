"""Time the reading desk: a dragged landmark to updated numbers, and start to film on screen.

``python benchmarks/desk.py`` on a display; under Xvfb: ``xvfb-run -s '-screen 0 1366x768x24' python
benchmarks/desk.py``, where everything is drawn by software.  Beside each stands what napari alone needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SAMPLES = Path(__file__).parents[1] / "sample_images"
FILM = SAMPLES / "wedge-biconcave.dcm"
READING = SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json"
MOVES = 300
STARTS = 5

OURS = """
import sys
from pathlib import Path
from napari_spinegrade.app import open_desk
from spinegrade.io.film import open_film
from qtpy.QtWidgets import QApplication
path = Path(sys.argv[1])
viewer, desk = open_desk(open_film(path), path, "R1")
QApplication.processEvents()
viewer.screenshot(canvas_only=True, flash=False)
"""
NAPARI = """
import sys
import napari, pydicom
from qtpy.QtWidgets import QApplication
viewer = napari.Viewer()
viewer.add_image(pydicom.dcmread(sys.argv[1]).pixel_array)
QApplication.processEvents()
viewer.screenshot(canvas_only=True, flash=False)
"""


def main() -> None:
    """Measure both, and print a line for each."""
    os.environ["NAPARI_CONFIG"] = ""
    drag()
    start()


def drag() -> None:
    """Drag a landmark with 13 vertebrae shown: to numbers, and to the frame that shows them."""
    from napari_spinegrade.app import open_desk
    from napari_spinegrade.editor import Place
    from spinegrade.io.film import open_film

    with tempfile.TemporaryDirectory() as folder:
        film = Path(shutil.copy(FILM, folder))
        shutil.copy(READING, folder)
        viewer, desk = open_desk(open_film(film), film, "R1")
        settle()
        place = Place("T12", "superior_middle")
        mark = desk.editor.landmark_at(place)

        def move(n: int) -> None:
            desk.editor.preview(place, mark.row + n % 9, mark.column + n % 7)

        report("drag to updated numbers", move)
        desk.close_film()
        points = viewer.add_points(np.random.default_rng(0).uniform(0, 800, (78, 2)), size=11)

        def napari_moves(n: int) -> None:
            points.data[0] = (n % 9, n % 7)
            points.refresh()

        report("napari alone, a point of 78 moved", napari_moves)
        viewer.close()


def report(words: str, move: object) -> None:
    """Print what a move takes, without and with the frame that is drawn of it."""
    from qtpy.QtWidgets import QApplication

    alone, drawn = [], []
    for n in range(MOVES):
        begin = time.perf_counter()
        move(n)  # type: ignore[operator]
        alone.append(time.perf_counter() - begin)
        QApplication.processEvents()
        drawn.append(time.perf_counter() - begin)
    for what, seconds in ((words, alone), (f"{words}, frame drawn", drawn)):
        middle, late = np.percentile(np.array(seconds) * 1000, [50, 95])
        print(f"{what}: {middle:.1f} ms, 95th percentile {late:.1f} ms")


def settle() -> None:
    """Let the window come up."""
    from qtpy.QtWidgets import QApplication

    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        QApplication.processEvents()


def start() -> None:
    """Start a process and wait until the film is drawn, in turns with napari alone."""
    seconds: dict[str, list[float]] = {OURS: [], NAPARI: []}
    with tempfile.TemporaryDirectory() as folder:
        film = shutil.copy(FILM, folder)
        for _ in range(STARTS):
            for program, taken in seconds.items():
                begin = time.perf_counter()
                subprocess.run([sys.executable, "-W", "ignore", "-c", program, film], check=True)
                taken.append(time.perf_counter() - begin)
    ours, napari = (min(taken) for taken in seconds.values())
    print(f"start to film on screen: {ours:.1f} s, napari alone {napari:.1f} s, {ours / napari:.2f}x")


if __name__ == "__main__":
    main()
