"""Several readers over one film: all their landmarks, how far these are apart, what each made of a level."""

from __future__ import annotations

from collections import Counter
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QGridLayout, QWidget

from napari_spinegrade import spread
from napari_spinegrade.comparison_layers import PAST_NAME, ReaderLayers, label_places, marker
from napari_spinegrade.gathering import READERS, readers_from_files, readers_from_layers
from napari_spinegrade.live import Numbers, measure
from napari_spinegrade.preferences import preferences
from napari_spinegrade.shortcuts import Shortcut
from napari_spinegrade.widgets.adjudicate_table import SpreadTable
from napari_spinegrade.widgets.comparison_dock import SEEING, ComparisonDock, short
from napari_spinegrade.widgets.parts import QUIET, label
from napari_spinegrade.widgets.reader_icon import reader_icon
from napari_spinegrade.widgets.soon import soon
from spinegrade.anatomy import GRADED, LEVELS
from spinegrade.morphometry import PixelSpacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import napari
    from numpy import float64
    from numpy.typing import NDArray

    from napari_spinegrade.gathering import Readers
    from spinegrade.radiograph import Radiograph
    from spinegrade.readings import Reading

_ALONG = 3
"""Readers beside each other in the legend."""

_BY_KEY = 9
"""Readers that have a key to show and hide them."""

_SHORT = 6
"""Letters that fit over the column of a reader."""

_HOW = "Ellipses: 2 SD of the readers shown round their mean (+); a description of them, no interval"


