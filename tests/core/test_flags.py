"""Remarks on findings: bits in arrays, words in files."""

from __future__ import annotations

import numpy as np
import pytest

from spinegrade.flags import Flag, flag_words


def test_flags_are_single_bits_of_sixteen():
    """Every flag is a bit of its own, and all fit the 16-bit arrays that hold them."""
    bits = [int(flag) for flag in Flag]
    assert sorted(bits) == [1 << place for place in range(len(bits))]
    assert max(bits) <= np.iinfo(np.uint16).max


def test_area_flags_follow_each_other():
    """The flags of the area's grades are consecutive bits, as grading shifts from one to the next."""
    assert [Flag.AREA_GRADE_0 << grade for grade in range(4)] == [
        Flag.AREA_GRADE_0,
        Flag.AREA_GRADE_1,
        Flag.AREA_GRADE_2,
        Flag.AREA_GRADE_3,
    ]


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (0, ""),
        (2, "incomplete"),
        (Flag.NEIGHBOUR_BASE | Flag.ONE_NEIGHBOUR, "one_neighbour neighbour_base"),
        (np.uint16(1 + 4096), "outside_range area_grade_3"),
    ],
)
def test_words_name_the_bits_that_are_set(mask, words):
    """A mask is written as the lower-case names of its flags, lowest bit first."""
    assert flag_words(mask) == words


def test_every_flag_has_a_word_of_its_own():
    """The word of a flag leads back to the flag."""
    for flag in Flag:
        assert Flag[flag_words(flag).upper()] is flag
