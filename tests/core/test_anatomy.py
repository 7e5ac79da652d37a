"""Levels, their order and ranges of them."""

from __future__ import annotations

import pytest

from spinegrade.anatomy import GRADED, LANDMARKS, LEVELS, STATUS_LEVELS, LevelRange, level_index, parse_range
from spinegrade.errors import LandmarkError


def test_levels_run_from_neck_to_sacrum():
    """There are 5 cervical, 12 thoracic and 6 lumbar levels, head first."""
    expected = "C3 C4 C5 C6 C7 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 L1 L2 L3 L4 L5 L6"
    assert expected.split() == list(LEVELS)


def test_landmarks_keep_the_order_of_the_files():
    """The six landmarks go along the upper endplate from the front, then along the lower one."""
    assert LANDMARKS == (
        "superior_anterior",
        "superior_middle",
        "superior_posterior",
        "inferior_anterior",
        "inferior_middle",
        "inferior_posterior",
    )


def test_graded_levels_are_the_thirteen_from_t4_to_l4():
    """T4-L4 are graded, and T7-L4 decide whether a spine can be read."""
    assert GRADED.levels == (*(f"T{n}" for n in range(4, 13)), "L1", "L2", "L3", "L4")
    assert STATUS_LEVELS.levels == GRADED.levels[3:]
    assert str(STATUS_LEVELS) == "T7-L4"


@pytest.mark.parametrize(("level", "place"), [("C3", 0), ("T1", 5), ("T12", 16), ("L1", 17), ("L6", 22)])
def test_level_index_is_the_place_on_the_axis(level, place):
    """A level is found at its place on the level axis."""
    assert level_index(level) == place


@pytest.mark.parametrize("level", ["T13", "C2", "t4", "", " T4"])
def test_unknown_level_is_refused(level):
    """A level that is not on the axis is refused with what was expected and what was got."""
    with pytest.raises(LandmarkError, match=rf"expected one of C3\.\.L6, got '{level}'"):
        level_index(level)


@pytest.mark.parametrize(
    ("text", "levels"),
    [("T12-L2", ("T12", "L1", "L2")), ("L3-L3", ("L3",)), ("C7-T1", ("C7", "T1")), ("all", LEVELS)],
)
def test_range_is_read_with_both_ends(text, levels):
    """A written range includes both its ends; ``all`` is every level."""
    assert parse_range(text).levels == levels


@pytest.mark.parametrize(
    "level_range", [GRADED, STATUS_LEVELS, LevelRange("C3", "L6"), LevelRange("L1", "L1")]
)
def test_range_reads_what_it_writes(level_range):
    """A range written as text and read again is the same range."""
    assert parse_range(str(level_range)) == level_range


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L4-T4", "upper level first, got 'L4-T4'"),
        ("T4", "two levels as in T4-L4, or all, got 'T4'"),
        ("T4:L4", "two levels as in T4-L4"),
        ("T4-L4 ", "two levels as in T4-L4"),
        ("T0-L4", r"C3\.\.L6, got 'T0'"),
        ("T4-L7", r"C3\.\.L6, got 'L7'"),
        ("", "two levels as in T4-L4"),
    ],
)
def test_unreadable_range_is_refused(text, words):
    """A range that cannot be meant is refused in one line that quotes it."""
    with pytest.raises(LandmarkError, match=words):
        parse_range(text)
