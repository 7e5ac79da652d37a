"""One table of keys: everything it names is there, nothing is there twice, the guide has them all."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from napari_spinegrade.shortcuts import SHORTCUTS, by_group, callbacks, with_keys

GUIDE = (Path(__file__).parents[2] / "docs" / "reading-desk.md").read_text(encoding="utf-8")


def test_no_key_does_two_things():
    keys = [key for one in SHORTCUTS for key in one.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("shortcut", SHORTCUTS, ids=lambda one: one.action)
def test_guide_has_every_key(shortcut):
    assert f"| {shortcut.key_words} | {shortcut.words} |" in GUIDE


def test_groups_have_them_all():
    assert sorted(one.action for some in by_group().values() for one in some) == sorted(
        one.action for one in SHORTCUTS
    )


def test_reader_can_have_other_keys_and_several():
    changed = {one.action: one.keys for one in with_keys({"undo": "U Control-Z"})}
    assert changed["undo"] == ("U", "Control-Z")
    assert changed["redo"] == ("Control-Shift-Z", "Control-Y")


def test_keys_for_what_the_desk_does_not_do_are_refused():
    with pytest.raises(ValueError, match="expected actions of the reading desk, got 'fly'"):
        with_keys({"fly": "F"})


def test_key_calls_its_action_and_a_held_one_its_end():
    done = []
    desk = SimpleNamespace(
        **{one.action: lambda name=one.action: done.append(name) for one in SHORTCUTS},
        hide_overlay_end=lambda: done.append("end"),
    )
    found = dict(callbacks(desk))
    found["Control-Z"](None)
    holding = found["H"](None)
    next(holding)
    assert done == ["undo", "hide_overlay"]
    next(holding, None)
    assert done[-1] == "end"
