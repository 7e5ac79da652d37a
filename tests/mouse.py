"""A mouse for napari's callbacks, without a window: what a canvas would hand over."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np


def event(binding, kind, place, *, button=1, moved=(0, 0), modifiers=()):
    """Return an event over a row and column of the film; ``moved`` is in screen pixels, right and down."""
    world = tuple(np.array(place) * np.array(binding.film.scale[-2:]))
    return SimpleNamespace(type=kind, button=button, position=world, pos=moved, modifiers=list(modifiers))


def gesture(binding, places, *, button=1, moved=None, modifiers=()):
    """Press at the first place, move over the others, release at the last, as napari calls its callbacks."""
    moved = moved or [(0, 0)] * len(places)
    seen = event(binding, "mouse_press", places[0], button=button, moved=moved[0], modifiers=modifiers)
    going = binding._on_press(binding.viewer, seen)
    if next(going, StopIteration) is StopIteration:
        return
    for place, at in zip(places[1:], moved[1:], strict=True):
        vars(seen).update(vars(event(binding, "mouse_move", place, button=button, moved=at)))
        next(going)
    vars(seen).update(vars(event(binding, "mouse_release", places[-1], button=button, moved=moved[-1])))
    next(going, None)


def click(binding, row, column, **how):
    """Click on a place of the film."""
    gesture(binding, [(row, column)], **how)
