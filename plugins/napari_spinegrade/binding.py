"""Between napari and the editor: mouse to actions, readings to layers.

The layers are a view.  Whatever napari itself does to them is drawn over from the editor again.  Left click
places, left drag on a landmark corrects it, left drag elsewhere pans, right drag sets window and level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_spinegrade import layers, windowing
from napari_spinegrade.editor import Place
from napari_spinegrade.hidden_layers import seen
from napari_spinegrade.live import Numbers, measure
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Layer, Points, Vectors
    from numpy.typing import NDArray

    from napari_spinegrade.editor import ReadingEditor
    from spinegrade.assess import Method

    Floats = NDArray[np.float64]
    Ruled = Callable[[tuple[float, float], tuple[float, float]], object]

CLICK_REACH = 5.0
"""Screen pixels that the mouse may move between press and release of a click."""
DRAG_REACH = 3.0
"""Screen pixels that the mouse has to leave behind before a landmark follows it."""
GRAB_REACH = 9.0
"""Screen pixels from a landmark within which a press takes hold of it."""

PICK_REACH = 4.0
"""Screen pixels within which a click goes to a landmark instead of placing the next beside it."""

_LINE = 1.3
"""Width of an outline in screen pixels."""
_MARK = (2, 11)
"""Least and largest size of a landmark's ring in screen pixels; what it marks is seen inside it.

