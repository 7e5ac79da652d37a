"""Films as pictures inside the page: as displayed, with square pixels, compressed, each of them once."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.errors import FormatError
from spinegrade.radiograph import preset_names
from spinegrade.report.box import Box

if TYPE_CHECKING:
    from spinegrade.io.film_match import Match
    from spinegrade.radiograph import Radiograph

LONGEST = 1800
"""Pixels along the longer side of an embedded picture; half a millimetre of a landmark is some three."""
_QUALITY = 88


@frozen
class Picture:
    """A film of the page: its element id, its data as a URI, where it lies, and the window it is shown by."""

    id: str
    uri: str
    box: Box
    window: str


class Pictures:
    """The films of a page, embedded as they are asked for."""

    def __init__(self, window: int = 1) -> None:
        self._window = window
        self._made: dict[object, Picture] = {}

    @property
    def all(self) -> list[Picture]:
        """The films that have been asked for, each once."""
        return list(self._made.values())

    def of(self, match: Match) -> Picture:
        """Return the picture of a film; the same for every reading of it.

        Raises
        ------
        FormatError
            If the film has no such window.
        """
        film = match.film
        spacing = film.calibration.spacing
        aspect = spacing.row / spacing.column
        key = (match.path.resolve(), film.facts.frame)
        if key not in self._made:
            rows, columns = film.pixels.shape
            box = Box(-0.5, -0.5 * aspect, columns - 0.5, (rows - 0.5) * aspect)
            window = self._words(match)
            uri = data_uri(film, self._window - 1, aspect)
            self._made[key] = Picture(f"film-{len(self._made) + 1}", uri, box, window)
        return self._made[key]

    def _words(self, match: Match) -> str:
        """Return what the window is called."""
        names = preset_names(match.film.display.presets) or ["the range of its values"]
        if self._window > len(names):
            msg = f"{match.path}: --window: expected 1 to {len(names)}, got {self._window}"
            raise FormatError(msg)
        return names[self._window - 1]


def data_uri(film: Radiograph, preset: int, aspect: float) -> str:
    """Return a film as displayed, as the data URI of a JPEG with square pixels.

    ``aspect`` is the height of a pixel over its width.
    """
    from PIL import Image

    shown = Image.fromarray(film.shown(preset))
    width, height = max(1.0, 1.0 / aspect) * shown.width, max(1.0, aspect) * shown.height
    scale = min(1.0, LONGEST / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size != shown.size:
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    shown.save(file, format="JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
