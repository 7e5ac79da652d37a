"""What both comparisons share: a dock that borrows a viewer, and gives it back as it was.

While it shows something, other layers are hidden, and its keys and mouse are those of the viewer.  It lets go
at once when a blinded reading is opened, when one of its layers is removed, and when another is opened.  A
viewer in which a film is being read is left alone: the comparison is then shown in a window of its own.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from qtpy import compat
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QFileDialog, QGridLayout, QVBoxLayout, QWidget

from napari_spinegrade.binding import Binding
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.comparison_layers import dragging_window
from napari_spinegrade.shortcuts import Shortcut, callbacks, tips
from napari_spinegrade.viewers import itself
from napari_spinegrade.widgets.level_table import LevelTable
from napari_spinegrade.widgets.parts import BAD, QUIET, button, label
from napari_spinegrade.windowing import fit
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import napari
    from numpy import float64
    from numpy.typing import NDArray
    from qtpy.QtGui import QCloseEvent, QHideEvent, QShowEvent

    from napari_spinegrade.comparison_layers import FilmLayers

WIDTH = 480
"""Width of a comparison's dock, which leaves the films most of a 1366 pixel screen."""

SEEING = (
    Shortcut("next_vertebra", ("PageDown",), "Next vertebra", "Seeing"),
    Shortcut("previous_vertebra", ("PageUp",), "Vertebra before", "Seeing"),
    Shortcut("fit_vertebra", ("F",), "Fit the vertebra and its neighbours", "Seeing"),
    Shortcut("fit_spine", ("Shift-F",), "Fit the spine", "Seeing"),
    Shortcut("hide_overlay", ("H",), "Hold to hide the marks", "Seeing", held=True),
    Shortcut("automatic_window", ("A",), "Window by percentiles", "Seeing"),
    Shortcut("next_preset", ("W",), "Next window of the film", "Seeing"),
    Shortcut("invert", ("I",), "Invert", "Seeing"),
)
"""Keys of both comparisons: those of the desk, where they do the same."""

_KEYS = (
    "Page up, Page down: vertebra. F, Shift F: fit. H held: bare film. A, W, I: window. "
    "Drag moves, wheel zooms, right drag sets window and level."
)

BLINDED = "Closed: a blinded reading is open"


_FIRST = 100
"""How much sooner the table becomes higher than what is empty."""

_LONGEST = 12
"""Letters of a reader's name that are shown; a tooltip has all of it."""


def short(name: str) -> str:
    """Return a reader's name, its middle left out where it is long.

    Examples
    --------
    >>> short("R1/1"), short("radiologist-of-the-day/1")
    ('R1/1', 'radiolo..y/1')
    """
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 5]}..{name[-3:]}"


