"""A process that reads on and on, and says after each action how many there have been; to be killed."""

from __future__ import annotations

import random

import numpy as np

from napari_spinegrade.opening import Wish, open_reading
from spinegrade.calibration import Calibration
from spinegrade.errors import ReadingError
from spinegrade.radiograph import Display, FilmFacts, ImageIdentity, Radiograph


def a_film(grey):
    """Return a film of 1000 x 800 pixels of one grey."""
    pixels = np.full((1000, 800), grey, np.uint8)
    return Radiograph(pixels, Display(), Calibration(), ImageIdentity("film.dcm"), FilmFacts("CR"))


def read(source, seed):
    """Go on with the reading of a film without end."""
    editor = open_reading(a_film(1), source, Wish("R1")).editor
    print("ready", flush=True)  # noqa: T201
    chance = random.Random(seed)  # noqa: S311
    while True:
        act = chance.choice(
            [
                lambda: editor.place(chance.uniform(0, 999), chance.uniform(0, 799)),
                editor.undo,
                editor.redo,
                lambda: editor.set_visual_grade(chance.choice(["T8", "L1"]), chance.choice([0.0, 1.0, 2.0])),
                lambda: editor.clear(chance.choice(["T4", "T5"])),
            ]
        )
        try:
            act()
        except ReadingError:
            continue
        if editor.unsaved:
            return
        print(len(editor.reading.events), flush=True)  # noqa: T201
