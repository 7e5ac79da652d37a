"""What keys and buttons do with how the film is seen, and with what its pixels measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QInputDialog

from napari_spinegrade import display, windowing
from napari_spinegrade.widgets.reading_actions import ReadingActions
from napari_spinegrade.widgets.soon import soon
from spinegrade.anatomy import LEVELS
from spinegrade.calibration import Calibration, CalibrationState

if TYPE_CHECKING:
    import napari

    from napari_spinegrade.binding import Binding

PREVIEW = "CLAHE preview (not for measuring)"


class SeeingActions(ReadingActions):
    """Actions on the film that is open; none does anything while there is none."""

    viewer: napari.viewer.Viewer
    binding: Binding | None
    hidden_numbers: bool
    numbers_forbidden: bool
    _preset: int
    _presets: list[tuple[str, display.Limits]]

    def hide_overlay(self) -> None:
        """Hide the marks while the key is held."""
        self._show_marks(shown=False)

    def hide_overlay_end(self) -> None:
        """Show the marks again."""
        self._show_marks(shown=True)

    def _show_marks(self, *, shown: bool) -> None:
        if self.binding is not None:
            for layer in (self.binding.outline, self.binding.labels, self.binding.marks):
                layer.visible = shown

    def automatic_window(self) -> None:
        """Window by percentiles."""
        if self.binding is not None:
            self.binding.set_limits(display.automatic(self.binding.film.data))

    def use_preset(self, number: int) -> None:
        """Use one of the film's own windows."""
        if self.binding is not None and 0 <= number < len(self._presets):
            self._preset = number
            self.binding.set_limits(self._presets[number][1])

    def next_preset(self) -> None:
        """Use the film's next window, or its own again where another is shown."""
        if self.binding is not None and self._presets:
            shown = tuple(self.binding.film.contrast_limits) == tuple(self._presets[self._preset][1])
            self.use_preset((self._preset + shown) % len(self._presets))

    def invert(self) -> None:
        """Show white as black and black as white."""
        if self.binding is not None:
            windowing.invert(self.binding.film)
            self._show_window()

    def clahe(self) -> None:
        """Lay a preview of local contrast over the film, or take it away."""
        if self.binding is None:
            return
        film, name = self.binding.film, PREVIEW
        if name in self.viewer.layers:
            self.viewer.layers.remove(name)
            return
        limits = tuple(film.contrast_limits)
        preview = self.viewer.add_image(
            display.clahe(film.data, limits),
            name=name,
            scale=film.scale,
            units=film.units,
            axis_labels=film.axis_labels,
            colormap=film.colormap.name,
            contrast_limits=(0, 255),
        )
        self.viewer.layers.move(self.viewer.layers.index(preview), self.viewer.layers.index(film) + 1)
        self.viewer.layers.selection.active = self.binding.marks

    def fit_vertebra(self) -> None:
        """Fill the canvas with the vertebra that is worked on and its neighbours."""
        if self.editor is None:
            return
        points = self.editor.shown.landmarks[LEVELS.index(self.editor.level)]
        self._fit(points, margin=0.75)

    def fit_film(self) -> None:
        """Fill the canvas with the film, once the window has its size."""
        soon(self, self._fit_film)

    def _fit_film(self) -> None:
        """Fill the canvas with the film that is read, whatever else is open."""
        if self.binding is None:
            self.viewer.reset_view()
            return
        rows, columns = self.binding.film.data.shape[:2]
        self._fit(np.array([(-0.5, -0.5), (rows - 0.5, columns - 0.5)]), margin=0.02)

    def fit_spine(self) -> None:
        """Fill the canvas with all that has been placed, or the film."""
        if self.editor is not None:
            self._fit(self.editor.shown.landmarks.reshape(-1, 2), margin=0.08)

    def _fit(self, points: np.ndarray, margin: float) -> None:
        """Fill the canvas with points, and a margin as a share of their longer side."""
        if self.binding is None:
            return
        scale = np.array(self.binding.film.scale[-2:])
        height, width = self.viewer.canvas.size
        if not windowing.fit(self.viewer, points * scale, margin, (height, width)):
            self._fit_film()

    def toggle_numbers(self) -> None:
        """Hide the computed values, or show them again; a study may forbid to show them."""
        if self.numbers_forbidden:
            self.head.say("The study hides computed values until it is over", bad=True)
            return
        self.hidden_numbers = not self.hidden_numbers
        if self.binding is not None:
            self.binding.hidden_numbers = self.hidden_numbers
            self.binding.draw()

    def calibrate(self) -> None:
        """Ask for two clicks on a ruler or ball, and for its length."""
        if self.binding is not None:
            self.head.say("Click both ends of the ruler, or both sides of the ball; Escape leaves it")
            self.binding.measure_next(self._ask_length)

    def stop_measuring(self) -> None:
        """Leave the ruler."""
        if self.binding is not None and self.binding.stop_measuring():
            self.head.say("No ruler set")

    def _ask_length(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        millimetres, given = QInputDialog.getDouble(
            self, "Ruler or ball", "Length between the two clicks in mm:", 25.0, 0.1, 2000.0, 2
        )
        if given:
            self.set_ruler(start, end, millimetres)

    def set_ruler(self, start: tuple[float, float], end: tuple[float, float], millimetres: float) -> None:
        """Set what a pixel measures from two points that lie so many mm apart."""
        if self.editor is None:
            return
        spacing = self.editor.reading.calibration.spacing
        aspect = spacing.row / spacing.column
        length = float(np.hypot((end[0] - start[0]) * aspect, end[1] - start[1]))
        if length <= 0:
            self.head.say("Expected two points apart from each other, got one", bad=True)
            return
        column = millimetres / length
        self._do("set_calibration", Calibration(CalibrationState.USER, column * aspect, column))
        if not self.head.bad:
            self.head.say(f"Set by hand: {millimetres:g} mm between the two clicks")
