"""What of a viewer the patient panel takes notice of: the film, the reading under way, what is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy import compat

from napari_spinegrade.done import done_words
from napari_spinegrade.gathering import taken_on
from napari_spinegrade.patient_readings import FOLDERS
from napari_spinegrade.patient_session import Seen
from napari_spinegrade.readers import KEY
from napari_spinegrade.saving import Held
from napari_spinegrade.widgets.desk import DESKS
from napari_spinegrade.widgets.findings import HIDDEN
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from datetime import date

    import napari

    from napari_spinegrade.widgets.desk import ReadingDesk


def desk_in(viewer: napari.viewer.Viewer) -> ReadingDesk | None:
    """Return the reading desk of a viewer, that which reads a film first."""
    desks = [one for one in DESKS if one.viewer is viewer and compat.isalive(one)]  # type: ignore[no-untyped-call]
    return max(desks, key=lambda one: one.opened is not None, default=None)


def what_is_open(viewer: napari.viewer.Viewer) -> Seen:
    """Return the film and reading at the desk; without a desk the film on top."""
    desk = desk_in(viewer)
    if desk is None or desk.opened is None or desk.binding is None:
        films = [one for one in viewer.layers if "film" in one.metadata.get(KEY, {}) and one.visible]
        return Seen(Path(films[-1].metadata[KEY]["path"]) if films else None)
    held = desk.opened.held
    return Seen(
        film=Path(desk.binding.film.metadata[KEY]["path"]),
        reading=desk.opened.editor.reading,
        kept=held.path if isinstance(held, Held) else None,
        hidden=HIDDEN if desk.hidden_numbers or desk.numbers_forbidden else "",
    )


def done_since(before: Seen, now: Seen) -> str:
    """Return what was done to the film's reading, in words: the desk, which would show it, may be covered."""
    if before.film != now.film or before.reading is None or now.reading is None:
        return ""
    return done_words(before.reading, now.reading)


def last_change(film: Path | None) -> tuple[int, ...]:
    """Return what tells whether files were added beside a film, or among the readings there."""
    folders = () if film is None else tuple(film.parent / name for name in FOLDERS)
    stamps = []
    for folder in folders:
        try:
            stamps.append(folder.stat().st_mtime_ns)
        except OSError:
            stamps.append(0)
    return tuple(stamps)


def film_date(viewer: napari.viewer.Viewer) -> date | None:
    """Return when the film at the desk was taken, by its header; None where that does not say."""
    desk = desk_in(viewer)
    if desk is None or desk.binding is None:
        return None
    facts = desk.binding.film.metadata[KEY]
    try:
        return taken_on(Path(facts["path"]), facts["film"])
    except SpinegradeError:
        return None
