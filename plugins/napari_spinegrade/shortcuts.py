"""Every key of the reading desk: what it is, what it does, where it stands in the help.

One table drives the binding, the tooltips and the help sheet; a reader's own keys replace those here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Action = Callable[[], object]


@frozen
class Shortcut:
    """A key, or several, for an action of the desk.

    ``action`` names a method of the desk; ``held`` actions are called again, with ``_end`` behind their
    name, when the key is let go.
    """

    action: str
    keys: tuple[str, ...]
    words: str
    group: str
    held: bool = False

    @property
    def key_words(self) -> str:
        """The keys as a reader reads them."""
        return " or ".join(_key_words(key) for key in self.keys)


_SAID = {"Control": "Ctrl", "PageDown": "Page down", "PageUp": "Page up", "Delete": "Del"}


def _key_words(key: str) -> str:
    parts = key.split("-") if key != "-" else ["-"]
    return " ".join(_SAID.get(part, part) for part in parts)


BY_WRITING = ("?",)
"""Keys that are known by what they write, as napari has no name for them."""

SHORTCUTS = (
    Shortcut("undo", ("Control-Z",), "Undo", "Reading"),
    Shortcut("redo", ("Control-Shift-Z", "Control-Y"), "Redo", "Reading"),
    Shortcut("next_landmark", (".",), "Next landmark", "Reading"),
    Shortcut("previous_landmark", (",",), "Landmark before", "Reading"),
    Shortcut("next_vertebra", ("PageDown",), "Next vertebra", "Reading"),
    Shortcut("previous_vertebra", ("PageUp",), "Vertebra before", "Reading"),
    Shortcut("go_on", ("Enter",), "Go on with the next landmark to do", "Reading"),
    Shortcut("not_visible", ("N",), "Landmark not visible", "Reading"),
    Shortcut("outside_image", ("O",), "Landmark outside the film", "Reading"),
    Shortcut("not_evaluable", ("X",), "Vertebra not evaluable, with a reason", "Reading"),
    Shortcut("remove", ("Delete",), "Remove the landmark", "Reading"),
    Shortcut("clear", ("Shift-Delete",), "Clear the vertebra", "Reading"),
    Shortcut("shift_up", ("[",), "All levels one up", "Reading"),
    Shortcut("shift_down", ("]",), "All levels one down", "Reading"),
    Shortcut("ask_counted_from", ("L",), "Where the counting of levels began", "Reading"),
    Shortcut("note", ("T",), "Note on the vertebra", "Reading"),
    Shortcut("comment", ("Shift-T",), "Comment on the film", "Reading"),
    Shortcut("ask_quality", ("Q",), "How well the vertebra is seen", "Reading"),
    Shortcut("save", ("S",), "Save now", "Reading"),
    Shortcut("nudge_up", ("Up",), "Nudge 1 pixel up", "Correcting"),
    Shortcut("nudge_down", ("Down",), "Nudge 1 pixel down", "Correcting"),
    Shortcut("nudge_left", ("Left",), "Nudge 1 pixel left", "Correcting"),
    Shortcut("nudge_right", ("Right",), "Nudge 1 pixel right", "Correcting"),
    Shortcut("fine_up", ("Shift-Up",), "Nudge 0.1 pixel up", "Correcting"),
    Shortcut("fine_down", ("Shift-Down",), "Nudge 0.1 pixel down", "Correcting"),
    Shortcut("fine_left", ("Shift-Left",), "Nudge 0.1 pixel left", "Correcting"),
    Shortcut("fine_right", ("Shift-Right",), "Nudge 0.1 pixel right", "Correcting"),
    Shortcut("grade_0", ("0",), "Your grade: 0", "Your own grade"),
    Shortcut("grade_half", ("5",), "Your grade: 0.5", "Your own grade"),
    Shortcut("grade_1", ("1",), "Your grade: 1", "Your own grade"),
    Shortcut("grade_2", ("2",), "Your grade: 2", "Your own grade"),
    Shortcut("grade_3", ("3",), "Your grade: 3", "Your own grade"),
    Shortcut("grade_none", ("G",), "Your grade: none", "Your own grade"),
    Shortcut("ask_form", ("B",), "Form of the vertebra: ABQ, mABQ, sABQ, mimics", "Your own grade"),
    Shortcut("answer_yes", ("Y",), "Yes to what the desk asks", "Films"),
    Shortcut("next_film", ("Shift-PageDown",), "Next film", "Films"),
    Shortcut("previous_film", ("Shift-PageUp",), "Film before", "Films"),
    Shortcut("new_reading", ("Shift-N",), "New reading of this film, the next occasion", "Films"),
    Shortcut("ask_patient", ("P",), "Patient: facts, classification, trends", "Films"),
    Shortcut("calibrate", ("R",), "Millimetres by two clicks on a ruler or ball", "Films"),
    Shortcut("stop_measuring", ("Escape",), "Leave the ruler", "Films"),
    Shortcut("hide_overlay", ("H",), "Hold to hide the marks", "Seeing", held=True),
    Shortcut("automatic_window", ("A",), "Window by percentiles", "Seeing"),
    Shortcut("next_preset", ("W",), "Next window of the film", "Seeing"),
    Shortcut("invert", ("I",), "Invert", "Seeing"),
    Shortcut("clahe", ("C",), "CLAHE preview on or off", "Seeing"),
    Shortcut("fit_vertebra", ("F",), "Fit the vertebra", "Seeing"),
    Shortcut("fit_spine", ("Shift-F",), "Fit the spine", "Seeing"),
    Shortcut("toggle_numbers", ("V",), "Computed values on or off", "Seeing"),
    Shortcut("show_help", ("?", "F1"), "This sheet", "Seeing"),
)


def with_keys(own: Mapping[str, str]) -> tuple[Shortcut, ...]:
    """Return the shortcuts with a reader's own keys, by action; several keys are split by spaces."""
    known = {one.action for one in SHORTCUTS}
    unknown = sorted(set(own) - known)
    if unknown:
        msg = f"shortcuts: expected actions of the reading desk, got {unknown[0]!r}"
        raise ValueError(msg)
    return tuple(
        evolve(one, keys=tuple(own[one.action].split())) if one.action in own else one for one in SHORTCUTS
    )


def by_group(shortcuts: tuple[Shortcut, ...] = SHORTCUTS) -> dict[str, list[Shortcut]]:
    """Return the shortcuts under their headings, in the order of the help sheet."""
    groups: dict[str, list[Shortcut]] = {}
    for one in shortcuts:
        groups.setdefault(one.group, []).append(one)
    return groups


def tips(shortcuts: tuple[Shortcut, ...] = SHORTCUTS) -> dict[str, str]:
    """Return the words of every action with its keys, as a tooltip has them."""
    return {one.action: f"{one.words} ({one.key_words})" for one in shortcuts}


def callbacks(
    desk: object, shortcuts: tuple[Shortcut, ...] = SHORTCUTS
) -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield every key with what napari is to call for it."""
    for one in shortcuts:
        for key in one.keys:
            yield key, _held(desk, one) if one.held else _pressed(desk, one)


def _pressed(desk: object, shortcut: Shortcut) -> Callable[..., object]:
    def press(_: object) -> None:
        getattr(desk, shortcut.action)()

    return press


def _held(desk: object, shortcut: Shortcut) -> Callable[..., Iterator[None]]:
    def hold(_: object) -> Iterator[None]:
        getattr(desk, shortcut.action)()
        yield
        getattr(desk, f"{shortcut.action}_end")()

    return hold
