"""The reading desk: everything a reader needs beside the film, in one dock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_spinegrade import display
from napari_spinegrade.binding import Binding
from napari_spinegrade.editor import Order
from napari_spinegrade.opening import Opened, dealt_with, open_reading
from napari_spinegrade.preferences import preferences
from napari_spinegrade.shortcuts import SHORTCUTS, callbacks
from napari_spinegrade.widgets.panels import ActionPanel, FilmPanel, HeadPanel, SummaryPanel
from napari_spinegrade.widgets.pointer import PointerNote, around
from napari_spinegrade.widgets.profile import ProfilePlot
from napari_spinegrade.widgets.spine_table import SpineTable
from spinegrade.anatomy import GRADED
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import SpinegradeError
from spinegrade.readings import CountedFrom, NotEvaluableReason, Status

if TYPE_CHECKING:
    import napari
    from napari.layers import Image
    from qtpy.QtGui import QCloseEvent, QHideEvent, QShowEvent

    from napari_spinegrade.editor import Place, ReadingEditor
    from napari_spinegrade.live import Numbers
    from napari_spinegrade.preferences import Preferences
    from napari_spinegrade.shortcuts import Shortcut

_WIDTH = 384
"""Width of the desk, which leaves the film most of a 1366 pixel screen."""
_RETRY_MS = 4000
"""Time after which a save that failed is tried again."""


class ReadingDesk(QWidget):
    """A dock in which one film after another is read."""

    def __init__(self, viewer: napari.viewer.Viewer, reader: str | None = None) -> None:
        super().__init__()
        self.viewer = viewer
        wanted = preferences()
        self.method = wanted.method
        self.reader = reader or wanted.reader
        self.order = Order(upwards=wanted.upwards)
        self.shortcuts, self._key_problem = _own_keys(wanted)
        self.opened: Opened | None = None
        self.binding: Binding | None = None
        self.hidden_numbers = wanted.hide_computed
        self._grabbed: Place | None = None
        self._preset = 0
        self._presets: list[tuple[str, display.Limits]] = []
        self._keys: list[str] = []
        self._build()
        self._retry = QTimer(self)
        self._retry.setInterval(_RETRY_MS)
        self._retry.timeout.connect(self.save)
        self._note = PointerNote(self)
        viewer.layers.events.inserted.connect(self._on_layer)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        self._take_film()

    def _build(self) -> None:
        self.head, self.film_panel = HeadPanel(), FilmPanel()
        self.table, self.profile = SpineTable(GRADED.levels), ProfilePlot(GRADED.levels)
        self.summary, self.actions_panel = SummaryPanel(), ActionPanel(self.shortcuts)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(3)
        for part in (self.head, self.film_panel, self.table, self.summary, self.profile, self.actions_panel):
            layout.addWidget(part)
        layout.setStretchFactor(self.profile, 1)
        self.setFixedWidth(_WIDTH)
        self.table.chosen.connect(self.go_to_level)
        self.film_panel.preset_chosen.connect(self.use_preset)
        self.actions_panel.called.connect(lambda name: getattr(self, name)())
        self.actions_panel.reason_chosen.connect(self.set_reason)
        self.actions_panel.counted_from_chosen.connect(self.set_counted_from)
        self.film_panel.called.connect(lambda name: getattr(self, name)())

    # Films

    def _on_layer(self, event: object) -> None:
        layer = getattr(event, "value", None)
        if self.binding is None and layer is not None and "film" in layer.metadata.get("spinegrade", {}):
            QTimer.singleShot(0, self._take_film)

    def _on_layer_removed(self, event: object) -> None:
        if self.binding is not None and getattr(event, "value", None) is self.binding.film:
            self.close_film()

    def _take_film(self) -> None:
        """Begin with the last film that was opened, if there is one."""
        films = [layer for layer in self.viewer.layers if "film" in layer.metadata.get("spinegrade", {})]
        if films and self.binding is None:
            self.open_film(films[-1])
        elif not films:
            self.head.say("Open a film: drop a file here, or File > Open")

    def open_film(self, layer: Image, occasion: int | None = None) -> None:
        """Read the film in a layer, going on where the reader stopped."""
        self.close_film()
        facts = layer.metadata["spinegrade"]
        source = Path(facts["path"])
        try:
            self.opened = open_reading(
                facts["film"], source, self.reader, occasion=occasion, order=self.order
            )
        except SpinegradeError as error:
            self.head.say(str(error), bad=True)
            return
        self.binding = Binding(
            self.viewer, layer, self.opened.editor, self.method, hidden_numbers=self.hidden_numbers
        )
        self._presets = display.presets(facts["film"])
        self._listen(self.binding, self.opened.editor)
        self._bind_keys()
        self.film_panel.show_film(layer, [name for name, _ in self._presets])
        self.head.show_reading(self.opened.editor.reading, self.opened.held)
        self.head.say(
            self._key_problem or self.opened.words, bad=bool(self._key_problem or self.opened.held.read_only)
        )
        self._show_all()

    def _listen(self, binding: Binding, editor: ReadingEditor) -> None:
        binding.measured.connect(self._show_numbers)
        binding.said.connect(lambda words: self.head.say(words, bad=True))
        binding.pointed.connect(self._on_pointed)
        binding.grabbed.connect(self._on_grabbed)
        binding.windowed.connect(self._show_window)
        editor.moved.connect(self._show_cursor)
        editor.kept.connect(self._show_kept)

    def close_film(self) -> None:
        """Stop reading the film; everything is saved already."""
        self._note.show_name("")
        self._unbind_keys()
        if self.binding is not None:
            binding, self.binding = self.binding, None
            binding.close()
        if self.opened is not None:
            self.opened.close()
            self.opened = None

    # Keys

    def _bind_keys(self) -> None:
        if self.binding is None:
            return
        targets = [
            self.viewer,
            self.binding.marks,
            self.binding.film,
            self.binding.labels,
            self.binding.outline,
        ]
        for key, callback in callbacks(self, self.shortcuts):
            for target in targets:
                target.bind_key(key, callback, overwrite=True)
            self._keys.append(key)

    def _unbind_keys(self) -> None:
        """Give napari its keys back."""
        targets = [self.viewer] if self.binding is None else [self.viewer, self.binding.film]
        for target in targets:
            for key in self._keys:
                target.bind_key(key, None)
        self._keys.clear()

    # Showing

    def _show_all(self) -> None:
        if self.binding is not None:
            self._show_numbers(self.binding.numbers)
        self._show_cursor()
        self._show_kept()
        self._show_window()

    def _show_numbers(self, numbers: Numbers) -> None:
        if self.opened is None:
            return
        editor = self.opened.editor
        self.table.show_reading(editor.shown, numbers, hidden=self.hidden_numbers)
        self.profile.show_numbers(None if self.hidden_numbers else numbers)
        self.summary.show_numbers(None if self.hidden_numbers else numbers, self.method)
        self.head.show_progress(dealt_with(editor.shown))
        self.actions_panel.show_state(editor)

    def _show_cursor(self) -> None:
        if self.opened is None:
            return
        editor = self.opened.editor
        self.head.show_next(editor.cursor)
        self.table.show_cursor(editor.cursor.level if editor.cursor else None)
        self.actions_panel.show_state(editor)

    def _show_kept(self) -> None:
        if self.opened is None:
            return
        unsaved = self.opened.editor.unsaved
        self.head.show_kept(unsaved)
        if unsaved:
            self._retry.start()
        else:
            self._retry.stop()

    def _show_window(self) -> None:
        if self.binding is not None:
            self.film_panel.show_window(self.binding.film)

    def _on_pointed(self, row: float, column: float) -> None:
        """Name the next landmark beside the pointer, or show what is under one that is dragged."""
        if self.binding is None or self.opened is None:
            return
        if self._grabbed is not None:
            film = self.binding.film
            part = around(film.data, row, column, tuple(film.contrast_limits))
            inverted = film.colormap.name == "gray_r"
            self._note.show_loupe(self._grabbed.words, 255 - part if inverted else part)
            return
        rows, columns = self.binding.film.data.shape[:2]
        over = 0 <= row < rows and 0 <= column < columns
        cursor = self.opened.editor.cursor
        self._note.show_name(cursor.words if cursor and over and self.viewer.mouse_over_canvas else "")

    def _on_grabbed(self, place: Place | None) -> None:
        self._grabbed = place
        if place is None:
            self._note.show_name("")

    # What the keys and buttons do

    @property
    def editor(self) -> ReadingEditor | None:
        """The reading under way, if there is one."""
        return None if self.opened is None else self.opened.editor

    def _do(self, action: str, *values: object) -> object:
        """Do something with the reading, and say so where it cannot be done."""
        if self.editor is None:
            return None
        try:
            return getattr(self.editor, action)(*values)
        except SpinegradeError as error:
            self.head.say(str(error), bad=True)
            return None

    def undo(self) -> None:
        """Take the last action back."""
        self._say_event("Took back", self._do("undo"))

    def redo(self) -> None:
        """Do again what was taken back."""
        self._say_event("Did again", self._do("redo"))

    def _say_event(self, words: str, event: object) -> None:
        if event is None:
            self.head.say("Nothing to take back" if words == "Took back" else "Nothing to do again")
            return
        parts = (getattr(event, name, None) for name in ("did", "level", "landmark"))
        self.head.say(f"{words}: " + " ".join(str(part).replace("_", " ") for part in parts if part))

    def next_landmark(self) -> None:
        """Go to the next landmark."""
        self._do("step", 1)

    def previous_landmark(self) -> None:
        """Go to the landmark before."""
        self._do("step", -1)

    def next_vertebra(self) -> None:
        """Go to the vertebra below."""
        self._do("step_level", 1)

    def previous_vertebra(self) -> None:
        """Go to the vertebra above."""
        self._do("step_level", -1)

    def go_to_level(self, level: str) -> None:
        """Go to a vertebra: to its first landmark that is still to do, or its first."""
        from napari_spinegrade.editor import Place

        if self.editor is None:
            return
        places = [Place(level, name) for name in self.editor.order.landmarks]
        still = [place for place in places if self.editor.landmark_at(place) is None]
        self._do("go_to", (still or places)[0])

    def not_visible(self) -> None:
        """Say that the landmark cannot be seen."""
        self._do("mark", Status.NOT_VISIBLE)

    def outside_image(self) -> None:
        """Say that the landmark is not on the film."""
        self._do("mark", Status.OUTSIDE_IMAGE)

    def not_evaluable(self) -> None:
        """Ask why the vertebra cannot be read."""
        self.actions_panel.ask_reason()

    def set_reason(self, reason: str) -> None:
        """Say why the vertebra cannot be read; empty says that it can."""
        if self.editor is not None:
            self._do("set_evaluable", self.editor.level, NotEvaluableReason(reason) if reason else None)

    def set_counted_from(self, start: str) -> None:
        """Say where counting began."""
        self._do("set_counted_from", CountedFrom(start))

    def remove(self) -> None:
        """Remove the landmark at the cursor, or that placed last."""
        place = self.editor.last_placed() if self.editor else None
        if place is not None:
            self._do("remove", place)

    def clear(self) -> None:
        """Remove all that was read of the vertebra."""
        if self.editor is not None:
            self._do("clear", self.editor.level)

    def shift_up(self) -> None:
        """Rename all vertebrae to the level above."""
        self._do("shift_levels", -1)

    def shift_down(self) -> None:
        """Rename all vertebrae to the level below."""
        self._do("shift_levels", 1)

    def save(self) -> None:
        """Save now."""
        if self.editor is not None and self.editor.save():
            self.head.say("Saved")
        self._show_kept()

    def _grade(self, grade: float | None) -> None:
        if self.editor is not None:
            self._do("set_visual_grade", self.editor.level, grade)

    def grade_0(self) -> None:
        """Grade the vertebra 0."""
        self._grade(0.0)

    def grade_half(self) -> None:
        """Grade the vertebra 0.5."""
        self._grade(0.5)

    def grade_1(self) -> None:
        """Grade the vertebra 1."""
        self._grade(1.0)

    def grade_2(self) -> None:
        """Grade the vertebra 2."""
        self._grade(2.0)

    def grade_3(self) -> None:
        """Grade the vertebra 3."""
        self._grade(3.0)

    def grade_none(self) -> None:
        """Take the grade away."""
        self._grade(None)

    def nudge_up(self) -> None:
        """Move the landmark 1 pixel up."""
        self._do("nudge", -1.0, 0.0)

    def nudge_down(self) -> None:
        """Move the landmark 1 pixel down."""
        self._do("nudge", 1.0, 0.0)

    def nudge_left(self) -> None:
        """Move the landmark 1 pixel left."""
        self._do("nudge", 0.0, -1.0)

    def nudge_right(self) -> None:
        """Move the landmark 1 pixel right."""
        self._do("nudge", 0.0, 1.0)

    def fine_up(self) -> None:
        """Move the landmark 0.1 pixel up."""
        self._do("nudge", -0.1, 0.0)

    def fine_down(self) -> None:
        """Move the landmark 0.1 pixel down."""
        self._do("nudge", 0.1, 0.0)

    def fine_left(self) -> None:
        """Move the landmark 0.1 pixel left."""
        self._do("nudge", 0.0, -0.1)

    def fine_right(self) -> None:
        """Move the landmark 0.1 pixel right."""
        self._do("nudge", 0.0, 0.1)

    # Seeing

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
        """Use the film's next window."""
        if self._presets:
            self.use_preset((self._preset + 1) % len(self._presets))

    def invert(self) -> None:
        """Show white as black and black as white."""
        if self.binding is not None:
            film = self.binding.film
            film.colormap = "gray" if film.colormap.name == "gray_r" else "gray_r"
            self._show_window()

    def clahe(self) -> None:
        """Lay a preview of local contrast over the film, or take it away."""
        if self.binding is None:
            return
        film, name = self.binding.film, "CLAHE preview (not for measuring)"
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
        from spinegrade.anatomy import LEVELS

        points = self.editor.shown.landmarks[LEVELS.index(self.editor.level)]
        self._fit(points, margin=0.75)

    def fit_film(self) -> None:
        """Fill the canvas with the film, once the window has its size."""
        QTimer.singleShot(0, self.viewer.reset_view)

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
        view = display.fit(points * scale, margin, width / height)
        if view is None:
            self.viewer.reset_view()
            return
        (down, right), (extent, _) = view
        camera = self.viewer.scene.camera
        camera.center = (0.0, down, right)
        camera.zoom = height / extent

    def toggle_numbers(self) -> None:
        """Hide the computed values, or show them again."""
        self.hidden_numbers = not self.hidden_numbers
        if self.binding is not None:
            self.binding.hidden_numbers = self.hidden_numbers
            self.binding.draw()

    def calibrate(self) -> None:
        """Ask for two clicks on a ruler or ball, and for its length."""
        if self.binding is not None:
            self.head.say("Click both ends of the ruler, or both sides of the ball")
            self.binding.measure_next(self._ask_length)

    def _ask_length(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        from qtpy.QtWidgets import QInputDialog

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
        self.film_panel.show_calibration(self.editor.reading.calibration, "set by hand, with a ruler or ball")

    def show_help(self) -> None:
        """Show every key."""
        from napari_spinegrade.widgets.help import HelpSheet

        self.help_sheet = HelpSheet(self, self.shortcuts)
        self.help_sheet.show()

    def new_reading(self) -> None:
        """Begin another reading of this film, on the next occasion."""
        if self.binding is not None:
            self.open_film(self.binding.film, occasion=0)

    # Qt

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Give the keys back while the desk is closed."""
        self._note.show_name("")
        self._unbind_keys()
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Take the keys when the desk is seen."""
        if self.binding is not None and not self._keys:
            self._bind_keys()
        super().showEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Let the reading go."""
        self.close_film()
        super().closeEvent(event)


def _own_keys(wanted: Preferences) -> tuple[tuple[Shortcut, ...], str]:
    """Return the reader's keys, and what is wrong with them if the default ones have to do."""
    try:
        return wanted.shortcuts, ""
    except ValueError as error:
        return SHORTCUTS, f"Preferences: {error}; the default keys are used"
