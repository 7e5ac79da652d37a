"""The reading desk: everything a reader needs beside the film, in one dock."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.QtCore import QTimer
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QVBoxLayout

from napari_spinegrade import display
from napari_spinegrade.binding import Binding
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.doubts import doubts_about
from napari_spinegrade.layers import faces_right
from napari_spinegrade.opening import Opened, Wish, dealt_with, open_reading
from napari_spinegrade.preferences import preferences
from napari_spinegrade.saving import OtherReadingError
from napari_spinegrade.shortcuts import BY_WRITING, SHORTCUTS, callbacks
from napari_spinegrade.viewers import itself
from napari_spinegrade.widgets.crosshair import FilmPointer, canvas_of
from napari_spinegrade.widgets.findings import FindingsPanel
from napari_spinegrade.widgets.head import HeadPanel
from napari_spinegrade.widgets.panels import ActionPanel, FilmPanel
from napari_spinegrade.widgets.patient_actions import PatientActions
from napari_spinegrade.widgets.pointer import PointerNote, around
from napari_spinegrade.widgets.profile import ProfilePlot
from napari_spinegrade.widgets.soon import soon
from napari_spinegrade.widgets.spine_table import SpineTable
from spinegrade.anatomy import GRADED
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    import napari
    from napari.layers import Image
    from qtpy.QtGui import QCloseEvent, QHideEvent, QShowEvent

    from napari_spinegrade.editor import Place
    from napari_spinegrade.live import Numbers
    from napari_spinegrade.preferences import Preferences
    from napari_spinegrade.shortcuts import Shortcut

DESK_WIDTH = 384
"""Width of the desk, which leaves the film most of a 1366 pixel screen."""
_RETRY_MS = 4000
"""Time after which a save that failed is tried again."""


DESKS: WeakSet[ReadingDesk] = WeakSet()
"""The desks of this process: two in one window would both take every click."""


class ReadingDesk(PatientActions):
    """A dock in which one film after another is read."""

    def __init__(
        self, viewer: napari.viewer.Viewer, reader: str | None = None, *, in_study: bool = False
    ) -> None:
        super().__init__()
        self.viewer = itself(viewer)
        wanted = preferences()
        self.method = wanted.method
        self.reader = reader or wanted.reader
        self.order = wanted.order
        self.shortcuts, self._key_problem = _own_keys(wanted)
        self.opened: Opened | None = None
        self.binding: Binding | None = None
        self.hidden_numbers = wanted.hide_computed
        self.in_study = in_study
        """Whether a study says which film is read: then no other can be, and its rules hold."""
        self.numbers_forbidden = False
        self._grabbed: Place | None = None
        self._pointed_at = (0.0, 0.0)
        self._preset = 0
        self._presets: list[tuple[str, display.Limits]] = []
        self._keys: list[str] = []
        self._written: list[QShortcut] = []
        self._pointer: FilmPointer | None = None
        self._foreign: Image | None = None
        self._asked_beside: Image | None = None
        self._build()
        DESKS.add(self)
        viewer.layers.events.inserted.connect(self._on_layer)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        if not in_study:
            self._take_film()

    def _build(self) -> None:
        self.head, self.film_panel = HeadPanel(), FilmPanel(self.shortcuts)
        self.table, self.profile = SpineTable(GRADED.levels), ProfilePlot(GRADED.levels)
        self.findings, self.actions_panel = FindingsPanel(), ActionPanel(self.shortcuts)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(3)
        for part in (
            self.head,
            self.film_panel,
            self.table,
            self.findings,
            self.profile,
            self.actions_panel,
        ):
            layout.addWidget(part)
        layout.setStretchFactor(self.profile, 1)
        self.setFixedWidth(DESK_WIDTH)
        self._note, self._retry = PointerNote(self), QTimer(self)
        self._retry.setInterval(_RETRY_MS)
        self._retry.timeout.connect(self.save)
        self.table.chosen.connect(self.go_to_level)
        self.film_panel.preset_chosen.connect(self.use_preset)
        self.actions_panel.reason_chosen.connect(self.set_reason)
        self.actions_panel.counted_from_chosen.connect(self.set_counted_from)
        self.actions_panel.quality_chosen.connect(self.set_quality)
        self.head.film_chosen.connect(self.read_film)
        for panel in (self.actions_panel.called, self.film_panel.called, self.head.answered):
            panel.connect(lambda name: getattr(self, name)())

    # Films

    @property
    def others(self) -> list[ReadingDesk]:
        """The other desks in this window."""
        return [desk for desk in DESKS if desk is not self and desk.viewer is self.viewer]

    @property
    def films(self) -> list[Image]:
        """The films that are open in the viewer, in the order in which they were opened."""
        return [layer for layer in self.viewer.layers if "film" in layer.metadata.get("spinegrade", {})]

    def _on_layer(self, event: object) -> None:
        layer = getattr(event, "value", None)
        occupied = any(other.binding is not None for other in self.others)
        if layer is None or self.in_study or BLINDING.is_open or occupied:
            return
        if "film" in layer.metadata.get("spinegrade", {}):
            soon(self, self._take_film if self.binding is None else self._show_films)
            if self.binding is not None:
                self.head.ask(f"{layer.name} is open, too", "Read it", "next_film")
        elif layer.as_layer_data_tuple()[2] == "image" and layer.source.path:
            self._foreign = layer
            self.head.ask(f"{layer.name} was opened by napari, as a picture", "Read it as a film", "adopt")

    def _on_layer_removed(self, event: object) -> None:
        """See to it after napari's event: taking layers away within it ends the process in OpenGL."""
        if self.binding is not None and getattr(event, "value", None) is self.binding.film:
            soon(self, self._film_gone)
        elif self.binding is not None and getattr(event, "value", None) in self.binding.drawn:
            soon(self, self._draw_anew)
        else:
            self._show_films()

    def _draw_anew(self) -> None:
        """Draw the reading again after somebody removed one of its layers."""
        if self.binding is not None and self.opened is not None:
            film = self.binding.film
            self._unbind_keys()
            self.binding.close()
            self._bind(film, self.opened)
            self.head.say("A layer of the reading was removed; it is drawn anew")

    def _film_gone(self) -> None:
        if self.binding is not None and self.binding.film not in self.viewer.layers:
            self.close_film()
        if not self.in_study:
            self._take_film()

    def _take_film(self) -> None:
        """Begin with the last film that was opened, if there is one."""
        films = self.films
        if any(other.binding is not None for other in self.others):
            self.head.say("A reading desk is open in this window already; read there, or close it", bad=True)
        elif BLINDING.is_open:
            self.head.say("A blinded reading is open: sign out of the study to read anything else")
        elif films and self.binding is None:
            self.open_film(films[-1])
        elif not films:
            self.head.say("Open a film: drop a file here, or File > Open")
        self._show_films()

    def _show_films(self) -> None:
        films = self.films
        read = films.index(self.binding.film) if self.binding and self.binding.film in films else None
        self.head.show_films([layer.name for layer in films], read)

    def open_film(self, layer: Image, occasion: int | None = None, *, beside: bool = False) -> None:
        """Read the film in a layer, going on where the reader stopped."""
        self.close_film()
        facts = layer.metadata["spinegrade"]
        wish = Wish(self.reader, occasion, order=self.order, beside=beside)
        try:
            opened = open_reading(facts["film"], Path(facts["path"]), wish)
        except OtherReadingError as error:
            self._asked_beside = layer
            self.head.ask(f"{error}. It is left alone", "Begin beside it", "begin_beside", bad=True)
            return
        except SpinegradeError as error:
            self.head.say(str(error), bad=True)
            return
        self.read(layer, opened)

    def read(self, layer: Image, opened: Opened) -> None:
        """Go on with a reading of the film in a layer."""
        self.close_film()
        self.opened = opened
        for film in self.films:
            film.visible = film is layer
        self._bind(layer, opened)
        self._presets = display.presets(layer.metadata["spinegrade"]["film"])
        opened.editor.moved.connect(self._show_cursor)
        opened.editor.kept.connect(self._show_kept)
        opened.editor.changed.connect(self._fall_silent)
        self.film_panel.show_presets([name for name, _ in self._presets])
        self.head.show_reading(opened.editor.reading, opened.held)
        self._show_all()
        self._show_films()
        self._greet(opened)

    def _greet(self, opened: Opened) -> None:
        """Say what the reader has to know of film and reading; offer another where one was begun."""
        doubts = (
            () if self.binding is None else doubts_about(self.binding.film.metadata["spinegrade"]["film"])
        )
        problems = [one for one in (self._key_problem, *doubts, opened.held.read_only) if one]
        if problems:
            words = opened.words if opened.held.read_only else f"Doubtful: {'; '.join(problems)}"
            self.head.say(words, bad=True)
        elif opened.begun and not self.in_study:
            self.head.ask(opened.words, "Begin another", "new_reading")
        else:
            self.head.say(opened.words)

    def _bind(self, layer: Image, opened: Opened) -> None:
        """Draw a reading on its film, and take mouse and keys."""
        self.binding = Binding(
            self.viewer, layer, opened.editor, self.method, hidden_numbers=self.hidden_numbers
        )
        self.binding.measured.connect(self._show_numbers)
        self.binding.said.connect(lambda words: self.head.say(words, bad=True))
        self.binding.pointed.connect(self._on_pointed)
        self.binding.grabbed.connect(self._on_grabbed)
        self.binding.windowed.connect(self._show_window)
        self._bind_keys()

    def close_film(self) -> None:
        """Stop reading the film; everything is saved already."""
        self._note.show_name("")
        self._unbind_keys()
        if self.binding is not None:
            binding, self.binding = self.binding, None
            binding.close()
        if self.opened is not None:
            rescued = self.opened.close()
            self.opened = None
            if rescued:
                self.head.say(rescued, bad=True)

    # Keys

    def _bind_keys(self) -> None:
        if self.binding is None:
            return
        targets = self._key_targets()
        for key, callback in callbacks(self, self.shortcuts):
            if key in BY_WRITING:
                shortcut = QShortcut(QKeySequence(key), self)
                shortcut.activated.connect(partial(callback, None))
                self._written.append(shortcut)
                continue
            for target in targets:
                target.bind_key(key, callback, overwrite=True)
            self._keys.append(key)
        self._take_canvas()

    def _key_targets(self) -> list[Any]:
        """Return what of napari takes keys: the viewer, and every layer that may be the active one."""
        binding = self.binding
        return [self.viewer] if binding is None else [self.viewer, binding.film, *binding.drawn]

    def _take_canvas(self) -> None:
        """Take the pointer over the film, once the desk is docked beside it."""
        canvas = canvas_of(self.window())
        if canvas is not None and self._pointer is None:
            self._pointer = FilmPointer(self.viewer, canvas)

    def _unbind_keys(self) -> None:
        """Give napari its keys back."""
        for target in self._key_targets():
            for key in self._keys:
                target.bind_key(key, None)
        self._keys.clear()
        for shortcut in self._written:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._written.clear()
        if self._pointer is not None:
            self._pointer.close()
            self._pointer = None

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
        self.profile.setVisible(not self.numbers_forbidden)
        self.findings.setVisible(not self.numbers_forbidden)
        level = editor.level if self._grabbed is None else self._grabbed.level
        self.findings.show_numbers(None if self.hidden_numbers else numbers, level, self.method)
        self._show_calibration()
        self.head.show_progress(dealt_with(editor.shown, editor.order), len(editor.order.places))
        self.actions_panel.show_state(editor)
        self.show_form()

    def _show_cursor(self) -> None:
        if self.opened is None:
            return
        editor = self.opened.editor
        left = len(editor.order.places) - dealt_with(editor.reading, editor.order)
        mirrored = faces_right(editor.reading.landmarks)
        self.head.show_next(editor.cursor, editor.level, left=left, mirrored=mirrored)
        self.table.show_cursor(editor.cursor, editor.level)
        self._renew_note()
        if self.binding is not None and not self.hidden_numbers:
            self.findings.show_numbers(self.binding.numbers, editor.level, self.method)
        self.actions_panel.show_state(editor)
        self.show_form()

    def _show_kept(self) -> None:
        if self.opened is None:
            return
        unsaved = self.opened.editor.unsaved
        self.head.show_kept(unsaved)
        if unsaved:
            self._retry.start()
        else:
            self._retry.stop()

    def _fall_silent(self) -> None:
        """Take away what was said before the last action, but not that something is not saved."""
        if self.opened is not None and not self.opened.editor.unsaved:
            self.head.fall_silent()

    def _show_window(self) -> None:
        if self.binding is not None:
            limits = tuple(self.binding.film.contrast_limits)
            shown = (n for n, (_, preset) in enumerate(self._presets) if tuple(preset) == limits)
            self.film_panel.show_window(self.binding.film, next(shown, -1))

    def _show_calibration(self) -> None:
        if self.binding is None or self.opened is None:
            return
        film, now = self.binding.film.metadata["spinegrade"]["film"], self.opened.editor.reading.calibration
        words = film.calibrated_by if now == film.calibration else "set by hand, with a ruler or ball"
        self.film_panel.show_calibration(now, words)

    def _on_pointed(self, row: float, column: float) -> None:
        """Name the next landmark beside the pointer, or show what is under one that is dragged."""
        self._pointed_at = (row, column)
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

    def _renew_note(self) -> None:
        """Name the landmark that is next now beside a pointer that has not moved."""
        if self._note.isVisible() and self._grabbed is None:
            self._on_pointed(*self._pointed_at)

    def _on_grabbed(self, place: Place | None) -> None:
        self._grabbed = place
        if place is None:
            self._note.show_name("")

    # Films and help, as keys and buttons call them

    def show_help(self) -> None:
        """Show every key."""
        from napari_spinegrade.widgets.help import HelpSheet

        self.help_sheet = HelpSheet(self, self.shortcuts)
        self.help_sheet.show()

    def read_film(self, number: int) -> None:
        """Read one of the films that are open."""
        films = self.films
        if self.in_study:
            self.head.say("A study is open: it says which film is next", bad=True)
        elif 0 <= number < len(films) and (self.binding is None or films[number] is not self.binding.film):
            self.open_film(films[number])
            self._show_films()
            self.fit_film()

    def _film_on(self, by: int) -> None:
        films = self.films
        if films:
            now = films.index(self.binding.film) if self.binding is not None else 0
            self.read_film((now + by) % len(films))

    def next_film(self) -> None:
        """Read the film that was opened next."""
        self._film_on(1)

    def previous_film(self) -> None:
        """Read the film that was opened before."""
        self._film_on(-1)

    def answer_yes(self) -> None:
        """Do what the desk asks about."""
        if self.head.asked:
            getattr(self, self.head.asked)()

    def begin_beside(self) -> None:
        """Begin a reading in a file of its own, beside one that is of another film or another reader."""
        if self._asked_beside in self.films:
            self.open_film(self._asked_beside, beside=True)

    def adopt(self) -> None:
        """Read a picture that napari opened, as the film that its file is."""
        from napari_spinegrade.readers import image_layer
        from spinegrade.io.film import open_film

        layer, self._foreign = self._foreign, None
        if layer is None or layer not in self.viewer.layers:
            return
        path = Path(layer.source.path)
        try:
            pixels, keywords, _ = image_layer(open_film(path), path)
        except SpinegradeError as error:
            self.head.say(str(error), bad=True)
            return
        self.close_film()
        self.viewer.layers.remove(layer)
        self.open_film(self.viewer.add_image(pixels, **keywords))
        self._show_films()
        self.fit_film()

    def new_reading(self) -> None:
        """Begin another reading of this film, on the next occasion."""
        if self.in_study:
            self.head.say("A study is open: it says which occasion is next", bad=True)
        elif self.binding is not None:
            self.open_film(self.binding.film, occasion=0)

    # Qt

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Give keys and mouse back while the desk is closed."""
        self._note.show_name("")
        self._unbind_keys()
        if self.binding is not None:
            self.binding.asleep = True
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Take the keys when the desk is seen."""
        super().showEvent(event)
        if self.binding is not None:
            self.binding.asleep = False
        if self.binding is not None and not self._keys:
            self._bind_keys()
        elif self.binding is not None:
            self._take_canvas()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Let the reading go."""
        self.close_film()
        self.close_forms()
        super().closeEvent(event)


def _own_keys(wanted: Preferences) -> tuple[tuple[Shortcut, ...], str]:
    """Return the reader's keys, and what is wrong with them if the default ones have to do."""
    try:
        return wanted.shortcuts, ""
    except ValueError as error:
        return SHORTCUTS, f"Preferences: {error}; the default keys are used"
