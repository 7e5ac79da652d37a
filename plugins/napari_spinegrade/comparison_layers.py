"""Films with readings drawn on them, to look at and not to edit: layers of a viewer.

Everything of one film moves together.  The layers carry nothing by which a reading desk in the same viewer
would take them for films to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_spinegrade import display, layers, windowing
from napari_spinegrade.hidden_layers import seen
from napari_spinegrade.layers import NEXT
from spinegrade.anatomy import LEVELS
from spinegrade.radiograph import Rescale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Layer, Points, Vectors
    from numpy.typing import NDArray

    from napari_spinegrade.comparing import Dated
    from napari_spinegrade.display import Limits
    from napari_spinegrade.spread import Ellipses
    from spinegrade.radiograph import ImageIdentity, Radiograph

    Floats = NDArray[np.float64]
    Size = tuple[float, float]

_LINE = 1.3
"""Width of a line in screen pixels."""

_CASING = 3.4
"""Width of the dark line below a light one, which keeps it in sight on a light film."""

_RING, _DOT, _MEAN = 10, 8, 5
"""Largest sizes of marks in screen pixels: rings round landmarks, readers' landmarks, their means."""

_LEAST = 2
"""Least size; napari draws borders at least half as thick as this."""

_MARKS_ALONG = 180
"""How many marks would fit one below the other on a film that fills the screen."""

AWAY = 0.6
"""How far behind its body a name stands, in depths of the body."""

PAST_NAME = 0.82
"""How far behind its body a name ends at the zoom of a vertebra, in the same way."""

_BLANK = 40
"""Grey of what stands for a film that was not found."""

_RIGHT = 2

COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#b8c4ff")
"""Colours of readers, light enough for a dark film; the first six are of Okabe and Ito's set, which those who
see few colours can tell apart."""

SYMBOLS = ("disc", "square", "triangle_up", "diamond", "triangle_down", "star", "cross")


