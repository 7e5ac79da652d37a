"""Ratings: what is refused, and how they are taken apart."""

from __future__ import annotations

import numpy as np
import pytest

from spinegrade.agreement import (
    against_rest,
    cohen_kappa,
    dichotomise,
    percent_agreement,
    rate,
    rate_evaluability,
    split,
    stack_occasions,
)
from spinegrade.errors import ReadingError, SpinegradeError

nan = float("nan")
GRADES = (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"values": [1, 2]}, SpinegradeError, "expected an array of items x readers, got 1 axes"),
        (
            {"values": [[1, np.inf]]},
            ReadingError,
            "rating of item 0 by reader 1: expected a finite number, got inf",
        ),
        (
            {"values": [[0, 4]], "categories": GRADES},
            ReadingError,
            "item 0 by reader 1: expected 0, 1, 2, 3, got 4",
        ),
        ({"values": [[0, 0.5]], "categories": GRADES}, ReadingError, "expected 0, 1, 2, 3, got 0.5"),
        (
            {"values": [[0, 1]], "categories": (1, 0)},
            SpinegradeError,
            r"expected finite numbers that ascend, got \[1, 0\]",
        ),
        ({"values": [[0, 1]], "categories": ()}, SpinegradeError, "finite numbers that ascend"),
        ({"values": [[0, 1]], "categories": (0, nan)}, SpinegradeError, "finite numbers that ascend"),
        ({"values": [[0, 1]], "readers": ["R1"]}, SpinegradeError, "expected 2 different names, got R1"),
        (
            {"values": [[0, 1]], "readers": ["R1", "R1"]},
            SpinegradeError,
            "expected 2 different names, got R1, R1",
        ),
        (
            {"values": [[0, 1]], "clusters": [1, 2]},
            SpinegradeError,
            r"expected one for each of 1 items, got shape \(2,\)",
        ),
        (
            {"values": [[0, 1]], "clusters": [nan]},
            ReadingError,
            "expected a label for every item, got none for item 0",
        ),
    ],
)
def test_what_cannot_be_rated_is_refused(given, error, match):
    with pytest.raises(error, match=match):
        rate(**given)


@pytest.mark.parametrize(
    "labels", [["b", "a", "b", "c"], [7, 3, 7, 900], [2.5, 1.5, 2.5, 9.0], [1, 0, 1, 2], [-4, -9, -4, 0]]
)
def test_clusters_are_numbered_in_the_order_of_their_labels(labels):
    assert rate(np.zeros((4, 2)), clusters=labels).clusters.tolist() == [1, 0, 1, 2]


def test_items_stand_alone_without_clusters():
    ratings = rate(np.zeros((3, 2)))
    assert ratings.cluster_count == 3
    assert ratings.readers == ("1", "2")


def test_categories_have_to_be_declared():
    with pytest.raises(
        SpinegradeError, match="categories of 1 and 2: expected them to be declared, got none"
    ):
        cohen_kappa(rate([[0, 1]]))


def test_a_pair_is_what_both_read():
    """Clusters that they have nothing of are gone."""
    ratings = rate([[0, nan, 1], [1, 1, 1], [nan, 2, 3], [2, nan, 2]], GRADES, [5, 5, 6, 8], ["A", "B", "C"])
    pair = ratings.pair(0, 2)
    assert pair.values.tolist() == [[0, 1], [1, 1], [2, 2]]
    assert (pair.clusters.tolist(), pair.readers) == ([0, 0, 1], ("A", "C"))
    assert [one.readers for one in ratings.pairs()] == [("A", "B"), ("A", "C"), ("B", "C")]
    assert ratings.pair(0, 1).values.tolist() == [[1, 1]]


def test_groups_by_labels():
    ratings = rate([[0, 0], [1, 0], [1, 1]], (0, 1), clusters=["p", "q", "q"])
    parts = split(ratings, ["T8", "L1", "T8"])
    assert list(parts) == ["L1", "T8"]
    assert parts["T8"].values.tolist() == [[0, 0], [1, 1]]
    assert parts["L1"].cluster_count == 1
    with pytest.raises(SpinegradeError, match=r"groups: expected one for each of 3 items, got shape \(1,\)"):
        split(ratings, ["T8"])


def test_grades_in_two():
    """A gap stays a gap; a grade on the bound counts."""
    found = dichotomise(rate([[0, 1], [nan, 3]], GRADES), at_least=1)
    np.testing.assert_array_equal(found.values, [[0, 1], [nan, 1]])
    assert found.categories == (0.0, 1.0)


def test_evaluability_is_a_rating_of_its_own():
    """Who was asked and gave no grade said no; who was not asked said nothing."""
    ratings = rate([[0, nan], [nan, nan], [2, 2]], GRADES)
    np.testing.assert_array_equal(rate_evaluability(ratings).values, [[1, 0], [0, 0], [1, 1]])
    asked = [[True, True], [True, False], [True, True]]
    np.testing.assert_array_equal(rate_evaluability(ratings, asked).values, [[1, 0], [0, nan], [1, 1]])
    assert percent_agreement(rate_evaluability(ratings)).value == pytest.approx(2 / 3)
    with pytest.raises(
        SpinegradeError, match=r"asked: expected shape \(3, 2\) as the ratings have, got \(2,\)"
    ):
        rate_evaluability(ratings, [True, True])


def test_occasions_of_all_readers_below_each_other():
    values = np.array([[[0, 1], [2, 2]], [[1, 1], [nan, 0]]])
    found = stack_occasions(values, GRADES, ["p", "q"])
    np.testing.assert_array_equal(found.values, [[0, 1], [2, 2], [1, 1], [nan, 0]])
    assert found.clusters.tolist() == [0, 0, 1, 1]
    assert found.readers == ("occasion 1", "occasion 2")
    with pytest.raises(SpinegradeError, match="items x readers x occasions, got 2 axes"):
        stack_occasions([[0, 1]])


def test_one_against_the_rest():
    """The mean of the others who read the same; what they did not read is left out."""
    ratings = rate([[2, 1, nan], [3, 0, 1], [1, nan, nan], [nan, 1, 1]], GRADES, readers=["A", "B", "C"])
    found = against_rest(ratings, 0)
    assert found.values.tolist() == [[2, 1], [3, 0.5]]
    assert found.readers == ("A", "the rest")
    assert found.categories == ()


def test_no_items_at_all():
    ratings = rate(np.empty((0, 2)), GRADES)
    assert ratings.cluster_count == 0
    assert ratings.codes.shape == (0, 2)