class ComparisonDock(QWidget):
    """A read-only view of several readings.  Nothing that it shows is ever written."""

    what = ""
    """What it is called, and refused as while a blinded reading is open."""
    shortcuts: tuple[Shortcut, ...] = SEEING
    how_to_begin = "Open readings: choose their files, or those of this window"
    more_keys = ""
    columns = 1
    """Films beside each other."""
    buttons: tuple[tuple[str, str], ...] = (
        ("fit_vertebra", "Fit body"),
        ("fit_spine", "Fit spine"),
        ("automatic_window", "Auto window"),
        ("invert", "Invert"),
    )

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = itself(viewer)
        self.films: list[FilmLayers] = []
        self.level = ""
        self.levels: tuple[str, ...] = ()
        self._preset = 0
        self._busy = False
        self._keys: tuple[dict[Any, Any], dict[Any, Any]] | None = None
        self._mouse: list[Any] | None = None
        self._hidden: list[Any] = []
        self._grid: tuple[Any, ...] = ()
        self.words = label(colour=QUIET, wrap=True)
        self._build()
        self.setFixedWidth(WIDTH)
        BLINDING.changed.connect(self._on_blinding)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        self._say_how()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        opening = QGridLayout()
        opening.addWidget(button("Open readings...", "Choose reading files", self.choose_files), 0, 0)
        tip = "Take the readings and films among the visible layers"
        opening.addWidget(button("Use open layers", tip, self.open_layers), 0, 1)
        layout.addLayout(opening)
        layout.addWidget(self.words)
        for part in self._parts():
            layout.addWidget(part, _FIRST if isinstance(part, LevelTable) else 0)
        layout.addStretch(1)
        layout.addLayout(self._button_row())
        layout.addWidget(label(f"{_KEYS}{self.more_keys}", QUIET, wrap=True))
        layout.addWidget(label("Read-only. Research software, no medical device.", QUIET))

    @abstractmethod
    def _parts(self) -> list[QWidget]:
        """Return what lies between the buttons for opening and those for seeing."""
        ...

    def _button_row(self) -> QGridLayout:
        words = tips(self.shortcuts)
        row = QGridLayout()
        row.setSpacing(3)
        for n, (action, text) in enumerate(self.buttons):
            row.addWidget(button(text, words[action], getattr(self, action)), 0, n)
        return row

    def say(self, words: str, *, bad: bool = False) -> None:
        """Say something."""
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.words.setStyleSheet(f"color: {BAD if bad else QUIET}")

    def tell(self, told: Sequence[str]) -> None:
        """Say what stands in the way of comparing the readings as they are; nothing where nothing does."""
        self.say(". ".join(words[0].upper() + words[1:] for words in told), bad=bool(told))

    def _say_how(self) -> None:
        if BLINDING.is_open:
            self.say(BLINDED, bad=True)
        else:
            self.say(self.how_to_begin)

    # Opening

    def choose_files(self) -> None:
        """Ask for reading files, and show them."""
        if not self._may():
            return
        names, _ = QFileDialog.getOpenFileNames(
            self, "Readings, and their film where it lies elsewhere", "", "All files (*)"
        )
        if names:
            self.open_files([Path(name) for name in names])

    def _may(self) -> bool:
        """Return whether no blinded reading is open, and say so where one is."""
        return self.attempt(lambda: BLINDING.refuse(self.what))

    def attempt(self, action: Callable[[], object]) -> bool:
        """Return whether something could be done, and say why where it could not."""
        try:
            action()
        except SpinegradeError as error:
            self.say(str(error), bad=True)
            return False
        return True

    @abstractmethod
    def open_files(self, paths: Sequence[Path]) -> None:
        """Show the readings in files, or say why they cannot be shown."""
        ...

    @abstractmethod
    def open_layers(self) -> None:
        """Show the readings among the layers, or say why they cannot be shown."""
        ...

    # Borrowing the viewer

    def borrow(self) -> None:
        """Take the viewer for what is to be shown.

        Raises
        ------
        ReadingError
            If a blinded reading is open.
        """
        BLINDING.refuse(self.what)
        self.clear()
        self._hidden = [layer for layer in self.viewer.layers if layer.visible]
        for layer in self._hidden:
            layer.visible = False
        grid = self.viewer.canvas.grid
        self._grid = (grid.enabled, grid.shape, grid.stride, grid.spacing)

    @property
    def is_read_here(self) -> bool:
        """Whether a film is being read in this viewer."""
        owners = (getattr(one, "__self__", None) for one in self.viewer.mouse_drag_callbacks)
        return any(isinstance(one, Binding) for one in owners)

    def own_window(self) -> Self:
        """Return such a dock in a window of its own."""
        from napari_spinegrade.comparisons_app import open_dock

        BLINDING.refuse(self.what)
        self.elsewhere = open_dock(type(self))[1]
        self.say("Shown in a window of its own, as a film is being read in this one")
        return self.elsewhere

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Add layers to the viewer; when that fails, it is given back, else keys and mouse are taken."""
        self._busy = True
        try:
            yield
            self._settle()
        except BaseException:
            self.clear()
            raise
        finally:
            self._busy = False

    def _settle(self) -> None:
        """Lay the films out, and take keys and mouse."""
        grid = self.viewer.canvas.grid
        grid.stride = -len(self.films[0].layers)  # from the top, so that hidden layers below do not count
        grid.shape, grid.spacing, grid.enabled = (1, self.columns), 4, self.columns > 1
        self.viewer.layers.selection.active = self.films[0].on_film[-1]
        self._take_keys()
        viewer = self.viewer
        self._mouse = [list(viewer.mouse_drag_callbacks), list(viewer.mouse_double_click_callbacks)]
        self._drag = dragging_window(self.film_under, self.show_windows)
        viewer.mouse_drag_callbacks[:] = [self._drag]
        viewer.mouse_double_click_callbacks[:] = []

    def clear(self, words: str = "") -> None:
        """Take away what is shown, and give the viewer back as it was."""
        films, self.films = self.films, []
        self._give_keys()
        for film in films:
            film.remove()
        self._give_viewer()
        self.level, self.levels = "", ()
        if not self._is_alive():
            return
        self.show_nothing()
        if words:
            self.say(words, bad=True)

    def _is_alive(self) -> bool:
        """Return whether Qt still has the dock, which Python may keep for longer."""
        return bool(compat.isalive(self))  # type: ignore[no-untyped-call]

    def _give_viewer(self) -> None:
        if self._mouse is not None:
            drags, doubles = self._mouse
            added = [one for one in self.viewer.mouse_drag_callbacks if one is not self._drag]
            self.viewer.mouse_drag_callbacks[:] = [*drags, *added]
            self.viewer.mouse_double_click_callbacks[:] = [
                *doubles,
                *self.viewer.mouse_double_click_callbacks,
            ]
            self._mouse = None
        if self._grid:
            grid = self.viewer.canvas.grid
            grid.enabled, grid.shape, grid.stride, grid.spacing = self._grid
            self._grid = ()
        for layer in self._hidden:
            layer.visible = True
        self._hidden = []

    @abstractmethod
    def show_nothing(self) -> None:
        """Empty the dock."""
        ...

    def _take_keys(self) -> None:
        """Take the keys, and remember what they did before."""
        if self._keys is not None or not self.films:
            return
        keymap = self.viewer.keymap
        before = dict(keymap)
        for key, callback in callbacks(self, self.shortcuts):
            for target in (self.viewer, *(layer for film in self.films for layer in film.layers)):
                target.bind_key(key, callback, overwrite=True)
        mine = {key: call for key, call in keymap.items() if before.get(key) is not call}
        self._keys = before, mine

    def _give_keys(self) -> None:
        """Give back the keys that nobody has taken since."""
        if self._keys is None:
            return
        (before, mine), self._keys = self._keys, None
        keymap = self.viewer.keymap
        for key, call in mine.items():
            if keymap.get(key) is call:
                del keymap[key]
                if key in before:
                    keymap[key] = before[key]

    # Letting go

    def _on_blinding(self, blinded: bool) -> None:  # noqa: FBT001  the signal's
        if blinded:
            self.clear()
        if self._is_alive():
            self._say_how()

    def _on_inserted(self, event: Any) -> None:  # noqa: ANN401  napari's event
        if self.films and not self._busy and event.value is not None:
            self._clear_soon("Closed: another layer was opened in this window")

    def _on_removed(self, event: Any) -> None:  # noqa: ANN401  napari's event
        if any(event.value in film.layers for film in self.films):
            self._clear_soon("Closed: one of its layers was removed")

    def _clear_soon(self, words: str) -> None:
        """Let go once napari is done with its layers: to remove some meanwhile ends the process in OpenGL."""
        films = self.films

        def clear() -> None:
            if films and self.films is films:
                self.clear(words)

        QTimer.singleShot(0, clear)

    # Seeing

    def film_under(self, event: Any) -> FilmLayers | None:  # noqa: ANN401  napari's event
        """Return the film in the part of the canvas where the pointer is."""
        column = (getattr(event, "viewbox", None) or (0, 0))[1]
        return self.films[column] if 0 <= column < len(self.films) else None

    def show_windows(self) -> None:
        """Show the windows of the films."""

    @abstractmethod
    def go_to_level(self, level: str) -> None:
        """Look at a vertebra."""
        ...

    def next_vertebra(self) -> None:
        """Go to the vertebra of the next row."""
        self._step(1)

    def previous_vertebra(self) -> None:
        """Go to the vertebra of the row before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if not self.levels:
            return
        at = self.levels.index(self.level) + by if self.level in self.levels else 0
        self.go_to_level(self.levels[max(0, min(len(self.levels) - 1, at))])

    def fit_points(self, points: NDArray[float64], margin: float) -> None:
        """Fill each film's part of the canvas with ``(n, 2)`` places in the world."""
        height, width = (float(side) for side in self.viewer.canvas.viewbox_size(self.viewer.layers))
        if not fit(self.viewer, points, margin, (height, width)):
            self.viewer.reset_view()

    @abstractmethod
    def fit_vertebra(self) -> None:
        """Fit the vertebra and its neighbours."""
        ...

    @abstractmethod
    def fit_spine(self) -> None:
        """Fit all that was read."""
        ...

    def hide_overlay(self) -> None:
        """Hide the marks while the key is held."""
        for film in self.films:
            film.show_marks(shown=False)

    def hide_overlay_end(self) -> None:
        """Show the marks again."""
        for film in self.films:
            film.show_marks(shown=True)

    def automatic_window(self) -> None:
        """Window by percentiles, each film by its own."""
        for film in self.films:
            film.automatic_window()
        self.show_windows()

    def next_preset(self) -> None:
        """Use the next window of each film."""
        self._preset += 1
        for film in self.films:
            film.use_preset(self._preset)
        self.show_windows()

    def invert(self) -> None:
        """Show white as black and black as white."""
        for film in self.films:
            film.invert()
        self.show_windows()

    # Qt

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Give the keys back while the dock is closed."""
        self._give_keys()
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Take the keys when the dock is seen."""
        self._take_keys()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Let the viewer go when the dock is taken out of its window."""
        if event.type() == QEvent.Type.ParentChange and self.parentWidget() is None:
            self.clear()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Let the viewer go."""
        self.clear()
        super().closeEvent(event)
