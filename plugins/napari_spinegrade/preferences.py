"""What a reader has set in napari's preferences for this plugin; sensible defaults where nothing is set."""

from __future__ import annotations

import getpass
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from napari_spinegrade.editor import LANDMARK_ORDERS, ROUND, Order
from napari_spinegrade.shortcuts import Shortcut, with_keys
from spinegrade.assess import Method, PointSd


@frozen
class Preferences:
    """How a reader wants to read; ``landmark_error_mm`` is 0 where it is not known."""

    reader: str
    upwards: bool = False
    landmark_error_mm: float = 0.0
    hide_computed: bool = False
    keys: str = ""
    landmark_order: str = "round the body"
    patient_tables: Path | None = None
    koerber_weights: Path | None = None

    @property
    def order(self) -> Order:
        """The order of placing."""
        return Order(LANDMARK_ORDERS.get(self.landmark_order, ROUND), upwards=self.upwards)

    @property
    def shortcuts(self) -> tuple[Shortcut, ...]:
        """The keys of the desk, with the reader's own.

        Raises
        ------
        ValueError
            If an action is unknown, or ``undo=U, redo=R`` is not how they are given.
        """
        pairs = [part.partition("=") for part in self.keys.split(",") if part.strip()]
        wrong = [name for name, sign, key in pairs if not (sign and key.strip())]
        if wrong:
            msg = f"keys: expected an action and its key as in undo=U, got {wrong[0].strip()!r}"
            raise ValueError(msg)
        return with_keys({name.strip(): key.strip() for name, _, key in pairs})

    @property
    def method(self) -> Method:
        """How to grade: by the default rule, with probabilities where the landmark error is known."""
        error = PointSd(self.landmark_error_mm, "mm") if self.landmark_error_mm > 0 else None
        return Method(point_sd=error)


def preferences() -> Preferences:
    """Return the reader's preferences; the reader's name is that on this computer unless another is set."""
    try:
        from napari.settings import get_plugin_settings

        found = get_plugin_settings("spinegrade").reading
    except (ImportError, AttributeError, KeyError, ValueError):  # a napari that does not know the plugin
        return Preferences(_login())
    return Preferences(
        found.reader_name.strip() or _login(),
        str(found.direction) == "upwards",
        float(found.landmark_error_mm),
        bool(found.hide_computed),
        str(found.keys),
        str(found.landmark_order),
        Path(found.patient_tables) if found.patient_tables.strip() else None,
        Path(found.koerber_weights) if found.koerber_weights.strip() else None,
    )


def keep_patient_tables(where: Path) -> None:
    """Keep the tables of patients that were chosen, for films that have none beside them."""
    _keep("patient_tables", where)


def keep_koerber_weights(where: Path) -> None:
    """Keep the file of weights that was chosen, for the next time."""
    _keep("koerber_weights", where)


def _keep(name: str, where: Path) -> None:
    with suppress(ImportError, AttributeError, KeyError, ValueError):  # as above
        from napari.settings import get_plugin_settings

        setattr(get_plugin_settings("spinegrade").reading, name, str(where.resolve()))


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # nobody in particular, as in a container
        return "reader"
