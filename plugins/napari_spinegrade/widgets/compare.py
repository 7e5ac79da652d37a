"""Two dates of a patient side by side: one magnification, vertebra beside vertebra, and what differs."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from napari_spinegrade import comparing
from napari_spinegrade.comparing import Dated
from napari_spinegrade.comparison_layers import AWAY, PAST_NAME, DateLayers, label_places
from napari_spinegrade.gathering import DATES, two_from_files, two_from_layers
from napari_spinegrade.live import measure
from napari_spinegrade.preferences import preferences
from napari_spinegrade.widgets.compare_table import ARROW, DifferenceTable
from napari_spinegrade.widgets.comparison_dock import ComparisonDock, short
from napari_spinegrade.widgets.parts import QUIET, label
from napari_spinegrade.widgets.soon import soon
from spinegrade.anatomy import GRADED, LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import napari
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_spinegrade.comparing import Difference
    from napari_spinegrade.gathering import Gathered
    from napari_spinegrade.live import Numbers

    Floats = NDArray[np.float64]

Two = tuple[Dated, Dated]
"""A reading then, and one now."""

_WHEN = ("Then", "Now")
_HEIGHTS = ("anterior", "middle", "posterior")


class CompareDates(ComparisonDock):
    """A dock that compares two dates of a patient."""

    what = DATES
    columns = 2

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.method = preferences().method
        self.two: Two | None = None
        self.pair: tuple[DateLayers, ...] = ()
        super().__init__(viewer)

    def _parts(self) -> list[QWidget]:
        self.sides = (label(), label())
        self.laid_words = label(colour=QUIET, wrap=True)
        self.table = DifferenceTable()
        self.table.chosen.connect(self.go_to_level)
        self.table.let_rows(6, len(GRADED.levels))
        self.details = label(wrap=True)
        self.details.setMinimumHeight(66)
        return [*self.sides, self.laid_words, self.table, self.details]

    # Opening

    def open_files(self, paths: Sequence[Path]) -> None:
        """Show two readings and their films, or say why they cannot be shown."""
        self.attempt(lambda: self.show_two(*two_from_files(paths)))

    def open_layers(self) -> None:
        """Show the two readings among the layers, or say why they cannot be shown."""
        self.attempt(lambda: self.show_two(*two_from_layers(self.viewer.layers)))

    def show_two(self, first: Gathered, second: Gathered) -> None:
        """Show two readings with their films, the earlier at the left.

        Raises
        ------
        ReadingError
            If a blinded reading is open.
        """
        if self.is_read_here:
            self.own_window().show_two(first, second)
            return
        self.borrow()
        dated = [Dated(one.reading, measure(one.reading, self.method), one.on) for one in (first, second)]
        then, now, ordered = comparing.in_order(dated[0], dated[1])
        found = (first, second) if then is dated[0] else (second, first)
        with self.adding():
            self.two = then, now
            self._add(self.two, found)
        self.differences = comparing.differences(then, now)
        self.levels = tuple(one.level for one in self.differences)
        self.table.show_differences(self.differences)
        self._say_all(self.two, found, ordered)
        self.show_windows()
        self.go_to_level(_first_read(self.two, self.levels), fit=False)
        soon(self, self.fit_spine)

    def _add(self, two: Two, found: tuple[Gathered, Gathered]) -> None:
        """Add the layers: those of the film now first, so that the film then stands at the left."""
        unit = comparing.unit_of(*two)
        for side, one, when in reversed(list(zip(two, found, _WHEN, strict=True))):
            layers = DateLayers(self.viewer, one.film, side, unit)
            self.pair = (layers, *self.pair)
            self.films = list(self.pair)
            layers.caption(f"{when}  {_date_words(side)}  {short(side.reading.reader)}")

    def _say_all(self, two: Two, found: tuple[Gathered, Gathered], ordered: str) -> None:
        told = [ordered, *comparing.remarks(*two)]
        told += [f"{when}: {one.words}" if one.words else "" for one, when in zip(found, _WHEN, strict=True)]
        self.tell([words for words in told if words])

    def show_nothing(self) -> None:
        """Empty the dock."""
        self.two, self.pair = None, ()
        self.table.show_differences(())
        for part in (*self.sides, self.laid_words, self.details):
            part.setText("")
            part.setToolTip("")

    # Seeing

    def go_to_level(self, level: str, *, fit: bool = True) -> None:
        """Look at a vertebra in both films, beside each other."""
        if self.two is None:
            return
        self.level = level
        self.laid = comparing.lay(*self.two, level)
        offsets = ((0.0, 0.0), self.laid.offset)
        for layers, scale, offset in zip(self.pair, self.laid.scales, offsets, strict=True):
            layers.lay(scale, offset)
            layers.choose(level)
        self.laid_words.setText(self.laid.words)
        self.table.mark(level)
        self.details.setText(_details(self.two, self.differences[self.levels.index(level)]))
        if fit:
            self.fit_vertebra()

    def fit_vertebra(self) -> None:
        """Fit the vertebra and its neighbours."""
        if self.two is not None:
            self._fit(comparing.round_the_level(*self.two, self.laid, self.level), PAST_NAME, 0.06)

    def fit_spine(self) -> None:
        """Fit both spines."""
        if self.two is not None:
            self._fit(comparing.in_the_world(*self.two, self.laid), AWAY, 0.07)

    def _fit(self, world: Floats, away: float, margin: float) -> None:
        """Fit bodies and their names."""
        names = label_places(world, away)
        self.fit_points(np.concatenate([world.reshape(-1, 2), names.reshape(-1, 2)]), margin)

    def show_windows(self) -> None:
        """Show what each film is, and its window."""
        for line, layers, when in zip(self.sides, self.pair, _WHEN, strict=False):
            reading = layers.dated.reading
            line.setText(_side_words(layers.dated, when, layers.window_words))
            line.setToolTip(f"Read by {reading.reader}, occasion {reading.occasion}")


def _first_read(two: Two, levels: tuple[str, ...]) -> str:
    """Return the uppermost level that was read on both dates, else the first of the table."""
    known = ~np.isnan(two[0].numbers.height_loss + two[1].numbers.height_loss)
    return next((level for level in levels if known[LEVELS.index(level)]), levels[0])


def _details(two: Two, difference: Difference) -> str:
    """Return the heights of a level, then and now, and the change of its posterior height."""
    lines = [f"<b>{difference.level}</b>: {escape(difference.words)}"]
    rows = [_heights(side.numbers, LEVELS.index(difference.level)) for side in two]
    heights = [f"{name} {then} {ARROW} {now}" for name, then, now in zip(_HEIGHTS, *rows, strict=True)]
    units = sorted({side.numbers.unit for side in two})
    lines.append(f"heights ({', '.join(units)}): {', '.join(heights)}")
    posterior = difference.ratio_changes[2]
    if posterior is not None:
        lines.append(f"posterior to expected height: {posterior:+.1f} percent points")
    return "<br>".join(lines)


def _date_words(side: Dated) -> str:
    return "date not known" if side.on is None else side.on.isoformat()


def _side_words(side: Dated, when: str, window: str) -> str:
    reading, spacing = side.reading, side.reading.calibration.spacing
    state = reading.calibration.state.value
    size = f"{state} {spacing.column:.3g} mm" if spacing.unit == "mm" else "no mm"
    parts = (_date_words(side), short(reading.reader), size, window)
    return f"<b>{when}</b>&nbsp; {' &nbsp; '.join(escape(part) for part in parts if part)}"


def _heights(numbers: Numbers, at: int) -> list[str]:
    digits = 1 if numbers.unit == "mm" else 0
    return ["-" if np.isnan(one) else f"{one:.{digits}f}" for one in numbers.heights[at]]