napari draws the ring half as thick as the least size, at least.
"""
_MARKS_ALONG = 80
"""How many rings would fit one below the other on a film that fills the screen."""

_LEFT, _RIGHT = 1, 2


class Binding:
    """One film in a viewer, with the reading that is made of it."""

    pointed = Signal(float, float)
    """The pointer is over this row and column of the film."""
    grabbed = Signal(object)
    """A landmark is being dragged: its `Place`, or None when it is let go."""
    measured = Signal(object)
    """The numbers are others: a `Numbers`."""
    said = Signal(str)
    """Something to tell the reader, as that a click fell outside the film."""
    windowed = Signal()
    """The film's window is another."""

    def __init__(
        self,
        viewer: ViewerModel,
        film: Image,
        editor: ReadingEditor,
        method: Method,
        *,
        hidden_numbers: bool = False,
    ) -> None:
        self.viewer, self.film, self.editor, self.method = viewer, film, editor, method
        self.hidden_numbers = hidden_numbers
        self._drawing = False
        self._marked = ""
        self.asleep = False
        """Whether the mouse is left to napari, as while the desk is hidden."""
        self._drawn: dict[str, object] = {}
        film.contrast_limits_range = film.metadata["spinegrade"]["data_range"]
        self._ruler: tuple[list[tuple[float, float]], Ruled] | None = None
        self.numbers: Numbers = measure(editor.shown, method)
        self.outline, self.labels, self.marks = self._add_layers()
        self._listen()
        self._fit_width()
        self.draw()

    # Layers

    @property
    def drawn(self) -> tuple[Layer, ...]:
        """The layers that show the reading."""
        return self.marks, self.labels, self.outline

    def _add_layers(self) -> tuple[Vectors, Points, Points]:
        """Add the layers, all in the film's scale and units, and give the film's landmarks the focus."""
        alike: dict[str, Any] = {"scale": self.film.scale, "units": self.film.units}
        alike["axis_labels"] = self.film.axis_labels
        nothing = np.zeros((0, 2))
        outline = self.viewer.add_vectors(
            np.zeros((0, 2, 2)), name="outlines", edge_width=1, vector_style="line", **alike
        )
        labels = self.viewer.add_points(nothing, name="levels", size=1, **alike)
        marks = self.viewer.add_points(
            nothing,
            name="landmarks",
            size=max(1.0, self.film.data.shape[0] / _MARKS_ALONG),
            canvas_size_limits=_MARK,
            features={"level": [], "landmark": []},
            **alike,
        )
        for layer, border in ((marks, 0.05), (labels, 0.0)):
            layer.current_face_color, layer.current_border_width = "transparent", border
            layer.current_border_color = "white" if border else "transparent"
        for layer in (marks, labels, outline):
            layer.help = ""  # napari's names keys that are the desk's
        marks.metadata["spinegrade"] = {}
        self.viewer.layers.selection.active = marks
        return outline, labels, marks

    def draw(self) -> None:
        """Draw the reading as the editor shows it."""
        reading = self.editor.shown
        self.numbers = measure(reading, self.method)
        shown = None if self.hidden_numbers else self.numbers
        self._drawing = True
        try:
            with seen([self.marks, self.outline, self.labels]):
                self._draw_marks(layers.marks_of(reading))
                self._draw_outline(layers.outlines_of(reading.landmarks, layers.colours_of(shown)))
                self._draw_labels(*layers.labels_of(reading, shown, self._marked))
        finally:
            self._drawing = False
        self.marks.metadata["spinegrade"] = {"reading": self.editor.reading}
        self.measured.emit(self.numbers)

    def mark(self, level: str) -> None:
        """Put a sign before a level on the film, as while a form asks about it; empty for none."""
        if level != self._marked:
            self._marked = level
            self.draw()

    def _draw_marks(self, marks: layers.Marks) -> None:
        self._marks = marks
        self._set(self.marks, marks.places)
        if self._is_new("names", (marks.levels, marks.landmarks)):
            self.marks.features = marks.features
            self._drawn.pop("marks", None)
            self.marks.selected_data = set()
        self._colour_marks()

    def _colour_marks(self) -> None:
        """Give the landmark at the cursor its own colour."""
        cursor = self.editor.cursor
        at = [
            cursor is not None and (level, name) == (cursor.level, cursor.landmark)
            for level, name in zip(self._marks.levels, self._marks.landmarks, strict=True)
        ]
        colours = [layers.NEXT if here else "white" for here in at]
        if self._is_new("marks", colours) and colours:
            self.marks.border_color = colours

    def _draw_outline(self, outline: tuple[Floats, list[str]]) -> None:
        vectors, colours = outline
        self._set(self.outline, vectors)
        if self._is_new("outlines", colours) and colours:
            self.outline.edge_color = colours

    def _draw_labels(self, places: Floats, words: list[str], colours: list[str]) -> None:
        """Draw the labels; while a landmark is dragged they follow only what they say."""
        dragged = self.editor.shown is not self.editor.reading
        new = self._is_new("labels", (words, colours))
        if dragged and not new:
            return
        self.labels.data = places
        if new and words:
            self.labels.text = {"string": words, "color": colours, "size": 9, "anchor": "center"}

    def _set(self, layer: Points | Vectors, data: Floats) -> None:
        """Give a layer its data; while a landmark is dragged without what else napari does for new data.

        It would look over the extents and sliders of the whole viewer, which takes three times as long as
        everything else.
        """
        if self.editor.shown is self.editor.reading or layer.data.shape != data.shape:
            layer.data = data
            return
        layer.data[:] = data
        layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _is_new(self, what: str, drawn: object) -> bool:
        """Return whether something is to be drawn otherwise than it was; napari takes long to do it again."""
        before, self._drawn[what] = self._drawn.get(what), drawn
        return before != drawn

    def _fit_width(self) -> None:
        """Draw lines as wide on the screen at every zoom, so that they never cover an endplate."""
        on_screen = float(self.viewer.scene.camera.zoom * self.film.scale[-1])
        self.outline.edge_width = _LINE / max(on_screen, 1e-6)

    # Listening

    def _listen(self) -> None:
        self.editor.changed.connect(self.draw)
        self.editor.moved.connect(self._colour_marks)
        self.viewer.scene.camera.events.zoom.connect(self._fit_width)
        self.viewer.mouse_drag_callbacks.append(self._on_press)
        self.viewer.mouse_move_callbacks.append(self._on_move)
        self._double_clicks = list(self.viewer.mouse_double_click_callbacks)
        self.viewer.mouse_double_click_callbacks[:] = [self._on_double_click]
        for layer in (self.marks, self.labels, self.outline):
            layer.events.data.connect(self._on_foreign_change)
            layer.events.mode.connect(self._on_mode)

    def close(self) -> None:
        """Stop listening and take the layers away; the reading is the editor's."""
        self.editor.changed.disconnect(self.draw)
        self.editor.moved.disconnect(self._colour_marks)
        for callbacks, mine in (
            (self.viewer.mouse_drag_callbacks, self._on_press),
            (self.viewer.mouse_move_callbacks, self._on_move),
        ):
            if mine in callbacks:
                callbacks.remove(mine)
        self.viewer.scene.camera.events.zoom.disconnect(self._fit_width)
        self.viewer.mouse_double_click_callbacks[:] = self._double_clicks
        for layer in (self.marks, self.labels, self.outline):
            layer.events.data.disconnect(self._on_foreign_change)
            layer.events.mode.disconnect(self._on_mode)
        with self.viewer.layers.batched_update():  # else napari collects garbage after each of them
            for layer in (self.marks, self.labels, self.outline):
                if layer in self.viewer.layers:
                    self.viewer.layers.remove(layer)

    def _on_foreign_change(self, event: Any) -> None:  # noqa: ANN401  napari's event
        """Draw over what napari did to a layer; adding and removing is announced before and after."""
        if not self._drawing and str(getattr(event, "action", "changed")) in _AFTERWARDS:
            self.draw()

    def _on_mode(self) -> None:
        """Keep napari's own placing and selecting out of the way."""
        for layer in (self.marks, self.labels, self.outline):
            if str(layer.mode) != "pan_zoom":
                layer.mode = "pan_zoom"

    # The mouse

    def on_film(self, position: Sequence[float]) -> tuple[float, float]:
        """Return row and column of the film for a place in the viewer's world."""
        row, column = self.film.world_to_data(position)[-2:]
        return float(row), float(column)

    def _on_move(self, _: object, event: Any) -> None:  # noqa: ANN401  napari's event
        self.pointed.emit(*self.on_film(event.position))

    def _on_press(self, _: object, event: Any) -> Iterator[None]:  # noqa: ANN401  napari's event
        if self.asleep:
            return
        if event.button == _RIGHT:
            yield from self._window(event)
        elif event.button == _LEFT and not event.modifiers:
            held = self._mark_at(event) if self._ruler is None else None
            yield from self._click(event) if held is None else self._drag(held, event)

    def _on_double_click(self, _: object, event: Any) -> None:  # noqa: ANN401  napari's event
        """Take the second of two quick clicks, which Qt calls a double click, as the click it is."""
        if event.button == _LEFT and not self.asleep and self._mark_at(event, PICK_REACH) is None:
            self._clicked(self.on_film(event.position))

    def _click(self, event: Any) -> Iterator[None]:  # noqa: ANN401  napari's event
        """Place on release, unless the mouse was moved away: that is a pan."""
        start = np.array(event.pos, dtype=float)
        yield
        farthest = 0.0
        while event.type == "mouse_move":
            farthest = max(farthest, float(np.linalg.norm(np.array(event.pos) - start)))
            yield
        if farthest <= CLICK_REACH:
            self._clicked(self.on_film(event.position))

    def _clicked(self, place: tuple[float, float]) -> None:
        """Place a landmark, or an end of the ruler."""
        if self._ruler is None:
            self._act(lambda: self.editor.place(*place))
            return
        ends, ruled = self._ruler
        ends.append(place)
        if len(ends) == 1:
            self.said.emit("Now the other end; Escape leaves it")
        else:
            self._ruler = None
            ruled(ends[0], ends[1])

    def stop_measuring(self) -> bool:
        """Take clicks as landmarks again, and return whether they were a ruler's."""
        measuring, self._ruler = self._ruler is not None, None
        return measuring

    def measure_next(self, ruled: Ruled) -> None:
        """Take the next two clicks as the ends of a ruler, and hand them over."""
        self._ruler = ([], ruled)

    def _drag(self, held: int, event: Any) -> Iterator[None]:  # noqa: ANN401  napari's event
        """Correct a landmark: it keeps its distance from the pointer, and lands on release."""
        place = Place(self._marks.levels[held], self._marks.landmarks[held])
        start = np.array(self.on_film(event.position))
        offset, pressed = self._marks.places[held] - start, np.array(event.pos, dtype=float)
        moved = False
        with windowing.held_still(self.viewer):
            try:
                yield
                while event.type == "mouse_move":
                    moved = moved or float(np.linalg.norm(np.array(event.pos) - pressed)) > DRAG_REACH
                    if moved:
                        to = np.array(self.on_film(event.position)) + offset
                        self._act(lambda to=to: self.editor.preview(place, *to))  # type: ignore[misc]
                        self.grabbed.emit(place)
                        self.pointed.emit(*to)
                    yield
            finally:
                self.grabbed.emit(None)
        if moved:
            to = np.array(self.on_film(event.position)) + offset
            self._act(lambda: self.editor.correct(place, *to))
            self.editor.end_preview()
        elif self._mark_at(event, PICK_REACH) == held or self.editor.cursor is None:
            self.editor.go_to(place)
        else:
            self._clicked(self.on_film(event.position))

    def _window(self, event: Any) -> Iterator[None]:  # noqa: ANN401  napari's event
        """Set window and level."""
        data_range = self.film.metadata["spinegrade"]["data_range"]
        yield from windowing.drag_window(self.viewer, event, self.film, data_range, self.set_limits)

    def set_limits(self, limits: tuple[float, float]) -> None:
        """Show the film between these stored values, which may lie beyond its own."""
        windowing.set_limits(self.film, limits)
        self.windowed.emit()

    def _mark_at(self, event: Any, reach: float = GRAB_REACH) -> int | None:  # noqa: ANN401  napari's event
        """Return the landmark within so many screen pixels of the pointer."""
        scale = self.film.scale[-2:]
        column_on_screen = float(self.viewer.scene.camera.zoom * scale[1])
        place = np.array(self.on_film(event.position))
        return layers.nearest_mark(self._marks, place, reach / column_on_screen, scale[0] / scale[1])

    def _act(self, action: Callable[[], object]) -> None:
        """Do what the reader asked for, and say so where it cannot be done."""
        try:
            action()
        except SpinegradeError as error:
            self.said.emit(str(error))


_AFTERWARDS = ("added", "removed", "changed", "ActionType.ADDED", "ActionType.REMOVED", "ActionType.CHANGED")
