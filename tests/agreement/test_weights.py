"""Weights of disagreements."""

from __future__ import annotations

import numpy as np
import pytest

from spinegrade.agreement import WEIGHT_NAMES, cohen_kappa, custom_weights, rate, weigh
from spinegrade.errors import SpinegradeError


def test_named_weights_of_four_grades():
    assert weigh("unweighted", 4).agreement.tolist() == np.eye(4).tolist()
    assert weigh("linear", 4).agreement[0] == pytest.approx([1, 2 / 3, 1 / 3, 0])
    assert weigh("quadratic", 4).agreement[1] == pytest.approx([8 / 9, 1, 8 / 9, 5 / 9])


@pytest.mark.parametrize("name", WEIGHT_NAMES)
def test_one_category_weighs_one(name):
    assert weigh(name, 1).agreement.tolist() == [[1.0]]


def test_named_weights_go_by_rank():
    """Grades 0, 0.5, 1, 2, 3 are five equal steps: renaming them changes nothing."""
    values = np.array([[0, 0.5], [1, 2], [3, 2], [0, 0], [0.5, 1], [2, 2]])
    ranks = np.searchsorted([0, 0.5, 1, 2, 3], values).astype(float)
    by_grade = cohen_kappa(rate(values, (0, 0.5, 1, 2, 3)), "linear")
    assert by_grade.value == cohen_kappa(rate(ranks, range(5)), "linear").value


def test_unused_categories_count():
    """Linear weights of four declared grades, of which one does not occur."""
    values = np.array([[0, 0], [0, 1], [1, 1], [3, 1], [3, 3], [0, 0]], dtype=float)
    declared = cohen_kappa(rate(values, (0, 1, 2, 3)), "linear").value
    inferred = cohen_kappa(rate(values, (0, 1, 3)), "linear").value
    assert declared != pytest.approx(inferred)


@pytest.mark.parametrize(
    ("matrix", "match"),
    [
        ([[1, 0.5], [0.4, 1]], r"expected a square, symmetric matrix, got shape \(2, 2\)"),
        ([[1, 0.5]], r"expected a square, symmetric matrix, got shape \(1, 2\)"),
        ([1, 1], r"expected a square, symmetric matrix, got shape \(2,\)"),
        ([[1, 2], [2, 1]], r"expected 1 on the diagonal and 0 to 1 elsewhere, got \[\[1.0, 2.0\]"),
        ([[0.9, 0], [0, 1]], "expected 1 on the diagonal"),
    ],
)
def test_matrices_that_weigh_nothing_sensible(matrix, match):
    with pytest.raises(SpinegradeError, match=f"weights mine: {match}"):
        custom_weights(matrix, "mine")


def test_weights_of_another_number_of_categories():
    with pytest.raises(SpinegradeError, match="weights custom: expected them for 4 categories, got 2"):
        weigh(custom_weights(np.eye(2)), 4)
    with pytest.raises(
        SpinegradeError, match="expected unweighted, linear, quadratic or a matrix, got 'cubic'"
    ):
        weigh("cubic", 4)
