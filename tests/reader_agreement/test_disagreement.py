"""Which films readers differ on most, and what each of them said there."""

from __future__ import annotations

import pytest

from reader_agreement.graded import compared, spine, two_by_two
from reader_agreement.test_scatter import moved, placed
from spinegrade.reader_agreement.disagreement import most_disputed, most_scattered


def test_the_worst_film_comes_first_and_those_without_disagreement_not_at_all():
    spines = [
        *two_by_two(),
        spine("C", "R1", (0, 2, 0, 0)),
        spine("C", "R2", (0, 0, 0, 0)),
    ]
    worst = most_disputed(compared("grade", *spines), 5)
    assert [(one.exam, one.patient, one.apart) for one in worst] == [
        ("C-film", "C", 1.0),
        ("A-film", "A", 0.25),
    ]
    assert [(one.level, one.apart, one.said) for one in worst[0].splits] == [
        ("T11", 4.0, {"R1": 2.0, "R2": 0.0})
    ]
    assert len(most_disputed(compared("grade", *spines), 1)) == 1


def test_levels_are_in_order_of_their_disagreement():
    spines = [spine("A", "R1", (1, 3, 2, 0)), spine("A", "R2", (0, 0, 0, 0))]
    (worst,) = most_disputed(compared("grade", *spines), 5)
    assert [one.level for one in worst.splits] == ["T11", "T12", "T10"]


def test_shapes_differ_or_not():
    (worst,) = most_disputed(compared("shape", *two_by_two()), 5)
    assert worst.apart == pytest.approx(1 / 4)
    assert worst.splits[0].said == {"R1": 1.0, "R2": 0.0}


def test_spines_have_no_level():
    (worst,) = most_disputed(compared("sdi", *two_by_two(), by="patient"), 5)
    assert [(one.level, one.said) for one in worst.splits] == [("", {"R1": 4.0, "R2": 3.0})]


def test_landmarks_farthest_apart():
    frames = [spine(patient, "R1", (0, 0, 0, 0)) for patient in "ABC"]
    frames += [
        moved(spine(patient, "R2", (0, 0, 0, 0)), by) for patient, by in (("A", 1.0), ("B", 5.0), ("C", 0.0))
    ]
    assert most_scattered(placed(*frames), 5) == [("B", "B-film"), ("A", "A-film")]