class CompareReaders(ComparisonDock):
    """A dock that shows what several readers made of one film."""

    what = READERS
    more_keys = " S: sort. E: means and ellipses. 1 to 9: readers."
    shortcuts = (
        *SEEING,
        Shortcut("sort", ("S",), "Sort by level, or by disagreement", "Readers"),
        Shortcut("toggle_spread", ("E",), "Means and ellipses on or off", "Readers"),
        *(
            Shortcut(f"toggle_{n}", (f"{n}",), f"Reader {n} on or off", "Readers")
            for n in range(1, _BY_KEY + 1)
        ),
    )
    buttons = (*ComparisonDock.buttons, ("sort", "Sort"), ("toggle_spread", "Ellipses"))

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.method = preferences().method
        self.readings: tuple[Reading, ...] = ()
        self.numbers: tuple[Numbers, ...] = ()
        self.names: tuple[str, ...] = ()
        self.layers: ReaderLayers | None = None
        self.spacing = PixelSpacing()
        self.by_disagreement = False
        for n in range(_BY_KEY):
            setattr(self, f"toggle_{n + 1}", partial(self.toggle, n))
        super().__init__(viewer)

    def _parts(self) -> list[QWidget]:
        self.legend = QWidget()
        self._boxes: list[QCheckBox] = []
        self._legend_grid = QGridLayout(self.legend)
        self._legend_grid.setContentsMargins(0, 0, 0, 0)
        self._legend_grid.setSpacing(2)
        self.how = label(colour=QUIET, wrap=True)
        self.table = SpreadTable()
        self.table.chosen.connect(self.go_to_level)
        self.table.sorting.connect(lambda by_level: self.sort_by(disagreement=not by_level))
        self.table.let_rows(6, len(GRADED.levels) + 1)  # and a scroll bar, where readers are many
        self.details = label(wrap=True)
        self.details.setMinimumHeight(50)
        return [self.legend, self.how, self.table, self.details]

    # Opening

    def open_files(self, paths: Sequence[Path]) -> None:
        """Show the readings in files or folders, or say why they cannot be shown."""
        self.attempt(lambda: self.show_readers(readers_from_files(paths)))

    def open_layers(self) -> None:
        """Show the readings among the layers, or say why they cannot be shown."""
        self.attempt(lambda: self.show_readers(readers_from_layers(self.viewer.layers)))

    def show_readers(self, readers: Readers) -> None:
        """Show readings of one film.

        Raises
        ------
        ReadingError
            If a blinded reading is open.
        """
        if self.is_read_here:
            self.own_window().show_readers(readers)
            return
        self.borrow()
        found = sorted(readers.readings, key=lambda one: (one.reading.reader, one.reading.occasion))
        self.readings = tuple(one.reading for one in found)
        self.numbers = tuple(measure(reading, self.method) for reading in self.readings)
        self.names = names_of(self.readings)
        self.spacing = _spacing(self.readings, readers.film)
        with self.adding():
            self._add(readers.film)
        self._list_readers()
        self.tell([*readers.words, *_doubts(self.readings, self.spacing)])
        self._show()
        self.go_to_level(self.levels[0], fit=False)
        soon(self, self.fit_spine)

    def _add(self, film: Radiograph | None) -> None:
        unit = "mm" if self.spacing.unit == "mm" else "pixel"
        points = spread.landmarks_of(self.readings)
        layers = ReaderLayers(self.viewer, film, self.readings[0].image, points, unit)
        self.layers, self.films = layers, [layers]
        layers.lay(self._scale, (0.0, 0.0))
        count = len({reading.reader for reading in self.readings})
        layers.caption(f"{_counted(len(self.readings), 'reading')} by {_counted(count, 'reader')}")

    @property
    def headings(self) -> list[str]:
        """What stands over the columns: the names where all are short, else numbers, as in the legend."""
        if all(len(name) <= _SHORT for name in self.names):
            return list(self.names)
        return [str(n + 1) for n in range(len(self.names))]

    @property
    def _scale(self) -> tuple[float, float]:
        return self.spacing.row, self.spacing.column

    def _list_readers(self) -> None:
        """List the readers, each with its mark; a reader's later occasions begin hidden."""
        first = _first_occasions(self.readings)
        for n, (name, reading) in enumerate(zip(self.names, self.readings, strict=True)):
            box = QCheckBox(name if self.headings[n] == name else f"{self.headings[n]}  {short(name)}")
            box.setIcon(reader_icon(*marker(n)))
            box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            key = f" (key {n + 1})" if n < _BY_KEY else ""
            box.setToolTip(f"{reading.reader}, occasion {reading.occasion}: on or off{key}")
            box.setChecked(n in first)
            box.toggled.connect(lambda _checked: self._show())
            self._legend_grid.addWidget(box, n // _ALONG, n % _ALONG)
            self._boxes.append(box)

    def show_nothing(self) -> None:
        """Empty the dock."""
        self.readings, self.numbers, self.names, self.layers = (), (), (), None
        for box in self._boxes:
            self._legend_grid.removeWidget(box)
            box.hide()
            box.deleteLater()
        self._boxes = []
        self.table.show_spreads((), (), (), "mm")
        self.how.setText("")
        self.details.setText("")

    # Seeing

    @property
    def shown(self) -> tuple[int, ...]:
        """The numbers of the readings that are shown."""
        return tuple(n for n, box in enumerate(self._boxes) if box.isChecked())

    def _show(self) -> None:
        """Draw the readings that are shown, and tell what each made of the levels."""
        if self.layers is None:
            return
        shown = self.shown
        readings, numbers = [self.readings[n] for n in shown], [self.numbers[n] for n in shown]
        points = spread.landmarks_of(readings)
        self.mean = spread.mean_points(points)
        self.layers.draw(shown, self.mean, spread.ellipses(points))
        self.spreads = spread.level_spreads(readings, numbers, self._scale)
        self._tell()

    def _tell(self) -> None:
        """Show the table of the readings that are shown."""
        shown = self.shown
        ordered = spread.by_disagreement(self.spreads) if self.by_disagreement else self.spreads
        self.levels = tuple(one.level for one in ordered)
        headings, icons = [self.headings[n] for n in shown], [reader_icon(*marker(n)) for n in shown]
        self.table.show_spreads(ordered, headings, icons, self.spacing.unit)
        order = "most disagreement first" if self.by_disagreement else "by level"
        self.how.setText(f"{len(shown)} of {len(self.readings)} shown, {order}. {_HOW}.")
        self.table.mark(self.level)
        self._show_details()

    def go_to_level(self, level: str, *, fit: bool = True) -> None:
        """Look at a vertebra."""
        if not self.films:
            return
        self.level = level
        self.table.mark(level)
        self._show_details()
        if fit:
            self.fit_vertebra()

    def _show_details(self) -> None:
        """Show where the readers are farthest apart at the level."""
        one = next((one for one in self.spreads if one.level == self.level), None)
        if one is None:
            return
        words = [f"<b>{one.level}</b>"]
        if one.apart is not None:
            words.append(f"farthest apart at {one.landmark}: {one.apart:.2f} {self.spacing.unit}")
            words.append(f"apart at each (front, middle, back): {_distance_words(one.distances)}")
        refused = [self.names[n] for n, read in zip(self.shown, one.read, strict=True) if read is False]
        if refused:
            words.append(f"not evaluable, says {escape(', '.join(refused))}")
        self.details.setText("<br>".join(words))

    def toggle(self, number: int) -> None:
        """Show a reading, or hide it."""
        if number < len(self._boxes):
            self._boxes[number].toggle()

    def sort(self) -> None:
        """Sort by level, or by disagreement."""
        self.sort_by(disagreement=not self.by_disagreement)

    def sort_by(self, *, disagreement: bool) -> None:
        """Sort the levels by disagreement, or from the head downwards."""
        self.by_disagreement = disagreement
        if self.films:
            self._tell()

    def toggle_spread(self) -> None:
        """Show means and ellipses, or the readers' landmarks alone."""
        if self.layers is not None:
            self.layers.show_spread(shown=not self.layers.spread_shown)

    def fit_vertebra(self) -> None:
        """Fit the vertebra."""
        if self.films:
            self._fit(self.mean[LEVELS.index(self.level)], 0.14)

    def fit_spine(self) -> None:
        """Fit all that was read."""
        if self.films:
            self._fit(self.mean, 0.06)

    def _fit(self, points: NDArray[float64], margin: float) -> None:
        world = points * self._scale
        names = label_places(world, PAST_NAME)
        self.fit_points(np.concatenate([world.reshape(-1, 2), names.reshape(-1, 2)]), margin)


def _distance_words(distances: Sequence[float | None]) -> str:
    """Return the distances at the six landmarks, those of the upper endplate first."""
    words = ["-" if one is None else f"{one:.1f}" for one in distances]
    return f"superior {', '.join(words[:3])}; inferior {', '.join(words[3:])}"


def names_of(readings: Sequence[Reading]) -> tuple[str, ...]:
    """Return what to call each reading: by reader and occasion, and a letter where one comes again.

    Examples
    --------
    >>> from spinegrade.readings import Exam, Reading
    >>> names_of([Reading(Exam("p", "e"), reader) for reader in ("R1", "R1", "R2")])
    ('R1/1', 'R1/1b', 'R2/1')
    """
    seen: Counter[str] = Counter()
    names = []
    for reading in readings:
        name = f"{reading.reader}/{reading.occasion}"
        names.append(name + (f"{chr(ord('a') + seen[name] % 26)}" if seen[name] else ""))
        seen[name] += 1
    return tuple(names)


def _first_occasions(readings: Sequence[Reading]) -> set[int]:
    """Return the numbers of each reader's first reading; of all where one reader made them all."""
    if len({reading.reader for reading in readings}) == 1:
        return set(range(len(readings)))
    first: dict[str, int] = {}
    for n, reading in enumerate(readings):
        first.setdefault(reading.reader, n)
    return set(first.values())


def _spacing(readings: Sequence[Reading], film: Radiograph | None) -> PixelSpacing:
    """Return the size of a pixel that all readings have, else that of the film."""
    spacings = {reading.calibration.spacing for reading in readings}
    if len(spacings) == 1:
        return spacings.pop()
    return film.calibration.spacing if film is not None else PixelSpacing()


def _doubts(readings: Sequence[Reading], spacing: PixelSpacing) -> list[str]:
    """Return in words what stands in the way of comparing the readings as they are."""
    found = []
    if len(readings) == 1:
        found.append("only one reading: there is nobody to compare it with")
    counts = Counter((one.reader, one.occasion) for one in readings)
    found += [f"occasion {of[1]} of {of[0]} is here more than once" for of, n in counts.items() if n > 1]
    if any(reading.calibration.spacing != spacing for reading in readings):
        size = f"{spacing.column:.3g} mm" if spacing.unit == "mm" else "no mm"
        found.append(f"readings differ in the size of a pixel: distances are by {size}")
    for name, values in (
        ("where levels were counted from", {one.counted_from for one in readings}),
        ("how middle landmarks are defined", {one.middle_point for one in readings}),
        ("which patient it is", {one.exam.patient for one in readings}),
    ):
        if len(values) > 1:
            found.append(f"readings differ in {name}")
    return found


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
