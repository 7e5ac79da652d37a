"""Somebody at the desk, for tests in a real window."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication, QWidget

from napari_spinegrade.editor import ROUND, Place
from napari_spinegrade.shortcuts import SHORTCUTS
from spinegrade.anatomy import LEVELS
from spinegrade.io.reading_json import read_reading

SAMPLES = Path(__file__).parents[1] / "sample_images"
TRUTH = SAMPLES / "truth" / "wedge-biconcave.reading.json"

ASKING = ("not_evaluable", "ask_counted_from", "note", "comment", "calibrate")
CALLED = [one.action for one in SHORTCUTS if one.action not in ASKING]
"""Actions of the desk that open no list and no dialogue."""


_ROUND = 0.01


def settle(seconds=0.3):
    """Let the window do its work: on a busy machine longer, in as many rounds as on an idle one."""
    for _ in range(max(1, round(seconds / _ROUND))):
        QApplication.processEvents()
        time.sleep(_ROUND)


def becomes(condition, seconds=30):
    """Return whether something becomes true in time."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        settle(0.05)
    return condition()


class Reader:
    """Somebody at the desk: moves the mouse over the film and presses keys."""

    def __init__(self, viewer, desk, hand):
        self.viewer, self.desk, self._hand = viewer, desk, hand
        self.window = desk.window()
        canvases = [one for one in self.window.findChildren(QWidget) if "CanvasBackend" in type(one).__name__]
        self.canvas = canvases[0]
        if hand is not None:  # there is no window manager that would do it
            hand("windowfocus", int(self.window.winId()))

    def wait(self, seconds=0.06):
        """Let the window do its work."""
        settle(seconds)

    def do(self, *words):
        """Move the real mouse, or press real keys."""
        self._hand(*words)
        self.wait()

    def at(self, row, column):
        """Return where on the screen a place of the film is."""
        camera, scale = self.viewer.scene.camera, self.desk.binding.film.scale
        down, right = (np.array([row, column]) * scale - np.array(camera.center[-2:])) * camera.zoom
        corner = self.canvas.mapToGlobal(QPoint(0, 0))
        return round(corner.x() + self.canvas.width() / 2 + right), round(
            corner.y() + self.canvas.height() / 2 + down
        )

    def click(self, row, column):
        """Click on a place of the film."""
        self.do("mousemove", *self.at(row, column))
        self.do("click", 1)

    def look_at(self, level_points):
        """Zoom in on a vertebra, as the wheel would."""
        self.desk._fit(level_points, margin=0.5)
        self.wait(0.1)


def read_truly(reader, levels):
    """Place the landmarks of some levels where they truly are, vertebra by vertebra."""
    truth = read_reading(TRUTH)
    by_level = {one.level: one for one in truth.vertebrae}
    for level in levels:
        reader.look_at(truth.landmarks[LEVELS.index(level)])
        for name in ROUND:
            mark = by_level[level].landmarks[name]
            assert reader.desk.editor.cursor == Place(level, name)
            reader.click(mark.row, mark.column)
    return truth