def marker(number: int) -> tuple[str, str]:
    """Return the colour and the symbol of a reader; 49 readers have each another pair."""
    return COLOURS[number % len(COLOURS)], SYMBOLS[(number + number // len(COLOURS)) % len(SYMBOLS)]


class FilmLayers:
    """A film, or a blank of its size, and what is drawn on it."""

    def __init__(
        self,
        viewer: ViewerModel,
        film: Radiograph | None,
        image: ImageIdentity,
        points: Floats,
        unit: str = "pixel",
    ) -> None:
        self.viewer, self.film = viewer, film
        self._units = (unit, unit)
        self.on_film: list[Layer] = []
        self._widths: dict[Vectors, float] = {}
        self._laid: tuple[Size, Size] | None = None
        self.shown = None if film is None else display.show(film)
        self.presets = [] if film is None else display.presets(film)
        self._blank = _blank_size(image, points) if film is None else None
        self.image = self._add_image()
        viewer.scene.camera.events.zoom.connect(self._fit_width)

    def _add_image(self) -> Image:
        if self.shown is None:
            grey = np.full((1, 1), _BLANK, np.uint8)
            return self.viewer.add_image(grey, contrast_limits=(0, 255), colormap="gray", units=self._units)
        image = self.viewer.add_image(
            self.shown.pixels,
            contrast_limits=self.shown.limits,
            colormap=windowing.WHITE_IS_LOW if self.shown.white_is_low else "gray",
            rgb=False,
            multiscale=False,
            units=self._units,
        )
        image.contrast_limits_range = self.shown.data_range
        return image

    def caption(self, words: str) -> None:
        """Write in the lower left corner which film this is."""
        self.image.name = f"{words} "  # the box that napari draws is a little short
        overlay = self.image.name_overlay
        overlay.font_size, overlay.box, overlay.visible = 10, True, True
        overlay.position = "bottom_left"

    def add_lines(self, name: str, width: float = _LINE, opacity: float = 1.0) -> Vectors:
        """Add a layer of lines on the film that are so many screen pixels wide at every zoom."""
        lines = self.viewer.add_vectors(
            np.zeros((0, 2, 2)),
            name=name,
            edge_width=1,
            vector_style="line",
            opacity=opacity,
            units=self._units,
        )
        self._widths[lines] = width
        return self._on_film(lines)

    def add_marks(self, name: str, size: int = 1) -> Points:
        """Add a layer of marks that are at most so many screen pixels large."""
        rows = 1 if self.film is None else self.film.pixels.shape[0]
        marks = self.viewer.add_points(
            np.zeros((0, 2)),
            name=name,
            size=max((self._blank or (rows,))[0] / _MARKS_ALONG, 1.0),
            canvas_size_limits=(_LEAST, max(size, _LEAST)),
            units=self._units,
        )
        marks.current_face_color = marks.current_border_color = "transparent"
        return self._on_film(marks)

    def _on_film(self, layer: Any) -> Any:  # noqa: ANN401  a layer of one kind or another
        self.on_film.append(layer)
        return layer

    @property
    def layers(self) -> list[Layer]:
        """All its layers, the lowest first."""
        return [self.image, *self.on_film]

    def lay(self, scale: Size, offset: Size) -> None:
        """Lay the film where its first pixel is at ``offset``, with pixels of this size."""
        if (scale, offset) == self._laid:
            return
        self._laid = scale, offset
        for layer in self.layers:
            layer.scale, layer.translate = scale, offset
        if self._blank is not None:
            size = np.array(self._blank, dtype=float)
            self.image.scale = size * scale
            self.image.translate = (size - 1) / 2 * scale + offset
        self._fit_width()

    def _fit_width(self) -> None:
        """Draw lines as wide on the screen at every zoom."""
        zoom = float(self.viewer.scene.camera.zoom)
        for lines, width in self._widths.items():
            lines.edge_width = width / max(zoom * float(lines.scale[-1]), 1e-6)

    def show_marks(self, *, shown: bool) -> None:
        """Show the bare film, or what is drawn on it too."""
        for layer in self.on_film:
            layer.visible = shown

    def remove(self) -> None:
        """Take everything away."""
        self.viewer.scene.camera.events.zoom.disconnect(self._fit_width)
        with self.viewer.layers.batched_update():  # else napari collects garbage after each of them
            for layer in self.layers:
                if layer in self.viewer.layers:
                    self.viewer.layers.remove(layer)

    # How it is shown

    @property
    def window_words(self) -> str:
        """The window as radiologists say it; empty for a blank."""
        if self.shown is None:
            return ""
        modality = Rescale() if self.shown.baked else self.shown.modality
        return display.window_words(tuple(self.image.contrast_limits), modality)

    def set_limits(self, limits: Limits) -> None:
        """Show the film between these stored values, which may lie beyond its own."""
        windowing.set_limits(self.image, limits)

    def automatic_window(self) -> None:
        """Window the film by percentiles."""
        if self.shown is not None:
            self.set_limits(display.automatic(self.shown.pixels))

    def use_preset(self, number: int) -> None:
        """Use one of the film's own windows, counting on from the first after the last."""
        if self.presets:
            self.set_limits(self.presets[number % len(self.presets)][1])

    def invert(self) -> None:
        """Show white as black and black as white."""
        if self.shown is not None:
            windowing.invert(self.image)


def _blank_size(image: ImageIdentity, points: Floats) -> tuple[int, int]:
    """Return rows and columns of a film that is not there: as recorded, else so that all landmarks fit."""
    placed = points.reshape(-1, 2)[~np.isnan(points.reshape(-1, 2)[:, 0])]
    far = placed.max(axis=0) * 1.1 if len(placed) else np.array([100.0, 100.0])
    return image.rows or max(1, int(far[0])), image.columns or max(1, int(far[1]))


def dragging_window(
    film_under: Callable[[Any], FilmLayers | None], windowed: Callable[[], object]
) -> Callable[..., Iterator[None]]:
    """Return what sets window and level of the film under the pointer by a drag with the right button."""

    def drag(viewer: ViewerModel, event: Any) -> Iterator[None]:  # noqa: ANN401  napari's event
        film = film_under(event) if event.button == _RIGHT else None
        if film is None or film.shown is None:
            return

        def use(limits: Limits) -> None:
            film.set_limits(limits)
            windowed()

        yield from windowing.drag_window(viewer, event, film.image, film.shown.data_range, use)

    return drag


class DateLayers(FilmLayers):
    """One of two dates: outlines by grade, levels beside them, rings on the level that is looked at."""

    def __init__(
        self, viewer: ViewerModel, film: Radiograph | None, dated: Dated, unit: str = "pixel"
    ) -> None:
        self.dated = dated
        super().__init__(viewer, film, dated.reading.image, dated.points, unit)
        self.outline = self.add_lines("outlines")
        self.labels = self.add_marks("levels")
        self.rings = self.add_marks("landmarks", _RING)
        _draw_lines(self.outline, *layers.outlines_of(dated.points, layers.colours_of(dated.numbers)))
        words = [f"{level}  {dated.numbers.grade_words(level)}".rstrip() for level in LEVELS]
        _label(self.labels, dated.points, words, layers.colours_of(dated.numbers))

    def choose(self, level: str) -> None:
        """Mark the landmarks of a level."""
        points = self.dated.points[LEVELS.index(level)]
        with seen([self.rings]):
            self.rings.data = points[~np.isnan(points[:, 0])]
            self.rings.face_color, self.rings.border_color = "transparent", NEXT
            self.rings.border_width = 0.12


class ReaderLayers(FilmLayers):
    """Several readers on one film: a colour and a symbol each, their means, and ellipses of their spread."""

    def __init__(
        self,
        viewer: ViewerModel,
        film: Radiograph | None,
        image: ImageIdentity,
        points: Floats,
        unit: str = "pixel",
    ) -> None:
        super().__init__(viewer, film, image, points, unit)
        self.points = points
        self.outline = self.add_lines("outlines of readers", opacity=0.6)
        self.dots = self.add_marks("landmarks of readers", _DOT)
        self.casing = self.add_lines("behind the spread", _CASING, opacity=0.5)
        self.ellipses = self.add_lines("spread (2 SD)")
        self.means = self.add_marks("mean landmarks", _MEAN)
        self.labels = self.add_marks("levels")
        self.spread_shown = True

    def draw(self, shown: Sequence[int], mean: Floats, ellipses: Ellipses) -> None:
        """Draw the readers of these numbers, and the mean and spread of their landmarks."""
        with seen(self.on_film):
            self._draw_readers(shown)
            self._draw_spread(mean, ellipses)

    def _draw_spread(self, mean: Floats, ellipses: Ellipses) -> None:
        placed = ~np.isnan(mean[..., 0])
        self.means.data = mean[placed]
        self.means.symbol, self.means.face_color, self.means.border_color = "cross", "white", "white"
        known = ~np.isnan(ellipses.radii[..., 0])
        rings = ellipses.outlines()[known]
        ways = np.roll(rings, -1, axis=1) - rings
        vectors = np.stack([rings, ways], axis=2).reshape(-1, 2, 2)
        _draw_lines(self.casing, vectors, ["black"] * len(vectors))
        _draw_lines(self.ellipses, vectors, ["white"] * len(vectors))
        _label(self.labels, mean, LEVELS, ["white"] * len(LEVELS))
        self._fit_width()

    def _draw_readers(self, shown: Sequence[int]) -> None:
        places, lines = [np.zeros((0, 2))], [np.zeros((0, 2, 2))]
        of_place, of_line = [], []
        for reader in shown:
            points = self.points[reader]
            vectors, of_edges = layers.outlines_of(points, [marker(reader)[0]] * len(LEVELS))
            lines.append(vectors)
            of_line += of_edges
            placed = points[~np.isnan(points[..., 0])]
            places.append(placed)
            of_place += [marker(reader)] * len(placed)
        _draw_lines(self.outline, np.concatenate(lines), of_line)
        self.dots.data = np.concatenate(places)
        if of_place:
            colours = [colour for colour, _ in of_place]
            self.dots.face_color, self.dots.border_color = colours, colours
            self.dots.symbol = [symbol for _, symbol in of_place]

    def show_spread(self, *, shown: bool) -> None:
        """Show means and ellipses, or the readers' landmarks alone."""
        self.spread_shown = shown
        self.ellipses.visible = self.casing.visible = self.means.visible = shown

    def show_marks(self, *, shown: bool) -> None:
        """Show the bare film, or what is drawn on it too."""
        super().show_marks(shown=shown)
        if shown:
            self.show_spread(shown=self.spread_shown)


def label_places(points: Floats, away: float = AWAY) -> Floats:
    """Return the ``(..., 2)`` places behind bodies, where their names stand clear of the endplates.

    ``away`` is in depths of the body.  NaN where a corner is not there.
    """
    front, back = points[..., (0, 3), :].mean(axis=-2), points[..., (2, 5), :].mean(axis=-2)
    places: Floats = back + away * (back - front)
    return places


def _draw_lines(layer: Vectors, vectors: Floats, colours: list[str]) -> None:
    layer.data = vectors
    if colours:
        layer.edge_color = colours


def _label(layer: Points, points: Floats, words: Sequence[str], colours: Sequence[str]) -> None:
    """Write words behind the bodies, one a level."""
    places = label_places(points)
    there = np.flatnonzero(~np.isnan(places[:, 0])).tolist()
    layer.data = places[there]
    if there:
        text, shades = [words[n] for n in there], [colours[n] for n in there]
        layer.text = {"string": text, "color": shades, "size": 9, "anchor": "center"}
